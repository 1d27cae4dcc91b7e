"""Tables of judgement as the page holds them: walks, coverage, gaps and what homes lack, each column one short text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.layers import OFF_NETWORK, REACHED, UNREACHABLE
from livingcircle.outputs.page import packing
from livingcircle.outputs.page.names import Order, named, number, positions, text

if TYPE_CHECKING:
    from livingcircle.analysis import Result

WALK_STATUS = (REACHED, UNREACHABLE, OFF_NETWORK)
RULES = ("distance", "time", "radius")
# A share is told in millionths: rounded more, a rest of the land would vanish from "99.9 %".
SHARE = 1_000_000
GAP_ID = re.compile(r"G[0-9a-f]{10}")
GAP_LETTERS = 7
MANDATORY = "mandatory"
# Just above one half: sums of equal parts may miss it by their last digits.
HALF = 0.5 + 1e-9

Content = dict[str, Any]


def walks(result: Result, order: Order) -> Content:
    """For each category, and each group that walks in a way of its own, the columns of every residence."""
    table = result.residence_walks
    names, nearest = named(table["nearest_facility"])
    table = table.assign(nearest=nearest)
    homes = result.residences["residence_id"]
    told = dict(tuple(table.groupby(["category", "group"], sort=False)))
    return {
        "names": names,
        "columns": [
            {at: _of_homes(told[category, group], homes) for at, group in enumerate(order.groups) if (category, group) in told}
            for category in order.categories
        ],
    }


def _of_homes(table: pd.DataFrame, homes: pd.Series) -> Content:
    rows = table.drop_duplicates("residence_id").set_index("residence_id").reindex(homes)
    status = positions(rows["status"], WALK_STATUS)
    return {
        "walk_m": packing.packed_or_none(rows["walk_m"]),
        "walk_min": packing.minutes(rows["walk_min"]),
        "straight_m": packing.packed_or_none(rows["straight_m"]),
        "nearest": packing.packed_or_none(rows["nearest"]),
        "status": "".join(str(s) if s >= 0 else "-" for s in status),
    }


def coverage(result: Result, order: Order) -> Content:
    """Columns of coverage; `kind` is 1 for the whole area, 2 for what lies outside every unit, 0 for a unit.

    Beside the shares of the rule that decides stand those by each rule (`land`, `people`: distance, time, straight line).
    """
    rows = result.coverage[result.coverage["category"].isin(order.categories)]
    names, unit = named(rows["unit"].replace({WHOLE_AREA: "", OUTSIDE: ""}))
    return {
        "units": names,
        "unit": packing.packed(unit),
        "category": packing.packed(order.category(rows["category"])),
        "level": packing.packed(order.level(rows["level"])),
        "group": packing.packed(order.group(rows["group"])),
        "kind": packing.packed(rows["unit"].map({WHOLE_AREA: 1, OUTSIDE: 2}).fillna(0).astype(int)),
        "limits": _limits(rows),
        "land_ha": packing.packed_or_none(rows["land_ha"], scale=100),
        "land_covered_ha": packing.packed_or_none(rows["land_covered_ha"], scale=100),
        "people": packing.packed_or_none(rows["people"]),
        "people_covered": packing.packed_or_none(rows["people_covered"]),
        "facilities": packing.packed_or_none(rows["facilities"]),
        "land_share": packing.packed_or_none(rows["land_share"], scale=SHARE),
        "people_share": packing.packed_or_none(rows["people_share"], scale=SHARE),
        "by_rule": {kind: [_differences(rows, kind, rule) for rule in RULES] for kind in ("land", "people")},
    }


def _limits(rows: pd.DataFrame) -> Content:
    """Distinct limits (metres, minutes), and which of them each row has."""
    pairs = [(number(m), number(t)) for m, t in zip(rows["limit_m"], rows["limit_min"], strict=True)]
    distinct = list(dict.fromkeys(pairs))
    return {"names": distinct, "rows": packing.packed(positions(pairs, distinct))}


def _differences(rows: pd.DataFrame, kind: str, rule: str) -> str:
    """Shares by a rule as differences from those that decide, mostly none; missing where those are, or where it has none of its own."""
    own = rows[f"{kind}_share_{rule}"] - rows[f"{kind}_share"]
    return packing.packed(0 if pd.isna(d) else round(d * SHARE) for d in own)


def listed(result: Result, order: Order) -> pd.DataFrame:
    """The gaps of the page, worst first; rows of the page refer to them by this order."""
    return result.gaps[result.gaps["category"].isin(order.categories)].sort_values("rank", kind="stable")


def gaps(result: Result, order: Order, homes: np.ndarray, *, origin: tuple[int, int]) -> Content:
    """The gap list. Limits are those of the coverage, the unit is that of the residence (`unit`: of rows that name none, in order);
    what many rows share is said once: `kinds` (category, level, group) and `reasons` (cause, remedy, confidence, clause, what it is fragile to, year that
    closes it, priority)."""
    table = listed(result, order)
    residence = positions(table["residence_id"], list(result.residences["residence_id"]))
    places = list(zip(order.category(table["category"]), order.level(table["level"]), order.group(table["group"]), strict=True))
    closes = [number(v) for v in table["closes_in"]]
    said = [[text(v) for v in table[key]] for key in ("cause", "remedy", "confidence", "clause", "fragile_to")]
    why = list(zip(*said, closes, map(text, table["priority"]), strict=True))
    units, unit = named(u for u, home in zip(table["unit"], residence, strict=True) if home < 0)
    shared = (places, why, table["nearest_facility"].map(text), table["limit_street"].map(text))
    kinds, reasons, nearest, streets = (list(dict.fromkeys(rows)) for rows in shared)
    return {
        "gap_id": gap_ids(table["gap_id"]),
        "kinds": kinds,
        "kind": packing.packed(positions(places, kinds)),
        "reasons": reasons,
        "reason": packing.packed(positions(why, reasons)),
        "residence": packing.packed(residence),
        "unit": {"names": units, "rows": packing.packed(unit)},
        "rank": packing.packed(np.diff(table["rank"].to_numpy(dtype=int), prepend=0)),
        "people": packing.packed_or_none(table["people"], scale=10),
        "land_ha": packing.packed_or_none(table["land_ha"], scale=100),
        "walk_m": packing.packed_or_none(table["walk_m"]),
        "walk_min": packing.minutes(table["walk_min"]),
        "straight_m": packing.packed_or_none(table["straight_m"]),
        "low": _from_people(table, "people_low"),
        "high": _from_people(table, "people_high"),
        "uncertain": packing.packed_or_none(table["uncertain_share"], scale=100),
        "leg_m": packing.packed_or_none(table["from_leg_m"]),
        "streets": streets,
        "street": packing.packed(positions(table["limit_street"].map(text), streets)),
        "names": nearest,
        "nearest": packing.packed(positions(table["nearest_facility"].map(text), nearest)),
        "at": _from_homes(table, residence, homes, origin),
    }


def gap_ids(ids: Iterable[object]) -> str:
    """Text of ids of gaps: those of the usual form (G and ten digits of base 16) seven letters each, one after the other; else
    all as they are, `=` first, apart by blanks.

    >>> gap_ids(["G000000003f"]), gap_ids(["G 1", "G2"])
    ('AAAAAA_', '=G_1 G2')
    """
    texts = [text(own) for own in ids]
    if not all(map(GAP_ID.fullmatch, texts)):
        return "=" + " ".join(own.replace(" ", "_") for own in texts)
    whole = [int(own[1:], 16) for own in texts]
    return "".join(packing.ALPHABET[n >> 6 * place & 63] for n in whole for place in reversed(range(GAP_LETTERS)))


def _from_people(table: pd.DataFrame, column: str) -> str:
    """Text of tenths of people more or less than `people` of each gap, mostly none; what is missing says the same as `people`."""
    tenths = [(table[one] * 10).round().fillna(0).to_numpy(dtype=np.int64) for one in (column, "people")]
    return packing.packed(np.where(table[column].isna(), 0, tenths[0] - tenths[1]))


def _from_homes(table: pd.DataFrame, residence: list[int], homes: np.ndarray, origin: tuple[int, int]) -> str:
    """Text of each gap's point as the difference from the first point drawn of its residence, or from the origin."""
    starts = [shapely.get_coordinates(g)[:1] for g in homes]
    numbers: list[int] = []
    for x, y, row in zip(table["lon"], table["lat"], residence, strict=True):
        first = origin
        if row >= 0 and len(starts[row]):
            first = tuple(map(packing.millionths, starts[row][0]))
        numbers += [packing.millionths(x) - first[0], packing.millionths(y) - first[1]]
    return packing.packed(numbers)


