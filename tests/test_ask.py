"""Questions to a study's streets: a place asked about, told in sentences and drawn; the reason when there is no answer."""

from __future__ import annotations

import json
import shutil

import geopandas as gpd
import numpy as np
import pytest
import shapely
import toy_study
from test_cli import run

from livingcircle.errors import DataError
from livingcircle.study import ask

AREA_KEYS = {"minutes", "limit_m", "area_ha", "speed_kmh", "walking", "from_leg_m"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The toy study with a lane that nothing joins, 1,200 m east, and a river north of the street with a pond in the west.

    ::

            pond [100-200, 100-160]   │ 小巷 (500, 0)-(500, 300)
        ≈≈≈≈ river, y = 40, x 620..1100 ≈≈≈≈
        (0,0)──────────── 长街 ────────────(1000,0)     (1200,0)── 孤岛路 ──(1500,0)
    """
    folder = toy_study.write(tmp_path_factory.mktemp("asked") / "toy")
    paths = [[(0, 0), (1000, 0)], [(500, 0), (500, 300)], [(1200, 0), (1500, 0)]]
    toy_study.write_layer(
        folder / "streets.geojson", [shapely.LineString(p) for p in paths],
        highway=["residential", "footway", "residential"], name=["长街", "小巷", "孤岛路"],
    )
    toy_study.write_layer(folder / "river.geojson", [shapely.LineString([(620, 40), (1100, 40)])], id=[1])
    toy_study.write_layer(folder / "pond.geojson", [shapely.box(100, 100, 200, 160)], id=[1])
    text = (folder / "study.toml").read_text(encoding="utf-8")
    walls = "".join(f'\n[[barriers]]\npath = "{name}.geojson"\nkind = "water"\n' for name in ("river", "pond"))
    (folder / "study.toml").write_text(text + walls, encoding="utf-8")
    return folder


def at(x, y):
    return "{:.9f},{:.9f}".format(*toy_study.place(x, y))


def told(study, tmp_path, asked, *, start=(400, 10), metres="100,200"):
    """The features written for a place asked about, areas and trails apart."""
    out = tmp_path / "a.geojson"
    assert run("area", study, "--at", at(*start), "--metres", metres, "--out", out, "--explain", at(*asked)) == 0
    features = json.loads(out.read_text(encoding="utf-8"))["features"]
    areas = [f for f in features if f["properties"].get("kind") != "trail"]
    assert features[: len(areas)] == areas
    return areas, features[len(areas) :]


def metric(coordinates):
    back = gpd.GeoSeries([shapely.LineString(coordinates)], crs="EPSG:4326").to_crs("EPSG:4550")
    return shapely.get_coordinates(back.to_numpy()) - (toy_study.EAST, toy_study.NORTH)


def test_a_place_reached_and_beyond(study, tmp_path, capsys):
    #  10 + 100 along 长街 + 250 up 小巷 + 34 to the place
    areas, trails = told(study, tmp_path, (534, 250), metres="200,400")
    near, far = (f["properties"] for f in trails)
    assert (near["status"], far["status"]) == ("beyond_limit", "reached")
    assert near["walk_m"] == pytest.approx(394, abs=0.2)
    assert near["limit_m"] == 200 and near["limit"]["street"]["name"] == "小巷"
    #  90 m up the lane the 200 m are used up
    assert near["limit"]["point"] == pytest.approx(toy_study.place(500, 90), abs=2e-6)
    assert near["limit"]["rest_m"] == pytest.approx(194, abs=0.2)
    assert [p["name"] for p in near["path"]] == ["", "长街", "小巷", ""]
    assert metric(trails[0]["geometry"]["coordinates"]) == pytest.approx(
        np.array([[400, 10], [400, 0], [500, 0], [500, 250], [534, 250]]), abs=0.2
    )
    said = capsys.readouterr().out
    assert "3 分钟（200 米）：最近的街道是小巷，相距 34 米。步行 394 米（5.9 分钟），比限值 200 米多 194 米。走到小巷上" in said
    assert near["sentence"] in said and far["sentence"] in said
    assert all(set(f["properties"]) == AREA_KEYS for f in areas)


def test_areas_are_the_same_with_and_without_a_place(study, tmp_path):
    areas, _ = told(study, tmp_path, (530, 250))
    assert run("area", study, "--at", at(400, 10), "--metres", "100,200", "--out", tmp_path / "b.geojson") == 0
    assert json.loads((tmp_path / "b.geojson").read_text(encoding="utf-8"))["features"] == areas


@pytest.mark.parametrize(
    ("asked", "status", "cause", "word"),
    [
        ((530, 250), "beyond_limit", "beyond_limit", "比限值 200 米多"),
        ((450, 5), "reached", "reached", "不超过限值 200 米"),
        ((1300, 20), "unreachable", "not_joined", "缺一段联系，直线相隔 200 米"),
        ((800, 100), "off_network", "behind_barrier", "水面阻隔"),
        ((150, 130), "off_network", "inside_barrier", "在水面之内"),
        ((300, 600), "off_network", "no_street_within_limit", "150 米内没有可步行的街道"),
    ],
)
def test_every_status_is_told_apart(study, tmp_path, asked, status, cause, word):
    _, (one,) = told(study, tmp_path, asked, metres="200")
    properties = one["properties"]
    assert (properties["kind"], properties["status"], properties["cause"]) == ("trail", status, cause)
    assert word in properties["sentence"]
    if status in ("off_network", "unreachable"):
        assert properties["walk_m"] is None and properties["path"] is None
        assert metric(one["geometry"]["coordinates"]) == pytest.approx(np.array([(400, 10), asked]), abs=0.2)


def test_trails_agree_with_the_areas(study, tmp_path):
    #  10 + 80 + 15 to the place: between the two limits
    areas, trails = told(study, tmp_path, (480, 15))
    inside = [shapely.geometry.shape(f["geometry"]).contains(shapely.Point(toy_study.place(480, 15))) for f in areas]
    assert inside == [f["properties"]["status"] == "reached" for f in trails] == [False, True]


def test_the_missing_link_is_told_in_degrees(study, tmp_path):
    _, (one,) = told(study, tmp_path, (1300, 20), metres="100")
    link = one["properties"]["component"]["missing_link"]
    assert link["gap_m"] == pytest.approx(200, abs=0.1)
    assert link["from_point"] == pytest.approx(toy_study.place(1200, 0), abs=2e-6)
    assert link["to_point"] == pytest.approx(toy_study.place(1000, 0), abs=2e-6)


def test_a_map_program_opens_the_file(study, tmp_path):
    told(study, tmp_path, (530, 250))
    frame = gpd.read_file(tmp_path / "a.geojson")
    assert [kind.removeprefix("Multi") for kind in frame.geom_type] == ["Polygon", "Polygon", "LineString", "LineString"]
    assert frame["minutes"].tolist() == [1.5, 3, 1.5, 3]
    assert frame.loc[2, "status"] == "beyond_limit"


def test_in_english_where_the_study_is(study, tmp_path, capsys):
    english = shutil.copytree(study, tmp_path / "toy")
    toy_study.edit(english / "study.toml", 'language = "zh"', 'language = "en"')
    told(english, tmp_path, (450, 5), metres="100")
    assert "1.5 minutes (100 m): The nearest street is 长街, 5.0 m away." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ((300, 600), ("150 米内没有可步行的道路；最近的是“小巷”，相距 361 米",)),
        ((800, 100), ("位于阻隔（水面 river.geojson#1）之后", "“长街”，相距 100 米")),
        ((150, 130), ("位于阻隔（水面 pond.geojson#1）之内", "“长街”，相距 130 米")),
    ],
)
def test_a_start_off_the_network_says_why(study, tmp_path, capsys, start, words):
    out = tmp_path / "a.geojson"
    assert run("area", study, "--at", at(*start), "--metres", "200", "--out", out, "--explain", at(450, 5)) == 3
    said = capsys.readouterr().err
    for word in words:
        assert word in said
    assert not out.exists()


def test_a_place_that_is_no_place(study, tmp_path, capsys):
    assert run("area", study, "--at", at(400, 10), "--out", tmp_path / "a.geojson", "--explain", "121.7") == 2
    assert "--explain" in capsys.readouterr().err
    with pytest.raises(DataError, match="--explain"):
        ask.area(study, at=toy_study.place(400, 10), limits=ask.Limits([5]), out=tmp_path / "a.geojson", explain=(500.0, 95.0))
    assert not (tmp_path / "a.geojson").exists()


def test_areas_and_trails_of_a_scenario_walk_over_its_links(study, tmp_path):
    #  a footbridge from (300, 0) to (300, 120) and on to 小巷 at (500, 120); walks are quicker only over it
    bridge = [[*toy_study.place(300, 0)], [*toy_study.place(300, 120)], [*toy_study.place(500, 120)]]
    file = tmp_path / "plan.toml"
    file.write_text(f'[[links]]\nkind = "bridge"\nname = "桥"\nline = {bridge}\n[[links]]\nkind = "footpath"\nline = [[{toy_study.place(1000, 0)[0]:.9f}, {toy_study.place(1000, 0)[1]:.9f}], [{toy_study.place(1200, 0)[0]:.9f}, {toy_study.place(1200, 0)[1]:.9f}]]\n', encoding="utf-8")

    def asked(out, *more, metres="250"):
        assert run("area", study, "--at", at(900, 10), "--metres", metres, "--out", tmp_path / out, *more) == 0
        return json.loads((tmp_path / out).read_text(encoding="utf-8"))["features"]

    assert asked("same.geojson") == asked("none.geojson", "--scenario", _empty(tmp_path))
    area, trail = asked("a.geojson", "--scenario", file, "--explain", at(1250, 10), metres="400")
    #  10 + 100 to the end of 长街, 200 over the new path, 50 along 孤岛路, 10 to the place; nothing joins them without it
    assert trail["properties"]["status"] == "reached" and trail["properties"]["walk_m"] == pytest.approx(370, abs=0.2)
    shape = shapely.geometry.shape(area["geometry"])
    assert shape.contains(shapely.Point(toy_study.place(1250, 3))) and not shape.contains(shapely.Point(toy_study.place(1290, 30)))
    (before, apart) = asked("b.geojson", "--explain", at(1250, 10), metres="400")
    assert apart["properties"]["status"] == "unreachable"
    assert not shapely.geometry.shape(before["geometry"]).intersects(shapely.Point(toy_study.place(1250, 3)).buffer(1e-5))
    #  (320, 100) lies nearer to the bridge than to 长街, but no home or place leaves the street it stands on
    area, trail = asked("c.geojson", "--scenario", file, "--explain", at(320, 100), metres="700")
    assert trail["properties"]["walk_m"] == pytest.approx(10 + 580 + 100, abs=0.2)
    assert shapely.geometry.shape(area["geometry"]).contains(shapely.Point(toy_study.place(320, 100)))


def _empty(folder):
    file = folder / "empty.toml"
    file.write_text("", encoding="utf-8")
    return file


def test_a_scenario_that_is_none_is_told(study, tmp_path, capsys):
    assert run("area", study, "--at", at(400, 10), "--out", tmp_path / "a.geojson", "--scenario", "nowhere") == 3
    assert "nowhere" in capsys.readouterr().err and not (tmp_path / "a.geojson").exists()
