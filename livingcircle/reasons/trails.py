"""The trail of a walk: by which door and streets, where the limit falls, what is crossed, and which link lacks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

from livingcircle.layers import BEYOND_LIMIT, UNREACHABLE, WalkTimes
from livingcircle.network import StreetNetwork
from livingcircle.reasons.causes import (
    NOT_JOINED,
    ROUNDING_M,
    Spots,
    Terms,
    check_spots,
    door_components,
    explained,
    missing_link,
)
from livingcircle.reasons.walks import Stretches, Tree, stretches, tree
from livingcircle.walk_time import minutes, nearest

LEG, STREET = "leg", "street"
FIRST_LEG, LAST_LEG, WAITING = "first_leg", "last_leg", "waiting"
FALLS = (STREET, FIRST_LEG, LAST_LEG, WAITING)
DIGITS = {"share": 6}


@cache
def rules() -> Mapping[str, Any]:
    """The shipped facts on what a walk takes, as `walking/costs.toml` states them."""
    return tomllib.loads((files("livingcircle") / "walking" / "costs.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Trail:
    """Why one point is reached or not, in exact metres, minutes and the network's coordinates; `as_dict` for JSON.

    `status` is one of `layers.STATUSES`, `cause` one of `causes.CAUSES`. Sections that do not apply are None: `barrier`,
    `component` and `nearest` when there is none, `door`, `path` and `crossed` without a walk, `limit` unless the walk
    passes it.
    """

    status: str
    cause: str
    walk_m: float
    flat_m: float
    walk_min: float
    speed_kmh: float
    limit_m: float
    excess_m: float
    straight_m: float
    snap_limit_m: float
    position: dict
    nearest: dict | None
    barrier: dict | None
    component: dict | None
    door: dict | None
    path: dict | None
    limit: dict | None
    crossed: dict | None

    def as_dict(self) -> dict[str, Any]:
        """The trail in plain values for JSON: numbers to the centimetre, what is infinite or lacking as None."""
        return {own.name: _plain(getattr(self, own.name), own.name) for own in fields(self)}


def _plain(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _plain(held, name) for name, held in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(held, key) for held in value]
    if isinstance(value, float | np.floating):
        return round(float(value), DIGITS.get(key, 2)) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True)
class Trails:
    """The trails of many origins toward one set of doors; one search serves all, each path is drawn when asked for.

    `walks` are the walks without a limit (`layers.WALK_TIMES`), `table` holds what `causes.explained` tells of every
    origin; `trails[row]` is the `Trail` of a row, by number.
    """

    network: StreetNetwork
    origins: Spots
    doors: Spots
    terms: Terms
    walks: WalkTimes
    table: pd.DataFrame

    def within(self, limit_m: float) -> Trails:
        """The same trails judged by another limit in metres, without another search."""
        terms = replace(self.terms, limit_m=limit_m)
        table = explained(self.network, self.origins, self.doors, terms=terms, walks=self.walks)
        other = replace(self, terms=terms, table=table)
        # No limit enters the tree and the missing links.
        kept = ("_tree", "_links", "_streets", "_lines")
        other.__dict__.update({name: getattr(self, name) for name in kept})
        return other

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, row: int) -> Trail:
        told = {name: values[row] for name, values in self._told.items()}
        walk, door = Stretches(*np.empty((6, 0))), -1
        if np.isfinite(told["walk_m"]):
            at = self._at(self.origins, row)
            walk, door = stretches(self.network, self._tree, at, doors=self.doors.positions, way=self.terms.way)
        line = None if door < 0 else self._line(walk, row, door)
        # Of walks equally long one is drawn, and the figures are those of the walk drawn.
        walk_m, flat_m = (np.inf, np.inf) if door < 0 else (float(walk.metres.sum()), float(walk.flat.sum()))
        return Trail(
            status=str(told["status"]),
            cause=str(told["cause"]),
            walk_m=walk_m,
            flat_m=flat_m,
            walk_min=float(minutes(np.array(flat_m), speed_kmh=self.terms.speed_kmh)),
            excess_m=float(told["excess_m"]),
            straight_m=float(told["straight_m"]),
            speed_kmh=self.terms.speed_kmh,
            limit_m=self.terms.limit_m,
            snap_limit_m=self.terms.snap_limit_m,
            position=self._position(self.origins, row, reason=str(told["reason"])),
            nearest=self._nearest(told, row),
            barrier=self._barrier(int(told["barrier"])),
            component=self._component(told),
            door=None if door < 0 else {"row": door, **self._position(self.doors, door)},
            path=None if line is None else {"parts": self._parts(walk), "line": _joined(line)},
            limit=self._limit(walk, line) if told["status"] == BEYOND_LIMIT else None,
            crossed=None if line is None else self._crossed(walk),
        )

    @cached_property
    def _tree(self) -> Tree:
        return tree(self.network, self.doors.positions, way=self.terms.way)

    @cached_property
    def _told(self) -> dict[str, np.ndarray]:
        # Looking a cell up in a table costs more than drawing a walk.
        return {name: self.table[name].to_numpy() for name in self.table.columns}

    @cached_property
    def _streets(self) -> dict[str, np.ndarray]:
        table, empty = self.network.streets, np.full(len(self.network.length_m), "", dtype=object)
        wanted = {"name": "name", "class": "highway", "source_id": "source_id"}
        return {
            key: table[column].fillna("").astype(str).to_numpy(dtype=object) if column in table else empty
            for key, column in wanted.items()
        }

    @cached_property
    def _lines(self) -> np.ndarray:
        return self.network.streets.geometry.to_numpy()

    @cached_property
    def _links(self) -> dict[int, dict]:
        return {}

    def _street(self, edge: int) -> dict[str, Any] | None:
        if edge < 0:
            return None
        return {"edge": int(edge), **{key: values[edge] for key, values in self._streets.items()}}

    def _position(self, spots: Spots, row: int, **more: Any) -> dict[str, Any]:
        edge, offset, leg = self._at(spots, row)
        place = None
        if edge >= 0:
            place = shapely.get_coordinates(shapely.line_interpolate_point(self._lines[edge], offset))[0]
        return {
            "street": self._street(edge),
            "leg_m": leg,
            **more,
            "point": np.asarray(spots.points[row], dtype=float),
            "street_point": place,
        }

    @staticmethod
    def _at(spots: Spots, row: int) -> tuple[int, float, float]:
        edge, offset, leg = (spots.positions[name].iat[row] for name in ("edge", "offset_m", "leg_m"))
        return int(edge), float(offset), float(leg)

    def _nearest(self, told: Mapping[str, Any], row: int) -> dict[str, Any] | None:
        edge = int(told["nearest_edge"])
        if edge < 0:
            return None
        line = self._lines[edge]
        along = shapely.line_locate_point(line, shapely.Point(self.origins.points[row]))
        place = shapely.get_coordinates(shapely.line_interpolate_point(line, along))[0]
        return {"street": self._street(edge), "leg_m": float(told["nearest_m"]), "street_point": place}

    def _barrier(self, row: int) -> dict[str, str] | None:
        if row < 0:
            return None
        own = self.terms.barriers.iloc[row]
        return {key: "" if pd.isna(own[key]) else str(own[key]) for key in ("kind", "source_id")}

    def _component(self, told: Mapping[str, Any]) -> dict[str, Any] | None:
        number = int(told["component"])
        if number < 0:
            return None
        toward = door_components(self.doors.positions)
        gap = told["status"] == UNREACHABLE and told["cause"] == NOT_JOINED
        return {
            "number": number,
            "street_m": float(told["component_m"]),
            "share": float(told["component_share"]),
            "doors": toward.tolist(),
            "joined": bool(number in toward),
            "missing_link": self._link(number, toward) if gap else None,
        }

    def _link(self, number: int, toward: np.ndarray) -> dict[str, Any]:
        if number not in self._links:
            found = missing_link(self.network, number, toward)
            self._links[number] = {
                "gap_m": found.gap_m,
                "from_street": self._street(found.from_edge),
                "from_point": found.ends[0],
                "to_street": self._street(found.to_edge),
                "to_point": found.ends[1],
            }
        return self._links[number]

    def _line(self, walk: Stretches, row: int, door: int) -> list[np.ndarray]:
        """The coordinates of every stretch of the walk."""
        ends = [(self.origins, row), (self.doors, door)][:: -1 if self.terms.way.outward else 1]
        lines = self._lines
        drawn = []
        for edge, a, b in zip(walk.edge[1:-1].tolist(), walk.from_m[1:-1].tolist(), walk.to_m[1:-1].tolist(), strict=True):
            whole = a != b and min(a, b) <= 0 and max(a, b) >= self.network.length_m[edge]
            part = lines[edge] if whole else substring(lines[edge], min(a, b), max(a, b))
            drawn.append(shapely.get_coordinates(part)[:: 1 if a <= b else -1])
        first, last = (np.asarray(spots.points[own], dtype=float) for spots, own in ends)
        return [np.stack([first, drawn[0][0]]), *drawn, np.stack([drawn[-1][-1], last])]

    def _parts(self, walk: Stretches) -> list[dict[str, Any]]:
        """The walk by street names: a nameless street by its class; a name's class is that of its longest stretch."""
        parts: list[dict[str, Any]] = []
        longest = 0.0
        spent = minutes(walk.flat, speed_kmh=self.terms.speed_kmh)
        for edge, metres, walk_min in zip(walk.edge.tolist(), walk.metres.tolist(), spent.tolist(), strict=True):
            street = self._street(edge) or {"name": "", "class": ""}
            own = {"kind": LEG if edge < 0 else STREET, "name": street["name"], "class": street["class"]}
            if metres == 0 and walk_min == 0:
                continue
            last = parts[-1] if parts else {"kind": None}
            same = last["kind"] == own["kind"] and last["name"] == own["name"]
            if not same or (not own["name"] and last["class"] != own["class"]):
                parts.append({**own, "metres": metres, "minutes": walk_min})
                longest = metres
                continue
            if metres > longest:
                longest, last["class"] = metres, own["class"]
            last["metres"] += metres
            last["minutes"] += walk_min
        return parts

    def _limit(self, walk: Stretches, line: list[np.ndarray]) -> dict[str, Any]:
        """Where the walker is when the limit is used up, counted from where the walk begins."""
        spent = walk.metres if self.terms.way.shortest else walk.flat
        passed = np.cumsum(spent)
        row = min(int(np.searchsorted(passed, self.terms.limit_m, side="right")), len(spent) - 1)
        left = self.terms.limit_m - (passed[row] - spent[row])
        metres = float(walk.metres[row])
        along, waiting = left, False
        if not self.terms.way.shortest:
            along = (left - walk.before[row]) / walk.rate[row]
            waiting = bool(along < -ROUNDING_M or along > metres + ROUNDING_M)
        along = float(np.clip(along, 0, metres))
        falls = STREET
        if walk.edge[row] < 0:
            falls = FIRST_LEG if row == 0 else LAST_LEG
        place = line[row][0]
        if metres > 0:
            part = shapely.line_interpolate_point(shapely.LineString(line[row]), along / metres, normalized=True)
            place = shapely.get_coordinates(part)[0]
        walked = float(walk.metres[:row].sum()) + along
        return {
            "falls": WAITING if waiting else falls,
            "street": self._street(int(walk.edge[row])),
            "point": place,
            "walked_m": walked,
            "rest_m": float(walk.metres.sum()) - walked,
        }

    def _crossed(self, walk: Stretches) -> dict[str, Any]:
        """Flights of steps, waits at crossings, and compounds left and entered along the walk."""
        on = np.flatnonzero((walk.edge >= 0) & (walk.metres > 0))
        edge = walk.edge[on].astype(int)
        steps = np.isin([self._street(e)["class"] for e in edge.tolist()], rules()["steps"]["classes"])
        compound = self.network.compound[edge]
        change = compound[1:] != compound[:-1]
        # Each side of a crossing pays its part of one wait.
        waits = walk.after[:-1] + walk.before[1:]
        return {
            "steps": int(steps.sum() - (steps[1:] & steps[:-1]).sum()),
            "steps_m": float(walk.metres[on][steps].sum()),
            "waits": int((waits > 0).sum()),
            "waits_min": float(minutes(np.array(waits.sum()), speed_kmh=self.terms.speed_kmh)),
            "compounds_left": compound[:-1][change & (compound[:-1] >= 0)].tolist(),
            "compounds_entered": compound[1:][change & (compound[1:] >= 0)].tolist(),
        }


