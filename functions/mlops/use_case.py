"""A use case: the one declared value from which everything that depends on a column is made.

The variable `USE_CASE` names a package, and the package holds its declaration under that same name. A table with an
id, a label of two classes and any number of numeric, categorical or text columns is the scope.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, Literal

from mlops.columns import MAX_TEXT_LENGTH, Cell, Column, Derived, Feature, Label, Row
from mlops.encoders import Encoder, Encoding, ModelInput
from mlops.errors import ModelCorruptedError, UseCaseError

__all__ = [
    "MAX_TEXT_LENGTH", "Baseline", "Cell", "Column", "Derived", "Encoder", "Encoding", "Example", "Feature", "Label",
    "ModelInput", "Row", "Search", "Slice", "UseCase", "load",
]  # fmt: skip

NAME = re.compile("[a-z][a-z0-9_]{1,30}")
MAX_COLUMNS = 200
# Fields of answers and requests, which a label or a feature must not be mistaken for.
FIXED_FIELDS = frozenset(
    {"prediction_id", "probability", "model_version", "features", "contributions", "degraded", "base", "predictions"}
)
# Fields of a logged prediction, beside which the label has its own.
LOGGED_FIELDS = frozenset({"at", "correlation_id", "row_id", "inputs"})
_RULES = ("kind", "required", "low", "high", "max_length", "choices", "open", "missing")


@dataclass(frozen=True, slots=True)
class Search:
    """The search for a forest's parameters: `candidates` drawn from `space`, chosen by cross-validated `scoring`.

    `simplest` takes, of those that chance does not tell from the best, the forest with the fewest leaves. Of more than
    `sample` rows, candidates are judged on so many; the forest that serves is grown on all (docs/adr/0023).
    """

    space: Mapping[str, Sequence[Any]]
    candidates: int = 8
    trees: int = 200
    scoring: Literal["log_loss", "accuracy"] = "log_loss"
    choose: Literal["best", "simplest"] = "best"
    seed: int = 1912
    sample: int = 50_000


@dataclass(frozen=True, slots=True)
class Slice:
    """Groups whose treatment is looked at apart: the values of a feature; a number's by upper bounds, inclusive."""

    feature: str
    bounds: tuple[tuple[float, str], ...] = ()

    def value(self, cell: Cell) -> str:
        """The group that a row belongs to."""
        if cell is None:
            return "not recorded"
        if not self.bounds:
            return str(cell)
        return next((name for bound, name in self.bounds if float(cell) <= bound), self.bounds[-1][1])


@dataclass(frozen=True, slots=True)
class Baseline:
    """A rule that a model must be worth more than.

    `fit` learns it from training rows and their labels; what it returns decides on one row's features, 0 or 1.
    """

    name: str
    fit: Callable[[Sequence[Derived], Sequence[int]], Callable[[Derived], int]]

    @classmethod
    def rule(cls, name: str, decide: Callable[[Derived], int]) -> "Baseline":
        """One that has nothing to learn."""
        return cls(name, lambda _rows, _labels: decide)


@dataclass(frozen=True, slots=True)
class Example:
    """A row to try out, what became of it if that is known, and a line about it."""

    row: Row
    label: int | None = None
    title: str = ""
    story: str = ""


