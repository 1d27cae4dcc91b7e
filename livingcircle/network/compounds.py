"""Gated compounds (小区): which streets lie within, where their gates are, and where walls end a street.

An outline says where a compound's wall runs. Streets that pass it are cut there, and the pieces within belong to the compound.
Where gates are given, only the streets that pass near one stay joined; the others end at the wall. Without outlines, streets
on private ground that hang together are a compound of their own. `network.states` says who walks where.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from livingcircle.coordinates import require_metric
from livingcircle.errors import DataError, Fault, listed, said
from livingcircle.layers import Layer, check
from livingcircle.network.cutting import TOUCH_M, enclosed, fresh_nodes
from livingcircle.network.graph import PUBLIC
from livingcircle.network.inner_ways import assume, street_m
from livingcircle.network.joining import PRIVATE
from livingcircle.network.line_ends import line_ends
from livingcircle.network.states import OPEN, RESIDENTS
from livingcircle.network.walkable import matches

CLOSED = "closed"
KINDS = (OPEN, RESIDENTS, CLOSED)
GIVEN, CROSSING = "given", "crossing"
OUTLINE = "outline"
OUTLINES = Layer("outlines", {"name": "name shown to planners"}, ("Polygon", "MultiPolygon"))
GATES = Layer("gates", {}, ("Point",))


@cache
def rules() -> Mapping[str, Any]:
    """The shipped rules, as `walking/compounds.toml` states them."""
    return tomllib.loads((files("livingcircle") / "walking" / "compounds.toml").read_text(encoding="utf-8"))


def gate_tags() -> Mapping[str, list[str] | bool]:
    """The OSM tags of nodes that let people pass: for each key its values, or true for any (`sources.osm.read_gates`)."""
    return rules()["gates"]["tags"]


def outline_keys() -> tuple[str, ...]:
    """The OSM keys to read an extract by (`sources.osm.read_places`) for `tagged_outlines`."""
    return tuple(rules()["outlines"]["keys"])


def tagged_outlines(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The outlines of compounds among raw OSM places: `name` (empty where untagged), `source_id`, `rule`, and polygons.

    `places` has `tags` and `source_id`; only areas that OSM says are gated, walled or private by the rules of
    `walking/compounds.toml` are kept, in the order and CRS of `places`.

    >>> places = gpd.GeoDataFrame({"source_id": ["way/1"], "tags": [{"landuse": "residential", "barrier": "wall"}]},
    ...     geometry=[shapely.box(0, 0, 9, 9)], crs="EPSG:4550")
    >>> tagged_outlines(places)["rule"].tolist()
    ['walled']
    """
    area = places.geom_type.isin(OUTLINES.geometry).to_numpy(dtype=bool)
    known = rules()["outlines"]["rules"]
    told = [next((rule["id"] for rule in known if matches(rule["tags"], tags)), "") for tags in places["tags"]]
    rule = np.array(told, dtype=object)
    kept = places[area & (rule != "")]
    return gpd.GeoDataFrame(
        {
            "name": [tags.get("name", "") for tags in kept["tags"]],
            "source_id": kept["source_id"].to_numpy(),
            "rule": rule[area & (rule != "")],
        },
        geometry=kept.geometry.to_numpy(),
        crs=places.crs,
    )


