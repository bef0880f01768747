"""Starting LocalStack, and knowing what was started."""

import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distributions
from pathlib import Path

import psutil
import pytest
from packaging.version import Version
from running import LOCALSTACK_PYTHON, Localstack, free_port

from embedded_cloud import localstack as launch
from embedded_cloud.environments import REQUIREMENTS


def test_environment_inherits_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("LOCALSTACK_HOST", "elsewhere")
    given = launch.environment(tmp_path, 4566, Path("python"))
    assert {"AWS_PROFILE", "LOCALSTACK_HOST"}.isdisjoint(given)
    paths = {"HOME", "TMPDIR", "XDG_CACHE_HOME", "FILESYSTEM_ROOT"}
    assert all(Path(given[name]).is_relative_to(tmp_path) for name in paths)


def test_nothing_is_written_outside_the_state_folder(cloud, function):
    function("def handler(event, context): return 1").invoke()
    assert f"HOME={cloud.state}" in Path(f"/proc/{cloud.process.pid}/environ").read_text()
    open_files = Path(f"/proc/{cloud.process.pid}/fd")
    for descriptor in open_files.iterdir():
        try:
            target = str(descriptor.readlink())
            writable = "w" if int(_flags(cloud.process.pid, descriptor.name), 8) & 3 else "r"
        except OSError:
            continue
        if writable == "w" and target.startswith("/") and not target.startswith("/dev/"):
            assert Path(target).is_relative_to(cloud.state), target


def test_it_starts_where_no_localstack_was_before(cloud):
    """In a container too; its certificate is a new one, made by nothing that pyOpenSSL no longer has."""
    (folders,) = {file.parent for file in (cloud.state / "localstack/tmp").glob("*/server.*")}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folders / "server.crt", folders / "server.key")
    assert folders.stat().st_mode & 0o77 == 0
    outside = Path("/var/lib/localstack")
    began = psutil.Process(cloud.process.pid).create_time()
    assert not outside.exists() or outside.stat().st_mtime < began
    assert not [file for file in outside.glob("**/server.test.pem") if file.stat().st_mtime >= began]


def test_a_new_folder_needs_no_index_of_operations_of_its_own(cloud):
    """It takes 4 s of work to make one."""
    assert cloud.state.joinpath("localstack/var/lib/localstack/cache").is_dir()
    assert not list(cloud.state.rglob("service-catalog*"))


def _flags(pid: int, descriptor: str) -> str:
    return Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text().split("flags:")[1].split()[0]


def test_what_had_advisories_is_fixed_in_the_environment_that_runs():
    """The other tests of this suite run with these releases."""
    wanted = (REQUIREMENTS / "localstack.in").read_text()
    bounds = re.findall(r"^([a-z0-9]+)>=(\S+) +# CVE", wanted, re.MULTILINE)
    assert len(bounds) >= 6
    installed = {
        found.metadata["Name"].lower(): Version(found.version)
        for found in distributions(path=[str(next(LOCALSTACK_PYTHON.parents[1].glob("lib/python3*/site-packages")))])
    }
    assert {name: low for name, low in bounds if installed[name] < Version(low)} == {}


def test_not_ready_while_nothing_answers():
    assert launch.is_ready(f"http://127.0.0.1:{free_port()}") is False


def test_docker_in_force_is_an_error(tmp_path):
    wrong = Localstack(tmp_path, overrides={"LAMBDA_RUNTIME_EXECUTOR": "proces"})
    try:
        with pytest.raises(launch.ExecutorError, match="DockerRuntimeExecutor"):
            wrong.start()
    finally:
        wrong.kill()


def test_missing_plugins_are_an_error():
    class NotFound(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), NotFound) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(launch.ExecutorError, match="plug-ins"):
            launch.is_ready(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
