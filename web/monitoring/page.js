// The Monitoring page: four questions to the API, asked again every few seconds while someone looks.

import { ApiError, apiUrl, call } from "../api.js";
import { find } from "../dom.js";
import { begin, trouble } from "../shell.js";
import { coldStarts, latency, requests, scores, totals } from "./activity.js";
import { demo } from "./demo.js";
import { driftReport } from "./drift.js";
import { refreshing } from "./refresh.js";
import { retraining } from "./retraining.js";

const SECONDS = 15;
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const said = new Map(); // what each place shows, so that what has not changed stays as it is, open tables and all

/** Ask for `path`; `show` puts the answer in the page. What was shown before stays in sight while the API is away. */
async function ask(path, place, show) {
  try {
    const answer = await call(path);
    const text = JSON.stringify(answer);
    if (said.get(place) !== text) show(answer);
    said.set(place, text);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    said.set(place, null);
    find(place).replaceChildren(trouble(error));
    return false;
  }
}

/** When the champion changed and when a retraining was started, as moments for the charts; none while nobody tells. */
async function moments() {
  const [known, decided] = await Promise.all([call("/models").catch(() => ({ models: [] })), call("/retraining").catch(() => ({ decisions: [] }))]);
  const promotions = known.models.flatMap(({ decisions }) => decisions ?? []).filter(({ decision }) => decision === "promoted" || decision === "set_by_hand");
  const started = decided.decisions.filter(({ decision }) => decision === "started");
  const all = [...promotions.map(({ at }) => [at, "new champion"]), ...started.map(({ at }) => [at, "retraining started"])];
  return all.map(([at, name]) => ({ at: new Date(at).getTime(), name })).sort((one, other) => one.at - other.at);
}

function showActivity(activity, useCase, moments) {
  const releases = (activity.releases ?? []).map(({ at, release }) => ({ at: new Date(at).getTime(), name: `release ${release}` }));
  const marks = [...moments, ...releases].sort((one, other) => one.at - other.at);
  find("#activity").replaceChildren(totals(activity, useCase));
  find("#charts").hidden = false;
  for (const [place, draw] of [["#requests", requests], ["#latency", latency], ["#cold-starts", coldStarts], ["#scores", scores]]) {
    const open = find(`${place} details`)?.open;
    find(place).replaceChildren(draw(activity, useCase, marks));
    if (open) find(`${place} details`).open = true;
  }
}

async function refresh(useCase) {
  const main = find("#main");
  const hours = find("#hours").elements.hours.value;
  main.setAttribute("aria-busy", "true");
  const marks = await moments();
  const answered = await Promise.all([
    ask(`/activity?hours=${hours}`, "#activity", (activity) => showActivity(activity, useCase, marks)),
    ask("/drift", "#drift", (report) => find("#drift").replaceChildren(...driftReport(useCase, report).filter(Boolean))),
    ask("/retraining", "#retraining", (known) => find("#retraining").replaceChildren(...retraining(known).filter(Boolean))),
  ]);
  main.setAttribute("aria-busy", "false");
  if (!answered[0]) find("#charts").hidden = true;
  if (answered.some(Boolean)) find("#refreshed").textContent = `Refreshed at ${CLOCK.format(new Date())}`;
}

begin(find("#activity"), (useCase) => {
  const loop = refreshing(() => refresh(useCase), SECONDS, (paused) => {
    find("#pause").textContent = paused ? "Go on" : "Pause";
  });
  find("#pause").addEventListener("click", ({ target }) => loop.pause(target.textContent === "Pause"));
  find("#hours").addEventListener("change", () => loop.now());
  demo(useCase, () => loop.now());
});
find("#metrics").href = `${apiUrl()}/metrics`;
