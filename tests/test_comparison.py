"""Two states of a study compared: toy towns worked out by hand, and what must hold between the tables."""

from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, analyzed_once, facility_table, residence_table, town

from livingcircle.comparison import State, compare, pairs, residences_moved
from livingcircle.coverage import Group
from livingcircle.standards.model import Indicator, Standard

STREET = town([(0, 0), (3000, 0)])
#  Points on the street, so that a walk is the difference of their x: A 100, B 700, C 1,300, D 2,500.
HOMES = (("A", 10, 100), ("B", 20, 700), ("C", 40, 1300), ("D", 80, 2500))


def homes(*rows):
    return residence_table(*((id, people, shapely.Point(x, 0)) for id, people, x in rows or HOMES))


def schools(*rows):
    return facility_table(*((name, "school", shapely.Point(x, 0)) for name, x in rows))


def state(standard, places, id="base", people=None, units=None, links=None, **told):
    people = homes() if people is None else people
    return State(id, {"zh": id, "en": id}, analyzed_once(standard, STREET, places, people, units=units, **told), links)


def school_rows(table):
    return table[(table["category"] == "school") & (table["group"] == "all")]


@pytest.fixture
def pair(tiny):
    """A school at 0 serves A (500 m); it closes, and one opens at 1,200, which serves B and C.

    ::

        A───────B───────C───────────────D
        100     700     1300            2500
        S at 0 → closed     T at 1200 → opened
    """
    return state(tiny, schools(("S", 0))), state(tiny, facility_table(("T", "school", shapely.Point(1200, 0))).assign(facility_id="F9"), "later")


def test_people_gained_and_lost_are_each_counted(pair):
    table = school_rows(compare(*pair).coverage)
    row = table[table["unit"] == "ALL"].iloc[0]
    assert (row["people_covered_before"], row["people_covered_after"]) == (10, 60)
    assert (row["people_gained"], row["people_lost"]) == (60, 10)
    assert row["people_share_points"] == pytest.approx(100 * (60 - 10) / 150)
    assert (row["facilities_before"], row["facilities_after"]) == (1, 1)


def test_gaps_closed_opened_and_moved(pair):
    table = school_rows(compare(*pair).gaps).set_index("residence_id")
    assert table["change"].to_dict() == {"B": "closed", "C": "closed", "A": "opened", "D": "moved"}
    assert table.loc["D", ["walk_m_before", "walk_m_after"]].tolist() == [2500, 1300]
    assert table.loc["D", ["people_before", "people_after"]].tolist() == [80, 80]
    assert (table.loc["B", "people_before"], np.isnan(table.loc["B", "people_after"])) == (20, True)
    assert (table.loc["A", "people_after"], table.loc["A", "nearest_facility_after"]) == (10, "T")
    before, after = (one.result.gaps.set_index("gap_id") for one in pair)
    assert table.loc["B", "gap_id"] in before.index and table.loc["A", "gap_id"] in after.index
    assert table.loc["D", "gap_id"] in before.index and table.loc["D", "gap_id"] in after.index


def test_equity_by_hand(pair):
    table = compare(*pair).equity
    row = table[(table["category"] == "school") & (table["group"] == "all")].iloc[0]
    #  before, 100, 700, 1,300 and 2,500 m to S for 10, 20, 40 and 80 people; after, 1,100, 500, 100 and 1,300 m to T
    assert (row["share_beyond_before"], row["share_beyond_after"], row["share_beyond_change"]) == pytest.approx((140 / 150, 90 / 150, -50 / 150))
    assert (row["mean_reached_before"], row["mean_reached_after"]) == pytest.approx((267_000 / 150, 129_000 / 150))
    assert (row["p50_before"], row["p50_after"], row["p50_change"]) == (2500, 1300, -1200)
    assert (row["worst_mean_before"], row["worst_mean_after"]) == (2500, 1300)
    same = compare(pair[0], pair[0]).equity
    assert (same.filter(like="_change").fillna(0) == 0).all(axis=None) and len(same) == len(table)


