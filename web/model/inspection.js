// What the champion leans on: how much worse it is without a feature, and how its answer goes with a feature's value.

import { chart, ticksUpTo } from "../chart.js";
import { html } from "../dom.js";
import { percent, plural } from "../words.js";
import { barTable, bars, quoted, section } from "./card.js";

const SHOWN = 15; // features; the others are folded
const UNSURE = 0; // an interval that reaches it tells of nothing
const NATS = 3; // digits
const CHANCES = { ticks: [0, 0.25, 0.5, 0.75, 1], format: (share) => percent(share), exact: (share) => percent(share, 1) };

/** By permutation on held-out rows where the card has that; the part in the splits is folded then. */
export function importances(useCase, card) {
  const splits = splitShares(useCase, card);
  if (!card.inspection?.permutation.length) return section("Feature importance", "What it looks at: each feature’s part in the splits of the trees.", splits);
  const { rows, repeats, permutation } = card.inspection;
  const line = ({ feature, mean, interval: [low, high] }) => ({
    name: useCase.featureTitle(feature),
    share: Math.max(mean, 0),
    tone: low > UNSURE ? "tone-accent" : "tone-quiet",
    figures: [nats(mean), `${nats(low)} to ${nats(high)}`],
  });
  return section(
    "Feature importance",
    `How much worse it is without knowing a feature: the rise of the log loss when its values are shuffled among the ${useCase.counted(rows)} held out, mean of ${repeats} times, with the 95% interval. Grey ones may be chance. Features that tell the same stand in for each other.`,
    folded(permutation, (some) => barTable("Importance by feature", ["Feature", "", "Log loss", "95% interval"], bars(some.map(line), Math.max(...permutation.map(({ mean }) => mean), 1e-9)))),
    html("details", { class: "mt-2" }, html("summary", { class: "small inline rounded hover:text-ink" }, "Part in the splits of the trees"), splits),
  );
}

function splitShares(useCase, card) {
  const ranked = Object.entries(card.importances).sort(([, a], [, b]) => b - a);
  const line = ([name, share]) => ({ name: useCase.featureTitle(name), share, figures: [percent(share, 1)] });
  return folded(ranked, (some) => barTable("Part in the splits by feature", ["Feature", "", "Part"], bars(some.map(line), ranked[0]?.[1])));
}

function folded(all, table) {
  const rest = all.slice(SHOWN);
  return [
    table(all.slice(0, SHOWN)),
    rest.length > 0 && html("details", { class: "mt-2" }, html("summary", { class: "small inline rounded hover:text-ink" }, plural(rest.length, "more feature")), table(rest)),
  ];
}

const nats = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(NATS)}`;

/** Partial dependence: a curve of a number, a bar for each value of anything else. */
export function dependence(useCase, { inspection }) {
  const drawn = (inspection?.partial_dependence ?? []).filter(({ points }) => points.length > 1);
  if (!drawn.length) return undefined;
  return section(
    "Partial dependence",
    `The mean chance of ${quoted(useCase, 1)} if all the ${useCase.entity.many} held out had the same value of a feature, all else as it is; beside it the middle half of their chances. It is what the model does, not what the world would.`,
    html("div", { class: "grid gap-x-8 gap-y-6 md:grid-cols-2 xl:grid-cols-3" }, drawn.map((each) => html("div", { class: "min-w-0" }, html("h3", { class: "mb-1" }, useCase.featureTitle(each.feature)), one(useCase, { ...each, points: inOrder(useCase, each) })))),
  );
}

/** Values of a choice in the order in which people pick from them; else as they come, the most frequent first. */
function inOrder(useCase, { feature, points }) {
  const choices = useCase.sources(feature).length === 1 ? (useCase.sources(feature)[0].choices ?? []) : [];
  const place = ({ value }) => choices.findIndex((choice) => String(choice.value) === String(value));
  return points.every((point) => place(point) >= 0) ? points.toSorted((a, b) => place(a) - place(b)) : points;
}

function one(useCase, { feature, points }) {
  const title = `Chance by ${useCase.featureTitle(feature)}`;
  const numbers = points.every(({ value }) => typeof value === "number");
  if (!numbers || points.length < 4) {
    const lines = points.map(({ value, probability, middle_half: [low, high] }) => ({ name: useCase.featureValue(feature, value), share: probability, figures: [percent(probability), `${percent(low)} to ${percent(high)}`] }));
    return barTable(title, ["Value", "", "Chance", "Middle half"], bars(lines, 1));
  }
  const [first, last] = [points[0].value, points.at(-1).value];
  const say = (value) => String(Number(value.toPrecision(3))).replace("-", "−");
  const round = ticksUpTo(last).filter((tick) => tick >= first && tick <= last);
  const ticks = first < 0 || round.length < 2 ? [...new Set([first, ...(first < 0 && last > 0 ? [0] : []), last])] : round;
  const quartile = (name, at) => ({ name, kind: "dashed", tone: "tone-soft", points: points.map(({ value, middle_half: half }) => [value, half[at]]) });
  return chart({
    label: title,
    x: { ticks, domain: [first, last], format: say, name: useCase.featureTitle(feature) },
    y: CHANCES,
    height: 180,
    legend: false,
    series: [quartile("A quarter is below", 0), quartile("A quarter is above", 1), { name: "Mean chance", kind: "line", tone: "tone-accent", points: points.map(({ value, probability }) => [value, probability]) }],
  });
}
