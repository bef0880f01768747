// A table of any length that has only the rows in sight. Whoever holds the rows is asked for those, and answers later.

import { find, html } from "../dom.js";
import { choiceTitle, columnTitle } from "../use_case.js";
import { capital, percent } from "../words.js";

const ROW_PIXELS = 40;
const IN_SIGHT = 12; // rows; the rest is to be scrolled to
const SPARE = 10; // above and below those
const MOST = 8; // columns of the file; the others are in the download
const WIDTHS = { whole: 4.5, decimal: 4.5, choice: 6, text: 11 }; // rem, where the head needs no more
const ROW = "grid items-center gap-3 px-4";
const FIXED = [
  { by: "number", head: "Row", width: "4rem", say: (row) => row.number },
  { by: "probability", head: "Chance", width: "10rem", say: chance },
];

function chance({ probability, predicted, error }) {
  if (error) return html("span", { class: "block truncate text-against", title: error }, error);
  if (probability === undefined) return html("span", { class: "text-soft" }, "…");
  const bar = html("span", { class: `bar ${predicted ? "tone-accent" : "tone-against"}` });
  bar.style.width = percent(probability); // a property: the policy forbids only the attribute
  return html(
    "span",
    { class: "grid grid-cols-[2.5rem_minmax(0,1fr)] items-center gap-2" },
    html("span", { class: "font-semibold" }, percent(probability)),
    html("span", { class: "overflow-hidden rounded-full bg-line", "aria-hidden": "true" }, bar),
  );
}

/** The table's columns for those that a file has. */
function columnsOf(useCase, names) {
  const known = new Map([...(useCase.id ? [useCase.id] : []), ...useCase.columns].map((column) => [column.name, column]));
  const shown = names.slice(0, MOST).map((name, at) => {
    const column = known.get(name);
    const say = ({ cells }) => (cells[at] === "" ? "–" : choiceTitle(column, cells[at]) ?? cells[at]);
    const head = columnTitle(column);
    const wide = Math.min(12, Math.max(WIDTHS[column.type] ?? WIDTHS.text, 2 + 0.45 * head.length));
    return { by: { column: name }, head, width: `minmax(${wide}rem,${wide}fr)`, say };
  });
  return [...FIXED, ...shown];
}

/**
 * A table in `place` of the columns `names`; `ask({from, size, sort})` fetches rows, which come back through `show`.
 */
export function table(useCase, place, names, ask) {
  const columns = columnsOf(useCase, names);
  const widths = columns.map(({ width }) => width).join(" ");
  const sort = { by: FIXED[0].by, descending: false, failed: false };
  const rows = html("div", { role: "rowgroup", class: "relative" });
  const heads = columns.map(({ by, head }) => ({
    by,
    cell: html("div", { role: "columnheader", "aria-sort": "none" }, html("button", { type: "button", class: "flex h-10 items-center gap-1 rounded text-xs font-medium text-soft hover:text-ink max-w-full", click: () => sortBy(by) }, html("span", { class: "truncate" }, head), html("span", { "aria-hidden": "true", class: "arrow w-3" }))),
  }));
  const scroller = html(
    "div",
    { class: "relative max-h-[30rem] overflow-auto outline-offset-[-2px]", tabindex: 0, role: "region", "aria-label": capital(useCase.entity.many) },
    html(
      "div",
      { role: "table", "aria-label": `${capital(useCase.entity.many)} and their chances`, class: "w-max min-w-full text-sm tabular-nums" },
      html("div", { role: "rowgroup", class: "sticky top-0 z-1 border-b border-line bg-sunk" }, laidOut(html("div", { role: "row", class: ROW }, heads.map(({ cell }) => cell)))),
      rows,
    ),
  );
  place.replaceChildren(scroller);

  /** A row in the table's columns; a property of its style, for the policy forbids only the attribute. */
  function laidOut(line) {
    line.style.gridTemplateColumns = widths;
    return line;
  }

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
            { role: "row", "aria-rowindex": from + offset + 2, class: `${ROW} absolute inset-x-0 h-10 border-b border-line` },
            columns.map(({ say }) => html("div", { role: "cell", class: "min-w-0 truncate" }, say(row))),
          );
          laidOut(line);
          line.style.top = `${(from + offset) * ROW_PIXELS}px`;
          return line;
        }),
      );
    },
  };
}
