"""What the page's script walks on, as short text: streets, who may pass where, homes, entrances, and what no leg may cross.

Coordinates are whole decimetres of the study's own plane from `origin`, lengths whole centimetres, offsets and legs whole decimetres.
Edges are told in an order of their own, by the nodes they join; positions name edges of that order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle import residences as lived
from livingcircle.barriers import COMPOUND, frontage_m
from livingcircle.network import StreetNetwork, links
from livingcircle.outputs.page import packing, plane
from livingcircle.outputs.page.names import text
from livingcircle.snapping import BEHIND, INSIDE, ISOLATED_M

if TYPE_CHECKING:
    from livingcircle.analysis import Result
    from livingcircle.analysis.inputs import Met, Walking
    from livingcircle.layers import Barriers, Positions, Samples

Content = dict[str, Any]
# Largest departure of a street's line as told here; its length is told apart and stays what it is.
SIMPLE_M = 0.1
DECI, CENTI = 10, 100
FACTOR = 10_000
PEOPLE = 100
# Where a place has no position, the row of its edge says why.
WHY_OFF = {BEHIND: -2, INSIDE: -3}
SAME_M = 1e-6
STEP_PER_M = 100_000
LATTICE_OFF_M = 0.02
ELSEWHERE_M = 0.3


def walking_content(result: Result) -> Content:
    """The values that walks are worked out from, ready for JSON; `result.walking` is not changed."""
    told = result.walking
    network = told.network
    bounds = _bounds(result)
    origin = np.rint([(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2])
    order = np.lexsort([network.end, network.start])
    number = np.empty(len(order) + 1, dtype=np.int64)
    number[order], number[-1] = np.arange(len(order)), -1
    facility = {f: row for row, f in enumerate(result.facilities["facility_id"])}
    streets, lines = _streets(network, order, origin)
    return {
        "plane": plane.plane(bounds, network.crs),
        "origin": origin.tolist(),
        "turn": [float(np.cos(lived.LATTICE_ANGLE)), float(np.sin(lived.LATTICE_ANGLE))],
        "snap_limit_m": float(result.settings.snap_limit_m),
        "isolated_m": ISOLATED_M,
        "frontage_m": frontage_m(),
        "links": {key: float(links.rules()[key]) for key in ("reach_m", "touch_m", "gate_m")},
        **streets,
        **_enclosed(network),
        "barriers": _barriers(result.barriers, origin),
        **_standing(told, (number, order, lines), shapely.get_coordinates(result.entrances.geometry.to_numpy()) - origin, origin),
        "view_of": [told.view_of[group.id] for group in result.settings.groups],
        "residences": _residences(result),
        "doors": packing.steps(facility.get(f, -1) for f in result.entrances["facility_id"]),
    }


def _bounds(result: Result) -> np.ndarray:
    layers = (result.walking.network.streets, result.walking.residences, result.facilities)
    boxes = np.array([layer.total_bounds for layer in layers if len(layer)])
    return np.concatenate([np.nanmin(boxes[:, :2], axis=0), np.nanmax(boxes[:, 2:], axis=0)])


def _streets(network: StreetNetwork, order: np.ndarray, origin: np.ndarray) -> tuple[Content, np.ndarray]:
    """Nodes, edges in the order given, their lines, lengths, names and kinds (1: assumed, 2: across a plaza); the lines as told."""
    lines = network.streets.geometry.to_numpy()[order]
    start, end = network.start[order], network.end[order]
    points, edge = shapely.get_coordinates(shapely.simplify(lines, SIMPLE_M), return_index=True)
    points = np.rint((points - origin) * DECI).astype(np.int64)
    count = np.bincount(edge, minlength=len(lines))
    last = np.cumsum(count) - 1
    first = last - count + 1
    nodes = np.zeros((len(network.nodes), 2), dtype=np.int64)
    nodes[end], nodes[start] = points[last], points[first]
    # Lines begin and end at their nodes, wherever joining has moved these.
    points[first], points[last] = nodes[start], nodes[end]
    moves = np.diff(points, axis=0, prepend=0)
    inner = np.ones(len(points), dtype=bool)
    inner[first] = inner[last] = False
    moved = np.hypot(*moves.T)
    moved[first] = 0
    drawn_m = np.bincount(edge, weights=moved, minlength=len(lines)) / DECI
    more = np.rint(network.length_m[order] * CENTI).astype(np.int64) - np.rint(drawn_m * CENTI).astype(np.int64)
    content = {
        "nodes": packing.packed(np.diff(nodes, axis=0, prepend=0).ravel()),
        "start": packing.steps(start),
        "span": packing.packed(end - start),
        "bends": packing.packed(count - 2),
        "line": packing.packed(moves[inner].ravel()),
        "length": packing.packed(more),
        **_said(network.streets.iloc[order]),
        "compound": packing.runs(network.compound[order]),
    }
    return content, shapely.linestrings(points / DECI + origin, indices=edge)


def _said(streets: gpd.GeoDataFrame) -> Content:
    """The names of streets, and which were assumed (1) or lie across a plaza (2)."""
    names = streets["name"].map(text)
    known = [name for name in dict.fromkeys(names) if name]
    at = {name: row for row, name in enumerate(known)}
    kind = np.zeros(len(streets), dtype=np.int64)
    for value, column in ((1, "assumed"), (2, "plaza_link")):
        if column in streets:
            kind[streets[column].to_numpy(dtype=bool)] = value
    return {"names": known, "street": packing.recent(at.get(name, -1) + 1 for name in names), "kind": packing.runs(kind)}


def _enclosed(network: StreetNetwork) -> Content:
    """The names of the compounds, and their gates: the node, the compound, the kind."""
    if network.compounds is None or network.gates is None:
        return {"compounds": [], "gates": "", "gate_kinds": []}
    gates = network.gates.reset_index(drop=True)
    kinds = list(dict.fromkeys(gates["kind"]))
    node = _gate_nodes(network, gates)
    rows = np.column_stack([node, gates["compound"].to_numpy(dtype=np.int64), [kinds.index(kind) for kind in gates["kind"]]])
    rows = rows[node >= 0].astype(np.int64)
    rows = rows[np.lexsort(rows.T[::-1])] if len(rows) else rows.reshape(0, 3)
    return {
        "compounds": [text(name) for name in network.compounds["name"]],
        "gates": packing.packed(np.diff(rows, axis=0, prepend=0).ravel()),
        "gate_kinds": kinds,
    }


def _gate_nodes(network: StreetNetwork, gates: gpd.GeoDataFrame) -> np.ndarray:
    """The node of every gate: of those that streets of its compound share with others, the nearest to it; -1 without one."""
    places = network.places
    out = np.full(len(gates), -1)
    told = gates.geometry.to_numpy()
    for compound, rows in gates.groupby("compound").indices.items():
        inner = network.compound == compound
        shared = np.intersect1d(*(np.concatenate([network.start[own], network.end[own]]) for own in (inner, ~inner)))
        if len(shared):
            out[rows] = shared[shapely.STRtree(shapely.points(places[shared])).nearest(told[rows])]
    return out


def _barriers(barriers: Barriers | None, origin: np.ndarray) -> Content:
    """Lines, rings of areas (these after a number of rings each), and walls of compounds, each as number of points and differences.

    `kinds` are the kinds of barriers, `line_kinds` and `area_kinds` tell those of the lines and areas.
    """
    if barriers is None or not len(barriers):
        return {"lines": "", "areas": "", "walls": "", "kinds": [], "line_kinds": "", "area_kinds": ""}
    shapes = shapely.simplify(barriers.geometry.to_numpy(), SIMPLE_M)
    wall = (barriers["kind"] == COMPOUND).to_numpy()
    area = barriers.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
    polygons, area_of = shapely.get_parts(shapes[area & ~wall], return_index=True)
    lines, line_of = shapely.get_parts(shapes[~area & ~wall], return_index=True)
    code, kinds = pd.factorize(barriers["kind"].fillna("").astype(str).to_numpy())
    numbers: list[np.ndarray] = []
    at = np.zeros(2, dtype=np.int64)
    for polygon in polygons:
        rings = [polygon.exterior, *polygon.interiors]
        numbers.append(np.array([len(rings)]))
        at = _drawn(rings, numbers, at, origin)
    walls = np.concatenate([shapes[wall & ~area], shapely.boundary(shapes[wall & area])])
    out = {"areas": packing.packed(np.concatenate([*numbers, np.empty(0, dtype=np.int64)]).astype(np.int64))}
    out |= {"kinds": list(kinds), "line_kinds": packing.runs(code[~area & ~wall][line_of]), "area_kinds": packing.runs(code[area & ~wall][area_of])}
    for key, parts in (("lines", lines), ("walls", shapely.get_parts(walls))):
        numbers = []
        _drawn(parts, numbers, np.zeros(2, dtype=np.int64), origin)
        out[key] = packing.packed(np.concatenate([*numbers, np.empty(0, dtype=np.int64)]).astype(np.int64))
    return out


def _drawn(lines: Any, numbers: list[np.ndarray], at: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Adds to `numbers` each line's number of points and its differences from `at` on; the last point."""
    for line in lines:
        points = np.rint((shapely.get_coordinates(line) - origin) * DECI).astype(np.int64)
        if len(points):
            numbers += [np.array([len(points)]), np.diff(np.vstack([at, points]), axis=0).ravel()]
            at = points[-1]
    return at


