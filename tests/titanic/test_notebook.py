"""The notebook runs from its first cell to its last, on the code of today."""

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "notebooks/explore.ipynb"


def test_the_notebook_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(NOTEBOOK.parent)
    names: dict[str, Any] = {}
    cells = [each for each in json.loads(NOTEBOOK.read_text())["cells"] if each["cell_type"] == "code"]
    for place, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"cell {place}", "exec"), names)
    assert names["accuracy"] > names["majority"] + 0.1
    assert "passengers" in capsys.readouterr().out
