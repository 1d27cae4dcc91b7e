"""The gap list with a row for every unit instead of every residence."""

from __future__ import annotations

import numpy as np
import pandas as pd

from livingcircle.gaps.causes import remedies
from livingcircle.gaps.identity import gap_id
from livingcircle.layers import Gaps

KEYS = ["unit", "category", "level", "group", "clause"]
SUMMED = ("people", "land_ha", "people_low", "people_high", "people_elderly", "people_children", "residences")


def by_unit(table: Gaps) -> Gaps:
    """The gaps summed over the residences of a unit: a row per unit x category x level x group x clause, not yet ranked.

    People, land and residences are summed. `cause` is that of most people (of most land where nobody lives), of two equal ones the
    one tested first; `not_yet_open` only where every residence has a year in which it closes, then `closes_in` is the last. Walk,
    point, facility and link are those of the residence of that cause that lies farthest beyond the limit. `residence_id` and `name`
    are empty; `uncertain_share` and `vulnerable_share` are means weighted by people, and it is robust where at least half of
    them are in robust gaps.
    """
    if not len(table):
        return table
    order = table.assign(_far=table["excess_m"].fillna(np.inf)).sort_values(["_far", "gap_id"], ascending=[False, True], kind="stable")
    groups = order.groupby(KEYS, sort=True)
    told = order.merge(_dominating(table), on=[*KEYS, "cause"], how="inner").drop(columns="_far")
    out = told.groupby(KEYS, sort=True).head(1).sort_values(KEYS).reset_index(drop=True)
    numbers = groups[[c for c in SUMMED if c in table]].sum(min_count=1).reset_index(drop=True)
    out[numbers.columns] = numbers
    all_close = groups["closes_in"].apply(lambda years: years.max() if years.notna().all() else np.nan)
    out["closes_in"] = all_close.to_numpy(dtype=float)
    for column in ("uncertain_share", "vulnerable_share"):
        out[column] = _mean(order, column)
    firm = _mean(order.assign(_firm=(order["robustness"] == "robust").astype(float)), "_firm")
    out["robustness"] = np.where(firm >= 0.5, "robust", "fragile")
    out.loc[out["robustness"] == "robust", "fragile_to"] = ""
    # An id of its own: no residence's record is taken for that of its unit.
    ids = [gap_id("unit", *row) for row in zip(*(out[key] for key in KEYS), strict=True)]
    return out.assign(gap_id=ids, residence_id="", name="")


def _dominating(table: Gaps) -> pd.DataFrame:
    """The cause of every unit's row, beside its keys."""
    rank = {cause: number for number, cause in enumerate(remedies())}
    weight = table.groupby([*KEYS, "cause"], sort=True)[["people", "land_ha"]].sum().reset_index()
    # What no plan closes is what is left to do.
    several = weight.groupby(KEYS)["cause"].transform("size") > 1
    weight = weight[~(several & (weight["cause"] == "not_yet_open"))]
    weight = weight.assign(_rank=weight["cause"].map(rank), _people=weight["people"].round(6), _land=weight["land_ha"].round(6))
    best = weight.sort_values([*KEYS, "_people", "_land", "_rank"], ascending=[True] * len(KEYS) + [False, False, True])
    return best.groupby(KEYS, sort=True).head(1)[[*KEYS, "cause"]]


def _mean(table: Gaps, column: str) -> np.ndarray:
    known = table[column].notna()
    weight = table["people"].where(table["people"] > 0, 1e-9).where(known, 0.0)
    sums = pd.DataFrame({**{key: table[key] for key in KEYS}, "part": (table[column] * weight).fillna(0.0), "whole": weight})
    told = sums.groupby(KEYS, sort=True)[["part", "whole"]].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(told["whole"] > 0, told["part"] / told["whole"], np.nan)
