"""A use case's names, and where its files are."""

from pathlib import Path

import pytest

from embedded_cloud.errors import CloudError
from mlops_cloud.project import first_rows
from mlops_cloud.use_case import DEFAULT_USE_CASE, UseCase


def test_buckets_and_stacks_have_hyphens() -> None:
    assert UseCase("churn_2").buckets == ("churn-2-data", "churn-2-models", "churn-2-web")
    assert UseCase("churn_2").stack_prefix == "churn-2"
    assert UseCase("churn_2").dag == "churn_2_pipeline"


@pytest.mark.parametrize("name", ["", "a", "Churn", "2nd", "with-hyphen", "../up", "a" * 32])
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(CloudError, match="no name of a use case"):
        UseCase(name).validated()


@pytest.mark.parametrize("folder", ["functions", "examples"])
def test_a_package_is_found_in_either_folder(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder / "churn").mkdir(parents=True)
    (tmp_path / folder / "churn/__init__.py").touch()
    assert UseCase("churn").folder(tmp_path) == tmp_path / folder


def test_what_is_missing_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CloudError, match=r"no use case churn.*\n.*make new NAME=churn"):
        UseCase("churn").check(tmp_path)
    (tmp_path / "functions/churn").mkdir(parents=True)
    (tmp_path / "functions/churn/__init__.py").touch()
    with pytest.raises(CloudError, match=r"data/churn\.csv"):
        UseCase("churn").check(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/churn.csv").touch()
    UseCase("churn").check(tmp_path)


def test_the_remedy_names_a_use_case_that_is_not_the_default() -> None:
    assert DEFAULT_USE_CASE.make_up == "make up"
    assert UseCase("churn").make_up == "make up USE_CASE=churn"


def test_a_row_may_go_over_several_lines(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_bytes(b'a,b\n1,"two\nlines ""quoted"""\n2,x\n3,y\n')
    assert b"".join(first_rows(table, 2)) == b'a,b\n1,"two\nlines ""quoted"""\n2,x\n'
    assert b"".join(first_rows(table, 9)) == table.read_bytes()
