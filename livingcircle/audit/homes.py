"""Doubts about residential land and the people on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from livingcircle.analysis import Inputs, Settings
from livingcircle.audit.effect import Judged
from livingcircle.audit.finding import DOUBT, NOTE, Finding, Reading, limits
from livingcircle.layers import OFF_NETWORK, Residences
from livingcircle.snapping import BEHIND, INSIDE


def home_findings(base: Judged, settings: Settings, *, layer: str) -> Iterator[Finding]:
    """Every doubt about the residences of `base`; `layer` names their file."""
    yield from _people(base.inputs.residences, layer)
    yield from _shapes(base.inputs.residences, layer)
    yield from _off_network(base, settings, layer)
    units, residences = base.inputs.units, base.inputs.residences
    outside = residences[(residences["unit"] == "").to_numpy()]
    if units is not None and len(outside):
        yield _finding("outside_units", DOUBT, layer, outside, otherwise=without_homes(outside))


def _finding(kind: str, severity: str, layer: str, told: Residences, **more) -> Finding:
    spots = shapely.get_coordinates(shapely.point_on_surface(told.geometry.to_numpy()))
    names = [name or own for name, own in zip(told["name"], told["residence_id"], strict=True)]
    return Finding(kind, severity, layer, len(told), places=spots, names=names, people=float(told["people"].sum()), **more)


def without_homes(told: Residences) -> Callable[[Inputs, Settings], Reading]:
    """The reading of the layers in which these residences are not counted."""
    ids = set(told["residence_id"])

    def otherwise(inputs: Inputs, settings: Settings) -> Reading:
        kept = inputs.residences[~inputs.residences["residence_id"].isin(ids)].reset_index(drop=True)
        # A study of nothing but doubtful homes has no other reading.
        return (replace(inputs, residences=kept) if len(kept) else inputs), settings

    return otherwise


def _people(residences: Residences, layer: str) -> Iterator[Finding]:
    people, land = residences["people"].to_numpy(), residences["land_m2"].to_numpy()
    empty = residences[(people == 0) & (land > 0)]
    if len(empty):
        values = {"land_ha": float(empty["land_m2"].sum() / 1e4)}
        yield _finding("land_without_people", DOUBT, layer, empty, values=values, otherwise=without_homes(empty))
    told = limits()["homes"]
    dense = residences[(land > told["sliver_m2"]) & (people > told["most_people_per_ha"] * land / 1e4)]
    if len(dense):
        yield _finding("too_dense", DOUBT, layer, dense, values={"per_ha": told["most_people_per_ha"]}, otherwise=without_homes(dense))


def _shapes(residences: Residences, layer: str) -> Iterator[Finding]:
    told = limits()["homes"]
    shapes, land = residences.geometry.to_numpy(), residences["land_m2"].to_numpy()
    slivers = residences[(land > 0) & (land <= told["sliver_m2"])]
    if len(slivers):
        yield _finding("slivers", NOTE, layer, slivers, values={"most_m2": told["sliver_m2"]}, otherwise=without_homes(slivers))
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = (a < b) & (land[a] > 0) & (land[b] > 0)
    a, b = a[pair], b[pair]
    shared = shapely.area(shapely.intersection(shapes[a], shapes[b]))
    over = shared > told["overlap_m2"]
    if over.any():
        later = residences.iloc[np.unique(b[over])]
        values = {"land_ha": float(shared[over].sum() / 1e4)}
        yield _finding("land_twice", DOUBT, layer, later, values=values, otherwise=lambda i, s: (_once(i, a[over], b[over]), s))


def _once(inputs: Inputs, kept: np.ndarray, later: np.ndarray) -> Inputs:
    """The land that two residences share left to the first of them; people stay with their residence."""
    shapes = inputs.residences.geometry.to_numpy().copy()
    for first, second in zip(kept.tolist(), later.tolist(), strict=True):
        less = shapely.difference(shapes[second], shapes[first])
        if not less.is_empty and shapely.get_type_id(less) in (3, 6):
            shapes[second] = less
    frame = inputs.residences.set_geometry(gpd.GeoSeries(shapes, index=inputs.residences.index, crs=inputs.residences.crs))
    return replace(inputs, residences=frame.assign(land_m2=frame.geometry.area.where(frame["land_m2"] > 0, 0.0)))


def _off_network(base: Judged, settings: Settings, layer: str) -> Iterator[Finding]:
    off = (base.origins["status"] == OFF_NETWORK).to_numpy()
    walled = off & base.origins["reason"].isin([BEHIND, INSIDE]).to_numpy()
    wider = replace(settings, snap_limit_m=settings.snap_limit_m * limits()["homes"]["wider_snap"])
    readings = {
        "homes_off_network": (off & ~walled, lambda inputs, _: (inputs, wider)),
        "homes_behind_barriers": (walled, lambda inputs, own: (replace(inputs, barriers=None), own)),
    }
    spots = shapely.get_coordinates(base.samples.geometry.to_numpy())
    for kind, (rows, otherwise) in readings.items():
        if rows.any():
            concerned = base.samples[rows]
            first = concerned.drop_duplicates("residence_id")
            values = {"limit_m": settings.snap_limit_m, "wider_m": wider.snap_limit_m, "land_ha": float(concerned["land_m2"].sum() / 1e4)}
            yield Finding(
                kind, DOUBT, layer, len(first), values, places=spots[rows][:5], names=list(first["residence_id"]),
                people=float(concerned["people"].sum()), otherwise=otherwise,
            )
