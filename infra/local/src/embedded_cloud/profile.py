"""What a project declares of itself for the embedded cloud: `embedded-cloud.toml`, beside its template."""

import importlib
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import ModuleType
from typing import Any

from embedded_cloud.cloud import STORES
from embedded_cloud.errors import CloudError

FILE = "embedded-cloud.toml"
TEMPLATES = ("template.yaml", "template.yml", "template.json")


@dataclass(frozen=True, slots=True)
class Profile:
    """A project by its folder; every other field is a line of the file, and may be missing there."""

    folder: Path
    name: str = ""
    """Of the stack; the folder's, where none is given."""
    template: str = ""
    services: tuple[str, ...] = ()
    """Stores beside LocalStack: `postgres`, `valkey`."""
    mirrored: tuple[str, ...] = ()
    """Names or patterns (``*``) of the buckets whose objects outlive LocalStack."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of the template; `${DATABASE_URL}` and `${REDIS_URL}` are the stores' addresses."""
    adapt: bool = False
    """Run functions by the nearest runtime and the architecture that this machine has, and say so."""
    smoke: Mapping[str, Any] = field(default_factory=dict)
    """A `function` and an `event` that it has to answer before a deployment counts as done."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """A Python `module` below `path` whose `main` takes the place of the embedded cloud's own commands."""

    @property
    def stack_name(self) -> str:
        """As CloudFormation allows it: letters, digits and hyphens, the first a letter."""
        name = re.sub(r"[^A-Za-z0-9]+", "-", self.name or self.folder.name).strip("-")
        return name if name[:1].isalpha() else f"project-{name}".rstrip("-")

    @property
    def template_file(self) -> Path:
        """The template; CloudError where the folder has none."""
        for name in (self.template,) if self.template else TEMPLATES:
            if (self.folder / name).is_file():
                return self.folder / name
        raise CloudError(
            f"There is no {self.template or TEMPLATES[0]} in {self.folder}",
            f'Go to the folder of a SAM project, or name its template in {FILE}: template = "path/to/template.yaml"',
        )

    def own_commands(self) -> ModuleType | None:
        """The module of the project's own commands, if it has any."""
        if not self.commands:
            return None
        sys.path.insert(0, str(self.folder / self.commands.get("path", ".")))
        return importlib.import_module(self.commands["module"])


def read(folder: Path) -> Profile:
    """A project's profile, all defaults where it has no file; CloudError names the line that cannot be used."""
    file = folder / FILE
    if not file.exists():
        return Profile(folder)
    try:
        given = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CloudError(f"{FILE} is not valid TOML: {error}", "Correct the line that it names") from error
    known = {each.name: each for each in fields(Profile) if each.name != "folder"}
    for name, value in given.items():
        if name not in known:
            raise CloudError(f"{FILE} has {name}, which means nothing here", f"It may have {', '.join(known)}")
        if problem := _problem(name, value):
            raise CloudError(f"{FILE} has {name} = {value!r}", problem)
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    return Profile(folder, **{**given, **lists})


def _problem(name: str, value: Any) -> str:
    """What a value has to be, where it is something else."""
    if name in ("name", "template"):
        return "" if isinstance(value, str) else "It is a text"
    if name in ("services", "mirrored"):
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return "It is a list of texts"
        return "" if name == "mirrored" or set(value) <= set(STORES) else f"There are {' and '.join(STORES)}"
    if name == "adapt":
        return "" if isinstance(value, bool) else "It is true or false"
    if not isinstance(value, dict):
        return f"It is a table: [{name}]"
    if name == "smoke":
        return "" if isinstance(value.get("function"), str) else "It has the logical name of a function"
    if name == "commands" and "module" not in value:
        return "It has the module of the commands"
    return "" if all(isinstance(each, str) for each in value.values()) else "Its values are texts"
