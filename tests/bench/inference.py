"""The prediction API beside the original design (Flask, pandas, a pickled forest, gunicorn) and a FastAPI hello world.

All sides see the same machine in the same run, taking turns where they can; every server is this run's own.
"""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import boto3

from bench.baseline import model as original
from bench.baseline import wide
from bench.deployed import Function
from bench.executor import ENVIRONMENTS, free_port, process_executor, running
from bench.plot import plot
from embedded_cloud import processes, valkey
from mlops.data.cells import read_label, reader
from mlops.model.estimator import fit
from mlops.model.portable import dump
from mlops.model.training_set import TrainingSet, training_set
from mlops.registry.versions import CARD, MODEL, Registry
from mlops.stores.s3 import S3ObjectStore
from mlops.use_case import Row as TableRow
from mlops.use_case import UseCase
from mlops_cloud import build
from titanic import USE_CASE

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
LIST = ROOT / "data" / "titanic.csv"
COLD = int(os.environ.get("COLD", "10"))
WARM = int(os.environ.get("WARM", "1000"))
SECONDS = float(os.environ.get("SECONDS_OF_LOAD", "8"))
ROUNDS = 9
SIZES = (1, 3, 10, 30, 100, 300, 1000)
BUCKET, WIDE_BUCKET = "bench-models", "bench-wide-models"
PLOT = ROOT / "docs" / "batch.svg"
Row = dict[str, Any]
# Lambda sets these itself and takes none of them.
LAMBDAS_OWN = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"}
BASELINE = ("fastapi", "mangum", "pandas", "scikit-learn")


def rows() -> list[Row]:
    """The comparisons; a cold start is from the invocation to the answer, a warm call from event to answer."""
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis_url = stack.enter_context(redis(work / "valkey"))
        endpoint = stack.enter_context(process_executor(work))
        os.environ.update(settings := environment(endpoint, redis_url))
        publish_champion()
        publish(wide.USE_CASE, WIDE_BUCKET, [(number % 2, wide.row(number)) for number in range(900)])
        artifacts = built(work)
        events = sample_events(work)
        profile(artifacts["inference"])
        return [
            *through_lambda(endpoint, settings, artifacts, json.loads(events[1].read_text())),
            *in_handlers(settings, artifacts, events),
            *servers(work, settings),
        ]


def through_lambda(endpoint: str, settings: dict[str, str], artifacts: dict[str, Path], event: Any) -> list[Row]:
    """Each side's environments are started in turns; then the warm ones are asked through API Gateway."""
    settings = {name: value for name, value in settings.items() if name not in LAMBDAS_OWN}
    wide_settings = {**settings, "USE_CASE": "wide", "MODELS_BUCKET": WIDE_BUCKET}
    wide_event = {**event, "body": json.dumps(wide.row(7))}
    functions = {
        name: Function(
            endpoint,
            name,
            folder,
            wide_settings if name == "wide" else settings,
            wide_event if name == "wide" else event,
        )
        for name, folder in artifacts.items()
    }
    cold = taking_turns(COLD, 1, {name: function.cold for name, function in functions.items()})
    for name in ("inference", "hello"):
        functions[name].publish()
    warm = taking_turns(
        WARM // 4, 20, {name: lambda _, f=functions[name]: f.request() for name in ("inference", "hello")}
    )
    spread = {name: f"{min(taken):.0f} to {max(taken):.0f} ms" for name, taken in cold.items()}
    print(f"  cold starts, {COLD} each: {spread}")
    ours, hello, pandas, columns60 = (median(cold[name]) for name in ("inference", "hello", "pandas", "wide"))
    return [
        row("cold start to the first answer", ours, "ms", "FastAPI, pandas, scikit-learn, pickle", pandas, most=0.4),
        row("cold start to the first answer", ours, "ms", "FastAPI hello world", hello, most=1.7),
        row("cold start of 60 columns", columns60, "ms", "Titanic's 10", ours, most=1.3),
        row("warm, API Gateway, p50", median(warm["inference"]), "ms", "hello world", median(warm["hello"]), most=1.5),
    ]


