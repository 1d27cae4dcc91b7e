"""GeoParquet files, with pyarrow and without."""

import datetime
import decimal
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from livingcircle import coordinates
from livingcircle.errors import DataError, MissingPartError
from livingcircle.sources import geofile

POINTS = [shapely.Point(121.85, 29.92), shapely.Point(121.86, 29.93), shapely.Point(121.87, 29.94)]
NAMES = ["明港小学", "新碶幼儿园", "大碶卫生院"]


def layer(columns=None, crs="EPSG:4326", points=POINTS):
    return gpd.GeoDataFrame(columns or {"名称": NAMES}, geometry=points, crs=crs)


def write(path, frame, **options):
    pytest.importorskip("pyarrow", reason="the part is not installed: pip install 'livingcircle[parquet]'")
    frame.to_parquet(path, **options)
    return path


def with_geo(path, change):
    """The file with its geometry metadata changed by `change`, or left out where it gives None."""
    import json

    from pyarrow import parquet

    table = parquet.read_table(path)
    told = dict(table.schema.metadata)
    geo = change(json.loads(told.pop(b"geo")))
    if geo is not None:
        told[b"geo"] = json.dumps(geo).encode()
    parquet.write_table(table.replace_schema_metadata(told), path)
    return path


def refused(path, problem, error=DataError):
    with pytest.raises(error, match=problem) as caught:
        geofile.read(path)
    assert all(path.name in fault.where and fault.remedy for fault in caught.value.faults)
    return caught.value


def test_names_values_places_and_system_come_as_written(tmp_path):
    frame = geofile.read(write(tmp_path / "学校.parquet", layer({"名称": [" 明港小学　", "", None], "n": [3, 1, 2]})))
    assert frame["名称"].iloc[0] == "明港小学"
    assert frame["名称"].isna().tolist() == [False, False, True]
    assert frame["n"].tolist() == [3, 1, 2]
    assert frame.geometry.x.tolist() == [121.85, 121.86, 121.87]
    assert frame.crs.to_epsg() == 4326
    told = {key: frame.attrs[key] for key in ("source", "layer", "encoding", "repaired")}
    assert told == {"source": "学校.parquet", "layer": "学校", "encoding": "UTF-8", "repaired": 0}


def test_a_file_that_says_no_crs_is_in_degrees_of_wgs84(tmp_path):
    path = write(tmp_path / "a.parquet", layer())

    def silent(geo):
        del geo["columns"]["geometry"]["crs"]
        return geo

    frame = geofile.read(with_geo(path, silent))
    assert frame.crs.to_string() == "OGC:CRS84"
    placed = coordinates.to_crs(frame, declared=None, target="EPSG:4550", where="a.parquet")
    expected = gpd.GeoSeries(POINTS, crs="EPSG:4326").to_crs("EPSG:4550")
    assert placed.geometry.distance(expected).max() < 0.001


def test_a_file_that_says_its_crs_is_unknown_has_none(tmp_path):
    path = write(tmp_path / "a.parquet", layer(crs=None))
    assert geofile.read(path).crs is None


def test_heights_are_dropped_and_rows_without_geometry_named(tmp_path):
    raised = [shapely.Point(p.x, p.y, 8.0) for p in POINTS]
    assert not geofile.read(write(tmp_path / "a.parquet", layer(points=raised))).geometry.has_z.any()
    refused(write(tmp_path / "b.parquet", layer(points=[POINTS[0], None, POINTS[2]])), "row 2: no geometry")
    refused(write(tmp_path / "c.parquet", layer().iloc[:0]), "is empty")


def test_columns_of_every_kind_come_as_from_a_geopackage(tmp_path):
    days = [datetime.date(2020, 1, 1), None, datetime.date(2021, 2, 3)]
    frame = layer(
        {
            "kind": pd.Categorical(["小学", None, "小学"]),
            "level": pd.Categorical([2, 1, 2]),
            "text": pd.array([" 甲 ", None, "乙"], dtype="string"),
            "places": pd.array([360, None, 180], dtype="Int64"),
            "whole": pd.array([1, 2, 3], dtype="Int32"),
            "share": pd.array([0.5, None, 1.0], dtype="Float64"),
            "open": pd.array([True, False, True], dtype="boolean"),
            "price": [decimal.Decimal("1.50"), None, decimal.Decimal("2.25")],
            "day": days,
        }
    )
    found = geofile.read(write(tmp_path / "a.parquet", frame))
    usual = geofile.read(package(tmp_path / "a.gpkg"))
    for name in ("kind", "text", "places", "whole", "share", "open", "level"):
        assert found[name].dtype.kind == usual[name].dtype.kind, name
    assert found["kind"].isna().tolist() == [False, True, False] and found["kind"].iloc[2] == "小学"
    assert found["level"].tolist() == [2, 1, 2]
    assert found["text"].iloc[0] == "甲" and found["text"].isna().tolist() == [False, True, False]
    assert found["places"].iloc[[0, 2]].tolist() == [360, 180] and np.isnan(found["places"].iloc[1])
    assert found["whole"].tolist() == [1, 2, 3]
    assert found["share"].iloc[[0, 2]].tolist() == [0.5, 1.0]
    assert found["open"].tolist() == [True, False, True]
    assert found["price"].iloc[[0, 2]].tolist() == [1.5, 2.25] and found["price"].dtype == "float64"
    assert found["day"].dt.year.iloc[[0, 2]].tolist() == [2020, 2021]


