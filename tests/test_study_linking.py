"""Links worth building as a planner asks for them: files, faults, scenarios; and the sample's missing gate and bridge, in one run."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import toy_study
from conftest import shared_folder
from test_cli import run

from livingcircle.outputs.links_tables import COLUMNS
from livingcircle.scenario import Scenario, toml_text
from livingcircle.study import schema
from livingcircle.study.analyzing import analyzed_all
from livingcircle.study.comparing import compare_study
from livingcircle.study.linking import Search, find_links

ROOT = Path(__file__).resolve().parent.parent
FILES = ["links.csv", "links.geojson", "links.html", "links.toml", "run.json"]


def town(folder):
    """The toy study with a street 200 m north of the long one, joined to it in the west, and a school on it above block C (820 to 920).

    ::

        (0,200)──────────── 北街 ──────────北小学──(1000,200)
           │                                 ?
        (0,0)───────[A]────[B]──────────────[C]──(1000,0)
    """
    toy_study.write(folder)
    paths = [[(0, 0), (1000, 0)], [(500, 0), (500, 300)], [(0, 0), (0, 200)], [(0, 200), (1000, 200)]]
    kinds, names = ["residential", "footway", "residential", "residential"], ["长街", "小巷", "西街", "北街"]
    toy_study.write_layer(folder / "streets.geojson", [shapely.LineString(path) for path in paths], highway=kinds, name=names)
    toy_study.edit(folder / "study.toml", "year = 2025", "year = 2025\nindicators = []")
    lon, lat = toy_study.place(870, 205)
    with (folder / "schools.csv").open("a", encoding="utf-8") as file:
        file.write(f"北小学,现状,,{lon:.8f},{lat:.8f}\n")
    return folder


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The town, and the folder that one run of the command wrote."""
    folder = town(tmp_path_factory.mktemp("linked") / "toy")
    out = folder.parent / "out"
    assert run("links", folder, "--top", "3", "--out", out) == 0
    return folder, out


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return town(tmp_path / "toy")


def listed(out):
    return pd.read_csv(out / "links.csv", encoding="utf-8-sig", keep_default_na=False)


def record(out):
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


def gained(before, after):
    """What one result covers beyond another, by category, level and group, of the whole area; what moves at all."""
    tables = [result.coverage[result.coverage["unit"] == "ALL"].set_index(["category", "level", "group"])["people_covered"] for result in (before, after)]
    moved = (tables[1] - tables[0]).round(6)
    return moved[moved.abs() > 0].to_dict()


def test_the_files_and_what_they_say(found):
    _, out = found
    assert sorted(file.name for file in out.iterdir()) == FILES
    table = listed(out)
    assert tuple(table.columns) == COLUMNS and table["rank"].tolist() == [*range(1, len(table) + 1)]
    best = table.iloc[0]
    assert (best["kind"], best["how"], best["categories"], best["category_names"]) == ("footpath", "found", "school", "学校")
    #  all of C comes within 500 m of the new school: at most 60 + 50 + 200 + 50 m; and some of B
    assert best["people_distinct"] >= 80 and best["people_gained"] == best["people_distinct"] == best["people_in_sequence"]
    assert best["place"] in ("长街至北街的步行通道", "北街至长街的步行通道") and best["reason"].startswith("现状两端步行须绕行")
    shapes = gpd.read_file(out / "links.geojson")
    assert shapes["link_id"].tolist() == table["link_id"].tolist() and shapes.crs.to_epsg() == 4326
    line = shapes.to_crs("EPSG:4550").geometry.iloc[0]
    x = shapely.get_coordinates(line)[:, 0] - toy_study.EAST
    #  round by the west, and straight or slantwise across
    assert best["walk_m"] == pytest.approx(x.sum() + 200, abs=0.2) and best["length_m"] == pytest.approx(line.length, abs=0.1) == pytest.approx(np.hypot(200, x[1] - x[0]), abs=0.1)


def test_the_record_tells_how_links_were_found(found):
    _, out = found
    told = record(out)
    assert told["together"]["people"] == pytest.approx(listed(out)["people_in_sequence"].sum(), abs=0.05) and told["together"]["lost_people"] == 0
    assert told["parameters"]["search"]["best"] == 3 and told["parameters"]["group"]["id"] == "all" and told["counts"]["candidates"] >= 1
    assert {part["file"] for part in told["outputs"]} == set(FILES) - {"run.json"} and told["inputs"][0]["file"] == "study.toml"


