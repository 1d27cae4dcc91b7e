"""Layers that seem to lie in another Chinese datum than they say; told with both numbers, never moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from livingcircle import shift
from livingcircle.analysis import Inputs, Settings
from livingcircle.audit.finding import DOUBT, Finding, Reading
from livingcircle.shift import FROM_PLAIN, PRESENT, SHIFTED, TO_PLAIN, Verdict

WGS = "WGS84"
HOMES = "residences"


def datum_findings(inputs: Inputs, datums: Mapping[str, str], *, homes: str = HOMES) -> Iterator[Finding]:
    """A finding for every layer that fits the streets far better in another datum than it was read in.

    `datums` maps a file's name (`source` of its facilities; `homes` names the residences' file) to the datum word it was declared in.
    """
    land = inputs.residences[inputs.residences["land_m2"] > 0]
    for layer, declared in datums.items():
        rows = np.flatnonzero(inputs.facilities["source"] == layer)
        told = inputs.residences if layer == homes else inputs.facilities.iloc[rows]
        points = shapely.get_coordinates(shapely.point_on_surface(told.geometry.to_numpy()))
        ground = {"crs": inputs.network.crs, "declared": declared}
        buildings = land if layer != homes and len(land) else None
        verdict = shift.detect(points, inputs.network, buildings=buildings, **ground)
        if verdict.state == SHIFTED:
            yield _finding(layer, verdict, points, inputs, layer == homes)


def _finding(layer: str, verdict: Verdict, points: np.ndarray, inputs: Inputs, of_homes: bool) -> Finding:
    table = verdict.placings
    now = table[table["placing"] == PRESENT].iloc[0]
    other = (table["placing"] == "other") & (table["datum"] == verdict.datum) & (table["streets"] == verdict.streets)
    then = table[other].iloc[0]
    values = {
        "likely": verdict.datum or WGS,
        "declared": verdict.declared or WGS,
        "before_m": float(now["median_m"]), "after_m": float(then["median_m"]),
        "before_share": float(now["near_share"]), "after_share": float(then["near_share"]),
    }
    kind = "streets_shifted" if verdict.streets else "shifted"
    if verdict.streets:
        values["likely"] = verdict.streets
    otherwise = _moved(layer, (verdict.declared, verdict.datum, verdict.streets), of_homes)
    people = float(inputs.residences["people"].sum()) if of_homes else float("nan")
    return Finding(kind, DOUBT, layer, len(points), values, places=points[:1], people=people, otherwise=otherwise)


def _moved(layer: str, datums: tuple[str, str, str], of_homes: bool) -> Callable[[Inputs, Settings], Reading]:
    """The same layers, this one laid where it fits the streets: read in the other datum, or shifted as the streets are."""

    def otherwise(inputs: Inputs, settings: Settings) -> Reading:
        turn = _between(inputs.network.crs, *datums)
        if of_homes:
            return replace(inputs, residences=_turned(inputs.residences, turn)), settings
        rows = (inputs.facilities["source"] == layer).to_numpy()
        doors = inputs.entrances["facility_id"].isin(set(inputs.facilities["facility_id"][rows])).to_numpy()
        return (
            replace(inputs, facilities=_turned(inputs.facilities, turn, rows), entrances=_turned(inputs.entrances, turn, doors)),
            settings,
        )

    return otherwise


def _between(crs: Any, declared: str, datum: str, streets: str) -> Callable[[np.ndarray], np.ndarray]:
    """From where the layer was placed under `declared` to where it lies beside the streets if its numbers are in `datum` and those of
    the streets in `streets`; (n, 2) arrays."""
    project = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)

    def turn(xy: np.ndarray) -> np.ndarray:
        plain = project.transform(*xy.T, direction="INVERSE")
        return np.column_stack(project.transform(*FROM_PLAIN[streets](*TO_PLAIN[datum](*FROM_PLAIN[declared](*plain)))))

    return turn


def _turned(frame: gpd.GeoDataFrame, turn: Callable, rows: np.ndarray | None = None) -> gpd.GeoDataFrame:
    shapes = frame.geometry.to_numpy().copy()
    chosen = np.ones(len(frame), dtype=bool) if rows is None else rows
    shapes[chosen] = shapely.transform(shapes[chosen], turn)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
