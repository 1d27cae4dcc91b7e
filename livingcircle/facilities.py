"""From raw places to facilities of a standard's categories: names, years, duplicates."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.errors import DataError, Fault, raise_all
from livingcircle.layers import Facilities, row_numbers
from livingcircle.sources.spreadsheet import number

SAME_PLACE_M = 50.0
BLANKS = ("", "—", "-", "/", "[]", "无")
STATUSES = {
    "existing": ("existing", "现状", "已建", "运营", "open", "built"),
    "under_construction": ("under_construction", "在建", "under construction", "建设中"),
    "planned": ("planned", "规划"),
    "proposed": ("proposed", "拟建"),
}

# What a classifier answers for one place: (category id, rule, confidence) for each category it serves.
Classes = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Mapped:
    """How a raw layer's columns map to ours; empty where the layer has none."""

    columns: Mapping[str, str]
    status_default: str = "existing"
    source: str = ""


def from_places(
    places: gpd.GeoDataFrame, *, mapped: Mapped, classify: Callable[[pd.Series], Classes]
) -> Facilities:
    """Facilities (`layers.FACILITIES`) of raw `places` in a metric CRS; places that serve no category are left out.

    `mapped.columns` names the columns of `places` for `id`, `name`, `capacity`, `status`, `open_year`; a column
    `entrance` (points, may be missing) is kept. `classify` answers the categories of one row. `attrs["unclassified"]`
    counts what was left out. Raises `DataError` for words of status and years that cannot be read, all at once.
    """
    classes = [classify(row) for _, row in places.iterrows()]
    serves = np.array([bool(c) for c in classes], dtype=bool)
    kept, classes = places[serves], [c for c in classes if c]
    rows = row_numbers(places)[serves]
    source = mapped.source or str(places.attrs.get("source", ""))
    where = source or "facilities"
    status, faults = _statuses(_column(kept, mapped, "status"), rows, mapped.status_default, where)
    year, more = _numbers(_column(kept, mapped, "open_year"), rows, f"{where} open_year")
    capacity, most = _numbers(_column(kept, mapped, "capacity"), rows, f"{where} capacity")
    raise_all([*faults, *more, *most], DataError)
    ids = [_text(own) or str(row) for own, row in zip(_column(kept, mapped, "id"), rows, strict=True)]
    frame = gpd.GeoDataFrame(
        {
            "facility_id": [f"{source}#{own}" for own in ids],
            "name": [_text(value) for value in _column(kept, mapped, "name")],
            "categories": [tuple(dict.fromkeys(c[0] for c in of)) for of in classes],
            "status": status,
            "open_year": year,
            "capacity": capacity,
            "entrance_source": "",
            "source": source,
            "rule": ["|".join(dict.fromkeys(c[1] for c in of)) for of in classes],
            "confidence": [_lowest([c[2] for c in of]) for of in classes],
            "entrance": kept["entrance"].to_numpy() if "entrance" in kept else [None] * len(kept),
        },
        geometry=kept.geometry.to_numpy(),
        crs=places.crs,
    )
    frame.attrs["unclassified"] = int((~serves).sum())
    return frame


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)) else str(value).strip()


def _column(frame: pd.DataFrame, mapped: Mapped, key: str) -> list:
    name = mapped.columns.get(key)
    return list(frame[name]) if name and name in frame.columns else [None] * len(frame)


def with_own_ids(facilities: Facilities) -> Facilities:
    """The facilities with every `facility_id` unique: an id met again gets `~2`, `~3`, in the order of reading.

    A file may stand under two entries of a study, and a collected table may hold one place twice.
    """
    again = facilities.groupby("facility_id").cumcount()
    ids = [f"{own}~{n + 1}" if n else own for own, n in zip(facilities["facility_id"], again, strict=True)]
    return facilities.assign(facility_id=ids)


def _lowest(words: Sequence[str]) -> str:
    return max(words, key=("high", "medium", "low").index)


def _statuses(values: list, rows: np.ndarray, default: str, where: str) -> tuple[list[str], list[Fault]]:
    words = {word: status for status, many in STATUSES.items() for word in many}
    out, faults = [], []
    for row, value in zip(rows, values, strict=True):
        word = "" if _text(value) in BLANKS else _text(value).lower()
        if word and word not in words:
            faults.append(Fault(f"{where} row {row}", f"unknown status {word!r}", f"write one of {', '.join(words)}"))
        out.append(words.get(word, default))
    return out, faults


