"""Synthetic residents: names, numbers, ages and building years of the homes."""

from __future__ import annotations

from random import Random
from typing import Any

from sample_beilun.blocks import Block, Lot
from sample_beilun.ground import FACTS, pick
from sample_beilun.units import community_at

AGES = ("young", "school", "old")


def homes(found: list[Block]) -> list[tuple[Block, Lot]]:
    """Every residential lot with its block, in the order of the blocks."""
    return [(block, lot) for block in found for lot in block.lots if lot.facts["kind"] == "home"]


def name_homes(found: list[Block], dice: Random) -> None:
    """A name of its own for every residential lot that has none."""
    told, used = FACTS["estates"], {lot.name for _, lot in homes(found)}
    for block, lot in homes(found):
        if lot.name:
            continue
        zone = block.zone["id"]
        pairs = [first + last for first in told["first"][zone] for last in told["last"][zone]]
        free = [name for name in pairs if name not in used] or [
            f"{name}{phase}" for phase in ("二期", "三期") for name in pairs if f"{name}{phase}" not in used
        ]
        lot.name = pick(dice, free)
        used.add(lot.name)


def settle_people(found: list[Block], units: list, dice: Random) -> None:
    """Residents, their ages, the building year and the community of every residential lot, as facts of the lot.

    Today's residents add up to the total of the facts; homes that open later have planned residents on top.
    """
    total = FACTS["people"]["total"]
    today = []
    for block, lot in homes(found):
        zone = block.zone
        lot.facts["community"] = community_at(lot.shape.representative_point(), units)
        lot.facts["raw"] = lot.shape.area / 10_000.0 * dice.uniform(*zone["density"])
        if "open_year" not in lot.facts:
            low, high = zone["years"]
            year = pick(dice, range(low, high + 1))
            lot.facts["open_year"] = None if dice.random() < FACTS["people"]["without_year"] else year
            today.append(lot)
    scale = total / sum(lot.facts["raw"] for lot in today)
    for block, lot in homes(found):
        lot.facts["people"] = lot.facts.get("people") or round(lot.facts["raw"] * scale)
        _ages(lot.facts, block.zone["ages"], dice)
    _balance(today)


def _ages(facts: dict[str, Any], shares: dict[str, float], dice: Random) -> None:
    for age in AGES:
        facts[age] = round(facts["people"] * shares[age] * dice.uniform(0.78, 1.22))


def _balance(today: list[Lot]) -> None:
    """Moves the number of old people to their share of the whole district."""
    wanted = FACTS["people"]["old_share"] * sum(lot.facts["people"] for lot in today)
    scale = wanted / sum(lot.facts["old"] for lot in today)
    for lot in today:
        lot.facts["old"] = round(lot.facts["old"] * scale)


def split_ages(found: list[Block], dice: Random) -> None:
    """Children by the age bands of the facts, as facts of every residential lot.

    They split the numbers of young and school age, so that each band and its neighbors still add up to these.
    """
    told = FACTS["people"]["cohorts"]
    for _, lot in homes(found):
        years = [number for age in ("young", "school") for number in _by_year(lot.facts[age], told[age], dice)]
        lot.facts["bands"] = {band: sum(years[first : last + 1]) for band, (first, last) in told["bands"].items()}


def _by_year(whole: int, shares: list[float], dice: Random) -> list[int]:
    """`whole` people over single years of age, about in the given shares; the years add up to it."""
    weights = [share * dice.uniform(0.85, 1.15) for share in shares]
    bounds = [round(whole * sum(weights[:number]) / sum(weights)) for number in range(len(weights) + 1)]
    return [high - low for low, high in zip(bounds, bounds[1:], strict=False)]
