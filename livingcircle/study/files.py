"""The files that the parts of a study name, read as they are."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from livingcircle.errors import DataError, Fault, listed, raise_all, said
from livingcircle.sources import geodatabase, geofile, map_service, spreadsheet
from livingcircle.study.schema import FacilityFile, ResidenceFile

PLACED = ("lon", "lat", "x", "y", "location", "entrance", "entrance_lon", "entrance_lat")
TABLES = (".csv", ".tsv", ".txt", ".xlsx")


def source_of(told: FacilityFile) -> str:
    """The name by which a file of facilities is told from the others, as in `file#id`; of a geodatabase with the layer.

    >>> source_of(FacilityFile(path="data/规划.gdb", layer="学校", category="school"))
    '规划.gdb/学校'
    """
    return with_layer(Path(told.path).name, told.layer)


def with_layer(name: str, layer: str | None) -> str:
    """The name of a file, of a geodatabase with the layer: it often holds all that a bureau has."""
    return f"{name}/{layer}" if layer and name.lower().endswith(geodatabase.KINDS) else name


def file_of(path: Path, told) -> gpd.GeoDataFrame:
    """The layer of a geographic file that a part of a study names."""
    return geofile.read(path, layer=told.layer, encoding=told.encoding, where=path.name)


def any_file(path: Path, told: FacilityFile | ResidenceFile) -> gpd.GeoDataFrame:
    """The rows of a geographic file, of a table with coordinates or of a map service's answers that a part of a study names."""
    columns = {k: v for k, v in told.columns.items() if k in PLACED}
    if map_service.holds_places(path):
        return map_service.read_points(path, columns=columns, crs=told.crs, encoding=told.encoding, where=path.name)
    if path.suffix.lower() in TABLES:
        return spreadsheet.read_points(
            path, columns=columns, crs=told.crs, encoding=told.encoding, sheet=told.layer, where=path.name
        )
    return file_of(path, told)


def require_columns(raw: gpd.GeoDataFrame, told: FacilityFile | ResidenceFile) -> None:
    """Raise `DataError` for every column that `[columns]` names and the file does not have."""
    own = [str(c) for c in raw.columns if c != raw.geometry.name]
    raise_all(
        Fault(told.path, said("no column '{column}' (columns.{key})", column=column, key=key), said("choose one of: {known}", known=listed(own)))
        for key, column in told.columns.items()
        if column not in raw.columns and key not in PLACED
    )
