// The API, and what goes wrong with it: one kind of error, in words that a page can show.

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** Where the API is. A page that was opened under this machine's other name asks under that one, which is its own origin. */
export const apiUrl = () => {
  const known = globalThis.MLOPS?.apiUrl ?? "";
  const url = new URL(known, location.href);
  const same = url.port === location.port && [url, location].every(({ hostname }) => LOOPBACK.test(hostname));
  return same ? known.replace(url.origin, location.origin) : known;
};

const SLOW_MILLISECONDS = 2500;

/** Tells whoever listens how the API is: an event `state`, whose detail is "well", "slow" or "away". */
export const connection = new EventTarget();
const tell = (state) => connection.dispatchEvent(new CustomEvent("state", { detail: state }));

/** A call that was not answered as hoped. `status` is 0 if nobody answered; `fields` are those that a 422 names. */
export class ApiError extends Error {
  constructor(message, { status = 0, fields = [], retryAfter = null } = {}) {
    super(message);
    Object.assign(this, { status, fields, retryAfter });
  }

  /** Whether the same call may well be answered later. */
  get passing() {
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}

const WORDS = {
  429: "Too many are asking at once. Try again in a moment.",
  502: "The API is up, but what predicts did not answer. Try again in a moment.",
  504: "The API took too long to answer. Try again in a moment.",
};

/** What a JSON call answers, or text of another kind; throws ApiError, or the signal's own error once that is aborted. */
export async function call(path, { body, method, key, signal, simulated } = {}) {
  const headers = { ...(body ? { "Content-Type": "application/json" } : {}), ...(key ? { "X-Api-Key": key } : {}), ...(simulated ? { "X-Simulated": "true" } : {}) };
  const late = setTimeout(() => tell("slow"), SLOW_MILLISECONDS);
  try {
    const answer = await fetch(apiUrl() + path, {
      method: method ?? (body ? "POST" : "GET"),
      body: body && JSON.stringify(body),
      headers,
      signal,
    });
    const json = answer.headers.get("Content-Type")?.includes("json");
    const said = json ? await answer.json() : await answer.text();
    tell("well");
    if (answer.ok) return said;
    throw new ApiError(WORDS[answer.status] ?? said.detail ?? said.message ?? `The API answered ${answer.status}.`, {
      status: answer.status,
      fields: (said.errors ?? []).map(({ field, reason }) => ({ field, reason: reason.replace(/^Value error, /, "") })),
      retryAfter: Number(answer.headers.get("Retry-After")) || null,
    });
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    tell("away");
    throw new ApiError("The API is away. If it is yours, make up brings it back.");
  } finally {
    clearTimeout(late);
  }
}
