// Figures and times, as people say them.

export const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}%`;

/** Percentage points with their sign; the minus is a real one. */
export const points = (share, digits = 1) => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(digits)}`;

export const count = (number) => Math.round(number).toLocaleString("en-GB");

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

export const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

const LONG = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });

export const moment = (iso) => (iso ? LONG.format(new Date(iso)) : "not known");
export const clock = (time) => CLOCK.format(new Date(time));
export const day = (time) => DAY.format(new Date(time));

/** A duration in seconds. */
export const lasting = (seconds) => (seconds < 60 ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`);
