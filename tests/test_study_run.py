"""A study from its file to the files of its run: what each key of judging changes in what is written, and the fault it meets."""

from __future__ import annotations

import json

import openpyxl
import pandas as pd
import pytest
import shapely
import toy_study
from test_outputs_workbook import rows_of

from livingcircle.errors import LivingCircleError
from livingcircle.study.run import run

#   S──────[A]────────┼──────────[B]───────────[C]──────(T)     S holds 20 pupils, T opens in 2030; west ends at 400
#   0    100-200     400       450-550       820-920    1000    child: 30 in A, 50 in B, 20 in C
QUOTA = """
[standard]
id = "own"
name = { zh = "自定", en = "own" }

[[categories.school.quotas]]
measure = "places"
value = 1
per = 1
of = "child"
clause = "7"
evidence = "◐"
"""
HEAD = """
[standard]
id = "sys"
number = "S 1"
name = { zh = "体检", en = "check" }
in_force = "2023-01-01"
"""
INDICATOR = """
[indicators.{id}]
name = {{ zh = "指标", en = "indicator" }}
unit = {{ zh = "%", en = "%" }}
group = {{ zh = "组", en = "group" }}
formula = "{formula}"
categories = ["school"]
limit_m = {limit}
numerator = {{ zh = "上", en = "above" }}
denominator = {{ zh = "下", en = "below" }}
definition = {{ zh = "定义。", en = "What it is." }}
clause = "1"
evidence = "◐"
name_evidence = "●"
{more}
"""
ASKED = (("land", "land_within", 500, ""), ("child", "people_within", 500, 'of = "child"'), ("fails", "units_failing", 500, "per = 1"),
         ("built", "built_land_within", 300, 'measure = "radius"\nneeds = ["built_land"]'))  # fmt: skip
KEYS = {
    "units": 'units = "units.geojson"', "units_parent": 'units_parent = "街道"', "standard": 'standard = ["tiny.toml", "own.toml"]',
    "indicators": 'indicators = ["sys.toml"]',
}  # fmt: skip
GROUPS = '\n[residences.groups]\nchild = "child"\n'
BUILT = '\n[built_land]\npath = "built.geojson"\n'
OUTPUTS = "\n[outputs]\nfigures = false\nreport = false\n"
#  within 500 m of S lie A and the corner of B where x + y + 10 keeps the limit: 35 x 35 / 2 of its 100 x 55 m
CORNER = 35 * 35 / 2 / 5500


@pytest.fixture
def folder(tmp_path):
    folder = toy_study.write(tmp_path / "toy", whole=True)
    (folder / "own.toml").write_text(QUOTA, encoding="utf-8")
    (folder / "sys.toml").write_text(HEAD + "".join(INDICATOR.format(id=i, formula=f, limit=n, more=more) for i, f, n, more in ASKED), encoding="utf-8")
    units = [shapely.box(-50, -50, 400, 500), shapely.box(400, -50, 1100, 500)]
    toy_study.write_layer(folder / "units.geojson", units, name=["西社区", "东社区"], 街道=["甲街道", "甲街道"])
    toy_study.write_layer(folder / "built.geojson", [shapely.box(0, 10, 600, 310)], kind=["built"])
    blocks = [shapely.box(x, 5, x + 100, 60) for x in (100, 450, 820)]
    toy_study.write_layer(folder / "homes.geojson", blocks, ref=["A", "B", "C"], people=[120, 200, 80], child=[30, 50, 20])
    schools = (folder / "schools.csv").read_text(encoding="utf-8-sig").splitlines()
    told = [f"{line},{more}" for line, more in zip(schools, ("学位", "20", ""), strict=True)]
    (folder / "schools.csv").write_text("\n".join(told) + "\n", encoding="utf-8-sig")
    toy_study.edit(folder / "study.toml", 'open_year = "年份"', 'open_year = "年份"\ncapacity = "学位"')
    return folder


