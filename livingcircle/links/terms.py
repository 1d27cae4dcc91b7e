"""What links are looked for by: lengths, detours, and how many are worked out."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from livingcircle.errors import Fault, StudyError, listed, raise_all, said
from livingcircle.standards import nearest

# The kinds of links, as `kinds` tells them apart.
KINDS = ("gate", "footpath", "crossing", "bridge")
WHOLE = ("points", "best", "built")
COSTS = ("cost_per_m", "cost_each")
ORDERS = ("people_gained", "people_distinct", "people_per_m", "people_per_cost")


@cache
def rules() -> Mapping[str, Any]:
    """The shipped rules, as `walking/link_search.toml` states them."""
    return tomllib.loads((files("livingcircle") / "walking" / "link_search.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Terms:
    """What a search for links heeds; what each is for stands in `walking/link_search.toml`.

    Lengths are metres. `least_detour` is the way round over the straight line; `points` are points a residence; `best` and `built` numbers of links.
    `order` is the column that links are ordered by; `kinds` are those that are looked for; `cost_per_m` is what a metre costs and `cost_each` what every
    link costs besides, by kind.
    """

    max_m: float
    least_detour: float
    least_saving_m: float
    spacing_m: float
    gate_m: float
    crossing_m: float
    slant: float
    apart_m: float
    shared: float
    least_length_m: float
    points: int
    best: int
    built: int
    order: str
    kinds: tuple[str, ...]
    cost_per_m: Mapping[str, float]
    cost_each: Mapping[str, float]


def terms_of(**told: Any) -> Terms:
    """The shipped terms with those `told` in their place; raises `StudyError` with every fault: unknown words, numbers that are none or too small.

    >>> terms_of(max_m=300).max_m, terms_of().least_detour
    (300.0, 3.0)
    """
    known = [field.name for field in fields(Terms)]
    faults = [Fault(f"[links] {word}", said("unknown key"), nearest(word, known)) for word in told if word not in known]
    values = {**rules()["terms"], "kinds": KINDS, "cost_per_m": {}, "cost_each": {}, **{word: value for word, value in told.items() if word in known}}
    numbers = {word: (value, 1 if word in ("max_m", "spacing_m", "points", "best") else 0) for word, value in values.items()}
    order, sought = (numbers.pop(word)[0] for word in ("order", "kinds"))
    costs = {f"{word}.{kind}": value for word in COSTS for kind, value in numbers.pop(word)[0].items()}
    if order not in ORDERS:
        faults.append(Fault("[links] order", said("unknown order {order!r}", order=order), said("choose one of {known}", known=listed(ORDERS))))
    faults += [
        Fault(f"[links] {key}", said("unknown kind {kind!r}", kind=kind), said("choose one of {known}", known=listed(KINDS)))
        for key, kind in [*(("kinds", kind) for kind in sought), *((key, key.partition(".")[2]) for key in costs)]
        if kind not in KINDS
    ]
    numbers |= {key: (value, 0) for key, value in costs.items()}
    for word, (value, least) in numbers.items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or value < least or (word in WHOLE and value != int(value)):
            faults.append(Fault(f"[links] {word}", said("{value!r} cannot be", value=value), said("give a number, {least} or more", least=least)))
    raise_all(faults, StudyError)
    plain = {word: int(value) if word in WHOLE else float(value) for word, (value, _) in numbers.items() if word in known}
    return Terms(**plain, order=order, kinds=tuple(sought), **{word: dict(values[word]) for word in COSTS})
