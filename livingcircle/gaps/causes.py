"""The cause of every gap by rule, and the remedy that follows from it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads((files(__name__.rpartition(".")[0]) / "causes.toml").read_text(encoding="utf-8"))


def remedies() -> dict[str, str]:
    """The remedy of every cause, in the order in which causes are tested, as `gaps/causes.toml` states them.

    >>> list(remedies())[:2], remedies()["far"]
    (['not_yet_open', 'not_found'], 'build')
    """
    return {cause["id"]: cause["remedy"] for cause in _told()["causes"]}


def uncertain_from() -> float:
    """The share (0-1) of a gap at the end of the street data from which its data are in doubt."""
    return float(_told()["uncertain_share"])


def first(holds: Mapping[str, np.ndarray]) -> np.ndarray:
    """The first cause of every row that holds, in the order of `gaps/causes.toml`; `beyond` where none does.

    `holds` maps causes to masks over the rows; a cause that is not asked about holds nowhere.

    >>> first({"far": np.array([True, False, False]), "not_found": np.array([True, True, False])}).tolist()
    ['not_found', 'not_found', 'beyond']
    """
    asked = [cause for cause in remedies() if cause in holds]
    return np.select([holds[cause] for cause in asked], asked, "beyond")


def remedy_of(cause: np.ndarray) -> np.ndarray:
    """The remedy of each cause."""
    known = remedies()
    return np.array([known[word] for word in cause.tolist()], dtype=object)
