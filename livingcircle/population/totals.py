"""People re-scaled to the totals of streets or communities, everybody and every age group, and the factors told."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from livingcircle import residences as homes
from livingcircle.coordinates import name_rows
from livingcircle.errors import DataError, Fault, Said, listed, raise_all, said
from livingcircle.layers import RESIDENCES, Residences, check, row_numbers
from livingcircle.population.figures import facts, numbers, people_columns

ALL = "all"
SCALED, LOW, HIGH, CAPPED = "scaled", "low", "high", "capped"
BY_LAND, BY_PEOPLE = "by_land", "by_people"
NOBODY, UNKNOWN, NO_TOTAL, OUTSIDE = "nobody", "unknown", "no_total", "outside"
COLUMNS = ("unit", "group", "residences", "people_before", "total", "factor", "people_after", "unplaced", "status")


def unit_totals(
    table: pd.DataFrame, *, unit: str, people: str, groups: Mapping[str, str] | None = None, where: str = "totals"
) -> pd.DataFrame:
    """The totals a table states: columns `unit`, `people`, and `people_<group>` (NaN where the cell is blank).

    `unit` and `people` name columns of the table, `groups` maps a group's id to its column. Raises `DataError`, all faults
    at once: a column missing, a row without a unit or without people, numbers that are none, negative or beyond belief, a
    unit given twice, a group larger than everybody.
    >>> table = pd.DataFrame({"街道": ["东街道", "西街道"], "常住人口": ["6.6万", "1,200"], "60岁以上": [None, 200]})
    >>> unit_totals(table, unit="街道", people="常住人口", groups={"elderly": "60岁以上"}).values.tolist()
    [['东街道', 66000.0, nan], ['西街道', 1200.0, 200.0]]
    """
    faults: list[Fault] = []
    wanted = {"people": people, **{f"people_{group}": column for group, column in (groups or {}).items()}}
    out = pd.DataFrame(
        {key: numbers(table, column, most=homes.MOST_PEOPLE, where=where, faults=faults) for key, column in wanted.items()}
    )
    if unit in table.columns:
        out.insert(0, "unit", table[unit].fillna("").astype(str).str.strip().to_numpy())
        if people in table.columns:
            faults += _total_faults(out, row_numbers(table), where)
    else:
        faults.append(Fault(where, said("no column '{column}' (unit)", column=unit), said("choose one of: {known}", known=listed(table.columns))))
    raise_all(faults)
    return out


def _total_faults(totals: pd.DataFrame, rows: np.ndarray, where: str) -> list[Fault]:
    """What is wrong with totals beyond single numbers."""
    blank, none = (totals["unit"] == "").to_numpy(), totals["people"].isna().to_numpy()
    checks = [
        (blank, said("no unit"), said("name the unit, or drop the row")),
        (none & ~blank, said("no people"), said("write the total, or drop the row: a unit without a total keeps its people")),
        (totals["unit"].duplicated().to_numpy() & ~blank, said("a unit given before"), said("give every unit once")),
    ]
    for column in people_columns(totals)[1:]:
        over = (totals[column] > totals["people"] * (1 + 1e-12)).to_numpy()
        checks.append((over, said("group {group} exceeds everybody", group=column.removeprefix("people_")), said("correct the totals")))
    return [Fault(said("{where} {rows}", where=where, rows=name_rows(rows[bad])), problem, remedy) for bad, problem, remedy in checks if bad.any()]


def rescaled(residences: Residences, totals: pd.DataFrame, *, where: str = "totals") -> tuple[Residences, pd.DataFrame]:
    """The residences with the people of every unit re-scaled to its total, and the table of factors.

    `residences` keep `layers.RESIDENCES`, with `unit` assigned; `totals` is a table of `unit_totals`. Residences outside
    every unit and in units without a total keep their people (factor 1). A unit with a total, where residences state
    nobody, is filled by residential land. Groups keep in step with everybody; a group with a total of its own is scaled to
    that, no residence holding more of a group than people: what does not fit goes to the others in proportion. A group
    nobody states in the unit follows everybody. The residences keep index, order and every other column. A total is of the
    whole unit: re-scale before residences are cut to a study area.
    Factors: a row for every unit and group (`all` first), columns `unit`, `group`, `residences`, `people_before`, `total`
    (NaN for none), `factor` (1 where nothing changes, infinite where nobody became somebody), `people_after`, `unplaced`
    (people of a total for whom there is no residence) and `status`: scaled; low or high (factor beyond those in
    `population.toml`); capped; by_land; by_people; nobody (all of the total is unplaced); unknown (a group that states
    nobody beside people, and has no total); no_total; outside (unit ""). `remarks` words them.
    Raises `DataError`, all faults at once: totals that are wrong, none of which fits a unit, and totals of a group that
    the residences do not state, where not all their people lie in units that have one.
    >>> import geopandas as gpd
    >>> told = {"residence_id": ["A", "B"], "name": "", "unit": ["W", ""], "people": [100.0, 40.0], "land_m2": 0.0}
    >>> points = gpd.GeoDataFrame({**told, "open_year": np.nan}, geometry=gpd.points_from_xy([0, 9], [0, 0]), crs="EPSG:4550")
    >>> out, factors = rescaled(points, pd.DataFrame({"unit": ["W", "E"], "people": [150.0, 70.0]}))
    >>> out["people"].tolist(), factors[["unit", "factor", "unplaced", "status"]].values.tolist()
    ([150.0, 40.0], [['W', 1.5, 0.0, 'scaled'], ['E', 1.0, 70.0, 'nobody'], ['', 1.0, 0.0, 'outside']])
    """
    check(residences, RESIDENCES, where="residences")
    faults = _faults(residences, totals, where)
    raise_all(faults)
    columns = list(dict.fromkeys([*people_columns(residences), *people_columns(totals)]))
    before = {c: residences[c].to_numpy(dtype=float) if c in residences else np.zeros(len(residences)) for c in columns}
    after = {column: values.copy() for column, values in before.items()}
    land = residences["land_m2"].to_numpy(dtype=float)
    units = residences["unit"].fillna("").astype(str).to_numpy()
    order = np.argsort(units, kind="stable")
    names, starts = np.unique(units[order], return_index=True)
    rows_of = dict(zip(names, np.split(order, starts[1:]), strict=True))
    nothing = np.zeros(0, dtype=int)
    table = []
    asked = totals.to_dict("records")
    stated = {"", *totals["unit"]}
    asked += [{"unit": name} for name in names if name not in stated] + [{"unit": ""}] * ("" in rows_of)
    for one in asked:
        rows = rows_of.get(one["unit"], nothing)
        told = _everybody(before["people"][rows], land[rows], one.get("people", np.nan))
        after["people"][rows] = told[0]
        found = [("people", told[1])]
        for column in columns[1:]:
            part = (before[column][rows], before["people"][rows], after["people"][rows])
            after[column][rows], status = _group(*part, one.get(column, np.nan))
            found.append((column, status))
        for column, status in found:
            table.append(_row(one, column, before[column][rows], after[column][rows], status))
    return residences.assign(**after), pd.DataFrame(table, columns=list(COLUMNS))


def _faults(residences: Residences, totals: pd.DataFrame, where: str) -> list[Fault]:
    lacking = [c for c in ("unit", "people") if c not in totals.columns]
    if lacking:
        return [Fault(where, said("no column '{column}'", column=c), "make the totals with unit_totals") for c in lacking]
    faults: list[Fault] = []
    for column in people_columns(totals):
        numbers(totals, column, most=homes.MOST_PEOPLE, where=where, faults=faults)
    if faults:
        return faults
    faults += _total_faults(totals, np.arange(1, len(totals) + 1), where)
    units, people = residences["unit"].fillna(""), residences["people"].to_numpy(dtype=float)
    if not totals["unit"].isin(units).any():
        known = listed(sorted(set(units) - {""})[:20]) or said("none: assign the units first")
        faults.append(Fault(where, "none of the totals is of a unit with residences", said("units with residences: {known}", known=known)))
        return faults
    for column in people_columns(totals)[1:]:
        if column in residences.columns:
            continue
        given = totals.loc[totals[column].notna(), "unit"]
        bare = sorted(set(units[(people > 0) & ~units.isin(given).to_numpy()]))
        if bare:
            words = listed(name or said("outside every unit") for name in bare[:5])
            remedy = said("give its total for every unit, or its share with with_shares first")
            faults.append(Fault(where, said("group {group} is not known for people of: {units}", group=column.removeprefix("people_"), units=words), remedy))
    return faults


def _everybody(people: np.ndarray, land: np.ndarray, total: float) -> tuple[np.ndarray, str]:
    """The people of one unit at its total, and how they came there."""
    if np.isnan(total):
        return people, NO_TOTAL
    if people.sum() > 0:
        return people / people.sum() * total, SCALED
    if total == 0:
        return people, SCALED
    return (land / land.sum() * total, BY_LAND) if land.sum() > 0 else (people, NOBODY)


def _group(group: np.ndarray, before: np.ndarray, people: np.ndarray, total: float) -> tuple[np.ndarray, str]:
    """One group of one unit at its total, or in step with everybody, nowhere above `people`."""
    alone = np.isnan(total)
    if alone:
        step = group / np.where(before > 0, before, 1) * people
        return (step, NO_TOTAL if group.any() or not people.any() else UNKNOWN)
    if people.sum() == 0:
        return np.zeros(len(group)), NOBODY if total > 0 else SCALED
    if not (group > 0).any():
        return np.minimum(people / people.sum() * total, people), BY_PEOPLE if total > 0 else SCALED
    return filled(group, people, total)


def filled(group: np.ndarray, room: np.ndarray, total: float) -> tuple[np.ndarray, str]:
    """`group` in proportion so that it sums to `total`, nowhere above `room`; `capped` where room ran out.

    What does not fit goes to the others in proportion; when all that had anybody are full, to the rest by their room.
    `total` must be at most the sum of `room`.
    >>> filled(np.array([30.0, 10.0]), np.array([50.0, 100.0]), 100.0)  # twice 30 does not fit
    (array([50., 50.]), 'capped')
    """
    has = group > 0
    with np.errstate(divide="ignore", over="ignore"):
        most = np.where(has, room / np.where(has, group, 1), np.inf)
    order = np.argsort(most, kind="stable")
    size, limit, space = group[order], most[order], room[order]
    left = np.cumsum(size[::-1])[::-1]
    full = np.r_[0.0, np.cumsum(space)][:-1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        level = (total - full) / left
        fits = np.flatnonzero(has[order] & (level <= limit))
    out = np.empty(len(group))
    if len(fits):
        first = fits[0]
        out[order] = np.r_[space[:first], np.minimum(size[first:] / left[first] * (total - full[first]), space[first:])]
        return out, CAPPED if first else SCALED
    rest, other = total - room[has].sum(), room[~has].sum()
    out[has] = room[has]
    out[~has] = np.clip(room[~has] / (other or 1.0) * rest, 0, room[~has])
    return out, CAPPED


def _row(one: Mapping, column: str, before: np.ndarray, after: np.ndarray, status: str) -> dict:
    total, was, now = one.get(column, np.nan), float(before.sum()), float(after.sum())
    factor = now / was if was > 0 else (np.inf if now > 0 else 1.0)
    if status == SCALED:
        limits = facts()["totals"]
        status = LOW if factor < limits["factor_low"] else HIGH if factor > limits["factor_high"] else SCALED
    return {
        "unit": one["unit"],
        "group": ALL if column == "people" else column.removeprefix("people_"),
        "residences": len(before),
        "people_before": was,
        "total": total,
        "factor": factor,
        "people_after": now,
        "unplaced": float(total) if status == NOBODY else 0.0,
        "status": OUTSIDE if one["unit"] == "" else status,
    }


REMARKS = {
    LOW: ("the people of the layer shrink to {factor:.2f} of themselves", "check that layer and total are of one place, year and kind"),
    HIGH: ("the people of the layer grow to {factor:.2f} times themselves", "check that layer and total are of one place, year and kind"),
    CAPPED: ("{people_after:.0f} of the group fit only by filling residences with it", "check the group's people in the layer"),
    BY_LAND: ("no residence states people; {total:.0f} are spread by residential land", "give dwellings or buildings to place them better"),
    BY_PEOPLE: ("no residence states the group; {total:.0f} follow everybody", "give the group's people of the residences to place them better"),
    NOBODY: ("no residence for the {unplaced:.0f} of the total", "add residences there, or correct the unit's name{close}"),
    UNKNOWN: ("the group counts nobody beside {residences} residences with people", "give the group's total"),
    NO_TOTAL: ("no total; its {people_after:.0f} people stay as they are", "give its total"),
    OUTSIDE: ("{people_after:.0f} people outside every unit stay as they are", "check units and residences when these are many"),
}


def remarks(factors: pd.DataFrame, *, where: str = "totals") -> list[Fault]:
    """What a planner should know of a table of factors, each with its remedy; nothing for factors near 1.

    A unit for which there is no residence is told with the names most like it among the units without a total. For groups
    only what does not follow from everybody is told.
    >>> told = dict(unit="东街道", group="all", residences=2, people_before=900.0, total=300.0, factor=1 / 3, people_after=300.0)
    >>> [str(fault) for fault in remarks(pd.DataFrame([{**told, "unplaced": 0.0, "status": "low"}]))]
    ['totals 东街道: the people of the layer shrink to 0.33 of themselves → check that layer and total are of one place, ...']
    """
    without = factors.loc[(factors["status"] == NO_TOTAL) & (factors["group"] == ALL), "unit"].tolist()
    told = []
    for row in factors.to_dict("records"):
        own = row["group"] == ALL
        if row["status"] not in REMARKS or (not own and row["status"] in (NO_TOTAL, OUTSIDE, NOBODY)):
            continue
        if own and row["status"] in (NO_TOTAL, OUTSIDE) and row["people_after"] == 0:
            continue
        near = difflib.get_close_matches(str(row["unit"]), without, n=3, cutoff=0.3)
        close = said("; without a total is: {names}", names=listed(near)) if near else ""
        problem, remedy = (Said(text, {**row, "close": close}) for text in REMARKS[row["status"]])
        name = listed((word for word in (where, str(row["unit"]), "" if own else said("group {group}", group=row["group"])) if word), " ")
        told.append(Fault(name, problem, remedy))
    return told
