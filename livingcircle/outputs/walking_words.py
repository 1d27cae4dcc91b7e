"""How every group walks, in words that stand on every output."""

from __future__ import annotations

import re

from livingcircle.analysis import Settings
from livingcircle.costs import EXCLUDED, SLOW, Walker, presets
from livingcircle.messages import text, words
from livingcircle.network import RESIDENTS, VISIT

AGES = re.compile(r"age_?(\d+)(?:_(\d+))?")


def group_name(group: str, language: str) -> str:
    """The name of a group in a language: the program's word, that of a kind of walker shipped, the ages that it tells, else its own id.

    >>> group_name("wheelchair", "zh"), group_name("age_3_5", "zh"), group_name("couriers", "zh")
    ('轮椅使用者', '3～5 岁', 'couriers')
    """
    told = words(language).get(f"group.{group}")
    ages = AGES.fullmatch(group)
    if ages and not told:
        own = words(language, "capacity")
        return own["group.ages" if ages[2] else "group.ages_from"].format(low=ages[1], high=ages[2])
    return told or presets().get(group, {}).get("name", {}).get(language, group)


def walking_words(settings: Settings) -> list[str]:
    """A phrase for every group: its name, its speed in km/h, and the walking costs it bears."""
    known = words(settings.language)
    out = []
    for group in settings.groups:
        name = group_name(group.id, settings.language)
        speed = text(settings.language, "walker.speed", group=name, speed=group.speed_kmh)
        out.append(known["walker.join"].join([speed, *_costs(settings.walker_of(group), settings.language)]))
    return out


def _costs(walker: Walker, language: str) -> list[str]:
    known = words(language)
    told = []
    if walker.slope:
        told.append(text(language, "walker.slope", slope=walker.slope))
    if walker.steps in (SLOW, EXCLUDED):
        told.append(known[f"walker.steps_{walker.steps}"])
    if not told:
        told.append(known["walker.plain"])
    if walker.crossings:
        told.append(known["walker.crossings"])
    permeability = RESIDENTS if walker.night else walker.permeability
    if permeability != VISIT:
        told.append(known[f"walker.permeability_{permeability}"])
    if walker.night:
        told.append(known["walker.night"])
    return told
