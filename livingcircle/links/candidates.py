"""Links that may be worth building: places near each other in a straight line and far on foot, and lines that a planner gives."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from livingcircle.catchments import catchments
from livingcircle.coordinates import require_metric
from livingcircle.errors import DataError, Fault, listed, raise_all, said
from livingcircle.layers import Layer, Residences, Streets, check
from livingcircle.links.case import Built, Case
from livingcircle.links.kinds import END_M, kinds, streets_passed
from livingcircle.links.places import Places, places
from livingcircle.links.terms import KINDS, Terms
from livingcircle.links.walls import FEET, shut_gates
from livingcircle.network import StreetNetwork
from livingcircle.network.links import Foot, Link, foot
from livingcircle.network.links import rules as joints
from livingcircle.walk_time import Way

FOUND, GIVEN = "found", "given"
LINES = Layer("lines of links", {}, ("LineString",))
# Places searched from together, neighbors on the ground, so that tables stay small.
BLOCK = 2_000


def candidate_links(case: Case, *, terms: Terms, lines: gpd.GeoDataFrame | None = None) -> gpd.GeoDataFrame:
    """A row a link that may be worth building, given ones first, then gates that are shut (`walls.shut_gates`): `name`, `how`, `kind`, `barrier`, `length_m`, `cost`, `residences` (names of those on
    whose land the ends lie, or of the compounds within which they do, joined by `;`), streets at both ends, and lines.

    Found are straight links of up to `terms.max_m` between places on streets (`places.places`) that are at least `least_detour` times as far on foot and
    `least_saving_m` farther, moved to where the two streets come nearest; none passes over another street, except a short crossing of a road. Of links
    whose ends lie within half a spacing of each other's the shortest is kept. `lines` are lines in the CRS of the streets, all kept,
    if told with `name`, `kind` and `cost`; each end joins the nearest street within 50 m. The columns `FEET` say where links meet the streets
    of the case (edge rows, metres along them, legs). Raises `DataError` with every fault of the lines.
    """
    parts = [_given(case, lines)] if lines is not None else []
    shut = shut_gates(case.own)
    parts += [part for part in (shut, _elsewhere(_found(case, terms), shut, within_m=terms.spacing_m / 2)) if len(part) or part is not shut]
    table = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    edges = table["from_edge"].to_numpy(), table["to_edge"].to_numpy()
    told = kinds(table.geometry.to_numpy(), edges, case.own, (case.inputs.residences, case.inputs.barriers), terms=terms)
    table = table.assign(kind=np.where(table["kind"] == "", told["kind"], table["kind"]), barrier=told["barrier"].to_numpy())
    table = table[(table["how"] == GIVEN) | table["kind"].isin(terms.kinds)].reset_index(drop=True)
    edges = table["from_edge"].to_numpy(), table["to_edge"].to_numpy()
    names = _residences(table.geometry.to_numpy(), case.inputs.residences)
    names = np.where(names == "", _compounds(case.own, edges), names)
    return table.assign(from_street=_names(case.own.streets, edges[0]), to_street=_names(case.own.streets, edges[1]), residences=names)


def links_of(table: gpd.GeoDataFrame) -> tuple[Link, ...]:
    """The rows of `candidate_links` as links for `network.links.linked`, their feet on the streets of the case."""
    feet = table[list(FEET)].to_numpy(dtype=float)
    return tuple(
        Link(shapely.get_coordinates(line), (Foot(int(own[0]), own[1], own[2]), Foot(int(own[3]), own[4], own[5])), kind, name)
        for own, line, kind, name in zip(feet.tolist(), table.geometry, table["kind"], table["name"], strict=True)
    )


def _found(case: Case, terms: Terms) -> gpd.GeoDataFrame:
    network = case.own
    tried = places(network, spacing_m=terms.spacing_m)
    a, b = _far_on_foot(Built(case), tried, terms)
    windows = tried.windows(network, reach_m=terms.spacing_m / 2)
    shortest = shapely.shortest_line(windows[a], windows[b])
    ends = shapely.get_coordinates(shortest).reshape(-1, 2, 2)
    lines = network.streets.geometry.to_numpy()
    edges = tried.edge[a], tried.edge[b]
    offsets = [_on_edge(network, edge, shapely.line_locate_point(lines[edge], shapely.points(ends[:, n]))) for n, edge in enumerate(edges)]
    among = _upright(ends, (lines[edges[0]], lines[edges[1]]), slant=terms.slant)
    among[among] = _clear(ends[among], network, terms)
    kept = _thinned(ends, shapely.length(shortest), within_m=terms.spacing_m / 2, among=among)
    none = np.zeros(len(kept))
    told = {"name": "", "how": FOUND, "kind": "", "cost": np.nan, "length_m": shapely.length(shortest)[kept]}
    feet = (edges[0][kept], offsets[0][kept], none, edges[1][kept], offsets[1][kept], none)
    return gpd.GeoDataFrame({**told, **dict(zip(FEET, feet, strict=True))}, geometry=shapely.linestrings(ends[kept]), crs=network.crs)


def _elsewhere(found: gpd.GeoDataFrame, shut: gpd.GeoDataFrame, *, within_m: float) -> gpd.GeoDataFrame:
    """The links found without those whose two ends lie near a shut gate, which is told itself."""
    if shut.empty or found.empty:
        return found
    gates = cKDTree(shapely.get_coordinates(shapely.get_point(shut.geometry.to_numpy(), 0)))
    near = [gates.query(shapely.get_coordinates(shapely.get_point(found.geometry.to_numpy(), end)), distance_upper_bound=within_m)[1] for end in (0, -1)]
    return found[(near[0] != near[1]) | (near[0] == len(shut))].reset_index(drop=True)


def _on_edge(network: StreetNetwork, edge: np.ndarray, offset_m: np.ndarray) -> np.ndarray:
    return np.clip(offset_m, 0.0, network.length_m[edge])


def _far_on_foot(built: Built, tried: Places, terms: Terms) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of places near in a straight line and far on foot today, each once."""
    pairs = cKDTree(tried.points).query_pairs(terms.max_m, output_type="ndarray")
    positions = built.standing.settled(tried.positions(built.case.own))
    far = np.maximum(terms.max_m * terms.least_detour, terms.max_m + terms.least_saving_m)
    # Neighbors on the ground are searched from together.
    order = np.lexsort(np.floor(tried.points / (4 * terms.max_m)).T)
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    pairs = np.where((rank[pairs[:, 0]] < rank[pairs[:, 1]])[:, None], pairs, pairs[:, ::-1])
    block = rank[pairs[:, 0]] // BLOCK
    kept = []
    for number in range(len(order) // BLOCK + 1):
        own = pairs[block == number]
        if len(own):
            starts, ends = np.unique(own[:, 0]), np.unique(own[:, 1])
            kept.append(own[_farther(built, positions, (own, starts, ends), (tried.points, far), terms)])
    pairs = np.concatenate(kept) if kept else np.empty((0, 2), dtype=int)
    return pairs[:, 0], pairs[:, 1]


def _farther(built: Built, positions: pd.DataFrame, told: tuple, ground: tuple, terms: Terms) -> np.ndarray:
    """Which of the pairs are far on foot by the shorter of the two ways."""
    own, starts, ends = told
    points, limit = ground
    key = np.searchsorted(starts, own[:, 0]) * len(ends) + np.searchsorted(ends, own[:, 1])
    straight = np.hypot(*(points[own[:, 0]] - points[own[:, 1]]).T)
    asked = np.maximum(straight * terms.least_detour, straight + terms.least_saving_m)
    out = np.ones(len(own), dtype=bool)
    # Where compounds are not open, the way there and the way back may differ: nobody but residents may walk into some.
    for outward in (False, True) if len(built.network.states.free) else (False,):
        way = Way(shortest=True, outward=outward, engine=built.case.settings.engine)
        found = catchments(built.network, positions.iloc[starts], positions.iloc[ends], limit_m=float(limit), way=way)
        cell = found["door"].to_numpy() * len(ends) + found["origin"].to_numpy()
        at = np.searchsorted(cell, key)
        at[at == len(cell)] = 0
        same = cell[at] == key if len(cell) else np.zeros(len(key), dtype=bool)
        walk = np.full(len(own), np.inf)
        walk[same] = found["walk_m"].to_numpy()[at[same]]
        out &= walk >= asked
    return out


def _upright(ends: np.ndarray, streets: tuple[np.ndarray, np.ndarray], *, slant: float) -> np.ndarray:
    """Which straight links are at most `slant` times as long as the way from either of their ends to the street of the other end."""
    length = np.hypot(*(ends[:, 0] - ends[:, 1]).T)
    across = [shapely.distance(shapely.points(ends[:, end]), streets[1 - end]) for end in (0, 1)]
    return length <= slant * np.minimum(*across) + END_M


def _clear(ends: np.ndarray, network: StreetNetwork, terms: Terms) -> np.ndarray:
    """Which straight links pass over no street between their ends, or over a road alone on a short way."""
    lines = shapely.linestrings(ends)
    over, through = streets_passed(lines, network)
    return ~through & (~over | (shapely.length(lines) <= terms.crossing_m))


def _thinned(ends: np.ndarray, order: np.ndarray, *, within_m: float, among: np.ndarray) -> np.ndarray:
    """Rows of links, those of the least `order` first, without those whose two ends lie within `within_m` of the two ends of one before."""
    rows = np.flatnonzero(among)
    rows = rows[np.argsort(order[rows], kind="stable")]
    if not len(rows):
        return rows
    there = ends[rows].reshape(-1, 4)
    back = there[:, [2, 3, 0, 1]]
    # Two ends each within the distance lie within the square root of two times it in four dimensions.
    tree = cKDTree(there)
    near = [tree.query_ball_point(side, r=within_m * 2**0.5) for side in (there, back)]
    left, kept = np.ones(len(rows), dtype=bool), []
    for row in range(len(rows)):
        if not left[row]:
            continue
        kept.append(row)
        for side, own in zip((there, back), near, strict=True):
            others = np.array(own[row], dtype=int)
            apart = np.hypot(*(there[others] - side[row]).reshape(-1, 2, 2).transpose(2, 0, 1))
            left[others[(apart <= within_m).all(axis=1)]] = False
    return rows[np.array(kept)]


def thinned(table: gpd.GeoDataFrame, *, apart_m: float) -> np.ndarray:
    """Rows of links, in their order, without those whose two ends lie within `apart_m` of the two ends of one before; given links all stay."""
    lines = table.geometry.to_numpy()
    ends = np.stack([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)], axis=1)
    found = (table["how"] == FOUND).to_numpy()
    kept = _thinned(ends, np.arange(len(table)), within_m=apart_m, among=found)
    return np.sort(np.concatenate([kept, np.flatnonzero(~found)]))


