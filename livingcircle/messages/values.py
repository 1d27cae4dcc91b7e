"""What is wrong with a value of a TOML file, in planner's words and by the type of pydantic's error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from livingcircle.errors import Said, listed, said
from livingcircle.messages import words


def wrong_value(problem: Mapping[str, Any]) -> Said:
    """The sentence for one of the `errors()` of a `ValidationError`, with the value given where it is short enough to show.

    An error that a check of our own raised is told in its own words, and one of an unknown type in pydantic's.

    >>> wrong_value({"type": "greater_than", "ctx": {"gt": 0.0}, "input": -1})
    'should be above 0 (given: -1)'
    """
    told, given = _told(problem), problem.get("input")
    if isinstance(given, str | int | float | bool):
        return said("{problem} (given: {value!r})", problem=told, value=given)
    return told


def _told(problem: Mapping[str, Any]) -> Said:
    known, context = words("en", "values"), dict(problem.get("ctx", {}))
    if problem["type"] == "value_error":
        own = context["error"].args[0] if context["error"].args else ""
        return own if isinstance(own, Said) else Said(str(own), {})
    if problem["type"] not in known:
        return Said(problem["msg"], {})
    if problem["type"] == "literal_error":
        context["expected"] = _either(re.findall(r"'[^']*'", context["expected"]) or [context["expected"]])
    return Said(known[problem["type"]], {key: f"{value:g}" if isinstance(value, float) else value for key, value in context.items()})


def _either(choices: list[str]) -> str:
    if len(choices) == 1:
        return choices[0]
    return said("{some} or {last}", some=listed(choices[:-1]), last=choices[-1])
