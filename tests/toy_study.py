"""A whole toy study on disk, to be spoiled by tests."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from conftest import CRS, LIGHT, TINY
from pyproj import Transformer

#  West end of the street; the toy's metres are laid out from here.
EAST, NORTH = 380_000.0, 3_313_000.0
TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)

STUDY = """
[study]
id = "toy"
name = { zh = "玩具城", en = "Toy town" }
note = { zh = "虚构数据", en = "made up" }
crs = "EPSG:4550"
standard = "tiny.toml"
language = "zh"
year = 2025

[streets]
path = "streets.geojson"

[[facilities]]
path = "schools.csv"
crs = "WGS84"
category = "school"
[facilities.columns]
name = "名称"
status = "状态"
open_year = "年份"

[[facilities]]
path = "parks.geojson"
category = "park"
[facilities.columns]
name = "name"

[residences]
path = "homes.geojson"
population = "people"
[residences.columns]
id = "ref"
"""


def place(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a point of the toy, in metres from its west end."""
    return TO_DEGREES.transform(EAST + x, NORTH + y)


def write_layer(path: Path, shapes: list, **columns: list) -> None:
    """A GeoJSON file in WGS-84 of shapes drawn in the toy's metres."""
    moved = [shapely.transform(shape, lambda xy: xy + (EAST, NORTH)) for shape in shapes]
    gpd.GeoDataFrame(columns, geometry=moved, crs=CRS).to_crs("EPSG:4326").to_file(path, driver="GeoJSON")


def write(folder: Path, *, whole: bool = False) -> Path:
    """The toy study in `folder`, whose runs leave out drawings and report unless `whole`: a street of 1,000 m with a branch, two schools, a park, three blocks of homes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(STUDY + ("" if whole else LIGHT), encoding="utf-8")
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    lines = [shapely.LineString(p) for p in ([(0, 0), (1000, 0)], [(500, 0), (500, 300)])]
    write_layer(folder / "streets.geojson", lines, highway=["residential", "footway"], name=["长街", "小巷"])
    rows = ["名称,状态,年份,lon,lat"]
    for name, status, year, x, y in (("西小学", "现状", "", 0, 10), ("东小学", "规划", "2030", 1000, 10)):
        rows.append(f"{name},{status},{year},{place(x, y)[0]:.8f},{place(x, y)[1]:.8f}")
    (folder / "schools.csv").write_text("\n".join(rows) + "\n", encoding="utf-8-sig")
    write_layer(folder / "parks.geojson", [shapely.box(480, 310, 560, 380)], name=["绿园"])
    blocks = [shapely.box(x, 5, x + 100, 60) for x in (100, 450, 820)]
    write_layer(folder / "homes.geojson", blocks, ref=["A", "B", "C"], people=[120, 200, 80])
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace text in a file; the old text must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit_features(path: Path, change) -> None:
    """Change the features of a GeoJSON file."""
    told = json.loads(path.read_text(encoding="utf-8"))
    told["features"] = change(told["features"])
    path.write_text(json.dumps(told), encoding="utf-8")


#  Corners around the toy, in its metres.
CORNERS = [(-200.0, -100.0), (1200.0, -100.0), (1200.0, 500.0), (-200.0, 500.0)]


def local_xy(xy) -> np.ndarray:
    """The toy's metres in a site's own system: turned by 3 degrees counterclockwise, shortened by 40 mm a kilometre, and shifted."""
    angle = np.radians(3)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return 0.99996 * np.asarray(xy, dtype=float) @ turn + [20_000, 8_000]


def to_local(folder: Path, name: str) -> None:
    """Write the layer `name`.geojson in the site's own system, without a label, as `name`.gpkg."""
    frame = gpd.read_file(folder / f"{name}.geojson").to_crs(CRS)
    frame.geometry = [shapely.transform(shape, lambda xy: local_xy(xy - (EAST, NORTH))) for shape in frame.geometry]
    frame.set_crs(None, allow_override=True).to_file(folder / f"{name}.gpkg", layer=name, driver="GPKG")


def in_local(folder: Path, name: str) -> None:
    """Let the study read the layer `name` from a file in the site's own system, and say so."""
    to_local(folder, name)
    edit(folder / "study.toml", f'path = "{name}.geojson"', f'path = "{name}.gpkg"\ncrs = "local"')


def write_common_points(folder: Path) -> None:
    """The table `points.csv` of `CORNERS` as a bureau writes it: GB18030, Chinese headings, X for the northing."""
    table = pd.DataFrame({"点名": ["A1", "A2", "A3", "A4"]})
    table[["地方Y", "地方X"]] = local_xy(CORNERS).round(3)
    table[["Y", "X"]] = np.array(CORNERS) + (EAST, NORTH)
    table[["点名", "地方X", "地方Y", "X", "Y"]].to_csv(folder / "points.csv", index=False, encoding="gb18030")
    columns = '{ name = "点名", local_x = "地方Y", local_y = "地方X", x = "Y", y = "X" }'
    edit(folder / "study.toml", "[streets]", f'[study.local_system]\npoints = "points.csv"\ncolumns = {columns}\n\n[streets]')
