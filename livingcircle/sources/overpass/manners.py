"""How public servers are asked, as `overpass.toml` states it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def rules() -> Mapping[str, Any]:
    """The shipped addresses, limits and manners.

    >>> rules()["servers"][0]["url"].startswith("https://")
    True
    """
    return tomllib.loads((files("livingcircle.sources.overpass") / "overpass.toml").read_text(encoding="utf-8"))
