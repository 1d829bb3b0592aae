"""A folder of files that mean harm, or were harmed: what a scanner, a network and an enemy leave behind.

Seeded: the same seed writes the same bytes. Three kinds: sound scans with bytes changed (`mutated`),
files that a program wrote to exhaust or to mislead (`crafted`), and names and links (`named`).
"""

from __future__ import annotations

import io
import os
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

MUTATIONS_A_SEED = 30


def write_corpus(folder: Path, seed: int) -> int:
    """Write the corpus below the folder, which must not exist; returns the number of entries."""
    folder.mkdir(parents=True)
    count = 0
    for name, data in [*mutated(seed), *crafted()]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        count += 1
    return count + write_named(folder / "named")


# Sound scans with bytes changed ----------------------------------------------------------------------


def sound_scans() -> dict[str, bytes]:
    """One small sound scan of every format."""
    ink = np.full((120, 400), 235, np.uint8)
    for left in range(40, 360, 60):
        ink[30:90, left : left + 8] = 40
    page = Image.fromarray(ink)
    scans = {
        "jpg": _saved(page.convert("RGB"), "JPEG", dpi=(200, 200)),
        "grey.jpg": _saved(page, "JPEG", progressive=True),
        "png": _saved(page, "PNG"),
        "colour.png": _saved(page.convert("RGBA"), "PNG"),
        "webp": _saved(page.convert("RGB"), "WEBP"),
        "bmp": _saved(page, "BMP"),
        "gif": _saved(page, "GIF"),
        "pgm": _saved(page, "PPM"),
        "pdf": _saved(page.convert("RGB"), "PDF"),
        "tif": _saved(page, "TIFF", compression="tiff_lzw"),
        "fax.tif": _saved(page.convert("1"), "TIFF", compression="group4"),
        "jpeg.tif": _saved(page.convert("RGB"), "TIFF", compression="jpeg"),
        "pages.tif": _saved(page, "TIFF", save_all=True, append_images=[page, page]),
    }
    big = io.BytesIO()
    tifffile.imwrite(big, np.stack([ink, ink]), bigtiff=True, compression="zlib")
    return scans | {"big.tif": big.getvalue()}


def mutated(seed: int) -> Iterator[tuple[str, bytes]]:
    """Every sound scan, damaged in `MUTATIONS_A_SEED` ways."""
    rng = random.Random(seed)
    for name, data in sound_scans().items():
        for number in range(MUTATIONS_A_SEED):
            change = rng.choice(_CHANGES)
            yield f"mutated/{number:02}-{change.__name__.strip('_')}.{name}", change(bytearray(data), rng)


def _flip_bits(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 20)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _flip_in_header(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(4, min(len(data), 200))] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
    return bytes(data)


def _cut(data: bytearray, rng: random.Random) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def _zero_tail(data: bytearray, rng: random.Random) -> bytes:
    start = rng.randrange(8, len(data))
    return bytes(data[:start]) + bytes(len(data) - start)


def _huge_number(data: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(4, min(len(data) - 4, 400))
    data[at : at + 4] = struct.pack("<I", rng.choice((0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0x10000)))
    return bytes(data)


def _shuffle_blocks(data: bytearray, rng: random.Random) -> bytes:
    a, b = sorted(rng.randrange(16, len(data)) for _ in range(2))
    size = min(64, b - a)
    data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]
    return bytes(data)


