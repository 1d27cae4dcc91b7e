"""Scenarios of a study file and of files of their own: read, laid over the study, written beside its results."""

from __future__ import annotations

import gc
import json

import pandas as pd
import pytest
import toy_study
from conftest import ROOT

from livingcircle import cli
from livingcircle.errors import StudyError
from livingcircle.study import schema
from livingcircle.study.analyzing import analyzed, analyzed_all, asked
from livingcircle.study.scenarios import scenario_of

#   S──────[A]────────┼──────────[B]───────────[C]──────(T)     T opens in 2030; homes from 100, 450 and 820 m on
TABLES = ("coverage", "gaps", "indicators", "completeness", "quotas", "lacking")
PLAIN = "\n[outputs]\nfigures = false\nreport = false\n"


def new_school(x, y):
    lon, lat = toy_study.place(x, y)
    return f'change = "open"\nname = "新小学"\ncategories = ["school"]\nlon = {lon:.9f}\nlat = {lat:.9f}\n'


SCENARIOS = f"""
[scenarios.nothing]
year = 2025
standard = "tiny.toml"
certainty = "拟建"
[scenarios.nothing.walking]
rule = "distance"
speeds = {{ all = 4.0 }}
[[scenarios.nothing.limits]]
category = "school"
level = "L15"
limit_m = 500
[[scenarios.nothing.facilities]]
change = "open"
id = "schools.csv#3"
open_year = 2030
[[scenarios.nothing.homes]]
change = "resize"
id = "A"
people = 120
[scenarios.east]
name = {{ zh = "东部新校", en = "school in the east" }}
note = "虚构"
[[scenarios.east.facilities]]
{new_school(900, 10)}
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = toy_study.write(tmp_path / "toy", whole=True)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(PLAIN + SCENARIOS)
    return folder


def run(*arguments):
    with pytest.raises(SystemExit) as left:
        cli.main([str(a) for a in arguments])
    return left.value.code or 0


def people_covered(folder):
    table = pd.read_csv(folder / "coverage.csv", encoding="utf-8-sig")
    return table[table["unit"] == "ALL"].set_index("category")["people_covered"]


def test_a_scenario_that_says_nothing_new_gives_the_tables_of_the_study_to_the_byte(study, tmp_path):
    assert run("analyze", study) == run("analyze", study, "--scenario", "nothing") == 0
    base, same = tmp_path / "maps" / "toy", tmp_path / "maps" / "toy" / "nothing"
    assert [name for name in TABLES if (base / f"{name}.csv").read_bytes() != (same / f"{name}.csv").read_bytes()] == []


def test_a_scenario_stands_beside_the_study_and_neither_run_takes_the_other_away(study, tmp_path, capsys):
    base = tmp_path / "maps" / "toy"
    assert run("analyze", study, "--scenario", "east") == 0
    assert "玩具城（方案：东部新校）" in capsys.readouterr().out
    assert run("analyze", study) == 0
    assert (base / "east" / "run.json").is_file() and (base / "run.json").is_file()
    #  C, from 820 to 920 m, is within 500 m of the school at 900 m, and so is half of B
    before, after = people_covered(base), people_covered(base / "east")
    assert after["school"] >= before["school"] + 80 and after["park"] == before["park"]
    assert run("analyze", study, "--scenario", "east") == 0
    assert (base / "index.html").is_file() and people_covered(base)["school"] == before["school"]
    record = json.loads((base / "east" / "run.json").read_text(encoding="utf-8"))
    assert record["name"] == {"zh": "玩具城（方案：东部新校）", "en": "Toy town (scenario: school in the east)"}
    assert record["note"]["zh"] == "虚构数据 方案说明：虚构"
    told = record["scenario"]
    assert (told["id"], told["name"]["en"], told["file"]) == ("east", "school in the east", None)
    assert told["content"]["facilities"][0]["categories"] == ["school"]
    assert json.loads((base / "run.json").read_text(encoding="utf-8"))["scenario"] is None
    assert "东部新校" in (base / "east" / "index.html").read_text(encoding="utf-8")


def test_a_file_of_its_own_in_toml_or_json_says_the_same(study, tmp_path):
    toml, table = tmp_path / "新校 方案.toml", tmp_path / "Plan B.json"
    toml.write_text(f'year = 2028\n[[facilities]]\n{new_school(900, 10)}', encoding="utf-8-sig")
    lon, lat = (round(value, 9) for value in toy_study.place(900, 10))
    change = {"change": "open", "name": "新小学", "categories": ["school"], "lon": lon, "lat": lat}
    table.write_text(json.dumps({"year": 2028, "facilities": [change]}), encoding="utf-8")
    for file, id in ((toml, "新校-方案"), (table, "plan-b")):
        assert run("analyze", study, "--scenario", file) == 0
        record = json.loads((tmp_path / "maps" / "toy" / id / "run.json").read_text(encoding="utf-8"))
        assert record["scenario"]["id"] == id and record["scenario"]["file"]["file"] == file.name
        assert file.name in {one["file"] for one in record["inputs"]}
        assert record["parameters"]["year"] == 2028
    both = [tmp_path / "maps" / "toy" / id / "coverage.csv" for id in ("新校-方案", "plan-b")]
    assert both[0].read_bytes() == both[1].read_bytes()


def test_the_year_of_the_command_stands_before_that_of_the_scenario_and_of_the_study(study, tmp_path):
    file = tmp_path / "later.toml"
    file.write_text("year = 2030\n", encoding="utf-8")
    years = [asked(study, scenario=scenario, year=year).settings.year for scenario, year in ((None, None), (str(file), None), (str(file), 2027))]
    assert years == [2025, 2030, 2027]
    assert analyzed(study, scenario=str(file)).counts["facilities_open"] == analyzed(study).counts["facilities_open"] + 1


def test_several_scenarios_are_worked_out_on_layers_read_once(study):
    read = []
    found = dict(
        (job.plan.id if job.plan else "", result)
        for job, result in analyzed_all(study, [None, "nothing", "east"], progress=lambda step, done, total: read.append(step) if (step, done) == ("streets", 0) else None)
    )
    assert list(found) == ["", "nothing", "east"] and len(read) == 1
    pd.testing.assert_frame_equal(found[""].coverage, found["nothing"].coverage)
    assert found["east"].counts["facilities"] == found[""].counts["facilities"] + 1
    #  what the study's own facilities bring in later years stays comparable
    assert found["east"].settings.years == found[""].settings.years == (2030,)
    assert found["east"].warnings == found[""].warnings


def test_garbage_is_collected_as_before_once_all_scenarios_are_worked_out(study):
    states = analyzed_all(study, [None, "nothing", "east"])
    next(states)
    next(states)
    assert gc.get_freeze_count() > 0
    states.close()
    assert gc.get_freeze_count() == 0


def told(*arguments, capsys):
    assert run(*arguments) == 3
    return [line.removeprefix("livingcircle: ") for line in capsys.readouterr().err.strip().splitlines()]


def test_faults_of_scenarios_in_the_study_file_are_told_with_all_others(study, tmp_path, capsys):
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write('[scenarios.odd]\nbridges = 1\n[[scenarios.odd.facilities]]\nchange = "close"\n[[scenarios.odd.links]]\nkind = "tunnel"\nline = [[1, 1], [2, 2]]\n')
    assert told("analyze", study, "--lang", "en", capsys=capsys) == [
        f"{study}/study.toml: scenarios.odd.facilities.0: to close needs id → correct the value",
        f"{study}/study.toml: scenarios.odd.links.0.kind: Input should be 'footpath', 'bridge' or 'crossing' (given: 'tunnel') → correct the value",
        f"{study}/study.toml: scenarios.odd.bridges: unknown key → known keys: certainty, facilities, gates, homes, limits, links, name, note, standard, walking, year",
    ]
    assert not (tmp_path / "maps").exists()


@pytest.mark.parametrize("name", ["figures", "../out", "a.b", "a b", ""])
def test_a_scenario_is_named_like_a_folder(study, name, capsys):
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write(f'[scenarios."{name}"]\n')
    (line,) = told("analyze", study, "--lang", "en", capsys=capsys)
    assert "cannot name a folder" in line and "study.toml: scenarios" in line


FILES = {
    "no such file": ("plan.toml", None, "无法读取"),
    "broken TOML": ("plan.toml", "year = ", "不符合 TOML 写法"),
    "broken JSON": ("plan.json", '{"year": ', "不是 JSON"),
    "a list": ("plan.json", "[1]", "没有方案"),
    "lists within lists": ("plan.json", "[" * 100_000, "列表嵌套过深"),
    "another encoding": ("plan.toml", "name = '方案'".encode("gb18030"), "不是 UTF-8"),
    "an unknown key": ("plan.json", '{"yaer": 2030}', "是否指 'year'"),
    "not a number": ("plan.json", '{"facilities": [{"change": "resize", "id": "a", "capacity": NaN}]}', "facilities.0.capacity"),
    "an id of nobody": ("plan.toml", '[[facilities]]\nchange = "close"\nid = "西小学"\n', "是否指 'schools.csv#2'"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_scenario_is_one_clear_fault(study, tmp_path, name, capsys):
    file, text, words = FILES[name]
    if text is not None:
        (tmp_path / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    (line,) = told("analyze", study, "--scenario", file, capsys=capsys)
    assert file in line and words in line
    assert not any((tmp_path / "maps").rglob("*.csv"))


def test_a_name_of_no_scenario_is_told_with_the_nearest(study, capsys):
    (line,) = told("analyze", study, "--scenario", "eest", "--lang", "en", capsys=capsys)
    assert "no scenario 'eest' → did you mean 'east'?" in line
    plain, _ = schema.load(study)
    with pytest.raises(StudyError, match=r"write \[scenarios.west\] into it"):
        scenario_of("west", plain.model_copy(update={"scenarios": {}}), study / "study.toml")


def test_times_are_walked_over_the_links_of_a_scenario(study, tmp_path, capsys):
    #  walks are written rounded up to a decimetre; a footpath from the branch's end (500, 300) straight to the far end of the street: sqrt(500² + 300²) m
    ends = [[round(value, 9) for value in toy_study.place(*place)] for place in ((500, 300), (1000, 0))]
    (tmp_path / "path.json").write_text(json.dumps({"links": [{"kind": "footpath", "line": ends}], "walking": {"speeds": {"all": 5}}}), encoding="utf-8")
    for name, places in (("a", [(500, 300), (500, 250)]), ("b", [(1000, 0), (990, 20)])):
        rows = [f"{number},{toy_study.place(*place)[0]:.9f},{toy_study.place(*place)[1]:.9f}" for number, place in enumerate(places)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["id,lon,lat", *rows]) + "\n", encoding="utf-8")
    walked = {}
    for name, more in (("base", ()), ("path", ("--scenario", "path.json"))):
        assert run("times", study, "--from", "a.csv", "--to", "b.csv", "--out", f"{name}.csv", *more) == 0
        walked[name] = pd.read_csv(f"{name}.csv", encoding="utf-8-sig").set_index(["from_id", "to_id"])
    straight = (500**2 + 300**2) ** 0.5
    assert walked["base"]["walk_m"].tolist() == pytest.approx([800, 300 + 490 + 20, 750, 250 + 490 + 20], abs=0.11)
    assert walked["path"]["walk_m"].tolist() == pytest.approx([straight, straight + 10 + 20, 50 + straight, 50 + straight + 30], abs=0.11)
    assert walked["path"]["walk_min"].iloc[0] == pytest.approx(straight * 60 / 5000, abs=0.01)
    assert "5" in capsys.readouterr().out.splitlines()[-1]


#  A stands 100 to 200 m from the school in the west (120 people), B 450 to 550 m (200), C 820 to 920 m (80), all 5 to 60 m off the street; the school
#  stands 10 m off it. Of B, what is within 500 m ends at x = 490 - y: a mean of 0.1114 of its width; of C within 900 m 0.375.
WITHIN = {500: 120 + 200 * 0.1114, 750: 320, 375: 120, 900: 320 + 80 * 0.375}
LOCAL = """
[standard]
id = "local"
name = { zh = "本市", en = "local" }
[categories.school]
requirements = [{ level = "L15", limit_m = 900 }]
"""
CHANGES = {
    "a limit": ({"limits": [{"category": "school", "level": "L15", "limit_m": 900}]}, 900, 900),
    "a limit of time says nothing of distance": ({"limits": [{"category": "school", "level": "L15", "limit_min": 5}]}, 500, 500),
    "a speed of a group, by time": ({"walking": {"rule": "time", "speeds": {"elderly": 1.5, "all": 2}}}, 500, 375),
    "the rule alone": ({"walking": {"rule": "time", "speeds": {"all": 3}}}, 750, 750),
    "a local standard stacked on the study's": ({"standard": ["../toy/tiny.toml", "local.toml"]}, 900, 900),
    "another standard": ({"standard": "local.toml"}, 900, 900),
}


@pytest.mark.parametrize("name", CHANGES)
def test_limits_speeds_rules_and_standards_are_judged_by(study, tmp_path, name):
    told, everybody, elderly = CHANGES[name]
    toy_study.edit(study / "study.toml", "[streets]", '[[walking.groups]]\nid = "elderly"\nspeed_kmh = 3\n[streets]')
    toy_study.edit(study / "study.toml", "[study]", "[study]\nindicators = []")
    folder = tmp_path / "plans"
    folder.mkdir()
    alone = "" if "stacked" in name else 'based_on = "../toy/tiny.toml"\n'
    (folder / "local.toml").write_text(LOCAL.replace("[categories", f"{alone}[categories", 1), encoding="utf-8")
    (folder / "plan.json").write_text(json.dumps(told), encoding="utf-8")
    job = asked(study, scenario=str(folder / "plan.json"))
    found = analyzed(study, scenario=str(folder / "plan.json"))
    whole = found.coverage[(found.coverage["unit"] == "ALL") & (found.coverage["category"] == "school")].set_index("group")
    assert whole["people_covered"].to_dict() == pytest.approx({"all": WITHIN[everybody], "elderly": WITHIN[elderly]}, abs=2)
    assert ("local.toml" in {file.name for file in job.files}) == ("standard" in told)
    assert found.standard.id == ("local" if "standard" in told else "tiny")


def test_a_scenario_says_how_certain_what_counts_must_be(study, tmp_path):
    toy_study.edit(study / "study.toml", "[study]", "[study]\nindicators = []")
    file = tmp_path / "sure.toml"
    file.write_text('year = 2030\ncertainty = "在建"\n', encoding="utf-8")
    opened, sure = analyzed(study, year=2030), analyzed(study, scenario=str(file))
    #  the school in the east is planned for 2030: it would serve C
    assert people(opened) == pytest.approx(WITHIN[500] + 80 + 200 * 0.1114, abs=2) and people(sure) == pytest.approx(WITHIN[500], abs=2)
    assert sure.settings.years == () and opened.warnings == ()
    assert sure.warnings_by_language["zh"][-1] == "只计在建及更确定的项目：1 处设施、0 处居住用地、0 条步行通道因确定性不足未计入"
    toy_study.edit(study / "study.toml", "year = 2025", "year = 2030")
    toy_study.edit(study / "study.toml", "indicators = []", 'indicators = []\ncertainty = "under_construction"')
    assert people(analyzed(study)) == pytest.approx(people(sure))


def people(found):
    table = found.coverage[(found.coverage["unit"] == "ALL") & (found.coverage["category"] == "school")]
    return table["people_covered"].iloc[0]


def test_a_missing_standard_or_file_of_homes_is_a_fault(study, tmp_path, capsys):
    (tmp_path / "plan.toml").write_text('standard = "nowhere.toml"\n', encoding="utf-8")
    assert "nowhere.toml" in told("analyze", study, "--scenario", "plan.toml", capsys=capsys)[0]
    (tmp_path / "home.toml").write_text('[[homes]]\nchange = "add"\nname = "N"\npeople = 5\nfile = "none.gpkg"\n', encoding="utf-8")
    (line,) = told("analyze", study, "--scenario", "home.toml", capsys=capsys)
    assert "homes.0.file" in line and "none.gpkg" in line
    assert not any((tmp_path / "maps").rglob("*.csv"))


def test_the_sample_shows_homes_a_moved_facility_and_a_gate():
    job = asked(ROOT / "data" / "beilun", scenario="talent")
    scenario, columns = job.plan.scenario, job.plan.columns
    (home,), (moved,), (gate,) = scenario.homes, scenario.facilities, scenario.links
    assert job.settings.year == home.open_year == 2026 and moved.change == "move" and gate.kind == "footpath"
    #  every column of people by age is told, and ages within one another add up
    assert {columns[group] for group in home.groups} == set(columns.values())
    ages = home.groups
    assert ages["children"] == sum(ages[key] for key in ("age_0_2", "age_3_5", "age_6_11", "age_12_14"))
    assert ages["age_0_2"] + ages["age_3_5"] <= ages["age_0_6"] and ages["age_12_14"] <= ages["age_7_15"]
    assert "虚构" in scenario.note["zh"] and "虚构" in scenario.name["zh"]
