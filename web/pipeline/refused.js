// Why a run failed, and the cells that it refused: for the holder of the admin key, since both can quote the file.

import { call } from "../api.js";
import { html } from "../dom.js";
import { plural } from "../words.js";

const SHOWN = 100;

/** Fill `place` with what is to be known of a run; the errors of `call`. */
export async function explain(run, key, place) {
  const { cells, total, cause } = await call(`/runs/${encodeURIComponent(run.run)}/rejections`, { key });
  const parts = [];
  if (cause) parts.push(html("p", { class: "notice notice-plain wrap-anywhere" }, cause));
  if (total) {
    const download = () => save(`refused-${run.run}.csv`, [["row", "field", "value", "reason"], ...cells.map((cell) => [cell.row, cell.field, cell.value, cell.reason])]);
    parts.push(
      html(
        "div",
        { class: "flex flex-wrap items-baseline justify-between gap-3" },
        html("p", { class: "note" }, `${plural(total, "cell was refused", "cells were refused")}${total > SHOWN ? `; the first ${SHOWN}` : ""}.`),
        html("button", { type: "button", class: "button-quiet", click: download }, "Download as CSV"),
      ),
      html(
        "div",
        { class: "max-h-80 overflow-auto", tabindex: 0, role: "region", "aria-label": "Refused cells" },
        html(
          "table",
          { class: "table" },
          html("caption", { class: "sr-only" }, "Refused cells"),
          html("thead", {}, html("tr", {}, ["Row", "Column", "Seen", "Why"].map((head) => html("th", { scope: "col" }, head)))),
          html("tbody", {}, cells.slice(0, SHOWN).map(({ row, field, value, reason }) => html("tr", {}, html("td", { class: "figures" }, String(row)), html("th", { scope: "row" }, field), html("td", { class: "wrap-anywhere" }, value), html("td", {}, reason)))),
        ),
      ),
    );
  }
  if (!parts.length) parts.push(html("p", { class: "note" }, "No row was refused."));
  place.replaceChildren(...parts);
}

// A cell that begins like a formula gets an apostrophe: a spreadsheet would run it.
const quoted = (cell) => `"${String(cell).replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;

function save(name, rows) {
  const text = rows.map((row) => row.map(quoted).join(",")).join("\r\n");
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  html("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
