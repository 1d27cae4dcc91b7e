import time

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from livingcircle import coordinates
from livingcircle.errors import DataError

PAIRS = [
    (coordinates.wgs84_to_gcj02, coordinates.gcj02_to_wgs84),
    (coordinates.gcj02_to_bd09, coordinates.bd09_to_gcj02),
    (coordinates.wgs84_to_bd09, coordinates.bd09_to_wgs84),
]

# WGS-84, GCJ-02 and BD-09 of the same points, computed with PRCoords 1.0.2 (Xiaogang, Beilun, Meishan, Ningbo, Beijing,
# Lhasa, Urumqi, Haikou, Harbin)
ORACLE = np.array(
    [
        (121.75, 29.94, 121.75426997, 29.93755727, 121.76083833, 29.94328992),
        (121.85, 29.92, 121.85407952, 29.91742353, 121.86068297, 29.9230798),
        (121.9764, 29.7705, 121.98049512, 29.76797815, 121.98709228, 29.77361425),
        (121.544, 29.8683, 121.54817359, 29.86572978, 121.55458743, 29.87202348),
        (116.3912, 39.9075, 116.39744113, 39.90890123, 116.40381397, 39.91524438),
        (91.1172, 29.6469, 91.11876034, 29.64419211, 91.12530386, 29.65007242),
        (87.6168, 43.8256, 87.61964995, 43.82680539, 87.62609977, 43.83294979),
        (110.3312, 20.0311, 110.33557084, 20.02905366, 110.34211865, 20.03472958),
        (126.6424, 45.7567, 126.64836982, 45.7586511, 126.65499933, 45.76434556),
    ]
).T

BEILUN = (388_000.0, 3_311_000.0, 390_000.0, 3_313_000.0)  # bounds in EPSG:4550


def frame(x, y, crs=None, **columns):
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(np.atleast_1d(x), np.atleast_1d(y)), crs=crs)


def placed(layer, declared=None, target="EPSG:4550"):
    return coordinates.to_crs(layer, declared=declared, target=target, where="file.gpkg")


# --- datums


def test_the_datums_agree_with_the_published_implementation():
    lon, lat, gcj_lon, gcj_lat, bd_lon, bd_lat = ORACLE
    for (forward, backward), (x, y), (new_x, new_y) in zip(
        PAIRS,
        [(lon, lat), (gcj_lon, gcj_lat), (lon, lat)],
        [(gcj_lon, gcj_lat), (bd_lon, bd_lat), (bd_lon, bd_lat)],
        strict=True,
    ):
        np.testing.assert_allclose(forward(x, y), (new_x, new_y), rtol=0, atol=2e-8)
        np.testing.assert_allclose(backward(new_x, new_y), (x, y), rtol=0, atol=2e-8)


def test_xiaogang_lies_half_a_kilometre_to_the_east_southeast():
    lon, lat = coordinates.wgs84_to_gcj02(121.7498, 29.9384)
    east, north = (lon - 121.7498) * 111_320 * np.cos(np.radians(29.94)), (lat - 29.9384) * 110_900
    assert 484 <= np.hypot(east, north) <= 499
    assert 120 <= np.degrees(np.arctan2(east, north)) <= 130


@pytest.mark.parametrize(("forward", "backward"), PAIRS)
def test_there_and_back_is_within_a_millimetre(forward, backward):
    random = np.random.default_rng(7)
    lon, lat = random.uniform(73.5, 135.0, 100_000), random.uniform(18.0, 53.5, 100_000)
    lon[:50_000] = random.normal(105.0, 1e-6, 50_000)  # where the formula has its root of |lon - 105|
    back = backward(*forward(lon, lat))
    error_m = np.hypot((back[0] - lon) * 111_320 * np.cos(np.radians(lat)), (back[1] - lat) * 111_000)
    assert error_m.max() < 1e-3


@pytest.mark.parametrize("step", [one for pair in PAIRS for one in pair])
def test_a_shift_keeps_foreign_points_and_nan_and_its_input(step):
    lon = np.array([-51.2, 139.7, np.nan, 121.8, np.inf])
    lat = np.array([-30.0, 35.7, 29.9, np.nan, 29.9])
    before = lon.copy(), lat.copy()
    new_lon, new_lat = step(lon, lat)
    np.testing.assert_array_equal(new_lon, before[0])
    np.testing.assert_array_equal(new_lat, before[1])
    np.testing.assert_array_equal((lon, lat), before)


