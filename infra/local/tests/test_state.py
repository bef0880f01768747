"""The state folder's documents."""

import stat
from pathlib import Path

import pytest

from embedded_cloud.errors import CloudError
from embedded_cloud.state import State


def test_a_document_is_read_as_written_and_by_its_owner_alone(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.write("outputs", {"a": 1})
    assert state.read("outputs") == {"a": 1}
    assert stat.S_IMODE((tmp_path / "outputs.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["outputs.json"]


def test_a_document_that_was_cut_short_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "deployment.json").write_text('{"stack": "tit')
    assert State(tmp_path).read("deployment") == {}


def test_secrets_are_made_once_and_differ_between_clouds(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = State(tmp_path / "one").secret("key")
    assert State(tmp_path / "one").secret("key") == one
    assert State(tmp_path / "one").secret("other") != one
    assert State(tmp_path / "two").secret("key") != one
    State(tmp_path / "one").forget_secret("key")
    assert State(tmp_path / "one").secret("key") != one


def test_passwords_that_cannot_be_read_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text('{"database_pass')
    for asked in (State(tmp_path).secret, State(tmp_path).forget_secret):
        with pytest.raises(CloudError, match=r"credentials\.json cannot be read"):
            asked("database_password")
    assert (tmp_path / "credentials.json").read_text() == '{"database_pass'
