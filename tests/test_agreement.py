"""Areas compared with re-routed points."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import CRS, analyzed, facility_table, residence_table, town

from livingcircle.agreement import agreement, probes

SQUARE = gpd.GeoDataFrame({"category": ["school"], "limit_m": [100.0]}, geometry=[shapely.box(0, 0, 100, 100)], crs=CRS)
POINTS = np.array([[50.0, 50.0], [90.0, 50.0], [200.0, 50.0], [130.0, 50.0]])


def test_by_hand():
    #  inside and reached; inside and not reached, 10 m from the border; outside and not; outside and reached, 30 m away
    got = agreement(SQUARE, POINTS, {"school": np.array([60.0, 101.0, np.inf, 100.0])}).iloc[0]
    assert (got["checked"], got["agreement"], got["largest_m"]) == (4, 0.5, 30)


def test_all_agree():
    got = agreement(SQUARE, POINTS[[0, 2]], {"school": np.array([60.0, np.inf])}).iloc[0]
    assert (got["agreement"], got["largest_m"]) == (1, 0)


def test_an_empty_area_that_should_not_be_is_found():
    empty = SQUARE.set_geometry([shapely.Polygon()], crs=CRS)
    assert np.isinf(agreement(empty, POINTS[:1], {"school": np.array([60.0])})["largest_m"].iloc[0])


def test_probes_stay_inside_and_the_same():
    got = probes((10, 20, 30, 40), count=1000)
    assert (got >= (10, 20)).all() and (got <= (30, 40)).all()
    assert got.tolist() == probes((10, 20, 30, 40), count=1000).tolist()


def test_every_area_of_a_run_carries_its_agreement(tiny):
    network = town([(0, 0), (900, 0)], [(0, 0), (0, 300), (900, 300)], [(450, 0), (450, 300)])
    result = analyzed(
        tiny, network, facility_table(("S", "school", shapely.Point(30, 5)), ("P", "park", shapely.box(400, 310, 500, 400))),
        residence_table(("A", 9, shapely.box(0, 0, 900, 300))),
    )
    areas = result.isochrones
    assert len(areas) == 8
    assert areas["checked"].min() >= 1000
    assert areas["agreement"].min() >= 0.97
    assert areas["largest_m"].max() <= 15


@pytest.mark.parametrize("count", [0, 1])
def test_few_points(count):
    got = agreement(SQUARE, POINTS[:count], {"school": np.full(count, 50.0)})
    assert got["checked"].tolist() == [count]
