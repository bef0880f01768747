"""All containers of an engine; those of a client that has ended, even by SIGKILL, are removed."""

import os
import select
import threading
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from embedded_cloud.engine.container import Container
from embedded_cloud.engine.errors import RefusedError, missing
from embedded_cloud.engine.images import Images


class Containers:
    """By id; clients may shorten an id or say the name."""

    def __init__(self, python: Path, images: Images, scratch: Path) -> None:
        self._python, self._images, self._scratch = python, images, scratch
        self._containers: dict[str, Container] = {}
        self._clients: dict[str, int] = {}
        self._watched: set[int] = set()
        self._change = threading.Lock()

    def create(self, description: Mapping[str, Any], client: int) -> Container:
        """For the process `client`; RefusedError for what cannot run here."""
        runtime = self._images.runtime(description.get("Image") or "")
        container = Container(description, self._python, runtime, self._scratch)
        with self._change:
            self._containers[container.id] = container
            self._clients[container.id] = client
            if client in self._watched:
                return container
            self._watched.add(client)
        threading.Thread(target=self._outlive, args=(client,), daemon=True).start()
        return container

    def get(self, name: str) -> Container:
        for id, container in list(self._containers.items()):
            if id.startswith(name) or container.name == name:
                return container
        raise missing("container", name)

    def all(self) -> list[Container]:
        return list(self._containers.values())

    def remove(self, container: Container, *, force: bool) -> None:
        """RefusedError (409) for one that runs, without `force`."""
        if container.status == "running" and not force:
            raise RefusedError(HTTPStatus.CONFLICT, f"Container {container.id} is running: stop it before removal")
        with self._change:
            self._containers.pop(container.id, None)
            self._clients.pop(container.id, None)
        container.remove()

    def close(self) -> None:
        for container in self.all():
            self.remove(container, force=True)

    def _outlive(self, client: int) -> None:
        with suppress(OSError):  # a kernel without it, or a client of another process namespace
            descriptor = os.pidfd_open(client)
            try:
                select.select([descriptor], [], [])
            finally:
                os.close(descriptor)
            with self._change:
                self._watched.discard(client)
                left = [self._containers[id] for id, owner in self._clients.items() if owner == client]
            for container in left:
                self.remove(container, force=True)
