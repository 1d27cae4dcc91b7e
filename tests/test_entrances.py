"""Entrances: given, then gates, then streets, then the boundary, the centroid last."""

import geopandas as gpd
import shapely
from conftest import CRS, town
from test_facilities import facilities

from livingcircle import entrances
from livingcircle.layers import ENTRANCES, check


def doors_of(shape, *, gates=None, given=None, streets=((-200, -10), (300, -10))):
    got = facilities(("甲小学", "现状", None, shape)).assign(entrance=[given])
    points = None if gates is None else gpd.GeoDataFrame(geometry=gates, crs=CRS)
    return entrances.entrances(got, town(list(streets)), gates=points, snap_limit_m=150)


CAMPUS = shapely.box(0, 0, 100, 100)


def test_given_entrances_win():
    got, doors = doors_of(CAMPUS, given=shapely.Point(50, 0), gates=[shapely.Point(0, 50)])
    assert got["entrance_source"].tolist() == ["given"]
    assert shapely.get_coordinates(doors.geometry).tolist() == [[50, 0]]
    check(doors, ENTRANCES, where="test")


def test_then_gates_on_the_boundary():
    got, doors = doors_of(CAMPUS, gates=[shapely.Point(0, 52), shapely.Point(50, 50), shapely.Point(101, 9)])
    assert got["entrance_source"].tolist() == ["gate"]
    assert shapely.get_coordinates(doors.geometry).tolist() == [[0, 52], [101, 9]]


def test_then_where_streets_meet_the_boundary():
    got, doors = doors_of(CAMPUS, streets=((50, -100), (50, 50)))
    assert got["entrance_source"].tolist() == ["street"]
    assert shapely.get_coordinates(doors.geometry).tolist() == [[50, 0]]


def test_then_boundary_points_near_a_street():
    got, doors = doors_of(CAMPUS)
    assert got["entrance_source"].tolist() == ["boundary"]
    spots = shapely.get_coordinates(doors.geometry)
    assert spots[:, 1].max() <= 20
    assert len(spots) >= 5


def test_a_park_farther_from_the_street_keeps_its_nearest_boundary_point():
    got, doors = doors_of(shapely.box(0, 60, 100, 160))
    assert got["entrance_source"].tolist() == ["boundary"]
    assert shapely.get_coordinates(doors.geometry)[:, 1].tolist() == [60]


def test_the_centroid_only_as_a_flagged_last_resort():
    got, doors = doors_of(shapely.box(0, 2000, 100, 2100))
    assert got["entrance_source"].tolist() == ["centroid"]
    assert shapely.get_coordinates(doors.geometry).tolist() == [[50, 2050]]


def test_a_point_is_its_own_entrance():
    got, doors = doors_of(shapely.Point(5, 5))
    assert got["entrance_source"].tolist() == ["point"]
    assert len(doors) == 1


def test_inputs_are_not_changed():
    frame = facilities(("甲小学", "现状", None, CAMPUS))
    before = frame.copy(deep=True)
    entrances.entrances(frame, town([(0, 0), (100, 0)]), gates=None, snap_limit_m=150)
    assert frame.equals(before)
