"""When two rows are one real facility: limits in metres, what names may differ by, and the words for it, from `rules.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("rules.toml")


@dataclass(frozen=True)
class Rules:
    """The file as it stands, and the questions asked of it."""

    told: Mapping[str, Mapping]
    names: Mapping
    learning: Mapping
    neutral_brackets: re.Pattern[str]
    apart: re.Pattern[str]

    @property
    def reach_m(self) -> float:
        """The widest limit of all."""
        return max(max([one.get("limit_m", 0), *one.get("by_category", {}).values()]) for one in self.told.values())

    @property
    def usual_m(self) -> float:
        """The widest limit of categories that have none of their own."""
        return max(one.get("limit_m", 0) for one in self.told.values())

    @property
    def far(self) -> frozenset[str]:
        """The categories that have a limit of their own."""
        return frozenset(category for one in self.told.values() for category in one.get("by_category", {}))

    def index(self, rule: str) -> int:
        """The place of a rule in the file: the surer, the smaller."""
        return list(self.told).index(rule)

    def limit_m(self, rule: str, categories: Collection[str]) -> float:
        """How far apart rows of these common categories may be under a rule, metres.

        >>> rules().limit_m("same_name", {"trn_bus"}), rules().limit_m("same_name", {"park"})
        (100, 50)
        """
        one = self.told[rule]
        return max([one["limit_m"], *(m for c, m in one.get("by_category", {}).items() if c in categories)])

    def sentence(self, rule: str, language: str, *, extra: str, distance: float) -> str:
        """Why two rows were taken for one, in `zh` or `en`."""
        return self.told[rule]["zh" if language.startswith("zh") else "en"].format(extra=extra, distance=distance)


@cache
def rules() -> Rules:
    """The rules shipped.

    >>> rules().sentence("same_name", "en", extra="", distance=12.4)
    'same name, 12 m apart'
    """
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    names = told["names"]
    return Rules(told["rules"], names, told["learning"], re.compile(names["neutral_brackets"]), re.compile(names["apart_regex"]))
