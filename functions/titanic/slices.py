"""Groups of passengers whose treatment is looked at apart: by sex, class and age."""

from collections.abc import Sequence
from typing import Any

from titanic.features import Derived

# Name and value of a slice, as `("sex", "female")`.
Slice = tuple[str, str]
_AGE_GROUPS = ((12.0, "child, up to 12"), (18.0, "teenager, up to 18"), (50.0, "adult, up to 50"), (120.0, "over 50"))


def members(rows: Sequence[Derived]) -> dict[Slice, list[int]]:
    """The numbers of the rows in each slice, in the slices' order."""
    groups: dict[Slice, list[int]] = {}
    for i, row in enumerate(rows):
        for name, value in (("sex", row["sex"]), ("pclass", row["pclass"]), ("age", _age_group(row["age"]))):
            groups.setdefault((name, str(value)), []).append(i)
    return dict(sorted(groups.items()))


def _age_group(age: Any) -> str:
    if age is None:
        return "not recorded"
    return next((name for bound, name in _AGE_GROUPS if age <= bound), _AGE_GROUPS[-1][1])
