"""Doubts about facilities: where they are, whether one can get in, which are missing or only perhaps there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.analysis import Inputs, Settings
from livingcircle.audit.effect import Judged
from livingcircle.audit.finding import DOUBT, NOTE, Finding, Reading, limits
from livingcircle.facilities import is_open
from livingcircle.layers import Entrances, Facilities
from livingcircle.network import StreetNetwork
from livingcircle.standards import Standard

BY_CENTROID, BY_BOUNDARY = "centroid", "boundary"


def place_findings(base: Judged, settings: Settings, *, standard: Standard, absent: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Every doubt about the facilities of `base`, one a file and kind; `absent` are categories verified not to exist."""
    facilities = base.inputs.facilities
    yield from _not_found(base, settings, standard, absent)
    for layer, rows in facilities.groupby("source", sort=True).indices.items():
        own = np.zeros(len(facilities), dtype=bool)
        own[rows] = True
        yield from _off_network(base, own, layer)
        yield from _doors(base, own, layer)
        yield from _doubtful(base, own, layer)
        yield from _years(facilities, own, layer, settings)
        yield from _elsewhere(base, own, layer)


def _spots(facilities: Facilities) -> np.ndarray:
    return shapely.get_coordinates(shapely.point_on_surface(facilities.geometry.to_numpy()))


def _finding(kind: str, severity: str, layer: str, told: Facilities, **more) -> Finding:
    return Finding(kind, severity, layer, len(told), places=_spots(told), names=list(told["name"]), **more)


def _not_found(base: Judged, settings: Settings, standard: Standard, absent: frozenset[str]) -> Iterator[Finding]:
    served = {category for categories in base.inputs.facilities["categories"] for category in categories}
    judged = (pair for pair in standard.requirements() if settings.judges(standard.categories[pair[0]]))
    asked = dict.fromkeys(category for category, rule in judged if rule.flag == "mandatory")
    missing = [category for category in asked if category not in served | absent]
    everybody = float(base.samples["people"].sum())
    gone, contrary = sorted(absent - served), sorted(absent & served)
    if gone:
        yield Finding("verified_absent", NOTE, "", len(gone), {"categories": tuple(gone)}, people=everybody)
    if contrary:
        told = base.inputs.facilities[[not absent.isdisjoint(own) for own in base.inputs.facilities["categories"]]]
        yield _finding("absent_but_found", DOUBT, "", told, values={"categories": tuple(contrary)}, otherwise=_not_serving(contrary))
    if missing:
        # Nobody is covered for a category without facilities: all are told otherwise once one is found.
        yield Finding("not_found", DOUBT, "", len(missing), {"categories": tuple(missing)}, people=everybody)


def _not_serving(categories: Sequence[str]) -> Callable[[Inputs, Settings], Reading]:
    """The same facilities, none of them serving these categories."""

    def otherwise(inputs: Inputs, settings: Settings) -> Reading:
        left = [tuple(own for own in many if own not in categories) for many in inputs.facilities["categories"]]
        return replace(inputs, facilities=inputs.facilities.assign(categories=left)), settings

    return otherwise


def _off_network(base: Judged, own: np.ndarray, layer: str) -> Iterator[Finding]:
    inputs = base.inputs
    ids = inputs.entrances["facility_id"]
    joined = set(ids[base.doors["edge"].to_numpy() >= 0])
    off = own & ~inputs.facilities["facility_id"].isin(joined).to_numpy()
    if off.any():
        told = inputs.facilities[off]
        yield _finding("facilities_off_network", DOUBT, layer, told, otherwise=lambda i, s: (_at_streets(i, set(told["facility_id"])), s))


def _at_streets(inputs: Inputs, ids: set[str]) -> Inputs:
    """The doors of these facilities moved to the nearest place on a street."""
    doors = inputs.entrances
    moved = doors["facility_id"].isin(ids).to_numpy()
    shapes = doors.geometry.to_numpy().copy()
    lines = inputs.network.streets.geometry.to_numpy()
    near = shapely.STRtree(lines).nearest(shapes[moved])
    shapes[moved] = shapely.line_interpolate_point(lines[near], shapely.line_locate_point(lines[near], shapes[moved]))
    return replace(inputs, entrances=doors.set_geometry(gpd.GeoSeries(shapes, index=doors.index, crs=doors.crs)))


def _doors(base: Judged, own: np.ndarray, layer: str) -> Iterator[Finding]:
    facilities = base.inputs.facilities
    source = facilities["entrance_source"].to_numpy()
    step = limits()["places"]["boundary_step_m"]
    for kind, word, doors in (
        ("no_entrance", BY_CENTROID, lambda shape, network: _along(shape, step)),
        ("entrance_assumed", BY_BOUNDARY, _nearest_to_street),
    ):
        told = facilities[own & (source == word)]
        if len(told):
            yield _finding(kind, DOUBT, layer, told, otherwise=_with_doors(set(told["facility_id"]), doors))


