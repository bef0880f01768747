// What if it had been older, or of another kind? Controls over a copy of the row; what was entered stays as it was.

import { html } from "../dom.js";
import { columnTitle, own, titled } from "../use_case.js";

const PAUSE_MILLISECONDS = 120;
const MOST = 5; // columns; those that weigh most
const FEW = 3; // choices that stand side by side,
const LETTERS = 12; // if their titles have no more than these
const STOPS = 100;

/** The columns that can be turned, those first whose features weigh most in an answer. */
export function weightiest(useCase, { base, ...contributions }) {
  const weights = new Map();
  for (const [name, weight] of Object.entries(contributions)) {
    const sources = useCase.sources(name);
    for (const { name: column } of sources) weights.set(column, (weights.get(column) ?? 0) + Math.abs(weight) / sources.length);
  }
  return useCase.columns
    .filter(({ name, type, choices }) => weights.has(name) && (type === "whole" || type === "decimal" || (type === "choice" && choices?.length > 1)))
    .toSorted((a, b) => weights.get(b.name) - weights.get(a.name))
    .slice(0, MOST);
}

/** Where a slider begins and ends: [low, high, step], inside the column's bounds, around the values that are known. */
export function span({ type, minimum, maximum }, value, known) {
  const seen = [...known, value].filter(Number.isFinite);
  const [least, most] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [minimum ?? 0, maximum ?? (minimum ?? 0) + 1];
  const margin = (most - least) / 2 || Math.abs(most) || 1;
  let low = least >= 0 ? Math.max(0, least - margin) : least - margin;
  let high = most + margin;
  const bounded = Number.isFinite(minimum) && Number.isFinite(maximum);
  if (bounded && maximum - minimum <= 4 * (high - low)) [low, high] = [minimum, maximum];
  low = Math.max(low, minimum ?? -Infinity);
  high = Math.min(high, maximum ?? Infinity);
  const step = stepOf(high - low, type === "whole");
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step, step].map((each) => Number(each.toPrecision(12)));
}

/** A round step of which about a hundred make the span. */
function stepOf(width, whole) {
  const raw = width / STOPS || 1;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * size).find((each) => each >= raw * (1 - 1e-9));
  return whole ? Math.max(1, Math.round(step)) : step;
}

/** Controls that start at `row`; `changed` gets a changed copy, shortly after the last movement. */
export function whatIf({ useCase, ranges = {}, row, answer, changed }) {
  let copy = { ...row };
  let pause = 0;

  function turn(column, value) {
    copy = { ...copy, [column.name]: value };
    clearTimeout(pause);
    pause = setTimeout(() => changed(copy), PAUSE_MILLISECONDS);
  }

  function number(column) {
    const value = own(row, column.name);
    const examples = useCase.schema.examples.map((example) => own(example.row, column.name)).filter((each) => typeof each === "number");
    const [low, high, step] = own(ranges, column.name) ? [...ranges[column.name], 1] : span(column, value, examples);
    const start = value ?? (low + high) / 2;
    return slider(column, {
      min: Math.min(low, Math.floor(start)),
      max: Math.max(high, Math.ceil(start)),
      step,
      value: start,
      known: value !== undefined,
      say: (each) => String(Number(each.toPrecision(12))),
      valueOf: (each) => each,
    });
  }

  /** Numbers as choices have an order, and so a slider; other choices stand beside each other. */
  function choice(column) {
    const titles = column.choices.map(({ value, title }) => title || String(value));
    const place = column.choices.findIndex(({ value }) => value === own(row, column.name));
    if (column.choices.every(({ value }) => typeof value === "number")) {
      return slider(column, {
        min: 1, max: titles.length, step: 1, value: place < 0 ? 1 : place + 1, known: place >= 0,
        say: (each) => titles[each - 1],
        valueOf: (each) => column.choices[each - 1].value,
      });
    }
    const heads = titled(column).map(([, title]) => title);
    return heads.length <= FEW && heads.join("").length <= LETTERS ? segments(column, heads, place) : list(column, heads, place);
  }

  function slider(column, { min, max, step, value, known, say, valueOf }) {
    const name = columnTitle(column);
    const first = known ? say(value) : "not known";
    const shown = html("output", { class: "text-sm font-semibold tabular-nums" }, first);
    const input = html("input", {
      type: "range", class: "range", min, max, step, value, "aria-label": `What if: ${name}`, "aria-valuetext": first,
      input() {
        const now = Number(input.value);
        shown.textContent = say(now);
        input.setAttribute("aria-valuetext", say(now));
        turn(column, valueOf(now));
      },
    });
    return html("div", { class: "min-w-0" }, html("div", { class: "flex items-baseline justify-between gap-3" }, html("span", { class: "min-w-0 truncate text-sm text-soft" }, name), shown), input);
  }

  function segments(column, titles, place) {
    const name = `what-if-${useCase.columns.indexOf(column)}`;
    return html(
      "fieldset",
      { class: "min-w-0" },
      html("legend", { class: "text-sm text-soft" }, html("span", { class: "sr-only" }, "What if: "), columnTitle(column)),
      html(
        "div",
        { class: "segments mt-1.5" },
        titles.map((title, at) =>
          html("label", { class: "segment min-w-0" }, html("input", { class: "sr-only", type: "radio", name, checked: at === place, input: () => turn(column, column.choices[at].value) }), html("span", { class: "truncate" }, title)),
        ),
      ),
    );
  }

  function list(column, titles, place) {
    const name = columnTitle(column);
    const select = html(
      "select",
      { class: "input mt-1.5", "aria-label": `What if: ${name}`, input: () => turn(column, column.choices[select.value].value) },
      place < 0 && html("option", { value: "", hidden: true, selected: true }, own(row, column.name) ?? "not known"),
      titles.map((title, at) => html("option", { value: at, selected: at === place }, title)),
    );
    return html("div", { class: "min-w-0" }, html("span", { class: "block truncate text-sm text-soft", "aria-hidden": "true" }, name), select);
  }

  const columns = weightiest(useCase, answer.contributions);
  return html(
    "div",
    { class: "grid gap-x-8 gap-y-3 sm:grid-cols-2 xl:grid-cols-3" },
    columns.map((column) => (column.type === "choice" ? choice(column) : number(column))),
    html("p", { class: "small self-center" }, columns.length ? "What weighs most can be turned here. The line on the gauge is what was entered; none of this is logged." : "Nothing that can be turned weighs in this answer."),
  );
}
