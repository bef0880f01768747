// The model beside simple rules: on the same folds, and where it decides otherwise than they do.

import { count, percent, points } from "../words.js";
import { barTable, bars, group, quoted, section } from "./card.js";

const LEAST_ROWS = 5; // fewer decisions against a rule say nothing

export function rules(useCase, { cross_validation: validated }) {
  if (!validated?.baselines?.length) return undefined;
  const lead = ({ difference, error }) => `${points(difference)} ± ${(100 * error).toFixed(1)}`;
  const lines = validated.baselines.flatMap(({ name, ...sets }) =>
    Object.entries(sets).map(([set, of]) => ({ name: set === "rows" ? name : `${name}, groups unknown`, share: of.accuracy, figures: [percent(of.accuracy, 1), lead(of), percent(of.better, 1)] })),
  );
  return section(
    "Against simple rules",
    `Each rule and the model on the same ${useCase.entity.many}, in cross-validation: by how many points the model is better, with the standard error, and how surely.`,
    barTable("Lead over each rule", ["Rule", "", "Accuracy", "Model’s lead", "P(better)"], bars(lines, 1)),
  );
}

export function departures(useCase, { departures: found = [] }) {
  const [first] = found;
  const lines = found
    .filter(({ baseline, rows }) => baseline === first.baseline && rows >= LEAST_ROWS)
    .map((each) => ({ name: `${group(useCase, each)}, told ${quoted(useCase, each.decision)}`, share: each.right, figures: [count(each.rows), `${percent(each.right)} (${percent(each.interval[0])} to ${percent(each.interval[1])})`] }));
  if (!lines.length) return undefined;
  return section(
    "Where it departs from the rule",
    `How often it decides against “${first.baseline}”, and how often it is right then, with the 95% interval.`,
    barTable("Departures by group", ["Group", "", "Rows", "Right"], bars(lines, 1)),
  );
}
