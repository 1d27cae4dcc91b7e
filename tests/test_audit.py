"""The data check: planted faults are found and named, and their effect is what a hand works out."""

import json
from html import escape

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import test_cli
import toy_study
from conftest import lines
from toy_study import edit, edit_features, place

from livingcircle.audit import DOUBT, FAULT, NOTE, Effect, Finding, as_table
from livingcircle.audit.finding import ranked
from livingcircle.audit.streets import _joints, dead_ends_near
from livingcircle.messages import words
from livingcircle.network import from_lines, from_ways, mere_crossings
from livingcircle.outputs import check_page
from livingcircle.outputs.check_words import told
from livingcircle.sources import osm
from livingcircle.study.checking import _joined, check
from livingcircle.study.decisions import _gates_at_outlines


@pytest.fixture
def study(tmp_path):
    return toy_study.write(tmp_path / "toy")


def checked(folder, **more):
    return check(folder, out=folder / "out", progress=lambda *_: None, **more)


def kinds(report):
    return {finding.kind: (finding, effect) for finding, effect in report.findings}


def test_a_sound_study_has_but_the_park_without_a_gate(study):
    report, files = checked(study)
    assert {kind: (finding.count, effect.people) for kind, (finding, effect) in kinds(report).items()} == {"entrance_assumed": (1, 0.0)}
    assert [file.name for file in files] == ["check.csv", "check.html"]
    assert not report.faulty
    assert report.read["role"].tolist() == ["streets", "residences", "facilities", "facilities"]
    assert report.categories.values.tolist() == [["school", 2, 1, "schools.csv"], ["park", 1, 1, "parks.geojson"]]


def features(*, at, **properties):
    """A GeoJSON feature of a line or polygon in the toy's metres."""
    shape = shapely.transform(at, lambda xy: np.array([place(x, y) for x, y in xy]))
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}


def island(folder):
    #  a street 30 m north of the homes in the east, joined to nothing; they live 30 m from the long street and 10 m from it
    edit_features(folder / "streets.geojson", lambda f: [*f, features(at=shapely.LineString([(790, 62), (1100, 62)]), highway="residential")])


def crossing(folder):
    edit_features(folder / "streets.geojson", lambda f: [*f, features(at=shapely.LineString([(700, -150), (700, 150)]), highway="residential")])


def near_miss(folder):
    edit_features(folder / "streets.geojson", lambda f: [*f, features(at=shapely.LineString([(700, 3), (700, 250)]), highway="residential")])


def private(folder):
    edit_features(
        folder / "streets.geojson",
        lambda f: [*f, features(at=shapely.LineString([(0, 0), (0, 300)]), highway="raceway"), features(at=shapely.LineString([(0, 0), (9, 300)]), highway="motorway")],
    )


def school_at_sea(folder):
    with (folder / "schools.csv").open("a", encoding="utf-8") as file:
        file.write("海上小学,现状,,{:.8f},{:.8f}\n".format(*place(300, -900)))


def school_in_another_town(folder):
    with (folder / "schools.csv").open("a", encoding="utf-8") as file:
        file.write("远方小学,现状,,{:.8f},{:.8f}\n".format(*place(9000, 0)))


def schools_on_one_spot(folder):
    with (folder / "schools.csv").open("a", encoding="utf-8") as file:
        for name in ("甲小学", "乙小学", "丙小学"):
            file.write("{},现状,,{:.8f},{:.8f}\n".format(name, *place(900, 20)))


def nameless(folder):
    edit(folder / "schools.csv", "西小学", "")


def no_year(folder):
    edit(folder / "schools.csv", "规划,2030", "规划,")


def existing_in_the_future(folder):
    edit(folder / "schools.csv", "规划,2030", "现状,2030")


def park_far_from_streets(folder):
    #  the toy's park, 300 m to the north of the branch's end: its middle stands in for a door
    edit_features(folder / "parks.geojson", lambda f: [features(at=shapely.box(480, 700, 560, 780), name="绿园")])