def test_compare_takes_the_scenario_of_all_links_which_covers_whom_it_says(found, tmp_path):
    study, out = found
    states, comparisons, _ = compare_study(study, [str(out / "links.toml")], out=tmp_path / "compared", progress=lambda *_: None)
    told = {(row["category"], row["level"], "all"): row["people"] for row in record(out)["together"]["coverage"]}
    assert told and gained(*(state.result for state in states)) == pytest.approx(told)
    assert comparisons[0].only_adds and comparisons[0].fallen.empty
    written = Scenario.model_validate(tomllib.loads((out / "links.toml").read_text(encoding="utf-8")))
    assert len(written.links) == len(record(out)["together"]["links"]) and written.name["zh"].startswith("步行连通")


def test_what_the_command_prints_and_asks_again(study, tmp_path, capsys):
    for _ in range(2):
        assert run("links", study, "--top", "1", "--category", "school", "--lang", "en") == 0
    told = capsys.readouterr().out
    assert "Toy town: links worth building" in told and "A footpath from" in told and "maps/toy/links/links.html" in told
    out = tmp_path / "maps" / "toy" / "links"
    assert record(out)["parameters"]["categories"] == ["school"] and set(listed(out)["categories"]) == {"school"}
    assert run("links", study, "--category", "park") == 0
    assert "没有找到" in capsys.readouterr().out and listed(out).empty and tomllib.loads((out / "links.toml").read_text(encoding="utf-8"))["name"]
    assert gpd.read_file(out / "links.geojson").empty


def test_links_of_another_year_are_judged_and_written_for_it(study, tmp_path):
    #  the school planned in the east is there in 2030: C, 60 + 180 m away at most, gains nothing more
    assert run("links", study, "--year", "2030", "--category", "school", "--out", tmp_path / "out") == 0
    assert record(tmp_path / "out")["parameters"]["year"] == 2030 == tomllib.loads((tmp_path / "out" / "links.toml").read_text(encoding="utf-8"))["year"]
    assert listed(tmp_path / "out")["people_distinct"].sum() < 80


LINES = """
[links]
lines = "ideas.geojson"
columns = { name = "名称", kind = "类型", cost = "万元" }
kinds = ["bridge"]
order = "people_per_cost"
cost_per_m = { footpath = 0.5 }
cost_each = { footpath = 20 }
cost_unit = "万元"
"""


def test_lines_of_a_planner_with_their_costs(study, tmp_path):
    file = study / "study.toml"
    file.write_text(file.read_text(encoding="utf-8") + LINES, encoding="utf-8")
    shapes = [shapely.LineString([(x, 0), (x, 200)]) for x in (870, 700, 100)]
    toy_study.write_layer(study / "ideas.geojson", shapes, 名称=["东巷", None, "西巷"], 类型=["人行桥", "", "步行通道"], 万元=[200, None, 30])
    assert run("links", study, "--category", "school", "--out", tmp_path / "out") == 0
    table = listed(tmp_path / "out").set_index("name")
    assert set(table["how"]) == {"given"} and set(table.index) == {"东巷", "", "西巷"}
    #  20 for the path and 0.5 for each of its 200 m
    assert table["cost"].to_dict() == {"东巷": 200, "": 120, "西巷": 30} and set(table["cost_unit"]) == {"万元"}
    assert table["kind"].to_dict() == {"东巷": "bridge", "": "footpath", "西巷": "footpath"}
    assert table.loc["西巷", "people_gained"] == 0 and "万元" in table.loc["东巷", "reason"] and table.loc["东巷", "place"].startswith("东巷、")
    told = Scenario.model_validate(tomllib.loads((tmp_path / "out" / "links.toml").read_text(encoding="utf-8")))
    assert "西巷" not in {link.name for link in told.links}
    #  a file of the command line stands in their place
    toy_study.write_layer(tmp_path / "other.geojson", [shapely.MultiLineString([[(900, 0), (900, 200)]])], name=["=另一条"])
    assert run("links", study, "--category", "school", "--lines", tmp_path / "other.geojson", "--out", tmp_path / "out") == 0
    assert listed(tmp_path / "out")["name"].tolist() == ["'=另一条"] and "other.geojson" in {part["file"] for part in record(tmp_path / "out")["inputs"]}


