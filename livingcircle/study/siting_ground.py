"""The candidate sites of a study: parcels that are given, vacant land large enough, or positions along streets."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle import coordinates, layers
from livingcircle.analysis import Inputs
from livingcircle.errors import DataError, Fault, StudyError, listed, raise_all, said
from livingcircle.siting.candidates import least_m2, vacant
from livingcircle.siting.positions import Fronts, along_streets, fronts
from livingcircle.sources.spreadsheet import number
from livingcircle.standards import Standard, nearest
from livingcircle.study.files import file_of
from livingcircle.study.layer_files import ParcelFile
from livingcircle.study.residential_land import read_codes
from livingcircle.study.rows import keep
from livingcircle.study.schema import Siting, Study

VACANT, PARCELS, STREETS = "vacant", "parcels", "streets"


class Ground(NamedTuple):
    """Candidates (`siting.positions.fronts`), how they came about (`vacant`, `parcels` or `streets`), the parcels they lie on, and the land each needs in m²."""

    candidates: gpd.GeoDataFrame
    how: str
    parcels: gpd.GeoDataFrame | None
    needs_m2: float


def ground(study: Study, base: Path, inputs: Inputs, *, standard: Standard, categories: tuple[str, ...]) -> Ground:
    """The candidate sites for facilities that serve these categories together.

    Unless `[siting]` says otherwise: the parcels it names; else vacant parcels, large enough, of the study's land-use layer; else positions along streets. Parcels that
    do not touch the study area are left out. Raises `StudyError` and `DataError` with every fault.
    """
    told = study.siting
    raise_all(_unknown(told, standard), StudyError)
    needs = sum(told.site_m2.get(category, least_m2(standard.categories[category])) for category in categories)
    built = sum(told.cost.get(category, 0.0) for category in categories)
    excluded = _excluded(told, base, inputs)
    land = told.parcels or land_layer(study)
    if told.candidates == VACANT and (land is None or "land_code" not in land.columns):
        raise StudyError(Fault("siting.candidates", "no land-use layer with land codes is known", "name it as [siting.parcels] with columns.land_code"))
    if land is not None and told.candidates != STREETS:
        how = told.candidates or (PARCELS if told.parcels is not None else VACANT)
        parcels = _parcels(land, base, inputs, how=how, told=told)
        parcels = parcels[parcels["area_m2"].to_numpy() >= needs].reset_index(drop=True)
        if len(parcels):
            parcels = parcels.assign(needs_m2=needs)
            found = fronts(parcels, inputs.network, how=Fronts(told.front_spacing_m, told.front_reach_m), excluded=excluded)
            return Ground(found.assign(cost=found["cost"] + built), how, parcels, needs)
        if told.candidates or told.parcels:
            if how == VACANT:
                problem = said("no vacant parcel of {needs:g} m² or more lies in the study area", needs=needs)
                raise DataError(Fault(land.path, problem, 'state less as [siting.site_m2], or set candidates = "streets"'))
            problem = said("no parcel of {needs:g} m² or more lies in the study area", needs=needs)
            raise DataError(Fault(land.path, problem, 'state less as [siting.site_m2], or set candidates = "streets"'))
    found = along_streets(inputs.network, spacing_m=told.street_spacing_m, area=inputs.area, excluded=excluded, barriers=inputs.barriers)
    if not len(found):
        raise DataError(Fault("siting.street_spacing_m", "no street of the study area holds a position", "give less metres"))
    return Ground(found.assign(cost=built), STREETS, None, needs)


def _unknown(told: Siting, standard: Standard) -> list[Fault]:
    faults = []
    for key in ("site_m2", "capacity", "cost"):
        for category in getattr(told, key):
            if category not in standard.categories:
                problem = said("'{id}' is no category that {standard} judges", id=category, standard=standard.id)
                faults.append(Fault(f"siting.{key}", problem, nearest(category, sorted(standard.categories))))
    return faults


def land_layer(study: Study) -> ParcelFile | None:
    """The land-use layer that a study reads facilities or residences from by their codes, whole; None where it has none."""
    for part in study.facilities:
        if part.mapping == "land" and "code" in part.columns:
            columns = {ours: part.columns[own] for ours, own in (("id", "id"), ("name", "name"), ("land_code", "code")) if own in part.columns}
            return ParcelFile(path=part.path, layer=part.layer, crs=part.crs, encoding=part.encoding, columns=columns, vocabulary=part.vocabulary)
    homes = study.residences
    if homes is not None and "land_code" in homes.columns:
        columns = {key: homes.columns[key] for key in ("id", "name", "land_code") if key in homes.columns}
        return ParcelFile(path=homes.path, layer=homes.layer, crs=homes.crs, encoding=homes.encoding, columns=columns, vocabulary=homes.vocabulary)
    return None


def _parcels(land: ParcelFile, base: Path, inputs: Inputs, *, how: str, told: Siting) -> gpd.GeoDataFrame:
    """The parcels in the study's CRS with `parcel`, `name`, `area_m2`, `cost`; of vacant land only where that is asked for."""
    raw = _read(land, base, inputs)
    raw = raw.assign(**{layers.ROW: layers.row_numbers(raw)})
    missing = [(key, column) for key, column in land.columns.items() if column not in raw.columns]
    own = listed(str(c) for c in raw.columns if c != raw.geometry.name)
    raise_all(
        Fault(land.path, said("no column '{column}' (columns.{key})", column=column, key=key), said("choose one of: {known}", known=own)) for key, column in missing
    )
    if how == VACANT:
        cells = raw[land.columns["land_code"]].astype(object)
        codes = [("" if pd.isna(cell) else str(cell).strip().removesuffix(".0")) for cell in cells]
        vocabulary = land.vocabulary or read_codes(codes).vocabulary
        raw = vacant(raw.assign(land_code=codes), vocabulary=vocabulary, codes=told.vacant_codes or None)
    faults: list[Fault] = []
    drawn = shapely.area(raw.geometry.to_numpy())
    area = _numbers(raw, land, "area_m2", faults)
    cost = _numbers(raw, land, "cost", faults)
    raise_all(faults, DataError)
    ids = raw[land.columns["id"]].astype(str).to_numpy() if "id" in land.columns else np.arange(1, len(raw) + 1).astype(str)
    named = raw[land.columns["name"]] if "name" in land.columns else pd.Series("", index=raw.index)
    again = pd.Series(ids).groupby(ids).cumcount().to_numpy()
    columns = {
        "parcel": [f"{id}/{turn + 1}" if turn else str(id) for id, turn in zip(ids, again, strict=True)],
        "name": ["" if pd.isna(name) else str(name) for name in named],
        "area_m2": np.where(np.isnan(area), drawn, area),
        "cost": np.nan_to_num(cost),
    }
    out = gpd.GeoDataFrame(columns, geometry=raw.geometry.to_numpy(), crs=raw.crs)
    if inputs.area is None:
        return out
    inside = shapely.intersects(shapely.union_all(inputs.area.geometry.to_numpy()), out.geometry.to_numpy())
    return out[inside].reset_index(drop=True)


