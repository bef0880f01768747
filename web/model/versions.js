// Every version, what was decided about it, and the button that makes it champion: the way forward and the way back.

import { html } from "../dom.js";
import { moment, percent } from "../words.js";
import { decisionTag } from "./decisions.js";

/** The table of versions; `choose` is called with the one that is to serve. */
export function versions({ champion, models }, choose) {
  return html(
    "div",
    { class: "relative overflow-x-auto", tabindex: 0, role: "region", "aria-label": "Table of versions" },
    html(
      "table",
      { class: "table min-w-[46rem]" },
      html("caption", { class: "sr-only" }, "Model versions, newest first"),
      html("thead", {}, html("tr", {}, ["Version", "Published", "Accuracy", "Data", "Decision", ""].map((head) => html("th", { scope: "col", class: head === "Accuracy" ? "number" : "" }, head || html("span", { class: "sr-only" }, "Action"))))),
      html("tbody", {}, models.map((model) => row(model, champion, choose))),
    ),
  );
}

function row({ model_version, published_at, metrics, dataset_version, decisions, trouble }, champion, choose) {
  const serves = model_version === champion;
  const last = decisions?.[0];
  return html(
    "tr",
    {},
    html("th", { scope: "row" }, html("code", {}, model_version)),
    html("td", { class: "whitespace-nowrap" }, moment(published_at)),
    html("td", { class: "number" }, metrics ? percent(metrics.accuracy, 1) : "–"),
    html("td", {}, html("code", { class: "text-soft" }, dataset_version?.slice(0, 8) ?? "–")),
    html("td", { class: "max-w-80" }, trouble ? html("span", { class: "text-against" }, trouble) : last ? [decisionTag(last.decision), html("span", { class: "small mt-1 block" }, last.reason)] : html("span", { class: "text-soft" }, decisions === null ? "not to be had" : "–")),
    html("td", { class: "number" }, serves ? html("span", { class: "tag tag-good" }, "Champion") : !trouble && html("button", { type: "button", class: "link whitespace-nowrap", "aria-label": `Make ${model_version} champion`, click: () => choose(model_version) }, "Make champion")),
  );
}
