"""Generated cities: a street grid with irregular blocks and missing streets, and places on it; the same for one seed."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.layers import STATUSES, Positions
from livingcircle.network import StreetNetwork, from_edges

CRS = "EPSG:32629"
BLOCK_M = (60.0, 140.0)
SHIFT_M = 15.0
# Of the streets of a full grid so many are built; nodes have 3.4 streets on average.
BUILT = 0.85
LEG_M = 30.0


def city(nodes: int, *, seed: int = 0) -> StreetNetwork:
    """A street network of about so many nodes."""
    dice = np.random.default_rng(seed)
    side = max(2, round(np.sqrt(nodes)))
    number = np.arange(side * side).reshape(side, side)
    lines = [np.cumsum(dice.uniform(*BLOCK_M, side)) for _ in (0, 1)]
    spots = np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, 2) + dice.uniform(-SHIFT_M, SHIFT_M, (side * side, 2))
    ends = np.concatenate(
        [np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1), np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)]
    )
    ends = ends[dice.random(len(ends)) < BUILT]
    kept, code = np.unique(ends, return_inverse=True)
    code, spots = code.reshape(-1, 2), spots[kept]
    streets = gpd.GeoDataFrame(
        {"from_node": code[:, 0], "to_node": code[:, 1]}, geometry=shapely.linestrings(spots[code]), crs=CRS
    )
    return from_edges(streets)


def places(network: StreetNetwork, count: int, *, seed: int) -> Positions:
    """So many random positions on the streets, as `layers.POSITIONS`, with off-street legs."""
    dice = np.random.default_rng(seed)
    edge = dice.integers(len(network.length_m), size=count)
    return pd.DataFrame(
        {
            "edge": edge,
            "offset_m": dice.random(count) * network.length_m[edge],
            "leg_m": dice.random(count) * LEG_M,
            "component": network.component[edge],
            "status": pd.Categorical.from_codes(np.zeros(count, dtype=np.int8), categories=list(STATUSES)),
        }
    )


def facilities(network: StreetNetwork, count: int, categories: int, *, seed: int) -> list[np.ndarray]:
    """For every category the nodes of its facilities, each node at most once in a category."""
    dice = np.random.default_rng(seed)
    return [np.sort(dice.choice(len(network.nodes), size=min(count, len(network.nodes)), replace=False)) for _ in range(categories)]
