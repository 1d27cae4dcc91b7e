"""Everything wrong with the files of a standard, told at once with the file and key that must be corrected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from livingcircle.errors import Fault, Said, listed, said
from livingcircle.messages.values import wrong_value
from livingcircle.standards.files import SHIPPED, Layer, shipped_themes
from livingcircle.standards.model import Standard, nearest
from livingcircle.standards.stacking import NAMED, ROWS, STACKING, Path, Stack, row_name, stacked

PARTS = {"match", "levels", "themes", "categories", "green", "per_thousand", "indicators"}
# What [standard] may say; the rest of the model is filled in from the file's other tables and by stacking.
HEAD = {key for key in Standard.model_fields if key not in PARTS} - {"layers", "origins"}


def faults(stack: Stack) -> list[Fault]:
    """Every fault of the files of a stack: each is looked at on what lies below it, then all together.

    Files shipped have none and are looked at only with what is laid over them.
    """
    found = [*stack.faults]
    for layer in stack.layers:
        found += _of_file(layer)
    told: set[tuple[Path, str]] = set()
    own = [height for height, layer in enumerate(stack.layers, start=1) if layer.file.parent != SHIPPED]
    for height in dict.fromkeys([*own, len(stack.layers)]):
        below = stack if height == len(stack.layers) else stacked(stack.layers[:height])
        for path, problem, remedy in _of_schema(below):
            if (path, problem) not in told:
                told.add((path, problem))
                found.append(_placed(below, path, problem, remedy))
    lent = shipped_themes() if any(layer.holds_indicators_alone for layer in stack.layers) else {}
    found += [_placed(stack, *fault) for fault in _across(stack.told, lent)]
    return list(dict.fromkeys(found))


def flat(told: Mapping[str, Any]) -> dict[str, Any]:
    """The tables as the model wants them: `[standard]` on top, and every table with its own name as its id."""
    head = told.get("standard")
    out = {key: value for key, value in head.items() if key in HEAD} if isinstance(head, Mapping) else {}
    for key in PARTS & told.keys():
        out[key] = told[key]
        if key in NAMED and key != "green" and isinstance(told[key], Mapping):
            out[key] = {id: {**one, "id": id} if isinstance(one, Mapping) else one for id, one in told[key].items()}
    return out


def _placed(stack: Stack, path: Path, problem: str, remedy: str) -> Fault:
    """The fault at the file that gave the value, rows counted as that file has them."""
    layer = stack.owner(path)
    return Fault(f"{layer.file}: {'.'.join(_as_written(layer, path))}", problem, remedy)


def _as_written(layer: Layer, path: Path) -> Iterator[str]:
    here: Any = layer.told
    for number, part in enumerate(path):
        if number and path[number - 1] in ROWS and isinstance(here, list):
            names = [row_name(row, ROWS[path[number - 1]]) if isinstance(row, Mapping) else "" for row in here]
            name, _, second = part.partition("#")
            places = [place for place, own in enumerate(names) if own == name]
            place = places[int(second or 0)] if len(places) > int(second or 0) else None
            yield part if place is None else str(place)
            here = None if place is None else here[place]
        else:
            yield part
            here = here.get(part) if isinstance(here, Mapping) else None


def _named(told: Mapping[str, Any], loc: tuple[str | int, ...]) -> Path:
    """The path of the model's complaint with rows by their words; `#1` marks the second of the same words."""
    here: Any = told
    path: list[str] = []
    for part in loc:
        if isinstance(part, int) and path and path[-1] in ROWS and isinstance(here, list) and isinstance(here[part], Mapping):
            names = [row_name(row, ROWS[path[-1]]) for row in here[: part + 1] if isinstance(row, Mapping)]
            before = names[:-1].count(names[-1])
            path.append(f"{names[-1]}#{before}" if before else names[-1])
        else:
            path.append(str(part))
        within = isinstance(here, list) and isinstance(part, int) and part < len(here)
        here = here.get(part) if isinstance(here, Mapping) else here[part] if within else None
    return tuple(path)


def _of_schema(stack: Stack) -> Iterator[tuple[Path, str, str]]:
    try:
        Standard.model_validate(flat(stack.told))
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            top = () if problem["loc"][0] in PARTS else ("standard",)
            yield (_named(stack.told, (*top, *problem["loc"])), *_words(problem))


