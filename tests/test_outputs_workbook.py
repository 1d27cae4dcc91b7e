"""The workbook of the gap list, sheet by sheet, and its remedies in words."""

import re
import zipfile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
import xlsxwriter
from conftest import CRS, RESULTS, TINY, analyzed, analyzed_once, facility_table, residence_table, town

from livingcircle import standards
from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs import gap_list, tables, workbook
from livingcircle.outputs.remedies import remedy_texts, size_text
from livingcircle.outputs.verification import Record
from livingcircle.standards.model import Size

WIDE = gpd.GeoDataFrame(geometry=[shapely.box(-9000, -9000, 9000, 9000)], crs=CRS)
SIZED = TINY.replace(
    '[categories.park]',
    '[categories.school.size]\nfloor_m2 = [0, 4000]\nsite_m2 = [9000, 12000]\nsiting = "separate"\nclause = "9"\nevidence = "◐"\n\n[categories.park]',
)


def toy(standard, *, language="zh", barriers=None, units=None, facilities=None, **told):
    """Homes at 1,200 m from a school of an awkward name, on an island, and at the school; no park anywhere."""
    network = town([(0, 0), (3000, 0)], [(0, 900), (500, 900)])
    homes = residence_table(("=R1", 100, shapely.Point(1200, 0)), ("R2", 50, shapely.Point(100, 900)), ("R3", 30, shapely.Point(10, 0)))
    places = facility_table(("=1+1", "school", shapely.Point(0, 0))) if facilities is None else facilities
    layers = {"extent": WIDE, **({} if barriers is None else {"barriers": barriers})}
    return analyzed_once(standard, network, places, homes, units=units, layers=layers, language=language, **told)


def opened(result, path, **told):
    workbook.write(result, path, **told)
    return openpyxl.load_workbook(path)


def rows_of(sheet):
    head = [re.sub(r"\s", "", cell.value) for cell in sheet[1]]
    return [dict(zip(head, [cell.value for cell in row], strict=True)) for row in sheet.iter_rows(min_row=2)]


def test_the_sheets_and_headings_speak_chinese(tiny, tmp_path):
    book = opened(toy(tiny), tmp_path / "gaps.xlsx")
    assert book.sheetnames == ["缺口清单", "覆盖率", "指标", "设施一览", "公平性", "说明"]
    sheet = book["缺口清单"]
    head = [re.sub(r"\s", "", cell.value) for cell in sheet[1]]
    assert head[:6] == ["序号", "缺口编号", "优先级", "社区（单元）", "居住用地", "设施类别"]
    wanted = ["生活圈层级", "配置要求", "依据", "服务半径（米）", "现状数量（处）", "未覆盖人口（人）", "缺口类型", "最近设施", "建议措施", "数据可信度", "核实状态", "备注"]
    places = [head.index(word) for word in wanted]
    assert places == sorted(places)
    for name in ("缺口清单", "覆盖率", "设施一览"):
        assert book[name].freeze_panes == "C2" and book[name].auto_filter.ref.startswith("A1:")
    assert opened(toy(tiny, language="en"), tmp_path / "en.xlsx").sheetnames == ["Gap list", "Coverage", "Indicators", "Facilities", "Equity", "Notes"]


def test_text_is_text_and_numbers_are_numbers(tiny, tmp_path):
    book = opened(toy(tiny), tmp_path / "gaps.xlsx")
    for sheet in book:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    got = {(row["居住用地"], row["设施名称"]): row for row in rows_of(book["缺口清单"])}
    assert got["=R1", "学校"]["最近设施"] == "=1+1"
    assert got["=R1", "学校"]["步行距离（米）"] == 1200
    assert got["=R1", "学校"]["缺口类型"] == "无设施"
    assert got["R2", "学校"]["步行距离（米）"] == "不可达"
    assert got["R2", "学校"]["缺口类型"] == "路网不通"
    assert got["R3", "公园"]["步行距离（米）"].startswith("未检出")
    assert rows_of(book["设施一览"])[0]["名称"] == "=1+1"
    with zipfile.ZipFile(tmp_path / "gaps.xlsx") as file:
        assert not [name for name in file.namelist() if "hyperlink" in name or b"<f>" in file.read(name)]


