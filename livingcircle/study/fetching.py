"""The streets and facilities of a study, downloaded from OpenStreetMap before the study is run."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from pydantic import ValidationError

from livingcircle import barriers, coordinates
from livingcircle.costs import park_keys
from livingcircle.errors import DataError, Fault, StudyError, raise_all, reason, said
from livingcircle.network import compounds
from livingcircle.sources import content, geofile, overpass
from livingcircle.sources.overpass.manners import rules
from livingcircle.study.judging import read_standards
from livingcircle.study.key_faults import key_faults
from livingcircle.study.layer_crs import says_local
from livingcircle.study.local_points import fitted
from livingcircle.study.schema import About, LocalSystem, study_file

RAW = "raw"
AREAL = {"Polygon", "MultiPolygon"}


def fetch(
    path: str | Path,
    *,
    servers: Sequence[str] | None = None,
    nominatim: str | None = None,
    budget_s: float | None = None,
    watch: overpass.Watch | None = None,
) -> list[Path]:
    """The files written into `raw/` beside the study file: the extract and its record (`sources.overpass.download`).

    Of the study file (or its folder) only `[study] id` and `[study] area`, a file of polygons in any CRS, or else
    `[streets] place`, a name, are needed; other files it names need not be there yet. The download reaches 1,500 m
    (`overpass.toml`) beyond the area and holds what the study's standard, indicators, barriers, compounds and parks are read by. `servers`, `nominatim`
    and `budget_s` take the place of the shipped addresses and seconds.

    Raises `StudyError` or `StandardError` for the study file and `DataError` for the area, the place and the download; then
    nothing in `raw/` was changed but finished tiles, which the next try goes on with.
    """
    file = study_file(Path(path))
    told = _told(file)
    about, base = told["study"], file.parent
    standard, _ = read_standards(about.get("standard") or About.model_fields["standard"].default, indicators=about.get("indicators"), base=base)
    if about.get("area"):
        area = _polygons(base / about["area"], about["area"], about.get("area_layer"))
    else:
        outline, _ = overpass.find_place(told["streets"]["place"], nominatim=nominatim)
        area = gpd.GeoDataFrame(geometry=[outline], crs="EPSG:4326")
    declared = _area_crs(about, file) if about.get("area") else None
    ground = around(area, crs=about.get("crs"), declared=declared)
    keys = (*standard.osm_keys(), *barriers.keys(), *compounds.gate_tags(), *compounds.outline_keys(), *park_keys())
    return overpass.download(ground, keys=keys, folder=base / RAW, servers=servers, budget_s=budget_s, watch=watch)


def around(area: gpd.GeoDataFrame, *, crs: str | None = None, declared: str | None = None) -> shapely.Geometry:
    """The ground of the polygons `area` and 1,500 m (`overpass.toml`) beyond, as one polygon in degrees of WGS-84.

    `declared` says in which CRS the numbers are, whatever the file says. Measured in the metric `crs`, or in the one that
    fits the place. Raises `DataError` for a CRS that is unknown, not in
    metres, or does not fit the numbers.

    >>> square = gpd.GeoDataFrame(geometry=[shapely.box(121.80, 29.90, 121.81, 29.91)], crs="EPSG:4326")
    >>> [round(degrees, 3) for degrees in around(square).bounds]
    [121.784, 29.886, 121.826, 29.924]
    """
    where = str(area.attrs.get("source", "area"))
    if crs:
        metric = coordinates.require_metric(crs, where="[study] crs")
    elif area.crs is None and declared is None:
        remedy = said('write area_crs = "EPSG:..." into [study]')
        raise DataError(Fault(where, "the file does not say its coordinate system", remedy))
    else:
        labelled = area.set_crs(coordinates.resolve_crs(declared)[0], allow_override=True) if declared else area
        west, south, east, north = labelled.to_crs("EPSG:4326").total_bounds
        metric = coordinates.metric_crs((west + east) / 2, (south + north) / 2)
    declared = declared or (None if area.crs is not None else crs)
    placed = coordinates.to_crs(area, declared=declared, target=metric, where=where)
    wide = gpd.GeoSeries([shapely.union_all(placed.geometry.to_numpy()).buffer(rules()["area"]["beyond_m"])], crs=metric)
    return wide.to_crs("EPSG:4326").iloc[0]


def _area_crs(about: dict[str, Any], file: Path) -> str | None:
    """The CRS stated for the area; the local system's, fitted here, where the area is in it."""
    told = about.get("area_crs")
    if told is None or not says_local(told):
        return told
    try:
        system = LocalSystem.model_validate(about.get("local_system", {}))
    except ValidationError as error:
        raise StudyError(key_faults(file, error, LocalSystem, under=("study", "local_system"))) from error
    if not (file.parent / system.points).is_file():
        problem, remedy = said("no such file '{name}'", name=system.points), said("put it into {folder} or correct the path", folder=file.parent)
        raise StudyError(Fault(f"{file}: study.local_system.points", problem, remedy))
    return fitted(system, about.get("crs"), file.parent).wkt


