// Two versions side by side, by the figures of their cards. Each was held out its own rows: the gate alone compares fairly.

import { html } from "../dom.js";
import { count, moment, percent } from "../words.js";
import { decisionTag } from "./decisions.js";

const number = (value, digits = 3) => (typeof value === "number" ? value.toFixed(digits) : "–");
const FIGURES = [
  ["Accuracy", ({ metrics }) => percent(metrics.accuracy, 1), ({ metrics }) => metrics.accuracy],
  ["95% interval", ({ metrics: { accuracy_interval: bounds } }) => (bounds ? `${percent(bounds[0], 1)} to ${percent(bounds[1], 1)}` : "–")],
  ["ROC AUC", ({ metrics }) => number(metrics.roc_auc), ({ metrics }) => metrics.roc_auc],
  ["Log loss", ({ metrics }) => number(metrics.log_loss), ({ metrics }) => -metrics.log_loss],
  ["Brier score", ({ metrics }) => number(metrics.brier), ({ metrics }) => -metrics.brier],
  ["Rows held out", ({ metrics }) => count(metrics.rows)],
  ["Dataset", ({ dataset_version }) => html("code", {}, dataset_version ?? "–")],
  ["Published", ({ published_at }) => moment(published_at)],
  ["Latest decision", ({ decisions }) => (decisions?.[0] ? decisionTag(decisions[0].decision) : "–")],
];

/** A choice of two versions and the table of both; null with fewer than two that have a card. */
export function comparison({ champion, models }) {
  const known = models.filter(({ metrics }) => metrics);
  if (known.length < 2) return null;
  const first = known.find(({ model_version }) => model_version === champion) ?? known[0];
  const chosen = [first, known.find((each) => each !== first)];
  const place = html("div", { class: "mt-4 overflow-x-auto", tabindex: 0, role: "region", "aria-label": "Figures of both versions" });
  const show = () => place.replaceChildren(table(chosen, champion));
  const choice = (at) =>
    html(
      "div",
      { class: "field" },
      html("label", { class: "label", for: `compared-${at}` }, ["One version", "Another"][at]),
      html(
        "select",
        { class: "input", id: `compared-${at}`, change: ({ target }) => ((chosen[at] = known[target.selectedIndex]), show()) },
        known.map((each) => html("option", { selected: each === chosen[at] }, each.model_version + (each.model_version === champion ? " (champion)" : ""))),
      ),
    );
  show();
  return [html("div", { class: "grid gap-4 sm:grid-cols-2" }, choice(0), choice(1)), place];
}

function table([one, other], champion) {
  const name = ({ model_version }) => [html("code", {}, model_version), model_version === champion && html("span", { class: "small block" }, "champion")];
  return html(
    "table",
    { class: "table" },
    html("caption", { class: "sr-only" }, "Two versions side by side"),
    html("thead", {}, html("tr", {}, html("td", {}), html("th", { scope: "col" }, name(one)), html("th", { scope: "col" }, name(other)))),
    html(
      "tbody",
      {},
      FIGURES.map(([title, value, rank]) => {
        const better = (a, b) => rank && rank(a) > rank(b) && "font-semibold";
        return html("tr", {}, html("th", { scope: "row" }, title), html("td", { class: better(one, other) || "" }, value(one)), html("td", { class: better(other, one) || "" }, value(other)));
      }),
    ),
  );
}