def _joined(line: list[np.ndarray]) -> np.ndarray:
    """One line without the points that repeat; at least two points."""
    points = np.vstack(line)
    new = np.ones(len(points), dtype=bool)
    new[1:] = (points[1:] != points[:-1]).any(axis=1)
    return points[new] if new.sum() > 1 else points[[0, -1]]


def trails(
    network: StreetNetwork, origins: Spots, doors: Spots, *, terms: Terms, walks: WalkTimes | None = None
) -> Trails:
    """The trails from every origin to its nearest door (outward: from the door), by row number; see `Trails`.

    Positions are `layers.POSITIONS` with their points; `walks` may give the walks, as in `causes.explained`, which tells
    what `DataError` is raised.
    """
    if walks is None:
        check_spots(origins, doors)
        walks = nearest(network, origins.positions, doors.positions, speed_kmh=terms.speed_kmh, way=terms.way)
    table = explained(network, origins, doors, terms=terms, walks=walks)
    return Trails(network, origins, doors, terms, walks, table)


def trail(network: StreetNetwork, origin: Spots, doors: Spots, *, terms: Terms) -> Trail:
    """Why the one point `origin` is reached or not, with its walk in metres; see `Trail`.

    >>> import geopandas as gpd
    >>> from livingcircle.network import from_lines
    >>> from livingcircle.snapping import snap
    >>> street = gpd.GeoDataFrame(geometry=gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 900 0)"]), crs="EPSG:4550")
    >>> town = from_lines(street)
    >>> home, door = (Spots(p, snap(p, town, limit_m=150)) for p in (np.array([[500.0, 9]]), np.array([[0.0, 0]])))
    >>> told = trail(town, home, door, terms=Terms(speed_kmh=4, snap_limit_m=150, limit_m=300)).as_dict()
    >>> told["status"], told["walk_m"], told["limit"]["point"], told["limit"]["rest_m"]
    ('beyond_limit', 509.0, [209.0, 0.0], 209.0)
    """
    return trails(network, origin, doors, terms=terms)[0]