def _told(file: Path) -> dict[str, Any]:
    """The study file as it is, with `[study] id` and an area or a place; raises `StudyError` with every fault."""
    if not file.is_file():
        raise StudyError(Fault(str(file), "no such study file", "give a folder that holds study.toml, or the file"))
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(Fault(str(file), said("is not valid TOML ({error})", error=reason(error)), "correct this line; save as UTF-8")) from error
    raise_all(_faults(file, told), StudyError)
    return {"study": told["study"], "streets": told.get("streets", {})}


def _faults(file: Path, written: dict[str, Any]) -> list[Fault]:
    parts = {key: written.get(key, {}) for key in ("study", "streets")}
    wrong = [key for key, part in parts.items() if not isinstance(part, dict)]
    if wrong:
        return [Fault(f"{file}: {key}", "is no table", said("write it as [{key}]", key=key)) for key in wrong]
    about, streets = parts["study"], parts["streets"]
    given = {"study.id": about.get("id"), "study.area": about.get("area"), "study.crs": about.get("crs")}
    given |= {"study.area_crs": about.get("area_crs"), "study.area_layer": about.get("area_layer"), "streets.place": streets.get("place")}
    faults = [
        Fault(f"{file}: {key}", "is no text", "write it in quotes")
        for key, value in given.items()
        if value is not None and not (isinstance(value, str) and value.strip())
    ]
    for key in ("standard", "indicators"):
        told = [about[key]] if isinstance(about.get(key), str) else about.get(key, ())
        if not isinstance(told, list | tuple) or not all(isinstance(one, str) and one.strip() for one in told):
            faults.append(Fault(f"{file}: study.{key}", "is no text", "write it in quotes, or as a list of texts in quotes"))
    if given["study.id"] is None:
        faults.append(Fault(f"{file}: study.id", "is required", "add it"))
    if given["study.area"] is None and given["streets.place"] is None:
        remedy = said('add [study] area = "area.geojson" (a file of polygons) or [streets] place = "district, city, country"')
        faults.append(Fault(str(file), "names no area to download", remedy))
    elif given["study.area"] is not None and not faults and not content.is_there(file.parent / given["study.area"]):
        remedy = said("put it into {folder} or correct the path", folder=file.parent)
        faults.append(Fault(f"{file}: study.area", said("no such file '{name}'", name=given["study.area"]), remedy))
    return faults


def _polygons(path: Path, name: str, layer: str | None) -> gpd.GeoDataFrame:
    frame = geofile.read(path, layer=layer, where=name, layer_key="area_layer")
    if set(frame.geom_type) - AREAL:
        raise DataError(Fault(name, "holds more than polygons", "give polygons only"))
    return frame
