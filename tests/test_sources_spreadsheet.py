import math
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from livingcircle import coordinates
from livingcircle.errors import DataError
from livingcircle.sources import spreadsheet


def text(folder, content, encoding="utf-8", name="学校.csv"):
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


def workbook(folder, name="学校.xlsx", **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / name)
    return folder / name


def refused(path, problem, read=spreadsheet.read_table, **options):
    with pytest.raises(DataError, match=problem) as caught:
        read(path, **options)
    assert all(path.name in fault.where and fault.remedy for fault in caught.value.faults)
    return caught.value


PLAIN = "名称,学位,备注\n明港小学,1200,公办\n新碶小学,900,民办\n"


# --- text tables


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gb18030", "GB18030"), ("gbk", "GB18030"), ("utf-16", "UTF-16")],
)
def test_encodings_are_found(tmp_path, encoding, found):
    table = spreadsheet.read_table(text(tmp_path, PLAIN, encoding))
    assert table.columns.tolist() == ["名称", "学位", "备注", "row"]
    assert table["名称"].tolist() == ["明港小学", "新碶小学"]
    assert table["学位"].tolist() == ["1200", "900"]
    assert table["row"].tolist() == [2, 3]
    assert table.attrs["encoding"] == found
    assert table.attrs["source"] == "学校.csv"


def test_the_users_encoding_wins_and_is_checked(tmp_path):
    path = text(tmp_path, "nome,n\nSão João,1\nPraça da Sé,2\n", "latin-1")
    refused(path, "neither UTF-8 nor GB18030")
    assert spreadsheet.read_table(path, encoding="latin-1")["nome"].tolist() == ["São João", "Praça da Sé"]
    refused(path, "not UTF-8", encoding="UTF-8")
    refused(path, "not a known text encoding", encoding="klingon")
    assert spreadsheet.read_table(text(tmp_path, PLAIN, "gbk"), encoding="gb2312")["名称"].iloc[0] == "明港小学"
    assert spreadsheet.read_table(text(tmp_path, PLAIN, "utf-8-sig"), encoding="UTF-8").columns[0] == "名称"


@pytest.mark.parametrize(("name", "mark"), [("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t"), ("a.txt", "|"), ("a.txt", ",")])
def test_separators_are_found(tmp_path, name, mark):
    table = spreadsheet.read_table(text(tmp_path, PLAIN.replace(",", mark), name=name))
    assert table["备注"].tolist() == ["公办", "民办"]


def test_blanks_are_missing_and_full_width_numbers_become_plain(tmp_path):
    blanks = ["—", "-", "－", "/", "[]", "", "无", "NaN", "#N/A"]
    lines = [f'"{blank}",１２０' for blank in blanks]
    table = spreadsheet.read_table(text(tmp_path, "\n".join(["名称，,学位（个）", *lines, "Ａ座 １２,x"])))
    assert table.columns[:2].tolist() == ["名称,", "学位(个)"]
    assert table["名称,"].tolist() == [None] * len(blanks) + ["Ａ座 １２"]
    assert table["学位(个)"].iloc[0] == "120"


def test_titles_notes_and_blank_rows_are_passed_over_and_rows_keep_their_number(tmp_path):
    content = "北仑区学校一览表,,,\n,,,单位：个\n\n名称,学位,班级,年份\n明港小学,1200,30,2020\n\n新碶小学,900,24,2021\n注：数据截至2023年底,,,\n"
    table = spreadsheet.read_table(text(tmp_path, content))
    assert table.columns.tolist() == ["名称", "学位", "班级", "年份", "row"]
    assert table["row"].tolist() == [5, 7]
    assert table.attrs["notes"] == ["注:数据截至2023年底"]


def test_a_last_row_that_is_no_note_is_kept(tmp_path):
    assert spreadsheet.read_table(text(tmp_path, PLAIN + "合计,,\n"))["名称"].iloc[-1] == "合计"


def test_years_may_be_headings(tmp_path):
    table = spreadsheet.read_table(text(tmp_path, "街道,2020,2021,2022\n新碶,1,2,3\n"))
    assert table.columns.tolist() == ["街道", "2020", "2021", "2022", "row"]


def test_headings_of_the_same_or_no_name_are_told_apart(tmp_path):
    table = spreadsheet.read_table(text(tmp_path, "名称,备注,备注,row,,\na,b,c,d,e,\n"))
    assert table.columns.tolist() == ["名称", "备注", "备注.1", "row.1", "column 5", "row"]
    assert table.iloc[0].tolist() == ["a", "b", "c", "d", "e", 2]


