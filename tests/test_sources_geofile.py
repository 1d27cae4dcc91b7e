import json
import shutil

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from livingcircle.errors import DataError
from livingcircle.sources import geofile

POINTS = [shapely.Point(121.85, 29.92), shapely.Point(121.86, 29.93), shapely.Point(121.87, 29.94)]
NAMES = ["明港小学", "新碶幼儿园", "大碶卫生院"]


def layer(names=NAMES, column="名称", points=POINTS):
    return gpd.GeoDataFrame({column: names}, geometry=points, crs="EPSG:4326")


def write(path, frame, **options):
    pyogrio.write_dataframe(frame, path, **options)
    return path


def shapefile(folder, frame, encoding, *, cpg=None):
    path = write(folder / "学校.shp", frame, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    # the language byte of the table's header says nothing, as in many files of bureaux
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = 0
    path.with_suffix(".dbf").write_bytes(table)
    return path


def geojson(folder, *geometries, name="a.geojson"):
    features = [{"type": "Feature", "properties": {"n": i}, "geometry": g} for i, g in enumerate(geometries)]
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def polygon(*ring):
    return {"type": "Polygon", "coordinates": [list(map(list, ring))]}


def refused(path, problem, error=DataError, **options):
    with pytest.raises(error, match=problem) as caught:
        geofile.read(path, **options)
    assert all(path.name in fault.where and fault.remedy for fault in caught.value.faults)
    return caught.value


# --- what is read


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".json", ".fgb", ".shp", ".kml"])
def test_every_kind_of_file_gives_the_same_rows(tmp_path, suffix):
    driver = {"driver": {".json": "GeoJSON", ".kml": "KML"}[suffix]} if suffix in (".json", ".kml") else {}
    column = "Name" if suffix == ".kml" else "名称"
    options = {"encoding": "UTF-8"} if suffix == ".shp" else {}
    path = write(tmp_path / f"学校{suffix}", layer(column=column), **driver, **options)
    frame = geofile.read(path)
    order = np.argsort(frame.geometry.x.to_numpy())  # FlatGeobuf sorts its rows by place
    assert frame[column].to_numpy()[order].tolist() == NAMES
    assert frame.geometry.x.to_numpy()[order].tolist() == pytest.approx([121.85, 121.86, 121.87])
    assert frame.crs.to_epsg() == 4326
    assert frame.index.tolist() == [0, 1, 2]
    assert (frame.attrs["source"], frame.attrs["encoding"], frame.attrs["repaired"]) == (path.name, "UTF-8", 0)


def test_suffix_case_does_not_matter_and_a_path_may_be_text(tmp_path):
    path = write(tmp_path / "a.gpkg", layer())
    path = path.rename(tmp_path / "A.GPKG")
    assert len(geofile.read(str(path))) == 3


def test_text_is_stripped_and_other_columns_are_kept(tmp_path):
    frame = layer([" 明港小学　", "", None]).assign(places=[1, 2, 3], share=[0.5, np.nan, 1.0])
    found = geofile.read(write(tmp_path / "a.gpkg", frame))
    assert found["名称"].iloc[0] == "明港小学"
    assert found["名称"].isna().tolist() == [False, False, True]
    assert found["places"].tolist() == [1, 2, 3]
    assert np.isnan(found["share"].iloc[1])


def test_height_is_dropped(tmp_path):
    frame = layer(points=[shapely.Point(p.x, p.y, 8.0) for p in POINTS])
    assert not geofile.read(write(tmp_path / "a.gpkg", frame)).geometry.has_z.any()


def test_broken_polygons_are_repaired_and_counted(tmp_path):
    bow_tie = polygon((0, 0), (2, 2), (2, 0), (0, 2), (0, 0))
    square = polygon((5, 5), (6, 5), (6, 6), (5, 6), (5, 5))
    frame = geofile.read(geojson(tmp_path, square, bow_tie))
    assert frame.attrs["repaired"] == 1
    assert frame.geometry.is_valid.all()
    assert shapely.area(frame.geometry.to_numpy()).tolist() == pytest.approx([1.0, 2.0])
    assert set(frame.geom_type) <= {"Polygon", "MultiPolygon"}


# --- encodings


