"""People of a study from whatever it states, and corrections, through the whole reading."""

import json

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
import toy_study
from toy_study import EAST, NORTH, edit, place

from livingcircle import coordinates
from livingcircle.errors import DataError, StudyError
from livingcircle.study.checking import check
from livingcircle.study.run import run

#  The toy's blocks A, B and C are 100 m x 55 m at x = 100, 450 and 820.
LAND_M2 = 5500


@pytest.fixture
def study(tmp_path):
    return toy_study.write(tmp_path / "toy")


def analyzed(folder):
    result, files = run(folder, out=folder / "out", progress=lambda *_: None)
    record = json.loads(files[-1].read_text(encoding="utf-8"))
    return result, record


def people(result, column="people"):
    sums = result.residences.groupby(result.residences["residence_id"].str.split("/").str[0])[column].sum()
    return {name: round(float(value), 6) for name, value in sums.items()}


def test_people_from_dwellings(study):
    edit(study / "study.toml", 'population = "people"', 'dwellings = "people"\npeople_per_dwelling = 2.5')
    assert people(analyzed(study)[0]) == {"A": 300.0, "B": 500.0, "C": 200.0}


def test_people_from_the_floor_area_ratio(study):
    edit(study / "homes.geojson", '"people": 80', '"people": 1.4')
    edit(study / "homes.geojson", '"people": 200', '"people": 0')
    edit(study / "homes.geojson", '"people": 120', '"people": 0.7')
    edit(study / "study.toml", 'population = "people"', 'floor_area_ratio = "people"')
    told = people(analyzed(study)[0])
    #  5,500 m2 x 0.7 / 35 m2 a person, within the rounding of degrees
    assert told["A"] == pytest.approx(110, abs=0.1)
    assert (told["B"], told["C"]) == (0.0, pytest.approx(220, abs=0.1))


def test_people_split_over_buildings(study):
    #  two houses of 10 m x 10 m on block A, of 2 and of 6 storeys, none on the others
    houses = [shapely.box(110, 10, 120, 20), shapely.box(150, 10, 160, 20)]
    toy_study.write_layer(study / "houses.geojson", houses, 层数=[2, 6], 楼号=["1", "2"])
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[residences.buildings]\npath = "houses.geojson"\n[residences.buildings.columns]\nid = "楼号"\nstoreys = "层数"\n')
    result, record = analyzed(study)
    table = result.residences.set_index("residence_id")["people"]
    assert table.loc["A/1"] == pytest.approx(30, abs=0.1)
    assert table.loc["A/2"] == pytest.approx(90, abs=0.1)
    assert people(result) == {"A": 120.0, "B": 200.0, "C": 80.0}
    assert record["counts"]["buildings"]["residences_without_building"] == 2
    assert any("2 块居住用地上没有住宅，280 人" in warning for warning in record["warnings"])


def units_and_totals(study, rows):
    toy_study.write_layer(study / "units.geojson", [shapely.box(-50, -50, 700, 400), shapely.box(700, -50, 1100, 400)], name=["西社区", "东社区"])
    edit(study / "study.toml", 'crs = "EPSG:4550"', 'crs = "EPSG:4550"\nunits = "units.geojson"')
    (study / "totals.csv").write_text("社区,常住人口,60岁以上\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[residences.totals]\npath = "totals.csv"\nunit = "社区"\npeople = "常住人口"\ngroups = { elderly = "60岁以上" }\n')
        file.write('\n[[walking.groups]]\nid = "elderly"\n')


def test_people_re_scaled_to_totals_with_the_factor_told(study):
    units_and_totals(study, ["西社区,640,64", "东社区,40,10"])
    edit(study / "study.toml", 'population = "people"', 'population = "people"\nshares = { elderly = 0.2 }')
    result, record = analyzed(study)
    assert people(result) == {"A": 240.0, "B": 400.0, "C": 40.0}
    assert people(result, "people_elderly") == {"A": 24.0, "B": 40.0, "C": 10.0}
    assert any("西社区：人口由 320 调整为统计数 640，系数 2.000" in warning for warning in record["warnings"])
    factors = {(row["unit"], row["group"]): row["factor"] for row in record["counts"]["population_factors"]}
    assert (factors["西社区", "all"], factors["东社区", "all"]) == (2.0, 0.5)
    whole = result.coverage.query("unit == 'ALL' and group == 'elderly'")
    assert whole["people"].unique().tolist() == [pytest.approx(74)]


def test_totals_alone_fill_the_land(study):
    units_and_totals(study, ["西社区,300,30", "东社区,50,5"])
    edit(study / "study.toml", 'population = "people"\n', "")
    result, _ = analyzed(study)
    told = people(result)
    assert told["A"] == pytest.approx(150, abs=0.1)
    assert told["B"] == pytest.approx(150, abs=0.1)
    assert told["C"] == 50.0


def test_people_from_a_raster(study):
    #  synthetic: cells of 100 m, 70 people in the one that holds most of block A, 30 in an empty one beside block C
    values = np.zeros((1, 10, 12), dtype="float32")
    values[0, 9, 1], values[0, 8, 8] = 70, 30
    place_of = {"crs": "EPSG:4550", "transform": rasterio.Affine(100, 0, EAST, 0, -100, NORTH + 1000)}
    with rasterio.open(study / "people.tif", "w", driver="GTiff", width=12, height=10, count=1, dtype="float32", nodata=-1, **place_of) as raster:
        raster.write(values)
    edit(study / "study.toml", 'population = "people"\n', "")
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[residences.raster]\npath = "people.tif"\nwithin_m = 150\n')
    result, record = analyzed(study)
    assert people(result) == {"A": 70.0, "B": 0.0, "C": 30.0}
    assert "people.tif" in {told["file"] for told in record["inputs"]}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('population = "people"', "", "nothing tells the people"),
        ('population = "people"', 'population = "people"\nfloor_area_ratio = "x"', "both tell the people"),
        ('population = "people"', 'dwellings = "people"', "belong together"),
    ],
)
def test_people_are_told_once(study, old, new, words):
    edit(study / "study.toml", old, new)
    with pytest.raises(StudyError, match=words):
        analyzed(study)


