"""A study's streets and facilities are fetched from its area or place, before any other of its files is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pyogrio
import pytest
import shapely
from overpass_server import Nominatim, Server, place

from livingcircle import barriers
from livingcircle.costs import park_keys
from livingcircle.errors import DataError, StandardError, StudyError
from livingcircle.network import compounds
from livingcircle.sources import osm, overpass
from livingcircle.study import fetching, schema
from livingcircle.study.judging import read_standards
from livingcircle.study.reading import metric_crs, read_network

ROOT = Path(__file__).resolve().parent.parent
# Within the toy town of overpass_server, in metres of EPSG:4550.
SQUARE = gpd.GeoSeries([shapely.box(121.72, 29.912, 121.74, 29.918)], crs="EPSG:4326").to_crs("EPSG:4550").iloc[0].envelope
STUDY = """
[study]
id = "toy"
area = "研究范围.geojson"
[streets]
path = "raw/streets-and-facilities.osm.pbf"
[[facilities]]
path = "raw/streets-and-facilities.osm.pbf"
mapping = "osm"
[residences]
path = "not there yet.gpkg"
population = "people"
"""


@pytest.fixture(autouse=True)
def straight(monkeypatch):
    """No proxy stands between the tests and the toy server."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    gpd.GeoDataFrame(geometry=[SQUARE], crs="EPSG:4550").to_file(folder / "研究范围.geojson")
    return folder


def area_asked(record: Path) -> shapely.Geometry:
    told = json.loads(record.read_text(encoding="utf-8"))["area"]
    return gpd.GeoSeries([shapely.from_geojson(json.dumps(told))], crs="EPSG:4326").to_crs("EPSG:4550").iloc[0]


@pytest.mark.parametrize("named", ["folder", "file"])
def test_what_is_fetched_is_what_the_study_reads(study, named):
    with Server() as server:
        files = fetching.fetch(study if named == "folder" else study / "study.toml", servers=[server.url])
    assert files == [study / "raw" / overpass.EXTRACT, study / "raw" / overpass.RECORD]
    asked = json.loads(files[1].read_text(encoding="utf-8"))["keys"]
    wanted = {*read_standards("gb50180-2018", indicators=None, base=Path())[0].osm_keys(), *barriers.keys(), *compounds.gate_tags(), *compounds.outline_keys(), *park_keys()}
    assert asked == sorted(wanted)
    # What the rest of the study lacks stands in no way of its streets.
    told = schema.Study.model_validate({"study": {"id": "toy"}, "streets": {"path": f"raw/{overpass.EXTRACT}"}})
    crs = metric_crs(told, study)
    assert crs.to_epsg() == 4550
    assert len(read_network(told, study, crs).streets)
    assert set(osm.read_places(files[0], keys=("amenity", "leisure"))["source_id"]) == {"way/3", "relation/1"}


def test_the_download_reaches_1500_m_beyond_the_area(study):
    with Server() as server:
        _, record = fetching.fetch(study, servers=[server.url])
    west, south, east, north = SQUARE.bounds
    assert area_asked(record).bounds == pytest.approx((west - 1500, south - 1500, east + 1500, north + 1500), abs=0.5)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4490", "EPSG:4549", "EPSG:32651"])
def test_the_area_may_be_in_any_crs(crs):
    area = gpd.GeoDataFrame(geometry=[SQUARE], crs="EPSG:4550")
    before = area.copy()
    plain = fetching.around(area)
    other = fetching.around(area.to_crs(crs))
    assert plain.symmetric_difference(other).area < 1e-4 * plain.area
    assert area.equals(before)


def test_several_polygons_are_one_ground():
    area = gpd.GeoDataFrame(geometry=[shapely.box(121.7, 29.9, 121.71, 29.91), shapely.box(121.9, 29.9, 121.91, 29.91)], crs="EPSG:4326")
    assert fetching.around(area).geom_type == "MultiPolygon"


def test_a_place_name_takes_the_place_of_the_area(study, monkeypatch):
    import osmnx

    monkeypatch.setattr(osmnx._nominatim, "time", SimpleNamespace(sleep=lambda seconds: None))
    (study / "study.toml").write_text('[study]\nid = "toy"\n[streets]\nplace = "玩具镇"\n', encoding="utf-8")
    outline = shapely.box(121.72, 29.912, 121.74, 29.918)
    names = Nominatim(200, [place(outline)])
    try:
        with Server() as server:
            _, record = fetching.fetch(study, servers=[server.url], nominatim=names.url)
    finally:
        names.close()
    assert len(names.asked) == 1
    ground = gpd.GeoSeries([outline], crs="EPSG:4326").to_crs("EPSG:4550").iloc[0].buffer(1500)
    assert area_asked(record).symmetric_difference(ground).area < 1e-3 * ground.area


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[study", "is not valid TOML"),
        ("study = 3", "study: is no table"),
        ('[study]\narea = "研究范围.geojson"', "study.id: is required"),
        ('[study]\nid = "toy"', "names no area to download"),
        ('[study]\nid = "toy"\narea = 3', "study.area: is no text"),
        ('[study]\nid = "toy"\n[streets]\nplace = ""', "streets.place: is no text"),
        ('[study]\nid = "toy"\narea = "nowhere.geojson"', "no such file 'nowhere.geojson'"),
    ],
)
def test_study_files_at_fault(study, text, words):
    (study / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=words):
        fetching.fetch(study)
    assert not (study / "raw").exists()


