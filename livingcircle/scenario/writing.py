"""A scenario as the text of a TOML file, as the map saves it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from livingcircle.scenario.model import Scenario

BARE = re.compile(r"[A-Za-z0-9_-]+")
LISTS = ("homes", "facilities", "links", "gates", "limits")


def toml_text(scenario: Scenario) -> str:
    """The TOML text of what a scenario says, and of nothing else; read again it is the same scenario.

    >>> print(toml_text(Scenario.model_validate({"year": 2030, "gates": [{"change": "open", "lon": 121, "lat": 29.5}]})))
    year = 2030
    <BLANKLINE>
    [[gates]]
    change = "open"
    lon = 121.0
    lat = 29.5
    <BLANKLINE>
    """
    told = scenario.model_dump(mode="json", exclude_unset=True)
    lines = [_pair(key, told[key]) for key in ("name", "note", "year", "standard", "certainty") if told.get(key)]
    walking = told.get("walking", {})
    if walking.get("rule"):
        lines += ["", "[walking]", _pair("rule", walking["rule"])]
    if walking.get("speeds"):
        lines += ["", "[walking.speeds]", *(_pair(group, speed) for group, speed in walking["speeds"].items())]
    for part in LISTS:
        for row in told.get(part, ()):
            lines += ["", f"[[{part}]]", *(_pair(key, value) for key, value in row.items() if value is not None)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _pair(key: str, value: Any) -> str:
    return f"{key if BARE.fullmatch(key) else _quoted(key)} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_pair(key, one) for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value, allow_nan=False)


def _quoted(text: str) -> str:
    # Of what JSON writes bare TOML refuses the one control character alone.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
