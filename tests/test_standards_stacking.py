"""Standards laid over one another: nation, province, city, project; where every value came from; files of indicators alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import shapely
import toy_study
from conftest import TINY, analyzed, facility_table, residence_table, town

from livingcircle import analysis, standards
from livingcircle import coverage as judging
from livingcircle.errors import StandardError
from livingcircle.standards import files, indicator_systems, judged_with, load, missing_categories, own_files
from livingcircle.standards.stacking import stacked
from livingcircle.study.run import run

PROVINCE = """
[standard]
id = "province"
number = "DB 1"
name = { zh = "省标", en = "provincial" }
tier = "province"
based_on = "tiny.toml"

[levels.L10]
name = { zh = "十分钟", en = "10 minutes" }
minutes = 10
walk_m = 600
clause = "p 1"
evidence = "◐"

[categories.school]
requirements = [
  { level = "L15", limit_m = 450, clause = "p 2", evidence = "◐" },
  { level = "L10", limit_m = 400, limit_min = 10, flag = "on_demand", clause = "p 3", evidence = "●" },
]
quotas = [
  { measure = "places", value = 30, per = 1000, of = "people", clause = "p 4", evidence = "◐" },
  { measure = "classes", value = 1, per = 1500, of = "people", clause = "p 5", evidence = "◐" },
]
"""
CITY = """
[standard]
id = "city"
number = "City 1"
name = { zh = "市标", en = "municipal" }
tier = "city"
based_on = "province.toml"

[categories.school]
requirements = [{ level = "L10", drop = true }]
quotas = [{ measure = "places", of = "people", value = 35 }]

[categories.park]
drop = true

[categories.clinic]
name = { zh = "诊所", en = "clinic" }
theme = "all"
source = "City 1"
requirements = [{ level = "L15", limit_m = 800, limit_min = 15, flag = "mandatory", clause = "c 1", evidence = "●" }]
"""
PROJECT = """
[standard]
id = "project"
name = { zh = "本项目", en = "this project" }
based_on = "city.toml"

[levels.L5]
walk_m = 350

[categories.clinic]
requirements = [{ level = "L15", flag = "on_demand" }]
"""
INDICATORS = """
[standard]
id = "counts"
number = "I 1"
name = { zh = "体检", en = "counts" }
in_force = "2023-01-01"
THEMES
[categories.pitch]
name = { zh = "球场", en = "pitch" }
theme = "THEME"
source = "I 1"
match = { osm = [{ leisure = "pitch" }] }

[indicators.pitches]
name = { zh = "球场覆盖率", en = "pitches within reach" }
unit = { zh = "%", en = "%" }
group = { zh = "体育", en = "sports" }
formula = "land_within_all"
categories = ["pitch"]
elements = { play = ["school", "pitch"], care = ["clinic"] }
limit_m = 500
numerator = { zh = "分子", en = "above" }
denominator = { zh = "分母", en = "below" }
definition = { zh = "定义。", en = "What it is." }
clause = "1"
evidence = "◐"
name_evidence = "●"
"""


def counts(theme: str, themes: str = "") -> str:
    return INDICATORS.replace("THEMES", themes).replace("THEME", theme)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Four files, each based on the one below, and one of indicators alone."""
    told = {"tiny": TINY, "province": PROVINCE, "city": CITY, "project": PROJECT, "counts": counts("sports")}
    for name, text in told.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def faults(asked, **told) -> list[str]:
    with pytest.raises(StandardError) as caught:
        load(asked, **told)
    return [str(fault) for fault in caught.value.faults]


def rows(standard, category):
    return [(r.level, r.limit_m, r.limit_min, r.flag, r.clause, r.evidence) for r in standard.category(category).requirements]


# --- four layers ----------------------------------------------------------------------------------------------------


