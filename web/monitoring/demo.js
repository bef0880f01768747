// The demo: simulated rows with a chosen shift, window by window, and what monitoring makes of each.

import { call } from "../api.js";
import { CsvParser } from "../batch/csv.js";
import { find, html } from "../dom.js";
import { columnTitle } from "../use_case.js";
import { count } from "../words.js";

const WINDOW = 500;
const BATCH = 100;
const MOST_WINDOWS = 5;
const AT_ONCE = 6; // outcomes
const SHIFT_SDS = 0.7; // of a number
const SHIFTED = 0.8; // of the rows, that get the value which a choice shifts to
const SOON_MILLISECONDS = 500;
const PATIENCE = 60; // looks for a report
const NUMBERS = ["whole", "decimal"];

/** Offer the demo of a use case, if there is one here; `look` is called whenever there is something new to see. */
export function demo(useCase, look) {
  if (!useCase.schema.demo) return;
  const columns = useCase.columns.filter(({ type, choices }) => NUMBERS.includes(type) || (type === "choice" && choices.length > 1));
  find("#shift").append(...columns.map((column) => html("option", { value: column.name }, columnTitle(column))));
  find("#demo").hidden = false;
  find("#play").disabled = false;
  find("#demo-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const key = find("#demo-key").value;
    if (!key) return complain("The key is needed.");
    complain("");
    find("#story").replaceChildren();
    find("#play").disabled = true;
    try {
      await play(useCase, columns.find(({ name }) => name === find("#shift").value), find("#outcomes").checked, key, look);
    } catch (error) {
      complain(error.message);
    } finally {
      find("#play").disabled = false;
    }
  });
}

function complain(words) {
  find("#demo-complaint").textContent = words;
  find("#demo-complaint").hidden = !words;
  find("#demo-key").toggleAttribute("aria-invalid", Boolean(words));
}

/** Windows until monitoring starts a retraining, or after two without outcomes, for then there is nothing to learn. */
async function play(useCase, shifted, outcomes, key, look) {
  const draw = rows(await table(useCase), useCase, shifted, outcomes);
  const windows = outcomes ? MOST_WINDOWS : 2;
  for (let number = 1; number <= windows; number++) {
    const line = html("li", {}, `Window ${number}: asking about ${count(WINDOW)} ${useCase.entity.many} …`);
    find("#story").append(line);
    const told = [];
    for (let sent = 0; sent < WINDOW; sent += BATCH) {
      const batch = Array.from({ length: BATCH }, draw);
      const { predictions } = await call("/predict/batch", { body: { rows: batch.map(({ row }) => row) }, simulated: true });
      predictions.forEach(({ prediction_id }, at) => told.push({ prediction_id, [useCase.label.key]: batch[at].label }));
    }
    if (outcomes) {
      line.textContent = `Window ${number}: telling what became of them …`;
      await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => tell(told.filter((_, at) => at % AT_ONCE === first))));
    }
    line.textContent = `Window ${number}: monitoring compares them with the training rows …`;
    const [report, decision] = await measured(key);
    line.replaceChildren(...verdict(useCase, number, report, decision));
    look();
    if (decision?.decision === "started") {
      find("#story").append(html("li", {}, "A retraining runs: ", html("a", { href: "pipeline.html" }, "watch it on the Pipeline page"), ". If its model is better on rows like these, it becomes the champion."));
      return;
    }
  }
}

async function tell(told) {
  for (const body of told) await call("/feedback", { body });
}

/** The report that monitoring makes when it is asked for one, and what it decided on it. */
async function measured(key) {
  const before = (await call("/drift")).made_at;
  const decided = (await call("/retraining")).decisions[0]?.at;
  await call("/drift", { method: "POST", key });
  for (let looks = 0; looks < PATIENCE; looks++) {
    await new Promise((later) => setTimeout(later, SOON_MILLISECONDS));
    const report = await call("/drift");
    if (report.made_at === before || report.preliminary) continue;
    const [decision] = (await call("/retraining")).decisions;
    if (decision && decision.at !== decided) return [report, decision];
  }
  throw new Error("Monitoring did not answer within half a minute. Its log says why: make logs F=MonitoringFunction");
}

function verdict(useCase, number, { status, features, sustained }, decision) {
  const moved = features.filter((each) => each.status === "drift").map(({ name }) => useCase.featureTitle(name));
  const seen = moved.length ? `drift of ${moved.join(", ")}` : status === "drift" ? "drift of the score" : "no drift";
  const words = decision.decision === "started" ? "Retraining is started" : "No retraining";
  return [html("strong", {}, `Window ${number}: ${seen}${sustained > 1 ? `, ${sustained} windows in a row` : ""}. `), `${words}: ${decision.reason}`];
}

/** The rows of the sample that the site has, by column. */
async function table(useCase) {
  const answer = await fetch("sample.csv");
  if (!answer.ok) throw new Error("The site has no sample.csv to draw rows from: run make up again.");
  const parser = new CsvParser();
  const [head, ...lines] = [...parser.push(await answer.text()), ...parser.end()];
  const made = lines.map((cells) => Object.fromEntries(head.map((name, at) => [name, cells[at]])));
  return made.filter((row) => (row[useCase.label.name] ?? "").trim());
}

/** What draws a row and its label: as the sample has them, or shifted. Rows whose outcome is told are made distinct. */
function rows(sample, useCase, shifted, distinct) {
  const known = (row, { name, missing }) => (row[name] ?? "").trim() !== "" && !missing.includes(row[name]);
  const pool = [sample];
  let change = () => ({});
  if (shifted && NUMBERS.includes(shifted.type)) {
    const values = sample.filter((row) => known(row, shifted)).map((row) => Number(row[shifted.name]));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const by = SHIFT_SDS * Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    change = (row) => (known(row, shifted) ? { [shifted.name]: raised(shifted, Number(row[shifted.name]), by) } : {});
  } else if (shifted) {
    const counts = Map.groupBy(sample.filter((row) => known(row, shifted)), (row) => row[shifted.name]);
    const [, second] = [...counts.values()].sort((a, b) => b.length - a.length);
    if (second) pool.push(second);
  }
  const texts = distinct ? keyTexts(useCase) : [];
  return () => {
    const from = pool.length > 1 && Math.random() < SHIFTED ? pool[1] : pool[0];
    const drawn = from[Math.floor(Math.random() * from.length)];
    const row = Object.fromEntries(useCase.columns.filter(({ name }) => drawn[name] !== undefined).map(({ name }) => [name, drawn[name]]));
    Object.assign(row, change(row));
    for (const { name } of texts) row[name] = told(row[name]);
    return { row, label: drawn[useCase.label.name] };
  };
}

/** Texts that tell which rows belong together: with a number in them, a row is nobody that the model knows. */
const keyTexts = ({ schema, columns }) => {
  const keys = new Set(schema.features.filter(({ type }) => type === "key").flatMap(({ source }) => source));
  return columns.filter(({ name, type }) => type === "text" && keys.has(name));
};

function told(text) {
  const [head, ...rest] = text.split(",");
  return [`${head}-${Math.floor(Math.random() * 1e9)}`, ...rest].join(",");
}

function raised({ type, minimum, maximum }, value, by) {
  const whole = type === "whole";
  const moved = value + (whole ? Math.max(1, Math.round(by)) : by);
  const kept = Math.min(maximum ?? moved, Math.max(minimum ?? moved, moved));
  return String(whole ? Math.trunc(kept) : Number(kept.toFixed(6)));
}

