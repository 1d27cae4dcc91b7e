"""The command of a programme on a toy study: its files, the programme as a scenario analyzed whole, the analysis that carries it, and its faults."""

import json
import re

import docx
import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
import toy_study
from test_cli import run
from test_outputs_page import Parts

from livingcircle.comparison import State, compare
from livingcircle.messages import LANGUAGES, words
from livingcircle.outputs import programme_page
from livingcircle.outputs.programme_words import sentences
from livingcircle.programme import Programme
from livingcircle.study.analyzing import analyzed
from livingcircle.study.programming import Wanted, programme_study

ASKED = """
[siting]
candidates = "streets"
street_spacing_m = 100
cost_unit = "万元"
[programme]
cost_gate = 5
[programme.cost_site]
school = 100
park = 60
[programme.cost_place]
school = 2
[programme.cost_per_m]
footpath = 0.2
"""


def quiet(step, done, total):
    pass


def capacities(folder):
    """The school of the west holds 30; 40 children live in every block, so that those near it fill it."""
    toy_study.edit(folder / "study.toml", 'open_year = "年份"', 'open_year = "年份"\ncapacity = "学位"')
    rows = (folder / "schools.csv").read_text(encoding="utf-8-sig").splitlines()
    told = [rows[0].replace("年份", "年份,学位"), *(",".join([*row.split(",")[:3], "30", *row.split(",")[3:]]) for row in rows[1:])]
    (folder / "schools.csv").write_text("\n".join(told) + "\n", encoding="utf-8-sig")
    toy_study.edit(folder / "tiny.toml", "[[categories.park", "[[categories.school.quotas]]\nmeasure = \"places\"\nvalue = 1\nper = 3\nof = \"people\"\nclause = \"9.9\"\nevidence = \"○\"\n\n[[categories.park")


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = toy_study.write(tmp_path / "toy")
    file = folder / "study.toml"
    file.write_text(file.read_text(encoding="utf-8") + ASKED, encoding="utf-8")
    return folder


def test_the_programme_as_a_scenario_gains_exactly_what_its_measures_are_told_to(study, tmp_path, capsys):
    told, files = programme_study(study, Wanted(budget=260), progress=quiet)
    assert isinstance(told, Programme) and told.exact.status == "optimal" and told.lost_people == 0 and told.cost <= 260
    assert {file.name for file in files} == {"programme.html", "programme.xlsx", "programme.csv", "programme.geojson", "programme.toml", "run.json"}
    assert set(told.steps["kind"]) == {"site"} and told.people > 0
    #  analyzed whole, point by point, as any scenario
    base, after = analyzed(study), analyzed(study, scenario=str(files[0].parent / "programme.toml"))
    gained = compare(State("a", {}, base), State("b", {}, after)).coverage
    whole = gained[gained["unit"] == "ALL"]
    assert whole["people_gained"].sum() == pytest.approx(told.people, abs=1e-6) and whole["people_lost"].sum() == 0
    assert whole["land_gained_ha"].sum() == pytest.approx(told.steps["land_ha"].sum(), abs=1e-9)
    closed = set(base.gaps["gap_id"]) - set(after.gaps["gap_id"])
    assert {gap for ids in told.steps["gap_ids"] for gap in ids.split(";") if gap} == closed and told.steps["gaps_closed"].sum() == len(closed)


def test_files_say_what_was_chosen_and_proven(study, tmp_path, capsys):
    assert run("programme", study, "--budget", "160", "--sites", "1") == 0
    told = capsys.readouterr().out
    assert "已证明为最优" in told and "逐项择优" in told and "近期项目库" in told
    folder = tmp_path / "maps" / "toy" / "programme"
    table = pd.read_csv(folder / "programme.csv", encoding="utf-8-sig")
    chosen = table[table["chosen"]]
    assert len(chosen) == 1 and chosen["cost"].tolist() == [100] and chosen["category"].tolist() == ["school"] and chosen["clause"].notna().all()
    assert chosen["people"].sum() == chosen["people_joint"].iloc[-1]
    shapes = gpd.read_file(folder / "programme.geojson")
    assert len(shapes) == len(table) and shapes.geometry.iloc[0].distance(shapely.Point(chosen["lon"].iloc[0], chosen["lat"].iloc[0])) < 2e-6
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["exact"]["status"] == "optimal" and record["exact"]["gap"] == 0 and record["asked"]["sites"] == 1 and record["lost_people"] == 0
    book = openpyxl.load_workbook(folder / "programme.xlsx")
    assert book.sheetnames == ["总览", "近期项目库", "备选措施"] and book["近期项目库"].max_row == 2