def _given(case: Case, lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    check(lines, LINES, where="links")
    require_metric(lines.crs, where="links")
    if lines.crs != case.own.crs:
        problem = said("are in {own}, the streets in {crs}", own=lines.crs.name, crs=case.own.crs.name)
        raise DataError(Fault("links", problem, "project them to the CRS of the streets"))
    blank = np.full(len(lines), "", dtype=object)
    words = {column: lines[column].fillna("").astype(str).to_numpy(dtype=object) if column in lines else blank for column in ("name", "kind")}
    faults, rows = [], []
    for number, (line, name, kind) in enumerate(zip(lines.geometry, words["name"], words["kind"], strict=True), start=1):
        where = said("{where} row {row}", where="links", row=number)
        feet = [foot(case.own, shapely.get_coordinates(line)[end]) for end in (0, -1)]
        faults += [
            Fault(
                where,
                said("the {end} of {name} is {far:.0f} m from the nearest street", end=end, name=name or f"{number}", far=own.leg_m),
                said("draw it to within {reach:g} m of a street", reach=joints()["reach_m"]),
            )
            for own, end in zip(feet, (said("start"), said("end")), strict=True)
            if own.edge < 0
        ]
        if kind and kind not in KINDS:
            faults.append(Fault(where, said("unknown kind {kind!r}", kind=kind), said("choose one of {known}", known=listed(KINDS))))
        rows.append([value for own in feet for value in own])
    raise_all(faults, DataError)
    cost = lines["cost"].to_numpy(dtype=float) if "cost" in lines else np.nan
    told = pd.DataFrame(rows, columns=list(FEET)).astype({"from_edge": int, "to_edge": int})
    frame = gpd.GeoDataFrame({**words, "how": GIVEN, "cost": cost, **told}, geometry=lines.geometry.to_numpy(), crs=lines.crs)
    return frame.assign(length_m=[link.length_m for link in links_of(frame)])


def _names(streets: Streets, edge: np.ndarray) -> np.ndarray:
    """The name of each street, its class in brackets where it has no name."""
    names = streets["name"].fillna("").astype(str)
    return np.where(names == "", "(" + streets["highway"].fillna("").astype(str) + ")", names)[edge]


def _residences(lines: np.ndarray, residences: Residences) -> np.ndarray:
    """The names of the residences on whose land the ends of each line lie, joined by `;`."""
    names = residences["name"].fillna("").astype(str).to_numpy(dtype=object)
    held = [shapely.STRtree(residences.geometry.to_numpy()).query(shapely.get_point(lines, end), predicate="intersects") for end in (0, -1)]
    line, row = np.hstack(held)
    out = np.full(len(lines), "", dtype=object)
    for own, told in pd.DataFrame({"line": line, "name": names[row]}).drop_duplicates().groupby("line")["name"]:
        out[own] = ";".join(name for name in told if name)
    return out


def _compounds(network: StreetNetwork, edges: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The names of the compounds whose streets links begin and end on, joined by `;`."""
    told = network.compounds
    known = {} if told is None else {number: str(name) for number, name in told["name"].fillna("").items() if name}
    pairs = zip(*(network.compound[edge].tolist() for edge in edges), strict=True)
    return np.array([";".join(dict.fromkeys(known[own] for own in pair if own in known)) for pair in pairs], dtype=object)
