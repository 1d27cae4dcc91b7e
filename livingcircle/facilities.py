"""From raw places to facilities of a standard's categories: names, what they were told from, status and years."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle.duplicates import merge_duplicates
from livingcircle.errors import DataError, Fault, listed, raise_all, said
from livingcircle.layers import Facilities, row_numbers
from livingcircle.sources.spreadsheet import number
from livingcircle.standards import Classes

__all__ = ["Classified", "Mapped", "certain", "from_places", "is_open", "merge_duplicates", "opens_in", "status_of", "with_own_ids"]

BLANKS = ("", "—", "-", "/", "[]", "无")
# From what is certain to what is least so; the words by which tables and studies tell each.
STATUSES = {
    "existing": ("existing", "现状", "已建", "已建成", "建成", "运营", "open", "built"),
    "under_construction": ("under_construction", "在建", "under construction", "建设中", "施工中"),
    "planned": ("planned", "规划"),
    "proposed": ("proposed", "拟建"),
}
EVERY = "proposed"

# What a scenario closes stays among the facilities, and serves nobody in any year.
CLOSED = "closed"


@dataclass(frozen=True)
class Classified:
    """What a classifier answers for the places of a layer, in their order.

    `classes` holds (category id, rule, confidence) for each category a place serves; `raw_type` the code, tags or word it
    was told from; `notes` what is to be told of the whole layer, in plain numbers, texts and lists.
    """

    classes: Sequence[Classes]
    raw_type: Sequence[str]
    notes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Mapped:
    """How a raw layer's columns map to ours; empty where the layer has none."""

    columns: Mapping[str, str]
    status_default: str = "existing"
    source: str = ""


def from_places(
    places: gpd.GeoDataFrame,
    *,
    mapped: Mapped,
    classify: Callable[[gpd.GeoDataFrame], Classified],
    given: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Facilities:
    """Facilities (`layers.FACILITIES`) of raw `places` in a metric CRS; places that serve no category are left out.

    `mapped.columns` names the columns of `places` for `id`, `name`, `capacity`, `status`, `open_year`; a column
    `entrance` (points, may be missing) is kept. `classify` answers for all places at once. `raw_name` is the name as the
    file writes it. `given` are the categories that a planner gave to places (by `facility_id`) that serve none by themselves.
    `attrs["unclassified"]` counts what was left out, `attrs["left_out"]` has its ids, `attrs["notes"]` is what the classifier notes of the
    layer. Raises `DataError` for words of status and years that cannot be read, all at once.

    >>> import shapely
    >>> shop = gpd.GeoDataFrame({"title": [" Shop "]}, geometry=[shapely.Point(0, 0)], crs="EPSG:4550")
    >>> told = Classified(classes=[(("com_shops", "given", "high"),)], raw_type=["given"])
    >>> got = from_places(shop, mapped=Mapped({"name": "title"}, source="shops"), classify=lambda places: told)
    >>> got[["facility_id", "name", "raw_name", "categories", "rule"]].iloc[0].tolist()
    ['shops#1', 'Shop', ' Shop ', ('com_shops',), 'given']
    """
    told = classify(places)
    source = mapped.source or str(places.attrs.get("source", ""))
    everyone = zip(_column(places, mapped, "id"), row_numbers(places), strict=True)
    ids = np.array([f"{source}#{_text(own) or row}" for own, row in everyone], dtype=object)
    every = [c or tuple((one, "corrected", "high") for one in given.get(own, ())) for c, own in zip(told.classes, ids, strict=True)]
    serves = np.array([bool(c) for c in every], dtype=bool)
    kept, classes = places[serves], [c for c in every if c]
    rows = row_numbers(places)[serves]
    where = source or "facilities"
    status, faults = _statuses(_column(kept, mapped, "status"), rows, mapped.status_default, where)
    year, more = _numbers(_column(kept, mapped, "open_year"), rows, f"{where} open_year")
    capacity, most = _numbers(_column(kept, mapped, "capacity"), rows, f"{where} capacity")
    raise_all([*faults, *more, *most], DataError)
    names = _column(kept, mapped, "name")
    frame = gpd.GeoDataFrame(
        {
            "facility_id": ids[serves],
            "name": ["" if _text(value) in BLANKS else _text(value) for value in names],
            "raw_name": [str(value) if _text(value) else "" for value in names],
            "raw_type": [raw for raw, serving in zip(told.raw_type, serves, strict=True) if serving],
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
    frame.attrs.update(unclassified=int((~serves).sum()), left_out=ids[~serves].tolist(), notes=dict(told.notes))
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
    out, faults = [], []
    for row, value in zip(rows, values, strict=True):
        word = "" if _text(value) in BLANKS else _text(value).lower()
        status = status_of(word)
        if word and status is None:
            faults.append(Fault(
                said("{where} row {row}", where=where, row=row),
                said("unknown status {word!r}", word=word),
                said("write one of {known}", known=listed(word for many in STATUSES.values() for word in many)),
            ))
        out.append(status or default)
    return out, faults


def status_of(word: str) -> str | None:
    """The status (a key of `STATUSES`) that a word means, None for a word that means none.

    >>> status_of("在建"), status_of("Built"), status_of("soon")
    ('under_construction', 'existing', None)
    """
    return next((status for status, many in STATUSES.items() if word.strip().lower() in many), None)


def certain(status: Sequence[str], *, certainty: str = EVERY) -> np.ndarray:
    """Whether each status is at least as certain as `certainty`; what is closed is none of them.

    >>> certain(["existing", "planned", "closed"], certainty="under_construction").tolist()
    [True, False, False]
    """
    rank = {one: number for number, one in enumerate(STATUSES)}
    return np.array([rank.get(one, len(rank)) <= rank[certainty] for one in status], dtype=bool)


def _numbers(values: list, rows: np.ndarray, where: str) -> tuple[np.ndarray, list[Fault]]:
    numbers, unread = number(pd.Series(values, dtype=object))
    faults = [
        Fault(said("{where} row {row}", where=where, row=rows[at]), said("{value!r} is not a number", value=values[at]), "write a number or leave it blank")
        for at in unread
    ]
    return numbers.to_numpy(dtype=float), faults


def is_open(facilities: Facilities, *, year: int | None, certainty: str = EVERY) -> np.ndarray:
    """Whether each facility serves in `year`: its opening year has come, or it exists and states no year.

    Without a year only what exists counts. What is less certain than `certainty` opens in no year.
    """
    if year is None:
        return (facilities["status"] == "existing").to_numpy()
    return opens_in(facilities, certainty=certainty) <= year


def opens_in(facilities: Facilities, *, certainty: str = EVERY) -> np.ndarray:
    """The first year in which each facility serves: -inf where it exists and states none, inf where it never does.

    What is neither existing nor told its year, what is closed, and what is less certain than `certainty` (a key of `STATUSES`) never serves.
    """
    opening = facilities["open_year"].to_numpy(dtype=float)
    existing = (facilities["status"] == "existing").to_numpy()
    years = np.where(np.isnan(opening), np.where(existing, -np.inf, np.inf), opening)
    return np.where(certain(facilities["status"], certainty=certainty), years, np.inf)
