"""Scenarios: what they may say, every fault at once, and what each change does to layers, standard, settings and coverage."""

from __future__ import annotations

import json
import tomllib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, facility_table, lines, residence_table, town
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pydantic import ValidationError
from pyproj import Transformer

from livingcircle import network as streets
from livingcircle.analysis import Inputs, Settings, analyze
from livingcircle.costs import Ground, Walker
from livingcircle.coverage import Group
from livingcircle.entrances import entrances
from livingcircle.errors import StudyError
from livingcircle.messages.faults import in_words
from livingcircle.network.links import gate_node
from livingcircle.scenario import Plan, Scenario, laid, toml_text, without_closing
from livingcircle.scenario.model import ASKED

EAST, NORTH = 380_000.0, 3_313_000.0
DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)

#       P park                       T (planned 2030)
#  (0,200)──────────────────────────(600,200)
#     │          homes A   B            │ bridge missing
#  S(0,0)──────────────────────────(600,0)
SHIFT = np.array([EAST, NORTH])


def moved(*points):
    return [tuple(np.array(point) + SHIFT) for point in points]


def degrees(x, y):
    """Longitude and latitude of a place in the toy's metres, to a tenth of a millimetre."""
    return dict(zip(("lon", "lat"), (round(v, 9) for v in DEGREES.transform(EAST + x, NORTH + y)), strict=True))


def spot(x, y):
    return list(degrees(x, y).values())


NETWORK = town(moved((0, 0), (600, 0)), moved((0, 0), (0, 200)), moved((0, 200), (600, 200)))
FACILITIES = facility_table(
    ("S", "school", shapely.Point(moved((0, -10))[0])),
    ("T", "school", shapely.Point(moved((590, 210))[0]), "planned", 2030),
    ("P", "park", shapely.transform(shapely.box(10, 210, 60, 260), lambda xy: xy + SHIFT)),
)
HOMES = residence_table(*((name, people, shapely.transform(shapely.box(x, 10, x + 60, 60), lambda xy: xy + SHIFT)) for name, people, x in (("A", 100, 200), ("B", 300, 500))))


def inputs_of(network=NETWORK, facilities=FACILITIES, **more):
    kept, doors = entrances(facilities, network, gates=None, snap_limit_m=150)
    return Inputs(network=network, facilities=kept, entrances=doors, residences=HOMES, **more)


def settings_of(**told):
    groups = (Group("all", 4.0, "people", Walker(4.0)), Group("elderly", 3.0, "people", Walker(3.0, steps="slow")))
    return Settings(**{"study_id": "toy", "name": {"zh": "玩具", "en": "Toy"}, "language": "en", "year": 2025, "groups": groups, "walker": Walker(4.0), **told})


def plan(**told):
    return Plan("x", Scenario.model_validate(told), "plan.toml: ")


def lay(standard, *, inputs=None, **told):
    return laid(plan(**told), inputs or inputs_of(), standard=standard, settings=settings_of())


def result(standard, *, inputs=None, **told):
    layers, judged_by, stated = lay(standard, inputs=inputs, **told)
    return analyze(layers, standard=judged_by, settings=stated)


def shares(found, column="people_share"):
    whole = found.coverage[found.coverage["unit"] == "ALL"]
    return {(row.category, row.group): getattr(row, column) for row in whole.itertuples()}


def faults(standard, **told):
    with pytest.raises(StudyError) as raised:
        lay(standard, **told)
    return [str(fault) for fault in raised.value.faults]


NEW = {"change": "open", "name": "N", "categories": ["school"], **degrees(560, 40)}


def test_an_empty_scenario_gives_the_very_layers_and_the_standard(tiny):
    inputs = inputs_of()
    layers, judged_by, _ = lay(tiny, inputs=inputs)
    assert judged_by is tiny
    assert all(getattr(layers, name) is getattr(inputs, name) for name in ("network", "facilities", "entrances", "residences"))
    assert layers.links == ()


