"""The figures of a model card, drawn from the points that the card holds."""

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
        "svg.hashsalt": "card",  # so that the same card gives the same page
        "svg.fonttype": "none",
    }
)
Card = Mapping[str, Any]
MAX_BARS = 20  # more are not legible


def figures(card: Card) -> dict[str, Figure]:
    """Every figure of a card, by its caption."""
    return {
        "ROC curve": roc(card),
        "Calibration": calibration(card),
        "Confusion matrix": confusion(card),
        "Feature importance": importance(card),
        "Slices": slices(card),
        "Search": candidates(card),
    }


def classes(card: Card) -> tuple[str, str]:
    """The words for class 0 and class 1; their numbers where a card of an earlier format has no words."""
    no, yes = card.get("label", {}).get("words", ("0", "1"))
    return no, yes


def scoring(card: Card) -> str:
    """The score by which the search chose, greater is better; cards of an earlier format knew accuracy alone."""
    score: str = card["search"].get("scoring", "accuracy")
    return "negative log loss" if score == "log_loss" else score


def roc(card: Card) -> Figure:
    figure, axes = _square("false positive rate", "true positive rate")
    points = card["curves"]["roc"]
    axes.plot([p["false_positive_rate"] for p in points], [p["true_positive_rate"] for p in points], color=ACCENT)
    axes.text(0.95, 0.05, f"area {card['metrics']['roc_auc']:.3f}", ha="right")
    return figure


def calibration(card: Card) -> Figure:
    _, yes = classes(card)
    figure, axes = _square(f"predicted P({yes})", f"observed fraction: {yes}")
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
    axes.set_xticks([0, 1], classes(card))
    axes.set_yticks([0, 1], classes(card))
    axes.set_xlabel("predicted")
    axes.set_ylabel("actual")
    return figure


def importance(card: Card) -> Figure:
    ranked = sorted(card["importances"].items(), key=lambda each: -each[1])
    return _bars({name: value for name, value in ranked if value}, "fraction of impurity removed")


def slices(card: Card) -> Figure:
    accuracies = {f"{s['feature']} {s['value']} ({s['rows']})": s["accuracy"] for s in card["slices"]}
    return _bars(accuracies, "accuracy on held-out rows")


def candidates(card: Card) -> Figure:
    """Each candidate's score on each fold as a dot and its mean as a line, the chosen candidate in colour."""
    figure = _figure()
    axes = figure.subplots()
    for each in card["search"]["candidates"]:
        colour = ACCENT if each["index"] == card["search"]["chosen"] else "#94a3b8"
        axes.plot([each["index"]] * len(each["fold_scores"]), each["fold_scores"], "o", color=colour, markersize=3)
        axes.plot([each["index"] - 0.3, each["index"] + 0.3], [each["mean"]] * 2, color=colour)
    axes.set_xlabel("candidate")
    axes.set_ylabel(f"{scoring(card)} on each fold")
    return figure


def _bars(values: Mapping[str, float], label: str) -> Figure:
    """Horizontal bars, the first on top; of more than MAX_BARS the first ones."""
    figure = _figure()
    axes = figure.subplots()
    names = list(values)[:MAX_BARS][::-1]
    axes.barh(names, [values[name] for name in names], color=ACCENT, height=0.6)
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
