"""PostgreSQL for root: in a user namespace, or as another user where none may be made."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import eventually, free_port

from embedded_cloud import postgres, processes, unprivileged
from embedded_cloud.errors import CloudError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs to be another user")


@pytest.fixture(autouse=True)
def way_found_anew() -> Iterator[None]:
    unprivileged._way.cache_clear()
    yield
    unprivileged._way.cache_clear()


def forbid(monkeypatch: pytest.MonkeyPatch, folder: Path, *programs: str) -> None:
    """Let programs fail as they do where the kernel forbids what they are for."""
    for program in programs:
        (folder / program).write_text("#!/bin/sh\necho Operation not permitted >&2\nexit 1\n")
        (folder / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    unprivileged._way.cache_clear()


def owner(root: Path, port: int) -> int:
    """Start PostgreSQL, stop it, and return whose process and data it was."""
    postgres.initialise(root / "data", "secret")
    processes.start(root, postgres.service(root / "data", port), root / "postgres.log")
    try:
        uid = next(process.uids().real for process in processes.find(root) if process.name() == "postgres")
    finally:
        processes.stop(root, "postgres")
    eventually(lambda: not list(processes.find(root)))
    assert (root / "data").stat().st_uid == uid
    return uid


@pytest.mark.long
def test_the_same_data_is_served_with_and_without_namespaces(tmp_path, monkeypatch):
    root = tmp_path / "cloud"
    root.mkdir(mode=0o700)
    assert owner(root, free_port()) == 0  # as seen from outside of the namespace
    with monkeypatch.context() as patched:
        forbid(patched, tmp_path, "unshare")
        assert owner(root, free_port()) != 0
    unprivileged._way.cache_clear()
    assert owner(root, free_port()) == 0


def test_root_that_can_be_nobody_else_is_told_so(tmp_path, monkeypatch):
    forbid(monkeypatch, tmp_path, "unshare", "setpriv")
    with pytest.raises(CloudError, match="unshare and setpriv both fail"):
        unprivileged.command(["true"])