def no_parks(folder):
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text.split("[[facilities]]\npath = \"parks")[0] + "[residences]" + text.split("[residences]")[1], encoding="utf-8")


def empty_land(folder):
    edit(folder / "homes.geojson", '"people": 80', '"people": 0')


def crowd(folder):
    edit(folder / "homes.geojson", '"people": 80', '"people": 80000')


def sliver(folder):
    edit_features(folder / "homes.geojson", lambda f: [*f, features(at=shapely.box(300, 5, 302, 15), ref="S", people=1)])


def parcel_twice(folder):
    edit_features(folder / "homes.geojson", lambda f: [*f, features(at=shapely.box(100, 5, 160, 60), ref="A2", people=50)])


def home_in_the_fields(folder):
    edit_features(folder / "homes.geojson", lambda f: [*f, features(at=shapely.box(200, 200, 260, 240), ref="F", people=30)])


def home_behind_the_river(folder):
    home = features(at=shapely.box(200, -120, 260, -80), ref="R", people=30)
    edit_features(folder / "homes.geojson", lambda f: [*f, home])
    toy_study.write_layer(folder / "river.geojson", [shapely.LineString([(-500, -50), (1500, -50)])], name=["河"])
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[barriers]]\npath = "river.geojson"\nkind = "water"\n')


def unit_too_small(folder):
    toy_study.write_layer(folder / "units.geojson", [shapely.box(-50, -50, 600, 100)], name=["西社区"])
    edit(folder / "study.toml", 'crs = "EPSG:4550"', 'crs = "EPSG:4550"\nunits = "units.geojson"')


def area_too_small(folder):
    toy_study.write_layer(folder / "area.geojson", [shapely.box(-50, -50, 600, 100)], name=["范围"])
    edit(folder / "study.toml", 'crs = "EPSG:4550"', 'crs = "EPSG:4550"\narea = "area.geojson"')


def bow_tie(folder):
    bow = shapely.Polygon([(200, 5), (260, 60), (260, 5), (200, 60)])
    edit_features(folder / "homes.geojson", lambda f: [*f, features(at=bow, ref="X", people=10)])


def gbk_table(folder):
    text = (folder / "schools.csv").read_text(encoding="utf-8-sig")
    (folder / "schools.csv").write_bytes(text.encode("gb18030"))


def twice_in_the_file(folder):
    with (folder / "schools.csv").open("a", encoding="utf-8") as file:
        file.write("西小学,现状,,{:.8f},{:.8f}\n".format(*place(0, 30)))


def compound_without_gate(folder):
    toy_study.write_layer(folder / "walls.geojson", [shapely.box(440, 1, 560, 70)], name=["围合小区"])
    toy_study.write_layer(folder / "gates.geojson", [shapely.Point(*at) for at in ((500, 1), (500, 70), (0, 400))], kind=["closed", "closed", "open"])
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[compounds]]\npath = "walls.geojson"\nname = "name"\n\n[[gates]]\npath = "gates.geojson"\nkind = "kind"\n')


PLANTED = [
    (island, "islands", DOUBT, 1),
    (crossing, "crossings_without_joint", DOUBT, 1),
    (near_miss, "dead_ends", DOUBT, 1),
    (private, "streets_left_out", NOTE, 2),
    (school_at_sea, "facilities_off_network", DOUBT, 1),
    (school_in_another_town, "far_from_homes", DOUBT, 1),
    (schools_on_one_spot, "same_spot", DOUBT, 3),
    (nameless, "nameless", NOTE, 1),
    (no_year, "planned_without_year", DOUBT, 1),
    (existing_in_the_future, "existing_not_yet_open", DOUBT, 1),
    (park_far_from_streets, "no_entrance", DOUBT, 1),
    (no_parks, "not_found", DOUBT, 1),
    (empty_land, "land_without_people", DOUBT, 1),
    (crowd, "too_dense", DOUBT, 1),
    (sliver, "slivers", NOTE, 1),
    (parcel_twice, "land_twice", DOUBT, 1),
    (home_in_the_fields, "homes_off_network", DOUBT, 1),
    (home_behind_the_river, "homes_behind_barriers", DOUBT, 1),
    (unit_too_small, "outside_units", DOUBT, 1),
    (area_too_small, "residences_outside", DOUBT, 1),
    (bow_tie, "repaired", NOTE, 1),
    (gbk_table, "encoding_assumed", NOTE, 1),
    (twice_in_the_file, "merged", NOTE, 1),
    (compound_without_gate, "compounds_without_gate", DOUBT, 1),
    (compound_without_gate, "gates_unused", DOUBT, 1),
]


