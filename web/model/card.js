// The champion's card: how good it is, where it is right and wrong, what it looks at and what it was made of.

import { chart } from "../chart.js";
import { html, terms } from "../dom.js";
import { capital, count, percent, plural } from "../words.js";
import { decisionList } from "./decisions.js";

const SHARES = { ticks: [0, 0.25, 0.5, 0.75, 1], format: (share) => percent(share) };
export const quoted = (useCase, label) => `“${useCase.outcome(label)}”`;

export const section = (title, note, ...content) => {
  const id = `title-${title.replace(/\W+/g, "-").toLowerCase()}`;
  return html("section", { class: "card min-w-0", "aria-labelledby": id }, html("h2", { id }, title), note && html("p", { class: "note mt-1" }, note), html("div", { class: "mt-4" }, content));
};

const figure = (name, value, note) =>
  html("div", { class: "min-w-0" }, html("dt", { class: "small" }, name), html("dd", {}, html("span", { class: "block font-serif text-3xl tabular-nums" }, value), html("span", { class: "small" }, note)));

export function headline(useCase, { model_version, metrics, algorithm, in_a_sentence: sentence, baselines = [] }, download) {
  const [low, high] = metrics.accuracy_interval;
  return html(
    "section",
    { class: "card", "aria-labelledby": "champion-title" },
    html(
      "div",
      { class: "flex flex-wrap items-baseline gap-x-4 gap-y-1" },
      html("h2", { id: "champion-title" }, "Champion"),
      html("code", { class: "text-sm" }, model_version),
      html("span", { class: "small mr-auto" }, algorithm),
      html("button", { type: "button", class: "link", click: download }, "Download the card"),
    ),
    sentence && html("p", { class: "note mt-2 max-w-prose" }, sentence),
    html(
      "dl",
      { class: "mt-5 grid grid-cols-2 gap-x-6 gap-y-5 lg:grid-cols-4" },
      figure("Accuracy", percent(metrics.accuracy, 1), `95% interval ${percent(low)} to ${percent(high)}`),
      figure("ROC AUC", metrics.roc_auc.toFixed(3), "1 is perfect, 0.5 is chance"),
      figure("Brier score", metrics.brier.toFixed(3), "lower is better"),
      figure("Held out", count(metrics.rows), `${useCase.entity.many} it has never seen`),
    ),
    baselines.length > 0 && beside(useCase, metrics, baselines),
  );
}

/** The model's accuracy and that of simple rules, measured on the same rows. */
function beside(useCase, metrics, baselines) {
  const losses = baselines.some(({ log_loss }) => typeof log_loss === "number");
  const loss = (value) => (typeof value === "number" ? value.toFixed(3) : "–");
  const all = [{ name: "This model", ...metrics, tone: "tone-accent" }, ...baselines.map((each) => ({ ...each, tone: "tone-quiet" }))];
  const caption = "Accuracy beside the baselines";
  return html(
    "div",
    { class: "mt-6 border-t border-line pt-5" },
    html("h3", {}, "Baselines"),
    html("p", { class: "note mb-2" }, `What it must be worth more than: simple rules on the same ${useCase.counted(metrics.rows)}.`),
    barTable(caption, ["Rule", "", "Accuracy", ...(losses ? ["Log loss"] : [])], bars(all.map(({ name, accuracy, log_loss, tone }) => ({ name, tone, share: accuracy, figures: [percent(accuracy, 1), ...(losses ? [loss(log_loss)] : [])] })), 1)),
  );
}

export function roc(useCase, { curves, metrics }) {
  const [no, yes] = [quoted(useCase, 0), quoted(useCase, 1)];
  return section(
    "ROC curve",
    `Who it finds: the share of ${yes} that it finds, for each share of ${no} that it takes for ${yes}.`,
    chart({
      label: `ROC curve, area ${metrics.roc_auc.toFixed(3)}`,
      x: { ...SHARES, name: `${no} taken for ${yes}` },
      y: SHARES,
      legend: false,
      series: [
        { name: "By chance", kind: "dashed", tone: "tone-soft", points: [[0, 0], [1, 1]] },
        { name: `${yes} found`, kind: "area", tone: "tone-accent", points: curves.roc.map((point) => [point.false_positive_rate, point.true_positive_rate]) },
      ],
    }),
  );
}

export function calibration(useCase, { curves }) {
  const observed = curves.calibration.map((point) => [point.predicted, point.observed]);
  const name = `Share of ${quoted(useCase, 1)}`;
  return section(
    "Calibration",
    `Whether it means what it says: of those given a chance, the share of ${quoted(useCase, 1)}. On the dashed line, both are equal.`,
    chart({
      label: `Calibration: share of ${quoted(useCase, 1)}, by predicted chance`,
      x: { ...SHARES, name: "Predicted chance", exact: (share) => percent(share, 1) },
      y: { ...SHARES, exact: (share) => percent(share, 1) },
      legend: false,
      series: [
        { name: "Perfect", kind: "dashed", tone: "tone-soft", points: [[0, 0], [1, 1]] },
        { name, kind: "line", tone: "tone-accent", points: observed },
        { name: `${name} `, kind: "dots", tone: "tone-accent", points: observed },
      ],
    }),
  );
}