def say(folder, *keys, tables=GROUPS):
    """Let the study say keys of `[study]` and tables after the last one."""
    told = "\n".join([*(word for key, word in KEYS.items() if not any(k.split(" =")[0] == key for k in keys)), *keys])
    toy_study.edit(folder / "study.toml", 'standard = "tiny.toml"', told)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(tables + OUTPUTS)


def written(folder, out):
    """The tables that a run writes, by name."""
    run(folder, out=out, progress=lambda *_: None)
    return {path.stem: pd.read_csv(path, encoding="utf-8-sig", keep_default_na=True) for path in out.glob("*.csv")}


def values(tables, id, **where):
    own = tables["indicators"][tables["indicators"]["id"] == id]
    for key, value in where.items():
        own = own[own[key] == value]
    return own


def test_years_make_a_row_of_every_indicator(folder, tmp_path):
    say(folder, "years = [2030]")
    rows = values(written(folder, tmp_path / "out"), "land", area="ALL").set_index("year")["value"]
    assert rows.to_dict() == pytest.approx({2025: 100 * (1 + CORNER) / 3, 2030: 100 * 2 * (1 + CORNER) / 3}, abs=0.15)


def test_without_years_every_opening_year_is_told(folder, tmp_path):
    say(folder)
    assert values(written(folder, tmp_path / "out"), "land", area="ALL")["year"].tolist() == [2025, 2030]


def test_streets_of_communities_have_rows_that_sum_to_the_whole(folder, tmp_path):
    say(folder)
    tables = written(folder, tmp_path / "out")
    fails = values(tables, "fails", year=2025).set_index("area")["value"]
    #  S lies in the west; of the east less than half is near it, until T opens
    assert fails.to_dict() == {"ALL": 1, "甲街道": 1, "西社区": 0, "东社区": 1}
    assert values(tables, "fails", year=2030, area="ALL")["value"].tolist() == [0]
    levels = tables["completeness"]
    for own, whole in ((levels[levels["level"] == "L15"], "people"), (tables["quotas"], "demand")):
        assert set(own["area_kind"]) == {"whole", "street", "community"}
        told = own.set_index("area")[whole]
        assert told["甲街道"] == told["ALL"] == told["西社区"] + told["东社区"]
    assert set(tables["gaps"]["parent"]) == {"甲街道"}
    sheet = openpyxl.load_workbook(tmp_path / "out" / "gaps.xlsx").worksheets[0]
    assert {row["街道"] for row in rows_of(sheet)} == {"甲街道"}


def test_without_a_parent_there_are_no_streets(folder, tmp_path):
    say(folder, "units_parent =")
    toy_study.edit(folder / "study.toml", "units_parent =\n", "\n")
    tables = written(folder, tmp_path / "out")
    assert set(tables["indicators"]["area_kind"]) == {"whole", "community"}
    assert tables["gaps"]["parent"].isna().all()


def test_groups_of_residences_are_counted(folder, tmp_path):
    say(folder)
    tables = written(folder, tmp_path / "out")
    row = values(tables, "child", area="ALL", year=2025).iloc[0]
    assert (row["numerator"], row["denominator"]) == (pytest.approx(30 + 50 * CORNER, abs=0.2), 100)
    assert tables["quotas"].set_index("area")["demand"].to_dict() == {"ALL": 100, "甲街道": 100, "西社区": 30, "东社区": 70}


def test_without_groups_their_indicators_say_so(folder, tmp_path):
    say(folder, tables="")
    tables = written(folder, tmp_path / "out")
    row = values(tables, "child", area="ALL", year=2025).iloc[0]
    assert (row["status"], row["missing"]) == ("missing_input", "people_child")
    assert "too_small" not in set(tables["gaps"]["cause"])


