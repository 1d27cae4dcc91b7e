"""Whether what is there is enough: places, beds, berths and sites of an area against what its people ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from livingcircle.areas import Areas
from livingcircle.layers import Facilities, Residences, Samples
from livingcircle.standards import Quota, Standard

COMPUTED, MISSING = "computed", "missing_input"
NO_FACILITY, CAPACITY, SHARED = "facilities", "capacity", "capacity_shared"
SITE = "site_m2"
COUNT = "facilities"
# Sums of people over many points differ from the true number by their last digits.
ROUNDING = 1e-6
COLUMNS = (
    "area", "area_kind", "category", "measure", "of", "demand_base", "demand", "supply", "supply_known", "facilities", "short",
    "clause", "evidence", "status", "missing",
)  # fmt: skip


@dataclass(frozen=True)
class Supply:
    """What open facilities offer in every unit and outside of all.

    `known` is the sum of what is told, `facilities` their number, `told` how many tell it, `shared` how many do not because
    one number stands for several categories; `listed` says whether the data hold any, open or not.
    """

    known: np.ndarray
    facilities: np.ndarray
    told: np.ndarray
    shared: np.ndarray
    listed: bool = True

    @property
    def unknown(self) -> np.ndarray:
        """The number of facilities that do not tell what they offer."""
        return self.facilities - self.told

    def words(self, unknown: float, shared: float) -> tuple[str, ...]:
        """What is missing where so many facilities tell nothing."""
        if not self.listed:
            return (NO_FACILITY,)
        return (*([CAPACITY] if unknown > shared else []), *([SHARED] if shared else []))


def site_m2(facilities: Facilities) -> np.ndarray:
    """The area of each facility's site; NaN for one that is not drawn as a polygon."""
    shapes = facilities.geometry.to_numpy()
    return np.where(np.isin(shapely.get_type_id(shapes), (3, 6)), shapely.area(shapes), np.nan)


def serving(facilities: Facilities, categories: tuple[str, ...]) -> np.ndarray:
    """Whether each facility serves any of the categories."""
    wanted = set(categories)
    return np.array([not wanted.isdisjoint(own) for own in facilities["categories"]], dtype=bool)


def supply(
    facilities: Facilities, codes: np.ndarray, areas: Areas, *, categories: tuple[str, ...], measure: str, sharing: frozenset[str]
) -> Supply:
    """What facilities of `categories` offer by unit, in `measure`: their capacity, their site, or their mere number.

    `facilities` needs the column `open`; `codes` are their units (`Areas.codes`), negative for those that count nowhere.
    The capacity of a facility that also serves another category of `sharing` belongs to nobody knows which, so it
    counts as not told.
    """
    serves = serving(facilities, categories)
    shared = np.zeros(len(serves), dtype=bool)
    if measure == COUNT:
        amount = np.ones(len(serves))
    elif measure == SITE:
        amount = site_m2(facilities)
    else:
        shared = serves & serving(facilities, tuple(sharing - set(categories)))
        amount = facilities["capacity"].to_numpy(dtype=float)
    return offered(serves, facilities["open"].to_numpy(), (amount, shared), codes=codes, areas=areas)


def offered(serves: np.ndarray, opened: np.ndarray, holds: tuple[np.ndarray, np.ndarray], *, codes: np.ndarray, areas: Areas) -> Supply:
    """What facilities that serve a category offer by unit where they are open; `holds` tells how much (NaN: not known) and whether others share it."""
    used = serves & opened
    shared = used & holds[1]
    amount = np.where(shared, np.nan, holds[0])
    known = used & ~np.isnan(amount)
    return Supply(
        *(
            areas.by_unit(codes, weights)
            for weights in (np.where(known, amount, 0.0), used.astype(float), known.astype(float), shared.astype(float))
        ),
        listed=bool(serves.any()),
    )


