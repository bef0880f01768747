"""The generator behind `make new` lies in infra/, where only the Makefile looks."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "infra"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """An empty checkout to write use cases into, with this one's rules of format."""
    for folder in ("functions", "examples", "tests", "data", "infra"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return tmp_path


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Writes a CSV."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
