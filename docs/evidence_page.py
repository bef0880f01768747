"""Writes docs/evidence.md: what takes long to measure of the way of training, on the use case's own table.

Run by `make evidence`; SEEDS, SPLITS and SEQUENCES make it shorter or longer.
"""

import os
from collections.abc import Iterable, Iterator
from csv import DictReader
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from mlops import settings
from mlops.data.cells import read_label, reader
from mlops.model import nested, search
from mlops.model.cross_validation import Validation, validate
from mlops.model.estimator import fit
from mlops.model.out_of_fold import FOLDS, keys
from mlops.model.search import Evaluation, Params
from mlops.model.training_set import TrainingSet, training_set
from mlops.statistics.correlated import Posterior, posterior
from mlops.training.comparison import compare
from mlops.training.gate import Contest, Standing, judge
from mlops.use_case import Encoder, Encoding, UseCase, load
from mlops_simulation import DEVIATION, lost_in_a_sequence, promoted

PAGE = Path(__file__).with_name("evidence.md")
STDERR = Console(stderr=True)
DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Without:
    """An encoding that lacks one input."""

    encoding: Encoding
    place: int

    def fit_transform(self, features: Any, labels: NDArray[np.int64]) -> tuple[Encoder, NDArray[np.float32]]:
        encoder, matrix = self.encoding.fit_transform(features, labels)
        return _Lacking(encoder, self.place), np.delete(matrix, self.place, axis=1)  # type: ignore[return-value]


@dataclass(frozen=True)
class _Lacking:
    encoder: Encoder
    place: int

    def transform(self, features: Any) -> NDArray[np.float32]:
        return np.delete(self.encoder.transform(features), self.place, axis=1)


