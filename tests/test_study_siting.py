"""Sites for a toy town: by hand, the files that say so, the same coverage when the sites are analyzed as a scenario, and every fault."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pandas as pd
import pytest
import shapely
import toy_study
from conftest import ROOT
from test_cli import run
from test_siting import PEOPLE, STREET, choices
from test_siting import asked as town_of

from livingcircle.errors import DataError, StudyError
from livingcircle.outputs import site_page, site_tables, site_words
from livingcircle.siting import Bounds, mclp
from livingcircle.siting.covering import alike, one_by_one
from livingcircle.siting.wish import Wish
from livingcircle.study.analyzing import asked, judged, read
from livingcircle.study.siting import Asked, reported, site_study
from livingcircle.study.siting_ground import ground

#  The toy's street from 0 to 1,000 m; a school at its west end serves A whole and B in part. Parcels south of the street:
#
#   school   A        B                     C
#   0      100-200  450-550             820-920   1000
#   ────────────────────┬────────────────────────────
#                            P1 700-780   P2 900-990 (P3 small, P4 no vacant land)
PARCELS = {"P1": (700, 780, "16"), "P2": (900, 990, "16"), "P3": (300, 310, "16"), "P4": (560, 640, "0804")}
SITING = """
[siting]
candidates = "vacant"
cost_unit = "万元"
[siting.parcels]
path = "parcels.geojson"
vocabulary = "mnr2023"
columns = { id = "编号", land_code = "代码", cost = "费用" }
[siting.site_m2]
school = 3000
"""
COST = {"P1": 50, "P2": 20, "P3": 1, "P4": 1}


def written(folder, siting=SITING):
    toy_study.write(folder)
    shapes = [shapely.box(west, -60, east, -5) for west, east, _ in PARCELS.values()]
    toy_study.write_layer(folder / "parcels.geojson", shapes, 编号=[*PARCELS], 代码=[code for *_, code in PARCELS.values()], 费用=[COST[id] for id in PARCELS])
    file = folder / "study.toml"
    file.write_text(file.read_text(encoding="utf-8") + siting, encoding="utf-8")
    return folder


def told(folder, categories=("school",), **wish):
    return reported(asked(folder), Wish(categories, **wish), progress=lambda *step: None)


def analyzed(folder, scenario):
    """What an analysis of the town under a scenario tells of the school in the whole area."""
    table = judged(asked(folder, scenario=str(scenario))).coverage
    return table[(table["unit"] == "ALL") & (table["category"] == "school")].iloc[0]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return written(tmp_path_factory.mktemp("siting") / "toy")


@pytest.fixture(scope="module")
def best(town):
    return told(town, sites=1)


def test_the_best_parcel_covers_everybody(best):
    answer = best.answer
    #  P1 is at most 250 + 60 + 5 m from B and 220 + 60 + 5 m from C; A has its school
    assert answer.sites["parcel"].tolist() == ["P1"]
    assert (answer.siting.status, answer.siting.objective, answer.siting.bound) == ("optimal", pytest.approx(400), pytest.approx(400))
    (row,) = answer.coverage.to_dict("records")
    assert (row["people"], row["after"], row["level"], row["limit_m"]) == (400, pytest.approx(400), "L15", 500)
    #  B up to 490 - leg metres: between a tenth and a half of its 200 people, and A's 120
    assert 140 < row["before"] < 220
    gained = answer.sites[["people_gained", "people_alone", "people_only"]].iloc[0]
    assert gained.tolist() == pytest.approx([400 - row["before"]] * 3)
    assert answer.uncovered.empty and answer.unmet.empty
    assert answer.curve[["sites", "people_served", "status"]].values.tolist() == [[0, pytest.approx(row["before"]), "optimal"], [1, pytest.approx(400), "optimal"], [2, pytest.approx(400), "optimal"]]
    assert answer.needed[["sites", "people_left"]].values.tolist()[0] == [1, pytest.approx(0, abs=1e-6)]


def test_small_parcels_and_other_land_are_no_candidates(best):
    assert set(best.answer.case.candidates["parcel"]) == {"P1", "P2"}
    assert best.how == "vacant" and best.needs_m2 == 3000


def test_the_next_best_is_another_parcel(best):
    row = best.answer.sites.iloc[0]
    assert row["next_id"].startswith("P2")
    #  from 900 m, where P2 begins, C is covered and of B what lies east of about 500 m less the legs
    assert -150 < row["next_people"] < 0 and row["next_difference"] == pytest.approx(row["next_people"])


def test_the_sites_as_a_scenario_give_the_same_coverage(town, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("site", town, "--category", "school", "--sites", 1) == 0
    said = capsys.readouterr().out
    assert "玩具城 · 选址 · 学校" in said and "已证明为最优" in said and "虚构数据" in said
    folder = tmp_path / "maps" / "toy" / "site" / "school"
    assert sorted(file.name for file in folder.iterdir()) == ["curve.csv", "run.json", "site.toml", "sites.csv", "sites.geojson", "sites.html", "uncovered.csv"]
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["found"]["status"] == "optimal" and record["asked"]["limits_m"] == {"school": 500}
    assert {part["file"] for part in record["outputs"]} == {file.name for file in folder.iterdir()} - {"run.json"}
    row = analyzed(town, folder / "site.toml")
    assert row["people_covered"] == pytest.approx(record["found"]["coverage"][0]["after"], abs=1e-6)
    assert row["facilities"] == 2


def test_the_scenario_of_part_of_a_town_gives_the_same_coverage(town, tmp_path):
    #  P2 alone covers B in part: the border runs through homes
    report = told(town, sites=1, budget=25.0)
    assert report.answer.sites["parcel"].tolist() == ["P2"]
    site_tables.write_scenario(report, tmp_path / "site.toml")
    row = analyzed(town, tmp_path / "site.toml")
    after = report.answer.coverage["after"].iloc[0]
    assert row["people_covered"] == pytest.approx(after, abs=1e-6) and 200 < after < 399


@pytest.mark.parametrize("model", ["lscp", "p-median", "p-center"])
def test_the_other_models_choose_the_same_parcel_here(town, model):
    report = told(town, model=model, sites=1)
    assert report.answer.sites["parcel"].tolist() == ["P1"] and report.answer.siting.status == "optimal"
    #  whatever the model counts, coverage is worked out point by point
    assert report.answer.coverage["after"].iloc[0] == pytest.approx(400)


def test_who_cannot_be_served_is_named(town):
    report = told(town, model="lscp", limit_m=90.0)
    assert report.answer.siting.status == "infeasible"
    unmet = report.answer.unmet.set_index("residence_id")
    #  A is more than 90 m from the school at its west and 500 m from any parcel
    assert unmet.loc["A", "people"] == pytest.approx(120) and unmet.loc["A", "reason"] == "no_candidate"
    for language, words in (("zh", "无可行解"), ("en", "Infeasible")):
        lines = "\n".join(site_words.sentences(report, language=language))
        assert words in lines and "A (" in lines.replace("（", " (") and "120" in lines
    few = told(town, model="lscp", sites=0)
    assert few.answer.siting.status == "infeasible" and few.answer.unmet.empty
    assert any("1 new sites, more than allowed (at most 0 new)" in line for line in site_words.sentences(few, language="en"))


def test_several_categories_stand_together_on_one_parcel(town):
    report = told(town, ("school", "park"), sites=1)
    answer = report.answer
    assert len(answer.sites) == 1 and answer.coverage["category"].tolist() == ["school", "park"]
    assert answer.people_after == pytest.approx(answer.siting.objective)
    text = site_tables.toml({"facilities": [site_tables._opened(answer.sites.iloc[0].to_dict(), answer.case.terms.each, report)]})
    assert tomllib.loads(text)["facilities"][0]["categories"] == ["school", "park"]


def test_excluded_ground_is_told_apart_from_no_candidate(tmp_path):
    folder = written(tmp_path / "toy", SITING + '[[siting.excluded]]\npath = "marsh.geojson"\n')
    toy_study.write_layer(folder / "marsh.geojson", [shapely.box(690, -70, 1000, 2)])
    answer = told(folder, sites=1).answer
    assert not answer.case.candidates["allowed"].any() and answer.sites.empty
    assert set(answer.uncovered["reason"]) == {"excluded"}
    assert answer.people_after == answer.people_before


def test_a_budget_and_costs(town):
    report = told(town, budget=60.0)
    assert report.answer.siting.cost == 50 and report.answer.sites["parcel"].tolist() == ["P1"]
    assert "60 万元" in site_words.asked(report, "zh")


def test_room_in_a_new_facility(tmp_path):
    folder = written(tmp_path / "toy", SITING + "[siting.capacity]\nschool = 50\n")
    report = told(folder, sites=2)
    #  the school that stands tells no capacity; each new one takes 50 of those beyond it
    assert report.answer.siting.people_served == pytest.approx(report.answer.people_before + 100)
    assert report.answer.sites["people"].tolist() == pytest.approx([50, 50])
    assert report.answer.coverage["after"].iloc[0] == pytest.approx(400)
    assert "每处 50" in "".join(site_words.sentences(report, language="zh"))
    with pytest.raises(StudyError, match="several categories on one parcel"):
        told(folder, ("school", "park"))


def test_without_land_positions_along_streets_are_the_candidates(tmp_path):
    report = told(toy_study.write(tmp_path / "toy"), sites=1)
    assert report.how == "streets" and report.parcels is None
    #  one in every square of 200 m that the streets pass: five or six along 1,000 m, two along the branch
    assert 6 <= len(report.answer.case.candidates) <= 9
    assert report.answer.people_after > report.answer.people_before


def test_every_fault_is_told_at_once_and_nothing_is_written(town, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("site", town, "--category", "scool,park,park", "--model", "best", "--group", "nobody") == 3
    said = capsys.readouterr().err
    assert all(word in said for word in ("scool", "park", "best", "nobody")) and said.count("\n") == 4
    assert run("site", town, "--category", "school", "--limit", "none") == 3
    assert run("site", town, "--category", "school", "--limit", "near") == 2
    assert run("site", town, "--category", " ") == 3
    assert not (tmp_path / "maps" / "toy").exists() or not any((tmp_path / "maps" / "toy").iterdir())


@pytest.mark.parametrize(("old", "new", "words"), [
    ('candidates = "vacant"', 'candidats = "vacant"\nfront_reach_m = -1', ["candidats", "front_reach_m"]),
    ("school = 3000", "scool = 3000", ["siting.site_m2", "scool"]),
    ("school = 3000", "school = 9000", ["9000"]),
    ('cost = "费用"', 'cost = "价格"', ["价格"]),
    ('cost = "费用"', 'area_m2 = "编号"', ["编号"]),
    ('path = "parcels.geojson"', 'path = "homes.geojsn"', ["homes.geojsn"]),
    ('columns = { id = "编号", land_code = "代码", cost = "费用" }', "", ["land_code"]),
])  # fmt: skip
def test_faults_of_the_siting_table(tmp_path, old, new, words):
    folder = written(tmp_path / "toy")
    toy_study.edit(folder / "study.toml", old, new)
    with pytest.raises((StudyError, DataError)) as raised:
        told(folder)
    assert [word for word in words if word not in str(raised.value)] == []


def test_parcels_need_their_file(tmp_path):
    with pytest.raises(StudyError, match="no .siting.parcels. names their file"):
        told(written(tmp_path / "toy", '[siting]\ncandidates = "parcels"\n'))


def test_sites_on_a_scenario_keep_what_it_changes(town, tmp_path):
    close = tmp_path / "close.toml"
    close.write_text('name = "关闭"\nyear = 2026\n[[facilities]]\nchange = "close"\nid = "schools.csv#2"\n', encoding="utf-8")
    report, files = site_study(town, Wish(("school",), sites=1), told=Asked(scenario=str(close), out=tmp_path / "out"), progress=lambda *step: None)
    assert report.answer.people_before == 0
    told_ = tomllib.loads((tmp_path / "out" / "site.toml").read_text(encoding="utf-8"))
    assert told_["year"] == 2026 and [one["change"] for one in told_["facilities"]] == ["close", "open"]
    assert all(file.is_file() for file in files)


def test_the_tables_and_the_map_say_the_same(best, tmp_path):
    site_tables.write(best, tmp_path)
    sites = pd.read_csv(tmp_path / "sites.csv", encoding="utf-8-sig")
    assert tuple(sites.columns) == site_tables.SITES and sites["categories"].tolist() == ["school"]
    assert tuple(pd.read_csv(tmp_path / "curve.csv", encoding="utf-8-sig").columns) == site_tables.CURVE
    assert tuple(pd.read_csv(tmp_path / "uncovered.csv", encoding="utf-8-sig").columns) == site_tables.UNCOVERED
    site_tables.write_geojson(best, tmp_path / "sites.geojson")
    features = json.loads((tmp_path / "sites.geojson").read_text(encoding="utf-8"))["features"]
    (chosen,) = (one for one in features if one["properties"]["role"] == "chosen")
    assert chosen["geometry"]["coordinates"] == pytest.approx([sites["lon"].iloc[0], sites["lat"].iloc[0]], abs=1e-6)
    homes = [one["properties"] for one in features if one["properties"]["role"] == "residence"]
    sums = {key: sum(home[key] for home in homes) for key in ("covered", "gained", "uncovered")}
    assert sums["covered"] + sums["gained"] == pytest.approx(400, abs=0.1) and sums["uncovered"] == 0
    assert {one["properties"]["role"] for one in features} == {"chosen", "candidate", "existing", "residence"}


def test_toml_is_read_as_it_was_meant():
    values = {"name": {"zh": '引"号', "en": "a\nb\\"}, "year": 2030, "walking": {"speeds": {"all": 3.5}}, "links": [{"line": [[1.5, 2.0], [3.0, 4.0]], "name": "\x7f"}]}
    assert tomllib.loads(site_tables.toml(values)) == values


def test_the_page_loads_nothing_and_takes_names_as_text(best):
    page = site_page.html(best, language="zh")
    assert "http://" not in page.split("Leaflet")[0] and "default-src 'none'" in page
    assert page == site_page.html(best, language="zh")
    data = json.loads(page.split('id="livingcircle-data">')[1].split("</script>")[0])
    assert data["chosen"][0]["parcel"] == "P1" and data["curve"]["here"] == {"sites": 1, "share": 1}
    assert set(data["sentences"]) == {"zh", "en"} and set(data["words"]["zh"]) == set(data["words"]["en"])


def test_what_one_by_one_finds_keeps_to_the_bounds_and_is_no_better_than_the_best():
    town = town_of(STREET, PEOPLE, cost=[1.0, 5.0, 2.0, 3.0], parcel=["a", "b", "c", "b"])
    for bounds in (Bounds(300, sites=1), Bounds(300, sites=2), Bounds(300, budget=5), Bounds(300)):
        rows = one_by_one(town, bounds, alike(town, bounds.limit_m))
        assert tuple(sorted(rows.tolist())) in {tuple(sorted(own)) for own in choices(town, bounds=bounds)}
        served = sum(town.people[row] for row in range(5) if any(STREET[row][site] is not None and STREET[row][site] <= 300 for site in rows))
        assert 0 < served <= mclp(town, bounds).objective
    assert np.array_equal(one_by_one(town, Bounds(300, sites=1), alike(town, 300)), [1])


def test_the_sample_has_reserved_land_for_a_kindergarten():
    job = asked(ROOT / "data" / "beilun")
    found = ground(job.study, job.base, read(job).inputs, standard=job.standard, categories=("edu_kinder",))
    #  5,240 m² is the least land of a kindergarten in GB 50180-2018
    assert found.how == "vacant" and found.needs_m2 == 5240 and (found.parcels["area_m2"] >= 5240).all() and len(found.parcels) >= 10
    assert found.candidates["allowed"].any() and set(found.candidates["cost"]) == {job.study.siting.cost["edu_kinder"]}
    assert found.candidates["parcel"].nunique() == len(found.parcels)


def test_under_the_rule_of_time_minutes_decide(tmp_path):
    #  15 minutes at 2 km/h are 500 m, as the limit in metres
    folder = written(tmp_path / "toy", '\n[walking]\nrule = "time"\nspeed_kmh = 2.0\n' + SITING)
    report = told(folder, budget=25.0)
    assert report.answer.case.measure == "flat_m" and report.answer.coverage["limit_m"].iloc[0] == pytest.approx(500)
    site_tables.write_scenario(report, tmp_path / "site.toml")
    assert analyzed(folder, tmp_path / "site.toml")["people_covered"] == pytest.approx(report.answer.coverage["after"].iloc[0], abs=1e-6)
    assert told(folder, limit_m=300.0).answer.case.measure == "walk_m"
