// What was asked, as the fragment of the page's address: a link to it asks the same, and no server sees it on the way.

import { own } from "../use_case.js";

/** The fragment for a row by the table's own names. */
export const fragmentOf = (row) => `#${new URLSearchParams(Object.entries(row))}`;

/** The row that a fragment tells of, as texts; null if it names no column of the table. */
export function rowOf(fragment, { columns }) {
  const told = Object.fromEntries(new URLSearchParams(fragment.slice(1)));
  const known = columns.filter(({ name }) => own(told, name) !== undefined).map(({ name }) => [name, told[name]]);
  return known.length ? Object.fromEntries(known) : null;
}