export function confusion(useCase, { metrics }) {
  const { tp, fn, fp, tn } = metrics.confusion;
  const [no, yes] = [quoted(useCase, 0), quoted(useCase, 1)];
  const cell = (number, words, right) =>
    html("td", { class: `rounded-xl p-4 text-center ${right ? "bg-accent-quiet" : "bg-against-quiet"}` }, html("span", { class: "block font-serif text-2xl tabular-nums" }, count(number)), html("span", { class: "text-xs" }, words));
  const head = (name) => html("th", { scope: "col", class: "w-2/5 text-center text-sm" }, `Predicted ${name}`);
  const row = (name, ...cells) => html("tr", {}, html("th", { scope: "row", class: "pr-3 text-sm" }, `In truth ${name}`), cells);
  return section(
    "Confusion matrix",
    `Right and wrong, of those held out. Above a chance of one half it predicts ${yes}.`,
    html(
      "table",
      { class: "w-full border-separate border-spacing-2" },
      html("caption", { class: "sr-only" }, "Confusion matrix"),
      html("thead", {}, html("tr", {}, html("td"), head(yes), head(no))),
      html("tbody", {}, row(yes, cell(tp, "right", true), cell(fn, "missed", false)), row(no, cell(fp, "false alarm", false), cell(tn, "right", true))),
    ),
  );
}

export function bars(rows, most = Math.max(...rows.map(({ share }) => share), 1e-9)) {
  return rows.map(({ name, share, figures, tone }) => {
    const bar = html("span", { class: `bar ${tone ?? "tone-accent"}` });
    bar.style.width = `${(100 * share) / most}%`;
    return html("tr", {}, html("th", { scope: "row", class: "max-w-60 wrap-break-word" }, name), html("td", { class: "w-2/5 min-w-16" }, html("span", { class: "block", "aria-hidden": "true" }, bar)), figures.map((each) => html("td", { class: "number whitespace-nowrap" }, each)));
  });
}

export const barTable = (caption, heads, rows) =>
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

/** Slices with those of one feature together, their values in people's order as far as it can be told. */
function inOrder(useCase, slices) {
  const names = [...new Set(slices.map(({ feature }) => feature))];
  const place = ({ feature, value }) => {
    if (value === "not recorded") return Infinity;
    const { type, words = {} } = useCase.feature(feature) ?? {};
    return type === "number" ? Number(/-?[\d.]+(?=\D*$)/.exec(value)?.[0] ?? 0) : Object.keys(words).indexOf(value);
  };
  return slices.toSorted((a, b) => names.indexOf(a.feature) - names.indexOf(b.feature) || (place(a) === place(b) ? 0 : place(a) - place(b)));
}

/** A slice's group in people's words. */
export const group = (useCase, { feature, value }) => `${useCase.featureTitle(feature)}: ${useCase.feature(feature)?.type === "number" ? value : useCase.featureValue(feature, value)}`;

export function slices(useCase, card) {
  return section(
    "Slices",
    "For whom it is right: accuracy by group, of those held out. Small groups tell little.",
    barTable(
      "Accuracy by group",
      ["Group", "", "Accuracy", capital(quoted(useCase, 1)), "Mean chance", capital(useCase.entity.many)],
      bars(inOrder(useCase, card.slices).map((slice) => ({ name: group(useCase, slice), share: slice.accuracy, figures: [percent(slice.accuracy), percent(slice.positive), percent(slice.probability), count(slice.rows)] }))),
    ),
  );
}

const score = (scoring, value) => (scoring === "accuracy" ? percent(value, 1) : Math.abs(value).toFixed(3));

/** What the search chose from, and by what. */
function searched({ candidates, folds, chosen, scoring = "log_loss" }) {
  const best = Math.max(...candidates.map(({ mean }) => mean));
  return `${plural(candidates.length, "candidate")}, ${folds} folds, number ${chosen} chosen: ${scoring === "accuracy" ? "accuracy" : "log loss"} ${score(scoring, best)}`;
}

/** Accuracy with its 95 % interval, where there is one. */
const within = (one) => one && `${percent(one.accuracy, 1)} (${percent(one.interval[0], 1)} to ${percent(one.interval[1], 1)})`;

export function lineage(useCase, card) {
  const { cross_validation: validated, params } = card;
  const [low, high] = validated?.interval ?? [];
  const rows = (part) => `${useCase.counted(part.rows)}, ${count(part.positive)} ${quoted(useCase, 1)}`;
  return section(
    "Lineage",
    ["What it was made of.", card.training.note].filter(Boolean).join(" "),
    terms(
      [
        ["Dataset version", html("code", {}, card.dataset_version)],
        ["Feature schema", html("code", {}, card.schema_hash)],
        ["Training code", card.code && html("code", {}, card.code)],
        ["Serves fitted on", card.serving && rows(card.serving)],
        [card.serving ? "Judged fitted on" : "Trained on", rows(card.training)],
        ["Held out", `${useCase.counted(card.holdout.rows)}, by ${card.holdout.by}`],
        ["Cross-validated accuracy", validated && `${percent(validated.accuracy, 1)} (${percent(low, 1)} to ${percent(high, 1)}), ${validated.folds} folds × ${validated.repeats}`],
        ["of groups that it does not know", within(validated?.groups)],
        ["Nested, rows never seen", within(card.never_seen?.rows)],
        ["Nested, groups never seen", within(card.never_seen?.groups)],
        ["Cross-validated log loss", typeof validated?.log_loss === "number" && `${validated.log_loss.toFixed(3)}${typeof validated.prior_log_loss === "number" ? `; ${validated.prior_log_loss.toFixed(3)} for the base rate alone` : ""}`],
        ["Search", card.search && searched(card.search)],
        ...Object.entries(params).map(([name, value]) => [html("code", {}, name), String(value)]),
      ].filter(([, value]) => value),
      "",
    ),
  );
}

export const record = ({ decisions }) => section("Decisions", "How it came to serve.", decisionList(decisions));