@pytest.mark.parametrize("step", [one for pair in PAIRS for one in pair])
def test_equal_points_stay_equal_whatever_stands_beside_them(step):
    random = np.random.default_rng(3)
    lon, lat = random.uniform(80.0, 130.0, 70_001), random.uniform(20.0, 50.0, 70_001)
    lon[-1], lat[-1] = lon[0], lat[0]
    new_lon, new_lat = step(lon, lat)
    assert (new_lon[-1], new_lat[-1]) == (new_lon[0], new_lat[0]) == step(lon[0], lat[0])


def test_a_shift_takes_scalars_tables_and_nothing():
    assert all(isinstance(value, float) for value in coordinates.wgs84_to_bd09(121.85, 29.92))
    grid = coordinates.wgs84_to_gcj02(np.full((2, 3), 121.85), 29.92)
    assert grid[0].shape == grid[1].shape == (2, 3)
    assert coordinates.gcj02_to_wgs84([], [])[0].size == 0


def test_a_million_points_take_about_a_second():
    lon, lat = np.linspace(75.0, 130.0, 1_000_000), np.linspace(20.0, 50.0, 1_000_000)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        coordinates.gcj02_to_wgs84(lon, lat)
        seconds.append(time.perf_counter() - start)
    print(f"a million points: {min(seconds):.2f} s")
    #  under a second on a quiet machine
    assert min(seconds) < 5.0


# --- the metric CRS of a place and the names of CRSs


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (121.85, 29.92, 4550),
        (121.49, 29.9, 4549),
        (121.5, 29.9, 4550),
        (75.99, 39.47, 4534),
        (134.3, 48.3, 4554),
        (114.17, 22.3, 4547),
        (126.98, 37.57, 32652),
        (-51.2, -30.0, 32722),
        (-8.6, 41.1, 32629),
        (180.0, 10.0, 32660),
        (-180.0, -10.0, 32701),
    ],
)
def test_the_metric_crs_of_a_place(lon, lat, code):
    assert coordinates.metric_crs(lon, lat).to_epsg() == code


@pytest.mark.parametrize("place", [(29.9, 121.8), (np.nan, 30.0), (200.0, 10.0)])
def test_no_metric_crs_without_a_place(place):
    with pytest.raises(DataError, match="not a longitude and latitude"):
        coordinates.metric_crs(*place)


@pytest.mark.parametrize(
    ("text", "code", "datum"),
    [
        ("EPSG:4550", 4550, ""),
        ("epsg 4549", 4549, ""),
        ("ＥＰＳＧ：4550", 4550, ""),
        ("wgs 84", 4326, ""),
        ("WGS-84", 4326, ""),
        ("cgcs2000", 4490, ""),
        ("GCJ02", 4326, "GCJ-02"),
        ("gcj-02", 4326, "GCJ-02"),
        ("BD 09", 4326, "BD-09"),
        ("+proj=utm +zone=51 +datum=WGS84 +units=m +type=crs", None, ""),
        (pyproj.CRS(4550).to_wkt(), 4550, ""),
        (pyproj.CRS(4550).to_wkt("WKT1_ESRI"), None, ""),
        ("WGS 84 / UTM zone 51N", 32651, ""),
        ("EPSG:4979", None, ""),
    ],
)
def test_what_a_crs_may_be_called(text, code, datum):
    crs, word = coordinates.resolve_crs(text)
    assert word == datum
    assert code is None or crs.to_epsg() == code
    assert len(crs.axis_info) == 2


@pytest.mark.parametrize("text", ["", "4550", "2000", "EPSG:x", "EPSG:999999", "Ningbo", "UTM", "EPSG:5773", "BD09MC"])
def test_an_unknown_crs_names_what_is_accepted(text):
    with pytest.raises(DataError, match="GCJ-02"):
        coordinates.resolve_crs(text)


@pytest.mark.parametrize(
    ("crs", "problem"),
    [
        ("EPSG:4326", "degrees"),
        ("GCJ-02", "degrees"),
        ("EPSG:3857", "stretches"),
        ("EPSG:3395", "stretches"),
        ("+proj=merc +a=6378137 +b=6378137 +nadgrids=@null +units=m +type=crs", "stretches"),
        ("EPSG:2263", "foot"),
        (None, "no known coordinate system"),
    ],
)
def test_lengths_are_measured_in_true_metres_only(crs, problem):
    with pytest.raises(DataError, match=problem) as caught:
        coordinates.require_metric(crs, where="study.toml")
    assert "EPSG:4550" in str(caught.value)


