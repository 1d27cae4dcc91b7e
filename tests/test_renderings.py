"""One study in the many renderings in which a bureau's data arrive: the coverage is the same."""

import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
import toy_study
from pyproj import CRS, Transformer
from toy_study import edit

from livingcircle import coordinates
from livingcircle.study.analyzing import asked, judged
from livingcircle.study.run import run

#  The toy's metres in other systems; the toy lies at 121.8 E, in the 3-degree zone of 123 E and the 6-degree zone 21.
SYSTEMS = {
    "WGS84": "EPSG:4326",
    "CGCS2000": "EPSG:4490",
    "zone-123E": "EPSG:4550",
    "zone-41-prefixed": "EPSG:4529",
    "zone-120E": "EPSG:4549",
    "zone-40-prefixed": "EPSG:4528",
    "six-degrees-123E": "EPSG:4510",
    "six-degrees-21-prefixed": "EPSG:4499",
    "UTM-51N": "EPSG:32651",
    "web-mercator": "EPSG:3857",
    "proj-string": "+proj=tmerc +lat_0=0 +lon_0=121.5 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs",
    "esri-wkt": CRS.from_epsg(4550).to_wkt("WKT1_ESRI"),
}
SCHOOLS = [("西小学", "现状", None, 0, 10), ("东小学", "规划", 2030, 1000, 10), ("北小学", "现状", None, 500, 280)]

MIDDLE = toy_study.place(500, 0)  # a school here would cover what no school covers


def schools(turn=None):
    rows = []
    for name, status, year, x, y in SCHOOLS:
        lon, lat = toy_study.place(x, y)
        rows.append((name, status, year, *(turn(lon, lat) if turn else (lon, lat))))
    return rows


def write_csv(folder, *, turn=None, names=("名称", "状态", "年份", "lon", "lat"), order=None, encoding="utf-8-sig"):
    frame = pd.DataFrame(schools(turn), columns=list(names)).astype({names[2]: "Int64"})
    frame = frame[order] if order else frame
    frame.to_csv(folder / "schools.csv", index=False, encoding=encoding, float_format="%.9f")


def drawn(folder):
    #  the toy's park has sides of 80 m, which a rounded micrometre parts into 4 or 5 steps of 20 m for its doors; this one has not
    write_csv(folder)
    toy_study.write_layer(folder / "parks.geojson", [shapely.box(480, 303.3, 563, 377)], name=["绿园"])


@pytest.fixture
def study(tmp_path):
    folder = toy_study.write(tmp_path / "toy")
    drawn(folder)
    return folder


def in_crs(folder, system):
    """Streets, homes and parks as GeoPackages in another system, stated by the study."""
    for name, key in (("streets", "[streets]"), ("homes", "[residences]"), ("parks", "[[facilities]]\npath = \"parks")):
        frame = gpd.read_file(folder / f"{name}.geojson").to_crs(CRS.from_user_input(system))
        frame.set_crs(None, allow_override=True).to_file(folder / f"{name}.gpkg", layer=name, driver="GPKG")
        edit(folder / "study.toml", f'path = "{name}.geojson"', f"path = \"{name}.gpkg\"\ncrs = '''{system}'''")


def datum(folder, name, turn):
    edit(folder / "study.toml", 'crs = "WGS84"', f'crs = "{name}"')
    write_csv(folder, turn=turn)


def gcj(folder):
    datum(folder, "GCJ-02", coordinates.wgs84_to_gcj02)


def bd(folder):
    datum(folder, "BD-09", coordinates.wgs84_to_bd09)


def other_order(folder):
    write_csv(folder, order=["lat", "状态", "名称", "lon", "年份"])


def gbk_csv(folder):
    write_csv(folder, encoding="gb18030")


def gbk_shapefile_without_label(folder):
    frame = gpd.read_file(folder / "homes.geojson").to_crs("EPSG:4550").rename(columns={"ref": "地块编号", "people": "人口"})
    frame.assign(名称="滨江花园一期").to_file(folder / "homes.shp", encoding="GBK")
    (folder / "homes.cpg").unlink()
    edit(folder / "study.toml", "homes.geojson", "homes.shp")
    edit(folder / "study.toml", 'population = "people"', 'population = "人口"')
    edit(folder / "study.toml", 'id = "ref"', 'id = "地块编号"')


