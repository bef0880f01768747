// The champion's card: how good it is, where it is right and wrong, what it looks at and what it was made of.

import { chart } from "../chart.js";
import { html, terms } from "../dom.js";
import { count, featureName, featureValue, percent, plural } from "../words.js";
import { decisionList } from "./decisions.js";

const SHARES = { ticks: [0, 0.25, 0.5, 0.75, 1], format: (share) => percent(share) };
const SLICES = { sex: "Sex", pclass: "Class", age: "Age" };
// As people order groups; others come last.
const ORDER = ["female", "male", "1", "2", "3", "child", "teenager", "adult", "over 50", "not recorded"];
const placeOf = ({ value }) => (ORDER.findIndex((start) => value.startsWith(start)) + ORDER.length + 1) % (ORDER.length + 1);

export const section = (title, note, ...content) => {
  const id = `title-${title.replace(/\W+/g, "-").toLowerCase()}`;
  return html("section", { class: "card min-w-0", "aria-labelledby": id }, html("h2", { id }, title), note && html("p", { class: "note mt-1" }, note), html("div", { class: "mt-4" }, content));
};

const figure = (name, value, note) =>
  html("div", { class: "min-w-0" }, html("dt", { class: "small" }, name), html("dd", {}, html("span", { class: "block font-serif text-3xl tabular-nums" }, value), html("span", { class: "small" }, note)));

export function headline({ model_version, metrics, algorithm }) {
  const [low, high] = metrics.accuracy_interval;
  return html(
    "section",
    { class: "card", "aria-labelledby": "champion-title" },
    html(
      "div",
      { class: "flex flex-wrap items-baseline gap-x-4 gap-y-1" },
      html("h2", { id: "champion-title" }, "The champion"),
      html("code", { class: "text-sm" }, model_version),
      html("span", { class: "small" }, algorithm),
    ),
    html(
      "dl",
      { class: "mt-5 grid grid-cols-2 gap-x-6 gap-y-5 lg:grid-cols-4" },
      figure("Accuracy", percent(metrics.accuracy, 1), `95% interval ${percent(low)} to ${percent(high)}`),
      figure("Area under the ROC", metrics.roc_auc.toFixed(3), "1 is perfect, 0.5 is chance"),
      figure("Brier score", metrics.brier.toFixed(3), "lower is better"),
      figure("Held out", count(metrics.rows), "passengers it has never seen"),
    ),
  );
}

export const roc = ({ curves, metrics }) =>
  section(
    "Who it finds",
    "Of the survivors, the share it finds, for each share of the lost that it takes for survivors.",
    chart({
      label: `ROC curve, area ${metrics.roc_auc.toFixed(3)}`,
      x: { ...SHARES, name: "Lost taken for survivors" },
      y: SHARES,
      legend: false,
      series: [
        { name: "By chance", kind: "dashed", tone: "tone-soft", points: [[0, 0], [1, 1]] },
        { name: "Survivors found", kind: "area", tone: "tone-accent", points: curves.roc.map((point) => [point.false_positive_rate, point.true_positive_rate]) },
      ],
    }),
  );

export const calibration = ({ curves }) =>
  section(
    "Whether it means what it says",
    "Of those given a chance, the share that survived. On the dashed line, the chance is the truth.",
    chart({
      label: "Calibration: share that survived, by predicted chance",
      x: { ...SHARES, name: "Predicted chance", exact: (share) => percent(share, 1) },
      y: { ...SHARES, exact: (share) => percent(share, 1) },
      legend: false,
      series: [
        { name: "Perfect", kind: "dashed", tone: "tone-soft", points: [[0, 0], [1, 1]] },
        { name: "Survived", kind: "line", tone: "tone-accent", points: curves.calibration.map((point) => [point.predicted, point.observed]) },
        { name: "Survived ", kind: "dots", tone: "tone-accent", points: curves.calibration.map((point) => [point.predicted, point.observed]) },
      ],
    }),
  );

