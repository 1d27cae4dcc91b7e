"""Rows of facility files of every origin: their categories, what those were told from, and what is to be told of the layer."""

from __future__ import annotations

from types import SimpleNamespace

import geopandas as gpd
import pytest
import shapely
from conftest import CRS

from livingcircle.errors import DataError
from livingcircle.standards import classify, load
from livingcircle.study.classifying import classifier, usual_columns, whole_codes


@pytest.fixture(scope="module")
def shipped():
    return load("gb50180-2018")


def layer(**columns):
    count = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(n, 0) for n in range(count)], crs=CRS)


def told(mapping=None, category=None):
    return SimpleNamespace(path="places.csv", mapping=mapping, category=category)


def ids(classified):
    return [tuple(category for category, _, _ in of) for of in classified.classes]


def test_amap_codes(shipped):
    raw = layer(name=["蔚斗小学", "蔚斗小学食堂", None], typecode=["141203", "141207", "141203"])
    got = classifier(told("amap"), {}, shipped, raw)(raw)
    assert ids(got) == [("edu_primary",), (), ("edu_primary", "edu_junior")]
    assert got.raw_type == ["amap:141203", "amap:141207", "amap:141203"]


@pytest.mark.parametrize("column", ["tag", "detail_info.tag", "std_tag"])
def test_baidu_tags_in_each_of_their_columns(shipped, column):
    raw = layer(uid=["a", "b", "c"], name=["蔚斗小学", "某公司", "红联"], **{column: ["教育培训;小学", "公司企业;公司", float("nan")]})
    got = classifier(told("baidu"), {}, shipped, raw)(raw)
    assert ids(got) == [("edu_primary",), (), ()]
    assert got.raw_type[0] == "baidu:教育培训;小学"
    assert usual_columns("baidu", raw) == {"id": "uid", "name": "name", "code": column}


def test_baidu_tags_of_the_version_that_tells_most(shipped):
    raw = layer(uid=["a", "b"], name=["蔚斗小学", "某公园"], **{"detail_info.tag": [None, "小学"], "detail_info.classified_poi_tag": ["教育培训;小学", "旅游景点;公园"]})
    assert usual_columns("baidu", raw)["code"] == "detail_info.classified_poi_tag"
    assert ids(classifier(told("baidu"), {}, shipped, raw)(raw)) == [("edu_primary",), ("park",)]


@pytest.mark.parametrize("cell", [90100, 90100.0, "90100", "090100", "090100.0"])
def test_amap_codes_that_a_spreadsheet_took_for_numbers(shipped, cell):
    raw = layer(name=["红联医院", "蔚斗小学", "甲"], typecode=[cell, 141203.0, None])
    whole = whole_codes(raw, SimpleNamespace(mapping="amap", columns={}))
    assert whole["typecode"].tolist()[:2] == ["090100", "141203"] and not whole["typecode"].notna().iloc[2]
    got = classifier(told("amap"), {}, shipped, whole)(whole)
    assert got.raw_type == ["amap:090100", "amap:141203", "amap:"]
    assert ids(got) == [tuple(c for c, _, _ in classify(shipped, amap_code="090100", name="红联医院")), ("edu_primary",), ()]
    assert ids(got)[0] and raw["typecode"].iloc[1] == 141203.0


def test_codes_of_other_mappings_stay(shipped):
    raw = layer(name=["甲"], typecode=[90100], own=["90100|x"])
    assert whole_codes(raw, SimpleNamespace(mapping="land", columns={"code": "typecode"})) is raw
    assert whole_codes(raw, SimpleNamespace(mapping="amap", columns={"code": "own"}))["own"].tolist() == ["090100|x"]


def test_osm_tags_that_the_rules_look_at(shipped):
    raw = layer(name=["蔚斗小学"], tags=[{"name": "蔚斗小学", "isced:level": "1", "amenity": "school", "operator": "x"}])
    got = classifier(told("osm"), {}, shipped, raw)(raw)
    assert ids(got) == [("edu_primary",)] and got.raw_type == ["amenity=school;isced:level=1"]


def test_land_codes_of_any_vocabulary_and_what_was_recognized(shipped):
    raw = layer(code=["A33", "G1", "R22", "R21"], name=["甲小学", "", "乙幼儿园", "丙花园"])
    got = classifier(told("land"), {"code": "code", "name": "name"}, shipped, raw)(raw)
    assert ids(got) == [("edu_primary",), ("park",), ("edu_kinder",), ()]
    assert got.raw_type == ["land:A33", "land:G1", "land:R22", "land:R21"]
    assert got.notes["land_codes"]["vocabulary"] == "gb50137" and got.notes["land_codes"]["given"] is False


def test_a_code_read_two_ways_is_a_guess_unless_the_vocabulary_is_given(shipped):
    raw = layer(code=["0702", "0804"], name=["社区卫生服务站", "甲小学"])
    columns = {"code": "code", "name": "name"}
    got = classifier(told("land"), columns, shipped, raw)(raw)
    assert got.notes["land_codes"]["ambiguous"] == ["0702", "0804"]
    assert [of[0][2] for of in got.classes] == ["low", "low"]
    given = classifier(told("land"), columns, shipped, raw, vocabulary="mnr2023")(raw)
    assert [of[0][2] for of in given.classes] == ["high", "high"]
    other = classifier(told("land"), columns, shipped, raw, vocabulary="gbt21010")(raw)
    assert ids(other) == [(), ()]


def test_codes_of_the_rules_own_vocabulary_are_matched_as_they_stand(shipped):
    for code, name in [("080403", "甲小学"), ("1401", ""), ("120803", ""), ("80404", ""), ("080601", "市医院"), ("1403", "乙广场")]:
        raw = layer(code=[code, "070102"], name=[name, ""])
        got = classifier(told("land"), {"code": "code", "name": "name"}, shipped, raw)(raw)
        assert got.classes[0] == classify(shipped, land_code=code, name=name)


def test_a_word_of_a_table_and_a_given_category(shipped):
    raw = layer(kind=["小学;初中", None])
    got = classifier(told("table"), {"category": "kind"}, shipped, raw)(raw)
    assert ids(got) == [("edu_primary", "edu_junior"), ()] and got.raw_type == ["table:小学;初中", "table:"]
    got = classifier(told(category="park"), {}, shipped, raw)(raw)
    assert ids(got) == [("park",)] * 2 and got.raw_type == ["given", "given"]


def test_a_missing_column_and_unknown_words_are_told(shipped):
    raw = layer(name=["甲"], kind=["不知"])
    for mapping in ("amap", "baidu", "land"):
        with pytest.raises(DataError, match=f"mapping '{mapping}' needs the column of code"):
            classifier(told(mapping), {}, shipped, raw)
    with pytest.raises(DataError, match="unknown category '不知'"):
        classifier(told("table"), {"category": "kind"}, shipped, raw)


def test_the_order_of_rows_does_not_matter(shipped):
    raw = layer(name=["蔚斗小学", "红联菜市场", "甲"], typecode=["141203", "060703", "050100"])
    answer = classifier(told("amap"), {}, shipped, raw)
    assert ids(answer(raw)) == ids(answer(raw.iloc[::-1]))[::-1]