def test_a_new_facility_stands_at_its_point_which_is_its_entrance(tiny):
    inputs = inputs_of()
    before = inputs.facilities.copy(), inputs.entrances.copy()
    layers, _, _ = lay(tiny, inputs=inputs, facilities=[NEW, {**NEW, "name": "M", "capacity": 90, "open_year": 2027}])
    first, second = layers.facilities.iloc[-2], layers.facilities.iloc[-1]
    assert (first["facility_id"], first["name"], first["categories"], first["status"]) == ("scenario#1", "N", ("school",), "existing")
    assert (second["facility_id"], second["status"], second["open_year"], second["capacity"]) == ("scenario#2", "planned", 2027, 90)
    assert np.isnan(first["capacity"]) and np.isnan(first["open_year"])
    doors = layers.entrances[layers.entrances["facility_id"] == "scenario#1"]
    assert doors["entrance_source"].tolist() == ["given"]
    assert shapely.get_coordinates(doors.geometry.iloc[0])[0] == pytest.approx(SHIFT + (560, 40), abs=1e-3)
    assert layers.facilities.dtypes.equals(before[0].dtypes) and layers.facilities["facility_id"].is_unique
    assert_frame_equal(inputs.facilities, before[0])
    assert_frame_equal(inputs.entrances, before[1])


def test_what_each_change_of_a_facility_does(tiny):
    base = shares(result(tiny))
    #  S serves A (100 of 400 people), at most 330 m away; B is 520 m away at the least
    assert base["school", "all"] == pytest.approx(0.25)
    assert shares(result(tiny, facilities=[NEW]))["school", "all"] == pytest.approx(1.0)
    assert shares(result(tiny, facilities=[{"change": "close", "id": "F1"}]))["school", "all"] == 0.0
    assert shares(result(tiny, facilities=[{"change": "move", "id": "F1", **degrees(560, -10)}]))["school", "all"] == pytest.approx(1.0)
    later = {**NEW, "open_year": 2026}
    assert shares(result(tiny, facilities=[later]))["school", "all"] == base["school", "all"]
    opened = lay(tiny, facilities=[{"change": "open", "id": "F2"}])[0].facilities.set_index("facility_id")
    assert opened.loc["F2", "status"] == "existing" and np.isnan(opened.loc["F2", "open_year"])
    resized = lay(tiny, facilities=[{"change": "resize", "id": "F1", "capacity": 360}])[0].facilities.set_index("facility_id")
    assert resized.loc["F1", "capacity"] == 360 and np.isnan(resized.loc["F2", "capacity"])


def test_a_closed_facility_is_known_and_open_in_no_year(tiny):
    found = result(tiny, facilities=[{"change": "close", "id": "F3"}])
    row = found.facilities.set_index("facility_id").loc["F3"]
    assert (row["status"], row["open"]) == ("closed", False)
    assert set(found.gaps.loc[found.gaps["category"] == "park", "cause"]) == {"planned_only"}


def test_a_park_that_moves_keeps_its_size_and_has_one_entrance(tiny):
    layers, _, _ = lay(tiny, facilities=[{"change": "move", "id": "F3", **degrees(560, 40)}])
    park = layers.facilities.set_index("facility_id").geometry["F3"]
    assert park.area == pytest.approx(2500)
    assert shapely.get_coordinates(shapely.point_on_surface(park))[0] == pytest.approx(SHIFT + (560, 40), abs=1e-3)
    assert (layers.entrances["facility_id"] == "F3").sum() == 1


def test_changes_follow_one_another(tiny):
    told = [{"change": "close", "id": "F1"}, {"change": "open", "id": "F1"}, NEW, {"change": "move", "id": "scenario#1", **degrees(100, 30)}]
    layers, _, _ = lay(tiny, facilities=told)
    table = layers.facilities.set_index("facility_id")
    assert table.loc["F1", "status"] == "existing"
    assert shapely.get_coordinates(table.geometry["scenario#1"])[0] == pytest.approx(SHIFT + (100, 30), abs=1e-3)


BRIDGE = {"kind": "bridge", "name": "bridge", "line": [spot(550, 0), spot(550, 200)]}


