"""The dashboards as code: `python dashboards.py` writes dashboards/*.json, which Grafana is provisioned with.

With `--check` it only compares the files with what it would write. Every panel has a unit, a legend, thresholds and a
sentence of help; tests run every query on a Prometheus that scrapes a live system. One use case is shown at a time: the
variable `use_case`, at the top of each dashboard.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Lines
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode, VariableRefresh

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = DataSourceRef("prometheus", "prometheus")
SPAN = "$__rate_interval"  # Grafana's: long enough for four scrapes at any zoom
Queries = Mapping[str, str]  # PromQL by legend
SERVER_ERROR, CLASS_1 = 'status=~"5.."', 'label="1"'
SUCCEEDED, NOT_SUCCEEDED = 'status="succeeded"', 'status!="succeeded"'
DRIFT, RUNS = 'task="drift"', 'task="runs"'
GREEN, YELLOW, RED = "green", "yellow", "red"


def metric(name: str, *matchers: str) -> str:
    """The series of a metric that are of the chosen use case."""
    return name + "{" + ",".join(('use_case="$use_case"', *matchers)) + "}"


def rate(name: str, *matchers: str) -> str:
    """How much a counter grows a second."""
    return f"rate({metric(name, *matchers)}[{SPAN}])"


def levels(*steps: tuple[float, str]) -> ThresholdsConfig:
    """Thresholds: green below the first step."""
    all_steps = [Threshold(None, GREEN), *(Threshold(value, color) for value, color in steps)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(all_steps)


def _with_queries(panel: Lines | Stat, title: str, queries: Queries, unit: str, help_: str) -> None:
    panel.title(title).description(help_).unit(unit).datasource(SOURCE)
    for place, (legend, expression) in enumerate(queries.items()):
        query = Dataquery().ref_id(chr(ord("A") + place)).datasource(SOURCE)
        panel.with_target(query.expr(expression).legend_format(legend))


def lines(title: str, queries: Queries, unit: str, help_: str, *steps: tuple[float, str]) -> Lines:
    """A panel with values over time."""
    panel = Lines().span(12).height(8).min(0).fill_opacity(10).thresholds(levels(*steps))
    _with_queries(panel, title, queries, unit, help_)
    legend = VizLegendOptions().show_legend(True)
    panel.legend(legend.display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM))
    return panel.tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI))


def stat(title: str, queries: Queries, unit: str, help_: str, *steps: tuple[float, str]) -> Stat:
    """A panel with the latest value."""
    panel = Stat().span(6).height(4).thresholds(levels(*steps))
    _with_queries(panel, title, queries, unit, help_)
    return panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))


def dashboard(uid: str, title: str, about: str, panels: Sequence[Lines | Stat]) -> Dashboard:
    """A dashboard with a choice of the use case."""
    made = Dashboard(title).uid(uid).description(about).tags(["mlops"]).readonly().refresh("30s")
    made.time("now-6h", "now").timezone("browser")
    names = QueryVariable("use_case").label("Use case").datasource(SOURCE)
    made.with_variable(
        names.query("label_values(mlops_totals_up, use_case)").refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )
    for panel in panels:
        made.with_panel(panel)
    return made


def service() -> Dashboard:
    errors = f"sum({rate('mlops_requests_total', SERVER_ERROR)}) or vector(0)"
    buckets = rate("mlops_request_seconds_bucket", 'route=~"/predict.*"')
    return dashboard(
        "mlops-service",
        "MLOps · Service",
        "Requests, latency and errors as callers see them. Totals of all instances.",
        [
            stat(
                "Totals are read",
                {"read": metric("mlops_totals_up")},
                "bool_yes_no",
                "No while Redis does not answer: predictions go on, but nothing here is current.",
            ),
            stat(
                "Requests",
                {"requests": f"sum({rate('mlops_requests_total')})"},
                "reqps",
                "All requests, Prometheus' own scrapes among them.",
            ),
            stat(
                "Server errors",
                {"fraction": f"({errors}) / sum({rate('mlops_requests_total')})"},
                "percentunit",
                "Fraction of answers with a status of 500 or above; the objective is 0.5 % over a month.",
                *((0.005, YELLOW), (0.05, RED)),
            ),
            stat(
                "Slower than 250 ms",
                {"fraction": metric("mlops:slow:ratio_rate5m")},
                "percentunit",
                "Fraction of predictions over five minutes; the objective is 1 % over a month.",
                *((0.01, YELLOW), (0.1, RED)),
            ),
            lines(
                "Requests by route",
                {"{{route}}": metric("mlops:requests:rate5m")},
                "reqps",
                "Paths that match no route count as unmatched.",
            ),
            lines(
                "Answers by status",
                {"{{status}}": f"sum by (status) ({rate('mlops_requests_total')})"},
                "reqps",
                "4xx are client errors, 5xx server errors.",
            ),
            lines(
                "Latency of predictions",
                {
                    name: f"histogram_quantile({quantile}, sum by (le) ({buckets}))"
                    for name, quantile in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
                },
                "s",
                "From request to answer inside the function; the gateway and the network are not included.",
                *((0.25, YELLOW), (1.0, RED)),
            ),
            lines(
                "Errors by type",
                {"{{error}} {{route}}": f"sum by (route, error) ({rate('mlops_errors_total')})"},
                "reqps",
                "The class of the error that ended a request; the function's log has each.",
            ),
            lines(
                "Predictions by class",
                {"class {{label}}": f"sum by (label) ({rate('mlops_predictions_total')})"},
                "cps",
                "Rows predicted a second, by the predicted class: 0 or 1.",
            ),
            lines(
                "Rows in a batch",
                {"p50": f"histogram_quantile(0.5, sum by (le) ({rate('mlops_batch_rows_bucket')}))"},
                "short",
                "The median batch; a large batch costs less per row.",
            ),
            lines(
                "Cold starts",
                {"a minute": f"60 * sum({rate('mlops_cold_starts_total')})"},
                "short",
                "First answers of new execution environments; many mean bursts, or environments that crash.",
            ),
            lines(
                "Degraded answers",
                {"degraded": f"sum({rate('mlops_degraded_total')}) or vector(0)"},
                "reqps",
                "Given while the registry or the prediction log did not answer; make replay recovers the log's.",
                (0.001, RED),
            ),
        ],
    )


def model() -> Dashboard:
    ones = f"sum({rate('mlops_predictions_total', CLASS_1)})"
    return dashboard(
        "mlops-model",
        "MLOps · Model",
        "The champion: its version, age and accuracy, on the hold-out and live.",
        [
            stat(
                "Champion",
                {"{{model_version}}": metric("mlops_model_info")},
                "none",
                "The version that answered the last scrape.",
            ).text_mode("name"),
            stat(
                "Age",
                {"age": f"time() - {metric('mlops_model_published_timestamp_seconds')}"},
                "s",
                "Time since the champion was first published.",
                (90 * 86400, YELLOW),
            ),
            stat(
                "Hold-out accuracy",
                {"holdout": metric("mlops_model_accuracy", 'sample="holdout"')},
                "percentunit",
                "On held-out rows, which were not used in training.",
            ),
            stat(
                "Labelled predictions",
                {"predictions": metric("mlops_labelled_predictions")},
                "short",
                "Of the champion's last thousand: those whose label came back by feedback or label file.",
            ),
            lines(
                "Accuracy",
                {"{{sample}}": metric("mlops_model_accuracy")},
                "percentunit",
                "Hold-out: measured when the model was trained. Live: of labelled predictions since.",
            ),
            lines(
                "Predictions by model",
                {"{{model_version}}": f"sum by (model_version) ({rate('mlops_predictions_total')})"},
                "cps",
                "Two at once for some seconds around a promotion.",
            ),
            lines(
                "Predicted class 1",
                {"fraction": f"{ones} / sum({rate('mlops_predictions_total')})"},
                "percentunit",
                "Fraction of rows; compare with training.positive of GET /model.",
            ),
            lines(
                "Scores",
                {"up to {{le}}": f"sum by (le) ({rate('mlops_score_bucket')})"},
                "cps",
                "Rows by predicted probability, cumulative: lines that move apart are scores that move.",
            ),
        ],
    )


def drift() -> Dashboard:
    return dashboard(
        "mlops-drift",
        "MLOps · Drift",
        "Requests compared with the champion's training data, over windows of the latest predictions.",
        [
            stat(
                "Drift",
                {"drift": metric("mlops_drift")},
                "bool_yes_no",
                "Whether a feature, the score or the accuracy of the last window drifts.",
                (1, RED),
            ),
            stat(
                "Windows in a row",
                {"windows": metric("mlops_drift_sustained_windows")},
                "short",
                "From two on the pipeline is started, if enough labels came back.",
                *((1, YELLOW), (2, RED)),
            ),
            stat(
                "Predictions in the window",
                {"predictions": metric("mlops_drift_window")},
                "short",
                "Below 200 there is no verdict.",
            ),
            stat(
                "Last measured",
                {"ago": f"time() - {metric('mlops_measured_timestamp_seconds', DRIFT)}"},
                "s",
                "Time since the last report; monitoring measures every hour.",
                (7200, RED),
            ),
            lines(
                "Population stability index",
                {"{{feature}}": metric("mlops_drift_psi")},
                "short",
                "The size of a shift: below 0.1 stable, above 0.25 a shift.",
                *((0.1, YELLOW), (0.25, RED)),
            ),
            lines(
                "Adjusted p-value",
                {"{{feature}}": metric("mlops_drift_adjusted_p")},
                "short",
                "Whether a shift can be chance: significant at 0.01 or below, adjusted for all features (Holm).",
            ),
        ],
    )


def pipeline() -> Dashboard:
    def within_an_hour(name: str, *matchers: str) -> str:
        return f"increase({metric(name, *matchers)}[1h])"

    ended = f"sum by (step) ({within_an_hour('mlops_pipeline_steps_total')})"
    seconds = f"sum by (step) ({within_an_hour('mlops_pipeline_step_seconds_total')}) / {ended}"
    failed = within_an_hour("mlops_pipeline_steps_total", 'status="failed"')
    return dashboard(
        "mlops-pipeline",
        "MLOps · Pipeline",
        "Pipeline runs from a dataset to a champion, their steps, and the dead-letter queues.",
        [
            stat(
                "Runs that succeeded",
                {"runs": f"sum({metric('mlops_pipeline_runs_total', SUCCEEDED)})"},
                "short",
                "Since counting began.",
            ),
            stat(
                "Runs that did not succeed",
                {"runs": f"sum({metric('mlops_pipeline_runs_total', NOT_SUCCEEDED)})"},
                "short",
                "Failed, timed out or aborted, since counting began; a refused file is one of them.",
                (1, YELLOW),
            ),
            stat(
                "Dead letters",
                {"{{queue}}": metric("mlops_dead_letters")},
                "short",
                "Events in dead-letter queues: they could not be processed and wait for make redrive.",
                (1, RED),
            ),
            stat(
                "Last checked",
                {"ago": f"time() - {metric('mlops_measured_timestamp_seconds', RUNS)}"},
                "s",
                "Time since monitoring last read the runs; it does every minute.",
                (600, RED),
            ),
            lines(
                "Runs within an hour",
                {"{{status}}": f"sum by (status) ({within_an_hour('mlops_pipeline_runs_total')})"},
                "short",
                "By the status they ended with.",
            ),
            lines("Duration of steps", {"{{step}}": seconds}, "s", "Mean of the last hour."),
            lines(
                "Steps that failed within an hour",
                {"{{step}}": f"sum by (step) ({failed})"},
                "short",
                "Without steps that a retry completed.",
                (1, RED),
            ),
        ],
    )


def cost() -> Dashboard:
    inference = 'function="inference"'
    dollars = f"1000 * sum({metric('mlops_lambda_cost_dollars_total', inference)})"
    seconds = f"sum({metric('mlops_lambda_init_seconds_total', inference)})"
    return dashboard(
        "mlops-cost",
        "MLOps · Cost",
        "What Lambda bills, by its own reports: an estimate at list price, without free tier and discounts.",
        [
            stat(
                "So far",
                {"dollars": f"sum({metric('mlops_lambda_cost_dollars_total')})"},
                "currencyUSD",
                "All functions since counting began. On a laptop: what AWS would have charged for the same work.",
            ),
            stat(
                "A thousand predictions",
                {"dollars": f"{dollars} / sum({metric('mlops_predictions_total')})"},
                "currencyUSD",
                "The inference function's cost, divided by the rows that it predicted.",
            ),
            stat(
                "GB-seconds",
                {"GB-seconds": f"sum({metric('mlops_lambda_gb_seconds_total')})"},
                "short",
                "Memory times billed duration, initialisations included.",
            ),
            stat(
                "Initialisation",
                {"seconds": f"{seconds} / sum({metric('mlops_lambda_inits_total', inference)})"},
                "s",
                "Mean duration of the inference function's.",
                (1.0, YELLOW),
            ),
            lines(
                "GB-seconds a second",
                {"{{function}}": f"sum by (function) ({rate('mlops_lambda_gb_seconds_total')})"},
                "short",
                "By function: gigabytes in use on average.",
            ),
            lines(
                "Invocations",
                {"{{function}}": f"sum by (function) ({rate('mlops_lambda_invocations_total')})"},
                "ops",
                "By function; inference answers one request each.",
            ),
            lines(
                "Dollars a day",
                {"{{function}}": f"86400 * sum by (function) ({rate('mlops_lambda_cost_dollars_total')})"},
                "currencyUSD",
                "By function, at the present rate.",
            ),
            lines(
                "Failed invocations",
                {"failed": f"sum({rate('mlops_lambda_failures_total')}) or vector(0)"},
                "ops",
                "Ended by Lambda: timeouts and crashes, out of memory among them.",
                (0.001, RED),
            ),
        ],
    )


def main(check: bool) -> int:
    stale = []
    for make in (service, model, drift, pipeline, cost):
        text = JSONEncoder(sort_keys=True, indent=1).encode(make().build()) + "\n"
        file = FOLDER / f"{make.__name__}.json"
        if not check:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            stale.append(file.name)
    if stale:
        print(f"✗ {', '.join(stale)}: not what dashboards.py makes\n  → make dashboards", file=sys.stderr)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
