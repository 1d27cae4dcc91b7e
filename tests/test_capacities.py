"""Capacity in a whole analysis: who finds a place, by facility, unit and residence, on a toy town worked out by hand, and what must always hold."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, TINY, analyzed, facility_table, residence_table, town

from livingcircle import capacity, standards
from livingcircle.coverage import Group
from livingcircle.outputs import gap_list, layers_gpkg, tables
from livingcircle.outputs.workbook.capacity_sheets import equity_columns, load_columns, unit_columns

#  a street of 900 m, schools N (20 places) and S (30), homes A to D with so many children, and E on an island; the limit is 500 m
#
#   A──N──B──────C──S──────D        E
#   0 100 300   600 700   900     y = 5000      children: 10, 30, 20, 10 and 5; A and B lie in the west
STREET = town([(0, 0), (900, 0)], [(0, 5000), (400, 5000)])
HOMES = (("A", 0, 0, 10), ("B", 300, 0, 30), ("C", 600, 0, 20), ("D", 900, 0, 10), ("E", 200, 5000, 5))
QUOTA = """
[[categories.{category}.quotas]]
measure = "{measure}"
value = {value}
per = 1
of = "child"
clause = "7"
evidence = "◐"
"""


@pytest.fixture
def asking(tmp_path):
    def standard(*quotas):
        told = [QUOTA.format(category=category, measure=measure, value=value) for category, measure, value in quotas]
        (tmp_path / "asking.toml").write_text(TINY + "".join(told), encoding="utf-8")
        return standards.load(tmp_path / "asking.toml")

    return standard


def units():
    shapes = [shapely.box(-100, -100, 400, 100), shapely.box(400, -100, 1000, 100)]
    return gpd.GeoDataFrame({"unit": ["west", "east"], "parent": "street"}, geometry=shapes, crs=CRS)


def homes():
    rows = residence_table(*((name, 4 * count, shapely.Point(x, y)) for name, x, y, count in HOMES))
    return rows.assign(people_child=rows["people"] / 4, unit=["west", "west", "east", "east", ""])


def schools(*places, more=()):
    rows = facility_table(*(("NS"[row], "school", shapely.Point(x, 0)) for row, x in enumerate((100, 700))), *more)
    return rows.assign(capacity=[*places, *[np.nan] * len(more)])


def found(standard, places=None, **told):
    return analyzed(standard, STREET, schools(20.0, 30.0) if places is None else places, homes(), units=units(), **told)


def areas(result, *columns):
    return result.capacity.units.set_index("area")[[*columns]].T.to_dict("list")


def test_the_assignment_by_hand(asking):
    result = found(asking(("school", "places", 1)))
    #  fifty places for seventy who are near: twenty of B, the farthest, find both full; E has none near
    assert areas(result, "demand", "served", "too_far", "full", "not_told", "short") == {
        "ALL": [75, 50, 5, 20, 0, 25], "street": [70, 50, 0, 20, 0, 20], "west": [40, 20, 0, 20, 0, 20], "east": [30, 30, 0, 0, 0, 0],
    }  # fmt: skip
    assert areas(result, "people", "facilities", "capacity_known", "supply", "walk_m")["west"] == [160, 1, 1, 20, 150]
    loads = result.capacity.facilities.set_index("name")
    assert loads[["capacity", "demand_within", "load", "load_all", "left", "use", "people_served", "walk_m"]].values.tolist() == [
        [20, 60, 20, 20, 0, 1, 20, 150], [30, 60, 30, 30, 0, 1, 30, pytest.approx(4000 / 30)],
    ]  # fmt: skip
    #  N is shared among A, B and C (60), S among B, C and D (60)
    told = result.capacity.homes.set_index("residence_id")
    assert told["access_2sfca"].to_dict() == pytest.approx({"A": 1 / 3, "B": 5 / 6, "C": 5 / 6, "D": 1 / 2, "E": 0})
    assert told[["demand", "served", "full", "too_far"]].loc["B"].tolist() == [30, 10, 20, 0]


def test_shortages_stand_in_the_gap_list_by_unit(asking):
    result = found(asking(("school", "places", 1)))
    rows = gap_list.listed(result)
    short = rows[rows["cause"] == "too_small"]
    assert short[["unit", "people", "demand", "supply", "short", "short_far", "short_full", "residences", "confidence", "clause"]].values.tolist() == [
        ["west", 160, 40, 20, 20, 0, 20, 2, "high", "7"]
    ]
    assert rows["gap_id"].is_unique
    assert short["remedy_text"].tolist() == ["enlarge the existing school or build one: 20 places short (40 needed, 20 found within the limit, where all are full)"]
    assert set(gap_list.in_words(rows, result).loc[short.index, "cause"]) == {"school places short"}


@pytest.mark.parametrize(("measure", "word"), [("places", "学位缺口"), ("beds", "床位缺口"), ("berths", "停车泊位缺口"), ("guns", "充电桩缺口")])
def test_every_measure_has_its_word_in_the_list(asking, measure, word):
    result = found(asking(("school", measure, 1)), language="zh")
    rows = gap_list.listed(result)
    assert set(gap_list.in_words(rows, result).loc[rows["cause"] == "too_small", "cause"]) == {word}


def test_what_is_not_told_is_neither_empty_nor_endless(asking):
    result = found(asking(("school", "places", 1)), schools(20.0, np.nan))
    #  only N is known: A and ten of B are served, the rest may find a place at S
    assert areas(result, "served", "full", "not_told", "short")["ALL"] == [20, 0, 50, 5]
    told = result.capacity.facilities.set_index("name").loc["S"]
    assert (told["status"], told["demand_within"]) == ("not_told", 60) and told[["load", "use", "left", "people_served"]].isna().all()
    access = result.capacity.homes.set_index("residence_id")["access_2sfca"]
    assert np.isnan(access["D"]) and access["E"] == 0 and access["C"] == pytest.approx(1 / 3)
    assert "too_small" not in set(gap_list.listed(result)["cause"])


def test_categories_that_share_a_school_are_assigned_together(asking):
    both = asking(("school", "places", 1), ("park", "places", 1))
    places = schools(20.0, 30.0)
    places["categories"] = [("school",), ("school", "park")]
    result = found(both, places)
    loads = result.capacity.facilities.set_index(["name", "category"])
    assert loads["load"].groupby("name").sum().to_dict() == loads["load_all"].groupby("name").first().to_dict() == {"N": 20, "S": 30}
    assert loads["shared_with"].to_dict() == {("N", "school"): "", ("S", "school"): "park", ("S", "park"): "school"}
    #  one place is nobody's twice
    assert result.capacity.units.groupby("area")["served"].sum()["ALL"] == 50
    adds_up(result)


def test_what_is_missing_is_told_and_nothing_else(asking):
    standard = asking(("school", "places", 1), ("park", "beds", 1))
    result = found(standard)
    assert result.capacity.units.set_index("category").loc["park", ["status", "missing"]].drop_duplicates().values.tolist() == [["missing_input", "facilities"]]
    nobody = analyzed(standard, STREET, schools(20.0, 30.0), homes().drop(columns="people_child"), units=units())
    told = nobody.capacity.units
    assert set(told["missing"]) == {"people_child", "people_child;facilities"} and told["demand"].isna().all()
    assert nobody.capacity.facilities.empty and nobody.capacity.homes.empty
    assert "too_small" not in set(gap_list.listed(nobody)["cause"])


def test_a_standard_that_asks_for_nothing_has_no_case(tiny):
    result = found(tiny)
    assert [len(table) for table in (result.capacity.facilities, result.capacity.units, result.capacity.homes)] == [0, 0, 0]
    assert unit_columns(result) == load_columns(result) == []


def test_minutes_decide_where_the_rule_says_so(asking):
    #  15 minutes at 4 km/h are 1,000 m: everybody on the street is near both
    result = found(asking(("school", "places", 1)), rule="time")
    assert areas(result, "served", "too_far", "full")["ALL"] == [50, 5, 20]
    assert areas(result, "served")["west"] == [20]
    assert result.capacity.facilities["demand_within"].tolist() == [70, 70]


def test_cases_are_told_once_for_each_limit(tiny):
    asked = capacity.asked(capacity.demanding(standards.load("gb50180-2018")))
    got = capacity.cases(asked, per_minute=None)
    junior = [case for case in got if case.asked.category == "edu_junior"]
    assert [(case.within_m, case.asked.requirement.flag) for case in junior] == [(1000, "mandatory")]
    assert capacity.principal(junior) == junior[0]
    assert {case.within_m for case in capacity.cases(asked, per_minute=50.0) if case.asked.category == "edu_junior"} == {50.0 * r.limit_min for r in standards.load("gb50180-2018").categories["edu_junior"].requirements}


def adds_up(result):
    """People x access is what the facilities in reach hold; nobody is counted twice; nothing holds more than it can."""
    told = result.capacity
    held = told.facilities.drop_duplicates("facility_id")
    for measure in ("access_2sfca", "access_steps", "access_balanced"):
        given = (told.homes["demand"] * told.homes[measure].fillna(0)).sum()
        assert given == pytest.approx(held.loc[(held["demand_within"] > 0) & (held["status"] == "told"), "capacity"].sum())
    whole = told.units[told.units["area"] == "ALL"]
    assert whole["served"].sum() == pytest.approx(told.facilities["load"].sum()) == pytest.approx(told.homes["served"].sum())
    assert (whole["demand"] - whole[["served", "too_far", "full", "not_told"]].sum(axis=1)).abs().max() < 1e-9
    assert (held["load_all"].fillna(0) <= held["capacity"].fillna(0) + 1e-9).all()


@pytest.mark.parametrize("seed", range(3))
def test_supply_is_conserved_and_one_more_place_never_serves_fewer(asking, seed):
    draw = np.random.default_rng(seed)
    standard = asking(("school", "places", 1))
    rows = facility_table(*((f"F{n}", "school", shapely.Point(x, 0)) for n, x in enumerate(draw.integers(0, 900, 4))))
    rows["capacity"] = np.where(draw.random(4) < 0.25, np.nan, draw.integers(1, 25, 4))
    before = found(standard, rows)
    adds_up(before)
    known = rows["capacity"].notna().to_numpy()
    more = rows.assign(capacity=rows["capacity"] + np.where(known & (np.arange(4) == np.flatnonzero(known)[0]), 1.0, 0.0))
    after = found(standard, more)
    adds_up(after)
    served = [result.capacity.units.set_index("area")["served"] for result in (before, after)]
    assert served[0]["ALL"] - 1e-9 <= served[1]["ALL"] <= served[0]["ALL"] + 1 + 1e-9


def test_tables_layers_and_sheets_tell_the_same(asking, tmp_path):
    result = found(asking(("school", "places", 1)), groups=(Group("all", 4.0), Group("child", 3.0, "people_child")))
    tables.write_capacity(result, tmp_path)
    tables.write_equity(result, tmp_path / "equity.csv")
    read = {name: pd.read_csv(tmp_path / f"{name}.csv", encoding="utf-8-sig", keep_default_na=False, na_values=[""]) for name in ("capacity", "capacity_units", "access", "equity")}
    for name, columns in (("capacity", capacity.FACILITIES), ("capacity_units", capacity.UNITS), ("access", capacity.HOMES)):
        assert tuple(read[name].columns) == columns
    assert read["capacity_units"]["short"].tolist() == [25, 20, 20, 0]
    layers_gpkg.write(result, tmp_path / "layers.gpkg")
    layer = gpd.read_file(tmp_path / "layers.gpkg", layer="access").set_index("residence_id")
    assert layer["school_2sfca"].to_dict() == pytest.approx(read["access"].set_index("residence_id")["access_2sfca"].to_dict(), abs=1e-4)
    assert gpd.read_file(tmp_path / "layers.gpkg", layer="facilities").set_index("name")["use"].to_dict() == {"N": 1, "S": 1}
    sheet = {column.heading: column.values.tolist() for column in unit_columns(result)}
    assert sheet["short"] == [25, 20, 20, 0] and sheet["area"][0] == "whole area"
    assert {column.heading: column.values.tolist() for column in load_columns(result)}["use"] == [1, 1]
    even = {column.heading: column.values.tolist() for column in equity_columns(result)}
    assert len(even["area"]) == 2 * (2 + 3) and "unreachable" not in even["Gini index"]


def test_equity_agrees_with_coverage(asking):
    result = found(asking(("school", "places", 1)), groups=(Group("all", 4.0), Group("child", 3.0, "people_child")))
    keys = ["area", "category", "level", "group"]
    even = result.equity.set_index(keys)["share_beyond"]
    covered = result.coverage.rename(columns={"unit": "area"}).set_index(keys)["people_share"]
    both = pd.concat([1 - even, covered], axis=1, join="inner").dropna()
    assert len(both) == 2 * 3 * 2 and (both["share_beyond"] - both["people_share"]).abs().max() < 1e-9
