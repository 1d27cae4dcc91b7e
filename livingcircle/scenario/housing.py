"""The residences of a study with those of a scenario added, removed and of other people."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle import coordinates
from livingcircle.analysis import Inputs
from livingcircle.errors import DataError, Fault, listed, said
from livingcircle.facilities import certain
from livingcircle.layers import Residences
from livingcircle.residences import assign_units
from livingcircle.scenario.model import BUILT, HomeChange
from livingcircle.sources import geofile
from livingcircle.standards import nearest

if TYPE_CHECKING:
    from livingcircle.scenario.laying import Plan

WHOLE, AGES, DWELLINGS = "people", "people_", "dwellings"
SHOWN = 3
# Ages add up from figures with decimals.
ROUNDING = 1e-6


@dataclass
class _Homes:
    """The residences while they are changed, one after another; `own` are those of the study, whose shares may be asked for."""

    plan: Plan
    inputs: Inputs
    own: Residences
    now: Residences
    faults: list[Fault]
    fresh: int = 0

    @property
    def counted(self) -> list[str]:
        """The columns by which the study counts people beside everybody, and dwellings where it does."""
        return [column for column in self.own.columns if column.startswith(AGES) or column == DWELLINGS]

    def row(self, id: str) -> int | None:
        found = np.flatnonzero((self.now["residence_id"] == id).to_numpy())
        return int(found[0]) if len(found) else None

    def tell(self, number: int, key: str, problem: str, remedy: str) -> None:
        self.faults.append(Fault(self.plan.key("homes", number, key) if key else self.plan.key("homes", number), problem, remedy))


def housed(plan: Plan, inputs: Inputs, *, counted: str, faults: list[Fault]) -> Residences:
    """The residences after every change of the scenario, in the order given; the very same where it changes none.

    New ones follow the study's own; their id is the one given, else that of the scenario and a number from 1. Those less certain than `counted` are
    understood and left out. People of a group that is not told come from the study's shares, or from the residence as it was, only where that is
    asked for. Everything wrong is added to `faults`.
    """
    homes = _Homes(plan, inputs, inputs.residences, inputs.residences, faults)
    for number, change in enumerate(plan.scenario.homes):
        if change.change == "add":
            _add(homes, number, change, counted)
            continue
        row = homes.row(change.id or "")
        if row is None:
            homes.tell(number, "id", said("no residence has the id '{id}'", id=change.id), _nearest_ids(change.id or "", homes.now))
        elif change.change == "remove":
            homes.now = homes.now.drop(index=homes.now.index[row]).reset_index(drop=True)
        else:
            _resize(homes, number, change, row)
    if plan.scenario.homes and homes.now.empty:
        faults.append(Fault(plan.key("homes"), "no residence is left", "leave some homes where they are"))
    return homes.now


def _add(homes: _Homes, number: int, change: HomeChange, counted: str) -> None:
    homes.fresh += 1
    id = change.id or f"{homes.plan.id}#{homes.fresh}"
    taken = homes.row(id) is not None
    if taken:
        homes.tell(number, "id", said("a residence has the id '{id}' already", id=id), said("give every residence an id of its own"))
    figures = _figures(homes, number, change, None)
    shape = _placed(homes, number, change)
    if shape is None or taken or not certain([change.certainty or BUILT], certainty=counted)[0]:
        return
    row = {
        "residence_id": id,
        "name": change.name,
        "unit": "",
        "land_m2": float(shape.area),
        "open_year": np.nan if change.open_year is None else float(change.open_year),
        **figures,
    }
    if change.certainty is not None and "status" not in homes.now.columns:
        homes.now = homes.now.assign(status="")
    if "status" in homes.now.columns:
        row["status"] = change.certainty or ""
    homes.now = _with_row(homes.now, row, shape, homes.inputs)


def _with_row(frame: Residences, told: Mapping[str, Any], shape: shapely.Geometry, inputs: Inputs) -> Residences:
    kinds = frame.drop(columns=frame.geometry.name).dtypes
    blank = {column: np.nan if dtype.kind == "f" else 0 if dtype.kind in "iu" else None for column, dtype in kinds.items()}
    row = {column: [value] for column, value in {**blank, **told}.items() if column in frame}
    more = gpd.GeoDataFrame({**row, frame.geometry.name: [shape]}, geometry=frame.geometry.name, crs=frame.crs)
    # People of a file may be whole numbers, those by a share are not.
    whole = {column: "float64" if dtype.kind in "iu" else dtype for column, dtype in kinds.items()}
    out = pd.concat([frame.astype(whole), assign_units(more, inputs.units).astype(whole)], ignore_index=True)
    out.attrs = dict(frame.attrs)
    return out


def _resize(homes: _Homes, number: int, change: HomeChange, row: int) -> None:
    figures = _figures(homes, number, change, homes.now.iloc[row])
    at = np.arange(len(homes.now)) == row
    same = {column: value for column, value in figures.items() if homes.now[column].iloc[row] != value}
    homes.now = homes.now.assign(**{column: homes.now[column].astype(float).mask(at, value) for column, value in same.items()})


def _figures(homes: _Homes, number: int, change: HomeChange, before: pd.Series | None) -> dict[str, float]:
    """People of everybody and of every group that the study counts, and dwellings; `before` is the residence as it was."""
    given = _given(homes, number, change)
    people = float(change.people or 0)
    over = [column for column in given if column != DWELLINGS and given[column] > people + ROUNDING]
    if over:
        problem = said("more people of {groups} than people in all", groups=listed(map(_word, over)))
        homes.tell(number, "groups", problem, said("correct people or groups"))
    lacking = [column for column in homes.counted if column not in given]
    if lacking and change.ages is None and people > 0:
        _lacks(homes, number, change, lacking)
    if change.ages == "as_before" and before is not None and lacking and not before[WHOLE] > 0 and people > 0:
        homes.tell(number, "ages", said("nobody lived there before"), said('give groups, or ages = "as_study"'))
    return {WHOLE: people, **{column: given.get(column, people * _share(homes, column, change, before)) for column in homes.counted}}


def _share(homes: _Homes, column: str, change: HomeChange, before: pd.Series | None) -> float:
    """What a figure is for one person: in the whole study, or in the residence as it was."""
    if change.ages == "as_before" and before is not None:
        return float(before[column]) / float(before[WHOLE]) if before[WHOLE] > 0 else 0.0
    whole = float(homes.own[WHOLE].sum())
    return float(homes.own[column].sum()) / whole if change.ages == "as_study" and whole > 0 else 0.0


def _given(homes: _Homes, number: int, change: HomeChange) -> dict[str, float]:
    """The figures told, by column of the residences; a group and all others of the same column in the study's file are told together."""
    known = [_word(column) for column in homes.counted if column != DWELLINGS]
    column_of = {group: column for group, column in homes.plan.columns.items() if group in known}
    by_column = {column_of[word]: people for word, people in change.groups.items() if word in column_of}
    by_column |= {word: people for word, people in change.groups.items() if word in column_of.values()}
    told = {group: change.groups.get(group, by_column.get(column_of.get(group, ""))) for group in known}
    out = {f"{AGES}{group}": float(people) for group, people in told.items() if people is not None}
    for word in change.groups:
        if word not in known and word not in column_of.values():
            words = dict.fromkeys([*known, *column_of.values()])
            remedy = nearest(word, list(words)) if words else said("leave groups out: the study counts nobody by group")
            homes.tell(number, f"groups.{word}", said("'{id}' is no group of people that the study counts", id=word), remedy)
    if change.dwellings is not None and DWELLINGS in homes.counted:
        out[DWELLINGS] = float(change.dwellings)
    elif change.dwellings is not None:
        homes.tell(number, "dwellings", said("the study counts no dwellings"), said("leave it out"))
    return out