def test_residences_that_gain_or_lose(pair):
    table = school_rows(residences_moved(compare(*pair))).set_index("residence_id")
    assert table["people_gained"].to_dict() == {"C": 40, "B": 20, "A": 0}
    assert table["people_lost"].to_dict() == {"C": 0, "B": 0, "A": 10}


def test_facilities_that_open_close_move_and_grow(tiny):
    before = schools(("S", 0), ("T", 600), ("U", 1200), ("V", 1800)).assign(capacity=[100.0, 100.0, 100.0, 100.0])
    after = schools(("T", 700), ("U", 1200), ("V", 1800), ("W", 2400)).assign(facility_id=["F2", "F3", "F4", "F5"], capacity=[100.0, 300.0, 100.0, 50.0])
    told = compare(state(tiny, before), state(tiny, after, "later"))
    table = told.facilities.set_index("facility_id")
    assert table["change"].to_dict() == {"F5": "opened", "F1": "closed", "F2": "moved", "F3": "resized"}
    assert table.loc["F3", ["capacity_before", "capacity_after"]].tolist() == [100, 300]
    west, east = gpd.GeoSeries(gpd.points_from_xy([600, 700], [0, 0]), crs=CRS).to_crs(4326)
    assert table.loc["F2", ["lon_before", "lon"]].tolist() == pytest.approx([west.x, east.x])
    assert not told.only_adds


def test_equal_states_differ_in_nothing(tiny):
    told = compare(state(tiny, schools(("S", 0))), state(tiny, schools(("S", 0)), "again"))
    assert len(told.gaps) == len(told.moves) == len(told.facilities) == len(residences_moved(told)) == 0
    assert (told.coverage[["land_share_points", "people_share_points"]].fillna(0) == 0).all(axis=None)
    assert (told.completeness.filter(like="points").fillna(0) == 0).all(axis=None)
    assert told.links is None and told.only_adds and len(told.fallen) == 0


def test_a_residence_lived_in_later_is_neither_gained_nor_opened(tiny):
    people = homes().assign(open_year=[np.nan, np.nan, np.nan, 2030.0])
    states = [state(tiny, schools(("S", 0)), str(year), people=people, year=year) for year in (2025, 2030)]
    told = compare(*states)
    row = school_rows(told.coverage).iloc[0]
    assert (row["people_before"], row["people_after"], row["people_arrived"], row["people_arrived_covered"]) == (70, 150, 80, 0)
    assert row["people_gained"] == row["people_lost"] == 0
    assert school_rows(told.gaps)[["residence_id", "change"]].to_numpy().tolist() == [["D", "arrived"]]
    #  its share falls, yet nobody loses
    assert row["people_share_points"] == pytest.approx(100 * (10 / 150 - 10 / 70))
    assert told.only_adds and len(told.fallen) == 0
    back = compare(*states[::-1])
    assert school_rows(back.gaps)["change"].tolist() == ["left"]
    assert school_rows(back.coverage).iloc[0]["people_left"] == 80


def blocks():
    """Two blocks of 400 m along the street, 40 m deep; a limit of 500 m cuts through them."""
    return residence_table(("A", 100, shapely.box(300, 10, 700, 50)), ("B", 200, shapely.box(900, 10, 1300, 50))).assign(people_slow=[30.0, 10.0])


def units():
    return gpd.GeoDataFrame({"unit": ["west", "east"]}, geometry=[shapely.box(-10, -50, 600, 100), shapely.box(600, -50, 1100, 100)], crs=CRS)


