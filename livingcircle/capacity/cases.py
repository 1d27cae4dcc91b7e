"""The cases in which people of a study look for a place, which of them compete for the same facilities, and the tables that tell how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from livingcircle.areas import Areas
from livingcircle.capacity.asked import Asked
from livingcircle.capacity.assigning import ALL_FULL, NONE_WITHIN, NOT_KNOWN, REASONS
from livingcircle.layers import Facilities, Residences, Samples

COMPUTED, MISSING = "computed", "missing_input"
NO_FACILITY = "facilities"
KEYS = ("category", "level", "measure", "of", "limit_m", "limit_min")
FACILITIES = (
    "facility_id", "name", *KEYS, "capacity", "status", "shared_with", "demand_within", "load", "load_all", "left", "use", "people_served",
    "walk_m", "clause", "evidence",
)  # fmt: skip
PARTS = {NONE_WITHIN: "too_far", ALL_FULL: "full", NOT_KNOWN: "not_told"}
UNITS = (
    "area", "area_kind", *KEYS, "flag", "people", "demand", "served", "unserved", *PARTS.values(), "short", "walk_m", "facilities",
    "capacity_known", "supply", "clause", "evidence", "status", "missing",
)  # fmt: skip
MEASURES = ("access_2sfca", "access_steps", "access_gaussian", "access_balanced", "access_available")
HOMES = ("residence_id", "name", "unit", *KEYS, "demand", "served", *PARTS.values(), "walk_m", *MEASURES)


@dataclass(frozen=True)
class Capacity:
    """What facilities hold against who asks, case by case: tables by facility, by area and by residence (`FACILITIES`, `UNITS`, `HOMES`).

    A case is a category with a quota in what its facilities hold and one of its limits. Of a facility `load` is what the case takes, `load_all`
    what all categories take that share it, `use` that over its capacity (NaN where it is not known). Of an area `short` is `too_far` + `full`: what
    is short for certain; `supply` is what facilities in the area hold, whoever is served by it. Of a residence the `access_...` are places for
    one who asks, NaN where facilities within the limit do not tell what they hold and no other is there.
    """

    facilities: pd.DataFrame
    units: pd.DataFrame
    homes: pd.DataFrame


def nothing() -> Capacity:
    """No case: tables without rows."""
    return Capacity(*(pd.DataFrame(columns=list(columns)) for columns in (FACILITIES, UNITS, HOMES)))


class Case(NamedTuple):
    """A quota of a category within one of its limits, in metres as the rule walks them."""

    asked: Asked
    within_m: float

    @property
    def keys(self) -> dict[str, object]:
        """What tells it from other cases."""
        quota, requirement = self.asked.quota, self.asked.requirement
        told = (self.asked.category, requirement.level, quota.measure, quota.of, float(requirement.limit_m), float(requirement.limit_min))
        return dict(zip(KEYS, told, strict=True))


def cases(asked: Iterable[Asked], *, per_minute: float | None) -> list[Case]:
    """The cases of what is asked: each quota once for each limit of its category, by the mandatory requirement where one has it.

    `per_minute` are the metres that a walker makes in a minute where minutes decide, None where metres do.
    """
    out: dict[tuple, Case] = {}
    for one in asked:
        within_m = float(one.requirement.limit_m) if per_minute is None else float(one.requirement.limit_min) * per_minute
        key = (one.category, one.quota.measure, one.quota.of, within_m)
        if key not in out or (one.requirement.flag == "mandatory" and out[key].asked.requirement.flag != "mandatory"):
            out[key] = Case(one, within_m)
    return list(out.values())


def principal(told: list[Case]) -> Case:
    """The case that stands for a category beside others: the widest mandatory limit, the widest of all without one."""
    mandatory = [case for case in told if case.asked.requirement.flag == "mandatory"]
    return max(mandatory or told, key=lambda case: case.within_m)


def competing(categories: list[str], facilities: Facilities) -> list[list[str]]:
    """The categories in lots that share open facilities, directly or by way of others, each in the order given.

    >>> schools = pd.DataFrame({"categories": [("young",), ("young", "old"), ("beds",)], "open": True})
    >>> competing(["young", "old", "beds"], schools)
    [['young', 'old'], ['beds']]
    """
    lots = [{category} for category in categories]
    for served in facilities.loc[facilities["open"].to_numpy(dtype=bool), "categories"]:
        own = [lot for lot in lots if not lot.isdisjoint(served)]
        if len(own) > 1:
            lots = [lot for lot in lots if lot not in own] + [set().union(*own)]
    out = [[category for category in categories if category in lot] for lot in lots]
    return sorted(out, key=lambda lot: categories.index(lot[0]))


def facility_rows(case: Case, flows: pd.DataFrame, told: pd.DataFrame, *, places: Facilities, status: pd.Series) -> pd.DataFrame:
    """The rows of `FACILITIES` of one case: `flows` are its own, `told` the facilities of the `Assignment`, which `places` are in their order."""
    quota = case.asked.quota
    served = np.array([case.asked.category in own for own in places["categories"]], dtype=bool)
    load = np.bincount(flows["facility"], flows["people"], minlength=len(places))
    metres = np.bincount(flows["facility"], flows["people"] * flows["metres"], minlength=len(places))
    capacity, every = told["capacity"].to_numpy(), told["load"].to_numpy()
    # Nobody is sent to a facility of unknown size, which is not the same as that nobody goes there.
    unknown, nothing_told = np.isnan(capacity), np.full(len(places), np.nan)
    columns = {
        "facility_id": places["facility_id"].array, "name": places["name"].array, **_same(case.keys, len(places)), "capacity": capacity,
        "status": status.array,
        "shared_with": [";".join(one for one in own if one != case.asked.category) for own in places["categories"]],
        "demand_within": told["demand_within"].to_numpy(), "load": np.where(unknown, np.nan, load), "load_all": np.where(unknown, np.nan, every),
        "left": told["left"].to_numpy(), "use": np.divide(every, capacity, out=nothing_told.copy(), where=capacity > 0),
        "people_served": np.where(unknown, np.nan, load * quota.per / quota.value),
        "walk_m": np.divide(metres, load, out=nothing_told, where=load > 0), "clause": quota.clause, "evidence": quota.evidence,
    }  # fmt: skip
    return pd.DataFrame({column: columns[column] for column in FACILITIES})[served].reset_index(drop=True)


def unit_rows(
    case: Case, found: Mapping[str, np.ndarray], samples: Samples, *, areas: tuple[Areas, np.ndarray], offered: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """The rows of `UNITS` of one case; `found` are the `amounts` of every sample, `offered` the columns of facilities by area."""
    told, codes = areas
    sums = {column: told.sums(codes, values) for column, values in {"people": samples["people"].to_numpy(), **found}.items()}
    person_m, served, quota = sums.pop("person_m"), sums["served"], case.asked.quota
    columns = {
        "area": told.name, "area_kind": told.kind, **_same(case.keys, len(served)), "flag": case.asked.requirement.flag, **sums,
        "unserved": sums["demand"] - served, "short": sums["too_far"] + sums["full"],
        "walk_m": np.divide(person_m, served, out=np.full(len(served), np.nan), where=served > 0),
        **offered, "clause": quota.clause, "evidence": quota.evidence, "status": COMPUTED, "missing": "",
    }  # fmt: skip
    return pd.DataFrame({column: columns[column] for column in UNITS})


def _same(told: Mapping[str, object], size: int) -> dict[str, list]:
    """Columns that are the same in every row."""
    return {column: [value] * size for column, value in told.items()}


def missing_rows(case: Case, samples: Samples, *, areas: tuple[Areas, np.ndarray], missing: str) -> pd.DataFrame:
    """The rows of `UNITS` of a case that cannot be worked out, for want of what `missing` names."""
    told, codes = areas
    quota = case.asked.quota
    table = told.table().assign(**case.keys, flag=case.asked.requirement.flag, people=told.sums(codes, samples["people"].to_numpy()))
    table = table.assign(clause=quota.clause, evidence=quota.evidence, status=MISSING, missing=missing)
    return table.reindex(columns=list(UNITS))


def residence_rows(samples: Samples, residences: Residences) -> np.ndarray:
    """The row of the residence of every sample, -1 where it is none of them."""
    code, names = pd.factorize(samples["residence_id"].to_numpy(dtype=object), use_na_sentinel=False)
    return pd.Index(residences["residence_id"]).get_indexer(names)[code]


def home_rows(
    case: Case, found: Mapping[str, np.ndarray], rows: np.ndarray, *, residences: Residences, available: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """The rows of `HOMES` of one case: residences where somebody asks.

    `found` are the `amounts` of every sample, `available` what it finds by measure; `rows` are the samples' rows of the residences (`residence_rows`).
    """
    size = len(residences)
    sums = {column: np.bincount(rows, values, minlength=size) for column, values in found.items()}
    some = sums["demand"] > 0
    person_m, served = sums.pop("person_m"), sums["served"]
    columns = {name: residences[name].array for name in ("residence_id", "name", "unit")}
    columns |= {**_same(case.keys, size), **sums, "walk_m": np.divide(person_m, served, out=np.full(size, np.nan), where=served > 0)}
    for name, values in available.items():
        found_there = np.bincount(rows, values, minlength=size)
        # Nothing beside facilities of unknown size is not nothing.
        told = some & ~((found_there == 0) & (sums["not_told"] > 0))
        columns[name] = np.divide(found_there, sums["demand"], out=np.full(size, np.nan), where=told)
    return pd.DataFrame({column: columns[column] for column in HOMES})[some].reset_index(drop=True)


def amounts(origins: pd.DataFrame) -> dict[str, np.ndarray]:
    """Of every origin of an `Assignment` `demand`, `served`, what is not served by its reason, and `person_m` of those served."""
    reason, left = origins["reason"].cat.codes.to_numpy(), origins["unserved"].to_numpy()
    parts = {PARTS[word]: np.where(reason == code, left, 0.0) for code, word in enumerate(REASONS, start=1)}
    served = origins["served"].to_numpy()
    return {"demand": origins["demand"].to_numpy(), "served": served, **parts, "person_m": served * np.nan_to_num(origins["walk_m"].to_numpy())}
