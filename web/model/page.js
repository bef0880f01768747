// The Model page: the champion's card, and every version.

import { ApiError, call } from "../api.js";
import { find, html } from "../dom.js";
import { begin, health, trouble, waiting } from "../shell.js";
import { calibration, confusion, headline, lineage, record, roc, slices } from "./card.js";
import { comparison } from "./compare.js";
import { dependence, importances } from "./inspection.js";
import { promote } from "./promotion.js";
import { departures, rules } from "./rules.js";
import { versions } from "./versions.js";

const SOON_MILLISECONDS = 1000;
const PATIENCE = 8; // a new champion serves everywhere within five seconds
let shown = null;

/** Fill `place` with what `make` makes of an answer, or with what was wrong. */
async function load(place, path, make) {
  try {
    const answer = await call(path);
    place.replaceChildren(...[make(answer)].flat());
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    place.replaceChildren(trouble(error, () => load(place, path, make)));
  }
}

/** The card as a file. */
function save(card) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(card, null, 2)], { type: "application/json" }));
  html("a", { href: url, download: `card-${card.model_version}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), SOON_MILLISECONDS);
}

const loadCard = (useCase) =>
  load(find("#card"), "/model", (card) => {
    shown = card.model_version;
    return [
      headline(useCase, card, () => save(card)),
      html("div", { class: "grid gap-6 lg:grid-cols-2" }, roc(useCase, card), calibration(useCase, card), confusion(useCase, card), record(card)),
      html("div", { class: "grid items-start gap-6 lg:grid-cols-2" }, importances(useCase, card), lineage(useCase, card)),
      dependence(useCase, card),
      rules(useCase, card),
      departures(useCase, card),
      slices(useCase, card),
    ].filter(Boolean);
  });

/** The newest versions, or behind `newer` those of the page that begins behind `before`. */
const loadVersions = (useCase, before, newer = []) =>
  load(find("#versions"), before ? `/models?before=${encodeURIComponent(before)}` : "/models", (known) => {
    const models = [...newer, ...known.models];
    if (!models.length) return html("p", { class: "note" }, "There is none yet.");
    const table = versions({ ...known, models }, (version) => change(useCase, version, known.champion));
    const compared = comparison({ ...known, models });
    find("#compare").hidden = !compared;
    if (compared) find("#comparison").replaceChildren(...compared);
    const older = () => loadVersions(useCase, known.next, models);
    return known.next ? [table, html("button", { type: "button", class: "link mt-4", click: older }, "Show older versions")] : table;
  });

/** Whether there is a champion to ask about; as long as nobody says that there is none. */
const championless = async () => (await health)?.model_version === null;

async function change(useCase, version, champion) {
  if (!(await promote(version, champion))) return;
  const place = find("#done");
  place.replaceChildren(html("p", { class: "notice notice-plain" }, "Promoted. Each instance of the API looks for a new champion within five seconds …"));
  for (let looks = 0; looks < PATIENCE && shown !== version; looks++) {
    await new Promise((resolve) => setTimeout(resolve, SOON_MILLISECONDS));
    await Promise.all([loadCard(useCase), loadVersions(useCase)]);
  }
  place.replaceChildren(html("p", { class: "notice notice-plain" }, html("code", {}, version), shown === version ? " serves." : " is champion; it will serve in a moment."));
}

find("#card").replaceChildren(waiting("Asking for the champion’s card …"));
find("#versions").replaceChildren(waiting("Asking for the versions …"));
begin(find("#card"), async (useCase) => {
  loadVersions(useCase);
  if (await championless()) find("#card").replaceChildren(html("p", { class: "notice notice-plain" }, "No model serves yet: the first run of the pipeline makes one."));
  else loadCard(useCase);
});