@pytest.mark.parametrize("label", [None, "UTF-8", "nonsense", "GBK", "936"])
def test_gbk_text_is_read_whatever_its_label_says(tmp_path, label):
    frame = geofile.read(shapefile(tmp_path, layer(), "GBK", cpg=label))
    assert frame["名称"].tolist() == NAMES
    assert frame.attrs["encoding"] == "GB18030"


@pytest.mark.parametrize("label", [None, "UTF-8"])
def test_utf8_text_is_read_with_and_without_a_label(tmp_path, label):
    frame = geofile.read(shapefile(tmp_path, layer(), "UTF-8", cpg=label))
    assert frame["名称"].tolist() == NAMES
    assert frame.attrs["encoding"] == "UTF-8"


@pytest.mark.filterwarnings("ignore:Could not decode error message")
def test_a_name_cut_inside_a_character_loses_only_that_character(tmp_path):
    frame = layer(["明港小学" * 30] * 3, column="居住人口")  # 12 bytes of UTF-8 in a field name of 10; 360 in a field of 254
    found = geofile.read(shapefile(tmp_path, frame, "UTF-8"))
    assert found.columns[0] == "居住人"
    assert found["居住人"].iloc[0].startswith("明港小学明港")
    assert found.attrs["encoding"] == "UTF-8"


def test_the_users_encoding_wins_and_is_checked(tmp_path):
    path = shapefile(tmp_path, layer(), "GBK")
    assert geofile.read(path, encoding="gb2312")["名称"].tolist() == NAMES
    refused(path, "not UTF-8", encoding="UTF-8")
    refused(path, "not a known text encoding", encoding="klingon")


def test_western_text_is_not_taken_for_chinese(tmp_path):
    frame = layer(["São João", "Praça da Sé", "Conceição"], column="name")
    found = geofile.read(shapefile(tmp_path, frame, "ISO-8859-1"))
    assert found["name"].tolist() == ["São João", "Praça da Sé", "Conceição"]


def test_geojson_in_gb18030_or_with_a_byte_order_mark(tmp_path):
    text = write(tmp_path / "a.geojson", layer()).read_text("utf-8")
    for encoding, found in (("gb18030", "GB18030"), ("utf-8-sig", "UTF-8")):
        path = tmp_path / f"{encoding}.geojson"
        path.write_bytes(text.encode(encoding))
        frame = geofile.read(path)
        assert frame["名称"].tolist() == NAMES
        assert frame.attrs["encoding"] == found


# --- layers


def test_one_of_several_layers_must_be_named(tmp_path):
    path = write(tmp_path / "a.gpkg", layer(), layer="学校")
    write(path, layer(["甲", "乙", "丙"]), layer="医院", append=True)
    assert "学校, 医院" in str(refused(path, "several layers"))
    assert "学校, 医院" in str(refused(path, "no layer '公园'", layer="公园"))
    frame = geofile.read(path, layer="医院")
    assert frame["名称"].tolist() == ["甲", "乙", "丙"]
    assert frame.attrs["layer"] == "医院"


def test_a_table_without_geometry_beside_the_only_layer_does_not_matter(tmp_path):
    path = write(tmp_path / "a.gpkg", layer(), layer="学校")
    write(path, layer().drop(columns="geometry"), layer="说明", append=True)
    assert len(geofile.read(path)) == 3
    refused(path, "no layer '说明'", layer="说明")


# --- what is refused


@pytest.mark.parametrize("name", ["missing.gpkg", "folder.gpkg"])
def test_a_file_that_is_none(tmp_path, name):
    (tmp_path / "folder.gpkg").mkdir()
    refused(tmp_path / name, "no such file")


@pytest.mark.parametrize("path", ["/vsicurl/http://127.0.0.1/a.geojson", "http://127.0.0.1/a.geojson", '{"type": "Point"}.json'])
def test_nothing_is_read_from_the_web_or_from_the_path_itself(path):
    with pytest.raises(DataError, match="no such file"):
        geofile.read(path)


