"""What speaks against a dataset that would take the place of the champion's."""

from dataclasses import replace

import pytest

from mlops.data.datasets import DatasetVersion
from mlops.training.succession import Table, objections

IDS = frozenset(map(str, range(891)))
OLD = Table(DatasetVersion("old", "s3://data/raw/list.csv", 891, 0, 100.0, "", ""), IDS, 0.38)


def later(ids: frozenset[str], positive: float = 0.38, loaded_at: float = 200.0) -> Table:
    return Table(replace(OLD.dataset, version="new", rows=len(ids), loaded_at=loaded_at), ids, positive)


def more(count: int) -> frozenset[str]:
    return frozenset(map(str, range(891 + count)))


@pytest.mark.parametrize(
    ("new", "relabelled", "drifted", "named"),
    [
        pytest.param(later(more(100)), 0, {}, set(), id="rows came in"),
        pytest.param(later(more(0)), 17, {"age": 0.2}, set(), id="corrections"),
        pytest.param(later(frozenset(map(str, range(1000, 1900)))), 0, {}, set(), id="others instead"),
        pytest.param(later(more(100), loaded_at=50.0), 0, {}, {"newer data"}, id="loaded before"),
        pytest.param(later(more(0), loaded_at=50.0), 0, {}, {"newer data"}, id="the original again, after others"),
        pytest.param(later(frozenset(map(str, range(880)))), 0, {}, {"no part of older data"}, id="ten rows fewer"),
        pytest.param(
            later(frozenset(map(str, range(300)))), 0, {}, {"no part of older data", "no shrinkage"}, id="a third"
        ),
        pytest.param(
            later(frozenset(map(str, range(500, 1200)))), 0, {}, {"no shrinkage"}, id="fewer, and others among them"
        ),
        pytest.param(later(more(0)), 18, {}, {"same labels"}, id="labels turned round"),
        pytest.param(later(more(100), positive=0.5), 0, {}, {"same classes"}, id="another share of class 1"),
        pytest.param(later(more(100)), 0, {"age": 0.3, "fare": 0.4}, {"same features"}, id="features moved"),
    ],
)
def test_what_a_person_must_confirm(new: Table, relabelled: int, drifted: dict[str, float], named: set[str]) -> None:
    found = dict(objections(new, OLD, relabelled, drifted))

    assert set(found) == named
    assert all(words and "{" not in words for words in found.values())


def test_of_few_rows_another_share_is_chance() -> None:
    few = Table(OLD.dataset, frozenset(map(str, range(40))), 0.4)

    assert "same classes" not in dict(objections(replace(few, positive=0.52), few, 0, {}))