def test_each_layer_changes_what_it_names_and_nothing_else(folder):
    nation, province, city, project = (load(f"{name}.toml", base=folder) for name in ("tiny", "province", "city", "project"))
    assert rows(nation, "school") == [("L15", 500, 15, "mandatory", "2", "○")]
    assert rows(province, "school") == [("L15", 450, 15, "mandatory", "p 2", "◐"), ("L10", 400, 10, "on_demand", "p 3", "●")]
    assert rows(city, "school") == [("L15", 450, 15, "mandatory", "p 2", "◐")]
    assert [(q.measure, q.value, q.per) for q in province.category("school").quotas] == [("places", 30, 1000), ("classes", 1, 1500)]
    assert [(q.measure, q.value, q.per) for q in city.category("school").quotas] == [("places", 35, 1000), ("classes", 1, 1500)]
    assert [list(one.categories) for one in (nation, province, city, project)] == [["school", "park"], ["school", "park"], ["school", "clinic"], ["school", "clinic"]]
    assert [list(one.levels) for one in (nation, project)] == [["L15", "L5"], ["L15", "L5", "L10"]]
    assert (nation.levels["L5"].walk_m, project.levels["L5"].walk_m, project.levels["L5"].minutes) == (300, 350, 5)
    assert [one.tier for one in (nation, province, city, project)] == ["national", "province", "city", "project"]
    assert project.layers == ("tiny", "province", "city", "project")
    assert (project.number, project.name.en, project.in_force.isoformat()) == ("City 1", "this project", "2020-01-01")


def test_every_value_tells_the_layer_it_came_from(folder):
    project = load("project.toml", base=folder)
    school = ("categories", "school", "requirements", "L15")
    told = {key: project.origin(*school, key) for key in ("limit_m", "limit_min", "flag", "clause", "evidence")}
    assert told == {"limit_m": "province", "limit_min": "tiny", "flag": "tiny", "clause": "province", "evidence": "province"}
    assert project.origin("categories", "school", "quotas", "places/people", "value") == "city"
    assert project.origin("categories", "school", "quotas", "places/people", "per") == "province"
    assert project.origin("levels", "L5", "walk_m") == "project" and project.origin("levels", "L5", "minutes") == "tiny"
    assert project.origin("standard", "in_force") == "tiny" and project.origin("standard", "name", "en") == "project"
    assert project.origin("categories", "clinic", "source") == "city"
    assert not [key for key in project.origins if key.startswith(("categories.park", "categories.school.requirements.L10"))]
    #  every value of the merged tables has one, and it is a layer
    def leaves(told, path=()):
        for key, value in told.items():
            if isinstance(value, dict):
                yield from leaves(value, (*path, key))
            elif not isinstance(value, list):
                yield (*path, key)

    stack = stacked(files.chain(["project.toml"], base=folder)[0])
    assert {stack.origins[path] for path in leaves(stack.told)} == set(project.layers)


def test_a_figure_changed_without_marks_is_to_be_verified(folder):
    project = load("project.toml", base=folder)
    (clinic,) = project.category("clinic").requirements
    #  only the flag was changed: the limit keeps its mark, the clause is the project's
    assert (clinic.flag, clinic.flag_evidence, clinic.evidence, clinic.clause) == ("on_demand", "○", "●", "project")
    (quota, _) = project.category("school").quotas
    assert (quota.value, quota.evidence, quota.clause) == (35, "○", "City 1")
    assert (project.levels["L5"].evidence, project.levels["L5"].clause) == ("○", "project")
    assert project.levels["L15"].clause == "1"


def test_a_list_is_stacked_as_based_on_is(folder):
    alone = load("project.toml", base=folder)
    listed = load([folder / f"{name}.toml" for name in ("tiny", "province", "city", "project")])
    assert listed == alone
    assert load(["province.toml", "city.toml"], base=folder) == load("city.toml", base=folder)
    assert load(["tiny.toml"], base=folder) == load("tiny.toml", base=folder)
    assert [file.name for file in own_files("project.toml", base=folder)] == ["tiny.toml", "province.toml", "city.toml", "project.toml"]
    assert own_files(["gb50180-2018", "counts.toml"], base=folder) == [folder / "counts.toml"]


