"""Coverage year by year: what opens when, which years are worked out anew, and the table of all years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle import residences as homes
from livingcircle.analysis import Inputs, Result, Settings
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.facilities import EVERY, certain, is_open
from livingcircle.standards import Standard

FACILITY, RESIDENCE, STREET = KINDS = ("facility", "residence", "street")
EVENTS = ("year", "kind", "id", "name", "unit", "categories", "people", "capacity", "count")
KEYS = ("unit", "category", "level", "group")
AMOUNTS = (
    "limit_m", "limit_min", "rule", "people", "people_covered", "people_share", "land_ha", "land_covered_ha", "land_share", "facilities",
    "flag", "clause", "evidence",
)  # fmt: skip
COLUMNS = ("year", *KEYS, *AMOUNTS, "opened", "moved_in", "worked_out_in")
JOIN = "; "


@dataclass(frozen=True)
class Timeline:
    """Coverage of a study in each of `years`, as `timeline` tells it, and what opens (`events`).

    `worked` names for every year worked out anew the categories that were; `first` is the result of the first year, of which
    names, standard and groups are taken.
    """

    years: tuple[int, ...]
    table: pd.DataFrame
    events: pd.DataFrame
    worked: Mapping[int, tuple[str, ...]]
    first: Result

    @property
    def settings(self) -> Settings:
        """The settings of the first year."""
        return self.first.settings

    @property
    def standard(self) -> Standard:
        """What the study is judged by."""
        return self.first.standard


def opening_years(inputs: Inputs, streets: Mapping[int, int], *, certainty: str = EVERY) -> tuple[int, ...]:
    """Every year in which a facility opens, a home is first lived in, or a street opens, in their order.

    `streets` tells how many street lines open in a year; facilities less certain than `certainty` open in none.
    """
    counted = inputs.facilities[certain(inputs.facilities["status"], certainty=certainty)]
    told = [table["open_year"].dropna().astype(int) for table in (counted, inputs.residences)]
    return tuple(sorted({*streets, *(year for years in told for year in years.tolist())}))


def events(inputs: Inputs, *, years: Sequence[int], streets: Mapping[int, int], certainty: str = EVERY) -> pd.DataFrame:
    """What opens in each of `years`, a row each; what opens in the first of them or before was there already, and facilities
    less certain than `certainty` open in none.

    Columns: `year`, `kind` (`facility`, `residence`, `street`), `id`, `name`, `unit` (empty outside of all), `categories` (tuple; of facilities),
    `people` (of residences), `capacity` (of facilities, where it is told), `count` (1; of streets, the lines that open). Sorted by year and kind.
    """
    rows: list[tuple] = []
    places = inputs.facilities
    points = gpd.GeoSeries(shapely.point_on_surface(places.geometry.to_numpy()), crs=places.crs)
    unit = homes.unit_of(points, inputs.units)
    for before, year in zip(years, years[1:], strict=False):
        now, then = (is_open(places, year=one, certainty=certainty) for one in (year, before))
        for row in np.flatnonzero(now & ~then):
            own = places.iloc[row]
            rows.append((year, FACILITY, own["facility_id"], own["name"], unit[row], tuple(own["categories"]), np.nan, float(own["capacity"]), 1))
        opening = inputs.residences["open_year"].to_numpy(dtype=float)
        for own in inputs.residences[(opening > before) & (opening <= year)].to_dict("records"):
            name = own["name"] or own["residence_id"]
            rows.append((year, RESIDENCE, own["residence_id"], name, own["unit"], (), float(own["people"]), np.nan, 1))
        lines = sum(count for opens, count in streets.items() if before < opens <= year)
        if lines:
            rows.append((year, STREET, "", "", "", (), np.nan, np.nan, lines))
    table = pd.DataFrame(rows, columns=list(EVENTS))
    return table.assign(_turn=table["kind"].map(KINDS.index)).sort_values(["year", "_turn"], kind="stable", ignore_index=True).drop(columns="_turn")


def anew(told: pd.DataFrame, *, years: Sequence[int], judged: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """The categories to be worked out anew in each year: all of `judged` in the first and where homes or streets change, else those that open.

    Years in which nothing of these changes are left out. `told` is as in `events`.
    """
    out = {years[0]: tuple(judged)}
    for year in years[1:]:
        own = told[told["year"] == year]
        touched = {category for served in own["categories"] for category in served}
        everything = own["kind"].isin([RESIDENCE, STREET]).any()
        changed = tuple(category for category in judged if everything or category in touched)
        if changed:
            out[year] = changed
    return out


def timeline(found: Mapping[int, pd.DataFrame], told: pd.DataFrame, *, years: Sequence[int]) -> pd.DataFrame:
    """Coverage in each of `years`, a row per year x unit x category x level x group (`COLUMNS`), `ALL` the whole area.

    `found` holds the coverage (`layers.COVERAGE`) of the years worked out, with the categories worked out in them; every other year and
    category is carried from the last that was, which `worked_out_in` tells. `told` is as in `events`: `opened` names the
    facilities of the category that open in the year (in the unit), `moved_in` the homes first lived in. The first year must be worked out.

    >>> row = {"unit": "ALL", "category": "school", "level": "L5", "group": "all", "people_share": 0.5}
    >>> table = timeline({2025: pd.DataFrame([row])}, pd.DataFrame(columns=list(EVENTS)), years=[2025, 2026])
    >>> table[["year", "people_share", "worked_out_in"]].to_numpy().tolist()
    [[2025.0, 0.5, 2025.0], [2026.0, 0.5, 2025.0]]
    """
    order = list(dict.fromkeys(found[years[0]]["category"]))
    held: dict[str, pd.DataFrame] = {}
    parts = []
    for year in years:
        if year in found:
            own = found[year].reindex(columns=[*KEYS, *AMOUNTS]).assign(worked_out_in=year)
            held |= dict(iter(own.groupby("category", sort=False)))
        parts += [held[category].assign(year=year) for category in [*order, *(c for c in held if c not in order)]]
    table = pd.concat(parts, ignore_index=True)
    return _with_names(table, told)[list(COLUMNS)]


def _with_names(table: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """The table with the names of what opens in the year, by category and unit."""
    opened: dict[tuple, list[str]] = {}
    lived: dict[tuple, list[str]] = {}
    for row in told.to_dict("records"):
        for unit in (WHOLE_AREA, row["unit"] or OUTSIDE):
            if row["kind"] == RESIDENCE:
                lived.setdefault((row["year"], unit), []).append(row["name"])
            for category in row["categories"]:
                opened.setdefault((row["year"], unit, category), []).append(row["name"])
    keys = zip(table["year"], table["unit"], table["category"], strict=True)
    names = [(JOIN.join(opened.get((year, unit, category), ())), JOIN.join(lived.get((year, unit), ()))) for year, unit, category in keys]
    return table.assign(opened=[one for one, _ in names], moved_in=[one for _, one in names])

