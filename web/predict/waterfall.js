// Why: from the base rate to the chance of this row, one feature after the other. It adds up.

import { html, svg } from "../dom.js";
import { percent, points } from "../words.js";

const SMALL = 0.01;
const MOST = 14; // steps

/** Contributions by weight, from the greatest; the small ones become one step, so that the sum stays the same. */
export function steps({ base, ...contributions }) {
  const ranked = Object.entries(contributions).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const large = ranked.filter(([, weight]) => Math.abs(weight) >= SMALL).slice(0, MOST);
  const small = ranked.slice(large.length);
  const rest = small.reduce((sum, [, weight]) => sum + weight, 0);
  let from = base;
  return [...large, ...(small.length ? [[null, rest]] : [])].map(([name, weight]) => {
    const step = { name, weight, from, to: from + weight, others: name ? 0 : small.length };
    from = step.to;
    return step;
  });
}

const place = (share) => 100 * Math.min(1, Math.max(0, share));

function bar(from, to, tone) {
  const [left, right] = [place(Math.min(from, to)), place(Math.max(from, to))];
  return svg(
    "svg",
    { viewBox: "0 0 100 10", preserveAspectRatio: "none", class: `chart block h-9 w-full ${tone}`, "aria-hidden": "true" },
    [0, 25, 50, 75, 100].map((at) => svg("line", { x1: at, x2: at, y1: 0, y2: 10, class: "grid-line", "stroke-width": 1, "vector-effect": "non-scaling-stroke" })),
    svg("rect", { x: left, width: Math.max(0.6, right - left), y: 3, height: 4, class: "column" }),
  );
}

const line = (name, value, drawing, figure, kind = "") =>
  html(
    "tr",
    { class: kind },
    html("th", { scope: "row", class: "wrap-anywhere" }, name, value && html("span", { class: "block text-xs font-normal text-soft sm:ml-2 sm:inline" }, value)),
    html("td", { class: "w-2/5 sm:w-1/2" }, drawing),
    html("td", { class: "number whitespace-nowrap" }, figure),
  );

/** The table of a prediction's contributions, drawn. */
export function waterfall(useCase, { probability, features, contributions }) {
  const { base } = contributions;
  const { one, many } = useCase.entity;
  const value = (name) => (Object.hasOwn(features, name) ? useCase.featureValue(name, features[name]) : `from other ${many}`);
  return html(
    "table",
    { class: "table table-tight" },
    html("caption", { class: "sr-only" }, `What moved the chance of “${useCase.outcome(1)}”, in percentage points`),
    html("thead", {}, html("tr", {}, ["What", "From 0 to 100%", "Points"].map((head, i) => html("th", { scope: "col", class: i === 2 ? "number" : "" }, head)))),
    html(
      "tbody",
      {},
      line(`Any ${one}`, "the base rate", bar(0, base, "tone-soft"), percent(base, 1)),
      steps(contributions).map(({ name, weight, from, to, others }) =>
        line(
          name ? useCase.featureTitle(name) : `${others} more, each small`,
          name && value(name),
          bar(from, to, weight < 0 ? "tone-against" : "tone-accent"),
          points(weight),
        ),
      ),
      line(`This ${one}`, null, bar(0, probability, "tone-soft"), percent(probability, 1), "font-semibold"),
    ),
  );
}
