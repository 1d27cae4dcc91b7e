"""A synthetic city of any size: a grid of bent streets, homes beside them, and facilities of a shipped standard."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from conftest import CRS

from livingcircle import network, standards
from livingcircle.analysis import Inputs, Settings, analyze
from livingcircle.coverage import Group
from livingcircle.entrances import entrances

SEED = 20261
WEST, SOUTH, BLOCK_M = 380_000.0, 3_300_000.0, 110.0
STANDARD = "gb50180-2018"
#  People to a facility of one category: about a third of the homes then lie beyond the limits, as in districts that were looked at.
PEOPLE_EACH = 2_500


def streets(side: int, rng: np.random.Generator) -> Any:
    """The network of `side` times `side` crossings, none where a ruler would put it: 2 `side` (`side` - 1) street segments of three points."""
    at = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1) * BLOCK_M + rng.normal(0, 14, (side, side, 2)) + (WEST, SOUTH)
    pairs = [(at[:, :-1], at[:, 1:]), (at[:-1], at[1:])]
    ends = np.concatenate([np.stack(pair, axis=-2).reshape(-1, 2, 2) for pair in pairs])
    middle = ends.mean(axis=1) + rng.normal(0, 6, (len(ends), 2))
    drawn = shapely.linestrings(np.stack([ends[:, 0], middle, ends[:, 1]], axis=1).round(2))
    names = np.concatenate([np.repeat([f"{kind}{n}路" for n in range(side)], side - 1) for kind in "东南"])
    return network.from_lines(gpd.GeoDataFrame({"name": names, "highway": "residential"}, geometry=drawn, crs=CRS))


def homes(side: int, count: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Residences within blocks of the grid, each of a block of its own, with people of three ages."""
    blocks = rng.choice((side - 1) ** 2, count, replace=False)
    x, y = WEST + blocks % (side - 1) * BLOCK_M + 22, SOUTH + blocks // (side - 1) * BLOCK_M + 22
    wide, high = rng.uniform(45, 66, (2, count))
    people = rng.integers(150, 2200, count).astype(float)
    return gpd.GeoDataFrame(
        {
            "residence_id": [f"R{n}" for n in range(count)],
            "name": [f"第{n}居住小区" for n in range(count)],
            "unit": [f"第{u}社区" for u in (y - SOUTH) // (side * BLOCK_M / 12)],
            "people": people,
            "people_old": (people * 0.18).round(),
            "land_m2": wide * high,
            "open_year": np.nan,
        },
        geometry=shapely.box(x, y, x + wide, y + high),
        crs=CRS,
    )


def places(standard: Any, kinds: list[str], extent_m: float, people: float, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Facilities of every kind, one of twenty of them planned for 2028."""
    each = max(3, round(people / PEOPLE_EACH))
    kind = np.repeat(kinds, each)
    later = np.arange(len(kind)) % 20 == 0
    return gpd.GeoDataFrame(
        {
            "facility_id": [f"F{n}" for n in range(len(kind))],
            "name": [f"{standard.categories[k].name.get('zh')}{n}" for n, k in enumerate(kind)],
            "raw_name": "",
            "raw_type": "given",
            "categories": [(k,) for k in kind],
            "status": np.where(later, "planned", "existing"),
            "open_year": np.where(later, 2028.0, np.nan),
            "capacity": np.nan,
            "entrance_source": "point",
            "source": "synthetic",
            "rule": "given",
            "confidence": "high",
        },
        geometry=gpd.points_from_xy(*(rng.uniform(0, extent_m, (len(kind), 2)) + (WEST, SOUTH)).T),
        crs=CRS,
    )


def city(*, side: int, residences: int, categories: int) -> Any:
    """The result of a city of `side` times `side` crossings, judged for so many categories."""
    rng, standard = np.random.default_rng(SEED), standards.load(STANDARD)
    kinds = [c.id for c in standard.categories.values() if c.requirements][:categories]
    walked, lived = streets(side, rng), homes(side, residences, rng)
    found = places(standard, kinds, (side - 1) * BLOCK_M, lived["people"].sum(), rng)
    kept, doors = entrances(found, walked, gates=None, snap_limit_m=150)
    settings = Settings(
        study_id="city", name={"zh": "合成城市（虚构）", "en": "Synthetic city (made up)"}, year=2025, categories=tuple(kinds),
        groups=(Group("all", 4.0), Group("age_60", 3.0, "people_old")),
    )
    return analyze(Inputs(network=walked, facilities=kept, entrances=doors, residences=lived), standard=standard, settings=settings)