def _numbers(raw: gpd.GeoDataFrame, land: ParcelFile, key: str, faults: list[Fault]) -> np.ndarray:
    if key not in land.columns:
        return np.full(len(raw), np.nan)
    values, unread = number(raw[land.columns[key]])
    wrong = raw.index.isin(unread) | (values < 0).to_numpy()
    if wrong.any():
        rows = coordinates.name_rows(raw[layers.ROW].to_numpy()[wrong])
        faults.append(Fault(said("{where} {rows}", where=land.path, rows=rows), said("'{column}' is no quantity", column=land.columns[key]), "write a number, 0 or more, or leave it blank"))
    return values.to_numpy(dtype=float)


def _excluded(told: Siting, base: Path, inputs: Inputs) -> gpd.GeoDataFrame | None:
    parts = [_read(part, base, inputs)[["geometry"]] for part in told.excluded]
    return pd.concat(parts, ignore_index=True) if parts else None


def _read(part: ParcelFile, base: Path, inputs: Inputs) -> gpd.GeoDataFrame:
    """The polygons of a file in the study's CRS, those that `where` keeps."""
    raw = coordinates.to_crs(file_of(base / part.path, part), declared=part.crs, target=inputs.network.crs, where=part.path)
    raw = keep(raw, part.where, part.path)
    if set(raw.geom_type.dropna()) - {"Polygon", "MultiPolygon"}:
        raise DataError(Fault(part.path, "holds more than polygons", "give polygons only"))
    raw = raw[~(raw.geometry.isna() | raw.geometry.is_empty)].reset_index(drop=True)
    return raw if raw.geometry.name == "geometry" else raw.rename_geometry("geometry")
