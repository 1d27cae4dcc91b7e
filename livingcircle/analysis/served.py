"""Which homes lie within reach of what indicators count, in every year asked for; kept as yes or no while walks are let go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle import residences as homes
from livingcircle.analysis.inputs import Inputs, Settings
from livingcircle.analysis.reach import View, walks_to
from livingcircle.analysis.standing import coordinates
from livingcircle.areas import Areas
from livingcircle.catchments import nth_straight
from livingcircle.coverage import Walks
from livingcircle.facilities import is_open
from livingcircle.indicators import Places, Target, Town, all_targets, built_on, grounds, weights_of
from livingcircle.indicators.town import WAYS
from livingcircle.layers import Entrances, Facilities, Positions, Residences, Samples, Units
from livingcircle.network.links import linked
from livingcircle.quotas import serving, sharing_of, with_dwellings
from livingcircle.reuse import Known, again
from livingcircle.standards import Standard

Year = int | None
Measures = tuple[np.ndarray, np.ndarray, np.ndarray]
# Packed masks of homes by way, for a target and a year.
Inside = Mapping[tuple[Target, Year], Mapping[str, np.ndarray]]


@dataclass
class Served:
    """The homes of every year, and for every target of the indicators which of them are served.

    The study's own homes come first in `samples`; those lived in later follow (`points` and `view.origins` hold both). `within` maps
    a target and the facilities open for it (`keys`, by target and year) to masks by way: years in which the same ones are open share them.
    """

    inputs: Inputs
    settings: Settings
    samples: Samples
    points: np.ndarray
    view: View
    own: int
    lived: Mapping[Year, np.ndarray]
    opened: Mapping[Year, np.ndarray]
    targets: tuple[Target, ...]
    keys: Mapping[Target, Mapping[Year, bytes]]
    within: dict[tuple[Target, bytes], dict[str, np.ndarray]] = field(default_factory=dict)

    @classmethod
    def begin(cls, layers: tuple, settings: Settings, known: Known | None = None) -> Served:
        """Nobody served yet. `layers` are the inputs, the study's own homes, their samples, and the view that places them on the streets."""
        inputs, people, samples, view = layers
        every = years_of(settings)
        coming = _coming(inputs.residences, people, every)
        if len(coming):
            later = again(known, _sampled, coming, inputs.units, inputs.sampled_among)
            origins = view.standing.homes(coordinates(later))
            samples = again(known, _followed, samples, later)
            view = replace(view, origins=pd.concat([view.origins, origins], ignore_index=True))
        own = len(samples) - (len(later) if len(coming) else 0)
        opening = again(known, _opening, samples, inputs.residences)
        opened = {year: is_open(inputs.facilities, year=year, certainty=settings.certainty) for year in every}
        lived = {year: np.isnan(opening) | (opening <= (np.inf if year is None else year)) for year in every}
        alike: dict[bytes, np.ndarray] = {}
        targets = all_targets(settings.systems)
        counts = {target: serving(inputs.facilities, target.categories) for target in targets}
        out = cls(
            inputs,
            settings,
            samples,
            coordinates(samples),
            view,
            own,
            {year: alike.setdefault(there.tobytes(), there) for year, there in lived.items()},
            opened,
            targets,
            {target: {year: np.packbits(there & counts[target]).tobytes() for year, there in opened.items()} for target in targets},
        )
        for target in out.targets:
            for key, _ in out._slots(target):
                out.within[target, key] = {way: np.zeros(len(samples), dtype=bool) for way in WAYS}
        return out

    def categories(self) -> list[str]:
        """The categories that any target counts and the data hold."""
        known = {category for categories in self.inputs.facilities["categories"] for category in categories}
        return [c for c in dict.fromkeys(c for target in self.targets for c in target.categories) if c in known]

    def farthest_m(self, category: str) -> float:
        """The largest limit in metres of all targets that count a category; 0 for none."""
        return max((target.farthest_m for target in self.targets if category in target.categories), default=0.0)

    def add(self, category: str, inside: Inside) -> None:
        """Enter the homes that a category serves, as `served_by` tells them."""
        for target in self.targets:
            if category not in target.categories:
                continue
            for key, year in self._slots(target):
                for way, mask in inside[target, year].items():
                    self.within[target, key][way] |= np.unpackbits(mask, count=len(self.samples)).view(bool)

    def homes(self) -> Homes:
        """Where the homes of every year stand, the study's own first."""
        return Homes(self.points, self.view.origins, self.own)

    def town(self, standard: Standard, areas: Areas, known: Known | None = None) -> Town:
        """What the indicators are worked out from."""
        inputs, samples = self.inputs, again(known, with_dwellings, self.samples, self.inputs.residences)
        ground = again(known, grounds, areas, inputs.units, inputs.area)
        codes = again(known, places_of, inputs.facilities, inputs.units, inputs.area)
        return Town(
            areas=areas,
            homes=again(known, weights_of, samples),
            codes=again(known, codes_of, samples, inputs.units),
            places=Places.of(inputs.facilities, codes),
            doors=(pd.Index(inputs.facilities["facility_id"]).get_indexer(inputs.entrances["facility_id"]), inputs.entrances.geometry.to_numpy()),
            lived=self.lived,
            opened=self.opened,
            within={(target, year): self.within[target, self.keys[target][year]] for target in self.targets for year in self.opened},
            rule=self.settings.rule,
            sharing={measure: tuple(sorted(keys)) for measure, keys in sharing_of(standard).items()},
            streets=linked(inputs.network, inputs.links).network.streets if inputs.links else inputs.network.streets,
            ground=ground,
            built=again(known, built_on, inputs.built_land, ground),
        )

    def _slots(self, target: Target) -> Iterator[tuple[bytes, Year]]:
        """Each set of facilities open for a target in some year, with one such year."""
        yield from {key: year for year, key in self.keys[target].items()}.items()


