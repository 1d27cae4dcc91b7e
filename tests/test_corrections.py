"""Corrections: what a planner writes is understood, done, listed, and refused where it cannot be."""

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import facility_table
from pyproj import Transformer

from livingcircle import corrections
from livingcircle.errors import DataError

EAST, NORTH = 380_000.0, 3_313_000.0
DEGREES = Transformer.from_crs("EPSG:4550", "EPSG:4326", always_xy=True)


def degrees(x, y):
    return "{:.9f} {:.9f}".format(*DEGREES.transform(EAST + x, NORTH + y)).split()


def facilities():
    """A school point, a park polygon with a gate on its west side, and a clinic."""
    table = facility_table(
        ("西小学", "school", shapely.Point(EAST, NORTH)),
        ("绿园", "park", shapely.box(EAST + 100, NORTH, EAST + 200, NORTH + 50)),
        ("诊所", "clinic", shapely.Point(EAST + 300, NORTH)),
    )
    return table.assign(entrance=[None, shapely.Point(EAST + 100, NORTH + 25), None])


def told(*rows):
    """Corrections of (action, id, lon, lat, value)."""
    names = ["动作", "设施编号", "经度", "纬度", "改为"]
    table = pd.DataFrame(rows, columns=names).assign(row=range(2, 2 + len(rows)), 理由="实地核实")
    table.attrs["row_column"] = "row"
    return corrections.read(table, where="更正.csv")


def applied(*rows, **more):
    return corrections.applied(facilities(), told(*rows), **more)


def test_english_and_chinese_words_mean_the_same():
    english = pd.DataFrame({"action": ["Drop", "rename"], "facility_id": ["F1", "F2"], "value": ["", "Green"], "row": [2, 3]})
    chinese = pd.DataFrame({"动作": ["删除", "改 名"], "设施编号": ["F1", "F2"], "改为": [None, "Green"], "row": [2, 3]})
    a, b = (corrections.read(table, where="t.csv").table for table in (english, chinese))
    assert a.equals(b)


def test_each_action_by_hand():
    out, listed = applied(
        ("删除", "F3", "", "", ""),
        ("移位", "F2", *degrees(150, 125), ""),
        ("改名", "F1", "", "", "西滨小学"),
        ("开放年份", "F1", "", "", "2027年"),
        ("状态", "F1", "", "", "规划"),
        ("规模", "F1", "", "", "１，２００"),
        ("改类", "F1", "", "", "primary；junior"),
    )
    assert out["facility_id"].tolist() == ["F1", "F2"]
    school, park = out.iloc[0], out.iloc[1]
    assert (school["name"], school["open_year"], school["status"], school["capacity"]) == ("西滨小学", 2027, "planned", 1200)
    assert (school["categories"], school["rule"], school["confidence"]) == (("primary", "junior"), "corrected", "high")
    #  the park's middle goes to (150, 125), and its gate with it
    assert np.allclose(park.geometry.bounds, (EAST + 100, NORTH + 100, EAST + 200, NORTH + 150), atol=0.01)
    assert np.allclose(shapely.get_coordinates(park["entrance"]), [[EAST + 100, NORTH + 125]], atol=0.01)
    assert listed["action"].tolist() == ["drop", "move", "rename", "year", "status", "capacity", "reclass"]
    assert listed["before"].tolist()[2] == "西小学"
    assert listed["after"].tolist()[1] == "100 m"
    assert set(listed["reason"]) == {"实地核实"}


def test_an_entrance_is_one_more_door():
    out, _ = applied(("出入口", "F2", *degrees(200, 25), ""), ("出入口", "F1", *degrees(0, 10), ""))
    assert len(shapely.get_coordinates(out["entrance"].iloc[1])) == 2
    assert np.allclose(shapely.get_coordinates(out["entrance"].iloc[0]), [[EAST, NORTH + 10]], atol=0.01)


def test_inputs_stay_and_nothing_to_correct_changes_nothing():
    table = facilities()
    before = table.copy()
    corrections.applied(table, told(("移位", "F2", *degrees(0, 0), ""), ("改名", "F1", "", "", "x")))
    assert table.equals(before)
    same, listed = corrections.applied(table, corrections.NOTHING)
    assert same.equals(before)
    assert listed.empty
    assert corrections.together([]).table.empty


def test_pairs_and_absences():
    known = corrections.together([told(("同一处", "F1", "", "", "F3")), told(("不是同一处", "F1", "", "", "F2"), ("确认没有", "", "", "", "eld_home"))])
    assert known.pairs("same") == [("F1", "F3")]
    assert known.pairs("apart") == [("F1", "F2")]
    assert known.absent == {"eld_home"}
    assert told(("改类", "F1", "", "", "a|b、c")).categories == {"F1": ("a", "b", "c")}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("飞走", "F1", "", "", "")], ["row 2", "飞走", "drop"]),
        ([("移位", "F1", "", "", "")], ["action move without lon", "without lat"]),
        ([("移位", "F1", "29.9", "121.8", "")], ["swapped"]),
        ([("改名", "", "", "", "新名")], ["without facility_id"]),
        ([("开放年份", "F1", "", "", "不久")], ["year is not a number"]),
        ([("状态", "F1", "", "", "好")], ["unknown status"]),
        ([("飞走", "F1", "", "", ""), ("改名", "F1", "", "", "")], ["飞走", "row 3", "without value"]),
    ],
)
def test_faults_are_told_all_at_once(rows, words):
    with pytest.raises(DataError) as error:
        told(*rows)
    for word in words:
        assert word in str(error.value)


def test_a_table_without_actions_and_ids_nobody_has():
    with pytest.raises(DataError, match="no column of actions"):
        corrections.read(pd.DataFrame({"名称": ["x"], "row": [2]}), where="更正.csv")
    with pytest.raises(DataError, match="no facility F9"):
        applied(("删除", "F9", "", "", ""))
    with pytest.raises(DataError, match="no facility F8"):
        applied(("同一处", "F1", "", "", "F8"))
    out, listed = applied(("改类", "F9", "", "", "school"), known=("F9",))
    assert len(out) == 3
    assert len(listed) == 1
