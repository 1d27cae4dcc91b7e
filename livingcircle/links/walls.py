"""Gates that are shut today: those that a scenario closes, and streets that end at the wall of a compound and go on beyond it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from livingcircle.links.kinds import END_M, GATE
from livingcircle.network import StreetNetwork
from livingcircle.network.graph import PUBLIC
from livingcircle.network.line_ends import line_ends

WALLED, CLOSED = "walled", "closed"
# Where a link meets the streets: edge rows, metres along them, and legs.
FEET = ("from_edge", "from_m", "from_leg_m", "to_edge", "to_m", "to_leg_m")


def shut_gates(network: StreetNetwork) -> gpd.GeoDataFrame:
    """A row a gate that is shut and would join a compound to a public street, as links without length from the street within to the one outside.

    `how` is `closed` for those of `network.closed_gates`, which lead through again once opened, and `walled` where a street within ends at the wall and a
    public one goes on from the same place: a gate given as closed, or none. Columns as those of `candidates.candidate_links` that are told of every link.
    """
    ends = _ends(network)
    inner, outer = ends[ends["compound"] != PUBLIC], ends[ends["compound"] == PUBLIC]
    outer = outer.drop_duplicates("node")
    at_gates = _closed(network, inner, outer)
    at_walls = _walled(inner, outer)
    at_walls = at_walls[~at_walls["node"].isin(at_gates["node"])]
    table = pd.concat([at_gates.assign(how=CLOSED), at_walls.assign(how=WALLED)], ignore_index=True)
    zeros = np.zeros(len(table))
    feet = (table["edge"], table["offset_m"], zeros, table["outer_edge"], table["outer_m"], zeros)
    told = {"name": "", "how": table["how"], "kind": GATE, "cost": np.nan, "length_m": 0.0, **dict(zip(FEET, feet, strict=True))}
    points = table[["x", "y"]].to_numpy(dtype=float)
    return gpd.GeoDataFrame(told, geometry=list(shapely.linestrings(np.stack([points, points], axis=1))), crs=network.crs)


def _ends(network: StreetNetwork) -> pd.DataFrame:
    """Both ends of every edge: `edge`, `offset_m` along it, `node`, place, `compound` and `layer`."""
    first, last = line_ends(network.streets.geometry.to_numpy())
    edge = np.arange(len(network.length_m))
    parts = [
        pd.DataFrame({
            "edge": edge, "offset_m": offset, "node": node, "x": place[:, 0], "y": place[:, 1],
            "compound": network.compound, "layer": network.streets["layer"].to_numpy(),
        })
        for offset, node, place in ((0.0, network.start, first), (network.length_m, network.end, last))
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _closed(network: StreetNetwork, inner: pd.DataFrame, outer: pd.DataFrame) -> pd.DataFrame:
    gates = pd.DataFrame(list(network.closed_gates), columns=["id", "compound"]).drop_duplicates()
    gates["node"] = gates["id"].map({own: row for row, own in enumerate(network.nodes.tolist())}) if len(gates) else gates["id"]
    own = inner.merge(gates[["node", "compound"]], on=["node", "compound"]).drop_duplicates(["node", "compound"])
    return own.merge(_other_side(outer), on="node")


def _walled(inner: pd.DataFrame, outer: pd.DataFrame) -> pd.DataFrame:
    """Of ends within compounds, those at the very place of a public end that is another node; one for each node."""
    if inner.empty or outer.empty:
        return inner.assign(outer_edge=0, outer_m=0.0)
    inner = inner[~inner["node"].isin(outer["node"])].drop_duplicates(["node", "compound"])
    far, row = cKDTree(outer[["x", "y"]].to_numpy()).query(inner[["x", "y"]].to_numpy(), distance_upper_bound=END_M)
    near = np.isfinite(far)
    beyond = outer.iloc[row[near]]
    told = inner[near].assign(outer_edge=beyond["edge"].to_numpy(), outer_m=beyond["offset_m"].to_numpy())
    return told[told["layer"].to_numpy() == beyond["layer"].to_numpy()]


def _other_side(outer: pd.DataFrame) -> pd.DataFrame:
    return outer[["node", "edge", "offset_m"]].rename(columns={"edge": "outer_edge", "offset_m": "outer_m"})