@pytest.mark.parametrize(("plant", "kind", "severity", "count"), PLANTED, ids=[f"{plant.__name__}-{kind}" for plant, kind, _, _ in PLANTED])
def test_a_planted_doubt_is_found(study, plant, kind, severity, count):
    plant(study)
    report, _ = checked(study)
    finding, _ = kinds(report)[kind]
    assert (finding.severity, finding.count) == (severity, count)
    for language in ("zh", "en"):
        said = told(kinds(report)[kind], language=language, standard=report.standard)
        assert all(said[:4])
        assert "{" not in said.finding + said.effect + said.remedy
        assert said.effect != words(language, "check")["effect.unread"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (test_cli.wrong_crs, ["homes.geojson"]),
        (test_cli.far_away, ["homes.geojson", "km"]),
        (test_cli.empty_layer, ["parks.geojson", "是空的"]),
        (test_cli.swapped, ["schools.csv", "写反了"]),
        (test_cli.nan_coordinates, ["schools.csv"]),
        (test_cli.no_column, ["人口"]),
        (test_cli.truncated, ["streets.geojson"]),
        (test_cli.negative_people, ["homes.geojson", "负数"]),
        (test_cli.bad_year, ["schools.csv", "soon"]),
        (test_cli.no_walkable_street, ["没有可步行的道路"]),
        (test_cli.garbage_extract, ["streets.osm"]),
        (test_cli.people_without_end, ["homes.geojson", "大得不合理"]),
        (test_cli.plain_graphml, ["streets.graphml"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_planted_fault_is_a_finding_and_the_page_is_written(study, capsys, spoil, words):
    spoil(study)
    assert test_cli.run("check", study, "--out", study / "out") == 3
    table = pd.read_csv(study / "out" / "check.csv", encoding="utf-8-sig")
    assert (table["severity"] == FAULT).all()
    everything = " ".join(table["layer"] + " " + table["finding"])
    for word in words:
        assert word in everything
    shown, page = capsys.readouterr().out, (study / "out" / "check.html").read_text(encoding="utf-8")
    assert "错误" in shown and "请" in shown
    assert all(one in page for one in (escape(told) for told in (*table["finding"], *table["remedy"])))
    assert test_cli.run("check", study, "--out", study / "out", "--lang", "en") == 3
    english = pd.read_csv(study / "out" / "check.csv", encoding="utf-8-sig")
    assert (english["finding"] != table["finding"]).all() and (english["remedy"] != table["remedy"]).all()


def effect_of(report, kind):
    return kinds(report)[kind][1]


def test_the_effect_of_a_school_by_hand(study):
    #  the east school counts from 2030; open today it stands 180 to 80 m from block C (80 people), whom the west school at
    #  820 m and more does not serve: 500 m is the limit. B (200 people, x 450 to 550) reaches the west one within 500 m only in
    #  part, and the east one (x 1000) likewise: 500 - 10 - 5 and less of street, so x >= 515 + the leg
    no_year(study)
    report, _ = checked(study)
    effect = effect_of(report, "planned_without_year")
    assert (effect.category, effect.level) == ("school", "L15")
    assert 80 <= effect.people <= 80 + 200 * 0.35
    assert effect.people > 80


def test_the_effect_of_a_missing_joint_by_hand(study):
    #  a school stands at the far end of a side street that ends 3 m short of the long street: joined it serves block C whole
    near_miss(study)
    with (study / "schools.csv").open("a", encoding="utf-8") as file:
        file.write("北小学,现状,,{:.8f},{:.8f}\n".format(*place(700, 150)))
    report, _ = checked(study)
    finding, effect = kinds(report)["dead_ends"]
    assert np.allclose(finding.places, [[toy_study.EAST + 700, toy_study.NORTH + 3]], atol=0.05)
    assert effect.people >= 80
    assert effect.category == "school"


def test_land_counted_twice_has_an_effect_on_land(study):
    parcel_twice(study)
    effect = effect_of(checked(study)[0], "land_twice")
    assert effect.land_points > 0


def test_what_changes_nobody_changes_nothing(study):
    report, _ = checked(study)
    assert effect_of(report, "entrance_assumed") == Effect(0.0, 0.0, "", "")


def test_the_order_is_faults_doubts_notes_and_the_weightiest_first():
    pairs = [
        (Finding("a", NOTE, "x", 1), Effect(9.0)),
        (Finding("b", DOUBT, "x", 1), Effect(1.0)),
        (Finding("c", DOUBT, "x", 1), Effect(5.0)),
        (Finding("d", FAULT, "x", 1), Effect()),
        (Finding("e", DOUBT, "x", 1), Effect()),
    ]
    assert [finding.kind for finding, _ in ranked(pairs)] == ["d", "c", "b", "e", "a"]


def test_the_table_tells_places_in_degrees():
    spot = np.array([[toy_study.EAST, toy_study.NORTH]])
    table = as_table([(Finding("a", NOTE, "x", 1, places=spot, names=["甲", "", "乙"]), Effect(3.0, 1.0, "school", "L15"))], "EPSG:4550")
    assert table[["lon", "lat"]].values.tolist()[0] == pytest.approx(place(0, 0), abs=1e-5)
    assert table["names"].tolist() == ["甲; 乙"]
    assert as_table([], "EPSG:4550").empty


def test_dead_ends_that_meet_their_street_are_none():
    #  a stub that ends at a corner of its own block is near its own neighbors, but nothing is missing
    network = from_lines(lines([(0, 0), (100, 0)], [(100, 0), (100, 3)], [(0, 0), (0, 90)]))
    assert dead_ends_near(network, within_m=5).tolist() == []
    apart = from_lines(lines([(0, 0), (100, 0)], [(50, 4.9), (50, 90)], [(20, 5.1), (20, 90)]))
    assert dead_ends_near(apart, within_m=5).tolist() == [[50.0, 4.9]]


def test_inputs_stay_and_other_files_in_the_folder_too(study):
    out = study / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    before = {file.name: file.read_bytes() for file in study.iterdir() if file.is_file()}
    checked(study)
    assert {file.name: file.read_bytes() for file in study.iterdir() if file.is_file()} == before
    assert sorted(file.name for file in out.iterdir()) == ["check.csv", "check.html", "mine.txt"]


def test_the_page_shows_names_as_text(study):
    edit(study / "schools.csv", "东小学,规划,2030", "<img src=x onerror=alert(1)>,现状,2030")
    report, files = checked(study, language="en")
    page = files[1].read_text(encoding="utf-8")
    assert "<img" not in page
    assert "&lt;img src=x" in page
    assert "<script" not in page
    assert check_page.POLICY.split(";")[0] in page
    assert 'lang="en"' in page


def test_check_leaves_an_analysis_in_its_place(study):
    assert test_cli.run("analyze", study, "--out", study / "out") == 0
    assert test_cli.run("check", study, "--out", study / "out", "--lang", "en") == 0
    assert {"index.html", "run.json", "check.html"} <= {file.name for file in (study / "out").iterdir()}
    assert test_cli.run("analyze", study, "--out", study / "out") == 0
    assert (study / "out" / "check.html").is_file()


def test_real_streets_are_read_as_they_are(extracts, tmp_path):
    from test_real_extracts import study as real

    report, _ = checked(real("longgang", tmp_path))
    found = kinds(report)
    #  34 pieces of the walking network beside the main one
    assert found["islands"][0].count == 34
    assert found["islands"][1].people > 0
    assert found["crossings_without_joint"][1].people > 0
    assert FAULT not in {finding.severity for finding, _ in report.findings}
    assert gpd.GeoSeries(shapely.points(found["islands"][0].places)).is_valid.all()


def test_links_across_a_plaza_are_no_missing_joints(tmp_path):
    #  a square of 100 m to be crossed in any direction, four streets at its corners: the links cross in its middle
    corners = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100), 5: (-80, -80), 6: (180, -80), 7: (180, 180), 8: (-80, 180)}
    ways = [(1, [1, 2, 3, 4, 1], {"highway": "pedestrian", "area": "yes"})]
    ways += [(n, [n - 1, n + 3], {"highway": "residential"}) for n in (2, 3, 4, 5)]
    lines_of = ['<?xml version="1.0"?><osm version="0.6">']
    for number, spot in corners.items():
        lon, lat = place(*spot)
        lines_of.append(f'<node id="{number}" version="1" lon="{lon:.7f}" lat="{lat:.7f}"/>')
    for number, refs, tags in ways:
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs) + "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())
        lines_of.append(f'<way id="{number}" version="1">{inner}</way>')
    (tmp_path / "plaza.osm").write_text("\n".join([*lines_of, "</osm>"]), encoding="utf-8")
    network = from_ways(osm.read_ways(tmp_path / "plaza.osm").to_crs("EPSG:4550"))
    assert (network.street_m == 0).sum() >= 2
    assert len(mere_crossings(network.streets, tolerance_m=0.5)) == 1
    assert [finding.kind for finding in _joints(network, "plaza.osm", None)] == []