def lacking(result: Result, order: Order) -> list[Content]:
    """For each level and group with mandatory elements: how much land and how many people have them all, and what homes lack.

    `lacks` holds for every residence a number whose bit k says that more than half of it lacks the element k of `elements`, -1
    where that is not told; it is empty where the list of gaps has no rows for residences and `result.lacking` does not tell of the
    group. `areas` are rows of name (blank for the whole), kind, shares of land and of people, and the mean number lacking.
    """
    out = []
    table = result.completeness[result.completeness["group"].isin(order.groups) & result.completeness["level"].isin(order.levels)]
    for (level, group), rows in table.groupby(["level", "group"], sort=False):
        elements = _elements(result, order, level)
        whole = ("land_ha", "land_all_ha", "land_all_share", "people", "people_all", "people_all_share", "lacking_mean")
        out.append(
            {
                "level": order.level([level])[0],
                "group": order.group([group])[0],
                "elements": order.category(elements),
                "whole": {key: number(rows.iloc[0][key], 6) for key in whole},
                "areas": [_area(row) for row in rows.itertuples()],
                "lacks": packing.packed(_bits(result, level, group, elements)),
            }
        )
    return out


def _area(row: Any) -> list[Any]:
    shares = (number(share, 6) for share in (row.land_all_share, row.people_all_share))
    return ["" if row.area == WHOLE_AREA else text(row.area), text(row.area_kind), *shares, number(row.lacking_mean)]