@pytest.mark.parametrize("crs", ["EPSG:4550", "EPSG:4529", "EPSG:32651", pyproj.CRS(4549)])
def test_projected_metres_pass(crs):
    assert coordinates.require_metric(crs, where="study.toml").is_projected


# --- a layer into the study's CRS


@pytest.mark.parametrize(("declared", "step"), [("GCJ-02", coordinates.wgs84_to_gcj02), ("BD-09", coordinates.wgs84_to_bd09)])
def test_shifted_data_come_back_to_their_place(declared, step):
    lon, lat = np.array([121.85, 121.76]), np.array([29.92, 29.94])
    truth = placed(frame(lon, lat, "EPSG:4326"))
    found = placed(frame(*step(lon, lat)), declared)
    assert truth.distance(found).max() < 1e-3
    assert found.crs.to_epsg() == 4550


def test_every_vertex_and_hole_is_moved_and_height_dropped():
    ring = [(121.85, 29.92, 3), (121.86, 29.92, 3), (121.86, 29.93, 3), (121.85, 29.93, 3)]
    hole = [(121.853, 29.923, 3), (121.856, 29.923, 3), (121.856, 29.926, 3)]
    flat = shapely.force_2d(shapely.Polygon(ring, [hole]))
    shifted = shapely.transform(flat, lambda xy: np.column_stack(coordinates.wgs84_to_gcj02(*xy.T)))
    layer = gpd.GeoDataFrame(geometry=[shapely.force_3d(shifted, 3.0)], crs=4326)
    found = placed(layer, "GCJ-02").geometry.iloc[0]
    truth = placed(gpd.GeoDataFrame(geometry=[flat], crs=4326)).geometry.iloc[0]
    assert not found.has_z
    assert found.hausdorff_distance(truth) < 1e-3
    assert len(found.interiors) == 1


def test_many_shifted_polygons_stay_closed_and_joined():
    west = [shapely.box(121.5 + i * 1e-5, 29.9, 121.5 + (i + 1) * 1e-5, 29.91) for i in range(20_000)]
    found = placed(gpd.GeoDataFrame(geometry=west), "GCJ-02").geometry.to_numpy()
    assert shapely.is_valid(found).all()
    assert shapely.get_dimensions(shapely.intersection(found[:-1:500], found[1::500])).max() == 1


def test_the_input_is_not_changed_and_rows_keep_their_order():
    layer = frame([121.85, 121.86], [29.92, 29.93], "EPSG:4326", name=["a", "b"]).set_index(np.array([7, 3]))
    layer.attrs["source"] = "file.gpkg"
    before = layer.copy()
    found = placed(layer)
    assert layer.crs == before.crs
    assert layer.geometry.geom_equals(before.geometry).all()
    assert found.index.tolist() == [7, 3]
    assert found["name"].tolist() == ["a", "b"]
    assert found.attrs["source"] == "file.gpkg"


def test_a_declared_crs_replaces_the_label_of_the_file():
    mislabelled = frame(388_948.0, 3_311_801.0, "EPSG:4549")
    found = placed(mislabelled, "EPSG:4550").geometry.iloc[0]
    assert (found.x, found.y) == (388_948.0, 3_311_801.0)


def test_a_datum_carried_by_the_table_is_undone_once():
    layer = frame(*coordinates.wgs84_to_gcj02(121.85, 29.92), "EPSG:4326")
    layer.attrs["datum"] = "GCJ-02"
    once = placed(layer)
    assert once.distance(placed(frame(121.85, 29.92, 4326))).max() < 1e-3
    assert placed(once).distance(once).max() == 0.0


def test_entrances_move_with_their_facility():
    layer = frame([121.85, 121.86], [29.92, 29.93], "EPSG:4326")
    layer["entrance"] = np.array([shapely.Point(121.8501, 29.9201), None], dtype=object)
    found = placed(layer)
    assert 10 < found["entrance"].iloc[0].distance(found.geometry.iloc[0]) < 20
    assert found["entrance"].iloc[1] is None