def test_short_rows_are_filled_and_long_rows_refused(tmp_path):
    assert spreadsheet.read_table(text(tmp_path, PLAIN + "大碶小学\n"))["备注"].iloc[-1] is None
    assert "row 4" in str(refused(text(tmp_path, PLAIN + "大碶小学,1,2,3\n"), "more cells"))


def test_lines_inside_a_cell_count_as_one_row(tmp_path):
    table = spreadsheet.read_table(text(tmp_path, '名称,地址\n甲,"一行\n二行"\n乙,三\n'))
    assert table["地址"].iloc[0] == "一行\n二行"
    assert table["row"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "file is empty"),
        ("\n,,\n", "table is empty"),
        ("名称,学位\n", "no rows below"),
        ("1,121.85,29.92\n2,121.86,29.93\n", "no heading row"),
        ('名称,学位\n"甲,1\n乙,2\n', "quotation mark"),
        ("PK\x03\x04rest", "workbook under another suffix"),
    ],
)
def test_what_is_no_table(tmp_path, content, problem):
    refused(text(tmp_path, content), problem)


@pytest.mark.parametrize("name", ["a.json", "a.xls", "a.docx", "a"])
def test_other_kinds_of_files(tmp_path, name):
    assert ".csv, .tsv, .txt, .xlsx" in str(refused(text(tmp_path, "{}", name=name), "not a kind of table"))


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    refused(tmp_path / "folder.csv", "no such file")
    refused(tmp_path / "missing.xlsx", "no such file")


# --- workbooks


def test_a_workbook_with_a_merged_title_and_a_heading_of_two_rows(tmp_path):
    path = workbook(
        tmp_path,
        人口=[
            ["北仑区各街道人口"],
            ["街道", "人口", None, "面积（km²）"],
            [None, "常住", "户籍", None],
            ["新碶", 120000, 80000.5, "—"],
            ["大碶", "约９万", None, 3],
            ["注：常住人口为七普数据"],
        ],
    )
    book = openpyxl.load_workbook(path)
    book["人口"].merge_cells("A1:D1")
    book["人口"].merge_cells("B2:C2")
    book.save(path)
    table = spreadsheet.read_table(path)
    assert table.columns.tolist() == ["街道", "人口 常住", "人口 户籍", "面积(km2)", "row"]
    assert table["人口 常住"].tolist() == [120000, "约９万"]
    assert table["人口 户籍"].tolist() == [80000.5, None]
    assert table["面积(km2)"].tolist() == [None, 3]
    assert table["row"].tolist() == [4, 5]
    assert len(table.attrs["notes"]) == 1


def test_dates_become_text_and_truth_values_stay(tmp_path):
    path = workbook(tmp_path, a=[["名称", "日期", "公办"], ["甲", pd.Timestamp(2023, 9, 1).to_pydatetime(), True]])
    assert spreadsheet.read_table(path).iloc[0].tolist()[:3] == ["甲", "2023-09-01T00:00:00", True]


def test_one_of_several_filled_sheets_must_be_named(tmp_path):
    rows = [["名称", "学位"], ["甲", 1]]
    path = workbook(tmp_path, 小学=rows, 中学=[["名称", "学位"], ["乙", 2]], 空=[])
    assert "小学, 中学" in str(refused(path, "several sheets"))
    assert spreadsheet.read_table(path, sheet="中学")["名称"].tolist() == ["乙"]
    refused(path, "no sheet '大学'", sheet="大学")
    refused(path, "table is empty", sheet="空")
    assert len(spreadsheet.read_table(workbook(tmp_path, "b.xlsx", 空=[], 小学=rows))) == 1


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99])
def test_a_workbook_cut_short(tmp_path, share):
    path = workbook(tmp_path, a=[["名称", "学位"], *[[f"学校{i}", i] for i in range(500)]])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    refused(path, "cannot be read as a workbook")


def test_a_zip_file_that_is_no_workbook_or_unpacks_to_too_much(tmp_path, monkeypatch):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", "0" * 100_000)
    refused(path, "cannot be read as a workbook")
    monkeypatch.setattr(spreadsheet, "LARGEST_BYTES", 50_000)
    refused(path, "unpacks to")


