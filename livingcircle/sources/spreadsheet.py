"""Tables from spreadsheets: CSV and XLSX as planners and map services write them.

Bureaux put titles and notes around a table, type full-width digits and dashes for blanks, and save in GB18030; map
services write `[]` for a missing value. All of it is read here; what the columns mean is decided elsewhere.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import io
import math
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree.ElementTree import ParseError

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import shapely
from openpyxl.utils.exceptions import InvalidFileException

from livingcircle.coordinates import name_rows, number_faults, resolve_crs
from livingcircle.errors import DataError, Fault, listed, raise_all, reason, said
from livingcircle.sources.headings import PLAIN_NUMBER, below_heading, filled

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx")
BLANKS = frozenset("|-|--|—|——|–|/|\\|[]|无|nan|null|none|n/a|#n/a|#value!|#ref!|#div/0!".split("|"))
NUMBER = re.compile(
    r"(?:约|大约|近|≈|~)?\s*(?P<value>[+-]?(?:\d{1,3}(?:[, ]\d{3})+|\d+)(?:\.\d*)?(?:e[+-]?\d+)?|[+-]?\.\d+)\s*"
    r"(?P<times>万|亿|%)?\s*(?P<unit>[^\d\s.,+~/-]\D*(?:(?<=[a-z])[23]\D*)?)?",
    re.IGNORECASE,
)
TIMES = {None: 1.0, "万": 1e4, "亿": 1e8, "%": 0.01}
LARGEST_BYTES = 1 << 30  # a workbook that unpacks to more than this is refused unread
BROKEN_WORKBOOK = (
    zipfile.BadZipFile, InvalidFileException, ParseError, zlib.error, KeyError, ValueError, TypeError, EOFError, OSError,
    RuntimeError,
)  # fmt: skip

# Headings under which coordinates are found when the study names no column, in order of trust.
HEADINGS = {
    "lon": ("lon", "lng", "longitude", "经度", "x", "x坐标", "坐标x", "location.lng"),
    "lat": ("lat", "latitude", "纬度", "y", "y坐标", "坐标y", "location.lat"),
    "location": ("location", "经纬度", "坐标"),
}
# Entrances under the headings of map services: "lng,lat" in one cell, or a column for each.
ENTRANCES = (
    ("entr_location",), ("navi.entr_location",), ("navi_location.lng", "navi_location.lat"),
    ("detail_info.navi_location.lng", "detail_info.navi_location.lat"),
)
COORDINATE_KEYS = ("lon", "lat", "x", "y", "location", "entrance", "entrance_lon", "entrance_lat")


def read_table(path: str | Path, *, encoding: str | None = None, sheet: str | None = None) -> pd.DataFrame:
    """The table of a .csv, .tsv, .txt or .xlsx file: its columns in order, and `row`, the row number in the file.

    Titles above and notes below the table are passed over (`attrs["notes"]`), a heading of two rows becomes one. Text
    is stripped, blanks such as "—", "无" and "[]" are None; numbers of a workbook stay numbers, CSV cells stay text.
    `attrs` also say `source`, `encoding` and `row_column`. Raises DataError when the file is missing, not a table,
    in another encoding, has several filled sheets and none is named, is empty, or has rows longer than its heading.
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "学校.csv"
    ...     _ = file.write_bytes("学校一览表,,\\n名称,学位,备注\\n明港小学,１２００,—\\n".encode("gb18030"))
    ...     table = read_table(file)
    >>> table.to_dict("records"), table.attrs["encoding"]
    ([{'名称': '明港小学', '学位': '1200', '备注': None, 'row': 3}], 'GB18030')
    """
    path = Path(path)
    where = path.name
    if _checked_suffix(path) == ".xlsx":
        rows, used = _workbook_rows(path, sheet, where), "UTF-8"
    else:
        rows, used = _text_rows(path, encoding, where)
    table, notes = below_heading(rows, where=where)
    table.attrs.update(source=path.name, encoding=used, notes=notes, row_column="row")
    return table


def number(series: Iterable) -> tuple[pd.Series, list]:
    """The numbers written in `series` as floats on its index (missing: NaN), and the index labels that are no number.

    Full-width digits, thousands separators, "约", units, 万, 亿 and % are understood; a range or a word is not a number.
    >>> values, unread = number(pd.Series(["１２０", "1,200", "约120", "35 张", "1.2万人", None, "30-40"]))
    >>> values.tolist(), unread
    ([120.0, 1200.0, 120.0, 35.0, 12000.0, nan, nan], [6])
    """
    series = series if isinstance(series, pd.Series) else pd.Series(list(series), dtype=object)
    values = np.array([_number(cell) for cell in series], dtype=float)
    missing = np.array([clean(cell) is None for cell in series], dtype=bool)
    unread = series.index[np.isnan(values) & ~missing].tolist()
    return pd.Series(values, index=series.index, name=series.name), unread


def read_points(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    crs: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    where: str | None = None,
) -> gpd.GeoDataFrame:
    """The rows of a table as points in the table's own CRS, with all its columns and `row`.

    `columns` names the file's columns for `lon` and `lat` (or `x` and `y`), or `location` ("lng,lat" in one cell), and
    for `entrance` ("lng,lat") or `entrance_lon` and `entrance_lat`; usual headings are found without it. Entrances
    become a column `entrance` of shapely points, None where there is none. GCJ-02 and BD-09 are carried as EPSG:4326
    with `attrs["datum"]`, and un-shifted by `coordinates.to_crs`. Raises DataError, with the row numbers of the file,
    for coordinates that are missing, no numbers, out of range or swapped, and for columns that are not there.
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "poi.csv"
    ...     _ = file.write_text('name,location,entr_location\\nschool,"121.85,29.92",[]\\n', "utf-8")
    ...     points = read_points(file, crs="GCJ-02")
    >>> points.geometry.iloc[0].wkt, points["entrance"].iloc[0], points.attrs["datum"]
    ('POINT (121.85 29.92)', None, 'GCJ-02')
    """
    where = where or Path(path).name
    if crs:
        resolve_crs(crs, where=f"{where}, crs")
    return points(read_table(path, encoding=encoding, sheet=sheet), columns=columns, crs=crs, where=where)


def points(
    table: pd.DataFrame, *, columns: Mapping[str, str] | None = None, crs: str | None = None, where: str
) -> gpd.GeoDataFrame:
    """The rows of a `table` with `row` as points, with the columns, entrances, datum and errors of `read_points`.

    >>> table = pd.DataFrame({"name": ["school"], "location.lng": [121.85], "location.lat": [29.92], "row": [1]})
    >>> points(table, crs="BD-09", where="places.json").geometry.iloc[0].wkt
    'POINT (121.85 29.92)'
    """
    system, datum = resolve_crs(crs, where=f"{where}, crs") if crs else (None, "")
    place, entrances = _coordinate_columns(table, columns or {}, where)
    rows, faults = table["row"].to_numpy(), []
    doors = np.full(len(table), None, dtype=object)
    for names in (place, *entrances):
        needed = names is place
        x, y, blank = _pairs(table, names)
        place_told = said("{where}, column {column}", where=where, column=listed(names, " and "))
        unread, known = (np.isnan(x) | np.isnan(y)) & ~blank, ~(np.isnan(x) | np.isnan(y))
        if unread.any():
            cells = listed((str(table[name].iloc[unread.argmax()]) for name in names), " and ")
            problem = said("{rows}: no coordinates in decimal numbers ({cells})", rows=name_rows(rows[unread]), cells=cells)
            faults.append(Fault(place_told, problem, "write them like 121.85 and 29.92"))
        if needed and blank.any():
            faults.append(Fault(place_told, said("{rows}: no coordinates", rows=name_rows(rows[blank])), "fill them in or delete these rows"))
        if system is not None:
            faults += number_faults(x[known], y[known], system, rows=rows[known], where=place_told)
        spots = shapely.points(x, y)
        if needed:
            placed = spots
        else:
            known &= shapely.is_missing(doors)
            doors[known] = spots[known]
    raise_all(faults)
    frame = gpd.GeoDataFrame(table, geometry=placed, crs=system)
    if entrances:
        frame["entrance"] = pd.Series(doors, index=frame.index, dtype=object)
    frame.attrs = {**table.attrs, **({"datum": datum} if datum else {})}
    return frame


def _checked_suffix(path: Path) -> str:
    suffix, where = path.suffix.lower(), path.name
    if suffix not in SUFFIXES:
        problem = said("{suffix} is not a kind of table read here", suffix=suffix or said("a file without suffix"))
        raise DataError(Fault(where, problem, said("save it as one of these: {kinds}", kinds=listed(SUFFIXES))))
    require_content(path)
    return suffix


def require_content(path: Path) -> None:
    """Nothing when `path` is a file that can be opened and holds something; raises DataError otherwise."""
    where = path.name
    if not path.is_file():
        raise DataError(Fault(where, said("no such file: {path}", path=path), "check the path; it is relative to the study's folder"))
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        remedy = said("check that you may read it and that no other program holds it")
        raise DataError(Fault(where, said("cannot be opened: {reason}", reason=reason(error)), remedy)) from None
    if empty:
        raise DataError(Fault(where, "the file is empty", "export the table again"))


def clean(cell: object) -> object:
    """A cell as it is kept: stripped text, a number, or None for a blank; plain full-width numbers in ASCII."""
    if isinstance(cell, str):
        text = cell.strip()
        half = unicodedata.normalize("NFKC", text)
        if half.casefold() in BLANKS:
            return None
        return half if PLAIN_NUMBER.fullmatch(half) else text
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return None if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)) else cell


def _number(cell) -> float:
    if isinstance(cell, str):
        found = NUMBER.fullmatch(unicodedata.normalize("NFKC", cell).replace("\u2212", "-").strip())
        if found is None:
            return math.nan
        cell = float(found["value"].replace(",", "").replace(" ", "")) * TIMES[found["times"]]
    real = isinstance(cell, int | float | np.number) and not isinstance(cell, bool) and math.isfinite(cell)
    return float(cell) if real else math.nan


def _text_rows(path: Path, encoding: str | None, where: str) -> tuple[list[tuple[int, list]], str]:
    """The filled rows of a text table, each with its row number, and the encoding used."""
    data = path.read_bytes()
    if data.startswith(b"PK\x03\x04"):
        raise DataError(Fault(where, "it is a workbook under another suffix", "rename it to .xlsx"))
    text, used = decoded(data, encoding, where)
    start = text[:20_000]
    mark = "\t" if path.suffix.lower() == ".tsv" else max(",\t;|", key=start.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    rows = []
    try:
        for at, cells in enumerate(reader, start=1):
            cells = [clean(cell) for cell in cells]
            if filled(cells):
                rows.append((at, cells))
    except csv.Error as error:
        problem = said("cannot be read at line {line}: {error}", line=reader.line_num, error=error)
        raise DataError(Fault(where, problem, "look for a quotation mark that is not closed, or a cut file")) from None
    return rows, used


def decoded(data: bytes, encoding: str | None, where: str) -> tuple[str, str]:
    """The text of `data` and its encoding: the user's, else by mark, else UTF-8, else GB18030 where that is Chinese."""
    if encoding:
        plain = encoding.strip().lower()
        try:
            name = codecs.lookup("gb18030" if plain in ("gbk", "gb2312", "cp936", "936") else plain).name
            return data.decode("utf-8-sig" if name == "utf-8" else name), encoding
        except LookupError:
            problem = said("{encoding!r} is not a known text encoding", encoding=encoding)
        except UnicodeDecodeError as error:
            problem = said("the text is not {encoding} (byte {byte})", encoding=encoding, byte=error.start)
        raise DataError(Fault(where, problem, 'remove encoding, or write "UTF-8" or "GB18030"'))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), "UTF-16"
    try:
        return data.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        text = data.decode("gb18030", "replace")
    foreign = [letter for letter in text if not letter.isascii()]
    # GB 2312 holds the 6 763 characters in daily use; other languages read as GB18030 give rare ones
    if "\ufffd" in text or sum(1 for letter in foreign if letter.encode("gb2312", "ignore")) < 0.7 * len(foreign):
        raise DataError(Fault(where, "the text is neither UTF-8 nor GB18030", 'save it as UTF-8, or write encoding = "..."'))
    return text, "GB18030"


