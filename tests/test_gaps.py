"""The gap list by hand: whom, how far, why."""

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import analyzed, facility_table, residence_table, town

from livingcircle.gaps import gap_id
from livingcircle.layers import GAPS, check

STREET = town([(0, 0), (3000, 0)])


def gaps(result, category="school"):
    return result.gaps[result.gaps["category"] == category].reset_index(drop=True)


def test_structure_and_ids(tiny):
    homes = residence_table(("A", 100, shapely.Point(900, 10)), ("B", 300, shapely.Point(700, 0)))
    result = analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(0, 20))), homes)
    check(result.gaps, GAPS, where="test")
    got = gaps(result)
    assert got["residence_id"].tolist() == ["B", "A"]
    assert got["gap_id"].is_unique
    assert got["gap_id"][0] == gap_id("B", "school", "L15", "all", "2")
    assert result.gaps["rank"].tolist() == list(range(1, len(result.gaps) + 1))


def test_a_row_by_hand(tiny):
    #  home 10 m north of the street at 900, school 20 m north of it at 0: 10 + 900 + 20 on foot, 900.06 straight
    result = analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(0, 20))), residence_table(("A", 100, shapely.Point(900, 10))))
    row = gaps(result).iloc[0]
    assert row["walk_m"] == pytest.approx(930)
    assert row["walk_min"] == pytest.approx(13.95)
    assert (row["limit_m"], row["limit_min"], row["people"]) == (500, 15, 100)
    assert row["excess_m"] == pytest.approx(430)
    assert row["straight_m"] == pytest.approx(np.hypot(900, 10))
    assert row["detour"] == pytest.approx(930 / np.hypot(900, 10))
    assert (row["nearest_facility"], row["cause"], row["remedy"], row["clause"]) == ("S", "far", "build", "2")
    assert np.isnan(row["closes_in"])


def test_people_served_are_in_no_gap(tiny):
    homes = residence_table(("A", 100, shapely.Point(400, 0)), ("B", 50, shapely.Point(900, 0)))
    result = analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(0, 0))), homes)
    assert gaps(result)["residence_id"].tolist() == ["B"]


def test_gaps_add_up_to_what_coverage_leaves(tiny):
    homes = pd.concat([residence_table((f"R{x}", 90 + x, shapely.box(x, 0, x + 200, 60))) for x in range(0, 2000, 250)], ignore_index=True)
    result = analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(300, 0)), ("P", "park", shapely.Point(900, 0))), homes)
    for row in result.coverage.itertuples():
        mine = result.gaps[(result.gaps["category"] == row.category) & (result.gaps["group"] == row.group)]
        assert mine["people"].sum() == pytest.approx(row.people - row.people_covered)
        assert mine["land_ha"].sum() == pytest.approx(row.land_ha - row.land_covered_ha)


def test_severed_by_a_river(tiny):
    #  banks 80 m apart, the only bridge 1,000 m east: 80 m straight, 2,080 m on foot
    network = town([(0, 0), (1000, 0)], [(0, 80), (1000, 80)], [(1000, 0), (1000, 80)])
    result = analyzed(tiny, network, facility_table(("S", "school", shapely.Point(0, 80))), residence_table(("A", 9, shapely.Point(0, 0))))
    row = gaps(result).iloc[0]
    assert (row["walk_m"], row["straight_m"], row["detour"], row["cause"], row["remedy"]) == (2080, 80, 26, "severed", "link")


def test_beyond_on_foot_within_in_a_straight_line(tiny):
    network = town([(0, 0), (400, 0)], [(400, 0), (400, 200)])
    result = analyzed(tiny, network, facility_table(("S", "school", shapely.Point(400, 200))), residence_table(("A", 9, shapely.Point(0, 0))))
    row = gaps(result).iloc[0]
    assert row["straight_m"] < 500 < row["walk_m"] == 600
    assert row["cause"] == "beyond"


