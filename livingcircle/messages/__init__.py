"""The words planners see, one file a language; every file has the same keys."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

LANGUAGES = ("zh", "en")


@cache
def words(language: str, part: str = "") -> Mapping[str, str]:
    """The words of a language by key. `part` names a family of words kept in a file of its own, such as `page`.

    >>> words("en")["cause.severed"]
    'severed: near in a straight line, far on foot'
    """
    name = f"{part}.{language}.toml" if part else f"{language}.toml"
    told = tomllib.loads((files(__name__) / name).read_text(encoding="utf-8"))
    return dict(_flat(told, ""))


def _flat(told: Mapping, prefix: str):
    for key, value in told.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def text(language: str, key: str, **values: object) -> str:
    """One message with its values filled in.

    >>> text("en", "warning.residences_outside", count=2, people=30)
    '2 residences (30 people) lie outside the study area and are not judged'
    """
    return words(language)[key].format(**values)
