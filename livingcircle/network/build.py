"""The three ways in: OSM ways, any line layer of a planner's own, and a graph of OSMnx."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely

from livingcircle.coordinates import require_metric
from livingcircle.errors import DataError, Fault
from livingcircle.network.compounds import away, enclose
from livingcircle.network.graph import PUBLIC, StreetNetwork, from_edges
from livingcircle.network.joining import COST_TAGS, PRIVATE, join_lines, split_ways
from livingcircle.network.walkable import rules, walkable


def from_ways(
    ways: gpd.GeoDataFrame, *, outlines: gpd.GeoDataFrame | None = None, gates: gpd.GeoDataFrame | None = None
) -> StreetNetwork:
    """The street network of OSM ways (`sources.osm.read_ways`, in a metric CRS): walkable ways, cut at shared nodes.

    Ways on private ground are compounds, and so is what lies within `outlines` (polygons with `name`) with `gates` (points,
    with `kind` if known), all in the CRS of the ways. See `compounds.enclose`, which also says what is raised.
    """
    require_metric(ways.crs, where="streets")
    kept, dropped = walkable(ways, private=True)
    return _network(split_ways(kept) if len(kept) else _no_edges(ways), dropped, outlines, gates)


def from_lines(
    lines: gpd.GeoDataFrame,
    *,
    tolerance_m: float | None = None,
    at_crossings: bool = False,
    outlines: gpd.GeoDataFrame | None = None,
    gates: gpd.GeoDataFrame | None = None,
) -> StreetNetwork:
    """The street network of any line layer in a metric CRS.

    Columns named as OSM keys (`highway`, `foot`, `access`, `layer`, ...) are honored; a line without `highway` counts as
    walkable. `tolerance_m` defaults to the data file's `join_tolerance_m`. See `joining.join_lines` for what is joined, and
    `from_ways` for private ground, `outlines` and `gates`.
    """
    require_metric(lines.crs, where="streets")
    parts = lines.explode(index_parts=False)
    parts = parts[parts.geom_type == "LineString"]
    keys = [c for c in parts.columns if c != parts.geometry.name]
    records = parts[keys].astype(object).to_dict("records")
    tags = [{k: _word(v) for k, v in record.items() if _word(v)} for record in records]
    for tag in tags:
        tag.setdefault("highway", "road")
    shapes = shapely.remove_repeated_points(shapely.force_2d(parts.geometry.to_numpy()))
    ways = gpd.GeoDataFrame({"tags": tags}, geometry=shapes, crs=parts.crs)
    kept, dropped = walkable(ways, private=True)
    layer = pd.to_numeric(pd.Series([t.get("layer", "0") for t in kept["tags"]], dtype=object), errors="coerce")
    streets = gpd.GeoDataFrame(
        {
            "highway": [t["highway"] for t in kept["tags"]],
            "name": [t.get("name", "") for t in kept["tags"]],
            "layer": layer.fillna(0).astype(int).to_numpy(),
            "source_id": [str(parts.index[row]) for row in kept.index],
            **{key: [t.get(key, "") for t in kept["tags"]] for key in COST_TAGS},
            "private": kept["private"].to_numpy(),
        },
        geometry=kept.geometry.to_numpy(),
        crs=parts.crs,
    )
    streets = streets[streets.geometry.length > 0].reset_index(drop=True)
    if streets.empty:
        return _network(_no_edges(ways), dropped, None, None)
    tolerance_m = rules()["line_layer"]["join_tolerance_m"] if tolerance_m is None else tolerance_m
    edges = join_lines(streets, tolerance_m=tolerance_m, at_crossings=at_crossings)
    return _network(edges, dropped, outlines, gates)


def from_osmnx(graph: nx.MultiDiGraph, *, crs) -> StreetNetwork:
    """The street network of an OSMnx graph, walkable ways only, in the metric `crs`; one-way does not bind walkers.

    `graph` has `crs` among its attributes, `x` and `y` on nodes, and `osmid`, `highway`, `geometry` on edges as OSMnx
    writes them. Raises `DataError` when it has no CRS.
    """
    if "crs" not in graph.graph:
        raise DataError(Fault("streets", "the graph states no CRS", "save it with OSMnx, which writes the CRS"))
    rows, seen = [], set()
    for a, b, data in graph.edges(data=True):
        line = data.get("geometry")
        if line is None:
            line = shapely.LineString([(graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in (a, b)])
        # A two-way street stands twice in a directed graph; both drawings are the same line.
        key = (min(a, b), max(a, b), shapely.normalize(shapely.set_precision(line, 1e-9)).wkb)
        if key in seen:
            continue
        seen.add(key)
        tags = {k: str(v[0] if isinstance(v, list) else v) for k, v in data.items() if k != "geometry"}
        rows.append((a, b, tags, line))
    ways = gpd.GeoDataFrame(
        {"from_node": [r[0] for r in rows], "to_node": [r[1] for r in rows], "tags": [r[2] for r in rows]},
        geometry=[r[3] for r in rows],
        crs=graph.graph["crs"],
    ).to_crs(crs)
    kept, dropped = walkable(ways, private=True)
    layer = pd.to_numeric(pd.Series([t.get("layer", "0") for t in kept["tags"]]), errors="coerce").fillna(0)
    edges = gpd.GeoDataFrame(
        {
            "from_node": kept["from_node"].to_numpy(),
            "to_node": kept["to_node"].to_numpy(),
            "highway": [t.get("highway", "") for t in kept["tags"]],
            "name": [t.get("name", "") for t in kept["tags"]],
            "layer": layer.astype(int).to_numpy(),
            "source_id": [t.get("osmid", "") for t in kept["tags"]],
            "private": kept["private"].to_numpy(),
        },
        geometry=kept.geometry.to_numpy(),
        crs=crs,
    )
    return _network(edges, dropped, None, None)


def _network(
    edges: gpd.GeoDataFrame, dropped: pd.DataFrame, outlines: gpd.GeoDataFrame | None, gates: gpd.GeoDataFrame | None
) -> StreetNetwork:
    if not len(edges):
        return from_edges(edges, dropped=dropped)
    if outlines is None and not edges[PRIVATE].any():
        return from_edges(edges.drop(columns=PRIVATE).assign(compound=PUBLIC, assumed=False), dropped=dropped)
    found = enclose(edges, outlines, gates=gates)
    network = from_edges(found.edges, dropped=dropped)
    return replace(network, compounds=found.compounds, gates=found.gates, unused_gates=away(gates, outlines))


def _word(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _no_edges(ways: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"from_node": [], "to_node": []}, geometry=[], crs=ways.crs)
