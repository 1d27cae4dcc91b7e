"""Whether a layer lies in another Chinese datum than it says: it then fits the streets only after the shift is undone.

A wrong datum moves a layer by half a kilometre or one. Doors keep a habit of distance to the street (on it, beside it,
behind the front plot), which a layer that lies wrong has lost: its distances are those of chance. Chance is measured, not
assumed: the layer is moved by as much in all directions. Nothing is ever corrected here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from scipy.spatial import cKDTree
from scipy.special import ndtr

from livingcircle import coordinates
from livingcircle.errors import DataError, Fault, said
from livingcircle.network import StreetNetwork

FITS, SHIFTED, UNDECIDED, TOO_FEW = "fits", "shifted", "undecided", "too_few"
STATES = (FITS, SHIFTED, UNDECIDED, TOO_FEW)
PLAIN, GCJ, BD = "", "GCJ-02", "BD-09"
DATUMS = (PLAIN, GCJ, BD)
PRESENT, CHANCE = "present", "chance"
TINY = 1e-12
GOLDEN = np.pi * (3.0 - np.sqrt(5.0))

Turn = Callable[..., tuple[np.ndarray, np.ndarray]]
TO_PLAIN: dict[str, Turn] = {PLAIN: lambda *at: at, GCJ: coordinates.gcj02_to_wgs84, BD: coordinates.bd09_to_wgs84}
FROM_PLAIN: dict[str, Turn] = {PLAIN: lambda *at: at, GCJ: coordinates.wgs84_to_gcj02, BD: coordinates.wgs84_to_bd09}


@dataclass(frozen=True)
class Verdict:
    """What the streets tell about the datum of a layer.

    `state`: "fits" (the present placing is exceptional), "shifted" (another placing is, and the present one is not),
    "undecided" (no placing stands out) or "too_few" (fewer points on the streets' ground than `shift.toml` asks for).
    `declared` is the datum word declared ("" for WGS-84 and CGCS2000); `datum` the one the layer seems to be in and
    `streets` the one the streets seem to be in: other than declared and "" only when shifted. `points` counts the
    points looked at, `small` says that they are too few for the rates of the trials to hold.

    `placings` has a row for the present placing, for each other one, and for chance (means over the chance placings):
    `placing` ("present", "other", "chance"), `datum`, `streets`, `median_m` (to the nearest street), `near_share`
    (within 60 m of a street), `carriageway_share` (within 3 m), `inside_share` (in the polygons given, else NaN),
    `gain` (log of how much better habits explain the distances than chance), `special` (standard deviations above chance)
    and `as_good_by_chance` (share of the chance placings that fit as well).
    """

    state: str
    declared: str
    datum: str
    streets: str
    points: int
    small: bool
    placings: pd.DataFrame


class _Other(NamedTuple):
    """A mistake that can have been made: the datum the layer is in, and the one the streets are in."""

    layer: str
    streets: str


class _Ground(NamedTuple):
    """What the placings are compared with."""

    network: StreetNetwork
    near: cKDTree
    hull: shapely.Geometry
    polygons: shapely.STRtree | None


class _Seen(NamedTuple):
    """Every placing of the points: who lies on the streets' ground, metres to the street, counts by class of distance,
    counts inside polygons and outside."""

    on: np.ndarray
    far: np.ndarray
    distance: np.ndarray
    inside: np.ndarray


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads((files("livingcircle") / "shift.toml").read_text(encoding="utf-8"))


def detect(
    points: np.ndarray,
    network: StreetNetwork,
    *,
    crs: pyproj.CRS | str,
    declared: str = PLAIN,
    buildings: gpd.GeoDataFrame | None = None,
) -> Verdict:
    """Whether a layer placed under its `declared` datum fits the streets, or would fit in another datum.

    `points` is an (n, 2) array in `crs`, the network's metric CRS (for polygons: a point inside each), as
    `coordinates.to_crs` placed them; `declared` is the datum word of `coordinates.resolve_crs`. `buildings` (footprints, or
    residential land, in the same CRS) are a second evidence: doors lie in them more often than by chance. Points beyond the
    hull of the streets are left out of the placing in which they lie there. Limits and trials: `shift.toml`.
    Outside China no datum is shifted: every layer is undecided, or fits. A layer of which less than about half is shifted
    may pass as fitting. Raises DataError for another CRS, an unknown datum word and points that are not numbers.

    >>> from livingcircle.network import from_lines
    >>> line = shapely.LineString([(388000, 3311000), (389000, 3311000)])
    >>> street = gpd.GeoDataFrame(geometry=[line], crs="EPSG:4550")
    >>> detect(np.array([[388500.0, 3311010.0]]), from_lines(street), crs="EPSG:4550").state
    'too_few'
    """
    points, crs = _checked(points, network, crs, declared, buildings)
    others = _others(declared)
    hull = shapely.convex_hull(shapely.MultiPoint(shapely.get_coordinates(network.streets.geometry.to_numpy())))
    shapely.prepare(hull)
    placed = _placed(points, declared, others, crs)
    placed = placed[:, shapely.contains_xy(hull, placed[..., 0], placed[..., 1]).any(axis=0)]
    count, sample = placed.shape[1], _told()["sample"]
    if count < sample["fewest"]:
        return Verdict(TOO_FEW, declared, declared, PLAIN, count, True, _table(declared, others))
    placed = placed[:, np.linspace(0, count - 1, min(count, sample["most"])).round().astype(int)]
    ground = _Ground(network, _near(network, placed[0]), hull, _polygons(buildings))
    everywhere = np.concatenate([placed, placed[0] + _chance(placed)[:, None]])
    seen = _seen(everywhere, ground)
    gain = _gain(seen, len(placed))
    table = _table(declared, others, _measures(placed, seen, ground), gain)
    state, best = _judged(table)
    found = others[best] if state == SHIFTED else _Other(declared, PLAIN)
    return Verdict(state, declared, found.layer, found.streets, placed.shape[1], count < sample["enough"], table)


def _checked(
    points: np.ndarray, network: StreetNetwork, crs: pyproj.CRS | str, declared: str, buildings: gpd.GeoDataFrame | None
) -> tuple[np.ndarray, pyproj.CRS]:
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    crs, faults = coordinates.require_metric(crs, where="layer"), []
    wrong = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if wrong.size:
        problem = said("{rows}: coordinates are missing or infinite", rows=coordinates.name_rows(wrong + 1))
        faults.append(Fault("layer", problem, "repair or remove these rows"))
    if declared not in DATUMS:
        faults.append(Fault("layer", said("{declared!r} is no datum word", declared=declared), 'use "" (WGS-84, CGCS2000), "GCJ-02" or "BD-09"'))
    for name, other in (("streets", network.crs), ("buildings", None if buildings is None else buildings.crs)):
        if other is not None and pyproj.CRS(other) != crs:
            faults.append(Fault(
                name, said("are in {own}, the layer in {crs}", own=pyproj.CRS(other).name, crs=crs.name), "bring both into one CRS"
            ))
    if faults:
        raise DataError(faults)
    return points, crs


def _others(declared: str) -> list[_Other]:
    """The mistakes to look for; where two of them move the layer alike, the one about the layer is kept."""
    found = [_Other(datum, PLAIN) for datum in DATUMS if datum != declared]
    return found + [_Other(declared, datum) for datum in DATUMS if datum not in (PLAIN, declared)]


def _placed(points: np.ndarray, declared: str, others: list[_Other], crs: pyproj.CRS) -> np.ndarray:
    """The layer as it lies, and as it would lie beside the streets under every other datum: (placings, n, 2)."""
    degrees = pyproj.Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    written = FROM_PLAIN[declared](*degrees.transform(*points.T, direction="INVERSE"))
    moved = [FROM_PLAIN[other.streets](*TO_PLAIN[other.layer](*written)) for other in others]
    return np.stack([points, *(np.column_stack(degrees.transform(*at)) for at in moved)])


def _chance(placed: np.ndarray) -> np.ndarray:
    """Displacements by which the layer lies by chance: even over a ring, clear of the placings in question."""
    told = _told()["chance"]
    turn = np.arange(2 * told["placings"])
    # A step of the golden angle spreads points evenly over a disk, so that no seed is needed.
    radius = np.sqrt(told["least_m"] ** 2 + (told["most_m"] ** 2 - told["least_m"] ** 2) * np.modf(turn * 0.754877666)[0])
    moves = np.column_stack([radius * np.cos(turn * GOLDEN), radius * np.sin(turn * GOLDEN)])
    asked = np.median(placed[1:] - placed[0], axis=1)
    clear = np.hypot(*(moves[:, None] - asked).T).min(axis=0) > told["clear_m"]
    return moves[clear][: told["placings"]]


def _near(network: StreetNetwork, points: np.ndarray) -> cKDTree:
    """The streets about the layer as points."""
    lines, reach = network.streets.geometry.to_numpy(), 2.0 * _told()["chance"]["most_m"]
    box = shapely.box(*(points.min(axis=0) - reach), *(points.max(axis=0) + reach))
    about = lines[shapely.STRtree(lines).query(box)]
    steps = shapely.get_coordinates(shapely.segmentize(about, _told()["distance"]["step_m"]))
    return cKDTree(steps, balanced_tree=False, compact_nodes=False)


def _polygons(buildings: gpd.GeoDataFrame | None) -> shapely.STRtree | None:
    return None if buildings is None or buildings.empty else shapely.STRtree(buildings.geometry.to_numpy())


def _within(places: np.ndarray, polygons: shapely.STRtree) -> np.ndarray:
    """Whether each of (placings, n, 2) places lies inside a polygon."""
    flat = places.reshape(-1, 2)
    held = np.zeros(len(flat), dtype=bool)
    held[polygons.query(shapely.points(flat), predicate="intersects")[0]] = True
    return held.reshape(places.shape[:-1])


def _seen(places: np.ndarray, ground: _Ground) -> _Seen:
    """The points of every placing on the streets' ground, counted."""
    classes = np.array(_told()["distance"]["classes_m"], dtype=float)
    on = shapely.contains_xy(ground.hull, places[..., 0], places[..., 1])
    far = ground.near.query(places.reshape(-1, 2), distance_upper_bound=classes[-1])[0].reshape(on.shape)
    kind = np.searchsorted(classes, far, side="right") - 1
    distance = np.stack([((kind == one) & on).sum(axis=1) for one in range(len(classes))], axis=1)
    inside = np.zeros((len(places), 2))
    if ground.polygons is not None:
        held = _within(places, ground.polygons)
        inside = np.stack([(held & on).sum(axis=1), (~held & on).sum(axis=1)], axis=1)
    return _Seen(on, far, distance.astype(float), inside.astype(float))


def _gain(seen: _Seen, asked: int) -> np.ndarray:
    """For every placing, the log of how much better habits explain it than chance; chance is what follows row `asked`."""
    by_chance = _share(seen.distance[asked:])
    return _explained(seen.distance, _habits(by_chance), by_chance) + _inside_gain(seen.inside, asked)


def _share(counts: np.ndarray) -> np.ndarray:
    return (counts.sum(axis=0) + 1.0) / (counts.sum() + counts.shape[1])


def _explained(counts: np.ndarray, habits: np.ndarray, by_chance: np.ndarray) -> np.ndarray:
    """For every placing, the log of how much better the best mixture of habits explains the counts than chance does.

    A layer mixes habits (bus stops on the line, schools behind it); the parts of each are found by expectation and maximization.
    """
    told = _told()["mixture"]
    known = np.vstack([habits, by_chance])
    parts = np.full((len(counts), len(known)), 1.0 / len(known))
    for _ in range(told["rounds"]):
        parts *= (counts / np.maximum(parts @ known, TINY)) @ known.T
        parts += told["prior"] / len(known)
        parts /= parts.sum(axis=1, keepdims=True)
    return (counts * np.log(np.maximum(parts @ known, TINY) / by_chance)).sum(axis=1)


def _habits(by_chance: np.ndarray) -> np.ndarray:
    """Shares of the classes of distance under every habit."""
    told = _told()["distance"]
    edges = np.log(np.array(told["classes_m"][1:], dtype=float))
    below = [ndtr((edges - np.log(median)) / spread) for median in told["medians_m"] for spread in told["spreads"]]
    own = np.diff(np.pad(below, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1))), axis=1)
    return (1.0 - told["astray"]) * own + told["astray"] * by_chance


