"""Layers from geographic files: GeoPackage, GeoJSON, shapefile, file geodatabase, FlatGeobuf, KML and GeoParquet.

A file is read as it is, in its own CRS and with its own column names; `coordinates.to_crs` places it. Everything
a bureau's file can hide is looked for here: a missing side file, a cut copy, GBK text, rows without geometry.
"""

from __future__ import annotations

import codecs
import struct
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from livingcircle.coordinates import name_rows
from livingcircle.errors import DataError, Fault, listed, raise_all, reason, said
from livingcircle.sources import content, geodatabase, geoparquet

# File suffix -> GDAL drivers that may answer for it, and how such a file begins. A file that begins otherwise is not
# opened at all: GDAL would let, for instance, a virtual layer named .json read any other file of the machine.
JSON_DRIVERS = ("GeoJSON", "GeoJSONSeq", "TopoJSON", "ESRIJSON")
FORMATS = {
    ".gpkg": (("GPKG",), b"SQLite format 3\0"),
    ".geojson": (JSON_DRIVERS, b"{"),
    ".json": (JSON_DRIVERS, b"{"),
    ".shp": (("ESRI Shapefile",), b"\x00\x00\x27\x0a"),
    ".fgb": (("FlatGeobuf",), b"fgb"),
    ".kml": (("KML", "LIBKML"), b"<"),
    ".parquet": (("Parquet",), b"PAR1"),
    # These are looked into by themselves.
    **dict.fromkeys(geodatabase.KINDS, (("OpenFileGDB",), b"")),
}
# Names that .cpg files and planners use, where Python knows the encoding by another one.
GB = ("936", "cp936", "gbk", "gb2312")
ENCODINGS = {**dict.fromkeys(GB, "gb18030"), "65001": "utf-8", "88591": "latin-1"}
COPY_AGAIN = said("copy or export the file again; this copy is damaged")
# The errors of pyogrio are RuntimeErrors; on a damaged .prj file it stumbles with a NameError.
UNREADABLE = (RuntimeError, ValueError, LookupError, OSError, NameError, shapely.errors.ShapelyError)


def read(
    path: str | Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    where: str | None = None,
    layer_key: str = "layer",
) -> gpd.GeoDataFrame:
    """The layer of a geographic file: every row, original column names, text stripped, 2D, in the file's own CRS.

    `layer` is needed where a file holds several, and `layer_key` is the study's key for it. `encoding` overrides what a
    shapefile or GeoJSON seems to use. Curves become lines of short pieces, and invalid polygons are repaired. The result's
    index counts from 0; its `attrs` say `source` (file name), `layer`, `encoding` (used or assumed), `repaired` (number
    of polygons) and `repaired_at` (a point in each). Raises DataError, with row numbers (1 is the first
    data row), when the file is missing, not of an allowed kind, cut short, empty, or has rows without a geometry or
    with coordinates that are not finite; MissingPartError for .parquet without pyarrow (`pip install 'livingcircle[parquet]'`).
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "路网.geojson"
    ...     _ = file.write_text('{"type": "Feature", "properties": {"name": " 大港路 "}, "geometry": {"type":'
    ...                         '"LineString", "coordinates": [[121.85, 29.92, 4], [121.86, 29.92, 5]]}}', "utf-8")
    ...     streets = read(file)
    >>> streets["name"].iloc[0], streets.geometry.iloc[0].wkt, streets.attrs["source"]
    ('大港路', 'LINESTRING (121.85 29.92, 121.86 29.92)', '路网.geojson')
    """
    path = Path(path)
    where = where or path.name
    suffix = _checked_suffix(path, where)
    if suffix == ".parquet":
        frame, used = geoparquet.read(path, where=where, damaged=COPY_AGAIN), "UTF-8"
        layer = layer or path.stem
    elif suffix in geodatabase.KINDS:
        used = "UTF-8"
        with geodatabase.unpacked(path, where) as folder:
            raise_all(geodatabase.faults(folder, where))
            layer = _chosen_layer(folder, layer, where, layer_key)
            frame = _read_ogr(folder, layer, suffix, where)
    else:
        json = suffix in (".geojson", ".json")
        source, used = _json_source(path, encoding, where) if json else (path, "UTF-8")
        layer = _chosen_layer(source, layer, where, layer_key)
        if suffix == ".shp":
            frame, used = _read_shapefile(path, encoding, where)
        else:
            frame = _read_ogr(source, layer, suffix, where)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise DataError(Fault(where, said("layer {layer} has no geometry", layer=layer), "name the layer that holds the map features"))
    if frame.empty:
        raise DataError(Fault(where, said("layer {layer} is empty", layer=layer), "check that the export kept its features"))
    frame, repaired_at = _sound(frame.reset_index(drop=True), where)
    frame = _stripped(frame)
    frame.attrs.update(source=path.name, layer=layer, encoding=used, repaired=len(repaired_at), repaired_at=repaired_at)
    return frame


