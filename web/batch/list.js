// A passenger list of any length: its rows, what was predicted of them and what was wrong with them.

import { CsvError, written } from "./csv.js";

const NEEDED = ["Pclass", "Name", "Sex", "SibSp", "Parch"];
const TAKEN = [...NEEDED, "Age", "Ticket", "Fare", "Cabin", "Embarked"];
const MADE = ["probability", "predicted", "prediction_id", "error"];
const collator = new Intl.Collator("en", { numeric: true });

export class PassengerList {
  #columns = null;
  #cells = [];
  #outcomes = []; // {probability, survived, prediction_id} or {error}, in the rows' order; holes where nothing is known yet
  #order = null;
  #sorted = "";

  get size() {
    return this.#cells.length;
  }

  /** The first row names the columns; CsvError if it does not name those that the API needs. */
  add(row) {
    if (this.#columns) return void this.#cells.push(row);
    const names = row.map((name) => name.trim());
    const missing = NEEDED.filter((name) => !names.includes(name));
    if (missing.length === NEEDED.length && /[;\t]/.test(row[0])) {
      throw new CsvError("The cells seem to be separated by something else than commas.");
    }
    if (missing.length) throw new CsvError(`The first line does not name these columns: ${missing.join(", ")}.`);
    const twice = names.filter((name, at) => TAKEN.includes(name) && names.indexOf(name) !== at);
    if (twice.length) throw new CsvError(`The first line names a column twice: ${twice.join(", ")}.`);
    this.#columns = names;
  }

  /** What the API takes of a row; null, with an error in its place, if the row has too few or too many cells. */
  passenger(at) {
    const [cells, names] = [this.#cells[at], this.#columns];
    if (cells.length !== names.length) {
      this.fail(at, `${cells.length} cells where the first line has ${names.length}`);
      return null;
    }
    return Object.fromEntries(names.flatMap((name, column) => (TAKEN.includes(name) ? [[name, cells[column]]] : [])));
  }

  settle(at, { probability, survived, prediction_id }) {
    this.#outcome(at, { probability, survived, prediction_id });
  }

  fail(at, error) {
    this.#outcome(at, { error });
  }

  /** Spans of `size` rows that hold one of which nothing is known yet. */
  open(size) {
    const starts = Array.from({ length: Math.ceil(this.size / size) }, (_, share) => share * size);
    const spans = starts.map((start) => [start, Math.min(this.size, start + size)]);
    return spans.filter(([from, to]) => Array.from({ length: to - from }, (_, at) => from + at).some((at) => !this.#outcomes[at]));
  }

  /** Up to `size` rows after the first `from` in an order, as objects to show, and how many there are in all. */
  window(from, size, { by, descending, failed }) {
    const order = this.#ordered(by, descending);
    const all = failed ? order.filter((at) => this.#outcomes[at]?.error) : order;
    const rows = all.slice(from, from + size).map((at) => ({
      row: at + 1,
      ...Object.fromEntries(TAKEN.map((name) => [name, this.#cell(at, name)])),
      ...this.#outcomes[at],
    }));
    return { rows, total: all.length };
  }

  /** The file with what was predicted: chunks of text. Cells that the first line has no column for come last. */
  *csv() {
    yield `${written([...this.#columns, ...MADE])}\r\n`;
    for (let start = 0; start < this.size; start += 1000) {
      const part = this.#cells.slice(start, start + 1000).map((cells, offset) => {
        const { probability, survived, prediction_id, error } = this.#outcomes[start + offset] ?? {};
        const own = this.#columns.map((_, column) => cells[column] ?? "");
        const made = [probability, survived, prediction_id, error].map((value) => String(value ?? ""));
        return written([...own, ...made, ...cells.slice(own.length)]);
      });
      yield `${part.join("\r\n")}\r\n`;
    }
  }

  #outcome(at, outcome) {
    this.#outcomes[at] = outcome;
    if (this.#sorted.startsWith("probability")) this.#order = null;
  }

  #cell(at, name) {
    return this.#cells[at][this.#columns.indexOf(name)] ?? "";
  }

  /** Rows without a value come last, whichever way. */
  #ordered(by, descending) {
    const wanted = `${by} ${descending}`;
    if (this.#order?.length === this.size && this.#sorted === wanted) return this.#order;
    const value = by === "probability" ? (at) => this.#outcomes[at]?.probability ?? "" : (at) => this.#cell(at, by);
    const order = Array.from({ length: this.size }, (_, at) => at);
    const sign = descending ? -1 : 1;
    if (by === "row") {
      if (descending) order.reverse();
    } else {
      const values = order.map(value);
      const numbers = values.every((each) => each === "" || !Number.isNaN(Number(each)));
      const compare = numbers ? (a, b) => a - b : collator.compare;
      order.sort((a, b) => (values[a] === "") - (values[b] === "") || sign * compare(values[a], values[b]) || a - b);
    }
    this.#order = order;
    this.#sorted = wanted;
    return order;
  }
}
