"""Totals of many instances, and how Prometheus reads them."""

from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

from titanic import metrics
from titanic.adapters.exposition import render


def samples(totals: dict[str, float] | None) -> dict[tuple[str, ...], float]:
    """What Prometheus reads, by name and label values."""
    families = text_string_to_metric_families(render(totals, "feed").decode())
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_observations_of_several_instances_add_up() -> None:
    totals: Counter[str] = Counter()
    for seconds in (0.0004, 0.001, 0.0011, 9.0):
        totals.update(metrics.request("POST", "/predict", 200, seconds))  # type: ignore[arg-type]
    totals.update(metrics.request("POST", "/predict", 422, 0.3))  # type: ignore[arg-type]
    totals.update(metrics.predictions([1, 0, 0], "feed"))  # type: ignore[arg-type]
    totals.update(metrics.cold_start())  # type: ignore[arg-type]

    read = samples(dict(totals))
    assert read["titanic_requests_total", "POST", "/predict", "200"] == 4
    assert read["titanic_requests_total", "POST", "/predict", "422"] == 1
    assert read["titanic_predictions_total", "feed", "0"] == 2
    assert read["titanic_predictions_total", "feed", "1"] == 1
    assert read["titanic_cold_starts_total",] == 1
    assert read["titanic_totals_up",] == 1
    assert read["titanic_model_info", "feed"] == 1
    assert read["titanic_request_seconds_bucket", "0.001", "/predict"] == 2
    assert read["titanic_request_seconds_bucket", "0.0025", "/predict"] == 3
    assert read["titanic_request_seconds_bucket", "2.5", "/predict"] == 4
    assert read["titanic_request_seconds_bucket", "+Inf", "/predict"] == 5
    assert read["titanic_request_seconds_count", "/predict"] == 5
    assert abs(read["titanic_request_seconds_sum", "/predict"] - 9.3025) < 1e-9


def test_what_is_not_known_is_not_said_to_be_zero() -> None:
    assert samples(None) == {("titanic_totals_up",): 0, ("titanic_model_info", "feed"): 1}
