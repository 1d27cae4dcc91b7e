"""The chain from layers to judgement: walks, isochrones, coverage and gaps of one study as one `Result`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from livingcircle import completeness as circles
from livingcircle import coverage as judging
from livingcircle import equity
from livingcircle import gaps as gap_list
from livingcircle import quotas as amounts
from livingcircle.analysis import tables
from livingcircle.analysis.areas import isochrones
from livingcircle.analysis.capacities import capacities
from livingcircle.analysis.category import Answer, Question, answered
from livingcircle.analysis.inputs import Inputs, Kept, Result, Settings
from livingcircle.analysis.keeping import Had, bare, had, losses
from livingcircle.analysis.outset import Outset, outset
from livingcircle.analysis.reach import View, walked_as
from livingcircle.analysis.served import Served, codes_of
from livingcircle.analysis.walking import walking
from livingcircle.areas import Areas
from livingcircle.indicators import indicators
from livingcircle.layers import Gaps, Residences, Samples
from livingcircle.reuse import Known, again, entered
from livingcircle.search.threads import THREADS
from livingcircle.standards import Standard

__all__ = ["Inputs", "Kept", "Result", "Settings", "analyze", "losses"]

AT_ONCE = 2
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
    standard makes mandatory, or of these the `settings.categories`. `progress(step, done, total)` is told of each step, of some from another thread. Inputs are not changed.
    `known` holds what earlier calls worked out; what hangs on nothing that changed is taken from there, and equals a run without it.
    """
    progress("samples", 0, 1)
    start = outset(inputs, standard=standard, settings=settings, known=known)
    progress("samples", 1, 1)
    facilities, people, samples, view = start.facilities, start.people, start.samples, start.view
    judged = _judge(start, standard, progress, known)
    entered(known, had, inputs, standard, bare(settings), result=Had(samples, judged.had, judged.walks))
    with ThreadPoolExecutor(1) as pool:
        # Compiled loops and shapes of the areas let go of Python's lock, and so do the solvers of capacities.
        drawn = pool.submit(isochrones, start.names, (inputs, facilities, view), standard, settings, (progress, known))
        table = _with_walkers(_with_place(gap_list.ranked([gap_list.table(judged.gaps)]), samples), settings)
        beside = _beside(start, judged.elements, standard, settings, known)
        areas = drawn.result()
    progress("coverage", 0, 1)
    result = Result(
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
        walked_as=walked_as(start.seen),
        residence_walks=tables.walks_table(judged.walks.values()),
        coverage=_with_walkers(judging.table(judged.coverage), settings),
        gaps=table,
        gap_areas=tables.gap_areas(table, people, areas, settings, known=known),
        isochrones=areas,
        components=tables.components(view, samples, inputs.entrances),
        merged=inputs.merged,
        counts=_counts(inputs, (people, samples, facilities), start.seen, areas) | {"unreachable_people": judged.unreachable},
        warnings=(),
        walking=walking(inputs, people, samples, start.seen, settings, known),
        covered=judged.covered,
        equity=equity.table(judged.equity, start.study.lived.areas),
    )
    progress("coverage", 1, 1)
    return result