def test_unreachable_off_network_and_not_found_stay_apart(tiny):
    network = town([(0, 0), (300, 0)], [(0, 400), (300, 400)])
    homes = residence_table(("island", 5, shapely.Point(0, 400)), ("far out", 4, shapely.Point(0, 200)))
    result = analyzed(tiny, network, facility_table(("S", "school", shapely.Point(0, 0))), homes)
    got = gaps(result).set_index("residence_id")
    assert got["cause"].to_dict() == {"island": "unreachable", "far out": "off_network"}
    assert np.isinf(got["walk_m"]).all()
    assert np.isinf(got["excess_m"]).all()
    assert set(gaps(result, "park")["cause"]) == {"not_found"}
    assert set(gaps(result, "park")["confidence"]) == {"low"}


def test_a_planned_facility_closes_it_in_its_year(tiny):
    plans = facility_table(
        ("S", "school", shapely.Point(0, 0)), ("later", "school", shapely.Point(1500, 0), "planned", 2028),
        ("sooner", "school", shapely.Point(2900, 0), "planned", 2026),
    )
    homes = residence_table(("A", 9, shapely.Point(1500, 0)), ("B", 8, shapely.Point(2500, 0)), ("C", 7, shapely.Point(700, 0)))
    got = gaps(analyzed(tiny, STREET, plans, homes, year=2024)).set_index("residence_id")
    assert got["closes_in"].fillna(0).to_dict() == {"A": 2028, "B": 2026, "C": 0}
    assert got["cause"].to_dict() == {"A": "not_yet_open", "B": "not_yet_open", "C": "far"}
    assert set(gaps(analyzed(tiny, STREET, plans, homes, year=2028))["residence_id"]) == {"C"}


def test_a_gap_keeps_its_id_when_a_facility_is_added(tiny):
    homes = residence_table(("A", 9, shapely.Point(1500, 0)), ("B", 8, shapely.Point(2500, 0)))
    one = gaps(analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(0, 0))), homes))
    two = gaps(analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(0, 0)), ("T", "school", shapely.Point(1500, 0))), homes))
    assert set(two["gap_id"]) == set(one["gap_id"][one["residence_id"] == "B"])


def test_a_closing_year_closes_the_whole_gap(tiny):
    #  half of the block keeps 500 m to the planned school, half does not: no year closes it
    plans = facility_table(("S", "school", shapely.Point(0, 0)), ("later", "school", shapely.Point(1500, 0), "planned", 2028))
    homes = residence_table(("half", 9, shapely.box(1900, 0, 2100, 20)), ("whole", 9, shapely.box(1600, 0, 1700, 20)))
    got = gaps(analyzed(tiny, STREET, plans, homes, year=2024)).set_index("residence_id")
    assert got["closes_in"].fillna(0).to_dict() == {"half": 0, "whole": 2028}
    assert set(gaps(analyzed(tiny, STREET, plans, homes, year=2028))["residence_id"]) == {"half"}


def test_only_planned_is_not_none_in_the_data(tiny):
    plans = facility_table(("S", "school", shapely.Point(2900, 0), "planned", 2028))
    got = gaps(analyzed(tiny, STREET, plans, residence_table(("A", 9, shapely.Point(0, 0))), year=2024))
    assert got["cause"].tolist() == ["planned_only"]


def test_a_facility_off_the_network_is_not_blamed_on_the_streets(tiny):
    result = analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(0, 800))), residence_table(("A", 9, shapely.Point(0, 0))))
    assert gaps(result)["cause"].tolist() == ["facility_off_network"]
    assert result.counts["facilities_off_network"] == {"F1": "S"}


def test_mandatory_gaps_come_first(tiny, tmp_path):
    from conftest import TINY

    from livingcircle import standards

    file = tmp_path / "other.toml"
    file.write_text(TINY.replace('flag = "mandatory"\nclause = "3"', 'flag = "on_demand"\nclause = "3"'), encoding="utf-8")
    homes = residence_table(("A", 10, shapely.Point(900, 0)), ("B", 500, shapely.Point(400, 0)))
    places = facility_table(("S", "school", shapely.Point(0, 0)), ("P", "park", shapely.Point(0, 0)))
    table = analyzed(standards.load(file), STREET, places, homes).gaps
    assert table["flag"].tolist() == ["mandatory", "on_demand", "on_demand"]
    assert table["residence_id"].tolist() == ["A", "B", "A"]
