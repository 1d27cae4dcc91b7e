"""Toy towns drawn by hand, and where real extracts are looked for."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from livingcircle import network as streets

CRS = "EPSG:4550"
ROOT = Path(__file__).resolve().parent.parent
EXTRACTS = ROOT.parent / "shared" / "data"


def lines(*paths, layer=None, highway=None):
    """A planner's line layer of coordinate lists in metres."""
    return gpd.GeoDataFrame(
        {"layer": layer or [0] * len(paths), "highway": highway or ["residential"] * len(paths)},
        geometry=[shapely.LineString(path) for path in paths],
        crs=CRS,
    )


def town(*paths, layer=None, tolerance_m=0.5, at_crossings=False):
    """The street network of coordinate lists in metres."""
    return streets.from_lines(lines(*paths, layer=layer), tolerance_m=tolerance_m, at_crossings=at_crossings)


@pytest.fixture
def ladder():
    """Two streets 100 m apart, joined at both ends; 400 m long.

    ::

        (0,100)────────────(400,100)
           │                   │
        (0,0)──────────────(400,0)
    """
    return town([(0, 0), (400, 0)], [(400, 0), (400, 100)], [(400, 100), (0, 100)], [(0, 100), (0, 0)])


@pytest.fixture
def extracts():
    """The folder of real extracts; the test skips where it is absent."""
    if not EXTRACTS.is_dir():
        pytest.skip(f"no real extracts at {EXTRACTS.parent.name}/{EXTRACTS.name}: put them beside the project to run this test")
    return EXTRACTS
