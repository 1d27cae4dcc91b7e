"""People stated by figures of the land itself: dwellings, floor-area ratios, unit totals; and land that states nobody."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.coordinates import name_rows
from livingcircle.errors import Fault, listed, raise_all, said
from livingcircle.layers import UNITS, Residences, Units, check, row_numbers
from livingcircle.population.figures import as_residences, facts, numbers, people_columns


def residential_land(
    places: gpd.GeoDataFrame, *, columns: Mapping[str, str] | None = None, where: str = "residences"
) -> Residences:
    """Residences of residential polygons that state no people: `people` is 0 everywhere, to be filled by a later step.

    `columns` maps `id`, `name` and `open_year` to columns. Raises `DataError` as `residences.from_places` does.
    """
    return as_residences(places, np.zeros(len(places)), columns=columns, where=where, faults=[])


def from_dwellings(
    places: gpd.GeoDataFrame,
    *,
    dwellings: str,
    people_per_dwelling: float,
    columns: Mapping[str, str] | None = None,
    where: str = "residences",
) -> Residences:
    """Residences whose people are dwellings (户数) times people a dwelling.

    `places` are polygons or points in a metric CRS, `dwellings` their column of dwellings; `people_per_dwelling` is the
    study's own, since no national figure holds for a district. Blank dwellings count as none: `attrs["without_people"]`
    counts such rows. Raises `DataError`, all faults at once: dwellings missing, no numbers, negative or beyond belief,
    people a dwelling out of range, and all that `residences.from_places` refuses.
    >>> land = gpd.GeoDataFrame({"户数": ["120户", None]}, geometry=shapely.box([0, 200], 0, [100, 300], 80), crs="EPSG:4550")
    >>> from_dwellings(land, dwellings="户数", people_per_dwelling=2.5)["people"].tolist()
    [300.0, 0.0]
    """
    faults: list[Fault] = []
    most = facts()["dwellings"]["most_people"]
    if not 0 < people_per_dwelling <= most:
        remedy = said("give the people a dwelling of the district's census, such as residents over households")
        faults.append(Fault(
            where,
            said("{people_per_dwelling} people a dwelling: more than 0 and at most {most} are believed", people_per_dwelling=people_per_dwelling, most=most),
            remedy,
        ))
    count = numbers(places, dwellings, most=facts()["dwellings"]["most_count"], where=where, faults=faults)
    return as_residences(places, count * people_per_dwelling, columns=columns, where=where, faults=faults)


def from_parcels(
    parcels: gpd.GeoDataFrame,
    *,
    floor_area_ratio: str,
    floor_area_per_person_m2: float | None = None,
    columns: Mapping[str, str] | None = None,
    where: str = "parcels",
) -> Residences:
    """Residences of planned parcels: people = land area x floor-area ratio (容积率) / floor area a person.

    `parcels` are polygons in a metric CRS, `floor_area_ratio` their column of ratios of dwelling floor area to land;
    `floor_area_per_person_m2` is 35 m2 where the study says nothing (`population.toml`, quoted second-hand). Blank ratios
    count as nobody, counted in `attrs["without_people"]`. Raises `DataError`, all faults at once: ratios missing, no
    numbers, negative or in percent, parcels that are no polygons, and all that `residences.from_places` refuses.
    >>> plan = gpd.GeoDataFrame({"容积率": [2.1]}, geometry=[shapely.box(0, 0, 100, 100)], crs="EPSG:4550")
    >>> from_parcels(plan, floor_area_ratio="容积率")["people"].round(6).tolist()  # 10 000 m2 x 2.1 / 35 m2
    [600.0]
    """
    faults: list[Fault] = []
    each = facts()["parcels"]["floor_area_per_person_m2"] if floor_area_per_person_m2 is None else floor_area_per_person_m2
    if not (np.isfinite(each) and each > 0):
        faults.append(Fault(where, said("{each} m2 of floor area a person", each=each), "give square metres above 0"))
        each = np.nan
    ratio = numbers(parcels, floor_area_ratio, most=facts()["floor_area_ratio"]["most"], where=where, faults=faults)
    flat = ~parcels.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
    if flat.any():
        rows = name_rows(row_numbers(parcels)[flat])
        faults.append(Fault(said("{where} {rows}", where=where, rows=rows), "a ratio needs land, and this is no polygon", "draw the parcels as polygons"))
    people = shapely.area(parcels.geometry.to_numpy()) * ratio / each
    return as_residences(parcels, people, columns=columns, where=where, faults=faults)


def of_units(units: Units, totals: pd.DataFrame, *, where: str = "totals") -> Residences:
    """The units themselves as residences that hold their totals, for `over_buildings` and `onto_land` to spread.

    `totals` is a table of `unit_totals`. Columns of `layers.RESIDENCES`, plus the groups of the totals (blank: 0); id, name
    and unit are the unit's name; `land_m2` is 0, since a unit is not residential land; units of one name become one.
    Totals without a unit of their name have no place: `attrs["unplaced"]` maps their names to their people. Raises
    `DataError` when no total has a unit.
    >>> units = gpd.GeoDataFrame({"unit": ["W"]}, geometry=[shapely.box(0, 0, 100, 100)], crs="EPSG:4550")
    >>> of_units(units, pd.DataFrame({"unit": ["W"], "people": [500.0]}))[["residence_id", "people", "land_m2"]].values.tolist()
    [['W', 500.0, 0.0]]
    """
    check(units, UNITS, where="units")
    placed = totals["unit"].isin(units["unit"])
    lost, totals = totals[~placed], totals[placed]
    if totals.empty:
        known = listed(sorted(set(units["unit"]))[:20])
        raise_all([Fault(where, "none of the totals is of a unit on the map", said("write the units as they are called there: {known}", known=known))])
    shapes = units[["unit", units.geometry.name]].dissolve(by="unit")
    shapes = shapes.loc[totals["unit"]]
    out = gpd.GeoDataFrame(
        {
            "residence_id": totals["unit"].to_numpy(),
            "name": totals["unit"].to_numpy(),
            "unit": totals["unit"].to_numpy(),
            "people": totals["people"].to_numpy(dtype=float),
            "land_m2": 0.0,
            "open_year": np.nan,
            **{column: totals[column].fillna(0).to_numpy(dtype=float) for column in people_columns(totals)[1:]},
        },
        geometry=shapes.geometry.to_numpy(),
        crs=units.crs,
    )
    out.attrs = {"unplaced": dict(zip(lost["unit"], lost["people"].astype(float), strict=True))}
    return out
