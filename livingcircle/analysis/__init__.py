"""The chain from layers to judgement: walks, isochrones, coverage and gaps of one study as one `Result`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle import completeness as circles
from livingcircle import coverage as judging
from livingcircle import equity
from livingcircle import gaps as gap_list
from livingcircle import quotas as amounts
from livingcircle import residences as homes
from livingcircle.analysis import tables
from livingcircle.analysis.areas import isochrones
from livingcircle.analysis.capacities import capacities
from livingcircle.analysis.inputs import Inputs, Result, Settings
from livingcircle.analysis.reach import View, limit_streets, reaches, views, walked_as
from livingcircle.analysis.served import Served
from livingcircle.analysis.severing import parted
from livingcircle.analysis.walking import walking
from livingcircle.areas import Areas
from livingcircle.coverage import WHOLE_AREA
from livingcircle.facilities import is_open
from livingcircle.indicators import indicators
from livingcircle.layers import Facilities, Gaps, Samples, Units
from livingcircle.standards import Requirement, Standard
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH

__all__ = ["Inputs", "Result", "Settings", "analyze"]

Progress = Callable[[str, int, int], None]


def _quiet(step: str, done: int, total: int) -> None:
    pass


def analyze(inputs: Inputs, *, standard: Standard, settings: Settings, progress: Progress = _quiet) -> Result:
    """The whole chain on layers already read and projected.

    Judges every category of `standard` for which the study has facilities, open or planned, and every category the
    standard makes mandatory, or of these the `settings.categories`. `progress(step, done, total)` is told of each step. Inputs are not changed.
    """
    facilities = inputs.facilities.assign(open=is_open(inputs.facilities, year=settings.year, certainty=settings.certainty))
    people = homes.in_year(inputs.residences, year=settings.year)
    progress("samples", 0, 1)
    samples = _with_shared_names(homes.sample(people, inputs.units, among=inputs.sampled_among))
    seen = views(inputs, samples, settings)
    progress("samples", 1, 1)
    names = _judged(standard, facilities, settings)
    view = seen[settings.groups[0].id]
    served = Served.begin(inputs, people, samples, view, settings)
    judged = _judge((names, served, _living(inputs, samples, settings)), (inputs, people, samples, facilities, seen), standard, settings, progress)
    areas = isochrones(names, (inputs, facilities, view), standard, settings, progress)
    progress("coverage", 0, 1)
    table = _with_walkers(_with_place(gap_list.ranked(judged.gaps), samples), settings)
    beside = _beside(served, judged.elements, (people, samples, facilities, view), standard, settings)
    progress("coverage", 1, 1)
    return Result(
        settings=settings,
        standard=standard,
        network=view.network,
        facilities=facilities,
        entrances=inputs.entrances,
        residences=people,
        samples=samples,
        barriers=inputs.barriers,
        units=inputs.units,
        area=inputs.area,
        **beside,
        walked_as=walked_as(seen),
        residence_walks=pd.concat(judged.walks, ignore_index=True),
        coverage=_with_walkers(pd.concat(judged.coverage, ignore_index=True), settings),
        gaps=table,
        gap_areas=tables.gap_areas(table, people, areas, settings),
        isochrones=areas,
        components=tables.components(view, samples, inputs.entrances),
        merged=inputs.merged,
        counts=_counts(inputs, (people, samples, facilities), seen, areas) | {"unreachable_people": judged.unreachable},
        warnings=(),
        walking=walking(inputs, people, samples, seen, settings),
        covered=judged.covered,
        equity=pd.concat(judged.equity, ignore_index=True)[list(equity.COLUMNS)] if judged.equity else pd.DataFrame(columns=list(equity.COLUMNS)),
    )


def _with_shared_names(samples: Samples) -> Samples:
    """The samples with one text object for each residence and unit, as they are asked for with every category."""
    told = {}
    for column in ("residence_id", "unit"):
        code, known = pd.factorize(samples[column])
        told[column] = pd.Series(np.asarray(known, dtype=object)[code], index=samples.index, dtype=object)
    return samples.assign(**told)


def _with_walkers(table: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The table with the speed and the walking costs of each row's group."""
    walkers = {group.id: settings.walker_of(group) for group in settings.groups}
    of = [walkers[group] for group in table["group"]]
    return table.assign(speed_kmh=[float(walker.speed_kmh) for walker in of], costs=[walker.costs for walker in of])