def package(path):
    """The same columns as plain ones, in a GeoPackage."""
    layer(
        {
            "kind": ["小学", None, "小学"], "level": [2, 1, 2], "text": [" 甲 ", None, "乙"], "places": [360, np.nan, 180],
            "whole": [1, 2, 3], "share": [0.5, np.nan, 1.0], "open": [True, False, True],
        }
    ).to_file(path)
    return path


def test_columns_of_arrow_and_numbers_as_names(tmp_path):
    pytest.importorskip("pyarrow", reason="the part is not installed: pip install 'livingcircle[parquet]'")
    frame = layer({"a": [1, 2, 3], "b": ["x", "y", None], "c": [1.5, 2.5, None]}).astype(
        {"a": "int64[pyarrow]", "b": "string[pyarrow]", "c": "double[pyarrow]"}
    )
    found = geofile.read(write(tmp_path / "a.parquet", frame))
    assert found["a"].dtype == "int64" and found["c"].dtype == "float64"
    assert found["b"].iloc[:2].tolist() == ["x", "y"] and found["b"].isna().iloc[2]


def test_names_of_rows_stay_a_column(tmp_path):
    frame = geofile.read(write(tmp_path / "a.parquet", layer({"名称": NAMES, "编号": ["A", "B", "C"]}).set_index("编号")))
    assert frame["编号"].tolist() == ["A", "B", "C"]
    assert frame.index.tolist() == [0, 1, 2]
    frame = geofile.read(write(tmp_path / "b.parquet", layer().iloc[::-1]))
    assert frame["名称"].tolist() == NAMES[::-1] and frame.index.tolist() == [0, 1, 2]
    assert list(frame.columns) == ["名称", "geometry"]


def test_geometry_under_another_name(tmp_path):
    frame = geofile.read(write(tmp_path / "a.parquet", layer().rename_geometry("位置")))
    assert frame.geometry.name == "位置" and frame.geometry.x.iloc[0] == 121.85


def test_a_plain_table_is_told_apart(tmp_path):
    path = with_geo(write(tmp_path / "a.parquet", layer()), lambda geo: None)
    assert "GeoParquet" in str(refused(path, "plain Parquet table"))
    pd.DataFrame({"a": [1]}).to_parquet(path)
    refused(path, "plain Parquet table")


def test_geometry_metadata_that_makes_no_sense(tmp_path):
    for change in (lambda geo: {}, lambda geo: [], lambda geo: geo | {"primary_column": "none"}, lambda geo: geo | {"columns": 7}):
        refused(with_geo(write(tmp_path / "a.parquet", layer()), change), "cannot be read")


@pytest.mark.parametrize("share", [0.001, 0.01, 0.5, 0.9, 0.999])
def test_a_file_cut_short_anywhere_is_refused(tmp_path, share):
    path = write(tmp_path / "a.parquet", layer())
    data = path.read_bytes()
    path.write_bytes(data[: max(1, int(len(data) * share))])
    refused(path, "cannot be read|content is not")


def test_damaged_bytes_are_a_fault_of_the_file_or_harmless(tmp_path):
    path, random, faults = write(tmp_path / "a.parquet", layer()), np.random.default_rng(3), 0
    data = path.read_bytes()
    for _ in range(60):
        damaged = np.frombuffer(data, np.uint8).copy()
        damaged[random.integers(4, len(data), 20)] = random.integers(0, 256, 20)
        path.write_bytes(damaged.tobytes())
        try:
            assert len(geofile.read(path)) == 3
        except DataError as error:
            faults += 1
            assert all(fault.remedy for fault in error.faults)
    assert faults > 10


def test_an_empty_file_and_a_folder(tmp_path):
    path = tmp_path / "a.parquet"
    path.touch()
    refused(path, "the file is empty")
    (tmp_path / "b.parquet").mkdir()
    refused(tmp_path / "b.parquet", "no such file")


def test_without_pyarrow_the_missing_part_is_named(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 is how such a file begins")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    error = refused(path, "needs pyarrow", MissingPartError)
    assert error.exit_code == 5
    assert "pip install 'livingcircle[parquet]'" in str(error) and "GeoPackage" in str(error)
