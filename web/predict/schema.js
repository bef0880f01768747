// The API's own description of a passenger, read for what it says of each field: the form asks it instead of knowing better.

import { call } from "../api.js";

/** The JSON Schema of a passenger by field, with the required ones; the errors of `call`. */
export async function passengerSchema() {
  const { PassengerBody } = (await call("/openapi.json")).components.schemas;
  return { fields: PassengerBody.properties, required: new Set(PassengerBody.required) };
}

/** What is wrong with a field's value in words; null if nothing is. A field that has no value is undefined. */
export function complaint({ fields, required }, name, value) {
  if (value === undefined) return required.has(name) ? "This is needed." : null;
  return fields[name] && !accepts(fields[name], value) ? inWords(fields[name]) : null;
}

/** Whether a value is what a schema describes, for the keywords that the API's fields use. */
export function accepts(schema, value) {
  if (schema.anyOf) return schema.anyOf.some((kind) => accepts(kind, value));
  if (schema.enum) return schema.enum.includes(value);
  switch (schema.type) {
    case "null":
      return value === null;
    case "integer":
    case "number":
      return (
        (schema.type === "number" ? Number.isFinite(value) : Number.isInteger(value)) &&
        value >= (schema.minimum ?? -Infinity) &&
        value <= (schema.maximum ?? Infinity)
      );
    case "string":
      return (
        typeof value === "string" &&
        value.length >= (schema.minLength ?? 0) &&
        value.length <= (schema.maxLength ?? Infinity) &&
        (!schema.pattern || new RegExp(schema.pattern, "u").test(value))
      );
    default:
      return true;
  }
}

/** The bounds of a number or the longest text that a field takes, for the attributes of its input. */
export function bounds(schema) {
  const kinds = schema.anyOf ?? [schema];
  const number = kinds.find((kind) => kind.type === "number" || kind.type === "integer");
  const text = kinds.find((kind) => kind.type === "string" && kind.maxLength);
  return number ? { min: number.minimum, max: number.maximum } : { maxlength: text?.maxLength };
}

function inWords(schema) {
  const { min, max, maxlength } = bounds(schema);
  if (max !== undefined) {
    const whole = schema.anyOf?.some((kind) => kind.type === "integer") ? "A whole number" : "A number";
    return `${whole} from ${min} to ${max.toLocaleString("en-GB")}.`;
  }
  return maxlength ? `At most ${maxlength} characters.` : "Choose one of these.";
}
