"""What reading decided for the planner, as findings, each with the layers as they would be had it been decided the other way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle import coordinates
from livingcircle.analysis import Inputs, Settings
from livingcircle.audit import DOUBT, NOTE, Finding
from livingcircle.audit.finding import Reading
from livingcircle.audit.homes import without_homes
from livingcircle.audit.places import without_facilities
from livingcircle.corrections import NOTHING
from livingcircle.layers import Facilities
from livingcircle.network import compounds
from livingcircle.study.findings import Findings
from livingcircle.study.places import Combined, Parts, Read, combined
from livingcircle.study.reading import read_network
from livingcircle.study.schema import Study

NEAR_M = 1.0
POLYGONS = ("Polygon", "MultiPolygon")
Otherwise = Callable[[Inputs, Settings], Reading]


def decisions(found: Findings, inputs: Inputs) -> Iterator[Finding]:
    """What reading noticed and the layers do not show any more; `found` was told thoroughly."""
    for row in found.read:
        if row["assumed"]:
            yield Finding("encoding_assumed", NOTE, row["file"], 1, {"encoding": row["encoding"]})
        if row["repaired"]:
            yield _repaired(row, inputs)
        if row["role"] == "facilities" and row["asked"] > row["kept"]:
            yield _unclassified(row, found.parts)
    if found.counts.get("corrections"):
        done = found.counts["corrections"]
        names = list(dict.fromkeys(str(one["facility_id"]) for one in done if one["facility_id"]))
        yield Finding("corrected", NOTE, "corrections", len(done), names=names, otherwise=_with(lambda: _uncorrected(found.parts), found.parts))
    if found.counts.get("facilities_merged"):
        yield _merged(found.parts, inputs)
    yield from _of_local_system(found)
    yield from _of_land(found)
    for key, values in found.warnings:
        if key == "residences_outside":
            yield _outside(values, found.parts, inputs)


def _of_land(found: Findings) -> list[Finding]:
    """By which land-use codes the residences were picked."""
    read = found.counts.get("residential_land")
    if read is None:
        return []
    out = [Finding(f"homes_by_code{'' if read['homesteads'] else '_urban'}", NOTE, read["file"], read["kept"], {**read, "shown": ", ".join(read["codes"])})]
    if read["doubtful"]:
        shown = ", ".join(read["doubtful"])
        out.append(Finding("home_codes_doubtful", DOUBT, read["file"], len(read["doubtful"]), {"vocabulary": read["vocabulary"], "shown": shown}))
    return out


def _of_local_system(found: Findings) -> list[Finding]:
    """How well the local coordinate system of the layers is known."""
    fitted = found.counts.get("local_system")
    if fitted is None:
        return []
    if not fitted["checked"]:
        return [Finding("local_unchecked", DOUBT, fitted["file"], fitted["points"], fitted)]
    return [Finding("local_system", NOTE, fitted["file"], fitted["points"], fitted)]


def _with(facilities: Callable[[], Facilities], parts: Parts) -> Otherwise:
    """The layers with these facilities instead, their entrances found anew."""

    def otherwise(inputs: Inputs, settings: Settings) -> Reading:
        kept, doors = parts.with_doors(facilities())
        return replace(inputs, facilities=kept, entrances=doors), settings

    return otherwise


def _together(read: Read, parts: Parts) -> Combined:
    return combined(read, read.frames[0].crs, language=parts.language)


def _uncorrected(parts: Parts) -> Facilities:
    """The facilities as if nobody had corrected them; rows that a planner gave a category have none."""
    frames = []
    for frame in parts.read.frames:
        bare = frame[frame["rule"] != "corrected"].reset_index(drop=True)
        bare.attrs["left_out"] = frame.attrs["left_out"]
        frames.append(bare)
    return _together(Read(frames, NOTHING), parts).kept


def _each(facilities: Facilities) -> Counter:
    return Counter(category for many in facilities["categories"] for category in many)


def _merged(parts: Parts, inputs: Inputs) -> Finding:
    merged = inputs.merged
    apart = _together(parts.read, parts).apart
    more = {own: count for own, count in (_each(apart) - _each(inputs.facilities)).most_common()}
    names = list(dict.fromkeys(name for name in merged["name"].astype(str) if name.strip()))
    return Finding("merged", NOTE, "", len(merged), {"by_category": more}, names=names, otherwise=_with(lambda: apart, parts))


def _unclassified(row: dict, parts: Parts) -> Finding:
    count, maybe = row["asked"] - row["kept"], row["maybe"]
    if maybe is None or not len(maybe):
        return Finding("unclassifiable", NOTE, row["file"], count)
    spots = shapely.get_coordinates(shapely.point_on_surface(maybe.geometry.to_numpy()))
    values = {"maybe": len(maybe), "rest": count - len(maybe), "by_category": dict(_each(maybe).most_common())}
    names = list(dict.fromkeys(name for name in maybe["name"] if name))
    more = Read([*parts.read.frames, maybe], parts.read.corrections)
    otherwise = _with(lambda: _together(more, parts).kept, parts)
    return Finding("unclassified", NOTE, row["file"], count, values, places=spots, names=names, otherwise=otherwise)


def _outside(values: dict, parts: Parts, inputs: Inputs) -> Finding:
    out = parts.residences[~parts.residences["residence_id"].isin(inputs.residences["residence_id"])]
    spots = shapely.get_coordinates(shapely.point_on_surface(out.geometry.to_numpy()))
    names = [name or own for name, own in zip(out["name"], out["residence_id"], strict=True)]

    def otherwise(inputs: Inputs, settings: Settings) -> Reading:
        return replace(inputs, residences=parts.residences), settings

    return Finding("residences_outside", DOUBT, "", values["count"], places=spots, names=names, people=values["people"], otherwise=otherwise)


def _repaired(row: dict, inputs: Inputs) -> Finding:
    """Polygons that were repaired; the other way, what they hold is not counted."""
    raw = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*np.array(row["repaired_at"]).T), crs=row["raw_crs"])
    spots = coordinates.to_crs(raw, declared=row["declared"], target=inputs.network.crs, where=row["file"]).geometry.to_numpy()
    of_facilities = row["role"] == "facilities"
    layer = inputs.facilities if of_facilities else inputs.residences
    own = layer["source"].to_numpy() == Path(row["file"]).name if of_facilities else np.ones(len(layer), dtype=bool)
    held = np.zeros(len(layer), dtype=bool)
    held[shapely.STRtree(layer.geometry.to_numpy()).query(spots, predicate="dwithin", distance=NEAR_M)[1]] = True
    told = layer[held & own & layer.geom_type.isin(POLYGONS).to_numpy()]
    otherwise = (without_facilities if of_facilities else without_homes)(told)
    names = [str(name) for name in told["name"] if name]
    return Finding("repaired", NOTE, row["file"], row["repaired"], places=shapely.get_coordinates(spots), names=names, otherwise=otherwise)


def gate_findings(study: Study, base: Path, inputs: Inputs) -> Iterator[Finding]:
    """Gates of the study's own files that lie near no outline; those tagged in an extract stand everywhere."""
    unused = int(inputs.network.unused_gates) if study.gates else 0
    if not unused:
        return

    def otherwise(inputs: Inputs, settings: Settings) -> Reading:
        return replace(inputs, network=read_network(study, base, inputs.network.crs, enclosing=_gates_at_outlines)), settings

    yield Finding("gates_unused", DOUBT, study.gates[0].path, unused, otherwise=otherwise if study.compounds else None)


