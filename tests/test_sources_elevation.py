"""Heights from a terrain raster: bilinear, in any CRS, and only those to be believed."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import rasterio
from conftest import CRS
from rasterio.windows import Window

from livingcircle.errors import DataError
from livingcircle.sources import elevation
from livingcircle.sources.elevation import heights, rules

#  Four cells of 10 m, corners at (0, 0) and (20, 20); heights at the cell centers:
#
#   100 ─── 110     y = 15
#    │       │
#   120 ─── 150     y = 5
#  x = 5   x = 15
FOUR = np.array([[100.0, 110.0], [120.0, 150.0]])


def terrain(folder, values, *, west=0.0, north=20.0, cell=10.0, name="terrain.tif", **told):
    values = np.asarray(values)
    bands = values if values.ndim == 3 else values[None]
    dtype = told.pop("dtype", "float32")
    units = told.pop("units", None)
    profile = {"driver": "GTiff", "crs": CRS, "transform": rasterio.Affine(cell, 0, west, 0, -cell, north), **told}
    with rasterio.open(folder / name, "w", count=len(bands), height=bands.shape[1], width=bands.shape[2], dtype=dtype, **profile) as raster:
        raster.write(bands.astype(dtype))
        if units:
            raster.units = [units]
    return folder / name


def test_worked_by_hand_between_four_centers(tmp_path):
    file = terrain(tmp_path, FOUR)
    points = np.array([[5, 15], [15, 5], [10, 15], [5, 10], [10, 10], [12.5, 7.5]], dtype=float)
    #  (12.5, 7.5): 3/4 east, 3/4 south; above 107.5, below 142.5; 107.5 / 4 + 142.5 * 3 / 4
    assert heights(file, points, crs=CRS).tolist() == pytest.approx([100, 150, 105, 110, 120, 133.75])


def test_the_rim_beyond_the_last_centers_keeps_their_height(tmp_path):
    file = terrain(tmp_path, FOUR)
    points = np.array([[0, 20], [1, 15], [20, 0], [10, 19.9]], dtype=float)
    assert heights(file, points, crs=CRS).tolist() == pytest.approx([100, 100, 150, 105])


@pytest.mark.filterwarnings("error")
def test_outside_is_nan_and_rows_keep_their_order(tmp_path):
    file = terrain(tmp_path, FOUR)
    points = np.array([[-1, 10], [5, 15], [10, 21], [np.nan, 10], [np.inf, 10], [15, 5]])
    before = points.copy()
    got = heights(file, points, crs=CRS)
    assert np.isnan(got).tolist() == [True, False, True, True, True, False]
    assert got[[1, 5]].tolist() == pytest.approx([100, 150])
    np.testing.assert_array_equal(points, before)


def test_level_ground_is_exactly_level(tmp_path):
    file = terrain(tmp_path, np.full((30, 30), 33.3), north=300)
    points = np.random.default_rng(1).uniform(0, 300, (500, 2))
    assert np.unique(heights(file, points, crs=CRS)).tolist() == [float(np.float32(33.3))]


def test_only_a_window_is_read_yet_far_points_agree(tmp_path, monkeypatch):
    values = np.random.default_rng(2).uniform(0, 50, (200, 200))
    file = terrain(tmp_path, values, north=2000, tiled=True, blockxsize=16, blockysize=16)
    sizes = []

    def watched(*place):
        sizes.append(place[2] * place[3])
        return Window(*place)

    inner = np.array([[905.0, 1105.0], [938.0, 1082.0]])
    monkeypatch.setattr(elevation, "Window", watched)
    alone = heights(file, inner, crs=CRS)
    together = heights(file, np.vstack([inner, [[0, 0], [2000, 2000]]]), crs=CRS)[:2]
    assert sizes[0] <= 36
    assert sizes[1] == 40_000
    assert alone.tolist() == together.tolist()
    assert alone[0] == pytest.approx(values[89, 90], abs=1e-4)


@pytest.mark.parametrize(("hole", "told"), [(-9999, {}), (-32768, {}), (32767, {}), (np.nan, {}), (7, {"nodata": 7})])
def test_cells_without_data_are_nan_and_pull_nobody_down(tmp_path, hole, told):
    values = FOUR.copy()
    values[1, 1] = hole
    got = heights(terrain(tmp_path, values, **told), np.array([[15.0, 5.0], [10.5, 9.5], [9.5, 10.5], [5, 5]]), crs=CRS)
    #  (9.5, 10.5) lies 0.45 east and 0.45 south of the 100 m center; without the hole the other three
    #  weigh 0.55 * 0.55, 0.45 * 0.55 and 0.55 * 0.45
    assert np.isnan(got[:2]).all()
    assert got[2:].tolist() == pytest.approx([100 + 0.2475 * (10 + 20) / 0.7975, 120])


def test_what_is_believed_includes_both_ends(tmp_path):
    low, high = rules()["lowest_m"], rules()["highest_m"]
    file = terrain(tmp_path, [[low, high], [low - 1, high + 1]])
    centers = np.array([[5.0, 15.0], [15.0, 15.0], [5.0, 5.0], [15.0, 5.0]])
    assert heights(file, centers, crs=CRS)[:2].tolist() == [low, high]
    assert np.isnan(heights(file, centers, crs=CRS)[2:]).all()


def test_scale_and_offset_of_the_band_count(tmp_path):
    file = terrain(tmp_path, FOUR, dtype="int16")
    with rasterio.open(file, "r+") as raster:
        raster.scales, raster.offsets = (0.1,), (5.0,)
    assert heights(file, np.array([[5.0, 15.0]]), crs=CRS).tolist() == pytest.approx([15.0])


def test_a_raster_in_degrees(tmp_path):
    #  Heights rise by 1 m with every hundredth of a degree eastward from 121.80.
    east = np.tile(np.arange(20) + 0.5, (20, 1))
    file = terrain(tmp_path, east, west=121.8, north=30.0, cell=0.01, crs="EPSG:4326")
    lon, lat = np.array([121.8512, 121.9]), np.array([29.92, 29.85])
    points = np.column_stack(pyproj.Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(lon, lat))
    assert heights(file, points, crs=CRS).tolist() == pytest.approx([5.12, 10.0], abs=1e-4)


def test_a_raster_with_a_vertical_system_beside_its_horizontal_one(tmp_path):
    file = terrain(tmp_path, FOUR, crs="EPSG:4550+5737")
    with rasterio.open(file) as raster:
        assert pyproj.CRS.from_wkt(raster.crs.to_wkt()).is_compound
    assert heights(file, np.array([[5.0, 15.0]]), crs=CRS).tolist() == pytest.approx([100])


def test_a_raster_turned_by_a_quarter(tmp_path):
    #  Columns run north, rows run east: the cell centers (5, 5) and (5, 15) are the first row.
    file = terrain(tmp_path, FOUR, transform=rasterio.Affine(0, 10, 0, 10, 0, 0))
    points = np.array([[5.0, 5.0], [5.0, 15.0], [15.0, 5.0]])
    assert heights(file, points, crs=CRS).tolist() == pytest.approx([100, 110, 120])


def test_no_point_asks_nothing(tmp_path):
    assert heights(terrain(tmp_path, FOUR), np.empty((0, 2)), crs=CRS).shape == (0,)


ONE = np.array([[5.0, 15.0]])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"dem\.tif: no such file"):
        heights(tmp_path / "dem.tif", ONE, crs=CRS)


def test_what_is_no_geotiff_is_refused(tmp_path):
    true = terrain(tmp_path, FOUR)
    (tmp_path / "words.tif").write_text("no raster", encoding="utf-8")
    (tmp_path / "cut.tif").write_bytes(true.read_bytes()[:6])
    #  A virtual raster may point at any other file, so its suffix does not make it one.
    with rasterio.open(true) as raster:
        virtual = (
            f'<VRTDataset rasterXSize="2" rasterYSize="2"><SRS>{raster.crs.to_wkt()}</SRS>'
            f'<GeoTransform>0, 10, 0, 20, 0, -10</GeoTransform><VRTRasterBand dataType="Float32" band="1">'
            f'<SimpleSource><SourceFilename>{true}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>'
        )
    (tmp_path / "virtual.tif").write_text(virtual, encoding="utf-8")
    rasterio.open(tmp_path / "virtual.tif").close()
    for name in ("words.tif", "cut.tif", "virtual.tif"):
        with pytest.raises(DataError, match=f"{name}: cannot be read as a GeoTIFF"):
            heights(tmp_path / name, ONE, crs=CRS)


def test_pixels_cut_off_are_refused(tmp_path):
    values = np.random.default_rng(3).uniform(0, 50, (300, 300))
    file = terrain(tmp_path, values, north=3000)
    file.write_bytes(file.read_bytes()[:200_000])
    with pytest.raises(DataError, match="cannot be read as a GeoTIFF"):
        heights(file, np.array([[2900.0, 100.0]]), crs=CRS)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_all_faults_at_once(tmp_path):
    file = terrain(tmp_path, np.stack([FOUR, FOUR]), crs=None)
    with pytest.raises(DataError) as told:
        heights(file, ONE, crs=CRS)
    assert [fault.problem for fault in told.value.faults] == ["it has 2 bands", "the file does not say its coordinate system"]
    assert all(fault.remedy for fault in told.value.faults)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_raster_without_a_place_is_refused(tmp_path):
    file = terrain(tmp_path, FOUR)
    with rasterio.open(file, "r+") as raster:
        raster.transform = rasterio.Affine.identity()
    with pytest.raises(DataError, match="does not say its coordinate system"):
        heights(file, ONE, crs=CRS)


def test_heights_in_feet_are_refused_and_metres_are_not(tmp_path):
    with pytest.raises(DataError, match="heights are in 'ft'"):
        heights(terrain(tmp_path, FOUR, units="ft"), ONE, crs=CRS)
    assert heights(terrain(tmp_path, FOUR, units="Metre", name="m.tif"), ONE, crs=CRS).tolist() == [100]


def test_a_raster_elsewhere_or_empty_is_refused(tmp_path):
    with pytest.raises(DataError, match="none of the 1 points has a height"):
        heights(terrain(tmp_path, FOUR, west=5000), ONE, crs=CRS)
    with pytest.raises(DataError, match="none of the 1 points has a height"):
        heights(terrain(tmp_path, np.full((2, 2), -9999.0), name="empty.tif"), ONE, crs=CRS)


def test_a_crs_in_degrees_for_the_points_is_refused(tmp_path):
    with pytest.raises(DataError, match="in degrees"):
        heights(terrain(tmp_path, FOUR), ONE, crs="EPSG:4326")


def test_an_unpublished_datum_shift_is_refused(tmp_path):
    #  Xian 80, central meridian 120; about (120.1 E, 30.0 N)
    file = terrain(tmp_path, np.full((100, 100), 8.0), west=505_000, north=3_330_000, cell=200, crs="EPSG:2385")
    points = np.column_stack(pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4549", always_xy=True).transform([120.1], [30.0]))
    with pytest.raises(DataError, match="is not public"):
        heights(file, points, crs="EPSG:4549")


def test_a_real_raster(extracts):
    file = extracts / "porto_alegre_r5r" / "poa_elevation.tif"
    points = np.column_stack(
        pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32722", always_xy=True).transform(np.linspace(-51.25, -51.15, 500), np.full(500, -30.05))
    )
    got = heights(file, points, crs="EPSG:32722")
    assert np.isfinite(got).all()
    with rasterio.open(file) as raster:
        plain = np.array([cell[0] for cell in raster.sample(zip(np.linspace(-51.25, -51.15, 500), np.full(500, -30.05), strict=True))], dtype=float)
    #  Between centers heights differ from the cell's own, but not by much on a mean.
    assert 0 < np.abs(got - plain).mean() < 2
