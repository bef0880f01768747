"""The drift report as a page for a person: one file, no script, its bars drawn as SVG by a few lines."""

from collections.abc import Mapping
from html import escape
from typing import Any

_WIDTH, _HEIGHT = 360, 90
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Drift of model {version}: {status}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1e293b }}
section {{ display: inline-block; margin: .6rem 1rem .6rem 0; vertical-align: top }}
h2 {{ font-size: 1rem; margin: 0 }} .drift {{ color: #b91c1c }} .watch {{ color: #b45309 }} .ok {{ color: #15803d }}
.old {{ fill: #94a3b8 }} .new {{ fill: #2563eb }} svg {{ background: #f8fafc }} p {{ margin: 0 }}
</style>
<h1>Drift: <span class="{status}">{status}</span></h1>
<p>Model {version}, {size} predictions from {begin} to {end}, made at {made_at}.
Windows in a row that drift: {sustained}.</p>
<p>{performance}</p>
<p>Grey: what the model was trained on. Blue: what serving saw. A shift is drift if its PSI is at least {drift} and its
adjusted p-value at most {alpha}.</p>
{sections}
</html>
"""


def page(report: Mapping[str, Any]) -> str:
    """HTML of a report as `workflows.monitor` keeps it; the worst comes first."""
    compared = sorted((*report["features"], report["prediction"]), key=lambda each: -each["psi"])
    window, known = report["window"], report["performance"]
    live = f"{known['accuracy']:.1%} of {known['labelled']} labelled predictions" if known and known["labelled"] else ""
    return _PAGE.format(
        version=escape(report["model_version"]),
        status=report["status"],
        size=window["size"],
        begin=window["from"],
        end=window["to"],
        made_at=report["made_at"],
        sustained=report["sustained"],
        performance=f"Right on {live}; {known['reference_accuracy']:.1%} when it was trained." if live else "",
        **{name: report["thresholds"][name] for name in ("drift", "alpha")},
        sections="\n".join(map(_section, compared)),
    )


def _section(each: Mapping[str, Any]) -> str:
    step, tallest = _WIDTH / len(each["bins"]), max(*each["reference"], *each["current"], 0.01)
    bars = []
    for place, label in enumerate(each["bins"]):
        for side, name in enumerate(("reference", "current")):
            share = each[name][place]
            height = share / tallest * (_HEIGHT - 4)
            x, y, kind = (place + 0.1 + side * 0.4) * step, _HEIGHT - height, ("old", "new")[side]
            hint = f"<title>{escape(str(label))}: {share:.1%} ({name})</title>"
            size = f'width="{step * 0.4:.1f}" height="{height:.1f}"'
            bars.append(f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" {size}>{hint}</rect>')
    test = each["test"]
    figures = f"PSI {each['psi']:.3f}, {test['name']} {test['statistic']:.3f}, adjusted p {test['adjusted_p']:.2g}"
    name, status = escape(each["name"]), each["status"]
    return (
        f'<section><h2>{name} <span class="{status}">{status}</span></h2><p>{figures}</p>'
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{name}">{"".join(bars)}</svg></section>'
    )
