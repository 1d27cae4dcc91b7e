"""States named by a planner: which are meant, in which year, and the command that sets them side by side."""

import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import toy_study
from test_cli import run

from livingcircle.errors import StudyError
from livingcircle.study.comparing import links_of, wanted

MORE = """
[scenarios.more]
name = { zh = "增建", en = "one more school" }
[[scenarios.more.facilities]]
change = "open"
name = "新小学"
categories = ["school"]
lon = %.7f
lat = %.7f
[[scenarios.more.links]]
kind = "footpath"
name = "新路"
line = [[%.7f, %.7f], [%.7f, %.7f]]
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = toy_study.write(tmp_path / "toy", whole=True)
    places = [*toy_study.place(800, 10), *toy_study.place(500, 300), *toy_study.place(900, 0)]
    file = folder / "study.toml"
    file.write_text(file.read_text(encoding="utf-8") + MORE % tuple(places), encoding="utf-8")
    return folder


@pytest.mark.parametrize("told,years,states", [
    (["a"], [], [(None, None), ("a", None)]),
    (["a@2030", "b"], [], [(None, 2030), ("a", 2030), ("b", None)]),
    (["a", "base"], [], [("a", None), (None, None)]),
    ([], [], [(None, None), ("a", None), ("b", None)]),
    ([], [2023, 2030], [(None, 2023), (None, 2030)]),
    (["base@2023", "base@2030"], [], [(None, 2023), (None, 2030)]),
    (["a"], [2023, 2030], [(None, 2023), (None, 2030), ("a", 2023), ("a", 2030)]),
    (["base@2020", "a"], [2030], [(None, 2020), ("a", 2030)]),
])  # fmt: skip
def test_which_states_are_meant(told, years, states):
    assert wanted(told, years=years, scenarios=["a", "b"]) == states


def test_one_state_alone_and_states_named_twice_are_refused():
    with pytest.raises(StudyError, match="one state only"):
        wanted([], years=[], scenarios=[])
    with pytest.raises(StudyError, match="a@2030 stands twice"):
        wanted(["a@2030", "a@2030"], years=[], scenarios=[])


def test_a_file_may_bear_an_at_sign(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x@2030").write_text("", encoding="utf-8")
    assert wanted(["x@2030"], years=[], scenarios=[]) == [(None, None), ("x@2030", None)]


def test_compare_writes_its_files_twice_and_says_what_changes(study, tmp_path, capsys):
    for _ in range(2):
        assert run("compare", study, "more") == 0
    told = capsys.readouterr().out
    assert "玩具城：方案对比" in told and "基准情景 → 增建" in told and "没有一处居住用地失去覆盖" in told
    folder = tmp_path / "maps" / "toy" / "compare"
    assert sorted(file.name for file in folder.iterdir()) == ["compare.csv", "compare.html", "compare.xlsx", "run.json"]
    table = pd.read_csv(folder / "compare.csv", encoding="utf-8-sig")
    school = table[(table["kind"] == "coverage") & (table["category"] == "school") & (table["unit"] == "ALL")].set_index("measure")
    #  the street position of a point in C (820 to 920, 5 to 60) is at most 120 + 60 + 10 m from the new school: all 80 people gain, and more of B
    assert school.loc["people_covered", "gained"] >= 80 and school.loc["people_covered", "lost"] == 0
    assert table[table["kind"].isin(["facility", "link"])][["kind", "change", "name"]].to_numpy().tolist() == [["facility", "opened", "新小学"], ["link", "opened", "新路"]]
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert [state["id"] for state in record["states"]] == ["base", "more"]
    assert {part["file"] for part in record["outputs"]} == {"compare.csv", "compare.html", "compare.xlsx"}
    assert record["states"][1]["scenario"]["id"] == "more" and record["inputs"][0]["file"] == "study.toml"


def test_years_language_and_out(study, tmp_path, capsys):
    assert run("compare", study, "--years", "2025,2030", "--lang", "en", "--out", tmp_path / "years") == 0
    assert "base (2025) → base (2030)" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "years" / "compare.csv", encoding="utf-8-sig")
    assert {*table["before"], *table["after"]} == {"base@2025", "base@2030"}


def test_every_fault_is_told_at_once_and_nothing_is_written(study, tmp_path, capsys):
    assert run("compare", study, "nowhere", "never") == 3
    told = capsys.readouterr().err
    assert "没有方案“nowhere”" in told and "没有方案“never”" in told and not (tmp_path / "maps").exists()
    assert run("compare", study, "more", "more") == 3
    assert "more 重复出现" in capsys.readouterr().err
    assert run("compare", study, "--years", "1800") == 2


def test_a_comparison_cannot_be_taken_for_a_scenario(study, capsys):
    toy_study.edit(study / "study.toml", "[scenarios.more]", "[scenarios.compare]\n[scenarios.more]")
    assert run("compare", study) == 3
    assert "compare" in capsys.readouterr().err


def test_links_of_a_scenario():
    from livingcircle.scenario import GateChange, LinkChange, Plan, Scenario

    plan = Plan("p", Scenario(links=(LinkChange(kind="bridge", name="B", line=((121.0, 29.0), (121.001, 29.0))),), gates=(GateChange(change="close", lon=121.0, lat=29.0),)), "x: ")
    told = links_of(plan, "EPSG:4550")
    assert told[["name", "kind", "change"]].to_numpy().tolist() == [["B", "bridge", "opened"], ["", "gate", "closed"]]
    assert told.length.iloc[0] == pytest.approx(97.4, abs=0.3) and told.geom_type.tolist() == ["LineString", "Point"]
    gate = gpd.GeoSeries([shapely.Point(121.0, 29.0)], crs=4326).to_crs("EPSG:4550")
    assert told.geometry.iloc[1].distance(gate.iloc[0]) == pytest.approx(0, abs=1e-6)
    assert links_of(Plan("p", Scenario(), "x: "), "EPSG:4550") is None and links_of(None, "EPSG:4550") is None
