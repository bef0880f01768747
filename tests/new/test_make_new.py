"""From a CSV to a use case that works as it is, and refusals that say what to do."""

import csv
import random
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from new.command import main

from mlops.data.cells import read_label, reader
from mlops.data.csv_content import CsvContent
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.schema import upgrade
from mlops.use_case import Derived, UseCase

Write = Callable[[str | bytes], Path]
HEADER = [
    *("customer_id", "Unnamed: 0", "age", "education.num", "class", "Größe (m)", "city", "zip", "since", "income"),
    *("note", 'he said "hi"', "active", "plan", "total", "constant", "churned"),
]


def nasty(rows: int = 240) -> list[list[str]]:
    """A table with everything that tables have."""
    chance = random.Random(7)
    return [
        [
            f"C-{i:05}",
            str(i),
            chance.choice([str(chance.randint(18, 90))] * 9 + ["NA"]),
            str(chance.randint(1, 16)),
            chance.choice(["first", "second", "None", "?"]),
            f"{chance.gauss(1.7, 0.1):.2f}",
            f"City {chance.randint(1, 60)}, north",
            f"{chance.randint(100, 199):05}",
            f"{chance.randint(1, 28):02}.{chance.randint(1, 12):02}.20{chance.randint(10, 24)}",
            f"{chance.randint(1_000, 99_999):,}",
            f'"Well", said customer {i},\n"I am number {chance.random()}."',
            chance.choice(["x", "y", ""]),
            chance.choice(["true", "false"]),
            f" plan {chance.randint(1, 3)}",
            chance.choice([f"{chance.random() * 1e5:.1e}"] * 9 + [""]),
            "same",
            chance.choice(["Yes", "No", "No"]),
        ]
        for i in range(rows)
    ]


def written(tmp_path: Path, rows: list[list[str]], header: list[str] = HEADER) -> Path:
    path = tmp_path / "customers.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def made(checkout: Path, path: Path, label: str, *more: str, name: str = "churn") -> int:
    return main(["--name", name, "--csv", str(path), "--label", label, *more, "--root", str(checkout)])


@pytest.fixture
def load(checkout: Path) -> Iterator[Callable[[str], UseCase]]:
    """Imports a use case that was made in the checkout."""
    sys.path.insert(0, str(checkout / "functions"))
    loaded: list[str] = []

    def import_(name: str) -> UseCase:
        loaded.append(name)
        case: UseCase = import_module(name).USE_CASE
        return case

    yield import_
    sys.path.remove(str(checkout / "functions"))
    for name in loaded:
        del sys.modules[name]


