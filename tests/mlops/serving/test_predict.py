"""Predictions of any use case: what is answered, what is logged, and what is counted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from fakes.object_store import MemoryObjectStore
from fakes.prediction_history import MemoryPredictionHistory
from fakes.prediction_log import MemoryPredictionLog
from fakes.survey import HEADER, USE_CASE, lines
from mlops.data.cells import read_label, reader
from mlops.model.estimator import fit
from mlops.model.portable import Model, dump
from mlops.model.training_set import training_set
from mlops.registry.versions import MODEL, Registry
from mlops.serving.champion_cache import ChampionCache
from mlops.serving.feedback import give_feedback
from mlops.serving.predict import Predictor, Question
from mlops.use_case import Row

READERS = {column.name: reader(column) for column in USE_CASE.kept}


def row(cells: Sequence[str]) -> Row:
    named = dict(zip(HEADER, cells, strict=True))
    return {name: read(named[name]) for name, read in READERS.items()}


ROWS = [row(cells) for cells in lines(60)[1:]]
LABELS = [read_label(USE_CASE.label, cells[HEADER.index("Answer")]) for cells in lines(60)[1:]]


@pytest.fixture(scope="module")
def model() -> Model:
    rows = ((str(i), LABELS[i], list(USE_CASE.derive(each).values())) for i, each in enumerate(ROWS))
    return fit(USE_CASE, {"max_depth": 4}, training_set(USE_CASE.features, rows))[0]


class Setting:
    """A champion, and the log of its predictions."""

    def __init__(self, model: Model) -> None:
        registry = Registry(MemoryObjectStore(), "models", USE_CASE)
        self.version = registry.publish({MODEL: dump(model, USE_CASE)})
        registry.set_champion(self.version, "the first", None)
        self.log, self.spilled = MemoryPredictionLog(), list[Mapping[str, Any]]()
        self.predictor = Predictor(USE_CASE, ChampionCache(registry.reader), self.log, self.spilled.extend)

    def logged(self) -> list[dict[str, Any]]:
        return self.log.recent(100)[::-1]


@pytest.fixture
def setting(model: Model) -> Setting:
    return Setting(model)


def questions(count: int) -> list[Question]:
    return [Question(USE_CASE.derive(each), each, f"row {number}") for number, each in enumerate(ROWS[:count])]


def test_a_prediction_is_logged_with_its_row_its_id_and_its_label_s_own_key(setting: Setting) -> None:
    answer = setting.predictor.predict(questions(3), explain=True, correlation_id="c")

    assert (answer.model_version, answer.degraded) == (setting.version, False)
    for prediction, entry, asked in zip(answer.predictions, setting.logged(), ROWS, strict=False):
        assert prediction.label == int(prediction.probability > 0.5)
        assert prediction.contributions is not None
        assert sum(prediction.contributions.values()) == pytest.approx(prediction.probability)
        assert set(prediction.contributions) == {"base", *(feature.name for feature in USE_CASE.features)}
        assert (entry["answer"], entry["probability"]) == (prediction.label, prediction.probability)
        assert (entry["inputs"], entry["features"]) == (asked, prediction.features)
        assert (entry["prediction_id"], entry["correlation_id"]) == (prediction.prediction_id, "c")
    assert [entry["row_id"] for entry in setting.logged()] == ["row 0", "row 1", "row 2"]


def test_one_by_one_and_together_are_the_same(setting: Setting) -> None:
    together = setting.predictor.predict(questions(40), explain=False).predictions
    alone = [setting.predictor.predict([each], explain=True).predictions[0] for each in questions(40)]

    assert [each.probability for each in together] == [each.probability for each in alone]
    assert np.mean([each.label == label for each, label in zip(together, LABELS, strict=False)]) > 0.8


def test_what_if_requests_are_neither_logged_nor_counted_as_predictions(setting: Setting) -> None:
    setting.predictor.predict(questions(2), explain=True, observe=lambda: {"request": 1}, what_if=True)

    assert setting.logged() == []
    assert setting.log.totals() == {"request": 1}


def test_with_the_log_away_predictions_are_spilled_and_the_answer_says_so(setting: Setting) -> None:
    setting.log.away = True

    answer = setting.predictor.predict(questions(2), explain=False)
    assert answer.degraded
    assert [each["prediction_id"] for each in setting.spilled] == [each.prediction_id for each in answer.predictions]


def test_feedback_is_told_under_the_label_s_own_key(setting: Setting) -> None:
    (prediction,) = setting.predictor.predict(questions(1), explain=False).predictions

    give_feedback(USE_CASE, setting.log, MemoryPredictionHistory("answer").known, prediction.prediction_id, 1)
    (outcome,) = [each.content for each in setting.log.after("", 10, "outcomes")]
    assert (outcome["prediction_id"], outcome["answer"]) == (prediction.prediction_id, 1)