def bases(samples: Samples, codes: np.ndarray, areas: Areas) -> dict[str, np.ndarray]:
    """What quotas may ask for, by unit: `people`, every group of the study by its id, and `dwellings` where homes tell them."""
    out = {"people": areas.by_unit(codes, samples["people"].to_numpy())}
    for column in samples.columns:
        if column.startswith("people_"):
            out[column.removeprefix("people_")] = areas.by_unit(codes, samples[column].to_numpy())
    if "dwellings" in samples.columns:
        out["dwellings"] = areas.by_unit(codes, samples["dwellings"].to_numpy(dtype=float))
    return out


def with_dwellings(samples: Samples, residences: Residences) -> Samples:
    """The samples with their part of the dwellings of their residence, where the residences tell any."""
    if "dwellings" not in residences.columns:
        return samples
    own = residences.set_index("residence_id")["dwellings"].astype(float)
    points = samples.groupby("residence_id")["residence_id"].transform("size").to_numpy()
    return samples.assign(dwellings=own.reindex(samples["residence_id"]).to_numpy() / points)


def shortage(demand: np.ndarray, offered: Supply) -> np.ndarray:
    """How much is short by unit, never below 0; NaN where what is not told could close it."""
    short = demand - offered.known
    short = np.where(short > ROUNDING, short, 0.0)
    return np.where((offered.unknown > 0) & (short > 0), np.nan, short)


def sharing_of(standard: Standard) -> dict[str, frozenset[str]]:
    """The categories that have a quota in each measure: a facility that serves two of them shares its capacity."""
    out: dict[str, set[str]] = {}
    for key, category in standard.categories.items():
        for quota in category.quotas:
            out.setdefault(quota.measure, set()).add(key)
    return {measure: frozenset(keys) for measure, keys in out.items()}


def quotas(
    standard: Standard, facilities: Facilities, base: Mapping[str, np.ndarray], *, areas: Areas, codes: np.ndarray
) -> pd.DataFrame:
    """A row per area x category x quota: what is asked for, what is there, and how much is short, in the quota's measure.

    `facilities` needs the column `open`, `codes` are their units (`Areas.codes`), `base` is that of `bases`. `supply` is the sum
    of what the `supply_known` of `facilities` open in the area tell; nothing is put in for the others. `short` is
    demand less supply, 0 where there is enough already, and NaN with `status` `missing_input` where what is not told could
    close it, or where the data hold no such facility at all.
    """
    shared = sharing_of(standard)
    rows = []
    for key, category in standard.categories.items():
        for quota in category.quotas:
            there = supply(facilities, codes, areas, categories=(key,), measure=quota.measure, sharing=shared[quota.measure])
            rows += _rows(key, quota, there, base.get(quota.of), areas)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(category: str, quota: Quota, offered: Supply, base: np.ndarray | None, areas: Areas) -> list[dict]:
    asked = np.full(len(areas.name), np.nan) if base is None else areas.gather(base)
    known, count, told, shared = (areas.gather(part) for part in (offered.known, offered.facilities, offered.told, offered.shared))
    out = []
    for row, (area, kind) in enumerate(zip(areas.name, areas.kind, strict=True)):
        demand = float(asked[row] * quota.value / quota.per)
        nothing = not offered.listed or (count[row] > 0 and told[row] == 0)
        missing = [] if base is not None else [_word(quota.of)]
        short = demand - float(known[row]) if offered.listed else np.nan
        short = 0.0 if short <= ROUNDING else short
        if not offered.listed or (told[row] < count[row] and not short <= 0):
            missing += offered.words(count[row] - told[row], shared[row])
            short = np.nan
        out.append(
            {
                "area": area,
                "area_kind": kind,
                "category": category,
                "measure": quota.measure,
                "of": quota.of,
                "demand_base": float(asked[row]),
                "demand": demand,
                "supply": np.nan if nothing else float(known[row]),
                "supply_known": int(told[row]),
                "facilities": int(count[row]),
                "short": short,
                "clause": quota.clause,
                "evidence": quota.evidence,
                "status": MISSING if missing else COMPUTED,
                "missing": ";".join(missing),
            }
        )
    return out


def _word(of: str) -> str:
    return of if of in ("people", "dwellings") else f"people_{of}"
