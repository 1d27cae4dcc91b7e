"""A comparison written: the tidy table, the workbook and its sentences agree with the tables they come from."""

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from conftest import analyzed_once, facility_table, residence_table, town

from livingcircle.comparison import State, compare
from livingcircle.messages import LANGUAGES
from livingcircle.outputs import compare_tables, compare_workbook
from livingcircle.outputs.compare_words import headline, overview, overview_lines, percent, signed

STREET = town([(0, 0), (3000, 0)], [(5000, 0), (5100, 0)])


@pytest.fixture
def states(tiny):
    """A (100), =B (700), C (1,300), D (2,500) and one on an island; a school at 0, then one at 1,200 as well, then only that one."""
    homes = residence_table(*((id, people, shapely.Point(x, 0)) for id, people, x in (("A", 10, 100), ("=B", 20, 700), ("C", 40, 1300), ("D", 80, 2500), ("E", 5, 5050))))
    both = facility_table(("S", "school", shapely.Point(0, 0)), ("=T", "school", shapely.Point(1200, 0)))
    names = ({"zh": "现状", "en": "today"}, {"zh": "=增建", "en": "=more"}, {"zh": "迁建", "en": "moved"})
    places = (both.iloc[:1], both, both.iloc[1:])
    made = zip(("base", "more", "moved"), names, places, strict=True)
    return [State(id, name, analyzed_once(tiny, STREET, own.reset_index(drop=True), homes, language="zh", year=2025)) for id, name, own in made]


@pytest.fixture
def comparisons(states):
    return [compare(states[0], other) for other in states[1:]]


