"""The environments that can be deployed to: environments.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from embedded_cloud.errors import CloudError

FILE = Path(__file__).with_name("environments.toml")


@dataclass(frozen=True, slots=True)
class Traffic:
    """How a new version takes over: `first_share` (0 to 1) of the requests for `seconds`, then all of them."""

    first_share: float = 0.1
    seconds: float = 300


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment of a use case. `data` is None where the stores are somebody else's."""

    name: str
    application: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] | None = None
    traffic: Traffic = Traffic()


def environment(name: str, file: Path = FILE) -> Environment:
    """The environment of this name; CloudError where the file has none, or not as it must be."""
    known = tomllib.loads(file.read_text())
    if name not in known:
        raise CloudError(f"There is no environment {name!r}", f"One of {', '.join(known)}, or add it to {file.name}")
    try:
        given = known[name]
        return Environment(name, **{**given, "traffic": Traffic(**given.get("traffic", {}))})
    except TypeError as unknown:
        raise CloudError(f"[{name}] in {file.name} is not as it must be: {unknown}", "Compare it with [dev]") from None