@dataclass(frozen=True)
class Homes:
    """The points of homes and their places on the streets (`layers.POSITIONS`); the first `own` are those of the study's own year."""

    points: np.ndarray
    origins: Positions
    own: int


def served_by(
    asked: tuple[tuple[Target, ...], Mapping[Year, np.ndarray]], layers: tuple, settings: Settings, walks: Walks | None = None, *, known: Known | None = None
) -> Inside:
    """For each target that counts one category and each year, which homes are within reach of what is open of it then: masks by way, packed.

    `asked` are the targets and the facilities open in every year; `layers` the facilities of the category, their entrances, the view with these
    doors, and the homes. `walks` are those of the study's own homes to what is open in its own year.
    """
    targets, opened = asked
    facilities, entrances, view, homes = layers
    if not targets or not len(facilities):
        return {}
    found: dict[bytes, Measures] = {}
    row_of = {id: row for row, id in enumerate(facilities["facility_id"])}
    owner = np.array([row_of[id] for id in entrances["facility_id"]], dtype=int)
    farthest = max(target.farthest_m for target in targets)
    told = (entrances, view, homes)
    if walks is not None:
        rows = np.flatnonzero(opened[settings.year][owner])
        found[rows.tobytes()] = _with_coming(rows, walks, told, settings)
    out: dict[tuple[Target, Year], dict[str, np.ndarray]] = {}
    for target in targets:
        limits = target.limits_of(facilities)
        alike: dict[bytes, dict[str, np.ndarray]] = {}
        for year, there in opened.items():
            if there.tobytes() not in alike:
                masks = {way: np.zeros(len(homes.points), dtype=bool) for way in WAYS}
                for limit_m in np.unique(limits[there & ~np.isnan(limits)]):
                    rows = np.flatnonzero((there & (limits == limit_m))[owner])
                    if rows.tobytes() not in found:
                        line = again(known, _lines, homes.points, coordinates(entrances)[rows], farthest)
                        found[rows.tobytes()] = _measures(rows, told, settings, line)
                    for way, mask in target.within(found[rows.tobytes()], limit_m, speed_kmh=view.speed_kmh).items():
                        masks[way] |= mask
                alike[there.tobytes()] = {way: np.packbits(mask) for way, mask in masks.items()}
            out[target, year] = alike[there.tobytes()]
    return out


