"""A clone may lie in a folder with spaces, accents and quotes in its name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ABSOLUTE = re.compile(r"\$\((?:CURDIR|PYTHON|UV|STATE|abspath [^)]*\)?)\)|\$\$state")


@pytest.mark.parametrize("makefile", ["Makefile", "functions/Makefile"])
def test_absolute_paths_are_quoted_in_recipes(makefile: str) -> None:
    absolute = ABSOLUTE if makefile == "functions/Makefile" else re.compile(ABSOLUTE.pattern.replace("PYTHON|UV|", ""))
    for line in (ROOT / makefile).read_text().splitlines():
        if line.startswith(("\t", "    ", "COMPILE =")) and "?=" not in line:
            bare = re.sub(r'"[^"]*"', "", line)
            assert not absolute.search(bare), line