def test_every_fault_is_told_at_once_and_nothing_is_written(study, tmp_path, capsys):
    assert run("links", study, "--category", "scool,park", "--group", "old") == 3
    told = capsys.readouterr().err
    assert "scool" in told and "school" in told and "--group" in told and "old" in told and not (tmp_path / "maps").exists()
    toy_study.write_layer(tmp_path / "wrong.geojson", [shapely.Point(1, 1), shapely.LineString([(0, 0), (0, 1)])], cost=["many", "1"])
    assert run("links", study, "--lines", tmp_path / "wrong.geojson") == 3
    assert "Point" in capsys.readouterr().err
    toy_study.write_layer(tmp_path / "wrong.geojson", [shapely.LineString([(0, 0), (0, 1)])] * 2, cost=["many", "-1"])
    assert run("links", study, "--lines", tmp_path / "wrong.geojson") == 3
    told = capsys.readouterr().err
    assert "第 1 行" in told and "第 2 行" in told
    assert run("links", study, "--lines", tmp_path / "nowhere.geojson") == 3
    assert run("links", study, "--scenario", "nowhere") == 3
    capsys.readouterr()
    file = study / "study.toml"
    file.write_text(file.read_text(encoding="utf-8") + '\n[links]\nlines = "gone.gpkg"\n', encoding="utf-8")
    assert run("links", study) == 3 and "links.lines" in capsys.readouterr().err
    toy_study.edit(file, 'lines = "gone.gpkg"', 'line = 3\nmax_m = -1\nkinds = ["tunnel"]\ncost_each = { pier = 2 }')
    assert run("links", study) == 3
    told = capsys.readouterr().err
    assert all(key in told for key in ("links.line", "links.max_m", "links.kinds", "links.cost_each"))
    assert [*(tmp_path / "maps").rglob("*.*")] == []
    assert run("links", study, "--top", "0") == 2


#  (0,200)─────────────────────(400,200)
#     │      ┌───────────┐          │
#  (0,100)───W──────────H|E────S(400,100)      gates at W and E; the school is 110 m from H by E
#     │      └───────────┘          │
#  (0,0)───────────────────────(400,0)
GARDEN = """
[[compounds]]
path = "compounds.geojson"
name = "name"

[[gates]]
path = "gates.geojson"

[scenarios.shut]
name = "关闭东门"
[[scenarios.shut.gates]]
change = "close"
lon = %.7f
lat = %.7f
[[scenarios.shut.gates]]
change = "close"
lon = %.7f
lat = %.7f
"""


@pytest.fixture
def garden(study):
    ring = [(0, 0), (400, 0), (400, 100), (400, 200), (0, 200), (0, 100), (0, 0)]
    toy_study.write_layer(study / "streets.geojson", [shapely.LineString(ring), shapely.LineString([(0, 100), (400, 100)])], highway=["residential"] * 2, name=["环路", "中街"])
    toy_study.write_layer(study / "compounds.geojson", [shapely.box(100, 50, 300, 150)], name=["花园"])
    toy_study.write_layer(study / "gates.geojson", [shapely.Point(100, 100), shapely.Point(300, 100)], kind=["", ""])
    toy_study.write_layer(study / "homes.geojson", [shapely.box(270, 90, 290, 110)], ref=["H"], people=[100], name=["花园"])
    (study / "schools.csv").write_text("名称,状态,年份,lon,lat\n东小学,现状,,{:.8f},{:.8f}\n".format(*toy_study.place(400, 105)), encoding="utf-8-sig")
    file = study / "study.toml"
    file.write_text(file.read_text(encoding="utf-8") + GARDEN % (*toy_study.place(301, 101), *toy_study.place(299, 100)), encoding="utf-8")
    toy_study.edit(file, 'id = "ref"', 'id = "ref"\nname = "name"')
    return study


def test_a_gate_that_the_scenario_closes_is_offered_and_opened_by_leaving_the_closing_out(garden, tmp_path):
    assert run("links", garden, "--scenario", "shut", "--category", "school", "--top", "1", "--out", tmp_path / "out") == 0
    best = listed(tmp_path / "out").iloc[0]
    assert (best["how"], best["kind"], best["people_distinct"], best["length_m"]) == ("closed", "gate", 100, 0)
    assert "恢复" in best["place"] and best["walk_m"] == 200 + 100 + 600 + 100
    assert gpd.read_file(tmp_path / "out" / "links.geojson").geom_type.iloc[0] == "Point"
    told = tomllib.loads((tmp_path / "out" / "links.toml").read_text(encoding="utf-8"))
    assert "links" not in told and not told.get("gates") and told["name"]["zh"].startswith("关闭东门")
    base, shut, opened = (result for _, result in analyzed_all(garden, [None, "shut", str(tmp_path / "out" / "links.toml")]))
    assert gained(shut, opened) == {("school", "L15", "all"): 100} and gained(base, opened) == {}


