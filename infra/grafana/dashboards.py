"""The dashboards as code: `python dashboards.py` writes dashboards/*.json, which Grafana is provisioned with.

With `--check` it only says whether they are what it would write. Every panel has a unit, a legend, thresholds and a
sentence of help; tests run every query on a Prometheus that scrapes a live system.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Lines
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = DataSourceRef("prometheus", "prometheus")
SPAN = "[$__rate_interval]"  # Grafana's: long enough for four scrapes at any zoom
Queries = Mapping[str, str]  # PromQL by legend
GREEN, YELLOW, RED = "green", "yellow", "red"


def levels(*steps: tuple[float, str]) -> ThresholdsConfig:
    """Green up to the first step."""
    all_steps = [Threshold(None, GREEN), *(Threshold(value, color) for value, color in steps)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(all_steps)


def _with_queries(panel: Lines | Stat, title: str, queries: Queries, unit: str, help_: str) -> None:
    panel.title(title).description(help_).unit(unit).datasource(SOURCE)
    for place, (legend, expression) in enumerate(queries.items()):
        query = Dataquery().ref_id(chr(ord("A") + place)).datasource(SOURCE)
        panel.with_target(query.expr(expression).legend_format(legend))


def lines(title: str, queries: Queries, unit: str, help_: str, *steps: tuple[float, str]) -> Lines:
    """Over time."""
    panel = Lines().span(12).height(8).min(0).fill_opacity(10).thresholds(levels(*steps))
    _with_queries(panel, title, queries, unit, help_)
    legend = VizLegendOptions().show_legend(True)
    panel.legend(legend.display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM))
    return panel.tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI))


def stat(title: str, queries: Queries, unit: str, help_: str, *steps: tuple[float, str]) -> Stat:
    """The latest value."""
    panel = Stat().span(6).height(4).thresholds(levels(*steps))
    _with_queries(panel, title, queries, unit, help_)
    return panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))


def dashboard(uid: str, title: str, about: str, panels: Sequence[Lines | Stat]) -> Dashboard:
    made = Dashboard(title).uid(uid).description(about).tags(["titanic"]).readonly().refresh("30s")
    made.time("now-6h", "now").timezone("browser")
    for panel in panels:
        made.with_panel(panel)
    return made


def service() -> Dashboard:
    errors = 'sum(rate(titanic_requests_total{status=~"5.."}' + SPAN + ")) or vector(0)"
    latency = (
        "histogram_quantile({}, sum by (le) (rate(titanic_request_seconds_bucket{{route=~'/predict.*'}}" + SPAN + ")))"
    )
    return dashboard(
        "titanic-service",
        "Titanic · Service",
        "What callers see: how many requests, how fast, how many fail. Totals of all instances.",
        [
            stat(
                "Totals are known",
                {"known": "titanic_totals_up"},
                "bool_yes_no",
                "No while Redis is away: predictions go on, but nothing here is current.",
            ),
            stat(
                "Requests",
                {"requests": f"sum(rate(titanic_requests_total{SPAN}))"},
                "reqps",
                "All requests, Prometheus' own scrapes among them.",
            ),
            stat(
                "Failing by our fault",
                {"share": f"({errors}) / sum(rate(titanic_requests_total{SPAN}))"},
                "percentunit",
                "Answers of 500 and above; the objective is 0.5 % over a month.",
                *((0.005, YELLOW), (0.05, RED)),
            ),
            stat(
                "Slower than 250 ms",
                {"share": "titanic:slow:ratio_rate5m"},
                "percentunit",
                "Share of predictions over five minutes; the objective is 1 % over a month.",
                *((0.01, YELLOW), (0.1, RED)),
            ),
            lines(
                "Requests by route",
                {"{{route}}": "titanic:requests:rate5m"},
                "reqps",
                "Paths that match no route count as unmatched.",
            ),
            lines(
                "Answers by status",
                {"{{status}}": f"sum by (status) (rate(titanic_requests_total{SPAN}))"},
                "reqps",
                "4xx are the caller's doing, 5xx ours.",
            ),
            lines(
                "How long a prediction takes",
                {name: latency.format(share) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))},
                "s",
                "From request to answer inside the function: the gateway and the network come on top.",
                *((0.25, YELLOW), (1.0, RED)),
            ),
            lines(
                "Errors by type",
                {"{{error}} {{route}}": f"sum by (route, error) (rate(titanic_errors_total{SPAN}))"},
                "reqps",
                "The class of the error that ended a request; the function's log has each.",
            ),
            lines(
                "Passengers predicted",
                {"survived {{survived}}": f"sum by (survived) (rate(titanic_predictions_total{SPAN}))"},
                "cps",
                "By what was predicted: 1 survived, 0 did not.",
            ),
            lines(
                "Passengers in a batch",
                {"p50": f"histogram_quantile(0.5, sum by (le) (rate(titanic_batch_passengers_bucket{SPAN})))"},
                "short",
                "The median batch; a large one is cheaper by the passenger.",
            ),
            lines(
                "Cold starts",
                {"a minute": f"60 * sum(rate(titanic_cold_starts_total{SPAN}))"},
                "short",
                "First answers of new execution environments; many mean bursts, or environments that die.",
            ),
            lines(
                "Answers without a store",
                {"without any": f"sum(rate(titanic_degraded_total{SPAN})) or vector(0)"},
                "reqps",
                "Given while the registry or the prediction log was away; those of the log come back with make replay.",
                (0.001, RED),
            ),
        ],
    )


def model() -> Dashboard:
    return dashboard(
        "titanic-model",
        "Titanic · Model",
        "Who is champion, how old, and how right: when it was judged and since.",
        [
            stat(
                "Champion",
                {"{{model_version}}": "titanic_model_info"},
                "none",
                "The version that answered the last scrape.",
            ).text_mode("name"),
            stat(
                "Age",
                {"age": "time() - titanic_model_published_timestamp_seconds"},
                "s",
                "Since it was first published.",
                (90 * 86400, YELLOW),
            ),
            stat(
                "Accuracy when judged",
                {"holdout": 'titanic_model_accuracy{sample="holdout"}'},
                "percentunit",
                "On the held-out passengers, whom it has never seen.",
            ),
            stat(
                "Fates known",
                {"predictions": "titanic_labelled_predictions"},
                "short",
                "Its predictions whose outcome came back by feedback or label file, of the last thousand.",
            ),
            lines(
                "Accuracy",
                {"{{sample}}": "titanic_model_accuracy"},
                "percentunit",
                "Held out: when it was judged. Live: of predictions whose outcome is known since.",
            ),
            lines(
                "Predictions by model",
                {"{{model_version}}": f"sum by (model_version) (rate(titanic_predictions_total{SPAN}))"},
                "cps",
                "Two at once for some seconds around a promotion.",
            ),
            lines(
                "Share of survivors",
                {
                    "predicted": f'sum(rate(titanic_predictions_total{{survived="1"}}{SPAN}))'
                    f" / sum(rate(titanic_predictions_total{SPAN}))"
                },
                "percentunit",
                "On the list it was 38 %.",
            ),
            lines(
                "Scores",
                {"up to {{le}}": f"sum by (le) (rate(titanic_score_bucket{SPAN}))"},
                "cps",
                "Passengers by P(survived), each line with all below it: lines that move apart are scores that move.",
            ),
        ],
    )


def drift() -> Dashboard:
    return dashboard(
        "titanic-drift",
        "Titanic · Drift",
        "What serving sees against what the champion was trained on, over windows of the latest predictions.",
        [
            stat(
                "Drift",
                {"drift": "titanic_drift"},
                "bool_yes_no",
                "Whether a feature, the score or the accuracy of the last window drifts.",
                (1, RED),
            ),
            stat(
                "Windows in a row",
                {"windows": "titanic_drift_sustained_windows"},
                "short",
                "From two on the pipeline is started, once enough fates are known.",
                *((1, YELLOW), (2, RED)),
            ),
            stat(
                "Predictions in the window",
                {"predictions": "titanic_drift_window"},
                "short",
                "Below 200 no verdict is given.",
            ),
            stat(
                "Measured",
                {"ago": 'time() - titanic_measured_timestamp_seconds{task="drift"}'},
                "s",
                "How long ago; monitoring measures every hour.",
                (7200, RED),
            ),
            lines(
                "Population stability index",
                {"{{feature}}": "titanic_drift_psi"},
                "short",
                "How large a shift is: below 0.1 stable, above 0.25 a shift.",
                *((0.1, YELLOW), (0.25, RED)),
            ),
            lines(
                "Adjusted p-value",
                {"{{feature}}": "titanic_drift_adjusted_p"},
                "short",
                "Whether it can be chance: at most 0.01 is none, all features taken together (Holm).",
            ),
        ],
    )


def pipeline() -> Dashboard:
    ended = "sum by (step) (increase(titanic_pipeline_steps_total[1h]))"
    seconds = f"sum by (step) (increase(titanic_pipeline_step_seconds_total[1h])) / {ended}"
    return dashboard(
        "titanic-pipeline",
        "Titanic · Pipeline",
        "From a list to a champion: runs, their steps, and what started nothing.",
        [
            stat(
                "Runs that succeeded",
                {"runs": 'sum(titanic_pipeline_runs_total{status="succeeded"})'},
                "short",
                "Since counting began.",
            ),
            stat(
                "Runs that did not",
                {"runs": 'sum(titanic_pipeline_runs_total{status!="succeeded"})'},
                "short",
                "Failed, timed out or aborted, since counting began; a refused file is one of them.",
                (1, YELLOW),
            ),
            stat(
                "Dead letters",
                {"{{queue}}": "titanic_dead_letters"},
                "short",
                "Events that started nothing and wait to be replayed.",
                (1, RED),
            ),
            stat(
                "Watched",
                {"ago": 'time() - titanic_measured_timestamp_seconds{task="runs"}'},
                "s",
                "How long ago monitoring looked at runs; it does every minute.",
                (600, RED),
            ),
            lines(
                "Runs within an hour",
                {"{{status}}": "sum by (status) (increase(titanic_pipeline_runs_total[1h]))"},
                "short",
                "By how they ended.",
            ),
            lines("How long a step takes", {"{{step}}": seconds}, "s", "The mean of the last hour's."),
            lines(
                "Steps that failed within an hour",
                {"{{step}}": 'sum by (step) (increase(titanic_pipeline_steps_total{status="failed"}[1h]))'},
                "short",
                "Retries that helped are not among them.",
                (1, RED),
            ),
        ],
    )


def cost() -> Dashboard:
    return dashboard(
        "titanic-cost",
        "Titanic · Cost",
        "What Lambda bills for, by its own reports: an estimate at list price, without free tier and discounts.",
        [
            stat(
                "So far",
                {"dollars": "sum(titanic_lambda_cost_dollars_total)"},
                "currencyUSD",
                "All functions since counting began. On a laptop: what AWS would have asked for the same work.",
            ),
            stat(
                "A thousand predictions",
                {
                    "dollars": '1000 * sum(titanic_lambda_cost_dollars_total{function="inference"})'
                    " / sum(titanic_predictions_total)"
                },
                "currencyUSD",
                "The inference function's cost over the passengers it predicted.",
            ),
            stat(
                "GB-seconds",
                {"GB-seconds": "sum(titanic_lambda_gb_seconds_total)"},
                "short",
                "Memory times billed duration, initialisations included.",
            ),
            stat(
                "An initialisation takes",
                {
                    "seconds": 'sum(titanic_lambda_init_seconds_total{function="inference"})'
                    ' / sum(titanic_lambda_inits_total{function="inference"})'
                },
                "s",
                "The inference function's, on average.",
                (1.0, YELLOW),
            ),
            lines(
                "GB-seconds a second",
                {"{{function}}": f"sum by (function) (rate(titanic_lambda_gb_seconds_total{SPAN}))"},
                "short",
                "By function: how many gigabytes are rented at any moment, on average.",
            ),
            lines(
                "Invocations",
                {"{{function}}": f"sum by (function) (rate(titanic_lambda_invocations_total{SPAN}))"},
                "ops",
                "By function; inference answers one request each.",
            ),
            lines(
                "Dollars a day",
                {"{{function}}": f"86400 * sum by (function) (rate(titanic_lambda_cost_dollars_total{SPAN}))"},
                "currencyUSD",
                "If it went on like this.",
            ),
            lines(
                "Invocations that Lambda had to end",
                {"ended": f"sum(rate(titanic_lambda_failures_total{SPAN})) or vector(0)"},
                "ops",
                "Timeouts and crashes, memory that ran out among them.",
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
