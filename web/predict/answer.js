// The answer: the chance, what was asked about, what the model saw of it and what weighed how much.

import { find, html, terms } from "../dom.js";
import { gauge } from "../gauge.js";
import { count, points } from "../words.js";
import { waterfall } from "./waterfall.js";

/** What shows the answers of a use case. `verdict` says a class of the label as a sentence, `party` what is known of a group. */
export function answers(useCase, { verdict = (label) => `Most likely ${useCase.outcome(label)}`, party = (group) => inWords(useCase, group) }) {
  const dial = gauge(`Chance of “${useCase.outcome(1)}”`);
  find("#gauge").replaceChildren(dial.element);

  function explain(answer) {
    find("#degraded").hidden = !answer.degraded;
    find("#why").replaceChildren(waterfall(useCase, answer));
    const seen = Object.entries(answer.features).filter(([name]) => useCase.feature(name)?.type !== "key"); // a key only tells who belongs together
    find("#seen").replaceChildren(terms(seen.map(([name, value]) => [useCase.featureTitle(name), useCase.featureValue(name, value)])));
    find("#group").textContent = answer.group ? party(answer.group) : "";
    find("#version").textContent = answer.model_version;
  }

  return {
    /** Show a prediction of `who`; `truth` is the class that was observed, null if no one knows. */
    show(answer, who, truth) {
      dial.show(answer.probability);
      dial.mark(null);
      find("#verdict").textContent = verdict(useCase.predicted(answer));
      find("#who").textContent = who;
      find("#truth").replaceChildren(
        ...(truth === null || truth === undefined
          ? []
          : [
              html("span", { class: `tag ${truth ? "tag-good" : "tag-bad"}` }, `In truth ${useCase.outcome(truth)}`),
              html("span", { class: "small" }, truth === useCase.predicted(answer) ? "The model says the same." : "The model is wrong here."),
            ]),
      );
      find("#change").textContent = "";
      explain(answer);
    },
    /** Show what would have been otherwise, beside `original`, the answer to what was entered. */
    showWhatIf(answer, original) {
      dial.show(answer.probability);
      dial.mark(original.probability);
      find("#verdict").textContent = `${verdict(useCase.predicted(answer))}, then`;
      find("#change").textContent = `${points(answer.probability - original.probability)} points against what was entered`;
      explain(answer);
    },
  };
}

const inWords = (useCase, { known, positive }) =>
  known ? `Of this ${useCase.entity.one}’s group the model knows ${useCase.counted(known)}; for ${count(positive)} it was “${useCase.outcome(1)}”.` : `The model knows nobody of this ${useCase.entity.one}’s group.`;
