"""The gap list by hand: whom, how far, why."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, facility_table, residence_table, town
from conftest import analyzed as analyzed_toy

from livingcircle.gaps import by_unit, causes, gap_id, priority, ranked
from livingcircle.gaps.capacity import too_small
from livingcircle.layers import GAPS, check

STREET = town([(0, 0), (3000, 0)])
#  the data of a toy reach far beyond its streets, so that no gap is doubtful for lying at their end
WIDE = gpd.GeoDataFrame(geometry=[shapely.box(-9000, -9000, 9000, 9000)], crs=CRS)


def analyzed(*told, layers=None, **more):
    return analyzed_toy(*told, layers={"extent": WIDE, **(layers or {})}, **more)


def barrier_table(*rows):
    return gpd.GeoDataFrame({"kind": [kind for kind, _ in rows], "source_id": ""}, geometry=[shape for _, shape in rows], crs=CRS)


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


def river_town(tiny, *barriers, bridge=True):
    """The gap of a home at (0,0), 80 m from the school at (0,80) in a straight line, and 2,080 m on foot.

    ::

        (0,80)───────────────(1000,80)
        ≈≈≈≈≈≈≈≈≈ barrier ≈≈≈≈≈≈│
        (0,0)────────────────(1000,0)
    """
    lines = [[(0, 0), (1000, 0)], [(0, 80), (1000, 80)], *([[(1000, 0), (1000, 80)]] if bridge else [])]
    school, home = facility_table(("S", "school", shapely.Point(0, 80))), residence_table(("A", 9, shapely.Point(0, 0)))
    layers = {"barriers": barrier_table(*barriers)} if barriers else {}
    return gaps(analyzed(tiny, town(*lines), school, home, layers=layers)).iloc[0]


@pytest.mark.parametrize("kind", ["water", "railway", "wall", "dike"])
def test_what_severs_is_named(tiny, kind):
    row = river_town(tiny, (kind, shapely.LineString([(-500, 40), (900, 40)])))
    assert (row["cause"], row["severed_by"], row["link_m"]) == ("severed", kind, 80)


def test_of_two_barriers_the_one_nearer_to_the_home_severs(tiny):
    row = river_town(tiny, ("water", shapely.box(-500, 50, 900, 70)), ("railway", shapely.LineString([(-500, 20), (900, 20)])))
    assert row["severed_by"] == "railway"


def test_without_a_barrier_a_link_is_missing(tiny):
    row = river_town(tiny)
    assert (row["cause"], row["severed_by"], row["link_m"]) == ("severed", "missing_link", 80)


def test_streets_not_joined_name_the_link_that_lacks(tiny):
    row = river_town(tiny, bridge=False)
    assert (row["cause"], row["severed_by"], row["link_m"]) == ("unreachable", "missing_link", 80)
    row = river_town(tiny, ("water", shapely.box(-500, 30, 1500, 60)), bridge=False)
    assert (row["cause"], row["severed_by"], row["link_m"]) == ("unreachable", "water", 80)


def test_a_home_behind_a_wall_lacks_an_exit(tiny):
    #  the only street within 150 m lies 60 m south, beyond a wall
    wall = ("wall", shapely.LineString([(-900, 30), (3900, 30)]))
    home, school = residence_table(("A", 9, shapely.Point(400, 60))), facility_table(("S", "school", shapely.Point(300, 0)))
    row = gaps(analyzed(tiny, STREET, school, home, layers={"barriers": barrier_table(wall)})).iloc[0]
    assert (row["cause"], row["severed_by"], row["link_m"]) == ("behind_barrier", "wall", 60)


def test_what_is_far_is_severed_by_nothing(tiny):
    river = ("water", shapely.box(400, -900, 500, 900))
    school, home = facility_table(("S", "school", shapely.Point(0, 0))), residence_table(("A", 9, shapely.Point(900, 0)))
    row = gaps(analyzed(tiny, STREET, school, home, layers={"barriers": barrier_table(river)})).iloc[0]
    assert (row["cause"], row["severed_by"]) == ("far", "") and np.isnan(row["link_m"])


def test_near_the_end_of_the_data_a_gap_is_doubtful(tiny):
    #  the street ends with the data at 3,000: 400 m from the home, within the 500 m of the school; 600 m from the other home
    school = facility_table(("S", "school", shapely.Point(0, 0)))
    homes = residence_table(("near", 9, shapely.Point(2600, 0)), ("inner", 9, shapely.Point(2400, 0)))
    ends = gpd.GeoDataFrame(geometry=[shapely.box(-9000, -9000, 3000, 9000)], crs=CRS)
    got = gaps(analyzed(tiny, STREET, school, homes, layers={"extent": ends})).set_index("residence_id")
    assert got["cause"].to_dict() == {"near": "data_doubtful", "inner": "far"}
    assert got["remedy"]["near"] == "verify"


def test_a_facility_of_low_confidence_is_doubtful_only_where_it_is_near(tiny):
    #  (0,0)───(400,0)
    #             │        school at (400,200): 447 m straight, 600 m on foot; the other home 1,077 m straight
    #         (400,200)
    network = town([(-600, 0), (400, 0)], [(400, 0), (400, 200)])
    school = facility_table(("S", "school", shapely.Point(400, 200))).assign(confidence="low")
    homes = residence_table(("near", 9, shapely.Point(0, 0)), ("far", 9, shapely.Point(-600, 0)))
    got = gaps(analyzed(tiny, network, school, homes)).set_index("residence_id")
    assert got["cause"].to_dict() == {"near": "data_doubtful", "far": "far"}


def test_causes_are_tested_in_the_order_of_the_file():
    assert list(causes.remedies()) == [
        "not_yet_open", "not_found", "planned_only", "facility_off_network", "behind_barrier", "off_network", "data_doubtful",
        "unreachable", "far", "severed", "beyond", "too_small",
    ]
    everywhere = np.array([True])
    asked = [cause for cause in causes.remedies() if cause != "beyond"]
    for number, cause in enumerate(asked):
        assert causes.first({other: everywhere for other in asked[number:][::-1]}) == [cause]
    assert causes.first({"far": ~everywhere}) == ["beyond"]


def test_the_planned_facility_that_closes_a_gap_is_named(tiny):
    plans = facility_table(
        ("S", "school", shapely.Point(0, 0)), ("east", "school", shapely.Point(1900, 0), "planned", 2028),
        ("west", "school", shapely.Point(1400, 0), "under_construction", 2027), ("late", "school", shapely.Point(1500, 0), "planned", 2040),
    )
    homes = residence_table(("A", 9, shapely.Point(1550, 0)), ("B", 8, shapely.Point(2300, 0)), ("C", 7, shapely.Point(700, 0)))
    got = gaps(analyzed(tiny, STREET, plans, homes, year=2024)).set_index("residence_id")
    assert got["closing_facility"].to_dict() == {"A": "west", "B": "east", "C": ""}
    assert got["closes_in"][["A", "B"]].tolist() == [2027, 2028]


def judged(**told):
    row = {"people": 0.0, "flag": "on_demand", "excess_share": 0.0, "vulnerable_share": np.nan, **told}
    return priority.judged(pd.DataFrame([row])).iloc[0]


def test_priority_by_hand():
    #  3 points each for 1,000 people (0.4), mandatory (0.3) and no walk at all (0.2); age groups not known: the mean of 0.9 weights
    row = judged(people=1000, flag="mandatory", excess_share=np.inf)
    assert (row["priority"], row["priority_points"]) == ("A", 3)
    assert np.isnan(row["priority_vulnerable"])
    #  100 people 1 x 0.4, on demand 1 x 0.3, half of the limit beyond 2 x 0.2, a third of them old or young 2 x 0.1
    row = judged(people=100, excess_share=0.5, vulnerable_share=1 / 3)
    assert row[[f"priority_{part}" for part in priority.PARTS]].tolist() == [1, 1, 2, 2]
    assert (row["priority"], row["priority_points"]) == ("C", pytest.approx(0.4 + 0.3 + 0.4 + 0.2))
    #  300 people 2 x 0.4, mandatory 3 x 0.3, a quarter beyond 1 x 0.2, of 0.9
    row = judged(people=300, flag="mandatory", excess_share=0.25)
    assert (row["priority"], row["priority_points"]) == ("B", pytest.approx(1.9 / 0.9, abs=1e-6))


def test_more_people_never_lower_the_priority():
    points = [judged(people=people, flag="mandatory", excess_share=0.3)["priority_points"] for people in (0, 99.9, 100, 299, 300, 1000, 9999)]
    assert points == sorted(points) and len(set(points)) == 4


def test_old_people_and_children_count_where_they_are_known(tiny):
    homes = residence_table(("A", 100, shapely.Point(900, 0)), ("B", 100, shapely.Point(800, 0)))
    school = facility_table(("S", "school", shapely.Point(0, 0)))
    plain = gaps(analyzed(tiny, STREET, school, homes))
    assert plain["people_elderly"].isna().all() and plain["priority_vulnerable"].isna().all()
    homes = homes.assign(people_elderly=[40.0, 10.0], people_child=[5.0, 4.0])
    got = gaps(analyzed(tiny, STREET, school, homes)).set_index("residence_id")
    assert got["people_elderly"].to_dict() == {"A": 40, "B": 10}
    assert got["people_children"].to_dict() == {"A": 5, "B": 4}
    assert got["vulnerable_share"].to_dict() == pytest.approx({"A": 0.45, "B": 0.14})
    assert got["priority_vulnerable"].to_dict() == {"A": 3, "B": 0}


def test_rank_follows_priority_and_never_wavers(tiny):
    homes = residence_table(*[(f"R{n}", 50 * n, shapely.Point(400 + 90 * n, 0)) for n in range(1, 25)])
    table = analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(0, 0))), homes).gaps
    assert table["priority"].is_monotonic_increasing and set(table["priority"]) == {"A", "B"}
    for seed in range(3):
        mixed = table.sample(frac=1, random_state=seed)
        assert ranked([mixed.iloc[:9], mixed.iloc[9:]])["gap_id"].tolist() == table["gap_id"].tolist()


UNITS = gpd.GeoDataFrame({"unit": ["west", "east"]}, geometry=[shapely.box(0, -50, 1500, 50), shapely.box(1500, -50, 3000, 50)], crs=CRS)


def test_by_unit_by_hand(tiny):
    #  west: A 100 people at 700 (far), B 60 at 900 (far); east: C 30 at 2,000 (closed by a school there in 2030), D 20 at 2,900
    #  (far, and closed by none): what no plan closes tells the cause of east
    rows = [("A", 100, 700, "west"), ("B", 60, 900, "west"), ("C", 30, 2000, "east"), ("D", 20, 2900, "east")]
    homes = residence_table(*[(own, people, shapely.Point(x, 0)) for own, people, x, _ in rows]).assign(unit=[row[3] for row in rows])
    plans = facility_table(("S", "school", shapely.Point(0, 0)), ("later", "school", shapely.Point(2000, 0), "planned", 2030))
    single = gaps(analyzed(tiny, STREET, plans, homes, units=UNITS, year=2024))
    table = by_unit(single).set_index("unit")
    assert table["people"].to_dict() == {"west": 160, "east": 50}
    assert table["residences"].to_dict() == {"west": 2, "east": 2}
    assert table["walk_m"].to_dict() == {"west": 900, "east": 2900}
    assert table["cause"].to_dict() == {"west": "far", "east": "far"}
    assert table["closing_facility"]["east"] == "" and np.isnan(table["closes_in"]["east"])
    assert set(table["residence_id"]) == {""}
    assert not set(table["gap_id"]) & set(single["gap_id"])
    closed = by_unit(single[single["residence_id"] == "C"]).iloc[0]
    assert (closed["cause"], closed["closes_in"], closed["closing_facility"], closed["walk_m"]) == ("not_yet_open", 2030, "later", 2000)
    again = by_unit(single.sample(frac=1, random_state=1)).set_index("unit")
    pd.testing.assert_frame_equal(again, table)


def test_by_unit_keeps_people_and_land(tiny):
    homes = pd.concat([residence_table((f"R{x}", 90 + x, shapely.box(x, 0, x + 200, 40))) for x in range(0, 2600, 250)], ignore_index=True)
    homes["unit"] = np.where(homes["people"] < 1500, "west", "east")
    before = homes.copy()
    single = analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(300, 0))), homes, units=UNITS).gaps
    table = by_unit(single)
    assert table[["people", "land_ha", "residences"]].sum().tolist() == pytest.approx(single[["people", "land_ha", "residences"]].sum().tolist())
    check(table, GAPS, where="units")
    pd.testing.assert_frame_equal(homes, before)
    assert len(by_unit(single.iloc[:0])) == 0


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


def quota_rows(*rows):
    told = pd.DataFrame(rows, columns=["area", "category", "facilities", "supply_known", "demand", "short"])
    return told.assign(area_kind="community", measure="places", of="people", clause="7", evidence="◐", supply=told["demand"] - told["short"])


def covered_rows(*rows):
    told = pd.DataFrame(rows, columns=["unit", "category", "level", "people", "people_covered"])
    return told.assign(group="all", flag="mandatory", limit_m=500.0, limit_min=15.0)


def test_too_small_only_where_homes_are_covered_and_every_capacity_is_known():
    #  west lacks 120 of 480 places; of east one capacity is not known; south has no school; north is not covered; west's park has enough
    quotas = quota_rows(
        ("west", "school", 2, 2, 480.0, 120.0), ("east", "school", 2, 1, 900.0, 300.0), ("south", "school", 0, 0, 500.0, 500.0),
        ("north", "school", 1, 1, 100.0, 90.0), ("west", "park", 1, 1, 9.0, 0.0),
    )  # fmt: skip
    people = {"west": 80.0, "east": 70.0, "south": 60.0, "north": 0.0}
    coverage = covered_rows(*((unit, "school", level, 100.0, count / part) for unit, count in people.items() for level, part in (("L5", 2), ("L15", 1))))
    before = quotas.copy(), coverage.copy()
    got = too_small(quotas, coverage, group="all")
    told = ["unit", "category", "level", "group", "measure", "demand", "supply", "short", "people", "cause", "remedy", "clause", "evidence", "confidence"]
    assert got[told].values.tolist() == [["west", "school", "L15", "all", "places", 480, 360, 120, 100, "too_small", "enlarge", "7", "◐", "high"]]
    assert got[["residence_id", "name", "nearest_facility"]].values.tolist() == [["", "", ""]]
    assert got[["walk_m", "land_ha", "straight_m", "closes_in"]].isna().all(axis=None)
    check(got, GAPS, where="test")
    assert got["gap_id"].tolist() == [gap_id("too_small", "west", "school", "places", "people", "7")]
    assert len(too_small(quotas.iloc[:0], coverage, group="all")) == len(too_small(quotas, coverage, group="old")) == 0
    for table, own in zip((quotas, coverage), before, strict=True):
        pd.testing.assert_frame_equal(table, own)


def test_without_communities_the_whole_area_is_short():
    quotas = quota_rows(("ALL", "school", 1, 1, 40.0, 10.0)).assign(area_kind="whole", measure="facilities")
    got = too_small(quotas, covered_rows(("ALL", "school", "L15", 90.0, 30.0)), group="all")
    assert got[["unit", "people", "short", "confidence"]].values.tolist() == [["", 90, 10, "medium"]]


def test_a_shortage_ranks_by_the_people_who_go_without(tiny):
    #  of the west's 2,000 people a tenth goes without: 200, fewer than the 250 beyond the limit, more than the other 150
    homes = residence_table(("A", 250, shapely.Point(900, 0)), ("B", 150, shapely.Point(800, 0)))
    single = gaps(analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(0, 0))), homes))
    short = too_small(quota_rows(("west", "school", 1, 1, 200.0, 20.0)), covered_rows(("west", "school", "L15", 2000.0, 900.0)), group="all")
    table = ranked([single, short])
    #  all are B: 200 people give 1 point, mandatory 3, a tenth of the need 0: (0.4 x 1 + 0.3 x 3) / 0.9
    assert table.set_index("cause").loc["too_small", ["priority_people", "priority_points", "priority"]].tolist() == [1, pytest.approx((0.4 + 0.9) / 0.9), "B"]
    assert table["people"].tolist() == [250, 2000, 150] and set(table["priority"]) == {"B"}