# --- numbers


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("１２０", 120), ("1,200", 1200), ("约120", 120), ("35 张", 35), ("3.5万", 35000), ("1.2万人", 12000), ("12%", 0.12),
        ("１，２００㎡", 1200), ("-3", -3), ("−3.5", -3.5), (".5", 0.5), ("1e3", 1000), ("120余人", 120), ("1 200", 1200),
        (7, 7), (7.5, 7.5), (np.int64(7), 7), ("≈80", 80), ("0", 0),
    ],
)  # fmt: skip
def test_a_number_as_it_is_written(cell, value):
    values, unread = spreadsheet.number(pd.Series([cell], dtype=object))
    assert values.tolist() == pytest.approx([value])
    assert unread == []


@pytest.mark.parametrize("cell", ["30-40", "30～40", "若干", "1,20", "1.2.3", "12:30", True, math.inf, "inf", "121°30′", "5栋2单元"])
def test_what_is_no_number_is_listed(cell):
    values, unread = spreadsheet.number(pd.Series(["1", cell], index=[4, 9], dtype=object))
    assert np.isnan(values[9])
    assert unread == [9]


@pytest.mark.parametrize("cell", [None, math.nan, "", "—", "[]", "无"])
def test_a_blank_is_missing_and_not_listed(cell):
    values, unread = spreadsheet.number([cell])
    assert np.isnan(values.iloc[0])
    assert unread == []


# --- points


AMAP = "id,name,typecode,location,entr_location\nB01,甲,141203,\"121.854080,29.917424\",\"121.8545,29.9174\"\nB02,乙,141203,\"121.86,29.93\",[]\n"


def test_amap_places_with_entrances(tmp_path):
    frame = spreadsheet.read_points(text(tmp_path, AMAP), columns={}, crs="GCJ-02")
    assert frame.geometry.iloc[0].coords[0] == (121.85408, 29.917424)
    assert frame["entrance"].iloc[0] == shapely.Point(121.8545, 29.9174)
    assert frame["entrance"].iloc[1] is None
    assert frame["typecode"].tolist() == ["141203", "141203"]
    assert (frame.crs.to_epsg(), frame.attrs["datum"], frame.attrs["encoding"]) == (4326, "GCJ-02", "UTF-8")


def test_amap_places_come_to_their_true_place(tmp_path):
    frame = spreadsheet.read_points(text(tmp_path, AMAP), columns={}, crs="GCJ-02")
    placed = coordinates.to_crs(frame, declared="GCJ-02", target="EPSG:4550", where="学校.csv")
    assert placed.geometry.iloc[0].distance(shapely.Point(388_947.87, 3_311_800.86)) < 1
    assert 30 < placed["entrance"].iloc[0].distance(placed.geometry.iloc[0]) < 60
    assert placed["entrance"].iloc[1] is None
    again = coordinates.to_crs(frame, declared=None, target="EPSG:4550", where="学校.csv")
    assert again.distance(placed).max() == 0


def test_amap_places_in_a_workbook(tmp_path):
    rows = [
        ["高德地点", None, None, "坐标", None],
        ["id", "name", "typecode", "location", "entr_location"],
        ["B01", "甲", 141203.0, "121.854080,29.917424", "121.8545,29.9174"],
        ["B02", "乙", 90100, "121.86,29.93", "[]"],
        ["B03", "丙", "141203|141200", "121.87,29.94", None],
    ]
    path = workbook(tmp_path, a=rows)
    book = openpyxl.load_workbook(path)
    book["a"].merge_cells("A1:C1")
    book["a"].merge_cells("D1:E1")
    book.save(path)
    frame = spreadsheet.read_points(path, crs="GCJ-02")
    assert frame.geometry.tolist() == [shapely.Point(121.85408, 29.917424), shapely.Point(121.86, 29.93), shapely.Point(121.87, 29.94)]
    assert frame["entrance"].tolist() == [shapely.Point(121.8545, 29.9174), None, None]
    assert frame["typecode"].tolist() == [141203, 90100, "141203|141200"]
    assert frame["row"].tolist() == [3, 4, 5]


def test_baidu_places_whose_fields_became_columns(tmp_path):
    heading = "uid,name,location.lat,location.lng,detail_info.tag,detail_info.navi_location.lng,detail_info.navi_location.lat"
    frame = spreadsheet.read_points(text(tmp_path, heading + "\na,甲,29.92,121.85,教育培训;小学,121.8503,29.9201\nb,乙,29.93,121.86,,,\n"), crs="BD-09")
    assert frame.geometry.tolist() == [shapely.Point(121.85, 29.92), shapely.Point(121.86, 29.93)]
    assert frame["entrance"].tolist() == [shapely.Point(121.8503, 29.9201), None]


