"""A scenario laid over the layers, the standard and the settings of a study."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from livingcircle import coordinates
from livingcircle.analysis import Inputs, Settings
from livingcircle.errors import DataError, Fault, StudyError, raise_all, said
from livingcircle.facilities import EVERY, certain
from livingcircle.messages import LANGUAGES, words
from livingcircle.network import StreetNetwork
from livingcircle.network.links import GATE, Foot, Link, foot, gate_node, rules
from livingcircle.scenario.changing import changed
from livingcircle.scenario.housing import housed
from livingcircle.scenario.model import BUILT, GateChange, LimitChange, LinkChange, Scenario
from livingcircle.standards import Requirement, Standard, nearest

# What changed without a clause is to be verified.
UNVERIFIED = "○"


@dataclass(frozen=True)
class Plan:
    """A scenario by its id, and `where` its keys stand: the file, and the table within it.

    Its own paths start from `base`. `columns` has the column in the study's file of every group that the study counts people by, where it is known.
    """

    id: str
    scenario: Scenario
    where: str
    base: Path = Path()
    columns: Mapping[str, str] = field(default_factory=dict)

    def key(self, *parts: object) -> str:
        """The place of a key in words, as faults name it."""
        return self.where + ".".join(map(str, parts))

    @property
    def name(self) -> dict[str, str]:
        """The name in both languages; the id where it states none."""
        return {language: self.scenario.name[language] or self.id for language in LANGUAGES} if self.scenario.name else dict.fromkeys(LANGUAGES, self.id)


def laid(plan: Plan, inputs: Inputs, *, standard: Standard, settings: Settings) -> tuple[Inputs, Standard, Settings]:
    """The layers, the standard and the settings as the scenario would have them; what it does not name is as it was.

    New and moved facilities have one entrance, their point. Links and gates that open after the year judged or are less certain than what counts are
    not there, nor are homes so uncertain. Links and new gates join the nearest street within 50 m of each end (`walking/links.toml`);
    homes and entrances stay where they are on the streets. Raises `StudyError` with every fault: facilities, categories, levels and groups that the study
    does not hold, ends of links and gates that no street is near to.
    """
    faults: list[Fault] = []
    told = _with_limits(plan, standard, faults)
    stated = _stated(plan, settings, faults)
    facilities, entrances = changed(plan, inputs, standard, (settings.language, faults))
    people = housed(plan, inputs, counted=stated.certainty, faults=faults)
    network, links = _on_streets(plan, inputs.network, (stated.year, stated.certainty), faults)
    raise_all(faults, StudyError)
    layers = {"network": network, "facilities": facilities, "entrances": entrances, "residences": people, "links": (*inputs.links, *links)}
    # Homes that come or go leave the points of all others where they are.
    return replace(inputs, **layers, among=inputs.among if people is inputs.residences else inputs.sampled_among), told, stated


def on_streets(plan: Plan, network: StreetNetwork, *, year: int | None = None, certainty: str = EVERY) -> tuple[StreetNetwork, list[Link]]:
    """The streets with the gates that the scenario closes, and the links and opened gates that it adds to them by `year`; raises as `laid` does.

    The scenario's own `year` and `certainty` are to be told here, too.
    """
    faults: list[Fault] = []
    found = _on_streets(plan, network, (year, certainty), faults)
    raise_all(faults, StudyError)
    return found


def is_there(told: LinkChange | GateChange, *, year: int | None, certainty: str = EVERY) -> bool:
    """Whether a link or gate is there in `year`: it states no later one, and is at least as `certainty` asks.

    >>> path = LinkChange(kind="footpath", line=((121.7, 29.9), (121.8, 29.9)), open_year=2030, certainty="planned")
    >>> [is_there(path, year=2025), is_there(path, year=2030), is_there(path, year=2030, certainty="under_construction")]
    [False, True, False]
    """
    opened = told.open_year is None or (year is not None and told.open_year <= year)
    return opened and bool(certain([told.certainty or BUILT], certainty=certainty)[0])


def _on_streets(plan: Plan, network: StreetNetwork, counted: tuple[int | None, str], faults: list[Fault]) -> tuple[StreetNetwork, list[Link]]:
    year, certainty = counted
    every = [*_links(plan, network, faults), *_gates(plan, network, faults)]
    links = [link for told, link in every if is_there(told, year=year, certainty=certainty)]
    shut = _closed(plan, network, faults)
    return network.with_closed_gates(shut) if shut else network, links


def without_closing(plan: Plan, network: StreetNetwork, opened: Collection[tuple[int, int]]) -> Scenario:
    """The scenario without the changes that close any of these gates, given as node id and compound of the study's own streets."""
    kept = []
    for number, told in enumerate(plan.scenario.gates):
        place = _metres([(told.lon, told.lat)], network, plan.key("gates", number))[0]
        if told.change == "open" or gate_node(network, place) not in opened:
            kept.append(told)
    return plan.scenario.model_copy(update={"gates": tuple(kept)})