def test_an_extract_joined_in_the_other_way_is_else_the_same(ladder):
    #  nothing crosses and nothing is near: joined in any way it is the same network
    same = _joined(ladder, 5.0, True)
    assert np.allclose(np.sort(same.length_m), np.sort(ladder.length_m))
    assert len(same.nodes) == len(ladder.nodes)
    apart = from_lines(lines([(0, 0), (100, 0)], [(50, 3), (50, 90)], [(80, -50), (80, 50)]))
    assert len(apart.components) == 3
    assert len(_joined(apart, 5.0, False).components) == 2
    assert len(_joined(apart, None, True).components) == 2


def area_of_the_west(folder):
    #  block C lies outside; the school in the east is open today, so that C would be served
    area_too_small(folder)
    edit(folder / "schools.csv", "规划,2030", "现状,")


def corrected_away(folder, *rows):
    (folder / "corrections").mkdir()
    (folder / "corrections" / "更正.csv").write_text("\n".join(["动作,设施编号,改为", *rows]) + "\n", encoding="utf-8")


def test_repeats_kept_apart_change_nobody_but_the_number(study):
    twice_in_the_file(study)
    finding, effect = kinds(checked(study)[0])["merged"]
    assert finding.values["by_category"] == {"school": 1}
    assert (effect.people, list(finding.names)) == (0.0, ["西小学"])