def _along(shape: shapely.Geometry, step: float) -> np.ndarray:
    edge = shape.boundary if shapely.get_type_id(shape) in (3, 6) else shape
    return np.unique(shapely.get_coordinates(shapely.segmentize(edge, step)), axis=0)


def _nearest_to_street(shape: shapely.Geometry, network: StreetNetwork) -> np.ndarray:
    """The one point of the boundary that is nearest to a street: a single gate."""
    lines = network.streets.geometry.to_numpy()
    edge = shape.boundary if shapely.get_type_id(shape) in (3, 6) else shape
    line = lines[shapely.STRtree(lines).nearest(edge)]
    return shapely.get_coordinates(shapely.get_point(shapely.shortest_line(edge, line), 0))


def _with_doors(ids: set[str], doors: Callable) -> Callable[[Inputs, Settings], Reading]:
    def otherwise(inputs: Inputs, settings: Settings) -> Reading:
        kept = inputs.entrances[~inputs.entrances["facility_id"].isin(ids)]
        chosen = inputs.facilities[inputs.facilities["facility_id"].isin(ids)]
        found = [doors(shape, inputs.network) for shape in chosen.geometry]
        frame = gpd.GeoDataFrame(
            {"facility_id": np.repeat(chosen["facility_id"].to_numpy(), [len(f) for f in found]), "entrance_source": "tried"},
            geometry=shapely.points(np.vstack(found)),
            crs=chosen.crs,
        )
        return replace(inputs, entrances=_together(kept, frame)), settings

    return otherwise


def _together(kept: Entrances, more: Entrances) -> Entrances:
    return gpd.GeoDataFrame(pd.concat([kept, more], ignore_index=True), crs=kept.crs)


def without_facilities(told: Facilities) -> Callable[[Inputs, Settings], Reading]:
    """The reading of the layers in which these facilities are none."""
    ids = set(told["facility_id"])

    def otherwise(inputs: Inputs, settings: Settings) -> Reading:
        facilities = inputs.facilities[~inputs.facilities["facility_id"].isin(ids)].reset_index(drop=True)
        doors = inputs.entrances[~inputs.entrances["facility_id"].isin(ids)].reset_index(drop=True)
        return replace(inputs, facilities=facilities, entrances=doors), settings

    return otherwise


def _doubtful(base: Judged, own: np.ndarray, layer: str) -> Iterator[Finding]:
    facilities = base.inputs.facilities
    told = facilities[own & (facilities["confidence"] == "low").to_numpy()]
    if len(told):
        yield _finding("class_uncertain", DOUBT, layer, told, otherwise=without_facilities(told))
    bare = facilities[own & (facilities["name"].str.strip() == "").to_numpy()]
    if len(bare):
        yield _finding("nameless", NOTE, layer, bare)
    spots = _spots(facilities[own])
    _, group, many = np.unique(np.round(spots, 1), axis=0, return_inverse=True, return_counts=True)
    crowded = facilities[own][many[group.ravel()] >= limits()["places"]["same_spot"]]
    if len(crowded) and crowded["name"].nunique() >= limits()["places"]["same_spot"]:
        yield _finding("same_spot", DOUBT, layer, crowded, otherwise=without_facilities(crowded))


def _years(facilities: Facilities, own: np.ndarray, layer: str, settings: Settings) -> Iterator[Finding]:
    existing, year = (facilities["status"] == "existing").to_numpy(), facilities["open_year"].to_numpy(dtype=float)
    undated = facilities[own & ~existing & np.isnan(year)]
    if len(undated):
        yield _finding("planned_without_year", DOUBT, layer, undated, otherwise=_existing(undated))
    shut = ~is_open(facilities, year=settings.year, certainty=settings.certainty)
    contrary = facilities[own & existing & ~np.isnan(year) & shut]
    if len(contrary):
        yield _finding("existing_not_yet_open", DOUBT, layer, contrary, otherwise=_existing(contrary))


def _existing(told: Facilities) -> Callable[[Inputs, Settings], Reading]:
    """The same facilities taken as open today."""
    ids = set(told["facility_id"])

    def otherwise(inputs: Inputs, settings: Settings) -> Reading:
        chosen = inputs.facilities["facility_id"].isin(ids)
        facilities = inputs.facilities.assign(
            status=inputs.facilities["status"].mask(chosen, "existing"), open_year=inputs.facilities["open_year"].mask(chosen)
        )
        return replace(inputs, facilities=facilities), settings

    return otherwise


def _elsewhere(base: Judged, own: np.ndarray, layer: str) -> Iterator[Finding]:
    facilities = base.inputs.facilities
    shapes, homes = facilities.geometry.to_numpy()[own], base.inputs.residences.geometry.to_numpy()
    far = limits()["places"]["far_from_homes_m"]
    near = np.zeros(len(shapes), dtype=bool)
    near[shapely.STRtree(homes).query(shapes, predicate="dwithin", distance=far)[0]] = True
    told = facilities[own][~near]
    if len(told):
        yield _finding("far_from_homes", DOUBT, layer, told, values={"far_km": far / 1000}, otherwise=without_facilities(told))
