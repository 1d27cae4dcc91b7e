"""The command of a timeline on a toy study: its files, carried years against analyses of their own, and its faults."""

import json
import re

import openpyxl
import pandas as pd
import pytest
import toy_study
from test_cli import run
from test_outputs_page import Parts

from livingcircle.errors import StudyError
from livingcircle.messages import LANGUAGES, words
from livingcircle.standards import load
from livingcircle.study.analyzing import analyzed
from livingcircle.study.street_years import street_years
from livingcircle.study import schema
from livingcircle.study.timeline import categories_of

KEYS = ["unit", "category", "level", "group"]


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return toy_study.write(tmp_path / "toy")


def test_a_timeline_agrees_with_an_analysis_of_every_year_and_works_out_only_what_changes(study, tmp_path, capsys):
    assert run("timeline", study, "--to", "2032") == 0
    told = capsys.readouterr().out
    assert "玩具城 · 逐年覆盖时间线" in told and "重新计算的年份：2025、2030；" in told and "2030  设施投用  东小学  school" in told.replace("学校", "school")
    folder = tmp_path / "maps" / "toy" / "timeline"
    assert sorted(file.name for file in folder.iterdir()) == ["run.json", "timeline.csv", "timeline.html", "timeline.xlsx"]
    table = pd.read_csv(folder / "timeline.csv", encoding="utf-8-sig")
    assert table["year"].unique().tolist() == list(range(2025, 2033))
    for year in (2029, 2032):
        own = analyzed(study, year=year).coverage.set_index(KEYS)
        ours = table[table["year"] == year].set_index(KEYS)
        assert set(ours.index) == set(own.index)
        for column in ("people_covered", "people_share", "land_share", "facilities"):
            assert ours[column].to_numpy() == pytest.approx(own.loc[ours.index, column].to_numpy(), abs=6e-3, nan_ok=True), column
    school = table[(table["category"] == "school") & (table["unit"] == "ALL")].set_index("year")
    park = table[(table["category"] == "park") & (table["unit"] == "ALL")].set_index("year")
    assert school["facilities"].to_dict() == {year: 1 if year < 2030 else 2 for year in range(2025, 2033)}
    assert school.loc[2030, "opened"] == "东小学" and school.loc[2032, "worked_out_in"] == 2030 and set(park["worked_out_in"]) == {2025}
    # The new school stands 80 to 180 m east of C and its 80 people, who have none within reach before.
    assert school.loc[2030, "people_covered"] >= school.loc[2029, "people_covered"] + 80
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["worked_out"] == {"2025": ["school", "park"], "2030": ["school"]} and record["years"] == list(range(2025, 2033))
    assert {part["file"] for part in record["outputs"]} == {"timeline.csv", "timeline.html", "timeline.xlsx"}


def test_the_workbook_has_a_column_a_year_and_the_page_asks_for_nothing(study, tmp_path):
    toy_study.edit(study / "schools.csv", "东小学", "</script><b>东小学")
    assert run("timeline", study, "--category", "school", "--lang", "en", "--out", tmp_path / "t") == 0
    book = openpyxl.load_workbook(tmp_path / "t" / "timeline.xlsx")
    assert book.sheetnames == ["Overview", "People covered", "Residential land covered", "What opens"]
    sheet = book["People covered"]
    heads = [cell.value for cell in sheet[1]]
    assert heads[6:-2] == [str(year) for year in range(2025, 2031)]
    assert sheet.cell(2, 7).value < sheet.cell(2, 12).value and sheet.max_row == 2
    assert [cell.value for cell in book["What opens"][2]][:3] == [2030, "facility opens", "</script><b>东小学"]
    text = (tmp_path / "t" / "timeline.html").read_text(encoding="utf-8")
    parts = Parts(text)
    assert [value for _, name, value in parts.attributes if name in ("src", "href", "action") and not value.startswith("data:")] == []
    assert "</script><b>" not in text and "default-src 'none'" in text and not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    told = json.loads(re.search(r'<script type="application/json" id="livingcircle-data">(.*?)</script>', text, re.S)[1])
    assert told["years"] == list(range(2025, 2031)) and told["steps"] == [2025, 2030] and told["worked"] == [[0], [0]]
    assert told["events"][0]["name"] == "</script><b>东小学"
    people, covered, *_, facilities = told["series"][0][0][1]
    assert facilities == 2 and people == 400 and covered > told["series"][0][0][0][1]