def _beside(
    served: Served, elements: circles.Elements, layers: tuple, standard: Standard, settings: Settings
) -> dict[str, Any]:
    """The tables beside coverage: indicators, completeness, what homes lack, quotas, capacity."""
    people, samples, facilities, view = layers
    areas = Areas.of(served.inputs.units)
    town = served.town(standard, areas)
    codes = areas.codes(samples["unit"].to_numpy())
    elements = {(level, group.id): elements[level, group.id] for level in standard.levels for group in settings.groups if (level, group.id) in elements}
    base = amounts.bases(amounts.with_dwellings(samples, people), codes, areas)
    asked = amounts.quotas(standard, facilities, base, areas=areas, codes=town.places)
    return {
        "indicators": indicators(settings.systems, town, language=settings.language),
        "completeness": circles.completeness(samples, elements, groups=settings.groups, areas=areas, codes=codes),
        "lacking": circles.lacking(samples, people, elements, group=settings.groups[0].id),
        "quotas": asked[asked["category"].isin(settings.categories or list(standard.categories))].reset_index(drop=True),
        "capacity": capacities((served.inputs, people, samples, facilities), view, standard=standard, settings=settings, codes=town.places),
    }


@dataclass
class _Judged:
    """What is kept of every category; its walks are let go, as those of a large study would fill the memory."""

    coverage: list = field(default_factory=list)
    gaps: list = field(default_factory=list)
    walks: list = field(default_factory=list)
    unreachable: dict = field(default_factory=dict)
    elements: dict = field(default_factory=dict)
    covered: dict = field(default_factory=dict)
    equity: list = field(default_factory=list)


def _judge(asked: tuple, layers: tuple, standard: Standard, settings: Settings, progress: Progress) -> _Judged:
    names, served, lived = asked
    inputs, _, samples, facilities, seen = layers
    counted = _facilities_in(facilities, names, inputs.units)
    everybody = settings.groups[0].id
    by_indicators = served.categories()
    others = [category for category in by_indicators if category not in names]
    out = _Judged()
    for number, category in enumerate(names):
        progress("walk_times", number, len(names) + len(others))
        within_m = max([served.farthest_m(category), *(asked.limit_m for asked in standard.categories[category].requirements)])
        reach = {}
        for n, part in _by_number(standard, category):
            reach[n] = reaches(category, (inputs, samples, facilities), seen, settings, n=n, within_m=within_m)
            _judge_part(out, reach[n], layers, part, (counted, settings))
        first = reach[standard.categories[category].requirements[0].at_least]
        shown = {key: known for key, known in first.items() if key[1] in walked_as(seen).values()}
        out.walks.append(tables.residence_walks(samples, shown, facilities, standard, settings))
        out.equity.append(_equity(category, (reach, lived), seen, standard, settings))
        out.unreachable |= tables.unreachable_people(samples, {category: first[category, everybody].walk})
        if category in by_indicators:
            served.add(category, reach[1][category, everybody].walks if 1 in reach else None)
    for number, category in enumerate(others, start=len(names)):
        progress("walk_times", number, len(names) + len(others))
        served.add(category)
    progress("walk_times", len(names) + len(others), len(names) + len(others))
    return out


def _living(inputs: Inputs, samples: Samples, settings: Settings) -> equity.Living:
    """Where everybody lives, ranked by the share of old people and children where homes tell them."""
    weak = [column for kind in ("elderly", "children") if (column := gap_list.priority.columns_of(kind, samples.columns))]
    groups = equity.group_columns(samples, {group.id: group.people for group in settings.groups})
    return equity.living(samples, groups=groups, areas=Areas.of(inputs.units), rank_by=equity.rank_of(samples, weak))


def _equity(category: str, told: tuple, seen: Mapping[str, View], standard: Standard, settings: Settings) -> pd.DataFrame:
    """How evenly the walks to a category are shared out; groups that the study lets nobody walk for walk like everybody."""
    reach, lived = told
    everybody = settings.groups[0]
    walkers = {group.id: group for group in settings.groups}
    kinds: dict[int, list[str]] = {}
    for group in lived.groups:
        kinds.setdefault(id(seen[walkers.get(group, everybody).id]), []).append(group)
    frames = []
    for n, part in _by_number(standard, category):
        for groups in kinds.values():
            limits = {
                asked.level: {group: _limit_m(asked, settings.rule, walkers.get(group, everybody).speed_kmh) for group in groups}
                for _, asked in part.requirements()
            }
            walks = reach[n][category, walkers.get(groups[0], everybody).id].walks.measure(settings.rule)
            frames.append(equity.by_category(lived, walks, limits=limits))
    return pd.concat(frames, ignore_index=True).assign(category=category)


