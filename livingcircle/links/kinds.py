"""What a link would be: a gate, a footpath, a crossing or a bridge; which barrier it passes, and which streets lie between its ends."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.layers import Barriers
from livingcircle.links.terms import KINDS, Terms, rules
from livingcircle.network import StreetNetwork

GATE, FOOTPATH, CROSSING, BRIDGE = KINDS
# What an end touches is not passed; ends are exact to a rounding, streets drawn to a centimetre.
END_M = 0.05


def barriers_passed(lines: np.ndarray, barriers: Barriers | None) -> np.ndarray:
    """The kinds of barriers that each line passes, joined by `;` in the order of the layer; empty for none. What only an end touches is not passed."""
    out = np.full(len(lines), "", dtype=object)
    if barriers is None or not len(barriers) or not len(lines):
        return out
    line, row = _met(lines, barriers.geometry.to_numpy())
    table = pd.DataFrame({"line": line, "row": row, "kind": barriers["kind"].to_numpy()[row]}).sort_values(["line", "row"])
    for own, kinds in table.drop_duplicates(["line", "kind"]).groupby("line")["kind"]:
        out[own] = ";".join(kinds)
    return out


def streets_passed(lines: np.ndarray, network: StreetNetwork) -> tuple[np.ndarray, np.ndarray]:
    """For each line whether it passes over a road at ground level, and over another street there; lines end on streets without passing them."""
    ground = np.flatnonzero((network.streets["layer"] == 0).to_numpy())
    road = network.streets["highway"].isin(rules()["kinds"]["roads"]).to_numpy()[ground]
    line, edge = _met(lines, network.streets.geometry.to_numpy()[ground])
    over, through = np.zeros(len(lines), dtype=bool), np.zeros(len(lines), dtype=bool)
    over[line[road[edge]]], through[line[~road[edge]]] = True, True
    return over, through


def _met(lines: np.ndarray, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of lines and of the shapes that they meet beyond their first and last few centimetres; a line shorter than these meets nothing."""
    length = shapely.length(lines)
    long = np.flatnonzero(length > 2 * END_M)
    lines, length = lines[long].copy(), length[long]
    ends = np.stack([shapely.get_coordinates(shapely.line_interpolate_point(lines, at)) for at in (np.full(len(long), END_M), length - END_M)], axis=1)
    straight = shapely.get_num_coordinates(lines) == 2
    lines[straight] = shapely.linestrings(ends[straight])
    for row in np.flatnonzero(~straight):
        lines[row] = shapely.LineString(np.vstack([ends[row, :1], shapely.get_coordinates(lines[row])[1:-1], ends[row, 1:]]))
    line, shape = shapely.STRtree(shapes).query(lines, predicate="intersects")
    return long[line], shape


def kinds(lines: np.ndarray, edges: tuple[np.ndarray, np.ndarray], network: StreetNetwork, ground: tuple, *, terms: Terms) -> pd.DataFrame:
    """What each line would be, by row: `kind` and `barrier` (kinds of barriers passed, joined by `;`).

    `edges` are the edge rows that the lines begin and end on; `ground` are the residences and the barriers. A line over water, railway or motorway is a
    bridge; a short one with one end within a compound, or within a residence's land, a gate, as is a short one through a wall; one over a road a crossing.
    """
    homes, barriers = ground
    told = rules()["kinds"]
    barrier = barriers_passed(lines, barriers)
    parts = [set(word.split(";")) for word in barrier]
    bridge = np.array([bool(part & set(told["bridged"])) for part in parts], dtype=bool)
    wall = np.array([bool(part & set(told["walls"])) for part in parts], dtype=bool)
    own = network.compound
    wall |= (own[edges[0]] != own[edges[1]]) | _leaves(lines, homes)
    gate = wall & (shapely.length(lines) <= terms.gate_m)
    over, _ = streets_passed(lines, network)
    kind = np.select([bridge, over, gate], [BRIDGE, CROSSING, GATE], default=FOOTPATH)
    return pd.DataFrame({"kind": kind.astype(object), "barrier": barrier})


def _leaves(lines: np.ndarray, homes: gpd.GeoDataFrame) -> np.ndarray:
    """Whether just one end of each line lies within the land of a residence, or the two in different ones."""
    shapes = homes.geometry.to_numpy()
    held = []
    for end in (0, -1):
        within = np.full(len(lines), -1)
        point, row = shapely.STRtree(shapes).query(shapely.get_point(lines, end), predicate="within")
        within[point] = row
        held.append(within)
    return held[0] != held[1]
