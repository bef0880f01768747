"""What is deployed: each artifact alone, in what the Lambda runtime brings and nothing else."""

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embedded_cloud import artifacts
from embedded_cloud.errors import CloudError
from mlops.features.stores import FeatureRow
from mlops_cloud import build
from mlops_cloud.use_case import DEFAULT_USE_CASE, UseCase

CHECKOUT = Path(__file__).parents[2]
ENVIRONMENTS = CHECKOUT / ".local/envs"
FUNCTIONS = ("Batch", "Features", "Inference", "Ingestion", "Monitoring", "Training")
MOST_UNZIPPED = 200_000_000  # bytes, bytecode included; Lambda itself takes 262,144,000
SOURCES = ("functions", "examples", "step_functions")
# Everything that training does with numpy, pandas, scipy and scikit-learn, on rows that come in as JSON.
TRAINING = """
import json, pickle, sys
import handler
from mlops.model import cross_validation, evaluation, search
from mlops.model.estimator import fit
from mlops.model.training_set import training_set
from mlops.use_case import load

case = load("titanic")
rows = training_set(case.features, json.load(sys.stdin))
params = search.candidates(case.search, 1)[0] | {"n_estimators": 10}
found, failed = search.evaluate(case, [(0, params)], rows, 2)
assert found and not failed, failed
model, estimator = fit(case, params, rows)
pickle.dumps(estimator)
validation = cross_validation.validate(case, params, rows)
probabilities = validation.scores.by_row.probabilities[0].tolist()
evaluation.curves(rows.labels.tolist(), probabilities)
evaluation.slices(case.slices, rows, probabilities)
print(json.dumps(evaluation.metrics(rows.labels.tolist(), probabilities)))
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = tmp_path_factory.mktemp("build") / "build.log"
    return build.build(CHECKOUT, CHECKOUT / ".local/build", ENVIRONMENTS, log)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what is built from, which a test may change."""
    for name in SOURCES:
        if (CHECKOUT / name).exists():
            shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(CHECKOUT / "template.yaml", tmp_path)
    return tmp_path


