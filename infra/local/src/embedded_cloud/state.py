"""The one folder that holds everything a cloud remembers, so that deleting it forgets the cloud.

cloud.json        ports
credentials.json  generated passwords
use_case.json     whose cloud this is
release.json      which stack is to serve next, and of which build
deployment.json   which stack serves, and of which build
refusal.json      why the first pipeline run made no champion, if it made none
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

from embedded_cloud import postgres
from embedded_cloud.errors import CloudError
from embedded_cloud.use_case import DEFAULT


@dataclass(frozen=True, slots=True)
class Credentials:
    """Generated once per cloud; never in git. Clouds made before users were kept here have the default use case's."""

    database_password: str
    redis_password: str
    admin_api_key: str
    database_user: str = DEFAULT


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

    def path(self, document: str) -> Path:
        return self.root / f"{document}.json"

    def read(self, document: str) -> dict[str, Any]:
        """A document, empty where it was never written or cannot be read."""
        try:
            content = json.loads(self.path(document).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, document: str, content: dict[str, Any]) -> None:
        """Replace a document in one step; only its owner may read it, since some hold passwords."""
        path = self.path(document)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.touch(mode=0o600)
        with partial.open("w") as file:
            json.dump(content, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    def credentials(self) -> Credentials:
        known = self.read("credentials")
        if not known and self.path("credentials").exists():
            raise CloudError(
                f"{self.path('credentials')} cannot be read, and the stores know no other password",
                "Bring it back from a backup; or delete the state folder, and with it all data",
            )
        if not known:
            database, redis, admin = (secrets.token_urlsafe(24) for _ in range(3))
            known = asdict(Credentials(database, redis, admin, postgres.USER))
            self.write("credentials", known)
        return Credentials(**known)
