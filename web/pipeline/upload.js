// A file on its way to the pipeline: chosen or dropped, sent with progress, and the run that it starts.

import { ApiError, apiUrl } from "../api.js";
import { find } from "../dom.js";

const MOST_BYTES = 4 * 2 ** 20; // what the API takes
const NAME = /^[\w. -]{1,100}\.csv$/;
let file = null;

/** The key as it was typed last. */
export const key = () => find("#key").value;

export function complain(words, input) {
  find("#upload-complaint").textContent = words;
  find("#upload-complaint").hidden = !words;
  find("#key").toggleAttribute("aria-invalid", input === "key");
  if (input === "key") find("#key").focus();
}

/** Let files be sent; `started` is called with the name of the run that one started. */
export function uploads(started) {
  const zone = find("#zone");
  const take = (chosen) => {
    file = chosen ?? null;
    find("#chosen").textContent = file ? file.name : "Drop a CSV here";
    complain("");
  };
  find("#file").addEventListener("change", ({ target }) => take(target.files[0]));
  for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.toggleAttribute("data-over", over);
      if (name === "drop") take(event.dataTransfer.files[0]);
    });
  }
  take(find("#file").files[0]); // whoever chose one was faster than this
  find("#start").disabled = false;
  find("#upload").addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = problem();
    if (wrong) return complain(...wrong);
    complain("");
    find("#start").disabled = true;
    find("#bar").hidden = false;
    try {
      const { run } = await send(file, key(), (share) => (find("#bar").value = share));
      find("#uploaded").textContent = `${file.name} is uploaded; its run is above.`;
      take(null);
      find("#upload").querySelector("#file").value = "";
      started(run);
    } catch (error) {
      complain(error.message, [401, 403].includes(error.status) ? "key" : undefined);
    } finally {
      find("#start").disabled = false;
      find("#bar").hidden = true;
    }
  });
}

function problem() {
  if (!file) return ["Choose a file first."];
  if (!NAME.test(file.name)) return ["The name must end with .csv, and have only letters, digits, spaces, dots, _ and - before."];
  if (file.size > MOST_BYTES) return ["The file has more than 4 MB: put it into the data bucket, below raw/, and its run starts by itself."];
  return key() ? null : ["The key is needed.", "key"];
}

/** Fetch tells nothing of how much was sent, so this is the older way. */
function send(body, secret, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${apiUrl()}/uploads/${encodeURIComponent(body.name)}`);
    request.setRequestHeader("Content-Type", "text/csv");
    request.setRequestHeader("X-Api-Key", secret);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
    request.onload = () => {
      const said = request.response ?? {};
      if (request.status < 300) resolve(said);
      else reject(new ApiError(said.detail ?? said.message ?? `The API answered ${request.status}.`, { status: request.status }));
    };
    request.onerror = () => reject(new ApiError("The API is away. If it is yours, make up brings it back."));
    request.send(body);
  });
}
