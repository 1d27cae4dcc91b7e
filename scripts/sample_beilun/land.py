"""Who uses which land: parks, schools and other sites first, then homes, then the rest."""

from __future__ import annotations

from random import Random
from typing import Any

from sample_beilun.blocks import Block, beyond, corner, heading, long_way, nearest, take
from sample_beilun.ground import FACTS, pick

SPLIT_HA = 12.5
LARGE_HA = 14.0  # outside the fields no single work place is larger
VILLAGE_HA = (3.6, 6.0)


def _use(code: str) -> str:
    return FACTS["uses"][code]


def _sites(found: list[Block], dice: Random) -> None:
    """The sites of the facts: large ones take a side of their block, small ones a corner."""
    for site in FACTS["sites"]:
        block = nearest(found, site["near"])
        facts = {"planned": site.get("planned", False), "kind": "site"}
        _cut(block, site["ha"], {"code": site["code"], "use": _use(site["code"]), "name": site["name"], "facts": facts}, dice)


def _cut(block: Block, ha: float, lot: dict[str, Any], dice: Random) -> None:
    area, whole = 10_000.0 * ha, block.free.area
    side = heading(pick(dice, range(4)))
    if area > 0.72 * whole:
        take(block, block.free, lot)
    elif area > 0.30 * whole:
        take(block, beyond(block.free, side, area), lot)
    else:
        take(block, corner(block.free, side, area), lot)


def _schools(found: list[Block], dice: Random) -> None:
    told = FACTS["schools"]
    for school in told["list"]:
        stage = school["stage"]
        code = told["codes"][stage]
        low, high = told["classes"][stage]
        classes = 3 * round(dice.uniform(low, high) / 3.0)
        ha = told["hectares"][stage] * dice.uniform(0.92, 1.12)
        facts = {
            "kind": "school",
            "stage": stage,
            "classes": classes,
            "places": classes * told["places"][stage],
            "status": school.get("status", "现状"),
            "open_year": school.get("year", int(dice.uniform(1986, 2021))),
        }
        _cut(nearest(found, school["near"]), ha, {"code": code, "use": _use(code), "name": school["name"], "facts": facts}, dice)


def _talent(found: list[Block], dice: Random) -> None:
    for homes in FACTS["talent"]:
        facts = {"kind": "home", "gated": True, "open_year": homes["open_year"], "people": homes["people"]}
        lot = {"code": homes["code"], "use": _use(homes["code"]), "name": homes["name"], "facts": facts}
        _cut(nearest(found, homes["near"]), 2.3, lot, dice)


def _home(block: Block, dice: Random) -> dict[str, Any]:
    zone = block.zone
    gated = dice.random() < zone["gated"]
    code = zone["code"]
    return {"code": code, "use": _use(code), "facts": {"kind": "home", "gated": gated, "zone": zone["id"]}}


def _dwell(block: Block, dice: Random) -> None:
    """Homes on all free land of `block`: one estate, or several where it is large."""
    while not block.free.is_empty:
        ha = block.free.area / 10_000.0
        parts = max(1, round(ha / (SPLIT_HA * 0.6))) if ha > SPLIT_HA else 1
        part = block.free if parts == 1 else beyond(block.free, long_way(block.free), block.free.area / parts)
        take(block, part, _home(block, dice))


def _village(block: Block, dice: Random) -> None:
    """One or two clusters of village homes at the corners of a block of fields."""
    for _ in range(2 if block.free.area > 220_000.0 else 1):
        if block.free.area > 60_000.0:
            area = 10_000.0 * dice.uniform(*VILLAGE_HA)
            take(block, corner(block.free, heading(pick(dice, range(4))), area), _home(block, dice))


def _rest(block: Block, turns: dict[str, int]) -> None:
    if block.free.is_empty:
        return
    kinds = FACTS["other_land"][block.zone["id"]]
    turn = turns[block.zone["id"]] = turns.get(block.zone["id"], -1) + 1
    code, use = kinds[turn % len(kinds)]
    take(block, block.free, {"code": code, "use": use, "facts": {"kind": "other"}})


def settle(found: list[Block], *, hill: Block, old_town: Block, dice: Random) -> None:
    """Lots on every block; `hill` keeps its wood and `old_town` is all homes."""
    planted = nearest(found, FACTS["planted"]["one_gate"]["near"])
    gate_facts = {"kind": "home", "gated": True, "zone": "town", "side": FACTS["planted"]["one_gate"]["side"]}
    told = FACTS["planted"]["one_gate"]
    take(planted, planted.free, {"code": told["code"], "use": _use(told["code"]), "name": told["name"], "facts": gate_facts})
    _sites(found, dice)
    _schools(found, dice)
    _talent(found, dice)
    wood = FACTS["hill"]["code"]
    take(hill, hill.free, {"code": wood, "use": _use(wood), "name": FACTS["hill"]["name"], "facts": {"kind": "other"}})
    share: dict[str, float] = {}
    turns: dict[str, int] = {}
    lived = [nearest(found, near) for near in FACTS["planted"]["homes"]]
    for block in [*lived, old_town]:
        _dwell(block, dice)
    # Shuffled by drawing, since the order of random.shuffle is not promised to stay.
    for block in sorted(found, key=lambda block: dice.random()):
        if block.free.is_empty:
            continue
        zone = block.zone["id"]
        share[zone] = share.get(zone, 0.5) + block.zone["dwelling"]
        large = zone != "rural" and block.free.area > 10_000.0 * LARGE_HA
        if large or share[zone] >= 1.0:
            share[zone] -= 1.0
            _village(block, dice) if zone == "rural" else _dwell(block, dice)
        _rest(block, turns)
