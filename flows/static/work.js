// Field after field, by keyboard: what is typed belongs to the field whose picture is on the screen.

import { ask, leave } from "./station.js";
import { Viewer } from "./viewer.js";

const at = (id) => document.getElementById(id);
const digits = at("digits");
const picture = at("field-picture");
const viewer = new Viewer(at("viewer"), at("sheet"), at("page-picture"), at("mark"));
const CHOICE_KEYS = ["a", "s", "d", "f"];
const SURE_DIGIT = 0.9; // a digit of the reading that is less sure is underlined
const KINDS = { "?": "illegible", e: "empty", n: "not-a-field" };
const IN_WORDS = { illegible: "cannot be read", empty: "empty", "not-a-field": "not a field" };

let field = null;
let seen = false; // the picture is on the screen, or it is known that there is none
let busy = false;
let since = 0;
let wish = new URLSearchParams();

const withWish = (path) => `${path}?${wish}`;
const address = (id, what) => `/pictures/${id}/${what}.jpg`;

function complain(words) {
  at("trouble").textContent = words;
  at("trouble").hidden = !words;
}

function duration(seconds) {
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function showProgress({ left, done, seconds, trouble }) {
  const time = seconds === null || !left ? "" : `, about ${duration(seconds)}`;
  at("progress").textContent = `${left} left${time} · ${done} verified`;
  at("bar").value = left + done ? done / (left + done) : 1;
  if (trouble) complain(trouble);
}

function markDoubtful(value, sure) {
  return [...value].map((digit, place) => {
    if (!(sure[place] < SURE_DIGIT)) return digit;
    const doubtful = document.createElement("u");
    doubtful.textContent = digit;
    doubtful.title = `${Math.round(sure[place] * 100)} % sure`;
    return doubtful;
  });
}

function showChoices(choices, sure) {
  const buttons = choices.map(({ value, probability }, number) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.value = value;
    const key = document.createElement("kbd");
    key.textContent = CHOICE_KEYS[number];
    const text = document.createElement("b");
    text.append(...(number ? [value] : markDoubtful(value, sure)));
    const share = document.createElement("span");
    share.className = "soft";
    share.textContent = `${Math.round(probability * 100)} %`;
    button.append(key, " ", text, " ", share);
    button.addEventListener("click", () => decide("value", value));
    return button;
  });
  at("choices").replaceChildren(...buttons);
}

function hint() {
  if (field.blind) return "Type what you see; the reading is not shown.";
  return field.choices.length ? `Enter alone takes ${field.choices[0].value}.` : "Type what you see.";
}

async function showPlace(id, words) {
  const place = await ask(`/api/place/${id}`).catch((error) => ({ box: null, trouble: error.message }));
  if (field?.id !== id) return;
  at("no-picture").textContent = place.trouble;
  at("no-picture").hidden = !place.trouble;
  viewer.show(place.trouble ? "" : address(id, "page"), place.box, `Page of ${words}`);
}

function show(reply, prefix = "") {
  field = reply.field;
  showProgress(reply.progress);
  at("desk").hidden = !field;
  at("done").hidden = Boolean(field);
  delete document.body.dataset.seen;
  if (!field) {
    const others = reply.progress.left;
    at("done-words").textContent = others
      ? `${others} more are with another reviewer, or wait for another person.`
      : "Every field that was wanted is settled; results.csv has it all.";
    at("announce").textContent = `${prefix}Nothing left to decide.`;
    return;
  }
  const words = `${field.field} of ${field.scan}, page ${field.page}`;
  at("field-name").textContent = field.field;
  at("scan-name").textContent = `${field.scan}, page ${field.page}`;
  at("why").textContent = field.why;
  at("hint").textContent = hint();
  showChoices(field.choices, field.digits);
  seen = false;
  picture.hidden = false;
  picture.alt = words;
  picture.src = address(field.id, "field");
  showPlace(field.id, words);
  digits.value = field.verdict?.value ?? "";
  if (field.verdict && !field.verdict.value) at("hint").textContent = `It was: ${IN_WORDS[field.verdict.kind]}.`;
  digits.focus({ preventScroll: true });
  digits.select();
  since = performance.now();
  const reading = field.choices.length ? `, read as ${field.choices[0].value}` : "";
  at("announce").textContent = `${prefix}Next: ${words}${reading}.`;
  if (reply.upcoming) for (const what of ["field", "page"]) new Image().src = address(reply.upcoming, what);
}

