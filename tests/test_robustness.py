"""Which gaps stand when a limit moves a little, and which cannot be known at the edge of the data; by hand."""

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, analyzed, facility_table, lines, residence_table, town
import geopandas as gpd

from livingcircle import network as streets
from livingcircle import robustness
from livingcircle.costs import Walker
from livingcircle.coverage import Group
from livingcircle.layers import check, POSITIONS
from livingcircle.snapping import snap

#  S──────────A────B──────────C───────────────────────────────────────  3,000 m; school at 0, limit 500 m
STREET = town([(0, 0), (3000, 0)])
SCHOOL = facility_table(("S", "school", shapely.Point(0, 0)))


def homes(**x_of):
    return pd.concat([residence_table((name, 100, shapely.Point(x, 0))) for name, x in x_of.items()], ignore_index=True)


def row(result, home, category="school"):
    table = result.gaps
    return table[(table["category"] == category) & (table["residence_id"] == home)].iloc[0]


def test_the_changes_are_those_asked_for():
    got = {change.id: (change.speed, change.limit_m, change.snap_m) for change in robustness.changes()}
    assert got == {
        "speed-10%": (0.9, 0, 0), "speed+10%": (1.1, 0, 0), "limit-50m": (1, -50, 0), "limit+50m": (1, 50, 0),
        "snap-50m": (1, 0, -50), "snap+50m": (1, 0, 50),
    }


def test_a_gap_just_beyond_the_limit_is_fragile(tiny):
    result = analyzed(tiny, STREET, SCHOOL, homes(A=540, B=560, C=460))
    assert tuple(row(result, "A")[["robustness", "fragile_to", "people_low", "people_high"]]) == ("fragile", "limit+50m", 0, 100)
    assert tuple(row(result, "B")[["robustness", "fragile_to", "people_low"]]) == ("robust", "", 100)
    #  C keeps the limit: no gap, whatever changes
    assert "C" not in set(result.gaps.query("category == 'school'")["residence_id"])


def test_speed_counts_where_minutes_decide(tiny):
    #  15 min at 4 km/h are 1,000 m, at 4.4 km/h 1,100 m; 50 m more 1,050 m
    result = analyzed(tiny, STREET, SCHOOL, homes(A=1040, B=1080, C=1120), rule="time")
    assert row(result, "A")["fragile_to"] == "speed+10%;limit+50m"
    assert row(result, "B")["fragile_to"] == "speed+10%"
    assert row(result, "C")["robustness"] == "robust"


def test_people_between_the_bounds(tiny):
    #  a block from 450 to 650 m along the street, thin: 500 m falls after a quarter of it
    block = residence_table(("A", 200, shapely.box(450, 0, 650, 1)))
    got = row(analyzed(tiny, STREET, SCHOOL, block), "A")
    assert got["people"] == pytest.approx(150, abs=2)
    assert (got["people_low"], got["people_high"]) == (pytest.approx(100, abs=2), pytest.approx(200, abs=2))
    assert got["robustness"] == "robust"


def test_the_snapping_limit_counts(tiny):
    #  D lives 180 m from the street, E 120 m: off at 150 m, on at 200 m; E off at 100 m
    land = pd.concat([residence_table(("D", 100, shapely.Point(100, 180))), residence_table(("E", 100, shapely.Point(100, 120)))], ignore_index=True)
    result = analyzed(tiny, STREET, SCHOOL, land)
    assert row(result, "D")["fragile_to"] == "snap+50m"
    assert result.gaps.query("category == 'school'")["residence_id"].tolist() == ["D"]
    #  a school 170 m from the street serves nobody until the limit is wider
    far = analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(0, 170))), homes(A=100))
    assert row(far, "A")["fragile_to"] == "snap+50m"