def test_within_a_residence_what_is_gained_does_not_make_up_for_what_is_lost(tiny):
    #  from x = 0 the walk to the street position of (x, y) is x + y: land up to x + y = 500 is covered; from 1000 land with 1000 - x + y <= 500
    told = compare(state(tiny, schools(("S", 0)), people=blocks()), state(tiny, schools(("S", 1000)), "later", people=blocks()))
    table = residences_moved(told)
    row = table[(table["residence_id"] == "A") & (table["category"] == "school")].iloc[0]
    #  before: x <= 500 - y, after: x >= 500 + y, so the mean of y (30) is lost on either side
    assert row["people_lost"] == pytest.approx(100 * 170 / 400, abs=0.5)
    assert row["people_gained"] == pytest.approx(100 * 170 / 400, abs=0.5)


@pytest.mark.parametrize("kind", ["people", "land"])
def test_covered_after_is_covered_before_with_all_moves(tiny, kind):
    groups = (Group("all", 4.0), Group("slow", 4.0, "people_slow"))
    people = blocks().assign(open_year=[np.nan, 2030.0])
    places = facility_table(("S", "school", shapely.Point(0, 0)), ("T", "school", shapely.Point(1000, 0), "planned", 2030), ("P", "park", shapely.Point(500, 0)))
    states = [state(tiny, places, str(year), people=people, units=units(), year=year, groups=groups) for year in (2025, 2030)]
    table = compare(*states).coverage
    unit = "_ha" if kind == "land" else ""
    covered = "land_covered_ha" if kind == "land" else "people_covered"
    moved = {turn: table[f"{kind}_{turn}{unit}"] for turn in ("gained", "lost", "arrived_covered", "left_covered")}
    net = moved["gained"] - moved["lost"] + moved["arrived_covered"] - moved["left_covered"]
    assert np.allclose(table[f"{covered}_after"] - table[f"{covered}_before"], net, atol=1e-9)
    assert set(table["unit"]) == {"ALL", "west", "east", "OUTSIDE"} and moved["gained"].max() > 0
    for one, side in zip(states, ("before", "after"), strict=True):
        own = one.result.coverage.set_index(["unit", "category", "level", "group"])
        told = table.set_index(["unit", "category", "level", "group"])
        for column in ("people_covered", "land_share", "people_share", "facilities", "limit_m"):
            pd.testing.assert_series_equal(told[f"{column}_{side}"].reindex(own.index), own[column], check_names=False, check_dtype=False)
    #  the east of block B lies outside the units; before 2030 nobody lives out there, and no facility lies there
    outside = table[(table["unit"] == "OUTSIDE") & (table["category"] == "school")]
    assert (outside["people_before"] == 0).all() and outside["people_share_before"].isna().all() and (outside["limit_m_before"] == 500).all()


def test_a_category_that_one_state_holds_none_of_covers_nobody_there(tiny):
    optional = tiny.model_copy(update={"categories": {
        **tiny.categories, "park": tiny.categories["park"].model_copy(update={"requirements": tuple(r.model_copy(update={"flag": "on_demand"}) for r in tiny.categories["park"].requirements)})
    }})  # fmt: skip
    park = facility_table(("S", "school", shapely.Point(0, 0)), ("P", "park", shapely.Point(700, 0)))
    told = compare(state(optional, schools(("S", 0))), state(optional, park, "later"))
    row = told.coverage[told.coverage["category"] == "park"].iloc[0]
    assert (row["people_covered_before"], row["people_share_before"], row["facilities_before"]) == (0, 0, 0)
    assert (row["people_before"], row["people_gained"], row["limit_m_before"]) == (150, 20, 300)
    assert "park" not in set(told.gaps["category"])


def test_only_a_state_that_takes_nothing_away_only_adds(tiny, pair):
    base = pair[0]
    more = state(tiny, schools(("S", 0), ("T", 1200)), "more")
    assert compare(base, more).only_adds and not compare(more, base).only_adds and not compare(*pair).only_adds
    slower = state(tiny, schools(("S", 0)), "slower", groups=(Group("all", 3.0),))
    assert not compare(base, slower).only_adds
    told = compare(base, more)
    assert len(told.fallen) == 0
    assert (told.coverage[["people_lost", "land_lost_ha"]] == 0).all(axis=None)


