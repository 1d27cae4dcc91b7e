"""Places from the answers of map services: JSON as the place searches of Amap and Baidu give it and collectors keep it.

A collector keeps one answer or many, as a list, under names, or one a line, or only the places out of them. All of it
is read here into the table that the same places make as CSV; what the columns mean is decided elsewhere.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import pandas as pd

from livingcircle.errors import DataError, Fault, raise_all, said
from livingcircle.sources import spreadsheet

SUFFIXES = (".json", ".jsonl", ".ndjson")
LISTS = ("pois", "results", "result")  # where an answer holds its places
KEYS = ("id", "uid")
COORDINATES = {word for words in spreadsheet.HEADINGS.values() for word in words}
# How a geographic file tells itself within its first bytes; no answer of a map service has these names.
GEOGRAPHIC = re.compile(
    rb'"(?:coordinates|arcs|features|geometryType)"\s*:|"type"\s*:\s*"(?:Feature\w*|Topology|GeometryCollection)"'
)
HEAD_BYTES = 1 << 16
SPACE = re.compile(r"\s*")
AGAIN = said("collect it again, or take it out of the file")


def holds_places(path: str | Path) -> bool:
    """Whether `path` is read here: JSON with content that is no geographic file (GeoJSON, TopoJSON, Esri JSON).

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "a.json"
    ...     _ = file.write_text('{"type": "FeatureCollection", "features": []}', "utf-8")
    ...     holds_places(file)
    False
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES or not path.is_file():
        return suffix in SUFFIXES[1:]
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return True  # told when it is read
    return bool(head.strip()) and not GEOGRAPHIC.search(head)


def read_table(path: str | Path, *, encoding: str | None = None, where: str | None = None) -> pd.DataFrame:
    """The places of a .json, .jsonl or .ndjson file: their fields as columns, and `row`, the place's number in the file.

    Objects within a place become columns with a dot (`detail_info.tag`), lists of words one cell joined by "|", pairs
    of numbers "lng,lat"; empty lists and objects are blank, lists of objects (photos) are left out. Amap's `children`
    become rows with `parent`, as they are when asked for flat. A place met again (the `id` or `uid`, and the name or
    the coordinates) stands once, as it was met first. `attrs` say `source`, `encoding` and `row_column`. Raises DataError when the file is missing, no
    JSON, in another encoding, without places or with those of two services, and for each answer that is a refusal.
    >>> import tempfile
    >>> page = {"status": "1", "info": "OK", "pois": [{"id": "B01", "name": "school", "tel": [], "navi": {"gridcode": "5"}}]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "schools.json"
    ...     _ = file.write_text(json.dumps([page, page]), "utf-8")
    ...     read_table(file).to_dict("records")
    [{'id': 'B01', 'name': 'school', 'tel': None, 'navi.gridcode': '5', 'row': 1}]
    """
    path = Path(path)
    where = where or path.name
    spreadsheet.require_content(path)
    text, used = spreadsheet.decoded(path.read_bytes(), encoding, where)
    try:
        rows = _rows(text, where)
    except RecursionError:
        raise DataError(Fault(where, "lists within lists without end", AGAIN)) from None
    table = pd.DataFrame(rows, dtype=object)
    table = table.where(table.notna(), None).astype({"row": "int64"})
    table = table[[*(name for name in table.columns if name != "row"), "row"]]
    table.attrs.update(source=path.name, encoding=used, row_column="row")
    return table


def read_points(
    path: str | Path, *, columns: Mapping[str, str] | None = None, crs: str | None = None, encoding: str | None = None,
    where: str | None = None,
) -> gpd.GeoDataFrame:  # fmt: skip
    """The places of a map service's file as points in its own CRS, with the columns of `read_table`.

    `columns`, `entrance`, `attrs["datum"]` and errors are as in `spreadsheet.read_points`; `location`,
    `entr_location` and `navi_location` are found without being named, in each service's form.
    >>> import tempfile
    >>> place = {"uid": "a", "name": "school", "location": {"lat": 29.92, "lng": 121.85}, "detail_info": {"tag": "教育培训;小学"}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "schools.json"
    ...     _ = file.write_text(json.dumps({"status": 0, "results": [place]}), "utf-8")
    ...     points = read_points(file, crs="BD-09")
    >>> points.geometry.iloc[0].wkt, points["detail_info.tag"].iloc[0], points.attrs["datum"]
    ('POINT (121.85 29.92)', '教育培训;小学', 'BD-09')
    """
    where = where or Path(path).name
    return spreadsheet.points(read_table(path, encoding=encoding, where=where), columns=columns, crs=crs, where=where)


def _rows(text: str, where: str) -> list[dict]:
    """The rows of the places in a text; every fault in one error."""
    values, faults = _values(text, where)
    found: list[Mapping] = []
    for line, value in values:
        found += _places(value, where if len(values) == 1 else said("{where}, line {line}", where=where, line=line), faults)
    forms = {type(place["location"]) for place in found if place.get("location")}
    if str in forms and dict in forms:
        problem = said("the file holds places of two map services, whose coordinates differ")
        faults.append(Fault(where, problem, "keep the answers of each service in a file of its own"))
    raise_all(faults)
    if not found:
        remedy = said("it should hold answers with pois (Amap) or results (Baidu), or the places out of them")
        raise DataError(Fault(where, "the file holds no places", remedy))
    return _once(found)