def test_a_gate_that_the_study_has_closed_is_offered_as_a_gate_to_open(garden, tmp_path):
    toy_study.edit(garden / "study.toml", 'path = "gates.geojson"', 'path = "gates.geojson"\nkind = "kind"')
    toy_study.write_layer(garden / "gates.geojson", [shapely.Point(100, 100), shapely.Point(300, 100)], kind=["open", "closed"])
    answer, _ = find_links(garden, Search(top=1, categories=("school",)), out=tmp_path / "out", progress=lambda *_: None)
    assert answer.ranking.table[["how", "kind"]].values.tolist() == [["walled", "gate"]] and answer.ranking.table["people_distinct"].iloc[0] == pytest.approx(100)
    assert "花园：打通围墙，接中街" == listed(tmp_path / "out")["place"].iloc[0]
    told = Scenario.model_validate(tomllib.loads((tmp_path / "out" / "links.toml").read_text(encoding="utf-8")))
    assert [gate.change for gate in told.gates] == ["open"]
    base, opened = (result for _, result in analyzed_all(garden, [None, str(tmp_path / "out" / "links.toml")]))
    assert gained(base, opened) == {("school", "L15", "all"): 100}


def test_links_on_top_of_a_scenario_keep_it(study, tmp_path):
    line = [list(toy_study.place(870, 0)), list(toy_study.place(870, 200))]
    plan = Scenario.model_validate({"name": "东巷", "links": [{"kind": "footpath", "name": "东巷", "line": line}], "walking": {"speeds": {"all": 5}}})
    (tmp_path / "plan.toml").write_text(toml_text(plan), encoding="utf-8")
    assert run("links", study, "--scenario", tmp_path / "plan.toml", "--category", "school", "--out", tmp_path / "out") == 0
    told = Scenario.model_validate(tomllib.loads((tmp_path / "out" / "links.toml").read_text(encoding="utf-8")))
    assert told.links[0] == plan.links[0] and told.walking == plan.walking
    #  C has its school by the scenario's own path
    assert listed(tmp_path / "out")["people_distinct"].sum() < 80
    assert record(tmp_path / "out")["scenario"]["name"]["zh"] == "东巷"


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The folder that one run of the command on the sample district wrote."""
    return shared_folder(tmp_path_factory, "links-beilun", lambda folder: run("links", ROOT / "data" / "beilun", "--top", "3", "--out", folder / "links")) / "links"


def test_the_gate_and_the_bridge_left_out_of_the_sample_are_found(sample):
    table = listed(sample)
    assert table["kind"].tolist()[:2] in (["gate", "bridge"], ["bridge", "gate"]) and len(table) == 3
    gate, bridge = (table[table["kind"] == kind].iloc[0] for kind in ("gate", "bridge"))
    facts = tomllib.loads((ROOT / "scripts" / "sample_beilun" / "facts.toml").read_text(encoding="utf-8"))["planted"]
    #  the planted estate (`tests/test_sample_beilun.py`) opens to the west alone; the gate is in its east wall
    assert gate["residences"] == facts["one_gate"]["name"] and facts["one_gate"]["name"] in gate["place"]
    land = gpd.read_file(ROOT / "data" / "beilun" / "用地.gpkg", layer="用地")
    estate = land[land["小区名称"] == facts["one_gate"]["name"]].geometry.iloc[0]
    shapes = gpd.read_file(sample / "links.geojson").to_crs("EPSG:4550").set_index("kind").geometry
    there = shapes["gate"].iloc[0] if isinstance(shapes["gate"], gpd.GeoSeries) else shapes["gate"]
    assert there.centroid.x > estate.centroid.x + 100 and there.distance(estate.boundary) < 40 and gate["length_m"] <= 40 and gate["people_distinct"] > 900
    #  the bridge of the sample's own scenario crosses the same reach of the river
    (told,) = schema.load(ROOT / "data" / "beilun")[0].scenarios["footbridge"].links
    line = gpd.GeoSeries([shapely.LineString(told.line)], crs="EPSG:4326").to_crs("EPSG:4550").iloc[0]
    assert bridge["barrier"] == "water" and shapes["bridge"].distance(line) < 150 and bridge["length_m"] < 180 and bridge["people_distinct"] > 2000
    assert "com_telecom" in bridge["categories"] and record(sample)["together"]["lost_people"] == 0
    assert record(sample)["together"]["people"] == pytest.approx(table["people_in_sequence"].sum(), abs=0.1)
