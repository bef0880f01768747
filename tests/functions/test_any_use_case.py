"""The whole product on a second use case, of awkward columns: from its CSV to predictions and feedback."""

import json
import re
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest

from fakes import survey
from fakes.object_store import MemoryObjectStore
from mlops.data.labels import as_csv, newly_known
from mlops.errors import InvalidInputError
from mlops.settings import database_url
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.retrainings import PostgresRetrainings
from mlops.stores.prediction_stream import RedisPredictionStream
from mlops.use_case import UseCase

Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]
Http = Callable[..., tuple[int, Any]]
Table = list[dict[str, str]]
KEY = "correct horse"


@pytest.fixture
def trained(survey_case: UseCase, invoke: Invoke, survey_table: Table) -> str:
    """The version that the pipeline's steps, one after the other, made champion."""
    assert invoke("ingestion", {"migrate": True}) == {"migrated": True}
    dataset = invoke("ingestion", {"bucket": "titanic-data", "key": "raw/survey.csv"})
    assert (dataset["rows"], dataset["rejected"]) == (600, 0)
    features = invoke("features", {"dataset_version": dataset["dataset_version"]})
    about = {name: features[name] for name in ("dataset_version", "schema_hash")}
    plan = invoke("training", {"step": "plan", **about})
    searched = [invoke("training", {"step": "evaluate", **about, **each}) for each in plan["shares"]]
    evaluations, failures = ([each[name] for each in searched] for name in ("evaluations", "failures"))
    fitted = invoke("training", {"step": "fit", **about, "evaluations": evaluations, "failures": failures})
    promoted = invoke("training", {"step": "promote", "model_version": fitted["model_version"]})
    assert promoted["decision"] == "promoted", promoted["reason"]
    return str(promoted["champion"])