def _standing(told: Walking, streets: tuple[np.ndarray, np.ndarray, np.ndarray], entrances: np.ndarray, origin: np.ndarray) -> Content:
    """The samples, and how each kind of walker meets the streets; what is as in the first view is not told again.

    `streets` are the new number of every edge, the edges in their new order, and their lines; `entrances` are told from `origin`. Where samples stand follows from their edge, the
    nearest place of which they take. In the first view it is told as the difference from the nearest of its residence's edges, in others
    as the difference from the first.
    """
    number, order, lines = streets
    content, points = _homes(told.samples, origin)
    content["edges"], before = _near(points, _edges(told.views[0].origins, number), lines)
    at = np.concatenate([*points, np.empty((0, 2))])
    out: list[Content] = []
    for view in told.views:
        costs = None
        if view.costs is not None:
            rows = (view.costs.forward - 1, view.costs.backward - 1, view.costs.start_m, view.costs.end_m)
            scales = (FACTOR, FACTOR, CENTI, CENTI)
            costs = [packing.packed(np.rint(row[order] * scale).astype(np.int64)) for row, scale in zip(rows, scales, strict=True)]
        homes, doors = _edges(view.origins, number), _doors(view.doors, number, entrances)
        shown = {
            "permeability": view.permeability,
            "speed_kmh": float(view.speed_kmh),
            "shut": "" if view.shut is None else packing.runs(view.shut[order].astype(np.int64)),
            "costs": costs,
            "homes": packing.runs(homes - before),
            "elsewhere": _elsewhere(at, view, homes, (lines, told.network.length_m[order])),
            "doors": None if out and doors == out[0]["doors"] else doors,
        }
        before = homes if not out else before
        out.append(shown)
    return {"homes": content, "views": out}