def test_a_link_is_walked_and_drawn(tiny):
    base, after = result(tiny), result(tiny, links=[BRIDGE], facilities=[{"change": "open", "id": "F2"}])
    assert shares(base)["school", "all"] == pytest.approx(0.25)
    #  from B to T over the bridge: 60 + 50 + 200 + 40 + 10 m at most
    assert shares(after)["school", "all"] == pytest.approx(1.0)
    assert "bridge" in set(after.network.streets["name"]) and "bridge" not in set(NETWORK.streets["name"])
    whole = after.isochrones[after.isochrones["category"] == "school"].geometry
    assert any(shape.contains(shapely.Point(SHIFT + (550, 5))) for shape in whole)


def test_homes_that_no_street_is_near_to_may_stand_on_a_link(tiny):
    far = residence_table(("A", 100, shapely.transform(shapely.box(280, 380, 320, 420), lambda xy: xy + SHIFT)))
    inputs = Inputs(**{**inputs_of().__dict__, "residences": far})
    path = {"kind": "footpath", "line": [spot(300, 200), spot(300, 380), spot(100, 380), spot(100, 200)]}
    before, after = result(tiny, inputs=inputs), result(tiny, inputs=inputs, links=[path])
    assert before.counts["people_off_network"] == pytest.approx(100) and after.counts["people_off_network"] == 0
    #  the middle of the homes: 20 m to the link, 180 m down and 240 m west to the park's nearest boundary
    park = after.residence_walks[(after.residence_walks["category"] == "park") & (after.residence_walks["group"] == "all")]
    assert park["walk_m"].item() == pytest.approx(20 + 180 + 240 + 10, abs=15)
    walled = gpd.GeoDataFrame({"kind": ["water"], "source_id": ["w"]}, geometry=[shapely.LineString(moved((0, 379), (600, 379)))], crs=CRS)
    straight = {"kind": "footpath", "line": [spot(300, 200), spot(300, 360), spot(100, 360), spot(100, 200)]}
    behind = Inputs(**{**inputs.__dict__, "barriers": walled})
    assert result(tiny, inputs=behind, links=[straight]).counts["people_off_network"] == pytest.approx(100)


#  (0,200)─────────────────────(390,200)
#     │      ┌───────────┐          │
#  (0,100)───W───────────E      S(390,100)    one gate in the west; the school stands in the east
#     │      └───────────┘          │
#  (0,0)───────────────────────(390,0)
RING = moved((0, 0), (390, 0), (390, 200), (0, 200), (0, 100), (0, 0))
GARDEN = gpd.GeoDataFrame({"name": ["Garden"]}, geometry=[shapely.transform(shapely.box(100, 50, 300, 150), lambda xy: xy + SHIFT)], crs=CRS)


@pytest.fixture
def gated():
    network = streets.from_lines(lines(RING, moved((0, 100), (300, 100))), outlines=GARDEN)
    school = facility_table(("S", "school", shapely.Point(moved((390, 100))[0])))
    kept, doors = entrances(school, network, gates=None, snap_limit_m=150)
    home = residence_table(("A", 10, shapely.transform(shapely.box(240, 90, 280, 110), lambda xy: xy + SHIFT)))
    return Inputs(network=network, facilities=kept, entrances=doors, residences=home)


def middle_walk(found):
    own = found.residence_walks[(found.residence_walks["category"] == "school") & (found.residence_walks["group"] == "all")]
    return own["walk_m"].item()


def test_gates_are_opened_and_closed(tiny, gated):
    before = middle_walk(result(tiny, inputs=gated))
    #  from the middle of the home, 260 m east: to the gate, to the ring, round its south, up to the school
    assert before == pytest.approx(160 + 100 + 100 + 390 + 100, abs=12)
    wrong = faults(tiny, inputs=gated, gates=[{"change": "open", **degrees(335, 100)}, {"change": "close", **degrees(300, 150)}])
    #  at 335 m the ring is 55 m away; the one gate is 200 m from the other place
    assert len(wrong) == 2 and "gates.0" in wrong[0] and "outside compounds" in wrong[0] and "gates.1" in wrong[1]
    opened = result(tiny, inputs=gated, gates=[{"change": "open", **degrees(345, 100)}])
    assert middle_walk(opened) == pytest.approx(40 + 45 + 45, abs=12)
    shut = result(tiny, inputs=gated, gates=[{"change": "close", **degrees(110, 100)}])
    assert middle_walk(shut) == np.inf
    both = result(tiny, inputs=gated, gates=[{"change": "close", **degrees(110, 100)}, {"change": "open", **degrees(345, 100)}])
    assert middle_walk(both) == middle_walk(opened)
    assert shut.gaps.loc[shut.gaps["category"] == "school", "severed_by"].unique().tolist() == ["compound"]


