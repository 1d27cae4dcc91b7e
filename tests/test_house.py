"""The rules of the house that a program can check."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "livingcircle"
MODULES = sorted(PACKAGE.rglob("*.py"))
FLOORS = [
    ["__init__", "errors"],
    ["messages", "reuse"],
    ["layers", "coordinates", "local_system", "standards", "land_codes", "walking"],
    ["sources"],
    ["duplicates"],
    ["network", "facilities", "residences", "barriers", "contours"],
    ["slope", "population", "corrections"],
    ["costs"],
    ["snapping", "search", "shift"],
    ["entrances", "walk_time", "robustness"],
    ["catchments"],
    ["isochrone", "coverage", "agreement", "reasons", "service_areas"],
    ["areas"],
    ["completeness", "quotas"],
    ["capacity", "equity"],
    ["gaps", "indicators"],
    ["analysis"],
    ["comparison", "timeline"],
    ["audit"],
    ["scenario", "siting", "links"],
    ["programme"],
    ["outputs"],
    ["study", "console", "links_console", "timeline_console", "programme_console", "standard_tables"],
    ["cli_standards"],
    ["cli", "batch"],
    ["__main__"],
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "core", "manager", "managers"}


def room(path: Path) -> str:
    """The module or sub-package directly under the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("livingcircle"):
            parts = node.module.split(".")
            if len(parts) > 1:
                yield node.lineno, parts[1]
            else:
                for alias in node.names:
                    yield node.lineno, alias.name if alias.name in FLOOR else "__init__"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("livingcircle."):
                    yield node.lineno, alias.name.split(".")[1]


def functions(path: Path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(node) -> int:
    body = node.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def arguments(node) -> list[ast.arg]:
    told = node.args
    every = [*told.posonlyargs, *told.args, *told.kwonlyargs]
    return [a for a in every if a.arg not in ("self", "cls")]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_from_floors_below(path):
    own = room(path)
    assert own in FLOOR, f"{own} has no floor: give it one in house order"
    wrong = [f"line {line} imports {name}" for line, name in imports(path) if name != own and FLOOR.get(name, 99) >= FLOOR[own]]
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_size_and_names(path):
    assert path.stem not in DRAWERS
    assert path.read_text(encoding="utf-8").count("\n") <= 400
    long = [f"{node.name}: {body_lines(node)}" for node in functions(path) if body_lines(node) > 50]
    assert not long
    crowded = [f"{node.name}: {len(arguments(node))}" for node in functions(path) if len(arguments(node)) > 6]
    #  a command of the command line has an argument for each of its options
    assert crowded == [] or path.name == "cli.py"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_what_may_be_left_out_is_named_when_given(path):
    #  one layer more, or one word, may be left out by position; every setting is named
    loose = [node.name for node in functions(path) if len(node.args.defaults) > 1 and not node.name.startswith("_")]
    if path.name in ("cli.py", "cli_standards.py"):
        loose = [name for name in loose if name not in ("analyze", "check", "compare", "links", "fetch", "times", "timeline", "links", "site", "programme", "area", "standards_show", "main")]
    assert loose == []


def test_one_word_per_thing():
    banned = re.compile(r"destination|opportunit|amenit(y|ies)\b|\bpois?\b", re.I)
    found = []
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            names = [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
            names += [a.arg for a in arguments(node)] if isinstance(node, ast.FunctionDef) else []
            names += [node.id] if isinstance(node, ast.Name) else []
            found += [f"{path.name}: {name}" for name in names if banned.search(name)]
    assert not found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_functions_are_annotated_and_public_ones_documented(path):
    bare = [
        f"{node.name}({argument.arg})"
        for node in functions(path)
        for argument in arguments(node)
        if argument.annotation is None and not node.name.startswith("_") and argument.arg not in ("crs", "streets", "told", "bounds")
    ]
    assert not bare
    tree = tree_of(path)
    assert ast.get_docstring(tree), "a module says what it holds"
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert not silent


def test_every_module_has_a_test_file_of_its_name():
    tests = {path.stem for path in (ROOT / "tests").glob("test_*.py")}
    lacking = []
    for path in MODULES:
        parts = [part.removesuffix(".py") for part in path.relative_to(PACKAGE).parts]
        if parts[-1] == "__main__" or (parts[-1] == "__init__" and not list(functions(path))):
            continue
        names = {f"test_{'_'.join(parts[:depth])}" for depth in range(1, len(parts) + 1)} | {f"test_{parts[-1]}"}
        if not names & tests:
            lacking.append("/".join(parts))
    assert not lacking


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("*.py")), ids=lambda p: p.name)
def test_scripts_are_short(path):
    assert path.read_text(encoding="utf-8").count("\n") <= 40