def _limit_m(asked: Requirement, rule: str, speed_kmh: float) -> float:
    """The limit in the metres that the rule measures."""
    return float(asked.limit_m if rule == "distance" else asked.limit_min * speed_kmh * METRES_PER_MINUTE_PER_KMH)


def _by_number(standard: Standard, category: str) -> list[tuple[int, Standard]]:
    """The standard cut down to one category, apart for each number of facilities that its requirements ask for."""
    own = standard.categories[category]
    parts = []
    for n in sorted({asked.at_least for asked in own.requirements}):
        asked = tuple(one for one in own.requirements if one.at_least == n)
        part = own.model_copy(update={"requirements": asked})
        parts.append((n, standard.model_copy(update={"categories": {category: part}})))
    return parts


def _judge_part(out: _Judged, reach: Mapping, layers: tuple, standard: Standard, told: tuple) -> None:
    """Coverage, gaps and mandatory elements of the requirements of one category that ask for the same number of facilities."""
    inputs, people, samples, facilities, seen = layers
    counted, settings = told
    walks = {key: known.walks for key, known in reach.items()}
    judged = (settings.groups, settings.rule, settings.severed_detour)
    out.coverage.append(
        judging.coverage(samples, walks, standard=standard, groups=settings.groups, rule=settings.rule, facilities_in=counted)
    )
    found = gap_list.gaps(samples, people, reach, facilities=facilities, standard=standard, judged=judged)
    (category,) = standard.categories
    found = limit_streets(found, category, (inputs, facilities), seen, settings)
    out.gaps.append(parted(found, category, (inputs, samples, facilities), seen, settings))
    for _, requirement in standard.requirements():
        for group in settings.groups:
            measure = walks[category, group.id].measure(settings.rule)
            inside = judging.covered(measure, requirement, rule=settings.rule, speed_kmh=group.speed_kmh)
            out.covered[category, requirement.level, group.id] = np.packbits(inside)
            if requirement.flag == "mandatory":
                out.elements.setdefault((requirement.level, group.id), {})[category] = inside


def _counts(inputs: Inputs, layers: tuple, seen: Mapping[str, View], areas: gpd.GeoDataFrame) -> dict:
    people, samples, facilities = layers
    view = next(iter(seen.values()))
    off = {
        group: float(samples["people"].to_numpy()[other.origins["edge"].to_numpy() < 0].sum())
        for group, other in seen.items()
        if other is not view
    }
    return {
        **tables.counts(facilities, inputs.entrances, people, samples, view),
        **({"people_off_network_by_group": off} if off else {}),
        "facilities_off_network": tables.cut_off(facilities, inputs.entrances, view.doors),
        "street_m_without_height": inputs.ground.without_height_m,
        "isochrone_cell_m": float(areas["cell_m"].max()) if len(areas) else 0.0,
    }


def _judged(standard: Standard, facilities: Facilities, settings: Settings) -> list[str]:
    served = {category for categories in facilities["categories"] for category in categories}
    mandatory = {category for category, requirement in standard.requirements() if requirement.flag == "mandatory"}
    return [id for id, category in standard.categories.items() if id in served | mandatory and settings.judges(category)]


def _facilities_in(facilities: Facilities, names: Sequence[str], units: Units | None) -> dict[str, pd.Series]:
    points = gpd.GeoSeries(shapely.point_on_surface(facilities.geometry.to_numpy()), crs=facilities.crs)
    unit = homes.unit_of(points, units)
    every = [] if units is None else [*dict.fromkeys(units["unit"])]
    out = {}
    for category in names:
        serves = np.array([category in c for c in facilities["categories"]], dtype=bool) & facilities["open"].to_numpy()
        counts = pd.Series(np.where(unit[serves] == "", judging.OUTSIDE, unit[serves])).value_counts()
        counts = counts.reindex([*dict.fromkeys([*every, *counts.index])], fill_value=0)
        counts[WHOLE_AREA] = int(serves.sum())
        out[category] = counts
    return out


def _with_place(table: Gaps, samples: Samples) -> Gaps:
    points = samples.geometry.iloc[table["sample"].to_numpy(dtype=int)].to_crs("EPSG:4326")
    return table.drop(columns="sample").assign(lon=points.x.to_numpy().round(6), lat=points.y.to_numpy().round(6))
