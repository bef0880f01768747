// Charts as inline SVG at the width they are given, each with its figures as a table for whoever cannot see it.

import { html, svg } from "./dom.js";

const MARGIN = { top: 10, right: 12, bottom: 26, left: 52 };

/** Round numbers from 0 to at least `most`, about `about` of them. */
export function ticksUpTo(most, about = 4) {
  if (!(most > 0)) return [0, 1];
  const raw = most / about;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * size).find((each) => each >= raw);
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/**
 * A figure that is drawn anew when its width changes.
 *
 * `x` and `y` are axes: {ticks, format, domain (else the ticks' own), name}. `series` are {name, kind: "line" | "area" |
 * "columns" | "dots" | "dashed", tone, points: [[x, y], …]}, where a y of null is a gap and a column is as wide as `width`
 * units of x. `label` says what is to be seen; `readout` shows the values under the pointer. `marks` are moments of x to
 * be told apart: {at, name}.
 */
export function chart({ label, x, y, series, height = 220, readout = false, legend = series.length > 1, marks = [] }) {
  const place = html("div", { class: "w-full" });
  const values = new Map(series.map((each) => [each, html("span", { class: "font-semibold text-ink tabular-nums" })]));
  const at = html("span", { class: "tabular-nums" });
  const figure = html(
    "figure",
    { class: "min-w-0" },
    place,
    (legend || readout) && html(
      "figcaption",
      { class: "small mt-1 flex min-h-5 flex-wrap gap-x-4" },
      legend && series.map((each) => html("span", { class: "inline-flex items-center gap-1.5" }, html("span", { class: `swatch ${each.tone}`, "aria-hidden": "true" }), each.name, values.get(each))),
      readout && at,
    ),
    marks.length > 0 && html("p", { class: "small mt-1" }, marks.map(({ at: when, name }) => `◆ ${x.format(when)} ${name}`).join(" · ")),
    asTable({ label, x, y, series }),
  );
  let drawn = 0;

  function draw(width) {
    const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
    const scale = ({ ticks, domain = [ticks[0], ticks.at(-1)] }, from, to) => (value) => from + ((value - domain[0]) / (domain[1] - domain[0] || 1)) * (to - from);
    const [across, up] = [scale(x, left, right), scale(y, bottom, top)];
    const cursor = svg("line", { y1: top, y2: bottom, class: "cursor", visibility: "hidden" });
    const shown = x.ticks.filter((_, index) => index % Math.ceil((x.ticks.length * 56) / width) === 0);
    const drawing = svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label, class: "chart block" },
      y.ticks.map((tick) => [
        svg("line", { x1: left, x2: right, y1: up(tick), y2: up(tick), class: "grid-line" }),
        svg("text", { x: left - 8, y: up(tick) + 4, "text-anchor": "end" }, y.format(tick)),
      ]),
      shown.map((tick) => svg("text", { x: across(tick), y: height - 6, "text-anchor": across(tick) < left + 20 ? "start" : across(tick) > right - 20 ? "end" : "middle" }, x.format(tick))),
      marks.map(({ at: when, name }) => svg("g", {}, svg("title", {}, name), svg("line", { x1: across(when), x2: across(when), y1: top, y2: bottom, class: "mark" }), svg("text", { x: across(when), y: top + 2, "text-anchor": "middle" }, "◆"))),
      series.map((each) => MARKS[each.kind](each, across, up, bottom)),
      cursor,
    );
    if (readout) {
      drawing.addEventListener("pointermove", (event) => {
        const found = nearest(series[0].points, (event.offsetX / drawing.clientWidth) * width, across);
        if (!found) return;
        cursor.setAttribute("visibility", "visible");
        cursor.setAttribute("x1", across(found[0]));
        cursor.setAttribute("x2", across(found[0]));
        at.textContent = x.format(found[0]);
        for (const [each, value] of values) {
          const [, known] = each.points.find(([when]) => when === found[0]) ?? [];
          value.textContent = known === null || known === undefined ? "–" : y.format(known);
        }
      });
      drawing.addEventListener("pointerleave", () => {
        cursor.setAttribute("visibility", "hidden");
        at.textContent = "";
        for (const value of values.values()) value.textContent = "";
      });
    }
    place.replaceChildren(drawing);
  }

  new ResizeObserver(([{ contentRect }]) => {
    const width = Math.floor(contentRect.width);
    if (width > 0 && width !== drawn) draw((drawn = width));
  }).observe(place);
  place.style.minHeight = `${height}px`;
  return figure;
}

const nearest = (points, position, across) =>
  points.reduce((best, point) => (!best || Math.abs(across(point[0]) - position) < Math.abs(across(best[0]) - position) ? point : best), null);

/** Stretches of points without gaps. */
const stretches = (points) =>
  points.reduce((found, point) => (point[1] === null ? [...found, []] : [...found.slice(0, -1), [...found.at(-1), point]]), [[]]).filter((each) => each.length);

const path = (points, across, up) => points.map(([x, y], index) => `${index ? "L" : "M"}${across(x).toFixed(1)} ${up(y).toFixed(1)}`).join("");

const line = (kind) => ({ points, tone }, across, up) =>
  stretches(points).map((stretch) =>
    stretch.length === 1
      ? svg("circle", { cx: across(stretch[0][0]), cy: up(stretch[0][1]), r: 2, class: `dot ${tone}` })
      : svg("path", { d: path(stretch, across, up), class: `${kind} ${tone}` }),
  );

const MARKS = {
  line: line("line"),
  dashed: line("dashed"),
  area: (each, across, up, bottom) => [
    stretches(each.points)
      .filter((stretch) => stretch.length > 1)
      .map((stretch) => svg("path", { d: `${path(stretch, across, up)}L${across(stretch.at(-1)[0])} ${bottom}L${across(stretch[0][0])} ${bottom}Z`, class: `area ${each.tone}` })),
    MARKS.line(each, across, up),
  ],
  dots: ({ points, tone }, across, up) => points.map(([x, y]) => svg("circle", { cx: across(x), cy: up(y), r: 4, class: `dot ${tone}` })),
  columns: ({ points, tone, width }, across, up, bottom) =>
    points
      .filter(([, y]) => y > 0)
      .map(([x, y]) => {
        const wide = Math.max(1.5, across(x + width) - across(x) - 1.5);
        return svg("rect", { x: across(x) - wide / 2, y: up(y), width: wide, height: Math.max(1, bottom - up(y)), rx: Math.min(2, wide / 3), class: `column ${tone}` });
      }),
};

function asTable({ label, x, y, series }) {
  const places = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const known = series.map(({ points }) => new Map(points));
  const say = (value) => (value === null || value === undefined ? "–" : (y.exact ?? y.format)(value));
  const table = () =>
    html(
      "table",
      { class: "table" },
      html("caption", { class: "sr-only" }, label),
      html("thead", {}, html("tr", {}, html("th", { scope: "col" }, x.name), series.map(({ name }) => html("th", { scope: "col", class: "number" }, name)))),
      html("tbody", {}, places.map((at) => html("tr", {}, html("th", { scope: "row" }, (x.exact ?? x.format)(at)), known.map((each) => html("td", { class: "number" }, say(each.get(at))))))),
    );
  const box = html("div", { class: "relative mt-2 max-h-64 overflow-auto", tabindex: 0, role: "region", "aria-label": `Figures: ${label}` });
  return html(
    "details",
    {
      class: "small mt-1",
      toggle: (event) => event.target.open && !box.firstChild && box.append(table()),
    },
    html("summary", { class: "inline rounded text-soft hover:text-ink" }, "As a table"),
    box,
  );
}