def _elsewhere(points: np.ndarray, view: Met, edge: np.ndarray, streets: tuple[np.ndarray, np.ndarray]) -> Content:
    """The samples as near to one place of their edge as to another that stand at the other one: rows, and metres along."""
    lines, length_m = streets
    on = np.flatnonzero(edge >= 0)
    own = lines[edge[on]]
    drawn_m = shapely.length(own)
    along = shapely.line_locate_point(own, shapely.points(points[on])) * length_m[edge[on]] / np.where(drawn_m > 0, drawn_m, 1)
    offset = view.origins["offset_m"].to_numpy()[on]
    rows = np.flatnonzero(np.abs(along - offset) > ELSEWHERE_M)
    return {"row": packing.steps(on[rows]), "offset": packing.packed(np.rint(offset[rows] * DECI).astype(np.int64))}


def _near(points: list[np.ndarray], edge: np.ndarray, lines: np.ndarray) -> tuple[str, np.ndarray]:
    """The edges that samples of each residence stand on, and which of these is nearest to each sample, the first of equals.

    A residence's edges are told as their number and differences, the first from that of the residence before.
    """
    numbers: list[np.ndarray] = []
    nearest, at, before = np.full(len(edge), -1), 0, 0
    for own in points:
        rows = slice(at, at + len(own))
        at += len(own)
        known = np.unique(edge[rows][edge[rows] >= 0])
        numbers += [np.array([len(known)]), np.diff(known, prepend=before)]
        if len(known):
            before = int(known[0])
            nearest[rows] = known[_first_nearest(own, lines[known])]
    return packing.packed(np.concatenate([*numbers, np.empty(0, dtype=np.int64)]).astype(np.int64)), nearest


