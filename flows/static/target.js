// The slider of the target error: what each would mean stands in the table, so it shows at once.

import { ask } from "./station.js";

const at = (id) => document.getElementById(id);
const slider = at("target");
const rows = [...document.querySelectorAll("#table tbody tr")];

function show() {
  const { target, accepted, wrong, review, checked, mistaken } = rows[slider.value].dataset;
  const words = `${Number((100 * target).toFixed(3))} %`;
  at("target-words").textContent = words;
  slider.setAttribute("aria-valuetext", words);
  at("accepted").textContent = accepted;
  at("wrong").textContent = wrong;
  at("review").textContent = review;
  at("checked").textContent = checked;
  at("checked-words").textContent = `of the accepted, people have keyed; ${mistaken} were misread`;
  rows.forEach((row, number) => row.classList.toggle("chosen", number === Number(slider.value)));
}

slider.addEventListener("input", show);
at("apply").addEventListener("click", async () => {
  at("applied").textContent = "";
  try {
    const { accepted } = await ask("/api/target", { error: Number(rows[slider.value].dataset.target) });
    at("applied").textContent = `Done: ${accepted} are accepted now.`;
  } catch (error) {
    at("applied").textContent = error.message;
  }
});
show();
