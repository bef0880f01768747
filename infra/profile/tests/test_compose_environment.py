"""Compose's .env: what is generated, what is kept."""

import socket

import pytest

from embedded_cloud.errors import CloudError
from mlops_cloud.compose_environment import complete

EXAMPLE = "# Ports\nAPP_PORT=5000\n\nMINIO_ROOT_USER=titanic\nREDIS_PASSWORD=\nAIRFLOW_FERNET_KEY=\nCOMPOSE_PROFILES=\n"


def values(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_secrets_are_generated_each_another() -> None:
    first, second = values(complete(EXAMPLE, "")), values(complete(EXAMPLE, ""))
    assert len(first["REDIS_PASSWORD"]) >= 32
    assert first["REDIS_PASSWORD"] != second["REDIS_PASSWORD"]
    assert len(first["AIRFLOW_FERNET_KEY"]) == 44
    assert (first["MINIO_ROOT_USER"], first["COMPOSE_PROFILES"]) == ("titanic", "")


def test_what_is_known_stays_and_what_is_new_is_added() -> None:
    known = complete(EXAMPLE, "")
    again = complete(EXAMPLE + "GRAFANA_ADMIN_PASSWORD=\n", known + "MINE=1\n")
    assert again.startswith(known)
    assert values(again)["GRAFANA_ADMIN_PASSWORD"]
    assert values(again)["MINE"] == "1"


def test_a_port_that_is_taken_is_another_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        chosen = int(values(complete(f"APP_PORT={taken}\n", ""))["APP_PORT"])
    assert chosen != taken


def test_comments_and_order_are_kept() -> None:
    assert [line.partition("=")[0] for line in complete(EXAMPLE, "").splitlines()] == [
        line.partition("=")[0] for line in EXAMPLE.splitlines()
    ]


def test_a_new_file_is_for_the_use_case_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    example = "COMPOSE_PROJECT_NAME=titanic\nUSE_CASE=titanic\n"
    monkeypatch.setenv("USE_CASE", "churn_2")
    known = complete(example, "")
    assert values(known) == {"COMPOSE_PROJECT_NAME": "churn_2", "USE_CASE": "churn_2"}
    assert complete(example, known) == known
    monkeypatch.setenv("USE_CASE", "penguins")
    with pytest.raises(CloudError, match="for use case churn_2, not penguins"):
        complete(example, known)
