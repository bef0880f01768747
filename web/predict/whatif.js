// What if the passenger had been older, richer, alone? Sliders over a copy; what was entered stays as it was.

import { html } from "../dom.js";

const PAUSE_MILLISECONDS = 120;
const ORDINALS = { 1: "first", 2: "second", 3: "third" };
const SLIDERS = [
  { field: "Age", name: "Age", min: 0, max: 80, usual: 30, say: (value) => `${value} years` },
  { field: "Pclass", name: "Class", min: 1, max: 3, usual: 3, say: (value) => ORDINALS[value] },
  { field: "Fare", name: "Fare", min: 0, max: 300, usual: 14, say: (value) => `£${value}` },
  { field: "SibSp", name: "Siblings and spouse", min: 0, max: 8, usual: 0, say: String },
  { field: "Parch", name: "Parents and children", min: 0, max: 6, usual: 0, say: String },
];

/** Sliders that start at `passenger`; `changed` gets a changed copy, shortly after the last movement. */
export function whatIf(passenger, changed) {
  let copy = { ...passenger };
  let pause = 0;

  function slider({ field, name, min, max, usual, say }) {
    const known = passenger[field] ?? usual;
    const most = Math.max(max, Math.ceil(known));
    const shown = html("output", { class: "text-sm font-semibold tabular-nums" }, passenger[field] === undefined ? "not known" : say(Math.round(known)));
    const input = html("input", {
      type: "range", class: "range", min, max: most, step: 1, value: Math.round(known), "aria-label": `What if: ${name}`,
      "aria-valuetext": shown.textContent,
      input() {
        const value = Number(input.value);
        shown.textContent = say(value);
        input.setAttribute("aria-valuetext", say(value));
        copy = { ...copy, [field]: value };
        clearTimeout(pause);
        pause = setTimeout(() => changed(copy), PAUSE_MILLISECONDS);
      },
    });
    return html("div", {}, html("div", { class: "flex items-baseline justify-between gap-3" }, html("span", { class: "text-sm text-soft" }, name), shown), input);
  }

  return html("div", { class: "grid gap-x-8 gap-y-2 sm:grid-cols-2 xl:grid-cols-3" }, SLIDERS.map(slider), html("p", { class: "small self-center" }, "The line on the gauge is what was entered. Each stop of a slider is logged like any prediction."));
}
