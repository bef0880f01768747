"""The product's cloud."""

from pathlib import Path

from embedded_cloud.postgres import USER
from embedded_cloud.state import State
from mlops_cloud.cloud import of_use_case
from mlops_cloud.use_case import DEFAULT, UseCase


def test_its_use_cases_buckets_are_mirrored(tmp_path: Path) -> None:
    assert of_use_case(State(tmp_path), tmp_path, UseCase("churn")).mirrored == UseCase("churn").buckets


def test_a_database_made_before_its_user_was_kept_is_of_the_default_user(tmp_path: Path) -> None:
    for name, made in (("old", True), ("new", False)):
        (tmp_path / name / "postgres").mkdir(parents=True)
        if made:
            (tmp_path / name / "postgres" / "PG_VERSION").touch()
    old, new = (of_use_case(State(tmp_path / name), tmp_path, UseCase()) for name in ("old", "new"))
    assert f"//{DEFAULT}:" in old.database_url
    assert f"//{USER}:" in new.database_url
