// Reads, scores, sorts and writes a file apart from the page, which only ever has the rows that it shows.

import { UseCase } from "../use_case.js";
import { CsvError, CsvParser } from "./csv.js";
import { RowList } from "./list.js";
import { scoreAll, shareOf } from "./scoring.js";

const TELL_MILLISECONDS = 100;
let useCase;
let list;
let running = new AbortController();
let told = 0;
let state = {};

function tell(changes, now = false) {
  Object.assign(state, changes);
  if (!now && performance.now() - told < TELL_MILLISECONDS) return;
  told = performance.now();
  postMessage({ kind: "progress", ...state });
}

/** Run until done, cancelled, failed, or overtaken by another file. */
async function run(work) {
  running.abort();
  const { signal } = (running = new AbortController());
  try {
    await work(signal);
  } catch (error) {
    if (signal === running.signal) stop(error, signal);
  }
}

async function open(file, signal) {
  list = new RowList(useCase);
  state = { phase: "reading", rows: 0, scored: 0, failed: 0, positive: 0, degraded: false, share: 0, trouble: null };
  tell({}, true);
  await read(file, signal);
  if (!list.size) throw new CsvError(`There is no ${useCase.entity.one} in this file.`);
  tell({ rows: list.size, columns: list.sent });
  await scoreOpen(signal);
}

async function read(file, signal) {
  const parser = new CsvParser();
  const add = (rows) => rows.forEach((row) => list.add(row));
  const text = file.stream().pipeThrough(new TextDecoderStream("utf-8", { fatal: true }), { signal });
  let characters = 0;
  for (let reader = text.getReader(), part = await reader.read(); !part.done; part = await reader.read()) {
    add(parser.push(part.value));
    characters += part.value.length;
    tell({ rows: list.size, share: Math.min(1, characters / file.size) });
  }
  add(parser.end());
}

/** Whatever nothing is known of yet: all of a list, or the rest of one that was cancelled or failed. */
async function scoreOpen(signal) {
  const shares = list.open(shareOf(useCase));
  tell({ phase: "scoring", trouble: null }, true);
  await scoreAll(() => shares.shift(), list, signal, ([from, to], { predictions = [], degraded, model_version }) => {
    tell({
      scored: state.scored + predictions.length,
      failed: state.failed + to - from - predictions.length,
      positive: state.positive + predictions.filter((each) => useCase.predicted(each)).length,
      degraded: state.degraded || Boolean(degraded),
      version: model_version ?? state.version,
    });
  });
  tell({ phase: "done" }, true);
}

function stop(error, signal) {
  if (signal.aborted) return tell({ phase: "cancelled" }, true);
  const unreadable = state.phase === "reading";
  const trouble = error instanceof TypeError && unreadable ? "This is not a text file in UTF-8." : error.message;
  running.abort(); // the other request that is under way
  tell({ phase: unreadable ? "unreadable" : "failed", trouble }, true);
}

const WORK = {
  configure({ config, schema }) {
    globalThis.MLOPS = config;
    useCase = new UseCase(schema);
  },
  open: ({ file }) => run((signal) => open(file, signal)),
  resume: () => run(scoreOpen),
  cancel: () => running.abort(),
  window({ from, size, sort }) {
    postMessage({ kind: "window", from, ...(list?.size ? list.window(from, size, sort) : { rows: [], total: 0 }) });
  },
  download: () => postMessage({ kind: "file", blob: new Blob([...list.csv()], { type: "text/csv" }) }),
};

onmessage = ({ data }) => WORK[data.kind](data);
