"""Facilities: categories, what they were told from, years."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS

from livingcircle import facilities as places
from livingcircle.errors import DataError
from livingcircle.layers import FACILITIES, check


def raw(*rows):
    """Rows of (name, status, year, geometry)."""
    return gpd.GeoDataFrame(
        {"title": [r[0] for r in rows], "state": [r[1] for r in rows], "year": [r[2] for r in rows]},
        geometry=[r[3] for r in rows],
        crs=CRS,
    )


MAPPED = places.Mapped(columns={"name": "title", "status": "state", "open_year": "year"}, source="schools.shp")


def school(rows):
    classes = [(("edu_primary", "given", "high"),) if "小学" in title else () for title in rows["title"]]
    return places.Classified(classes, [f"word:{title[-2:]}" for title in rows["title"]], {"seen": len(rows)})


def facilities(*rows):
    return places.from_places(raw(*rows), mapped=MAPPED, classify=school)


POINT = shapely.Point(10, 10)
CAMPUS = shapely.box(0, 0, 100, 100)


def test_structure():
    got = facilities(("甲小学", "现状", "2001", POINT), ("商店", None, None, POINT))
    check(got, FACILITIES, where="test")
    assert got["categories"].tolist() == [("edu_primary",)]
    assert got["open_year"].tolist() == [2001]
    assert got["facility_id"].tolist() == ["schools.shp#1"]
    assert got.attrs["unclassified"] == 1
    assert got.attrs["notes"] == {"seen": 2}


def test_what_a_facility_was_told_from_is_kept():
    got = facilities(("甲店", None, None, POINT), (" 甲小学 ", "现状", None, POINT))
    assert got[["name", "raw_name", "raw_type", "rule", "confidence"]].to_numpy().tolist() == [["甲小学", " 甲小学 ", "word:学 ", "given", "high"]]


def test_a_name_that_says_nothing_is_none():
    blank = places.Classified([(("park", "given", "high"),)] * 3, ["given"] * 3)
    got = places.from_places(raw(("[]", "", "", POINT), ("—", "", "", POINT), (None, "", "", POINT)), mapped=MAPPED, classify=lambda _: blank)
    assert got["name"].tolist() == ["", "", ""] and got["raw_name"].tolist() == ["[]", "—", ""]


def test_status_words_and_full_width_years():
    got = facilities(("甲小学", "在建", "２０２５", POINT), ("乙小学", "", "—", POINT), ("丙小学", "规划", "", POINT))
    assert got["status"].tolist() == ["under_construction", "existing", "planned"]
    assert got["open_year"].tolist()[0] == 2025
    assert np.isnan(got["open_year"][1:]).all()


def test_all_faults_at_once():
    with pytest.raises(DataError) as caught:
        facilities(("甲小学", "快了", "soon", POINT))
    assert "unknown status '快了'" in str(caught.value)
    assert "'soon' is not a number" in str(caught.value)


def test_unbuilt_is_not_existing():
    got = facilities(
        ("甲小学", "现状", None, POINT), ("乙小学", "现状", "2030", POINT), ("丙小学", "规划", "2025", POINT), ("丁小学", "规划", None, POINT)
    )
    assert places.is_open(got, year=2023).tolist() == [True, False, False, False]
    assert places.is_open(got, year=2026).tolist() == [True, False, True, False]
    assert places.is_open(got, year=None).tolist() == [True, True, False, False]


def test_what_is_too_uncertain_opens_in_no_year():
    got = facilities(
        ("甲小学", "已建成", None, POINT), ("乙小学", "施工中", "2025", POINT), ("丙小学", "规划", "2026", POINT), ("丁小学", "拟建", "2027", POINT)
    )
    assert places.opens_in(got).tolist() == [-np.inf, 2025, 2026, 2027]
    assert places.opens_in(got, certainty="under_construction").tolist() == [-np.inf, 2025, np.inf, np.inf]
    assert places.is_open(got, year=2030, certainty="planned").tolist() == [True, True, True, False]
    assert places.is_open(got, year=2030, certainty="existing").tolist() == [True, False, False, False]
    assert places.opens_in(got.assign(status="closed", open_year=2020.0)).tolist() == [np.inf] * 4


def test_every_facility_has_an_id_of_its_own():
    twice = pd.concat([facilities(("甲小学", "现状", None, POINT)), facilities(("乙小学", "规划", "2030", CAMPUS))], ignore_index=True)
    assert twice["facility_id"].tolist() == ["schools.shp#1", "schools.shp#1"]
    assert places.with_own_ids(twice)["facility_id"].tolist() == ["schools.shp#1", "schools.shp#1~2"]


def test_inputs_are_not_changed():
    frame = facilities(("甲小学", "现状", None, CAMPUS))
    before = frame.copy(deep=True)
    places.is_open(frame, year=2020)
    assert frame.equals(before)
