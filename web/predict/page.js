// The Predict page: the form and its complaints, the examples, one request at a time.

import { call } from "../api.js";
import { find, html } from "../dom.js";
import { trouble } from "../shell.js";
import { showAnswer, showWhatIf } from "./answer.js";
import { EXAMPLES } from "./examples.js";
import { fill, parts, read, spoken } from "./passenger.js";
import { bounds, complaint, passengerSchema } from "./schema.js";
import { whatIf } from "./whatif.js";

const form = find("#passenger");
const fields = ["Name", "Sex", "Age", "Pclass", "SibSp", "Parch", "Fare", "Embarked", "Ticket", "Cabin"];
const control = (field) => form.querySelector(field === "Name" ? "[name=surname]" : `[name=${field}]`);
let schema = null; // until it is known, the API's own answer complains
const touched = new Set(); // fields to look at once it is
let example = null;
let running = new AbortController();

/** The answer to the newest question; the one before is not waited for any more. */
function ask(passenger, path = "/predict") {
  running.abort();
  running = new AbortController();
  return call(path, { body: passenger, signal: running.signal });
}

function complain(field, words) {
  const place = find(`#${field}-complaint`);
  place.textContent = words ?? "";
  place.hidden = !words;
  const input = control(field);
  if (words) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  return Boolean(words);
}

/** Complain of every field that the API would refuse, and go to the first. */
function sound(passenger) {
  const bad = fields.filter((field) => complain(field, unreadable(field) ?? (schema && complaint(schema, field, passenger[field]))));
  if (bad.length) control(bad[0]).focus();
  return bad.length === 0;
}

/** A number field gives nothing at all for what it cannot read. */
const unreadable = (field) => (control(field).validity.badInput ? "A number, please." : null);

async function predict() {
  const passenger = read(form);
  if (!sound(passenger)) return;
  const asked = example;
  const button = find("#predict");
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await ask(passenger);
    find("#trouble").replaceChildren();
    find("#answer").hidden = false;
    find("#empty").hidden = true;
    showAnswer(answer, passenger, asked ? asked.survived : null);
    offerWhatIf(passenger, answer, asked);
    comeIntoView(find("#result"));
  } catch (error) {
    if (error.name !== "AbortError") refuse(error, predict);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function offerWhatIf(passenger, original, asked) {
  const sliders = () =>
    whatIf(passenger, async (changed) => {
      try {
        showWhatIf(await ask(changed, "/predict?what_if=true"), original);
        find("#trouble").replaceChildren();
        find("#reset").hidden = false;
      } catch (error) {
        if (error.name !== "AbortError") refuse(error, null);
      }
    });
  find("#sliders").replaceChildren(sliders());
  find("#reset").hidden = true;
  find("#reset").onclick = () => {
    running.abort();
    showAnswer(original, passenger, asked ? asked.survived : null);
    find("#sliders").replaceChildren(sliders());
    find("#reset").hidden = true;
    find("#sliders input").focus();
  };
}

/** On a phone the answer is below the form. */
function comeIntoView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) element.scrollIntoView({ behavior: "smooth", block: "start" });
}

/** What a 422 says goes to its fields, everything else above the answer. */
function refuse(error, retry) {
  const named = error.fields.filter(({ field }) => fields.includes(field));
  for (const { field, reason } of named) complain(field, `${reason}.`);
  if (named.length) control(named[0].field).focus();
  find("#trouble").replaceChildren(trouble(error, error.passing && retry));
}

/** The example that the form holds; null once it is someone else. */
function choose(one) {
  example = one;
  [...find("#examples").children].forEach(({ firstChild }, place) => firstChild.setAttribute("aria-pressed", String(EXAMPLES[place] === one)));
}

function offerExamples() {
  find("#examples").append(
    ...EXAMPLES.map((each) =>
      html(
        "li",
        {},
        html(
          "button",
          {
            type: "button",
            class: "example",
            "aria-pressed": "false",
            click() {
              choose(each);
              fill(form, each.passenger);
              predict();
            },
          },
          html("span", { class: "block text-sm font-semibold" }, spoken(each.passenger.Name)),
          html("span", { class: "small block" }, each.story),
        ),
      ),
    ),
  );
}

/** What the fields take, as the API says: bounds for the browser's own keyboards and steppers. */
async function learn() {
  schema = await passengerSchema();
  for (const field of fields.filter((each) => control(each).matches(".input:not(select)"))) {
    for (const [name, value] of Object.entries(bounds(schema.fields[field]))) {
      if (value !== undefined) control(field).setAttribute(name, value);
    }
  }
  touched.forEach(look);
}

/** Complain of one field, as far as is known what it takes. */
function look(field) {
  if (schema) complain(field, unreadable(field) ?? complaint(schema, field, read(form)[field]));
}

/** A woman is no Mr: the form of address follows the sex where it would contradict it. */
function follow() {
  const title = form.elements.title;
  const woman = form.elements.Sex.value === "female";
  if (woman && /^(mr|master)\.?$/i.test(title.value)) title.value = "Miss";
  if (!woman && /^(mrs|miss)\.?$/i.test(title.value)) title.value = "Mr";
}

form.noValidate = true; // the browser's own bubbles would speak of fields, not of people
form.addEventListener("submit", (event) => {
  event.preventDefault();
  predict();
});
form.addEventListener("input", ({ target }) => {
  choose(null);
  if (target.name === "Sex") follow();
  const field = target.name in parts("") ? "Name" : target.name;
  touched.add(field);
  look(field);
});
offerExamples();
learn().catch(() => {});
