"""Age groups from shares, where no counts are known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from livingcircle.coordinates import name_rows
from livingcircle.errors import Fault, listed, raise_all, said
from livingcircle.layers import RESIDENCES, Residences, check, row_numbers
from livingcircle.population.figures import numbers


def with_shares(residences: Residences, shares: Mapping[str, float] | pd.DataFrame, *, where: str = "shares") -> Residences:
    """The residences with `people_<group>` = people x the group's share of everybody.

    `shares` maps a group's id to its share (0 to 1), the same everywhere; or is a table of `unit` and a column for each
    group's id, where "14.6 %" is read too and a row with a blank unit holds for all units it does not name. Groups may
    overlap (60+ holds 65+). Raises `DataError`, all faults at once: shares that are no numbers or outside 0 to 1, a unit
    given twice, people in units without a share, and a group whose counts the residences state already.
    >>> import geopandas as gpd
    >>> told = {"residence_id": ["A"], "name": "", "unit": "W", "people": [500.0], "land_m2": 0.0, "open_year": np.nan}
    >>> home = gpd.GeoDataFrame(told, geometry=gpd.points_from_xy([0], [0]), crs="EPSG:4550")
    >>> with_shares(home, {"elderly": 0.146})["people_elderly"].round(6).tolist()
    [73.0]
    """
    check(residences, RESIDENCES, where="residences")
    if not isinstance(shares, pd.DataFrame):
        shares = pd.DataFrame({"unit": [""], **{group: [share] for group, share in shares.items()}})
    faults: list[Fault] = []
    if "unit" not in shares.columns:
        raise_all([Fault(where, "no column 'unit'", said("choose one of: {known}", known=listed(shares.columns)))])
    rows = row_numbers(shares)
    groups = [c for c in shares.columns if c not in ("unit", shares.attrs.get("row_column"))]
    if not groups:
        faults.append(Fault(where, "no group", "add a column of shares for each group"))
    units = shares["unit"].fillna("").astype(str).str.strip()
    if units.duplicated().any():
        twice = rows[units.duplicated().to_numpy()]
        faults.append(Fault(said("{where} {rows}", where=where, rows=name_rows(twice)), "a unit given before", "give every unit once"))
    values = {group: numbers(shares, group, most=1.0, where=said("{where} (0 to 1, or with %)", where=where), faults=faults) for group in groups}
    own = residences["unit"].fillna("").astype(str)
    named = own.where(own.isin(units), "")
    people, out = residences["people"].to_numpy(dtype=float), {}
    for group in groups:
        if f"people_{group}" in residences.columns and residences[f"people_{group}"].any():
            faults.append(Fault(where, said("the residences count group {group} already", group=group), "leave its share out, or drop the counts"))
        share = named.map(dict(zip(units, values[group], strict=True))).to_numpy(dtype=float)
        bare = sorted(set(own[np.isnan(share) & (people > 0)]))
        if bare:
            words = listed(name or said("outside every unit") for name in bare[:5])
            remedy = said("give the share of these units, or a row with a blank unit that holds for the rest")
            faults.append(Fault(where, said("no share of group {group} for people of: {units}", group=group, units=words), remedy))
        out[f"people_{group}"] = people * np.nan_to_num(share)
    raise_all(faults)
    return residences.assign(**out)