def _elements(result: Result, order: Order, level: str) -> list[str]:
    """The categories that the level makes mandatory."""
    return [c for c in order.categories if any(r.level == level and r.flag == MANDATORY for r in result.standard.categories[c].requirements)]


def _bits(result: Result, level: str, group: str, elements: list[str]) -> list[int]:
    """For every residence the elements that more than half of it lacks, one bit each."""
    bit = {category: 1 << k for k, category in enumerate(elements)}
    homes = result.residences["residence_id"]
    if group == result.settings.groups[0].id:
        rows = result.lacking[result.lacking["level"] == level].drop_duplicates("residence_id").set_index("residence_id")["lacks"].reindex(homes)
        return [-1 if pd.isna(lacks) else sum(bit.get(c, 0) for c in lacks.split(";")) for lacks in rows]
    if result.settings.gaps_by != "residence":
        return []
    # What lies beyond a limit is the gap of its residence; samples stand for equal parts of the land, and of the people.
    own = result.gaps[(result.gaps["level"] == level) & (result.gaps["group"] == group) & result.gaps["category"].isin(elements)]
    land = result.samples.groupby("residence_id", sort=False)["land_m2"].sum() / 10_000
    share = own["land_ha"].to_numpy() / land.reindex(own["residence_id"]).to_numpy()
    told = pd.Series(own["category"].map(bit).to_numpy() * (share > HALF), index=own["residence_id"].to_numpy()).groupby(level=0).sum()
    judged = set(result.samples["residence_id"])
    return [int(told.get(home, 0)) if home in judged else -1 for home in homes]
