"""The facilities of a study with those of a scenario opened, closed, moved and resized."""

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
from livingcircle.comparison.changes import STILL_M
from livingcircle.errors import DataError, Fault, listed, said
from livingcircle.facilities import CLOSED
from livingcircle.layers import Entrances, Facilities
from livingcircle.messages import words
from livingcircle.scenario.model import BUILT, FacilityChange
from livingcircle.standards import Standard, nearest

if TYPE_CHECKING:
    from livingcircle.scenario.laying import Plan

# How an entrance is told to have been found that a planner set.
GIVEN = "given"
SHOWN = 3


@dataclass
class _Layers:
    """Facilities and entrances while they are changed, one after another."""

    facilities: Facilities
    entrances: Entrances
    language: str
    fresh: int = 0

    def row(self, id: str) -> int | None:
        found = np.flatnonzero((self.facilities["facility_id"] == id).to_numpy())
        return int(found[0]) if len(found) else None

    def tell(self, row: int, **told: Any) -> None:
        self.facilities = self.facilities.assign(**{
            column: self.facilities[column].where(np.arange(len(self.facilities)) != row, value) for column, value in told.items()
        }).astype({column: self.facilities[column].dtype for column in told})

    def add(self, told: FacilityChange, place: shapely.Point) -> None:
        self.fresh += 1
        word = words(self.language)["scenario.source"]
        row = {
            "facility_id": f"scenario#{self.fresh}",
            "name": told.name,
            "raw_name": told.name,
            "raw_type": word,
            "categories": tuple(dict.fromkeys(told.categories)),
            "status": _status(told),
            "open_year": np.nan if told.open_year is None else float(told.open_year),
            "capacity": np.nan if told.capacity is None else told.capacity,
            "entrance_source": GIVEN,
            "source": word,
            "rule": "scenario",
            "confidence": "high",
        }
        self.facilities = _with_row(self.facilities, row, place)
        self.enter(row["facility_id"], place)

    def enter(self, id: str, place: shapely.Point) -> None:
        """Let the point be the one entrance of a facility."""
        kept = self.entrances[(self.entrances["facility_id"] != id).to_numpy()]
        self.entrances = _with_row(kept, {"facility_id": id, "entrance_source": GIVEN}, place)

    def move(self, row: int, place: shapely.Point) -> None:
        shapes = self.facilities.geometry.to_numpy().copy()
        # A park that is moved stays as large as it is.
        shift = shapely.get_coordinates(place)[0] - shapely.get_coordinates(shapely.point_on_surface(shapes[row]))[0]
        shapes[row] = place if shapely.get_type_id(shapes[row]) == 0 else shapely.transform(shapes[row], lambda xy: xy + shift)
        self.facilities = self.facilities.set_geometry(gpd.GeoSeries(shapes, index=self.facilities.index, crs=self.facilities.crs))
        self.tell(row, entrance_source=GIVEN)
        self.enter(self.facilities["facility_id"].iloc[row], place)


def _with_row(frame: gpd.GeoDataFrame, told: Mapping[str, Any], place: shapely.Point) -> gpd.GeoDataFrame:
    """The layer with one more row; a column that it tells nothing of is blank there."""
    kinds = frame.drop(columns=frame.geometry.name).dtypes
    blank = {column: np.nan if dtype.kind == "f" else 0 if dtype.kind in "iu" else False if dtype.kind == "b" else None for column, dtype in kinds.items()}
    row = {column: [value] for column, value in {**blank, **told}.items() if column in frame}
    more = gpd.GeoDataFrame({**row, frame.geometry.name: [place]}, geometry=frame.geometry.name, crs=frame.crs)
    return pd.concat([frame, more.astype(kinds)], ignore_index=True)


def changed(plan: Plan, inputs: Inputs, standard: Standard, told: tuple[str, list[Fault]]) -> tuple[Facilities, Entrances]:
    """The facilities and their entrances after every change of the scenario, in the order given; the very same where it changes none.

    `told` is the language of the words in tables, and the list that faults are added to. What is closed stays in the layer, open in no year.
    """
    language, faults = told
    layers = _Layers(inputs.facilities, inputs.entrances, language)
    for number, change in enumerate(plan.scenario.facilities):
        _apply(layers, change, (plan, number), standard, faults)
    return layers.facilities, layers.entrances


def _apply(layers: _Layers, change: FacilityChange, where: tuple[Plan, int], standard: Standard, faults: list[Fault]) -> None:
    plan, number = where
    wrong = _unknown(layers, change, where, standard)
    place = None
    if change.lon is not None:
        try:
            place = _placed(change, layers.facilities.crs, plan.key("facilities", number))
        except DataError as error:
            wrong += error.faults
    faults += wrong
    if change.fresh:
        # A faulty one is counted too, so that ids of later ones do not depend on it.
        layers.add(change, place or shapely.Point(0, 0))
        return
    row = layers.row(change.id or "")
    if wrong or row is None:
        return
    if change.change == "open":
        was = layers.facilities.iloc[row]
        # What is said to open in the year that is known keeps its status.
        known = was["status"] if was["open_year"] == change.open_year and was["status"] != CLOSED else None
        layers.tell(row, status=_status(change, known), open_year=np.nan if change.open_year is None else float(change.open_year))
    elif change.change == "close":
        layers.tell(row, status=CLOSED, open_year=np.nan)
    elif change.change == "resize":
        layers.tell(row, capacity=float(change.capacity))
    elif not _stands_at(place, layers.facilities.geometry.iloc[row]):
        layers.move(row, place)


def _status(change: FacilityChange, known: str | None = None) -> str:
    """The status of a facility that is opened: as the change says, else as it is known to be, else by whether it opens at once."""
    return change.certainty or known or (BUILT if change.open_year is None else "planned")


def _stands_at(place: shapely.Point, shape: shapely.Geometry) -> bool:
    """Whether a facility stands at a place already, so that moving it there says nothing."""
    return shapely.point_on_surface(shape).distance(place) <= STILL_M


def _unknown(layers: _Layers, change: FacilityChange, where: tuple[Plan, int], standard: Standard) -> list[Fault]:
    plan, number = where
    if change.id is not None and layers.row(change.id) is None:
        problem = said("no facility has the id '{id}'", id=change.id)
        return [Fault(plan.key("facilities", number, "id"), problem, _nearest_ids(change.id, layers.facilities))]
    known = sorted(standard.categories)
    return [
        Fault(
            plan.key("facilities", number, "categories"),
            said("'{id}' is no category of {standard}", id=category, standard=standard.id),
            nearest(category, known),
        )
        for category in change.categories
        if category not in standard.categories
    ]


def _nearest_ids(id: str, facilities: Facilities) -> str:
    """The ids that may have been meant: those of facilities of that name, else those written much alike."""
    ids = facilities["facility_id"].astype(str)
    named = ids[(facilities["name"] == id).to_numpy()].tolist()
    close = named[:SHOWN] or difflib.get_close_matches(id, ids.tolist(), n=SHOWN, cutoff=0.5)
    if close:
        return said("did you mean {words}?", words=listed(map(repr, close), " or "))
    return said("take the id that layers.gpkg and the map show, such as '{id}'", id=ids.iloc[0] if len(ids) else "file#1")


def _placed(change: FacilityChange, crs: Any, where: str) -> shapely.Point:
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(change.lon, change.lat)], crs="EPSG:4326")
    return coordinates.to_crs(frame, declared=None, target=crs, where=where).geometry.iloc[0]