def test_built_land_is_what_its_indicator_is_a_share_of(folder, tmp_path):
    say(folder, tables=GROUPS + BUILT)
    row = values(written(folder, tmp_path / "out"), "built", area="ALL", year=2025).iloc[0]
    #  a quarter of the circle about S lies on 600 x 300 m
    assert row["value"] == pytest.approx(100 * 3.14159265 * 300**2 / 4 / 180_000, rel=2e-3)
    assert row["denominator"] == pytest.approx(18, rel=1e-3)


def test_without_built_land_its_indicator_says_so(folder, tmp_path):
    say(folder)
    row = values(written(folder, tmp_path / "out"), "built", area="ALL", year=2025).iloc[0]
    assert (row["status"], row["missing"]) == ("missing_input", "built_land")


def test_categories_left_out_stand_in_no_table(folder, tmp_path):
    say(folder, 'categories = ["park"]')
    tables = written(folder, tmp_path / "out")
    for name in ("coverage", "gaps"):
        assert set(tables[name]["category"]) == {"park"}
    assert set(tables["completeness"]["level"]) == set(tables["lacking"]["level"]) == {"L5"}
    assert tables["quotas"].empty
    #  an indicator counts what it counts, whatever is judged
    assert values(tables, "land", area="ALL", year=2025)["value"].tolist() == pytest.approx([100 * (1 + CORNER) / 3], abs=0.15)


@pytest.mark.parametrize("by", ["residence", "unit"])
def test_shortages_stand_in_the_list_by_residence_and_by_unit(folder, tmp_path, by):
    say(folder, tables=f'{GROUPS}\n[gaps]\nby = "{by}"\n')
    table = written(folder, tmp_path / "out")["gaps"]
    assert table["gap_id"].is_unique and table["rank"].tolist() == list(range(1, len(table) + 1))
    short = table[table["cause"] == "too_small"]
    told = ["unit", "category", "level", "group", "flag", "people", "measure", "demand", "supply", "short", "remedy", "clause", "evidence", "residences", "confidence"]
    #  S is full with twenty of the west; the corner of B finds it full, the rest of the east has no open school within 500 m
    assert short[told].values.tolist() == [
        ["东社区", "school", "L15", "all", "mandatory", 280, "places", 70, 0, 70, "enlarge", 7, "◐", 2, "high"],
        ["西社区", "school", "L15", "all", "mandatory", 120, "places", 30, 20, 10, "enlarge", 7, "◐", 1, "high"],
    ]
    assert short["short_full"].tolist() == pytest.approx([50 * CORNER, 10], abs=0.3)
    assert short["short_far"].tolist() == pytest.approx([70 - 50 * CORNER, 0], abs=0.3)
    assert short["residence_id"].isna().all()
    assert json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["counts"]["shortages"] == 2
    assert short["remedy_text"].tolist() == [
        "新建或扩建学校：缺学位 70 个（需求 70，限值内可得 0；限值内没有设施 65，限值内设施已满 5）",
        "扩建或新建学校：缺学位 10 个（需求 30，限值内可得 20，限值内设施已满）",
    ]
    far = table[(table["category"] == "school") & (table["cause"] != "too_small")]
    assert far["residence_id"].isna().all() == (by == "unit")
    assert far["people"].sum() == pytest.approx(280 - 200 * CORNER, abs=1)
    (row,) = [row for row in rows_of(openpyxl.load_workbook(tmp_path / "out" / "gaps.xlsx").worksheets[0]) if row["缺口类型"] == "学位缺口" and row["社区（单元）"] == "西社区"]
    assert (row["缺口规模"], row["社区（单元）"], row["步行距离（米）"]) == ("学位 10 个", "西社区", None)
    assert "缺口数量（处）" not in row
    assert row.get("居住用地", "整个单元") == "整个单元"


