// How far what serving sees has moved from what the champion was trained on, feature by feature.

import { html, svg } from "../dom.js";
import { count, moment, percent, plural } from "../words.js";

const STATUSES = {
  ok: ["tag-good", "Stable"],
  watch: ["tag-warn", "Watch"],
  drift: ["tag-bad", "Drift"],
  insufficient_data: ["tag-plain", "Too few to tell"],
};
const TONES = { ok: "tone-accent", watch: "tone-warn", drift: "tone-against", insufficient_data: "tone-soft" };
const NONE = "No drift report yet: the first comes with 100 predictions, then one every hour.";
const SHOWN = 12; // features, those that moved furthest; the others are folded
const USUAL = { watch: 0.1, drift: 0.25 };

const tag = (status) => {
  const [kind, words] = STATUSES[status] ?? ["tag-plain", status];
  return html("span", { class: `tag ${kind}` }, words);
};

/** What is known of drift: a report, or that there is none yet. */
export function driftReport(useCase, report) {
  if (report.status === "none") return [html("p", { class: "note" }, NONE)];
  const { status, window, made_at, minimum_sample, features, prediction, performance, sustained } = report;
  const thresholds = { ...USUAL, ...report.thresholds };
  const each = [prediction, ...features.toSorted((a, b) => b.psi - a.psi)];
  const list = (some) => html("ul", { class: "grid gap-4 sm:grid-cols-2 lg:grid-cols-3" }, some.map((one) => feature(useCase, one, thresholds)));
  return [
    html(
      "div",
      { class: "flex flex-wrap items-center gap-x-4 gap-y-2" },
      tag(status),
      report.preliminary && html("span", { class: "tag tag-warn" }, "Preliminary"),
      html("p", { class: "note" }, `${plural(window.size, "prediction")} of the champion, measured ${moment(made_at)}`, sustained > 1 && `, window ${sustained} in a row that drifts`),
    ),
    report.preliminary && html("p", { class: "notice notice-plain" }, "A first look at few predictions: nothing is decided on it. Monitoring measures every hour."),
    status === "insufficient_data" && html("p", { class: "notice notice-plain" }, `A verdict takes ${count(minimum_sample)} predictions: fewer look like drift by chance.`),
    performance && accuracyOf(performance),
    html("p", { class: "small flex flex-wrap gap-x-4" }, legend("tone-quiet", "when it was trained"), legend("tone-accent", "now"), `A population stability index above ${thresholds.watch} is worth a look, one above ${thresholds.drift} is drift.`),
    list(each.slice(0, SHOWN)),
    each.length > SHOWN && html("details", {}, html("summary", { class: "small inline rounded hover:text-ink" }, plural(each.length - SHOWN, "more feature")), html("div", { class: "mt-4" }, list(each.slice(SHOWN)))),
  ];
}

const legend = (tone, words) => html("span", { class: "inline-flex items-center gap-1.5" }, html("span", { class: `swatch ${tone}`, "aria-hidden": "true" }), words);

function accuracyOf({ labelled, accuracy, interval, reference_accuracy, status }) {
  const words = accuracy === null || accuracy === undefined
    ? `${plural(labelled, "outcome")} known so far, too few to tell how right the predictions are.`
    : `Right on ${percent(accuracy, 1)} of ${plural(labelled, "prediction")} whose outcome is known${interval ? ` (${percent(interval[0])} to ${percent(interval[1])})` : ""}; ${percent(reference_accuracy, 1)} when it was trained.`;
  return html("p", { class: "flex flex-wrap items-center gap-3 text-sm" }, tag(status), words);
}

function feature(useCase, one, thresholds) {
  const title = one.name === "probability" ? "Predicted chance" : useCase.featureTitle(one.name);
  const { name, psi, status, test } = one;
  const filled = one.bins.map((_, index) => index).filter((index) => one.reference[index] || one.current[index]);
  const [bins, reference, current] = [one.bins, one.reference, one.current].map((each) => filled.map((index) => each[index]));
  const words = bins.map((bin) => (bin === "missing" ? "not recorded" : one.type === "number" ? bin : useCase.featureValue(name, bin)));
  return html(
    "li",
    { class: "min-w-0 rounded-xl border border-line p-4" },
    html("div", { class: "flex items-start justify-between gap-3" }, html("h3", { class: "min-w-0 wrap-anywhere" }, title), tag(status)),
    distribution(title, reference, current, words, TONES[status]),
    html("div", { class: "small flex justify-between gap-4" }, html("span", { class: "min-w-0 wrap-anywhere" }, words[0]), html("span", { class: "min-w-0 text-right wrap-anywhere" }, words.at(-1))),
    scale(psi, thresholds, TONES[status]),
    html("p", { class: "small mt-1 tabular-nums" }, `PSI ${psi.toFixed(3)}`, test && `, adjusted p ${test.adjusted_p < 0.001 ? "< 0.001" : test.adjusted_p.toFixed(3)} (${test.name})`),
    html(
      "details",
      { class: "small mt-1" },
      html("summary", { class: "inline rounded hover:text-ink" }, "As a table"),
      html(
        "table",
        { class: "table mt-2" },
        html("caption", { class: "sr-only" }, `${title}, then and now`),
        html("thead", {}, html("tr", {}, ["Value", "Then", "Now"].map((head, index) => html("th", { scope: "col", class: index ? "number" : "" }, head)))),
        html("tbody", {}, words.map((word, index) => html("tr", {}, html("th", { scope: "row" }, word), html("td", { class: "number" }, percent(reference[index], 1)), html("td", { class: "number" }, percent(current[index], 1))))),
      ),
    ),
  );
}

/** Each bin's share then, wide and quiet, and now, narrow in front of it. */
function distribution(name, reference, current, words, tone) {
  const [width, height, step] = [300, 90, 300 / reference.length];
  const most = Math.max(0.01, ...reference, ...current);
  const column = (share, index, part, kind) =>
    svg("rect", { x: (index + (1 - part) / 2) * step, width: part * step, y: height - (share / most) * height, height: (share / most) * height, class: `column ${kind}` });
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": `${name}: distribution when it was trained and now`, class: "chart mt-3 block h-20 w-full border-b border-line" },
    reference.map((share, index) =>
      svg("g", {}, svg("title", {}, `${words[index]}: ${percent(share)} then, ${percent(current[index])} now`), column(share, index, 0.86, "tone-quiet"), column(current[index], index, 0.38, tone)),
    ),
  );
}

/** The index on a scale that ends at twice the threshold of drift. */
function scale(psi, { watch, drift }, tone) {
  const at = (value) => 100 * Math.min(1, value / (2 * drift));
  return svg(
    "svg",
    { viewBox: "0 0 100 8", preserveAspectRatio: "none", class: "chart mt-3 block h-2 w-full", "aria-hidden": "true" },
    svg("rect", { x: 0, y: 2, width: 100, height: 4, class: "column tone-quiet" }),
    svg("rect", { x: 0, y: 2, width: Math.max(0.5, at(psi)), height: 4, class: `column ${tone}` }),
    [watch, drift].map((value) => svg("line", { x1: at(value), x2: at(value), y1: 0, y2: 8, class: "gauge-mark", "stroke-width": 1.5, "vector-effect": "non-scaling-stroke" })),
  );
}
