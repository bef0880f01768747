"""`GET /schema`: what a page or a program must know of a use case, and that it is enough to ask for a prediction."""

from collections.abc import Callable
from typing import Any

from fakes import survey
from titanic import USE_CASE

Http = Callable[..., tuple[int, Any]]


def column(**told: Any) -> dict[str, Any]:
    """A column's description; what is not given is as it is by default."""
    usual = {"title": told["name"], "description": "", "required": True, "minimum": None, "maximum": None}
    rest = {"max_length": None, "choices": [], "open": False, "missing": [], "ignored": False}
    return {**usual, **rest, **told}


def test_titanic(http: Http, database_schema: None) -> None:
    status, schema = http("GET", "/schema")

    assert status == 200
    assert {name: schema[name] for name in ("name", "title", "question", "form", "id", "entity", "batch")} == {
        "name": "titanic",
        "title": "Titanic",
        "question": "Would you have survived the Titanic?",
        "form": "titanic/form.js",
        "id": {"name": "PassengerId", "type": "whole"},
        "entity": {"one": "passenger", "many": "passengers"},
        "batch": {"key": "passengers", "maximum": 1000},
    }
    assert schema["label"] == {
        "name": "Survived",
        "key": "survived",
        "title": "Survival",
        "values": ["0", "1"],
        "words": ["was lost", "survived"],
    }
    assert schema["summary"]
    assert schema["source"]
    assert schema["schema_hash"] == USE_CASE.schema_hash
    columns = {each["name"]: each for each in schema["columns"]}
    assert list(columns) == [each.name for each in USE_CASE.columns]
    assert columns["Pclass"] == column(
        name="Pclass",
        type="choice",
        title="Class",
        description="Ticket class",
        choices=[{"value": 1, "title": "first"}, {"value": 2, "title": "second"}, {"value": 3, "title": "third"}],
    )
    missing = ["NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "?", "-", "\\N"]
    age = {"name": "Age", "type": "decimal", "title": "Age", "description": "Years", "required": False}
    assert columns["Age"] == column(**age, minimum=0, maximum=120, missing=missing)
    features = {each["name"]: each for each in schema["features"]}
    assert features["pclass"] == {
        "name": "pclass",
        "type": "category",
        "title": "Class",
        "meaning": "Ticket class: 1, 2 or 3",
        "source": ["Pclass"],
        "words": {"1": "first", "2": "second", "3": "third"},
    }
    assert "companions_survived" in features, "what the encoder learnt of others is named in contributions too"


def test_each_example_is_a_request(http: Http, champion: str) -> None:
    _, schema = http("GET", "/schema")

    assert len(schema["examples"]) == len(USE_CASE.examples) > 0
    for each in schema["examples"]:
        assert each["label"] in (0, 1, None)
        assert each["title"]
        status, answer = http("POST", "/predict", each["row"])
        assert status == 200
        named = {feature["name"] for feature in schema["features"]} | {"base"}
        assert set(answer["features"]) | set(answer["contributions"]) <= named


def test_a_use_case_without_words_is_described_by_its_columns(http: Http, survey_case: object) -> None:
    _, schema = http("GET", "/schema")

    assert (schema["name"], schema["id"], schema["form"], schema["examples"]) == ("survey", None, None, [])
    assert schema["label"] == {
        "name": "Answer",
        "key": "answer",
        "title": "Answer",
        "values": ["no", "yes"],
        "words": ["declined", "accepted"],
    }
    assert schema["batch"] == {"key": "people", "maximum": 1000}
    assert schema["columns"] == [
        column(name="education.num", type="whole", minimum=0, maximum=20, missing=["NA", "?"]),
        column(
            name="class",
            type="choice",
            choices=[
                {"value": "upper", "title": "Upper"},
                {"value": "middle", "title": "Middle"},
                {"value": "it's", "title": "It is"},
            ],
        ),
        column(
            name="Größe (m)",
            type="decimal",
            title="Height",
            description="Metres",
            required=False,
            minimum=-3,
            missing=["NA"],
        ),
        column(name="Unnamed: 0", type="whole", required=False, missing=["?"]),
        column(name=survey.QUOTED, type="text", required=False, max_length=30, missing=["NA", "%"]),
        column(
            name="city",
            type="choice",
            required=False,
            max_length=40,
            choices=[{"value": "Ōsaka", "title": "Ōsaka"}, {"value": "Paris", "title": "Paris"}],
            open=True,
            missing=["?"],
        ),
        column(
            name="member",
            type="choice",
            choices=[{"value": "True", "title": "True"}, {"value": "False", "title": "False"}],
        ),
        column(name="comment", type="text", required=False, max_length=200, ignored=True),
    ]