def _words(problem: Mapping[str, Any]) -> tuple[Said, Said]:
    plain = {
        "extra_forbidden": (said("unknown key"), said("correct its spelling or remove it")),
        "missing": (said("is required"), said("add it")),
    }
    return plain.get(problem["type"]) or (wrong_value(problem), said("correct the value"))


def _of_file(layer: Layer) -> Iterator[Fault]:
    """What is wrong with one file whatever it is laid over."""
    where, told = f"{layer.file}: ", layer.told
    for key in sorted(told.keys() - PARTS - {"standard"}):
        yield Fault(f"{where}{key}", "unknown key", said("known: standard, {known}", known=listed(sorted(PARTS))))
    if "standard" in told and not isinstance(told["standard"], Mapping):
        yield Fault(f"{where}standard", "is no table", "write it as [standard]")
    for key in layer.head.keys() - HEAD - {*STACKING}:
        yield Fault(f"{where}standard.{key}", "unknown key", nearest(key, sorted({*HEAD, *STACKING})))
    if "id" not in layer.head:
        yield Fault(f"{where}standard.id", "is required", "add it")
    if not isinstance(layer.head.get("based_on", "-"), str) or layer.head.get("based_on") == "":
        yield Fault(f"{where}standard.based_on", "is no text", "give one id or path in quotes; to stack several, list them in the study file")
    if layer.head.get("keep", "all") not in ("all", "listed"):
        yield Fault(f"{where}standard.keep", "Input should be 'all' or 'listed'", "correct the value")
    for part in NAMED:
        many = told.get(part)
        for name in (n for n, one in many.items() if isinstance(one, Mapping) and "id" in one) if isinstance(many, Mapping) else ():
            yield Fault(f"{where}{part}.{name}.id", "unknown key", "remove it; the table's own name is the id")
    yield from (Fault(f"{where}{fault.where}", fault.problem, fault.remedy) for fault in _of_rows(told))


def _of_rows(told: Mapping[str, Any]) -> Iterator[Fault]:
    categories = told.get("categories")
    for id, category in categories.items() if isinstance(categories, Mapping) else ():
        for key in ("requirements", "quotas"):
            rows = category.get(key) if isinstance(category, Mapping) else None
            if rows == []:
                yield Fault(f"categories.{id}.{key}", "is empty", "add a row, or remove the key")
            yield from _twice(f"categories.{id}.{key}", key, rows)
    yield from _twice("per_thousand", "per_thousand", told.get("per_thousand"))


def _twice(where: str, key: str, rows: Any) -> Iterator[Fault]:
    named: list[str] = []
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        name = row_name(row, ROWS[key]) if isinstance(row, Mapping) else ""
        if name.strip("/") and name in named:
            second = said("a second requirement for level '{name}'", name=name) if key == "requirements" else said("a second row for '{name}'", name=name)
            last = f".{ROWS[key][0]}" if len(ROWS[key]) == 1 else ""
            yield Fault(f"{where}.{number}{last}", second, said("keep one per {keys}", keys=listed(ROWS[key], " and ")))
        named.append(name)


def _across(told: Mapping[str, Any], lent: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Faults between the parts of the whole stack, found on what could be read, so that they are told with those of the schema."""
    part = {key: told[key] if isinstance(told.get(key), Mapping) else {} for key in (*NAMED,)}
    if not told.get("indicators"):
        for key in ("levels", "themes", "categories"):
            if not told.get(key):
                yield (key,), said("is required"), said("add it, or say what the file is based_on, or give [indicators]")
    for id, category in part["categories"].items():
        if not isinstance(category, Mapping):
            continue
        theme = category.get("theme")
        if isinstance(theme, str) and theme not in part["themes"]:
            yield ("categories", id, "theme"), said("unknown theme '{theme}'", theme=theme), nearest(theme, {**part["themes"], **lent})
        rows = category.get("requirements")
        for number, row in enumerate(rows if isinstance(rows, list) else []):
            yield from _level(_named(told, ("categories", id, "requirements", number)), row, part["levels"])
    for level in part["green"].keys() - part["levels"].keys():
        yield ("green", level), said("unknown level '{level}'", level=level), nearest(level, part["levels"])
    rows = told.get("per_thousand")
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        yield from _level(_named(told, ("per_thousand", number)), row, part["levels"])


def _level(path: Path, row: Any, levels: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    level = row.get("level") if isinstance(row, Mapping) else None
    if isinstance(level, str) and level not in levels:
        yield (*path, "level"), said("unknown level '{level}'", level=level), nearest(level, levels)
