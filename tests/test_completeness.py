"""Completeness by hand: who can walk to every mandatory element of a level, and what the others lack."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import CRS, analyzed, facility_table, residence_table, town

from livingcircle import completeness as circles
from livingcircle.areas import Areas
from livingcircle.coverage import Group

#   A ── both ──   B ── school only ──   C ── nothing ──   (one sample each; nobody lives at D)
SAMPLES = gpd.GeoDataFrame(
    {"residence_id": ["A", "B", "C", "D"], "unit": ["w", "w", "e", ""], "people": [100.0, 50, 50, 0], "people_old": [10.0, 30, 0, 0], "land_m2": [10_000.0] * 4},
    geometry=gpd.points_from_xy(range(4), [0] * 4), crs=CRS,
)
UNITS = gpd.GeoDataFrame({"unit": ["w", "e"]}, geometry=[shapely.box(0, 0, 1, 1)] * 2, crs=CRS)
INSIDE = {"school": np.array([True, True, False, True]), "park": np.array([True, False, False, False])}
GROUPS = (Group("all", 4.0), Group("old", 3.0, "people_old"))


def table(elements):
    areas = Areas.of(UNITS)
    told = circles.completeness(SAMPLES, elements, groups=GROUPS, areas=areas, codes=areas.codes(SAMPLES["unit"].to_numpy()))
    assert list(told.columns) == list(circles.COLUMNS)
    return told.set_index(["level", "group", "area"])


def test_by_hand():
    got = table({("L15", "all"): INSIDE, ("L15", "old"): INSIDE})
    whole = got.loc[("L15", "all", "ALL")]
    assert (whole["elements"], whole["land_ha"], whole["land_all_ha"], whole["land_all_share"]) == (2, 4, 1, 0.25)
    assert (whole["people"], whole["people_all"], whole["people_all_share"]) == (200, 100, 0.5)
    #  100 lack nothing, 50 lack one, 50 lack two
    assert whole["lacking_mean"] == pytest.approx((50 + 100) / 200)
    assert whole["lacking_most"] == 2
    west = got.loc[("L15", "old", "w")]
    assert (west["people"], west["people_all_share"], west["lacking_mean"], west["lacking_most"]) == (40, 0.25, 0.75, 1)
    #  nobody old lives in the east: no share of nothing, and the land speaks
    east = got.loc[("L15", "old", "e")]
    assert np.isnan(east["people_all_share"])
    assert np.isnan(east["lacking_mean"])
    assert east["lacking_most"] == 2


def test_levels_stand_by_themselves():
    got = table({("L15", "all"): {"school": INSIDE["school"]}, ("L5", "all"): {"park": INSIDE["park"]}})
    assert got.loc[("L15", "all", "ALL"), "people_all"] == 150
    assert got.loc[("L5", "all", "ALL"), "people_all"] == 100


def test_what_homes_lack_is_ranked_worst_first():
    homes = residence_table(*((name, people, shapely.Point(0, 0)) for name, people in (("A", 100), ("B", 50), ("C", 50), ("D", 0))))
    got = circles.lacking(SAMPLES, homes, {("L15", "all"): INSIDE, ("L15", "old"): INSIDE}, group="all")
    assert list(got.columns) == list(circles.LACKING)
    assert got["residence_id"].tolist() == ["C", "B", "D", "A"]
    assert got["lacking"].tolist() == [2, 1, 1, 0]
    assert got["lacks"].tolist() == ["school;park", "park", "park", ""]


def test_a_home_lacks_what_more_than_half_of_it_lacks():
    four = SAMPLES.assign(residence_id="A")
    homes = residence_table(("A", 200, shapely.Point(0, 0)))
    row = circles.lacking(four, homes, {("L5", "all"): INSIDE}, group="all").iloc[0]
    assert (row["lacking"], row["lacks"]) == (pytest.approx(0.25 + 0.75), "park")


def test_in_the_chain(tiny):
    #   S────A────────────B───────P    school 500 m, park 300 m: A has the school only, B has the park only
    homes = residence_table(("A", 30, shapely.Point(100, 0)), ("B", 70, shapely.Point(900, 0)))
    result = analyzed(tiny, town([(0, 0), (1000, 0)]), facility_table(("S", "school", shapely.Point(0, 0)), ("P", "park", shapely.Point(1000, 0))), homes)
    got = result.completeness.set_index("level")
    assert got["people_all"].to_dict() == {"L15": 30, "L5": 70}
    assert got["elements"].to_dict() == {"L15": 1, "L5": 1}
    lacking = result.lacking[result.lacking["lacking"] > 0]
    assert lacking[["residence_id", "level", "lacks"]].values.tolist() == [["B", "L15", "school"], ["A", "L5", "park"]]


def test_nothing_mandatory_is_an_empty_table_with_its_columns():
    assert list(table({}).reset_index().columns) == ["level", "group", "area"] + [c for c in circles.COLUMNS if c not in ("level", "group", "area")] 
