"""Answers of map services in the forms in which collectors keep them. All places are made up."""

import json
from types import SimpleNamespace

import pytest
import shapely

from livingcircle import coordinates
from livingcircle.errors import DataError
from livingcircle.sources import map_service, spreadsheet
from livingcircle.study.files import any_file

SCHOOL = {
    "id": "B01", "parent": [], "name": "甲小学", "tag": [], "type": "科教文化服务;学校;小学", "typecode": "141203", "address": "一号路１号",
    "location": "121.854080,29.917424", "tel": "0574-1;0574-2", "entr_location": "121.8545,29.9174", "biz_ext": {"rating": [], "cost": []},
    "photos": [{"title": [], "url": "x"}], "indoor_data": {"cpid": []},
}
CLINIC = {
    "id": "B02", "parent": [], "name": "乙诊所", "type": "医疗保健服务;诊所;诊所", "typecode": "090300|090100", "address": [],
    "location": "121.86,29.93", "tel": [], "entr_location": [], "biz_ext": [],
    "children": [{"id": " B03 ", "name": "乙诊所停车场", "sname": "停车场", "location": "121.861,29.931", "typecode": " 150904 ", "address": []}],
}
BAIDU = {
    "name": "丙小学", "location": {"lat": 29.92, "lng": 121.85}, "address": "二号路", "uid": "5f0a", "detail": 1,
    "detail_info": {"tag": "教育培训;小学", "type": "education", "navi_location": {"lng": 121.8503, "lat": 29.9201}, "alias": ["丙校", "三小"],
                    "children": [{"uid": "5f0b", "name": "东门", "tag": "出入口;门", "location": {"lat": 29.92, "lng": 121.851}}]},
}  # fmt: skip
BAIDU_NEXT = {"name": "丁公园", "location": {"lat": 29.94, "lng": 121.87}, "uid": "5f0c", "detail_info": {}}


def page(*places, **more):
    return {"status": "1", "info": "OK", "infocode": "10000", "count": "2", "suggestion": {"keywords": [], "cities": []}, "pois": list(places), **more}


def found(*places):
    return {"status": 0, "message": "ok", "result_type": "poi_type", "results": list(places)}


def write(folder, value, name="高德POI.json", encoding="utf-8"):
    path = folder / name
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    path.write_bytes(text.encode(encoding))
    return path


def refused(path, *problems, **options):
    with pytest.raises(DataError) as caught:
        map_service.read_points(path, **options)
    assert all(fault.where.startswith(path.name) and fault.remedy for fault in caught.value.faults)
    for problem in problems:
        assert problem in str(caught.value)
    return caught.value