def test_stacking_leaves_what_was_read_alone(folder):
    layers = files.chain(["project.toml"], base=folder)[0]
    before = repr([layer.told for layer in layers])
    stacked(layers)
    assert repr([layer.told for layer in layers]) == before


def test_keep_listed_leaves_the_others_out(folder):
    (folder / "own.toml").write_text('[standard]\nid = "own"\nbased_on = "tiny.toml"\nkeep = "listed"\n[categories.park]\n', encoding="utf-8")
    own = load("own.toml", base=folder)
    assert list(own.categories) == ["park"]
    assert own.category("park") == load("tiny.toml", base=folder).category("park")
    assert not [key for key in own.origins if key.startswith("categories.school")]


def test_a_layer_that_says_nothing_changes_nothing(folder):
    (folder / "own.toml").write_text('[standard]\nid = "own"\nbased_on = "gb50180-2018"\n', encoding="utf-8")
    own, base = load("own.toml", base=folder), load("gb50180-2018")
    parts = ("levels", "themes", "categories", "green", "per_thousand", "indicators", "match")
    assert all(getattr(own, part) == getattr(base, part) for part in parts)
    assert own.layers == ("gb50180-2018", "own")


# --- refusals -------------------------------------------------------------------------------------------------------


def test_files_based_on_one_another_and_a_missing_base(folder):
    (folder / "a.toml").write_text('[standard]\nid = "a"\nbased_on = "b.toml"\n', encoding="utf-8")
    (folder / "b.toml").write_text('[standard]\nid = "b"\nbased_on = "a.toml"\n', encoding="utf-8")
    (fault,) = faults("a.toml", base=folder)
    assert "based on one another (a.toml → b.toml → a.toml)" in fault
    (folder / "c.toml").write_text('[standard]\nid = "c"\nbased_on = "gb50180"\n', encoding="utf-8")
    (fault,) = faults("c.toml", base=folder)
    assert fault.startswith(f"{folder / 'c.toml'}: standard.based_on: no such standard 'gb50180' → ") and "gb50180-2018" in fault


def test_all_faults_of_all_layers_each_with_its_file(folder):
    edits = {
        "tiny": ("limit_m = 300", "limit_m = -1"),
        "province": ("level = \"L10\", limit_m = 400", 'level = "L11", limit_m = 400'),
        "city": ('theme = "all"', 'theme = "al"'),
        "project": ("walk_m = 350", "walk_m = 350\nwalk = 3"),
    }
    for name, (old, new) in edits.items():
        toy_study.edit(folder / f"{name}.toml", old, new)
    told = faults("project.toml", base=folder)
    wanted = [
        "tiny.toml: categories.park.requirements.0.limit_m: ",
        "province.toml: categories.school.requirements.1.level: unknown level 'L11' → did you mean",
        "city.toml: categories.school.requirements.L10: nothing to drop",
        "city.toml: categories.clinic.theme: unknown theme 'al' → did you mean 'all'",
        "project.toml: levels.L5.walk: unknown key",
    ]
    for text in wanted:
        assert sum(text in fault for fault in told) == 1, (text, told)
    assert len(told) == len(wanted), told


