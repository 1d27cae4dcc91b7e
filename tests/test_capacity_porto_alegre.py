"""All pupils of Porto Alegre assigned to its schools, within the limit and to the places that there are.

Real: the streets (OpenStreetMap), the people and the number of schools of each of 1,227 hexagons.
Assumed, as the extract tells neither pupils nor places: pupils are 13 % of everybody; schools stand at the middle of their hexagon, and hold, all alike,
as many places in all as there are pupils.
"""

from __future__ import annotations

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import EXTRACTS
from scipy.optimize import linprog
from scipy.sparse import coo_array

from livingcircle import capacity
from livingcircle.catchments import catchments
from livingcircle.network import from_ways
from livingcircle.snapping import snap
from livingcircle.sources import osm
from livingcircle.walk_time import Way

CRS = "EPSG:32722"
LIMIT_M, PUPILS, MOST_S = 1000, 0.13, 10


@pytest.fixture(scope="module")
def city():
    folder = EXTRACTS / "porto_alegre_r5r"
    if not folder.is_dir():
        pytest.skip(f"no real extracts at {EXTRACTS.parent.name}/{EXTRACTS.name}: put them beside the project to run this test")
    network = from_ways(osm.read_ways(folder / "poa_osm.pbf").to_crs(CRS))
    table = pd.read_csv(folder / "poa_hexgrid.csv")
    middle = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326").to_crs(CRS)
    homes = snap(shapely.get_coordinates(middle.to_numpy()), network, limit_m=300)
    count = table["schools"].to_numpy()
    return {
        "walks": catchments(network, homes[count > 0].reset_index(drop=True), homes, limit_m=LIMIT_M, way=Way(shortest=True)),
        "demand": table["population"].astype(float) * PUPILS,
        "schools": pd.Series(count[count > 0].astype(float)),
    }


def test_all_pupils_are_assigned_in_ten_seconds_and_proven(city):
    pupils, schools = city["demand"], city["schools"]
    places = schools * pupils.sum() / schools.sum()
    begun = time.perf_counter()
    pairs = capacity.within(city["walks"], limit_m=LIMIT_M, by="walk_m")
    done = capacity.assign(pairs, pupils, places)
    assert time.perf_counter() - begun < MOST_S
    assert len(pupils) == 1227 and schools.sum() > 150 and pupils.sum() > 100_000
    assert done.gap_m <= 1e-9 * done.unserved_m * pupils.sum()
    assert (done.facilities["load"] <= places + 1e-6).all() and (done.flows["metres"] <= LIMIT_M + 1e-6).all()
    told = done.origins.groupby("reason", observed=False)["unserved"].sum()
    assert done.served + told.sum() == pytest.approx(pupils.sum())
    #  a city whose schools hold as many as there are pupils still leaves some beyond the limit, and some before full doors
    assert told["none_within_limit"] > 0 and told["all_full"] > 0 and told["capacity_not_told"] == 0
    assert done.served == pytest.approx(most_by_another_program(pairs, pupils, places), rel=1e-7)


def most_by_another_program(pairs, pupils, places):
    """Most pupils that any assignment serves, by a linear program."""
    rows = np.arange(len(pairs))
    ends = coo_array((np.ones(2 * len(rows)), (np.concatenate([pairs["origin"], len(pupils) + pairs["facility"]]), np.tile(rows, 2))), shape=(len(pupils) + len(places), len(rows)))
    found = linprog(-np.ones(len(rows)), A_ub=ends.tocsr(), b_ub=np.concatenate([pupils, places]), method="highs")
    return -found.fun


def test_what_pupils_find_adds_up_to_the_places_in_reach(city):
    places = city["schools"] * city["demand"].sum() / city["schools"].sum()
    pairs = capacity.within(city["walks"], limit_m=LIMIT_M, by="walk_m")
    for measure in (capacity.two_step, capacity.balanced, capacity.spatial_availability):
        got = measure(pairs, city["demand"], places, limit_m=LIMIT_M, kind="steps")
        used = got.facilities["status"] == "used"
        assert got.origins["available"].sum() == pytest.approx(places[used].sum())