async function change(work, prefix) {
  if (busy) return;
  busy = true;
  digits.readOnly = true;
  try {
    const reply = await work();
    complain("");
    show(reply, typeof prefix === "function" ? prefix(reply) : prefix);
  } catch (error) {
    complain(error.message);
  } finally {
    busy = false;
    digits.readOnly = false;
  }
}

function decide(kind, value = "") {
  if (!field || !seen) return;
  const { id } = field;
  const seconds = (performance.now() - since) / 1000;
  const saved = (reply) =>
    reply.settled ? `Saved ${value || IN_WORDS[kind]}. ` : "Kept; this field is asked once more. ";
  change(() => ask(withWish("/api/decide"), { id, kind, value, seconds }), saved);
}

function submit() {
  const typed = digits.value.replace(/[\s.,-]/g, "");
  if (/\D/.test(typed)) return complain("Only digits can be saved; what is not a digit is left out.");
  if (typed) return decide("value", typed);
  if (field?.choices.length) return decide("value", field.choices[0].value);
  complain("Type the digits, or say what it is: ? cannot be read, e empty, n not a field.");
}

function command(key) {
  const choice = CHOICE_KEYS.indexOf(key);
  if (choice >= 0) {
    const value = field?.choices[choice]?.value;
    if (value) decide("value", value);
  } else if (key in KINDS) decide(KINDS[key]);
  else if (key === "u") change(() => ask(withWish("/api/undo"), {}), "Undone. ");
  else if (key === "x") field && change(() => ask(withWish("/api/skip"), { id: field.id }), "Put off. ");
  else return "+-wr".includes(key) && viewer.key(key);
  return true;
}

function onKey(event) {
  if (event.isComposing || event.metaKey || event.altKey) return;
  if (event.ctrlKey) {
    if (event.key !== "z" || digits.value) return;
    event.preventDefault();
    if (!event.repeat) command("u");
  } else if (event.key === "Escape") digits.value = "";
  else if (event.shiftKey && event.key.startsWith("Arrow")) {
    event.preventDefault();
    viewer.key(event.key);
  } else if (event.key === "Enter" && event.repeat) event.preventDefault();
  else if (event.key.length === 1 && !/[\d\s.,]/.test(event.key)) {
    event.preventDefault(); // nothing but digits is ever typed
    if (!event.repeat || "+-".includes(event.key)) command(event.key.toLowerCase());
  }
}

for (const [event, hidden] of [["load", false], ["error", true]]) {
  picture.addEventListener(event, () => {
    seen = true;
    picture.hidden = hidden;
    if (field) document.body.dataset.seen = field.id;
  });
}
digits.addEventListener("keydown", onKey);
at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
for (const button of document.querySelectorAll("[data-kind]")) {
  button.addEventListener("click", () => decide(button.dataset.kind));
}
at("undo").addEventListener("click", () => command("u"));
at("skip").addEventListener("click", () => command("x"));
for (const [id, key] of [["zoom-in", "+"], ["zoom-out", "-"], ["zoom-page", "w"], ["zoom-field", "r"]]) {
  at(id).addEventListener("click", () => viewer.key(key));
}
at("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  wish = new URLSearchParams(new FormData(event.target));
  change(() => ask(withWish("/api/next")), "");
});
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => event.persisted && location.reload());

const wanted = new URLSearchParams(location.search).get("id");
change(() => ask(withWish(wanted ? `/api/field/${encodeURIComponent(wanted)}` : "/api/next")), "");
