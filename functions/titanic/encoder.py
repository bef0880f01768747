"""From derived features to the model's numbers: what had to be learnt from the training rows, and nothing else.

The second of the two stages (see features.py). An encoder is fitted on training rows alone, travels inside the model
and names the feature schema it belongs to, so that serving cannot feed it anything else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mlops.errors import ModelCorruptedError
from titanic import companions
from titanic.companions import Companions, Company
from titanic.features import SCHEMA_HASH, Derived

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TITLES = ("Mr", "Mrs", "Miss", "Master", "Rare")
DECKS = "UABCDEFG"
# One column for each, made once: a batch looks them up a thousand times.
_TITLE = {title: [float(title == known) for known in TITLES] for title in TITLES}
_NO_TITLE = [0.0] * len(TITLES)


@dataclass(frozen=True, slots=True)
class Column:
    """One number the model sees, and the registry features it is made of."""

    name: str
    features: tuple[str, ...]


# Few on purpose: what mostly repeats another (relatives by kind, the whole fare, the port) costs more than it tells.
COLUMNS: tuple[Column, ...] = (
    Column("pclass", ("pclass",)),
    Column("female", ("sex",)),
    *(Column(f"title_{title.lower()}", ("title",)) for title in TITLES),
    Column("age", ("age",)),
    Column("family_size", ("family_size",)),
    Column("deck", ("deck",)),
    *(Column(feature.name, (feature.name,)) for feature in companions.FEATURES),
    Column("fare_per_head", ("fare", "companions")),
)


@dataclass(frozen=True, slots=True)
class Encoder:
    """What fills a value that is not recorded: ages in years by title, fares in pounds by class.

    And `companions`, the groups of the training rows, to look up who travels with whom.
    """

    age: float
    age_by_title: Mapping[str, float]
    fare: float
    fare_by_class: Mapping[str, float]
    companions: Companions
    schema_hash: str = SCHEMA_HASH

    @classmethod
    def fit(cls, rows: Sequence[Derived], survived: Sequence[int]) -> "Encoder":
        """Learn from training rows and their fates, `survived`, of the same length."""
        return cls(
            age=_median(rows, "age"),
            age_by_title=_medians(rows, "age", by="title"),
            fare=_median(rows, "fare"),
            fare_by_class=_medians(rows, "fare", by="pclass"),
            companions=Companions.fit(rows, survived),
        )

    @classmethod
    def fit_transform(cls, rows: Sequence[Derived], survived: Sequence[int]) -> "tuple[Encoder, NDArray[np.float32]]":
        """The fitted encoder and the training matrix.

        Not `transform` of the same rows, as in scikit-learn's TargetEncoder: what became of its companions reaches a
        training row out-of-fold.
        """
        encoder = cls.fit(rows, survived)
        known = companions.out_of_fold(rows, survived)
        return encoder, _matrix(encoder._numbers(row, company) for row, company in zip(rows, known, strict=True))

    def transform(self, rows: Iterable[Derived]) -> "NDArray[np.float32]":
        """The model's matrix of any rows, float32 of shape (n, len(COLUMNS))."""
        return _matrix(map(self.encode, rows))

    def encode(self, row: Derived) -> list[float]:
        """One row of `transform` before it is rounded to float32; needs no numpy, which a cold start cannot afford."""
        return self._numbers(row, self.companions.of(row))

    def _numbers(self, row: Derived, company: Company) -> list[float]:
        """The columns' values of a passenger and of what is known of the companions."""
        title, (size, _) = str(row["title"]), company
        fare = _number(row["fare"], self.fare_by_class.get(str(row["pclass"]), self.fare))
        return [
            _number(row["pclass"]),
            float(row["sex"] == "female"),
            *_TITLE.get(title, _NO_TITLE),
            _number(row["age"], self.age_by_title.get(title, self.age)),
            _number(row["family_size"]),
            float(DECKS.index(str(row["deck"]))),
            *company,
            fare / size,
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, the columns' names included."""
        return {**asdict(self), "columns": [column.name for column in COLUMNS]}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Encoder":
        """The encoder that `to_json` wrote; ModelCorruptedError if it is not of this code's features and columns."""
        if data.get("schema_hash") != SCHEMA_HASH:
            raise ModelCorruptedError(
                f"The model is of feature schema {data.get('schema_hash')}, this code serves {SCHEMA_HASH}: retrain"
            )
        if data.get("columns") != [column.name for column in COLUMNS]:
            raise ModelCorruptedError("The model's columns are not those of this code: retrain")
        try:
            known = {name: value for name, value in data.items() if name != "columns"}
            return Encoder(**{**known, "companions": Companions.from_json(data["companions"])})
        except (TypeError, KeyError, ValueError) as error:
            raise ModelCorruptedError(f"The model's encoder is not readable: {error}") from error


def _matrix(rows: Iterable[Sequence[float]]) -> "NDArray[np.float32]":
    import numpy as np

    return np.array(list(rows), dtype=np.float32).reshape(-1, len(COLUMNS))


def _number(value: str | float | int | None, otherwise: float = 0.0) -> float:
    return otherwise if value is None else float(value)


def _median(rows: Iterable[Derived], name: str) -> float:
    from statistics import median  # not for serving, which only transforms

    return float(median([_number(row[name]) for row in rows if row[name] is not None] or [0.0]))


def _medians(rows: Sequence[Derived], name: str, by: str) -> dict[str, float]:
    groups = sorted({str(row[by]) for row in rows if row[name] is not None})
    return {group: _median([row for row in rows if str(row[by]) == group], name) for group in groups}
