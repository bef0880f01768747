// One field of a form for each column: its control, its label and hint, and the place for what is wrong with it.

import { html } from "../dom.js";
import { columnTitle, own, titled } from "../use_case.js";
import { complaint } from "./complaint.js";

const SEGMENTS = 4;
const SEGMENT_LETTERS = 26; // as many as fit side by side in the narrowest card
const TITLE_LETTERS = { needed: 18, optional: 12 }; // as many as stand above half a row, the mark beside them
const LISTED = 50; // choices; more of them are typed, with suggestions
const OTHER = "\0"; // no cell holds it
const UNKNOWN = "Not known";
let made = 0;

/**
 * The field of a column. `element` goes into the form; `read` gives the value in the column's own type, `undefined` where
 * there is none; `write` puts one in; `check` complains of it and tells whether it did.
 *
 * `title`, `hint` and `words` (by choice) replace the schema's own; `marked` says "optional" where it is.
 */
export function fieldOf(column, { title = columnTitle(column), hint = column.description, words = {}, marked = true } = {}) {
  const id = `field-${++made}`;
  const hints = hint && hint !== title ? html("p", { class: "small", id: `${id}-hint` }, hint) : null;
  const place = complaintPlace(column, `${id}-complaint`);
  const control = controlOf({ column, id, title, words }, [hints?.id, place.id].filter(Boolean).join(" "));
  const optional = marked && !column.required ? html("span", { class: "small", "aria-hidden": "true" }, "optional") : null;
  const label = control.grouped
    ? html("legend", { class: "label mb-1.5", id: `${id}-label` }, title)
    : html("label", { class: "label min-w-0 wrap-anywhere", for: id }, title);
  const head = control.grouped ? [label, optional] : html("div", { class: "flex items-baseline justify-between gap-2" }, label, optional);
  const element = html(control.grouped ? "fieldset" : "div", { class: "field" }, head, control.element, hints, place);
  return checked({ column, title, element, wide: control.wide || title.length > TITLE_LETTERS[optional ? "optional" : "needed"], control }, place);
}

/** Where a field says what is wrong. */
export const complaintPlace = (column, id) => html("p", { class: "complaint", id, "data-complaint": column.name, hidden: true });

/** A field that reads, writes and complains through `control`: {focus, raw(), put(text), unreadable?()}. */
export function checked(field, place) {
  const { column, control } = field;
  const read = () => valueOf(column, control.raw().trim());
  const complain = (words) => {
    place.textContent = words ?? "";
    place.hidden = !words;
    if (words) control.focus.setAttribute("aria-invalid", "true");
    else control.focus.removeAttribute("aria-invalid");
    return Boolean(words);
  };
  return {
    ...field,
    read,
    complain,
    write: (value) => control.put(value === null || value === undefined ? "" : String(value)),
    check: () => complain(control.unreadable?.() ? "A number, please." : complaint(column, read())),
    focus: () => control.focus.focus(),
  };
}

function valueOf(column, typed) {
  if (typed === "" || column.missing.includes(typed)) return undefined;
  if (column.type === "whole" || column.type === "decimal") return Number(typed);
  if (column.type === "choice") return column.choices.find(({ value }) => String(value) === typed)?.value ?? typed;
  return typed;
}

function controlOf({ column, id, title, words }, describedby) {
  const attributes = { class: "input", id, "aria-describedby": describedby, required: column.required };
  if (column.type === "choice") {
    const choices = titled(column).map(([value, head]) => [String(value), own(words, value) ?? head]);
    if (!column.open) return choice(choices, attributes);
    return choices.length > LISTED ? suggested(choices, attributes) : choiceOrOther(choices, attributes, title);
  }
  if (column.type === "text") return typed(html("input", { ...attributes, autocomplete: "off", maxlength: null }), true);
  const input = html("input", {
    ...attributes,
    type: "number",
    inputmode: column.type === "whole" ? "numeric" : "decimal",
    step: column.type === "whole" ? 1 : "any",
    min: column.minimum,
    max: column.maximum,
  });
  return { ...typed(input), unreadable: () => input.validity.badInput };
}

const typed = (input, wide = false) => ({ element: input, focus: input, wide, raw: () => input.value, put: (text) => (input.value = text) });

/** Any text, with the known choices to pick from. */
function suggested(choices, attributes) {
  const list = `${attributes.id}-choices`;
  const input = html("input", { ...attributes, list, autocomplete: "off" });
  const options = choices.map(([value, head]) => html("option", { value, label: head === value ? null : head }));
  return { ...typed(input, true), element: html("div", {}, input, html("datalist", { id: list }, options)) };
}

/** A list of choices, and a text for any other. */
function choiceOrOther(choices, attributes, title) {
  const select = selection([...choices, [OTHER, "Another …"]], attributes);
  const other = html("input", { class: "input mt-1.5", "aria-label": `${title}: another`, autocomplete: "off", hidden: true });
  const look = () => (other.hidden = select.value !== OTHER);
  select.addEventListener("input", () => {
    look();
    if (!other.hidden) other.focus();
  });
  return {
    element: html("div", {}, select, other),
    focus: select,
    wide: longTitles(choices),
    raw: () => (select.value === OTHER ? other.value : select.value),
    put(text) {
      const known = text === "" || choices.some(([value]) => value === text);
      select.value = known ? text : OTHER;
      other.value = known ? "" : text;
      look();
    },
  };
}

/** Few short choices side by side, more of them as a list. */
function choice(choices, attributes) {
  const all = attributes.required ? choices : [...choices, ["", UNKNOWN]];
  const letters = all.reduce((sum, [, title]) => sum + title.length, 0);
  if (all.length <= SEGMENTS && letters <= SEGMENT_LETTERS) return segments(all, attributes);
  return typed(selection(choices, attributes), longTitles(choices));
}

function selection(choices, attributes) {
  const first = html("option", { value: "", hidden: attributes.required }, attributes.required ? "Choose …" : UNKNOWN);
  return html("select", attributes, first, choices.map(([value, title]) => html("option", { value }, title)));
}

const longTitles = (choices) => choices.some(([, title]) => title.length > 16);

function segments(choices, { id, required, "aria-describedby": describedby }) {
  const inputs = choices.map(([value]) => html("input", { class: "sr-only", type: "radio", name: id, value, required, "aria-describedby": describedby, checked: value === "" }));
  const element = html("div", { class: "segments" }, choices.map(([, title], at) => html("label", { class: "segment" }, inputs[at], title)));
  return {
    element,
    focus: inputs[0],
    grouped: true,
    wide: choices.length > 2,
    raw: () => inputs.find((input) => input.checked)?.value ?? "",
    put: (text) => inputs.forEach((input) => (input.checked = input.value === text)),
  };
}