def _with_limits(plan: Plan, standard: Standard, faults: list[Fault]) -> Standard:
    categories = dict(standard.categories)
    for number, limit in enumerate(plan.scenario.limits):
        where = (plan, "limits", number)
        own = categories.get(limit.category)
        if own is None:
            known = sorted(id for id, one in standard.categories.items() if one.requirements)
            faults.append(_unknown(where, "category", limit.category, known, standard))
            continue
        levels = [asked.level for asked in own.requirements]
        if limit.level not in levels:
            problem = said("{standard} asks nothing of {category} at level '{level}'", standard=standard.id, category=limit.category, level=limit.level)
            faults.append(Fault(plan.key("limits", number, "level"), problem, nearest(limit.level, levels)))
            continue
        asked = tuple(_limited(one, limit) if one.level == limit.level else one for one in own.requirements)
        categories[limit.category] = own.model_copy(update={"requirements": asked})
    return standard.model_copy(update={"categories": categories}) if plan.scenario.limits else standard


def _limited(asked: Requirement, limit: LimitChange) -> Requirement:
    """The requirement with the limit of the scenario; the very same where that is its own."""
    told = {key: value for key in ("limit_m", "limit_min") if (value := getattr(limit, key)) not in (None, getattr(asked, key))}
    return asked.model_copy(update={**told, "evidence": UNVERIFIED}) if told else asked


def _unknown(where: tuple, key: str, word: str, known: list[str], standard: Standard) -> Fault:
    plan, *place = where
    return Fault(plan.key(*place, key), said("'{id}' is no category that {standard} judges", id=word, standard=standard.id), nearest(word, known))


def _stated(plan: Plan, settings: Settings, faults: list[Fault]) -> Settings:
    """The settings with the scenario's names, rule and speeds."""
    walking, known = plan.scenario.walking, [group.id for group in settings.groups]
    for group in walking.speeds:
        if group not in known:
            faults.append(Fault(plan.key("walking", "speeds", group), said("'{id}' is no group of the study", id=group), nearest(group, known)))
    speed = {group.id: walking.speeds.get(group.id, group.speed_kmh) for group in settings.groups}
    everybody = walking.speeds.get("all", settings.speed_kmh)
    return replace(
        settings,
        name=_both(settings.name, plan.name, "scenario.named"),
        note=_both(settings.note, plan.scenario.note or {}, "scenario.noted"),
        rule=walking.rule or settings.rule,
        certainty=plan.scenario.certainty or settings.certainty,
        speed_kmh=everybody,
        walker=settings.walker and settings.walker.at_speed(everybody),
        groups=tuple(replace(g, speed_kmh=speed[g.id], walker=g.walker and g.walker.at_speed(speed[g.id])) for g in settings.groups),
    )


