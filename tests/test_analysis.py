"""The chain: same tables by both engines, areas that agree with the tables, nothing lost."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, analyzed, analyzed_once, facility_table, residence_table, town
from pandas.testing import assert_frame_equal

from livingcircle.analysis import tables
from livingcircle.analysis.outset import _facilities_in
from livingcircle.analysis.standing import barriers_of
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.reuse import Known, digest

NETWORK = town(
    [(0, 0), (310, 0), (640, 0), (1010, 0)], [(0, 190), (1010, 205)], [(0, 0), (0, 190)], [(310, 0), (330, 195)], [(1010, 0), (1010, 205)],
    [(2000, 0), (2200, 0)],
)
FACILITIES = facility_table(
    ("S", "school", shapely.Point(20, 200)), ("T", "school", shapely.box(880, -60, 960, -5)), ("P", "park", shapely.box(600, 20, 700, 120)),
    ("Q", "park", shapely.Point(2100, 10), "planned", 2030),
)
HOMES = pd.concat(
    [residence_table((f"R{x}", 100 + x, shapely.box(x, 30, x + 120, 170))) for x in (30, 350, 480, 760)]
    + [residence_table(("island", 40, shapely.box(2040, 5, 2090, 60)))],
    ignore_index=True,
)


@pytest.fixture
def result(tiny):
    return analyzed_once(tiny, NETWORK, FACILITIES, HOMES, year=2025)


def test_plain_networkx_gives_the_same_tables(tiny, result):
    plain = analyzed(tiny, NETWORK, FACILITIES, HOMES, year=2025, engine="networkx")
    assert_frame_equal(result.coverage, plain.coverage)
    assert_frame_equal(result.gaps, plain.gaps)
    assert_frame_equal(result.residence_walks, plain.residence_walks)


def test_two_runs_are_identical(tiny, result):
    again = analyzed(tiny, NETWORK, FACILITIES, HOMES, year=2025)
    assert_frame_equal(result.gaps, again.gaps)
    assert result.isochrones.geometry.to_wkb().tolist() == again.isochrones.geometry.to_wkb().tolist()


def test_areas_of_the_limits_agree_with_covered_land(result):
    limits = result.isochrones[result.isochrones["level"] != ""].set_index("category").geometry
    land = shapely.union_all(HOMES.geometry.to_numpy())
    whole = result.coverage[result.coverage["unit"] == "ALL"].set_index("category")
    for category in ("school", "park"):
        drawn = shapely.intersection(limits[category], land).area / land.area
        assert drawn == pytest.approx(whole.loc[category, "land_share"], abs=0.02)


def test_gap_areas_are_the_rest_of_the_land(result):
    rest = result.gap_areas.assign(ha=result.gap_areas.area / 10_000).groupby("category")["ha"].sum()
    for row in result.coverage.itertuples():
        assert rest.get(row.category, 0) == pytest.approx(row.land_ha - row.land_covered_ha, abs=0.1)


def test_components_carry_their_people(result):
    assert result.components["people"].round().tolist() == [HOMES["people"].sum() - 40, 40]


def test_planned_facilities_do_not_count_yet(result):
    assert result.counts["facilities_open"] == 3
    assert result.coverage.set_index("category")["facilities"].to_dict() == {"school": 2, "park": 1}


def test_steps_are_told(tiny):
    steps = []
    analyzed(tiny, NETWORK, FACILITIES, HOMES, progress=lambda step, done, total: steps.append(step))
    assert list(dict.fromkeys(steps)) == ["samples", "walk_times", "isochrones", "coverage"]


def test_inputs_are_not_changed(tiny):
    before = FACILITIES.copy(deep=True), HOMES.copy(deep=True)
    analyzed(tiny, NETWORK, FACILITIES, HOMES)
    assert FACILITIES.equals(before[0])
    assert HOMES.equals(before[1])


def test_walks_of_residences_hold_the_median(result):
    row = result.residence_walks.set_index(["residence_id", "category"]).loc[("island", "school")]
    assert np.isinf(row["walk_m"])
    assert row["status"] == "unreachable"
    assert row["land_share"] == 0


def test_land_is_cut_again_only_where_the_border_beside_it_moved(monkeypatch):
    lands = np.array([shapely.box(x, -5, x + 10, 5) for x in (0, 100, 200)] + [shapely.box(95, 40, 105, 50)])
    areas = [shapely.Polygon([(-50, 0), (150, 0), (end, 0), (end, 60), (-50, 60)], [shapely.box(102, 20, 108, 45).exterior.coords]) for end in (204, 207)]
    known, cut, difference = Known(), [], shapely.difference
    monkeypatch.setattr(shapely, "difference", lambda some, area: cut.append(len(some)) or difference(some, area))
    for reached in areas:
        told = tables._beyond(lands, np.array([reached]), [digest(land) for land in lands], known)
        assert shapely.to_wkb(told).tolist() == shapely.to_wkb(difference(lands, reached)).tolist()
    #  the second area ends 3 m farther east, in the third land alone
    assert cut == [4, 1]


def test_open_facilities_are_counted_by_unit_and_those_outside_every_unit_apart():
    facilities = FACILITIES.assign(open=[True, True, True, False])
    shapes = [shapely.box(0, 0, 300, 300), shapely.box(300, 0, 720, 300), shapely.box(0, 900, 1, 901)]
    units = gpd.GeoDataFrame({"unit": ["west", "middle", "none"]}, geometry=shapes, crs=CRS)
    # S lies in the west, T south of both units, P in the middle; Q is not open.
    found = _facilities_in(facilities, ["school", "park", "clinic"], units)
    assert {category: counts.to_dict() for category, counts in found.items()} == {
        "school": {"west": 1, "middle": 0, "none": 0, OUTSIDE: 1, WHOLE_AREA: 2},
        "park": {"west": 0, "middle": 1, "none": 0, WHOLE_AREA: 1},
        "clinic": {"west": 0, "middle": 0, "none": 0, WHOLE_AREA: 0},
    }
    assert _facilities_in(facilities, ["school"], None)["school"].to_dict() == {OUTSIDE: 2, WHOLE_AREA: 2}


def test_barriers_are_made_ready_once():
    water = gpd.GeoDataFrame({"kind": ["water"], "source_id": [""]}, geometry=[shapely.box(0, 0, 10, 10)], crs=CRS)
    known = Known()
    ready = barriers_of(water, known=known)
    assert barriers_of(water.copy(), known=known) is ready
    assert barriers_of(water.assign(geometry=[shapely.box(0, 0, 10, 11)]), known=known) is not ready
    assert barriers_of(water) is not ready
