// Batches: which files were scored by which model, what became of their rows, and how to finish what failed.

import { call } from "../api.js";
import { find, html } from "../dom.js";
import { count } from "../words.js";
import { complain, key } from "./upload.js";

const STATUS = { running: "tag-plain", succeeded: "tag-good", incomplete: "tag-warn", failed: "tag-bad" };

/** Let the holder of the key see the batches, whenever they ask. */
export function batches() {
  const place = find("#batches");
  const look = async () => {
    if (!key()) return complain("The key is needed for that: type it above.", "key");
    try {
      const found = await call("/batches", { key: key() });
      complain("");
      place.replaceChildren(table(found.batches, again));
    } catch (error) {
      complain(error.message, [401, 403].includes(error.status) ? "key" : undefined);
    }
  };
  const again = async ({ keys, format, model_version }) => {
    try {
      await call("/batches", { body: { keys, format, model_version }, key: key() });
    } catch (error) {
      return complain(error.message);
    }
    await look();
  };
  find("#look").disabled = false;
  find("#look").addEventListener("click", look);
}

function table(all, again) {
  if (!all.length) return html("p", { class: "note" }, "None yet: the Batch page starts one, or make batch.");
  return html(
    "table",
    { class: "table min-w-2xl" },
    html("caption", { class: "sr-only" }, "Batches"),
    html("thead", {}, html("tr", {}, ["Files", "Status", "Scored", "Refused", "Model", "Results"].map((head) => html("th", { scope: "col", class: ["Scored", "Refused"].includes(head) ? "number" : "" }, head)))),
    html("tbody", {}, all.map((batch) => row(batch, again))),
  );
}

function row(batch, again) {
  const { keys, status, reason, rows, shards, shards_done: done } = batch;
  const more = keys.length > 1 ? ` and ${count(keys.length - 1)} more` : "";
  const progress = status === "running" && shards ? `${count(done)} of ${count(shards)} shards` : reason;
  return html(
    "tr",
    {},
    html("th", { scope: "row", class: "wrap-anywhere" }, `${keys[0]}${more}`),
    html(
      "td",
      {},
      html("span", { class: `tag ${STATUS[status]}` }, status),
      progress && html("span", { class: "small block" }, progress),
      ["incomplete", "failed"].includes(status) && html("button", { type: "button", class: "link block", click: () => again(batch) }, "Finish it"),
    ),
    html("td", { class: "number" }, rows ? count(rows.out) : "–"),
    html("td", { class: "number" }, rows ? count(rows.refused) : "–"),
    html("td", {}, html("code", {}, batch.model_version)),
    html("td", { class: "wrap-anywhere" }, html("code", {}, batch.results)),
  );
}
