import pytest

from livingcircle.errors import DataError
from livingcircle.sources import headings


def numbered(*rows):
    return list(enumerate(rows, start=1))


def test_the_table_lies_between_titles_and_notes_and_keeps_its_row_numbers():
    rows = numbered(["学校一览表", None], ["名称", "学位"], ["甲小学", 900], ["乙小学", None], ["注：虚构数据", None])
    table, notes = headings.below_heading(rows, where="a.xlsx")
    assert table.to_dict("list") == {"名称": ["甲小学", "乙小学"], "学位": [900, None], "row": [3, 4]}
    assert notes == ["注:虚构数据"]
    assert rows[2] == (3, ["甲小学", 900])


def test_two_rows_of_a_heading_become_one_only_where_the_second_fills_the_first():
    table, _ = headings.below_heading(numbered(["名称", "坐标", None], [None, "经度", "纬度"], ["甲", 1, 2]), where="a.xlsx")
    assert table.columns.tolist() == ["名称", "坐标 经度", "坐标 纬度", "row"]
    table, _ = headings.below_heading(numbered(["名称", "类型", "地址"], ["甲", "小学", "路旁"]), where="a.xlsx")
    assert table.columns.tolist() == ["名称", "类型", "地址", "row"]


def test_a_row_of_groups_above_a_full_heading_is_a_title():
    rows = numbered(["基本信息", None, None, "坐标", None], ["id", "name", "typecode", "location", "entr_location"], ["B1", "甲", 141203, "1,2", None])
    assert headings.below_heading(rows, where="a.xlsx")[0].columns.tolist() == ["id", "name", "typecode", "location", "entr_location", "row"]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "table is empty"),
        ([["名称", "学位"]], "no rows below"),
        ([["121.8", "29.9"], ["121.9", "29.8"]], "no heading row"),
        ([["名称", "学位"], ["甲", 1], ["乙", 1, "多"]], "row 3: more cells"),
    ],
)
def test_what_is_no_table(rows, problem):
    with pytest.raises(DataError, match=problem):
        headings.below_heading(numbered(*rows), where="a.csv")


def test_blank_cells_are_not_counted():
    assert headings.filled([None, 0, "", "甲"]) == 3
