// The Batch page: a file goes to the worker, what the worker tells is shown.

import { find, html } from "../dom.js";
import { begin } from "../shell.js";
import { count, percent } from "../words.js";
import { files } from "./files.js";
import { table } from "./table.js";

const REFRESH_MILLISECONDS = 400;
const NAMED = 14; // columns; more of them are folded
const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
let begun;
const ready = new Promise((resolve) => (begun = resolve)); // once the use case is known
let useCase;
let rows = null;
let name = "";
let refreshed = 0;

const PHASES = {
  reading: ({ rows: read }) => `Reading: ${useCase.counted(read)} so far`,
  scoring: ({ scored, failed, rows: all }) => `${count(scored + failed)} of ${useCase.counted(all)}`,
  done: ({ rows: all }) => `All ${useCase.counted(all)}`,
  cancelled: ({ scored, failed, rows: all }) => `Cancelled after ${count(scored + failed)} of ${useCase.counted(all)}`,
  failed: ({ scored, failed, rows: all }) => `Stopped after ${count(scored + failed)} of ${useCase.counted(all)}`,
  unreadable: () => "This file cannot be read",
};

/** What the first line of a file must name, and may. */
function columns() {
  const codes = (found) => found.flatMap(({ name: column }, at) => [at ? ", " : "", html("code", {}, column)]);
  const named = (words, found) => found.length > 0 && [words, found.length > NAMED ? `${found.length} columns` : codes(found), ". "];
  const needed = useCase.columns.filter(({ required }) => required);
  const optional = useCase.columns.filter(({ required }) => !required);
  const folded = [["Needed", needed], ["Optional", optional]].filter(([, found]) => found.length > NAMED);
  return [
    html("p", {}, "The first line names the columns. ", ["Needed: ", "Optional: "].map((words, at) => named(words, [needed, optional][at]) || ""), "Others stay in the file and are not sent."),
    ...folded.map(([words, found]) => html("details", { class: "mt-1" }, html("summary", {}, `${words}, by name`), html("p", { class: "mt-1 text-left" }, codes(found)))),
  ];
}

async function open(file) {
  if (!file) return;
  await ready; // a file may be faster than the API
  name = file.name;
  find("#only-failed").checked = false;
  rows = null;
  find("#table").replaceChildren();
  find("#file-name").textContent = name;
  worker.postMessage({ kind: "open", file });
}

function progress(state) {
  const { phase, scored, failed, positive, rows: all, share, trouble, degraded } = state;
  const known = scored + failed;
  const running = phase === "reading" || phase === "scoring";
  const bar = find("#bar");
  find("#work").hidden = false;
  find("#phase").textContent = PHASES[phase](state);
  bar.value = phase === "reading" ? share / 10 : all ? 0.1 + 0.9 * (known / all) : 0;
  bar.hidden = phase === "unreadable";
  find("#cancel").hidden = !running;
  find("#resume").hidden = !(phase === "failed" || (phase === "cancelled" && known < all && all > 0));
  find("#trouble").hidden = !trouble;
  find("#trouble").textContent = trouble ?? "";
  find("#degraded").hidden = !degraded;
  find("#results").hidden = !all || phase === "reading" || phase === "unreadable";
  find("#download").disabled = running || !known;
  find("#positive").textContent = scored ? percent(positive / scored) : "–";
  find("#scored").textContent = count(scored);
  find("#failed").textContent = count(failed);
  find("#failed-choice").hidden = !failed;
  if (!state.columns) return;
  rows ??= table(useCase, find("#table"), state.columns, (wanted) => worker.postMessage({ kind: "window", ...wanted }));
  const now = performance.now();
  if (!running || now - refreshed > REFRESH_MILLISECONDS) {
    refreshed = now;
    rows.refresh();
  }
}

function save(blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/(\.csv)?$/i, "-scored.csv");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

worker.addEventListener("message", ({ data }) => {
  if (data.kind === "progress") progress(data);
  if (data.kind === "window") rows?.show(data);
  if (data.kind === "file") save(data.blob);
});

const zone = find("#zone");
for (const kind of ["dragenter", "dragover"]) {
  zone.addEventListener(kind, (event) => {
    event.preventDefault();
    zone.dataset.over = "";
  });
}
for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => delete zone.dataset.over);
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  open(event.dataTransfer.files[0]);
});
const chosen = find("#file");
function choose() {
  open(chosen.files[0]);
  chosen.value = ""; // the same file again is a choice too
}
chosen.addEventListener("change", choose);
choose(); // whoever chose one was faster than this script
find("#sample").addEventListener("click", async () => {
  const sample = await fetch("sample.csv");
  if (sample.ok) open(new File([await sample.blob()], "sample.csv"));
});
find("#cancel").addEventListener("click", () => worker.postMessage({ kind: "cancel" }));
find("#resume").addEventListener("click", () => worker.postMessage({ kind: "resume" }));
find("#download").addEventListener("click", () => worker.postMessage({ kind: "download" }));
find("#only-failed").addEventListener("change", ({ target }) => rows?.onlyFailed(target.checked));
begin(find("#columns"), (known) => {
  useCase = known;
  files(known);
  worker.postMessage({ kind: "configure", config: globalThis.MLOPS, schema: known.schema });
  find("#columns").replaceChildren(...columns());
  begun();
  find("#positive-name").textContent = `Predicted “${known.outcome(1)}”`;
});