def _checked_suffix(path: Path, where: str) -> str:
    """The suffix of `path`, a regular file of an allowed kind that begins as such a file begins."""
    suffix = geodatabase.ZIPPED if path.name.lower().endswith(geodatabase.ZIPPED) else path.suffix.lower()
    allowed = said("use a file of one of these kinds: {kinds}", kinds=listed(FORMATS))
    if suffix not in FORMATS:
        raise DataError(Fault(where, said("{suffix} is not a kind of file read here", suffix=suffix or said("a file without suffix")), allowed))
    if not content.is_there(path):
        remedy = said("check the path in study.toml; it is relative to the study's folder, and nothing is read from the web")
        raise DataError(Fault(where, said("no such file: {path}", path=path), remedy))
    if "!" in str(path) or "://" in str(path):
        raise DataError(Fault(where, "the path holds '!' or '://'", "rename the file or its folder"))
    if suffix in geodatabase.KINDS:
        return suffix
    head = _head(path, 4096, where)
    start = head.removeprefix(codecs.BOM_UTF8).lstrip() if suffix in (".geojson", ".json", ".kml") else head
    if not start:
        raise DataError(Fault(where, "the file is empty", COPY_AGAIN))
    if not start.startswith(FORMATS[suffix][1]) or (suffix == ".kml" and (b"<!DOCTYPE" in head or b"<kml" not in head)):
        raise DataError(Fault(where, said("the content is not that of a {suffix} file", suffix=suffix), said("export it again; {remedy}", remedy=allowed)))
    faults = {".shp": _shapefile_faults, ".gpkg": _geopackage_faults}.get(suffix, lambda path, where: [])
    raise_all(faults(path, where))
    return suffix


