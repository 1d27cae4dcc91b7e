"""The off-street leg crosses no barrier."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import CRS, town

from livingcircle import barriers
from livingcircle.layers import BARRIERS, check
from livingcircle.snapping import snap


def layer(*shapes, kinds=None):
    return gpd.GeoDataFrame({"kind": kinds or ["wall"] * len(shapes), "source_id": ""}, geometry=list(shapes), crs=CRS)


def ready(*shapes, kinds=None):
    return barriers.obstacles(layer(*shapes, kinds=kinds))


@pytest.mark.parametrize(
    ("tags", "area", "kind"),
    [
        ({"natural": "water"}, True, "water"),
        ({"natural": "water"}, False, ""),
        ({"waterway": "river"}, False, "water"),
        ({"waterway": "river", "tunnel": "culvert"}, False, ""),
        ({"waterway": "stream"}, False, ""),
        ({"railway": "rail"}, False, "railway"),
        ({"railway": "rail", "bridge": "yes"}, False, ""),
        ({"railway": "rail", "bridge": "no"}, False, "railway"),
        ({"railway": "subway"}, False, ""),
        ({"highway": "motorway"}, False, "motorway"),
        ({"highway": "motorway", "layer": "1"}, False, ""),
        ({"highway": "residential"}, False, ""),
        ({"barrier": "wall"}, False, "wall"),
        ({"barrier": "gate"}, False, ""),
    ],
)
def test_kinds_by_the_data_file(tags, area, kind):
    assert barriers.kind(tags, area=area) == kind


def test_structure():
    places = gpd.GeoDataFrame(
        {"tags": [{"natural": "water"}, {"shop": "yes"}], "source_id": ["way/1", "way/2"]}, geometry=[shapely.box(0, 0, 1, 1)] * 2, crs=CRS
    )
    got = barriers.from_places(places)
    check(got, BARRIERS, where="test")
    assert got["source_id"].tolist() == ["way/1"]


#  A street at y = 0, a wall along y = 20 from x = 0 to 100, another street at y = 100:
#
#  ────────────────────────── y = 100
#            home (50, 30)
#     ═══════════════ wall, y = 20
#  ────────────────────────── y = 0
STREETS = town([(-200, 0), (300, 0)], [(-200, 100), (300, 100)], [(300, 0), (300, 100)])
WALL = ready(shapely.LineString([(0, 20), (100, 20)]))
HOME = np.array([[50.0, 30.0]])


def test_the_next_best_position_is_taken_and_the_reason_kept():
    free = snap(HOME, STREETS, limit_m=150).iloc[0]
    assert (free["leg_m"], free["reason"]) == (30, "nearest")
    got = snap(HOME, STREETS, limit_m=150, barriers=WALL).iloc[0]
    assert (got["leg_m"], got["reason"], got["status"]) == (70, "barrier_avoided", "reached")
    assert shapely.get_coordinates(STREETS.streets.geometry[int(got["edge"])])[:, 1].tolist() == [100, 100]


def test_no_free_position_within_the_limit():
    got = snap(HOME, STREETS, limit_m=60, barriers=WALL).iloc[0]
    assert (got["leg_m"], got["reason"], got["status"], got["edge"]) == (np.inf, "behind_barrier", "off_network", -1)


def test_inside_water_nobody_stands():
    water = ready(shapely.box(0, 10, 100, 50), kinds=["water"])
    got = snap(np.array([[50.0, 30.0], [50.0, 10.0], [50.0, 55.0]]), STREETS, limit_m=150, barriers=water)
    assert list(got["reason"]) == ["inside_barrier", "nearest", "nearest"]
    assert got["leg_m"].tolist() == [np.inf, 10, 45]


def test_on_a_bridge_over_water_one_stands():
    water = ready(shapely.box(290, 20, 310, 80), kinds=["water"])
    got = snap(np.array([[300.0, 50.0]]), STREETS, limit_m=150, barriers=water).iloc[0]
    assert (got["leg_m"], got["reason"]) == (0, "nearest")


def test_touching_a_barrier_is_no_crossing():
    bank = ready(shapely.LineString([(-200, 30), (300, 30)]))
    assert list(snap(HOME, STREETS, limit_m=150, barriers=bank)["reason"]) == ["nearest"]


def test_through_a_corner_of_a_wall_is_a_crossing():
    corner = ready(shapely.LineString([(0, 20), (50, 20), (100, 20)]))
    assert barriers.crossed(np.array([[[50.0, 30.0], [50.0, 0.0]]]), corner).tolist() == [True]


def test_no_barrier_at_all_is_no_obstacle():
    none = ready()
    assert not barriers.crossed(np.array([[[0.0, 0.0], [9.0, 0.0]]]), none).any()
    assert not barriers.inside(np.array([[0.0, 0.0]]), none).any()


def test_no_barriers_change_nothing():
    rng = np.random.default_rng(4)
    points = rng.uniform((-250, -100), (350, 200), (300, 2))
    far_away = ready(shapely.LineString([(5000, 0), (5001, 0)]))
    plain, same = snap(points, STREETS, limit_m=150), snap(points, STREETS, limit_m=150, barriers=far_away)
    assert plain.equals(same)


def test_a_leg_is_never_shorter_with_a_barrier_and_never_crosses_one():
    rng = np.random.default_rng(5)
    points = rng.uniform((-250, -100), (350, 200), (800, 2))
    walls = ready(*[shapely.LineString(rng.uniform((-200, -80), (300, 180), (2, 2))) for _ in range(12)])
    free, kept = snap(points, STREETS, limit_m=150), snap(points, STREETS, limit_m=150, barriers=walls)
    assert (kept["leg_m"] >= free["leg_m"] - 1e-9).all()
    from livingcircle.snapping import coordinates_of

    on = (kept["edge"] >= 0).to_numpy()
    legs = np.stack([points[on], coordinates_of(kept, STREETS)[on]], axis=1)
    assert not barriers.crossed(legs, walls).any()
    assert (kept["reason"] == "barrier_avoided").sum() > 20
