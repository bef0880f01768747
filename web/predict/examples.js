// The schema's examples as buttons: rows to try, and a line about each.

import { html } from "../dom.js";
import { own } from "../use_case.js";
import { capital } from "../words.js";

const TOLD = 3; // values, where an example has no story

/** What an example is called; without a title of its own by its place. */
export const exampleTitle = (useCase, example) =>
  example.title || `${capital(useCase.entity.one)} ${useCase.schema.examples.indexOf(example) + 1}`;

/** Buttons in `place`; `choose` is called with an example. `mark` shows which one the form holds, null for none. */
export function offerExamples(useCase, place, choose) {
  const { examples } = useCase.schema;
  const buttons = examples.map((example) =>
    html(
      "button",
      { type: "button", class: "example", "aria-pressed": "false", click: () => choose(example) },
      html("span", { class: "block text-sm font-semibold" }, exampleTitle(useCase, example)),
      html("span", { class: "small block" }, example.story || inShort(useCase, example.row)),
    ),
  );
  place.replaceChildren(...buttons.map((button) => html("li", {}, button)));
  return { mark: (one) => buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(examples[at] === one))) };
}

const inShort = ({ columns }, row) =>
  columns
    .map(({ name }) => own(row, name))
    .filter((value) => value !== null && value !== undefined && value !== "")
    .slice(0, TOLD)
    .join(" · ");
