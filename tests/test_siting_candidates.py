"""Candidates from parcels and along streets, existing sites, and both as one problem on a toy town."""

from __future__ import annotations

import tomllib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, facility_table, town

from livingcircle.catchments import catchments
from livingcircle.errors import DataError
from livingcircle.land_codes import vocabularies
from livingcircle.siting import Bounds, existing, from_parcels, from_streets, joint, lots, mclp, problem, together, vacant
from livingcircle.siting.candidates import FILE, least_m2
from livingcircle.snapping import coordinates_of, snap
from livingcircle.standards.model import Size


@pytest.fixture
def street():
    """A street of 1,000 m, a lane of 50 m that nothing joins, parcels above and below the street.

    ::

             ┌─P1─┐                 ┌─P3─┐
             └────┘ 20 m            │    │  on the street
        (0,0)───────────────────────┼────┼──────(1000,0)
                     ┌P2┐ 300 m off └────┘
    """
    return town([(0, 0), (1000, 0)], [(0, 3000), (50, 3000)])


def parcels(**told):
    shapes = [shapely.box(100, 20, 200, 60), shapely.box(400, -350, 420, -300), shapely.box(700, -50, 760, 50)]
    return gpd.GeoDataFrame({"land_code": ["16", "1601", "0701"], **told}, geometry=shapes, crs=CRS)


def test_the_entrance_of_a_parcel_is_where_it_is_nearest_to_a_street(street):
    made = from_parcels(parcels(cost=[5.0, 6.0, 7.0]), street, category="park", snap_limit_m=150)
    assert made.sites["site_id"].tolist() == ["1", "2", "3"]
    assert made.sites["area_m2"].tolist() == [4000, 1000, 6000]
    assert made.sites["cost"].tolist() == [5, 6, 7]
    assert made.doors["leg_m"].tolist()[:2] == [20, np.inf]
    assert made.doors["leg_m"].tolist()[2] == 0
    assert 100 <= made.doors["offset_m"].iloc[0] <= 200
    assert 700 <= made.doors["offset_m"].iloc[2] <= 760
    assert made.owner.tolist() == [0, 1, 2]


def test_a_shared_parcel_leaves_its_land_and_its_cost_to_the_lot(street):
    ground = parcels(cost=[5.0, 6.0, 7.0], parcel=["a", "b", "a"])
    made = from_parcels(ground, street, category="park", snap_limit_m=400, takes_m2=500)
    assert made.sites[["site_id", "parcel", "area_m2", "cost"]].values.tolist() == [["a", "a", 500, 0], ["b", "b", 500, 0], ["a-2", "a", 500, 0]]
    assert lots(ground).values.tolist() == [["a", 4000, 5], ["b", 1000, 6]]


def test_parcels_are_polygons(street):
    points = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.Point(0, 0)], crs=CRS)
    with pytest.raises(DataError, match=r"no polygons in rows \[1\]"):
        from_parcels(points, street, category="park", snap_limit_m=100)


def test_vacant_land_large_enough_by_the_standard(tiny):
    assert vacant(parcels(), vocabulary="mnr2023").index.tolist() == [0, 1]
    assert vacant(parcels(), vocabulary="mnr2023", codes=("07",)).index.tolist() == [2]
    assert vacant(parcels(area_m2=[np.nan, 50.0, 1.0]), vocabulary="mnr2023")["area_m2"].tolist() == [4000, 50]
    park = tiny.categories["park"]
    assert least_m2(park) == least_m2(None) == 0
    large = park.model_copy(update={"size": Size(site_m2=(1001, 0), clause="1", evidence="○")})
    assert vacant(parcels(), vocabulary="mnr2023", category=large).index.tolist() == [0]


def test_land_codes_are_asked_for_and_known():
    with pytest.raises(DataError) as told:
        vacant(parcels().drop(columns="land_code"), vocabulary="atlantis")
    assert len(told.value.faults) == 2
    for vocabulary, starts in tomllib.loads(FILE.read_text(encoding="utf-8"))["vacant"].items():
        assert vocabulary in vocabularies() and starts


def test_positions_along_streets_keep_their_distance(street):
    made = from_streets(street, category="park", spacing_m=200)
    place = coordinates_of(made.doors, street)
    #  one in the middle of each of five squares of 200 m; the lane is cut off
    assert place[:, 1].tolist() == [0] * 5
    assert place[:, 0].tolist() == pytest.approx([100, 300, 500, 700, 900], abs=10)
    assert (made.doors["leg_m"] < 1e-6).all()
    assert made.sites["site_id"].tolist() == ["P1", "P2", "P3", "P4", "P5"]


def test_positions_lie_inside_the_area_and_outside_what_is_excluded(street):
    area = gpd.GeoDataFrame(geometry=[shapely.box(250, -100, 1000, 100)], crs=CRS)
    excluded = gpd.GeoDataFrame(geometry=[shapely.box(450, -100, 650, 100)], crs=CRS)
    place = coordinates_of(from_streets(street, category="park", spacing_m=200, area=area, excluded=excluded).doors, street)[:, 0]
    assert ((place >= 250) & ~((place > 450) & (place < 650))).all()
    assert len(place) == 4
    with pytest.raises(DataError, match="0 is no spacing"):
        from_streets(street, category="park", spacing_m=0)


def test_existing_and_new_sites_as_one_problem(street):
    facilities = facility_table(("west", "park", shapely.Point(0, 0)), ("school", "school", shapely.Point(500, 0)))
    facilities["capacity"] = [np.nan, 30.0]
    doors = gpd.GeoDataFrame({"facility_id": ["F1", "F1", "F2"]}, geometry=gpd.points_from_xy([0, 50, 500], [0, 0, 0]), crs=CRS)
    standing = existing(facilities, doors, street, category="park", snap_limit_m=50)
    assert standing.sites[["site_id", "fixed", "capacity"]].values.tolist() == [["F1", True, np.inf]]
    assert standing.owner.tolist() == [0, 0]
    places = together(standing, from_streets(street, category="park", spacing_m=200), from_parcels(parcels(), street, category="park", snap_limit_m=150))
    assert places.owner.tolist() == [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    homes = snap(np.array([[60.0, 0.0], [950.0, 10.0]]), street, limit_m=50)
    reached = catchments(street, places.doors, homes, limit_m=150)
    demand = pd.DataFrame({"people": [10, 20], "category": "park"})
    found = mclp(problem(reached, demand, places.sites, owner=places.owner), Bounds(150, sites=1))
    #  the first home is 10 m from the existing park's second door; the second is in reach of P5 and of no parcel
    assert (found.objective, found.chosen["site_id"].tolist(), found.demand["site"].tolist()) == (30, ["P5"], [0, 5])
    assert found.demand["walk_m"].iloc[0] == pytest.approx(10)


def test_two_categories_on_one_parcel_of_the_town(street):
    ground = parcels(cost=[5.0, 6.0, 7.0])
    homes = snap(np.array([[500.0, 0.0]]), street, limit_m=50)
    made = {}
    for category, need in (("park", 3000.0), ("school", 2500.0)):
        places = from_parcels(ground, street, category=category, snap_limit_m=150, takes_m2=need)
        reached = catchments(street, places.doors, homes, limit_m=1000)
        made[category] = problem(reached, pd.DataFrame({"people": [10], "category": [category]}), places.sites.drop(columns="geometry"), owner=places.owner)
    both = mclp(joint(made, lots(ground)), Bounds(1000, budget=7))
    #  the first parcel (5) holds one of them only, the third (7) both; the second has no street
    assert (both.objective, both.cost, both.chosen["parcel"].tolist()) == (20, 7, ["3", "3"])