def derived(case: UseCase, checkout: Path) -> tuple[list[Derived], list[int]]:
    """Features and classes of every row of the copy, each cell read by its rule."""
    read = {column.name: reader(column) for column in case.kept}
    with (checkout / f"data/{case.name}.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    features = [case.derive({name: cell(row[name]) for name, cell in read.items()}) for row in rows]
    return features, [read_label(case.label, row[case.label.name]) for row in rows]


def test_a_use_case_of_a_nasty_table_works_as_it_is(
    tmp_path: Path, checkout: Path, load: Callable[[str], UseCase], capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, nasty())

    assert made(checkout, path, "churned", "--id", "customer_id") == 0

    said = capsys.readouterr()
    assert said.out.splitlines() == [
        *("functions/churn/__init__.py", "tests/churn/test_churn.py", "data/churn.csv"),
        "→ make up USE_CASE=churn",
    ]
    case = load("churn")
    assert case.ignored == ("Unnamed: 0", "note", "constant")
    for name in case.ignored:
        assert f"{name}: ignored;" in said.err
    assert {feature.name: feature.type for feature in case.features} == {
        **dict.fromkeys(["age", "education.num", "Größe (m)", "since", "income", "total"], "number"),
        **dict.fromkeys(["class", "city", "zip", 'he said "hi"', "active", "plan"], "category"),
    }
    columns = {column.name: column for column in case.columns}
    assert columns["class"].missing == ("?", "None")
    assert [column.name for column in case.kept if not column.required] == ["age", "class", 'he said "hi"', "total"]
    assert case.id is not None
    assert (case.id.name, case.label.values) == ("customer_id", ("No", "Yes"))
    assert all(column.open for column in case.kept if column.kind == "choice")
    assert not any(column.low is not None or column.high is not None for column in case.columns)

    features, labels = derived(case, checkout)
    assert len(features) == 240
    assert features[0]["plan"] in ("plan 1", "plan 2", "plan 3")
    assert case.derive(dict.fromkeys(columns) | {"plan": " plan 2", "income": "12,345"})["income"] == 12345.0
    assert all(isinstance(row["since"], float) and 14_000 < row["since"] < 21_000 for row in features)
    frame = pd.DataFrame(features, dtype=object)
    for feature in case.features:
        frame[feature.name] = frame[feature.name].map(str if feature.type == "category" else float, na_action="ignore")
    encoder, matrix = case.encoding.fit_transform(frame, np.array(labels))
    assert np.isfinite(matrix).all()
    assert encoder.transform(frame).tobytes() == np.array([*map(encoder.encode, features)], dtype=np.float32).tobytes()
    assert {example.label for example in case.examples} == {0, 1}
    assert len((checkout / "functions/churn/__init__.py").read_text().splitlines()) < 200


def test_its_first_test_passes(tmp_path: Path, checkout: Path, load: Callable[[str], UseCase]) -> None:
    assert made(checkout, written(tmp_path, nasty()), "churned") == 0
    load("churn")

    assert pytest.main(["-q", "-p", "no:cacheprovider", "--noconftest", str(checkout / "tests/churn")]) == 0


def test_a_second_run_overwrites_nothing(tmp_path: Path, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, nasty())
    assert made(checkout, path, "churned") == 0
    before = (checkout / "functions/churn/__init__.py").read_bytes()

    assert made(checkout, path, "churned") == 1

    assert "functions/churn is there already" in capsys.readouterr().err
    assert (checkout / "functions/churn/__init__.py").read_bytes() == before


def test_rows_without_a_label_are_left_out_of_the_copy_if_they_are_many(
    tmp_path: Path, checkout: Path, load: Callable[[str], UseCase], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = nasty()
    for row in rows[:80]:
        row[-1] = ""

    assert made(checkout, written(tmp_path, rows), "churned") == 0

    assert "80 rows without a label are left out" in " ".join(capsys.readouterr().err.split())
    assert len(derived(load("churn"), checkout)[1]) == 160


def test_sixty_columns_make_a_use_case_that_formats_and_loads(
    tmp_path: Path, checkout: Path, load: Callable[[str], UseCase]
) -> None:
    chance = random.Random(7)
    header = [f"measurement number {i} of a long name, in units" for i in range(60)] + ["y"]
    rows = [[*(str(chance.random()) for _ in range(60)), str(i % 2)] for i in range(60)]

    assert made(checkout, written(tmp_path, rows, header), "y", name="wide") == 0

    assert len(load("wide").features) == 60


def changed(column: str, value: Callable[[int], str]) -> list[list[str]]:
    place = HEADER.index(column)
    return [[*row[:place], value(i), *row[place + 1 :]] for i, row in enumerate(nasty())]


@pytest.mark.parametrize(
    ("rows", "options", "reason", "remedy"),
    [
        (nasty(), {"label": "Churn"}, "There is no column 'Churn'", "LABEL='churned'?"),
        (nasty(), {"id": "customer"}, "There is no column 'customer'", "ID='customer_id'?"),
        (nasty(), {"label": "plan"}, "3 classes", "two classes"),
        (nasty(40), {}, "40 rows with a label", "at least 50"),
        (changed("customer_id", lambda i: f"C{i // 2}"), {"id": "customer_id"}, "is no id: 120 rows repeat", "content"),
        (changed("customer_id", lambda i: f"C{i}" if i else ""), {"id": "customer_id"}, "1 rows have no", "fill them"),
        (nasty(), {"positive": "maybe"}, "'maybe' is no class", "'No' or 'Yes'"),
        (nasty(), {"id": "churned"}, "same column", "label"),
        (nasty(), {"label": ""}, "LABEL is not given", "make new NAME=churn"),
    ],
)
def test_what_is_out_of_scope_is_refused_in_words(
    tmp_path: Path,
    checkout: Path,
    capsys: pytest.CaptureFixture[str],
    rows: list[list[str]],
    options: dict[str, str],
    reason: str,
    remedy: str,
) -> None:
    given = {"label": "churned", **options}

    status = main(
        [
            *("--name", "churn", "--csv", str(written(tmp_path, rows)), "--root", str(checkout)),
            *(part for name, value in given.items() for part in (f"--{name}", value)),
        ]
    )

    said = capsys.readouterr()
    assert status == 1
    assert said.out == ""
    assert reason in said.err
    assert remedy in said.err
    assert not (checkout / "functions/churn").exists()


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (["probability", "y"], "'probability' is a field of every answer"),
        (["x", "Features"], "'features' is a field of every answer"),
        (["x", "X", "y"], "differ in nothing but case"),
        (["constant", "y"], "No column of customers.csv is of use: constant – constant"),
    ],
)
def test_columns_that_cannot_be_are_refused(
    tmp_path: Path, checkout: Path, capsys: pytest.CaptureFixture[str], header: list[str], reason: str
) -> None:
    def cell(name: str, i: int) -> str:
        return "same" if name == "constant" else str(i % 2) if name == header[-1] else str(i % 7)

    rows = [[cell(name, i) for name in header] for i in range(60)]

    assert made(checkout, written(tmp_path, rows, header), header[-1]) == 1
    assert reason in capsys.readouterr().err


def test_postgresql_takes_every_row_as_python_does(
    tmp_path: Path, checkout: Path, load: Callable[[str], UseCase], postgres_url: str
) -> None:
    assert made(checkout, written(tmp_path, nasty()), "churned", "--id", "customer_id") == 0
    case = load("churn")
    database = Database(postgres_url)
    upgrade(database, case)

    with (checkout / "data/churn.csv").open("rb") as file:
        store = PostgresDatasetStore(database, case)
        dataset = store.load("s3://data/raw/churn.csv", CsvContent(file, case), 0.0)

    assert (dataset.rows, dataset.rejected) == (240, 0)
    features, labels = derived(case, checkout)
    found = {row.row_id: (case.derive(row.row), row.label) for row in store.rows(dataset.version)}
    assert found == {f"C-{i:05}": each for i, each in enumerate(zip(features, labels, strict=True))}