def test_a_repeat_with_a_door_of_its_own_by_hand(study):
    #  the same school again 45 m away to the west: kept apart or not, all doors stay, so that nobody's answer changes
    with (study / "schools.csv").open("a", encoding="utf-8") as file:
        file.write("西小学,现状,,{:.8f},{:.8f}\n".format(*place(40, 10)))
    report, _ = checked(study)
    finding, effect = kinds(report)["merged"]
    assert (finding.count, finding.values["by_category"], effect.people) == (1, {"school": 1}, 0.0)
    assert "学校 1" in told((finding, effect), language="zh", standard=report.standard).finding


def test_corrections_not_applied_by_hand(study):
    #  the west school, dropped, serves the whole of block A (120 people, 500 m and less) and the part of B with x <= 490 less its leg
    corrected_away(study, "删除,schools.csv#2,")
    finding, effect = kinds(checked(study)[0])["corrected"]
    assert finding.names == ["schools.csv#2"]
    assert 120 <= effect.people <= 120 + 200 * 0.4
    assert effect.category == "school"


def test_a_category_given_by_a_planner_is_taken_back(study):
    #  a school that only a correction makes one stands at block C's door (80 people); of B (x 450 to 550, 200 people) the west school serves
    #  x <= 500 - 10 - 5 at most, 35 %, and the new one all
    text = (study / "study.toml").read_text(encoding="utf-8")
    (study / "study.toml").write_text(text.replace('category = "school"', 'mapping = "table"').replace('name = "名称"', 'name = "名称"\ncategory = "类"'), encoding="utf-8")
    rows = ["名称,状态,年份,lon,lat,类", "西小学,现状,,{:.8f},{:.8f},学校".format(*place(0, 10)), "书院,现状,,{:.8f},{:.8f},".format(*place(870, -10))]
    (study / "schools.csv").write_text("\n".join(rows) + "\n", encoding="utf-8-sig")
    corrected_away(study, "改类,schools.csv#3,学校")
    effect = effect_of(checked(study)[0], "corrected")
    assert 80 + 200 * 0.65 <= effect.people < 280


