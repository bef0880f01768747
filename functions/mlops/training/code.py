"""The digest of the code that a model is made by: of exactly the modules that training imports."""

import ast
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path


def code_digest(*roots: str) -> str:
    """Digest of these modules and of whatever they import from the packages that they are in."""
    packages = {root.partition(".")[0] for root in roots}
    total, waiting, seen = sha256(), list(roots), dict[str, bytes]()
    while waiting:
        name = waiting.pop()
        if name in seen or (file := _file(name)) is None:
            continue
        seen[name] = file.read_bytes()
        waiting += [each for each in _imported(name, seen[name]) if each.partition(".")[0] in packages]
    for name in sorted(seen):
        total.update(name.encode() + b"\0" + seen[name])
    return total.hexdigest()[:16]


@cache
def _imported(name: str, source: bytes) -> list[str]:
    """The modules that a module names in its imports, wherever these stand, and the packages above them."""
    found = [name.rpartition(".")[0]] if "." in name else []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names, level=0):
                found += [module, *(f"{module}.{alias.name}" for alias in names)]
    return found


def _file(name: str) -> Path | None:
    """Where a module's source is, without importing it; None of what is no module, as a function imported from one."""
    root, *parts = name.split(".")
    spec = find_spec(root)
    if not spec or not spec.origin or not parts:
        return Path(spec.origin) if spec and spec.origin else None
    path = Path(spec.origin).parent.joinpath(*parts)
    return next((file for file in (path / "__init__.py", path.parent / f"{path.name}.py") if file.is_file()), None)
