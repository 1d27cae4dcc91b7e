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
from livingcircle.indicators import Target, Town, all_targets
from livingcircle.indicators.town import WAYS
from livingcircle.layers import Facilities, Residences, Samples
from livingcircle.network.links import linked
from livingcircle.quotas import serving, with_dwellings
from livingcircle.standards import Standard

Year = int | None
Measures = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass
class Served:
    """The homes of every year, and for every target of the indicators which of them are served.

    The study's own homes come first in `samples`; those lived in later follow (`points` and `view.origins` hold both). `within` maps
    a target and the facilities open for it to masks by way: years in which the same ones are open share them.
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
    within: dict[tuple[Target, bytes], dict[str, np.ndarray]] = field(default_factory=dict)

    @classmethod
    def begin(cls, inputs: Inputs, people: Residences, samples: Samples, view: View, settings: Settings) -> Served:
        """Nobody served yet. `people` and `samples` are the study's own homes, as `view` places them on the streets."""
        every = years_of(settings)
        coming = _coming(inputs.residences, people, every)
        if len(coming):
            later = homes.sample(homes.assign_units(coming, inputs.units), inputs.units, among=inputs.sampled_among)
            origins = view.standing.homes(coordinates(later))
            samples = gpd.GeoDataFrame(pd.concat([samples, later], ignore_index=True), crs=samples.crs)
            view = replace(view, origins=pd.concat([view.origins, origins], ignore_index=True))
        own = len(samples) - (len(later) if len(coming) else 0)
        opening = inputs.residences.set_index("residence_id")["open_year"].astype(float).reindex(samples["residence_id"]).to_numpy()
        out = cls(
            inputs,
            settings,
            samples,
            coordinates(samples),
            view,
            own,
            {year: np.isnan(opening) | (opening <= (np.inf if year is None else year)) for year in every},
            {year: is_open(inputs.facilities, year=year, certainty=settings.certainty) for year in every},
            all_targets(settings.systems),
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

    def add(self, category: str, walks: Walks | None = None) -> None:
        """Enter the homes that a category serves. `walks` are those of the study's own homes to what is open in its own year."""
        facilities, known = self.inputs.facilities, {}
        if walks is not None:
            rows = self._doors(serving(facilities, (category,)) & self.opened[self.settings.year])
            known[rows.tobytes()] = self._with_coming(rows, walks)
        for target in self.targets:
            if category not in target.categories:
                continue
            limits = target.limits_of(facilities)
            own = serving(facilities, (category,))
            for key, year in self._slots(target):
                for limit_m in np.unique(limits[own & self.opened[year] & ~np.isnan(limits)]):
                    rows = self._doors(own & self.opened[year] & (limits == limit_m))
                    if rows.tobytes() not in known:
                        known[rows.tobytes()] = self._measures(rows, category)
                    inside = target.within(known[rows.tobytes()], limit_m, speed_kmh=self.view.speed_kmh)
                    for way, mask in inside.items():
                        self.within[target, key][way] |= mask

    def town(self, standard: Standard, areas: Areas) -> Town:
        """What the indicators are worked out from."""
        inputs, samples = self.inputs, with_dwellings(self.samples, self.inputs.residences)
        return Town(
            areas=areas,
            samples=samples,
            codes=areas.codes(samples["unit"].to_numpy()),
            facilities=inputs.facilities,
            places=places_of(inputs, areas),
            entrances=inputs.entrances,
            lived=self.lived,
            opened=self.opened,
            within={(target, year): self.within[target, self._key(target, year)] for target in self.targets for year in self.opened},
            rule=self.settings.rule,
            standard=standard,
            streets=linked(inputs.network, inputs.links).network.streets if inputs.links else inputs.network.streets,
            units=inputs.units,
            area=inputs.area,
            built_land=inputs.built_land,
        )

    def _key(self, target: Target, year: Year) -> bytes:
        return np.packbits(self.opened[year] & serving(self.inputs.facilities, target.categories)).tobytes()

    def _slots(self, target: Target) -> Iterator[tuple[bytes, Year]]:
        """Each set of facilities open for a target in some year, with one such year."""
        yield from {self._key(target, year): year for year in self.opened}.items()

    def _doors(self, chosen: np.ndarray) -> np.ndarray:
        ids = set(self.inputs.facilities["facility_id"][chosen])
        return np.flatnonzero(self.inputs.entrances["facility_id"].isin(ids).to_numpy())

    def _measures(self, rows: np.ndarray, category: str) -> Measures:
        entrances = coordinates(self.inputs.entrances)[rows]
        line = nth_straight(self.points, entrances, np.arange(len(rows)), within_m=self.farthest_m(category))
        walks = walks_to(self.view, self.view.doors.iloc[rows], self.settings, n=1, straight_m=line)
        return walks.metres, walks.flat_m, line

    def _with_coming(self, rows: np.ndarray, walks: Walks) -> Measures:
        given = walks.metres, walks.flat_m, walks.straight_m
        if self.own == len(self.samples):
            return given
        entrances = coordinates(self.inputs.entrances)[rows]
        line = nth_straight(self.points[self.own :], entrances, np.arange(len(rows)))
        view = replace(self.view, origins=self.view.origins.iloc[self.own :])
        more = walks_to(view, self.view.doors.iloc[rows], self.settings, n=1, straight_m=line)
        return tuple(np.concatenate(pair) for pair in zip(given, (more.metres, more.flat_m, line), strict=True))


def years_of(settings: Settings) -> tuple[Year, ...]:
    """The years that indicators are worked out for: the study's own first, then the others in their order."""
    return settings.year, *sorted({int(year) for year in settings.years} - {settings.year})


def _coming(everybody: Residences, people: Residences, years: tuple[Year, ...]) -> Residences:
    """The residences that are not lived in yet, but are in one of the years."""
    last = max((year for year in years if year is not None), default=-np.inf)
    there = everybody["residence_id"].isin(set(people["residence_id"])).to_numpy()
    return everybody[~there & (everybody["open_year"].to_numpy(dtype=float) <= last)].reset_index(drop=True)


def places_of(inputs: Inputs, areas: Areas) -> np.ndarray:
    """The unit of every facility (`Areas.codes`), by a point inside it; -1 for those outside the study area."""
    facilities: Facilities = inputs.facilities
    points = gpd.GeoSeries(shapely.point_on_surface(facilities.geometry.to_numpy()), crs=facilities.crs)
    codes = areas.codes(homes.unit_of(points, inputs.units).astype(object))
    if inputs.area is None:
        return codes
    ground = shapely.union_all(inputs.area.geometry.to_numpy())
    shapely.prepare(ground)
    return np.where(shapely.intersects(ground, points.to_numpy()), codes, -1)
