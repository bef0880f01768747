"""What the shell is told for `sam local`."""

from pathlib import Path

import pytest

from embedded_cloud.engine.service import SOCKET
from mlops_cloud import sam_local


def test_the_shell_forgets_this_engine_where_dockers_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outputs = {"endpoint_url": "http://127.0.0.1:4566", "use_case": "titanic"}
    monkeypatch.setenv("DOCKER_HOST", f"unix:///somewhere/{SOCKET}")
    assert "unset DOCKER_HOST" in sam_local.shell(outputs, tmp_path).splitlines()
    assert (
        "export DOCKER_HOST=unix:///here" in sam_local.shell(outputs, tmp_path, docker_host="unix:///here").splitlines()
    )
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2375")
    assert "DOCKER_HOST" not in sam_local.shell(outputs, tmp_path)