#  the same two places in every form; the clinic's child comes with it
FORMS = {
    "one answer": page(SCHOOL, CLINIC),
    "pages in a list": [page(SCHOOL), page(CLINIC)],
    "pages by number": {"1": page(SCHOOL), "2": page(CLINIC), "3": page()},
    "pages by keyword": {"小学": [page(SCHOOL)], "诊所": [page(CLINIC)], "total": 2},
    "places in a list": [SCHOOL, CLINIC],
    "an envelope": {"code": 200, "success": True, "msg": "success", "data": [SCHOOL, CLINIC]},
    "an envelope with the search": {"name": "甲", "location": "121.8,29.9", "radius": 500, "data": page(SCHOOL, CLINIC)},
    "of the page script": {"info": "OK", "poiList": {"pois": [SCHOOL, CLINIC], "count": 2, "pageIndex": 1}},
    "an answer a line": json.dumps(page(SCHOOL)) + "\n" + json.dumps(page(CLINIC)) + "\n\n",
    "a place a line": json.dumps(SCHOOL) + "\r\n" + json.dumps(CLINIC),
    "answers one after another": json.dumps(page(SCHOOL), indent=1) + json.dumps(page(CLINIC), indent=1),
    "the same place on two pages": [page(SCHOOL, CLINIC), page({**CLINIC, "distance": "12"}, SCHOOL)],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_gives_the_same_places(tmp_path, form):
    table = map_service.read_table(write(tmp_path, form))
    assert table["id"].tolist() == ["B01", "B02", "B03"]
    assert table["name"].tolist() == ["甲小学", "乙诊所", "乙诊所停车场"]
    assert table["typecode"].tolist() == ["141203", "090300|090100", "150904"]
    assert table["location"].tolist() == ["121.854080,29.917424", "121.86,29.93", "121.861,29.931"]
    assert table["parent"].tolist() == [None, None, "B02"]
    assert table["tel"].tolist() == ["0574-1;0574-2", None, None]
    assert table["row"].tolist() == [1, 2, 2]
    assert table.attrs == {"source": "高德POI.json", "encoding": "UTF-8", "row_column": "row"}


@pytest.mark.parametrize(("encoding", "used"), [("utf-8-sig", "UTF-8"), ("gbk", "GB18030"), ("utf-16", "UTF-16")])
def test_every_encoding_gives_the_same_places(tmp_path, encoding, used):
    told = map_service.read_table(write(tmp_path, FORMS["pages in a list"], encoding=encoding))
    plain = map_service.read_table(write(tmp_path, FORMS["pages in a list"], name="b.json"))
    assert told.equals(plain) and told.attrs["encoding"] == used
    refused(write(tmp_path, FORMS["one answer"], encoding="gbk"), "not UTF-8", encoding="UTF-8")


def test_the_table_is_that_of_the_same_places_as_csv(tmp_path):
    frame = map_service.read_points(write(tmp_path, [page(SCHOOL), page({**CLINIC, "children": []})]), crs="GCJ-02")
    names = ["id", "name", "typecode", "address", "location", "entr_location"]
    lines = [",".join(names)] + [",".join(f'"{place[name] or "[]"}"' for name in names) for place in (SCHOOL, CLINIC)]
    other = spreadsheet.read_points(write(tmp_path, "\n".join(lines), name="a.csv"), crs="GCJ-02")
    assert frame[names].equals(other[names])
    assert frame.geometry.equals(other.geometry) and frame["entrance"].tolist() == other["entrance"].tolist()
    assert (frame.crs, frame.attrs["datum"]) == (other.crs, other.attrs["datum"])
    placed = coordinates.to_crs(frame, declared="GCJ-02", target="EPSG:4550", where="a.json")
    assert placed.geometry.iloc[0].distance(shapely.Point(388_947.87, 3_311_800.86)) < 1


def test_entrances_of_both_versions_in_one_file(tmp_path):
    newer = {k: v for k, v in CLINIC.items() if k not in ("entr_location", "biz_ext", "children")}
    newer |= {"navi": {"navi_poiid": "", "entr_location": "121.8602,29.9301"}, "business": {"tel": "", "cost": ""}}
    frame = map_service.read_points(write(tmp_path, [page(SCHOOL), page(newer)]), crs="GCJ-02")
    assert frame["entrance"].tolist() == [shapely.Point(121.8545, 29.9174), shapely.Point(121.8602, 29.9301)]
    assert frame["business.tel"].tolist() == [None, None]


def test_baidu_answers(tmp_path):
    frame = map_service.read_points(write(tmp_path, [found(BAIDU), found(BAIDU_NEXT, BAIDU)]), crs="BD-09")
    assert frame["uid"].tolist() == ["5f0a", "5f0c"]
    assert frame.geometry.tolist() == [shapely.Point(121.85, 29.92), shapely.Point(121.87, 29.94)]
    assert frame["entrance"].tolist() == [shapely.Point(121.8503, 29.9201), None]
    assert frame["detail_info.tag"].tolist() == ["教育培训;小学", None]
    assert frame["detail_info.alias"].iloc[0] == "丙校|三小"
    assert frame.attrs["datum"] == "BD-09"
    alone = map_service.read_table(write(tmp_path, {"status": 0, "message": "ok", "result": BAIDU}))
    assert alone["name"].tolist() == ["丙小学"]


def test_the_full_answer_of_a_place_wins_over_its_short_one_among_children(tmp_path):
    parking = {"id": "B03", "parent": "B02", "name": "停车场", "typecode": "150905", "location": "121.8611,29.9311", "tel": "9"}
    table = map_service.read_table(write(tmp_path, [page(CLINIC), page(parking)]))
    assert table["id"].tolist() == ["B02", "B03"]
    assert table[["typecode", "tel", "row"]].iloc[1].tolist() == ["150905", "9", 2]


def test_an_own_number_given_to_several_places_loses_none_and_own_columns_are_read(tmp_path):
    rows = [{"id": 1, "名称": "甲", "name": "甲", "经度": 121.85, "纬度": 29.92, "row": 7}, {"id": 1, "name": "乙", "经度": 121.86, "纬度": 29.93}]
    frame = map_service.read_points(write(tmp_path, rows), crs="WGS84")
    assert frame.geometry.x.tolist() == [121.85, 121.86]
    assert frame["row"].tolist() == [1, 2] and frame["row.1"].tolist() == [7, None]
    named = [{"name": "甲", "东": 121.85, "北": 29.92}, {"name": "乙", "东": 121.86, "北": 29.93}]
    frame = map_service.read_points(write(tmp_path, named), columns={"lon": "东", "lat": "北"}, crs="WGS84")
    assert frame.geometry.x.tolist() == [121.85, 121.86]
    assert map_service.read_points(write(tmp_path, [{"name": "甲", "location": [121.85, 29.92]}])).geometry.iloc[0].x == 121.85


def test_refusals_among_the_pages_are_told_each(tmp_path):
    amap = {"status": "0", "info": "CUQPS_HAS_EXCEEDED_THE_LIMIT", "infocode": "10021"}
    error = refused(write(tmp_path, [page(SCHOOL), amap, page(CLINIC), {**amap, "pois": []}, None]), "CUQPS_HAS_EXCEEDED_THE_LIMIT (10021)")
    assert [fault.where for fault in error.faults] == [f"高德POI.json, entry {n}" for n in (2, 4, 5)]
    baidu = {"status": 302, "message": "天配额超限，限制访问"}
    error = refused(write(tmp_path, {"1": found(BAIDU), "2": baidu}), "天配额超限，限制访问 (302)")
    assert [fault.where for fault in error.faults] == ["高德POI.json, 2"]
    error = refused(write(tmp_path, "\n".join(map(json.dumps, [page(SCHOOL), amap]))), "refused")
    assert error.faults[0].where == "高德POI.json, line 2"


def test_places_without_coordinates_are_told_as_of_a_csv_file(tmp_path):
    lacking = {**SCHOOL, "id": "B09", "location": []}
    refused(write(tmp_path, [page(SCHOOL), page(CLINIC, lacking)]), "column location: row 3: no coordinates → fill them in or delete these rows", crs="GCJ-02")
    short = {key: cell for key, cell in lacking.items() if key != "location"}
    refused(write(tmp_path, [SCHOOL, short]), "row 2: no coordinates", crs="GCJ-02")
    refused(write(tmp_path, [{**SCHOOL, "location": "29.917424,121.854080"}]), "row 1: longitude and latitude look swapped", crs="GCJ-02")
    refused(write(tmp_path, page(SCHOOL)), "no column 'lng'", columns={"lon": "lng"}, crs="GCJ-02")


def test_places_of_two_services_have_two_datums(tmp_path):
    refused(write(tmp_path, [page(SCHOOL), found(BAIDU)]), "places of two map services")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (" ", "no places"),
        ("[]", "no places"),
        (page(), "no places"),
        ('{"a": 1', "line 1: is no JSON"),
        (json.dumps(page(SCHOOL)) + '\n{"status": "1", "po\n' + json.dumps(page(CLINIC)), "line 2: is no JSON"),
        ('"words"', "neither an answer of a map service nor a place"),
        ("[" * 100_000, "lists within lists"),
        ('{"a":' * 990 + "[]" + "}" * 990, "lists within lists"),
        ("", "file is empty"),
    ],
)
def test_what_holds_no_places(tmp_path, content, problem):
    assert len(refused(write(tmp_path, content), problem).faults) == 1


