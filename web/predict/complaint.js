// What is wrong with a value, by what the schema says of its column.

/** The complaint in words, null if there is none. A column without a value has `undefined`. */
export function complaint(column, value) {
  if (value === undefined) return column.required ? "This is needed." : null;
  switch (column.type) {
    case "whole":
      return Number.isInteger(value) && inRange(column, value) ? null : `A whole number${range(column)}.`;
    case "decimal":
      return Number.isFinite(value) && inRange(column, value) ? null : `A number${range(column)}.`;
    case "choice":
      if (!column.open) return column.choices.some((choice) => choice.value === value) ? null : "Choose one of these.";
  }
  const most = column.max_length;
  return most && String(value).length > most ? `At most ${most} characters.` : null;
}

const known = (bound) => bound !== null && bound !== undefined;
const said = (bound) => bound.toLocaleString("en-GB", { maximumFractionDigits: 12 });

const inRange = ({ minimum, maximum }, value) =>
  (!known(minimum) || value >= minimum) && (!known(maximum) || value <= maximum);

function range({ minimum, maximum }) {
  if (known(minimum) && known(maximum)) return ` from ${said(minimum)} to ${said(maximum)}`;
  if (known(minimum)) return `, ${said(minimum)} or more`;
  return known(maximum) ? `, ${said(maximum)} or less` : "";
}