@pytest.mark.parametrize("engine", ["numba", "scipy", "networkx"])
def test_a_gate_is_opened_where_the_wall_ends_two_streets(tiny, gated, engine):
    gate = gpd.GeoDataFrame(geometry=[shapely.Point(moved((100, 100))[0])], crs=CRS)
    network = streets.from_lines(lines(RING, moved((0, 100), (390, 100))), outlines=GARDEN, gates=gate)
    inputs = Inputs(**{**gated.__dict__, "network": network})
    walks = {}
    for gates in ([], [{"change": "open", **degrees(300, 100)}]):
        layers, judged_by, stated = laid(plan(gates=gates), inputs, standard=tiny, settings=settings_of(engine=engine))
        found = analyze(layers, standard=judged_by, settings=stated)
        walks[len(gates)] = middle_walk(found)
        drawn = found.isochrones[(found.isochrones["category"] == "school") & (found.isochrones["level"] != "")]
        assert drawn.geometry.is_valid.all() and (drawn["agreement"] > 0.995).all()
    assert walks[0] == pytest.approx(850, abs=12) and walks[1] == pytest.approx(130, abs=12)


def test_limits_and_speeds(tiny):
    _, judged_by, stated = lay(
        tiny, limits=[{"category": "school", "level": "L15", "limit_m": 900}], walking={"rule": "time", "speeds": {"elderly": 2.5, "all": 5}}
    )
    (asked,) = judged_by.categories["school"].requirements
    assert (asked.limit_m, asked.limit_min, asked.clause, asked.evidence) == (900, 15, "2", "○")
    assert tiny.categories["school"].requirements[0].limit_m == 500
    assert judged_by.categories["park"] is tiny.categories["park"]
    assert stated.rule == "time" and stated.speed_kmh == stated.everybody.speed_kmh == 5
    assert [(g.speed_kmh, g.walker.speed_kmh, g.walker.steps) for g in stated.groups] == [(5, 5, "plain"), (2.5, 2.5, "slow")]
    assert shares(result(tiny, limits=[{"category": "school", "level": "L15", "limit_m": 900}]))["school", "all"] == pytest.approx(1.0)


def test_names_and_notes_of_both_are_told(tiny):
    stated = lay(tiny, name={"zh": "新桥", "en": "new bridge"}, note="made up")[2]
    assert stated.name == {"zh": "玩具（方案：新桥）", "en": "Toy (scenario: new bridge)"}
    assert stated.note == {"zh": "made up", "en": "made up"}
    assert lay(tiny)[2].name["en"] == "Toy (scenario: x)"


def test_every_fault_is_told_at_once_with_what_was_likely_meant(tiny):
    told = faults(
        tiny,
        facilities=[
            {"change": "close", "id": "F11"}, {**NEW, "categories": ["scool", "park"]}, {"change": "move", "id": "P", **degrees(0, 0)},
        ],
        links=[{"kind": "footpath", "line": [spot(900, 0), spot(300, 0)]}],
        gates=[{"change": "open", **degrees(300, 0)}, {"change": "close", **degrees(300, 0)}],
        limits=[{"category": "shool", "level": "L15", "limit_m": 5}, {"category": "school", "level": "L5", "limit_m": 5}],
        walking={"speeds": {"elder": 3}},
    )
    assert told == [
        "plan.toml: limits.0.category: 'shool' is no category that tiny judges → did you mean 'school'?",
        "plan.toml: limits.1.level: tiny asks nothing of school at level 'L5' → did you mean 'L15'?",
        "plan.toml: walking.speeds.elder: 'elder' is no group of the study → did you mean 'elderly'?",
        "plan.toml: facilities.0.id: no facility has the id 'F11' → did you mean 'F1'?",
        "plan.toml: facilities.1.categories: 'scool' is no category of tiny → did you mean 'school'?",
        "plan.toml: facilities.2.id: no facility has the id 'P' → did you mean 'F3'?",
        "plan.toml: links.0.line: the start of footpath is 300 m from the nearest street → draw it to within 50 m of a street",
        "plan.toml: gates.0: no street of a compound lies within 50 m → place the gate at the wall of a compound, between a street within and one outside",
        "plan.toml: gates.1: no gate of a compound lies within 30 m → place the point at a gate where a street leads into a compound",
    ]
    with pytest.raises(StudyError) as raised:
        lay(tiny, facilities=[{"change": "close", "id": "nowhere"}])
    assert in_words(raised.value.faults[0], "zh") == "plan.toml: facilities.0.id：没有编号为“nowhere”的设施 → 请填写 layers.gpkg 和地图上显示的编号，如“F1”"