def _inside_gain(inside: np.ndarray, asked: int) -> np.ndarray:
    """For every placing, the log of how much better its own share of points inside explains the counts than that of chance.

    Places may keep to the polygons (doors to buildings) or out of them (a school has its own parcel): both are habits.
    """
    if not inside[:, 0].any():
        return np.zeros(len(inside))
    by_chance = _share(inside[asked:])
    own = np.clip(inside / np.maximum(inside.sum(axis=1, keepdims=True), 1.0), TINY, 1.0)
    return (inside * np.log(own / by_chance)).sum(axis=1)


def _measures(placed: np.ndarray, seen: _Seen, ground: _Ground) -> dict[str, np.ndarray]:
    """What a planner sees of the placings in question, and the means over the chance placings."""
    told, asked = _told()["told"], len(placed)
    far, (_, _, _, tree) = seen.far.copy(), ground.network.segments
    flat = shapely.points(placed.reshape(-1, 2))
    far[:asked] = tree.query_nearest(flat, all_matches=False, return_distance=True)[1].reshape(placed.shape[:-1])
    kept = [*(row[on] for row, on in zip(far[:asked], seen.on, strict=False)), far[asked:][seen.on[asked:]]]
    out = {"median_m": np.array([np.median(row) if row.size else np.nan for row in kept])}
    for name, limit in (("near_share", told["near_m"]), ("carriageway_share", told["carriageway_m"])):
        out[name] = np.array([(row <= limit).mean() if row.size else np.nan for row in kept])
    out["inside_share"] = np.full(asked + 1, np.nan)
    if ground.polygons is not None:
        held = np.vstack([seen.inside[:asked], seen.inside[asked:].sum(axis=0)])
        out["inside_share"] = held[:, 0] / np.maximum(held.sum(axis=1), 1.0)
    return out