def main() -> None:
    case = load(settings.use_case())
    rows = table(case)
    seeds, splits, sequences = (int(os.environ.get(name, most)) for name, most in
                                (("SEEDS", 10), ("SPLITS", 100), ("SEQUENCES", 1000)))  # fmt: skip
    searched = dict(in_parallel("nested", partial(searched_with, case, rows), range(seeds)))
    chosen = searched[0][0].params
    sections = [
        f"# Evidence\n\nMade by `make evidence` on {datetime.now(UTC):%Y-%m-%d}, on the {len(rows)} {case.entity[1]} "
        f"of `data/{case.name}.csv`. Figures are accuracies on rows that a model did not see, unless another unit is "
        "named; ± is one standard error, corrected for folds that share training rows (Nadeau and Bengio).",
        by_seed(case, searched),
        ablation(case, rows, chosen),
        coverage(case, rows, chosen, splits),
        small_steps(sequences),
        real_sequences(case, rows, chosen, max(sequences // 50, 4)),
    ]
    PAGE.write_text("\n\n".join(sections) + "\n")
    STDERR.print(f"Written to {PAGE}")


def table(case: UseCase) -> TrainingSet:
    """The shipped table as training sees it."""
    readers = {column.name: reader(column) for column in case.kept}
    names = [feature.name for feature in case.features]
    cells = []
    for number, row in enumerate(DictReader(StringIO((DATA / f"{case.name}.csv").read_text(), newline=""))):
        derived = case.derive({name: read(row[name] or None) for name, read in readers.items()})
        row_id = row[case.id.name] if case.id else f"{number}.1"
        cells.append((row_id, read_label(case.label, row[case.label.name]), [derived[name] for name in names]))
    return training_set(case.features, cells)


def in_parallel(title: str, work: Any, over: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """What `work` makes of each, on all cores, with progress on stderr."""
    each = list(over)
    found = Parallel(n_jobs=-1, return_as="generator")(delayed(work)(one) for one in each)
    return zip(each, track(found, title, total=len(each), console=STDERR), strict=True)


def searched_with(case: UseCase, rows: TrainingSet, seed: int) -> tuple[Evaluation, dict[str, nested.Nested]]:
    """The winner of the search, and nested cross-validation; the first seed is the use case's own."""
    case = replace(case, search=replace(case.search, seed=case.search.seed + seed))
    candidates = list(enumerate(search.candidates(case.search, case.search.candidates)))
    evaluations, _ = search.evaluate(case, candidates, rows)
    evaluations = nested.inner(case, evaluations, rows)
    return search.winner(case.search, evaluations), nested.outer(case, evaluations, rows)


def by_seed(case: UseCase, searched: dict[int, tuple[Evaluation, dict[str, nested.Nested]]]) -> str:
    lines = []
    for seed, (winner, sets) in searched.items():
        found = [posterior(each.accuracy, FOLDS) for each in sets.values()]
        params = ", ".join(f"{name} {value}" for name, value in sorted(winner.params.items()))
        agreeing = sum(index == winner.index for each in sets.values() for index in each.chosen)
        total = sum(len(each.chosen) for each in sets.values())
        lines.append([case.search.seed + seed, *map(mean, found), f"{agreeing} of {total}", params])
    names = list(next(iter(searched.values()))[1])
    return (
        "## Nested cross-validation by seed\n\nEach seed draws its own candidates, folds and trees. `rows` are random "
        "folds, `groups` folds that keep a group together. The last but one column says in how many outer folds the "
        f"same candidate won as on all rows.\n\n{markdown(['seed', *names, 'same winner', 'winner'], lines)}"
    )


def ablation(case: UseCase, rows: TrainingSet, params: Params) -> str:
    whole = validate(case, params, rows)
    encoder, _ = case.encoding.fit_transform(rows.features, rows.labels)
    names = [each.name for each in encoder.inputs]
    lacking = [replace(case, encoding=Without(case.encoding, place), baselines=()) for place in range(len(names))]  # type: ignore[arg-type]
    lines = []
    for place, found in in_parallel(
        "ablation", lambda place: validate(lacking[place], params, rows), range(len(names))
    ):
        costs = difference(whole, found)
        lines.append([names[place], *(mean(each) for of_set in costs.values() for each in of_set.values())])
    sets = [f"{name}: {measure}" for name in whole.scores.sets for measure in ("accuracy", "nats of log loss")]
    return (
        "## What leaving an input out costs\n\nThe parameters stay, the forests are grown anew without the input. An "
        f"input stays if a cost is above its standard error somewhere.\n\n{markdown(['input', *sets], lines)}"
    )


def difference(one: Validation, other: Validation) -> Any:
    found = compare(one.scores, (one.scores, None), (other.scores, None))
    assert found
    return found.sets


def coverage(case: UseCase, rows: TrainingSet, params: Params, splits: int) -> str:
    lines = []
    for kind, its in keys(case, rows).items():
        bare = replace(case, baselines=(), groups=case.groups if kind == "groups" else None)
        work = partial(covered, bare, rows, np.array(its), kind, params)
        found = [each for _, each in in_parallel(f"coverage by {kind}", work, range(splits))]
        errors = [each[2] for each in found]
        lines.append([kind, splits, f"{np.mean([each[0] for each in found]):.0%}",
                      f"{np.mean([each[1] for each in found]):.0%}", f"{np.mean(errors):+.4f}"])  # fmt: skip
    return (
        "## Whether the card's interval holds\n\nA fifth is set aside, by row or by whole groups; the interval that "
        "the card would have of the rest is compared with the accuracy on the fifth. That has an error of its own "
        "(binomial), which the second share allows for; the nominal share is 95 %. The parameters are those above.\n\n"
        + markdown(
            ["set aside by", "splits", "inside the interval", "with allowance", "mean (seen less claimed)"], lines
        )
    )


def covered(
    case: UseCase, rows: TrainingSet, its: NDArray[Any], kind: str, params: Params, seed: int
) -> tuple[bool, bool, float]:
    """Whether a split's accuracy is in the interval, and in the one that allows for its own error; by how much off."""
    names = np.random.default_rng(seed).permutation(np.unique(its))
    cut = np.cumsum([np.sum(its == name) for name in names]).searchsorted(len(rows) / 5)
    apart = np.isin(its, names[: cut + 1])
    known, unseen = rows.take((~apart).nonzero()[0]), rows.take(apart.nonzero()[0])
    claimed = validate(case, params, known).to_json()
    claimed = claimed["groups"] if kind == "groups" else claimed
    model, _ = fit(case, params, known)
    seen = float(np.mean((np.array(model.score(unseen.features)) > 0.5) == unseen.labels))
    half = (claimed["interval"][1] - claimed["interval"][0]) / 2
    off = seen - claimed["accuracy"]
    return abs(off) <= half, abs(off) <= np.hypot(half, 1.96 * np.sqrt(seen * (1 - seen) / len(unseen))), off


def small_steps(sequences: int) -> str:
    def of(work: Any) -> list[float]:
        return [each for _, each in in_parallel("simulation", work, range(sequences))]

    losses = of(partial(lost_in_a_sequence, challengers=20, worse_by=0.01))
    more = of(partial(lost_in_a_sequence, challengers=20, worse_by=0.01, grown=1.2))
    lines = [
        ["twenty challengers, each a point worse on average: sequences that lose at most 2 points",
         f"{np.mean(np.array(losses) <= 0.02):.1%}"],
        ["the same, each with a fifth more rows", f"{np.mean(np.array(more) <= 0.02):.1%}"],
        ["the loss that 95 % of the sequences stay below, in points", f"{100 * np.quantile(losses, 0.95):.1f}"],
        ["a challenger 5 points better is promoted", f"{np.mean(of(partial(promoted, better_by=0.05))):.0%}"],
        ["an equal one on as many rows is", f"{np.mean(of(partial(promoted, better_by=0.0))):.0%}"],
        ["an equal one on a quarter more rows is", f"{np.mean(of(partial(promoted, better_by=0.0, grown=1.25))):.0%}"],
    ]  # fmt: skip
    return (
        f"## Small steps, simulated\n\n{sequences:,} sequences of fold scores (`tests/mlops_simulation.py`) with a "
        f"standard deviation of {DEVIATION['accuracy']} between two models on one fold, as measured between models of "
        f"the list and of parts of it, and a correlation of 1/{FOLDS} between folds.\n\n"
    ) + markdown(["what", "share"], lines)


def real_sequences(case: UseCase, rows: TrainingSet, params: Params, sequences: int, challengers: int = 8) -> str:
    work = partial(real_sequence, case, rows, params, challengers)
    found = [each for _, each in in_parallel("real sequences", work, range(sequences))]
    losses = np.array([each[0] for each in found])
    lines = [
        [f"{np.mean(losses):+.4f}", f"{losses.max():+.4f}", sum(each[1] for each in found), sequences * challengers]
    ]
    return (
        f"## Small steps, real\n\n{sequences} times a fifth is set aside as the world, and a model of the rest is "
        "challenged by models of the same rows with other random parameters and 3 % of the labels turned round. The "
        "loss is the first champion's accuracy on the world less the last one's.\n\n"
    ) + markdown(["mean loss", "greatest loss", "promoted", "challengers"], lines)


def real_sequence(case: UseCase, rows: TrainingSet, params: Params, challengers: int, seed: int) -> tuple[float, int]:
    rng = np.random.default_rng(seed)
    case = replace(case, baselines=(), groups=None, search=replace(case.search, trees=100))
    apart = np.isin(np.arange(len(rows)), rng.permutation(len(rows))[: len(rows) // 5])
    known, world = rows.take((~apart).nonzero()[0]), rows.take(apart.nonzero()[0])

    def accuracy(chosen: Params, its: TrainingSet) -> float:
        return float(np.mean((np.array(fit(case, chosen, its)[0].score(world.features)) > 0.5) == world.labels))

    champion, its = validate(case, params, known), (params, known)
    start, wins = accuracy(*its), 0
    for candidate in search.candidates(replace(case.search, seed=seed), challengers):
        labels = np.where(rng.random(len(known)) < 0.03, 1 - known.labels, known.labels)
        turned = TrainingSet(known.features, labels)
        challenger = validate(case, candidate, turned)
        new, old = (challenger.scores, None), (champion.scores, None)
        contest = Contest("champion", compare(challenger.scores, new, old), compare(champion.scores, new, old))
        standing = Standing(
            "challenger", challenger.scores.by_row.probabilities[0].tolist(), labels.tolist(), challenger.to_json()
        )
        if judge(standing, contest).decision == "promoted":
            champion, its, wins = challenger, (candidate, turned), wins + 1
    return start - accuracy(*its), wins


def mean(of: Posterior) -> str:
    return f"{of.mean:.4f} ± {of.scale:.4f}"


def markdown(head: list[str], lines: Iterable[list[Any]]) -> str:
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in (head, ["---"] * len(head), *lines))


if __name__ == "__main__":
    main()
