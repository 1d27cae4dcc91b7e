"""Coverage by hand: land first, people second, limits included."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import CRS, analyzed, facility_table, residence_table, town
from hypothesis import given, settings
from hypothesis import strategies as st

from livingcircle import coverage as judging
from livingcircle.coverage import Group, middles
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
    first, walk = np.array([0, 2, 6]), np.array([5.0, 7.0, 9.0, 1.0, np.inf, 3.0])
    assert walk[middles(first, walk)].tolist() == [5, 3]
    #  beyond 5 m the first home has 7, the second 9 and no walk at all
    assert walk[middles(first, walk, beyond_m=5.0)].tolist() == [7, 9]
    assert middles(first, walk, beyond_m=8.0).tolist() == [-1, 2]
    #  of three equal walks the second
    assert middles(np.array([0, 5]), np.array([2.0, 4.0, 4.0, 4.0, 9.0])).tolist() == [2]


def test_shares_by_straight_line_stand_beside_those_on_foot(tiny):
    #  banks 80 m apart, the only bridge 1,000 m east: A lies 80 m from the school in a straight line, 2,080 m on foot; B is beyond both
    network = town([(0, 0), (1000, 0)], [(0, 80), (1000, 80)], [(1000, 0), (1000, 80)])
    homes = residence_table(("A", 30, shapely.box(-5, -10, 5, 0)), ("B", 10, shapely.box(795, -10, 805, 0)))
    row = whole(analyzed(tiny, network, facility_table(("S", "school", shapely.Point(0, 80))), homes))
    assert (row["land_share"], row["people_share"]) == (0, 0)
    assert (row["land_share_radius"], row["people_share_radius"]) == pytest.approx((0.5, 0.75))


def test_the_straight_limit_is_included(tiny):
    homes = residence_table(("A", 10, shapely.Point(500, 0)), ("B", 10, shapely.Point(500.1, 0)))
    row = whole(analyzed(tiny, town([(0, 0), (1000, 0)]), facility_table(("S", "school", shapely.Point(0, 0))), homes))
    assert (row["people_share"], row["people_share_radius"]) == (0.5, 0.5)


def asking_for(tiny, number):
    (asked,) = tiny.categories["school"].requirements
    school = tiny.categories["school"].model_copy(update={"requirements": (asked.model_copy(update={"at_least": number}),)})
    return tiny.model_copy(update={"categories": {**tiny.categories, "school": school}})


def test_several_facilities_asked_for_within_the_limit(tiny):
    #   S────A────T────────B────────C────────U      S with two doors is one school
    #   0   300  600     1050     1500     1900     A: S 300, T 300 m;  B: T 450, U 850;  C: U 400, T 900
    import pandas as pd

    schools = facility_table(("S", "school", shapely.MultiPoint([(0, 0), (50, 0)])), ("T", "school", shapely.Point(600, 0)), ("U", "school", shapely.Point(1900, 0)))
    homes = pd.concat([residence_table((name, 10, shapely.Point(x, 0))) for name, x in (("A", 300), ("B", 1050), ("C", 1500))], ignore_index=True)
    network = town([(0, 0), (2000, 0)])
    one = analyzed(asking_for(tiny, 1), network, schools, homes)
    assert whole(one)["people_covered"] == 30
    two = analyzed(asking_for(tiny, 2), network, schools, homes)
    row = whole(two)
    assert (row["people_covered"], row["people_share_radius"]) == (10, pytest.approx(1 / 3))
    gaps = two.gaps[two.gaps["category"] == "school"].set_index("residence_id")
    assert gaps["walk_m"].to_dict() == pytest.approx({"B": 850, "C": 900})
    assert gaps["straight_m"].to_dict() == pytest.approx({"B": 850, "C": 900})
    assert gaps["nearest_facility"].to_dict() == {"B": "U", "C": "T"}
    #  the streets end 500 m beyond C, as far as its limit: what lies there is not known
    assert gaps["cause"].to_dict() == {"B": "far", "C": "data_doubtful"}
    lacking = two.lacking.set_index(["residence_id", "level"])["lacks"]
    assert (lacking["A", "L15"], lacking["B", "L15"]) == ("", "school")
    #  four are nowhere to be found
    assert whole(analyzed(asking_for(tiny, 4), network, schools, homes))["people_covered"] == 0
    plain = analyzed(asking_for(tiny, 2), network, schools, homes, engine="networkx")
    assert plain.coverage.equals(two.coverage)


def test_asking_for_more_never_covers_more(tiny):
    schools = facility_table(*((f"S{x}", "school", shapely.Point(x, 0)) for x in (0, 200, 500, 900)))
    homes = residence_table(*((f"A{x}", 10, shapely.box(x, 0, x + 50, 20)) for x in range(0, 1400, 150)))
    shares = [whole(analyzed(asking_for(tiny, n), town([(0, 0), (1500, 0)]), schools, homes))["people_share"] for n in (1, 2, 3, 4, 5)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1] == 0
