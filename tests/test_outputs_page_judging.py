"""What the page's script judges anew agrees with the analysis, and with figures worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, analyzed, facility_table, residence_table, town
from judged_town import EAST, NORTH, TOLD, Asked, degrees, frames, judged, layers, page_values, settings, standard_in

from livingcircle import standards
from livingcircle.analysis import Inputs, Result, analyze
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.facilities import is_open
from livingcircle.outputs.page import judging
from livingcircle.scenario import Plan, Scenario, laid
from livingcircle.study import schema
from livingcircle.study.findings import Findings
from livingcircle.study.judging import standards_of
from livingcircle.study.reading import read_inputs, settings_of

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "beilun"
# Coverage may differ by a thousandth of the land or people; walks are told to the decimetre, so homes at a limit may fall on either side.
SHARE = 0.001


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("judging")


@pytest.fixture(scope="module")
def standard(folder):
    return standard_in(folder)


@pytest.fixture(scope="module")
def seeded():
    return layers()


@pytest.fixture(scope="module")
def base(seeded, standard):
    return judged(seeded, standard)


@pytest.fixture(scope="module")
def asked(base, folder):
    return Asked(page_values(base), folder)


# ---- agreement of tables -------------------------------------------------------------------------------------------------


def kind_of(frame: pd.DataFrame) -> pd.Series:
    return frame["unit"].map({WHOLE_AREA: 1, OUTSIDE: 2}).fillna(0).astype(int)


def assert_coverage(result: Result, told: pd.DataFrame) -> None:
    """Every row of coverage is told, its shares within a thousandth."""
    names = ["kind", "place", "category", "level", "group"]
    own = result.coverage.assign(kind=kind_of(result.coverage))
    own["place"] = own["unit"].where(own["kind"] == 0, "")
    told = told.assign(place=told["unit"].where(told["kind"] == 0, ""))
    both = own.merge(told, on=names, suffixes=("", "_told"), validate="one_to_one", how="outer", indicator=True)
    assert (both["_merge"] == "both").all()
    for column in ("limit_m", "limit_min", "facilities"):
        odd = both[f"{column}_told"].astype(float) != both[column].astype(float)
        assert not odd.any(), both.loc[odd, [*names, column, f"{column}_told"]].to_string()
    for kind in ("land", "people"):
        share, said = (both[f"{kind}_share{end}"].astype(float) for end in ("", "_told"))
        assert share.isna().tolist() == said.isna().tolist()
        assert (share - said).abs().max() <= SHARE


def gap_keys(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index(["residence_id", "category", "level", "group"]).sort_index()


def assert_gaps(result: Result, told: pd.DataFrame, homes: list[str], *, causes: float = 1.0) -> None:
    """The same gaps, their people and walks; of their causes at least the share `causes`, where the point shown may be another."""
    own = result.gaps[["residence_id", "category", "level", "group", "people", "cause", "walk_m", "rank", "limit_m", "flag", "priority"]]
    row = [int(r) if r >= 0 else int(key[1:].split("-")[0]) for r, key in zip(told["residence"], told["gap_id"], strict=True)]
    said = gap_keys(told.assign(residence_id=[homes[r] for r in row]))
    own = gap_keys(own)
    assert said.index.is_unique
    # A home at the limit may make a gap of a single point of a residence.
    apart = own.index.symmetric_difference(said.index)
    assert all(own["people"].get(key, said["people"].get(key)) < 1 for key in apart)
    own, said = own.drop(apart, errors="ignore"), said.drop(apart, errors="ignore")
    assert np.allclose(own["people"], said["people"].astype(float), atol=1, rtol=0.01)
    assert (own["cause"] == said["cause"]).mean() >= causes
    assert sorted(told["rank"]) == list(range(1, len(told) + 1))
    # Ranks agree but for gaps that stand next to each other in people or metres.
    assert np.abs(own["rank"].rank() - said["rank"].rank()).max() <= max(2, 0.02 * len(own))


def assert_complete(result: Result, told: pd.DataFrame) -> None:
    whole = result.completeness[result.completeness["area"] == WHOLE_AREA]
    both = whole.merge(told, on=["level", "group"], suffixes=("", "_told"))
    assert len(both) == len(whole) > 0
    assert both["elements"].tolist() == both["elements_told"].tolist()
    assert (both["land_all_share"] - both["land_share"]).abs().max() <= SHARE
    assert (both["people_all_share"] - both["people_share"]).abs().max() <= SHARE


def assert_quotas(result: Result, told: pd.DataFrame) -> None:
    own = result.quotas[result.quotas["area_kind"] != "street"].copy()
    own["place"] = own["area"].where(own["area_kind"] == "community", "")
    told = told.assign(place=told["unit"].where(told["kind"] == 0, ""))
    both = own.merge(told, left_on=["place", "category", "measure"], right_on=["place", "id", "measure"], suffixes=("", "_told"), validate="one_to_one")
    assert len(both) == len(own) == len(told) > 0
    for column in ("demand", "supply", "short"):
        assert np.allclose(both[column].astype(float), both[f"{column}_told"].astype(float), equal_nan=True, atol=0.01), column


def assert_indicators(result: Result, told: pd.DataFrame, *, formulas: tuple[str, ...] = judging.WORKED) -> None:
    """What the page tells is right within a thousandth, and it tells every indicator with a value whose formula it knows."""
    rows = result.indicators
    year = np.array([pd.isna(y) or y == result.settings.year for y in rows["year"]], dtype=bool)
    own = rows[(rows["area"] == WHOLE_AREA) & year & (rows["status"] == "computed")]
    formula = {(system.id, one.id): one.formula for system in result.settings.systems for one in system.indicators.values()}
    own = own[[formula[key] in formulas for key in zip(own["system"], own["id"], strict=True)]]
    both = own.merge(told, on=["system", "id"], suffixes=("", "_told"), how="outer", indicator=True)
    assert (both["_merge"] == "both").all(), both[both["_merge"] != "both"]["id"].tolist()
    assert np.allclose(both["value"], both["value_told"].astype(float), rtol=2 * SHARE, atol=0.1)
    assert [bool(a) if pd.notna(a) else None for a in both["meets"]] == [bool(b) if pd.notna(b) else None for b in both["meets_told"]]


def assert_agrees(result: Result, told: dict, homes: list[str], *, causes: float = 1.0) -> None:
    tables = frames(told)
    assert_coverage(result, tables["coverage"])
    assert_gaps(result, tables["gaps"], homes, causes=causes)
    assert_complete(result, tables["complete"])
    assert_quotas(result, tables["quotas"])
    assert_indicators(result, tables["indicators"])


# ---- the seeded town against the analysis ----------------------------------------------------------------------------------


def homes_of(base: Result) -> list[str]:
    return base.walking.residences["residence_id"].tolist()


def said(asked: Asked, scenario: dict) -> dict:
    return asked(TOLD + f"say(told(lc.town({json.dumps(scenario)})));")[0]


def test_a_scenario_without_changes_is_the_study_as_written(base, asked):
    told = said(asked, {})
    assert_agrees(base, told, homes_of(base))
    assert asked("say(lc.town({}).gaps() === lc.data.gaps);") == [True]


def test_the_engine_finds_the_study_as_the_analysis_did(base, asked):
    script = """
    const base = lc.baseTown(), out = [];
    base.kinds().forEach(([c, l, g]) => base.found(c, l, g).forEach((row, r) => {
      out.push({ residence: r, category: c, level: l, group: g, people: row.people, cause: row.cause, confidence: row.confidence, metres: row.metres, out: row.closes_in });
    }));
    say(out.map((row) => ({ ...row, category: lc.data.judging.categories[row.category].id, level: lc.data.levels[row.level].id, group: lc.data.groups[row.group].id })));
    """
    found = pd.DataFrame(asked(script)[0])
    found["residence_id"] = [homes_of(base)[r] for r in found["residence"]]
    own, found = gap_keys(base.gaps), gap_keys(found)
    assert own.index.tolist() == found.index.tolist()
    assert np.allclose(own["people"], found["people"], atol=1, rtol=0.01)
    assert (own["cause"] == found["cause"]).mean() > 0.95
    assert (own["confidence"] == found["confidence"]).mean() > 0.99
    assert own["closes_in"].fillna(0).tolist() == found["out"].astype(float).fillna(0).tolist()


def with_row(told: dict, id: str, kind: str, x: float, y: float, capacity: float = np.nan) -> dict:
    """The layers with one more facility at a point, which is its entrance."""
    place = shapely.Point(x, y)
    row = {
        **{"facility_id": id, "name": "新建", "raw_name": "新建", "raw_type": "", "categories": (kind,), "status": "existing", "open_year": np.nan},
        **{"capacity": capacity, "entrance_source": "given", "source": "", "rule": "", "confidence": "high"},
    }
    more = gpd.GeoDataFrame({key: [value] for key, value in row.items()}, geometry=[place], crs=CRS)
    door = gpd.GeoDataFrame({"facility_id": [id], "entrance_source": ["given"]}, geometry=[place], crs=CRS)
    join = [pd.concat([told[key], frame], ignore_index=True) for key, frame in (("facilities", more), ("entrances", door))]
    return {**told, "facilities": join[0], "entrances": join[1]}


def without(told: dict, id: str) -> dict:
    """The layers with a facility that is open no more."""
    places = told["facilities"]
    kept = places["facility_id"] != id
    return {**told, "facilities": places.assign(status=places["status"].where(kept, "closed"), open_year=places["open_year"].where(kept))}


def test_a_facility_that_opens(seeded, standard, base, asked):
    x, y = EAST + 400, NORTH + 333
    scenario = {"facilities": [{"change": "open", "name": "新建", "categories": ["school"], "capacity": 30, **degrees(x, y)}]}
    result = judged(with_row(seeded, "scenario#1", "school", x, y, 30.0), standard)
    assert result.coverage["land_covered_ha"].sum() > base.coverage["land_covered_ha"].sum()
    assert_agrees(result, said(asked, scenario), homes_of(base), causes=0.95)


def test_a_facility_that_closes(seeded, standard, base, asked):
    result = judged(without(seeded, "F4"), standard)
    assert result.coverage["land_covered_ha"].sum() < base.coverage["land_covered_ha"].sum()
    assert_agrees(result, said(asked, {"facilities": [{"change": "close", "id": "F4"}]}), homes_of(base), causes=0.95)


def test_a_facility_that_is_planned_opens_at_once_and_one_is_enlarged(seeded, standard, base, asked):
    places = seeded["facilities"]
    planned = places.loc[places["status"] == "planned", "facility_id"].iloc[0]
    own = places["facility_id"] == planned
    changed = places.assign(
        status=places["status"].where(~own, "existing"), open_year=places["open_year"].where(~own), capacity=places["capacity"].where(places["facility_id"] != "F1", 400.0)
    )
    scenario = {"facilities": [{"change": "open", "id": planned}, {"change": "resize", "id": "F1", "capacity": 400}]}
    assert_agrees(judged({**seeded, "facilities": changed}, standard), said(asked, scenario), homes_of(base), causes=0.95)


def test_a_facility_that_moves(seeded, standard, base, asked):
    x, y = EAST + 700, NORTH + 480
    places, doors = seeded["facilities"], seeded["entrances"]
    moved = places.set_geometry(places.geometry.where(places["facility_id"] != "F8", shapely.Point(x, y)))
    at = doors.set_geometry(doors.geometry.where(doors["facility_id"] != "F8", shapely.Point(x, y)))
    told = said(asked, {"facilities": [{"change": "move", "id": "F8", **degrees(x, y)}]})
    assert_agrees(judged({**seeded, "facilities": moved, "entrances": at}, standard), told, homes_of(base), causes=0.95)


def test_another_limit(seeded, standard, base, asked):
    own = standard.categories["shop"]
    wider = tuple(r.model_copy(update={"limit_m": 330.0, "limit_min": 5.0}) if r.level == "L5" else r for r in own.requirements)
    changed = standard.model_copy(update={"categories": {**standard.categories, "shop": own.model_copy(update={"requirements": wider})}})
    told = said(asked, {"limits": [{"category": "shop", "level": "L5", "limit_m": 330, "limit_min": 5}]})
    assert_agrees(judged(seeded, changed, systems=(standard,)), told, homes_of(base), causes=0.95)


def test_a_later_year(seeded, standard, base, asked):
    result = judged(seeded, standard, year=2030)
    assert len(result.residences) > len(base.residences)
    assert result.facilities["open"].sum() > base.facilities["open"].sum()
    assert_agrees(result, said(asked, {"year": 2030}), homes_of(base), causes=0.95)


def test_the_rule_of_time_and_slower_walkers(seeded, standard, base, asked):
    groups = tuple(replace(group, speed_kmh=2.0) if group.id == "elderly" else group for group in settings(standard).groups)
    told = said(asked, {"walking": {"rule": "time", "speeds": {"elderly": 2.0}}})
    assert_agrees(judged(seeded, standard, rule="time", groups=groups), told, homes_of(base), causes=0.95)


FAR = degrees(EAST + 300, NORTH + 300)
LATER = [
    {"links": [{"kind": "bridge", "line": [[1, 1], [2, 2]], "open_year": 2030}]},
    {"links": [{"kind": "bridge", "line": [[1, 1], [2, 2]], "open_year": 2024, "certainty": "planned"}], "certainty": "built"},
    {"links": [{"kind": "bridge", "line": [[1, 1], [2, 2]], "open_year": 2024, "certainty": "规划"}]},
    {"facilities": [{"change": "open", "name": "n", "categories": ["school", "school"], **FAR, "open_year": 2024, "certainty": "拟建"}], "certainty": "planned"},
    {"facilities": [{"change": "open", "name": "n", "categories": ["school"], **FAR, "open_year": 2024, "certainty": "拟建"}, {"change": "move", "id": "scenario#1", **degrees(EAST + 600, NORTH + 300)}]},
    {"facilities": [{"change": "open", "id": "F4", "open_year": 2029}], "year": 2030, "certainty": "planned"},
    {"facilities": [{"change": "open", "id": "F4", "open_year": 2024}], "certainty": "under_construction"},
    {"year": 2030, "certainty": "existing"},
]


@pytest.mark.parametrize("told", LATER)
def test_years_and_certainty_count_as_for_the_command_line(told, seeded, standard, asked):
    lines = seeded["network"].streets.geometry
    ends = [degrees(*lines.iloc[at].coords[0]) for at in (0, -1)]
    for link in told.get("links", ()):
        link["line"] = [[end["lon"], end["lat"]] for end in ends]
    inputs, own, stated = laid(Plan("s", Scenario.model_validate(told), ""), Inputs(**seeded), standard=standard, settings=settings(standard, year=told.get("year", 2025)))
    script = f"const t = lc.town({json.dumps(told)}); say([t.facilities.id, t.facilities.status, t.facilities.open, t.facilities.told_year, t.changes.links.length]);"
    ids, status, opened, years, links = asked(script)[0]
    assert links == len(inputs.links)
    places = inputs.facilities
    assert ids == places["facility_id"].tolist()
    assert status == places["status"].tolist()
    assert years == [None if np.isnan(year) else year for year in places["open_year"]]
    assert opened == is_open(places, year=stated.year, certainty=stated.certainty).tolist()


def test_a_move_of_a_centimetre_says_nothing(seeded, standard, asked):
    place = shapely.point_on_surface(seeded["facilities"].geometry.iloc[2])
    id = seeded["facilities"]["facility_id"].iloc[2]
    assert seeded["facilities"].geometry.iloc[2].geom_type == "Polygon"
    for metres, moved in ((0.0, False), (0.008, False), (0.013, True)):
        told = {"facilities": [{"change": "move", "id": id, **degrees(place.x + metres, place.y)}]}
        doors = asked(f"say(lc.town({json.dumps(told)}).facilities.doors.facility.filter((own) => own === 2).length);")[0]
        assert doors == (1 if moved else (seeded["entrances"]["facility_id"] == id).sum())
        inputs = laid(Plan("s", Scenario.model_validate(told), ""), Inputs(**seeded), standard=standard, settings=settings(standard))[0]
        assert (inputs.facilities is not seeded["facilities"]) == moved


def test_walks_of_residences(seeded, standard, asked):
    result = judged(without(seeded, "F4"), standard)
    script = """
    const town = lc.town({ facilities: [{ change: "close", id: "F4" }] });
    lc.data.categories.forEach((_, c) => { const walks = lc.asNow(town).walks(c); say([lc.data.judging.categories[c].id, walks.walk_m, walks.status]); });
    """
    for category, walk_m, status in asked(script):
        own = result.residence_walks[(result.residence_walks["category"] == category) & (result.residence_walks["group"] == "all")]
        known = own["walk_m"].replace(np.inf, -1)
        assert np.abs(known - [-1 if m is None else m for m in walk_m]).max() <= 1
        assert own["status"].tolist() == status


def test_before_and_after(base, asked):
    script = TOLD + """
    const base = lc.baseTown(), worse = lc.town({ facilities: [{ change: "close", id: "F4" }] });
    const shop = lc.data.judging.categories.findIndex(({ id }) => id === "shop"), kind = { category: shop, level: lc.data.levels.findIndex(({ id }) => id === "L15"), group: 0 };
    const there = lc.difference(base, worse, kind), back = lc.difference(worse, base, kind), all = lc.difference(base, worse, null);
    const whole = (town) => town.coverage(kind.category, kind.level, 0).find((row) => row.whole);
    say({ there, back, all, lost: whole(base).people_covered - whole(worse).people_covered });
    """
    told = asked(script)[0]
    there, back = told["there"], told["back"]
    assert there["people_lost"] > 0 == there["people_gained"]
    # People of the rows as written are whole numbers.
    assert there["people_lost"] == pytest.approx(told["lost"], abs=0.6)
    assert back["people_gained"] == pytest.approx(there["people_lost"]) and back["land_gained_ha"] == pytest.approx(there["land_lost_ha"])
    assert len(there["opened"]) == len(back["closed"]) and not there["closed"]
    assert told["all"]["people_lost"] >= there["people_lost"]


def test_untouched_categories_are_not_searched_again(asked):
    script = """
    let searched = 0;
    const own = lc.walksTo;
    lc.walksTo = (...told) => { searched++; return own(...told); };
    const count = (work) => { searched = 0; work(); return searched; };
    const judge = (town) => { town.coverageRows(); town.quotas(); town.indicators(); lc.data.levels.forEach((_, l) => town.completeness(l, 0)); };
    const all = (town) => { judge(town); town.gaps(); };
    const shop = { change: "open", name: "x", categories: ["shop"], lon: lc.data.facilities.at[0][1], lat: lc.data.facilities.at[0][0] };
    say(count(() => { all(lc.baseTown()); lc.baseTown().kinds().forEach((kind) => lc.baseTown().covered(...kind)); }));
    say(count(() => all(lc.town({ facilities: [shop] }))));
    say(count(() => all(lc.town({ facilities: [shop] }))));
    say(count(() => judge(lc.town({ walking: { rule: "time", speeds: { all: 3 } }, limits: [{ category: "shop", level: "L5", limit_min: 4 }] }))));
    """
    first, one, again, judged_anew = asked(script)
    # The walks to the shops, and to where the street data end; a rule judges the same walks.
    assert first > one == 2 and again == 0 and judged_anew == 0


# ---- by hand ------------------------------------------------------------------------------------------------------------------


def test_figures_worked_out_by_hand(tiny, folder):
    """A street of 1,000 m with homes at its marks, a school at its west end, and one planned at its east end.

    ::

        school         A              B               C      (planned)
        0 ────────── 100 ────────── 450 ─────────── 900 ──── 1000      people: A 120, B 200, C 80
    """
    street = town([(EAST, NORTH), (EAST + 1000, NORTH)])
    schools = facility_table(
        ("西", "school", shapely.Point(EAST, NORTH)), ("东", "school", shapely.Point(EAST + 1000, NORTH), "planned", 2030),
        ("园", "park", shapely.Point(EAST + 450, NORTH)),
    )
    homes = residence_table(*((name, people, shapely.Point(EAST + x, NORTH)) for name, people, x in (("A", 120, 100), ("B", 200, 450), ("C", 80, 900))))
    result = analyzed(tiny, street, schools, homes, year=2025)
    asked = Asked(page_values(result), folder)
    script = """
    const school = lc.data.judging.categories.findIndex(({ id }) => id === "school"), L15 = lc.data.levels.findIndex(({ id }) => id === "L15");
    const told = (scenario) => {
      const town = lc.town(scenario), [row] = town.coverage(school, L15, 0), gaps = town.gapsOf(school, L15, 0);
      return [row.people_covered, row.facilities, gaps.people, gaps.walk_m, gaps.cause, gaps.closes_in];
    };
    say(told({}));
    say(told({ year: 2030 }));
    say(told({ limits: [{ category: "school", level: "L15", limit_m: 449 }] }));
    say(told({ facilities: [{ change: "close", id: "F1" }] }));
    say(told({ facilities: [{ change: "close", id: "F1" }, { change: "close", id: "F2" }] }));
    say(told({ walking: { rule: "time", speeds: { all: 1.5 } } }));
    say(told({ walking: { rule: "time" } }));
    """
    base, later, short, closed, none, slow, timed = asked(script)
    # C walks 900 m, and the school that is planned closes its gap.
    assert base == [320, 1, [80], [900], ["not_yet_open"], [2030]]
    assert later == [400, 2, [], [], [], []]
    # Of two the one with more people comes first; B stays beyond 449 m when the east school opens, 550 m away.
    assert short[0] == 120 and short[2] == [80, 200] or short[2] == [200, 80]
    assert dict(zip(short[2], short[4], strict=True)) == {200: "far", 80: "not_yet_open"}
    # Only the school that is planned is left: it will serve C, but neither A (900 m) nor B (550 m).
    assert closed[:2] == [0, 0]
    assert dict(zip(closed[2], zip(closed[4], closed[5], strict=True), strict=True)) == {80: ("not_yet_open", 2030), 120: ("planned_only", None), 200: ("planned_only", None)}
    assert none[:2] == [0, 0] and set(none[4]) == {"planned_only"} and none[3] == [None] * 3
    # 15 minutes at 1.5 km/h are 375 m; at 4 km/h they are 1,000 m.
    assert slow[0] == 120 and timed[0] == 400


def test_the_second_nearest_counts_where_two_are_asked_for(folder):
    """The limit is 500 m to the second of three clinics, two of which share a door's place.

    ::

        clinics 1, 2      A         B            clinic 3
        0 ───────────── 200 ───── 450 ────────── 1000
    """
    text = (
        '[standard]\nid = "two"\nnumber = "TWO"\nname = { zh = "二", en = "two" }\nin_force = "2020-01-01"\n'
        '[levels.L15]\nname = { zh = "十五", en = "15" }\nminutes = 15\nwalk_m = 1000\nclause = "1"\nevidence = "○"\n'
        '[themes.all]\nname = { zh = "全", en = "all" }\ncolor = "#0072B2"\n'
        '[categories.clinic]\nname = { zh = "诊所", en = "clinic" }\ntheme = "all"\nsource = "TWO"\n'
        '[[categories.clinic.requirements]]\nlevel = "L15"\nlimit_m = 500\nlimit_min = 8\nflag = "mandatory"\nat_least = 2\nclause = "2"\nevidence = "○"\n'
    )
    file = folder / "two.toml"
    file.write_text(text, encoding="utf-8")
    street = town([(EAST, NORTH), (EAST + 1000, NORTH)])
    places = facility_table(*((f"{n}", "clinic", shapely.Point(EAST + x, NORTH)) for n, x in enumerate((0, 0, 1000))))
    homes = residence_table(("A", 10, shapely.Point(EAST + 200, NORTH)), ("B", 20, shapely.Point(EAST + 450, NORTH)))
    asked = Asked(page_values(analyzed(standards.load(file), street, places, homes, year=2025)), folder)
    script = """
    const told = (scenario) => { const town = lc.town(scenario); return [Array.from(town.samples(0, 0).metres), town.coverage(0, 0, 0)[0].people_covered, town.gapsOf(0, 0, 0).straight_m]; };
    say(told({}));
    say(told({ facilities: [{ change: "close", id: "F2" }] }));
    say(told({ facilities: [{ change: "close", id: "F2" }, { change: "close", id: "F3" }] }));
    """
    base, one, alone = asked(script)
    assert base[0] == pytest.approx([200, 450]) and base[1:] == [30, []]
    # The second nearest is the one at the east end now: 800 m from A, 550 m from B.
    assert one[0] == pytest.approx([800, 550]) and one[1] == 0 and sorted(one[2]) == pytest.approx([550, 800], abs=0.1)
    assert alone == [[np.inf, np.inf], 0, [None, None]]


def test_a_bridge_shortens_the_walk(tiny, folder):
    """Two streets that meet in the west only, 100 m apart; a home at the south one's mark of 900 m, the school right across.

    ::

        0 ──────────────────── school (900,100) ── 1000
        │                       ┊ bridge
        0 ──────────────────── home (900,0) ────── 1000
    """
    def street(*path):
        return [(EAST + x, NORTH + y) for x, y in path]

    streets = town(street((0, 0), (1000, 0)), street((0, 0), (0, 100)), street((0, 100), (1000, 100)))
    schools = facility_table(("校", "school", shapely.Point(EAST + 900, NORTH + 100)))
    homes = residence_table(("A", 120, shapely.Point(EAST + 900, NORTH)))
    result = analyzed(tiny, streets, schools, homes, year=2025)
    asked = Asked(page_values(result), folder)
    line = [[place["lon"], place["lat"]] for place in (degrees(EAST + 850, NORTH), degrees(EAST + 850, NORTH + 100))]
    script = f"""
    const school = lc.data.judging.categories.findIndex(({{ id }}) => id === "school"), L15 = lc.data.levels.findIndex(({{ id }}) => id === "L15");
    for (const scenario of [{{}}, {{ links: [{{ kind: "bridge", name: "", line: {json.dumps(line)} }}] }}]) {{
      const town = lc.town(scenario);
      say([town.walks(school, 0).walk_m[0], town.coverage(school, L15, 0)[0].people_covered, town.gapsOf(school, L15, 0).cause]);
    }}
    """
    before, after = asked(script)
    # Without it 900 m west, 100 m across and 900 m east; with it 50 m, 100 m and 50 m.
    assert before == [1900, 0, result.gaps["cause"][result.gaps["category"] == "school"].tolist()]
    assert after[0] == pytest.approx(200, abs=0.2) and after[1:] == [120, []]


# ---- the sample district ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def district():
    """The sample district, judged on two categories and the indicators of parks, so that a run takes seconds."""
    study, base = schema.load(SAMPLE)
    standard, systems = standards_of(study, base=base)
    inputs = read_inputs(study, base, standard=standard, findings=Findings(), progress=lambda *told: None)
    parks = tuple(system for system in systems if system.id == "gbt51346-2019")
    return inputs, standard, replace(settings_of(study, year=None, language=None, systems=parks), categories=("edu_kinder", "nbh_store"))


def test_the_sample_district(district, tmp_path):
    """As written, and with a kindergarten opened, one closed, a limit changed and the year 2030, all at once."""
    inputs, standard, own = district
    base = analyze(inputs, standard=standard, settings=own)
    asked, homes = Asked(page_values(base), tmp_path), homes_of(base)
    assert_agrees(base, said(asked, {}), homes)
    crowded = base.gaps[base.gaps["category"] == "edu_kinder"].sort_values("people").iloc[-1]
    x, y = base.residences.set_index("residence_id").geometry[crowded["residence_id"]].representative_point().coords[0]
    kinder = [category for category in inputs.facilities["categories"].index if "edu_kinder" in inputs.facilities["categories"][category]]
    closed = inputs.facilities["facility_id"][kinder[2]]
    told = with_row({"facilities": inputs.facilities, "entrances": inputs.entrances}, "scenario#1", "edu_kinder", x, y, 270.0)
    asks = standard.categories["nbh_store"]
    wider = asks.model_copy(update={"requirements": tuple(r.model_copy(update={"limit_m": 420.0}) for r in asks.requirements)})
    changed = standard.model_copy(update={"categories": {**standard.categories, "nbh_store": wider}})
    result = analyze(replace(inputs, **without(told, closed)), standard=changed, settings=replace(own, year=2030))
    scenario = {
        "year": 2030,
        "limits": [{"category": "nbh_store", "level": r.level, "limit_m": 420} for r in asks.requirements],
        "facilities": [
            {"change": "open", "name": "新建", "categories": ["edu_kinder"], "capacity": 270, **degrees(x, y)},
            {"change": "close", "id": closed},
        ],
    }
    assert len(result.gaps) != len(base.gaps)
    assert_agrees(result, said(asked, scenario), homes, causes=0.95)


# ---- what is packed -----------------------------------------------------------------------------------------------------------


def test_only_what_the_page_can_work_out_is_told(base, standard):
    told = page_values(base)["judging"]
    formula = {one.id: one.formula for one in standard.indicators.values()}
    assert {one["id"] for one in told["indicators"]} == {id for id, formula_ in formula.items() if formula_ in judging.WORKED}
    assert [category["id"] for category in told["categories"]] == list(dict.fromkeys(base.coverage["category"]))
    clinic = next(category for category in told["categories"] if category["id"] == "clinic")
    assert [(r["level"], r["at_least"], r["flag"]) for r in clinic["asked"]] == [(0, 2, "mandatory")]
    assert sum(told["priority"]["listed"].values()) == len(base.gaps)
    assert len(told["facilities"]["inside"]) == len(base.facilities)


def test_inputs_are_not_changed(base):
    before = base.gaps.copy(), base.facilities.copy(), base.walking.residences.copy()
    judging.judging(base, categories=["school"], levels=["L15"])
    for frame, held in zip((base.gaps, base.facilities, base.walking.residences), before, strict=True):
        pd.testing.assert_frame_equal(frame, held)
