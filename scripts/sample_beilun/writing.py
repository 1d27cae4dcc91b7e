"""The sample's files, byte for byte the same on every run of one machine."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
from openpyxl.styles import Alignment, Font

from sample_beilun.ground import FACTS

DAY = FACTS["stamp"][:10]
MOMENT = datetime.fromisoformat(FACTS["stamp"].replace("Z", "+00:00")).replace(tzinfo=None)
NAME_BYTES = 10  # of a field in a .dbf file
LANGUAGE_BYTE = 29  # of a .dbf file: names the encoding, and is 0 in files whose encoding nobody states


@contextmanager
def _fixed_date():
    """GDAL with the date of the facts instead of today's."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FACTS["stamp"]})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def geopackage(path: Path, layers: dict[str, gpd.GeoDataFrame]) -> Path:
    """A GeoPackage with `layers` in order."""
    path.unlink(missing_ok=True)
    with _fixed_date():
        for name, frame in layers.items():
            pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=path.exists())
    with sqlite3.connect(path) as database:
        database.execute("UPDATE gpkg_contents SET last_change = ?", (FACTS["stamp"],))
    database.close()
    return path


def geojson(path: Path, frame: gpd.GeoDataFrame) -> Path:
    """A GeoJSON file in WGS-84."""
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(frame, path, driver="GeoJSON", layer_options={"COORDINATE_PRECISION": "7"})
    return path


def shapefile(path: Path, frame: gpd.GeoDataFrame) -> list[Path]:
    """A shapefile in GBK that does not say so: no .cpg file, and no mark in the table."""
    options = {"DBF_DATE_LAST_UPDATE": DAY}
    names = [name for name in frame.columns if name != frame.geometry.name]
    # GDAL would cut the names at ten bytes of UTF-8; in GBK they are shorter and fit.
    plain = frame.rename(columns={name: f"F{at}" for at, name in enumerate(names)})
    pyogrio.write_dataframe(plain, path, driver="ESRI Shapefile", encoding="GBK", layer_options=options)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    table = path.with_suffix(".dbf")
    data = bytearray(table.read_bytes())
    data[LANGUAGE_BYTE] = 0
    for at, name in enumerate(names, start=1):
        data[32 * at : 32 * at + NAME_BYTES + 1] = name.encode("gbk").ljust(NAME_BYTES + 1, b"\0")
    table.write_bytes(bytes(data))
    return [path.with_suffix(suffix) for suffix in (".shp", ".shx", ".dbf", ".prj")]


def csv(path: Path, frame: pd.DataFrame) -> Path:
    """A CSV file in UTF-8 with a byte-order mark."""
    frame.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    return path


def workbook(path: Path, title: str, heading: list[str], rows: list[list]) -> Path:
    """A workbook with a merged title above the heading."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "机构一览"
    sheet.append([title])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(heading))
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A1"].alignment = Alignment(horizontal="center")
    for row in [heading, *rows]:
        sheet.append(row)
    for column, width in zip("ABCDEFGH", (6, 30, 30, 9, 12, 12, 10, 10), strict=True):
        sheet.column_dimensions[column].width = width
    book.properties.creator = "livingcircle sample"
    held = io.BytesIO()
    book.save(held)  # stamps the present moment on the properties and on every member of the archive
    _restamp(held.getvalue(), path)
    return path


def _restamp(data: bytes, path: Path) -> None:
    """The archive `data` with every member and its properties at the moment of the facts."""
    moment = MOMENT.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            member = old.read(name)
            if name == "docProps/core.xml":
                member = _dated(member, moment)
            new.writestr(zipfile.ZipInfo(name, MOMENT.timetuple()[:6]), member, zipfile.ZIP_DEFLATED)


def _dated(member: bytes, moment: bytes) -> bytes:
    for tag in (b"dcterms:created", b"dcterms:modified"):
        start = member.index(b">", member.index(b"<" + tag)) + 1
        member = member[:start] + moment + member[member.index(b"</" + tag) :]
    return member