@dataclass(frozen=True)
class UseCase:
    """What is predicted from which table, and how. `columns` are all but the id and the label."""

    name: str
    title: str
    columns: tuple[Column, ...]
    label: Label
    features: tuple[Feature, ...]
    derive: Callable[[Row], Derived]
    encoding: Encoding
    search: Search
    id: Column | None = None
    question: str = ""
    summary: str = ""
    source: str = ""
    # One row, and many, as people call them; the latter is also a name for `rows` in batch requests.
    entity: tuple[str, str] = ("row", "rows")
    slices: tuple[Slice, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    examples: tuple[Example, ...] = ()
    # A key of each row's group, where what is known of one row of a group tells something of another.
    groups: Callable[[Sequence[Derived]], list[str]] | None = None
    known_of_group: Callable[[Any, Derived], Sequence[int]] | None = None  # labels of others, as an encoder has them
    # Each file takes the place of the one before: fewer rows, older ones gone and other shares are no reason to hold.
    rolling: bool = False
    # Who a labelled row is, where its id does not tell.
    identity: Callable[[Row], str] | None = None
    # The module of a form in people's terms, in the site's folder; without one the site makes a form of the columns.
    form: str = ""
    # A change of a feature's definition that leaves its name is a change of schema too: raise this number.
    definition: int = 1
    # What the encoder makes of other rows beside the features above: named in contributions, and for people.
    learned_features: tuple[Feature, ...] = ()
    # SQL that brings in what a layout before this one has kept; run at each deployment, so it must be idempotent.
    earlier_tables: str = ""

    def __post_init__(self) -> None:
        """Refuse, in words, a declaration that cannot work."""
        for reason in _faults(self):
            raise UseCaseError(f"Use case {self.name}: {reason}")

    @cached_property
    def kept(self) -> tuple[Column, ...]:
        """The columns that are not ignored, in order."""
        return tuple(column for column in self.columns if not column.ignored)

    @cached_property
    def ignored(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.ignored)

    @property
    def batch_key(self) -> str:
        """The name of `rows` in batch requests."""
        return self.entity[1].replace(" ", "_")

    @cached_property
    def schema_hash(self) -> str:
        """Names the features: what is stored or trained under one hash is of the same definition."""
        registry = [(f.name, f.type, f.meaning, f.source) for f in self.features]
        return hashlib.sha256(json.dumps([self.definition, registry]).encode()).hexdigest()[:16]

    @cached_property
    def table_hash(self) -> str:
        """Names the columns and their rules, not their words: what was judged under one hash lies in one table."""
        columns = [
            (c.name, *(getattr(c, rule) for rule in _RULES)) for c in (*([self.id] if self.id else []), *self.kept)
        ]
        rules = [self.id is not None, self.label.name, self.label.values, columns]
        return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:16]

    def read_encoder(self, data: Mapping[str, Any]) -> Encoder:
        """The encoder of a model's file; ModelCorruptedError if it is not of this code's features."""
        if data.get("schema_hash") != self.schema_hash:
            raise ModelCorruptedError(
                f"The model has feature schema {data.get('schema_hash')}, this code {self.schema_hash}: train again"
            )
        try:
            return self.encoding.from_json(data["encoder"])
        except (TypeError, KeyError, ValueError) as error:
            raise ModelCorruptedError(f"The model's encoder is not readable: {error!r}") from error


def load(name: str) -> UseCase:
    """The use case that a package declares; UseCaseError if there is none."""
    if not NAME.fullmatch(name):
        raise UseCaseError(f"USE_CASE is {name!r}: a name is a to z, 0 to 9 and _, at most 31 of them, a letter first")
    try:
        declared = import_module(name).USE_CASE
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise UseCaseError(
            f"There is no use case {name}: no package of that name is here. make new NAME={name} …"
        ) from error
    except AttributeError as error:
        raise UseCaseError(f"The package {name} declares no USE_CASE") from error
    if not isinstance(declared, UseCase):
        raise UseCaseError(f"{name}.USE_CASE is {type(declared).__name__}, not UseCase")
    return declared


def _faults(case: UseCase) -> list[str]:
    names = [*([case.id.name] if case.id else []), case.label.name, *(column.name for column in case.columns)]
    features = [feature.name for feature in (*case.features, *case.learned_features)]
    found = [f"it has {len(names)} columns, at most {MAX_COLUMNS} are supported"] if len(names) > MAX_COLUMNS else []
    for what, each in (("columns", names), ("features", features)):
        seen: dict[str, str] = {}
        for name in each:
            if name.casefold() in seen:
                other = seen[name.casefold()]
                found.append(
                    f"{what} {other!r} and {name!r} differ in nothing but case: rename one, to {name + '_2'!r} say"
                )
            seen.setdefault(name.casefold(), name)
    for what, name in (("label", case.label.key), *(("feature", name) for name in features)):
        if name in FIXED_FIELDS or (what == "label" and name in LOGGED_FIELDS):
            found.append(f"the {what} {name!r} is a field of every answer: rename it, to {name + '_value'!r} say")
    if case.label.values[0] == case.label.values[1]:
        found.append(f"both classes of the label are {case.label.values[0]!r}")
    kept = {column.name for column in case.kept}
    for declared, known in ((case.features, kept), (case.learned_features, {*kept, case.label.name})):
        for feature in declared:
            unknown = [name for name in feature.source if name not in known]
            found += [f"feature {feature.name!r} is of {name!r}, which is no column that is kept" for name in unknown]
    return found
