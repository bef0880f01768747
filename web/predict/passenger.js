// The form in people's terms, and the passenger that the API takes, whose fields have the list's column names.

const NUMBERS = new Set(["Pclass", "Age", "SibSp", "Parch", "Fare"]);
const NAME = /^(?<surname>.*?),\s*(?<title>(?:the\s+)?[^.,]+)\.\s*(?<given>.*)$/;
const PLAIN = ["Pclass", "Sex", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked"];

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
  const { surname, title, given } = parts(name);
  const [, first, junior] = /^(.*?)( Jr)?$/.exec(given.replace(/\s*\(.*\)/, ""));
  return [title, first, surname + (junior ?? "")].filter(Boolean).join(" ") || "This passenger";
}

/** The passenger that a form describes; what is left empty is left out. */
export function read(form) {
  const data = new FormData(form);
  const name = listed({ surname: data.get("surname"), title: data.get("title"), given: data.get("given") });
  const passenger = name ? { Name: name } : {};
  for (const field of PLAIN) {
    const typed = String(data.get(field) ?? "").trim();
    if (typed !== "") passenger[field] = NUMBERS.has(field) ? Number(typed) : typed;
  }
  return passenger;
}

/** Put a passenger into the form. */
export function fill(form, passenger) {
  const known = { ...parts(passenger.Name), ...passenger };
  for (const field of ["surname", "title", "given", ...PLAIN]) {
    const control = form.elements[field];
    control.value = String(known[field] ?? "");
  }
}
