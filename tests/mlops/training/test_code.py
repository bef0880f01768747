"""The digest of the training code, on a copy that is edited: it covers exactly what training imports."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlops.training.code import code_digest

FUNCTIONS = Path(__file__).parents[3] / "functions"
ROOTS = ("mlops.training.train", "titanic.features", "titanic")
SCRIPT = f"from mlops.training.code import code_digest; print(code_digest(*{ROOTS!r}))"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in ("mlops", "titanic"):
        shutil.copytree(FUNCTIONS / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def digest(folder: Path, interpreter: tuple[str, ...] = ()) -> str:
    """The digest of the code in a folder, by a process that knows no other."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *interpreter, "-c", SCRIPT]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def edited(folder: Path, file: str) -> str:
    """The digest while a file holds one comment more."""
    path = folder / file
    before = path.read_text()
    path.write_text(f"{before}# a comment\n")
    try:
        return digest(folder)
    finally:
        path.write_text(before)


def test_what_trains_changes_it_and_nothing_else_does(copy: Path) -> None:
    before = digest(copy)

    trains = [
        "mlops/training/train.py",
        "mlops/training/parts.py",
        "mlops/model/search.py",
        "mlops/model/estimator.py",
        "mlops/model/holdout.py",
        "mlops/model/__init__.py",
        "mlops/statistics/reference.py",
        "mlops/use_case.py",
        "titanic/__init__.py",
        "titanic/features.py",
        "titanic/encoder.py",
        "titanic/companions.py",
    ]
    assert [file for file in trains if edited(copy, file) == before] == []

    does_not = [
        "mlops/monitoring/drift.py",
        "mlops/monitoring/retraining.py",
        "mlops/monitoring/__init__.py",
        "mlops/serving/predict.py",
        "mlops/training/gate.py",
        "mlops/training/promote.py",
        "mlops/stores/s3.py",
        "mlops/settings.py",
        "mlops/wiring/events.py",
    ]
    assert [file for file in does_not if edited(copy, file) != before] == []
    assert digest(copy) == before


def test_it_is_of_the_code_and_not_of_where_or_how_it_runs(copy: Path) -> None:
    assert digest(copy) == digest(copy, ("-O",)) == code_digest(*ROOTS)


def test_the_encoder_of_ordinary_tables_counts_where_a_use_case_uses_it(copy: Path) -> None:
    file = copy / "mlops/model/table_encoder.py"
    before, text = digest(copy), file.read_text()
    file.write_text(text + "# a comment\n")
    assert digest(copy) == before

    (copy / "titanic/features.py").open("a").write("\n\nfrom mlops.model.table_encoder import TableEncoding  # noqa\n")
    used = digest(copy)
    file.write_text(text)
    assert len({before, used, digest(copy)}) == 3
