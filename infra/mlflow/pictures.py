"""The pictures of a model card, drawn from its points."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

INK, ACCENT, FAINT = "#1f2937", "#0f766e", "#cbd5e1"
mpl.rcParams.update(
    {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": INK,
        "svg.hashsalt": "titanic",  # the same card is the same page
        "svg.fonttype": "none",
    }
)
Card = Mapping[str, Any]


def figures(card: Card) -> dict[str, Figure]:
    """Every picture of a card, by the words to put above it."""
    return {
        "ROC": roc(card),
        "Calibration": calibration(card),
        "Confusion": confusion(card),
        "Importance": importance(card),
        "Accuracy by slice": slices(card),
        "Search": candidates(card),
    }


def roc(card: Card) -> Figure:
    figure, axes = _square("false positive rate", "true positive rate")
    points = card["curves"]["roc"]
    axes.plot([p["false_positive_rate"] for p in points], [p["true_positive_rate"] for p in points], color=ACCENT)
    axes.text(0.95, 0.05, f"area {card['metrics']['roc_auc']:.3f}", ha="right")
    return figure


def calibration(card: Card) -> Figure:
    figure, axes = _square("predicted P(survived)", "share that survived")
    points = card["curves"]["calibration"]
    axes.plot([p["predicted"] for p in points], [p["observed"] for p in points], "o-", color=ACCENT, markersize=4)
    return figure


def confusion(card: Card) -> Figure:
    figure = _figure()
    axes = figure.subplots()
    counts = card["metrics"]["confusion"]
    table = [[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]]
    axes.imshow(table, cmap="BuGn", vmin=0)
    most = max(map(max, table))
    for y, row in enumerate(table):
        for x, count in enumerate(row):
            axes.text(x, y, count, ha="center", va="center", fontsize=14, color="white" if count > most * 0.6 else INK)
    axes.set_xticks([0, 1], ["died", "survived"])
    axes.set_yticks([0, 1], ["died", "survived"])
    axes.set_xlabel("predicted")
    axes.set_ylabel("happened")
    return figure


def importance(card: Card) -> Figure:
    ranked = sorted(card["importances"].items(), key=lambda each: -each[1])
    return _bars({name: share for name, share in ranked if share}, "share of impurity removed")


def slices(card: Card) -> Figure:
    shares = {f"{s['feature']} {s['value']} ({s['rows']})": s["accuracy"] for s in card["slices"]}
    return _bars(shares, "accuracy on held-out passengers")


def candidates(card: Card) -> Figure:
    """Each candidate's folds as dots and its mean as a line, the chosen one in colour."""
    figure = _figure()
    axes = figure.subplots()
    for each in card["search"]["candidates"]:
        colour = ACCENT if each["index"] == card["search"]["chosen"] else "#94a3b8"
        axes.plot([each["index"]] * len(each["fold_scores"]), each["fold_scores"], "o", color=colour, markersize=3)
        axes.plot([each["index"] - 0.3, each["index"] + 0.3], [each["mean"]] * 2, color=colour)
    axes.set_xlabel("candidate")
    axes.set_ylabel("accuracy on each fold")
    return figure


def _bars(shares: Mapping[str, float], label: str) -> Figure:
    figure = _figure()
    axes = figure.subplots()
    names = list(shares)[::-1]
    axes.barh(names, [shares[name] for name in names], color=ACCENT, height=0.6)
    axes.set_xlabel(label)
    return figure


def _square(x: str, y: str) -> tuple[Figure, Any]:
    figure = _figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], "--", color=FAINT)
    axes.set(xlabel=x, ylabel=y, xlim=(0, 1), ylim=(0, 1.02), aspect="equal")
    return figure, axes


def _figure() -> Figure:
    return Figure(figsize=(4.2, 3.2), layout="constrained")
