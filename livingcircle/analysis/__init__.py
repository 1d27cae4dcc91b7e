"""The chain from layers to judgement: walks, isochrones, coverage and gaps of one study as one `Result`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from livingcircle import completeness as circles
from livingcircle import coverage as judging
from livingcircle import gaps as gap_list
from livingcircle import quotas as amounts
from livingcircle import residences as homes
from livingcircle.analysis import tables
from livingcircle.analysis.areas import isochrones
from livingcircle.analysis.category import Study, answered
from livingcircle.analysis.inputs import Inputs, Result, Settings
from livingcircle.analysis.reach import View, views, walked_as
from livingcircle.analysis.served import Served, codes_of
from livingcircle.analysis.walking import walking
from livingcircle.areas import Areas
from livingcircle.coverage import WHOLE_AREA
from livingcircle.facilities import is_open
from livingcircle.indicators import indicators
from livingcircle.layers import Facilities, Gaps, Residences, Samples, Units
from livingcircle.reuse import Known, again
from livingcircle.standards import Standard

__all__ = ["Inputs", "Result", "Settings", "analyze"]

Progress = Callable[[str, int, int], None]
# Masks of samples as packed bits, by category, by level and group.
Packed = Mapping[tuple[str, str], Mapping[str, np.ndarray]]


def _quiet(step: str, done: int, total: int) -> None:
    pass


def analyze(
    inputs: Inputs, *, standard: Standard, settings: Settings, progress: Progress = _quiet, known: Known | None = None
) -> Result:
    """The whole chain on layers already read and projected.

    Judges every category of `standard` for which the study has facilities, open or planned, and every category the
    standard makes mandatory, or of these the `settings.categories`. `progress(step, done, total)` is told of each step. Inputs are not changed.
    `known` holds what earlier calls worked out; what hangs on nothing that changed is taken from there, and equals a run without it.
    """
    facilities = inputs.facilities.assign(open=is_open(inputs.facilities, year=settings.year))
    people = again(known, _lived_in, inputs.residences, settings.year)
    progress("samples", 0, 1)
    samples = again(known, _sampled, people, inputs.units, len(inputs.residences))
    seen = views(inputs, samples, settings, known=known)
    progress("samples", 1, 1)
    names = _judged(standard, facilities, settings)
    view = seen[settings.groups[0].id]
    served = Served.begin((inputs, people, samples, view), settings, known)
    study = Study.of((inputs, people, samples, facilities), seen, served.homes(), standard, settings)
    judged = _judge((names, served), study, standard, progress, known)
    areas = isochrones(names, (inputs, facilities, view), standard, settings, (progress, known))
    progress("coverage", 0, 1)
    table = _with_walkers(_with_place(gap_list.ranked(judged.gaps), samples), settings)
    beside = _beside(served, judged.elements, (people, samples, facilities), standard, settings, known)
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
        gap_areas=tables.gap_areas(table, people, areas, settings, known=known),
        isochrones=areas,
        components=tables.components(view, samples, inputs.entrances),
        merged=inputs.merged,
        counts=_counts(inputs, (people, samples, facilities), seen, areas) | {"unreachable_people": judged.unreachable},
        warnings=(),
        walking=walking(inputs, people, samples, seen, settings, known),
        covered=judged.covered,
    )


def _lived_in(residences: Residences, year: int | None) -> Residences:
    return homes.in_year(residences, year=year)


def _sampled(people: Residences, units: Units | None, among: int) -> Samples:
    return _with_shared_names(homes.sample(people, units, among=among))


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
    served: Served, elements: Packed, layers: tuple, standard: Standard, settings: Settings, known: Known | None
) -> dict[str, pd.DataFrame]:
    """The tables beside coverage: indicators, completeness, what homes lack, quotas."""
    people, samples, facilities = layers
    areas = Areas.of(served.inputs.units)
    town = served.town(standard, areas, known)
    codes = again(known, codes_of, samples, served.inputs.units)
    elements = {(level, group.id): elements[level, group.id] for level in standard.levels for group in settings.groups if (level, group.id) in elements}
    told = (elements, settings.groups, served.inputs.units)
    base = again(known, _bases, samples, people, served.inputs.units)
    asked = amounts.quotas(standard, facilities, base, areas=areas, codes=town.places)
    return {
        "indicators": indicators(settings.systems, town, language=settings.language, known=known),
        "completeness": again(known, _completeness, samples, *told),
        "lacking": again(known, _lacking, samples, people, *told),
        "quotas": asked[asked["category"].isin(settings.categories or list(standard.categories))].reset_index(drop=True),
    }


def _bases(samples: Samples, people: Residences, units: Units | None) -> dict[str, np.ndarray]:
    return amounts.bases(amounts.with_dwellings(samples, people), codes_of(samples, units), Areas.of(units))


def _completeness(samples: Samples, elements: Packed, groups: tuple[judging.Group, ...], units: Units | None) -> pd.DataFrame:
    told = {"groups": groups, "areas": Areas.of(units), "codes": codes_of(samples, units)}
    return circles.completeness(samples, _unpacked(elements, len(samples)), **told)


def _lacking(samples: Samples, people: Residences, elements: Packed, groups: tuple[judging.Group, ...], units: Units | None) -> pd.DataFrame:
    return circles.lacking(samples, people, _unpacked(elements, len(samples)), group=groups[0].id)


def _unpacked(elements: Packed, size: int) -> circles.Elements:
    return {
        key: {category: np.unpackbits(mask, count=size).view(bool) for category, mask in inside.items()} for key, inside in elements.items()
    }


@dataclass(frozen=True)
class _Judged:
    """What is found for all categories, as `category.Answer` has it for one; `elements` are the packed masks of mandatory ones by level and group."""

    coverage: list = field(default_factory=list)
    gaps: list = field(default_factory=list)
    walks: list = field(default_factory=list)
    unreachable: dict = field(default_factory=dict)
    elements: dict = field(default_factory=dict)
    covered: dict = field(default_factory=dict)


def _judge(asked: tuple, study: Study, standard: Standard, progress: Progress, known: Known | None) -> _Judged:
    names, served = asked
    counted = again(known, _facilities_in, study.facilities, names, study.inputs.units)
    by_indicators = served.categories()
    every = [*names, *(category for category in by_indicators if category not in names)]
    out = _Judged()
    for number, category in enumerate(every):
        progress("walk_times", number, len(every))
        answer = answered(study.question(category, served, counted.get(category)), known=known)
        if category in by_indicators:
            served.add(category, answer.inside)
        out.coverage.extend(answer.coverage)
        out.gaps.extend(answer.gaps)
        out.walks.extend([] if answer.walks is None else [answer.walks])
        out.unreachable.update(answer.unreachable)
        out.covered.update({(category, *key): mask for key, mask in answer.covered.items()})
    progress("walk_times", len(every), len(every))
    for category, requirement in standard.requirements():
        for group in study.settings.groups:
            if requirement.flag == "mandatory" and (category, requirement.level, group.id) in out.covered:
                out.elements.setdefault((requirement.level, group.id), {})[category] = out.covered[category, requirement.level, group.id]
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
    points = shapely.get_coordinates(samples.geometry.to_numpy()[table["sample"].to_numpy(dtype=int)])
    lon, lat = _to_degrees(samples.crs).transform(*points.T)
    return table.drop(columns="sample").assign(lon=lon.round(6), lat=lat.round(6))


@cache
def _to_degrees(crs: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
