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
from livingcircle.layers import Facilities

SAME_PLACE_M = 50.0
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
    get = lambda key: _column(kept, mapped.columns.get(key))  # noqa: E731
    ids = get("id")
    source = mapped.source or str(places.attrs.get("source", ""))
    where = source or "facilities"
    status, faults = _statuses(get("status"), mapped.status_default, where)
    year, more = _numbers(get("open_year"), "open_year", where)
    capacity, most = _numbers(get("capacity"), "capacity", where)
    raise_all([*faults, *more, *most], DataError)
    rows = pd.Series(range(1, len(kept) + 1), index=kept.index)
    frame = gpd.GeoDataFrame(
        {
            "facility_id": [
                f"{source}#{_text(own) or number}" for own, number in zip(ids, rows, strict=True)
            ],
            "name": [_text(value) for value in get("name")],
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


def _column(frame: pd.DataFrame, name: str | None) -> list:
    return list(frame[name]) if name and name in frame.columns else [None] * len(frame)


def _lowest(words: Sequence[str]) -> str:
    return max(words, key=("high", "medium", "low").index)


def _statuses(values: list, default: str, where: str) -> tuple[list[str], list[Fault]]:
    words = {word: status for status, many in STATUSES.items() for word in many}
    out, faults = [], []
    for number, value in enumerate(values, start=1):
        word = _text(value).lower()
        if word and word not in words:
            faults.append(Fault(f"{where} row {number}", f"unknown status {word!r}", f"write one of {sorted(words)}"))
        out.append(words.get(word, default))
    return out, faults


def _numbers(values: list, column: str, where: str) -> tuple[np.ndarray, list[Fault]]:
    text = pd.Series([unicodedata.normalize("NFKC", _text(v)) for v in values], dtype=object)
    blank = text.isin(["", "—", "-", "[]", "/", "nan", "<NA>"])
    numbers = pd.to_numeric(text.where(~blank), errors="coerce")
    wrong = numbers.isna() & ~blank
    faults = [
        Fault(f"{where} row {row + 1}", f"{column} {text[row]!r} is not a number", "write a number or leave it blank")
        for row in np.flatnonzero(wrong)
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

    One facility: the same name (after NFKC, without blanks) and categories within 50 m; or a nameless point inside a
    polygon of the same category. The polygon, else the first, is kept; years and status must agree.
    """
    name = np.array([unicodedata.normalize("NFKC", n).replace(" ", "").lower() for n in facilities["name"]], dtype=object)
    shapes = facilities.geometry.to_numpy()
    served = facilities["categories"].to_numpy()
    status = facilities["status"].to_numpy()
    polygon = np.isin(shapely.get_type_id(shapes), (3, 6))
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=SAME_PLACE_M)
    rows, gone = [], set()
    # Polygons first, then the order of reading, decides who is kept.
    rank = np.lexsort([np.arange(len(shapes)), ~polygon])
    place = np.empty(len(rank), dtype=int)
    place[rank] = np.arange(len(rank))
    order = np.lexsort([place[b], place[a]])
    for keep, other in zip(a[order], b[order], strict=True):
        if place[keep] >= place[other] or keep in gone or other in gone or status[keep] != status[other]:
            continue
        if not set(served[other]) <= set(served[keep]):
            continue
        same_name = name[keep] == name[other] != ""
        inside = name[other] == "" and polygon[keep] and shapely.contains(shapes[keep], shapely.point_on_surface(shapes[other]))
        if same_name or inside:
            gone.add(other)
            why = "same_name_within_50_m" if same_name else "nameless_inside"
            rows.append((facilities["facility_id"].iloc[keep], facilities["facility_id"].iloc[other], facilities["name"].iloc[keep], why))
    keep_rows = np.array([row not in gone for row in range(len(facilities))], dtype=bool)
    merged = pd.DataFrame(rows, columns=["kept", "merged", "name", "why"])
    return facilities[keep_rows].reset_index(drop=True), merged
