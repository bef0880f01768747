// What the gate and people decided about a version, in words.

import { html } from "../dom.js";
import { moment } from "../words.js";

const WORDS = {
  promoted: ["tag-good", "Promoted"],
  set_by_hand: ["tag-good", "Made champion by hand"],
  crowned: ["tag-good", "Made champion by hand"], // what older rows say
  kept: ["tag-warn", "Not promoted"],
  unchanged: ["tag-plain", "Unchanged"],
};

export const decisionTag = (decision) => {
  const [kind, words] = WORDS[decision] ?? ["tag-plain", decision];
  return html("span", { class: `tag ${kind}` }, words);
};

/** Decisions, newest first; null is "not to be had", for they are in PostgreSQL. */
export function decisionList(decisions) {
  if (decisions === null) return html("p", { class: "notice notice-warn" }, "PostgreSQL is away, and with it the record of decisions.");
  if (!decisions?.length) return html("p", { class: "note" }, "No decision is recorded.");
  return html(
    "ol",
    { class: "grid gap-4" },
    decisions.map(({ at, decision, reason, evidence }) =>
      html(
        "li",
        { class: "grid gap-1" },
        html("p", { class: "flex flex-wrap items-center gap-x-3 gap-y-1" }, decisionTag(decision), html("time", { class: "small", datetime: at }, moment(at))),
        html("p", { class: "note" }, reason),
        checks(evidence),
      ),
    ),
  );
}

/** The gate's checks, where the evidence holds any. */
function checks(evidence) {
  const found = Object.values(evidence ?? {}).filter((each) => typeof each?.words === "string");
  return (
    found.length > 0 &&
    html(
      "details",
      { class: "small" },
      html("summary", { class: "inline rounded hover:text-ink" }, `${found.filter(({ holds }) => holds).length} of ${found.length} checks hold`),
      html(
        "ul",
        { class: "mt-2 grid gap-1.5" },
        found.map(({ name, holds, words }) =>
          html("li", { class: "flex gap-2" }, html("span", { class: holds ? "text-accent" : "text-against", role: "img", "aria-label": holds ? "holds" : "does not hold" }, holds ? "✓" : "✗"), html("span", {}, html("span", { class: "font-semibold" }, name), `: ${words}`)),
        ),
      ),
    )
  );
}