def test_files_that_cannot_be_had_are_all_told(folder):
    toy_study.edit(folder / "city.toml", 'id = "city"', "id = city")
    toy_study.edit(folder / "tiny.toml", "minutes = 15", 'minutes = "x"')
    told = faults(["tiny.toml", "no.toml", "city.toml"], base=folder)
    assert [part for part in ("no such file", "is not valid TOML", "levels.L15.minutes") if any(part in fault for fault in told)] == ["no such file", "is not valid TOML", "levels.L15.minutes"]
    assert len(told) == 3


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('[standard]\nid = "x"\nbased_on = "tiny.toml"\n[categories.shop]\ndrop = true\n', "categories.shop: nothing to drop"),
        ('[standard]\nid = "x"\nbased_on = "tiny.toml"\n[categories.park]\ndrop = true\nsource = "y"\n', "drop stands beside other keys"),
        ('[standard]\nid = "x"\nbased_on = "tiny.toml"\n[levels.L5]\ndrop = true\n', "tiny.toml: categories.park.requirements.0.level: unknown level 'L5'"),
        ('[standard]\nid = "x"\nbased_on = "tiny.toml"\nkeep = "some"\n', "standard.keep: "),
        ('[standard]\nid = "x"\nbased_on = ["tiny.toml"]\n', "standard.based_on: is no text"),
        ('[standard]\nid = "x"\nbased_on = "tiny.toml"\nlayers = ["y"]\n', "standard.layers: unknown key"),
        ('[standard]\nid = "tiny"\nbased_on = "tiny.toml"\n', "'tiny' is also the id of"),
        ('[standard]\nbased_on = "tiny.toml"\n', "x.toml: standard.id: is required"),
        ('[standard]\nid = "x"\nbased_on = "tiny.toml"\n[green.L9]\nper_person_m2 = 1\nclause = "1"\nevidence = "○"\n', "green.L9: unknown level 'L9'"),
        ('[standard]\nid = "x"\nbased_on = "tiny.toml"\n[categories.park]\nquotas = [{ measure = "beds", of = "people" }]\n', "x.toml: categories.park.quotas.0.value: is required"),
    ],
)
def test_a_layer_at_fault(folder, text, wanted):
    (folder / "x.toml").write_text(text, encoding="utf-8")
    assert any(wanted in fault for fault in faults("x.toml", base=folder))


def test_one_file_stands_once_in_a_list(folder):
    assert any("stands in the stack already" in fault for fault in faults(["city.toml", "tiny.toml"], base=folder))
    assert any("none is named" in fault for fault in faults([]))


@pytest.mark.parametrize("part", ["levels = 1", "categories = 3", "[categories]\nschool = 1", "[categories.school]\nrequirements = 3", "themes = []", "per_thousand = [1]"])
def test_a_layer_of_a_wrong_kind_is_a_fault_not_a_crash(folder, part):
    (folder / "x.toml").write_text(f'{part}\n[standard]\nid = "x"\nbased_on = "tiny.toml"\nkeep = "listed"\n' if "[" not in part or part.startswith(("themes", "per")) else f'[standard]\nid = "x"\nbased_on = "tiny.toml"\n{part}\n', encoding="utf-8")
    assert any("x.toml" in fault for fault in faults("x.toml", base=folder))


# --- indicators alone -----------------------------------------------------------------------------------------------


def test_indicators_alone_need_no_levels_and_borrow_themes(folder):
    system = load("counts.toml", base=folder)
    assert (list(system.levels), list(system.themes), list(system.categories)) == ([], ["sports"], ["pitch"])
    assert system.themes["sports"] == load("gb50180-2018").themes["sports"]
    assert system.origin("themes", "sports") == "gb50180-2018" and system.layers == ("counts",)
    assert system.indicators["pitches"].counted == ("pitch", "school", "clinic")


def test_a_theme_of_nobody_is_a_fault(folder):
    (folder / "x.toml").write_text(counts("sprots"), encoding="utf-8")
    (fault,) = faults("x.toml", base=folder)
    assert "categories.pitch.theme: unknown theme 'sprots' → did you mean 'sports'" in fault
    (folder / "x.toml").write_text(counts("own", '[themes.own]\nname = { zh = "自", en = "own" }\ncolor = "#112233"\n'), encoding="utf-8")
    assert load("x.toml", base=folder).themes["own"].color == "#112233"