def _with_walkers(table: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The table with the speed and the walking costs of each row's group."""
    walkers = {group.id: settings.walker_of(group) for group in settings.groups}
    of = [walkers[group] for group in table["group"]]
    return table.assign(speed_kmh=[float(walker.speed_kmh) for walker in of], costs=[walker.costs for walker in of])


def _beside(start: Outset, elements: Packed, standard: Standard, settings: Settings, known: Known | None) -> dict[str, Any]:
    """The tables beside coverage: indicators, completeness, what homes lack, quotas, capacity."""
    people, samples, facilities, served = start.people, start.samples, start.facilities, start.served
    areas = again(known, Areas.of, served.inputs.units)
    town = served.town(standard, areas, known)
    codes = again(known, codes_of, samples, served.inputs.units)
    elements = {(level, group.id): elements[level, group.id] for level in standard.levels for group in settings.groups if (level, group.id) in elements}
    told = (elements, settings.groups, areas, codes)
    base = again(known, _bases, samples, people, areas, codes)
    asked = amounts.quotas(standard, facilities, base, areas=areas, codes=town.places.codes)
    return {
        "indicators": indicators(settings.systems, town, language=settings.language, known=known),
        "completeness": again(known, _completeness, samples, *told),
        "lacking": again(known, _lacking, samples, people, *told[:2]),
        "quotas": asked[asked["category"].isin(settings.categories or list(standard.categories))].reset_index(drop=True),
        "capacity": capacities(
            (served.inputs, people, samples, facilities), start.view, standard=standard, settings=settings, codes=town.places.codes, known=known
        ),
    }


def _bases(samples: Samples, people: Residences, areas: Areas, codes: np.ndarray) -> dict[str, np.ndarray]:
    return amounts.bases(amounts.with_dwellings(samples, people), codes, areas)


def _completeness(samples: Samples, elements: Packed, groups: tuple[judging.Group, ...], areas: Areas, codes: np.ndarray) -> pd.DataFrame:
    return circles.completeness(samples, _unpacked(elements, len(samples)), groups=groups, areas=areas, codes=codes)


def _lacking(samples: Samples, people: Residences, elements: Packed, groups: tuple[judging.Group, ...]) -> pd.DataFrame:
    return circles.lacking(samples, people, _unpacked(elements, len(samples)), group=groups[0].id)


def _unpacked(elements: Packed, size: int) -> circles.Elements:
    return {
        key: {category: np.unpackbits(mask, count=size).view(bool) for category, mask in inside.items()} for key, inside in elements.items()
    }


@dataclass(frozen=True)
class _Judged:
    """What is found for all categories, as `category.Answer` has it for one (`had`: who is covered by category); `elements` are the packed masks of mandatory ones by level and group."""

    coverage: list = field(default_factory=list)
    gaps: list = field(default_factory=list)
    walks: dict = field(default_factory=dict)
    unreachable: dict = field(default_factory=dict)
    elements: dict = field(default_factory=dict)
    covered: dict = field(default_factory=dict)
    had: dict = field(default_factory=dict)
    equity: dict = field(default_factory=dict)


def _judge(start: Outset, standard: Standard, progress: Progress, known: Known | None) -> _Judged:
    out, questions = _Judged(), [*start.questions(known=known)]
    by_indicators = start.served.categories()
    for number, (question, answer) in enumerate(zip(questions, _answers(questions, known), strict=True)):
        progress("walk_times", number, len(questions))
        if question.category in by_indicators:
            start.served.add(question.category, answer.inside)
        out.coverage.extend(answer.coverage)
        out.gaps.extend(answer.gaps)
        if question.judges:
            out.had[question.category], out.walks[question.category] = answer.covered, answer.walks
        out.equity[question.category] = answer.equity
        out.unreachable.update(answer.unreachable)
        out.covered.update({(question.category, *key): mask for key, mask in answer.covered.items()})
    progress("walk_times", len(questions), len(questions))
    for category, requirement in standard.requirements():
        for group in start.study.settings.groups:
            key = (category, requirement.level, group.id)
            if requirement.flag == "mandatory" and key in out.covered:
                out.elements.setdefault((requirement.level, group.id), {})[category] = out.covered[key]
    return out


def _answers(questions: Sequence[Question], known: Known | None) -> Iterator[Answer]:
    """The answer to every question in turn; some are worked out at the same time, as compiled loops let go of Python's lock."""
    with ThreadPoolExecutor(min(THREADS, AT_ONCE)) as pool:
        yield from pool.map(lambda question: answered(question, known=known), questions)


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


def _with_place(table: Gaps, samples: Samples) -> Gaps:
    points = shapely.get_coordinates(samples.geometry.to_numpy()[table["sample"].to_numpy(dtype=int)])
    lon, lat = _to_degrees(samples.crs).transform(*points.T)
    return table.drop(columns="sample").assign(lon=lon.round(6), lat=lat.round(6))


@cache
def _to_degrees(crs: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