def taking_turns(repeats: int, unheard: int, sides: dict[str, Any]) -> dict[str, list[float]]:
    """The measurements of each side, the first few rounds left out."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(repeats + unheard):
        for name, measure in sides.items():
            figure = measure(number)
            if number >= unheard:
                taken[name].append(figure)
    return taken


def in_handlers(settings: dict[str, str], artifacts: dict[str, Path], events: dict[int, Path]) -> list[Row]:
    """Warm calls in a process that does nothing else; what a batch costs goes into a plot."""
    lambda_python = ENVIRONMENTS / "lambda/bin/python"
    files = list(events.values())
    ours = timed_in_handler(lambda_python, artifacts["inference"], "handler", settings, files)
    theirs = timed_in_handler(Path(sys.executable), HERE / "baseline", "app", settings, files[:1])[0]
    hello = timed_in_handler(lambda_python, artifacts["hello"], "handler", settings, files[:1])[0]
    parsing = timed_in_handler(lambda_python, artifacts["hello"], "parsing_handler", settings, files[-1:])[0]
    each = {size: milliseconds / size for size, milliseconds in zip(events, ours, strict=True)}
    plot(PLOT, "Milliseconds a passenger, by passengers in a request", each)
    return [
        row("warm /predict in the handler, p50", ours[0], "ms", "hello world", hello, most=4),
        row("original design's /predict in the handler, p50", theirs, "ms", "ours", ours[0], least=8),
        row("batch of 1,000 in the handler, p50", ours[-1], "ms", "parsing it alone", parsing, most=25),
        row("a passenger of 1,000", each[1000], "ms", "of 100", each[100], most=1),
        row("a passenger of 100", each[100], "ms", "of 10", each[10], most=1),
    ]


def servers(work: Path, settings: dict[str, str]) -> list[Row]:
    """One worker each: as many requests as it can answer, then the latencies at 70 % of that, ours and hello world's.

    Of several rounds at 70 %, taken in turns, the middle one counts: whatever else the machine does for a moment is in
    the tail of one.
    """
    python, variables = [sys.executable, "-m"], {**settings, "PATH": os.defpath, "PYTHONPATH": str(ROOT / "functions")}
    port, second, other = free_port(), free_port(), free_port()
    uvicorn = [*python, "uvicorn", "server:app", "--no-access-log", "--app-dir", str(ROOT / "functions/inference")]
    hello = [*python, "uvicorn", "hello_handler:app", "--no-access-log", "--app-dir", str(HERE / "baseline")]
    gunicorn = [*python, "gunicorn", "app:app", "--workers", "1", "--chdir", str(HERE / "baseline")]
    with (
        running([*uvicorn, "--port", str(port)], variables, work / "uvicorn.log", lambda: listening(port)),
        running([*hello, "--port", str(second)], variables, work / "hello.log", lambda: listening(second)),
    ):
        ours, least = load(work, port, SECONDS), load(work, second, SECONDS)
        at_load = {each: full["answers"] / full["seconds"] * 0.7 for each, full in ((port, ours), (second, least))}
        turns = [[load(work, each, SECONDS, rate)["ms"] for each, rate in at_load.items()] for _ in range(ROUNDS)]
        rounds, of_hello = zip(*turns, strict=True)
    with running([*gunicorn, "--bind", f"127.0.0.1:{other}"], variables, work / "log", lambda: listening(other)):
        theirs = load(work, other, SECONDS)
    tail, least_tail = middle_tail("ours", rounds), middle_tail("hello world", of_hello)
    rates = [each["answers"] / each["seconds"] for each in (ours, theirs)]
    return [
        row("uvicorn, one worker", rates[0], "requests/s", "original design, gunicorn", rates[1], least=10),
        row("p99 at 70 % load", tail, "× p50", "hello world", least_tail, most=2),
    ]


def middle_tail(name: str, rounds: Sequence[list[float]]) -> float:
    """p99 by p50 of the middle round."""
    tails = sorted(quantiles(taken, n=100)[-1] / median(taken) for taken in rounds)
    print(f"  {name} at 70 % load, each round's p99 by p50: {', '.join(f'{each:.1f}' for each in tails)}")
    return tails[len(tails) // 2]


def load(work: Path, port: int, seconds: float, rate: float = 0) -> Any:
    """What the load generator reports."""
    command = [
        sys.executable,
        HERE / "load.py",
        f"http://127.0.0.1:{port}/predict",
        work / "row.json",
        str(seconds),
        "8",
    ]
    done = subprocess.run([*command, str(rate)], capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def timed_in_handler(
    python: Path, folder: Path, module: str, settings: dict[str, str], files: list[Path]
) -> list[float]:
    variables = {**settings, "PYTHONPATH": str(folder)}
    command = [python, HERE / "in_handler.py", module, str(WARM), *files]
    done = subprocess.run(command, env=variables, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def built(work: Path) -> dict[str, Path]:
    """The artifacts of all sides, all compiled; the baseline's libraries of the versions that the tests use."""
    artifact = build.build(ROOT, ROOT / ".local/build", ENVIRONMENTS, work / "build.log") / "InferenceFunction"
    found = {"inference": artifact, "wide": work / "wide", "hello": work / "hello", "pandas": work / "pandas"}
    shutil.copytree(artifact, found["wide"])
    shutil.copy2(HERE / "baseline/wide.py", found["wide"])
    uv = [str(ENVIRONMENTS / "uv/bin/uv"), "pip", "install", "--quiet", "--python", str(ENVIRONMENTS / "lambda")]
    pins = ["--constraint", str(ROOT / "requirements/dev.txt")]
    python = ENVIRONMENTS / "lambda/bin/python"
    for name, libraries in (("hello", BASELINE[:2]), ("pandas", BASELINE)):
        target = found[name]
        subprocess.run([*uv, *pins, "--target", str(target), *libraries], check=True)
        for tests in [*target.rglob("tests")]:
            if tests.parts[-3:] != ("numpy", "_core", "tests"):
                shutil.rmtree(tests, ignore_errors=True)
        # With its sources beside the bytecode, the original design is larger than Lambda takes.
        subprocess.run([python, "-m", "compileall", "-qb", "--invalidation-mode", "unchecked-hash", target], check=True)
        for source in target.rglob("*.py"):
            source.unlink()
        shutil.copy2(HERE / f"baseline/{name}_handler.py", target / "handler.py")
    shutil.copy2(HERE / "baseline/parsing_handler.py", found["hello"])
    compiled = [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", found["wide"] / "wide.py"]
    subprocess.run(compiled, check=True)
    shutil.copy2(HERE / "baseline/model.py", found["pandas"])
    original.train(LIST, original.FILE)
    shutil.copy2(original.FILE, found["pandas"])
    return found


def profile(artifact: Path) -> None:
    """Print what the cold start imports, the dearest packages first."""
    command = [ENVIRONMENTS / "lambda/bin/python", "-X", "importtime", "-BPc", "import handler"]
    done = subprocess.run(command, env={"PYTHONPATH": str(artifact)}, cwd="/", capture_output=True, text=True)
    own: dict[str, float] = {}
    for line in done.stderr.splitlines()[1:]:
        spent, _, name = line.removeprefix("import time:").split("|")
        package = name.strip().partition(".")[0]
        own[package] = own.get(package, 0) + int(spent) / 1000
    dearest = sorted(own.items(), key=lambda each: -each[1])[:12]
    print(f"  import profile, {sum(own.values()):.0f} ms: " + ", ".join(f"{name} {ms:.0f}" for name, ms in dearest))


def sample_events(work: Path) -> dict[int, Path]:
    """API Gateway's events by number of passengers; the first one's body is also a file."""
    bodies = [dict(row) for _, row in passengers()] * 2
    (work / "row.json").write_text(json.dumps(bodies[1]))
    event = json.loads((ROOT / "functions/inference/events/http.json").read_text())
    found = {}
    for size in SIZES:
        path, body = ("/predict", bodies[1]) if size == 1 else ("/predict/batch", {"passengers": bodies[:size]})
        about = {"path": path, "requestContext": {**event["requestContext"], "path": f"/live{path}"}}
        found[size] = work / f"{size}.json"
        found[size].write_text(json.dumps({**event, **about, "body": json.dumps(body)}))
    return found


def passengers() -> list[tuple[int, TableRow]]:
    """The list's labels and rows."""
    readers = {column.name: reader(column) for column in USE_CASE.kept}
    with LIST.open(newline="") as file:
        return [
            (read_label(USE_CASE.label, each["Survived"]), {name: read(each[name]) for name, read in readers.items()})
            for each in csv.DictReader(file)
        ]


def publish_champion() -> None:
    """A forest of the size that training publishes, on the whole list."""
    publish(USE_CASE, BUCKET, passengers())


def publish(case: UseCase, bucket: str, rows: Iterable[tuple[int, TableRow]]) -> None:
    """A champion of some labelled rows, in a bucket of its own."""
    model, _ = fit(case, {"max_depth": 6, "min_samples_leaf": 2}, learnt(case, rows))
    boto3.client("s3").create_bucket(Bucket=bucket)
    registry = Registry(S3ObjectStore(), bucket, case)
    registry.set_champion(registry.publish({MODEL: dump(model, case), CARD: b"{}"}), "bench", None)


def learnt(case: UseCase, rows: Iterable[tuple[int, TableRow]]) -> TrainingSet:
    derived = ((str(number), label, case.derive(row)) for number, (label, row) in enumerate(rows))
    names = [feature.name for feature in case.features]
    return training_set(case.features, ((id_, label, [row[name] for name in names]) for id_, label, row in derived))


def environment(endpoint: str, redis_url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "MODELS_BUCKET": BUCKET,
        "REDIS_URL": redis_url,
    }


@contextmanager
def redis(state: Path) -> Iterator[str]:
    port = free_port()
    processes.start(state, valkey.service(state / "data", port, "bench"), state / "log")
    yield valkey.url(port, "bench")
    processes.stop(state, "valkey")


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def row(name: str, figure: float, unit: str, against: str, other: float, *, least: float = 0, most: float = 0) -> Row:
    """One line of the table; `least` or `most` is the bar for the ratio."""
    ratio = figure / other
    return {
        "name": f"inference: {name}",
        "figure": round(figure, 4),
        "unit": unit,
        "against": against,
        "against_figure": round(other, 4),
        "ratio": round(ratio, 3),
        "bar": least or most,
        "holds": ratio >= least if least else ratio <= most,
    }
