"""Ingest, on stores in memory."""

import json
from typing import IO

import pytest

from fakes.dataset_store import MemoryDatasetStore
from fakes.object_store import MemoryObjectStore
from mlops.data.ingest import ingest
from mlops.data.rejection import DatasetRefusedError
from mlops.errors import InvalidInputError
from titanic import USE_CASE


@pytest.fixture
def objects(passenger_list: bytes) -> MemoryObjectStore:
    objects = MemoryObjectStore()
    objects.put("data", "raw/titanic.csv", passenger_list, "text/csv")
    return objects


def test_a_clean_file_leaves_nothing_in_quarantine(objects: MemoryObjectStore) -> None:
    assert ingest(USE_CASE, objects, MemoryDatasetStore(USE_CASE), "data", 0.2, "data", "raw/titanic.csv") == {
        "dataset_version": "7d118fef8b6ccf7f",
        "source": "s3://data/raw/titanic.csv",
        "rows": 891,
        "rejected": 0,
        "quarantine_key": None,
        "quality": {
            "report_key": "quality/7d118fef8b6ccf7f.json",
            "not_recorded": {"Age": 0.1987, "Cabin": 0.771, "Embarked": 0.0022},
            "notable": [],
        },
    }
    assert list(objects.keys("data", "")) == ["quality/7d118fef8b6ccf7f.json", "raw/titanic.csv"]


def test_the_quality_report_tells_what_moved_since_the_previous_version(
    objects: MemoryObjectStore, passenger_list: bytes
) -> None:
    datasets = MemoryDatasetStore(USE_CASE)
    ingest(USE_CASE, objects, datasets, "data", 0.2, "data", "raw/titanic.csv")
    header, *rows = passenger_list.splitlines(keepends=True)
    objects.put("data", "raw/women.csv", b"".join([header, *(row for row in rows if b",female," in row)]), "text/csv")

    result = ingest(USE_CASE, objects, datasets, "data", 0.2, "data", "raw/women.csv")

    assert "Sex: male 65% → 0% of the rows" in result["quality"]["notable"]
    report = json.loads(objects.get("data", result["quality"]["report_key"])[0])
    assert (report["source"], report["rows"], report["previous"]["rows"]) == ("s3://data/raw/women.csv", 314, 891)


def test_rejected_rows_are_quarantined_with_their_reasons(objects: MemoryObjectStore, passenger_list: bytes) -> None:
    objects.put("data", "raw/bad.csv", passenger_list.replace(b"\r\n5,0,3", b"\r\n5,0,4"), "text/csv")

    result = ingest(USE_CASE, objects, MemoryDatasetStore(USE_CASE), "data", 0.2, "data", "raw/bad.csv")

    assert (result["rows"], result["rejected"]) == (890, 1)
    body, _ = objects.get("data", result["quarantine_key"])
    assert [json.loads(line) for line in body.splitlines()] == [
        {"row": 5, "field": "Pclass", "value": "4", "reason": "is not one of 1, 2, 3"}
    ]


def test_a_run_that_died_before_the_quarantine_file_is_completed_by_the_next(
    objects: MemoryObjectStore, passenger_list: bytes
) -> None:
    class Away(MemoryObjectStore):
        def put(self, bucket: str, key: str, body: bytes | IO[bytes], content_type: str) -> None:
            raise MemoryError

    datasets = MemoryDatasetStore(USE_CASE)
    objects.put("data", "raw/bad.csv", passenger_list.replace(b"\r\n5,0,3", b"\r\n5,0,4"), "text/csv")
    dying = Away()
    dying._objects = objects._objects
    with pytest.raises(MemoryError):
        ingest(USE_CASE, dying, datasets, "data", 0.2, "data", "raw/bad.csv")

    result = ingest(USE_CASE, objects, datasets, "data", 0.2, "data", "raw/bad.csv")

    assert list(objects.keys("data", "quarantine/")) == [result["quarantine_key"]]


def test_a_file_with_too_many_bad_rows_is_refused_and_its_reasons_are_kept(
    objects: MemoryObjectStore, passenger_list: bytes
) -> None:
    objects.put("data", "raw/bad.csv", passenger_list.replace(b",male,", b",man,"), "text/csv")

    with pytest.raises(DatasetRefusedError, match=r"577 of 891 rows are bad.*s3://data/quarantine/") as refused:
        ingest(USE_CASE, objects, MemoryDatasetStore(USE_CASE), "data", 0.2, "data", "raw/bad.csv")
    (key,) = objects.keys("data", "quarantine/")
    assert key in str(refused.value)
    reasons = [json.loads(line) for line in objects.get("data", key)[0].splitlines()]
    assert len(reasons) == 577
    assert {(each["field"], each["value"]) for each in reasons} == {("Sex", "man")}


def test_a_refused_file_leaves_no_quarantine_file(objects: MemoryObjectStore) -> None:
    objects.put("data", "raw/bad.csv", b"a,b\n1,2\n", "text/csv")

    with pytest.raises(DatasetRefusedError):
        ingest(USE_CASE, objects, MemoryDatasetStore(USE_CASE), "data", 0.2, "data", "raw/bad.csv")
    assert list(objects.keys("data", "quarantine/")) == []


def test_a_missing_file_is_named(objects: MemoryObjectStore) -> None:
    with pytest.raises(InvalidInputError, match=r"s3://data/raw/none\.csv"):
        ingest(USE_CASE, objects, MemoryDatasetStore(USE_CASE), "data", 0.2, "data", "raw/none.csv")
