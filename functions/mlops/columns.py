"""What a table is made of: cells and rows, columns, the label, and the features that are derived from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MAX_TEXT_LENGTH = 200
Cell = str | float | int | None
# One row of the table by its columns' names, as the CSV spells them. `None` is "not recorded".
Row = Mapping[str, Cell]
# One row's features by their names.
Derived = dict[str, Cell]


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
