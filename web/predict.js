// The form's fields carry the dataset's own column names, so the form is the request body.
const NUMBERS = ["Age", "Pclass", "SibSp", "Parch", "Fare"];
const form = document.querySelector("form");
const output = document.querySelector("output");

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function row(cells) {
  const line = document.createElement("tr");
  line.append(...cells.map((cell) => element("td", cell)));
  return line;
}

function show({ survived, probability, model_version: version, contributions, degraded }) {
  const meter = document.createElement("meter");
  meter.value = probability;
  meter.setAttribute("aria-label", "Probability of survival");
  const table = document.createElement("table");
  const weighed = Object.entries(contributions).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  table.append(...weighed.map(([feature, weight]) => row([feature, weight.toFixed(3)])));
  output.replaceChildren(
    element("h2", `${survived ? "Survives" : "Drowns"}: ${(100 * probability).toFixed(1)} % chance of survival`),
    meter,
    table,
    element("p", `Model ${version}${degraded ? ", degraded: a store is away" : ""}`),
  );
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const filled = [...new FormData(form)].filter(([, value]) => value !== "");
  const passenger = Object.fromEntries(filled.map(([key, value]) => [key, NUMBERS.includes(key) ? Number(value) : value]));
  try {
    const answer = await fetch(`${window.TITANIC.apiUrl}/predict`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(passenger),
    });
    const body = await answer.json();
    if (answer.ok) show(body);
    else output.replaceChildren(element("p", body.detail ?? body.title ?? `The API answered ${answer.status}`));
  } catch {
    output.replaceChildren(element("p", "The API is away. Is the cloud up? make up"));
  }
});