def test_the_state_is_chosen_from_a_list(tiny, tmp_path):
    sheet = opened(toy(tiny), tmp_path / "gaps.xlsx")["缺口清单"]
    (rule,) = sheet.data_validations.dataValidation
    head = [cell.value for cell in sheet[1]]
    column = openpyxl.utils.get_column_letter(head.index("核实状态") + 1)
    assert str(rule.sqref) == f"{column}2:{column}{sheet.max_row}"
    assert rule.formula1 == '"未核实,属实,不属实,已整改"'
    assert {row["核实状态"] for row in rows_of(sheet)} == {"未核实"}


def test_no_heading_and_no_sentence_is_clipped(tiny, tmp_path):
    for language in LANGUAGES:
        sheet = opened(toy(tiny, language=language), tmp_path / f"{language}.xlsx").worksheets[0]
        for number, cell in enumerate(sheet[1], start=1):
            width = sheet.column_dimensions[openpyxl.utils.get_column_letter(number)].width
            lines = sum(-(-len(part.encode("gbk")) // int(width)) for part in cell.value.split("\n"))
            assert sheet.row_dimensions[1].height >= 13 * lines, cell.value
        place = [c.value for c in sheet[1]].index(words(language, "gaps")["column.remedy_text"]) + 1
        width = sheet.column_dimensions[openpyxl.utils.get_column_letter(place)].width
        for row in range(2, sheet.max_row + 1):
            lines = -(-len(sheet.cell(row, place).value.encode("gbk")) // int(width))
            assert sheet.row_dimensions[row].height >= 13 * lines


def test_two_writings_are_the_same_bytes(tiny, tmp_path):
    for name in ("a", "b"):
        #  worked out anew each time
        RESULTS.clear()
        result = toy(tiny)
        workbook.write(result, tmp_path / f"{name}.xlsx")
        tables.write_gaps(result, tmp_path / f"{name}.csv", gap_list.listed(result))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_coverage_is_that_of_the_result(tiny, tmp_path):
    result = toy(tiny)
    got = rows_of(opened(result, tmp_path / "gaps.xlsx")["覆盖率"])
    assert [row["覆盖人口（人）"] for row in got] == result.coverage["people_covered"].tolist()
    assert {row["社区（单元）"] for row in got} == {"全部范围"}


def test_indicators_have_a_sheet_where_a_run_has_them(tiny, tmp_path):
    assert "没有计算指标" in opened(toy(tiny), tmp_path / "none.xlsx")["指标"]["B1"].value

    class Told:
        """A result with indicators."""

        def __init__(self, result, table):
            self.__dict__.update({name: getattr(result, name) for name in result.__dataclass_fields__}, indicators=table)

    row = {
        "system": "TOY 1", "id": "I1", "name": "覆盖率", "value": 81.5, "unit": "%", "numerator": 163.0, "denominator": 200.0, "definition": "定义",
        "clause": "4", "evidence": "○", "area": "ALL", "area_kind": "whole", "year": 2025, "value_radius": np.nan, "value_time": 80.0,
        "status": "computed", "missing": "", "target": 90.0, "meets": False, "measure": "walk",
    }  # fmt: skip
    table = pd.DataFrame([row, {**row, "id": "I2", "value": np.nan, "status": "missing_input", "missing": "dwellings", "meets": None}])
    got = rows_of(opened(Told(toy(tiny), table), tmp_path / "some.xlsx")["指标"])
    assert [(r["编号"], r["指标值"], r["单位"], r["达标情况"], r["计算状态"], r["范围"]) for r in got] == [
        ("I1", 81.5, "%", "不达标", "已计算", "全部范围"), ("I2", None, "%", None, "缺数据", "全部范围"),
    ]  # fmt: skip


def test_the_notes_tell_the_rules(tiny, tmp_path):
    told = [[cell.value for cell in row] for row in opened(toy(tiny), tmp_path / "gaps.xlsx")["说明"].iter_rows()]
    said = {row[0]: row[1] for row in told}
    assert said["步行方式"] == "全部人口 4 千米/小时，按平地计，台阶同一般道路"
    text = "\n".join(str(row[1]) for row in told)
    causes = [line for line in text.split("\n") if re.match(r"\d+\. ", line)]
    assert [line.split("：")[0] for line in causes[:2]] == ["1. 规划未开放", "2. 未检出"] and len(causes) == 12
    assert "未覆盖人口（权重 40%）：达到 100、300、1,000 人分别得 1、2、3 分" in text
    assert "toy：设施 1 处" in text


def test_streets_and_shares_of_the_unit_stand_beside_the_gap(tiny, tmp_path):
    units = gpd.GeoDataFrame(
        {"unit": ["一社区", "二社区"], "parent": ["甲街道", "甲街道"]}, geometry=[shapely.box(-100, -50, 2000, 50), shapely.box(-100, 800, 2000, 950)], crs=CRS
    )
    result = toy(tiny, units=units)
    people = result.residences.assign(unit=["一社区", "二社区", "一社区"])
    result = analyzed(tiny, result.network, result.facilities.drop(columns="open"), people, units=units, layers={"extent": WIDE}, language="zh")
    got = {(row["居住用地"], row["设施名称"]): row for row in rows_of(opened(result, tmp_path / "gaps.xlsx")["缺口清单"])}
    row = got["=R1", "学校"]
    assert (row["街道"], row["社区（单元）"], row["现状数量（处）"]) == ("甲街道", "一社区", 1)
    #  in the first unit 30 of 130 people live within 500 m of the school
    assert row["单元人口覆盖率"] == pytest.approx(30 / 130, abs=1e-6)


def test_a_list_by_unit(tiny, tmp_path):
    result = toy(tiny, gaps_by="unit")
    listed = gap_list.listed(result)
    assert listed.set_index("category")["people"].to_dict() == {"school": 150, "park": 180}
    assert listed["rank"].tolist() == [1, 2]
    got = rows_of(opened(result, tmp_path / "gaps.xlsx")["缺口清单"])
    assert "居住用地" not in got[0] and [row["居住用地（处）"] for row in got] == listed["residences"].tolist()


def test_every_sentence_by_hand(tmp_path):
    (tmp_path / "sized.toml").write_text(SIZED, encoding="utf-8")
    standard = standards.load(tmp_path / "sized.toml")
    said = {}
    for language in LANGUAGES:
        result = toy(standard, language=language)
        table = result.gaps.set_index(["residence_id", "category"])
        said[language] = dict(zip(table.index, remedy_texts(table.reset_index(), result), strict=True))
    school = said["zh"]["=R1", "school"]
    assert school == "新建学校不少于 1 处（每处建筑面积 不大于 4,000 m²、用地 9,000–12,000 m²，应独立占地，依据 9 ◐），服务 100 人；最近的「=1+1」直线距离 1,200 米，超过限值（500 米）"
    assert said["en"]["R3", "park"] == "verify that none was missed (the data hold no park); if there is none, build at least 1 for 30 people"
    assert said["zh"]["R2", "school"] == "补建附近步行道与对侧步行道之间缺少的一段（直线约 900 米）；现步行路网不连通"


CASES = {
    "wait": ({"cause": "not_yet_open", "remedy": "wait", "closing_facility": "N", "closes_in": 2028.0}, "open N in 2028 as planned; it will cover 40 people"),
    "built already": (
        {"cause": "not_yet_open", "remedy": "wait", "closing_facility": "N", "closes_in": 2028.0, "closing_status": "under_construction"},
        "open N (under construction) in 2028 as planned; it will cover 40 people",
    ),
    "river": (
        {"cause": "severed", "remedy": "link", "severed_by": "water", "link_m": 80.0, "link_from": "A St", "link_to": "B St"},
        "add a footway across the water between A St and B St (about 80 m straight); the walk is 601 m, 7.5 times the straight line",
    ),
    "own kind": (
        {"cause": "severed", "remedy": "link", "severed_by": "dike", "link_m": 80.0},
        "add a footway across the dike between the footway nearby and the footway opposite (about 80 m straight); the walk is 601 m, 7.5 times the straight line",
    ),
    "gate": (
        {"cause": "severed", "remedy": "link", "severed_by": "compound", "link_m": 80.0, "link_to": "B St"},
        "ask the compound to open a gate or its wall between the footway nearby and B St (about 80 m straight); the walk is 601 m, 7.5 times the straight line",
    ),
    "closed compound": ({"cause": "unreachable", "remedy": "link", "severed_by": "compound"}, "ask the compound to open its gates to the public; the streets connect only through it"),
    "beyond": ({"cause": "beyond", "remedy": "build_or_link"}, "build a school nearby, or open a short cut that saves 101 m (the walk is 601 m to S, the limit 500 m)"),
    "edge": ({"cause": "data_doubtful", "remedy": "verify", "uncertain_share": 0.75}, "check the data first: for 75% of the people of this gap the limit reaches beyond the street data; add streets and facilities outside"),
    "confidence": ({"cause": "data_doubtful", "remedy": "verify", "confidence": "low"}, "check on site whether the nearest, S (its class or place is of low confidence), is a school"),
    "planned": ({"cause": "planned_only", "remedy": "build"}, "build at least 1 school for 40 people; none of those known is open, and none will cover this place"),
    "small": (
        {"cause": "too_small", "remedy": "enlarge", "measure": "places", "demand": 480.0, "supply": 360.4, "short": 119.6},
        "enlarge the existing school or build one: 120 places short (480 needed, 360 there)",
    ),
    "few": (
        {"cause": "too_small", "remedy": "enlarge", "measure": "facilities", "demand": 4.47, "supply": 4.0, "short": 0.47},
        "build more of the category school: 1 short (5 needed, 4 there)",
    ),
    "off": ({"cause": "off_network", "remedy": "add_street"}, "add a walkway to the homes, or complete the street data (no walkable street within 150 m)"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_sentence_of_every_cause(tiny, case):
    told, expected = CASES[case]
    row = toy(tiny, language="en").gaps.query("category == 'school'").iloc[[0]]
    row = row.assign(people=40.0, walk_m=600.2, straight_m=80.0, excess_m=100.2, detour=7.5, nearest_facility="S", uncertain_share=0.0)
    assert remedy_texts(row.assign(**told), toy(tiny, language="en")) == [expected]


def test_every_cause_has_a_short_word_a_meaning_and_a_sentence():
    from livingcircle.gaps.causes import remedies

    for language in LANGUAGES:
        known = words(language, "gaps")
        assert {f"{kind}.{cause}" for kind in ("cause", "meaning") for cause in remedies()} <= set(known)
        assert len({known[f"cause.{cause}"] for cause in remedies()}) == len(remedies())


def test_a_size_that_is_one_figure_or_none():
    known = words("en", "gaps")
    assert size_text(Size(floor_m2=(300, 300), clause="4", evidence="●"), known) == " (each 300 m² of floor, by 4 ●)"
    assert size_text(Size(floor_m2=(0, 0), clause="4", evidence="●"), known) == ""
    assert size_text(None, known) == ""


def test_records_of_closed_gaps_have_a_sheet(tiny, tmp_path):
    record = Record({"Ggone": ("refuted", "=不存在")}, {"Ggone": {"parent": "", "unit": "老社区", "home": "R9", "category": "学校", "level": "", "group": ""}})
    book = opened(toy(tiny), tmp_path / "gaps.xlsx", record=record)
    (row,) = rows_of(book["已消除缺口的核实记录"])
    assert row == {"缺口编号": "Ggone", "社区（单元）": "老社区", "居住用地": "R9", "设施名称": "学校", "核实状态": "不属实", "备注": "=不存在"}


def test_a_cell_of_which_nothing_is_known_is_blank(tmp_path):
    from livingcircle.outputs.workbook.table import Book, Column, add_table

    file = tmp_path / "blank.xlsx"
    values = pd.Series(["甲", pd.NA, None, float("nan"), 3], dtype=object)
    with xlsxwriter.Workbook(file) as book:
        add_table(Book(book), "表", [Column("列", values, 12)], page="&P")
    assert [cell.value for cell in openpyxl.load_workbook(file)["表"]["A"]] == ["列", "甲", None, None, None, 3]
