"""A city's or a site's own coordinate system, brought into the study's CRS by common points.

The parameters of local systems are not public, so nothing is guessed: a similarity (two shifts, a rotation, a scale) is fitted
to points known in both systems, and points that do not agree are told. Source: least squares of the four-parameter (Helmert)
transformation of the plane, written with complex numbers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from pyproj import CRS

from livingcircle.errors import DataError, Fault, listed, raise_all, said

WHERE = said("common points")
# The affine method of the plane in the EPSG dataset and its parameters: east and north of the origin, then the turn.
AFFINE = ("Affine parametric transformation", 9624)
SHIFTS, TURNS = {"A0": 8623, "B0": 8639}, {"A1": 8624, "A2": 8625, "B1": 8640, "B2": 8641}


@dataclass(frozen=True)
class Similarity:
    """From local coordinates to metric ones: turn by `rotation_deg` (counterclockwise), multiply by `scale`, shift.

    `east_m` and `north_m` are where the local origin lies. `residuals_m` holds, for every common point, the metres between
    where it is known to be and where it is put; with two points they are zero, and nothing is `checked`.
    """

    east_m: float
    north_m: float
    rotation_deg: float
    scale: float
    residuals_m: np.ndarray = field(compare=False)

    @property
    def checked(self) -> bool:
        """Whether more points than the two needed were given, so that a wrong one would have been seen."""
        return len(self.residuals_m) > 2

    @property
    def rms_m(self) -> float:
        """The root mean square of the residuals, in metres."""
        return float(np.sqrt(np.mean(self.residuals_m**2)))

    @property
    def _turn(self) -> complex:
        return complex(self.scale * np.exp(1j * np.radians(self.rotation_deg)))

    def to_metric(self, xy: ArrayLike) -> np.ndarray:
        """Metric coordinates (n, 2) of local ones; `shapely.transform(shapes, system.to_metric)` moves shapes.

        >>> fit([[0, 0], [100, 0], [0, 50]], [[5000, 7000], [5000, 7100], [4950, 7000]]).to_metric([[0, 10]]).round(6).tolist()
        [[4990.0, 7000.0]]
        """
        return _pairs(self._turn * _complex(xy) + complex(self.east_m, self.north_m))

    def to_local(self, xy: ArrayLike) -> np.ndarray:
        """Local coordinates (n, 2) of metric ones.

        >>> fit([[0, 0], [100, 0], [0, 50]], [[5000, 7000], [5000, 7100], [4950, 7000]]).to_local([[4990, 7020]]).round(6).tolist()
        [[20.0, 10.0]]
        """
        return _pairs((_complex(xy) - complex(self.east_m, self.north_m)) / self._turn)


def as_crs(system: Similarity, metric: CRS, *, name: str) -> CRS:
    """The local system as a CRS of its own, called `name`, derived from the projected CRS `metric` that it was fitted to.

    Its WKT says all of the fit but the residuals, so that layers in it are brought anywhere as those of any CRS are.

    >>> from pyproj import Transformer
    >>> system = fit([[0, 0], [100, 0], [0, 50]], [[380000, 3313000], [380000, 3313100], [379950, 3313000]])
    >>> there = Transformer.from_crs(as_crs(system, CRS.from_epsg(4550), name="site"), 4550, always_xy=True).transform(0, 10)
    >>> [round(metres, 6) for metres in there]
    [379990.0, 3313000.0]
    """
    turn = 1 / system._turn
    origin = -turn * complex(system.east_m, system.north_m)
    values = {"A0": origin.real, "A1": turn.real, "A2": -turn.imag, "B0": origin.imag, "B1": turn.imag, "B2": turn.real}
    flat = {"subtype": "Cartesian", "axis": [_axis("Easting", "E", "east"), _axis("Northing", "N", "north")]}
    # A WKT does not write the axes of a base: PROJ takes those of a known CRS by its name (northing first, for some), else
    # easting and northing, as the fit has them. So the base bears another name.
    base = {key: part for key, part in metric.to_json_dict().items() if key not in ("id", "$schema")}
    base["name"] = f"base of {name}: {metric.name}"
    conversion = {
        "name": "similarity by common points",
        "method": {"name": AFFINE[0], "id": _epsg(AFFINE[1])},
        "parameters": [
            {"name": key, "value": value, "unit": "metre" if key in SHIFTS else "unity", "id": _epsg({**SHIFTS, **TURNS}[key])}
            for key, value in values.items()
        ],
    }
    told = {"name": name, "base_crs": {**base, "coordinate_system": flat}, "conversion": conversion, "coordinate_system": flat}
    return CRS.from_json_dict({"type": "DerivedProjectedCRS", **told})


def _axis(name: str, short: str, direction: str) -> dict[str, str]:
    return {"name": name, "abbreviation": short, "direction": direction, "unit": "metre"}


def _epsg(code: int) -> dict[str, Any]:
    return {"authority": "EPSG", "code": code}


@cache
def _told() -> Mapping[str, Any]:
    return tomllib.loads((files("livingcircle") / "local_system.toml").read_text(encoding="utf-8"))


def _complex(xy: ArrayLike) -> np.ndarray:
    table = np.asarray(xy, dtype=float).reshape(-1, 2)
    return table[:, 0] + 1j * table[:, 1]


def _pairs(places: np.ndarray) -> np.ndarray:
    return np.column_stack([places.real, places.imag])


def fit(
    local_xy: ArrayLike, known_xy: ArrayLike, *, names: Sequence[str] | None = None, limit_m: float | None = None
) -> Similarity:
    """The similarity from a local system to the metric CRS of the study, by least squares over common points.

    `local_xy` and `known_xy` are (n, 2) arrays of the same points, easting first: as the local system writes them (in
    metres), and as known in the metric CRS. `names` are the points' names in messages (else 1, 2, ...). `limit_m` is the residual a point may
    keep (else that of `local_system.toml`). Raises DataError for fewer than two points, numbers that are missing, points all
    at one place, degrees, axes exchanged or mirrored, a scale more than 1 % from 1 (the unit is named when the scale
    tells), and residuals beyond the limit (the worst points are named). Two points, or points on one line, fit a
    mirrored system too: that is seen only where an exchange of axes would set a turned grid straight.

    >>> system = fit([[0, 0], [100, 0], [0, 50]], [[5000, 7000], [5100, 7000], [5000, 7050]])
    >>> round(system.east_m, 6), round(system.north_m, 6), round(system.scale, 9), system.checked
    (5000.0, 7000.0, 1.0, True)
    >>> fit([[0, 0]], [[5000, 7000]])
    Traceback (most recent call last):
    ...
    livingcircle.errors.DataError: common points: 1 point, and a similarity needs two → give at least two, better four...
    """
    local, known = _checked(local_xy, known_xy)
    labels = [str(one) for one in (range(1, len(local) + 1) if names is None else names)]
    if len(labels) != len(local):
        raise DataError(Fault(WHERE, said("{names} names for {points} points", names=len(labels), points=len(local)), "give one name for each point"))
    limit = _told()["limits"]["residual_m"] if limit_m is None else limit_m
    scale = _scale(local, known)
    # A unit is not a blunder: its fault must not hide behind residuals a thousand times too large, nor be taken for one.
    _require_unit(scale)
    plain, exchanged = _fitted(local, known), _fitted(1j * local.conj(), known)
    _require_axes(plain, exchanged, limit)
    _require_scale(plain)
    _require_agreement(local, known, plain, labels, limit)
    return plain


def _checked(local_xy: ArrayLike, known_xy: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    local, known = np.asarray(local_xy, dtype=float).reshape(-1, 2), np.asarray(known_xy, dtype=float).reshape(-1, 2)
    if len(local) != len(known):
        raise DataError(Fault(WHERE, said("{local} local points, but {known} known", local=len(local), known=len(known)), "give both places of every point"))
    faults = []
    if len(local) < 2:
        problem = said("1 point, and a similarity needs two") if len(local) == 1 else said("{count} points, and a similarity needs two", count=len(local))
        faults.append(Fault(WHERE, problem, "give at least two, better four, far apart and around the site"))
    missing = ~np.isfinite(np.hstack([local, known])).all(axis=1)
    if missing.any():
        rows = listed(np.flatnonzero(missing)[:5] + 1)
        faults.append(Fault(WHERE, said("coordinates are missing or infinite in rows {rows}", rows=rows), "complete or remove them"))
    raise_all(faults)
    if (np.abs(known) <= (180.0, 90.0)).all():
        faults.append(Fault(WHERE, "the known coordinates are degrees", "project them into the study's metric CRS first"))
    for word, points, least in ((said("local"), local, 0.0), (said("known"), known, _told()["limits"]["together_m"])):
        if np.hypot(*np.ptp(points, axis=0)) <= least:
            faults.append(Fault(WHERE, said("the {word} points all lie at one place", word=word), "give points far apart, around the site"))
    raise_all(faults)
    return _complex(local), _complex(known)


def _scale(local: np.ndarray, known: np.ndarray) -> float:
    """The ratio of the spreads: the scale however the points are turned, mirrored or astray."""
    return float(np.sqrt(np.mean(np.abs(known - known.mean()) ** 2) / np.mean(np.abs(local - local.mean()) ** 2)))


def _fitted(local: np.ndarray, known: np.ndarray) -> Similarity:
    there, here = known - known.mean(), local - local.mean()
    turn = np.vdot(here, there) / np.vdot(here, here).real
    shift = known.mean() - turn * local.mean()
    residuals = np.abs(turn * local + shift - known)
    return Similarity(
        float(shift.real), float(shift.imag), float(np.degrees(np.angle(turn))), float(np.abs(turn)), residuals
    )


def _require_unit(scale: float) -> None:
    told = _told()
    for unit in told["units"]:
        if abs(scale / unit["metres"] - 1.0) <= told["limits"]["matching"]:
            problem = said("the scale is {scale:.6g}: the local coordinates look like {unit}", scale=scale, unit=unit["name"])
            raise DataError(Fault(WHERE, problem, said("multiply them by {factor:.6g} to have metres", factor=unit["metres"])))


def _require_axes(plain: Similarity, exchanged: Similarity, limit: float) -> None:
    """Raise when the points fit only, or would lie straight only, with the axes exchanged."""
    straight = abs(exchanged.rotation_deg) <= _told()["limits"]["turned_deg"]
    if exchanged.residuals_m.max() > limit:
        return
    if plain.residuals_m.max() > limit and not straight:
        problem = said("the local system is mirrored: the points fit only with one axis reversed")
        raise DataError(Fault(WHERE, problem, "change the sign of one local coordinate, or see which axis points north"))
    if plain.residuals_m.max() > limit:
        problem = said("northing and easting look swapped: the points fit only with the axes exchanged")
        remedy = said("exchange x and y of one system: survey tables write X for the northing")
    elif straight and abs(plain.rotation_deg) > _told()["limits"]["turned_deg"]:
        problem = said("northing and easting look swapped: else the system is turned by {degrees:.1f} degrees", degrees=plain.rotation_deg)
        remedy = said(
            "exchange x and y of one system: survey tables write X for the northing; if it is truly turned, prove it by a point off the line through the others"
        )
    else:
        return
    raise DataError(Fault(WHERE, problem, remedy))


def _require_scale(plain: Similarity) -> None:
    if abs(plain.scale - 1.0) > _told()["limits"]["scale"]:
        problem = said("the scale is {scale:.6g}, and a local system in metres is within 1 % of 1", scale=plain.scale)
        raise DataError(Fault(WHERE, problem, "check the unit of the local coordinates, and that the pairs are the same points"))


def _require_agreement(
    local: np.ndarray, known: np.ndarray, plain: Similarity, labels: Sequence[str], limit: float
) -> None:
    """Raise when a point is further than `limit` metres from where it is known to be."""
    residuals = plain.residuals_m
    if residuals.max() <= limit:
        return
    rows = np.arange(len(local))
    # One wrong point spoils all residuals; without it the others agree.
    for row in rows if len(local) > 3 else []:
        rest = _fitted(local[rows != row], known[rows != row])
        if rest.residuals_m.max() <= limit:
            off = np.hypot(*(rest.to_metric([[local[row].real, local[row].imag]])[0] - [known[row].real, known[row].imag]))
            problem = said("point {name} is {off_m:.2f} m from where the other {others} points put it", name=labels[row], off_m=off, others=len(local) - 1)
            raise DataError(Fault(WHERE, problem, said("correct or remove this point (up to {limit:g} m is accepted)", limit=limit)))
    worst = [row for row in np.argsort(-residuals, kind="stable") if residuals[row] > limit]
    told = listed(f"{labels[row]} ({residuals[row]:.2f} m)" for row in worst[:5])
    told = said("{names} and {more} more", names=told, more=len(worst) - 5) if len(worst) > 5 else told
    problem = said("the points disagree by more than {limit:g} m: {points}", limit=limit, points=told)
    raise DataError(Fault(WHERE, problem, "check these pairs: the same corner in both systems, and no digit exchanged"))