@pytest.mark.parametrize(
    "heading",
    ["经度,纬度", "lon,lat", "LNG,LAT", "Longitude,Latitude", "X,Y", "经度（°）,纬度（°）", "Ｘ坐标,Ｙ坐标", "lon,lat,location"],
)
def test_usual_headings_are_found(tmp_path, heading):
    row = "甲,121.85,29.92" + ("," if heading.endswith("location") else "")
    frame = spreadsheet.read_points(text(tmp_path, f"名称,{heading}\n{row}\n"), crs="WGS84")
    assert frame.geometry.iloc[0] == shapely.Point(121.85, 29.92)
    assert "entrance" not in frame
    assert "datum" not in frame.attrs


def test_columns_can_be_named(tmp_path):
    path = text(tmp_path, "名称,东,北,门东,门北,lon,lat\n甲,388948,3311801,388950,3311805,1,2\n乙,388948,3311801,,,1,2\n")
    columns = {"x": "东", "y": "北", "entrance_lon": "门东", "entrance_lat": "门北", "name": "名称"}
    frame = spreadsheet.read_points(path, columns=columns, crs="EPSG:4550")
    assert frame.geometry.iloc[0] == shapely.Point(388948, 3311801)
    assert frame["entrance"].iloc[0] == shapely.Point(388950, 3311805)
    assert frame["entrance"].iloc[1] is None
    frame = spreadsheet.read_points(text(tmp_path, "名称,位置\n甲,121.85，29.92\n"), columns={"location": "位置"}, crs="BD-09")
    assert frame.geometry.iloc[0] == shapely.Point(121.85, 29.92)


def test_without_a_crs_the_points_have_none(tmp_path):
    assert spreadsheet.read_points(text(tmp_path, "名称,x,y\n甲,1,2\n"), columns={}, crs=None).crs is None


def test_points_of_a_workbook(tmp_path):
    path = workbook(tmp_path, a=[["学校一览"], ["名称", "经度", "纬度"], ["甲", 121.85, 29.92], ["乙", "１２１．８６", "29.93"]])
    frame = spreadsheet.read_points(path, columns={}, crs="CGCS2000")
    assert frame.geometry.x.tolist() == [121.85, 121.86]
    assert frame["row"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("甲,29.92,121.85\n", "row 2: longitude and latitude look swapped"),
        ("甲,121.85,29.92\n乙,,29.92\n", "row 3: no coordinates"),
        ("甲,121.85,29.92\n乙,NaN,29.92\n丙,121.85,[]\n", "rows 3, 4: no coordinates"),
        ("甲,东经121度,29.92\n", "row 2: no coordinates in decimal numbers .东经121度"),
        ("甲,388948,3311801\n", "row 2: metres labelled as degrees"),
        ("甲,121.85,129.92\n", "row 2: no such longitude and latitude"),
    ],
)
def test_wrong_coordinates_are_told_with_their_row_in_the_file(tmp_path, rows, problem):
    path = text(tmp_path, "名称,lon,lat\n" + rows)
    refused(path, problem, spreadsheet.read_points, columns={}, crs="WGS84")


def test_all_faults_come_at_once_entrances_too(tmp_path):
    path = text(tmp_path, 'name,location,entr_location\na,[],[]\nb,"29.9,121.8","121.8,29.9"\nc,here,"29.9,121.8"\nd,"121.8,29.9",x\n')
    error = refused(path, "row 2: no coordinates", spreadsheet.read_points, columns={}, crs="GCJ-02")
    assert len(error.faults) == 5
    assert "column entr_location: row 5: no coordinates in decimal numbers (x)" in str(error)
    assert "column entr_location: row 4: longitude and latitude look swapped" in str(error)


def test_columns_that_are_not_there_are_named_with_those_that_are(tmp_path):
    path = text(tmp_path, PLAIN)
    error = refused(path, "no column 'lng'", spreadsheet.read_points, columns={"lon": "lng", "lat": "纬"}, crs="WGS84")
    assert len(error.faults) == 2
    assert "名称, 学位, 备注" in str(error)
    refused(path, "no columns of coordinates", spreadsheet.read_points, columns={}, crs="WGS84")
    refused(path, "no known coordinate system", spreadsheet.read_points, columns={}, crs="火星")
