// Files in the data bucket: asked for by their names, watched until they are scored. Nothing of them passes this page.

import { call } from "../api.js";
import { find, html } from "../dom.js";
import { count } from "../words.js";

const ASK_AGAIN_MILLISECONDS = 1000;
const form = find("#files");
const inputs = [find("#keys"), find("#key")];

/** Let the form start batches of a use case; until then it cannot be sent. */
export function files(useCase) {
  find("#start").disabled = false;
  form.onsubmit = async (event) => {
    event.preventDefault();
    const [keys, key] = [find("#keys").value.split(/\s+/).filter(Boolean), find("#key").value];
    if (!keys.length) return complain("Name a file or a folder.", find("#keys"));
    if (!key) return complain("The key is needed.", find("#key"));
    complain("");
    find("#start").disabled = true;
    try {
      const begun = await call("/batches", { body: { keys, format: find("#format").value }, key });
      await watch(begun, key, useCase);
    } catch (error) {
      complain(error.message, error.status === 401 || error.status === 403 ? find("#key") : find("#keys"));
    } finally {
      find("#start").disabled = false;
    }
  };
}

/** Show where a batch stands until it runs no more; a call that fails in passing is made again. */
async function watch(batch, key, useCase) {
  show(batch, useCase);
  while (batch.status === "running") {
    await new Promise((later) => setTimeout(later, ASK_AGAIN_MILLISECONDS));
    try {
      batch = await call(`/batches/${batch.batch_id}`, { key });
    } catch (error) {
      if (!error.passing) throw error;
    }
    show(batch, useCase);
  }
}

const PHASES = {
  running: ({ shards, shards_done: done }) => (shards === null ? "Looking through the files" : `${count(done)} of ${count(shards)} shards scored`),
  succeeded: ({ rows }, useCase) => `All done: ${useCase.counted(rows.out)} scored`,
  incomplete: ({ rows }, useCase) => `${useCase.counted(rows.failed)} could not be scored; ask for the same files again to finish them`,
  failed: ({ reason }) => `Not scored: ${reason}`,
};

function show(batch, useCase) {
  const { status, shards, shards_done: done, rows } = batch;
  find("#batch").hidden = false;
  find("#batch-phase").textContent = PHASES[status](batch, useCase);
  find("#batch-bar").hidden = status === "failed";
  find("#batch-bar").value = status === "succeeded" ? 1 : shards ? done / shards : 0;
  const facts = [
    ["Batch", html("code", {}, batch.batch_id)],
    ["Model", html("code", {}, batch.model_version)],
    ...(rows ? [["Refused", rows.refused ? `${useCase.counted(rows.refused)}, with reasons in errors/` : "none"]] : []),
    ["Results", html("code", { class: "break-all" }, batch.results)],
  ];
  find("#batch-facts").replaceChildren(...facts.flatMap(([name, value]) => [html("dt", { class: "small" }, name), html("dd", {}, value)]));
}

function complain(words, input) {
  find("#files-complaint").textContent = words;
  find("#files-complaint").hidden = !words;
  for (const each of inputs) each.toggleAttribute("aria-invalid", false);
  input?.setAttribute("aria-invalid", "true");
}