def shapefile_with_a_wrong_label(folder):
    gbk_shapefile_without_label(folder)
    (folder / "homes.cpg").write_text("UTF-8", encoding="ascii")


def workbook(folder, rows, merged=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for area in merged:
        book.active.merge_cells(area)
    book.save(folder / "schools.xlsx")
    edit(folder / "study.toml", "schools.csv", "schools.xlsx")


def plain_workbook(folder):
    workbook(folder, [("名称", "状态", "年份", "lon", "lat"), *schools()])


def bureau_workbook(folder):
    #  a title, a heading of two rows with merged cells, full-width digits, a dash for blank, a note below
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    body = [(name, status, "—" if year is None else str(year).translate(wide), f"{lon:.9f}".translate(wide), f"{lat:.9f}") for name, status, year, lon, lat in schools()]
    rows = [("学校一览表",), ("名称", "状态", "年份", "坐标", None), (None, None, None, "经度", "纬度"), *body, ("注：虚构数据",)]
    workbook(folder, rows, merged=("A1:E1", "A2:A3", "B2:B3", "C2:C3", "D2:E2"))
    edit(folder / "study.toml", 'open_year = "年份"', 'open_year = "年份"\nlon = "坐标 经度"\nlat = "坐标 纬度"')


def amap_table(folder):
    rows = ["id,name,typecode,location,entr_location,状态,年份"]
    for number, (name, status, year, lon, lat) in enumerate(schools(coordinates.wgs84_to_gcj02)):
        rows.append(f'B{number},{name},141203|141200,"{lon:.9f},{lat:.9f}",[],{status},{year or "[]"}')
    (folder / "schools.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    edit(folder / "study.toml", 'crs = "WGS84"', 'crs = "GCJ-02"')
    edit(folder / "study.toml", 'name = "名称"', 'name = "name"')


def by_code(folder, name, service, crs, rule):
    """The schools of a map service's file, told by their codes; the file's own columns have the service's names."""
    edit(folder / "study.toml", 'path = "schools.csv"\ncrs = "WGS84"\ncategory = "school"', f'path = "{name}"\ncrs = "{crs}"\nmapping = "{service}"')
    edit(folder / "study.toml", 'name = "名称"\n', "")
    edit(folder / "tiny.toml", "[categories.park]", f"[categories.school.match]\n{service} = [{rule}]\n\n[categories.park]")


def amap_places(code):
    """The schools as Amap answers them, a collector's two columns added, and a shop that is no school."""
    told = []
    for number, (name, status, year, lon, lat) in enumerate(schools(coordinates.wgs84_to_gcj02)):
        place = {"id": f"B{number}", "name": name, "typecode": code, "location": f"{lon:.9f},{lat:.9f}", "entr_location": [], "tel": []}
        told.append({**place, "状态": status, "年份": year or []})
    return [*told, {**told[0], "id": "B9", "name": "便利店", "typecode": "060200", "location": "{:.9f},{:.9f}".format(*coordinates.wgs84_to_gcj02(*MIDDLE))}]


def amap_pages(folder):
    first, second, third, shop = amap_places("141203|141200")
    second = {key: value for key, value in second.items() if key != "entr_location"} | {"navi": {"entr_location": ""}, "business": {"tel": ""}}
    pages = [{"status": "1", "info": "OK", "infocode": "10000", "count": "4", "pois": places} for places in ([first, second], [third, first, shop], [])]
    (folder / "schools.json").write_text(json.dumps(pages, ensure_ascii=False), encoding="gb18030")
    by_code(folder, "schools.json", "amap", "GCJ-02", '"1412"')


def amap_lines(folder):
    lines = "\n".join(json.dumps(place, ensure_ascii=False) for place in amap_places("141203"))
    (folder / "schools.jsonl").write_text(lines, encoding="utf-8-sig")
    by_code(folder, "schools.jsonl", "amap", "GCJ-02", '"1412"')


def baidu_pages(folder):
    pages = {}
    for number, (name, status, year, lon, lat) in enumerate(schools(coordinates.wgs84_to_bd09)):
        detail = {"tag": "教育培训;小学", "type": "education", "navi_location": {}}
        place = {"uid": f"b{number}", "name": name, "location": {"lat": round(lat, 9), "lng": round(lon, 9)}, "detail_info": detail, "状态": status}
        lon, lat = coordinates.wgs84_to_bd09(*MIDDLE)
        shop = {**place, "uid": "c", "location": {"lat": lat, "lng": lon}, "detail_info": {"tag": "购物;便利店"}}
        pages[str(number)] = {"status": 0, "message": "ok", "results": [{**place, **({"年份": year} if year else {})}, shop]}
    (folder / "schools.json").write_text(json.dumps(pages, ensure_ascii=False), encoding="utf-8")
    by_code(folder, "schools.json", "baidu", "BD-09", '"教育培训;小学"')


def amap_workbook(folder):
    #  codes kept as numbers lose the zero in front: 090100 here; a row of groups over the heading
    heading = ("id", "name", "typecode", "location", "entr_location", "tel", "状态", "年份")
    rows = [[place[key] for key in heading] for place in amap_places("090100")]
    rows = [["[]" if cell == [] else float(cell) if key == "typecode" else cell for key, cell in zip(heading, row, strict=True)] for row in rows]
    rows[1][2] = "90100|141203"
    workbook(folder, [("高德地点", None, None, "坐标", None, "其他", None, None), heading, *rows], merged=("A1:C1", "D1:E1", "F1:H1"))
    edit(folder / "study.toml", "schools.xlsx", "schools.csv")
    by_code(folder, "schools.xlsx", "amap", "GCJ-02", '"0901"')
    edit(folder / "study.toml", '[facilities.columns]\nstatus', '[facilities.where]\ncolumn = "typecode"\nstarts_with = ["0901"]\n[facilities.columns]\nstatus')


def osm_extract(folder):
    """The streets as OSM XML, joined by their node ids."""
    nodes = {(0, 0): 1, (500, 0): 2, (1000, 0): 3, (500, 300): 4}
    ways = [(10, [1, 2, 3], "residential", "长街"), (11, [2, 4], "footway", "小巷")]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    for spot, number in nodes.items():
        lon, lat = toy_study.place(*spot)
        lines.append(f'<node id="{number}" version="1" lon="{lon:.7f}" lat="{lat:.7f}"/>')
    for number, refs, kind, name in ways:
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs) + f'<tag k="highway" v="{kind}"/><tag k="name" v="{name}"/>'
        lines.append(f'<way id="{number}" version="1">{inner}</way>')
    (folder / "streets.osm").write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    edit(folder / "study.toml", "streets.geojson", "streets.osm")


def three_dimensions_and_multis(folder):
    frame = gpd.read_file(folder / "homes.geojson")
    frame.geometry = [shapely.MultiPolygon([shapely.force_3d(shape, 12.5)]) for shape in frame.geometry]
    frame.to_file(folder / "homes.gpkg", layer="住宅", driver="GPKG")
    frame.head(1).to_file(folder / "homes.gpkg", layer="别的图层", driver="GPKG")
    edit(folder / "study.toml", 'path = "homes.geojson"', 'path = "homes.gpkg"\nlayer = "住宅"')


def extra_vertices(folder):
    frame = gpd.read_file(folder / "streets.geojson").to_crs("EPSG:4550")
    frame.geometry = shapely.segmentize(frame.geometry.to_numpy(), 17.0)
    frame.to_crs("EPSG:4326").to_file(folder / "streets.geojson", driver="GeoJSON")


def local_system(folder):
    """Every layer in a site's own coordinates without a label, and four points that are known in both systems."""
    for name in ("streets", "homes", "parks"):
        toy_study.in_local(folder, name)
    places = toy_study.local_xy([(x, y) for *_, x, y in SCHOOLS])
    rows = [(name, status, year, *xy) for (name, status, year, *_), xy in zip(SCHOOLS, places, strict=True)]
    pd.DataFrame(rows, columns=["名称", "状态", "年份", "东", "北"]).astype({"年份": "Int64"}).to_csv(folder / "schools.csv", index=False)
    edit(folder / "study.toml", 'crs = "WGS84"', 'crs = "local"')
    edit(folder / "study.toml", 'open_year = "年份"', 'open_year = "年份"\nx = "东"\ny = "北"')
    toy_study.write_common_points(folder)
def layers_of(folder):
    """Streets, homes, parks and schools as layers, under the names of their files."""
    rows = pd.DataFrame(schools(), columns=["名称", "状态", "年份", "lon", "lat"]).astype({"年份": "Int64"})
    points = gpd.GeoDataFrame(rows[["名称", "状态", "年份"]], geometry=gpd.points_from_xy(rows["lon"], rows["lat"]), crs="EPSG:4326")
    drawn = {name: gpd.read_file(folder / f"{name}.geojson") for name in ("streets", "homes", "parks")}
    return {"schools": points, **drawn}


def one_geodatabase(folder):
    for name, frame in layers_of(folder).items():
        #  ArcGIS keeps whole numbers in 32 bits, and lines and polygons as shapes of several parts with heights
        numbers = dict.fromkeys(frame.select_dtypes("number").columns, "Int32")
        plain = frame.astype(numbers).to_crs("EPSG:4550")
        plain.geometry = shapely.force_3d(plain.geometry.to_numpy(), 3.0)
        kind = {"schools": "Point Z", "streets": "MultiLineString Z"}.get(name, "MultiPolygon Z")
        path = folder / "规划.gdb"
        pyogrio.write_dataframe(plain, path, layer=f"{name}_图层", driver="OpenFileGDB", geometry_type=kind, append=path.exists())
        ending = "csv" if name == "schools" else "geojson"
        edit(folder / "study.toml", f'path = "{name}.{ending}"', f'path = "规划.gdb"\nlayer = "{name}_图层"')
        (folder / f"{name}.{ending}").unlink()
    edit(folder / "study.toml", 'crs = "WGS84"', "")


def geoparquet(folder):
    pytest.importorskip("pyarrow", reason="the part is not installed: pip install 'livingcircle[parquet]'")
    for name, frame in layers_of(folder).items():
        codes = {column: "category" for column in ("状态", "highway") if column in frame.columns}
        frame.astype(codes).to_parquet(folder / f"{name}.parquet")
        ending = "csv" if name == "schools" else "geojson"
        edit(folder / "study.toml", f'path = "{name}.{ending}"', f'path = "{name}.parquet"')
        (folder / f"{name}.{ending}").unlink()


def quiet(step, done, total):
    pass


RENDERINGS = [
    gcj, bd, other_order, gbk_csv, gbk_shapefile_without_label, shapefile_with_a_wrong_label, plain_workbook, bureau_workbook, amap_table,
    amap_pages, amap_lines, baidu_pages, amap_workbook, osm_extract, three_dimensions_and_multis, extra_vertices, local_system,
    one_geodatabase, geoparquet,
]


def shares(folder, *, written=True):
    """Shares of land and people by what is asked for, of a run that writes its files, or of the judgement alone."""
    result = run(folder, out=folder / "out", progress=quiet)[0] if written else judged(asked(folder), progress=quiet)
    table = result.coverage.set_index(["unit", "category", "level", "group"])
    return table[["land_share", "people_share", "land_share_time", "people_share_time"]]


@pytest.fixture(scope="module")
def as_drawn(tmp_path_factory):
    folder = toy_study.write(tmp_path_factory.mktemp("drawn") / "toy")
    drawn(folder)
    told = shares(folder)
    #  neither none nor all are covered, or nothing would be compared
    assert ((told > 0.05) & (told < 0.95)).any(axis=None)
    return told


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("render", RENDERINGS, ids=lambda render: render.__name__)
def test_every_form_of_the_files_gives_the_same_coverage(study, as_drawn, render):
    render(study)
    pd.testing.assert_frame_equal(shares(study), as_drawn, atol=0.001, rtol=0)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_every_system_gives_the_same_coverage(study, as_drawn, system):
    in_crs(study, system)
    pd.testing.assert_frame_equal(shares(study, written=False), as_drawn, atol=0.001, rtol=0)


def test_the_same_numbers_in_another_datum_are_another_place(study, as_drawn):
    #  GCJ-02 read as WGS-84 moves the schools by 490 m, and the judgement with them: the renderings above are no accident
    datum(study, "WGS84", coordinates.wgs84_to_gcj02)
    assert np.abs(shares(study, written=False) - as_drawn).to_numpy().max() > 0.05


def test_the_toy_lies_where_its_zones_say():
    lon, lat = toy_study.place(0, 0)
    assert 121.5 < lon < 123
    east, _ = Transformer.from_crs("EPSG:4326", "EPSG:4529", always_xy=True).transform(lon, lat)
    assert 41_300_000 < east < 41_500_000