def _head(path: Path, size: int, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        remedy = said("check that you may read it and that no other program holds it")
        raise DataError(Fault(where, said("{file} cannot be opened: {reason}", file=path.name, reason=reason(error)), remedy)) from None


def _geopackage_faults(path: Path, where: str) -> list[Fault]:
    """A fault when the file is shorter than its header says; SQLite itself may read what is left."""
    head = _head(path, 32, where)
    if len(head) < 32:
        return [Fault(where, "the file is cut short", COPY_AGAIN)]
    page_size, pages = struct.unpack(">H", head[16:18])[0], struct.unpack(">I", head[28:32])[0]
    promised = (65536 if page_size == 1 else page_size) * pages
    if path.stat().st_size < promised:
        return [Fault(where, said("the file is cut short: {size} of {promised} bytes", size=path.stat().st_size, promised=promised), COPY_AGAIN)]
    return []


def _sibling(path: Path, suffix: str) -> Path | None:
    """The side file of a shapefile, whatever the case of its suffix."""
    names = (path.with_suffix(suffix), path.with_suffix(suffix.upper()))
    return next((name for name in names if name.is_file()), None)


def _shapefile_faults(path: Path, where: str) -> list[Fault]:
    """Missing side files, and files shorter than their headers say: GDAL passes over both in silence."""
    faults = [
        Fault(where, said("{file} is missing", file=path.with_suffix(suffix).name), "copy all files of the shapefile together")
        for suffix in (".shx", ".dbf")
        if _sibling(path, suffix) is None
    ]
    if faults:
        return faults
    promised = {}
    for name in (path, _sibling(path, ".shx")):
        head = _head(name, 100, where)
        promised[name] = 2 * struct.unpack(">I", head[24:28])[0] if len(head) == 100 else 100
    table = _sibling(path, ".dbf")
    head = _head(table, 32, where)
    rows, start, width = struct.unpack("<IHH", head[4:12]) if len(head) == 32 else (0, 32, 0)
    promised[table] = start + rows * width
    for name, size in promised.items():
        if name.stat().st_size < size:
            faults.append(
                Fault(where, said("{file} is cut short: {size} of {promised} bytes", file=name.name, size=name.stat().st_size, promised=size), COPY_AGAIN)
            )
    shapes = (promised[_sibling(path, ".shx")] - 100) // 8
    if not faults and shapes != rows:
        faults.append(Fault(where, said("{shapes} shapes but {rows} rows in {table}", shapes=shapes, rows=rows, table=table.name), COPY_AGAIN))
    return faults


def _chosen_layer(source: Path | bytes, layer: str | None, where: str, key: str) -> str:
    """The layer to read: the named one, or the only one with a geometry."""
    try:
        layers = pyogrio.list_layers(source)
    except UNREADABLE as error:
        raise DataError(_unreadable(where, error)) from None
    names = [name for name, geometry in layers if geometry is not None]
    shown = listed(names) or said("none")
    if layer is not None and layer not in names:
        raise DataError(Fault(where, said("no layer {layer!r}", layer=layer), said("layers with a geometry in this file: {layers}", layers=shown)))
    if layer is None and len(names) != 1:
        problem = said("the file holds several layers") if names else said("no layer has a geometry")
        raise DataError(Fault(where, problem, said('write {key} = "..." in study.toml, one of: {layers}', key=key, layers=shown)))
    return layer or names[0]


def _read_ogr(source: Path | bytes, layer: str, suffix: str, where: str) -> pd.DataFrame:
    try:
        told = pyogrio.read_info(source, layer=layer)
        if told["driver"] not in FORMATS[suffix][0]:
            raise DataError(Fault(where, said("it is a {kind} file under another suffix", kind=told["driver"]), "give it its own suffix"))
        frame = pyogrio.read_dataframe(source, layer=layer, force_2d=True)
    except UNREADABLE as error:
        raise DataError(_unreadable(where, error)) from None
    if suffix in geodatabase.KINDS and len(frame) != told["features"]:
        problem = said("only {read} of {rows} rows of layer {layer} can be read", read=len(frame), rows=told["features"], layer=layer)
        raise DataError(Fault(where, problem, geodatabase.WHOLE))
    return frame


def _unreadable(where: str, error: Exception) -> Fault:
    """The fault of a file that GDAL does not read, without GDAL's words to programmers."""
    told = [part for part in str(error).split("; ") if part and not part.startswith(("Error occurred in", "It might help"))]
    return Fault(where, said("cannot be read: {error}", error=told[0]) if told else "cannot be read", COPY_AGAIN)


def _json_source(path: Path, encoding: str | None, where: str) -> tuple[Path | bytes, str]:
    """The path of UTF-8 JSON, or the bytes recoded to UTF-8, and the encoding found."""
    data = path.read_bytes()
    used = _codec(encoding, where) if encoding else _encoding_of([data])
    if used == "UTF-8":
        return path, used
    try:
        return data.decode(used).encode(), used
    except UnicodeDecodeError as error:
        problem = said("the text is not {encoding}: {reason} at byte {start}", encoding=encoding, reason=error.reason, start=error.start)
        raise DataError(Fault(where, problem, "remove encoding, or write the right one")) from None


def _codec(encoding: str, where: str) -> str:
    """The name under which Python knows `encoding`."""
    plain = encoding.strip().lower().replace("-", "").replace("_", "").replace(" ", "")
    try:
        name = codecs.lookup(ENCODINGS.get(plain, encoding.strip())).name
    except LookupError:
        remedy = said('write encoding = "UTF-8" or encoding = "GB18030"')
        raise DataError(Fault(where, said("{encoding!r} is not a known text encoding", encoding=encoding), remedy)) from None
    return {"utf-8": "UTF-8", "gb18030": "GB18030"}.get(name, name)


def _decodes(cells: list[bytes], encoding: str) -> str | None:
    """The text of all `cells`, or None when one is not in `encoding`; a character cut at a cell's end is forgiven."""
    decoder = codecs.getincrementaldecoder(encoding)
    try:
        return "".join(decoder().decode(cell) for cell in cells)
    except UnicodeDecodeError:
        return None


def _encoding_of(cells: list[bytes]) -> str:
    """UTF-8 where all cells are; GB18030 where the text is then everyday Chinese; else Latin-1."""
    if _decodes(cells, "utf-8") is not None:
        return "UTF-8"
    text = _decodes(cells, "gb18030")
    if text is not None:
        foreign = [letter for letter in text if not letter.isascii()]
        # GB 2312 holds the 6 763 characters in daily use; other languages read as GB18030 give rare ones
        common = sum(1 for letter in foreign if letter.encode("gb2312", "ignore"))
        if common >= 0.7 * len(foreign):
            return "GB18030"
    return "latin-1"


def _table_cells(table: Path) -> list[bytes]:
    """The distinct field names and text cells of a .dbf file that are not plain ASCII."""
    data = table.read_bytes()
    rows, start, width = struct.unpack("<IHH", data[4:12])
    cells: set[bytes] = set()
    spans, left = [], 1
    for offset in range(32, start - 31, 32):
        field = data[offset : offset + 32]
        if field[:1] == b"\r":
            break
        cells.add(field[:11].split(b"\0")[0])
        if field[11:12] == b"C":
            spans.append((left, left + field[16]))
        left += field[16]
    if rows and width:
        records = np.frombuffer(data, np.uint8, rows * width, start).reshape(rows, width)
        for first, last in spans:
            column = records[:, first:last]
            wide = column[(column > 127).any(axis=1)]
            cells.update(bytes(cell).rstrip(b" \0") for cell in np.unique(wide, axis=0))
    return [cell for cell in cells if not cell.isascii()]


def _read_shapefile(path: Path, encoding: str | None, where: str) -> tuple[pd.DataFrame, str]:
    """The shapefile, its text decoded from the raw bytes of the .dbf file, and the encoding used.

    The user's word wins; a .cpg file is believed only where the text agrees with it.
    """
    cells, label = _table_cells(_sibling(path, ".dbf")), _sibling(path, ".cpg")
    if encoding:
        used = _codec(encoding, where)
        if _decodes(cells, used) is None:
            remedy = said('remove encoding, or write "{encoding}"', encoding=_encoding_of(cells))
            raise DataError(Fault(where, said("the text is not {encoding}", encoding=encoding), remedy))
    else:
        used = _encoding_of(cells)
        try:
            stated = _codec(label.read_text("ascii", "ignore"), where) if label else used
            used = stated if _decodes(cells, stated) is not None else used
        except DataError:
            pass  # a label that no one understands is as good as none
    try:
        # Latin-1 keeps every byte as it is, so that a name cut inside a character does not stop the whole file
        frame = pyogrio.read_dataframe(path, force_2d=True, encoding="ISO-8859-1")
    except UNREADABLE as error:
        raise DataError(_unreadable(where, error)) from None

    def decoded(text: object) -> object:
        return text.encode("latin-1").decode(used, "ignore") if isinstance(text, str) else text

    names = [decoded(name) for name in frame.columns]  # two names cut inside a character may become one
    frame.columns = [f"{name}_{at}" if name in names[:at] else name for at, name in enumerate(names)]
    for name in _text_columns(frame):
        frame[name] = frame[name].map({text: decoded(text) for text in frame[name].dropna().unique()})
    return frame, used


def _text_columns(frame: pd.DataFrame) -> list[str]:
    return [name for name, kind in frame.dtypes.items() if pd.api.types.is_object_dtype(kind) or kind == "str"]


def _stripped(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    for name in _text_columns(frame):
        frame[name] = frame[name].map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    return frame


def _sound(frame: gpd.GeoDataFrame, where: str) -> tuple[gpd.GeoDataFrame, list[tuple[float, float]]]:
    """`frame` in 2D with valid polygons, and a point in each that was repaired; all rows that cannot be used in one error."""
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    infinite = np.unique(owner[~np.isfinite(points).all(axis=1)])
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    empty[infinite] = False
    polygons = (shapely.get_dimensions(shapes) == 2) & ~empty
    polygons[infinite] = False
    broken = polygons & ~shapely.is_valid(shapes)
    shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    collapsed = broken & shapely.is_empty(shapes)
    rows = np.arange(1, len(frame) + 1)
    found = [
        (rows[empty], said("no geometry"), said("draw the missing features or delete these rows")),
        (rows[infinite], said("coordinates are missing or infinite"), said("repair or delete these rows")),
        (rows[collapsed], said("polygons without any area"), said("redraw or delete them")),
    ]
    raise_all(Fault(where, said("{rows}: {problem}", rows=name_rows(which), problem=problem), remedy) for which, problem, remedy in found if which.size)
    geometry = gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs, name=frame.geometry.name)
    points = shapely.get_coordinates(shapely.point_on_surface(shapes[broken]))
    return frame.set_geometry(geometry), list(map(tuple, points.tolist()))