def test_all_broken_lines_are_told(tmp_path):
    lines = [json.dumps(SCHOOL), "{", json.dumps(CLINIC), "}"]
    error = refused(write(tmp_path, "\n".join(lines), name="a.jsonl"), "is no JSON")
    assert [fault.where for fault in error.faults] == ["a.jsonl, line 2", "a.jsonl, line 4"]


def told():
    return SimpleNamespace(columns={"name": "name"}, crs="GCJ-02", encoding=None, layer=None)


GEOGRAPHIC = {
    "collection": {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "甲"}, "geometry": {"type": "Point", "coordinates": [121.85, 29.92]}}]},
    "feature": {"type": "Feature", "properties": {"name": "甲"}, "geometry": {"type": "Point", "coordinates": [121.85, 29.92]}},
    "topology": {
        "type": "Topology", "arcs": [],
        "objects": {"a": {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [121.85, 29.92], "properties": {"name": "甲"}}]}},
    },
    "esri": {
        "geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 4326}, "fields": [{"name": "name", "type": "esriFieldTypeString"}],
        "features": [{"attributes": {"name": "甲"}, "geometry": {"x": 121.85, "y": 29.92}}],
    },
}  # fmt: skip


@pytest.mark.parametrize("value", GEOGRAPHIC.values(), ids=GEOGRAPHIC)
@pytest.mark.parametrize("order", [False, True])
def test_a_geographic_file_of_the_same_suffix_is_read_as_one(tmp_path, value, order):
    path = write(tmp_path, json.dumps(value, sort_keys=order))
    assert not map_service.holds_places(path)
    frame = any_file(path, told())
    assert frame["name"].tolist() == ["甲"] and frame.geometry.iloc[0].coords[0] == pytest.approx((121.85, 29.92), abs=1e-6)


def test_files_of_a_study_come_here_by_suffix_and_content(tmp_path):
    assert any_file(write(tmp_path, page(SCHOOL)), told())["entrance"].iloc[0] == shapely.Point(121.8545, 29.9174)
    assert any_file(write(tmp_path, json.dumps(SCHOOL), name="a.jsonl"), told()).attrs["datum"] == "GCJ-02"
    for name, problem in (("missing.json", "no such file"), ("missing.jsonl", "no such file"), ("empty.json", "empty")):
        if name.startswith("empty"):
            write(tmp_path, "", name=name)
        with pytest.raises(DataError, match=problem):
            any_file(tmp_path / name, told())


def test_without_a_stated_datum_the_file_says_none(tmp_path):
    frame = map_service.read_points(write(tmp_path, page(SCHOOL)))
    assert frame.crs is None
    with pytest.raises(DataError, match="does not say its coordinate system"):
        coordinates.to_crs(frame, declared=None, target="EPSG:4550", where="高德POI.json")
    refused(write(tmp_path, page(SCHOOL)), "no known coordinate system", crs="火星")
