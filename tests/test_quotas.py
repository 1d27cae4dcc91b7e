"""Quotas by hand: demand, what is told of the supply, and what stays unknown."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import CRS, analyzed, facility_table, residence_table, town

from livingcircle import quotas
from livingcircle.standards import Quota

STREET = town([(0, 0), (2000, 0)])
#   ┌────── w ──────┬────── e ──────┐
#   0───S1──A──S2───┼───────B───────2000
UNITS = gpd.GeoDataFrame({"unit": ["w", "e"]}, geometry=[shapely.box(-1, -50, 1000, 50), shapely.box(1000, -50, 2001, 50)], crs=CRS)
HOMES = residence_table(("A", 400, shapely.Point(500, 0)), ("B", 100, shapely.Point(1500, 0))).assign(people_child=[50.0, 20.0])
TWO = (("S1", "school", shapely.Point(300, 0)), ("S2", "school", shapely.Point(700, 0)))


def asked(tiny, **quota):
    told = Quota(**{"measure": "places", "value": 9, "per": 10, "of": "child", "clause": "7", "evidence": "◐"} | quota)
    school = tiny.categories["school"].model_copy(update={"quotas": (told,)})
    return tiny.model_copy(update={"categories": {**tiny.categories, "school": school}})


def table(standard, facilities, homes=HOMES, units=UNITS):
    result = analyzed(standard, STREET, facilities, homes, units=units)
    assert list(result.quotas.columns) == list(quotas.COLUMNS)
    return result.quotas.set_index("area")


def test_by_hand(tiny):
    got = table(asked(tiny), facility_table(*TWO).assign(capacity=[30.0, 10.0]))
    #  9 places for every 10 children: 45 and 18; 40 places lie in the west
    assert got["demand_base"].to_dict() == {"ALL": 70, "w": 50, "e": 20}
    assert got["demand"].to_dict() == pytest.approx({"ALL": 63, "w": 45, "e": 18})
    assert got["supply"].to_dict() == {"ALL": 40, "w": 40, "e": 0}
    assert got["short"].to_dict() == pytest.approx({"ALL": 23, "w": 5, "e": 18})
    assert set(got["status"]) == {"computed"}
    assert got.loc["w", ["measure", "of", "clause", "evidence", "facilities", "supply_known"]].tolist() == ["places", "child", "7", "◐", 2, 2]


def test_what_is_not_told_is_not_guessed(tiny):
    got = table(asked(tiny), facility_table(*TWO).assign(capacity=[30.0, np.nan]))
    assert got.loc["w", ["supply", "supply_known", "facilities", "status", "missing"]].tolist() == [30, 1, 2, "missing_input", "capacity"]
    assert np.isnan(got.loc["w", "short"])
    #  the east holds none: its shortage is certain
    assert got.loc["e", "short"] == pytest.approx(18)


def test_an_unknown_one_matters_not_where_there_is_enough(tiny):
    got = table(asked(tiny), facility_table(*TWO).assign(capacity=[45.0, np.nan]))
    assert got.loc["w", ["short", "status", "supply_known"]].tolist() == [0, "computed", 1]


def test_none_known_tells_no_supply(tiny):
    got = table(asked(tiny), facility_table(*TWO))
    assert np.isnan(got.loc["w", "supply"])
    assert got.loc["e", "supply"] == 0


def test_nothing_found_is_not_nothing_there(tiny):
    got = table(asked(tiny), facility_table(("P", "park", shapely.Point(0, 0))))
    assert got["missing"].tolist() == ["facilities"] * 3
    assert got["short"].isna().all()
    assert got.loc["ALL", "demand"] == pytest.approx(63)


def test_planned_facilities_offer_nothing_yet(tiny):
    planned = facility_table((*TWO[0], "planned", 2030)).assign(capacity=99.0)
    assert table(asked(tiny), planned).loc["ALL", ["supply", "facilities", "short"]].tolist() == pytest.approx([0, 0, 63])


def test_capacity_of_one_school_for_two_categories_belongs_to_neither(tiny):
    both = asked(tiny)
    quota = both.categories["school"].quotas
    both = both.model_copy(update={"categories": {**both.categories, "park": both.categories["park"].model_copy(update={"quotas": quota})}})
    shared = facility_table(TWO[0]).assign(capacity=900.0, categories=[("school", "park")])
    got = table(both, shared)
    assert got.loc["w", "missing"].tolist() == ["capacity_shared", "capacity_shared"]


def test_sites_and_numbers_are_measured(tiny):
    sites = facility_table(("S1", "school", shapely.box(300, 5, 350, 45)))
    assert table(asked(tiny, measure="site_m2", of="people", value=10, per=1), sites).loc["w", ["supply", "short"]].tolist() == pytest.approx([2000, 2000])
    number = table(asked(tiny, measure="facilities", of="people", value=1, per=100), facility_table(*TWO))
    assert number["short"].to_dict() == pytest.approx({"ALL": 3, "w": 2, "e": 1})


def test_dwellings_only_where_homes_tell_them(tiny):
    standard = asked(tiny, of="dwellings", measure="berths", value=1, per=1)
    berths = facility_table(TWO[0]).assign(capacity=30.0)
    got = table(standard, berths)
    assert got["missing"].tolist() == ["dwellings"] * 3
    got = table(standard, berths, HOMES.assign(dwellings=[40.0, 10.0]))
    assert got["short"].to_dict() == pytest.approx({"ALL": 20, "w": 10, "e": 10})


def test_one_more_bed_never_makes_more_short(tiny):
    short = [table(asked(tiny), facility_table(*TWO).assign(capacity=[beds, 10.0])).loc["ALL", "short"] for beds in (0.0, 20.0, 53.0, 80.0)]
    assert short == pytest.approx([53, 33, 0, 0])
