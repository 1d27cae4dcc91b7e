"""Which rows of a file a study keeps."""

from __future__ import annotations

import geopandas as gpd

from livingcircle import layers
from livingcircle.errors import DataError, Fault, listed, said
from livingcircle.study.schema import Rows


def keep(frame: gpd.GeoDataFrame, where: Rows | None, name: str) -> gpd.GeoDataFrame:
    """The rows of file `name` that `where` asks for, with their numbers in the file; all of them without `where`.

    Raises `DataError` when the column is missing or no row fits.
    """
    if where is None:
        return frame
    if where.column not in frame.columns:
        known = listed(frame.columns)
        raise DataError(Fault(name, said("no column '{column}' (where)", column=where.column), said("choose one of: {known}", known=known)))
    if layers.ROW not in frame.columns:
        # Numbers in messages are those of the file, not of the rows kept.
        frame = frame.assign(**{layers.ROW: layers.row_numbers(frame)})
    kept = frame[frame[where.column].astype(str).str.strip().str.startswith(tuple(where.starts_with))]
    if kept.empty:
        words = listed(where.starts_with, " or ")
        raise DataError(Fault(name, said("no row whose '{column}' starts with {words}", column=where.column, words=words), "correct [where]"))
    kept = kept.reset_index(drop=True)
    kept.attrs["row_column"] = frame.attrs.get("row_column", layers.ROW)
    return kept
