// What every page has beside its own: the state of the API, the link to its description, and the use case's words.

import { ApiError, apiUrl, call, connection } from "./api.js";
import { find, html } from "./dom.js";
import { useCase } from "./use_case.js";

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

const ask = () => call("/health").catch(() => null); // the event tells

connection.addEventListener("state", ({ detail }) => show(detail));
find("#docs").href = `${apiUrl()}/docs`;

/** What `/health` answered as the page came up; null if it did not. */
export const health = ask();

/**
 * Call `start` with the use case as soon as the API has told it. Until then `place` says what is wrong, if anything is;
 * once the API is back, it is asked again.
 */
export async function begin(place, start) {
  try {
    const known = await useCase();
    speak(known);
    await start(known);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const retry = () => {
      connection.removeEventListener("state", back);
      begin(place, start);
    };
    const back = ({ detail }) => detail === "well" && error.passing && retry();
    connection.addEventListener("state", back);
    place.replaceChildren(trouble(error, retry));
  }
}

/** Put the use case's words where the page waits for them: the brand, the source, and what `data-word` marks. */
function speak({ title, entity, schema }) {
  document.title = `${document.title.replace(/ · .*/s, "")} · ${title}`;
  find("#brand").textContent = title;
  find("#source").textContent = schema.source;
  for (const place of document.querySelectorAll("[data-word]")) place.textContent = entity[place.dataset.word];
  for (const place of document.querySelectorAll(".pending")) place.classList.remove("pending");
}

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
