// The form of a use case that brings none: a field for each column, those that are needed first.

import { html } from "../dom.js";
import { plural } from "../words.js";
import { fieldOf } from "./fields.js";

const MANY = 12; // fields; more of them scroll in their card, and can be searched

/**
 * A form: `body` to show, `fields` in order. A form of a use case's own may say more: `lede`, `nameOf(row)`,
 * `verdict(label)`, and `ranges` of sliders by column.
 */
export function generatedForm(useCase) {
  const fields = useCase.columns.map((column) => fieldOf(column));
  const needed = fields.filter(({ column }) => column.required);
  const optional = fields.filter(({ column }) => !column.required);
  const many = fields.length > MANY;
  const groups = [
    needed.length > 0 && group(many && optional.length ? `Needed (${needed.length})` : null, needed),
    optional.length > 0 && group(many && needed.length ? `Optional (${optional.length})` : null, optional),
  ].filter(Boolean);
  return {
    fields,
    body: [
      many && search(fields, groups),
      html("div", { class: many ? "fields fields-many" : "fields", ...(many && { tabindex: 0, role: "region", "aria-label": "Fields" }) }, groups),
      optional.length > 0 && html("p", { class: "small -mt-1" }, "Leave empty what you do not know."),
    ],
  };
}

const group = (title, fields) =>
  html(
    "div",
    { class: "grid gap-4" },
    title && html("h3", { class: "text-soft" }, title),
    html("div", { class: "grid grid-cols-2 items-start gap-x-3 gap-y-4" }, fields.map(({ element, wide }) => (wide && element.classList.add("col-span-2"), element))),
  );

/** Shows the fields alone whose title or column has what is typed. */
function search(fields, groups) {
  const found = html("p", { class: "small", role: "status" });
  const input = html("input", { class: "input", type: "search", id: "search", placeholder: `Find one of ${fields.length} fields`, "aria-label": "Find a field", autocomplete: "off" });
  input.addEventListener("input", (event) => {
    event.stopPropagation(); // it is no part of the row
    const words = input.value.trim().toLowerCase();
    const shown = fields.filter(({ element, title, column }) => !(element.hidden = ![title, column.name].some((name) => name.toLowerCase().includes(words))));
    for (const each of groups) each.hidden = !each.querySelector(".field:not([hidden])");
    found.textContent = words ? plural(shown.length, "field") : "";
  });
  input.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  return html("div", { class: "grid gap-1.5" }, input, found);
}
