"""Planning standards as data: one TOML file each, checked when loaded, and the rules that tell a place's categories.

Levels, categories, limits, clauses and the tags, codes and names of places all stand in the file; none is known here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from livingcircle.errors import Fault, StandardError, raise_all
from livingcircle.standards.matching import Classes, Match, MatchAll, Place, classify, matcher
from livingcircle.standards.model import Category, Indicator, Level, Names, Quota, Requirement, Standard, Theme, nearest

__all__ = [
    "Category", "Classes", "Indicator", "Level", "Match", "MatchAll", "Names", "Place", "Quota", "Requirement", "Standard", "Theme",
    "available", "classify", "load", "matcher",
]  # fmt: skip

SHIPPED = Path(__file__).parent
PARTS = {"match", "levels", "themes", "categories", "green", "per_thousand", "indicators"}
NAMED = ("levels", "themes", "categories", "indicators")


def available() -> list[str]:
    """Ids of the standards shipped, sorted.

    >>> "gb50180-2018" in available()
    True
    """
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def load(id_or_path: str | Path, *, base: Path | None = None) -> Standard:
    """The standard of a shipped id, or of a TOML file whose path starts at `base` (or at the working folder).

    Raises `StandardError`: an unknown id or no such file (lists the ids shipped), broken TOML (with its line), or every
    fault of the file's keys and values at once.

    >>> load("gb50180-2018").levels["L15"].walk_m
    1000.0
    >>> load("gb50180")
    Traceback (most recent call last):
    livingcircle.errors.StandardError: gb50180: no such standard → ...gb50180-2018
    """
    file = _find(id_or_path, base)
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StandardError(Fault(str(file), f"is not valid TOML ({error})", "correct this line; save as UTF-8")) from error
    faults, standard = list(_cross_faults(told)), None
    try:
        standard = Standard.model_validate(_flat(told))
    except ValidationError as error:
        faults = [*(_schema_fault(problem) for problem in error.errors(include_url=False)), *faults]
    raise_all((Fault(f"{file}: {fault.where}", fault.problem, fault.remedy) for fault in faults), StandardError)
    return standard


def _find(id_or_path: str | Path, base: Path | None) -> Path:
    told = str(id_or_path)
    if told in available():
        return SHIPPED / f"{told}.toml"
    file = (base or Path()) / Path(id_or_path)
    if file.is_file():
        return file
    where, what = (str(file), "file") if told.endswith(".toml") or isinstance(id_or_path, Path) else (told, "standard")
    shipped = f"correct the path of the TOML file, or name a shipped standard: {', '.join(available())}"
    raise StandardError(Fault(where, f"no such {what}", shipped))


def _flat(told: Mapping[str, Any]) -> dict[str, Any]:
    """The file as the model wants it: `[standard]` on top, and every table with its own name as its id."""
    head = told.get("standard")
    flat = {**head} if isinstance(head, Mapping) else {}
    for key in PARTS & told.keys():
        flat[key] = told[key]
        if key in NAMED and isinstance(told[key], Mapping):
            flat[key] = {id: {**one, "id": id} if isinstance(one, Mapping) else one for id, one in told[key].items()}
    return flat


def _schema_fault(problem: Mapping[str, Any]) -> Fault:
    top = () if problem["loc"][0] in PARTS else ("standard",)
    where = ".".join(str(part) for part in (*top, *problem["loc"]))
    plain = {"extra_forbidden": ("unknown key", "correct its spelling or remove it"), "missing": ("is required", "add it")}
    if problem["type"] in plain:
        return Fault(where, *plain[problem["type"]])
    given = problem.get("input")
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return Fault(where, problem["msg"].removeprefix("Value error, ") + shown, "correct the value")


def _cross_faults(told: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults between parts of the file, found on what could be read, so that they are told with those of the schema."""
    for key in sorted(told.keys() - PARTS - {"standard"}):
        yield Fault(key, "unknown key", f"known: standard, {', '.join(sorted(PARTS))}")
    part = {key: told[key] if isinstance(told.get(key), Mapping) else {} for key in ("levels", "themes", "categories")}
    for key, many in part.items():
        for name in (n for n, one in many.items() if isinstance(one, Mapping) and "id" in one):
            yield Fault(f"{key}.{name}.id", "unknown key", "remove it; the table's own name is the id")
    for id, category in part["categories"].items():
        if not isinstance(category, Mapping):
            continue
        theme = category.get("theme")
        if isinstance(theme, str) and theme not in part["themes"]:
            yield Fault(f"categories.{id}.theme", f"unknown theme '{theme}'", nearest(theme, part["themes"]))
        asked = category.get("requirements")
        rows = [row for row in asked if isinstance(row, Mapping)] if isinstance(asked, list) else []
        if asked == []:
            yield Fault(f"categories.{id}.requirements", "is empty", "add a requirement, or remove the category")
        levels = [row.get("level") for row in rows]
        for number, level in enumerate(levels):
            where = f"categories.{id}.requirements.{number}.level"
            if isinstance(level, str) and level not in part["levels"]:
                yield Fault(where, f"unknown level '{level}'", nearest(level, part["levels"]))
            if isinstance(level, str) and level in levels[:number]:
                yield Fault(where, f"a second requirement for level '{level}'", "keep one per level")
