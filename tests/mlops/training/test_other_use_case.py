"""From a CSV to a champion with a use case that has odd columns, missing cells and no id."""

import csv
import json
from dataclasses import replace
from io import BytesIO, StringIO

import pytest

from fakes.dataset_store import MemoryDatasetStore
from fakes.decision_log import MemoryDecisionLog
from fakes.feature_stores import MemoryOfflineStore, MemoryOnlineStore
from fakes.object_store import MemoryObjectStore
from fakes.survey import HEADER, USE_CASE, lines
from mlops.data.csv_content import CsvContent
from mlops.features.featurize import Featurizing
from mlops.model.holdout import divide
from mlops.registry.versions import CARD, Registry
from mlops.training.promote import Outcome, promote
from mlops.training.shares import of_search
from mlops.training.train import Run
from mlops.use_case import UseCase

ANSWER = HEADER.index("Answer")


def trained(table: list[list[str]], case: UseCase = USE_CASE) -> tuple[Outcome, dict[str, object]]:
    """The gate's verdict on the model of a table, and the model's card."""
    text = StringIO()
    csv.writer(text).writerows(table)
    datasets, offline, online = MemoryDatasetStore(case), MemoryOfflineStore(case), MemoryOnlineStore(case)
    version = datasets.load("here", CsvContent(BytesIO(text.getvalue().encode()), case), 0.2).version
    Featurizing(case, datasets, offline, online).whole(version)
    registry = Registry(MemoryObjectStore(), "models", case)
    run = Run(case, offline, registry, version, case.schema_hash)
    model = run.fit(
        [each for share in of_search(case, len(table)) for each in run.evaluate(share.candidates)[0]]
    ).version
    outcome = promote(case, offline, datasets, registry, MemoryDecisionLog(), model)
    return outcome, json.loads(registry.reader.artifact(model, CARD))


def test_a_table_is_trained_and_its_first_model_serves() -> None:
    outcome, card = trained(lines(240))

    assert outcome.verdict.decision == "promoted", outcome.verdict.reason
    assert card["use_case"] == "survey"
    assert card["label"] == {"name": "Answer", "key": "answer", "words": ["declined", "accepted"]}
    assert card["serving"]["rows"] == 240
    assert card["metrics"]["accuracy"] > 0.8
    assert set(card["importances"]) <= {feature.name for feature in USE_CASE.features}


def test_a_table_with_few_of_one_class_gets_a_champion_too() -> None:
    """One in ten, told by a column: no accuracy is much above the majority's, and the probabilities are."""
    table = lines(400)
    rare = [[*row[:ANSWER], "yes" if row[HEADER.index("education.num")] in ("19", "19.0", "18", "18.0") else "no",
             *row[ANSWER + 1 :]] for row in table[1:]]  # fmt: skip

    outcome, card = trained([table[0], *rare])
    assert card["serving"]["positive"] == 40
    assert outcome.verdict.decision == "promoted", outcome.verdict.reason


def test_a_table_whose_labels_are_noise_gets_none_and_is_told_why() -> None:
    table = lines(240)
    noise = [[*row[:ANSWER], "yes" if number * 7919 % 13 < 6 else "no", *row[ANSWER + 1 :]]
             for number, row in enumerate(table[1:])]  # fmt: skip

    outcome, _ = trained([table[0], *noise])
    assert (outcome.verdict.decision, outcome.champion) == ("kept", None)
    assert "that of the class prior" in outcome.verdict.reason


def test_rows_of_equal_content_are_held_out_together() -> None:
    """The same rows three times: ids differ by their occurrence, sides by their content alone."""
    header, *rows = lines(80)
    text = StringIO()
    csv.writer(text).writerows([header, *rows, *rows, *rows])
    datasets, offline = MemoryDatasetStore(USE_CASE), MemoryOfflineStore(USE_CASE)
    version = datasets.load("here", CsvContent(BytesIO(text.getvalue().encode()), USE_CASE), 0).version
    Featurizing(USE_CASE, datasets, offline, MemoryOnlineStore(USE_CASE)).whole(version)

    parts = divide(USE_CASE, offline.read(version, USE_CASE.schema_hash))
    content = [{row_id.partition(".")[0] for row_id in part.ids} for part in (parts.training, parts.holdout)]
    assert content[0].isdisjoint(content[1])
    assert len(parts.everyone) == 240
    assert len(parts.holdout) == pytest.approx(48, abs=3)


def test_other_words_of_the_label_are_another_table_and_the_same_features() -> None:
    turned = replace(USE_CASE, label=replace(USE_CASE.label, values=("yes", "no")))

    assert turned.schema_hash == USE_CASE.schema_hash
    assert turned.table_hash != USE_CASE.table_hash
