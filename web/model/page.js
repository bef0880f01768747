// The Model page: the champion's card, and every version.

import { ApiError, call } from "../api.js";
import { find, html } from "../dom.js";
import { trouble, waiting } from "../shell.js";
import { calibration, confusion, headline, importances, lineage, record, roc, slices } from "./card.js";
import { promote } from "./promotion.js";
import { versions } from "./versions.js";

const SOON_MILLISECONDS = 1000;
const PATIENCE = 8; // a new champion serves everywhere within five seconds
let shown = null;

/** Fill `place` with what `make` makes of an answer, or with what was wrong. */
async function load(place, path, make) {
  try {
    const answer = await call(path);
    place.replaceChildren(...[make(answer)].flat());
    return answer;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const none = error.status === 503 && path === "/model";
    place.replaceChildren(trouble(error, () => load(place, path, make)), none ? html("p", { class: "note mt-3" }, "The first run of the pipeline makes a champion.") : "");
    return null;
  }
}

const loadCard = () =>
  load(find("#card"), "/model", (card) => {
    shown = card.model_version;
    return [
      headline(card),
      html("div", { class: "grid gap-6 lg:grid-cols-2" }, roc(card), calibration(card), confusion(card), record(card)),
      html("div", { class: "grid items-start gap-6 lg:grid-cols-2" }, importances(card), lineage(card)),
      slices(card),
    ];
  });

const loadVersions = () =>
  load(find("#versions"), "/models", (known) =>
    known.models.length ? versions(known, (version) => change(version, known.champion)) : html("p", { class: "note" }, "There is none yet."),
  );

async function change(version, champion) {
  if (!(await promote(version, champion))) return;
  const place = find("#done");
  place.replaceChildren(html("p", { class: "notice notice-plain" }, "Promoted. Each instance of the API looks for a new champion within five seconds …"));
  for (let looks = 0; looks < PATIENCE && shown !== version; looks++) {
    await new Promise((resolve) => setTimeout(resolve, SOON_MILLISECONDS));
    await Promise.all([loadCard(), loadVersions()]);
  }
  place.replaceChildren(html("p", { class: "notice notice-plain" }, html("code", {}, version), shown === version ? " serves." : " is champion; it will serve in a moment."));
}

find("#card").replaceChildren(waiting("Asking for the champion’s card …"));
find("#versions").replaceChildren(waiting("Asking for the versions …"));
loadCard();
loadVersions();