def _both(study: Mapping[str, str], scenario: Mapping[str, str], key: str) -> dict[str, str]:
    """What is said of the study and of the scenario in one sentence, by language; one of them alone where the other says nothing."""
    return {
        language: words(language)[key].format(study=own, scenario=more) if own and more else own or more
        for language in LANGUAGES
        for own, more in [(study.get(language, ""), scenario.get(language, ""))]
    }


def _metres(points: Any, network: StreetNetwork, key: str) -> np.ndarray:
    """Longitudes and latitudes as an (n, 2) array in the CRS of the streets; raises `DataError` where they cannot lie there."""
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*np.array(points, dtype=float).T), crs="EPSG:4326")
    return shapely.get_coordinates(coordinates.to_crs(frame, declared=None, target=network.crs, where=key).geometry.to_numpy())


def _links(plan: Plan, network: StreetNetwork, faults: list[Fault]) -> list[tuple[LinkChange, Link]]:
    out = []
    for number, told in enumerate(plan.scenario.links):
        key = plan.key("links", number, "line")
        try:
            line = _metres(told.line, network, key)
        except DataError as error:
            faults += error.faults
            continue
        feet = [foot(network, line[end]) for end in (0, -1)]
        faults += [_too_far(key, told, found, word) for found, word in zip(feet, (said("start"), said("end")), strict=True) if found.edge < 0]
        out.append((told, Link(line, (feet[0], feet[1]), told.kind, told.name)))
    return out


def _too_far(key: str, told: LinkChange, found: Foot, word: str) -> Fault:
    problem = said("the {end} of {name} is {far:.0f} m from the nearest street", end=word, name=told.name or told.kind, far=found.leg_m)
    return Fault(key, problem, said("draw it to within {reach:g} m of a street", reach=rules()["reach_m"]))


def _gates(plan: Plan, network: StreetNetwork, faults: list[Fault]) -> list[tuple[GateChange, Link]]:
    """The links through the gates that are opened: from the nearest street within a compound by the gate to the nearest public one."""
    out = []
    for number, told in _each_gate(plan, "open"):
        key = plan.key("gates", number)
        try:
            place = _metres([(told.lon, told.lat)], network, key)[0]
        except DataError as error:
            faults += error.faults
            continue
        inner, outer = (foot(network, place, among=mask) for mask in (network.compound >= 0, network.compound < 0))
        lacking = [word for found, word in ((inner, said("of a compound")), (outer, said("outside compounds"))) if found.edge < 0]
        for word in lacking:
            problem = said("no street {where} lies within {reach:g} m", where=word, reach=rules()["reach_m"])
            faults.append(Fault(key, problem, "place the gate at the wall of a compound, between a street within and one outside"))
        if not lacking:
            lines = network.streets.geometry.to_numpy()
            ends = [shapely.get_coordinates(lines[at.edge].interpolate(at.offset_m))[0] for at in (inner, outer)]
            feet = (inner._replace(leg_m=0.0), outer._replace(leg_m=0.0))
            out.append((told, Link(np.array([ends[0], place, ends[1]]), feet, GATE)))
    return out


def _closed(plan: Plan, network: StreetNetwork, faults: list[Fault]) -> tuple[tuple[int, int], ...]:
    out = []
    for number, told in _each_gate(plan, "close"):
        key = plan.key("gates", number)
        try:
            found = gate_node(network, _metres([(told.lon, told.lat)], network, key)[0])
        except DataError as error:
            faults += error.faults
            continue
        if found is None:
            problem = said("no gate of a compound lies within {reach:g} m", reach=rules()["gate_m"])
            faults.append(Fault(key, problem, "place the point at a gate where a street leads into a compound"))
        else:
            out.append(found)
    return tuple(dict.fromkeys(out))


def _each_gate(plan: Plan, change: str) -> list[tuple[int, GateChange]]:
    return [(number, told) for number, told in enumerate(plan.scenario.gates) if told.change == change]