def unclassified_rows(folder):
    #  of three rows without a category one is named like a school, at the door of block C
    with (folder / "tiny.toml").open("a", encoding="utf-8") as file:
        file.write('[categories.school.match]\namap = [{ codes = ["1412"], name_regex = "小学" }]\n')
    edit(folder / "study.toml", 'category = "school"', 'mapping = "amap"')
    edit(folder / "study.toml", 'name = "名称"', 'name = "名称"\ncode = "码"')
    rows = ["名称,状态,年份,lon,lat,码"]
    for name, code, x in (("西小学", "141203", 0), ("江滨小学", "120000", 870), ("小学路", "190301", 500), ("面馆", "050000", 300)):
        rows.append("{},现状,,{:.8f},{:.8f},{}".format(name, *place(x, -10), code))
    (folder / "schools.csv").write_text("\n".join(rows) + "\n", encoding="utf-8-sig")


def test_rows_of_no_category_that_are_named_like_one_by_hand(study):
    unclassified_rows(study)
    report, _ = checked(study)
    finding, effect = kinds(report)["unclassified"]
    assert (finding.count, finding.values["maybe"], finding.values["rest"]) == (3, 1, 2)
    assert (finding.values["by_category"], list(finding.names)) == ({"school": 1}, ["江滨小学"])
    #  C's 80 people are the new school's; of B those whom the old one did not serve, x >= 485 at least
    assert 80 + 200 * 0.65 <= effect.people < 280
    assert effect.category == "school"
    said = told((finding, effect), language="zh", standard=report.standard).finding
    assert "学校 1；其余 2 行" in said


def test_a_category_not_found_may_hide_among_rows_of_no_category(study):
    #  no row is a school by its code: the one named like it would serve where none did
    unclassified_rows(study)
    edit(study / "schools.csv", "西小学", "西楼")
    edit(study / "schools.csv", "141203", "120000")
    report, _ = checked(study)
    finding, effect = kinds(report)["unclassified"]
    assert "school" in kinds(report)["not_found"][0].values["categories"]
    #  within 500 m of x = 870: C whole and B whole (legs and all: 870 - 450 + 60 + 10 = 490)
    assert effect.people == pytest.approx(280)


def test_rows_that_look_like_nothing_have_no_effect_and_say_so(study):
    unclassified_rows(study)
    edit(study / "schools.csv", "江滨小学", "江滨茶馆")
    report, _ = checked(study)
    finding, effect = kinds(report)["unclassifiable"]
    assert finding.count == 3
    assert told((finding, effect), language="en", standard=report.standard).effect == "nothing to count in addition: no coverage changes"


def test_homes_outside_the_area_by_hand(study):
    area_of_the_west(study)
    finding, effect = kinds(checked(study)[0])["residences_outside"]
    assert (finding.people, list(finding.names), effect.people, effect.category) == (80, ["C"], pytest.approx(80), "school")


def test_a_repaired_home_not_counted_by_hand(study):
    #  the bow tie's 10 people live 200 to 260 m from the west school
    bow_tie(study)
    finding, effect = kinds(checked(study)[0])["repaired"]
    assert (list(finding.names), effect.people, effect.category) == ([], pytest.approx(10), "school")
    assert len(finding.places) == 1


