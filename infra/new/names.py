"""What a use case may be called, and its columns."""

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from mlops.use_case import FIXED_FIELDS, LOGGED_FIELDS, MAX_COLUMNS, NAME
from new.refusal import RefusedError

# Packages whose import name is not that of their distribution.
_IMPORTED_AS = {
    "scikit_learn": "sklearn",
    "pyyaml": "yaml",
    "psycopg2_binary": "psycopg2",
    "python_dateutil": "dateutil",
}


def check_name(name: str, root: Path) -> None:
    """RefusedError of a name that cannot be a package's, or that another module has."""
    if not NAME.fullmatch(name):
        raise RefusedError(
            f"NAME={name!r} is no name of a use case",
            "use a to z, 0 to 9 and _, a letter first, 2 to 31 of them: NAME=churn",
        )
    for folder in (root / "functions" / name, root / "examples" / name, root / "tests" / name):
        if folder.exists():
            raise RefusedError(
                f"{folder.relative_to(root)} is there already", "choose another NAME, or remove it first"
            )
    if name in _taken(root):
        raise RefusedError(f"NAME={name} would hide the module of that name", f"choose another: NAME={name}_table")


def check_columns(names: list[str]) -> None:
    """RefusedError of columns that are too many or alike but for case."""
    if len(names) > MAX_COLUMNS:
        raise RefusedError(
            f"The table has {len(names)} columns, at most {MAX_COLUMNS} are supported", "leave out those of least use"
        )
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.setdefault(name.casefold(), name)) != name:
            raise RefusedError(
                f"Columns {other!r} and {name!r} differ in nothing but case", f"rename one, to {name + '_2'!r} say"
            )


def check_field(what: str, name: str) -> None:
    """RefusedError of a label or feature that would be mistaken for a field of every answer."""
    if name in FIXED_FIELDS or (what == "label" and name in LOGGED_FIELDS):
        raise RefusedError(
            f"The {what} {name!r} is a field of every answer", f"rename the column, to {name + '_value'!r} say"
        )


def _taken(root: Path) -> set[str]:
    """The standard library's modules, every package that this project installs, and its own top-level names."""
    folders = ("requirements", "infra/local/src/embedded_cloud/requirements")
    pins = [
        *root.glob("functions/*/requirements.txt"),
        *(pin for each in folders for pin in root.glob(f"{each}/*.txt")),
    ]
    pinned = {
        found.lower().replace("-", "_").replace(".", "_")
        for pin in pins
        for found in re.findall(r"^([A-Za-z0-9._-]+)==", pin.read_text(), re.MULTILINE)
    }
    folders = [root / "functions", root / "tests", root / "infra", *(root / "functions").iterdir()]
    own = {path.stem for folder in folders if folder.is_dir() for path in folder.iterdir()}
    imported = {_IMPORTED_AS.get(name, name) for name in pinned}
    return set(sys.stdlib_module_names) | pinned | imported | own | set(packages_distributions()) | {"default", "none"}