def test_resnapping_equals_snapping():
    rng = np.random.default_rng(7)
    points = rng.uniform((-100, -300), (3100, 300), (200, 2))
    base = snap(points, STREET, limit_m=150)
    for limit_m in (100, 200):
        again = robustness.resnapped(points, base, STREET, limit_m=limit_m, barriers=None)
        fresh = snap(points, STREET, limit_m=limit_m)
        check(again, POSITIONS, where="test")
        for column in ("edge", "offset_m", "leg_m", "component"):
            np.testing.assert_allclose(again[column], fresh[column])
        assert again["status"].tolist() == fresh["status"].tolist()


def test_an_isolated_piece_is_weighed_anew_under_another_limit(tiny):
    #  home 1 m from a piece of 100 m on its own; the street lies 171 m away: joined at 200 m, not at 150 m
    network = town([(0, 0), (1000, 0)], [(400, 170), (500, 170)])
    land = residence_table(("A", 100, shapely.box(440, 171, 460, 179)))
    got = row(analyzed(tiny, network, facility_table(("S", "school", shapely.Point(450, 0))), land), "A")
    assert (got["robustness"], got["fragile_to"], got["people_low"]) == ("fragile", "snap+50m", 0)


def test_a_wait_lasts_as_long_for_a_faster_walker(tiny):
    #  12 primary roads crossed on 750 m: 16.25 min at 4 km/h, 15.23 min at 4.4 km/h; scaled with the speed it would be 14.8
    roads = [[(x, -50), (x, 50)] for x in range(30, 750, 60)]
    drawn = lines([(0, 0), (2000, 0)], *roads, highway=["footway"] + ["primary"] * len(roads))
    network = streets.from_lines(drawn, at_crossings=True)
    group = Group("all", 4.0, "people", Walker(4.0, crossings=True))
    result = analyzed(tiny, network, SCHOOL, homes(A=750), rule="time", groups=(group,), walker=group.walker)
    got = row(result, "A")
    assert got["walk_min"] == pytest.approx(16.25)
    assert (got["robustness"], got["people_low"]) == ("robust", 100)


def test_near_the_edge_of_the_data_a_gap_is_uncertain(tiny):
    #  the data end at 3,000 m: from C (2,800 m) the unknown is 200 m away, from B (2,000 m) 1,000 m, limit 500 m
    result = analyzed(tiny, STREET, SCHOOL, homes(A=600, B=2000, C=2800))
    shares = {name: row(result, name)["uncertain_share"] for name in "ABC"}
    #  the west end of the street is an edge of the data too: 600 m from A
    assert shares == {"A": 0, "B": 0, "C": 1}
    cover = result.coverage.query("category == 'school' and unit == 'ALL'").iloc[0]
    assert cover["people_uncertain_share"] == pytest.approx(1 / 3)


def test_a_stated_extent_moves_the_edge(tiny):
    from livingcircle.analysis import Inputs, Settings, analyze
    from livingcircle.entrances import entrances

    kept, doors = entrances(SCHOOL, STREET, gates=None, snap_limit_m=150)
    told = Settings(study_id="toy", name={"zh": "", "en": ""}, language="en")
    wide = gpd.GeoDataFrame(geometry=[shapely.box(-9000, -9000, 9000, 9000)], crs=CRS)
    inputs = Inputs(network=STREET, facilities=kept, entrances=doors, residences=homes(C=2800), extent=wide)
    result = analyze(inputs, standard=tiny, settings=told)
    assert row(result, "C")["uncertain_share"] == 0


def test_a_covered_home_is_never_uncertain(tiny):
    result = analyzed(tiny, STREET, facility_table(("S", "school", shapely.Point(2900, 0))), homes(C=2800), groups=(Group("all", 4.0),))
    assert result.coverage.query("category == 'school'")["people_uncertain_share"].tolist() == [0]


def test_inputs_are_not_changed():
    points = np.array([[0.0, 20.0], [50.0, 190.0]])
    base = snap(points, STREET, limit_m=150)
    before = base.copy(deep=True)
    robustness.resnapped(points, base, STREET, limit_m=200, barriers=None)
    robustness.data_edge(STREET, robustness.extent(STREET))
    assert base.equals(before)
