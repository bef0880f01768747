// The Batch page: a file goes to the worker, what the worker tells is shown.

import { find } from "../dom.js";
import { count, percent, plural } from "../words.js";
import { table } from "./table.js";
import "../shell.js";

const REFRESH_MILLISECONDS = 400;
const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
const rows = table(find("#table"), (wanted) => worker.postMessage({ kind: "window", ...wanted }));
let name = "";
let refreshed = 0;
worker.postMessage({ kind: "configure", titanic: globalThis.TITANIC });

const PHASES = {
  reading: ({ rows: read }) => `Reading: ${plural(read, "passenger")} so far`,
  scoring: ({ scored, failed, rows: all }) => `${count(scored + failed)} of ${plural(all, "passenger")}`,
  done: ({ rows: all }) => `All ${plural(all, "passenger")}`,
  cancelled: ({ scored, failed, rows: all }) => `Cancelled after ${count(scored + failed)} of ${plural(all, "passenger")}`,
  failed: ({ scored, failed, rows: all }) => `Stopped after ${count(scored + failed)} of ${plural(all, "passenger")}`,
  unreadable: () => "This file cannot be read",
};

function open(file) {
  if (!file) return;
  name = file.name;
  find("#only-failed").checked = false;
  rows.onlyFailed(false);
  find("#file-name").textContent = name;
  worker.postMessage({ kind: "open", file });
}

function progress(state) {
  const { phase, scored, failed, survived, rows: all, share, trouble, degraded } = state;
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
  find("#survived").textContent = scored ? percent(survived / scored) : "–";
  find("#scored").textContent = count(scored);
  find("#failed").textContent = count(failed);
  find("#failed-choice").hidden = !failed;
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
  if (data.kind === "window") rows.show(data);
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
find("#file").addEventListener("change", ({ target }) => {
  open(target.files[0]);
  target.value = ""; // the same file again is a choice too
});
find("#sample").addEventListener("click", async () => {
  const list = await fetch("titanic.csv");
  open(new File([await list.blob()], "titanic.csv"));
});
find("#cancel").addEventListener("click", () => worker.postMessage({ kind: "cancel" }));
find("#resume").addEventListener("click", () => worker.postMessage({ kind: "resume" }));
find("#download").addEventListener("click", () => worker.postMessage({ kind: "download" }));
find("#only-failed").addEventListener("change", ({ target }) => rows.onlyFailed(target.checked));
