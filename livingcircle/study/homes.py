"""The residences of a study: people stated, or worked out of dwellings, parcels or a raster, split over buildings, re-scaled to totals."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from livingcircle import coordinates, layers, population
from livingcircle import residences as homes
from livingcircle.errors import DataError, Fault
from livingcircle.layers import Residences, Units
from livingcircle.sources import geofile, grid, spreadsheet
from livingcircle.study.files import any_file, require_columns
from livingcircle.study.findings import Findings
from livingcircle.study.residential_land import residential
from livingcircle.study.rows import keep
from livingcircle.study.schema import ResidenceFile, Study

NOT_FOR_HOMES = ("land_code", "lon", "lat", "x", "y")


def read_residences(study: Study, ground: tuple[Path, CRS, np.ndarray], units: Units | None, findings: Findings) -> Residences:
    """The residences of a study (`layers.RESIDENCES`, a column `people_<group>` for each group that has its own people), with their units.

    `ground` is the study's folder, its CRS and the bounds of its streets. `findings` is told of the file, of homes outside every building,
    and of the factors by which units were re-scaled (`counts["population_factors"]`). Raises `DataError` with every fault found.
    """
    base, crs, bounds = ground
    told = study.residences
    file = any_file(base / told.path, told)
    require_columns(file, told)
    raw = coordinates.to_crs(file, declared=told.crs, target=crs, where=told.path)
    raw = residential(keep(raw, told.where, told.path), told, findings)
    coordinates.check_overlap(raw, bounds, where=told.path)
    got = _people(study, raw, base, crs)
    findings.note(file, told, "residences", asked=len(raw), kept=len(got))
    if told.buildings is not None:
        got = _over_buildings(got, told, base, crs, findings)
    got = homes.assign_units(got, units)
    if told.shares:
        got = population.with_shares(got, told.shares, where=told.path)
    if told.totals is not None:
        got = _rescaled(got, told, base, findings)
    layers.check(got, layers.RESIDENCES, where=told.path)
    return got


def _people(study: Study, raw: gpd.GeoDataFrame, base: Path, crs: CRS) -> Residences:
    told = study.residences
    columns = {key: column for key, column in told.columns.items() if key not in NOT_FOR_HOMES}
    where = {"columns": columns, "where": told.path}
    if told.population is not None:
        groups = told.groups | {g.id: g.people for g in study.walking.groups if g.people and g.id != "all"}
        return homes.from_places(raw, columns=columns, people=told.population, groups=groups, where=told.path)
    if told.dwellings is not None:
        return population.from_dwellings(raw, dwellings=told.dwellings, people_per_dwelling=told.people_per_dwelling, **where)
    if told.floor_area_ratio is not None:
        per_person = told.floor_area_per_person_m2
        return population.from_parcels(raw, floor_area_ratio=told.floor_area_ratio, floor_area_per_person_m2=per_person, **where)
    if told.raster is None:
        # The totals of units will say who lives here, by the land of each residence.
        return population.residential_land(raw, **where)
    land = population.residential_land(raw, **where)
    around = raw.total_bounds + np.array([-1, -1, 1, 1]) * told.raster.within_m
    cells = grid.raster_cells(base / told.raster.path, crs=crs, bounds=around, per_km2=told.raster.per_km2)
    lived = homes.from_places(cells, columns={"id": "cell"}, people="people", where=told.raster.path)
    return population.onto_land(lived, land, within_m=told.raster.within_m, where=told.raster.path)


def _over_buildings(got: Residences, told: ResidenceFile, base: Path, crs: CRS, findings: Findings) -> Residences:
    asked = told.buildings
    file = geofile.read(base / asked.path, layer=asked.layer, encoding=asked.encoding, where=asked.path)
    raw = coordinates.to_crs(file, declared=asked.crs, target=crs, where=asked.path)
    raw = keep(raw, asked.where, asked.path)
    out = population.over_buildings(got, raw, columns=asked.columns, where=asked.path)
    findings.note(file, asked, "buildings", asked=len(raw), kept=int(out.attrs["buildings"]))
    findings.counts["buildings"] = {key: out.attrs[key] for key in out.attrs if not key.startswith("row")}
    unknown = out.attrs.get("storeys_unknown", 0)
    if unknown:
        findings.warnings.append(("storeys_unknown", {"count": unknown}))
    if round(out.attrs["people_without_building"]):
        values = {"count": out.attrs["residences_without_building"], "people": round(out.attrs["people_without_building"])}
        findings.warnings.append(("homes_without_building", values))
    return out


def _rescaled(got: Residences, told: ResidenceFile, base: Path, findings: Findings) -> Residences:
    asked = told.totals
    if (got["unit"] == "").all():
        raise DataError(Fault("[residences.totals]", "no residence lies in a unit", "give [study] units that cover the residences"))
    table = spreadsheet.read_table(base / asked.path, encoding=asked.encoding)
    totals = population.unit_totals(table, unit=asked.unit, people=asked.people, groups=asked.groups, where=asked.path)
    out, factors = population.rescaled(got, totals, where=asked.path)
    findings.counts["population_factors"] = factors.astype(object).where(pd.notna(factors), None).to_dict("records")
    whole = factors[(factors["group"] == "all") & factors["total"].notna()]
    for row in whole.itertuples():
        findings.warnings.append(("rescaled", {"unit": row.unit, "before": row.people_before, "total": row.total, "factor": row.factor}))
    findings.warnings += [("total_doubtful", {"fault": fault}) for fault in population.remarks(factors, where=asked.path)]
    return out
