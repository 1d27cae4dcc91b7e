"""Names and positions of what the page shows: texts of both languages, and the order that rows refer to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from livingcircle.messages import LANGUAGES

if TYPE_CHECKING:
    from livingcircle.analysis import Result


def text(value: object) -> str:
    """Text of a cell; empty for what is missing, without broken surrogates.

    >>> text(float("nan")), text("明月\\udc80")
    ('', '明月?')
    """
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def number(value: object, digits: int = 2) -> float | int | None:
    """A finite number rounded to `digits`, None for what is missing or infinite.

    >>> number(float("inf")), number(2.0), number(0.12345)
    (None, 2, 0.12)
    """
    if value is None or pd.isna(value) or not math.isfinite(float(value)):
        return None
    rounded = round(float(value), digits)
    return int(rounded) if rounded == int(rounded) else rounded


def in_both(names: Mapping[str, object]) -> dict[str, str]:
    """A text in every language of the page; what is told in one language only is shown in all.

    >>> in_both({"zh": "小学"})
    {'zh': '小学', 'en': '小学'}
    """
    told = {language: text(names.get(language)) for language in LANGUAGES}
    known = next((name for name in told.values() if name), "")
    return {language: name or known for language, name in told.items()}


def positions(values: Iterable[object], names: Iterable[object]) -> list[int]:
    """The position of every value among `names`, -1 for one that is not there.

    >>> positions(["b", "x"], ["a", "b"])
    [1, -1]
    """
    at = {name: i for i, name in enumerate(names)}
    return [at.get(value, -1) for value in values]


def named(values: Iterable[object]) -> tuple[list[str], list[int]]:
    """Distinct texts in order of appearance, and the position of every value among them.

    >>> named(["b", "a", "b"])
    (['b', 'a'], [0, 1, 0])
    """
    texts = [text(v) for v in values]
    names = list(dict.fromkeys(texts))
    return names, positions(texts, names)


class Order:
    """The positions that rows of the page refer to: categories grouped by theme, levels, groups."""

    def __init__(self, result: Result) -> None:
        standard = result.standard
        known = {*result.coverage["category"], *result.residence_walks["category"]}
        self._theme = {c: standard.categories[c].theme for c in standard.categories if c in known}
        self.themes = [t for t in standard.themes if t in self._theme.values()]
        self.categories = [c for t in self.themes for c in self._theme if self._theme[c] == t]
        self.levels = [level for level in standard.levels if level in set(result.coverage["level"])]
        self.groups = [g.id for g in result.settings.groups]

    def theme(self, category: str) -> str:
        """The theme of a category."""
        return self._theme[category]

    def name(self, named_: Any) -> dict[str, str]:
        """The name of a theme, category or level in every language."""
        return in_both(named_.name)

    def category(self, values: Iterable[str]) -> list[int]:
        """Positions of categories."""
        return positions(values, self.categories)

    def level(self, values: Iterable[str]) -> list[int]:
        """Positions of levels."""
        return positions(values, self.levels)

    def group(self, values: Iterable[str]) -> list[int]:
        """Positions of groups."""
        return positions(values, self.groups)
