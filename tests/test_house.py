"""The shape of the package: printed, and failing when it grows beyond what a newcomer can see."""

import ast
from collections import Counter, defaultdict
from pathlib import Path

import grimp
import pytest

import keras_saliency

PACKAGE = Path(keras_saliency.__file__).parent
ROOT = PACKAGE.parent
NO_ROOM = {"__init__.py", "__init__.pyi", "__main__.py", "__pycache__", "py.typed"}
SOURCES = sorted(PACKAGE.rglob("*.py"))

MOST_ENTRIES = 20
MOST_LINES = 400


@pytest.fixture(scope="module")
def imports():
    """For each module the modules that it imports, those for types included."""
    graph = grimp.build_graph("keras_saliency", exclude_type_checking_imports=False, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_the_root_has_few_entries():
    entries = sorted(path.name for path in PACKAGE.iterdir() if path.name not in NO_ROOM)
    print(f"{len(entries)} entries at the root: {', '.join(entries)}")
    assert len(entries) <= MOST_ENTRIES


def test_no_file_is_long():
    scripts = [*SOURCES, *PACKAGE.rglob("*.js"), *(ROOT / "tests").rglob("*.py")]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in scripts}
    longest = max(lines, key=lambda path: lines[path])
    print(f"the longest of {len(lines)} files: {longest.relative_to(ROOT)}, {lines[longest]} lines")
    assert {str(path): count for path, count in lines.items() if count > MOST_LINES} == {}


def test_no_module_imports_itself_by_way_of_others(imports):
    """No circle, also not among imports for types alone; a package counts with what its `__init__` imports."""
    circles = [group for group in _strongly_connected(imports) if len(group) > 1]
    print(f"{len(circles)} circles among {len(imports)} modules")
    assert circles == []


def test_no_two_classes_have_one_name():
    homes = defaultdict(list)
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                homes[node.name.lstrip("_")].append(str(path.relative_to(PACKAGE)))
    twice = {name: files for name, files in homes.items() if len(files) > 1}
    print(f"{len(homes)} classes, {len(twice)} names that occur twice")
    assert twice == {}


def test_tests_stand_where_the_code_stands():
    """A folder of tests is a room of the package, or one of those that are about the whole."""
    whole = {"browser", "devices", "examples", "fuzz", "hostile", "page", "properties", "soak", "zoo"}
    folders = {path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    rooms = {path.parent for path in folders if path.parent != Path() and path.parts[0] not in whole}
    missing = [str(room) for room in rooms if not (PACKAGE / room).is_dir()]
    assert missing == ["training/callback"]  # one file of the package, tested by many


def _strongly_connected(imports):
    """The groups of modules that reach each other (Tarjan 1972)."""
    order, low, stack, groups = {}, {}, [], []

    def visit(module):
        order[module] = low[module] = len(order)
        stack.append(module)
        for other in imports[module]:
            if other not in order:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], order[other])
        if low[module] == order[module]:
            group = set()
            while not group or group[-1:] != [module]:
                group = [*group, stack.pop()]
            groups.append(group)

    for module in imports:
        if module not in order:
            visit(module)
    return groups


def test_the_search_for_circles_finds_one():
    circle = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}
    assert Counter(len(group) for group in _strongly_connected(circle)) == {1: 2, 2: 1}