export function confusion({ metrics }) {
  const { tp, fn, fp, tn } = metrics.confusion;
  const cell = (number, words, right) =>
    html("td", { class: `rounded-xl p-4 text-center ${right ? "bg-accent-quiet" : "bg-against-quiet"}` }, html("span", { class: "block font-serif text-2xl tabular-nums" }, count(number)), html("span", { class: "text-xs" }, words));
  const row = (name, ...cells) => html("tr", {}, html("th", { scope: "row", class: "pr-3 text-sm" }, name), cells);
  return section(
    "Right and wrong",
    "At a chance of one half, of those held out.",
    html(
      "table",
      { class: "w-full border-separate border-spacing-2" },
      html("caption", { class: "sr-only" }, "Confusion matrix"),
      html("thead", {}, html("tr", {}, html("td"), html("th", { scope: "col", class: "text-center text-sm" }, "Said to survive"), html("th", { scope: "col", class: "text-center text-sm" }, "Said to be lost"))),
      html("tbody", {}, row("Survived", cell(tp, "right", true), cell(fn, "missed", false)), row("Lost", cell(fp, "wrong hope", false), cell(tn, "right", true))),
    ),
  );
}

function bars(rows) {
  const most = Math.max(...rows.map(({ share }) => share));
  return rows.map(({ name, share, figures, tone }) => {
    const bar = html("span", { class: `bar ${tone ?? "tone-accent"}` });
    bar.style.width = `${(100 * share) / most}%`;
    return html("tr", {}, html("th", { scope: "row" }, name), html("td", { class: "w-2/5" }, html("span", { class: "block", "aria-hidden": "true" }, bar)), figures.map((each) => html("td", { class: "number" }, each)));
  });
}

const barTable = (caption, heads, rows) =>
  html(
    "div",
    { class: "relative overflow-x-auto", tabindex: 0, role: "region", "aria-label": caption },
    html(
      "table",
      { class: "table" },
      html("caption", { class: "sr-only" }, caption),
      html("thead", {}, html("tr", {}, heads.map((head, index) => html("th", { scope: "col", class: index > 1 ? "number" : "" }, head || html("span", { class: "sr-only" }, "Bar"))))),
      html("tbody", {}, rows),
    ),
  );

export const importances = (card) =>
  section("What it looks at", "Each feature’s part in the splits of the trees.", barTable("Importance by feature", ["Feature", "", "Part"], bars(Object.entries(card.importances).sort(([, a], [, b]) => b - a).map(([name, share]) => ({ name: featureName(name), share, figures: [percent(share, 1)] })))));

export const slices = (card) =>
  section(
    "For whom it is right",
    "Accuracy by group. Small groups tell little.",
    barTable(
      "Accuracy by group",
      ["Group", "", "Accuracy", "Survived", "Mean chance", "People"],
      bars(card.slices.toSorted((a, b) => placeOf(a) - placeOf(b)).map(({ feature, value, rows, accuracy, survived, probability }) => ({ name: `${SLICES[feature] ?? featureName(feature)}: ${feature === "age" ? value : featureValue(feature, value)}`, share: accuracy, figures: [percent(accuracy), percent(survived), percent(probability), count(rows)] }))),
    ),
  );

/** Accuracy of a part of the rows, where there is one. */
const part = (one) => typeof one?.accuracy === "number" && `${percent(one.accuracy, 1)} of ${count(one.rows)}`;

export function lineage(card) {
  const { cross_validation: validated, params } = card;
  const [low, high] = validated?.interval ?? [];
  return section(
    "What it was made of",
    card.training.note,
    terms(
      [
        ["Dataset version", html("code", {}, card.dataset_version)],
        ["Feature schema", html("code", {}, card.schema_hash)],
        ["Training code", card.code && html("code", {}, card.code)],
        ["Serves fitted on", card.serving && `${plural(card.serving.rows, "passenger")}, ${count(card.serving.survived)} survived`],
        [card.serving ? "Judged fitted on" : "Trained on", `${plural(card.training.rows, "passenger")}, ${count(card.training.survived)} survived`],
        ["Held out", `${plural(card.holdout.rows, "passenger")}, by ${card.holdout.by}`],
        ["Cross-validated accuracy", validated && `${percent(validated.accuracy, 1)} (${percent(low, 1)} to ${percent(high, 1)}), ${validated.folds} folds × ${validated.repeats}`],
        ["with companions known", part(validated?.with_companions)],
        ["without companions", part(validated?.without_companions)],
        ["Search", card.search && `${plural(card.search.candidates.length, "candidate")}, ${card.search.folds} folds, number ${card.search.chosen} chosen`],
        ...Object.entries(params).map(([name, value]) => [html("code", {}, name), String(value)]),
      ].filter(([, value]) => value),
      "",
    ),
  );
}

export const record = ({ decisions }) => section("How it came to serve", null, decisionList(decisions));
