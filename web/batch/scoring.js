// Many rows a request, two requests at a time; a row that the API refuses does not cost the others theirs.

import { ApiError, call } from "../api.js";

const CELLS = 60_000; // in one request, whose size is limited
const AT_ONCE = 2;
const TRIES = 6;
const PLACE = /^[^.]+\.(\d+)\.?/; // of a row in the request

/** How many rows a request takes. */
export const shareOf = ({ schema, columns }) =>
  Math.max(1, Math.min(schema.batch.maximum, Math.floor(CELLS / Math.max(1, columns.length))));

/** Score rows `from` to `to` of a list; the API's answer for those that it took. Throws ApiError if it stays away. */
export async function score(list, from, to, signal, wait = pause) {
  let rows = [];
  for (let at = from; at < to; at++) {
    const row = list.row(at);
    if (row) rows.push({ at, row });
  }
  while (rows.length) {
    try {
      const body = { rows: rows.map(({ row }) => row) };
      const answer = await persistently(() => call("/predict/batch", { body, signal }), signal, wait);
      answer.predictions.forEach((prediction, place) => list.settle(rows[place].at, prediction));
      return answer;
    } catch (error) {
      const refused = refusals(error);
      if (!refused.size) throw error;
      for (const [place, reasons] of refused) list.fail(rows[place].at, reasons.join("; "));
      rows = rows.filter((_, place) => !refused.has(place));
    }
  }
  return {};
}

/** Work on the shares that `next` hands out, until it has no more; `done` is told after each. */
export async function scoreAll(next, list, signal, done) {
  const work = async () => {
    for (let share = await next(); share; share = await next()) {
      done(share, await score(list, ...share, signal));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** What a 422 says of each row, by its place in the request. */
function refusals(error) {
  const found = new Map();
  for (const { field, reason } of error instanceof ApiError && error.status === 422 ? error.fields : []) {
    const place = PLACE.exec(field);
    if (!place) return new Map();
    const said = `${field.slice(place[0].length)}: ${reason}`;
    found.set(Number(place[1]), [...(found.get(Number(place[1])) ?? []), said]);
  }
  return found;
}

/** Again, later and later, while the API is busy or away; as late as it asks for. */
async function persistently(attempt, signal, wait) {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!error.passing || tries === TRIES) throw error;
      await wait(1000 * Math.max(error.retryAfter ?? 0, 0.25 * 2 ** tries), signal);
    }
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
