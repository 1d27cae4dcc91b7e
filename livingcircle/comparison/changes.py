"""The facilities and links that two states differ in, and whether one only adds to the other."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.analysis import Result
from livingcircle.comparison.gap_changes import ARRIVED, LEFT

OPENED, CLOSED, MOVED, RESIZED = "opened", "closed", "moved", "resized"
# Fewer people than a table shows.
NOBODY = 0.005
# A facility that stands this near to where it stood has not moved, metres.
STILL_M = 0.01
COLUMNS = ("change", "facility_id", "name", "categories", "status", "capacity_before", "capacity_after", "lon", "lat", "lon_before", "lat_before")


def facilities(before: Result, after: Result) -> pd.DataFrame:
    """A row per facility that opened, closed, moved or was resized: `change`, id, name, categories, status, capacities, where it is and was.

    A facility is open or not in the year of its state; one that is open in neither state counts as nothing.
    """
    was, now = (result.facilities.drop_duplicates("facility_id").set_index("facility_id") for result in (before, after))
    points = [gpd.GeoSeries(shapely.point_on_surface(part.geometry.to_numpy()), index=part.index, crs=part.crs) for part in (was, now)]
    rows = []
    for id in [*now.index, *(id for id in was.index if id not in now.index)]:
        own = [part.loc[id] if id in part.index else None for part in (was, now)]
        at = [part[id] if id in part.index else None for part in points]
        change = _change(own, at)
        if change:
            one = own[1] if own[1] is not None else own[0]
            sizes = [np.nan if part is None else float(part["capacity"]) for part in own]
            rows.append((change, id, one["name"], one["categories"], _status(own), *sizes, at[1] or at[0], at[0] if change == MOVED else None))
    table = pd.DataFrame(rows, columns=[*COLUMNS[:7], "at", "was_at"])
    for shown, lon, lat in (("at", "lon", "lat"), ("was_at", "lon_before", "lat_before")):
        degrees = gpd.GeoSeries(table[shown].to_numpy(), crs=after.facilities.crs).to_crs("EPSG:4326")
        there = degrees.notna().to_numpy()
        table[lon] = [point.x if ok else np.nan for point, ok in zip(degrees, there, strict=True)]
        table[lat] = [point.y if ok else np.nan for point, ok in zip(degrees, there, strict=True)]
    order = table["change"].map({OPENED: 0, CLOSED: 1, MOVED: 2, RESIZED: 3})
    return table.assign(_turn=order).sort_values("_turn", kind="stable", ignore_index=True)[list(COLUMNS)]


def _status(own: Sequence[pd.Series | None]) -> str:
    """How certain a facility is: as the state has it that has it open, the later one where both do."""
    opened = [part for part in own[::-1] if part is not None and part["open"]]
    return str(opened[0]["status"])


def homes(before: Result, after: Result) -> pd.DataFrame:
    """A row per residence lived in in one state only, or by other people: `change` (arrived, left, resized), id, name, unit, people before and after."""
    was, now = (result.residences.set_index("residence_id") for result in (before, after))
    rows = []
    for id in [*now.index, *was.index.difference(now.index, sort=False)]:
        people = [float(part["people"][id]) if id in part.index else np.nan for part in (was, now)]
        change = ARRIVED if np.isnan(people[0]) else LEFT if np.isnan(people[1]) else RESIZED if abs(people[1] - people[0]) > NOBODY else ""
        if change:
            one = (now if id in now.index else was).loc[id]
            rows.append((change, id, one["name"], one["unit"], *people))
    return pd.DataFrame(rows, columns=["change", "residence_id", "name", "unit", "people_before", "people_after"])


def _change(own: Sequence[pd.Series | None], at: Sequence[shapely.Point | None]) -> str:
    opened = [part is not None and bool(part["open"]) for part in own]
    if opened[0] != opened[1]:
        return OPENED if opened[1] else CLOSED
    if not opened[1]:
        return ""
    if at[0].distance(at[1]) > STILL_M:
        return MOVED
    sizes = [float(part["capacity"]) for part in own]
    return RESIZED if sizes[0] != sizes[1] and not all(map(np.isnan, sizes)) else ""


def links(before: gpd.GeoDataFrame | None, after: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """The links that only one of two states has; those of `before` alone have gone, so what they did is undone. None without any."""
    sides = [side for side in (before, after) if side is not None and len(side)]
    if not sides:
        return None
    keys = [set() if side is None else {*map(_key, side["change"], side.geometry)} for side in (before, after)]
    undone = {OPENED: CLOSED, CLOSED: OPENED}
    parts = []
    for side, other, turned in ((after, keys[0], False), (before, keys[1], True)):
        if side is not None and len(side):
            kept = side[[_key(change, shape) not in other for change, shape in zip(side["change"], side.geometry, strict=True)]]
            parts.append(kept.assign(change=kept["change"].map(undone)) if turned else kept)
    told = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=sides[0].crs)
    return told if len(told) else None


def _key(change: str, shape: shapely.Geometry) -> tuple[str, bytes]:
    return change, shapely.to_wkb(shapely.set_precision(shape, 0.001))


def only_adds(results: tuple[Result, Result], places: pd.DataFrame, ways: gpd.GeoDataFrame | None) -> bool:
    """Whether the later state has all that the earlier has, walks alike and is judged by the same limits; homes may differ."""
    before, after = results
    if not set(places["change"]) <= {OPENED, RESIZED} or (ways is not None and (ways["change"] != OPENED).any()):
        return False
    alike = [_judged(result) for result in results]
    return alike[0] == alike[1]


def _judged(result: Result) -> tuple:
    settings = result.settings
    walkers = tuple((group.id, settings.walker_of(group)) for group in settings.groups)
    limits = {(category, r.level): (r.limit_m, r.limit_min) for category, r in result.standard.requirements()}
    return settings.rule, walkers, limits
