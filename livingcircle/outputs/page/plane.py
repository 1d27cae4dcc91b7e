"""The study's plane for the page: longitude and latitude to metres and back as polynomials, true to a few centimetres."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
from numpy.polynomial.polynomial import polyvander2d

from livingcircle.errors import Fault, LivingCircleError, said

DEGREES = "EPSG:4326"
# What a reader may click lies within so much of the study's own layers.
BEYOND_M = 2000.0
MOST_OFF_M = 0.02
LEAST, MOST = 3, 8
LATTICE = 25


def plane(bounds: np.ndarray, crs: Any) -> dict[str, Any]:
    """The polynomials of `crs` over `bounds` (west, south, east, north in metres) and somewhat beyond.

    `degrees` and `metres` hold, each, the middle and half the extent of both axes; arguments are told in these. `to_metres` and
    `to_degrees` hold for each axis the coefficients of u^i v^j, in the order of i, then j, of all i + j up to `power`: offsets from the other
    middle, in the other half extents. Raises `LivingCircleError` where no power up to 8 is true to 0.02 m.
    """
    west, south, east, north = np.asarray(bounds, dtype=float) + np.array([-1, -1, 1, 1]) * BEYOND_M
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(west, east, LATTICE), np.linspace(south, north, LATTICE)))
    degrees = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=crs).to_crs(DEGREES)
    metres, lonlat = np.column_stack([x, y]), np.column_stack([degrees.x, degrees.y])
    ours, theirs = _frame(metres), _frame(lonlat)
    u, v = (metres - ours[0]) / ours[1], (lonlat - theirs[0]) / theirs[1]
    for power in range(LEAST, MOST + 1):
        there, off_there = _fit(v, u, power)
        back, off_back = _fit(u, v, power)
        # A degree of latitude has some 111 km; one of longitude never has more.
        if max((off_there * ours[1]).max(), (off_back * theirs[1]).max() * 111_320) < MOST_OFF_M:
            frames = {"metres": np.concatenate(ours).tolist(), "degrees": np.concatenate(theirs).tolist()}
            return {"power": power, **frames, "to_metres": there, "to_degrees": back}
    raise LivingCircleError(Fault("index.html", said("the study is too large to be told as a plane"), "cut the study into smaller ones"))


def _frame(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, (high - low) / 2


def _fit(given: np.ndarray, asked: np.ndarray, power: int) -> tuple[list[list[float]], np.ndarray]:
    """The coefficients of both axes, and how far off each is at worst."""
    terms = polyvander2d(given[:, 0], given[:, 1], [power, power])
    kept = [i * (power + 1) + j for i in range(power + 1) for j in range(power + 1 - i)]
    terms = terms[:, kept]
    found = np.linalg.lstsq(terms, asked, rcond=None)[0]
    off = np.abs(terms @ found - asked).max(axis=0)
    return [[float(f"{value:.13g}") for value in axis] for axis in found.T], off