@pytest.mark.parametrize("name", ["a.dwg", "a.vrt", "a.zip", "a"])
def test_other_kinds_of_files(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    assert ".gpkg" in str(refused(tmp_path / name, "not a kind of file"))


def test_a_virtual_layer_under_a_harmless_name_is_not_opened(tmp_path):
    target = write(tmp_path / "secret.gpkg", layer())
    virtual = f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{target}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    for suffix in (".geojson", ".gpkg", ".kml", ".shp"):
        path = tmp_path / f"a{suffix}"
        path.write_text(virtual)
        refused(path, "content is not|is missing")


def test_an_archive_is_not_reached_through_an_exclamation_mark(tmp_path):
    (tmp_path / "a!b").mkdir()
    refused(write(tmp_path / "c.gpkg", layer()).rename(tmp_path / "a!b" / "c.gpkg"), "'!'")


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".fgb"])
def test_an_empty_file_and_an_empty_layer(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", layer().iloc[:0], geometry_type="Point")
    refused(path, "is empty|several layers|no layer")
    path.write_bytes(b"")
    refused(path, "the file is empty")


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".shp"])
@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_anywhere_is_refused(tmp_path, suffix, share):
    many = layer([f"学校{i}" for i in range(300)], points=[shapely.Point(121 + i / 1000, 29.9) for i in range(300)])
    path = write(tmp_path / f"a{suffix}", many)
    data = path.read_bytes()
    path.write_bytes(data[: max(1, int(len(data) * share))])
    refused(path, ".")


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
def test_side_files_of_a_shapefile_must_be_there_and_whole(tmp_path, suffix):
    path = shapefile(tmp_path, layer(), "UTF-8")
    side = path.with_suffix(suffix)
    data = side.read_bytes()
    side.write_bytes(data[:-20])
    assert side.name in str(refused(path, "cut short"))
    side.unlink()
    assert side.name in str(refused(path, "is missing"))
    side.with_suffix(suffix.upper()).write_bytes(data)
    assert geofile.read(path)["名称"].tolist() == NAMES


def test_both_missing_side_files_are_told_at_once(tmp_path):
    path = shapefile(tmp_path, layer(), "UTF-8")
    shutil.copy(path, tmp_path / "alone.shp")
    assert len(refused(tmp_path / "alone.shp", "is missing").faults) == 2


def test_a_file_that_may_not_be_opened(tmp_path, monkeypatch):
    path = write(tmp_path / "a.gpkg", layer())

    def locked(self, *_, **__):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(path), "open", locked)
    refused(path, "cannot be opened: Permission denied")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".shp"])
def test_damaged_bytes_are_a_fault_of_the_file_or_harmless(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", layer(points=[p.buffer(0.01) for p in POINTS]))
    data, random = path.read_bytes(), np.random.default_rng(5)
    faults = 0
    for _ in range(60):
        damaged = np.frombuffer(data, np.uint8).copy()
        damaged[random.integers(0, len(data), 20)] = random.integers(0, 256, 20)
        path.write_bytes(damaged.tobytes())
        try:
            assert len(geofile.read(path)) == 3
        except DataError as error:
            faults += 1
            assert all(fault.remedy for fault in error.faults)
    assert faults > 10


def test_a_table_of_another_shapefile(tmp_path):
    path = shapefile(tmp_path, layer(), "UTF-8")
    (tmp_path / "other").mkdir()
    other = shapefile(tmp_path / "other", layer().iloc[:2], "UTF-8")
    shutil.copy(other.with_suffix(".dbf"), path.with_suffix(".dbf"))
    refused(path, "3 shapes but 2 rows")


def test_rows_without_geometry_without_area_or_not_finite_come_in_one_error(tmp_path):
    points = [POINTS[0], None, shapely.Point(), shapely.Point(np.inf, 29.9)]
    flat = shapely.Polygon([(0, 0), (1, 1), (2, 2), (0, 0)])
    path = write(tmp_path / "a.gpkg", layer(list("abcde"), points=[*points, flat]), geometry_type="Unknown")
    error = refused(path, "no geometry")
    assert len(error.faults) == 3
    assert "rows 2, 3: no geometry" in str(error)
    assert "row 4: coordinates are missing or infinite" in str(error)
    assert "row 5: polygons without any area" in str(error)


def test_only_the_first_five_rows_are_named(tmp_path):
    error = refused(geojson(tmp_path, *[None] * 8, {"type": "Point", "coordinates": [1, 2]}), "no geometry")
    assert "rows 1, 2, 3, 4, 5 and 3 more" in str(error)


def test_the_place_in_a_message_can_be_given(tmp_path):
    with pytest.raises(DataError, match=r"^\[streets\] path: no such file"):
        geofile.read(tmp_path / "a.gpkg", where="[streets] path")
