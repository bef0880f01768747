// A half circle that fills with a probability.

import { svg } from "./dom.js";
import { percent } from "./words.js";

const RADIUS = 88;
const LENGTH = Math.PI * RADIUS;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * A gauge without a value. `element` is the drawing; `show` moves it to a probability, `mark` notes one to compare with.
 * `name` is what the probability is of.
 */
export function gauge(name) {
  const path = `M ${100 - RADIUS} 100 A ${RADIUS} ${RADIUS} 0 0 1 ${100 + RADIUS} 100`;
  const arc = svg("path", { d: path, class: "gauge-arc", "stroke-width": 12, "stroke-dasharray": `0 ${LENGTH}` });
  const notch = svg("line", { x1: 20, x2: 4, y1: 100, y2: 100, class: "gauge-mark", visibility: "hidden" });
  const figure = svg("text", { x: 100, y: 92, "text-anchor": "middle", class: "fill-ink font-serif text-[40px]" }, "–");
  const element = svg(
    "svg",
    { viewBox: "0 0 200 108", role: "img", class: "w-full max-w-xs", "aria-label": "No prediction yet" },
    svg("path", { d: path, class: "gauge-track", "stroke-width": 12 }),
    arc,
    notch,
    figure,
  );
  let shown = null;
  let frame = 0;

  function roll(to) {
    cancelAnimationFrame(frame);
    const [from, began] = [shown ?? 0, performance.now()];
    shown = to;
    if (calm.matches) return void (figure.textContent = percent(to));
    const step = (now) => {
      const way = Math.min(1, (now - began) / 600);
      figure.textContent = percent(from + (to - from) * (1 - (1 - way) ** 3));
      if (way < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
  }

  return {
    element,
    show(probability) {
      arc.setAttribute("stroke-dasharray", `${probability * LENGTH} ${LENGTH}`);
      arc.classList.toggle("against", probability <= 0.5);
      element.setAttribute("aria-label", `${name}: ${percent(probability)}`);
      roll(probability);
    },
    mark(probability) {
      notch.setAttribute("visibility", probability === null ? "hidden" : "visible");
      notch.setAttribute("transform", `rotate(${180 * (probability ?? 0)} 100 100)`);
    },
  };
}
