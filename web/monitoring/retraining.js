// When the model was retrained, or was not, and why.

import { html } from "../dom.js";
import { moment } from "../words.js";

const WORDS = { started: ["tag-good", "Retraining started"], held: ["tag-plain", "No retraining"] };
const TRIGGERS = { drift: "because of drift", labels: "because of new outcomes" };
const SHOWN = 8;

export function retraining({ decisions }) {
  if (!decisions.length) return [html("p", { class: "note" }, "No decision yet: monitoring decides when a window drifts or outcomes come in.")];
  return [
    html(
      "ol",
      { class: "grid gap-5" },
      decisions.slice(0, SHOWN).map(({ at, decision, trigger, reason, dry_run, dataset_version }) => {
        const [kind, words] = WORDS[decision] ?? ["tag-plain", decision];
        return html(
          "li",
          { class: "grid gap-1" },
          html(
            "p",
            { class: "flex flex-wrap items-center gap-x-3 gap-y-1" },
            html("span", { class: `tag ${kind}` }, words),
            dry_run && html("span", { class: "tag tag-warn" }, "Dry run"),
            html("time", { class: "small", datetime: at }, moment(at)),
            trigger && html("span", { class: "small" }, TRIGGERS[trigger] ?? trigger),
          ),
          html("p", { class: "note" }, reason),
          dataset_version && html("p", { class: "small" }, "Dataset ", html("code", {}, dataset_version)),
        );
      }),
    ),
    decisions.length > SHOWN && html("p", { class: "small mt-4" }, `And ${decisions.length - SHOWN} before.`),
  ];
}
