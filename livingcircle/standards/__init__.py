"""Planning standards as data: one TOML file each, checked when loaded, and the rules that tell a place's categories.

Levels, categories, limits, clauses, indicators and the tags, codes and names of places all stand in the files; none is known here.
Files are laid over one another: a province's over the nation's, a city's over the province's, a project's over the city's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from livingcircle.errors import Fault, StandardError, listed, raise_all, said
from livingcircle.standards import faults as checking
from livingcircle.standards.files import SHIPPED, available, chain, find, read, shipped_themes
from livingcircle.standards.matching import Classes, Match, MatchAll, Place, classify, matcher
from livingcircle.standards.model import Category, Indicator, Level, Names, Quota, Requirement, Standard, Theme, nearest
from livingcircle.standards.stacking import Stack, stacked

__all__ = [
    "Category", "Classes", "Indicator", "Level", "Match", "MatchAll", "Names", "Place", "Quota", "Requirement", "Standard", "Theme",
    "available", "classify", "indicator_systems", "judged_with", "load", "matcher", "missing_categories", "nearest", "own_files",
]  # fmt: skip

Asked = str | Path | Sequence[str | Path]


def load(asked: Asked, *, base: Path | None = None) -> Standard:
    """The standard of a shipped id, or of a TOML file whose path starts at `base` (or at the working folder); several are stacked.

    Of several, and of what they are `based_on`, later ones win key by key; `layers` has their ids, lowest first, and
    `origin` tells which gave a value.

    Raises `StandardError`: an unknown id or no such file (lists the ids shipped), broken TOML (with its line), files based on
    one another, or every fault of the files' keys and values at once.

    >>> load("gb50180-2018").levels["L15"].walk_m
    1000.0
    >>> load("gb50180")
    Traceback (most recent call last):
    livingcircle.errors.StandardError: gb50180: no such standard → ...gb50180-2018...
    """
    layers, found = chain(_each(asked), base=base)
    stack = stacked(layers)
    if not found:
        _lend_themes(stack)
    raise_all([*found, *(checking.faults(stack) if layers else [])], StandardError)
    origins = {".".join(path): id for path, id in stack.origins.items() if path}
    return Standard.model_validate(checking.flat(stack.told) | {"layers": [layer.id for layer in layers], "origins": origins})


def own_files(asked: Asked, *, base: Path | None = None) -> list[Path]:
    """The files that `load` reads and that are not shipped, lowest first. Raises `StandardError` for those that cannot be had."""
    layers, found = chain(_each(asked), base=base)
    raise_all(found, StandardError)
    return [layer.file for layer in layers if layer.file.parent != SHIPPED]


def indicator_systems() -> list[str]:
    """Ids of the standards shipped that hold indicators, sorted."""
    return [name for name in available() if read(find(name)).told.get("indicators")]


def judged_with(standard: Standard, systems: Sequence[Standard]) -> Standard:
    """The standard with the categories that only the indicators of `systems` count, so that their places are recognized.

    They come without requirements and are not judged by themselves. What the standard says itself stays as it is.
    """
    categories, themes = dict(standard.categories), dict(standard.themes)
    for system in systems:
        counted = {id for indicator in system.indicators.values() for id in indicator.counted}
        for id, category in system.categories.items():
            if id in counted and id not in categories:
                categories[id] = category.model_copy(update={"requirements": ()})
                themes.setdefault(category.theme, system.themes[category.theme])
    return standard.model_copy(update={"categories": categories, "themes": themes})


def missing_categories(standard: Standard, system: Standard) -> dict[str, tuple[str, ...]]:
    """The categories that the indicators of `system` count and `standard` lacks: indicator id -> category ids; none when all are there."""
    lacking = {id: tuple(c for c in indicator.counted if c not in standard.categories) for id, indicator in system.indicators.items()}
    return {id: categories for id, categories in lacking.items() if categories}


def _each(asked: Asked) -> list[str | Path]:
    several = [asked] if isinstance(asked, str | Path) else [*asked]
    if not several:
        raise StandardError(Fault(said("standard"), "none is named", said("name one of {known}, or a TOML file", known=listed(available()))))
    return several


def _table(told: object) -> Mapping[str, object]:
    return told if isinstance(told, Mapping) else {}


def _lend_themes(stack: Stack) -> None:
    """Files of indicators alone may name the themes of any standard shipped."""
    alone = [layer for layer in stack.layers if layer.holds_indicators_alone]
    categories, themes = (stack.told.setdefault(part, {}) for part in ("categories", "themes"))
    if not alone or not all(isinstance(one, dict) for one in (categories, themes)):
        return
    stated = [one for layer in alone for one in _table(layer.told.get("categories")).values()]
    wanted = [one.get("theme") for one in stated if isinstance(one, Mapping)]
    for id in [id for id in shipped_themes() if id in wanted and id not in themes]:
        stack.origins["themes", id], themes[id] = shipped_themes()[id]
