"""What is deployed: each artifact alone, in what the Lambda runtime brings and nothing else."""

import json
import subprocess
from pathlib import Path

import pytest

from embedded_cloud import build

CHECKOUT = Path(__file__).parents[2]
ENVIRONMENTS = CHECKOUT / ".local/envs"
FUNCTIONS = ("Features", "Inference", "Ingestion", "Monitoring", "Training")
UNZIPPED_LIMIT = 262_144_000  # bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = tmp_path_factory.mktemp("build") / "build.log"
    return build.build(CHECKOUT, CHECKOUT / ".local/build", ENVIRONMENTS, log)


def loaded(artifact: Path) -> set[str]:
    """The modules that importing an artifact's handler loads."""
    program = "import handler, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [ENVIRONMENTS / "lambda/bin/python", "-BPc", program],
        cwd="/",
        env={"PYTHONPATH": str(artifact)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_every_function_of_the_template_is_built(built: Path) -> None:
    assert [artifact.name for artifact in build.artifacts(built)] == [f"{name}Function" for name in FUNCTIONS]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_artifact_imports_alone(built: Path, name: str) -> None:
    assert "titanic" in loaded(built / f"{name}Function")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_artifact_fits_lambda(built: Path, name: str) -> None:
    files = [path for path in (built / f"{name}Function").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < UNZIPPED_LIMIT


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_artifact_is_compiled(built: Path, name: str) -> None:
    """Without bytecode that survives zipping, a cold start takes twice as long."""
    sources = [p for p in (built / f"{name}Function/titanic").rglob("*.py") if p.stat().st_size]
    for source in sources:
        (compiled,) = (source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")
        assert compiled.read_bytes()[4] == 0b01, f"{compiled} is checked against its source"


def test_serving_starts_without_what_it_does_not_need(built: Path) -> None:
    heavy = {"pandas", "sklearn", "scipy", "boto3", "botocore.session", "psycopg2", "sqlalchemy", "alembic"}
    later = {"numpy", "redis", "obstore", "prometheus_client", "pydantic.v1"}
    assert not (heavy | later) & loaded(built / "InferenceFunction")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_events_to_try(name: str) -> None:
    events = list((CHECKOUT / "functions" / name.lower() / "events").glob("*.json"))
    assert events
    for event in events:
        assert isinstance(json.loads(event.read_text()), dict)


def test_pins_are_hashed_and_name_no_address() -> None:
    for pins in [*CHECKOUT.glob("requirements/*.txt"), *CHECKOUT.glob("functions/*/requirements.txt")]:
        text = pins.read_text()
        assert "--hash=sha256:" in text, pins
        assert "://" not in text, pins
