"""The two ways in: OSM ways, and any line layer of a planner's own."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.coordinates import require_metric
from livingcircle.network.graph import StreetNetwork, from_edges
from livingcircle.network.joining import join_lines, split_ways
from livingcircle.network.walkable import rules, walkable


def from_ways(ways: gpd.GeoDataFrame) -> StreetNetwork:
    """The street network of OSM ways (`sources.osm.read_ways`, in a metric CRS): walkable ways, cut at shared nodes."""
    require_metric(ways.crs, where="streets")
    kept, dropped = walkable(ways)
    return from_edges(split_ways(kept) if len(kept) else _no_edges(ways), dropped=dropped)


def from_lines(
    lines: gpd.GeoDataFrame, *, tolerance_m: float | None = None, at_crossings: bool = False
) -> StreetNetwork:
    """The street network of any line layer in a metric CRS.

    Columns named as OSM keys (`highway`, `foot`, `access`, `layer`, ...) are honored; a line without `highway` counts as
    walkable. `tolerance_m` defaults to the data file's `join_tolerance_m`. See `joining.join_lines` for what is joined.
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
    kept, dropped = walkable(ways)
    layer = pd.to_numeric(pd.Series([t.get("layer", "0") for t in kept["tags"]], dtype=object), errors="coerce")
    streets = gpd.GeoDataFrame(
        {
            "highway": [t["highway"] for t in kept["tags"]],
            "name": [t.get("name", "") for t in kept["tags"]],
            "layer": layer.fillna(0).astype(int).to_numpy(),
            "source_id": [str(parts.index[row]) for row in kept.index],
        },
        geometry=kept.geometry.to_numpy(),
        crs=parts.crs,
    )
    streets = streets[streets.geometry.length > 0].reset_index(drop=True)
    if streets.empty:
        return from_edges(_no_edges(ways), dropped=dropped)
    tolerance_m = rules()["line_layer"]["join_tolerance_m"] if tolerance_m is None else tolerance_m
    return from_edges(join_lines(streets, tolerance_m=tolerance_m, at_crossings=at_crossings), dropped=dropped)


def _word(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _no_edges(ways: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"from_node": [], "to_node": []}, geometry=[], crs=ways.crs)