def test_the_page_asks_for_nothing_and_no_name_is_markup(study, tmp_path):
    toy_study.edit(study / "study.toml", '"玩具城"', '"</script><b>玩具城"')
    assert run("programme", study, "--budget", "300", "--lang", "en", "--out", tmp_path / "p") == 0
    text = (tmp_path / "p" / "programme.html").read_text(encoding="utf-8")
    parts = Parts(text)
    assert [value for _, name, value in parts.attributes if name in ("src", "href", "action") and not value.startswith("data:")] == []
    assert "</script><b>" not in text and "default-src 'none'" in text
    said = set(re.findall(r'lc\.say\("(\w+)"', programme_page.HERE.joinpath("programme.js").read_text(encoding="utf-8")))
    for language in LANGUAGES:
        assert said <= programme_page.page_words(language).keys()


def test_full_schools_are_enlarged_and_places_are_filled(study, tmp_path):
    capacities(study)
    #  120 people, 40 children, live in A, all within 500 m of the school of 30 places: 10 find none; half of its places would be 15 more
    #  59 pays for neither a school nor a park
    told, files = programme_study(study, Wanted(budget=59), progress=quiet)
    own = told.steps[told.steps["kind"] == "enlargement"]
    assert len(own) == 1 and own["cost"].iloc[0] == 2 * own["places"].iloc[0] and own["clause"].tolist() == ["9.9"] and own["people"].tolist() == [0]
    assert own["places_filled"].iloc[0] == pytest.approx(own["places"].iloc[0], abs=1)
    scenario = (files[0].parent / "programme.toml").read_text(encoding="utf-8")
    assert 'change = "resize"' in scenario and f"capacity = {30 + own['places'].iloc[0]}" in scenario
    after = analyzed(study, scenario=str(files[0].parent / "programme.toml"))
    assert after.facilities.set_index("name")["capacity"]["西小学"] == 30 + own["places"].iloc[0]


def test_without_costs_the_budget_is_a_number_of_measures(study, tmp_path):
    toy_study.edit(study / "study.toml", ASKED, ASKED[: ASKED.index("cost_unit")])
    told, _ = programme_study(study, Wanted(budget=2), progress=quiet)
    assert len(told.steps) == 2 and told.steps["cost"].tolist() == [1, 1] and told.exact.value >= told.greedy.value
    assert "2 项" in sentences(told, language="zh")[0]


def test_an_analysis_carries_the_programme_that_the_study_asks_for(study, tmp_path):
    toy_study.edit(study / "study.toml", "figures = false\nreport = false", "figures = false\nreport = true")
    assert run("analyze", study, "--out", tmp_path / "plain") == 0
    assert "近期项目库" not in openpyxl.load_workbook(tmp_path / "plain" / "gaps.xlsx").sheetnames
    toy_study.edit(study / "study.toml", "[programme]", "[programme]\nbudget = 200")
    assert run("analyze", study, "--out", tmp_path / "out") == 0
    sheet = openpyxl.load_workbook(tmp_path / "out" / "gaps.xlsx")["近期项目库"]
    assert sheet.max_row == 3 and {sheet["C2"].value[:4], sheet["C3"].value[:4]} == {"新建公园", "新建学校"}
    text = "\n".join(paragraph.text for paragraph in docx.Document(tmp_path / "out" / "report.docx").paragraphs)
    assert "预算内择优选出的项目" in text and "已证明为最优" in text
    assert "预算内择优选出的项目" not in "\n".join(paragraph.text for paragraph in docx.Document(tmp_path / "plain" / "report.docx").paragraphs)


def test_faults_are_told_at_once_and_nothing_is_written(study, tmp_path, capsys):
    toy_study.edit(study / "study.toml", "park = 60", "park = 60\nschol = 3")
    assert run("programme", study) == 3
    told = capsys.readouterr().err
    assert "schol" in told and "没有给出预算" in told and not (tmp_path / "maps").exists()
    assert run("programme", study, "--budget", "-1") == 2


def test_both_languages_say_the_same():
    assert list(words("zh", "programme")) == list(words("en", "programme"))
