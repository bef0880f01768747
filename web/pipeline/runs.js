// What became of runs: the table of all of them, and the facts of one.

import { html, terms } from "../dom.js";
import { count, lasting, moment } from "../words.js";

const STATUS = { running: "tag-plain", succeeded: "tag-good", failed: "tag-bad", timed_out: "tag-bad", aborted: "tag-warn" };
const DECISIONS = {
  promoted: ["tag-good", "New champion"],
  kept: ["tag-plain", "Champion kept"],
  unchanged: ["tag-plain", "Nothing new"],
};
// By the name of an error: what whoever sees it can do.
const REMEDIES = {
  DatasetRefusedError: "The file is not the declared table, or too many of its rows are bad: correct it and upload it again.",
  InvalidInputError: "What was asked for cannot be used as it is: correct it and start again.",
  NotEnoughDataError: "Too few rows, or one class only: upload a longer table.",
  StoreUnavailableError: "A store did not answer: once it is back, run the file again.",
  "States.Timeout": "A step took too long: run the file again; if it stays so, raise the step’s timeout.",
};
const OTHERWISE = "Look into the function’s log, mend the cause, then run the file again.";

export const ended = (run) => run.status !== "running";
export const failedRun = (run) => ended(run) && run.status !== "succeeded";
const UPLOADED = /^\d{8}T\d{6}\.\d+-/; // when, which is shown beside it
export const fileName = ({ file }) => (file ? file.split("/").at(-1).replace(UPLOADED, "") : "started by hand");

const status = (run) => html("span", { class: `tag ${STATUS[run.status] ?? "tag-plain"}` }, run.status.replace("_", " "));

function decision(run) {
  const [kind, words] = DECISIONS[run.decision] ?? [];
  return kind ? html("span", { class: `tag ${kind}` }, words) : null;
}

const seconds = (run, now) => (Date.parse(run.ended_at ?? new Date(now).toISOString()) - Date.parse(run.started_at)) / 1000;

/** The facts of one run, and what to do if it failed. */
export function facts(run, now = Date.now()) {
  const rows = run.rows === null ? "–" : `${count(run.rows)} taken, ${count(run.rejected)} refused`;
  return [
    html(
      "p",
      { class: "flex flex-wrap items-center gap-x-3 gap-y-1" },
      status(run),
      decision(run),
      html("span", { class: "font-semibold break-all" }, fileName(run)),
      html("time", { class: "small", datetime: run.started_at }, moment(run.started_at)),
      html("span", { class: "small figures" }, lasting(seconds(run, now))),
    ),
    run.reason && html("p", { class: "note" }, run.reason),
    failedRun(run) && html("p", { class: "notice notice-bad" }, html("strong", {}, run.error ?? run.status), " – ", REMEDIES[run.error] ?? OTHERWISE),
    terms([
      ["Rows", rows],
      ["Dataset", run.dataset_version ? html("code", {}, run.dataset_version) : "–"],
      ["Model", run.model_version ? html("code", {}, run.model_version) : "–"],
      ["File", html("span", { class: "break-all" }, run.file ?? "–")],
    ]),
  ].filter(Boolean);
}

/** All runs; `choose` is called with the name of one. */
export function table(runs, chosen, choose) {
  if (!runs.length) return html("p", { class: "note" }, "None yet: upload a file, and its run appears here.");
  return html(
    "table",
    { class: "table min-w-2xl" },
    html("caption", { class: "sr-only" }, "Runs of the pipeline"),
    html("thead", {}, html("tr", {}, ["File", "Started", "Took", "Status", "Rows", "Refused", "Decision"].map((head, at) => html("th", { scope: "col", class: at === 4 || at === 5 ? "number" : "" }, head)))),
    html(
      "tbody",
      {},
      runs.map((run) =>
        html(
          "tr",
          { class: run.run === chosen ? "bg-accent-quiet" : "" },
          html("th", { scope: "row" }, html("button", { type: "button", class: "link text-left break-all", "aria-pressed": String(run.run === chosen), "data-run": run.run, click: () => choose(run.run) }, fileName(run))),
          html("td", { class: "whitespace-nowrap" }, moment(run.started_at)),
          html("td", { class: "figures whitespace-nowrap" }, ended(run) ? lasting(seconds(run)) : "…"),
          html("td", {}, status(run), failedRun(run) && html("span", { class: "small block" }, run.error)),
          html("td", { class: "number" }, run.rows === null ? "–" : count(run.rows)),
          html("td", { class: "number" }, run.rejected === null ? "–" : count(run.rejected)),
          html("td", {}, decision(run)),
        ),
      ),
    ),
  );
}