def _workbook_rows(path: Path, sheet: str | None, where: str) -> list[tuple[int, list]]:
    """The filled rows of the named sheet, or of the only visible sheet that has any."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > LARGEST_BYTES:
            raise DataError(Fault(where, said("unpacks to {gb:.1f} GB", gb=size / 2**30), "split the workbook"))
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheets = {one.title: one for one in book.worksheets if one.sheet_state == "visible" or one.title == sheet}
            if sheet is not None and sheet not in sheets:
                raise DataError(Fault(where, said("no sheet {sheet!r}", sheet=sheet), said("sheets of this file: {sheets}", sheets=listed(sheets))))
            written = {name: _sheet_rows(one) for name, one in sheets.items() if sheet in (None, name)}
        finally:
            book.close()
    except BROKEN_WORKBOOK as error:
        remedy = said("open it in a spreadsheet program and save it as .xlsx, without a password")
        raise DataError(Fault(where, said("cannot be read as a workbook: {error}", error=error), remedy)) from None
    written = {name: rows for name, rows in written.items() if rows}
    if len(written) > 1:
        remedy = said("name the sheet, or keep only one filled sheet; sheets: {sheets}", sheets=listed(written))
        raise DataError(Fault(where, "several sheets are filled", remedy))
    return next(iter(written.values()), [])


def _sheet_rows(sheet) -> list[tuple[int, list]]:
    sheet.reset_dimensions()  # some programs write a wrong size into the file
    rows = []
    for at, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [clean(cell) for cell in cells]
        if filled(cells):
            rows.append((at, cells))
    width = max((len(cells) for _, cells in rows), default=0)
    return [(at, cells + [None] * (width - len(cells))) for at, cells in rows]


def _coordinate_columns(table: pd.DataFrame, columns: Mapping[str, str], where: str) -> tuple[tuple, list[tuple]]:
    """The columns of the place and those of its entrance, in order of trust: each two (x, y) or one ("x,y" in a cell)."""
    stated = {key: columns[key] for key in COORDINATE_KEYS if columns.get(key)}
    there = listed(name for name in table.columns if name != "row")
    raise_all(
        Fault(where, said("no column {name!r} (for {key})", name=name, key=key), said("columns of this file: {columns}", columns=there))
        for key, name in stated.items()
        if name not in table.columns
    )
    plain = {re.sub(r"\(.*?\)|\s", "", name).casefold(): name for name in reversed(table.columns)}
    guess = {key: next((plain[word] for word in words if word in plain), None) for key, words in HEADINGS.items()}
    x = stated.get("lon") or stated.get("x") or guess["lon"]
    y = stated.get("lat") or stated.get("y") or guess["lat"]
    if "location" in stated or not (x and y):
        one = stated.get("location") or guess["location"]
        if not one:
            remedy = said('name them: columns = {{ lon = "...", lat = "..." }}; columns of this file: {columns}', columns=there)
            raise DataError(Fault(where, "no columns of coordinates", remedy))
        place = (one,)
    else:
        place = (x, y)
    if "entrance_lon" in stated and "entrance_lat" in stated:
        return place, [(stated["entrance_lon"], stated["entrance_lat"])]
    if "entrance" in stated:
        return place, [(stated["entrance"],)]
    return place, [tuple(plain[name] for name in names) for names in ENTRANCES if all(name in plain for name in names)]


def _pairs(table: pd.DataFrame, names: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x and y (NaN where unread), and whether the cells are blank."""
    if len(names) == 2:
        cells = [list(pair) for pair in zip(table[names[0]], table[names[1]], strict=True)]
        blank = np.array([any(clean(cell) is None for cell in pair) for pair in cells], dtype=bool)
    else:
        blank = np.array([clean(cell) is None for cell in table[names[0]]], dtype=bool)
        texts = (unicodedata.normalize("NFKC", str(cell)).strip("[]() ") for cell in table[names[0]])
        cells = [re.split(r"\s*[,;\s]\s*", text) for text in texts]
    xy = np.array([[_number(cell) for cell in pair] if len(pair) == 2 else [math.nan, math.nan] for pair in cells])
    return xy[:, 0], xy[:, 1], blank
