"""What is in a dataset version and how it differs from the one before: for a person to read before they trust it."""

from collections.abc import Iterator, Mapping
from typing import Any

# {"rows": n, "columns": {name: {"missing": n, of a choice "counts": {value: n}, of a number "low", "high", "mean"}}}
Profile = Mapping[str, Any]

# A share that moved by more of all rows, or a mean by more of itself, is worth a sentence.
NOTABLE_SHARE = 0.05
NOTABLE_MEAN = 0.1


def report(profile: Profile, previous: Profile | None) -> dict[str, Any]:
    """The profile with shares of the rows, the previous version's beside it, and in words what moved notably."""
    now, before = _described(profile), _described(previous) if previous else None
    return {**now, "previous": before, "notable": list(_moved(before, now)) if before else []}


def _described(profile: Profile) -> dict[str, Any]:
    """The profile; of each column also the share, 0 to 1, of what is not recorded and of each category."""
    rows = profile["rows"]
    return {
        "rows": rows,
        "columns": {
            name: {
                **measured,
                "shares": {
                    value: round(count / rows, 4) if rows else 0.0
                    for value, count in {"not recorded": measured["missing"], **measured.get("counts", {})}.items()
                },
            }
            for name, measured in profile["columns"].items()
        },
    }


def _moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, column in now["columns"].items():
        then = before["columns"].get(name, {"shares": {}})
        for value, share in column["shares"].items():
            was = then["shares"].get(value, 0.0)
            if abs(share - was) > NOTABLE_SHARE:
                yield f"{name}: {value} {was:.0%} → {share:.0%} of the rows"
        was, mean = then.get("mean"), column.get("mean")
        if was is not None and mean is not None and abs(mean - was) > NOTABLE_MEAN * abs(was):
            yield f"{name}: mean {was:.4g} → {mean:.4g}"
