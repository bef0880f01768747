"""One event through every door of every cloud that is up; writes docs/parity.md.

Ends with 1 where a prediction differs or a door fails, and with 2 where no cloud is up.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from mlops_cloud import compose
from parity import doors, report, sam
from parity.doors import CHECKOUT, Event, Outputs
from parity.report import Passage
from parity.sam import Sam

Way = Callable[[Outputs, Event], Any]
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


def ways(outputs: Outputs, sams: Mapping[str, Sam | str]) -> dict[str, Way | str]:
    """Each door of a cloud; of one that is not there, the reason."""
    address = doors.airflow_of(outputs)
    return {
        "plain handler": doors.plain_handler,
        "Lambda": doors.lambda_invoke,
        "API Gateway": doors.api_gateway,
        "Step Functions": doors.step_functions,
        **{door: way if isinstance(way, str) else way.local("InferenceFunction") for door, way in sams.items()},
        "Airflow": partial(doors.airflow, address) if address else "Airflow does not run",
    }


def through(cloud: str, outputs: Outputs, ways: Mapping[str, Way | str]) -> list[Passage]:
    """What each door that is there answers to each event."""
    return [
        report.timed(door, cloud, event, partial(way, outputs, content("inference/events/" + event)))
        for door, way in ways.items()
        if not isinstance(way, str)
        for event in EVENTS
    ]


def content(event: str) -> Mapping[str, Any]:
    """An event that is committed."""
    document: Mapping[str, Any] = json.loads((CHECKOUT / "functions" / event).read_text())
    return document


def wall_times(cloud: str, outputs: Outputs, sams: Mapping[str, Sam | str]) -> str:
    """For each function, `sam local invoke` beside the cloud's own Lambda, cold and warm, in Markdown."""
    names = ["function", "event", *sams, "Lambda, cold", "Lambda, warm"]
    rows = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for function, event in FUNCTIONS.items():
        given = content(event)
        invoke = partial(doors.invoke, outputs, function, given)
        _let_go(outputs, function)
        local = {door: sam if isinstance(sam, str) else sam.local(function) for door, sam in sams.items()}
        asked = [way if isinstance(way, str) else partial(way, outputs, given) for way in local.values()]
        taken = [
            ask if isinstance(ask, str) else f"{report.timed('', cloud, event, ask).seconds:.2f} s"
            for ask in (*asked, invoke, invoke)
        ]
        rows.append(f"| {function} | [`{Path(event).name}`](../functions/{event}) | {' | '.join(taken)} |")
    return "\n".join(rows)


def _let_go(outputs: Outputs, function: str) -> None:
    """Have the next invocation start anew: a changed configuration ends the environments that are warm."""
    functions, name = doors.client(outputs, "lambda"), outputs["functions"][function]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)


def page(table: str, version: str, times: Mapping[str, str], differences: list[str]) -> str:
    """docs/parity.md."""
    verdict = "The same through every door." if not differences else "**Not the same:** " + "; ".join(differences)
    parts = [
        "# One event, every door, every cloud\n",
        f"Made by `make parity` on {datetime.now(UTC):%Y-%m-%d} on the clouds that were up. One row for each door,",
        f"in each cell the probabilities of [`row.json`]({EVENTS_FOLDER}/row.json) and of the two of",
        f"[`rows.json`]({EVENTS_FOLDER}/rows.json), with the wall time of each, or why the door is not there. Whole",
        "answers count, features and contributions included, the ids of predictions aside.\n",
        f"{verdict} Champion: {version}.\n",
        table,
        "\n## `sam local invoke` beside a cloud's own Lambda\n",
        "The same event, the same artifacts, the same stores; wall time of one invocation. For comparison,",
        f"`sam local invoke --help` took {_help_seconds():.2f} s.\n",
    ]
    for cloud, measured in times.items():
        parts += [f"### {cloud}\n", measured, ""]
    return "\n".join(parts).rstrip() + "\n"


def _help_seconds() -> float:
    """SAM's own share of each invocation: median of three."""
    command = [str(CHECKOUT / ".local/envs/sam/bin/sam"), "local", "invoke", "--help"]
    return median(report.timed("", "", "", partial(doors.run, command, {})).seconds for _ in range(3))


def main() -> int:
    up = clouds()
    if not up:
        print("✗ No cloud is up\n  → make up, or docker compose up --wait", file=sys.stderr)
        return 2
    try:
        return _compare(up)
    except RuntimeError as failure:
        print(f"✗ {failure}", file=sys.stderr)
        return 1


def _compare(up: Mapping[str, Outputs]) -> int:
    sams = {cloud: sam.of(cloud) for cloud in up}
    opened = [each for several in sams.values() for each in several.values() if isinstance(each, Sam)]
    try:
        if opened:
            opened[0].build()
        known = {cloud: ways(outputs, sams[cloud]) for cloud, outputs in up.items()}
        passages = [each for cloud, outputs in up.items() for each in through(cloud, outputs, known[cloud])]
        times = {cloud: wall_times(cloud, outputs, sams[cloud]) for cloud, outputs in up.items()}
    finally:
        for each in opened:
            each.close()
    closed = {(door, cloud): way for cloud in up for door, way in known[cloud].items() if isinstance(way, str)}
    differences, table = report.differing(passages), report.table(passages, closed)
    version = ", ".join(dict.fromkeys(f"`{each.answer['model_version']}`" for each in passages))
    PAGE.write_text(page(table, version, times, differences))
    print(table)
    for each in differences:
        print(f"✗ {each}", file=sys.stderr)
    return int(bool(differences))


if __name__ == "__main__":
    sys.exit(main())
