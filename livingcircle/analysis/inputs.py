"""What an analysis is asked and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle.capacity import Capacity, nothing
from livingcircle.costs import Ground, Walker
from livingcircle.coverage import Group
from livingcircle.facilities import EVERY
from livingcircle.layers import Barriers, Coverage, Entrances, Facilities, Gaps, Isochrones, Positions, Residences, Samples, Units
from livingcircle.network import Costs, StreetNetwork
from livingcircle.network.links import Link
from livingcircle.standards import Category, Standard

# What is told of those who lose something, and of walks that grew.
FALLEN = ("unit", "category", "level", "group", "people", "land_ha")
LONGER = ("residence_id", "category", "group", "walk_m_before", "walk_m")


@dataclass(frozen=True)
class Settings:
    """What a study decides: names, year, how people walk, the deciding rule, limits of snapping in metres.

    `walker` is everybody, at `speed_kmh` unless it says otherwise; every group of `groups` may have a walker of its own.
    Only `categories` are judged, or all that the standard asks something of. `systems` are the standards whose indicators are
    worked out, for `year` and for `years` besides.
    `gaps_by` is what a row of the gap list stands for: `residence` or `unit`. Facilities less certain than `certainty` (a key of
    `facilities.STATUSES`) open in no year. `scenario` tells the one laid over the study, by `id`, `name`,
    `file` and `content`; None for the study as it is.
    """

    study_id: str
    name: Mapping[str, str]
    note: Mapping[str, str] = field(default_factory=lambda: {"zh": "", "en": ""})
    language: str = "zh"
    year: int | None = None
    speed_kmh: float = 4.0
    rule: str = "distance"
    snap_limit_m: float = 150.0
    engine: str = "numba"
    groups: tuple[Group, ...] = (Group("all", 4.0),)
    isochrone_minutes: tuple[float, ...] = (5.0, 10.0, 15.0)
    severed_detour: float = 1.8
    walker: Walker | None = None
    categories: tuple[str, ...] = ()
    systems: tuple[Standard, ...] = ()
    years: tuple[int, ...] = ()
    gaps_by: str = "residence"
    certainty: str = EVERY
    scenario: Mapping[str, Any] | None = None

    def judges(self, category: Category) -> bool:
        """Whether the category is judged: the standard asks something of it, and the study does not leave it out."""
        return bool(category.requirements) and (not self.categories or category.id in self.categories)

    def walker_of(self, group: Group) -> Walker:
        """How the group walks: as it says itself, else like everybody at its own speed."""
        base = self.walker or Walker(self.speed_kmh)
        return group.walker or base.at_speed(group.speed_kmh)

    @property
    def everybody(self) -> Walker:
        """How everybody walks."""
        return (self.walker or Walker(self.speed_kmh)).at_speed(self.speed_kmh)


@dataclass(frozen=True)
class Inputs:
    """The layers of a study in one metric CRS, planned facilities included; see `livingcircle.layers`.

    `ground` is what walking costs are worked out from; `extent` the polygons that the street data cover, if stated; `built_land` the
    polygons of built land that some indicators are shares of. `units` may tell in a column `parent` which street each community is of. `links` are
    what a scenario adds to the streets; homes and doors keep the places that they have without them. `among` is the number of residences that
    decides how many points each of them gets, where it is not their own number: with the homes of a scenario, all others keep their points.
    """

    network: StreetNetwork
    facilities: Facilities
    entrances: Entrances
    residences: Residences
    barriers: Barriers | None = None
    units: Units | None = None
    area: gpd.GeoDataFrame | None = None
    merged: pd.DataFrame = field(default_factory=pd.DataFrame)
    ground: Ground = field(default_factory=Ground)
    extent: gpd.GeoDataFrame | None = None
    built_land: gpd.GeoDataFrame | None = None
    links: tuple[Link, ...] = ()
    among: int | None = None

    @property
    def sampled_among(self) -> int:
        """The number of residences that decides how many points each of them gets."""
        return len(self.residences) if self.among is None else self.among


@dataclass(frozen=True)
class Met:
    """The streets as one kind of walker meets them, on the edges of the whole network.

    `shut` marks the ways closed to the walker (None: none is), `costs` are those of every edge (None: level; a closed way costs its
    metres). `origins` and `doors` are the street positions of samples and entrances (`layers.POSITIONS`).
    """

    permeability: str
    speed_kmh: float
    shut: np.ndarray | None
    costs: Costs | None
    origins: Positions
    doors: Positions


@dataclass(frozen=True)
class Walking:
    """All that walks can be worked out from again: streets, homes, entrances, each kind of walker (`views`), and whose it is.

    `residences` and `samples` are the study's own, followed by those lived in after its year; `view_of` tells each group's row of `views`,
    `ends` the street positions by which a walk may leave the street data.
    """

    network: StreetNetwork
    residences: Residences
    samples: Samples
    views: tuple[Met, ...]
    view_of: Mapping[str, int]
    ends: Positions


@dataclass(frozen=True)
class Kept:
    """What the checks of a scenario found.

    `unchanged` says whether a scenario without changes leaves every layer, the standard and the settings as they are, to the last bit. `adds` says
    whether the scenario takes nothing away; only then `fallen` (`FALLEN`: people and land that lose what they had, by unit, the whole area as `ALL`)
    and `longer` (`LONGER`: residences whose middle walk grew) are told, and have to be empty. `compared` counts the coverages and walks compared;
    `same_homes` says whether they are those of everybody: of homes that the scenario adds nothing was there to be lost, but they move every share.
    """

    unchanged: bool
    adds: bool
    compared: int = 0
    fallen: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(FALLEN)))
    longer: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(LONGER)))
    same_homes: bool = True

    @property
    def holds(self) -> bool:
        """Whether every check is passed."""
        return self.unchanged and not len(self.fallen) and not len(self.longer)


@dataclass(frozen=True)
class Result:
    """All that an analysis found; tables as in `livingcircle.layers`, geometry in the network's CRS.

    `walked_as` names for every group the one whose `residence_walks` hold for it, at its own speed. `indicators`, `completeness`,
    `lacking` and `quotas` are as in the modules of these names. `warnings` speak the study's language, `warnings_by_language` every one;
    `walking` holds what walks can be worked out from again.
    `covered` tells for every category, level and group judged which rows of `samples` keep the limit, as packed bits (`np.packbits`).
    `capacity` is what facilities hold against who asks, `equity` how evenly walks are shared out (`equity.COLUMNS`).
    `kept` is what the checks of a scenario found; None for the study as it is.
    """

    settings: Settings
    standard: Standard
    network: StreetNetwork
    facilities: Facilities
    entrances: Entrances
    residences: Residences
    samples: Samples
    barriers: Barriers | None
    units: Units | None
    area: gpd.GeoDataFrame | None
    indicators: pd.DataFrame
    completeness: pd.DataFrame
    lacking: pd.DataFrame
    quotas: pd.DataFrame
    walked_as: Mapping[str, str]
    residence_walks: pd.DataFrame
    coverage: Coverage
    gaps: Gaps
    gap_areas: gpd.GeoDataFrame
    isochrones: Isochrones
    components: pd.DataFrame
    merged: pd.DataFrame
    counts: Mapping[str, Any]
    warnings: tuple[str, ...]
    walking: Walking
    covered: Mapping[tuple[str, str, str], np.ndarray] = field(default_factory=dict)
    warnings_by_language: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    capacity: Capacity = field(default_factory=nothing)
    equity: pd.DataFrame = field(default_factory=pd.DataFrame)
    kept: Kept | None = None
