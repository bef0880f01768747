// Elements, made without a framework. Text goes in as text: nothing that the API or a file says is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function dressed(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An HTML element; attributes that are functions listen to the event of that name, null and false ones are left out. */
export const html = (name, attributes = {}, ...children) => dressed(document.createElement(name), attributes, children);

/** The same of SVG. */
export const svg = (name, attributes = {}, ...children) =>
  dressed(document.createElementNS(SVG, name), attributes, children);

/** The element that is known to be in the page. */
export const find = (selector, within = document) => within.querySelector(selector);

/** A list of terms and what they are. */
export const terms = (pairs, columns = "sm:grid-cols-2") =>
  html(
    "dl",
    { class: `grid gap-x-10 text-sm ${columns}` },
    pairs.map(([term, value]) =>
      html(
        "div",
        { class: "flex items-baseline justify-between gap-4 border-b border-line py-2" },
        html("dt", { class: "text-soft" }, term),
        html("dd", { class: "figures min-w-0 text-right wrap-break-word" }, value),
      ),
    ),
  );
