"""Population rasters and regular grids: made here, so every raster is synthetic and shaped like the published ones."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import rasterio
import shapely
from conftest import CRS

from livingcircle import population, residences
from livingcircle.errors import DataError
from livingcircle.layers import RESIDENCES, check
from livingcircle.sources import grid
from livingcircle.sources.grid import raster_cells, squares

NODATA = -99999.0
#  Synthetic people of six cells of 100 m, corners at (400000, 3300000) and (400300, 3300200):
#
#   12.5 │  0   │  40
#   ─────┼──────┼──────
#   none │  -3  │  7.25
SIX = np.array([[12.5, 0, 40], [NODATA, -3, 7.25]])


def raster(folder, values=SIX, *, crs=CRS, transform=None, name="people.tif", **told):
    values = np.asarray(values)
    bands = values if values.ndim == 3 else values[None]
    profile = {"driver": "GTiff", "crs": crs, "dtype": told.pop("dtype", "float32"), "nodata": told.pop("nodata", NODATA)}
    scale = told.pop("scale", None)
    transform = transform or rasterio.Affine(100, 0, 400000, 0, -100, 3300200)
    with rasterio.open(
        folder / name, "w", count=len(bands), height=bands.shape[1], width=bands.shape[2], transform=transform, **profile, **told
    ) as out:
        out.write(bands.astype(profile["dtype"]))
        if scale:
            out.scales = [scale]
    return folder / name


@pytest.mark.filterwarnings("error")
def test_cells_with_people_by_hand(tmp_path):
    got = raster_cells(raster(tmp_path), crs=CRS)
    assert got[["cell", "people"]].values.tolist() == [["r0c0", 12.5], ["r0c2", 40.0], ["r1c2", 7.25]]
    assert got.geometry.bounds.values.tolist() == [
        [400000, 3300100, 400100, 3300200], [400200, 3300100, 400300, 3300200], [400200, 3300000, 400300, 3300100],
    ]  # fmt: skip
    assert got.attrs == {"source": "people.tif", "empty": 1, "nodata": 1, "negative": 1, "people": 59.75, "cells": 3}
    assert got.crs == pyproj.CRS(CRS)


def test_cells_are_residences_where_no_land_is_known(tmp_path):
    got = residences.from_places(raster_cells(raster(tmp_path), crs=CRS), columns={"id": "cell"}, people="people")
    check(got, RESIDENCES, where="test")
    assert got["residence_id"].tolist() == ["r0c0", "r0c2", "r1c2"]
    assert got["land_m2"].tolist() == [1e4] * 3


def test_a_window_keeps_ids_and_people(tmp_path):
    file = raster(tmp_path)
    got = raster_cells(file, crs=CRS, bounds=(400210, 3300010, 400290, 3300090))
    assert got[["cell", "people"]].values.tolist() == [["r1c2", 7.25]]
    assert raster_cells(file, crs=CRS, bounds=(0, 0, 9e5, 9e6)).equals(raster_cells(file, crs=CRS))


def test_degrees_become_metres(tmp_path):
    #  three arc-seconds, as the published 100 m rasters have
    step = 1 / 1200
    values = np.random.default_rng(1).uniform(0, 90, (40, 50))
    file = raster(tmp_path, values, crs="EPSG:4326", transform=rasterio.Affine(step, 0, 121.8, 0, -step, 29.95))
    got = raster_cells(file, crs=CRS)
    assert got.attrs["people"] == pytest.approx(values.astype("float32").sum(dtype=float), abs=1e-6)
    #  the plane may stretch areas a little, but not by the cosine of the latitude
    geod = pyproj.Geod(ellps="WGS84")
    ring = [121.8, 121.8 + step, 121.8 + step, 121.8], [29.95, 29.95, 29.95 - step, 29.95 - step]
    assert got.geometry.iloc[0].area == pytest.approx(abs(geod.polygon_area_perimeter(*ring)[0]), rel=2e-3)
    corner = pyproj.Transformer.from_crs(4326, CRS, always_xy=True).transform(121.8, 29.95)
    assert got.geometry.iloc[0].boundary.distance(shapely.Point(corner)) < 1e-6


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32651", "EPSG:3857"])
def test_a_window_loses_no_cell_in_any_crs(tmp_path, crs):
    west, south, east, north = pyproj.Transformer.from_crs(CRS, crs, always_xy=True).transform_bounds(388000, 3309000, 392000, 3312000)
    turn = rasterio.transform.from_bounds(west, south, east, north, 40, 30)
    file = raster(tmp_path, np.arange(1200).reshape(30, 40) + 1.0, crs=crs, transform=turn)
    box = (389100, 3310000, 390400, 3311100)
    whole = raster_cells(file, crs=CRS)
    got = raster_cells(file, crs=CRS, bounds=box)
    assert got["cell"].tolist() == whole.loc[whole.intersects(shapely.box(*box)), "cell"].tolist()
    assert 0 < len(got) < len(whole)


def test_a_wide_window_is_bent_with_its_edges(tmp_path):
    #  a straight edge of 100 km is bent by about 100 m in degrees: ten rows of these cells
    lon, lat = pyproj.Transformer.from_crs(CRS, 4326, always_xy=True).transform(500000, 3310000)
    turn = rasterio.Affine(0.05, 0, lon - 0.75, 0, -1e-4, lat + 0.02)
    file = raster(tmp_path, np.ones((400, 30)), crs="EPSG:4326", transform=turn)
    box = (450000, 3309900, 550000, 3310100)
    whole = raster_cells(file, crs=CRS)
    got = raster_cells(file, crs=CRS, bounds=box)
    assert got["cell"].tolist() == whole.loc[whole.intersects(shapely.box(*box)), "cell"].tolist()


def test_a_turned_raster_keeps_its_cells(tmp_path):
    turn = rasterio.Affine.translation(400000, 3300200) @ rasterio.Affine.rotation(30) @ rasterio.Affine.scale(100, -100)
    got = raster_cells(raster(tmp_path, transform=turn), crs=CRS, bounds=(399000, 3299000, 401000, 3301000))
    assert got.geometry.area.tolist() == pytest.approx([1e4] * 3)
    assert got["people"].tolist() == [12.5, 40, 7.25]


def test_marks_for_no_data_that_nobody_declared_hold_nobody(tmp_path):
    values = np.array([[5.0, -9999, np.nan, np.inf]])
    got = raster_cells(raster(tmp_path, values, nodata=None), crs=CRS)
    assert got["people"].tolist() == [5]
    assert (got.attrs["negative"], got.attrs["nodata"]) == (1, 2)


def test_whole_numbers_and_scales_are_read(tmp_path):
    got = raster_cells(raster(tmp_path, [[120, 65535]], dtype="uint16", nodata=65535, scale=0.1), crs=CRS)
    assert got["people"].tolist() == pytest.approx([12])
    assert got.attrs["nodata"] == 1


def test_people_a_square_kilometre(tmp_path):
    got = raster_cells(raster(tmp_path), crs=CRS, per_km2=True)
    assert got["people"].tolist() == pytest.approx([0.125, 0.4, 0.0725])


def test_what_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        raster_cells(tmp_path / "none.tif", crs=CRS)
    with pytest.raises(DataError, match="degrees"):
        raster_cells(raster(tmp_path), crs="EPSG:4326")
    (tmp_path / "text.tif").write_text("people")
    with pytest.raises(DataError, match="cannot be read as a GeoTIFF"):
        raster_cells(tmp_path / "text.tif", crs=CRS)
    with pytest.raises(DataError) as caught:
        raster_cells(raster(tmp_path, np.ones((2, 3, 3)), crs=None), crs=CRS)
    assert "2 bands" in str(caught.value)
    assert "does not say its coordinate system" in str(caught.value)
    with pytest.raises(DataError, match="no cell lies in the study area"):
        raster_cells(raster(tmp_path), crs=CRS, bounds=(0, 0, 10, 10))
    with pytest.raises(DataError, match="nobody lives in the study area"):
        raster_cells(raster(tmp_path, np.zeros((2, 2))), crs=CRS)
    with pytest.raises(DataError, match="beyond belief"):
        raster_cells(raster(tmp_path, [[1.0, 3.4e38]]), crs=CRS)


def test_a_window_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(grid, "rules", lambda: {"most_cells": 5, "most_people": 100})
    with pytest.raises(DataError, match="6 cells are too many.*clip the raster"):
        raster_cells(raster(tmp_path), crs=CRS)


def test_a_raster_onto_residential_land(tmp_path):
    cells = residences.from_places(raster_cells(raster(tmp_path), crs=CRS), columns={"id": "cell"}, people="people")
    plots = gpd.GeoDataFrame({"ref": ["A", "B"]}, geometry=shapely.box([400050, 400240], 3300100, [400090, 400260], 3300200), crs=CRS)
    got = population.onto_land(cells, population.residential_land(plots, columns={"id": "ref"}), within_m=10)
    #  r1c2 touches B along its lower edge: 0 m off, and moved there without being counted as astray
    assert got[["residence_id", "people"]].values.tolist() == [["A", 12.5], ["B", 47.25]]
    assert (got.attrs["difference"], got.attrs["cells_moved"]) == (0, 0)


# --- grids of points ---


def middles(x, y, crs=CRS, **columns):
    return gpd.GeoDataFrame(columns or {"people": np.arange(len(x)) + 1.0}, geometry=gpd.points_from_xy(x, y), crs=crs)


def test_points_become_the_cells_around_them():
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(30) * 250.0 + 400125, np.arange(20) * 200.0 + 3300100))
    keep = np.random.default_rng(3).random(600) < 0.6
    points = middles(x[keep], y[keep])
    before = points.copy(deep=True)
    got = squares(points)
    assert got.attrs["side"] == pytest.approx((250, 200))
    assert got.geometry.area.to_numpy() == pytest.approx(50_000)
    assert got["people"].equals(points["people"])
    assert points.equals(before)


def test_degrees_with_a_few_digits_are_a_grid_too():
    x, y = (axis.ravel() for axis in np.meshgrid(np.round(121.8 + np.arange(200) / 1200, 6), np.round(29.9 + np.arange(150) / 1200, 6)))
    got = squares(middles(x, y, "EPSG:4326"))
    assert got.attrs["side"] == pytest.approx((1 / 1200, 1 / 1200), rel=1e-4)


def test_points_off_any_grid_are_refused_or_given_their_side():
    rng = np.random.default_rng(4)
    loose = middles(*rng.uniform(0, 5000, (2, 50)))
    with pytest.raises(DataError, match="on no regular grid"):
        squares(loose)
    got = squares(loose, side_m=100)
    assert got.geometry.area.to_numpy() == pytest.approx(1e4)
    with pytest.raises(DataError, match="degrees"):
        squares(middles([121.8], [29.9], "EPSG:4326"), side_m=100)
    with pytest.raises(DataError, match="above 0"):
        squares(loose, side_m=0)


def test_one_row_of_cells_has_square_ones_in_metres_only():
    assert squares(middles([0, 100, 300], [0, 0, 0])).attrs["side"] == (100, 100)
    with pytest.raises(DataError, match="on no regular grid"):
        squares(middles([121.8, 121.801], [29.9, 29.9], "EPSG:4326"))
    with pytest.raises(DataError, match="on no regular grid"):
        squares(middles([5], [5]))


def test_a_cell_given_twice_and_mixed_kinds_are_refused():
    with pytest.raises(DataError, match="two points lie in one cell"):
        squares(middles([0, 100, 0, 0], [0, 0, 100, 0]))
    mixed = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0), shapely.box(0, 0, 1, 1)], crs=CRS)
    with pytest.raises(DataError, match="holds Point, Polygon"):
        squares(mixed)


def test_polygons_come_back_as_they_are():
    cells = gpd.GeoDataFrame({"people": [3]}, geometry=[shapely.box(0, 0, 500, 500)], crs=CRS)
    assert squares(cells).equals(cells)


def test_real_hexagons_onto_themselves_keep_everybody(extracts):
    table = pd.read_csv(extracts / "porto_alegre_r5r" / "poa_hexgrid.csv")
    points = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326")
    with pytest.raises(DataError, match="on no regular grid"):
        squares(points)
    metric = squares(points.to_crs("EPSG:31982"), side_m=324)
    cells = residences.from_places(metric, columns={"id": "id"}, people="population")
    land = population.residential_land(metric[metric["schools"] > 0], columns={"id": "id"})
    land["residence_id"] = "L" + land["residence_id"]
    got = population.onto_land(cells, land, within_m=1000)
    assert got["people"].sum() == pytest.approx(table["population"].sum(), abs=1e-6)
