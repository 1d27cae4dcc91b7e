"""Residential land and people: what is read, refused and sampled."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity
from conftest import CRS

from livingcircle import residences as homes
from livingcircle.errors import DataError
from livingcircle.layers import RESIDENCES, SAMPLES, check


def raw(**columns):
    return gpd.GeoDataFrame(
        {"ref": ["A", "B"], "people": [100, 50], **columns},
        geometry=[shapely.box(0, 0, 200, 100), shapely.box(300, 0, 400, 100)],
        crs=CRS,
    )


def test_structure_and_sums():
    got = homes.from_places(raw(old=[30, 5]), columns={"id": "ref"}, people="people", groups={"elderly": "old"})
    check(got, RESIDENCES, where="test")
    assert got["residence_id"].tolist() == ["A", "B"]
    assert got["land_m2"].tolist() == [20000, 10000]
    samples = homes.sample(got)
    check(samples, SAMPLES, where="test")
    sums = samples.groupby("residence_id")[["land_m2", "people", "people_elderly"]].sum()
    assert sums.to_numpy() == pytest.approx(np.array([[20000, 100, 30], [10000, 50, 5]]))
    assert samples.groupby("residence_id").size().between(1400, 1600).all()


def test_all_faults_at_once():
    with pytest.raises(DataError) as caught:
        homes.from_places(
            raw(old=[300, 5], bad=["x", "-1"]).assign(ref="A"), columns={"id": "ref"}, people="bad", groups={"elderly": "old"}
        )
    words = str(caught.value)
    assert "row 1: people in 'bad' are not numbers" in words
    assert "row 2: people in 'bad' are negative" in words
    assert "more than once: ['A']" in words
    assert "group elderly exceeds everybody" in words


def test_a_missing_column_names_the_choices():
    with pytest.raises(DataError, match="no column 'pop'.*choose one of: ref, people"):
        homes.from_places(raw(), columns={}, people="pop")


def test_blank_people_are_none_and_counted():
    got = homes.from_places(raw().assign(people=[None, 5.0]), columns={}, people="people")
    assert got["people"].tolist() == [0, 5]
    assert got.attrs["without_people"] == 1


def test_land_not_yet_lived_in_waits_for_its_year():
    got = homes.from_places(raw(year=[2026, None]), columns={"open_year": "year"}, people="people")
    assert len(homes.in_year(got, year=2025)) == 1
    assert len(homes.in_year(got, year=2026)) == 2


def test_years_of_homes_need_a_year_of_the_study():
    got = homes.from_places(raw(year=[1979, 2026]), columns={"open_year": "year"}, people="people")
    with pytest.raises(DataError, match="the study states no year"):
        homes.in_year(got, year=None)
    with pytest.raises(DataError, match="none is lived in by 1950"):
        homes.in_year(got, year=1950)
    assert len(homes.in_year(got.assign(open_year=np.nan), year=None)) == 2


def test_units_by_the_point_inside():
    units = gpd.GeoDataFrame({"unit": ["W", "E"]}, geometry=[shapely.box(-1, -1, 250, 150), shapely.box(250, -1, 500, 150)], crs=CRS)
    got = homes.assign_units(homes.from_places(raw(), columns={}, people="people"), units)
    assert got["unit"].tolist() == ["W", "E"]
    assert homes.assign_units(got, None)["unit"].tolist() == ["", ""]


def test_a_point_is_its_own_sample():
    points = gpd.GeoDataFrame({"people": [7]}, geometry=[shapely.Point(5, 5)], crs=CRS)
    samples = homes.sample(homes.from_places(points, columns={}, people="people"))
    assert samples[["people", "land_m2"]].to_numpy().tolist() == [[7, 0]]


def test_a_sliver_still_has_a_point():
    thin = gpd.GeoDataFrame({"people": [7]}, geometry=[shapely.box(0, 0, 100, 0.01)], crs=CRS)
    assert len(homes.sample(homes.from_places(thin, columns={}, people="people"))) >= 1


def parcels(seed, count=25):
    """Random convex parcels of 1 to 15 ha, and for each a half-plane or disc of covered ground."""
    rng = np.random.default_rng(seed)
    while count:
        corners = rng.uniform(-1, 1, (6, 2)) * rng.uniform(80, 250) + rng.uniform(0, 1000, 2)
        shape = shapely.convex_hull(shapely.MultiPoint(corners))
        if shape.area < 10_000:
            continue
        count -= 1
        turn = rng.uniform(0, np.pi) * rng.integers(0, 2)
        half = shapely.affinity.rotate(shapely.box(-9000, -9000, rng.normal() * 20, 9000), turn, (0, 0), use_radians=True)
        yield shape, shapely.affinity.translate(half, shape.centroid.x, shape.centroid.y)
        yield shape, shape.centroid.buffer(np.sqrt(shape.area) / 3)


def share_on_2_m(shape, ground):
    west, south, east, north = shape.bounds
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(west + 1, east, 2), np.arange(south + 1, north, 2)))
    inside = shapely.contains_xy(shape, x, y)
    return shapely.contains_xy(ground, x[inside], y[inside]).mean()


@pytest.mark.parametrize("seed", range(4))
def test_land_shares_stay_within_half_a_point_of_a_2_m_raster(seed):
    single, weighted, land = [], 0.0, 0.0
    for shape, ground in parcels(seed):
        points = homes.lattice_inside(shape, aim=homes.SAMPLES_PER_RESIDENCE)
        share = shapely.contains_xy(ground, points[:, 0], points[:, 1]).mean()
        single.append(share - shape.intersection(ground).area / shape.area)
        weighted += (share - share_on_2_m(shape, ground)) * shape.area
        land += shape.area
    assert abs(weighted / land) < 0.0025
    assert np.sqrt(np.mean(np.square(single))) < 0.0025
    assert np.abs(single).max() < 0.01
