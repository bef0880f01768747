// A run, drawn: the steps of the state machine in their order, what each is doing or did, and how long it took.

import { html } from "../dom.js";
import { lasting } from "../words.js";

const TITLES = {
  Ingest: "Read and check the rows",
  Features: "Derive features",
  FeatureParts: "Derive features in parts",
  PublishFeatures: "Publish the features",
  Plan: "Plan the search",
  Search: "Try candidates",
  FitShares: "Cross-validate the best",
  Fit: "Fit it on all rows",
  Promote: "Compare with the champion",
};
const STATES = {
  waiting: ["○", "text-soft", "not yet"],
  missed: ["○", "text-soft", "not reached"],
  running: ["◐", "text-accent animate-pulse", "running"],
  succeeded: ["●", "text-accent", "done"],
  failed: ["✕", "text-against", "failed"],
};

/** The steps as a list that reads as a path. `known` are those of the machine, `run` is null before the first. */
export function graph(known, run, now = Date.now()) {
  const met = new Map((run?.steps ?? []).map((step) => [step.name, step]));
  const shown = known.filter(({ name, optional }) => !optional || met.has(name));
  return html(
    "ol",
    { class: "grid gap-2 sm:grid-cols-2 lg:grid-cols-4", "aria-label": "Steps" },
    shown.map(({ name, each }, at) => {
      const step = met.get(name);
      const inner = met.get(each);
      const [sign, tone, word] = STATES[step?.status ?? (run && run.status !== "running" ? "missed" : "waiting")];
      const seconds = step && (step.seconds ?? (step.status === "running" ? (now - Date.parse(step.started_at)) / 1000 : null));
      return html(
        "li",
        { class: `step ${step ? `step-${step.status}` : ""}`, "data-step": name, "data-status": step?.status ?? "waiting" },
        html("p", { class: "flex items-baseline justify-between gap-2" }, html("span", { class: "font-semibold" }, `${at + 1}. ${name}`), html("span", { class: tone, "aria-hidden": "true" }, sign)),
        html("p", { class: "small" }, TITLES[name] ?? ""),
        html("p", { class: "small figures mt-1" }, word, inner && `, ${inner.done} of ${inner.times}`, seconds !== null && seconds !== undefined && ` · ${lasting(seconds)}`),
      );
    }),
  );
}
