"""The rooms of the machinery: no import circle, arrows that point inward, and files that a reader can hold in mind.

The same arrows are import-linter's contracts in pyproject.toml; this reads the source, whatever can be imported here.
"""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
# Each floor may import from those below it; rooms of one floor do not know each other.
FLOORS = (
    {"wiring", "frames"},
    {"settings"},
    {"stores"},
    {"training", "serving", "monitoring", "batch"},
    {"registry", "features", "telemetry"},
    {"data", "model"},
    {"statistics"},
    {"use_case"},
    {"encoders"},
    {"columns", "errors"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
Graph = dict[str, set[str]]


def sources(package: Path) -> dict[str, ast.Module]:
    """The modules of a package by their dotted names."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(file.read_text())
    return found


def imported(tree: ast.AST, typing: bool) -> Iterator[str]:
    """Every name that is imported, wherever that stands; those for type checkers alone only with `typing`."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")) if not typing:
                continue
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield module
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.ImportFrom():
                yield "a relative import"
            case _:
                yield from imported(node, typing)


def module_graph(package: Path, typing: bool = False) -> Graph:
    """Which modules of a package each of its modules imports."""
    modules = sources(package)
    return {
        name: {each for each in imported(tree, typing) if each in modules} - {name} for name, tree in modules.items()
    }


def room(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def room_graph(package: Path) -> Graph:
    """Which rooms each room knows of, be it for its types alone."""
    graph: Graph = {}
    for module, others in module_graph(package, typing=True).items():
        rooms = {room(other) for other in others} - {room(module), ""}
        graph[room(module)] = graph.get(room(module), set()) | rooms
    return graph


def circle(graph: Graph) -> list[str]:
    """One circle of a graph; nothing if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("package", ["mlops", "titanic"])
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    """Neither at import nor later in a function: an import that waits to be called hides a circle, it opens none."""
    graph = module_graph(FUNCTIONS / package)

    assert len(graph) > 5
    assert circle(graph) == []


def test_no_rooms_know_each_other_in_a_circle() -> None:
    assert circle(room_graph(FUNCTIONS / "mlops")) == []


def test_a_circle_is_found(tmp_path: Path) -> None:
    """The test of the tests: one by a function, one for types alone, through two rooms."""
    for name, source in {
        "house/__init__.py": "",
        "house/red/__init__.py": "",
        "house/red/one.py": "from house.blue import two",
        "house/blue/__init__.py": "",
        "house/blue/two.py": "def late():\n    from house.red.one import x",
        "house/green/__init__.py": "",
        "house/green/three.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.grey.four",
        "house/grey/__init__.py": "",
        "house/grey/four.py": "import house.green.three",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)

    graph = module_graph(tmp_path / "house")
    assert set(circle(graph)) == {"house.red.one", "house.blue.two"}
    assert graph["house.green.three"] == set()
    assert room_graph(tmp_path / "house")["green"] == {"grey"}


def test_arrows_between_rooms_point_inward() -> None:
    graph = room_graph(FUNCTIONS / "mlops")
    graph.pop("")

    assert graph.keys() == FLOOR.keys(), "a room that is on no floor: give it one here and in pyproject.toml"
    outward = [f"{one} -> {other}" for one, others in graph.items() for other in others if FLOOR[other] <= FLOOR[one]]
    assert outward == []


def test_the_machinery_knows_neither_use_case_nor_handler() -> None:
    handlers = {folder.name for folder in FUNCTIONS.iterdir() if (folder / "handler.py").exists()}
    use_cases = {"titanic", *(folder.name for folder in (ROOT / "examples").iterdir())}

    for module, tree in sources(FUNCTIONS / "mlops").items():
        known = {name.partition(".")[0] for name in imported(tree, typing=True)}
        assert known.isdisjoint({*handlers, *use_cases, "handler", "embedded_cloud"}), module


@pytest.mark.parametrize(
    "use_case",
    [pytest.param(init.parent, id=init.parent.name)
     for init in (FUNCTIONS / "titanic/__init__.py", *sorted((ROOT / "examples").glob("*/__init__.py")))],
)  # fmt: skip
def test_a_use_case_knows_the_declaration_and_models_alone(use_case: Path) -> None:
    for module, tree in sources(use_case).items():
        known = {name for name in imported(tree, typing=True) if name.partition(".")[0] == "mlops"}
        foreign = {name for name in known if not name.startswith(("mlops.use_case", "mlops.model."))}
        assert foreign <= {"mlops.model"}, module


def lines(package: str) -> dict[str, int]:
    """The length of each module."""
    files = sorted((FUNCTIONS / package).rglob("*.py"))
    return {str(file.relative_to(FUNCTIONS)): len(file.read_text().splitlines()) for file in files}


@pytest.mark.parametrize(("package", "most"), [("mlops", 10130), ("titanic", 600)])
def test_a_package_stays_as_small_as_it_was_made(package: str, most: int) -> None:
    assert sum(lines(package).values()) <= most


def test_files_are_of_one_concept() -> None:
    lengths = lines("mlops") | lines("titanic")

    assert {file: length for file, length in lengths.items() if length > 220} == {}
    assert median(length for length in lengths.values() if length > 1) < 80
