"""Ten new health units for Porto Alegre: 1,227 hexagons and more than 300 candidate positions, each model proven."""

from __future__ import annotations

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import EXTRACTS

from livingcircle.catchments import catchments
from livingcircle.network import from_ways
from livingcircle.siting import Bounds, Places, curve, from_streets, mclp, problem, served, sites_of, solved, together
from livingcircle.snapping import snap
from livingcircle.sources import osm

CRS = "EPSG:32722"
LIMIT_M, NEW = 1000, 10
MOST_S = 60


@pytest.fixture(scope="module")
def city():
    folder = EXTRACTS / "porto_alegre_r5r"
    if not folder.is_dir():
        pytest.skip(f"no real extracts at {EXTRACTS.parent.name}/{EXTRACTS.name}: put them beside the project to run this test")
    network = from_ways(osm.read_ways(folder / "poa_osm.pbf").to_crs(CRS))
    table = pd.read_csv(folder / "poa_hexgrid.csv")
    middle = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326").to_crs(CRS)
    homes = snap(shapely.get_coordinates(middle.to_numpy()), network, limit_m=300)
    lived = gpd.GeoDataFrame(geometry=[shapely.union_all(middle.buffer(200).to_numpy())], crs=CRS)
    candidates = from_streets(network, category="health", spacing_m=600, area=lived)
    units = middle[(table["healthcare"] > 0).to_numpy()]
    doors = snap(shapely.get_coordinates(units.to_numpy()), network, limit_m=300)
    told = sites_of([f"H{number}" for number in range(len(units))], category="health", fixed=True)
    standing = Places(gpd.GeoDataFrame(told, geometry=units.to_numpy(), crs=CRS), doors, np.arange(len(units)))
    places = together(standing, candidates)
    demand = pd.DataFrame({"people": table["population"], "category": "health"})
    tables = {limit: catchments(network, places.doors, homes, limit_m=limit) for limit in (LIMIT_M, 3 * LIMIT_M)}
    return {limit: problem(table, demand, places.sites.drop(columns="geometry"), owner=places.owner) for limit, table in tables.items()}


def greedy(town, limit_m, worth):
    """Sites added one by one, each the best to add; what that is worth."""
    chosen = []
    for _ in range(NEW):
        free = [row for row in town.new.tolist() if row not in chosen]
        chosen.append(max(free, key=lambda row: worth([*chosen, row])))
    return worth(chosen)


def test_the_instance_is_a_real_one(city):
    town = city[LIMIT_M]
    assert len(town.demand) == 1227 and len(town.new) >= 300
    assert town.fixed.sum() > 100 and town.people.sum() > 800_000


@pytest.mark.parametrize(("model", "limit_m"), [("mclp", 1000), ("p-median", 1000), ("lscp", 1000), ("p-center", 3000), ("p-median", 3000), ("mclp", 3000)])
def test_each_model_is_proven_within_a_minute(city, model, limit_m):
    begun = time.perf_counter()
    found = solved(model, city[limit_m], Bounds(limit_m, sites=None if model == "lscp" else NEW, time_s=MOST_S))
    assert time.perf_counter() - begun < MOST_S
    assert found.gap == 0 and found.bound == found.objective
    #  some hexagons are in reach of no candidate: the models that must serve all say so, and nothing else is wrong
    left = set(found.demand["reason"]) - {""}
    assert left <= ({"no_candidate"} if model in ("lscp", "p-center") else {"no_candidate", "sites"})
    assert found.status == ("infeasible" if model in ("lscp", "p-center") else "optimal")


def test_the_proven_best_is_no_worse_than_one_by_one(city):
    town = city[LIMIT_M]
    best = mclp(town, Bounds(LIMIT_M, sites=NEW))
    reached = {row: set() for row in range(len(town.sites))}
    for demand, site, metres in town.walks.itertuples(index=False):
        if metres <= LIMIT_M:
            reached[int(site)].add(int(demand))
    before = set().union(*(reached[row] for row in np.flatnonzero(town.fixed)))
    stepwise = greedy(town, LIMIT_M, lambda rows: town.people[sorted(before.union(*(reached[row] for row in rows)))].sum())
    assert best.objective >= stepwise - 1e-6
    covered = before.union(*(reached[row] for row in best.rows))
    assert best.objective == pytest.approx(town.people[sorted(covered)].sum())
    assert served(town, best.rows, limit_m=LIMIT_M)["people"].sum() == pytest.approx(best.objective)


def test_the_curve_rises_and_bends(city):
    got = curve("mclp", city[LIMIT_M], Bounds(LIMIT_M), [0, 2, 5, 10])
    assert (got["gap"] == 0).all()
    steps = np.diff(got["objective"]) / np.diff(got["sites"])
    assert (steps > 0).all() and (np.diff(steps) < 0).all()
