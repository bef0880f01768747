"""A use case: the one declared value from which everything that depends on a column is made.

The variable `USE_CASE` names a package, and the package holds its declaration under that same name. A table with an
id, a label of two classes and any number of numeric, categorical or text columns is the scope.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlops.errors import ModelCorruptedError, UseCaseError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Cell = str | float | int | None
# One row of the table by its columns' names, as the CSV spells them. `None` is "not recorded".
Row = Mapping[str, Cell]
# One row's features by their names.
Derived = dict[str, Cell]

NAME = re.compile("[a-z][a-z0-9_]{1,30}")
MAX_COLUMNS = 200
MAX_TEXT_LENGTH = 200
# Fields of answers and requests, which a label or a feature must not be mistaken for.
FIXED_FIELDS = frozenset(
    {"prediction_id", "probability", "model_version", "features", "contributions", "degraded", "base", "predictions"}
    | {"rows", "explain", "id"}
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what its cells may hold, and what people call it.

    `low` and `high` are inclusive bounds of a number; None is no bound. `choices` are the values of a choice, `words`
    what people call them; an `open` choice takes other values too. A cell that is blank or one of the `missing` tokens
    is not recorded. An `ignored` column is accepted at every door and never kept.
    """

    name: str
    kind: Literal["whole", "decimal", "choice", "text"] = "text"
    title: str = ""
    description: str = ""
    required: bool = True
    low: float | None = None
    high: float | None = None
    max_length: int = MAX_TEXT_LENGTH
    choices: tuple[str | int, ...] = ()
    words: tuple[str, ...] = ()
    open: bool = False
    missing: tuple[str, ...] = ()
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """The column that is predicted. `values` are its two words in files: of class 0, and of class 1.

    `words` are what people call the two classes.
    """

    name: str
    values: tuple[str, str] = ("0", "1")
    title: str = ""
    words: tuple[str, str] = ("", "")

    @property
    def key(self) -> str:
        """Its field in requests and answers."""
        return self.name.lower()

    @property
    def titles(self) -> tuple[str, str]:
        """What people call the two classes; else `column: value`."""
        no, yes = (word or f"{self.name}: {value}" for word, value in zip(self.words, self.values, strict=True))
        return no, yes


@dataclass(frozen=True, slots=True)
class Feature:
    """One entry of the feature registry: what it means, and the columns it is derived from.

    A `key` only tells which rows belong together; it is no input of a model by itself. `words` are what people call a
    category's values.
    """

    name: str
    type: Literal["number", "category", "flag", "key"]
    meaning: str
    source: tuple[str, ...]
    title: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """One number that the model sees, and the features it is made of."""

    name: str
    features: tuple[str, ...]


class Encoder(Protocol):
    """What turns features into the model's numbers: fitted on training rows alone, and part of the model."""

    @property
    def inputs(self) -> Sequence[ModelInput]: ...

    def encode(self, row: Derived) -> list[float]:
        """The inputs of one row; needs no numpy, which a cold start cannot afford."""
        ...

    def transform(self, features: "pd.DataFrame") -> "NDArray[np.float32]":
        """The inputs of many rows, shape (n, len(inputs)): `encode` of each, to the last bit of a float32."""
        ...

    def knows_group(self, features: "pd.DataFrame") -> "NDArray[np.bool_] | None":
        """Whether labels of each row's group were known when it was fitted; None where there are no groups."""
        ...

    def to_json(self) -> dict[str, Any]: ...


class Encoding(Protocol):
    """How an encoder is fitted, and read back."""

    def fit_transform(
        self, features: "pd.DataFrame", labels: "NDArray[np.int64]"
    ) -> "tuple[Encoder, NDArray[np.float32]]":
        """The encoder, and the training rows' inputs: what it learnt from labels reaches these rows out-of-fold."""
        ...

    def from_json(self, data: Mapping[str, Any]) -> Encoder:
        """What `to_json` wrote; KeyError, TypeError or ValueError if it is something else."""
        ...


@dataclass(frozen=True, slots=True)
class Search:
    """The search for a forest's parameters: `candidates` drawn from `space`, the best by cross-validated `scoring`."""

    space: Mapping[str, Sequence[Any]]
    candidates: int = 8
    trees: int = 200
    scoring: Literal["log_loss", "accuracy"] = "log_loss"
    seed: int = 1912


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
    """A rule that a model must be worth more than: its decision on one row's features, 0 or 1."""

    name: str
    decide: Callable[[Derived], int]


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
        """Names the columns and their rules: what was judged under one hash lies in one table."""
        return hashlib.sha256(repr((self.id, self.label, self.kept)).encode()).hexdigest()[:16]

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


def _faults(case: UseCase) -> "list[str]":
    names = [*([case.id.name] if case.id else []), case.label.name, *(column.name for column in case.columns)]
    features = [feature.name for feature in case.features]
    found = [f"it has {len(names)} columns, at most {MAX_COLUMNS} are supported"] if len(names) > MAX_COLUMNS else []
    for what, each in (("columns", names), ("features", features)):
        seen: dict[str, str] = {}
        for name in each:
            other = seen.setdefault(name.casefold(), name)
            if other is not name:
                found.append(
                    f"{what} {other!r} and {name!r} differ in nothing but case: rename one, to {name + '_2'!r} say"
                )
    for what, name in (("label", case.label.key), *(("feature", name) for name in features)):
        if name in FIXED_FIELDS:
            found.append(f"the {what} {name!r} is a field of every answer: rename it, to {name + '_value'!r} say")
    if case.label.values[0] == case.label.values[1]:
        found.append(f"both classes of the label are {case.label.values[0]!r}")
    known = {column.name for column in case.kept}
    for feature in case.features:
        unknown = [name for name in feature.source if name not in {*known, case.label.name}]
        found += [f"feature {feature.name!r} is of {name!r}, which is no column that is kept" for name in unknown]
    return found
