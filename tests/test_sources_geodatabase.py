"""File geodatabases, as folders and zipped."""

import math
import shutil
import struct
import zipfile

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from livingcircle.errors import DataError
from livingcircle.sources import content, geodatabase, geofile

NAMES = ["明港小学", "新碶幼儿园", "大碶卫生院"]
SQUARES = [shapely.box(x, 0, x + 10, 10) for x in (0, 20, 40)]


def write(path, frame, layer="学校", **options):
    pyogrio.write_dataframe(frame, path, layer=layer, driver="OpenFileGDB", append=path.exists(), **options)
    return path


def schools(names=NAMES, shapes=SQUARES):
    return gpd.GeoDataFrame({"名称": names, "学位数": np.array([360, 180, 0], dtype="int32")[: len(names)]}, geometry=shapes, crs="EPSG:4550")


@pytest.fixture
def base(tmp_path):
    return write(tmp_path / "规划.gdb", schools())


def zipped(base, name="规划.gdb.zip", inside="规划.gdb/"):
    path = base.parent / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in base.iterdir():
            archive.write(file, inside + file.name)
    return path


def refused(path, problem, **options):
    with pytest.raises(DataError, match=problem) as caught:
        geofile.read(path, **options)
    assert all(path.name in fault.where and fault.remedy for fault in caught.value.faults)
    assert "vcpkg" not in str(caught.value) and ".cpp" not in str(caught.value)
    return caught.value


def table_of(base, suffix):
    """The file of the only layer: the table that is added last."""
    return max(base.glob(f"*{suffix}"))


# --- what is read


def test_names_values_places_and_system_come_as_drawn(base):
    frame = geofile.read(base)
    assert frame["名称"].tolist() == NAMES
    assert frame["学位数"].tolist() == [360, 180, 0]
    assert [shape.bounds for shape in frame.geometry] == [(0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10)]
    assert frame.crs.to_epsg() == 4550
    assert frame.index.tolist() == [0, 1, 2]
    told = {key: frame.attrs[key] for key in ("source", "layer", "encoding", "repaired")}
    assert told == {"source": "规划.gdb", "layer": "学校", "encoding": "UTF-8", "repaired": 0}


def test_text_is_stripped_and_blanks_stay_blank(tmp_path):
    frame = geofile.read(write(tmp_path / "a.gdb", schools([" 明港小学　", "", None])))
    assert frame["名称"].iloc[0] == "明港小学"
    assert frame["名称"].isna().tolist() == [False, False, True]


def test_a_path_in_capitals_and_with_a_stroke_at_its_end(base):
    moved = base.rename(base.parent / "A.GDB")
    assert len(geofile.read(f"{moved}/")) == 3


def test_heights_and_parts(tmp_path):
    shapes = [shapely.force_3d(SQUARES[0], 4.5), shapely.MultiPolygon(SQUARES[1:])]
    path = write(tmp_path / "a.gdb", schools(NAMES[:2], shapes), geometry_type="MultiPolygon Z")
    frame = geofile.read(path)
    assert not frame.geometry.has_z.any()
    assert frame.area.tolist() == [100, 200]
    assert shapely.get_num_geometries(frame.geometry.to_numpy()).tolist() == [1, 2]


def arc(*points):
    """WKB of a circular string."""
    return struct.pack("<BII", 1, 8, len(points)) + b"".join(struct.pack("<dd", *point) for point in points)


def test_curves_become_lines_and_polygons(tmp_path):
    half = struct.pack("<BII", 1, 11, 1) + arc((0, 0), (50, 50), (100, 0))
    disc = struct.pack("<BIIBII", 1, 12, 1, 1, 10, 1) + arc((-50, 0), (0, 50), (50, 0), (0, -50), (-50, 0))
    path = tmp_path / "a.gdb"
    for layer, shape, kind in (("路", half, "MultiLineString"), ("园", disc, "MultiPolygon")):
        pyogrio.raw.write(
            path, np.array([shape], dtype=object), [np.array(["弯"], dtype=object)], ["名"],
            layer=layer, driver="OpenFileGDB", geometry_type=kind, crs="EPSG:4550", append=path.exists(),
        )
    road, park = geofile.read(path, layer="路").geometry.iloc[0], geofile.read(path, layer="园").geometry.iloc[0]
    assert (road.geom_type, park.geom_type) == ("MultiLineString", "MultiPolygon")
    assert road.length == pytest.approx(50 * math.pi, rel=0.001)
    assert park.area == pytest.approx(2500 * math.pi, rel=0.001)


def test_one_of_several_layers_must_be_named_and_plain_tables_are_none(base):
    assert len(geofile.read(base)) == 3
    write(base, schools().drop(columns="geometry"), "说明")
    assert len(geofile.read(base)) == 3
    write(base, schools(["甲", "乙"], SQUARES[:2]), "医院")
    told = str(refused(base, "several layers"))
    assert "学校, 医院" in told and "说明" not in told
    assert 'units_layer = "..."' in str(refused(base, "several layers", layer_key="units_layer"))
    assert "学校, 医院" in str(refused(base, "no layer '公园'", layer="公园"))
    refused(base, "no layer '说明'", layer="说明")
    assert geofile.read(base, layer="医院")["名称"].tolist() == ["甲", "乙"]


def test_reading_leaves_the_folder_as_it_was(base):
    before = content.size_and_digest(base)
    names = sorted(file.name for file in base.iterdir())
    geofile.read(base)
    assert content.size_and_digest(base) == before
    assert sorted(file.name for file in base.iterdir()) == names


def test_a_lock_of_somebody_who_has_it_open_does_not_matter(base):
    (base / "_gdb.PC7.123.456.sr.lock").touch()
    assert len(geofile.read(base)) == 3


