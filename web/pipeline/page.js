// The Pipeline page: the run that is chosen, drawn live, every run, and a file to start another.

import { ApiError, call } from "../api.js";
import { find, html } from "../dom.js";
import { begin, trouble } from "../shell.js";
import { refreshing } from "../monitoring/refresh.js";
import { clock } from "../words.js";
import { batches } from "./batches.js";
import { graph } from "./graph.js";
import { explain } from "./refused.js";
import { ended, facts, failedRun, table } from "./runs.js";
import { complain, key, uploads } from "./upload.js";

const SECONDS = 2;
let known = { steps: [], runs: [] };
let chosen = null; // the name of a run, null for the latest
let settled = null; // a run that is shown and will not change: what was opened below it stays open

async function refresh() {
  try {
    known = await call("/runs");
    find("#runs").replaceChildren(table(known.runs, shownRun()?.run, choose));
    await show();
    find("#refreshed").textContent = `as of ${clock(Date.now())}`;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    settled = null;
    find("#run").replaceChildren(trouble(error, refresh));
  }
}

const shownRun = () => known.runs.find(({ run }) => run === chosen) ?? known.runs[0];

async function show() {
  const brief = shownRun();
  find("#run-title").textContent = !brief || brief === known.runs[0] ? "The latest run" : "An earlier run";
  if (!brief) return find("#run").replaceChildren(graph(known.steps, null));
  if (brief.run === settled) return;
  const run = await call(`/runs/${encodeURIComponent(brief.run)}`);
  settled = ended(run) ? run.run : null;
  find("#run").replaceChildren(graph(known.steps, run), ...facts(run), ...(ended(run) ? actions(run) : []));
}

/** What the holder of the key can look at and do about a run that ended. */
function actions(run) {
  const place = html("div", { class: "grid gap-4" });
  const withKey = (work) => async () => {
    if (!key()) return complain("The key is needed for that.", "key");
    try {
      await work();
      complain("");
    } catch (error) {
      complain(error.message, [401, 403].includes(error.status) ? "key" : undefined);
    }
  };
  const why = withKey(() => explain(run, key(), place));
  const again = withKey(async () => choose((await call("/runs", { body: { file: run.file }, key: key() })).run));
  const wanted = failedRun(run) || run.rejected > 0;
  return [
    html(
      "div",
      { class: "flex flex-wrap gap-3" },
      wanted && html("button", { type: "button", class: "button-quiet", click: why }, failedRun(run) ? "Show the cause" : "Show refused rows"),
      run.file && html("button", { type: "button", class: "button-quiet", click: again }, "Run this file again"),
    ),
    place,
  ];
}

function choose(run) {
  chosen = run;
  settled = null;
  live.now();
}

let live = { now: refresh };
begin(find("#run"), () => {
  uploads(choose);
  batches();
  live = refreshing(refresh, SECONDS, (paused) => (find("#pause").textContent = paused ? "Go on" : "Pause"));
  let paused = false;
  find("#pause").addEventListener("click", () => live.pause((paused = !paused)));
});
