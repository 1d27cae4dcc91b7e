"""Coverage year by year: what opens when, what is worked out anew, and that carried years are what an analysis of them would say."""

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import facility_table, residence_table, town

from livingcircle.analysis import Inputs
from livingcircle.entrances import entrances
from livingcircle.timeline import COLUMNS, EVENTS, anew, events, opening_years, timeline

NETWORK = town([(0, 0), (1000, 0)])


def inputs():
    places = facility_table(
        ("old school", "school", shapely.Point(0, 10)), ("new school", "school", shapely.Point(1000, 10), "planned", 2030),
        ("new park", "park", shapely.Point(500, 10), "planned", 2027), ("some day", "park", shapely.Point(700, 10), "planned", np.nan),
    )  # fmt: skip
    homes = residence_table(("A", 100, shapely.box(100, 5, 200, 60)), ("B", 50, shapely.box(800, 5, 900, 60))).assign(open_year=[np.nan, 2028.0])
    return Inputs(NETWORK, places, entrances(places, NETWORK, gates=None, snap_limit_m=150), homes)


def test_years_in_which_anything_opens():
    assert opening_years(inputs(), {}) == (2027, 2028, 2030)
    assert opening_years(inputs(), {2026: 3, 2028: 1}) == (2026, 2027, 2028, 2030)


def test_what_opens_by_year_with_homes_and_streets_and_nothing_of_the_first_year():
    told = events(inputs(), years=range(2027, 2032), streets={2027: 9, 2030: 2})
    assert told[["year", "kind", "name", "count"]].to_numpy().tolist() == [
        [2028, "residence", "B", 1], [2030, "facility", "new school", 1], [2030, "street", "", 2],
    ]
    assert told["people"].tolist()[0] == 50 and told["categories"].tolist() == [(), ("school",), ()]
    assert list(told.columns) == list(EVENTS)


def test_inputs_are_not_changed():
    own = inputs()
    before = own.facilities.copy(), own.residences.copy()
    events(own, years=[2025, 2035], streets={})
    pd.testing.assert_frame_equal(own.facilities, before[0])
    pd.testing.assert_frame_equal(own.residences, before[1])


def test_only_what_changes_is_worked_out_anew():
    told = events(inputs(), years=range(2025, 2033), streets={})
    assert anew(told, years=range(2025, 2033), judged=["school", "park"]) == {2025: ("school", "park"), 2027: ("park",), 2028: ("school", "park"), 2030: ("school",)}
    # A facility of a category that is not judged changes nothing.
    assert anew(told, years=range(2029, 2033), judged=["park"]) == {2029: ("park",)}
    streets = events(inputs(), years=range(2029, 2033), streets={2031: 1})
    assert anew(streets, years=range(2029, 2033), judged=["park"]) == {2029: ("park",), 2031: ("park",)}


def row(category, share, unit="ALL"):
    return {"unit": unit, "category": category, "level": "L5", "group": "all", "people_share": share}


def test_carried_rows_say_when_they_were_worked_out_and_openings_stand_in_their_unit_and_year():
    told = pd.DataFrame([
        (2026, "facility", "f", "East park", "E", ("park",), np.nan, np.nan, 1), (2026, "residence", "h", "New homes", "", (), 10.0, np.nan, 1),
    ], columns=list(EVENTS))  # fmt: skip
    first = pd.DataFrame([row("school", 0.5), row("school", 0.4, "E"), row("park", 0.1), row("park", 0.0, "E")])
    later = pd.DataFrame([row("park", 0.3), row("park", 0.6, "E")])
    table = timeline({2025: first, 2026: later}, told, years=[2025, 2026, 2027])
    assert list(table.columns) == list(COLUMNS) and len(table) == 12
    park = table[(table["category"] == "park") & (table["unit"] == "E")]
    assert park[["year", "people_share", "worked_out_in", "opened"]].to_numpy().tolist() == [[2025, 0.0, 2025, ""], [2026, 0.6, 2026, "East park"], [2027, 0.6, 2026, ""]]
    school = table[(table["category"] == "school") & (table["unit"] == "ALL")]
    assert school["worked_out_in"].tolist() == [2025, 2025, 2025] and school["opened"].tolist() == [""] * 3
    # The homes lie outside every unit, so only the whole area has them.
    assert school["moved_in"].tolist() == ["", "New homes", ""] and park["moved_in"].tolist() == [""] * 3


def test_the_first_year_must_be_worked_out():
    with pytest.raises(KeyError):
        timeline({2026: pd.DataFrame([row("park", 0.3)])}, pd.DataFrame(columns=list(EVENTS)), years=[2025, 2026])
