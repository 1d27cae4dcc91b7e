"""`layers.gpkg` of a toy town: what it holds, how QGIS will show it, and that it is the same in every run."""

from __future__ import annotations

import sqlite3
import xml.etree.ElementTree as xml
from contextlib import closing

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import analyzed_once, facility_table, residence_table, town

from livingcircle.outputs import layers_gpkg


#   R3 10 m        R1 1200 m
#   S----------------x------------------ 3000        R2 on a street of its own, joined to nothing
@pytest.fixture(params=["zh", "en"])
def result(tiny, request):
    network = town([(0, 0), (3000, 0)], [(0, 900), (500, 900)])
    homes = [
        ("R1", 100, shapely.box(1190, 0, 1210, 20)),
        ("R2", 50, shapely.box(90, 900, 110, 920)),
        ("R3", 30, shapely.box(0, 0, 20, 20)),
    ]
    people = pd.concat([residence_table(*homes)])
    places = facility_table(("=1+1 \"'<小学>", "school", shapely.Point(0, 0)))
    return analyzed_once(tiny, network, places, people, language=request.param)


@pytest.fixture
def file(result, tmp_path):
    layers_gpkg.write(result, tmp_path / "layers.gpkg")
    return tmp_path / "layers.gpkg"


def rows(file, question):
    with closing(sqlite3.connect(file)) as database:
        return database.execute(question).fetchall()


def test_every_layer_is_there_in_the_metric_crs(result, file):
    layers = [name for name, geometry in pyogrio.list_layers(file) if geometry is not None]
    assert layers == ["streets", "residences", "walk_times", "isochrones", "gaps", "entrances", "facilities"]
    for layer in layers:
        table = gpd.read_file(file, layer=layer)
        assert table.crs == result.network.crs and len(table)


def test_walk_times_by_hand_and_blank_where_no_way_leads(file):
    table = gpd.read_file(file, layer="walk_times").set_index("residence_id")
    # 1200 m at 4 km/h are 18 minutes; the middle of a home 20 m wide is near enough for half a minute.
    assert table.loc["R1", "school_min"] == pytest.approx(18, abs=0.5)
    assert pd.isna(table.loc["R2", "school_min"])
    assert table.loc["R3", "school_min"] < 1


def test_gaps_bear_what_the_list_says(result, file):
    table = gpd.read_file(file, layer="gaps").set_index("gap_id")
    listed = result.gaps[result.gaps["group"] == "all"].set_index("gap_id")
    assert set(table.index) == set(listed.index)
    assert table["rank"].to_dict() == listed["rank"].to_dict()
    assert table["category_name"].notna().all() and table["cause_name"].notna().all()


def test_names_of_facilities_stay_as_they_are(file):
    assert gpd.read_file(file, layer="facilities")["name"].tolist() == ["=1+1 \"'<小学>"]


def test_every_layer_has_one_default_style_that_qgis_can_parse(result, file):
    styles = rows(file, "SELECT f_table_name, f_geometry_column, styleName, styleQML, useAsDefault FROM layer_styles")
    default = [table for table, *_, chosen in styles if chosen]
    assert sorted(default) == sorted(name for name, geometry in pyogrio.list_layers(file) if geometry is not None)
    for table, geometry, name, style, _ in styles:
        root = xml.fromstring(style.split("\n", 1)[1])
        assert root.find("renderer-v2") is not None and name
        columns = {row[1] for row in rows(file, f"PRAGMA table_info('{table}')")}
        assert geometry in columns
        fields = {alias.get("field") for alias in root.iter("alias")}
        assert fields <= columns
        attr = root.find("renderer-v2").get("attr")
        assert attr is None or attr in columns
    chinese = any("一" <= letter <= "鿿" for _, _, name, *_ in styles for letter in name)
    assert chinese == (result.settings.language == "zh")


def test_every_column_is_named_in_the_study_language(file):
    plain = {"fid", "geom"}
    for table, style in rows(file, "SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault"):
        columns = {row[1] for row in rows(file, f"PRAGMA table_info('{table}')")} - plain
        named = {alias.get("field") for alias in xml.fromstring(style.split("\n", 1)[1]).iter("alias")}
        assert columns == named, table


def test_a_second_run_writes_the_same_bytes_and_the_result_is_unchanged(result, file, tmp_path):
    before = result.gaps.copy()
    layers_gpkg.write(result, tmp_path / "again.gpkg")
    assert (tmp_path / "again.gpkg").read_bytes() == file.read_bytes()
    pd.testing.assert_frame_equal(result.gaps, before)
