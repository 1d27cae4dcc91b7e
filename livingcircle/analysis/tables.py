"""The tables beside coverage and gaps: walks of residences, ground beyond the limits, street components, counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numba import njit

from livingcircle import coverage as judging
from livingcircle.analysis.inputs import Settings
from livingcircle.analysis.reach import View
from livingcircle.gaps import Reach
from livingcircle.layers import OFF_NETWORK, STATUSES, UNREACHABLE, Entrances, Facilities, Gaps, Isochrones, Positions, Residences, Samples, WalkTimes
from livingcircle.reuse import Known, digest
from livingcircle.standards import Standard

# GEOS looks at what lies beside a shape that it cuts, but by less than this share of its width or height.
BESIDE = 0.2


def residence_walks(
    samples: judging.Sampled, reach: Mapping[tuple[str, str], Reach], facilities: Facilities, standard: Standard, settings: Settings
) -> judging.Columns:
    """The middle walk of every residence to every category, for every (category, group id) of `reach`, by column; `walks_table` makes a table of them."""
    told = middle_walks(samples, {key: known.walk for key, known in reach.items()})
    names = np.append(facilities["name"].to_numpy(dtype=object), "")
    sources = np.split(told["source"], len(reach))
    rest: dict[str, list] = {"straight_m": [], "nearest_facility": [], "land_share": []}
    for (category, _), known, source, row in zip(reach, reach.values(), sources, np.split(told["sample"], len(reach)), strict=True):
        first = standard.categories[category].requirements[0]
        inside = judging.covered(known.walks.measure(settings.rule), first, rule=settings.rule, speed_kmh=settings.speed_kmh)
        rest["straight_m"].append(known.straight_m(row))
        rest["nearest_facility"].append(names[np.where(source >= 0, np.append(known.facility, -1)[source], -1)])
        rest["land_share"].append(np.bincount(samples.owner, weights=inside) / np.diff(samples.first))
    shown = {name: told[name] for name in ("residence_id", "walk_m", "walk_min", "status", "category", "group")}
    return shown | {name: np.concatenate(parts) for name, parts in rest.items()}


def middle_walks(samples: judging.Sampled, walks: Mapping[tuple[str, str], WalkTimes]) -> judging.Columns:
    """The middle walk of every residence by column, for every (category, group id) of `walks`: half its land and people walk at most that far.

    Infinite when most of it is cut off. `sample` is the row of the sample meant, `status` the code of a status (`layers.STATUSES`).
    """
    parts = []
    for (category, group), walk in walks.items():
        row = judging.middles(samples.first, walk["walk_m"].to_numpy())
        names = {"category": category, "group": group}
        parts.append(
            {
                "residence_id": samples.ids[samples.owner[row]],
                **{name: walk[name].to_numpy()[row] for name in ("walk_m", "walk_min", "source")},
                "status": walk["status"].array.codes[row],
                **{name: np.full(len(row), one, dtype=object) for name, one in names.items()},
                "sample": row,
            }
        )
    return judging.joined(parts)


def walks_table(parts: Iterable[judging.Columns]) -> pd.DataFrame:
    """The walks of residences to several categories as one table, with the columns that all of them tell; `status` is told by its code."""
    held = list(parts)
    told = {name: np.concatenate([part[name] for part in held]) for name in held[0] if all(name in part for part in held)}
    return pd.DataFrame({name: pd.Categorical.from_codes(one, categories=list(STATUSES)) if name == "status" else one for name, one in told.items()})


def gap_areas(table: Gaps, people: Residences, areas: Isochrones, settings: Settings, *, known: Known | None = None) -> gpd.GeoDataFrame:
    """The part of every residence that lies beyond the limit, for the first group of people. `known` holds what was cut before."""
    rows = table[(table["group"] == settings.groups[0].id).to_numpy()].reset_index(drop=True)
    limit = areas[(areas["level"] != "").to_numpy()]
    area_of = dict(zip(zip(limit["category"], limit["level"], strict=True), limit.geometry.to_numpy(), strict=True))
    home = pd.Index(people["residence_id"]).get_indexer(rows["residence_id"])
    shapes = people.geometry.to_numpy()
    told = [digest((_beyond.__qualname__, shape)) for shape in shapes]
    beyond = shapes[home]
    for key, own in rows.groupby(["category", "level"]).indices.items():
        if key in area_of:
            beyond[own] = _beyond(beyond[own], np.array([area_of[key]], dtype=object), [told[row] for row in home[own]], known)
    frame = gpd.GeoDataFrame(rows[["category", "level", "residence_id", "gap_id"]], geometry=beyond, crs=people.crs)
    return frame[~shapely.is_empty(beyond)].reset_index(drop=True)


def _beyond(shapes: np.ndarray, reached: np.ndarray, told: list[bytes], known: Known | None) -> np.ndarray:
    """Of every shape (with its digest) that is an area, what the one area `reached` does not hold.

    That hangs on the stretches of the area's border beside the shape alone: a shape beside which they stay is not cut again.
    """
    shapely.prepare(reached)
    # Most homes lie wholly within or wholly without, which is told more quickly than it is cut.
    met = np.flatnonzero(np.isin(shapely.get_type_id(shapes), (3, 6)) & shapely.intersects(reached, shapes))
    out = shapes.copy()
    if known is None:
        out[met] = shapely.difference(shapes[met], reached)
        return out
    keys = [told[row] + digest(near) for row, near in zip(met, _borders(reached, shapes[met]), strict=True)]
    lacking = [number for number, key in enumerate(keys) if key not in known.results]
    known.results.update(zip([keys[number] for number in lacking], shapely.difference(shapes[met[lacking]], reached), strict=True))
    known.asked.update(dict.fromkeys(keys))
    out[met] = [known.results[key] for key in keys]
    return out


def _borders(reached: np.ndarray, shapes: np.ndarray) -> Iterator[np.ndarray]:
    """For each shape the stretches of border beside it, in their order, as `_beside` has them."""
    rings, part = shapely.get_rings(shapely.get_parts(reached), return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    left = shapely.is_ccw(rings) == (np.diff(part, prepend=-1) > 0)
    for west, south, east, north in shapely.bounds(shapes).tolist():
        around = BESIDE * max(east - west, north - south)
        yield _beside(points, ring, left, (west - around, south - around, east + around, north + around))


@njit(cache=True, nogil=True)
def _beside(points, ring, left, box):
    """The stretches whose own bounds meet a box (west, south, east, north): both ends, whether their area lies to the left, whether the ring is another."""
    west, south, east, north = box
    out, count, last = np.empty((len(points), 6)), 0, -1
    for row in range(len(points) - 1):
        if ring[row] != ring[row + 1]:
            continue
        ax, ay, bx, by = points[row, 0], points[row, 1], points[row + 1, 0], points[row + 1, 1]
        if min(ax, bx) <= east and max(ax, bx) >= west and min(ay, by) <= north and max(ay, by) >= south:
            out[count, 0], out[count, 1], out[count, 2], out[count, 3] = ax, ay, bx, by
            out[count, 4], out[count, 5] = left[ring[row]], ring[row] != last
            count, last = count + 1, ring[row]
    return out[:count].copy()


def components(view: View, samples: Samples, entrances: Entrances) -> pd.DataFrame:
    """Every street component with its edges, length, people and facilities whose street position lies on it."""
    network, origins, doors = view.network, view.origins, view.doors
    on = origins["component"].to_numpy() >= 0
    size = len(network.components)
    people = np.bincount(
        origins["component"].to_numpy()[on], weights=samples["people"].to_numpy()[on], minlength=size
    )
    ways_in = pd.DataFrame({"component": doors["component"].to_numpy(), "id": entrances["facility_id"].to_numpy()})
    facilities = ways_in[ways_in["component"] >= 0].drop_duplicates().groupby("component").size()
    return network.components.assign(people=people, facilities=facilities.reindex(range(size), fill_value=0).to_numpy())


def counts(
    facilities: Facilities,
    entrances: Entrances,
    people: Residences,
    samples: Samples,
    view: View,
) -> dict[str, Any]:
    """What a run counted: residences, people, samples, and whom no street or no walk joins."""
    origins = view.origins
    off = (origins["status"] == OFF_NETWORK).to_numpy()
    return {
        "residences": len(people),
        "people": float(people["people"].sum()),
        "land_ha": float(people["land_m2"].sum() / 10_000),
        "samples": len(samples),
        "people_off_network": float(samples["people"].to_numpy()[off].sum()),
        "land_off_network_ha": float(samples["land_m2"].to_numpy()[off].sum() / 10_000),
        "people_off_network_by_reason": _by_reason(origins["reason"][off], samples["people"].to_numpy()[off]),
        "snapped_past_isolated_pieces": int((origins["reason"] == "isolated_piece_skipped").sum()),
        "facilities": len(facilities),
        "facilities_open": int(facilities["open"].sum()),
        "entrances": entrances["entrance_source"].value_counts().sort_index().to_dict(),
    }


def unreachable_people(samples: Samples, walks: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """People whom the streets join to no facility of a category, by category; only of those that have one."""
    people = samples["people"].to_numpy()
    code = STATUSES.index(UNREACHABLE)
    return {
        category: float(people[walk["status"].array.codes == code].sum())
        for category, walk in walks.items()
        if (walk["source"].to_numpy() >= 0).any()
    }


def _by_reason(reasons: pd.Series, people: np.ndarray) -> dict[str, float]:
    sums = pd.Series(people).groupby(reasons.astype(str).to_numpy()).sum()
    return {reason: float(count) for reason, count in sums.items()}


def cut_off(facilities: Facilities, entrances: Entrances, doors: Positions) -> dict[str, str]:
    """Facilities none of whose entrances has a street within the limit: id and name."""
    on = set(entrances["facility_id"][doors["edge"].to_numpy() >= 0])
    off = facilities[~facilities["facility_id"].isin(on)]
    return dict(zip(off["facility_id"], off["name"], strict=True))
