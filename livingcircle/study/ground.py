"""What walking costs are worked out from: heights, crossings, parks, compounds and their gates, as the study names them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from livingcircle import coordinates, slope
from livingcircle.costs import Ground, Walker, is_park, kind_of_crossing, park_keys, presets
from livingcircle.coverage import Group
from livingcircle.errors import DataError, Fault, listed, said
from livingcircle.network import RESIDENTS, StreetNetwork, compounds
from livingcircle.sources import geofile, osm
from livingcircle.study.rows import keep
from livingcircle.study.schema import Study

POLYGONS = {"Polygon", "MultiPolygon"}


def walkers(study: Study) -> tuple[Walker, tuple[Group, ...]]:
    """How everybody walks, and every group with its walker; the first group is everybody."""
    told = study.walking
    base = Walker(
        speed_kmh=told.speed_kmh,
        steps=told.steps,
        slope=told.slope or "",
        crossings=told.crossings,
        permeability=told.permeability,
        night=told.night,
        seconds=dict(told.crossing_seconds),
    )
    groups = [Group("all", told.speed_kmh, "people", base)]
    counted = study.residences.counted if study.residences else ()
    for group in told.groups:
        shipped = presets().get(group.id, {})
        speed = group.speed_kmh or shipped["speed_m_s"] * 3.6
        steps = group.steps or shipped.get("steps") or base.steps
        walker = Walker(
            speed_kmh=speed,
            steps=steps,
            slope=base.slope if group.slope is None else group.slope,
            crossings=base.crossings if group.crossings is None else group.crossings,
            permeability=group.permeability or base.permeability,
            night=base.night if group.night is None else group.night,
            seconds=base.seconds,
        )
        groups.append(Group(group.id, speed, f"people_{group.id}" if group.people or group.id in counted else "people", walker))
    return base, tuple(groups)


def read_ground(study: Study, base: Path, crs: CRS, network: StreetNetwork) -> Ground:
    """What the walkers' costs need of heights, crossings and parks, read only where a walker bears the cost."""
    _, groups = walkers(study)
    asked = [group.walker for group in groups]
    slopes, crossings, parks = {}, {}, ()
    names = sorted({walker.slope for walker in asked if walker.slope})
    if names:
        # The raster library is only needed where slope counts.
        from livingcircle.sources import elevation

        heights_of = partial(elevation.heights, base / study.walking.elevation, crs=crs)
        slopes = {name: slope.factors(network, heights_of, function=name) for name in names}
    extract = base / study.streets.path if osm.is_extract(base / study.streets.path) else None
    if extract and any(walker.crossings for walker in asked):
        crossings = _crossings(extract)
    if any(walker.night for walker in asked):
        parks = _parks(study, base, crs, extract)
    return Ground(
        slopes={name: (found.forward, found.backward) for name, found in slopes.items()},
        crossings=crossings,
        parks=parks,
        without_height_m=max((found.unknown_m for found in slopes.values()), default=0.0),
    )


def _crossings(extract: Path) -> dict[int, str]:
    places = osm.read_places(extract, keys=("highway",))
    nodes = places[places["source_id"].str.startswith("node/")]
    kinds = {int(source.split("/")[1]): kind_of_crossing(tags) for source, tags in zip(nodes["source_id"], nodes["tags"], strict=True)}
    return {node: kind for node, kind in kinds.items() if kind}


def _parks(study: Study, base: Path, crs: CRS, extract: Path | None) -> tuple[shapely.Geometry, ...]:
    frames = [_polygons(told, base, crs) for told in study.parks]
    if extract:
        places = osm.read_places(extract, keys=park_keys())
        tagged = places[[is_park(tags) for tags in places["tags"]]]
        frames.append(tagged[tagged.geom_type.isin(POLYGONS)].to_crs(crs))
    shapes = [shapely.get_parts(frame.geometry.to_numpy()) for frame in frames]
    return tuple(np.concatenate(shapes)) if shapes else ()


def _layer(told, base: Path, crs: CRS) -> gpd.GeoDataFrame:
    raw = geofile.read(base / told.path, layer=told.layer, encoding=told.encoding, where=told.path)
    return keep(coordinates.to_crs(raw, declared=told.crs, target=crs, where=told.path), told.where, told.path)


def _polygons(told, base: Path, crs: CRS) -> gpd.GeoDataFrame:
    frame = _layer(told, base, crs)
    if set(frame.geom_type) - POLYGONS:
        raise DataError(Fault(told.path, "holds more than polygons", "give polygons only"))
    return frame


def read_compounds(study: Study, base: Path, crs: CRS) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
    """The outlines of gated compounds (column `name`) and their gates (column `kind`), None where the study has none."""
    outlines = []
    for told in study.compounds:
        frame = _polygons(told, base, crs)
        if told.name and told.name not in frame.columns:
            known = listed(str(c) for c in frame.columns if c != "geometry")
            raise DataError(Fault(told.path, said("no column '{column}' (name)", column=told.name), said("choose one of: {known}", known=known)))
        names = frame[told.name].fillna("").astype(str) if told.name else pd.Series("", index=frame.index)
        outlines.append(gpd.GeoDataFrame({"name": names.to_numpy()}, geometry=frame.geometry.to_numpy(), crs=crs))
    extract = base / study.streets.path if osm.is_extract(base / study.streets.path) else None
    if extract and study.walking.tagged_compounds:
        tagged = compounds.tagged_outlines(osm.read_places(extract, keys=compounds.outline_keys()))
        outlines.append(tagged.to_crs(crs))
    gates = [_gates(told, base, crs) for told in study.gates]
    # The gates of an extract are never all of them: beside outlines of the planner's own they would wall up the others.
    if extract and not study.gates and not study.compounds:
        gates.append(compounds.tagged_gates(osm.read_gates(extract, kinds=compounds.gate_tags())).to_crs(crs))
    return tuple(
        pd.concat(frames, ignore_index=True) if sum(map(len, frames)) else None for frames in (outlines, gates)
    )


def _gates(told, base: Path, crs: CRS) -> gpd.GeoDataFrame:
    frame = _layer(told, base, crs)
    if set(frame.geom_type) - {"Point"}:
        raise DataError(Fault(told.path, "holds more than points among the gates", "give points only"))
    if told.kind is None:
        return gpd.GeoDataFrame({"kind": RESIDENTS}, index=frame.index, geometry=frame.geometry, crs=crs)
    if told.kind not in frame.columns:
        known = listed(str(c) for c in frame.columns if c != "geometry")
        raise DataError(Fault(told.path, said("no column '{column}' (kind)", column=told.kind), said("choose one of: {known}", known=known)))
    told_kinds = frame[told.kind].fillna("").astype(str).str.strip()
    wrong = sorted(set(told_kinds) - {*compounds.KINDS, ""})
    if wrong:
        raise DataError(Fault(
            told.path,
            said("gates of unknown kind {kinds} in '{column}'", kinds=wrong[:5], column=told.kind),
            said("use one of: {known}", known=listed(compounds.KINDS)),
        ))
    return gpd.GeoDataFrame({"kind": told_kinds.to_numpy()}, geometry=frame.geometry.to_numpy(), crs=crs)
