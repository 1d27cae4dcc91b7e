"""Coverage by hand: land first, people second, limits included."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import CRS, analyzed, facility_table, residence_table, town
from hypothesis import given, settings
from hypothesis import strategies as st

from livingcircle import coverage as judging
from livingcircle.coverage import Group, middle_rows
from livingcircle.layers import COVERAGE, check
from livingcircle.standards import Requirement

RULE = Requirement(level="L15", limit_m=500, limit_min=10, flag="mandatory", clause="1", evidence="○")


def test_the_limit_is_included_and_unreachable_never_covered():
    walks = np.array([499.9, 500.0, 500.1, np.inf])
    assert judging.covered(walks, RULE, rule="distance", speed_kmh=4).tolist() == [True, True, False, False]
    #  10 min at 4 km/h are 666.67 m
    assert judging.covered(np.array([666.6, 2000 / 3, 667, np.inf]), RULE, rule="time", speed_kmh=4).tolist() == [True, True, False, False]


def street_town(tiny, **told):
    #  a street of 1,000 m, the school at its west end; three blocks of 100 x 20 m north of it:
    #
    #  S────────[A]──────────[B]──────────[C]───
    #  0      200-300      450-550      700-800
    blocks = [residence_table((name, people, shapely.box(x, 0, x + 100, 20))) for name, people, x in (("A", 100, 200), ("B", 60, 450), ("C", 40, 700))]
    import pandas as pd

    homes = pd.concat(blocks, ignore_index=True)
    return analyzed(tiny, town([(0, 0), (1000, 0)]), facility_table(("S", "school", shapely.Point(0, 0))), homes, **told)


def whole(result, category="school", group="all", unit="ALL"):
    table = result.coverage
    return table[(table["category"] == category) & (table["group"] == group) & (table["unit"] == unit)].iloc[0]


def test_by_hand(tiny):
    result = street_town(tiny)
    check(result.coverage, COVERAGE, where="test")
    row = whole(result)
    #  A is inside 500 m altogether, C outside; of B the points with x + y <= 500: 40 m of 100 on average
    assert row["land_ha"] == pytest.approx(0.6)
    assert row["land_share"] == pytest.approx((1 + 0.4) / 3, abs=0.004)
    assert row["people_share"] == pytest.approx((100 + 0.4 * 60) / 200, abs=0.004)
    assert row["facilities"] == 1


def test_a_category_without_facility_is_zero_not_missing(tiny):
    row = whole(street_town(tiny), "park")
    assert (row["land_share"], row["people_covered"], row["facilities"]) == (0, 0, 0)


def test_units_add_up_to_the_whole(tiny):
    units = gpd.GeoDataFrame({"unit": ["W", "E"]}, geometry=[shapely.box(-10, -10, 500, 50), shapely.box(500, -10, 760, 50)], crs=CRS)
    result = street_town(tiny, units=units)
    table = result.coverage[(result.coverage["category"] == "school") & (result.coverage["group"] == "all")].set_index("unit")
    assert set(table.index) == {"ALL", "W", "E", "OUTSIDE"}
    for column in ("land_ha", "land_covered_ha", "people", "people_covered"):
        assert table[column].drop("ALL").sum() == pytest.approx(table.loc["ALL", column])


def test_a_unit_without_homes_keeps_its_row(tiny):
    units = gpd.GeoDataFrame({"unit": ["W", "park"]}, geometry=[shapely.box(-10, -10, 900, 50), shapely.box(900, -10, 1100, 50)], crs=CRS)
    row = whole(street_town(tiny, units=units), unit="park")
    assert (row["land_ha"], row["people"]) == (0, 0)
    assert np.isnan(row["land_share"]) and np.isnan(row["people_share"])


def test_a_slower_group_is_judged_at_its_speed(tiny):
    result = street_town(tiny, rule="time", groups=(Group("all", 4.0), Group("slow", 2.0)))
    #  15 min at 2 km/h are 500 m, at 4 km/h 1,000 m
    assert whole(result)["land_share"] == 1
    assert whole(result, group="slow")["land_share"] == pytest.approx((1 + 0.4) / 3, abs=0.004)


def test_both_rules_stand_side_by_side(tiny):
    row = whole(street_town(tiny))
    assert row["land_share"] == row["land_share_distance"] < row["land_share_time"] == 1


def test_points_without_land_have_no_land_share(tiny):
    homes = residence_table(("A", 10, shapely.Point(100, 0)))
    result = analyzed(tiny, town([(0, 0), (1000, 0)]), facility_table(("S", "school", shapely.Point(0, 0))), homes)
    row = whole(result)
    assert np.isnan(row["land_share"])
    assert row["people_share"] == 1


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 60)), min_size=2, max_size=6))
def test_one_more_facility_never_lowers_coverage(tmp_path_factory, places):
    from conftest import TINY

    from livingcircle import standards

    file = tmp_path_factory.mktemp("s") / "tiny.toml"
    file.write_text(TINY, encoding="utf-8")
    standard = standards.load(file)
    network = town([(0, 0), (1000, 0)], [(0, 60), (400, 60)], [(0, 0), (0, 60)])
    homes = residence_table(("A", 100, shapely.box(300, 5, 700, 50)))
    rows = [(f"S{n}", "school", shapely.Point(x, y)) for n, (x, y) in enumerate(places)]
    fewer, more = (whole(analyzed(standard, network, facility_table(*rows[:n]), homes)) for n in (len(rows) - 1, len(rows)))
    assert more["land_share"] >= fewer["land_share"]
    assert more["people_covered"] >= fewer["people_covered"]


def test_the_middle_walk_is_the_lower_median():
    owner = np.array([0, 1, 1, 1, 0, 1])
    walk = np.array([5.0, 9.0, 1.0, np.inf, 7.0, 3.0])
    assert walk[middle_rows(owner, walk)].tolist() == [5, 3]
