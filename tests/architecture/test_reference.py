"""The pages made from template, events and metrics are those of today; the navigation has every page."""

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def test_the_reference_is_of_today() -> None:
    spec = importlib.util.spec_from_file_location("reference_page", ROOT / "docs/reference_page.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, text in module.pages().items():
        assert (ROOT / "docs" / name).read_text() == text, f"docs/{name} is old: make docs"


def test_every_threat_names_a_test_that_is_there() -> None:
    lines = [line for line in (ROOT / "docs/threats.md").read_text().splitlines() if line.count("|") == 5][2:]
    assert len(lines) > 15
    for line in lines:
        named = re.findall(r"`((?:tests|docs)/[\w./-]+)(?:::(\w+))?`|`make (\w+)[^`]*`", line.split("|")[4])
        assert named, line
        for file, test, target in named:
            assert not file or (ROOT / file).exists(), file
            assert not test or f"def {test}(" in (ROOT / file).read_text(), test
            assert not target or f"\n{target}:" in (ROOT / "Makefile").read_text(), target


def test_the_navigation_has_every_page() -> None:
    def pages(nav: Any) -> Iterator[str]:
        if isinstance(nav, str):
            yield nav
        for each in nav if isinstance(nav, list) else nav.values() if isinstance(nav, dict) else ():
            yield from pages(each)

    named = set(pages(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]))
    there = {str(file.relative_to(ROOT / "docs")) for file in (ROOT / "docs").glob("*.md")}
    assert named == there | {"adr/index.md"}
