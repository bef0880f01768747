// The answer: the chance, who was asked about, what the model saw of them and what weighed how much.

import { find, html, terms } from "../dom.js";
import { gauge } from "../gauge.js";
import { featureName, featureValue, points } from "../words.js";
import { spoken } from "./passenger.js";
import { waterfall } from "./waterfall.js";

const dial = gauge();
find("#gauge").append(dial.element);

const fate = (survived) => (survived ? "survived" : "was lost");

/** Show a prediction of `passenger`; `truth` is what became of them, null if no one knows. */
export function showAnswer(answer, passenger, truth) {
  dial.show(answer.probability);
  dial.mark(null);
  find("#verdict").textContent = answer.survived ? "Would probably have survived" : "Would probably have been lost";
  find("#who").textContent = spoken(passenger.Name);
  find("#truth").replaceChildren(
    ...(truth === null
      ? []
      : [
          html("span", { class: `tag ${truth ? "tag-good" : "tag-bad"}` }, `In truth ${fate(truth)}`),
          html("span", { class: "small" }, truth === answer.survived ? "The model says the same." : "The model is wrong here."),
        ]),
  );
  find("#change").textContent = "";
  explain(answer);
}

/** Show what would have been otherwise, beside `original`, the answer to what was entered. */
export function showWhatIf(answer, original) {
  dial.show(answer.probability);
  dial.mark(original.probability);
  find("#verdict").textContent = answer.survived ? "Would probably have survived, then" : "Would probably have been lost, then";
  find("#change").textContent = `${points(answer.probability - original.probability)} points against what was entered`;
  explain(answer);
}

function explain(answer) {
  find("#degraded").hidden = !answer.degraded;
  find("#why").replaceChildren(waterfall(answer));
  find("#seen").replaceChildren(terms(Object.entries(answer.features).map(([name, value]) => [featureName(name), featureValue(name, value)])));
  find("#version").textContent = answer.model_version;
}
