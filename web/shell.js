// What every page has beside its own: the word on how the API is, and the link to its description.

import { apiUrl, call, connection } from "./api.js";
import { find, html } from "./dom.js";

const WORDS = {
  well: ["tone-accent", "API is up"],
  slow: ["tone-warn", "API is slow: starting, perhaps"],
  away: ["tone-against", "API is away"],
};
const AGAIN_MILLISECONDS = 5000;
const status = find("#status");
let again = null;
let shown = null;

function show(state) {
  if (state !== shown) {
    const [tone, words] = WORDS[state];
    status.replaceChildren(html("span", { class: `swatch rounded-full ${tone}`, "aria-hidden": "true" }), words);
    status.dataset.state = shown = state;
  }
  clearTimeout(again);
  if (state === "away") again = setTimeout(ask, AGAIN_MILLISECONDS);
}

const ask = () => call("/health").catch(() => {}); // the event tells

connection.addEventListener("state", ({ detail }) => show(detail));
find("#docs").href = `${apiUrl()}/docs`;
ask();

/** A notice in place of what could not be had, with a way to try again. */
export function trouble(error, retry) {
  return html(
    "div",
    { class: `notice ${error.passing ? "notice-warn" : "notice-bad"}`, role: "alert" },
    html("p", {}, error.message),
    retry && html("button", { type: "button", class: "link mt-2", click: retry }, "Try again"),
  );
}

/** A notice that something is being waited for. */
export const waiting = (words) => html("p", { class: "note animate-pulse" }, words);