def _table(
    declared: str, others: list[_Other], measures: Mapping[str, np.ndarray] | None = None, gain: np.ndarray | None = None
) -> pd.DataFrame:
    """The placings as `Verdict.placings`; without measures all figures are missing."""
    rows = [(PRESENT, declared, PLAIN), *(("other", *other) for other in others), (CHANCE, declared, PLAIN)]
    table = pd.DataFrame(rows, columns=["placing", "datum", "streets"])
    names = ("median_m", "near_share", "carriageway_share", "inside_share", "gain", "special", "as_good_by_chance")
    table[list(names)] = np.nan
    if measures is None or gain is None:
        return table
    asked, chance = gain[: len(others) + 1], gain[len(others) + 1 :]
    spread = max(float(chance.std()), 1e-9)
    as_good = (chance >= asked[:, None]).mean(axis=1)
    judged = {
        "gain": np.append(asked, chance.mean()),
        "special": np.append((asked - chance.mean()) / spread, 0.0),
        "as_good_by_chance": np.append(as_good, np.nan),
    }
    return table.assign(**measures, **judged)


def _judged(table: pd.DataFrame) -> tuple[str, int]:
    """The state, and the row among the other placings that fits best."""
    told = _told()
    special, gain = table["special"].to_numpy()[:-1], table["gain"].to_numpy()[:-1]
    best = int(gain[1:].argmax()) + 1
    limit = told["shifted"]
    stands_out = special[best] >= limit["special"] and gain[best] >= limit["gain"]
    more = special[best] - special[0] >= limit["special_more"] and gain[best] - gain[0] >= limit["gain_more"]
    if stands_out and more:
        return SHIFTED, best - 1
    return (FITS if special[0] >= told["fits"]["special"] and gain[0] >= told["fits"]["gain"] else UNDECIDED), best - 1