def _double(data: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return bytes(data[:at] + data[at // 2 :])


_CHANGES = (_flip_bits, _flip_in_header, _cut, _zero_tail, _huge_number, _shuffle_blocks, _double)


# Files written to exhaust or to mislead ---------------------------------------------------------------


def crafted() -> Iterator[tuple[str, bytes]]:
    """Bombs, lies and loops."""
    yield "crafted/bomb.png", png_of_size(20_000, 20_000, zeros=True)
    yield "crafted/bomb-below-the-limit.png", png_of_size(13_000, 13_000, zeros=True)
    yield "crafted/dimensions.png", png_of_size(0xFFFFFFF, 0xFFFFFFF)
    yield "crafted/no-pixels.png", png_of_size(0, 0)
    yield "crafted/one-pixel-high.png", png_of_size(32_767, 1, zeros=True)
    yield "crafted/text-bomb.png", _png_with_text_bomb()
    yield "crafted/dimensions.jpg", _jpeg_of_size(65_000, 65_000)
    yield "crafted/orientation.jpg", _jpeg_with_exif(orientation=65_535)
    yield "crafted/resolution.jpg", _jpeg_with_exif(resolution=1e9)
    yield "crafted/dimensions.bmp", _bmp(2**31 - 1, 2**31 - 1)
    yield "crafted/negative.bmp", _bmp(-5, -5)
    yield "crafted/dimensions.pgm", b"P5\n999999999 999999999\n255\n"
    yield "crafted/digits.pgm", b"P5\n" + b"9" * 100_000 + b" 1\n255\n"
    yield "crafted/dimensions.gif", b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b"\x2c" + bytes(30)
    yield "crafted/frames.gif", _many_frames()
    yield "crafted/10000-pages.tif", tiff_of_pages(10_000)
    yield "crafted/loop.tif", _tiff_loop()
    yield "crafted/self-loop.tif", struct.pack("<2sHIH", b"II", 42, 8, 0) + struct.pack("<I", 8)
    yield "crafted/lying-tags.tif", _tiff_with_lies()
    yield "crafted/count.tif", struct.pack("<2sHIH", b"II", 42, 8, 65_535) + bytes(100)
    yield "crafted/loop.pdf", pdf("<< /Type /Pages /Kids [2 0 R] /Count 1 >>")
    yield "crafted/many.pdf", pdf("<< /Type /Pages /Kids [3 0 R] /Count 99999999 >>")
    yield "crafted/sheet.pdf", pdf(_PAGES, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1e9 1e9] >>")
    yield "crafted/no-sheet.pdf", pdf(_PAGES, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 0 0] >>")
    yield "crafted/nan.pdf", pdf(_PAGES, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 nan inf] >>")
    yield "crafted/nested.pdf", b"%PDF-1.4\n" + b"[" * 200_000 + b"\n%%EOF"
    yield "crafted/form-loop.pdf", _pdf_form_loop()
    yield "crafted/locked.pdf", _locked_pdf()
    yield "crafted/script.svg.png", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield "crafted/zip.png", b"PK\x03\x04" + bytes(500)
    yield "crafted/empty.png", b""
    yield "crafted/zeros.jpg", bytes(100_000)
    for number in range(20):
        yield f"crafted/noise-{number:02}.tif", b"II*\0" + random.Random(number).randbytes(2_000)
        yield f"crafted/noise-{number:02}.jpg", b"\xff\xd8\xff\xe0" + random.Random(number).randbytes(2_000)
        yield (
            f"crafted/noise-{number:02}.pdf",
            b"%PDF-1.7\n" + random.Random(number).randbytes(2_000) + b"%%EOF",
        )


def png_of_size(width: int, height: int, *, zeros: bool = False) -> bytes:
    """A PNG that claims that size; with `zeros` its data is there, all one byte, compressed."""
    body = b"garbage"
    if zeros:
        packer = zlib.compressobj(9)
        line = bytes(width + 1)
        parts = [packer.compress(line) for _ in range(height)]
        body = b"".join(parts) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def tiff_of_pages(count: int) -> bytes:
    """Many pages that all show the same 8 x 8 pixels."""
    start = 8 + 64
    size = 2 + 8 * 12 + 4
    parts = [struct.pack("<2sHI", b"II", 42, start), bytes(range(0, 256, 4))]
    for number in range(count):
        following = start + (number + 1) * size if number + 1 < count else 0
        parts.append(_directory(_page_tags(), following))
    return b"".join(parts)


_PAGES = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
_PAGE = (
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R"
    " /Resources << /XObject << /F 5 0 R >> >> >>"
)


def pdf(*objects: str, trailer: str = "/Root 1 0 R") -> bytes:
    """A PDF of these objects, numbered from 2; 1 is the catalog."""
    text = b"%PDF-1.4\n"
    for number, body in enumerate(("<< /Type /Catalog /Pages 2 0 R >>", *objects), 1):
        text += f"{number} 0 obj\n{body}\nendobj\n".encode()
    return text + f"trailer << {trailer} /Size {len(objects) + 2} >>\nstartxref\n0\n%%EOF\n".encode()


def _saved(page: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    page.save(buffer, kind, **options)
    return buffer.getvalue()


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png_with_text_bomb() -> bytes:
    page = _saved(Image.new("L", (40, 40), 255), "PNG")
    bomb = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(300_000_000), 9))
    return page[:33] + bomb + page[33:]


def _jpeg_of_size(width: int, height: int) -> bytes:
    data = bytearray(_saved(Image.new("RGB", (64, 64), "white"), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def _jpeg_with_exif(orientation: int = 1, resolution: float = 300) -> bytes:
    page, exif = Image.new("RGB", (200, 80), "white"), Image.Exif()
    exif[274], exif[282], exif[283] = orientation, resolution, 1 / resolution
    return _saved(page, "JPEG", exif=exif.tobytes())


def _bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 1, 1, 0, 0)


def _many_frames() -> bytes:
    frames = [Image.new("L", (30, 30), number % 256) for number in range(500)]
    return _saved(frames[0], "GIF", save_all=True, append_images=frames[1:])


Tag = tuple[int, int, int, int]


def _page_tags() -> list[Tag]:
    return [
        *((256, 3, 1, 8), (257, 3, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)),
        (273, 4, 1, 8),
        (278, 3, 1, 8),
        (279, 4, 1, 64),
    ]


def _directory(tags: list[Tag], following: int) -> bytes:
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)


def _tiff_loop() -> bytes:
    size = 2 + 8 * 12 + 4
    head = struct.pack("<2sHI", b"II", 42, 72) + bytes(64)
    return head + _directory(_page_tags(), 72 + size) + _directory(_page_tags(), 72)


def _tiff_with_lies() -> bytes:
    tags = [tag for tag in _page_tags() if tag[0] != 279] + [(279, 4, 0x7FFFFFFF, 0x7FFFFFF0)]
    return struct.pack("<2sHI", b"II", 42, 72) + bytes(64) + _directory(tags, 0)


def _pdf_form_loop() -> bytes:
    drawing = "<< /Length 4 >>\nstream\n/F Do\nendstream"
    form = "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >> "
    return pdf(_PAGES, _PAGE, drawing, form + "/Length 11 >>\nstream\n/F Do /F Do\nendstream")


def _locked_pdf() -> bytes:
    key = "<" + "41" * 32 + ">"
    lock = f"<< /Filter /Standard /V 1 /R 2 /O {key} /U {key} /P -4 >>"
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>"
    return pdf(_PAGES, page, lock, trailer="/Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>]")


# Names and links --------------------------------------------------------------------------------------


def write_named(folder: Path) -> int:
    """Sound scans under names that break programs, and links; returns how many the system took."""
    folder.mkdir()
    page = sound_scans()["png"]
    names = [
        *(b"new\nline.png", b"tab\t.png", b"\x1b[31mred.png", b"bell\x07.png", b"\r.png"),
        *(b"=cmd()|'/C calc'!A0.png", b"+1.png", b"-rf.png", b"@SUM(A1).png", b"--help", b"%s%n.png"),
        *(b"\xff\xfe.png", b"caf\xe9.png", "\u202egnp.exe".encode(), "\U0001f4a3.png".encode()),
        *(b"a" * 251 + b".png", b"..png", b"...", b" .png", b"quote\"'`.png", b"<b>&amp;.png", b"$(id).png"),
        *(b"a,b;c.png", b"back\\slash.png", b"no extension", "\ufeff.png".encode(), b"NUL.png", b"con.png"),
        *("e\u0301.png".encode(), "\u00e9.png".encode()),
    ]
    count = sum(_made(lambda name=name: _write(os.fsencode(folder) + b"/" + name, page)) for name in names)
    links: list[tuple[str, str]] = [
        ("out.png", "/etc/passwd"),
        ("up.png", "../../../../../../etc/hostname"),
        ("loop.png", "loop.png"),
        ("nowhere.png", "gone.png"),
        ("folder", "/"),
        ("again", "."),
        ("device.png", "/dev/zero"),
        ("inside.png", "no extension"),
    ]
    count += sum(_made(lambda a=a, b=b: (folder / a).symlink_to(b)) for a, b in links)
    return count + _made(lambda: os.mkfifo(folder / "pipe.png"))


def _write(path: bytes, data: bytes) -> None:
    with open(path, "wb") as file:  # noqa: PTH123 - a path of bytes
        file.write(data)


def _made(make: Callable[[], object]) -> bool:
    try:
        make()
    except (OSError, AttributeError):  # the file system, or the system, does not know such
        return False
    return True