def test_every_word_the_page_says_is_known():
    from livingcircle.outputs import timeline_page

    script = timeline_page.HERE.joinpath("timeline.js").read_text(encoding="utf-8")
    said = set(re.findall(r'lc\.say\("(\w+)"', script))
    assert len(said) > 15
    for language in LANGUAGES:
        assert said <= timeline_page.page_words(language).keys()
    assert {*words("zh", "timeline")} == {*words("en", "timeline")}


def test_a_scenario_opens_its_facility_in_its_year(study, tmp_path):
    lon, lat = toy_study.place(800, 10)
    (study / "more.toml").write_text(
        f'[[facilities]]\nchange = "open"\nname = "新"\ncategories = ["school"]\nlon = {lon}\nlat = {lat}\nopen_year = 2027\n', encoding="utf-8"
    )
    assert run("timeline", study, "--scenario", study / "more.toml", "--category", "school", "--out", tmp_path / "t") == 0
    table = pd.read_csv(tmp_path / "t" / "timeline.csv", encoding="utf-8-sig")
    assert table[table["unit"] == "ALL"].set_index("year")["facilities"].to_dict() == {2025: 1, 2026: 1, 2027: 2, 2028: 2, 2029: 2, 2030: 3}


def test_streets_that_open_are_walked_from_their_year_on(study, tmp_path):
    toy_study.edit_features(study / "streets.geojson", lambda features: [{**f, "properties": {**f["properties"], "opens": 2028 if f["properties"]["name"] == "小巷" else None}} for f in features])
    toy_study.edit(study / "study.toml", 'path = "streets.geojson"', 'path = "streets.geojson"\n[streets.columns]\nopen_year = "opens"')
    assert street_years(*schema.load(study)) == {2028: 1}
    assert run("timeline", study, "--category", "park", "--to", "2029", "--out", tmp_path / "t") == 0
    table = pd.read_csv(tmp_path / "t" / "timeline.csv", encoding="utf-8-sig").set_index("year")
    # The park lies at the end of the lane, 310 m from the street.
    assert table["people_covered"].loc[2025:2027].eq(0).all() and (table["people_covered"].loc[2028:] > 0).all()
    assert table["worked_out_in"].tolist() == [2025, 2025, 2025, 2028, 2028]


def test_faults_are_told_and_nothing_is_written(study, tmp_path, capsys):
    assert run("timeline", study, "--to", "2020") == 3
    assert "2020 早于 2025" in capsys.readouterr().err
    assert run("timeline", study, "--from", "1950", "--to", "2190") == 3
    assert run("timeline", study, "--category", "schol,parks") == 3
    told = capsys.readouterr().err
    assert "schol" in told and "parks" in told and not (tmp_path / "maps").exists()
    toy_study.edit(study / "study.toml", "year = 2025", "")
    assert run("timeline", study) == 3
    assert "--from" in capsys.readouterr().err
    assert run("timeline", study, "--from", "1800") == 2 and run("timeline", study, "--lang", "fr") == 2


def test_themes_name_all_their_categories():
    standard = load("gb50180-2018")
    told = categories_of(["health", "edu_primary"], standard)
    assert "edu_primary" in told and "edu_kinder" not in told and {"med_centre", "med_station"} <= set(told)
    assert categories_of([], standard) == ()
    with pytest.raises(StudyError, match="helth"):
        categories_of(["helth"], standard)
