"""Where a layer is: the metric CRS of a study, the Chinese datums, and the faults a planner's file can have.

Longitude and latitude stand only at the two ends of the work; inside, every layer is in projected metres. Three datums meet in China: WGS-84 and
CGCS2000 agree to centimetres, GCJ-02 (Amap, Tencent) is about 500 m off and BD-09 (Baidu) about 1 km, by published formulas inverted by iteration.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from livingcircle.errors import DataError, Fault, listed, raise_all, said

_transformer = functools.cache(pyproj.Transformer.from_crs)  # one takes longer to make than to use
# The GCJ-02 and BD-09 constants as published in PRCoords (CC0) and eviltransform (BSD-2), which agree to 8 mm.
KRASOVSKY_A_M = 6378245.0
KRASOVSKY_E2 = 0.00669342162296594323
SHIFTED_BOX = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north, degrees
BD_SHIFT, BD_WAVE = (0.0065, 0.006), np.pi * 3000.0 / 180.0
BLOCK = 1 << 15  # points at a time, so that the intermediate arrays stay in the processor's cache

ACCEPTED = said('EPSG:4550 (any EPSG code), "WGS84", "CGCS2000", "GCJ-02", "BD-09", or a WKT or PROJ string')
NAMES = {
    "WGS84": (4326, ""), "WGS1984": (4326, ""), "CGCS2000": (4490, ""), "GCJ02": (4326, "GCJ-02"),
    "BD09": (4326, "BD-09"), "BD09LL": (4326, "BD-09"),
}  # fmt: skip
SWAP_LON_LAT = said("exchange the longitude and latitude columns: lon first, then lat")
SWAP_X_Y = said("exchange x and y: survey tables write X for the northing")
MERCATORS, AFFINE = ("Popular Visualisation Pseudo Mercator", "Mercator (variant A)"), "Affine parametric transformation"
EDGE_DEG = 0.5  # a China zone is used this far beyond its published area, for islands off the coast
NARROW = 2.0  # a local grid may begin at its site, but no layer is as narrow in metres as one in degrees is
FAR_M = 1_000_000.0  # no transverse Mercator coordinate of a real place is this far from the false easting
OUTSIDE_MARGIN_M = 5_000.0

Pair = tuple[np.ndarray, np.ndarray]


def _waves(degrees: np.ndarray) -> tuple[np.ndarray, ...]:
    """Sines of pi times `degrees`, times 1/30, 1/12, 1/3, 1, 2 and 6, from one sine and one cosine."""
    sine, cosine = np.sin(np.pi / 60.0 * degrees), np.cos(np.pi / 60.0 * degrees)
    sin_30 = 2.0 * sine * cosine
    sin_12, cos_12 = (part * (5.0 + part**2 * (16.0 * part**2 - 20.0)) for part in (sine, cosine))
    sin_6, cos_6 = 2.0 * sin_12 * cos_12, 1.0 - 2.0 * sin_12 * sin_12
    sin_3, cos_3 = 2.0 * sin_6 * cos_6, 1.0 - 2.0 * sin_6 * sin_6
    sin_1, cos_1 = sin_3 * (3.0 - 4.0 * sin_3 * sin_3), cos_3 * (4.0 * cos_3 * cos_3 - 3.0)
    sin_2 = 2.0 * sin_1 * cos_1
    return sin_30, sin_12, sin_3, sin_1, sin_2, sin_2 * (3.0 - 4.0 * sin_2 * sin_2)


def _wgs_gcj(lon: np.ndarray, lat: np.ndarray) -> Pair:
    x, y = lon - 105.0, lat - 35.0
    x30, x12, x3, x1, x2, x6 = _waves(x)
    y30, y12, y3, y1, _, _ = _waves(y)
    root, ripple = np.sqrt(np.abs(x)), 20.0 * (x6 + x2)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (ripple + 20.0 * y1 + 40.0 * y3 + 160.0 * y12 + 320.0 * y30) * (2.0 / 3.0)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (ripple + 20.0 * x1 + 40.0 * x3 + 150.0 * x12 + 300.0 * x30) * (2.0 / 3.0)
    cosine = np.cos(np.radians(lat))
    magic = 1.0 - KRASOVSKY_E2 * (1.0 - cosine * cosine)
    across = np.degrees(np.sqrt(magic)) / KRASOVSKY_A_M
    return lon + east * across / cosine, lat + north * across * magic / (1.0 - KRASOVSKY_E2)


def _gcj_bd(lon: np.ndarray, lat: np.ndarray) -> Pair:
    scale = 1.0 + 0.00002 * np.sin(lat * BD_WAVE) / np.hypot(lon, lat)
    turn = 0.000003 * np.cos(lon * BD_WAVE)
    stay = 1.0 - 0.5 * turn * turn
    return scale * (lon * stay - lat * turn) + BD_SHIFT[0], scale * (lat * stay + lon * turn) + BD_SHIFT[1]


def _solved(forward: Callable[..., Pair], rounds: int, lon: np.ndarray, lat: np.ndarray) -> Pair:
    """Where `forward` comes from, by fixed-point iteration.

    A round leaves at most 0.5 % (GCJ-02) or 2.1 % (BD-09) of the error. The rounds are fixed in number, so that equal
    points stay equal whatever stands beside them: rings stay closed and streets stay joined.
    """
    x, y = lon, lat
    for _ in range(rounds):
        shifted = forward(x, y)
        x, y = x + (lon - shifted[0]), y + (lat - shifted[1])
    return x, y


def _moved(step: Callable[..., Pair], lon: ArrayLike, lat: ArrayLike) -> Pair:
    """`step` on the points inside the box where the datums are shifted; all others, and NaN, as they are."""
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    new_x, new_y = x.flatten(), y.flatten()
    west, south, east, north = SHIFTED_BOX
    inside = np.flatnonzero((new_x >= west) & (new_x <= east) & (new_y >= south) & (new_y <= north))
    for start in range(0, inside.size, BLOCK):
        block = inside[start : start + BLOCK]
        new_x[block], new_y[block] = step(new_x[block], new_y[block])
    return (new_x.reshape(x.shape), new_y.reshape(x.shape)) if x.ndim else (float(new_x[0]), float(new_y[0]))


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """GCJ-02 (Amap, Tencent) longitude and latitude in degrees of WGS-84 points, scalars or arrays.

    Points outside the box of the published formula, and NaN, come back unchanged. Source: PRCoords, eviltransform.
    >>> [round(value, 6) for value in wgs84_to_gcj02(121.85, 29.92)]
    [121.85408, 29.917424]
    """
    return _moved(_wgs_gcj, lon, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """WGS-84 longitude and latitude in degrees of GCJ-02 points, exact to 1 mm; else as `wgs84_to_gcj02`.
    >>> [round(value, 8) for value in gcj02_to_wgs84(*wgs84_to_gcj02(121.85, 29.92))]
    [121.85, 29.92]
    """
    return _moved(functools.partial(_solved, _wgs_gcj, 4), lon, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """BD-09 (Baidu) longitude and latitude in degrees of GCJ-02 points; else as `wgs84_to_gcj02`.
    >>> [round(value, 5) for value in gcj02_to_bd09(121.85408, 29.917424)]
    [121.86068, 29.92308]
    """
    return _moved(_gcj_bd, lon, lat)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """GCJ-02 longitude and latitude in degrees of BD-09 points, exact to 1 mm; else as `wgs84_to_gcj02`.
    >>> [round(value, 8) for value in bd09_to_gcj02(*gcj02_to_bd09(121.85, 29.92))]
    [121.85, 29.92]
    """
    return _moved(functools.partial(_solved, _gcj_bd, 5), lon, lat)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """BD-09 (Baidu) longitude and latitude in degrees of WGS-84 points; else as `wgs84_to_gcj02`.
    >>> [round(value, 6) for value in wgs84_to_bd09(121.85, 29.92)]
    [121.860683, 29.92308]
    """
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """WGS-84 longitude and latitude in degrees of BD-09 points, exact to 1 mm; else as `wgs84_to_gcj02`.
    >>> [round(value, 8) for value in bd09_to_wgs84(*wgs84_to_bd09(121.85, 29.92))]
    [121.85, 29.92]
    """
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def metric_crs(lon: float, lat: float) -> pyproj.CRS:
    """The metric CRS for a study at `lon`, `lat` (degrees): CGCS2000 3-degree zone in China, else UTM.

    The China zones are those without zone prefix (EPSG:4534 to 4554), used within their published areas.
    >>> metric_crs(121.85, 29.92).to_epsg(), metric_crs(121.2, 30.0).to_epsg(), metric_crs(-51.2, -30.0).to_epsg()
    (4550, 4549, 32722)
    """
    if not (np.isfinite([lon, lat]).all() and -180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise DataError(Fault(said("study area"), said("({lon}, {lat}) is not a longitude and latitude", lon=lon, lat=lat), SWAP_LON_LAT))
    meridian = 3 * int(np.floor((lon + 1.5) / 3.0))
    if 75 <= meridian <= 135:
        zone = pyproj.CRS.from_epsg(4534 + (meridian - 75) // 3)
        if _within(zone.area_of_use.bounds, lon, lat, EDGE_DEG):
            return zone
    band = min(int((lon + 180.0) // 6.0) + 1, 60)
    return pyproj.CRS.from_epsg((32600 if lat >= 0.0 else 32700) + band)


def _within(bounds: Sequence[float], x, y, margin: float):
    west, south, east, north = bounds
    return (x >= west - margin) & (x <= east + margin) & (y >= south - margin) & (y <= north + margin)


def _plain(text: str) -> str:
    kept = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in kept if not letter.isspace() and letter not in "-_")


def _horizontal(crs: pyproj.CRS) -> pyproj.CRS | None:
    """The horizontal part of `crs`; None for heights and for drawings without a place on earth."""
    crs = crs.sub_crs_list[0] if crs.sub_crs_list else crs
    return crs.to_2d() if crs.is_geographic or crs.is_projected or crs.type_name == "Derived Projected CRS" else None


def resolve_crs(text: str, *, where: str = "crs") -> tuple[pyproj.CRS, str]:
    """The CRS that `text` names, and its datum word: "" or "GCJ-02" or "BD-09" (both carried as EPSG:4326).

    Case, spaces, hyphens and full-width letters do not matter. Raises DataError for anything not accepted.
    >>> resolve_crs("gcj02")[1], resolve_crs("CGCS 2000")[0].to_epsg(), resolve_crs("EPSG:4550")[0].to_epsg()
    ('GCJ-02', 4490, 4550)
    """
    text, plain = str(text), _plain(str(text))
    if plain in NAMES:
        return pyproj.CRS.from_epsg(NAMES[plain][0]), NAMES[plain][1]
    refused = DataError(Fault(where, said("{text!r} is no known coordinate system", text=text[:80]), said("write one of: {known}", known=ACCEPTED)))
    coded = plain.startswith("EPSG")
    try:
        crs = pyproj.CRS.from_user_input(int(plain[4:].lstrip(":")) if coded else text.strip())
    except (CRSError, ValueError, OverflowError):
        raise refused from None
    # PROJ also finds names that are only similar, and reads a bare number such as 2000 as a code
    exact = coded or any(sign in plain for sign in ":[+{") or _plain(crs.name) == plain
    flat = _horizontal(crs)
    if flat is None or not exact:
        raise refused
    return flat, ""


def require_metric(crs: pyproj.CRS | str | None, *, where: str) -> pyproj.CRS:
    """`crs` as a pyproj.CRS, a projected one in metres; raises DataError for degrees, Mercator and other units.
    >>> require_metric("EPSG:4550", where="study.toml").to_epsg()
    4550
    >>> require_metric("EPSG:3857", where="study.toml")
    Traceback (most recent call last):
    ...
    livingcircle.errors.DataError: study.toml: WGS 84 / Pseudo-Mercator stretches lengths by 15 % at 30 degrees ...
    """
    remedy = said('use a CRS in metres, such as crs = "EPSG:4550" (CGCS2000, 121.5 to 124.5 E) or a UTM zone')
    crs = crs if isinstance(crs, pyproj.CRS) else resolve_crs(crs, where=where)[0]
    problem, operation = None, (crs.source_crs if crs.is_bound else crs).coordinate_operation
    if not crs.is_projected:
        problem = said("{crs} is in degrees, and walks are measured in metres", crs=crs.name)
    elif operation is not None and operation.method_name in MERCATORS:
        problem = said("{crs} stretches lengths by 15 % at 30 degrees north, and more beyond", crs=crs.name)
    elif any(abs(axis.unit_conversion_factor - 1.0) > 1e-12 for axis in crs.axis_info[:2]):
        problem = said("{crs} is in {unit}, not in metres", crs=crs.name, unit=crs.axis_info[0].unit_name)
    if problem:
        raise DataError(Fault(where, problem, remedy))
    return crs


def name_rows(rows: ArrayLike) -> str:
    """The words for `rows` (row numbers) in a message: the first five, and how many more.
    >>> name_rows([4]), name_rows([9, 2, 3, 5, 7, 8, 9])
    ('row 4', 'rows 2, 3, 5, 7, 8 and 1 more')
    """
    found = np.unique(rows)
    if found.size > 5:
        return said("rows {rows} and {more} more", rows=listed(found[:5]), more=found.size - 5)
    return said("row {row}", row=found[0]) if found.size == 1 else said("rows {rows}", rows=listed(found))


def number_faults(
    x: ArrayLike, y: ArrayLike, crs: pyproj.CRS, *, rows: ArrayLike, where: str, target: pyproj.CRS | None = None
) -> list[Fault]:
    """The faults of coordinates `x`, `y` said to be in `crs`: not finite, swapped, or in the other unit.

    `rows` holds the row number of each coordinate; with `target` (the study's CRS) a swap that stays within
    -90 to 90 is seen too, because it lands in the area the target is made for.
    >>> [str(fault) for fault in number_faults([29.9], [121.8], pyproj.CRS(4326), rows=[2], where="poi.csv")]
    ['poi.csv: row 2: longitude and latitude look swapped (29.9, 121.8) → exchange the longitude and latitude ...']
    """
    x, y, rows = np.asarray(x, dtype=float), np.asarray(y, dtype=float), np.asarray(rows)
    finite = np.isfinite(x) & np.isfinite(y)
    found = [(~finite, said("coordinates are missing or infinite"), said("repair or remove these rows"))]
    east, north = np.where(finite, x, 0.0), np.where(finite, y, 0.0)
    if crs.is_geographic:
        found += _degree_faults(east, north, target)
    elif finite.any():
        found += _metre_faults(east, north, finite, crs)
    return [
        Fault(where, said("{rows}: {problem} ({x:.12g}, {y:.12g})", rows=name_rows(rows[bad]), problem=problem, x=x[bad][0], y=y[bad][0]), remedy)
        for bad, problem, remedy in (one for one in found if one[0].any())
    ]


def _degree_faults(x: np.ndarray, y: np.ndarray, target: pyproj.CRS | None) -> list[tuple]:
    metres = (np.abs(x) > 360.0) | (np.abs(y) > 360.0)
    swapped = (np.abs(x) <= 90.0) & (np.abs(y) > 90.0) & (np.abs(y) <= 180.0)
    beyond = ~metres & ~swapped & ((np.abs(x) > 180.0) | (np.abs(y) > 90.0))
    if target is not None and target.area_of_use is not None:
        area = target.area_of_use.bounds
        swapped |= ~_within(area, x, y, 5.0) & _within(area, y, x, 5.0)
    return [
        (metres, said("metres labelled as degrees"), said('write the CRS of the numbers, such as crs = "EPSG:4550"')),
        (swapped, said("longitude and latitude look swapped"), SWAP_LON_LAT),
        (beyond, said("no such longitude and latitude"), said("longitude lies between -180 and 180, latitude between -90 and 90")),
    ]


def _metre_faults(x: np.ndarray, y: np.ndarray, finite: np.ndarray, crs: pyproj.CRS) -> list[tuple]:
    operation = (crs.source_crs if crs.is_bound else crs).coordinate_operation
    if (np.abs([x, y]) <= 180.0).all() and (getattr(operation, "method_name", "") != AFFINE or 0.0 < np.ptp([x, y], axis=1).max() < NARROW):
        remedy = said('write crs = "WGS84", "CGCS2000", "GCJ-02" or "BD-09" in study.toml, whichever the source uses')
        return [(finite, said("degrees labelled as metres of {crs}", crs=crs.name), remedy)]
    if operation is None or "Transverse Mercator" not in operation.method_name:
        return []
    easting = next((float(one.value) for one in operation.params if one.name == "False easting"), 0.0)
    far = finite & (np.abs(x - easting) > FAR_M)
    swapped = far & (np.abs(y - easting) < FAR_M) & (x > FAR_M)
    zone = said("choose the CRS with, or without, the zone number before the easting (EPSG:4529 or EPSG:4550)")
    return [
        (swapped, said("northing and easting look swapped"), SWAP_X_Y),
        (far & ~swapped, said("eastings are not those of {crs}", crs=crs.name), zone),
    ]


def _shift_unpublished(source: pyproj.CRS, target: pyproj.CRS) -> bool:
    """Whether PROJ would ignore the datum shift: it knows none, and only modern ellipsoids agree without one."""
    if abs(source.ellipsoid.semi_major_metre - target.ellipsoid.semi_major_metre) < 1.0:
        return False
    ways = TransformerGroup(source, target, always_xy=True).transformers
    return not ways or "Ballpark geographic" in ways[0].description


def _source(frame: gpd.GeoDataFrame, declared: str | None, where: str) -> tuple[pyproj.CRS, str]:
    if declared:
        return resolve_crs(declared, where=where)
    crs = None if frame.crs is None else _horizontal(pyproj.CRS(frame.crs))
    if crs is None:
        remedy = said("write crs = ... for this file in study.toml, one of: {known}", known=ACCEPTED)
        raise DataError(Fault(where, "the file does not say its coordinate system", remedy))
    return crs, str(frame.attrs.get("datum", ""))


def to_crs(frame: gpd.GeoDataFrame, *, declared: str | None, target: pyproj.CRS | str, where: str) -> gpd.GeoDataFrame:
    """`frame` in the metric CRS `target`, as a new frame; GCJ-02 and BD-09 are un-shifted, 3D becomes 2D.

    `declared` (see `resolve_crs`) says what the numbers are and overrides the file's own label. A column of shapely
    points beside the geometry (entrances) moves with it. Raises DataError, with row numbers, when the CRS is unknown,
    numbers are not finite, swapped or in the other unit, or the datum shift is not published (Xian 80, Beijing 54).
    >>> poi = gpd.GeoDataFrame({"name": ["school"]}, geometry=gpd.points_from_xy([121.85408], [29.917424]))
    >>> point = to_crs(poi, declared="GCJ-02", target="EPSG:4550", where="poi.csv").geometry.iloc[0]
    >>> round(point.x), round(point.y)
    (388948, 3311801)
    """
    metric = require_metric(target, where=where)
    source, datum = _source(frame, declared, where)
    active, numbered = frame.geometry.name, frame.attrs.get("row_column")
    rows = frame[numbered].to_numpy() if numbered in frame.columns else np.arange(1, len(frame) + 1)
    layers = {active: frame.geometry.to_numpy()}
    for name in frame.columns.drop(active):
        cells = np.asarray(frame[name], dtype=object)
        if shapely.is_geometry(cells).any():
            layers[name] = np.where(shapely.is_geometry(cells), cells, None)
    faults = []
    for name, geometries in layers.items():
        place = where if name == active else said("{where}, column {name}", where=where, name=name)
        points, owner = shapely.get_coordinates(geometries, return_index=True)
        faults += number_faults(*points.T, source, rows=rows[owner], where=place, target=metric)
    if _shift_unpublished(source, metric):
        problem = said("the shift from {source} to {target} is not public, and about 100 m", source=source.geodetic_crs.name, target=metric.name)
        remedy = said("convert it to CGCS2000 with the surveying bureau's parameters, or write a PROJ string with +towgs84=")
        faults.append(Fault(where, problem, remedy))
    raise_all(faults)
    project = _transformer(source, metric, always_xy=True).transform
    unshift = {"GCJ-02": gcj02_to_wgs84, "BD-09": bd09_to_wgs84}.get(datum, lambda *lon_lat: lon_lat)
    moved = frame.set_crs(metric, allow_override=True)
    for name, geometries in layers.items():
        points, owner = shapely.get_coordinates(geometries, return_index=True)
        points = np.column_stack(project(*unshift(*points.T)))
        there = shapely.set_coordinates(shapely.force_2d(geometries), points)
        lost = rows[owner[~np.isfinite(points).all(axis=1)]]
        if lost.size:
            problem = said("{rows}: cannot be projected to {crs}", rows=name_rows(lost), crs=metric.name)
            faults.append(Fault(where, problem, "check the crs of this file: its numbers cannot lie there"))
        moved[name] = gpd.GeoSeries(there, index=frame.index, crs=metric) if name == active else there
    raise_all(faults)
    moved.attrs = {key: value for key, value in frame.attrs.items() if key != "datum"}
    return moved


def check_overlap(frame: gpd.GeoDataFrame, area_bounds: Sequence[float], *, where: str) -> None:
    """Nothing when part of `frame` lies within 5 km of `area_bounds` (west, south, east, north in the same metric CRS).

    Raises DataError otherwise, with the distance in kilometres and the likely cause.
    >>> far = gpd.GeoDataFrame(geometry=gpd.points_from_xy([678579], [3311347]), crs="EPSG:4550")
    >>> check_overlap(far, (388000, 3311000, 390000, 3312000), where="roads.shp")
    Traceback (most recent call last):
    ...
    livingcircle.errors.DataError: roads.shp: lies wholly outside the study area, 288.6 km away: ...
    """
    area = shapely.box(*area_bounds)
    distance_m = float(np.nanmin(shapely.distance(frame.geometry.to_numpy(), area))) if len(frame) else np.nan
    if np.isnan(distance_m) or distance_m <= OUTSIDE_MARGIN_M:
        return
    x, y = shapely.get_coordinates(frame.geometry.to_numpy()).mean(axis=0).tolist()
    cause, remedy = _cause(x, y, area_bounds, pyproj.CRS(frame.crs))
    raise DataError(Fault(where, said("lies wholly outside the study area, {km:.1f} km away: {cause}", km=distance_m / 1000.0, cause=cause), remedy))


def _cause(x: float, y: float, bounds: Sequence[float], crs: pyproj.CRS) -> tuple[str, str]:
    """The likely cause why the point `x`, `y` is not within `bounds`, and its remedy."""
    if _within(bounds, y, x, OUTSIDE_MARGIN_M):
        return said("easting and northing look swapped"), SWAP_X_Y
    to_metric = pyproj.Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    lon, lat = to_metric.transform(x, y, direction="INVERSE")
    if _within(bounds, *to_metric.transform(lat, lon), OUTSIDE_MARGIN_M):
        return said("longitude and latitude look swapped"), SWAP_LON_LAT
    middle = to_metric.transform((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2, direction="INVERSE")
    whole = 3.0 * np.round((lon - middle[0]) / 3.0)  # zones are 3 degrees apart
    if whole and abs(lon - middle[0] - whole) < 0.3 and abs(lat - middle[1]) < 0.3:
        cause = said("it lies {degrees:.0f} degrees too far {side}", degrees=abs(whole), side=said("east") if whole > 0 else said("west"))
        return cause, said("write the crs with the central meridian of the source for this file in study.toml")
    return said("its CRS is wrong, or it is a file of another place"), said("check crs for this file in study.toml, and its origin")
