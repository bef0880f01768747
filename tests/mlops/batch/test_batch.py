"""Batch scoring over a store in memory: every row once, in order, as `/predict` has it, or refused with a reason."""

import csv
import gc
import gzip
import io
import json
from collections.abc import Iterator, Sequence

import fastparquet
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fakes import survey
from fakes.object_store import MemoryObjectStore
from generate import PASSENGER_LIST, lines
from mlops.batch.finish import finish, give_up
from mlops.batch.layout import Format, Plan, key
from mlops.batch.plan import plan
from mlops.batch.request import request
from mlops.batch.score import Scoring
from mlops.data.cells import CellError, reader
from mlops.data.rejection import DatasetRefusedError
from mlops.errors import InvalidInputError
from mlops.model.estimator import fit
from mlops.model.portable import Model, dump
from mlops.model.training_set import training_set
from mlops.registry.versions import CARD, MODEL, Registry
from mlops.use_case import UseCase
from titanic import USE_CASE

BUCKET = "data"
TEXT = st.characters(codec="utf-8", exclude_characters="\0")
HEADER = ["PassengerId", "Pclass", "Name", "Sex", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked"]
ROW = ["1", "3", "Braund, Mr. Owen", "male", "22", "1", "0", "A/5 21171", "7.25", "", "S"]


class Batches:
    """Runs batches as the state machine does."""

    def __init__(self, model: Model, case: UseCase = USE_CASE) -> None:
        self.case, self.model, self.objects = case, model, MemoryObjectStore()
        registry = Registry(self.objects, "models", case)
        self.version = registry.publish({MODEL: dump(model, case), CARD: b"{}"})
        self.scoring = Scoring(case, self.objects, BUCKET, registry.reader)

    def upload(self, name: str, content: bytes) -> str:
        self.objects.put(BUCKET, name, content, "text/csv")
        return name

    def start(self, *keys: str, format: Format = "csv", smallest: int = 2**20) -> tuple[str, Plan, list[int]]:
        asked = request(self.objects, BUCKET, self.case.name, self.version, keys, format)
        return asked.batch_id, *plan(self.case, self.objects, BUCKET, asked, smallest)

    def run(self, *keys: str, format: Format = "csv", smallest: int = 2**20) -> str:
        batch_id, _, todo = self.start(*keys, format=format, smallest=smallest)
        for number in todo:
            self.scoring.score(batch_id, number)
        finish(self.objects, BUCKET, batch_id)
        return batch_id

    def manifest(self, batch_id: str) -> dict:
        return json.loads(self.read(batch_id, "manifest.json"))

    def read(self, batch_id: str, name: str) -> bytes:
        return self.objects.get(BUCKET, key(batch_id, name))[0]

    def rows(self, batch_id: str, folder: str = "parts") -> Iterator[dict[str, str]]:
        for name in self.objects.keys(BUCKET, key(batch_id, f"{folder}/")):
            yield from csv.DictReader(io.StringIO(self.objects.get(BUCKET, name)[0].decode(), newline=""))


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    """Files are divided where a block ends: with small ones, small files are too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlops.data.csv_content._BLOCK", 256)
        yield


@pytest.fixture
def batches(model: Model) -> Batches:
    return Batches(model)


def table(rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER, end: str = "\r\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([header, *rows])
    return text.getvalue().encode()


def expected(model: Model, content: bytes) -> Iterator[tuple[str, float]]:
    """What `/predict` answers, by the reading and the scoring of one row at a time."""
    readers = {column.name: reader(column) for column in USE_CASE.kept}
    for row in csv.DictReader(io.StringIO(content.decode(), newline="")):
        try:
            cells = {name: read(row[name]) for name, read in readers.items()}
        except CellError:
            continue
        (probability,) = model.probabilities([USE_CASE.derive(cells)])
        yield row["PassengerId"], probability


@pytest.mark.parametrize(("packed", "remembered"), [(False, 4096), (True, 4096), (False, 3)])
def test_every_row_is_scored_once_in_order_as_predict_scores_it(
    batches: Batches, packed: bool, remembered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("records", "score"):  # with a short memory, columns are read at once
        monkeypatch.setattr(f"mlops.batch.{module}._REMEMBERED", remembered)
    content = table(list(lines(3000, bad=0.01))[1:], next(lines(0)))
    name = batches.upload("scoring/list.csv", gzip.compress(content) if packed else content)
    batch_id = batches.run(name, smallest=20_000)
    found = [(row["PassengerId"], float(row["probability"])) for row in batches.rows(batch_id)]
    assert found == list(expected(batches.model, content))
    assert [int(row["survived"]) for row in batches.rows(batch_id)] == [int(p > 0.5) for _, p in found]
    made = batches.manifest(batch_id)
    assert len(made["parts"]) > 5
    assert made["complete"]
    assert made["rows"]["in"] == 3000
    refused = [row["row"] for row in batches.rows(batch_id, "errors")]
    assert made["rows"] == {"in": 3000, "out": len(found), "refused": len(set(refused)), "failed": 0}
    assert len(found) + len(set(refused)) == 3000
    assert set(refused) == {str(number) for number in range(1, 3001)} - {row_id for row_id, _ in found}


def test_the_same_files_and_model_are_the_same_batch_and_the_same_bytes(batches: Batches, model: Model) -> None:
    content = table(list(lines(500))[1:], next(lines(0)))
    other = Batches(model)
    ids = [each.run(each.upload("a.csv", content), smallest=10_000) for each in (batches, other)]
    assert ids[0] == ids[1]
    names = [name for name in batches.objects.keys(BUCKET, f"batches/{ids[0]}/") if not name.endswith("request.json")]
    assert names == [name for name in other.objects.keys(BUCKET, f"batches/{ids[0]}/") if "request" not in name]
    assert len(names) > 5
    assert all(batches.objects.get(BUCKET, name) == other.objects.get(BUCKET, name) for name in names)
    assert batches.run(batches.upload("b.csv", content)) != ids[0]


def test_parquet_holds_what_csv_holds(batches: Batches) -> None:
    name = batches.upload("a.csv", table(list(lines(300))[1:], next(lines(0))))
    as_csv, as_parquet = batches.run(name), batches.run(name, format="parquet")
    read_table = fastparquet.ParquetFile(io.BytesIO(batches.read(as_parquet, "parts/part-00000.parquet"))).to_pandas()
    assert [str(kind) for kind in read_table.dtypes] == ["int64", "int8", "float64"]
    read = [{name: str(cell) for name, cell in row.items()} for row in read_table.to_dict("records")]
    assert read == list(batches.rows(as_csv))


def test_a_row_without_id_has_an_empty_one(batches: Batches) -> None:
    batch_id = batches.run(batches.upload("a.csv", table([ROW, ["", *ROW[1:]]])))
    assert [row["PassengerId"] for row in batches.rows(batch_id)] == ["1", ""]


def test_parquet_takes_rows_without_ids(batches: Batches) -> None:
    name = batches.upload("a.csv", table([ROW, ["", *ROW[1:]]]))
    part = batches.read(batches.run(name, format="parquet"), "parts/part-00000.parquet")
    ids = fastparquet.ParquetFile(io.BytesIO(part)).to_pandas()["PassengerId"]
    assert ids.isna().tolist() == [False, True]


def test_a_line_break_in_quotes_is_no_end_of_a_record(batches: Batches) -> None:
    rows = [[str(n), "1", f'Allen,\n"Miss"\r\n{n}', "female", "29", "0", "0", "", "", "", "S"] for n in range(1, 400)]
    batch_id = batches.run(batches.upload("a.csv", table(rows)), smallest=1000)
    assert len(batches.manifest(batch_id)["parts"]) > 10
    assert [row["PassengerId"] for row in batches.rows(batch_id)] == [row[0] for row in rows]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("tail", ["", "\n\n\r\n"])
def test_any_line_end_ends_a_record(batches: Batches, end: str, tail: str) -> None:
    content = table([[str(n), *ROW[1:]] for n in range(1, 30)], end=end).removesuffix(end.encode()) + tail.encode()
    batch_id = batches.run(batches.upload("a.csv", content), smallest=200)
    assert [row["PassengerId"] for row in batches.rows(batch_id)] == list(map(str, range(1, 30)))
    assert batches.manifest(batch_id)["rows"] == {"in": 29, "out": 29, "refused": 0, "failed": 0}


@given(
    cells=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), min_size=1, max_size=40
    ),
    smallest=st.integers(40, 400),
    packed=st.booleans(),
)
@settings(max_examples=40, deadline=None, phases=[Phase.generate])
def test_wherever_a_file_is_divided_no_row_is_lost(model: Model, cells: list[str], smallest: int, packed: bool) -> None:
    batches = Batches(model)
    content = table([[str(n), "2", f"x{cell}", *ROW[3:]] for n, cell in enumerate(cells, 1)])
    batch_id = batches.run(batches.upload("a.csv", gzip.compress(content) if packed else content), smallest=smallest)
    assert [row["PassengerId"] for row in batches.rows(batch_id)] == [str(n + 1) for n in range(len(cells))]


@pytest.mark.parametrize(
    ("cells", "field", "reason"),
    [
        ({"Pclass": "4"}, "Pclass", "is not one of 1, 2, 3"),
        ({"Age": "old"}, "Age", "is not a decimal number from 0 to 120"),
        ({"Name": ""}, "Name", "is missing"),
        ({"Ticket": "x" * 200_000}, "Ticket", "is longer than 200 characters"),
        ({"PassengerId": "one"}, "PassengerId", "is not a whole number"),
    ],
)
def test_a_bad_cell_costs_its_row_alone(batches: Batches, cells: dict[str, str], field: str, reason: str) -> None:
    bad = ["2", *ROW[1:]]
    for name, text in cells.items():
        bad[HEADER.index(name)] = text
    batch_id = batches.run(batches.upload("a.csv", table([ROW, bad, ["3", *ROW[1:]]])))
    assert [row["PassengerId"] for row in batches.rows(batch_id)] == ["1", "3"]
    (fault,) = batches.rows(batch_id, "errors")
    assert fault["source"] == "a.csv"
    assert fault["row"] == "2"
    assert (fault["field"], fault["value"]) == (field, cells[field])
    assert fault["reason"].startswith(reason)


def test_rows_of_another_width_and_bytes_that_are_no_utf_8_are_refused(batches: Batches) -> None:
    content = table([ROW, ROW[:-1], [*ROW, "x"], ROW]) + b"5,1,M\xfcller,male,,0,0,,,,S\r\n\r\n" + table([ROW], ROW)
    batch_id = batches.run(batches.upload("a.csv", content))
    faults = list(batches.rows(batch_id, "errors"))
    assert [(fault["row"], fault["field"]) for fault in faults] == [("2", ""), ("3", ""), ("5", "Name"), ("6", "")]
    assert faults[0]["reason"] == "has 10 cells, the header has 11"
    assert (faults[2]["reason"], faults[2]["value"]) == ("is not UTF-8", r"M\udcfcller")
    made = batches.manifest(batch_id)["rows"]
    assert made["in"] == made["out"] + made["refused"]


def test_only_required_columns_are_needed(batches: Batches) -> None:
    content = table([["1", "Allen, Miss. E", "female", "0", "0"]], ["Pclass", "Name", "Sex", "SibSp", "Parch"])
    (row,) = batches.rows(batches.run(batches.upload("a.csv", content)))
    cells = {"Pclass": 1, "Name": "Allen, Miss. E", "Sex": "female", "SibSp": 0, "Parch": 0}
    rest = dict.fromkeys(column.name for column in USE_CASE.kept if column.name not in cells)
    assert float(row["probability"]) == batches.model.probabilities([USE_CASE.derive({**cells, **rest})])[0]
    assert row["row"] == "1"  # the file has no ids


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (table([ROW], ["id", *HEADER[1:]]), "Unknown column 'id'"),
        (table([ROW], [*HEADER[:4], "age", *HEADER[5:]]), "Rename 'age' to 'Age'"),
        (table([ROW], [*HEADER[:1], "pclass", *HEADER[2:]]), "Rename 'pclass' to 'Pclass'"),
        (b"", "The file is empty"),
        (table([ROW]) + b'2,3,"Braund, Mr. Owen', "Line 3 cannot be read as CSV: its quote is never closed"),
        (table([ROW, ROW]).replace(b"male,22", b'ma"le,22'), "Line 2 has a quote inside a cell without quotes"),
        (gzip.compress(table([ROW]))[:-9], "The gzip archive is cut short"),
        (b"PK\x03\x04 a workbook", "a workbook"),
    ],
)
def test_a_file_that_cannot_be_divided_is_refused_by_name(batches: Batches, content: bytes, words: str) -> None:
    batches.upload("good.csv", table([ROW]))
    batches.upload("bad.csv", content)
    with pytest.raises(DatasetRefusedError, match=r"bad\.csv: ") as refused:
        batches.start("good.csv", "bad.csv")
    assert words in str(refused.value)


def test_what_was_lost_is_in_the_manifest_and_a_rerun_scores_it_alone(batches: Batches) -> None:
    content = table(list(lines(400))[1:], next(lines(0)))
    name = batches.upload("a.csv", content)
    batch_id, made, todo = batches.start(name, smallest=5000)
    for number in todo[:-2]:
        batches.scoring.score(batch_id, number)
    cause = json.dumps({"errorMessage": "Task timed out after 900.00 seconds"})
    give_up(batches.objects, BUCKET, batch_id, todo[-2], {"Error": "Sandbox.Timedout", "Cause": cause})
    finish(batches.objects, BUCKET, batch_id)
    found = batches.manifest(batch_id)
    lost = made.shards[-2:]
    assert found["failed"] == [
        {
            "source": name,
            "first_row": shard.first_row,
            "last_row": shard.first_row + shard.rows - 1,
            "reason": reason,
        }
        for shard, reason in zip(
            lost,
            ("Sandbox.Timedout: Task timed out after 900.00 seconds", "was not scored: the run ended before"),
            strict=True,
        )
    ]
    assert not found["complete"]
    assert found["rows"]["failed"] == sum(shard.rows for shard in lost)
    assert sum(found["rows"].values()) == 2 * found["rows"]["in"]
    _, _, again = batches.start(name, smallest=5000)
    assert again == todo[-2:]
    assert batches.run(name) == batch_id
    assert batches.manifest(batch_id)["complete"]
    assert [row["PassengerId"] for row in batches.rows(batch_id)] == [
        row for row, _ in expected(batches.model, content)
    ]


def test_a_folder_is_all_files_below_it_by_name(batches: Batches) -> None:
    for name, first in (("in/b.csv", "2"), ("in/a.csv", "1"), ("in/c/d.csv", "3"), ("other.csv", "4")):
        batches.upload(name, table([[first, *ROW[1:]]]))
    batch_id = batches.run("in/")
    assert [row["PassengerId"] for row in batches.rows(batch_id)] == ["1", "2", "3"]
    assert [each["key"] for each in batches.manifest(batch_id)["sources"]] == ["in/a.csv", "in/b.csv", "in/c/d.csv"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["nowhere.csv"], "no 'nowhere.csv' in the data bucket"),
        (["nothing/"], "nothing below 'nothing/'"),
        (["a.csv", "a.csv"], "more than once"),
        (["batches/0123456789abcdef/parts/part-00000.csv"], "of a batch itself"),
    ],
)
def test_files_that_cannot_be_asked_for(batches: Batches, keys: list[str], words: str) -> None:
    batches.upload("a.csv", table([ROW]))
    with pytest.raises(InvalidInputError, match=words):
        batches.start(*keys)


def test_a_file_that_is_replaced_is_not_scored(batches: Batches) -> None:
    name = batches.upload("a.csv", table([ROW]))
    batch_id, _, todo = batches.start(name)
    batches.upload(name, table([["9", *ROW[1:]]]))
    with pytest.raises(InvalidInputError, match=r"a.csv was replaced"):
        batches.scoring.score(batch_id, todo[0])


def test_records_that_the_planner_counted_otherwise_fail_their_shard(batches: Batches) -> None:
    content = table([ROW, ["2", *ROW[1:]], ROW], end="\n").replace(b"S\n2", b"S\r2")
    name = batches.upload("a.csv", content)
    batch_id, _, todo = batches.start(name)
    with pytest.raises(InvalidInputError, match="end all lines alike"):
        batches.scoring.score(batch_id, todo[0])


def test_a_file_without_rows_has_a_manifest_and_no_parts(batches: Batches) -> None:
    found = batches.manifest(batches.run(batches.upload("a.csv", table([]))))
    assert found["rows"] == {"in": 0, "out": 0, "refused": 0, "failed": 0}
    assert found["parts"] == found["errors"] == []


def test_the_passenger_list_with_its_labels_is_scored_without_them(batches: Batches) -> None:
    content = PASSENGER_LIST.read_bytes()
    found = list(batches.rows(batches.run(batches.upload("a.csv", content))))
    assert [(row["PassengerId"], float(row["probability"])) for row in found] == list(expected(batches.model, content))


def test_a_use_case_without_ids_numbers_its_rows() -> None:
    case = survey.USE_CASE
    content = table(survey.lines(200)[1:], survey.HEADER)
    readers = {column.name: reader(column) for column in case.kept}
    rows = [
        {name: read(row[name]) for name, read in readers.items()}
        for row in csv.DictReader(io.StringIO(content.decode(), newline=""))
    ]
    features = [case.derive(row) for row in rows]
    known = [(str(n), n % 2, [each[feature.name] for feature in case.features]) for n, each in enumerate(features)]
    model, _ = fit(case, {"max_depth": 4}, training_set(case.features, known))
    batches = Batches(model, case)
    found = list(batches.rows(batches.run(batches.upload("a.csv", content), smallest=1000)))
    assert [row["row"] for row in found] == [str(number) for number in range(1, 201)]
    assert [float(row["probability"]) for row in found] == model.probabilities(features)


def test_refused_rows_keep_nothing_alive(batches: Batches) -> None:
    """An error's traceback once kept every record of its portion; a function's memory grew with each shard."""
    bad = [[str(n), "1", f"Name {n}", "male", f"{n} years", *ROW[5:]] for n in range(1, 5000)]
    batch_id, _, todo = batches.start(batches.upload("a.csv", table(bad)), smallest=10_000)
    batches.scoring.score(batch_id, todo[0])
    before = kept_lists()
    for number in todo[1:]:
        batches.scoring.score(batch_id, number)
    assert kept_lists() - before < 100


def kept_lists() -> int:
    gc.collect()
    return sum(type(each) is list for each in gc.get_objects())
