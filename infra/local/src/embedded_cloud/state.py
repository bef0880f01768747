"""The one folder that holds everything a cloud remembers, so that deleting it forgets the cloud.

cloud.json        ports
credentials.json  generated passwords
release.json      which stack is to serve next, and of which build
deployment.json   which stack serves, and of which build
outputs.json      what `outputs` prints
postgres/ valkey/ localstack/ mirror/ logs/
"""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from embedded_cloud.errors import CloudError


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

    @contextmanager
    def locked(self, *more: Path) -> Iterator[None]:
        """Alone at work on a cloud: the kernel drops a lock with the process that holds it, so none is left behind."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        with ExitStack() as locks:
            for file in (*more, self.root / "lock"):
                try:
                    locks.enter_context(filelock.FileLock(file, timeout=0))
                except filelock.Timeout as held:
                    raise CloudError(
                        f"Another `up` or `down` is at work on {file.parent}", "Wait for it to end, then try again"
                    ) from held
            yield

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

    def secret(self, name: str, first: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
        """A credential of this cloud: `first` makes it when it is asked for the first time; never in git."""
        known = self.read("credentials")
        if not known and self.path("credentials").exists():
            raise CloudError(
                f"{self.path('credentials')} cannot be read, and the stores know no other password",
                "Bring it back from a backup; or delete the state folder, and with it all data",
            )
        if name not in known:
            known[name] = first()
            self.write("credentials", known)
        return str(known[name])

    def forget_secret(self, name: str) -> None:
        """Let the next `secret` of this name be another one."""
        self.secret(name)  # which complains where they cannot be read
        self.write("credentials", {each: value for each, value in self.read("credentials").items() if each != name})
