"""Questions to a study's streets alone: walks between points, and the areas around a point."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from livingcircle import catchments, isochrone, walk_time
from livingcircle.analysis.standing import settled
from livingcircle.barriers import obstacles
from livingcircle.coordinates import name_rows, to_crs
from livingcircle.costs import as_walked, closed
from livingcircle.errors import DataError, Fault, Said, listed, reason, said
from livingcircle.layers import Positions, row_numbers
from livingcircle.messages import words
from livingcircle.network import StreetNetwork
from livingcircle.network.links import Linked, linked
from livingcircle.outputs.tables import write_csv
from livingcircle.outputs.walking_words import walking_words
from livingcircle.reasons import Spots, Terms, Trail, sentence, trail, trails
from livingcircle.scenario import Plan, on_streets
from livingcircle.snapping import BEHIND, INSIDE, TOO_FAR, snap
from livingcircle.sources import spreadsheet
from livingcircle.study import schema
from livingcircle.study.ground import read_ground, walkers
from livingcircle.study.local_points import placed
from livingcircle.study.reading import metric_crs, read_barriers, read_network, settings_of
from livingcircle.study.scenarios import streets_asked
from livingcircle.walk_time import METRES_PER_MINUTE_PER_KMH

# More rows than this no spreadsheet opens.
MOST_PAIRS = 1_000_000
PLACES = ("point", "street_point", "from_point", "to_point")


def times(path: Path, *, starts: Path, ends: Path, out: Path, limit_min: float | None = None, scenario: str | None = None) -> int:
    """The number of pairs written to `out`: walks in metres and minutes from every start to every end.

    Columns: `from_id`, `to_id`, `walk_m`, `walk_min`, `from_leg_m`, `to_leg_m`, `status`. The two tables hold `id` and
    `lon`, `lat` (WGS-84) or `x`, `y` (the study's CRS). Beyond `MOST_PAIRS` only pairs within `limit_min` are written.
    Walks are those over the links and gates of a scenario (its name in the study file, or a file) where one is given, at its speed for everybody; points stand where
    they do without it. Raises `StudyError` and `DataError`; then `out` is untouched.
    """
    study, base, plan = streets_asked(path, scenario)
    if Path(out).resolve() in (Path(starts).resolve(), Path(ends).resolve()):
        raise DataError(Fault(str(out), "is one of the tables to read", "give another --out"))
    study = placed(study, base)
    crs = metric_crs(study, base)
    streets = _with_links(study, base, crs, plan)
    network = streets.network
    tables = [_points(file, crs) for file in (starts, ends)]
    snapped = {"limit_m": study.walking.snap_limit_m, "barriers": obstacles(read_barriers(study, base, crs))}
    origins, finals = (streets.stand(shapely.get_coordinates(t.geometry.to_numpy()), snapped) for t in tables)
    speed = study.walking.speed_kmh
    limit_m = np.inf if limit_min is None else limit_min * speed * METRES_PER_MINUTE_PER_KMH
    every = len(origins) * len(finals) <= MOST_PAIRS
    if not every and limit_min is None:
        problem = said("{starts:,} x {ends:,} points are more than {most:,} pairs", starts=len(origins), ends=len(finals), most=MOST_PAIRS)
        raise DataError(Fault(str(ends), problem, "give --limit-min; then only pairs within it are written"))
    walks = catchments.pairs(network, origins, finals, speed_kmh=speed, limit_m=limit_m, every=every)
    walks.insert(0, "from_id", tables[0]["id"].to_numpy()[walks.pop("origin")])
    walks.insert(1, "to_id", tables[1]["id"].to_numpy()[walks.pop("end")])
    with _written(out) as part:
        write_csv(walks, part)
    return len(walks)


def how_walked(study: schema.Study) -> str:
    """How everybody walks in the study, in its language: speed and costs."""
    return walking_words(settings_of(study))[0]


class _Streets(NamedTuple):
    """A study's own streets as everybody walks them, and the same with the links of a scenario where it adds some."""

    own: StreetNetwork
    linked: Linked | None

    @property
    def network(self) -> StreetNetwork:
        return self.own if self.linked is None else self.linked.network

    def stand(self, points: np.ndarray, snapped: Mapping[str, Any]) -> Positions:
        """Where points stand: on the study's own streets, and on a link only where none of these is near."""
        return settled(snap(points, self.own, **snapped), self.linked, lambda rows, alone: snap(points[rows], alone, isolated_m=0, **snapped))


def _with_links(study: schema.Study, base: Path, crs, plan: Plan | None) -> _Streets:
    network, links = read_network(study, base, crs), []
    if plan is not None:
        network, links = on_streets(plan, network, year=study.study.year, certainty=study.study.certainty)
    walker, ground = walkers(study)[0], read_ground(study, base, crs, network)
    own = as_walked(network, walker, ground)
    return _Streets(own, linked(own, links, kept=~closed(network, walker, ground)) if links else None)


def _cells(streets: _Streets, bounds: np.ndarray, snapped: Mapping[str, Any]) -> isochrone.Grid:
    """The lattice over `bounds`; with links its points stand as every point does."""
    cells = isochrone.grid(streets.network, tuple(bounds.tolist()), **snapped)
    if streets.linked is None:
        return cells
    stood = streets.stand(cells.points, snapped)
    return replace(cells, positions=pd.concat([stood, cells.positions.iloc[len(stood) :]], ignore_index=True))


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
        raise DataError(Fault(said("{where} {rows}", where=file, rows=rows), "ids are blank or given twice", "give every point an id of its own"))
    return frame.assign(id=ids)


class Limits(NamedTuple):
    """How far is asked: numbers of minutes (`min`) or metres (`m`)."""

    values: Sequence[float]
    unit: str = "min"


class Answer(NamedTuple):
    """The areas around a point (limits in metres) and, of a place asked about, a trail and its sentences for each limit."""

    areas: gpd.GeoDataFrame
    trails: tuple[Trail, ...] = ()
    sentences: tuple[str, ...] = ()


def area(
    path: Path,
    *,
    at: tuple[float, float],
    limits: Limits,
    out: Path,
    explain: tuple[float, float] | None = None,
    scenario: str | None = None,
) -> Answer:
    """The areas within `limits` of a place, written to `out` as GeoJSON in EPSG:4326.

    `at` and `explain` are WGS-84 longitude and latitude. Properties of an area: `minutes`, `limit_m`, `area_ha`,
    `speed_kmh`, `walking`, `from_leg_m`. With `explain` follows a line for each limit, the walk from `at` to that place, or the
    straight line where there is none: `kind` is `trail`, `sentence` tells in the study's language why the place is reached
    or not, the others are those of `reasons.Trail`, `path` the parts of the walk, places as longitude and latitude. With a
    `scenario` (its name in the study file, or a file) walks are those over its links and gates, as in `times`.

    Raises `StudyError` with every fault of the scenario, `DataError` with the reason when no street can be walked to from `at`;
    then `out` is untouched.
    """
    study, base, plan = streets_asked(path, scenario)
    study = placed(study, base)
    crs = metric_crs(study, base)
    streets, barriers = _with_links(study, base, crs, plan), read_barriers(study, base, crs)
    network = streets.network
    pace = study.walking.speed_kmh * METRES_PER_MINUTE_PER_KMH
    metres = sorted(limit if limits.unit == "m" else limit * pace for limit in limits.values)
    snapped = {"limit_m": study.walking.snap_limit_m, "barriers": obstacles(barriers)}
    way = walk_time.Way(shortest=limits.unit == "m", outward=True, engine=study.walking.engine)
    terms = Terms(study.walking.speed_kmh, study.walking.snap_limit_m, way=way, barriers=barriers)
    asked = None if explain is None else _spot(explain, "--explain", streets, snapped)
    origin = _spot(at, "--at", streets, snapped)
    if origin.positions["edge"].iloc[0] < 0:
        raise DataError(_off_network(at, network, origin, terms))
    place, reach = origin.points, max(metres) / network.least_pace
    cells = _cells(streets, np.concatenate([place[0] - reach, place[0] + reach]), snapped)
    walk = walk_time.nearest(network, cells.positions, origin.positions, speed_kmh=study.walking.speed_kmh, way=way)
    judged = walk["walk_m" if way.shortest else "flat_m"].to_numpy()
    shapes = isochrone.areas(judged, cells, limits_m=metres, crs=crs, origins=place)
    shapes = shapes.assign(
        minutes=(shapes["limit_m"] / pace).round(4),
        area_ha=(shapes.area / 10_000).round(3),
        speed_kmh=study.walking.speed_kmh,
        walking=how_walked(study),
        from_leg_m=round(float(origin.positions["leg_m"].iloc[0]), 2),
    )
    answer = Answer(shapes)
    if asked is not None:
        found = trails(network, asked, origin, terms=terms)
        told = tuple(found.within(limit)[0] for limit in metres)
        answer = Answer(shapes, told, tuple(_sentence(one, pace, study.study.language) for one in told))
    with _written(out) as part:
        told = json.loads(shapes.to_crs("EPSG:4326").to_json(drop_id=True))
        told["features"] += _trail_features(answer, (origin, asked), crs, pace)
        part.write_text(json.dumps(told, allow_nan=False, ensure_ascii=asked is None), encoding="utf-8")
    return answer


def _sentence(told: Trail, pace: float, language: str) -> str:
    known = words(language)
    heading = known["reasons.heading"].format(minutes=round(told.limit_m / pace, 1), limit=f"{told.limit_m:,.0f}")
    return known["reasons.joined"].format(first=heading, second=sentence(told, known))


def _spot(place: tuple[float, float], option: str, streets: _Streets, snapped: dict) -> Spots:
    point = gpd.GeoDataFrame(geometry=[shapely.Point(place)], crs="EPSG:4326")
    metric = to_crs(point, declared=None, target=streets.network.crs, where=option)
    points = shapely.get_coordinates(metric.geometry.to_numpy())
    return Spots(points, streets.stand(points, snapped))


def _off_network(at: tuple[float, float], network: StreetNetwork, origin: Spots, terms: Terms) -> Fault:
    """Why no street can be walked to from the place, with the nearest street and what lies between."""
    told = trail(network, origin, Spots(np.empty((0, 2)), origin.positions.iloc[:0]), terms=terms)
    street = told.nearest["street"]
    name = street["name"] or street["class"] or said("a street without a name")
    near = said("the nearest, {street}, is {leg_m:.0f} m away", street=name, leg_m=told.nearest["leg_m"])
    wall = listed((Said(one, {}) for one in (told.barrier or {"kind": "barrier"}).values() if one), " ")
    problem, remedy = {
        TOO_FAR: (
            said("no walkable street within {limit_m:g} m; {near}", limit_m=terms.snap_limit_m, near=near),
            said("move the point, check longitude,latitude order, or raise [walking] snap_limit_m"),
        ),
        BEHIND: (
            said("behind a barrier ({wall}): no walkable street within {limit_m:g} m on this side; {near}", wall=wall, limit_m=terms.snap_limit_m, near=near),
            said("move the point, add the way that passes the barrier, or correct [[barriers]], [[compounds]] and [[gates]]"),
        ),
        INSIDE: (said("inside a barrier ({wall}); of the streets, {near}", wall=wall, near=near), said("move the point, or correct [[barriers]]")),
    }[told.cause]
    return Fault(f"--at {at[0]},{at[1]}", problem, remedy)


def _trail_features(answer: Answer, spots: tuple[Spots, Spots | None], crs, pace: float) -> list[dict]:
    """A GeoJSON feature for each trail; no number in it is infinite."""
    turn = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    features = []
    for one, text in zip(answer.trails, answer.sentences, strict=True):
        told = _in_degrees(one.as_dict(), turn)
        line = np.vstack([spot.points for spot in spots])
        if told["path"] is not None:
            # The line is the feature's geometry, exact and once only.
            line = one.path["line"]
            told["path"] = told["path"]["parts"]
        properties = {"kind": "trail", "minutes": round(one.limit_m / pace, 4), "sentence": text, **told}
        places = np.column_stack(turn.transform(*line.T)).tolist()
        shape = {"type": "LineString", "coordinates": places}
        features.append({"type": "Feature", "properties": properties, "geometry": shape})
    return features


def _in_degrees(told: dict, turn: Transformer) -> dict:
    """The same trail with the places of its sections as longitude and latitude."""
    out = {}
    for key, value in told.items():
        if isinstance(value, dict):
            out[key] = _in_degrees(value, turn)
        elif key in PLACES and value is not None:
            out[key] = [round(degrees, 8) for degrees in turn.transform(*value)]
        else:
            out[key] = value
    return out


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
            raise DataError(Fault(str(self._out), said("cannot be written ({reason})", reason=reason(error)), "give another --out")) from error
        os.close(handle)
        self._part = Path(name)
        return self._part

    def __exit__(self, kind, value, trace) -> None:
        if kind is None:
            self._part.chmod(0o644)
            self._part.replace(self._out)
        else:
            self._part.unlink(missing_ok=True)