def tagged_gates(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The gates in walls among raw OSM nodes: `kind` (open, residents or closed), `source_id`, and points.

    `places` is what `sources.osm.read_gates` gives. Entrances of buildings are no gates of a compound and are left out.
    """
    passed = rules()["gates"]["tags"]["barrier"]
    kept = places[np.array([tags.get("barrier") in passed for tags in places["tags"]], dtype=bool)]
    kinds = [
        next((rule["kind"] for rule in rules()["gates"]["kinds"] if matches(rule["tags"], tags)), RESIDENTS)
        for tags in kept["tags"]
    ]
    return gpd.GeoDataFrame(
        {"kind": kinds, "source_id": kept["source_id"].to_numpy()}, geometry=kept.geometry.to_numpy(), crs=places.crs
    )


@dataclass(frozen=True)
class Enclosed:
    """Street edges with their compounds, and what was found.

    `edges` has `compound` (-1 for public streets) and `assumed` (true for links that nobody drew). `compounds` has a row for
    every compound, indexed by its number, outlines first in their own order: `name`, `how` ("outline", or "private" for ways
    on private ground), `inner_m` (metres of drawn street within), `gates` (open crossings), `walled` (crossings ended by the
    wall), `unused_gates` (gates given that open nothing: closed, or far from every street), `assumed` (links within),
    `without_gate` (no way to any public street) and `overlap_m2` (area left to earlier outlines). `gates` are the open
    crossings: points with `compound`, `kind` and `how` ("given" or "crossing").
    """

    edges: gpd.GeoDataFrame
    compounds: pd.DataFrame
    gates: gpd.GeoDataFrame


def enclose(
    edges: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame | None, *, gates: gpd.GeoDataFrame | None = None
) -> Enclosed:
    """The street edges told apart by compound, cut at its wall and walled where it has no gate.

    `edges` are cut edges (`from_node`, `to_node`, the columns of `layers.STREETS`, lines in metres); a column `private`
    marks private ground. `outlines` are polygons with `name`; of overlapping ones the first has the ground. `gates` are points,
    with `kind` if known ("open", "residents", "closed"; by default "residents"), each of the outlines whose border is near.
    Without any gate given, every street that passes an outline passes by a gate. Public roads, bridges and tunnels through an
    outline stay public and whole; where inner streets meet them is a crossing too. An outline with little street within gets
    straight links between its gates. Private ways that hang together are a compound after the outlines, or part of the one
    outline they lead into; between several outlines they are public. A short piece of public street that only a compound joins
    to the rest is part of it, so that nobody there is locked in. Nothing is dropped: what has no gate stays, unreachable.
    Lengths are those of `walking/compounds.toml`. Raises `DataError` when a layer has another CRS than the streets, holds
    another geometry, or a gate of unknown kind.

    >>> street = gpd.GeoDataFrame({"from_node": [1], "to_node": [2], "highway": "service", "name": "", "layer": 0,
    ...     "source_id": ""}, geometry=[shapely.LineString([(0, 0), (100, 0)])], crs="EPSG:4550")
    >>> outline = gpd.GeoDataFrame({"name": ["Garden"]}, geometry=[shapely.box(40, -50, 200, 50)], crs="EPSG:4550")
    >>> got = enclose(street, outline)
    >>> got.edges["compound"].tolist(), got.edges.length.tolist(), got.compounds["gates"].tolist()
    ([-1, 0], [40.0, 60.0], [1])
    """
    require_metric(edges.crs, where="streets")
    told = rules()["outlines"]
    regions, overlap = _apart(_checked(outlines, OUTLINES, edges.crs))
    given = _given(_checked(gates, GATES, edges.crs), regions, near_m=told["gate_m"])
    edges = _inside(edges, regions)
    edges, doors, bare, walled = _walled(edges, given, near_m=told["crossing_m"])
    edges, joined = assume(edges, regions, doors=doors, bare=bare, told={**rules()["assumed"], "along_m": told["along_m"]})
    edges["compound"] = _private_ground(edges, first=len(regions))
    meets = _meetings(edges)
    private = meets[meets["compound"] >= len(regions)].assign(kind=RESIDENTS, how=CROSSING, gate=-1)
    passes = pd.concat([doors, joined, private], ignore_index=True).sort_values(["compound", "node"], ignore_index=True)
    size = max(len(regions), int(edges["compound"].max()) + 1)
    unused = given[~given["gate"].isin(passes["gate"])]
    table = _listed(edges, size, gates=passes, walled=walled, unused_gates=unused)
    told_names = [] if outlines is None else outlines["name"].fillna("").tolist()
    table.insert(0, "name", [*told_names, *[""] * (size - len(regions))])
    table.insert(1, "how", np.where(np.arange(size) < len(regions), OUTLINE, PRIVATE))
    table["without_gate"] = ~np.isin(np.arange(size), meets["compound"][meets["public"]])
    table["overlap_m2"] = np.pad(overlap, (0, size - len(regions)))
    places = shapely.points(passes[["x", "y"]].to_numpy(dtype=float))
    points = gpd.GeoDataFrame(passes[["compound", "kind", "how"]], geometry=places, crs=edges.crs)
    return Enclosed(edges.drop(columns=PRIVATE), table, points)


def away(gates: gpd.GeoDataFrame | None, outlines: gpd.GeoDataFrame | None) -> int:
    """The number of gates that lie on the border of no outline, and so are gates of none."""
    if gates is None:
        return 0
    borders = [] if outlines is None else shapely.boundary(outlines.geometry.to_numpy())
    near, _ = shapely.STRtree(borders).query(gates.geometry.to_numpy(), predicate="dwithin", distance=rules()["outlines"]["gate_m"])
    return len(gates) - len(np.unique(near))


def _listed(edges: gpd.GeoDataFrame, size: int, **tables: pd.DataFrame) -> pd.DataFrame:
    """Metres of street and assumed links of every compound, and its rows in each of the tables."""
    inner = edges[edges["compound"] >= 0]
    number = inner["compound"].to_numpy(dtype=int)
    rows = {name: np.bincount(frame["compound"].to_numpy(dtype=int), minlength=size) for name, frame in tables.items()}
    return pd.DataFrame(
        {
            "inner_m": np.bincount(number, street_m(inner), size),
            **rows,
            "assumed": np.bincount(number[inner["assumed"].to_numpy(dtype=bool)], minlength=size),
        },
        index=pd.RangeIndex(size, name="compound"),
    )


def _checked(layer: gpd.GeoDataFrame | None, contract: Layer, crs) -> gpd.GeoDataFrame | None:
    if layer is None:
        return None
    check(layer, contract, where=contract.name)
    if layer.crs != crs:
        raise DataError(
            Fault(
                contract.name,
                said("are in {own}, the streets in {crs}", own=layer.crs and layer.crs.name, crs=crs.name),
                "project them to the CRS of the streets",
            )
        )
    if contract is GATES and "kind" in layer:
        wrong = layer["kind"].notna() & ~layer["kind"].isin([*KINDS, ""])
        if wrong.any():
            told = said("unknown kind {kind!r} in rows {rows}", kind=layer["kind"][wrong].iloc[0], rows=layer.index[wrong][:5].tolist())
            raise DataError(Fault(contract.name, told, said("choose one of {kinds}, or leave it empty", kinds=listed(KINDS))))
    return layer


def _apart(outlines: gpd.GeoDataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """The ground of every outline, as polygons that do not overlap, and the square metres left to earlier ones."""
    if outlines is None:
        return np.empty(0, dtype=object), np.empty(0)
    shapes = outlines.geometry.to_numpy().copy()
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    regions = shapes.copy()
    row, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    earlier = (other < row) & (shapely.area(shapely.intersection(shapes[row], shapes[other])) > TOUCH_M)
    row, other = row[earlier], other[earlier]
    for late in np.unique(row):
        rest = shapely.difference(shapes[late], shapely.union_all(shapes[other[row == late]]))
        parts = [part for part in shapely.get_parts(rest) if part.geom_type == "Polygon"]
        regions[late] = shapely.union_all(parts) if parts else shapely.Polygon()
    return regions, shapely.area(shapes) - shapely.area(regions)


def _given(gates: gpd.GeoDataFrame | None, regions: np.ndarray, *, near_m: float) -> pd.DataFrame:
    """The gates of every compound: `compound`, `gate` (its row), `kind`, and the place on the border."""
    shapes = np.empty(0, dtype=object) if gates is None else gates.geometry.to_numpy()
    borders = shapely.boundary(regions)
    gate, compound = shapely.STRtree(borders).query(shapes, predicate="dwithin", distance=near_m)
    at = shapely.get_coordinates(shapely.get_point(shapely.shortest_line(borders[compound], shapes[gate]), 0))
    kind = np.full(len(shapes), RESIDENTS, dtype=object)
    if gates is not None and "kind" in gates:
        kind = gates["kind"].replace("", RESIDENTS).fillna(RESIDENTS).to_numpy(dtype=object)
    return pd.DataFrame({"compound": compound, "gate": gate, "kind": kind[gate], "x": at[:, 0], "y": at[:, 1]})


def _inside(edges: gpd.GeoDataFrame, regions: np.ndarray) -> gpd.GeoDataFrame:
    """The edges cut at the borders of regions, with `compound`, `private` and `assumed`."""
    road = edges["highway"].isin(rules()["streets"]["never_inner"]).to_numpy()
    whole = road | (edges["layer"] != 0).to_numpy()
    marked = edges[PRIVATE].astype(bool) if PRIVATE in edges else False
    edges, compound = enclosed(
        edges.assign(**{PRIVATE: marked}), regions, whole=whole, along_m=rules()["outlines"]["along_m"]
    )
    road = edges["highway"].isin(rules()["streets"]["never_inner"]).to_numpy()
    edges = edges.assign(compound=np.where(road, PUBLIC, compound), assumed=False)
    return edges.assign(compound=_with_islands(edges))


def _meetings(edges: gpd.GeoDataFrame) -> pd.DataFrame:
    """Where streets of a compound meet others: `compound`, `node`, `x`, `y`, and whether `public` streets are among them."""
    place = np.vstack(line_ends(edges.geometry.to_numpy()))
    frame = pd.DataFrame(
        {
            "compound": np.tile(edges["compound"].to_numpy(), 2),
            "node": edges[["from_node", "to_node"]].to_numpy(dtype=np.int64).T.ravel(),
            "x": place[:, 0],
            "y": place[:, 1],
        }
    ).drop_duplicates(["compound", "node"])
    public = frame["node"][frame["compound"] == PUBLIC]
    met = frame[frame["node"].duplicated(keep=False) & (frame["compound"] != PUBLIC)]
    return met.assign(public=met["node"].isin(public)).reset_index(drop=True)


def _walled(
    edges: gpd.GeoDataFrame, given: pd.DataFrame, *, near_m: float
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The edges with walls, the open crossings, the gates given where no street passes, and the walled crossings."""
    meets = _meetings(edges)
    spots, gates = (shapely.points(frame[["x", "y"]].to_numpy(dtype=float)) for frame in (meets, given))
    spot, gate = shapely.STRtree(gates).query(spots, predicate="dwithin", distance=near_m)
    own = meets["compound"].to_numpy()[spot] == given["compound"].to_numpy()[gate]
    spot, gate = spot[own], gate[own]
    order = np.lexsort([shapely.distance(spots[spot], gates[gate]), spot])
    spot, gate = spot[order], gate[order]
    nearest = np.full(len(meets), -1)
    first = np.diff(spot, prepend=-1) != 0
    nearest[spot[first]] = gate[first]
    by = nearest >= 0
    meets["kind"] = np.where(by, np.append(given["kind"].to_numpy(dtype=object), RESIDENTS)[nearest], RESIDENTS)
    meets["how"] = np.where(by, GIVEN, CROSSING)
    meets["gate"] = np.where(by, np.append(given["gate"].to_numpy(), -1)[nearest], -1)
    shut = np.where(by, meets["kind"] == CLOSED, meets["compound"].isin(given["compound"]))
    walled, key = meets[shut], ["compound", "node"]
    at_wall, fresh = pd.MultiIndex.from_frame(walled[key]), fresh_nodes(edges) + np.arange(len(walled))
    ends = {}
    for column in ("from_node", "to_node"):
        at = at_wall.get_indexer(pd.MultiIndex.from_arrays([edges["compound"], edges[column]]))
        ends[column] = np.where(at >= 0, np.append(fresh, 0)[at], edges[column].to_numpy(dtype=np.int64))
    edges = edges.assign(**ends)
    # A passage between two compounds is walled for both when it is for one.
    doors = meets[~shut].merge(_meetings(edges)[key], on=key)
    bare = given[(given["kind"] != CLOSED) & ~given.index.isin(gate)].assign(how=GIVEN)
    return edges, doors, bare, walled


def _pieces(code: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The piece of every node, in the network of the edges `kept`; `code` are the node rows of the edges' ends."""
    size = code.max() + 1
    return connected_components(coo_array((np.ones(kept.sum()), code[kept].T), shape=(size, size)), directed=False)[1]


def _node_rows(edges: gpd.GeoDataFrame) -> np.ndarray:
    nodes = edges[["from_node", "to_node"]].to_numpy(dtype=np.int64)
    return np.unique(nodes, return_inverse=True)[1].reshape(-1, 2)


def _islands(code: np.ndarray, public: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Whether each edge is on a piece of public street, not too long, that only other streets join to the longest piece."""
    everything = np.ones(len(code), dtype=bool)
    table = pd.DataFrame({"piece": _pieces(code, public)[code[:, 0]], "whole": _pieces(code, everything)[code[:, 0]]})
    table["length"] = np.where(public, length, 0)
    table["length"] = table.groupby("piece")["length"].transform("sum")
    longest = table.groupby("whole")["length"].transform("max")
    small = (table["length"] < longest) & (table["length"] <= rules()["streets"]["enclosed_m"])
    return public & small.to_numpy()


def _with_islands(edges: gpd.GeoDataFrame) -> np.ndarray:
    """The compound of every edge: public pieces that only compounds join to the rest belong to the first of these."""
    compound = edges["compound"].to_numpy(dtype=int).copy()
    if not (compound >= 0).any():
        return compound
    code = _node_rows(edges)
    island = _islands(code, compound == PUBLIC, edges.geometry.length.to_numpy())
    piece = _pieces(code, compound == PUBLIC)
    inner = compound >= 0
    owner = np.full(piece.max() + 1, len(edges))
    np.minimum.at(owner, piece[code[inner]].ravel(), np.repeat(compound[inner], 2))
    compound[island] = owner[piece[code[island, 0]]]
    return compound


def _private_ground(edges: gpd.GeoDataFrame, *, first: int) -> np.ndarray:
    """The compound of every edge, private ground included; compounds of their own are numbered from `first`."""
    compound = edges["compound"].to_numpy(dtype=int).copy()
    marked = edges[PRIVATE].to_numpy(dtype=bool) & (compound == PUBLIC)
    if not marked.any():
        return compound
    code, outlined = _node_rows(edges), compound >= 0
    cluster = _pieces(code, marked)
    touched = pd.DataFrame({"cluster": cluster[code[outlined]].ravel(), "compound": np.repeat(compound[outlined], 2)})
    touched = touched[touched["cluster"].isin(cluster[code[marked, 0]])].drop_duplicates()
    # What leads into one outline is its approach; what several share is closed to none of their residents.
    sole = touched.drop_duplicates("cluster", keep=False).set_index("cluster")["compound"]
    own = cluster[code[:, 0]]
    compound = np.where(marked & np.isin(own, sole.index), sole.reindex(own).fillna(PUBLIC).astype(int), compound)
    marked &= ~np.isin(own, touched["cluster"])
    public = (compound == PUBLIC) & ~marked
    piece = _pieces(code, public)
    island = _islands(code, public, edges.geometry.length.to_numpy())
    ground = marked | (island & ~np.isin(piece[code[:, 0]], piece[code[compound >= 0]]))
    compound[ground] = first + pd.factorize(_pieces(code, ground)[code[ground, 0]])[0]
    return compound
