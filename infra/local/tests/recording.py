"""Answers of the real AWS with their date, which the same tests on this machine are held against ever after.

    CONFORMANCE_ROLE=arn:aws:iam::…:role/… pytest tests/conformance --record tests/conformance/recorded

What differs from run to run, such as identifiers and durations, is replaced by its kind; of what comes again the
number tells. A test that answers with such values itself has the marker `varies`.
"""

import json
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "conformance" / "recorded"
# In this order: what is found by one is not looked at by the next.
KINDS = {
    "trace": r"Root=[0-9a-f-]+(?:;[A-Za-z]+=[0-9a-z:]+)*",
    "arn": r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:",
    "stream": r"\d{4}/\d\d/\d\d/\[[^]]+\][0-9a-f]{32}",
    "function": r"conformance-[0-9a-f]{12}",
    "id": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.]\d+)?(?:Z|[+-]\d\d:?\d\d)?",
    "duration": r'(?<=Duration: )[\d.]+(?= ms)|(?<=urationMs": )[\d.]+|(?<=urationMs":)[\d.]+',
    "memory": r'(?<=Max Memory Used: )\d+(?= MB)|(?<=maxMemoryUsedMB": )\d+|(?<=maxMemoryUsedMB":)\d+',
    "line": r'(?<=", line )\d+',
}
_ANY = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in KINDS.items()))
_COUNTED = {"id", "stream", "function"}


def transformed(answers: Sequence[Any]) -> list[Any]:
    """The answers as they are recorded; the same things have the same numbers in all of them."""
    seen: dict[str, dict[str, int]] = {kind: {} for kind in _COUNTED}

    def name(found: re.Match[str]) -> str:
        kind, text = str(found.lastgroup), found[0]
        if kind not in _COUNTED:
            return f"<{kind}>"
        return f"<{kind} {seen[kind].setdefault(text, len(seen[kind]) + 1)}>"

    def walk(value: Any) -> Any:
        match value:
            case str():
                return _ANY.sub(name, value)
            case dict():
                return {walk(key): walk(each) for key, each in value.items()}
            case list() | tuple():
                return [walk(each) for each in value]
            case _:
                return value

    return [walk(each) for each in answers]


class Recorder:
    """The answers of one test, to be recorded or compared."""

    def __init__(self, test: pytest.Item, folder: Path) -> None:
        self._file = folder / f"{test.path.stem}.json"
        self._test = test.name
        self.answers: list[Any] = []

    def record(self, day: date) -> None:
        """Keep the answers beside those of the module's other tests."""
        kept = self._kept() | {self._test: {"recorded": day.isoformat(), "answers": transformed(self.answers)}}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False) + "\n")

    def compare(self) -> None:
        """AssertionError if AWS's answers were recorded and are others."""
        if recorded := self._kept().get(self._test):
            found = json.loads(json.dumps(transformed(self.answers)))
            assert found == recorded["answers"], f"AWS answered otherwise on {recorded['recorded']}"

    def _kept(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(self._file.read_text()) if self._file.exists() else {}
        return kept
