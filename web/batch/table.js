// A table of any length that has only the rows in sight. Whoever holds the rows is asked for those, and answers later.

import { find, html } from "../dom.js";
import { percent } from "../words.js";

const ROW_PIXELS = 40;
const IN_SIGHT = 12; // rows; the rest is to be scrolled to
const SPARE = 10; // above and below those
const CLASSES = { 1: "First", 2: "Second", 3: "Third" };
const COLUMNS = [
  { by: "row", head: "Row", say: (row) => row.row },
  { by: "probability", head: "Chance", say: chance },
  { by: "Name", head: "Name", say: (row) => row.Name },
  { by: "Sex", head: "Sex", say: (row) => row.Sex },
  { by: "Age", head: "Age", say: (row) => row.Age || "–" },
  { by: "Pclass", head: "Class", say: (row) => CLASSES[row.Pclass] ?? row.Pclass },
  { by: "Fare", head: "Fare", say: (row) => row.Fare || "–" },
];
const GRID = "grid grid-cols-[3.5rem_9rem_minmax(14rem,1fr)_4.5rem_3.5rem_5rem_5.5rem] sm:grid-cols-[4rem_14rem_minmax(14rem,1fr)_4.5rem_4rem_5rem_5.5rem] items-center gap-3 px-4";

function chance({ probability, survived, error }) {
  if (error) return html("span", { class: "block truncate text-against", title: error }, error);
  if (probability === undefined) return html("span", { class: "text-soft" }, "…");
  const bar = html("span", { class: `bar ${survived ? "tone-accent" : "tone-against"}` });
  bar.style.width = percent(probability); // a property: the policy forbids only the attribute
  return html(
    "span",
    { class: "grid grid-cols-[2.5rem_minmax(0,1fr)] items-center gap-2" },
    html("span", { class: "font-semibold" }, percent(probability)),
    html("span", { class: "overflow-hidden rounded-full bg-line", "aria-hidden": "true" }, bar),
  );
}

/** A table in `place`; `ask({from, size, sort})` fetches rows, which come back through `show`. */
export function table(place, ask) {
  const sort = { by: "row", descending: false, failed: false };
  const rows = html("div", { role: "rowgroup", class: "relative" });
  const heads = COLUMNS.map(({ by, head }) => ({
    by,
    cell: html("div", { role: "columnheader", "aria-sort": "none" }, html("button", { type: "button", class: "flex h-10 items-center gap-1 rounded text-xs font-medium text-soft hover:text-ink", click: () => sortBy(by) }, head, html("span", { "aria-hidden": "true", class: "arrow w-3" }))),
  }));
  const scroller = html(
    "div",
    { class: "relative max-h-[30rem] overflow-auto outline-offset-[-2px]", tabindex: 0, role: "region", "aria-label": "Passengers" },
    html(
      "div",
      { role: "table", "aria-label": "Passengers and their chances", class: "min-w-[52rem] text-sm tabular-nums" },
      html("div", { role: "rowgroup", class: "sticky top-0 z-1 border-b border-line bg-sunk" }, html("div", { role: "row", class: GRID }, heads.map(({ cell }) => cell))),
      rows,
    ),
  );
  place.replaceChildren(scroller);

  function sortBy(by) {
    sort.descending = sort.by === by && !sort.descending;
    sort.by = by;
    mark();
    scroller.scrollTop = 0;
    refresh();
  }

  function mark() {
    for (const { by, cell } of heads) {
      const own = by === sort.by;
      cell.setAttribute("aria-sort", own ? (sort.descending ? "descending" : "ascending") : "none");
      find(".arrow", cell).textContent = own ? (sort.descending ? "↓" : "↑") : "";
    }
  }

  function refresh() {
    const from = Math.max(0, Math.floor(scroller.scrollTop / ROW_PIXELS) - SPARE);
    ask({ from, size: IN_SIGHT + 2 * SPARE, sort: { ...sort } });
  }

  let due = 0;
  scroller.addEventListener("scroll", () => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      refresh();
    });
  });
  mark();

  return {
    refresh,
    onlyFailed(failed) {
      sort.failed = failed;
      scroller.scrollTop = 0;
      refresh();
    },
    show({ from, rows: shown, total }) {
      rows.style.height = `${total * ROW_PIXELS}px`;
      find("[role=table]", scroller).setAttribute("aria-rowcount", total + 1);
      rows.replaceChildren(
        ...shown.map((row, offset) => {
          const line = html(
            "div",
            { role: "row", "aria-rowindex": from + offset + 2, class: `${GRID} absolute inset-x-0 h-10 border-b border-line` },
            COLUMNS.map(({ by, say }) => html("div", { role: "cell", class: by === "Name" ? "truncate" : "min-w-0" }, say(row))),
          );
          line.style.top = `${(from + offset) * ROW_PIXELS}px`;
          return line;
        }),
      );
    },
  };
}
