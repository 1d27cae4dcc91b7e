"""Questions to a study's streets alone: walks between points, and the areas around a point."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from livingcircle import isochrone, walk_time
from livingcircle.barriers import obstacles
from livingcircle.coordinates import name_rows, to_crs
from livingcircle.errors import DataError, Fault
from livingcircle.layers import row_numbers
from livingcircle.outputs.tables import write_csv
from livingcircle.snapping import snap
from livingcircle.sources import spreadsheet
from livingcircle.study import schema
from livingcircle.study.reading import metric_crs, read_barriers, read_network
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH


def times(path: Path, *, starts: Path, ends: Path, out: Path, limit_min: float | None = None) -> int:
    """The number of pairs written to `out`: walks in metres and minutes from every start to every end.

    Columns: `from_id`, `to_id`, `walk_m`, `walk_min`, `from_leg_m`, `to_leg_m`, `status`. The two tables hold `id` and
    `lon`, `lat` (WGS-84) or `x`, `y` (the study's CRS). Raises `StudyError` and `DataError`; then `out` is untouched.
    """
    study, base = schema.load(path)
    if Path(out).resolve() in (Path(starts).resolve(), Path(ends).resolve()):
        raise DataError(Fault(str(out), "is one of the tables to read", "give another --out"))
    crs = metric_crs(study, base)
    network = read_network(study, base, crs)
    tables = [_points(file, crs) for file in (starts, ends)]
    snapped = {"limit_m": study.walking.snap_limit_m, "barriers": obstacles(read_barriers(study, base, crs))}
    origins, finals = (snap(shapely.get_coordinates(t.geometry.to_numpy()), network, **snapped) for t in tables)
    speed = study.walking.speed_kmh
    limit_m = np.inf if limit_min is None else limit_min * speed * METRES_PER_MINUTE_PER_KMH
    walks = walk_time.pairs(network, origins, finals, speed_kmh=speed, limit_m=limit_m)
    walks.insert(0, "from_id", tables[0]["id"].to_numpy()[walks.pop("origin")])
    walks.insert(1, "to_id", tables[1]["id"].to_numpy()[walks.pop("end")])
    with _written(out) as part:
        write_csv(walks, part)
    return len(walks)


def _points(file: Path, crs) -> gpd.GeoDataFrame:
    table = spreadsheet.read_table(file)
    named = {str(c).strip().lower(): c for c in table.columns}
    if "id" not in named:
        raise DataError(Fault(str(file), "no column 'id'", "add a column of ids"))
    if "lon" in named and "lat" in named:
        columns, told = {"lon": named["lon"], "lat": named["lat"]}, "WGS84"
    elif "x" in named and "y" in named:
        columns, told = {"x": named["x"], "y": named["y"]}, crs.to_string()
    else:
        raise DataError(Fault(str(file), "no columns 'lon', 'lat' (or 'x', 'y')", "add the coordinates"))
    frame = spreadsheet.read_points(file, columns=columns, crs=told, where=file.name)
    frame = to_crs(frame, declared=told, target=crs, where=file.name)
    ids = frame[named["id"]].astype(str).str.strip()
    twice = (ids.duplicated(keep=False) | frame[named["id"]].isna() | (ids == "")).to_numpy()
    if twice.any():
        rows = name_rows(row_numbers(frame)[twice])
        raise DataError(Fault(f"{file} {rows}", "ids are blank or given twice", "give every point an id of its own"))
    return frame.assign(id=ids)


def area(path: Path, *, lon: float, lat: float, limits: Sequence[float], unit: str, out: Path) -> gpd.GeoDataFrame:
    """The areas within `limits` (`unit` is `min` or `m`) of a WGS-84 point, written to `out` as GeoJSON in EPSG:4326.

    Properties: `minutes`, `limit_m`, `area_ha`, `speed_kmh`, `from_leg_m`. Raises `DataError` when no street is within
    the snapping limit of the point; then `out` is untouched.
    """
    study, base = schema.load(path)
    crs = metric_crs(study, base)
    network = read_network(study, base, crs)
    pace = study.walking.speed_kmh * METRES_PER_MINUTE_PER_KMH
    metres = [limit if unit == "m" else limit * pace for limit in limits]
    point = gpd.GeoDataFrame(geometry=[shapely.Point(lon, lat)], crs="EPSG:4326")
    place = shapely.get_coordinates(to_crs(point, declared=None, target=crs, where="--at").geometry.to_numpy())
    snap_limit = study.walking.snap_limit_m
    snapped = {"limit_m": snap_limit, "barriers": obstacles(read_barriers(study, base, crs))}
    origin = snap(place, network, **snapped)
    if origin["edge"].iloc[0] < 0:
        raise DataError(
            Fault(f"--at {lon},{lat}", f"no walkable street within {snap_limit:g} m", "move the point, check longitude,latitude order, or raise [walking] snap_limit_m")
        )
    reach = max(metres)
    west, south, east, north = np.concatenate([place[0] - reach, place[0] + reach])
    cells = isochrone.grid(network, (west, south, east, north), **snapped)
    walk = walk_time.nearest(
        network, cells.positions, origin, speed_kmh=study.walking.speed_kmh, way=walk_time.Way(outward=True, engine=study.walking.engine)
    )
    shapes = isochrone.areas(walk["walk_m"].to_numpy(), cells, limits_m=metres, crs=crs, origins=place)
    shapes = shapes.assign(
        minutes=(shapes["limit_m"] / pace).round(4),
        area_ha=(shapes.area / 10_000).round(3),
        speed_kmh=study.walking.speed_kmh,
        from_leg_m=round(float(origin["leg_m"].iloc[0]), 2),
    )
    with _written(out) as part:
        told = json.loads(shapes.to_crs("EPSG:4326").to_json(drop_id=True))
        part.write_text(json.dumps(told, allow_nan=False), encoding="utf-8")
    return shapes


class _written:
    """A file beside `out` to write into, moved over `out` when the block ends well."""

    def __init__(self, out: Path) -> None:
        self._out = Path(out)

    def __enter__(self) -> Path:
        if self._out.is_dir():
            raise DataError(Fault(str(self._out), "is a folder", "give a file as --out"))
        try:
            handle, name = tempfile.mkstemp(prefix=f".{self._out.name}.", dir=self._out.parent or Path("."))
        except OSError as error:
            raise DataError(Fault(str(self._out), f"cannot be written ({error.strerror})", "give another --out")) from error
        os.close(handle)
        self._part = Path(name)
        return self._part

    def __exit__(self, kind, value, trace) -> None:
        if kind is None:
            self._part.chmod(0o644)
            self._part.replace(self._out)
        else:
            self._part.unlink(missing_ok=True)
