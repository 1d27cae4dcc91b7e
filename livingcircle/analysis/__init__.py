"""The chain from layers to judgement: walks, isochrones, coverage and gaps of one study as one `Result`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle import coverage as judging
from livingcircle import gaps as gap_list
from livingcircle import residences as homes
from livingcircle.analysis import tables
from livingcircle.analysis.areas import isochrones
from livingcircle.analysis.inputs import Inputs, Result, Settings
from livingcircle.analysis.reach import View, limit_streets, reaches, views, walked_as
from livingcircle.analysis.severing import parted
from livingcircle.coverage import WHOLE_AREA
from livingcircle.facilities import is_open
from livingcircle.layers import Facilities, Gaps, Samples, Units
from livingcircle.standards import Standard

__all__ = ["Inputs", "Result", "Settings", "analyze"]

Progress = Callable[[str, int, int], None]


def _quiet(step: str, done: int, total: int) -> None:
    pass


def analyze(inputs: Inputs, *, standard: Standard, settings: Settings, progress: Progress = _quiet) -> Result:
    """The whole chain on layers already read and projected.

    Judges every category of `standard` for which the study has facilities, open or planned, and every category the
    standard makes mandatory. `progress(step, done, total)` is told of each step. Inputs are not changed.
    """
    facilities = inputs.facilities.assign(open=is_open(inputs.facilities, year=settings.year))
    people = homes.in_year(inputs.residences, year=settings.year)
    progress("samples", 0, 1)
    samples = homes.sample(people, inputs.units)
    seen = views(inputs, samples, settings)
    progress("samples", 1, 1)
    names = _judged(standard, facilities)
    judged = _judge(names, (inputs, people, samples, facilities, seen), standard, settings, progress)
    view = seen[settings.groups[0].id]
    areas = isochrones(names, (inputs, facilities, view), standard, settings, progress)
    progress("coverage", 0, 1)
    table = _with_walkers(_with_place(gap_list.ranked(judged.gaps), samples), settings)
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
    )


def _with_walkers(table: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The table with the speed and the walking costs of each row's group."""
    walkers = {group.id: settings.walker_of(group) for group in settings.groups}
    of = [walkers[group] for group in table["group"]]
    return table.assign(speed_kmh=[float(walker.speed_kmh) for walker in of], costs=[walker.costs for walker in of])


@dataclass
class _Judged:
    """What is kept of every category; its walks are let go, as those of a large study would fill the memory."""

    coverage: list = field(default_factory=list)
    gaps: list = field(default_factory=list)
    walks: list = field(default_factory=list)
    unreachable: dict = field(default_factory=dict)


def _judge(names: Sequence[str], layers: tuple, standard: Standard, settings: Settings, progress: Progress) -> _Judged:
    inputs, people, samples, facilities, seen = layers
    counted = _facilities_in(facilities, names, inputs.units)
    told = (settings.groups, settings.rule, settings.severed_detour)
    everybody = settings.groups[0].id
    out = _Judged()
    for number, category in enumerate(names):
        progress("walk_times", number, len(names))
        reach = reaches(category, (inputs, samples, facilities), seen, settings)
        walks = {key: known.walks for key, known in reach.items()}
        out.coverage.append(
            judging.coverage(
                samples, walks, standard=standard, groups=settings.groups, rule=settings.rule, facilities_in=counted
            )
        )
        found = gap_list.gaps(samples, people, reach, facilities=facilities, standard=standard, judged=told)
        found = limit_streets(found, category, (inputs, facilities), seen, settings)
        out.gaps.append(parted(found, category, (inputs, samples, facilities), seen, settings))
        first = reach[category, everybody]
        shown = {key: known for key, known in reach.items() if key[1] in walked_as(seen).values()}
        out.walks.append(tables.residence_walks(samples, shown, facilities, standard, settings))
        out.unreachable |= tables.unreachable_people(samples, {category: first.walk})
    progress("walk_times", len(names), len(names))
    return out


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


def _judged(standard: Standard, facilities: Facilities) -> list[str]:
    served = {category for categories in facilities["categories"] for category in categories}
    mandatory = {category for category, requirement in standard.requirements() if requirement.flag == "mandatory"}
    return [category for category in standard.categories if category in served | mandatory]


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
