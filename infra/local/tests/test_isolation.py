"""What is made of a launch, and what is left of it where the kernel gives no process mounts of its own."""

import pytest

from embedded_cloud.sandbox import isolation
from embedded_cloud.sandbox.invocation import Launch


def test_without_namespaces_everything_stays_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(isolation, "available", tuple)
    launch = Launch(["python"], tmp_path, {"TMPDIR": str(tmp_path)})
    assert isolation.isolated(launch, tmp_path, tmp_path, tmp_path) is launch
    assert not isolation.variables()
    assert "this machine's /tmp" in isolation.described()


@pytest.mark.parametrize("layer", ["code layer", "other"])
def test_names_are_those_that_the_function_sees(tmp_path, layer):
    task, opt, scratch = tmp_path / "code", tmp_path / layer, tmp_path / "scratch"
    task.mkdir()
    (task / "bootstrap").touch(0o755)
    variables = {"PYTHONPATH": f"{opt}/python:/usr", "LAMBDA_TASK_ROOT": str(task), "TMPDIR": str(scratch)}
    found = isolation.isolated(Launch([f"{task}/bootstrap"], task, variables), task, opt, scratch)
    assert found.command[-2:] == ["--", "/var/task/bootstrap"]
    assert found.variables == {"PYTHONPATH": "/opt/python:/usr", "LAMBDA_TASK_ROOT": "/var/task", "TMPDIR": "/tmp"}
