"""What a planner knows better than the files: small tables of corrections, applied after reading, so that raw files stay as they are."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from livingcircle.coordinates import name_rows, number_faults
from livingcircle.errors import DataError, Fault, listed, raise_all, said
from livingcircle.facilities import STATUSES
from livingcircle.layers import Facilities, row_numbers
from livingcircle.sources.spreadsheet import number

COLUMNS = ("action", "facility_id", "lon", "lat", "value", "reason", "by", "date", "source", "row")


class Corrections(NamedTuple):
    """All corrections of a study, a row each (`COLUMNS`; places in EPSG:4326, `row` is that of the file `source`)."""

    table: pd.DataFrame

    def of(self, action: str) -> pd.DataFrame:
        """The rows of one action, in their order."""
        return self.table[self.table["action"] == action]

    @property
    def categories(self) -> dict[str, tuple[str, ...]]:
        """The categories that a facility id was given anew."""
        told = self.of("reclass")
        return {own: tuple(several(value)) for own, value in zip(told["facility_id"], told["value"], strict=True)}

    @property
    def absent(self) -> frozenset[str]:
        """The categories that were verified not to exist."""
        return frozenset(self.of("absent")["value"])

    def pairs(self, action: str) -> list[tuple[str, str]]:
        """The pairs of ids that are `same`, or `apart`."""
        told = self.of(action)
        return list(zip(told["facility_id"], told["value"], strict=True))


NOTHING = Corrections(pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS}))


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads((files("livingcircle") / "corrections.toml").read_text(encoding="utf-8"))


def read(table: pd.DataFrame, *, where: str) -> Corrections:
    """The corrections of one table as a planner wrote it, English or Chinese headings and actions.

    Raises `DataError` with every fault: a column that is missing, an action nobody knows, a cell that an action needs, a place that
    is no longitude and latitude, a year or capacity that is no number, an unknown status.

    >>> told = read(pd.DataFrame({"动作": ["改名"], "设施编号": ["a.csv#1"], "改为": ["滨江小学"], "row": [2]}), where="更正.csv")
    >>> told.table[["action", "facility_id", "value"]].values.tolist()
    [['rename', 'a.csv#1', '滨江小学']]
    """
    named = {_plain(word): key for key, words in _told()["columns"].items() for word in words}
    columns = {named[_plain(str(column))]: column for column in table.columns if _plain(str(column)) in named}
    if "action" not in columns:
        known = listed(_told()["columns"]["action"])
        raise DataError(Fault(where, "no column of actions", said("name it one of: {known}", known=known)))
    rows = row_numbers(table)
    out = pd.DataFrame({name: _cells(table, columns.get(name)) for name in COLUMNS[:-2]}).assign(source=where, row=rows)
    actions = {_plain(word): action for action, told in _told()["actions"].items() for word in told["words"]}
    faults = []
    unknown = ~out["action"].map(_plain).isin(list(actions))
    if unknown.any():
        words = listed(word for told in _told()["actions"].values() for word in told["words"][:2])
        wrong = listed(sorted(set(out["action"][unknown])))
        faults.append(Fault(
            said("{where} {rows}", where=where, rows=name_rows(rows[unknown])),
            said("unknown action {names!r}", names=wrong),
            said("write one of: {known}", known=words),
        ))
    out["action"] = out["action"].map(lambda word: actions.get(_plain(word), ""))
    raise_all([*faults, *_faults(out[~unknown])], DataError)
    return Corrections(out)


def together(parts: Collection[Corrections]) -> Corrections:
    """The corrections of several tables as one, in their order."""
    return Corrections(pd.concat([part.table for part in parts], ignore_index=True)) if parts else NOTHING


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).replace(" ", "").casefold()


def several(value: str) -> list[str]:
    """The words of a cell that names several, parted by semicolons, bars or pause marks.

    >>> several("edu_primary；初中")
    ['edu_primary', '初中']
    """
    return [word.strip() for word in unicodedata.normalize("NFKC", value).replace("、", ";").replace("|", ";").split(";") if word.strip()]


def _cells(table: pd.DataFrame, column: object) -> list[str]:
    if column is None:
        return [""] * len(table)
    return ["" if value is None or value is pd.NA or value != value else str(value).strip() for value in table[column]]


def _faults(told: pd.DataFrame) -> Iterator[Fault]:
    for action, rows in told.groupby("action", sort=False):
        where, at = str(rows["source"].iloc[0]), rows["row"].to_numpy()
        for needed in _told()["actions"][action]["needs"]:
            bare = (rows[needed] == "").to_numpy()
            if bare.any():
                heading = " / ".join(_told()["columns"][needed])
                yield Fault(
                    said("{where} {rows}", where=where, rows=name_rows(at[bare])),
                    said("action {action} without {needed}", action=action, needed=needed),
                    said("fill in the column {heading}", heading=heading),
                )
        if "lon" in _told()["actions"][action]["needs"]:
            xy = np.array([[_degrees(cell) for cell in rows[name]] for name in ("lon", "lat")])
            yield from number_faults(*xy, CRS.from_epsg(4326), rows=at, where=where)
        if action in ("year", "capacity"):
            _, unread = number(pd.Series(rows["value"].to_numpy(), dtype=object))
            if len(unread):
                yield Fault(said("{where} {rows}", where=where, rows=name_rows(at[unread])), said("{action} is not a number", action=action), "write a number")
        if action == "status":
            wrong = ~rows["value"].str.lower().isin([word for words in STATUSES.values() for word in words]).to_numpy()
            if wrong.any():
                words = listed(word for words in STATUSES.values() for word in words)
                yield Fault(said("{where} {rows}", where=where, rows=name_rows(at[wrong])), "unknown status", said("write one of {known}", known=words))


def _degrees(cell: str) -> float:
    try:
        return float(unicodedata.normalize("NFKC", cell))
    except ValueError:
        return float("nan")


def applied(facilities: Facilities, corrections: Corrections, *, known: Collection[str] = ()) -> tuple[Facilities, pd.DataFrame]:
    """The facilities corrected, and the list of what was done: `COLUMNS` and `before`, `after`.

    Rows are matched by `facility_id`. `known` are ids that were left out by classification and are no fault here. A facility given new
    categories has the rule `corrected` and high confidence. Raises `DataError` for ids that no facility has.
    """
    table = corrections.table
    row_of = {own: row for row, own in enumerate(facilities["facility_id"])}
    ids = [*table["facility_id"], *table["value"][table["action"].isin(("same", "apart"))]]
    lost = sorted({own for own in ids if own and own not in row_of and own not in known})
    if lost:
        shown = said("{names} and {more} more", names=listed(lost[:5]), more=len(lost) - 5) if len(lost) > 5 else listed(lost)
        where = listed(dict.fromkeys(table["source"]))
        raise DataError(Fault(where, said("no facility {names}", names=shown), "take the ids from the facilities of the last run, file#id"))
    out = facilities.copy()
    turn = Transformer.from_crs("EPSG:4326", facilities.crs, always_xy=True)
    kept, done = np.ones(len(out), dtype=bool), []
    for told in table.itertuples():
        row = row_of.get(told.facility_id)
        before, after = "", told.value
        if row is not None and told.action in CHANGES:
            before, after = CHANGES[told.action](out, row, told, turn)
        elif row is not None and told.action == "drop":
            kept[row], before, after = False, out["name"].iloc[row], ""
        done.append({**{name: getattr(told, name) for name in COLUMNS}, "before": before, "after": after})
    applied = pd.DataFrame(done, columns=[*COLUMNS, "before", "after"])
    return out[kept].reset_index(drop=True), applied


def _moved(out: Facilities, row: int, told: Any, turn: Transformer) -> tuple[str, str]:
    shape = out.geometry.iloc[row]
    to = np.array(turn.transform(_degrees(told.lon), _degrees(told.lat)))
    step = to - shapely.get_coordinates(shapely.centroid(shape))[0]
    shapes = out.geometry.to_numpy().copy()
    shapes[row] = shapely.transform(shape, lambda xy: xy + step)
    out.geometry = gpd.GeoSeries(shapes, index=out.index, crs=out.crs)
    doors = out["entrance"].to_numpy().copy()
    if doors[row] is not None:
        doors[row] = shapely.transform(doors[row], lambda xy: xy + step)
        out["entrance"] = doors
    return "", f"{np.hypot(*step):.0f} m"


def _entrance(out: Facilities, row: int, told: Any, turn: Transformer) -> tuple[str, str]:
    door = shapely.Point(turn.transform(_degrees(told.lon), _degrees(told.lat)))
    doors = out["entrance"].to_numpy().copy()
    doors[row] = door if doors[row] is None else shapely.union(doors[row], door)
    out["entrance"] = doors
    return "", f"{told.lon}, {told.lat}"


def _set(column: str, value_of: Any) -> Any:
    def change(out: Facilities, row: int, told: Any, turn: Transformer) -> tuple[str, str]:
        values = out[column].to_numpy(dtype=object).copy()
        before, values[row] = values[row], value_of(told.value)
        out[column] = pd.Series(values, index=out.index).astype(out[column].dtype)
        return str(before), str(values[row])

    return change


def _reclassed(out: Facilities, row: int, told: Any, turn: Transformer) -> tuple[str, str]:
    before = ";".join(out["categories"].iloc[row])
    for column, value in (("categories", tuple(several(told.value))), ("rule", "corrected"), ("confidence", "high")):
        values = out[column].to_numpy(dtype=object).copy()
        values[row] = value
        out[column] = values
    return before, told.value


def _number(value: str) -> float:
    return float(number(pd.Series([value], dtype=object))[0].iloc[0])


def _status(value: str) -> str:
    return next(status for status, words in STATUSES.items() if value.lower() in words)


CHANGES = {
    "move": _moved,
    "entrance": _entrance,
    "rename": _set("name", str),
    "year": _set("open_year", _number),
    "capacity": _set("capacity", _number),
    "status": _set("status", _status),
    "reclass": _reclassed,
}