def run(artifact: Path, program: str, given: str = "") -> str:
    """What a program prints that has an artifact and what Lambda's runtime brings."""
    done = subprocess.run(
        [ENVIRONMENTS / "lambda/bin/python", "-BPc", program],
        cwd="/",
        env={"PYTHONPATH": str(artifact), "USE_CASE": "titanic"},
        input=given,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded(artifact: Path) -> set[str]:
    """The modules that importing an artifact's handler loads."""
    return set(json.loads(run(artifact, "import handler, json, sys; print(json.dumps(sorted(sys.modules)))")))


def test_every_function_of_the_template_is_built(built: Path) -> None:
    assert [artifact.name for artifact in build.artifacts(built)] == [f"{name}Function" for name in FUNCTIONS]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_artifact_imports_alone(built: Path, name: str) -> None:
    assert "mlops.use_case" in loaded(built / f"{name}Function")
    assert (built / f"{name}Function/titanic/__init__.py").exists()


def test_the_training_artifact_trains_alone(built: Path, feature_rows: list[FeatureRow]) -> None:
    """So that nothing is trimmed away which training needs."""
    rows = [(row.row_id, row.label, list(row.features.values())) for row in feature_rows[:300]]
    metrics = json.loads(run(built / "TrainingFunction", TRAINING, json.dumps(rows)).splitlines()[-1])
    assert metrics["roc_auc"] > 0.7


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_artifact_fits_lambda(built: Path, name: str) -> None:
    files = [path for path in (built / f"{name}Function").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_UNZIPPED


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_artifact_is_compiled(built: Path, name: str) -> None:
    """Without bytecode that survives zipping, a cold start takes twice as long."""
    artifact = built / f"{name}Function"
    sources = [path for path in artifact.rglob("*.py") if path.stat().st_size]
    assert {path.relative_to(artifact).parts[0] for path in sources if len(path.relative_to(artifact).parts) > 1} == {
        "mlops",
        "titanic",
    }
    for source in sources:
        (compiled,) = (source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")
        assert compiled.read_bytes()[4] == 0b01, f"{compiled} is checked against its source"


def test_serving_starts_without_what_it_does_not_need(built: Path) -> None:
    heavy = {"pandas", "sklearn", "scipy", "boto3", "botocore.session", "psycopg2", "sqlalchemy", "alembic"}
    later = {"numpy", "redis", "obstore", "prometheus_client", "pydantic.v1"}
    assert not (heavy | later) & loaded(built / "InferenceFunction")


@pytest.mark.parametrize("name", ["Monitoring", "Features", "Ingestion"])
def test_what_wakes_often_carries_no_data_frames(built: Path, name: str) -> None:
    for package in ("numpy", "pandas", "sklearn"):
        assert not (built / f"{name}Function" / package).exists()


def test_another_use_case_is_no_part_of_a_build(checkout: Path) -> None:
    before = build.digest(checkout, DEFAULT_USE_CASE)
    for folder in ("functions", "examples"):
        other = checkout / folder / "another_one" / "__init__.py"
        other.parent.mkdir(parents=True)
        other.write_text("USE_CASE = None\n")
    assert build.digest(checkout, DEFAULT_USE_CASE) == before
    (checkout / "functions/titanic/features.py").write_text("# changed\n")
    assert build.digest(checkout, DEFAULT_USE_CASE) != before


def test_only_what_changed_is_built_again(built: Path, checkout: Path, tmp_path: Path) -> None:
    """The rest of a release is made of the files of the build before."""
    handler = checkout / "functions/ingestion/handler.py"
    handler.write_text(handler.read_text() + f"\n# changed in {tmp_path}\n")
    again = build.build(checkout, CHECKOUT / ".local/build", ENVIRONMENTS, tmp_path / "build.log")
    files = {name: [folder / f"{name}Function/handler.py" for folder in (built, again)] for name in FUNCTIONS}
    same = {name for name, (before, after) in files.items() if before.samefile(after)}
    assert same == set(FUNCTIONS) - {"Ingestion"}
    assert "changed in" in files["Ingestion"][1].read_text()
    assert "changed in" not in files["Ingestion"][0].read_text()
    before, after = (json.loads((folder / artifacts.DIGESTS).read_text()) for folder in (built, again))
    assert {name for name in before if before[name] != after[name]} == {"IngestionFunction"}
    artifacts.remove(again)


def test_what_two_build_at_once_is_built_by_one(built: Path, checkout: Path, tmp_path: Path) -> None:
    handler = checkout / "functions/features/handler.py"
    handler.write_text(handler.read_text() + f"\n# changed in {tmp_path}\n")
    logs = [tmp_path / "one.log", tmp_path / "other.log"]
    with ThreadPoolExecutor(2) as both:
        found = list(both.map(lambda log: build.build(checkout, built.parent, ENVIRONMENTS, log), logs))
    assert found[0] == found[1]
    assert [log.exists() for log in logs].count(True) == 1
    artifacts.remove(found[0])


def test_an_artifact_is_of_the_use_case_that_is_named(checkout: Path, tmp_path: Path) -> None:
    example = checkout / "examples/another_one"
    example.mkdir(parents=True)
    (example / "__init__.py").write_text("")
    assert build.digest(checkout, UseCase("another_one")) != build.digest(checkout, DEFAULT_USE_CASE)
    made = make(checkout, "another_one", tmp_path / "artifact")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "artifact/another_one/__init__.py").exists()
    assert not (tmp_path / "artifact/titanic").exists()


def test_a_use_case_that_is_not_there_is_named(checkout: Path, tmp_path: Path) -> None:
    refused = make(checkout, "nowhere", tmp_path / "artifact")
    assert refused.returncode
    assert "make new NAME=nowhere" in refused.stderr
    with pytest.raises(CloudError, match="make new NAME=nowhere"):
        build.digest(checkout, UseCase("nowhere"))


def make(checkout: Path, use_case: str, target: Path) -> subprocess.CompletedProcess[str]:
    """What SAM runs for the smallest function."""
    target.mkdir()
    python = ENVIRONMENTS / "lambda/bin/python"
    settings = {
        "PATH": f"{ENVIRONMENTS / 'uv/bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(target.parent),
        "USE_CASE": use_case,
        "PYTHON": str(python),
        "ARTIFACTS_DIR": str(target),
        "ARTIFACT_CACHE": str(CHECKOUT / ".local"),
        "UV_CACHE_DIR": str(target.parent / "uv"),
    }
    command = ["make", "build-FeaturesFunction"]
    return subprocess.run(command, cwd=checkout / "functions", env=settings, capture_output=True, text=True)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_events_to_try(name: str) -> None:
    events = list((CHECKOUT / "functions" / name.lower() / "events").glob("*.json"))
    assert events
    for event in events:
        assert isinstance(json.loads(event.read_text()), dict)


PINS = ("requirements/*.txt", "functions/*/requirements.txt", "infra/local/src/embedded_cloud/requirements/*.txt")


def test_pins_are_hashed_and_name_no_address() -> None:
    for pins in [file for pattern in PINS for file in CHECKOUT.glob(pattern)]:
        text = pins.read_text()
        assert "--hash=sha256:" in text, pins
        assert "://" not in text, pins