def test_a_requirement_needs_a_level_even_there(folder):
    toy_study.edit(folder / "counts.toml", 'source = "I 1"', 'source = "I 1"\nrequirements = [{ level = "L5", limit_m = 1, limit_min = 1, flag = "mandatory", clause = "1", evidence = "○" }]')
    (fault,) = faults("counts.toml", base=folder)
    assert "categories.pitch.requirements.0.level: unknown level 'L5'" in fault


def test_judged_with_brings_what_is_only_counted(folder):
    tiny, city, system = (load(f"{name}.toml", base=folder) for name in ("tiny", "city", "counts"))
    assert missing_categories(tiny, system) == {"pitches": ("pitch", "clinic")}
    both = judged_with(tiny, [system])
    assert list(both.categories) == ["school", "park", "pitch"] and both.category("pitch").requirements == ()
    assert both.category("school") == tiny.category("school") and both.themes["sports"].name.en == "sports"
    assert both.requirements() == tiny.requirements() and "leisure" in both.osm_keys()
    assert missing_categories(both, system) == {"pitches": ("clinic",)}
    assert missing_categories(judged_with(city, [system]), system) == {}
    assert list(tiny.categories) == ["school", "park"]
    assert judged_with(tiny, []) == tiny


def test_what_a_standard_defines_itself_stays(folder):
    system = load("counts.toml", base=folder)
    own = load(["tiny.toml", "counts.toml"], base=folder)
    assert list(own.categories) == ["school", "park", "pitch"] and list(own.indicators) == ["pitches"]
    judged = judged_with(load("city.toml", base=folder), [own])
    #  of the other stack only what its indicators count, and without its requirements
    assert list(judged.categories) == ["school", "clinic", "pitch"]
    assert judged.category("school").requirements[0].limit_m == 450
    assert system.categories["pitch"] == judged.categories["pitch"]


# --- every file shipped ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def every() -> dict[str, standards.Standard]:
    return {name: load(name) for name in standards.available()}


@pytest.mark.parametrize("name", standards.available())
def test_a_shipped_category_asks_something_or_is_counted_and_says_where_from(every, name):
    standard = every[name]
    counted = {id for system in every.values() for one in system.indicators.values() for id in one.counted}
    for id, category in standard.categories.items():
        assert category.requirements or category.size or category.quotas or id in counted, id
        assert category.name.zh and category.name.en and category.theme in standard.themes and category.source
        for asked in category.requirements:
            assert asked.level in standard.levels and asked.limit_m > 0 and asked.limit_min > 0
            assert asked.clause.strip() and asked.evidence in "●◐○" and asked.flag_evidence in "●◐○"
        for part in (*category.quotas, *([category.size] if category.size else [])):
            assert part.clause.strip() and part.evidence in "●◐○"


@pytest.mark.parametrize("name", standards.available())
def test_a_shipped_indicator_says_all_a_table_needs(every, name):
    for id, one in every[name].indicators.items():
        for named in (one.name, one.unit, one.definition, one.numerator, one.denominator, one.group):
            assert named.zh.strip() and named.en.strip(), id
        assert any("\u4e00" <= sign <= "\u9fff" for sign in one.name.zh) and one.clause.strip(), id
        assert {one.evidence, one.name_evidence} <= set("●◐○"), id


@pytest.mark.parametrize("name", standards.available())
def test_what_shipped_indicators_count_is_in_the_standard_judged_by(every, name):
    judged = judged_with(every["gb50180-2018"], [every[system] for system in indicator_systems()])
    assert missing_categories(judged, every[name]) == {}


def test_indicator_systems_are_those_that_hold_indicators(every):
    assert indicator_systems() == [name for name, one in every.items() if one.indicators]


# --- what stacking is for -------------------------------------------------------------------------------------------


