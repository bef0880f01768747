// A passenger in people's terms: a name in its parts, women and men, and the words of those days.

import { html } from "../dom.js";
import { checked, complaintPlace, fieldOf } from "../predict/fields.js";

const NAME = /^(?<surname>.*?),\s*(?<title>(?:the\s+)?[^.,]+)\.\s*(?<given>.*)$/;
const TITLES = ["Mr", "Mrs", "Miss", "Master", "Dr", "Rev"];

/** A name as the list writes it: "Surname, Title. Given names"; without a title as it was typed. */
export function listed({ surname, title, given }) {
  const [first, second, third] = [surname, title.replace(/\.$/, ""), given].map((part) => part.trim());
  if (!second) return [first, third].filter(Boolean).join(", ");
  return first || third ? `${first}, ${second}. ${third}`.trim() : "";
}

/** The parts of a name that the list has. */
export const parts = (name) => ({ ...(NAME.exec(name)?.groups ?? { surname: name, title: "", given: "" }) });

/** As one speaks of people: "Mrs John Bradley Cumings", "Mr Thomas Andrews Jr". */
export function spoken(name) {
  const { surname, title, given } = parts(name ?? "");
  const [, first, junior] = /^(.*?)( Jr)?$/.exec(given.replace(/\s*\(.*\)/, ""));
  return [title, first, surname + (junior ?? "")].filter(Boolean).join(" ") || "This passenger";
}

/** The form of the use case, as the Predict page takes one (predict/generated.js says what that is). */
export function form({ columns }) {
  const column = Object.fromEntries(columns.map((each) => [each.name, each]));
  const field = (name, title, options) => fieldOf(column[name], { title, hint: "", marked: false, ...options });
  const name = nameField(column.Name);
  const sex = field("Sex", "Sex", { words: { female: "Woman", male: "Man" } });
  const [age, pclass, fare] = [field("Age", "Age"), field("Pclass", "Class"), field("Fare", "Fare in pounds")];
  const [sibsp, parch] = [field("SibSp", "Siblings, spouse"), field("Parch", "Parents, children")];
  const embarked = field("Embarked", "Boarded at");
  const [ticket, cabin] = [field("Ticket", "Ticket"), field("Cabin", "Cabin")];
  sex.element.addEventListener("input", () => name.follow(sex.read()));
  return {
    fields: [name, sex, age, pclass, sibsp, parch, fare, embarked, ticket, cabin],
    body: [
      name.element,
      pair("grid-cols-[minmax(0,1fr)_6rem]", sex, age),
      pclass.element,
      pair("grid-cols-2", sibsp, parch, "How many of them were aboard too."),
      pair("grid-cols-2", fare, embarked),
      pair("grid-cols-2", ticket, cabin, "Leave empty what you do not know: the model copes."),
    ],
    lede: "Say who you are, or take one of those who were aboard. A model that has learnt from the passenger list answers, and says why.",
    nameOf: (row) => spoken(row.Name),
    party: ({ known, positive }) =>
      known ? `The model knows what became of ${known} of the women and children of this party: ${positive} survived.` : "The model knows no woman or child of this party.",
    verdict: (survived) => (survived ? "Would probably have survived" : "Would probably have been lost"),
    ranges: { SibSp: [0, 8], Parch: [0, 6] },
  };
}

const pair = (columns, left, right, hint) =>
  html("div", { class: `grid items-start gap-3 ${columns}` }, left.element, right.element, hint && html("p", { class: "small col-span-2 -mt-1" }, hint));

/** Three inputs for one column. `follow` keeps a form of address from contradicting the sex: a woman is no Mr. */
function nameField(column) {
  const place = complaintPlace(column, "name-complaint");
  const input = (id, more) => html("input", { class: "input", id, autocomplete: "off", ...more });
  const inputs = {
    title: input("title", { list: "titles" }),
    given: input("given"),
    surname: input("surname", { "aria-describedby": place.id }),
  };
  const one = (title, control, ...more) => html("div", { class: "field" }, html("label", { class: "label", for: control.id }, title), control, more);
  const titles = html("datalist", { id: "titles" }, TITLES.map((each) => html("option", {}, each)));
  const element = html(
    "div",
    { class: "grid gap-4" },
    html("div", { class: "grid grid-cols-[6rem_minmax(0,1fr)] gap-3" }, one("Title", inputs.title, titles), one("Given names", inputs.given)),
    one("Surname", inputs.surname, place),
  );
  const control = {
    focus: inputs.surname,
    raw: () => listed({ surname: inputs.surname.value, title: inputs.title.value, given: inputs.given.value }),
    put: (name) => Object.entries(parts(name)).forEach(([part, value]) => (inputs[part].value = value ?? "")),
  };
  const follow = (sex) => {
    const { title } = inputs;
    if (sex === "female" && /^(mr|master)\.?$/i.test(title.value)) title.value = "Miss";
    if (sex === "male" && /^(mrs|miss)\.?$/i.test(title.value)) title.value = "Mr";
  };
  return { ...checked({ column, title: "Surname", element, control }, place), follow };
}
