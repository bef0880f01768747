"""The quality report: shares beside counts, the previous version beside this one, and what moved in words."""

from typing import Any

from mlops.data.quality import report


def profile(rows: int, missing: int, mean: float | None, male: int) -> dict[str, Any]:
    return {
        "rows": rows,
        "columns": {
            "Age": {"missing": missing, "low": 1.0, "high": 80.0, "mean": mean},
            "Sex": {"missing": 0, "counts": {"female": rows - male, "male": male}},
        },
    }


FIRST = profile(rows=200, missing=20, mean=30.0, male=100)


def test_a_first_version_is_described_and_compared_with_nothing() -> None:
    told = report(FIRST, None)

    assert (told["rows"], told["previous"], told["notable"]) == (200, None, [])
    assert told["columns"]["Age"] == {**FIRST["columns"]["Age"], "shares": {"not recorded": 0.1}}
    assert told["columns"]["Sex"]["shares"] == {"not recorded": 0.0, "female": 0.5, "male": 0.5}


def test_only_notable_changes_are_put_into_words() -> None:
    assert report(profile(rows=400, missing=48, mean=32.9, male=218), FIRST)["notable"] == []
    assert report(profile(rows=100, missing=20, mean=40.0, male=70), FIRST)["notable"] == [
        "Age: not recorded 10% → 20% of the rows",
        "Age: mean 30 → 40",
        "Sex: female 50% → 30% of the rows",
        "Sex: male 50% → 70% of the rows",
    ]


def test_versions_without_rows_or_measurements_are_reported_too() -> None:
    empty = profile(rows=0, missing=0, mean=None, male=0)

    assert report(empty, None)["columns"]["Sex"]["shares"] == {"not recorded": 0.0, "female": 0.0, "male": 0.0}
    assert "Sex: male 50% → 0% of the rows" in report(empty, FIRST)["notable"]
    assert report(FIRST, {"rows": 0, "columns": {}})["previous"] == {"rows": 0, "columns": {}}
    assert report({"rows": 0, "columns": {}}, FIRST)["notable"] == []
