// The rows of a file of any length, what was predicted of them and what was wrong with them.

import { CsvError, NO_COMMAS, written } from "./csv.js";

const MADE = ["probability", "predicted", "prediction_id", "error"];
const collator = new Intl.Collator("en", { numeric: true });

export class RowList {
  #needed;
  #sent; // by name: the columns that the API takes, and the id
  #predicted;
  #id;
  #head = []; // the first line as it is
  #columns = null; // its columns, as the schema spells them
  #cells = [];
  #outcomes = []; // {probability, predicted, prediction_id} or {error}, in the rows' order; holes where nothing is known yet
  #order = null;
  #sorted = "";

  constructor(useCase) {
    this.#id = useCase.id?.name;
    this.#needed = useCase.columns.filter(({ required }) => required).map(({ name }) => name);
    this.#sent = new Set([...(useCase.id ? [this.#id] : []), ...useCase.columns.map(({ name }) => name)]);
    this.#predicted = (answer) => useCase.predicted(answer);
  }

  get size() {
    return this.#cells.length;
  }

  /** The names of the columns that are sent, in the file's order. */
  get sent() {
    return (this.#columns ?? []).filter((name) => this.#sent.has(name));
  }

  /** The first row names the columns; CsvError if it does not name those that the API needs. */
  add(row) {
    if (this.#columns) return void this.#cells.push(row);
    const names = row.map((name, at) => this.#spelt(name, at));
    const missing = this.#needed.filter((name) => !names.includes(name));
    if (missing.length === this.#needed.length && /[;\t|]/.test(row[0])) throw new CsvError(NO_COMMAS);
    if (missing.length) throw new CsvError(`The first line does not name these columns: ${missing.join(", ")}.`);
    const twice = names.filter((name, at) => this.#sent.has(name) && names.indexOf(name) !== at);
    if (twice.length) throw new CsvError(`The first line names a column twice: ${twice.join(", ")}.`);
    [this.#head, this.#columns] = [row, names];
  }

  /** A column as the schema spells it: as it is, else without blanks around it; one without a name by its place. */
  #spelt(name, at) {
    if (this.#sent.has(name)) return name;
    return name.trim() || (this.#sent.has(`Unnamed: ${at}`) ? `Unnamed: ${at}` : "");
  }

  /** What the API takes of a row; null, with an error in its place, if the row has too few or too many cells. */
  row(at) {
    const [cells, names] = [this.#cells[at], this.#columns];
    if (cells.length !== names.length) {
      this.fail(at, `${cells.length} cells where the first line has ${names.length}`);
      return null;
    }
    const sent = (name, cell) => this.#sent.has(name) && (name !== this.#id || cell.trim());
    return Object.fromEntries(names.flatMap((name, column) => (sent(name, cells[column]) ? [[name, cells[column]]] : [])));
  }

  settle(at, answer) {
    const { probability, prediction_id } = answer;
    this.#outcome(at, { probability, predicted: this.#predicted(answer), prediction_id });
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
    const { sent } = this;
    const rows = all.slice(from, from + size).map((at) => ({
      number: at + 1,
      cells: sent.map((name) => this.#cell(at, name)),
      ...this.#outcomes[at],
    }));
    return { rows, total: all.length };
  }

  /** The file with what was predicted: chunks of text. Cells that the first line has no column for come last. */
  *csv() {
    yield `${written([...this.#head, ...MADE])}\r\n`;
    for (let start = 0; start < this.size; start += 1000) {
      const part = this.#cells.slice(start, start + 1000).map((cells, offset) => {
        const { probability, predicted, prediction_id, error } = this.#outcomes[start + offset] ?? {};
        const own = this.#columns.map((_, column) => cells[column] ?? "");
        const made = [probability, predicted, prediction_id, error].map((value) => String(value ?? ""));
        return written([...own, ...made, ...cells.slice(own.length)]);
      });
      yield `${part.join("\r\n")}\r\n`;
    }
  }

  #outcome(at, outcome) {
    this.#outcomes[at] = outcome;
    if (this.#sorted.startsWith("probability false")) this.#order = null;
  }

  #cell(at, name) {
    return this.#cells[at][this.#columns.indexOf(name)] ?? "";
  }

  /** `by` is "number", "probability" or {column}. Rows without a value come last, whichever way. */
  #ordered(by, descending) {
    const wanted = `${by.column ?? by} ${Boolean(by.column)} ${descending}`;
    if (this.#order?.length === this.size && this.#sorted === wanted) return this.#order;
    const value = by === "probability" ? (at) => this.#outcomes[at]?.probability ?? "" : (at) => this.#cell(at, by.column);
    const order = Array.from({ length: this.size }, (_, at) => at);
    const sign = descending ? -1 : 1;
    if (by === "number") {
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