def test_from_a_csv_to_a_champion_and_back(
    http: Http, invoke: Invoke, trained: str, survey_table: Table, postgres_url: str, objects: MemoryObjectStore
) -> None:
    right = 0
    for each in survey_table[:40]:
        status, answer = http("POST", "/predict", each)
        assert (status, answer["model_version"]) == (200, trained)
        right += survey.USE_CASE.label.values[answer["answer"]] == each["Answer"]
    assert right > 30
    assert sum(answer["contributions"].values()) == pytest.approx(answer["probability"], abs=1e-9)
    assert list(answer["features"]) == [feature.name for feature in survey.FEATURES]
    assert "group" not in http("POST", "/predict", each, {"group": "true", "what_if": "true"})[1]

    told = {"prediction_id": answer["prediction_id"], "answer": "Yes"}
    assert http("POST", "/feedback", told) == (202, {**told, "answer": 1})
    assert invoke("monitoring", {"task": "drain"}) == {"kept": 40, "forgotten": 0}
    with psycopg2.connect(postgres_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT inputs, row_id, outcome FROM prediction_history WHERE outcome IS NOT NULL")
        ((inputs, row_id, outcome),) = cursor.fetchall()
    connection.close()
    assert (list(inputs), row_id, outcome) == ([column.name for column in survey.USE_CASE.kept], None, 1)

    report = invoke("monitoring", {})
    assert (report["status"], report["retraining"]["decision"]) == ("insufficient_data", "held")
    assert {each["name"] for each in http("GET", "/drift")[1]["features"]} == {each.name for each in survey.FEATURES}
    card = http("GET", "/model")[1]
    assert card["label"] == {"name": "Answer", "key": "answer", "words": ["declined", "accepted"]}
    assert {each["feature"] for each in card["slices"]} == {"class"}
    assert card["baselines"][0]["name"] == "Majority class"
    assert [each["decision"] for each in card["decisions"]] == ["promoted"]
    for path in ("/models", "/activity", "/retraining", "/health", "/openapi.json"):
        assert http("GET", path)[0] == 200


def test_outcomes_lead_to_a_dataset_that_is_taken(
    http: Http, invoke: Invoke, trained: str, survey_table: Table, objects: MemoryObjectStore
) -> None:
    """Rows whose label became known join the table, and ingestion takes it as it takes any other."""
    case = survey.USE_CASE
    fresh = {**survey_table[0], "Größe (m)": "2.5", survey.QUOTED: 'quoted "%s", {}'}
    for each in (fresh, fresh, survey_table[1]):
        _, answer = http("POST", "/predict", each)
        http("POST", "/feedback", {"prediction_id": answer["prediction_id"], "answer": 1})
    invoke("monitoring", {"task": "drain"})
    database = Database(database_url())
    version = http("GET", "/model")[1]["dataset_version"]
    base = [*PostgresDatasetStore(database, case).rows(version)]

    known = newly_known(case, base, PostgresRetrainings(database, case).labelled())
    assert [each.row.row[survey.QUOTED] for each in known] == ['quoted "%s", {}'], (
        "twice the same is one, and known is not new"
    )
    objects.put("titanic-data", "raw/next.csv", as_csv(case, [*base, *(each.row for each in known)]), "text/csv")
    dataset = invoke("ingestion", {"bucket": "titanic-data", "key": "raw/next.csv"})
    assert (dataset["rows"], dataset["rejected"]) == (601, 0)


def test_a_cell_of_the_csv_and_its_json_value_are_the_same(
    http: Http, survey_champion: str, stream: RedisPredictionStream
) -> None:
    cells = {"education.num": "12.0", "class": "it's", "Größe (m)": "1.75e0", "Unnamed: 0": "?", "member": "True"}
    values = {"education.num": 12, "class": "it's", "Größe (m)": 1.75, "Unnamed: 0": None, "member": True}
    for more in ({survey.QUOTED: "NA", "city": " "}, {survey.QUOTED: None, "city": "?"}, {}):
        _, of_cells = http("POST", "/predict", {**cells, **more})
        _, of_values = http("POST", "/predict", {**values, **more})
        assert of_cells["features"] == of_values["features"]
        assert of_cells["probability"] == of_values["probability"]
        assert of_values["features"][survey.QUOTED] is of_values["features"]["city"] is None
    logged = stream.recent(1)[0]
    assert logged["inputs"] == {**values, "member": "True", survey.QUOTED: None, "city": None}
    assert logged["row_id"] is None


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"education.num": "NA"}, "education.num", "is missing"),
        ({"education.num": 21}, "education.num", "is not a whole number from 0 to 20"),
        ({"education.num": 1.5}, "education.num", "is not a whole number from 0 to 20"),
        ({"class": "lower"}, "class", "is not one of upper, middle, it's"),
        ({"class": None}, "class", "is missing"),
        ({"Größe (m)": -4}, "Größe (m)", "is not a decimal number of at least -3"),
        ({"Größe (m)": "?"}, "Größe (m)", "is not a decimal number of at least -3"),
        ({"Unnamed: 0": "x"}, "Unnamed: 0", "is not a whole number"),
        ({survey.QUOTED: "x" * 31}, survey.QUOTED, "is longer than 30 characters"),
        ({survey.QUOTED: 7}, survey.QUOTED, "is not text"),
        ({"city": "x" * 41}, "city", "is longer than 40 characters"),
        ({"member": 1}, "member", "is not one of True, False"),
        ({"unknown": 1}, "unknown", "Extra inputs are not permitted"),
        ({"c0": 1}, "c0", "Extra inputs are not permitted"),
    ],
)
def test_a_bad_cell_is_told_by_its_column(
    http: Http,
    invoke: Invoke,
    survey_champion: str,
    survey_table: Table,
    change: dict[str, Any],
    field: str,
    reason: str,
) -> None:
    bad = {**survey_table[1], **change}
    status, problem = http("POST", "/predict", bad)
    assert (status, problem["errors"]) == (422, [{"field": field, "reason": reason}])

    for key in ("rows", "people"):
        _, problem = http("POST", "/predict/batch", {key: [survey_table[1], bad]})
        assert [each["field"] for each in problem["errors"]] == [f"{key}.1.{field}"]
        with pytest.raises(InvalidInputError, match=re.escape(f"{key}.0.{field}: {reason}")):
            invoke("inference", {key: [bad]})


