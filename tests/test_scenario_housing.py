"""Homes that a scenario adds, removes and resizes, how certain its changes are, and scenarios that say nothing new."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import CRS, residence_table
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pydantic import ValidationError
from test_outputs_page import unpacked
from test_scenario import BRIDGE, EAST, NORTH, degrees, inputs_of, lay, plan, result, settings_of, shares, spot

from livingcircle import residences
from livingcircle.analysis import Inputs, analyze
from livingcircle.comparison import State, compare
from livingcircle.errors import StudyError
from livingcircle.messages.faults import in_words
from livingcircle.outputs import layers_gpkg
from livingcircle.outputs.page import places
from livingcircle.outputs.page.names import Order
from livingcircle.scenario import Plan, Scenario, is_there, laid
from livingcircle.sources import geofile
from livingcircle.standards import Quota

SHIFT = (EAST, NORTH)
#       P park                       T (planned 2030)
#  (0,200)──────────────────────────(600,200)
#     │   +C     homes A (100)  B (300) │            S serves what is at most 500 m away: A, and C (140 m), not B nor D
#  S(0,0)──────────────────────────(600,0)
C = {"change": "add", "name": "C", "people": 100, **degrees(100, 30)}
D = {"change": "add", "name": "D", "people": 100, **degrees(560, 30)}


def aged(**more):
    """The town with ages: of 400 people 40 are children, of 100 in A 20; `elderly` and `old` stand in one column of the file."""
    inputs = inputs_of()
    ages = {"people_child": [20.0, 20.0], "people_old": [10.0, 90.0], "people_elderly": [10.0, 90.0]}
    return Inputs(**{**inputs.__dict__, "residences": inputs.residences.assign(**ages), **more})


def lay_aged(standard, *homes, inputs=None, year=2025):
    told = Plan("x", Scenario.model_validate({"homes": homes}), "plan.toml: ", columns={"old": "老人", "elderly": "老人", "child": "儿童"})
    return laid(told, inputs or aged(), standard=standard, settings=settings_of(year=year))[0]


def faults(standard, *homes, inputs=None):
    with pytest.raises(StudyError) as raised:
        lay_aged(standard, *homes, inputs=inputs)
    return [str(fault) for fault in raised.value.faults]


def test_a_new_home_counts_in_coverage_gaps_and_quotas(tiny):
    assert shares(result(tiny))["school", "all"] == pytest.approx(0.25)
    near, far = result(tiny, homes=[C]), result(tiny, homes=[D])
    assert shares(near)["school", "all"] == pytest.approx(200 / 500) and shares(far)["school", "all"] == pytest.approx(100 / 500)
    rows = far.gaps[(far.gaps["category"] == "school") & (far.gaps["group"] == "all")].set_index("residence_id")
    #  30 m to the street, 560 m along it, 10 m to the school
    assert (rows.loc["x#1", "people"], rows.loc["x#1", "name"], rows.loc["x#1", "walk_m"]) == (100, "D", pytest.approx(600, abs=0.1))
    quota = Quota(measure="places", value=50, per=1000, of="people", clause="q", evidence="○")
    school = tiny.categories["school"].model_copy(update={"quotas": (quota,)})
    asked = tiny.model_copy(update={"categories": {**tiny.categories, "school": school}})
    demand = [found.quotas.set_index("area").loc["ALL", "demand"] for found in (result(asked), result(asked, homes=[C, D]))]
    assert demand == pytest.approx([20, 30])


def test_a_home_is_an_outline_a_point_or_the_polygons_of_a_file(tiny, tmp_path):
    outline = [spot(100, 20), spot(140, 20), spot(140, 50), spot(100, 50)]
    shapes = [shapely.transform(shapely.box(x, 10, x + 20, 40), lambda xy: xy + SHIFT) for x in (300, 340)]
    gpd.GeoDataFrame({"n": [1, 2]}, geometry=shapes, crs=CRS).to_file(tmp_path / "homes.gpkg", layer="h", driver="GPKG")
    units = gpd.GeoDataFrame({"unit": ["west"]}, geometry=[shapely.transform(shapely.box(0, 0, 150, 200), lambda xy: xy + SHIFT)], crs=CRS)
    told = [
        {"change": "add", "name": "outline", "people": 50, "polygon": outline, "open_year": 2027},
        {"change": "add", "name": "file", "id": "F", "people": 60, "file": "homes.gpkg", "layer": "h"},
        {**C, "name": "point"},
    ]
    inputs = inputs_of(units=units)
    layers = laid(Plan("x", Scenario.model_validate({"homes": told}), "", tmp_path), inputs, standard=tiny, settings=settings_of())[0]
    more = layers.residences.iloc[2:].set_index("residence_id")
    assert more.index.tolist() == ["x#1", "F", "x#3"] and more["people"].tolist() == [50, 60, 100]
    assert more["land_m2"].tolist() == pytest.approx([1200, 1200, 0], abs=0.1) and more["unit"].tolist() == ["west", "", "west"]
    assert more["open_year"].fillna(0).tolist() == [2027, 0, 0]
    assert layers.residences.dtypes.equals(inputs.residences.dtypes) and len(inputs.residences) == 2
    people = [analyze(layers, standard=tiny, settings=settings_of(year=year)).counts["people"] for year in (2025, 2027)]
    assert people == [560, 610]


def test_people_by_age_are_told_or_taken_from_where_the_planner_says(tiny):
    by_column = lay_aged(tiny, {**C, "groups": {"老人": 5, "child": 30}}).residences.iloc[-1]
    assert [by_column[f"people_{group}"] for group in ("child", "old", "elderly")] == [30, 5, 5]
    by_group = lay_aged(tiny, {**C, "groups": {"old": 5, "elderly": 6, "child": 30}}).residences.iloc[-1]
    assert [by_group[f"people_{group}"] for group in ("child", "old", "elderly")] == [30, 5, 6]
    #  40 of 400 people are children, 100 are old
    shared = lay_aged(tiny, {**C, "groups": {"old": 1}, "ages": "as_study"}).residences.iloc[-1]
    assert [shared[f"people_{group}"] for group in ("child", "old", "elderly")] == pytest.approx([10, 1, 1])
    told = faults(tiny, {**C, "groups": {"child": 3}}, {"change": "resize", "id": "A", "people": 200})
    assert told == [
        'plan.toml: homes.0: does not tell 老人, which the study counts → give them in groups, or write ages = "as_study" to take the shares of the study',
        "plan.toml: homes.1: does not tell 儿童, 老人, which the study counts → give them in groups, or write ages = \"as_before\" to keep its own shares,"
        ' or "as_study" to take those of the study',
    ]


def test_a_home_of_other_people_and_one_that_goes(tiny):
    grown = lay_aged(tiny, {"change": "resize", "id": "A", "people": 150, "ages": "as_before"}).residences.set_index("residence_id")
    #  20 of 100 in A were children, 10 old
    assert grown.loc["A", ["people", "people_child", "people_old"]].tolist() == [150, 30, 15]
    assert grown.loc["B"].equals(aged().residences.set_index("residence_id").loc["B"])
    alike = lay_aged(tiny, {"change": "resize", "id": "A", "people": 150, "ages": "as_study"}).residences
    assert alike["people_child"].iloc[0] == pytest.approx(15)
    assert shares(result(tiny, homes=[{"change": "resize", "id": "A", "people": 600}]))["school", "all"] == pytest.approx(600 / 900)
    assert shares(result(tiny, homes=[{"change": "remove", "id": "B"}]))["school", "all"] == 1.0
    in_turn = lay_aged(tiny, {**C, "ages": "as_study"}, {"change": "resize", "id": "x#1", "people": 7, "ages": "as_before"}, {"change": "remove", "id": "A"})
    assert in_turn.residences[["residence_id", "people"]].to_numpy().tolist() == [["B", 300], ["x#1", 7]]


def test_dwellings_are_told_where_the_study_counts_them(tiny):
    homes = Inputs(**{**inputs_of().__dict__, "residences": inputs_of().residences.assign(dwellings=[40, 100])})
    assert "does not tell dwellings" in faults(tiny, C, inputs=homes)[0]
    assert lay_aged(tiny, {**C, "dwellings": 33}, inputs=homes).residences["dwellings"].tolist() == [40, 100, 33]
    #  140 dwellings for 400 people
    assert lay_aged(tiny, {**C, "ages": "as_study"}, inputs=homes).residences["dwellings"].iloc[-1] == pytest.approx(35)
    assert "counts no dwellings" in faults(tiny, {**C, "dwellings": 3, "ages": "as_study"})[0]


def test_the_points_of_all_other_homes_stay(tiny, monkeypatch):
    monkeypatch.setattr(residences, "MOST_SAMPLES", 400)
    before, after = result(tiny), result(tiny, homes=[C, D])
    own = after.samples[after.samples["residence_id"].isin(["A", "B"])]
    assert len(before.samples) < 700 and np.array_equal(shapely.get_coordinates(own.geometry), shapely.get_coordinates(before.samples.geometry))


def test_every_fault_of_homes_is_told_at_once(tiny, tmp_path):
    area = gpd.GeoDataFrame(geometry=[shapely.transform(shapely.box(-50, -50, 650, 250), lambda xy: xy + SHIFT)], crs=CRS)
    told = faults(
        tiny,
        {"change": "add", "name": "N", "people": 5, "ages": "as_study", **degrees(900, 0)},
        {"change": "add", "name": "M", "people": 5, "ages": "as_study", "file": str(tmp_path / "none.gpkg")},
        {**C, "id": "A", "groups": {"chld": 3}, "ages": "as_study"},
        {**C, "groups": {"child": 101}, "ages": "as_study"},
        {"change": "remove", "id": "AA"},
        {"change": "add", "name": "O", "people": 5, "ages": "as_study", "lon": 29.9, "lat": 60.0},
        inputs=aged(area=area),
    )
    assert [line.split(" → ")[0].removeprefix("plan.toml: ") for line in told if "none.gpkg" not in line and "homes.5" not in line] == [
        "homes.0.lon: lies outside the study area",
        "homes.2.id: a residence has the id 'A' already",
        "homes.2.groups.chld: 'chld' is no group of people that the study counts",
        "homes.3.groups: more people of child than people in all",
        "homes.4.id: no residence has the id 'AA'",
    ]
    assert len(told) == 7 and sum("none.gpkg" in line for line in told) == 1 and any("homes.5" in line for line in told)
    assert "did you mean 'child' or 'old'?" in told[3] and "did you mean 'A'?" in told[5]
    with pytest.raises(StudyError, match="no residence is left"):
        lay(tiny, homes=[{"change": "remove", "id": "A"}, {"change": "remove", "id": "B"}])
    with pytest.raises(StudyError) as raised:
        lay(tiny, homes=[{"change": "remove", "id": "nowhere"}])
    assert in_words(raised.value.faults[0], "zh") == "plan.toml: homes.0.id：没有编号为“nowhere”的居住用地 → 请填写 layers.gpkg 中显示的编号，如“A”"


WRONG = {
    "a home of nobody known": {"change": "add", "name": "N", "lon": 1, "lat": 1},
    "a home nowhere": {"change": "add", "name": "N", "people": 1},
    "a home at two places": {"change": "add", "name": "N", "people": 1, "lon": 1, "lat": 1, "file": "a.gpkg"},
    "half a place": {"change": "add", "name": "N", "people": 1, "lon": 1},
    "half a place beside a file": {"change": "add", "name": "N", "people": 1, "lon": 1, "file": "a.gpkg"},
    "a layer of no file": {"change": "add", "name": "N", "people": 1, "lon": 1, "lat": 1, "layer": "a"},
    "an outline that crosses itself": {"change": "add", "name": "N", "people": 1, "polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]},
    "an outline of a line": {"change": "add", "name": "N", "people": 1, "polygon": [[0, 0], [1, 1], [2, 2]]},
    "ages as they never were": {"change": "add", "name": "N", "people": 1, "lon": 1, "lat": 1, "ages": "as_before"},
    "a home that is moved": {"change": "move", "id": "A", "lon": 1, "lat": 1},
    "removed with people": {"change": "remove", "id": "A", "people": 1},
    "fewer than no people": {"change": "resize", "id": "A", "people": -1},
    "resized in a year": {"change": "resize", "id": "A", "people": 1, "open_year": 2030},
    "as certain as nothing": {**C, "certainty": "maybe"},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_homes_may_not_say(name):
    with pytest.raises(ValidationError):
        Scenario.model_validate({"homes": [WRONG[name]]})


@pytest.mark.parametrize("told", [
    {"facilities": [{"change": "open", "id": "F1", "certainty": "planned"}]},
    {"facilities": [{"change": "close", "id": "F1", "certainty": "planned"}]},
    {"gates": [{"change": "close", "lon": 1, "lat": 1, "open_year": 2030}]},
    {"standard": []},
    {"standard": ["a", "a"]},
    {"certainty": "closed"},
])  # fmt: skip
def test_what_else_may_not_be_said(told):
    with pytest.raises(ValidationError):
        Scenario.model_validate(told)


NEW = {"change": "open", "name": "N", "categories": ["school"], **degrees(560, 40)}


def test_certainty_is_kept_and_decides_what_counts(tiny):
    fresh = [{**NEW, "open_year": 2025, "certainty": word} for word in ("built", "在建", "planned", "拟建")]
    layers = lay(tiny, facilities=fresh)[0]
    assert layers.facilities["status"].tolist()[-4:] == ["existing", "under_construction", "planned", "proposed"]
    reached = {}
    for certainty in ("built", "under_construction", "planned", "proposed"):
        for told in fresh:
            found = result(tiny, facilities=[told], certainty=certainty)
            reached[certainty, told["certainty"]] = shares(found)["school", "all"] == 1.0
    order = ["built", "在建", "planned", "拟建"]
    assert all(open == (order.index(own) <= ["built", "under_construction", "planned", "proposed"].index(asked)) for (asked, own), open in reached.items())
    #  a home so uncertain is lived in in no year; what it is told to be is kept
    assert shares(result(tiny, homes=[{**D, "certainty": "planned"}], certainty="under_construction"))["school", "all"] == pytest.approx(0.25)
    certain = lay(tiny, homes=[{**D, "certainty": "planned"}, C])[0].residences
    assert certain["status"].tolist() == ["", "", "planned", ""]


def test_a_gap_says_how_certain_is_what_closes_it(tiny):
    def closing(**told):
        table = result(tiny, facilities=[{"change": "open", "id": "F2", "open_year": 2030}, {**NEW, "open_year": 2028, "certainty": "proposed"}], **told).gaps
        return table[(table["residence_id"] == "B") & (table["category"] == "school") & (table["group"] == "all")].iloc[0]

    assert closing()[["cause", "closes_in", "closing_facility", "closing_status"]].tolist() == ["not_yet_open", 2028, "N", "proposed"]
    #  T, planned for 2030, is 600 + 200 m and more away by street
    left = closing(certainty="planned")
    assert left["cause"] != "not_yet_open" and np.isnan(left["closes_in"]) and left["closing_status"] == ""


def test_a_link_is_there_from_its_year_on_and_where_it_is_certain_enough(tiny):
    opened = [{"change": "open", "id": "F2"}]

    def share(year=None, **told):
        more = {"year": year} if year else {}
        layers, judged_by, stated = laid(plan(links=[{**BRIDGE, **told}], facilities=opened), inputs_of(), standard=tiny, settings=settings_of(**more))
        return shares(analyze(layers, standard=judged_by, settings=stated))["school", "all"]

    assert [share(year, open_year=2028) for year in (2027, 2028)] == pytest.approx([0.25, 1.0])
    stated = [laid(plan(links=[{**BRIDGE, "certainty": "planned"}], certainty=word), inputs_of(), standard=tiny, settings=settings_of())[0].links for word in ("built", "planned")]
    assert [len(links) for links in stated] == [0, 1]
    gate = Scenario.model_validate({"gates": [{"change": "open", "lon": 1, "lat": 1, "open_year": 2030}]}).gates[0]
    assert not is_there(gate, year=None) and is_there(gate, year=2031)


def test_in_a_comparison_homes_arrive_leave_and_grow(tiny):
    states = [State(name, {"zh": name, "en": name}, result(tiny, homes=homes)) for name, homes in (
        ("base", []), ("after", [C, {"change": "remove", "id": "B"}, {"change": "resize", "id": "A", "people": 250}]),
    )]  # fmt: skip
    told = compare(*states)
    assert told.homes[["change", "residence_id", "people_before", "people_after"]].fillna(0).to_numpy().tolist() == [
        ["resized", "A", 100, 250], ["arrived", "x#1", 0, 100], ["left", "B", 300, 0],
    ]  # fmt: skip
    row = told.coverage[(told.coverage["unit"] == "ALL") & (told.coverage["category"] == "school") & (told.coverage["group"] == "all")].iloc[0]
    #  A grows by 150 people and C arrives, all of them covered; nobody of B was
    assert row[["people_gained", "people_lost", "people_arrived", "people_arrived_covered", "people_left", "people_left_covered"]].tolist() == pytest.approx([0, 0, 250, 250, 300, 0])
    assert row["people_covered_after"] - row["people_covered_before"] == pytest.approx(250)


#  What the study says itself, said again.
SAID = {
    "walking": {"rule": "distance", "speeds": {"all": 4.0, "elderly": 3.0}},
    "year": 2025,
    "certainty": "proposed",
    "limits": [{"category": "school", "level": "L15", "limit_m": 500, "limit_min": 15}, {"category": "park", "level": "L5", "limit_min": 5}],
    "facilities": [
        {"change": "move", "id": "F1", **degrees(0, -10)}, {"change": "open", "id": "F2", "open_year": 2030}, {"change": "open", "id": "F3"},
        {"change": "resize", "id": "F1", "capacity": 90}, {"change": "open", "id": "F2", "open_year": 2030, "certainty": "规划"},
    ],
    "homes": [{"change": "resize", "id": "A", "people": 100, "ages": "as_before"}, {"change": "resize", "id": "B", "people": 300, "groups": {"child": 20, "old": 90}}],
}  # fmt: skip


@trying(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.sampled_from([*SAID])), st.data())
def test_a_scenario_that_says_what_the_study_says_gives_its_very_layers(tiny, keys, data):
    told = {key: data.draw(st.lists(st.sampled_from(SAID[key]), unique_by=str)) if isinstance(SAID[key], list) else SAID[key] for key in keys}
    inputs = aged(facilities=inputs_of().facilities.assign(capacity=[90.0, np.nan, np.nan]))
    before = settings_of()
    given_plan = Plan("x", Scenario.model_validate(told), "", columns={"old": "老人", "elderly": "老人"})
    layers, judged_by, stated = laid(given_plan, inputs, standard=tiny, settings=before)
    for name in ("facilities", "entrances", "residences"):
        assert_frame_equal(getattr(layers, name), getattr(inputs, name), check_exact=True)
    assert layers.network is inputs.network and layers.links == () and judged_by == tiny
    assert layers.sampled_among == inputs.sampled_among
    own = ("rule", "certainty", "speed_kmh", "walker", "groups", "year")
    assert [getattr(stated, key) for key in own] == [getattr(before, key) for key in own]


def test_land_without_anybody_may_fill(tiny):
    empty = inputs_of()
    homes = residence_table(("A", 0, empty.residences.geometry.iloc[0]), ("B", 300, empty.residences.geometry.iloc[1])).assign(people_child=[0.0, 30.0])
    inputs = Inputs(**{**empty.__dict__, "residences": homes})
    assert "nobody lived there before" in faults(tiny, {"change": "resize", "id": "A", "people": 10, "ages": "as_before"}, inputs=inputs)[0]
    got = lay_aged(tiny, {"change": "resize", "id": "A", "people": 10, "ages": "as_study"}, inputs=inputs).residences
    assert got.loc[0, ["people", "people_child"]].tolist() == [10, 1]


def test_certainty_stands_in_the_layers_and_in_the_page(tiny, tmp_path):
    found = result(tiny, homes=[{**D, "certainty": "under_construction"}], facilities=[{**NEW, "open_year": 2028, "certainty": "proposed"}], certainty="planned")
    layers_gpkg.write(found, tmp_path / "layers.gpkg")
    homes = geofile.read(tmp_path / "layers.gpkg", layer="residences").set_index("residence_id")
    assert homes["status"].fillna("").to_dict() == {"A": "", "B": "", "x#1": "under_construction"}
    facilities = geofile.read(tmp_path / "layers.gpkg", layer="facilities").set_index("facility_id")
    assert facilities.loc["scenario#1", ["status", "status_name", "open_year"]].tolist() == ["proposed", "proposed", 2028]
    #  the page opens by year and certainty: T is planned for 2030, the new one is only proposed
    told = places.facilities(found, Order(found), (0, 0))
    status = [told["status"]["names"][row] for row in unpacked(told["status"]["rows"])]
    assert list(zip(status, told["year"], strict=True))[1::2] == [("planned", 2030), ("proposed", 2028)]
