"""Compose's .env: what is generated, what is kept."""

import re
import socket
from pathlib import Path

import pytest

from embedded_cloud.errors import CloudError
from mlops_cloud.compose_environment import complete, main

EXAMPLE = "# Ports\nAPP_PORT=5000\n\nMINIO_ROOT_USER=titanic\nREDIS_PASSWORD=\nAIRFLOW_FERNET_KEY=\nCOMPOSE_PROFILES=\n"


def values(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_secrets_are_generated_each_another() -> None:
    first, second = values(complete(EXAMPLE, "", "3f2a91")), values(complete(EXAMPLE, "", "3f2a91"))
    assert len(first["REDIS_PASSWORD"]) >= 32
    assert first["REDIS_PASSWORD"] != second["REDIS_PASSWORD"]
    assert len(first["AIRFLOW_FERNET_KEY"]) == 44
    assert (first["MINIO_ROOT_USER"], first["COMPOSE_PROFILES"]) == ("titanic", "")


def test_what_is_known_stays_and_what_is_new_is_added() -> None:
    known = complete(EXAMPLE, "", "3f2a91")
    again = complete(EXAMPLE + "GRAFANA_ADMIN_PASSWORD=\n", known + "MINE=1\n", "3f2a91")
    assert again.startswith(known)
    assert values(again)["GRAFANA_ADMIN_PASSWORD"]
    assert values(again)["MINE"] == "1"


def test_a_port_that_is_taken_is_another_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        chosen = int(values(complete(f"APP_PORT={taken}\n", "", "3f2a91"))["APP_PORT"])
    assert chosen != taken


def test_comments_and_order_are_kept() -> None:
    assert [line.partition("=")[0] for line in complete(EXAMPLE, "", "3f2a91").splitlines()] == [
        line.partition("=")[0] for line in EXAMPLE.splitlines()
    ]


def test_a_new_file_is_for_the_use_case_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    example = "COMPOSE_PROJECT_NAME=titanic\nUSE_CASE=titanic\n"
    monkeypatch.setenv("USE_CASE", "churn_2")
    known = complete(example, "", "3f2a91")
    assert values(known) == {"COMPOSE_PROJECT_NAME": "churn_2-3f2a91", "USE_CASE": "churn_2"}
    assert complete(example, known, "3f2a91") == known
    monkeypatch.setenv("USE_CASE", "penguins")
    with pytest.raises(CloudError, match="for use case churn_2, not penguins"):
        complete(example, known, "3f2a91")


def test_two_checkouts_are_two_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They share no container, volume or image, whatever their folders are called."""
    names = set()
    for checkout in (tmp_path / "one/titanic", tmp_path / "other/titanic"):
        checkout.mkdir(parents=True)
        (checkout / ".env.example").write_text("COMPOSE_PROJECT_NAME=titanic\n")
        monkeypatch.chdir(checkout)
        monkeypatch.setattr("sys.argv", ["", ".env.example", ".env"])
        for _ in range(2):
            main()
            names.add((checkout / ".env").read_text())
            assert (checkout / ".env").stat().st_mode & 0o777 == 0o600
    assert len(names) == 2
    assert all(re.fullmatch("COMPOSE_PROJECT_NAME=titanic-[0-9a-f]{6}\n", name) for name in names)
