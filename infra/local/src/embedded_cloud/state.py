"""The one folder that holds everything a cloud remembers, so that deleting it forgets the cloud.

cloud.json        ports and generated passwords
deployment.json   which stack serves
outputs.json      what `outputs` prints
airflow.json      Airflow's generated secrets
postgres/ valkey/ localstack/ airflow/ mirror/ logs/
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Credentials:
    """Generated once per cloud; never in git."""

    database_password: str
    redis_password: str
    admin_api_key: str


@dataclass(frozen=True, slots=True)
class State:
    """Paths below the state folder, and the small JSON documents in it."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def mirror(self) -> Path:
        """What LocalStack's buckets hold, on disk: LocalStack itself forgets them when it stops."""
        return self.root / "mirror"

    def read(self, document: str) -> dict[str, Any]:
        """A document, empty where it was never written or was cut short."""
        try:
            content = json.loads((self.root / f"{document}.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, document: str, content: dict[str, Any]) -> None:
        """Replace a document in one step; only its owner may read it, since some hold passwords."""
        path = self.root / f"{document}.json"
        partial = path.with_suffix(f".{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(content, indent=2))
        partial.replace(path)

    def credentials(self) -> Credentials:
        known = self.read("credentials")
        if not known:
            known = asdict(Credentials(*(secrets.token_urlsafe(24) for _ in range(3))))
            self.write("credentials", known)
        return Credentials(**known)
