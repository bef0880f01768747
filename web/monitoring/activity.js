// What serving did over time: requests and what went wrong, latency, cold starts, scores.

import { chart, ticksUpTo } from "../chart.js";
import { html } from "../dom.js";
import { capital, clock, count, day, percent } from "../words.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440].map((minutes) => minutes * MINUTE);

const milliseconds = (value) => (value >= 1000 ? `${Number((value / 1000).toFixed(1))} s` : `${Number(value.toPrecision(2))} ms`);
const sum = (points, name) => points.reduce((total, point) => total + point[name], 0);

export function totals({ points }, useCase) {
  const requests = sum(points, "requests");
  const predictions = sum(points, "predictions");
  const share = (number) => (requests ? `${percent(number / requests, 1)} of requests` : "no requests");
  const figures = [
    ["Predictions", count(predictions), predictions ? `${percent(sum(points, "positive") / predictions)} “${useCase.outcome(1)}”` : "none yet"],
    ["Requests", count(requests), `${count(sum(points, "cold_starts"))} met a cold start`],
    ["Errors of ours", count(sum(points, "errors")), share(sum(points, "errors"))],
    ["Rejected", count(sum(points, "rejected")), share(sum(points, "rejected"))],
    ["Degraded", count(sum(points, "degraded")), "answered without a store"],
  ];
  return html(
    "dl",
    { class: "grid grid-cols-2 gap-x-6 gap-y-5 sm:grid-cols-3 lg:grid-cols-5" },
    figures.map(([name, value, note]) => html("div", {}, html("dt", { class: "small" }, name), html("dd", {}, html("span", { class: "block font-serif text-3xl tabular-nums" }, value), html("span", { class: "small" }, note)))),
  );
}

/** An axis of time with ticks at round minutes or hours. */
function times({ from, to }) {
  const [first, last] = [new Date(from).getTime(), new Date(to).getTime()];
  const step = STEPS.find((each) => (last - first) / each <= 6) ?? STEPS.at(-1);
  const start = Math.ceil(first / step) * step;
  const ticks = Array.from({ length: Math.max(0, Math.floor((last - start) / step) + 1) }, (_, index) => start + index * step);
  return { ticks: ticks.length ? ticks : [last], domain: [first, Math.max(last, first + 1)], format: last - first > DAY ? day : clock, exact: day, name: "Time" };
}

const over = (points, name) => points.map((point) => [new Date(point.at).getTime(), point[name]]);

/** Up to the greatest value of several series, so that they can share an axis. */
const upTo = (points, names, format) => ({ ticks: ticksUpTo(Math.max(0, ...points.flatMap((point) => names.map((name) => point[name] ?? 0)))), format });

/** Those moments that an axis has. */
const within = (marks, { from, to }) => marks.filter(({ at }) => at >= new Date(from).getTime() && at <= new Date(to).getTime());

export const requests = ({ points, ...span }, _, marks) =>
  chart({
    marks: within(marks, span),
    label: "Requests over time, with those that failed and those that were rejected",
    x: times(span),
    y: upTo(points, ["requests"], count),
    readout: true,
    series: [
      { name: "Requests", kind: "area", tone: "tone-accent", points: over(points, "requests") },
      { name: "Rejected", kind: "line", tone: "tone-warn", points: over(points, "rejected") },
      { name: "Errors", kind: "line", tone: "tone-against", points: over(points, "errors") },
    ],
  });

export const latency = ({ points, ...span }, _, marks) =>
  chart({
    marks: within(marks, span),
    label: "Latency of predictions over time",
    x: times(span),
    y: upTo(points, ["p50_ms", "p95_ms", "p99_ms"], milliseconds),
    readout: true,
    series: [
      { name: "Median", kind: "line", tone: "tone-accent", points: over(points, "p50_ms") },
      { name: "95%", kind: "line", tone: "tone-soft", points: over(points, "p95_ms") },
      { name: "99%", kind: "line", tone: "tone-against", points: over(points, "p99_ms") },
    ],
  });

export const coldStarts = ({ points, step_seconds, ...span }) =>
  chart({
    label: "Cold starts over time",
    x: times(span),
    y: upTo(points, ["cold_starts"], (value) => (Number.isInteger(value) ? count(value) : "")),
    series: [{ name: "Cold starts", kind: "columns", tone: "tone-accent", width: 1000 * step_seconds, points: over(points, "cold_starts") }],
  });

export function scores({ scores: { bounds, counts, predictions } }, useCase) {
  const edges = [0, ...bounds, 1];
  const shares = counts.map((each) => (predictions ? each / predictions : 0));
  const place = (index) => (edges[index] + edges[index + 1]) / 2;
  const points = (from, to) => shares.slice(from, to).map((share, index) => [place(from + index), share]);
  const half = edges.indexOf(0.5);
  const range = (at) => `${percent(at - 0.05)} to ${percent(at + 0.05)}`;
  return chart({
    label: "Distribution of the predicted chances",
    x: { ticks: [0, 0.25, 0.5, 0.75, 1], format: (share) => percent(share), exact: range, name: "Chance" },
    y: { ticks: ticksUpTo(Math.max(0.01, ...shares)), format: (share) => percent(share), exact: (share) => percent(share, 1) },
    series: [
      { name: capital(useCase.outcome(0)), kind: "columns", tone: "tone-against", width: 0.1, points: points(0, half) },
      { name: capital(useCase.outcome(1)), kind: "columns", tone: "tone-accent", width: 0.1, points: points(half) },
    ],
  });
}