def _first_nearest(points: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """The line nearest to each point; of those as near but for rounding, the first. As the page's script works it out."""
    ends, owner = shapely.get_coordinates(lines, return_index=True)
    piece = np.flatnonzero(owner[1:] == owner[:-1])
    a, along = ends[piece], ends[piece + 1] - ends[piece]
    square = (along**2).sum(axis=1)
    x, y = points[:, :1], points[:, 1:]
    t = np.clip(((x - a[:, 0]) * along[:, 0] + (y - a[:, 1]) * along[:, 1]) / np.where(square > 0, square, 1), 0, 1)
    far = np.hypot(a[:, 0] + t * along[:, 0] - x, a[:, 1] + t * along[:, 1] - y)
    far = np.minimum.reduceat(far, np.searchsorted(owner[piece], np.arange(len(lines))), axis=1)
    return (far <= far.min(axis=1, keepdims=True) + SAME_M).argmax(axis=1)


def _edges(positions: Positions, number: np.ndarray) -> np.ndarray:
    edge = number[positions["edge"].to_numpy()]
    why = positions["reason"].astype(str).map(WHY_OFF).fillna(-1).to_numpy(dtype=np.int64)
    return np.where(edge >= 0, edge, why)


def _doors(positions: Positions, number: np.ndarray, points: np.ndarray) -> Content:
    """Edge, offset and leg of every entrance, and the places of those that no street is near to, which a link may reach."""
    edge = _edges(positions, number)
    metres = positions[["offset_m", "leg_m"]].to_numpy(dtype=float)
    tenths = np.rint(np.where(edge[:, None] >= 0, metres, 0) * DECI).astype(np.int64)
    away = np.rint(points[edge == -1] * DECI).astype(np.int64)
    return {
        "edge": packing.steps(edge),
        "offset": packing.packed(tenths[:, 0]),
        "leg": packing.packed(tenths[:, 1]),
        "away": packing.packed(np.diff(away, axis=0, prepend=0).ravel()),
    }


def _homes(samples: Samples, origin: np.ndarray) -> tuple[Content, list[np.ndarray]]:
    """Samples of every residence in turn: how many, where they are, and the unit of each; and their places as the page reads them."""
    ids = samples["residence_id"].to_numpy()
    first = np.flatnonzero(np.append(True, ids[1:] != ids[:-1])) if len(ids) else np.empty(0, dtype=int)
    counts = np.diff(np.append(first, len(ids)))
    points = shapely.get_coordinates(samples.geometry.to_numpy()) - origin
    numbers: list[np.ndarray] = []
    places: list[np.ndarray] = []
    at = np.zeros(2, dtype=np.int64)
    for part in np.split(points, first[1:]) if len(points) else []:
        told, place = _lattice(part, at)
        numbers.append(told)
        at = np.rint(part[0] * CENTI).astype(np.int64)
        places.append(origin + at / CENTI + place)
    units, code = _units(samples["unit"])
    content = {
        "count": packing.packed(counts),
        "at": packing.packed(np.concatenate([*numbers, np.empty(0, dtype=np.int64)])),
        "unit": packing.runs(code),
        "units": units,
    }
    return content, places


def _units(values: pd.Series) -> tuple[list[str], np.ndarray]:
    code, known = pd.factorize(values.map(text))
    return [str(name) for name in known], code


def _lattice(points: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the samples of one residence: the step of their lattice (0: none), the first one, and runs along its rows; and
    how far each sample is from the first, as they tell it.

    A run is told by rows and columns from where the run before began, and by its length. Without a lattice all points follow, in
    centimetres from one to the next.
    """
    cents = np.rint(points * CENTI).astype(np.int64)
    begun = cents[0] - at
    c, s = np.cos(lived.LATTICE_ANGLE), np.sin(lived.LATTICE_ANGLE)
    turned = (points - points[0]) @ np.array([[c, -s], [s, c]])
    apart = np.abs(np.diff(turned, axis=0)).ravel()
    apart = apart[apart > lived.FINEST_M / 2]
    if len(apart):
        step = np.rint(apart.min() * STEP_PER_M) / STEP_PER_M
        place = np.rint(turned / step).astype(np.int64)
        if np.abs(place * step - turned).max() < LATTICE_OFF_M:
            first = np.flatnonzero(np.append(True, (np.diff(place, axis=0) != (1, 0)).any(axis=1)))
            counts = np.diff(np.append(first, len(place)))
            moved = np.diff(place[first], axis=0, prepend=0)
            runs = np.column_stack([moved, counts]).ravel()
            numbers = np.concatenate([[round(step * STEP_PER_M)], begun, [len(first)], runs]).astype(np.int64)
            i, j = place.T
            return numbers, np.column_stack([step * (c * i - s * j), step * (s * i + c * j)])
    return np.concatenate([[0], begun, [len(cents)], np.diff(cents, axis=0).ravel()]).astype(np.int64), (cents - cents[0]) / CENTI


def _residences(result: Result) -> Content:
    """All residences, those of the study's year first: when they are lived in, land, people of every group; of the others, names too."""
    homes, own = result.walking.residences, len(result.residences)
    units, code = _units(homes["unit"])
    groups = [homes[g.people] if g.people in homes else np.full(len(homes), np.nan) for g in result.settings.groups]
    later = homes.iloc[own:]
    return {
        "own": own,
        "later": [text(name) or text(home) for name, home in zip(later["name"], later["residence_id"], strict=True)],
        "open_year": packing.packed_or_none(homes["open_year"]),
        "land_m2": packing.packed_or_none(homes["land_m2"]),
        "people": [packing.packed_or_none(people, scale=PEOPLE) for people in groups],
        "unit": packing.packed(code),
        "units": units,
    }
