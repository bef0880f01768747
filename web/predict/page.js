// The Predict page: the form and its complaints, the examples, one request at a time.

import { call } from "../api.js";
import { find, html } from "../dom.js";
import { begin, health, trouble } from "../shell.js";
import { own } from "../use_case.js";
import { answers } from "./answer.js";
import { exampleTitle, offerExamples } from "./examples.js";
import { generatedForm } from "./generated.js";
import { fragmentOf, rowOf } from "./link.js";
import { whatIf } from "./whatif.js";

const NO_MODEL = "No model serves yet: the first run of the pipeline makes one.";

/** A form of the use case's own, else one made of its columns. */
async function formOf(useCase) {
  const { form } = useCase.schema;
  if (!form) return generatedForm(useCase);
  try {
    return (await import(new URL(form, document.baseURI))).form(useCase);
  } catch (error) {
    console.error(error); // the columns are enough to ask
    return generatedForm(useCase);
  }
}

function introduce({ schema, label, entity }, lede = schema.summary) {
  document.title = schema.question || document.title;
  find("#question").textContent = schema.question || `Predict ${label.title || label.name}`;
  find("#summary").textContent = lede || `Describe a ${entity.one}, or take an example. A model that has learnt from many ${entity.many} answers, and says why.`;
}

async function start(useCase) {
  const form = await formOf(useCase);
  const element = find("#form");
  const shown = answers(useCase, form);
  const examples = offerExamples(useCase, find("#examples"), (example) => {
    write(example.row);
    hold(example);
    predict();
  });
  let example = null; // that the form holds; null once it is another row
  let running = new AbortController();

  function hold(one) {
    example = one;
    examples.mark(one);
  }

  const write = (row) => form.fields.forEach((field) => (field.write(own(row, field.column.name)), field.complain(null)));

  /** The row that the form describes, by the table's own names; what is left empty is left out. */
  const read = () => Object.fromEntries(form.fields.map((field) => [field.column.name, field.read()]).filter(([, value]) => value !== undefined));

  /** The answer to the newest question; the one before is not waited for any more. */
  function ask(row, path) {
    running.abort();
    running = new AbortController();
    return call(path, { body: row, signal: running.signal });
  }

  /** Complain of every field that the API would refuse, and go to the first. */
  function sound() {
    const bad = form.fields.filter((field) => field.check());
    if (bad.length) reveal(bad[0]);
    return bad.length === 0;
  }

  /** Ask about `row`; until the answer is there, nothing of the one before can be turned. Tells whether it is shown. */
  async function answer(row, path, retry) {
    const asked = example;
    find("#sliders").inert = true;
    const answering = ask(row, path);
    const mine = running;
    try {
      show(await answering, row, asked);
      return true;
    } catch (error) {
      if (error.name !== "AbortError") refuse(error, retry);
      return false;
    } finally {
      if (running === mine) find("#sliders").inert = false;
    }
  }

  async function predict() {
    if (!sound()) return;
    const row = read();
    find("#predict").setAttribute("aria-busy", "true");
    if (await answer(row, "/predict?group=true", predict)) {
      find("#logged").textContent = "This prediction was logged.";
      history.replaceState(null, "", fragmentOf(row));
      comeIntoView(find("#result"));
    }
    if (!find("#sliders").inert) find("#predict").removeAttribute("aria-busy");
  }

  /**
   * What the page opens with: a shared question, else the first example. It is answered without being logged, unless
   * whoever sees it has been quicker and asks something else.
   */
  async function open(shared) {
    const first = shared ? null : useCase.schema.examples[0];
    const row = shared ?? first?.row;
    const before = running;
    if (row) {
      write(row);
      hold(first);
    }
    const said = JSON.stringify(read());
    const known = await health;
    if (known && !known.model_version) {
      find("#trouble").replaceChildren(html("p", { class: "notice notice-plain" }, NO_MODEL));
    } else if (row && running === before && JSON.stringify(read()) === said && !form.fields.some((field) => field.check())) {
      if (await answer(read(), "/predict?what_if=true&group=true", null)) {
        find("#logged").textContent = "Answered as the page opened, and not logged. What you ask for is.";
      }
    }
  }

  function show(answer, row, asked) {
    find("#trouble").replaceChildren();
    find("#answer").hidden = false;
    find("#empty").hidden = true;
    find("#about").hidden = false;
    find("#link").href = fragmentOf(row);
    const about = [nameOf(row, asked), asked?.label];
    shown.show(answer, ...about);
    offerWhatIf(row, answer, about);
  }

  const nameOf = (row, asked) => form.nameOf?.(row) ?? (asked ? exampleTitle(useCase, asked) : `This ${useCase.entity.one}`);

  function offerWhatIf(row, original, about) {
    const changed = async (copy) => {
      if (find("#sliders").inert) return; // something else has been asked since
      try {
        shown.showWhatIf(await ask(copy, "/predict?what_if=true&group=true"), original);
        find("#trouble").replaceChildren();
        find("#reset").hidden = false;
      } catch (error) {
        if (error.name !== "AbortError") refuse(error, null);
      }
    };
    const sliders = () => find("#sliders").replaceChildren(whatIf({ useCase, ranges: form.ranges, row, answer: original, changed }));
    sliders();
    find("#reset").hidden = true;
    find("#reset").onclick = () => {
      if (find("#sliders").inert) return; // what is asked now is not given up
      running.abort();
      shown.show(original, ...about);
      sliders();
      find("#reset").hidden = true;
      find("#sliders input, #sliders select").focus();
    };
  }

  /** What a 422 says goes to its fields, everything else above the answer. */
  function refuse(error, retry) {
    const named = error.fields.flatMap(({ field, reason }) => form.fields.filter(({ column }) => field === column.name || field.startsWith(`${column.name}.`)).map((found) => [found, reason]));
    for (const [field, reason] of named) field.complain(`${reason.replace(/^is /, "This is ")}.`);
    if (named.length) reveal(named[0][0]);
    find("#trouble").replaceChildren(trouble(error, error.passing && retry));
  }

  element.noValidate = true; // the browser's own bubbles would speak of fields, not of what they mean
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    predict();
  });
  element.addEventListener("input", ({ target }) => {
    hold(null);
    form.fields.find((field) => field.element.contains(target))?.check();
  });
  find("#clear").addEventListener("click", () => {
    write({});
    hold(null);
    form.fields[0].focus();
  });
  find("#fields").replaceChildren(...form.body.filter(Boolean));
  introduce(useCase, form.lede);
  find("#waiting").hidden = true;
  find("#content").hidden = false;
  addEventListener("hashchange", () => open(rowOf(location.hash, useCase)));
  find("#link").addEventListener("click", async (event) => {
    event.preventDefault();
    history.replaceState(null, "", event.currentTarget.href);
    await navigator.clipboard?.writeText(location.href).catch(() => null); // the address bar has it anyway
    find("#copied").textContent = "Copied";
  });
  open(rowOf(location.hash, useCase));
}

/** Show a field that a search has hidden, too. */
function reveal(field) {
  const search = find("#search");
  if (search?.value) {
    search.value = "";
    search.dispatchEvent(new Event("input"));
  }
  field.focus();
}

/** On a phone the answer is below the form. */
function comeIntoView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) element.scrollIntoView({ behavior: "smooth", block: "start" });
}

begin(find("#waiting"), start);
