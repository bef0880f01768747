"""When Compose's keeper deploys, and when it says that the product answers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from embedded_cloud.state import State
from mlops_cloud import deployer, keeper
from mlops_cloud.external import ExternalCloud

SERVED, AWAY = "http://nowhere", ""


@pytest.mark.parametrize(
    ("ready", "deployed", "answers", "status", "looked"),
    [
        (True, True, True, 0, ("healthy", SERVED, 0, keeper.PAUSE_SECONDS)),
        (True, True, False, 0, ("ill", SERVED, 0, keeper.PAUSE_SECONDS)),  # a store may be away: nothing to deploy
        (True, False, False, 0, ("ill", AWAY, 1, 0)),
        (True, False, False, 1, ("ill", AWAY, 1, keeper.REFUSED_SECONDS)),
        (False, False, False, 0, ("ill", SERVED, 0, keeper.PAUSE_SECONDS)),  # it is starting, or busy
    ],
)
def test_look(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ready: bool,
    deployed: bool,
    answers: bool,
    status: int,
    looked: tuple[str, str, int, float],
) -> None:
    healthy, deployments = tmp_path / "healthy", []
    healthy.touch()
    (tmp_path / "api.conf").write_text(deployer.PROXY.format(SERVED))

    def call(_: str) -> Any:
        if not answers:
            raise OSError("503")
        return {"status": "ok"}

    def deploy(command: list[str], env: Any) -> Any:
        assert env == variables  # of its own, it has forgotten those of other clouds
        deployments.append(command)
        return SimpleNamespace(returncode=status)

    monkeypatch.setattr(keeper, "HEALTHY", healthy)
    monkeypatch.setattr(keeper.deployment, "current", lambda *_: SimpleNamespace(outputs={}) if deployed else None)
    monkeypatch.setattr(keeper.localstack, "is_ready", lambda _: ready)
    monkeypatch.setattr(keeper.project, "api_url", lambda *_: SERVED)
    monkeypatch.setattr(keeper.project, "call", call)
    monkeypatch.setattr(keeper.subprocess, "run", deploy)
    variables = {
        "AWS_ENDPOINT_URL": "http://nowhere",
        "AWS_ENDPOINT_URL_S3": "http://nowhere",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "PROXY_FOLDER": str(tmp_path),
    }
    pause = keeper.look(ExternalCloud(State(tmp_path), tmp_path, variables))
    leads = (tmp_path / "api.conf").read_text().split('"')[1]
    assert ("healthy" if healthy.exists() else "ill", leads, len(deployments), pause) == looked