def test_an_empty_layer_and_a_missing_geometry_pass():
    assert placed(gpd.GeoDataFrame(geometry=[], crs=4326)).crs.to_epsg() == 4550
    found = placed(gpd.GeoDataFrame(geometry=[None, shapely.Point(121.85, 29.92)], crs=4326))
    assert found.geometry.isna().tolist() == [True, False]


def test_a_geometry_column_of_another_name_stays_the_geometry():
    found = placed(frame(121.85, 29.92, 4326).rename_geometry("geom"))
    assert found.geometry.name == "geom"
    assert found.crs.to_epsg() == 4550


@pytest.mark.parametrize(
    ("layer", "declared", "problem"),
    [
        (frame(121.85, 29.92), None, "does not say its coordinate system"),
        (frame(29.92, 121.85), "WGS84", "row 1: longitude and latitude look swapped"),
        (frame([121.85, 29.92, 29.93], [29.92, 121.85, 121.86], 4326), None, "rows 2, 3: longitude and latitude look swapped"),
        (frame(121.85, 121.85, 4326), None, "no such longitude"),
        (frame(388_948.0, 3_311_801.0, 4326), None, "metres labelled as degrees"),
        (frame(121.85, 29.92, 4550), None, "degrees labelled as metres"),
        (frame([121.85, 121.86], [29.92, np.nan], 4326), None, "row 2: coordinates are missing or infinite"),
        (frame(3_311_801.0, 388_948.0, 4550), None, "northing and easting look swapped"),
        (frame(41_388_948.0, 3_311_801.0), "EPSG:4550", "eastings are not those of"),
        (frame(388_948.0, 3_311_801.0), "EPSG:4529", "eastings are not those of"),
        (frame(388_948.0, 3_311_801.0), "EPSG:2385", "Xian 1980"),
        (frame(33.0, 0.0, 4326), None, "cannot be projected"),
    ],
)
def test_a_wrong_crs_is_told_with_row_and_remedy(layer, declared, problem):
    with pytest.raises(DataError, match=problem) as caught:
        placed(layer, declared)
    assert all(fault.where.startswith("file.gpkg") and fault.remedy for fault in caught.value.faults)


def test_a_swap_within_ninety_degrees_is_seen_by_the_area_of_the_study():
    with pytest.raises(DataError, match="look swapped"):
        placed(frame(39.47, 75.99, 4326), target="EPSG:4534")
    assert placed(frame(75.99, 39.47, 4326), target="EPSG:4534").geometry.iloc[0].x == pytest.approx(585_000, abs=2_000)


def test_all_faults_come_at_once_and_long_lists_are_cut():
    layer = frame([np.nan] + [29.9] * 8, [29.92] + [121.8] * 8, 4326)
    with pytest.raises(DataError) as caught:
        placed(layer)
    assert len(caught.value.faults) == 2
    assert "rows 2, 3, 4, 5, 6 and 3 more" in str(caught.value)


def test_rows_are_named_by_the_numbers_the_table_carries():
    layer = frame([121.85, 29.92], [29.92, 121.85], 4326, row=[4, 9])
    layer.attrs["row_column"] = "row"
    with pytest.raises(DataError, match="row 9"):
        placed(layer)


# --- overlap with the study area


@pytest.mark.parametrize("x", [389_000.0, 394_900.0])
def test_a_layer_near_the_study_passes(x):
    coordinates.check_overlap(frame([x, 900_000.0], [3_312_000.0, 0.0], 4550), BEILUN, where="poi.csv")


def test_just_beyond_five_kilometres_is_outside():
    with pytest.raises(DataError, match="5.1 km away"):
        coordinates.check_overlap(frame(395_100.0, 3_312_000.0, 4550), BEILUN, where="poi.csv")


def test_the_cause_of_a_layer_elsewhere_is_guessed():
    in_zone_120 = placed(frame(388_948.0 + 0.0, 3_311_801.0, 4549))
    with pytest.raises(DataError, match="3 degrees too far west"):
        coordinates.check_overlap(in_zone_120, BEILUN, where="roads.shp")
    with pytest.raises(DataError, match="easting and northing look swapped"):
        coordinates.check_overlap(frame(3_311_801.0, 388_948.0, 4550), BEILUN, where="roads.shp")
    with pytest.raises(DataError, match="another place"):
        coordinates.check_overlap(placed(frame(122.2, 31.0, 4326)), BEILUN, where="roads.shp")