def test_what_should_not_fall_is_told_where_it_does(pair):
    #  the same town as it was before, said to hold the facilities of the one after: nothing is taken away, and yet A loses
    base, later = pair
    told = compare(base, State("odd", base.name, analyzed_without_a(base)))
    assert told.only_adds
    assert set(zip(told.fallen["category"], told.fallen["unit"], strict=True)) == {("school", "ALL")}
    assert told.fallen["people_lost"].tolist() == [10]


def analyzed_without_a(one):
    bits = {kind: packed if kind[0] != "school" else np.packbits(np.zeros(4, dtype=bool)) for kind, packed in one.result.covered.items()}
    return replace(one.result, covered=bits)


def test_links_of_either_state(tiny):
    def links(*rows):
        return gpd.GeoDataFrame(
            {"name": [row[0] for row in rows], "kind": "footpath", "change": [row[1] for row in rows]},
            geometry=[shapely.LineString([(0, 0), (row[2], 9)]) for row in rows], crs=CRS,
        )

    one = state(tiny, schools(("S", 0)), "one", links=links(("a", "opened", 10), ("b", "opened", 20)))
    two = state(tiny, schools(("S", 0)), "two", links=links(("b", "opened", 20), ("c", "closed", 30)))
    base = state(tiny, schools(("S", 0)))
    assert compare(one, two).links[["name", "change"]].to_numpy().tolist() == [["c", "closed"], ["a", "closed"]]
    assert compare(base, one).links["change"].tolist() == ["opened", "opened"] and compare(base, one).only_adds
    assert compare(one, base).links["change"].tolist() == ["closed", "closed"] and not compare(one, base).only_adds
    assert compare(base, base).links is None


def test_a_redrawn_residence_is_counted_by_its_net(tiny):
    #  the block grows from 400 m to 800 m: nothing tells which of its points are the same
    wide = residence_table(("A", 100, shapely.box(300, 10, 1100, 50)), ("B", 200, shapely.box(900, 10, 1300, 50))).assign(people_slow=[30.0, 10.0])
    told = compare(state(tiny, schools(("S", 0)), people=blocks()), state(tiny, schools(("S", 0)), "later", people=wide))
    row = school_rows(told.coverage).iloc[0]
    assert row["people_gained"] == 0
    assert row["people_lost"] == pytest.approx(row["people_covered_before"] - row["people_covered_after"])
    assert row["people_lost"] > 0


def test_indicators_of_each_state_in_its_own_year(tiny):
    names = {"zh": "名", "en": "name"}
    told = {"group": names, "numerator": names, "denominator": names, "definition": names, "clause": "5", "evidence": "○", "name_evidence": "●"}
    near = Indicator(id="I1", name=names, unit={"zh": "%", "en": "%"}, formula="people_within", categories=("school",), limit_m=500.0, **told)
    systems = (Standard(id="toy-system", number="T", name=names, in_force=date(2021, 7, 1), indicators={"I1": near}),)
    places = facility_table(("S", "school", shapely.Point(0, 0)), ("T", "school", shapely.Point(1200, 0), "planned", 2030))
    states = [state(tiny, places, str(year), year=year, years=(2025, 2030), systems=systems) for year in (2025, 2030)]
    (row,) = compare(*states).indicators.query("area == 'ALL'").to_dict("records")
    #  of 150 people A lives within 500 m, then B and C as well
    assert (row["value_before"], row["value_after"]) == (pytest.approx(100 * 10 / 150), pytest.approx(100 * 70 / 150))
    assert row["difference"] == pytest.approx(40)


def test_every_two_states_once():
    assert pairs([1, 2, 3, 4]) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def test_the_states_are_not_changed(pair):
    before = [pd.util.hash_pandas_object(one.result.coverage.drop(columns="costs")).sum() for one in pair]
    compare(*pair)
    assert before == [pd.util.hash_pandas_object(one.result.coverage.drop(columns="costs")).sum() for one in pair]
