"""What indicators are worked out from: homes, facilities and areas in every year asked for, and what lies within reach of what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely

from livingcircle.areas import Areas
from livingcircle.coverage import ROUNDING_M
from livingcircle.layers import Facilities, Samples, Streets, Units
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
        size = site_m2(facilities) if self.bands else np.full(len(facilities), np.nan)
        return self.limits(serving(facilities, self.categories), size)

    def limits(self, serves: np.ndarray, site_m2: np.ndarray) -> np.ndarray:
        """The limit of every facility, by whether it serves any of the categories and how large it is."""
        out = np.full(len(serves), np.nan if self.bands or self.limit_m is None else self.limit_m)
        for band in self.bands:
            out[(site_m2 >= band.min_m2) & (site_m2 < (np.inf if band.below_m2 is None else band.below_m2))] = band.radius_m
        return np.where(serves, out, np.nan)

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
class Places:
    """Facilities as indicators count them, one in every row: whom they serve, what they hold and how large they are (NaN where that is not known).

    `codes` are their units (`Areas.codes`), -1 for those outside the study area; `length_m` is that of facilities drawn as lines.
    """

    categories: tuple[tuple[str, ...], ...]
    codes: np.ndarray
    capacity: np.ndarray
    site_m2: np.ndarray
    length_m: np.ndarray

    @classmethod
    def of(cls, facilities: Facilities, codes: np.ndarray) -> Places:
        """All facilities of a study, by their units."""
        shapes = facilities.geometry.to_numpy()
        metres = np.where(np.isin(shapely.get_type_id(shapes), (1, 5)), shapely.length(shapes), np.nan)
        categories = tuple(tuple(own) for own in facilities["categories"])
        return cls(categories, codes, facilities["capacity"].to_numpy(dtype=float), site_m2(facilities), metres)

    def rows(self, chosen: np.ndarray) -> Places:
        """Some of them, by row number."""
        categories = tuple(self.categories[row] for row in chosen.tolist())
        return Places(categories, self.codes[chosen], self.capacity[chosen], self.site_m2[chosen], self.length_m[chosen])

    def serving(self, categories: tuple[str, ...]) -> np.ndarray:
        """Whether each serves any of the categories."""
        wanted = set(categories)
        return np.array([not wanted.isdisjoint(own) for own in self.categories], dtype=bool)


@dataclass(frozen=True)
class Town:
    """A study as its indicators see it.

    `homes` are the columns of the samples of every year asked for that indicators may weigh by, `codes` their units (`Areas.codes`). `lived` and
    `opened` tell for every year which samples are lived in and which facilities are open. `within` tells for a target and a year which samples it is
    within reach of, by way. `doors` are the row of its facility and the point of every entrance; `sharing` names for each measure the categories with
    a quota in it (`quotas.sharing_of`). `ground` is that of every area and `built` the built land on it, None where that is not known; `streets` may be
    lacking. `sums` keeps sums over homes that several years or indicators ask for.
    """

    areas: Areas
    homes: Mapping[str, np.ndarray]
    codes: np.ndarray
    places: Places
    doors: tuple[np.ndarray, np.ndarray]
    lived: Mapping[int | None, np.ndarray]
    opened: Mapping[int | None, np.ndarray]
    within: Mapping[tuple[Target, int | None], Mapping[str, np.ndarray]]
    rule: str
    sharing: Mapping[str, tuple[str, ...]]
    streets: Streets | None = None
    ground: tuple[shapely.Geometry | None, ...] = (None,)
    built: tuple[shapely.Geometry, ...] | None = None
    sums: dict[tuple, np.ndarray] = field(default_factory=dict, compare=False, repr=False)

    def listed(self, categories: tuple[str, ...]) -> bool:
        """Whether the data hold any facility of these categories, open or not."""
        return bool(self.places.serving(categories).any())

    def summed(self, column: str, year: int | None, mask: np.ndarray | None = None) -> np.ndarray:
        """The sum by unit (as `Areas.by_unit`) of a column of homes, over those lived in, each as far as `mask` counts it."""
        start = self._runs
        return self.by_runs(self.run_sums(column, year, mask)) if len(start) else np.zeros(len(self.areas.units) + 1)

    def by_runs(self, parts: np.ndarray) -> np.ndarray:
        """The sum by unit of what every run of homes in one unit has (`run_sums`)."""
        return np.bincount(self.codes[self._runs], weights=parts, minlength=len(self.areas.units) + 1)

    def run_sums(self, column: str, year: int | None, mask: np.ndarray | None = None) -> np.ndarray:
        """The sum of a column over every run of homes in one unit, over those lived in, each as far as `mask` counts it."""
        start, values, lived = self._runs, self.homes[column], self.lived[year]
        whole = self.once((column, id(mask)), lambda: np.add.reduceat(values if mask is None else values * mask, start))
        share, mixed = self._lived_runs(year)
        out = whole * share
        for run in mixed:
            own = slice(start[run], start[run + 1] if run + 1 < len(start) else None)
            part = values[own] * lived[own]
            out[run] = np.add.reduceat(part if mask is None else part * mask[own], [0])[0]
        return out

    @property
    def _runs(self) -> np.ndarray:
        """Where a run of homes in one unit begins."""
        return self.once(("runs",), lambda: np.flatnonzero(np.diff(self.codes, prepend=self.codes[:1] - 1)))

    def _lived_runs(self, year: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Of every run whether it is lived in, and the numbers of the runs of which a part alone is."""
        start, lived = self._runs, self.lived[year]
        count = self.once(("lived", id(lived)), lambda: np.add.reduceat(lived.astype(int), start))
        size = np.diff(start, append=len(lived))
        return (count > 0).astype(float), np.flatnonzero((count > 0) & (count < size))

    def once(self, key: tuple, work: Callable[[], np.ndarray]) -> np.ndarray:
        """What `work` gives, worked out once for a key; arrays that a key names by their `id` are those of the town."""
        if key not in self.sums:
            self.sums[key] = work()
        return self.sums[key]


def grounds(areas: Areas, units: Units | None, area: gpd.GeoDataFrame | None) -> tuple[shapely.Geometry | None, ...]:
    """The ground of every area: the study area for the whole, else all units together; nothing where none is known."""
    if units is None or not len(units):
        return (None if area is None else shapely.union_all(area.geometry.to_numpy()),)
    names = units["unit"].astype(str).to_numpy(dtype=object)
    own = [shapely.union_all(units.geometry.to_numpy()[names == unit]) for unit in areas.units]
    out = [shapely.union_all([shape for shape, held in zip(own, row[:-1], strict=True) if held]) for row in areas.member]
    if area is not None:
        out[0] = shapely.union_all(area.geometry.to_numpy())
    return tuple(out)


def built_on(built_land: gpd.GeoDataFrame | None, ground: tuple[shapely.Geometry | None, ...]) -> tuple[shapely.Geometry, ...] | None:
    """The built land of every area; None where there is none at all."""
    if built_land is None or not len(built_land):
        return None
    built = shapely.union_all(built_land.geometry.to_numpy())
    return tuple(built if shape is None else shapely.intersection(built, shape) for shape in ground)


def weights_of(samples: Samples) -> dict[str, np.ndarray]:
    """What homes may be weighed by: `land_m2`, `land_ha`, `people`, every group of them, and `dwellings` where homes tell them."""
    told = [name for name in samples.columns if name in ("land_m2", "dwellings") or name.startswith("people")]
    columns = {name: samples[name].to_numpy(dtype=float) for name in told}
    return {**columns, "land_ha": columns["land_m2"] / 10_000}


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