def _gates_at_outlines(
    outlines: gpd.GeoDataFrame | None, gates: gpd.GeoDataFrame | None
) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
    """Every gate that is far from all outlines put onto the nearest one."""
    if outlines is None or gates is None:
        return outlines, gates
    borders, shapes = shapely.boundary(outlines.geometry.to_numpy()), gates.geometry.to_numpy().copy()
    _, near = shapely.STRtree(borders).query_nearest(shapes, all_matches=False)
    links = shapely.shortest_line(borders[near], shapes)
    far = shapely.length(links) > compounds.rules()["outlines"]["gate_m"]
    shapes[far] = shapely.get_point(links[far], 0)
    return outlines, gates.set_geometry(gpd.GeoSeries(shapes, index=gates.index, crs=gates.crs))


def without_outlines(study: Study, base: Path, inputs: Inputs) -> Callable[[Sequence[int]], object]:
    """Reads the streets anew without the outlines of compounds of some numbers."""

    def unwalled(numbers: Sequence[int]) -> object:
        def fewer(outlines: gpd.GeoDataFrame | None, gates: gpd.GeoDataFrame | None) -> tuple:
            left = outlines.drop(index=outlines.index[list(numbers)]).reset_index(drop=True)
            return (left, gates) if len(left) else (None, None)

        return read_network(study, base, inputs.network.crs, enclosing=fewer)

    return unwalled
