"""GeoParquet files, read with pyarrow, an optional part."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from livingcircle.errors import DataError, Fault, MissingPartError, said

GEO = b"geo"
NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}


def read(path: Path, *, where: str, damaged: str) -> gpd.GeoDataFrame:
    """The rows of a GeoParquet file, with columns of the kinds that other files give: text, numbers, yes or no, dates.

    A file that says no CRS is in longitude and latitude of WGS-84 (OGC:CRS84), as the format has it. Columns that pandas
    wrote as names of the rows stay columns. Raises `MissingPartError` without pyarrow, and `DataError` for a table without
    geometry and for a damaged file, whose remedy is `damaged`.
    """
    try:
        from pyarrow import parquet

        geographic = GEO in (parquet.read_schema(path).metadata or {})
        frame = gpd.read_parquet(path) if geographic else None
    except ImportError:
        remedy = said("pip install 'livingcircle[parquet]', or save the file as GeoPackage")
        raise MissingPartError(Fault(where, "reading .parquet needs pyarrow, which is not installed", remedy)) from None
    except Exception as error:
        # What a damaged file stumbles over is any of some twenty errors of pyarrow, geopandas, shapely and pyproj.
        raise DataError(Fault(where, said("cannot be read: {error}", error=str(error)[:200]), damaged)) from None
    if frame is None:
        remedy = said("save it as GeoParquet or GeoPackage; facilities in a plain table with coordinates may come as .csv")
        raise DataError(Fault(where, "it is a plain Parquet table, not GeoParquet: it does not say where its geometry is", remedy))
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    frame = frame.reset_index(named) if named else frame
    frame.columns = [str(name) for name in frame.columns]
    for name in frame.columns:
        if name != frame.geometry.name and not _is_usual(frame[name].dtype):
            frame[name] = _usual(frame[name])
    return frame


def _is_usual(kind: object) -> bool:
    """Whether other kinds of files give columns of this kind, too; what is nullable, coded or of Arrow they do not."""
    if kind == "object" or isinstance(kind, pd.CategoricalDtype | pd.ArrowDtype):
        return False
    return kind == "str" or not (isinstance(kind, pd.StringDtype) or hasattr(kind, "numpy_dtype"))


def _usual(column: pd.Series) -> pd.Series:
    cells = column.astype(object)
    cells = cells.where(cells.notna(), None)
    found = pd.api.types.infer_dtype(cells, skipna=True)
    if found in NUMBERS and (found != "integer" or cells.isna().any()):
        return cells.astype("float64")
    return pd.to_datetime(cells) if found == "date" else cells.infer_objects()