def test_a_gate_far_from_its_wall_is_put_onto_it_by_hand():
    #  25 m north of the wall y = 70: onto it; one on the wall stays
    walls = gpd.GeoDataFrame({"name": ["围合小区"]}, geometry=[shapely.box(440, 1, 560, 70)], crs="EPSG:4550")
    gates = gpd.GeoDataFrame({"kind": ["open", "closed"]}, geometry=[shapely.Point(500, 95), shapely.Point(500, 1)], crs="EPSG:4550")
    _, put = _gates_at_outlines(walls, gates)
    assert shapely.get_coordinates(put.geometry.to_numpy()).tolist() == [[500, 70], [500, 1]]
    assert gates.geometry.iloc[0].y == 95


def test_a_compound_nobody_can_leave_without_its_walls(study):
    compound_without_gate(study)
    report, _ = checked(study)
    effect = effect_of(report, "compounds_without_gate")
    (study / "study.toml").write_text((study / "study.toml").read_text(encoding="utf-8").split("\n[[compounds]]")[0], encoding="utf-8")
    assert "compounds_without_gate" not in kinds(checked(study)[0])
    #  B is shut in: whoever of its 200 people the park or the west school serves without walls changes
    assert 0 < effect.people <= 200


def test_what_was_verified_absent_and_yet_is_there(study):
    corrected_away(study, "确认没有,,公园")
    report, _ = checked(study)
    found = kinds(report)
    assert "verified_absent" not in found
    finding, effect = found["absent_but_found"]
    assert (finding.count, finding.severity, list(finding.names)) == (1, DOUBT, ["绿园"])
    assert (effect.people > 0) == (effect.category == "park")


def test_what_was_verified_absent_changes_nobody(study):
    no_parks(study)
    corrected_away(study, "确认没有,,公园")
    report, _ = checked(study)
    finding, effect = kinds(report)["verified_absent"]
    assert finding.people == 400
    assert "400" in told((finding, effect), language="zh", standard=report.standard).effect


def test_no_kind_of_finding_leaves_its_effect_unsaid():
    for language in ("zh", "en"):
        known = words(language, "check")
        stated = {key.split(".")[0] for key in known if key.endswith(".effect") and key != "page.effect"}
        assert stated == {
            "verified_absent", "nameless", "encoding_assumed", "unclassifiable", "gates_unused", "compounds_without_gate",
            "local_system", "local_unchecked", "homes_by_code", "homes_by_code_urban", "home_codes_doubtful",
        }  # fmt: skip


def test_files_outside_the_study_are_shown_by_name(tmp_path):
    assert Finding("islands", DOUBT, (tmp_path / "town.osm").as_posix(), 1).where == "town.osm"
    assert Finding("islands", DOUBT, "in/town.osm", 1).where == "in/town.osm"


def test_a_lost_gate_would_let_a_compound_out(study):
    #  the lane through the compound has a closed gate in the north; the open one in the south was drawn 30 m off the wall
    toy_study.write_layer(study / "walls.geojson", [shapely.box(440, 1, 560, 70)], name=["围合小区"])
    toy_study.write_layer(study / "gates.geojson", [shapely.Point(500, 70), shapely.Point(500, -29)], kind=["closed", "open"])
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[compounds]]\npath = "walls.geojson"\nname = "name"\n\n[[gates]]\npath = "gates.geojson"\nkind = "kind"\n')
    with (study / "schools.csv").open("a", encoding="utf-8") as file:
        file.write("中小学,现状,,{:.8f},{:.8f}\n".format(*place(400, 10)))
    report, _ = checked(study)
    #  shut in, none of B's 200 people comes to the school 100 to 200 m away; by the gate all do
    assert effect_of(report, "gates_unused").people == pytest.approx(200)
    toy_study.write_layer(study / "gates.geojson", [shapely.Point(500, 70), shapely.Point(500, 1)], kind=["closed", "open"])
    assert not {"gates_unused", "compounds_without_gate"} & set(kinds(checked(study)[0]))
