// RFC 4180, chunk by chunk: quoted cells, doubled quotes, line ends of any kind, a chunk that ends anywhere.

export class CsvError extends Error {}
export const NO_COMMAS = "The cells seem to be separated by something else than commas.";

/** Takes text in chunks; `push` returns the rows that are complete, `end` what is left. Rows are lists of cells. */
export class CsvParser {
  #cell = "";
  #row = [];
  #head = null; // the first row
  #quoted = false; // inside quotes
  #closed = false; // after the quote that ended a cell
  #return = false; // the chunk before ended in CR
  #line = 1;
  #opened = 0;

  push(text) {
    const rows = [];
    let start = 0; // of what is not yet in the cell
    const take = (end) => {
      this.#cell += text.slice(start, end);
      start = end + 1;
    };
    for (let at = 0; at < text.length; at++) {
      const sign = text[at];
      if (sign === "\n") this.#line++;
      if (this.#quoted) {
        if (sign === '"') {
          take(at);
          this.#quoted = false;
          this.#closed = true;
        }
        continue;
      }
      if (this.#return) {
        this.#return = false;
        if (sign === "\n") {
          start = at + 1;
          continue;
        }
      }
      if (sign === '"') {
        if (this.#closed) this.#cell += '"'; // doubled: it was no end
        else if (this.#cell || at > start) this.#fail("has a quote inside a cell that does not begin with one", text.slice(start, at));
        this.#quoted = true;
        this.#opened = this.#closed ? this.#opened : this.#line;
        this.#closed = false;
        start = at + 1;
      } else if (sign === "," || sign === "\n" || sign === "\r") {
        take(at);
        this.#endCell();
        if (sign !== ",") this.#endRow(rows);
        this.#return = sign === "\r";
      } else if (this.#closed) {
        this.#fail("has text after a quote that ended a cell", sign);
      }
    }
    this.#cell += text.slice(start);
    return rows;
  }

  end() {
    if (this.#quoted) throw new CsvError(`The quote that line ${this.#opened} opens is never closed.`);
    const rows = [];
    if (this.#cell || this.#closed || this.#row.length) {
      this.#endCell();
      this.#endRow(rows);
    }
    return rows;
  }

  #endCell() {
    this.#row.push(this.#cell);
    this.#cell = "";
    this.#closed = false;
  }

  /** A quote is out of place on this line, or everywhere: where the first line has other marks than commas. */
  #fail(what, rest) {
    const head = this.#head ?? [...this.#row, this.#cell + rest];
    const marks = head.join("").match(/[;\t|]/g) ?? [];
    throw new CsvError(marks.length >= head.length ? NO_COMMAS : `Line ${this.#line} ${what}.`);
  }

  /** A line with nothing at all is no row. */
  #endRow(rows) {
    if (this.#row.length > 1 || this.#row[0] !== "") rows.push(this.#row);
    this.#head ??= rows[0];
    this.#row = [];
  }
}

/** A row as CSV. */
export const written = (cells) => cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",");