def _lines(points: np.ndarray, doors: np.ndarray, within_m: float) -> np.ndarray:
    return nth_straight(points, doors, np.arange(len(doors)), within_m=within_m)


def _measures(rows: np.ndarray, told: tuple, settings: Settings, line: np.ndarray) -> Measures:
    _, view, homes = told
    walks = walks_to(replace(view, origins=homes.origins), view.doors.iloc[rows], settings, n=1, straight_m=line)
    return walks.metres, walks.flat_m, line


def _with_coming(rows: np.ndarray, walks: Walks, told: tuple, settings: Settings) -> Measures:
    given = walks.metres, walks.flat_m, walks.straight_m
    entrances, view, homes = told
    if homes.own == len(homes.points):
        return given
    line = nth_straight(homes.points[homes.own :], coordinates(entrances)[rows], np.arange(len(rows)))
    later = replace(view, origins=homes.origins.iloc[homes.own :])
    more = walks_to(later, view.doors.iloc[rows], settings, n=1, straight_m=line)
    return tuple(np.concatenate(pair) for pair in zip(given, (more.metres, more.flat_m, line), strict=True))


def _followed(samples: Samples, later: Samples) -> Samples:
    return gpd.GeoDataFrame(pd.concat([samples, later], ignore_index=True), crs=samples.crs)


def _opening(samples: Samples, residences: Residences) -> np.ndarray:
    """The year from which every sample is lived in, NaN where none is told."""
    code, names = pd.factorize(samples["residence_id"].to_numpy(dtype=object), use_na_sentinel=False)
    return residences.set_index("residence_id")["open_year"].astype(float).reindex(names).to_numpy()[code]


def _sampled(coming: Residences, units: Units | None, among: int) -> Samples:
    return homes.sample(homes.assign_units(coming, units), units, among=among)


def years_of(settings: Settings) -> tuple[Year, ...]:
    """The years that indicators are worked out for: the study's own first, then the others in their order."""
    return settings.year, *sorted({int(year) for year in settings.years} - {settings.year})


def _coming(everybody: Residences, people: Residences, years: tuple[Year, ...]) -> Residences:
    """The residences that are not lived in yet, but are in one of the years."""
    last = max((year for year in years if year is not None), default=-np.inf)
    there = everybody["residence_id"].isin(set(people["residence_id"])).to_numpy()
    return everybody[~there & (everybody["open_year"].to_numpy(dtype=float) <= last)].reset_index(drop=True)


def codes_of(samples: Samples, units: Units | None) -> np.ndarray:
    """The unit of every sample (`Areas.codes`)."""
    # Every name is looked up once.
    code, names = pd.factorize(samples["unit"].to_numpy(dtype=object), use_na_sentinel=False)
    return Areas.of(units).codes(names)[code]


def places_of(facilities: Facilities, units: Units | None, area: gpd.GeoDataFrame | None) -> np.ndarray:
    """The unit of every facility (`Areas.codes`), by a point inside it; -1 for those outside the study area."""
    points = gpd.GeoSeries(shapely.point_on_surface(facilities.geometry.to_numpy()), crs=facilities.crs)
    codes = Areas.of(units).codes(homes.unit_of(points, units).astype(object))
    if area is None:
        return codes
    ground = shapely.union_all(area.geometry.to_numpy())
    shapely.prepare(ground)
    return np.where(shapely.intersects(ground, points.to_numpy()), codes, -1)
