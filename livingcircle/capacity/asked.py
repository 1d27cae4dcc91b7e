"""Which facilities' capacity stands against which people: the quotas of a standard, and what its silence is filled with."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import pandas as pd

from livingcircle.errors import DataError, Fault, said
from livingcircle.layers import Facilities, Samples
from livingcircle.quotas import serving, sharing_of
from livingcircle.standards import Quota, Requirement, Standard

TOLD, NOT_TOLD, SHARED = "told", "not_told", "shared"


class Asked(NamedTuple):
    """A quota of a category together with one of the limits within which its people should find a facility."""

    category: str
    quota: Quota
    requirement: Requirement


@cache
def _file() -> tuple[frozenset[str], dict[str, tuple[Quota, ...]]]:
    told = tomllib.loads((files("livingcircle") / "capacity" / "asked.toml").read_text(encoding="utf-8"))
    quotas = {key: tuple(Quota.model_validate(one) for one in rows) for key, rows in told["categories"].items()}
    return frozenset(told["measures"]), quotas


def demanding(standard: Standard) -> Standard:
    """The standard with the quotas of `capacity/asked.toml` for those of its categories that state none in a facility's capacity.

    Everything else stays, quotas of floor, land or number included, so that any table of quotas can be worked out of it.

    >>> from livingcircle.standards import load
    >>> [quota.of for quota in demanding(load("gb50180-2018")).categories["edu_primary"].quotas]
    ['age_6_11']
    """
    measures, silent = _file()
    categories = {
        key: category
        if key not in silent or any(quota.measure in measures for quota in category.quotas)
        else category.model_copy(update={"quotas": (*category.quotas, *silent[key])})
        for key, category in standard.categories.items()
    }
    return standard.model_copy(update={"categories": categories})


def asked(standard: Standard) -> tuple[Asked, ...]:
    """Every quota in a facility's capacity with every limit of its category, in the order of the standard.

    The standard's own quotas only: give it through `demanding` to fill its silence. A category without a limit asks for
    nothing within one and is left out.

    >>> from livingcircle.standards import load
    >>> {(one.category, one.quota.of, one.requirement.limit_m) for one in asked(demanding(load("gb50180-2018"))) if one.category == "edu_junior"}
    {('edu_junior', 'age_12_14', 1000.0)}
    """
    measures, _ = _file()
    return tuple(
        Asked(key, quota, requirement)
        for key, category in standard.categories.items()
        for quota in category.quotas
        if quota.measure in measures
        for requirement in category.requirements
    )


def missing(samples: Samples, quota: Quota) -> str:
    """The column that a quota asks for and the samples lack; empty where they have it.

    >>> quota = Quota(measure="places", value=1, per=1, of="age_6_11", clause="1", evidence="○")
    >>> missing(pd.DataFrame({"people": [10.0]}), quota)
    'people_age_6_11'
    """
    column = _column(quota)
    return "" if column in samples.columns else column


def demand(samples: Samples, quota: Quota) -> pd.Series:
    """How many places, beds, berths or guns each sample asks for, on the index of `samples`; parts of one are kept.

    Raises `DataError` where the samples do not tell the quota's people (`missing`), and for people that are no quantity.

    >>> quota = Quota(measure="places", value=9, per=10, of="child", clause="1", evidence="○")
    >>> demand(pd.DataFrame({"people_child": [50.0, 0.0]}), quota).tolist()
    [45.0, 0.0]
    """
    column = missing(samples, quota)
    if column:
        raise DataError(Fault("samples", said("no column '{column}'", column=column), "give the people of this group, or their share of everybody"))
    people = samples[_column(quota)].to_numpy(dtype=float)
    wrong = np.flatnonzero(~(np.isfinite(people) & (people >= 0)))
    if len(wrong):
        raise DataError(Fault("samples", said("'{name}' is no quantity in rows {rows}", name=_column(quota), rows=wrong[:5].tolist()), "give 0 or more"))
    return pd.Series(people * quota.value / quota.per, index=samples.index, name="demand")


def supply(facilities: Facilities, categories: tuple[str, ...], standard: Standard, *, measure: str) -> pd.DataFrame:
    """What each open facility of any of `categories` holds in `measure`: a row a facility, on the index of `facilities`.

    `facilities` needs the column `open`. Columns: `capacity`, NaN where it is not known, and `status`: `told`, `not_told`, or `shared`
    where one number stands for other categories with a quota in this measure as well. Nothing is put in for what is not known.
    Categories that share facilities are told together, and their people assigned `together`.

    >>> from livingcircle.standards import load
    >>> schools = pd.DataFrame({"categories": [("edu_primary",), ("edu_primary", "edu_junior")], "capacity": [810.0, 1974.0], "open": True})
    >>> supply(schools, ("edu_primary",), demanding(load("gb50180-2018")), measure="places")["status"].tolist()
    ['told', 'shared']
    """
    own = facilities[serving(facilities, categories) & facilities["open"].to_numpy(dtype=bool)]
    others = tuple(sharing_of(standard).get(measure, frozenset()) - set(categories))
    capacity = own["capacity"].to_numpy(dtype=float)
    shared = serving(own, others) & ~np.isnan(capacity)
    status = np.where(shared, SHARED, np.where(np.isnan(capacity), NOT_TOLD, TOLD))
    return pd.DataFrame({"capacity": np.where(shared, np.nan, capacity), "status": status}, index=own.index)


def _column(quota: Quota) -> str:
    return quota.of if quota.of in ("people", "dwellings") else f"people_{quota.of}"
