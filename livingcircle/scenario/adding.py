"""Whether a scenario only adds: everything of the study is still there, walked and judged as before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from livingcircle.analysis import Inputs, Settings
from livingcircle.facilities import is_open
from livingcircle.reuse import digest
from livingcircle.scenario.laying import Plan, laid
from livingcircle.scenario.model import Scenario
from livingcircle.standards import Standard

# The layers, the standard and the settings, without a scenario or under it.
State = tuple[Inputs, Standard, Settings]


def only_adds(before: State, after: State) -> bool:
    """Whether nothing is taken away: what is open stays open with all its entrances, no gate closes, no limit becomes tighter.

    Rule and walkers have to be the same, and so have homes and barriers. What a facility holds does not matter here.
    """
    inputs, standard, settings = before
    then, limits, told = after
    walkers = [(one.rule, one.year, one.snap_limit_m, one.groups, [one.walker_of(group) for group in one.groups]) for one in (settings, told)]
    same = ("residences", "barriers", "units", "extent", "ground")
    if walkers[0] != walkers[1] or any(getattr(inputs, name) is not getattr(then, name) for name in same):
        return False
    if not set(then.network.closed_gates) <= set(inputs.network.closed_gates) or then.links[: len(inputs.links)] != inputs.links:
        return False
    asked = [{(category, r.level): r for category, r in one.requirements()} for one in (standard, limits)]
    looser = all(
        key in asked[1] and asked[1][key].at_least <= r.at_least and asked[1][key].limit_m >= r.limit_m and asked[1][key].limit_min >= r.limit_min
        for key, r in asked[0].items()
    )
    return looser and _stay(inputs, then, settings.year)


def _stay(before: Inputs, after: Inputs, year: int | None) -> bool:
    """Whether every facility open before is open after, for the same categories and by the same entrances."""
    held = []
    for inputs in (before, after):
        facilities = inputs.facilities[np.asarray(is_open(inputs.facilities, year=year))]
        doors = inputs.entrances.groupby("facility_id").geometry.agg(lambda points: tuple(point.wkb for point in points)).to_dict()
        held.append({id: (set(own), doors.get(id)) for id, own in zip(facilities["facility_id"], facilities["categories"], strict=True)})
    return all(id in held[1] and own <= held[1][id][0] and doors == held[1][id][1] for id, (own, doors) in held[0].items())


def changes_nothing(state: State) -> bool:
    """Whether a scenario without changes, laid over a state, gives that very state, to the last bit; names and notes aside."""
    inputs, standard, settings = state
    then, limits, told = laid(Plan(settings.study_id, Scenario(), ""), inputs, standard=standard, settings=settings)
    bare = [digest((*layers, _unnamed(words))) for *layers, words in (state, (then, limits, told))]
    return bare[0] == bare[1]


def _unnamed(settings: Settings) -> Settings:
    return replace(settings, name={}, note={}, scenario=None)
