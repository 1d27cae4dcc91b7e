"""People of a grid: the cells of a raster (GeoTIFF, people a cell), and points that stand for the cells of a regular grid."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Mapping, Sequence
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
from livingcircle.errors import DataError, Fault, listed, raise_all, said

COPY_AGAIN = said("copy or export the file again as GeoTIFF")
# GDAL tells a damaged file by RasterioError, an unreadable CRS by CRSError of pyproj, odd sizes by ValueError.
UNREADABLE = (RasterioError, pyproj.exceptions.CRSError, ValueError, OSError)
OFF_GRID = 0.05  # a point farther than this part of a cell from its place is not on the grid
EDGE_POINTS = 21


@cache
def rules() -> Mapping[str, Any]:
    """How many people and cells are believed, as `population/population.toml` states it."""
    return tomllib.loads((files("livingcircle") / "population" / "population.toml").read_text(encoding="utf-8"))["cells"]


def raster_cells(
    path: str | Path, *, crs: pyproj.CRS | str, bounds: Sequence[float] | None = None, per_km2: bool = False
) -> gpd.GeoDataFrame:
    """The cells of a population raster in which people live, as polygons in the metric `crs`.

    `path` is a GeoTIFF of one band in any CRS, people a cell (with `per_km2` people a square kilometre, as density rasters
    have it). `bounds` (west, south, east, north in `crs`) keeps the cells that touch them, and only that window is read.
    Columns `cell` (`r<row>c<column>` in the whole raster, from 0), `people` (a float) and geometry; index from 0, in the
    raster's order. Cells declared without data, not a number or below 0 hold nobody. `attrs`: `source`, `people` (sum),
    `cells` with people, `empty` (0), `nodata`, and `negative` (below 0 though not declared), as counts of cells.
    Raises `DataError` when the file is missing, no GeoTIFF or damaged, has several bands or no CRS, when its datum shift
    is not published, the window is too large or outside the raster, a cell holds people beyond belief, or nobody lives there.
    >>> import tempfile
    >>> told = {"driver": "GTiff", "width": 2, "height": 1, "count": 1, "dtype": "float32", "nodata": -99999}
    >>> place = {"crs": "EPSG:4550", "transform": rasterio.Affine(100, 0, 400000, 0, -100, 3300100)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "people.tif"
    ...     with rasterio.open(file, "w", **told, **place) as raster:
    ...         raster.write(np.array([[[12.5, -99999]]], dtype="float32"))
    ...     cells = raster_cells(file, crs="EPSG:4550")
    >>> cells[["cell", "people"]].values.tolist(), cells.attrs["nodata"], cells.geometry.area.tolist()
    ([['r0c0', 12.5]], 1, [10000.0])
    """
    path, metric = Path(path), require_metric(crs, where="crs")
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
            window = _window(raster, own, metric, bounds, path.name)
            band = raster.read(1, window=window, masked=True)
            values = band.data.astype(float) * raster.scales[0] + raster.offsets[0]
            turn = raster.transform
    except UNREADABLE as error:
        raise DataError(Fault(path.name, said("cannot be read as a GeoTIFF: {error}", error=error), COPY_AGAIN)) from None
    nodata = np.ma.getmaskarray(band) | ~np.isfinite(values)
    negative = ~nodata & (values < 0)
    lived = ~nodata & (values > 0)
    row, column = np.nonzero(lived)
    cells = _polygons(row + window.row_off, column + window.col_off, values[lived], turn, own)
    cells.attrs = {
        "source": path.name, "empty": int((~nodata & (values == 0)).sum()), "nodata": int(nodata.sum()), "negative": int(negative.sum()),
    }  # fmt: skip
    return _settled(cells, metric, bounds, per_km2, path.name)


def _own_crs(raster: rasterio.DatasetReader, where: str) -> pyproj.CRS:
    """The CRS of a raster that can be used; raises with all faults otherwise."""
    faults, crs = [], None
    if raster.count != 1:
        faults.append(Fault(where, said("it has {count} bands", count=raster.count), "give a raster of one band that holds all people"))
    if raster.crs is not None:
        crs = pyproj.CRS.from_wkt(raster.crs.to_wkt())
    if crs is None or not (crs.is_geographic or crs.is_projected) or raster.transform.is_identity:
        remedy = said("export it with its coordinate system, or assign the right one in a GIS")
        faults.append(Fault(where, "the file does not say its coordinate system", remedy))
    raise_all(faults)
    return crs


def _window(
    raster: rasterio.DatasetReader, own: pyproj.CRS, metric: pyproj.CRS, bounds: Sequence[float] | None, where: str
) -> Window:
    """The cells to read: all, or those around `bounds`, one more on every side."""
    if bounds is None:
        top, left, bottom, right = 0, 0, raster.height, raster.width
    else:
        # The edges of the bounds are bent in the raster's CRS: their corners alone would cut cells off.
        edge = shapely.get_coordinates(shapely.segmentize(shapely.box(*bounds), max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1) / EDGE_POINTS))
        x, y = pyproj.Transformer.from_crs(metric, own, always_xy=True).transform(*edge.T)
        turn = ~raster.transform
        column, row = turn.a * x + turn.b * y + turn.c, turn.d * x + turn.e * y + turn.f
        top, bottom = max(int(np.floor(row.min())) - 1, 0), min(int(np.ceil(row.max())) + 1, raster.height)
        left, right = max(int(np.floor(column.min())) - 1, 0), min(int(np.ceil(column.max())) + 1, raster.width)
        if top >= bottom or left >= right:
            raise DataError(Fault(where, "no cell lies in the study area", "give a raster that covers the study area"))
    if (bottom - top) * (right - left) > rules()["most_cells"]:
        problem = said("{cells:,} cells are too many to read at once", cells=(bottom - top) * (right - left))
        raise DataError(Fault(where, problem, "clip the raster to the study area"))
    return Window(left, top, right - left, bottom - top)


def _polygons(row: np.ndarray, column: np.ndarray, people: np.ndarray, turn: rasterio.Affine, own: pyproj.CRS) -> gpd.GeoDataFrame:
    across = np.column_stack([column, column + 1, column + 1, column, column])
    down = np.column_stack([row, row, row + 1, row + 1, row])
    rings = np.stack([turn.a * across + turn.b * down + turn.c, turn.d * across + turn.e * down + turn.f], axis=-1)
    ids = [f"r{r}c{c}" for r, c in zip(row, column, strict=True)]
    return gpd.GeoDataFrame({"cell": ids, "people": people}, geometry=shapely.polygons(rings), crs=own)


def _settled(cells: gpd.GeoDataFrame, metric: pyproj.CRS, bounds: Sequence[float] | None, per_km2: bool, where: str) -> gpd.GeoDataFrame:
    """The cells in the metric CRS, within the bounds, believed."""
    counts = cells.attrs
    if len(cells):
        cells = to_crs(cells, declared=None, target=metric, where=where)
        if per_km2:
            cells = cells.assign(people=cells["people"] * cells.geometry.area / 1e6)
        if bounds is not None:
            cells = cells[shapely.intersects(cells.geometry.to_numpy(), shapely.box(*bounds))].reset_index(drop=True)
    if cells.empty:
        raise DataError(Fault(where, "nobody lives in the study area", "give a raster that holds people there"))
    most = cells["people"].max()
    if most > rules()["most_people"]:
        remedy = said("check that the raster holds people a cell, and that its mark for no data is declared")
        raise DataError(Fault(where, said("a cell with {most:,.0f} people is beyond belief", most=most), remedy))
    cells.attrs = {**counts, "people": float(cells["people"].sum()), "cells": len(cells)}
    return cells


def squares(points: gpd.GeoDataFrame, *, side_m: float | None = None, where: str = "grid") -> gpd.GeoDataFrame:
    """The cells that points in the middle of cells stand for: rectangles instead of points, all columns kept.

    `points` lie in the CRS in which the grid was made (degrees or metres); the sides are found from their spacing, and
    `attrs["side"]` says them (east, north, in units of the CRS). With `side_m` (a CRS in metres only) the sides are stated and
    points may lie anywhere. Polygons come back as they are. Raises `DataError` when there are points of both kinds, points
    that are on no regular grid along the axes, too few to tell the spacing, or two in one cell.
    >>> middles = gpd.GeoDataFrame({"people": [3, 4, 5]}, geometry=gpd.points_from_xy([50, 150, 350], [50, 250, 50]), crs="EPSG:4550")
    >>> squares(middles).geometry.bounds.values.tolist()
    [[0.0, -50.0, 100.0, 150.0], [100.0, 150.0, 200.0, 350.0], [300.0, -50.0, 400.0, 150.0]]
    """
    kinds = set(points.geom_type)
    if kinds and kinds <= {"Polygon", "MultiPolygon"}:
        return points.copy()
    if kinds != {"Point"}:
        raise DataError(Fault(where, said("holds {kinds}", kinds=listed(sorted(map(str, kinds))) or said("nothing")), "give points or polygons only"))
    x, y = points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
    if side_m is not None:
        require_metric(points.crs, where=where)
        if not (np.isfinite(side_m) and side_m > 0):
            raise DataError(Fault(where, said("cells of {side_m} m", side_m=side_m), "give the side of a cell in metres, above 0"))
        east = north = float(side_m)
    else:
        east, north = _spacing(x, y, points.crs, where)
    out = points.set_geometry(shapely.box(x - east / 2, y - north / 2, x + east / 2, y + north / 2), crs=points.crs)
    out.attrs = {**points.attrs, "side": (east, north)}
    return out


def _spacing(x: np.ndarray, y: np.ndarray, crs: pyproj.CRS | None, where: str) -> tuple[float, float]:
    """The sides of the cells of a regular grid of points; raises when there is none."""
    sides, places = [], []
    for values in (x, y):
        side, place = _steps(values)
        sides.append(side)
        places.append(place)
    if crs is not None and crs.is_projected and sum(side is None for side in sides) == 1:
        sides = [next(side for side in sides if side is not None)] * 2
    irregular = Fault(
        where,
        "the points are on no regular grid along the axes of their CRS",
        "give the points in the CRS in which the grid was made, or state the side of a cell in metres, or give cells as polygons",
    )
    if None in sides or any(place is None for place in places):
        raise DataError(irregular)
    if len(np.unique(np.column_stack(places), axis=0)) < len(x):
        raise DataError(Fault(where, "two points lie in one cell", "give every cell once"))
    return sides[0], sides[1]


def _steps(values: np.ndarray) -> tuple[float | None, np.ndarray | None]:
    """The even spacing of `values` and the number of each on it; no spacing for one value, no numbers where it is uneven."""
    levels, of = np.unique(values, return_inverse=True)
    span = levels[-1] - levels[0]
    # The same column of cells, written with a few digits only, must count as one.
    gaps = np.diff(levels)
    real = gaps > max(span * 1e-7, 1e-12)
    if not real.any():
        return None, np.zeros(len(values), dtype=int)
    least = gaps[real].min()
    even = gaps[real & (gaps < 1.5 * least)].mean()
    count = np.r_[0, np.cumsum(np.where(real, np.round(gaps / even), 0))]
    side = span / count[-1]
    if np.abs((levels - levels[0]) / side - count).max() > OFF_GRID:
        return side, None
    return float(side), count[of].astype(int)