WRONG = {
    "a change that is none": {"facilities": [{"change": "shut", "id": "a"}]},
    "a new one without a place": {"facilities": [{"change": "open", "name": "N", "categories": ["school"]}]},
    "a new one without a category": {"facilities": [{"change": "open", "name": "N", "lon": 1, "lat": 1}]},
    "one that is open with a place": {"facilities": [{"change": "open", "id": "a", "lon": 1, "lat": 1}]},
    "closing nothing": {"facilities": [{"change": "close"}]},
    "closing with a place": {"facilities": [{"change": "close", "id": "a", "lon": 1}]},
    "moving nowhere": {"facilities": [{"change": "move", "id": "a", "lon": 1}]},
    "resizing to nothing": {"facilities": [{"change": "resize", "id": "a"}]},
    "fewer than no places": {"facilities": [{"change": "resize", "id": "a", "capacity": -1}]},
    "longitude and latitude swapped": {"facilities": [{"change": "open", "name": "N", "categories": ["s"], "lon": 29, "lat": 121}]},
    "a line of one point": {"links": [{"kind": "bridge", "line": [[1, 1]]}]},
    "a line of one place": {"links": [{"kind": "bridge", "line": [[1, 1], [1, 1]]}]},
    "a kind of link that is none": {"links": [{"kind": "tunnel", "line": [[1, 1], [2, 2]]}]},
    "a point of three numbers": {"links": [{"kind": "bridge", "line": [[1, 1, 1], [2, 2]]}]},
    "a point that is no number": {"links": [{"kind": "bridge", "line": [[float("nan"), 1], [2, 2]]}]},
    "a gate that is named": {"gates": [{"change": "open", "lon": 1, "lat": 1, "name": "N"}]},
    "no limit": {"limits": [{"category": "a", "level": "b"}]},
    "a limit of nothing": {"limits": [{"category": "a", "level": "b", "limit_m": 0}]},
    "one limit twice": {"limits": [{"category": "a", "level": "b", "limit_m": 1}, {"category": "a", "level": "b", "limit_min": 1}]},
    "a speed of nobody": {"walking": {"speeds": {"all": 0}}},
    "a rule that is none": {"walking": {"rule": "metres"}},
    "a year that is none": {"year": 20300},
    "an unknown key": {"bridges": []},
    "a name in a third language": {"name": {"fr": "pont"}},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_scenario_may_not_say(name):
    with pytest.raises(ValidationError):
        Scenario.model_validate(WRONG[name])


def test_what_a_map_saves_as_json_is_the_same_scenario():
    told = {"name": "n", "facilities": [NEW], "links": [BRIDGE], "gates": [{"change": "open", "lon": 1.0, "lat": 2.0}]}
    assert Scenario.model_validate(json.loads(json.dumps(told))) == Scenario.model_validate(told)
    assert set(ASKED) == {"open", "close", "move", "resize"}


def test_costs_and_steps_go_with_links(tiny):
    stairs = town(moved((0, 0), (600, 0)), moved((0, 0), (0, 200)), moved((0, 200), (600, 200)))
    stairs.streets["highway"] = ["residential", "steps", "residential"]
    groups = (Group("all", 4.0, "people", Walker(4.0)), Group("pram", 3.0, "people", Walker(3.0, steps="excluded")), Group("slow", 3.0, "people", Walker(3.0, steps="slow")))
    inputs = inputs_of(network=stairs, ground=Ground())
    opened = [{"change": "open", "id": "F2"}]
    told = {}
    for links in ([], [BRIDGE]):
        layers, judged_by, _ = laid(plan(links=links, facilities=[*opened, {"change": "close", "id": "F1"}]), inputs, standard=tiny, settings=settings_of())
        found = analyze(layers, standard=judged_by, settings=settings_of(groups=groups))
        told[len(links)] = found.residence_walks[(found.residence_walks["category"] == "school") & (found.residence_walks["residence_id"] == "B")].set_index("group")
    #  the steps are closed to a pram: only the bridge joins the two streets
    assert told[0].loc["pram", "walk_m"] == np.inf and told[1].loc["pram", "walk_m"] == pytest.approx(told[1].loc["all", "walk_m"])
    #  the bridge is level for the slow: 200 m count 200 flat metres
    assert told[1].loc["slow", "walk_min"] == pytest.approx(told[1].loc["all", "walk_m"] * 60 / 3000)


LINKS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=3)
PLACES = st.lists(st.tuples(st.integers(-5, 65), st.integers(-5, 25), st.sampled_from(["school", "park"])), max_size=3)


