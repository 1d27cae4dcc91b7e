"""Whether a scenario only adds: everything of the study is still there, walked and judged as before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from livingcircle.analysis import Inputs, Settings
from livingcircle.facilities import is_open
from livingcircle.reuse import Known, digest
from livingcircle.scenario.laying import Plan, laid
from livingcircle.scenario.model import Scenario
from livingcircle.layers import Residences
from livingcircle.standards import Standard

# The layers, the standard and the settings, without a scenario or under it.
State = tuple[Inputs, Standard, Settings]


def only_adds(before: State, after: State) -> bool:
    """Whether nothing is taken away: what is open stays open with all its entrances, no gate closes, no limit becomes tighter.

    Rule and walkers have to be the same, and so have barriers. Every home stays where it is, whoever lives there; others may come. What a facility holds
    does not matter here, nor how certain it is, as long as that leaves it open.
    """
    inputs, standard, settings = before
    then, limits, told = after
    walkers = [(one.rule, one.year, one.snap_limit_m, one.groups, [one.walker_of(group) for group in one.groups]) for one in (settings, told)]
    same = ("barriers", "units", "extent", "ground")
    if walkers[0] != walkers[1] or any(getattr(inputs, name) is not getattr(then, name) for name in same):
        return False
    if not _homes_stay(inputs, then):
        return False
    if not set(then.network.closed_gates) <= set(inputs.network.closed_gates) or then.links[: len(inputs.links)] != inputs.links:
        return False
    asked = [{(category, r.level): r for category, r in one.requirements()} for one in (standard, limits)]
    looser = all(
        key in asked[1] and asked[1][key].at_least <= r.at_least and asked[1][key].limit_m >= r.limit_m and asked[1][key].limit_min >= r.limit_min
        for key, r in asked[0].items()
    )
    return looser and _stay((inputs, settings), (then, told))


def _homes_stay(before: Inputs, after: Inputs) -> bool:
    """Whether every home stands first and where it did, lived in from the same year, and told by the same points."""
    own, then = before.residences, after.residences
    if own is then:
        return True
    return before.sampled_among == after.sampled_among and digest(_places(own)) == digest(_places(then.iloc[: len(own)]))


def _places(homes: Residences) -> tuple:
    return homes["residence_id"].tolist(), homes.geometry.to_numpy(), homes["open_year"].to_numpy(dtype=float)


def _stay(before: tuple[Inputs, Settings], after: tuple[Inputs, Settings]) -> bool:
    """Whether every facility open before is open after, for the same categories and by the same entrances."""
    held = []
    for inputs, told in (before, after):
        facilities = inputs.facilities[np.asarray(is_open(inputs.facilities, year=told.year, certainty=told.certainty))]
        doors: dict[str, list[bytes]] = {}
        for id, point in zip(inputs.entrances["facility_id"], shapely.to_wkb(inputs.entrances.geometry.to_numpy()), strict=True):
            doors.setdefault(id, []).append(point)
        held.append({id: (set(own), doors.get(id)) for id, own in zip(facilities["facility_id"], facilities["categories"], strict=True)})
    return all(id in held[1] and own <= held[1][id][0] and doors == held[1][id][1] for id, (own, doors) in held[0].items())


def changes_nothing(state: State, *, known: Known | None = None) -> bool:
    """Whether a scenario without changes, laid over a state, gives that very state, to the last bit; names and notes aside.

    `known` holds digests of layers.
    """
    inputs, standard, settings = state
    then, limits, told = laid(Plan(settings.study_id, Scenario(), ""), inputs, standard=standard, settings=settings)
    bare = [digest((*layers, _unnamed(words)), known=known) for *layers, words in (state, (then, limits, told))]
    return bare[0] == bare[1]


def _unnamed(settings: Settings) -> Settings:
    return replace(settings, name={}, note={}, scenario=None)