def source() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in MODULES)


def test_no_pickle_and_no_text_in_folium_strings():
    assert not re.search(r"\bimport pickle\b|\.to_pickle\(|read_pickle\(|allow_pickle=True|joblib", source())
    assert not re.search(r"folium\.(Popup|Tooltip|DivIcon)\b|GeoJsonTooltip|GeoJsonPopup", source())


def test_web_mercator_is_named_only_where_it_is_refused():
    named = [path.name for path in MODULES if "3857" in path.read_text(encoding="utf-8")]
    assert set(named) <= {"coordinates.py"}


def test_code_holds_no_place_names_or_tags():
    words = ("北仑", "小港", "宁波", "Beilun", "Ningbo", "Xiaogang")
    #  one runnable example may name the study that is shipped
    found = [
        f"{path.name}: {line.strip()}"
        for path in MODULES
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(word in line for word in words)
    ]
    assert not found


def tracked() -> list[Path]:
    try:
        told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: the list of tracked files is not known")
    return [ROOT / name for name in told.stdout.decode().split("\0") if name]


def test_the_top_level_is_the_one_agreed():
    tops = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert tops <= {
        "livingcircle", "scripts", "data", "maps", "tests", "pyproject.toml", "README.md", "constraints.txt", ".ci", ".gitignore", "LICENSE",
    }


def test_no_machine_paths_and_no_index_addresses():
    pattern = re.compile(r"(?<![\w.])/(?:work|root|home)/\w|index-ur[l]|extra-inde[x]|files\.pythonhosted|pypi\.org/simple")
    wrong = []
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".txt", ".js", ".css", ".html", ".sh", ".cfg", ""} and path.name != "test_house.py" and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            wrong += [f"{path.name}: {found.group()}" for found in pattern.finditer(text)]
    assert not wrong


def test_help_imports_no_geography():
    code = "import sys; import livingcircle.cli; print(sorted(m for m in ('geopandas', 'numpy', 'osmnx', 'scipy', 'folium') if m in sys.modules))"
    import sys

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_osmnx_is_imported_only_where_a_graphml_file_or_a_place_name_needs_it():
    named = [path.relative_to(PACKAGE).as_posix() for path in MODULES if re.search(r"^\s*(import|from) osmnx", path.read_text(encoding="utf-8"), re.M)]
    assert named == ["sources/overpass/places.py", "study/reading.py"]
    for name in named:
        assert not re.search(r"^(import|from) osmnx", (PACKAGE / name).read_text(encoding="utf-8"), re.M)


def test_the_network_is_used_only_where_an_extract_is_downloaded():
    asks = re.compile(r"^\s*(import|from) (requests|urllib3|urllib\.request|http\.client|socket)\b", re.M)
    named = [path.relative_to(PACKAGE).as_posix() for path in MODULES if asks.search(path.read_text(encoding="utf-8"))]
    assert named == ["sources/overpass/places.py", "sources/overpass/servers.py"]


def test_scripts_are_short_files_whose_texts_end_on_their_line():
    scripts = sorted(PACKAGE.rglob("*.js"))
    assert len(scripts) > 20
    wrong = [f"{path.name}: {count} lines" for path in scripts if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400]
    for path in scripts:
        # The page takes scripts without indentation, so a text over several lines would lose its own.
        lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        wrong += [f"{path.name}:{number}: a text over several lines" for number, line in lines if line.count("`") % 2 or line.endswith("\\")]
    assert not wrong


def test_lines_of_pages_are_short_enough_to_be_read():
    ours = [path for path in sorted(PACKAGE.rglob("*")) if path.suffix in {".js", ".css", ".html"}]
    assert {path.suffix for path in ours} == {".js", ".css", ".html"}
    told = ((path, enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)) for path in ours)
    assert not [f"{path.relative_to(PACKAGE)}:{number}: {len(line)} characters" for path, lines in told for number, line in lines if len(line) > 160]