def _numbers(values: list, rows: np.ndarray, where: str) -> tuple[np.ndarray, list[Fault]]:
    numbers, unread = number(pd.Series(values, dtype=object))
    faults = [
        Fault(f"{where} row {rows[at]}", f"{values[at]!r} is not a number", "write a number or leave it blank")
        for at in unread
    ]
    return numbers.to_numpy(dtype=float), faults


def is_open(facilities: Facilities, *, year: int | None) -> np.ndarray:
    """Whether each facility serves in `year`: its opening year has come, or it exists and states no year.

    Without a year only what exists counts.
    """
    opening = facilities["open_year"].to_numpy(dtype=float)
    existing = (facilities["status"] == "existing").to_numpy()
    if year is None:
        return existing
    return np.where(np.isnan(opening), existing, opening <= year)


def merge_duplicates(facilities: Facilities) -> tuple[Facilities, pd.DataFrame]:
    """The facilities without repeats, and the list of what was merged (`kept`, `merged`, `name`, `why`).

    One facility: the same name (after NFKC, without blanks) within 50 m, the categories of one among those of the other;
    or a nameless point inside a polygon of the same category. Status and opening year must agree. The polygon, else the
    first, is kept with the categories of both; no door is lost: points become one multipoint, given entrances stay given.
    """
    shapes, served = facilities.geometry.to_numpy(), [set(c) for c in facilities["categories"]]
    polygon = np.isin(shapely.get_type_id(shapes), (3, 6))
    name = np.array([_plain(n) for n in facilities["name"]], dtype=object)
    state = list(zip(facilities["status"], facilities["open_year"].fillna(-1), strict=True))
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=SAME_PLACE_M)
    # Polygons first, then the order of reading, decides who is kept.
    place = np.empty(len(shapes), dtype=int)
    place[np.lexsort([np.arange(len(shapes)), ~polygon])] = np.arange(len(shapes))
    into: dict[int, int] = {}
    rows = []
    for keep, other in sorted(zip(a.tolist(), b.tolist(), strict=True), key=lambda pair: (place[pair[0]], place[pair[1]])):
        if place[keep] >= place[other] or keep in into or other in into or state[keep] != state[other]:
            continue
        if not (served[other] <= served[keep] or served[keep] <= served[other]):
            continue
        same_name = name[keep] == name[other] != ""
        inside = name[other] == "" and polygon[keep] and not polygon[other] and shapely.covers(shapes[keep], shapes[other])
        if same_name or (inside and served[other] <= served[keep]):
            into[other] = keep
            served[keep] |= served[other]
            ids = facilities["facility_id"]
            why = "same_name_within_50_m" if same_name else "nameless_inside"
            rows.append((ids.iloc[keep], ids.iloc[other], facilities["name"].iloc[keep], why))
    kept = _with_doors(facilities, into, served)
    return kept, pd.DataFrame(rows, columns=["kept", "merged", "name", "why"])


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace(" ", "").lower()


def _with_doors(facilities: Facilities, into: Mapping[int, int], served: Sequence[set[str]]) -> Facilities:
    """The facilities kept, with the categories, points and given entrances of those merged into them."""
    shapes = facilities.geometry.to_numpy().copy()
    given = facilities["entrance"].to_numpy().copy() if "entrance" in facilities else np.full(len(shapes), None)
    for other, keep in into.items():
        if given[other] is not None or given[keep] is not None:
            # A stated door of one is a door of both; a plain point only counts beside another plain point.
            stated = [g for g in (given[keep], given[other]) if g is not None]
            given[keep] = shapely.union_all([*stated, *_plain_points(shapes, given, (keep, other))])
        elif shapely.get_type_id(shapes[keep]) in (0, 4) and shapely.get_type_id(shapes[other]) in (0, 4):
            shapes[keep] = shapely.union(shapes[keep], shapes[other])
    order = [tuple(c for c in dict.fromkeys([*own, *sorted(many)]) if c in many) for own, many in zip(facilities["categories"], served, strict=True)]
    stay = np.array([row not in into for row in range(len(shapes))], dtype=bool)
    out = facilities.assign(categories=order, entrance=given).set_geometry(gpd.GeoSeries(shapes, facilities.index, facilities.crs))
    return out[stay].reset_index(drop=True)


def _plain_points(shapes: np.ndarray, given: np.ndarray, pair: tuple[int, int]) -> list[shapely.Geometry]:
    if any(shapely.get_type_id(shapes[row]) not in (0, 4) for row in pair):
        return []
    return [shapes[row] for row in pair if given[row] is None]