def test_all_faults_are_told_at_once(study):
    (study / "study.toml").write_text("[study]\nstandard = 4\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        fetching.fetch(study)
    assert len(caught.value.faults) == 3


def test_no_study_file(tmp_path):
    with pytest.raises(StudyError, match="no such study file"):
        fetching.fetch(tmp_path)


def test_an_unknown_standard(study):
    (study / "study.toml").write_text(STUDY.replace('id = "toy"', 'id = "toy"\nstandard = "gb1"'), encoding="utf-8")
    with pytest.raises(StandardError, match="no such standard"):
        fetching.fetch(study)


@pytest.mark.parametrize(
    ("shape", "crs", "words"),
    [
        (shapely.Point(390_000, 3_310_000), "EPSG:4550", "holds more than polygons"),
        (shapely.box(390_000, 3_310_000, 391_000, 3_311_000), "EPSG:4326", "metres labelled as degrees|not a longitude and latitude"),
    ],
)
def test_areas_at_fault(study, shape, crs, words):
    (study / "study.toml").write_text(STUDY.replace(".geojson", ".gpkg"), encoding="utf-8")
    gpd.GeoDataFrame(geometry=[shape], crs=crs).to_file(study / "研究范围.gpkg")
    with pytest.raises(DataError, match=words):
        fetching.fetch(study)
    assert not (study / "raw").exists()


def test_an_area_without_a_crs_is_placed_by_the_study(study):
    (study / "研究范围.geojson").unlink()
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        gpd.GeoDataFrame(geometry=[SQUARE]).to_file(study / "研究范围.gpkg")
    told = STUDY.replace(".geojson", ".gpkg")
    (study / "study.toml").write_text(told, encoding="utf-8")
    with pytest.raises(DataError, match="does not say its coordinate system"):
        fetching.fetch(study)
    (study / "study.toml").write_text(told.replace('id = "toy"', 'id = "toy"\ncrs = "EPSG:4550"'), encoding="utf-8")
    with Server() as server:
        _, record = fetching.fetch(study, servers=[server.url])
    assert area_asked(record).contains(SQUARE)


def test_an_area_may_be_a_layer_of_a_geodatabase(study):
    (study / "研究范围.geojson").unlink()
    path, far = study / "规划.gdb", shapely.box(500_000, 3_400_000, 500_100, 3_400_100)
    told = STUDY.replace("研究范围.geojson", "规划.gdb")
    (study / "study.toml").write_text(told, encoding="utf-8")
    with pytest.raises(StudyError, match="no such file '规划.gdb'"):
        fetching.fetch(study)
    for layer, shape in (("别的", far), ("范围", SQUARE)):
        pyogrio.write_dataframe(gpd.GeoDataFrame(geometry=[shape], crs="EPSG:4550"), path, layer=layer, driver="OpenFileGDB", append=path.exists())
    with pytest.raises(DataError, match="area_layer"):
        fetching.fetch(study)
    (study / "study.toml").write_text(told.replace('id = "toy"', 'id = "toy"\narea_layer = "范围"'), encoding="utf-8")
    with Server() as server:
        _, record = fetching.fetch(study, servers=[server.url])
    assert area_asked(record).contains(SQUARE)


def test_a_failed_download_changes_nothing_in_the_folder(study):
    with Server() as server:
        files = fetching.fetch(study, servers=[server.url])
    before = [file.read_bytes() for file in files]
    with Server(then=(403, {})) as server, pytest.raises(DataError, match="status 403"):
        fetching.fetch(study, servers=[server.url])
    assert [file.read_bytes() for file in files] == before


def test_the_script_tells_files_and_faults(study):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = [sys.executable, ROOT / "scripts" / "fetch.py"]
    with Server() as server:
        told = subprocess.run([*script, study, "--server", server.url], capture_output=True, text=True, env=environment)
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == [str(study / "raw" / overpass.EXTRACT), str(study / "raw" / overpass.RECORD)]
    with Server(then=(403, {})) as server:
        told = subprocess.run([*script, study, "--server", server.url], capture_output=True, text=True, env=environment)
    assert told.returncode == 3 and "状态 403" in told.stderr and "Traceback" not in told.stderr
    assert subprocess.run(script, capture_output=True, env=environment).returncode == 2