def test_the_label_and_ignored_columns_are_accepted_and_ignored(
    http: Http, survey_champion: str, survey_table: Table
) -> None:
    row = {name: cell for name, cell in survey_table[1].items() if name not in ("Answer", "comment")}
    answers = [http("POST", "/predict", {**row, **more})[1] for more in ({}, {"Answer": "?"}, {"comment": [1, {}]})]

    assert len({each["probability"] for each in answers}) == 1


def test_an_unseen_value_of_an_open_choice_is_taken(http: Http, survey_champion: str, survey_table: Table) -> None:
    for city in ("Atlantis", 7, 'quo"te%s'):
        status, answer = http("POST", "/predict", {**survey_table[1], "city": city})
        assert (status, answer["features"]["city"]) == (200, str(city))


def test_a_batch_is_of_rows_or_of_people(http: Http, invoke: Invoke, survey_champion: str, survey_table: Table) -> None:
    rows = survey_table[:5]
    answers = [http("POST", "/predict/batch", {key: rows})[1] for key in ("rows", "people")]
    answers += [invoke("inference", {key: rows}) for key in ("rows", "people")]
    singly = [http("POST", "/predict", each)[1]["probability"] for each in rows]

    for each in answers:
        assert [one["probability"] for one in each["predictions"]] == singly
        assert set(each["predictions"][0]) == {"prediction_id", "answer", "probability"}
    assert http("POST", "/predict/batch", {"passengers": rows})[0] == 422


@pytest.mark.parametrize(
    ("word", "label"),
    [
        *((0, 0), (1, 1), ("0", 0), ("1", 1), ("no", 0), ("yes", 1), ("YES", 1), ("No", 0)),
        *((word, None) for word in (True, "", "maybe", 2, None, 1.5, "declined")),
    ],
)
def test_feedback_takes_the_word_or_the_class(
    http: Http, survey_champion: str, survey_table: Table, word: Any, label: int | None
) -> None:
    _, predicted = http("POST", "/predict", survey_table[1])
    told = {"prediction_id": predicted["prediction_id"], "answer": word}

    status, answer = http("POST", "/feedback", told)

    assert (status, answer.get("answer")) == ((422, None) if label is None else (202, label))


def test_every_series_names_the_use_case(http: Http, survey_champion: str, survey_table: Table) -> None:
    http("POST", "/predict", survey_table[1])
    _, text = http("GET", "/metrics")

    series = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(series) > 20
    assert all('use_case="survey"' in line for line in series)
    assert any(line.startswith("mlops_predictions_total{label=") for line in series)


def test_openapi_has_the_columns_as_the_csv_spells_them(http: Http, survey_case: UseCase) -> None:
    status, described = http("GET", "/openapi.json")

    assert (status, described["info"]["title"]) == (200, "Survey")
    row = described["components"]["schemas"]["Row"]
    assert set(row["properties"]) == {"Answer", *(column.name for column in survey.COLUMNS)}
    assert set(row["required"]) == {"education.num", "class", "member"}
    answer = described["components"]["schemas"]["Prediction"]
    assert "answer" in answer["properties"]
    assert "passenger" not in json.dumps(described).lower()


def test_without_an_id_column_a_request_carries_none(http: Http, survey_champion: str, survey_table: Table) -> None:
    assert http("POST", "/predict", {**survey_table[1], "row_id": "7"})[0] == 422
    assert http("POST", "/predict", None, {"id": "7"})[0] == 404
