"""One event through every door of every cloud that is up; writes docs/parity.md.

Ends with 1 where a prediction differs, and with 2 where no cloud is up.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from embedded_cloud import compose
from parity import doors, report
from parity.doors import CHECKOUT, Outputs, Sam
from parity.report import Passage

PAGE = CHECKOUT / "docs" / "parity.md"
EVENTS_FOLDER = "../functions/inference/events"
EVENTS = ("row.json", "rows.json")
# For each function an event that stands for its work, and is harmless to repeat.
FUNCTIONS = {
    "IngestionFunction": "ingestion/events/file.json",
    "FeaturesFunction": "features/events/dataset.json",
    "TrainingFunction": "training/events/evaluate.json",
    "InferenceFunction": "inference/events/row.json",
    "MonitoringFunction": "monitoring/events/drain.json",
}


def clouds() -> dict[str, Outputs]:
    """The clouds of this machine that are up, by name; where no embedded one is, its command tells Compose's."""
    asked = subprocess.run([doors.CLOUD_COMMAND, "outputs"], cwd=CHECKOUT, capture_output=True, text=True)
    known, told = json.loads(asked.stdout or "null"), compose.outputs(CHECKOUT)
    found = {"embedded": known if known != told else None, "compose": told}
    return {name: outputs for name, outputs in found.items() if outputs}


def through_every_door(cloud: str, outputs: Outputs, sam: Sam | None) -> list[Passage]:
    """What each door that is open answers to each event; `sam` is None where no Docker engine is."""
    ways: dict[str, Callable[[Outputs, Mapping[str, Any]], Any]] = {
        "plain handler": doors.plain_handler,
        "Lambda": doors.lambda_invoke,
        "API Gateway": doors.api_gateway,
        "Step Functions": doors.step_functions,
    }
    if sam:
        ways["sam local"] = sam.local("InferenceFunction")
    if address := doors.airflow_of(outputs):
        ways["Airflow"] = partial(doors.airflow, address)
    return [
        report.timed(door, cloud, event, partial(way, outputs, content("inference/events/" + event)))
        for door, way in ways.items()
        for event in EVENTS
    ]


def content(event: str) -> Mapping[str, Any]:
    """An event that is committed."""
    document: Mapping[str, Any] = json.loads((CHECKOUT / "functions" / event).read_text())
    return document


def wall_times(cloud: str, outputs: Outputs) -> str:
    """For each function, `sam local invoke` beside the cloud's own Lambda, cold and warm, in Markdown."""
    rows = ["| function | event | sam local invoke | Lambda, cold | Lambda, warm |", "|---|---|---|---|---|"]
    for function, event in FUNCTIONS.items():
        given = content(event)
        _let_go(outputs, function)
        taken = [
            report.timed(door, cloud, event, ask).seconds
            for door, ask in (
                ("sam", partial(doors.sam_of(cloud).local(function), outputs, given)),
                ("cold", partial(doors.invoke, outputs, function, given)),
                ("warm", partial(doors.invoke, outputs, function, given)),
            )
        ]
        cells = " | ".join(f"{seconds:.2f} s" for seconds in taken)
        rows.append(f"| {function} | [`{Path(event).name}`](../functions/{event}) | {cells} |")
    return "\n".join(rows)


def _let_go(outputs: Outputs, function: str) -> None:
    """Have the next invocation start anew: a changed configuration ends the environments that are warm."""
    functions, name = doors.client(outputs, "lambda"), outputs["functions"][function]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)


def page(passages: list[Passage], times: Mapping[str, str], differences: list[str]) -> str:
    """docs/parity.md."""
    version = ", ".join(dict.fromkeys(f"`{each.answer['model_version']}`" for each in passages))
    verdict = "The same through every door." if not differences else "**Not the same:** " + "; ".join(differences)
    parts = [
        "# One event, every door, every cloud\n",
        f"Made by `make parity` on {datetime.now(UTC):%Y-%m-%d} on the clouds that were up. One row for each door,",
        f"in each cell the probabilities of [`row.json`]({EVENTS_FOLDER}/row.json) and of the two of",
        f"[`rows.json`]({EVENTS_FOLDER}/rows.json), with the wall time of each. Whole answers count,",
        "features and contributions included, the ids of predictions aside.\n",
        f"{verdict} Champion: {version}.\n",
        report.table(passages),
        "\n## `sam local invoke` beside a cloud's own Lambda\n",
        "The same event, the same artifacts, the same stores; wall time of one invocation.\n",
    ]
    for cloud, measured in times.items():
        parts += [f"### {cloud}\n", measured, ""]
    return "\n".join(parts).rstrip() + "\n"


def main() -> int:
    up = clouds()
    if not up:
        print("✗ No cloud is up\n  → make up, or docker compose up --wait", file=sys.stderr)
        return 2
    doors.sam_of(next(iter(up))).build()
    passages = [
        passage for cloud, outputs in up.items() for passage in through_every_door(cloud, outputs, doors.sam_of(cloud))
    ]
    differences = report.differing(passages)
    times = {cloud: wall_times(cloud, outputs) for cloud, outputs in up.items()}
    PAGE.write_text(page(passages, times, differences))
    print(report.table(passages))
    for each in differences:
        print(f"✗ {each}", file=sys.stderr)
    return int(bool(differences))


if __name__ == "__main__":
    sys.exit(main())