def _lacks(homes: _Homes, number: int, change: HomeChange, lacking: list[str]) -> None:
    """Tell the groups whose people are not given, one name for all that share a column of the study's file."""
    names = dict.fromkeys(homes.plan.columns.get(column.removeprefix(AGES), _word(column)) for column in lacking)
    remedy = said('give them in groups, or write ages = "as_study" to take the shares of the study')
    if change.change == "resize":
        remedy = said('give them in groups, or write ages = "as_before" to keep its own shares, or "as_study" to take those of the study')
    homes.tell(number, "", said("does not tell {names}, which the study counts", names=listed(names)), remedy)


def _word(column: str) -> str:
    return column.removeprefix(AGES)


def _placed(homes: _Homes, number: int, change: HomeChange) -> shapely.Geometry | None:
    """Where a new residence stands, in the study's CRS; None where that cannot be had, which is told."""
    key = next(key for key in ("file", "polygon", "lon") if getattr(change, key) not in (None, ()))
    where = homes.plan.key("homes", number, key)
    crs = homes.own.crs
    try:
        if change.file is not None:
            raw = geofile.read(homes.plan.base / change.file, layer=change.layer, where=f"{where} ({change.file})")
            shapes = coordinates.to_crs(raw, declared=change.crs, target=crs, where=f"{where} ({change.file})")
            if set(shapes.geom_type) - {"Polygon", "MultiPolygon"}:
                raise DataError(Fault(where, "holds more than polygons", "give polygons only"))
            shape = shapely.union_all(shapes.geometry.to_numpy())
        else:
            own = shapely.Polygon(change.polygon) if change.polygon else shapely.Point(change.lon, change.lat)
            frame = gpd.GeoDataFrame(geometry=[own], crs="EPSG:4326")
            shape = coordinates.to_crs(frame, declared=None, target=crs, where=where).geometry.iloc[0]
        coordinates.check_overlap(gpd.GeoDataFrame(geometry=[shape], crs=crs), homes.inputs.network.streets.total_bounds, where=where)
    except DataError as error:
        homes.faults += error.faults
        return None
    area = homes.inputs.area
    if area is not None and not shapely.intersects(shapely.union_all(area.geometry.to_numpy()), shapely.point_on_surface(shape)):
        homes.faults.append(Fault(where, "lies outside the study area", "correct the place (longitude first, WGS-84), or enlarge [study] area"))
        return None
    return shape


def _nearest_ids(id: str, residences: Residences) -> str:
    """The ids that may have been meant: those of residences of that name, else those written much alike."""
    ids = residences["residence_id"].astype(str)
    named = ids[(residences["name"] == id).to_numpy()].tolist()
    close = named[:SHOWN] or difflib.get_close_matches(id, ids.tolist(), n=SHOWN, cutoff=0.5)
    if close:
        return said("did you mean {words}?", words=listed(map(repr, close), " or "))
    return said("take the id that layers.gpkg shows, such as '{id}'", id=ids.iloc[0] if len(ids) else "")
