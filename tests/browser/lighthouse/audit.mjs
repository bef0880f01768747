// Lighthouse as a person's browser would be audited: node audit.mjs URL. Fails below 95 in any of the three.

import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const BAR = 0.95;
const [url] = process.argv.slice(2);
const chrome = await launch({ chromeFlags: ["--headless=new", "--no-sandbox"], chromePath: process.env.CHROME_PATH ?? "/usr/bin/chromium" });
try {
  const categories = ["performance", "accessibility", "best-practices"];
  const { lhr } = await lighthouse(url, { port: chrome.port, onlyCategories: categories, logLevel: "error" });
  for (const { title, score } of Object.values(lhr.categories)) console.log(`${Math.round(100 * score)}\t${title}`);
  const metrics = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"];
  for (const name of metrics) console.log(`${lhr.audits[name].displayValue}\t${lhr.audits[name].title}`);
  const failing = Object.values(lhr.audits).filter(({ score, scoreDisplayMode }) => score !== null && score < 0.9 && scoreDisplayMode === "binary");
  for (const { title } of failing) console.log(`✗ ${title}`);
  process.exitCode = Object.values(lhr.categories).every(({ score }) => score >= BAR) ? 0 : 1;
} finally {
  chrome.kill();
}