def test_swapped_longitude_and_latitude_of_the_southern_west_are_guessed():
    target = coordinates.metric_crs(-51.2, -30.0)
    place = coordinates.to_crs(frame(-51.2, -30.0, 4326), declared=None, target=target, where="a")
    x, y = place.geometry.iloc[0].x, place.geometry.iloc[0].y
    swapped = frame(-30.0, -51.2, 4326).to_crs(target)
    with pytest.raises(DataError, match="longitude and latitude look swapped"):
        coordinates.check_overlap(swapped, (x - 9, y - 9, x + 9, y + 9), where="poi.csv")


# --- agreement with another implementation


def test_the_datums_agree_with_eviltransform_over_zhejiang():
    """The package of that name (BSD-2), point by point. Its own inverse is a search that stops some decimetres short, so
    its forward formula is the judge of ours.
    """
    judge = pytest.importorskip("eviltransform", reason="no package eviltransform: install it to run this test")
    lon, lat = (grid.ravel() for grid in np.meshgrid(np.linspace(118.0, 123.0, 26), np.linspace(27.0, 31.2, 22)))
    for ours, theirs in (
        (coordinates.wgs84_to_gcj02, judge.wgs2gcj),
        (coordinates.gcj02_to_bd09, judge.gcj2bd),
        (coordinates.wgs84_to_bd09, judge.wgs2bd),
    ):
        expected = np.array([theirs(y, x) for x, y in zip(lon, lat, strict=True)])
        found = np.column_stack(ours(lon, lat))[:, ::-1]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    there = np.column_stack(coordinates.gcj02_to_wgs84(lon, lat))
    back = np.array([judge.wgs2gcj(y, x) for x, y in there])
    np.testing.assert_allclose(back, np.column_stack([lat, lon]), rtol=0, atol=1e-6)
    searched = np.array([judge.gcj2wgs_exact(y, x) for x, y in zip(lon, lat, strict=True)])
    np.testing.assert_allclose(there[:, ::-1], searched, rtol=0, atol=1e-5)


# --- CGCS2000 Gauss-Krueger in every form


def gauss_kruger_forms():
    """(EPSG code, central meridian, zone number before the easting or None) of all CGCS2000 Gauss-Krueger systems."""
    yield from ((4491 + number, 75 + 6 * number, 13 + number) for number in range(11))
    yield from ((4502 + number, 75 + 6 * number, None) for number in range(11))
    yield from ((4513 + number, 75 + 3 * number, 25 + number) for number in range(21))
    yield from ((4534 + number, 75 + 3 * number, None) for number in range(21))


@pytest.mark.parametrize(("code", "meridian", "zone"), list(gauss_kruger_forms()))
def test_every_gauss_kruger_form_is_read(code, meridian, zone):
    """On the central meridian the easting is 500,000 m, behind the zone number where the form has one."""
    lon, lat = meridian + 0.5, 30.0
    easting, northing = pyproj.Transformer.from_crs(4490, code, always_xy=True).transform(lon, lat)
    middle = pyproj.Transformer.from_crs(4490, code, always_xy=True).transform(meridian, lat)
    assert middle[0] == pytest.approx(500_000 + 1_000_000 * (zone or 0), abs=1e-3)
    target = coordinates.metric_crs(lon, lat)
    truth = placed(frame(lon, lat, 4490), target=target)
    for declared in (f"EPSG:{code}", pyproj.CRS(code).to_wkt(), pyproj.CRS(code).to_wkt("WKT1_ESRI")):
        found = placed(frame(easting, northing), declared, target=target)
        assert truth.distance(found).max() < 1e-3
    with pytest.raises(DataError, match="northing and easting look swapped"):
        placed(frame(northing, easting), f"EPSG:{code}", target=target)


@pytest.mark.parametrize(("bare", "prefixed"), [(4510, 4499), (4550, 4529)])
def test_a_zone_number_too_much_or_missing_is_told(bare, prefixed):
    easting, northing = pyproj.Transformer.from_crs(4490, bare, always_xy=True).transform(121.85, 29.92)
    zone = pyproj.Transformer.from_crs(4490, prefixed, always_xy=True).transform(121.85, 29.92)[0]
    with pytest.raises(DataError, match="eastings are not those of"):
        placed(frame(zone, northing), f"EPSG:{bare}")
    with pytest.raises(DataError, match="eastings are not those of"):
        placed(frame(easting, northing), f"EPSG:{prefixed}")