@pytest.mark.parametrize("inside", ["规划.gdb/", "", "a/b/c.gdb/", "规划.gdb\\"])
def test_a_zipped_geodatabase(base, inside):
    path = zipped(base, inside=inside)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("说明.txt" if inside else "notes/说明.txt", "x")
    shutil.rmtree(base)
    frame = geofile.read(path)
    assert frame["名称"].tolist() == NAMES
    assert (frame.attrs["source"], frame.attrs["layer"]) == ("规划.gdb.zip", "学校")


# --- what is refused


def test_what_is_no_geodatabase(tmp_path, base):
    refused(tmp_path / "none.gdb", "no such file")
    (tmp_path / "empty.gdb").mkdir()
    refused(tmp_path / "empty.gdb", "the folder is empty")
    (tmp_path / "empty.gdb" / "a.lock").touch()
    refused(tmp_path / "empty.gdb", "the folder is empty")
    (tmp_path / "other.gdb").mkdir()
    schools().to_file(tmp_path / "other.gdb" / "a.shp", encoding="UTF-8")
    refused(tmp_path / "other.gdb", "no file geodatabase: a00000001.gdbtable is missing")
    (tmp_path / "file.gdb").write_bytes(b"x")
    refused(tmp_path / "file.gdb", "a geodatabase is a folder")
    (tmp_path / "a!b").mkdir()
    refused(base.rename(tmp_path / "a!b" / "c.gdb"), "'!'")


def test_shapefiles_in_a_geodatabases_folder_are_not_read_in_its_place(base):
    pyogrio.write_dataframe(schools(), base / "b.shp", driver="ESRI Shapefile", encoding="UTF-8")
    assert "move it out" in str(refused(base, "a shapefile lies in .* \\(b.shp\\)"))


def test_compressed_tables_are_told(base):
    table_of(base, ".gdbtable").with_suffix(".gdbtable.cdf").touch()
    assert "Uncompress" in str(refused(base, "compressed"))


def test_an_empty_layer(tmp_path):
    refused(write(tmp_path / "a.gdb", schools().iloc[:0], geometry_type="MultiPolygon"), "layer 学校 is empty")


def test_rows_without_geometry_are_named(tmp_path):
    refused(write(tmp_path / "a.gdb", schools(shapes=[SQUARES[0], None, SQUARES[2]])), "row 2: no geometry")


@pytest.mark.parametrize("suffix", [".gdbtable", ".gdbtablx"])
@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.9, 0.999])
def test_a_table_or_its_index_cut_short_anywhere_is_named(base, suffix, share):
    file = table_of(base, suffix)
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    assert file.name in str(refused(base, "is cut short"))


@pytest.mark.parametrize("name", [geodatabase.CATALOG, "a00000004.gdbtable", None])
def test_a_table_that_is_missing(base, name):
    #  GDAL finds the rows without the index of a table; without the table itself, the catalog or the list of layers it does not
    (base / name if name else table_of(base, ".gdbtable")).unlink()
    refused(base, "is missing|cannot be read|no layer")


def test_a_table_with_the_index_of_another_state(base, tmp_path):
    shorter = write(tmp_path / "b.gdb", schools(NAMES[:2], SQUARES[:2]))
    index = table_of(base, ".gdbtablx")
    whole = index.read_bytes()
    shutil.copy(table_of(shorter, ".gdbtablx"), index)
    assert index.name in str(refused(base, "3 rows in a00000009.gdbtable but 2"))
    #  an index with a place for a row that is blank loses this row in silence
    data = bytearray(whole)
    data[16:21] = bytes(5)
    index.write_bytes(data)
    refused(base, "only 2 of 3 rows of layer 学校 can be read")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_damaged_bytes_are_a_fault_of_the_file_or_harmless(base):
    file, random = table_of(base, ".gdbtable"), np.random.default_rng(7)
    data, faults = file.read_bytes(), 0
    for _ in range(80):
        damaged = np.frombuffer(data, np.uint8).copy()
        damaged[random.integers(0, len(data), 10)] = random.integers(0, 256, 10)
        file.write_bytes(damaged.tobytes())
        try:
            assert len(geofile.read(base)) == 3
        except DataError as error:
            faults += 1
            assert all(fault.remedy for fault in error.faults)
    assert faults > 10


def test_zip_files_that_hold_none_several_or_damage(base, tmp_path):
    path = zipped(base)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    refused(path, "cannot be unpacked")
    damaged = bytearray(data)
    damaged[200:260] = bytes(60)
    path.write_bytes(damaged)
    refused(path, "cannot be unpacked|cut short|cannot be read|is missing")
    path.write_bytes(b"")
    refused(path, "cannot be unpacked")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.vrt", "<OGRVRTDataSource/>")
    refused(path, "holds no file geodatabase")
    for home in ("one.gdb", "two.gdb"):
        with zipfile.ZipFile(path, "a") as archive:
            archive.write(base / geodatabase.CATALOG, f"{home}/{geodatabase.CATALOG}")
    refused(path, "holds 2 geodatabases")


def test_nothing_of_a_zip_file_is_written_outside_its_own_place(base, tmp_path):
    path = zipped(base, inside="../../out/")
    geofile.read(path)
    assert not list(tmp_path.parent.rglob("out/*.gdbtable"))


def test_a_zip_file_with_a_password(base):
    path = zipped(base)
    data = bytearray(path.read_bytes())
    at = 0
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        while (at := data.find(mark, at)) >= 0:
            data[at + flags] |= 1
            at += 4
        at = 0
    path.write_bytes(data)
    refused(path, "cannot be unpacked: .*(encrypted|password)")