def test_the_tidy_table(comparisons, tmp_path):
    compare_tables.write(comparisons, tmp_path / "compare.csv")
    assert (tmp_path / "compare.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(tmp_path / "compare.csv", encoding="utf-8-sig")
    assert list(table.columns) == list(compare_tables.COLUMNS)
    school = table[(table["kind"] == "coverage") & (table["category"] == "school") & (table["unit"] == "ALL")].set_index(["after", "measure"])
    assert school.loc[("moved", "people_covered"), ["value_before", "value_after", "difference", "gained", "lost"]].tolist() == [10, 60, 50, 60, 10]
    assert school.loc[("more", "people_share"), "value_after"] == pytest.approx(70 / 155, abs=1e-6)
    gaps = table[(table["kind"] == "gap") & (table["after"] == "moved") & (table["measure"] == "people")].set_index("residence_id")
    assert gaps["change"].to_dict() == {"'=B": "closed", "C": "closed", "A": "opened", "D": "moved"}
    homes = table[(table["kind"] == "residence") & (table["after"] == "more") & (table["measure"] == "people_covered")].set_index("residence_id")
    assert homes["gained"].to_dict() == {"'=B": 20, "C": 40} and (homes["lost"] == 0).all()
    assert table[table["kind"] == "facility"][["after", "change", "name"]].to_numpy().tolist() == [["more", "opened", "'=T"], ["moved", "opened", "'=T"], ["moved", "closed", "S"]]
    assert set(table["kind"]) == {"coverage", "completeness", "equity", "gap", "residence", "facility"}
    even = table[(table["kind"] == "equity") & (table["category"] == "school") & (table["unit"] == "ALL")].set_index(["after", "measure"])
    assert even.loc[("moved", "share_beyond"), ["value_before", "value_after", "difference"]].tolist() == pytest.approx([145 / 155, 95 / 155, -50 / 155], abs=1e-6)


def test_differences_of_the_tidy_table_add_up(comparisons):
    table = compare_tables.compare_table(comparisons)
    covered = table[(table["kind"] == "coverage") & table["measure"].isin(["people_covered", "land_covered_ha"])]
    assert np.allclose(covered["difference"], covered["gained"] - covered["lost"] + covered["arrived"] - covered["left"], atol=1e-6)
    assert len(covered) and covered["gained"].max() == 60


def test_equal_states_give_a_table_of_no_changes(states):
    table = compare_tables.compare_table([compare(states[0], states[0])])
    assert (table["difference"].fillna(0) == 0).all() and not set(table["kind"]) & {"gap", "residence", "facility"}


def opened(states, comparisons, path, language):
    compare_workbook.write(states, comparisons, path, language=language)
    return openpyxl.load_workbook(path)


def rows_of(sheet):
    head = [cell.value.replace("\n", "") for cell in sheet[1]]
    return [dict(zip(head, [cell.value for cell in row], strict=True)) for row in sheet.iter_rows(min_row=2)]


def test_the_sheets_of_the_workbook(states, comparisons, tmp_path):
    book = opened(states, comparisons, tmp_path / "compare.xlsx", "zh")
    assert book.sheetnames == ["总览", "覆盖率对比", "缺口变化", "分单元", "指标对比", "公平性变化"]
    english = opened(states, comparisons, tmp_path / "en.xlsx", "en")
    assert english.sheetnames == ["Overview", "Coverage", "Gaps", "By unit", "Indicators", "Equity"]
    (school,) = [row for row in rows_of(book["覆盖率对比"]) if row["设施名称"] == "学校" and row["对比后状态"] == "迁建"]
    assert (school["新增覆盖人口（人）"], school["失去覆盖人口（人）"]) == (60, 10)
    assert (school["消除缺口（处）"], school["新出现缺口（处）"], school["变化缺口（处）"]) == (2, 1, 1)
    assert school["人口覆盖率变化（百分点）"] == pytest.approx(100 * 50 / 155)
    assert (school["对比前限值"], school["配置要求"]) == ("500 米", "▲ 应配建")
    gaps = {row["居住用地"]: row for row in rows_of(book["缺口变化"]) if row["对比后状态"] == "迁建"}
    assert {home: row["变化"] for home, row in gaps.items()} == {"=B": "消除", "C": "消除", "A": "新出现", "D": "仍在，有变化"}
    assert (gaps["D"]["步行距离：前（米）"], gaps["D"]["步行距离：后（米）"]) == (2500, 1300)
    assert gaps["=B"]["步行距离：后（米）"] is None
    even = {(row["设施名称"], row["对比后状态"]): row for row in rows_of(book["公平性变化"])}
    assert even["学校", "迁建"]["超出限值的比例（FGT0）：变化"] == pytest.approx(-50 / 155, abs=1e-6)
    circles = {row["指标名称"]: row for row in rows_of(book["指标对比"])}
    assert len(circles) == 6 and "生活圈完整度" in {row["指标体系"] for row in circles.values()}
    for sheet in book:
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_a_workbook_of_equal_states_says_so(states, tmp_path):
    book = opened(states[:1] * 2, [compare(states[0], states[0])], tmp_path / "same.xlsx", "zh")
    assert book["缺口变化"]["A2"].value == "没有缺口变化"
    assert book["公平性变化"]["A2"].value == "公平性没有变化"
    assert book["分单元"].max_row == 1 and book["覆盖率对比"].max_row == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_overview_in_sentences(states, comparisons, language):
    notes = overview(states, comparisons, language=language)
    told = "\n".join(f"{label} {line}" for label, line in notes)
    names = [(state.name[language]) for state in states]
    assert [label for label, line in notes if line is None][1:3] == [f"{names[0]} → {names[1]}", f"{names[0]} → {names[2]}"]
    wanted = {
        "zh": ["消除 2 处，新出现 1 处，仍在但有变化 1 处", "没有一处居住用地失去覆盖", "关闭：S", "新增覆盖 60 人，失去覆盖 10 人", "6.5% → 45.2%"],
        "en": ["2 closed, 1 opened, 1 still there but changed", "no home loses coverage", "closed: S", "60 people gained, 10 lost", "6.5% → 45.2%"],
    }
    for words in wanted[language]:
        assert words in told, words
    assert "{" not in told


def test_homes_and_how_certain_facilities_are_stand_in_table_and_overview(tiny, states):
    homes = residence_table(*((id, people, shapely.Point(x, 0)) for id, people, x in (("A", 30, 100), ("=B", 20, 700), ("C", 40, 1300), ("D", 80, 2500), ("N", 7, 200))))
    both = facility_table(("S", "school", shapely.Point(0, 0)), ("=T", "school", shapely.Point(1200, 0), "planned", 2024))
    told = compare(states[0], State("plan", {"zh": "方案", "en": "plan"}, analyzed_once(tiny, STREET, both, homes, language="zh", year=2025)))
    table = compare_tables.compare_table([told])
    rows = table[table["kind"] == "home"].set_index("residence_id")
    assert rows[["change", "value_before", "value_after"]].fillna(0).to_dict("index") == {
        "A": {"change": "resized", "value_before": 10, "value_after": 30},
        "N": {"change": "arrived", "value_before": 0, "value_after": 7},
        "E": {"change": "left", "value_before": 5, "value_after": 0},
    }
    assert table.loc[table["kind"] == "facility", ["name", "status"]].to_numpy().tolist() == [["=T", "planned"]]
    lines = [line for _, line in overview([states[0], told.after], [told], language="zh")]
    assert any("=T（规划）" in str(line) for line in lines)
    assert {"A 人口由 10 人变为 30 人", "新增 N（7 人）", "不再住人 E（原 5 人）"} <= set(lines)


def test_only_what_adds_is_checked(comparisons):
    assert [len(overview_lines(one, language="zh")) for one in comparisons] == [2, 1]


def test_the_headline_holds_what_changes(comparisons, states):
    assert headline(comparisons[0], group="all")["category"].tolist() == ["school"]
    assert len(headline(compare(states[0], states[0]), group="all")) == 0


def test_points_and_shares_in_words():
    assert [signed(value) for value in (0.04, -0.04, 0.05, -1.26)] == ["0.0", "0.0", "+0.1", "-1.3"]
    assert percent(1 / 3) == "33.3%"


def test_two_writings_are_alike(states, comparisons, tmp_path):
    for name in ("a", "b"):
        compare_workbook.write(states, comparisons, tmp_path / f"{name}.xlsx", language="zh")
        compare_tables.write(comparisons, tmp_path / f"{name}.csv")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