@pytest.fixture
def before(tiny):
    return result(tiny)


@trying(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINKS, PLACES)
def test_more_never_lowers_and_less_never_raises_coverage(tiny, before, ends, places):
    links = [{"kind": "footpath", "line": [spot(10 * a, 0), spot(10 * b, 200)]} for a, b in ends]
    fresh = [{"change": "open", "name": "N", "categories": [c], **degrees(10 * x, 10 * y)} for x, y, c in places]
    after = result(tiny, links=links, facilities=fresh)
    for column in ("land_share", "people_share", "land_share_time", "people_share_time"):
        low, high = shares(before, column), shares(after, column)
        assert all(high[key] >= low[key] - 1e-12 for key in low)
    fewer = result(tiny, links=links, facilities=[*fresh, {"change": "close", "id": "F1"}, {"change": "close", "id": "F3"}])
    low, high = shares(fewer), shares(after)
    assert all(low[key] <= high[key] + 1e-12 for key in high)


def test_gap_ids_of_the_study_stay(tiny, before):
    after = result(tiny, links=[BRIDGE], limits=[{"category": "school", "level": "L15", "limit_m": 450}])
    keys = ["residence_id", "category", "level", "group"]
    ids = [found.gaps.set_index(keys)["gap_id"] for found in (before, after)]
    both = ids[0].index.intersection(ids[1].index)
    assert len(both) and ids[0][both].tolist() == ids[1][both].tolist()
    assert isinstance(after.gaps, pd.DataFrame)


@pytest.mark.parametrize("told", [
    {},
    {"name": {"zh": '桥"\\x', "en": "a\nb\x7f\u2028"}, "note": "只一句", "year": 2030, "walking": {"rule": "time", "speeds": {"all": 4, "elderly": 2.5}}},
    {
        "facilities": [NEW, {"change": "close", "id": "学校.csv#1"}, {"change": "resize", "id": "a", "capacity": 300}],
        "links": [{"kind": "bridge", "name": "桥", "line": [[121.5, 29.5], [121.6, 29.5], [121, 30]]}],
        "gates": [{"change": "close", "lon": 121, "lat": 29.5}],
        "limits": [{"category": "school", "level": "L15", "limit_m": 400}],
    },
])  # fmt: skip
def test_a_scenario_written_as_toml_is_read_again(told):
    scenario = Scenario.model_validate(told)
    assert Scenario.model_validate(tomllib.loads(toml_text(scenario))) == scenario


def test_a_scenario_without_the_closing_of_some_gates(gated):
    one = plan(year=2030, gates=[{"change": "close", **degrees(110, 100)}, {"change": "open", **degrees(345, 100)}])
    node = gate_node(gated.network, np.array(moved((100, 100))[0]))
    kept = without_closing(one, gated.network, [node])
    assert kept.gates == one.scenario.gates[1:] and kept.year == 2030
    assert without_closing(one, gated.network, [(node[0] + 1, node[1])]) == one.scenario
