// The page around the field: drag, wheel, pinch and keys; the field's place is marked.

const LARGEST = 12;

export class Viewer {
  constructor(frame, sheet, picture, mark) {
    Object.assign(this, { frame, sheet, picture, mark });
    this.box = null;
    this.view = { x: 0, y: 0, scale: 1 };
    this.pointers = new Map();
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.press(event));
    frame.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) {
      frame.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    }
    frame.addEventListener("keydown", (event) => {
      if (this.key(event.key)) event.preventDefault();
    });
    picture.addEventListener("load", () => this.showField());
    new ResizeObserver(() => this.showField()).observe(frame);
  }

  // box: the field in shares of the page's width and height, or null.
  show(address, box, words) {
    this.box = box;
    this.mark.hidden = true;
    this.picture.alt = words;
    this.picture.hidden = !address;
    if (!address) this.picture.removeAttribute("src");
    else if (this.picture.getAttribute("src") === address) this.showField();
    else this.picture.src = address;
  }

  key(key) {
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (key in steps) this.move(...steps[key]);
    else if (key === "+") this.zoom(1.4);
    else if (key === "-") this.zoom(1 / 1.4);
    else if (key === "w") this.showPage();
    else if (key === "r") this.showField();
    else return false;
    return true;
  }

  get size() {
    return { width: this.picture.naturalWidth, height: this.picture.naturalHeight };
  }

  fit(x, y, width, height) {
    const { clientWidth, clientHeight } = this.frame;
    const scale = Math.min(clientWidth / width, clientHeight / height, LARGEST);
    this.view = {
      scale,
      x: clientWidth / 2 - (x + width / 2) * scale,
      y: clientHeight / 2 - (y + height / 2) * scale,
    };
    this.paint();
  }

  showPage() {
    if (this.size.width) this.fit(0, 0, this.size.width, this.size.height);
  }

  // The field in the middle, with several times its size of page around it.
  showField() {
    const { width, height } = this.size;
    if (!width) return;
    if (!this.box) return void this.showPage();
    const around = Math.min(Math.max(this.box.width * width * 2.2, width / 4), width);
    const tall = Math.min(Math.max(this.box.height * height * 5, height / 6), height);
    const x = (this.box.x + this.box.width / 2) * width - around / 2;
    const y = (this.box.y + this.box.height / 2) * height - tall / 2;
    this.fit(Math.min(Math.max(x, 0), width - around), Math.min(Math.max(y, 0), height - tall), around, tall);
  }

  move(x, y) {
    this.view.x += x;
    this.view.y += y;
    this.paint();
  }

  zoom(factor, x = this.frame.clientWidth / 2, y = this.frame.clientHeight / 2) {
    const scale = Math.min(Math.max(this.view.scale * factor, 0.05), LARGEST);
    const real = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * real, y: y - (y - this.view.y) * real };
    this.paint();
  }

  paint() {
    const { x, y, scale } = this.view;
    this.sheet.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.mark.hidden = !this.box;
    if (!this.box) return;
    const { width, height } = this.size;
    const edge = 3 / scale;
    Object.assign(this.mark.style, {
      left: `${this.box.x * width - 2 * edge}px`,
      top: `${this.box.y * height - 2 * edge}px`,
      width: `${this.box.width * width + 4 * edge}px`,
      height: `${this.box.height * height + 4 * edge}px`,
      borderWidth: `${edge}px`,
      borderRadius: `${2 * edge}px`,
    });
  }

  wheel(event) {
    event.preventDefault();
    const { left, top } = this.frame.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY / 400), event.clientX - left, event.clientY - top);
  }

  press(event) {
    this.frame.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const far = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      const { left, top } = this.frame.getBoundingClientRect();
      this.zoom(far(now) / far(before), (now[0] + other[0]) / 2 - left, (now[1] + other[1]) / 2 - top);
    } else this.move(now[0] - before[0], now[1] - before[1]);
    this.pointers.set(event.pointerId, now);
  }
}
