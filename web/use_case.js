// The use case as `GET /schema` tells it. A page asks once; whatever a page says about the table comes from here.

import { call } from "./api.js";
import { capital, count } from "./words.js";

const FLAG_WORDS = { 0: "no", 1: "yes" };
const MISSING = "not recorded";

/** The schema, with the words for it. */
export class UseCase {
  #features;

  constructor(schema) {
    this.schema = schema;
    this.title = schema.title || schema.name;
    this.entity = schema.entity;
    this.label = schema.label;
    this.id = schema.id;
    this.columns = schema.columns.filter(({ ignored }) => !ignored);
    this.#features = new Map(schema.features.map((feature) => [feature.name, feature]));
  }

  /** A class of the label in people's words. */
  outcome(label) {
    return this.label.words[label] || `${this.label.name}: ${this.label.values[label]}`;
  }

  /** The class that an answer predicts. */
  predicted(answer) {
    return own(answer, this.label.key);
  }

  /** A number of rows by their own name. */
  counted(number) {
    return `${count(number)} ${number === 1 ? this.entity.one : this.entity.many}`;
  }

  feature(name) {
    return this.#features.get(name);
  }

  featureTitle(name) {
    const { title = name } = this.feature(name) ?? {};
    return title === name || !title ? this.#column(name)?.title || name : title;
  }

  /** The value of a feature in words; what is not recorded says so. */
  featureValue(name, value) {
    if (value === null || value === undefined) return MISSING;
    const feature = this.feature(name);
    const words = own(feature?.words, value) ?? (feature?.type === "flag" ? own(FLAG_WORDS, value) : choiceTitle(this.#column(name), value));
    return words ?? numberInWords(value);
  }

  /** The columns that a feature is derived from. */
  sources(name) {
    const known = new Set(this.feature(name)?.source);
    return this.columns.filter((column) => known.has(column.name));
  }

  /** The column that a feature is: its only source, of the same name. */
  #column(name) {
    const columns = this.sources(name);
    return columns.length === 1 && columns[0].name.toLowerCase() === name.toLowerCase() ? columns[0] : undefined;
  }
}

/** What a mapping by names of the table holds: a column may be called `constructor`. */
export const own = (mapping, name) => (Object.hasOwn(mapping ?? {}, name) ? mapping[name] : undefined);

/** The title of a thing at the head of something; one that has none is called by its name, as that is spelt. */
const headed = (title, name) => (title && title !== name ? capital(title) : name);

export const columnTitle = ({ title, name }) => headed(title, name);

/** The choices of a column as people pick from them: pairs of value and title. */
export const titled = ({ choices }) => choices.map(({ value, title }) => [value, headed(title, String(value))]);

/** What people call a choice, whatever kind of cell it comes as; undefined if it is none. */
export const choiceTitle = (column, value) => {
  const choice = column?.choices?.find((each) => String(each.value) === String(value));
  return choice && (choice.title || String(choice.value));
};

const numberInWords = (value) => (typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value));

let asked = null;

/** The use case, asked for once; the errors of `call`, after which it can be asked for again. */
export function useCase() {
  asked ??= call("/schema").then(
    (schema) => new UseCase(schema),
    (error) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}