def test_two_runs_write_the_same_list_and_more_facilities_leave_the_ids(folder, tmp_path):
    say(folder)
    first, again = (written(folder, tmp_path / name)["gaps"] for name in ("a", "b"))
    assert (tmp_path / "a" / "gaps.csv").read_bytes() == (tmp_path / "b" / "gaps.csv").read_bytes()
    x, y = toy_study.place(1000, 10)
    with (folder / "schools.csv").open("a", encoding="utf-8") as file:
        file.write(f"新小学,现状,,{x:.8f},{y:.8f},900\n")
    after = written(folder, tmp_path / "c")["gaps"]
    keys = ["unit", "residence_id", "category", "level", "group", "clause"]
    ids = [dict(zip(map(tuple, table[keys].fillna("").astype(str).values.tolist()), table["gap_id"], strict=True)) for table in (first, after)]
    assert {key: ids[0][key] for key in ids[1]} == ids[1]
    #  the new school closes the gap of C and leaves those of B, of the parks, and the shortage of the west
    assert {key[1] for key in ids[0].keys() - ids[1].keys()} == {"C"}
    assert len(ids[1]) >= 4


def lines_for_land(folder):
    toy_study.write_layer(folder / "built.geojson", [shapely.LineString([(0, 0), (9, 9)])], kind=["built"])


def land_far_away(folder):
    toy_study.write_layer(folder / "built.geojson", [shapely.box(300_000, 0, 300_100, 100)], kind=["built"])


def child_as_words(folder):
    toy_study.edit(folder / "homes.geojson", '"child": 50', '"child": "many"')


def more_children_than_people(folder):
    toy_study.edit(folder / "homes.geojson", '"child": 50', '"child": 500')


def nothing(folder):
    pass


FAULTS = {
    "a category that is none": ('categories = ["scool"]', GROUPS, nothing, "study.categories: 'scool' is no category.*did you mean 'school'"),
    "a category twice": ('categories = ["school", "school"]', GROUPS, nothing, "study.categories: .*school stands twice"),
    "a category that is no word": ("categories = [3]", GROUPS, nothing, "study.categories"),
    "years that are words": ('years = ["soon"]', GROUPS, nothing, "study.years.0"),
    "a year too far": ("years = [20300]", GROUPS, nothing, "study.years.0"),
    "one year without brackets": ("years = 2030", GROUPS, nothing, "study.years"),
    "a column of streets that is none": ('units_parent = "street"', GROUPS, nothing, "no column 'street'.*set units_parent to one of: .*街道"),
    "built land of no file": ("", GROUPS + BUILT.replace("built.", "no."), nothing, "built_land.path: no such file 'no.geojson'"),
    "built land by a column that is none": ("", GROUPS + BUILT + '[built_land.where]\ncolumn = "code"\nstarts_with = ["07"]\n', nothing, "built.geojson.*no column 'code'"),
    "built land where none is left": ("", GROUPS + BUILT + '[built_land.where]\ncolumn = "kind"\nstarts_with = ["07"]\n', nothing, "built.geojson"),
    "built land of lines": ("", GROUPS + BUILT, lines_for_land, "built.geojson: holds more than polygons"),
    "built land elsewhere": ("", GROUPS + BUILT, land_far_away, "built.geojson"),
    "a group of no column": ("", GROUPS.replace('"child"', '"kids"'), nothing, r"no column 'kids' \(group child\)"),
    "a group with an odd id": ("", GROUPS.replace("child =", '"6-11 years" ='), nothing, "residences.groups"),
    "a group that is words": ("", GROUPS, child_as_words, "child.*not numbers"),
    "a group of more than everybody": ("", GROUPS, more_children_than_people, "group child exceeds everybody"),
    "a list by something else": ("", f'{GROUPS}\n[gaps]\nby = "street"\n', nothing, "gaps.by"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_bad_key_is_one_clear_fault(folder, tmp_path, name):
    key, tables, spoil, words = FAULTS[name]
    say(folder, *([key] if key else []), tables=tables)
    spoil(folder)
    with pytest.raises(LivingCircleError, match=words) as caught:
        run(folder, out=tmp_path / "out", progress=lambda *_: None)
    assert len(caught.value.faults) == 1, [str(fault) for fault in caught.value.faults]
    assert not (tmp_path / "out").exists()
