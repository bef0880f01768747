// The dialog that makes a version champion. The admin key is kept in this variable, and gone when the page is.

import { call } from "../api.js";
import { find } from "../dom.js";

let key = "";
const dialog = find("#promotion");
const form = find("form", dialog);
const input = find("#key");
const complaint = find("#key-complaint");

/** Ask for the key and promote `version` instead of `champion`; resolves to whether it serves now. */
export function promote(version, champion) {
  find("#promoted").textContent = version;
  find("#demoted").textContent = champion ?? "none";
  complain("");
  input.value = key;
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      input.value = "";
      resolve(dialog.returnValue === "promoted");
      dialog.returnValue = "";
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      send(version);
    };
  });
}

async function send(version) {
  if (!input.value) return complain("The key is needed.");
  const button = find("#promote");
  button.disabled = true;
  try {
    await call(`/models/${encodeURIComponent(version)}/promote`, { method: "POST", key: input.value });
    key = input.value;
    dialog.close("promoted");
  } catch (error) {
    if (error.status === 401 || error.status === 403) key = "";
    complain(error.message);
  } finally {
    button.disabled = false;
  }
}

function complain(words) {
  complaint.textContent = words;
  complaint.hidden = !words;
  if (words) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

find("#dismiss").addEventListener("click", () => dialog.close());