def test_a_limit_of_a_layer_judges_the_same_walks_anew(folder, tiny, monkeypatch):
    #  a street of 1,000 m, the school at its west end, homes at 400 m, 470 m and 600 m
    network = town([(0, 0), (1000, 0)])
    places = facility_table(("S", "school", shapely.Point(0, 0)))
    homes = residence_table(*((name, people, shapely.Point(x, 0)) for name, people, x in (("A", 10, 400), ("B", 20, 470), ("C", 40, 600))))
    kept: dict = {}
    searched: list[str] = []
    reaches = analysis.category.reaches

    def kept_reaches(category, *rest, **told):
        searched.append(category)
        kept.update(found := reaches(category, *rest, **told))
        return found

    monkeypatch.setattr(analysis.category, "reaches", kept_reaches)
    first = analyzed(tiny, network, places, homes)
    assert sorted(searched) == ["park", "school"]

    def people(table: pd.DataFrame) -> float:
        row = table[(table["category"] == "school") & (table["level"] == "L15") & (table["unit"] == "ALL")]
        return float(row["people_covered"].iloc[0])

    province = load("province.toml", base=folder)
    walks = {key: known.walks for key, known in kept.items()}
    samples = judging.Sampled.of(first.samples, first.residences, ("people",), {})
    again = judging.coverage(samples, walks, standard=province, groups=first.settings.groups, rule="distance", facilities_in={})
    #  500 m of the nation, 450 m of the province
    assert (people(first.coverage), people(again)) == (30, 10)
    assert sorted(searched) == ["park", "school"]
    whole = analyzed(province, network, places, homes).coverage
    assert people(whole) == 10 and set(whole[whole["category"] == "school"]["level"]) == {"L15", "L10"}


LIBRARY = """
[categories.library]
name = { zh = "图书馆", en = "library" }
theme = "all"
source = "own"
requirements = [{ level = "L15", limit_m = 500, limit_min = 15, flag = "mandatory", clause = "own 1", evidence = "●" }]
match = { amap = [{ codes = ["140500"] }] }
"""


def test_a_new_category_is_one_edit_of_one_file(tmp_path):
    folder = toy_study.write(tmp_path / "toy")
    toy_study.edit(folder / "study.toml", '"tiny.toml"', '"own.toml"')
    toy_study.edit(folder / "study.toml", "[residences]\n", '[[facilities]]\npath = "places.csv"\ncrs = "WGS84"\nmapping = "amap"\n[facilities.columns]\nname = "name"\ncode = "typecode"\n\n[residences]\n')
    own = '[standard]\nid = "own"\nname = { zh = "自定", en = "own" }\nbased_on = "tiny.toml"\n'
    (folder / "own.toml").write_text(own + '[categories.school.match]\namap = [{ codes = ["141200"] }]\n', encoding="utf-8")
    spots = [("东小学校", "141200", *toy_study.place(900, -10)), ("小城图书馆", "140500", *toy_study.place(0, 20))]
    (folder / "places.csv").write_text("name,typecode,lon,lat\n" + "".join(f"{n},{c},{x:.8f},{y:.8f}\n" for n, c, x, y in spots), encoding="utf-8")
    before, _ = run(folder, out=tmp_path / "before", progress=lambda *_: None)
    assert set(before.coverage["category"]) == {"school", "park"}
    with (folder / "own.toml").open("a", encoding="utf-8") as file:
        file.write(LIBRARY)
    after, _ = run(folder, out=tmp_path / "after", progress=lambda *_: None)
    row = after.coverage[after.coverage["category"] == "library"].iloc[0]
    assert (row["facilities"], row["limit_m"], row["clause"], row["evidence"]) == (1, 500, "own 1", "●")
    #  home A (x 100 to 200) lies within 500 m of the library at x = 0 all over; C (820 to 920) not at all
    assert 120 <= row["people_covered"] < 320
    #  the other categories are judged as before
    rest = after.coverage[after.coverage["category"] != "library"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, before.coverage.reset_index(drop=True))
