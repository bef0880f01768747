"""The two classes of the label, and which of them is 1."""

from dataclasses import dataclass

import pandas as pd

from new import formats
from new.refusal import RefusedError

_YES = frozenset(["yes", "true", "1", "1.0", "y", "t"])
# So many other classes are named.
_SHOWN = 6


@dataclass(frozen=True)
class Classes:
    """`values` are the words of class 0 and class 1, `rows` how many there are of each; `why` says which is 1.

    `unlabelled` rows have no label.
    """

    values: tuple[str, str]
    rows: tuple[int, int]
    unlabelled: int
    why: str


def classes(cells: pd.Series, positive: str = "") -> Classes:
    """The classes of the label's cells; RefusedError if they are not two."""
    written = cells[cells != ""]
    known = written[~written.str.casefold().isin(formats.MISSING_WORDS)]
    if known.nunique() < 2 <= written.nunique():  # as where the classes are + and -
        known = written
    counts = known.value_counts()
    if len(counts) != 2:
        shown = ", ".join(f"{word!r} ({rows:,})" for word, rows in counts.head(_SHOWN).items())
        raise RefusedError(
            f"The label {cells.name!r} has {len(counts):,} classes: {shown}{' …' * (len(counts) > _SHOWN)}",
            "a use case tells two classes apart: give a label of two values, or leave out the rows of the others",
        )
    words = sorted(map(str, counts.index))
    yes, why = _positive(words, counts, positive)
    no = next(word for word in words if word != yes)
    if {no, yes} == {"0", "1"} and yes == "0":
        raise RefusedError(
            "POSITIVE=0 would make class 1 of the label 0, and answers could not be read",
            "leave POSITIVE out, or write words in place of 0 and 1 in the file",
        )
    return Classes((no, yes), (int(counts[no]), int(counts[yes])), len(cells) - len(known), why)


def _positive(words: list[str], counts: pd.Series, positive: str) -> tuple[str, str]:
    if positive:
        found = [word for word in words if word == positive] or [
            w for w in words if w.casefold() == positive.casefold()
        ]
        if len(found) != 1:
            raise RefusedError(f"POSITIVE={positive!r} is no class of the label", f"it is {words[0]!r} or {words[1]!r}")
        return found[0], "as POSITIVE says"
    if len(likely := [word for word in words if word.casefold() in _YES]) == 1:
        return likely[0], "it says yes"
    if "0" in words:
        return next(word for word in words if word != "0"), "the other one is 0"
    if counts[words[0]] == counts[words[1]]:
        return words[1], "both are as frequent, it is the later in the alphabet"
    return str(counts.idxmin()), "it is the rarer; POSITIVE=… chooses otherwise"
