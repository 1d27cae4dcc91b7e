"""Heights of the ground from a terrain raster (GeoTIFF)."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import rasterio
import shapely
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from livingcircle.coordinates import require_metric, to_crs
from livingcircle.errors import DataError, Fault, raise_all, said

COPY_AGAIN = said("copy or export the file again as GeoTIFF")
# GDAL tells a damaged file by RasterioError, an unreadable CRS by CRSError of pyproj, odd sizes by ValueError.
UNREADABLE = (RasterioError, pyproj.exceptions.CRSError, ValueError, OSError)


@cache
def rules() -> Mapping[str, Any]:
    """Which heights are believed, as `walking/slope.toml` states it."""
    return tomllib.loads((files("livingcircle") / "walking" / "slope.toml").read_text(encoding="utf-8"))["heights"]


def heights(path: str | Path, points: np.ndarray, *, crs: pyproj.CRS | str) -> np.ndarray:
    """The height of the ground at every point, in metres, bilinear between the centers of the raster's cells.

    `path` is a GeoTIFF of one band in any CRS, heights in metres; `points` an (n, 2) array in the metric `crs`. The result
    keeps their order. NaN stands at points outside the raster and on cells without data: declared so, not a number,
    below -500 m or above 9,000 m (`walking/slope.toml`). Beside such cells the others count alone; within half a cell of
    the raster's edge the last cells go on. Only the window around the points is read.
    Raises `DataError` when the file is missing, no GeoTIFF or damaged, has several bands, no CRS or other units, when its
    datum shift is not published, and when there are points but none has a height.
    >>> import tempfile
    >>> east = np.array([[5, 15, 25], [5, 15, 25]], dtype="float32")
    >>> told = {"driver": "GTiff", "width": 3, "height": 2, "count": 1, "dtype": "float32", "crs": "EPSG:4550"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "terrain.tif"
    ...     with rasterio.open(file, "w", transform=rasterio.Affine(10, 0, 400000, 0, -10, 3300020), **told) as raster:
    ...         raster.write(east, 1)
    ...     heights(file, np.array([[400012, 3300010], [400099, 3300010]]), crs="EPSG:4550").round(6).tolist()
    [12.0, nan]
    """
    path = Path(path)
    metric = require_metric(crs, where="points")
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    if not path.is_file():
        remedy = said("check the path in study.toml; it is relative to the study's folder, and nothing is read from the web")
        raise DataError(Fault(path.name, said("no such file: {path}", path=path), remedy))
    try:
        with warnings.catch_warnings():
            # A raster without a place on earth is refused by `_own_crs`, in words for a planner.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            # One driver only: GDAL would let a virtual raster under this name read any other file of the machine.
            raster = rasterio.open(path, driver="GTiff")
        with raster:
            own = _own_crs(raster, path.name)
            place = np.column_stack(pyproj.Transformer.from_crs(metric, own, always_xy=True).transform(*points.T))
            out = _interpolated(raster, place)
    except UNREADABLE as error:
        raise DataError(Fault(path.name, said("cannot be read as a GeoTIFF: {error}", error=error), COPY_AGAIN)) from None
    known = np.flatnonzero(np.isfinite(out))
    if len(points) and not len(known):
        raise DataError(_nowhere(path.name, place, own))
    if len(known):
        _check_datum(place[known[0]], own, metric, path.name)
    return out


def _own_crs(raster: rasterio.DatasetReader, where: str) -> pyproj.CRS:
    """The CRS of a raster that can be used; raises with all faults otherwise."""
    faults, crs = [], None
    if raster.count != 1:
        faults.append(Fault(where, said("it has {count} bands", count=raster.count), "give a raster of one band that holds the heights"))
    unit = (raster.units[0] or "").strip().lower()
    if unit and unit not in rules()["metre"]:
        faults.append(Fault(where, said("its heights are in {unit!r}", unit=unit), "convert them to metres"))
    if raster.crs is not None:
        crs = pyproj.CRS.from_wkt(raster.crs.to_wkt())
    if crs is None or not (crs.is_geographic or crs.is_projected) or raster.transform.is_identity:
        remedy = said("export it with its coordinate system, or assign the right one in a GIS")
        faults.append(Fault(where, "the file does not say its coordinate system", remedy))
    raise_all(faults)
    return crs


def _interpolated(raster: rasterio.DatasetReader, place: np.ndarray) -> np.ndarray:
    """The heights at coordinates in the raster's CRS."""
    out = np.full(len(place), np.nan)
    turn = ~raster.transform
    # Metres from the raster's corner first: large coordinates would cost digits.
    x, y = (np.where(np.isfinite(place), place, np.nan) - [raster.transform.c, raster.transform.f]).T
    column, row = turn.a * x + turn.b * y, turn.d * x + turn.e * y
    on = (column >= 0) & (column <= raster.width) & (row >= 0) & (row <= raster.height)
    if not on.any():
        return out
    column, row = column[on], row[on]
    top, left = (int(max(np.floor(v.min() - 0.5), 0)) for v in (row, column))
    bottom, right = (int(min(np.floor(v.max() + 0.5), n - 1)) for v, n in ((row, raster.height), (column, raster.width)))
    band = raster.read(1, window=Window(left, top, right - left + 1, bottom - top + 1), masked=True)
    row, column = row - top, column - left
    own = _cells(raster, band, np.floor(row), np.floor(column))
    above, before = np.floor(row - 0.5), np.floor(column - 0.5)
    pull, weight = np.zeros(len(own)), np.zeros(len(own))
    for south, east in ((0, 0), (0, 1), (1, 0), (1, 1)):
        cell = _cells(raster, band, above + south, before + east)
        share = (1 - np.abs(row - 0.5 - above - south)) * (1 - np.abs(column - 0.5 - before - east))
        known = np.isfinite(cell)
        weight += np.where(known, share, 0)
        # Sums of differences to the own cell: level ground comes out exactly level.
        pull += np.where(known, share * (cell - own), 0)
    out[on] = own + pull / np.where(weight > 0, weight, 1)
    return out


def _cells(raster: rasterio.DatasetReader, band: np.ma.MaskedArray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Metres of cells of the window read, NaN where none is to be believed; past its rim the last cell goes on."""
    last = np.array(band.shape) - 1
    found = band[np.clip(row, 0, last[0]).astype(int), np.clip(column, 0, last[1]).astype(int)]
    metres = found.data.astype(float) * raster.scales[0] + raster.offsets[0]
    believed = (metres >= rules()["lowest_m"]) & (metres <= rules()["highest_m"])
    return np.where(~np.ma.getmaskarray(found) & believed, metres, np.nan)


def _nowhere(where: str, place: np.ndarray, own: pyproj.CRS) -> Fault:
    finite = place[np.isfinite(place).all(axis=1)]
    problem = said("none of the {points} points has a height", points=len(place))
    if len(finite):
        x, y = finite[0]
        problem = said("none of the {points} points has a height (first at {x:.6g}, {y:.6g} in {crs})", points=len(place), x=x, y=y, crs=own.name)
    remedy = said("give a raster that covers the study area and holds heights there")
    return Fault(where, problem, remedy)


def _check_datum(place: np.ndarray, own: pyproj.CRS, metric: pyproj.CRS, where: str) -> None:
    """Raise where the raster stands on another ellipsoid and the shift to the study's datum is not published."""
    if abs(own.ellipsoid.semi_major_metre - metric.ellipsoid.semi_major_metre) < 1.0:
        return
    to_crs(gpd.GeoDataFrame(geometry=[shapely.Point(place)], crs=own), declared=None, target=metric, where=where)