def corrected(study, *rows):
    (study / "corrections").mkdir()
    text = "动作,设施编号,经度,纬度,改为,理由\n" + "\n".join(rows) + "\n"
    (study / "corrections" / "更正.csv").write_text(text, encoding="utf-8-sig")


def test_corrections_change_the_judgement_and_are_listed(study):
    before, _ = analyzed(study)
    raw = (study / "schools.csv").read_bytes()
    corrected(study, "状态,schools.csv#3,,,现状,已开学", "开放年份,schools.csv#3,,,2024,已开学", "确认没有,,,,公园,实地核实")
    result, record = analyzed(study)

    def share(told):
        return told.coverage.query("unit == 'ALL' and category == 'school'")["people_share"].iloc[0]

    assert share(result) > share(before) + 0.1
    assert [row["action"] for row in record["counts"]["corrections"]] == ["status", "year", "absent"]
    assert record["counts"]["verified_absent"] == ["park"]
    assert (study / "schools.csv").read_bytes() == raw


def test_a_place_without_a_category_is_given_one(study):
    edit(study / "study.toml", 'category = "school"', 'mapping = "table"')
    edit(study / "study.toml", 'name = "名称"', 'name = "名称"\ncategory = "类"')
    rows = (study / "schools.csv").read_text(encoding="utf-8-sig").splitlines()
    (study / "schools.csv").write_text("\n".join([rows[0] + ",类", rows[1] + ",学校", rows[2] + ","]), encoding="utf-8")
    assert len(analyzed(study)[0].facilities) == 2
    corrected(study, "改类,schools.csv#3,,,学校,门牌")
    result, _ = analyzed(study)
    east = result.facilities.set_index("facility_id").loc["schools.csv#3"]
    assert (east["categories"], east["rule"], east["raw_type"]) == (("school",), "corrected", "table:")


def test_faults_of_corrections_are_told_with_the_rest(study):
    corrected(study, "改类,schools.csv#2,,,火箭场,")
    edit(study / "homes.geojson", '"people": 80', '"people": -80')
    with pytest.raises(DataError) as error:
        analyzed(study)
    assert "火箭场" in str(error.value) and "negative" in str(error.value)
    (study / "corrections" / "更正.csv").write_text("动作,设施编号\n删除,schools.csv#9\n", encoding="utf-8")
    edit(study / "homes.geojson", '"people": -80', '"people": 80')
    with pytest.raises(DataError, match="no facility schools.csv#9"):
        analyzed(study)


def test_a_layer_in_another_datum_is_told_with_both_numbers(study):
    #  synthetic: a town of 9 x 9 streets and 60 shops at their fronts; the shops are in GCJ-02, read as WGS-84
    dice = np.random.default_rng(4)
    at = np.cumsum(np.r_[0, dice.uniform(150, 420, 8)])
    streets = [shapely.LineString([(x, 0), (x, at[-1])]) for x in at] + [shapely.LineString([(0, y), (at[-1], y)]) for y in at]
    toy_study.write_layer(study / "streets.geojson", streets, highway=["residential"] * len(streets))
    rows = ["名称,状态,年份,lon,lat"]
    for number in range(60):
        street, along = dice.choice(at), dice.uniform(0, at[-1])
        spot = (street + 12, along) if number % 2 else (along, street + 12)
        rows.append("店{},现状,,{:.8f},{:.8f}".format(number, *coordinates.wgs84_to_gcj02(*place(*spot))))
    (study / "schools.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    report, _ = check(study, out=study / "out", progress=lambda *_: None)
    finding, effect = {finding.kind: (finding, effect) for finding, effect in report.findings}["shifted"]
    assert (finding.layer, finding.values["likely"], finding.values["declared"]) == ("schools.csv", "GCJ-02", "WGS84")
    assert finding.values["after_m"] == pytest.approx(12, abs=3)
    assert finding.values["before_m"] > 20
    assert np.isfinite(effect.people)
    _, record = analyzed(study)
    assert any("像是 GCJ-02 坐标" in warning for warning in record["warnings"])
    edit(study / "study.toml", 'crs = "WGS84"', 'crs = "GCJ-02"')
    report, _ = check(study, out=study / "out", progress=lambda *_: None)
    assert "shifted" not in {finding.kind for finding, _ in report.findings}