def _values(text: str, where: str) -> tuple[list[tuple[int, object]], list[Fault]]:
    """The JSON values that follow each other in a text, each with its line, and a fault for each that is broken."""
    decoder, at, line = json.JSONDecoder(), 0, 1
    values, faults = [], []
    while (start := SPACE.match(text, at).end()) < len(text):
        line += text.count("\n", at, start)
        try:
            value, at = decoder.raw_decode(text, start)
            values.append((line, value))
        except json.JSONDecodeError as error:
            problem = said("is no JSON: {error} at line {line}, column {column}", error=error.msg, line=error.lineno, column=error.colno)
            faults.append(Fault(said("{where}, line {line}", where=where, line=line), problem, said("the file may be cut short; {remedy}", remedy=AGAIN)))
            at = text.find("\n", start)
            if not values or at < 0:
                break  # only of values that stand one a line the next can be found
        line += text.count("\n", start, at)
    return values, faults


def _places(value: object, where: str, faults: list[Fault]) -> Iterator[Mapping]:
    """The places of an answer, of a list or a mapping of answers, or of a list of places; `faults` gets what is neither."""
    if isinstance(value, list):
        for number, one in enumerate(value, start=1):
            yield from _places(one, said("{where}, entry {number}", where=where, number=number), faults)
        return
    if not isinstance(value, dict):
        faults.append(Fault(where, said("{value!r} is neither an answer of a map service nor a place", value=str(value)[:40]), AGAIN))
        return
    inner = {key: one for key, one in value.items() if isinstance(one, list | dict)}
    listed = next((inner[key] for key in LISTS if key in inner), None)
    refusal = _refusal(value)
    if refusal:
        faults.append(Fault(where, said("the map service refused: {refusal}", refusal=refusal), AGAIN))
    elif isinstance(listed, list):
        for number, one in enumerate(listed, start=1):
            if isinstance(one, dict):
                yield one
            else:
                yield from _places(one, said("{where}, place {number}", where=where, number=number), faults)
    elif listed is not None:
        yield from _places(listed, where, faults)
    elif _is_place(value, inner) or (value and not inner):
        yield value
    else:
        for key, one in inner.items():
            yield from _places(one, f"{where}, {key}", faults)


def _is_place(value: Mapping, inner: Mapping) -> bool:
    """Whether an object is a place; a search that a collector kept with its answers may have a name and a location, too."""
    if any(_answers(one) for one in inner.values()):
        return False
    if "uid" in value or _spot(value):
        return True
    lists = [one for key, one in inner.items() if isinstance(one, list) and key != "children"]
    return "name" in value and not any(isinstance(one, dict) and _spot(one) for within in lists for one in within)


def _answers(value: object) -> bool:
    """Whether an answer of a map service lies within a value."""
    if isinstance(value, list):
        return any(map(_answers, value))
    return isinstance(value, dict) and (any(key in value for key in LISTS) or any(map(_answers, value.values())))


def _spot(place: Mapping) -> dict[str, object]:
    """What an object says of its coordinates under a usual heading."""
    return {key: cell for key, cell in place.items() if str(key).strip().casefold() in COORDINATES}


def _refusal(answer: Mapping) -> str:
    """What an answer says in place of places: Amap with status 0, Baidu with any other than 0; else nothing."""
    status = str(answer.get("status", "")).strip()
    if not status.lstrip("-").isdigit() or _spot(answer):
        return ""
    if "info" in answer or "infocode" in answer:
        code = answer.get("infocode")
        return f"{answer.get('info') or 'status 0'}{f' ({code})' if code else ''}" if int(status) == 0 else ""
    told = answer.get("message") or answer.get("msg")
    #  a collector's own envelope may have a status of its own around the answers
    holds = any(one for one in answer.values() if isinstance(one, list | dict))
    return f"{told} ({status})" if told and int(status) != 0 and not holds else ""


def _once(found: list[Mapping]) -> list[dict]:
    """The rows of the places and then of their children, each of them once."""
    rows: dict[object, dict] = {}
    for number, place in enumerate(found, start=1):
        row = _row(place, number)
        first = rows.setdefault(_own(row) or len(rows), row)
        named, spot = row.get("name") == first.get("name"), _spot(row)
        if first is not row and not named and not (spot and spot == _spot(first)):
            rows[len(rows)] = row  # a number that a table gives to several
    for number, place in enumerate(found, start=1):
        children = place.get("children") if "id" in place else None
        for child in children if isinstance(children, list) else []:
            if isinstance(child, dict):
                row = _row({**child, "parent": place["id"]}, number)
                rows.setdefault(_own(row) or len(rows), row)
    return list(rows.values())


def _row(place: Mapping, number: int) -> dict[str, object]:
    return {**_flat(place), "row": number}


def _own(row: Mapping) -> tuple[str, str] | None:
    """What names a place over all answers."""
    return next(((key, str(row[key])) for key in KEYS if row.get(key) is not None), None)


@lru_cache(maxsize=4096)
def _name(key: str) -> str:
    """A field's name as a column: half width, with single blanks, and not that of the rows' own numbers."""
    name = " ".join(unicodedata.normalize("NFKC", key).split())
    return "row.1" if name == "row" else name


def _flat(place: Mapping, under: str = "") -> dict[str, object]:
    """The fields of a place as cells of a table, those of objects within it under names joined by a dot."""
    cells: dict[str, object] = {}
    for key, value in place.items():
        name = _name(under + key)
        if isinstance(value, dict):
            cells.update(_flat(value, f"{name}."))
        elif not isinstance(value, list):
            cells[name] = spreadsheet.clean(value)
        elif not any(isinstance(one, list | dict) for one in value):
            words = [word for one in value if (word := spreadsheet.clean(one)) is not None]
            numbers = all(isinstance(word, int | float) for word in words)
            cells[name] = ("," if numbers else "|").join(map(str, words)) or None
    return cells
