// The model's features and figures, as people say them.

const FEATURES = {
  pclass: ["Class", { 1: "first", 2: "second", 3: "third" }],
  sex: ["Sex"],
  title: ["Form of address"],
  age: ["Age", (years) => `${Number(years.toFixed(1))}`],
  sibsp: ["Siblings and spouse aboard"],
  parch: ["Parents and children aboard"],
  family_size: ["Family aboard", (size) => (size === 1 ? "alone" : `${size} people`)],
  is_alone: ["Travels alone", { 0: "no", 1: "yes" }],
  fare: ["Fare", (pounds) => `£${pounds.toFixed(2)}`],
  has_cabin: ["Cabin on record", { 0: "no", 1: "yes" }],
  deck: ["Deck", { U: "not recorded" }],
  embarked: ["Boarded at", { C: "Cherbourg", Q: "Queenstown", S: "Southampton" }],
  ticket_key: ["Ticket"],
  family_key: ["Family", (key) => key.split("|")[0]],
  companions: ["Companions"],
  companions_survived: ["Companions’ fates"],
  probability: ["Predicted chance"],
};

export const featureName = (name) => FEATURES[name]?.[0] ?? name;

/** The value of a feature in words; what is not recorded says so. */
export function featureValue(name, value) {
  if (value === null || value === undefined) return "not recorded";
  const words = FEATURES[name]?.[1];
  return typeof words === "function" ? words(value) : (words?.[value] ?? String(value));
}

export const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}%`;

/** Percentage points with their sign; the minus is a real one. */
export const points = (share, digits = 1) => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(digits)}`;

export const count = (number) => Math.round(number).toLocaleString("en-GB");

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

const LONG = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });

export const moment = (iso) => (iso ? LONG.format(new Date(iso)) : "not known");
export const clock = (time) => CLOCK.format(new Date(time));
export const day = (time) => DAY.format(new Date(time));
