"""What indicators are worked out from: homes, facilities and areas in every year asked for, and what lies within reach of what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely

from livingcircle.areas import Areas
from livingcircle.coverage import ROUNDING_M
from livingcircle.layers import Entrances, Facilities, Samples, Streets, Units
from livingcircle.quotas import serving, site_m2
from livingcircle.standards import Indicator, Standard
from livingcircle.standards.model import Band
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH

WALKED, TIMED, STRAIGHT = "distance", "time", "radius"
WAYS = (WALKED, TIMED, STRAIGHT)
SERVED = ("land_within", "people_within", "units_failing")


@dataclass(frozen=True)
class Target:
    """What is to be reached: a facility of any of `categories` within metres (and minutes under the time rule), or by size in `bands`."""

    categories: tuple[str, ...]
    limit_m: float | None
    minutes: float | None = None
    bands: tuple[Band, ...] = ()

    @property
    def stated(self) -> bool:
        """Whether a limit is known at all."""
        return self.limit_m is not None or bool(self.bands)

    @property
    def farthest_m(self) -> float:
        """The largest limit in metres."""
        return max([self.limit_m or 0.0, *(band.radius_m for band in self.bands)])

    def limits_of(self, facilities: Facilities) -> np.ndarray:
        """The limit of every facility in metres; NaN where it serves no category, or has no size, or one below every band."""
        out = np.full(len(facilities), np.nan if self.bands or self.limit_m is None else self.limit_m)
        if self.bands:
            size = site_m2(facilities)
            for band in self.bands:
                out[(size >= band.min_m2) & (size < (np.inf if band.below_m2 is None else band.below_m2))] = band.radius_m
        return np.where(serving(facilities, self.categories), out, np.nan)

    def within(
        self, measures: tuple[np.ndarray, np.ndarray, np.ndarray], limit_m: float, *, speed_kmh: float
    ) -> dict[str, np.ndarray]:
        """Whether walks (metres, flat metres) and straight lines keep the limit, the limit included, by way.

        Without minutes of its own a limit by size, or any limit, means metres under either rule.
        """
        walk_m, flat_m, straight_m = measures
        limits = {WALKED: (walk_m, limit_m), TIMED: (walk_m, limit_m), STRAIGHT: (straight_m, limit_m)}
        if self.minutes is not None and not self.bands:
            limits[TIMED] = flat_m, self.minutes * speed_kmh * METRES_PER_MINUTE_PER_KMH
        return {way: metres <= limit + ROUNDING_M for way, (metres, limit) in limits.items()}


def targets_of(indicator: Indicator) -> dict[str, Target]:
    """What an indicator asks to be reached, by element (`""` where it has one only); nothing for one that asks for no reach."""
    if indicator.formula in SERVED:
        return {"": Target(indicator.categories, indicator.limit_m, indicator.minutes, indicator.bands)}
    if indicator.formula.startswith("land_within_"):
        every = {}
        for name, categories in indicator.elements.items():
            limit_m, minutes = indicator.limits.get(name, (indicator.limit_m, indicator.minutes))
            every[name] = Target(categories, limit_m, minutes, () if name in indicator.limits else indicator.bands)
        return every
    return {}


def all_targets(systems: tuple[Standard, ...]) -> tuple[Target, ...]:
    """Every target of every indicator, each once."""
    every = (target for system in systems for one in system.indicators.values() for target in targets_of(one).values())
    return tuple(dict.fromkeys(target for target in every if target.stated))


@dataclass(frozen=True)
class Town:
    """A study as its indicators see it.

    `samples` hold the homes of every year asked for and `codes` their units (`Areas.codes`); `places` are the units of the
    facilities, -1 for those outside the study area. `lived` and `opened` tell for every year which samples are lived in and which
    facilities are open. `within` tells for a target and a year which samples it is within reach of, by way. `standard` is the
    one that is judged; `streets`, `units`, `area` and `built_land` may be lacking.
    """

    areas: Areas
    samples: Samples
    codes: np.ndarray
    facilities: Facilities
    places: np.ndarray
    entrances: Entrances
    lived: Mapping[int | None, np.ndarray]
    opened: Mapping[int | None, np.ndarray]
    within: Mapping[tuple[Target, int | None], Mapping[str, np.ndarray]]
    rule: str
    standard: Standard
    streets: Streets | None = None
    units: Units | None = None
    area: gpd.GeoDataFrame | None = None
    built_land: gpd.GeoDataFrame | None = None

    def shapes(self) -> list[shapely.Geometry | None]:
        """The ground of every area: the study area for the whole, else all units together; nothing where none is known."""
        if self.units is None or not len(self.units):
            return [None if self.area is None else shapely.union_all(self.area.geometry.to_numpy())]
        own = [shapely.union_all(self.units.geometry[self.units["unit"].astype(str) == unit].to_numpy()) for unit in self.areas.units]
        out = [shapely.union_all([shape for shape, held in zip(own, row[:-1], strict=True) if held]) for row in self.areas.member]
        if self.area is not None:
            out[0] = shapely.union_all(self.area.geometry.to_numpy())
        return out

    def open_in(self, year: int | None) -> Facilities:
        """The facilities with the column `open` as of that year."""
        return self.facilities.assign(open=self.opened[year])

    def listed(self, categories: tuple[str, ...]) -> bool:
        """Whether the data hold any facility of these categories, open or not."""
        return bool(serving(self.facilities, categories).any())


@dataclass(frozen=True)
class Worked:
    """An indicator worked out for every area: arrays over the areas.

    `missing` are words of inputs lacking for an area; its value is NaN then. `noted` are words of what was left out of a value
    that still stands, `unknown` the number of facilities left out so.
    """

    value: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    radius: np.ndarray
    time: np.ndarray
    missing: list[tuple[str, ...]]
    unknown: np.ndarray
    noted: tuple[str, ...] = field(default=())
