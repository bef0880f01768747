"""Airflow standalone beside the cloud, on demand: all its components in one service, the cloud as its AWS.

Airflow lives in an environment of its own, so nothing of it is imported here. What it keeps (SQLite, logs, the
generated password) is in the state folder; the project's DAGs are read where they are.
"""

import json
import os
import secrets
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded_cloud.ports import HOST
from embedded_cloud.processes import Service
from embedded_cloud.state import State

USER = "admin"
COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")
SECRETS_BACKEND = "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend"
START_TIMEOUT_SECONDS = 180  # the first start makes the metadata database


@dataclass(frozen=True, slots=True)
class Airflow:
    """Where it is installed, what it runs, where it listens, and whom it takes for AWS."""

    state: State
    environment: Path
    launcher: Path
    dags: Path
    port: int
    endpoint_url: str
    region: str
    use_case: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def home(self) -> Path:
        return self.state.root / "airflow"

    def service(self) -> Service:
        """The launcher as a service; nothing of the caller's environment is inherited."""
        self.home.mkdir(parents=True, exist_ok=True)
        State(self.home).write("passwords", {USER: self.password()})
        return Service(
            name="airflow",
            command=[str(self.environment / "bin" / "python"), str(self.launcher)],
            ready=self.is_ready,
            environment=self._settings(),
            timeout_seconds=START_TIMEOUT_SECONDS,
        )

    def is_ready(self) -> bool:
        """Whether every component says that it is well. The DAGs are read a few seconds later."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v2/monitor/health", timeout=5) as response:
                health = json.load(response)
        except (OSError, ValueError):
            return False
        return all(health[component]["status"] == "healthy" for component in COMPONENTS)

    def password(self) -> str:
        """The user's password."""
        return self._secrets()["password"]

    def _secrets(self) -> Mapping[str, str]:
        """Generated once. Airflow would make its own, but at a first start each component another."""
        known = self.state.read("airflow")
        if not known:
            known = {"password": secrets.token_urlsafe(12), "jwt_secret": secrets.token_urlsafe(64)}
            self.state.write("airflow", known)
        return known

    def _settings(self) -> dict[str, str]:
        aws = {"region_name": self.region, "endpoint_url": self.endpoint_url}
        # A function may take 15 minutes to answer, and its invocation must not be repeated by the client.
        long_invocations = {"read_timeout": 900, "tcp_keepalive": True, "retries": {"total_max_attempts": 1}}
        connection: dict[str, Any] = {
            "conn_type": "aws",
            "login": "test",
            "password": "test",
            "extra": {**aws, "config_kwargs": {**long_invocations, "s3": {"addressing_style": "path"}}},
        }
        parameters = {
            **aws,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "connections_prefix": None,
            "config_prefix": None,
            "variables_lookup_pattern": f"^{self.use_case}$",
        }
        return {
            "PATH": f"{self.environment / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "USE_CASE": self.use_case,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
            "AIRFLOW__SECRETS__BACKEND": SECRETS_BACKEND,
            "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(parameters),
            # A busy machine may hold a write for longer than the 5 s after which SQLite gives up.
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}?timeout=60",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API_AUTH__JWT_SECRET": self._secrets()["jwt_secret"],
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
            "AIRFLOW__DAG_PROCESSOR__PRINT_STATS_INTERVAL": "0",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
