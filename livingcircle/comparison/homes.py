"""Which homes two states have in common, and the people and land that gain or lose coverage between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from livingcircle.analysis import Result
from livingcircle.coverage import OUTSIDE, numbered
from livingcircle.layers import Samples

# Homes lived in in both states; then those lived in in one state only.
MOVES = ("land_gained_ha", "land_lost_ha", "people_gained", "people_lost")
ARRIVING = tuple(f"{what}_{turn}{part}{unit}" for turn in ("arrived", "left") for part in ("", "_covered") for what, unit in (("land", "_ha"), ("people", "")))
KEYS = ("residence_id", "unit", "category", "level", "group")
# Less than this is rounding of sums, square metres or people.
NOTHING = 1e-9

Kind = tuple[str, str, str]


def kinds(before: Result, after: Result) -> list[Kind]:
    """Every (category, level, group) that either state judges, in the order of the coverage tables."""
    told = [zip(table["category"], table["level"], table["group"], strict=True) for table in (after.coverage, before.coverage)]
    return list(dict.fromkeys(kind for part in told for kind in part))


def covered(result: Result, kind: Kind) -> np.ndarray:
    """Which rows of the samples keep the limit; none of a category that the state does not judge."""
    size = len(result.samples)
    bits = result.covered.get(kind)
    return np.zeros(size, dtype=bool) if bits is None else np.unpackbits(bits, count=size).astype(bool)


def moves(before: Result, after: Result) -> pd.DataFrame:
    """People and land (ha) that gain and lose coverage, by residence x unit x category x level x group, where any differs from zero.

    The points of a residence that both states sample alike are followed one by one; where its outline changed only its net is known.
    People and land gained or lost are those of both states. Homes of one state only are `ARRIVING`, and so are the people by which a home has
    more or fewer in the later state.
    """
    joined = _Joined.of(before, after)
    people_of = {group.id: group.people for result in (before, after) for group in result.settings.groups}
    parts = [part for kind in kinds(before, after) for part in joined.moves(kind, people_of[kind[2]])]
    columns = [*KEYS, *MOVES, *ARRIVING]
    if not parts:
        return pd.DataFrame({column: pd.Series(dtype=object if column in KEYS else float) for column in columns})
    return pd.concat(parts, ignore_index=True).fillna(dict.fromkeys([*MOVES, *ARRIVING], 0.0))[columns]


def summed(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The sums of `moves` for equal `keys`, in the order of their first rows."""
    return table.groupby(list(keys), sort=False, dropna=False)[[*MOVES, *ARRIVING]].sum().reset_index()


@dataclass(frozen=True)
class _Joined:
    """Two results with the rows of their samples that are the same points, and the rest by residence."""

    before: Result
    after: Result
    same: tuple[np.ndarray, np.ndarray]
    redrawn: tuple[np.ndarray, np.ndarray]
    left: np.ndarray
    arrived: np.ndarray
    place: np.ndarray
    places: pd.DataFrame

    @classmethod
    def of(cls, before: Result, after: Result) -> _Joined:
        runs = [_runs(result.samples) for result in (before, after)]
        points = [shapely.get_coordinates(result.samples.geometry.to_numpy()) for result in (before, after)]
        same: tuple[list, list] = ([], [])
        redrawn: tuple[list, list] = ([], [])
        for home in runs[0]:
            if home in runs[1]:
                rows = [slice(*part[home]) for part in runs]
                own = [xy[row] for xy, row in zip(points, rows, strict=True)]
                alike = len(own[0]) == len(own[1]) and np.allclose(own[0], own[1], rtol=0, atol=0.01)
                for out, row in zip(same if alike else redrawn, rows, strict=True):
                    out.append(np.arange(row.start, row.stop))
        left = [np.arange(*run) for home, run in runs[0].items() if home not in runs[1]]
        arrived = [np.arange(*run) for home, run in runs[1].items() if home not in runs[0]]
        place, places = _places(before.samples, after.samples)
        return cls(before, after, tuple(map(_rows, same)), tuple(map(_rows, redrawn)), _rows(left), _rows(arrived), place, places)

    def moves(self, kind: Kind, people: str) -> Iterator[pd.DataFrame]:
        """The rows of one category, level and group."""
        inside = covered(self.before, kind), covered(self.after, kind)
        weights = [self._weights(result, people) for result in (self.before, self.after)]
        was, now = (mask[rows] for mask, rows in zip(inside, self.same, strict=True))
        told = self._stayed(was, now, weights)
        net = self._net(inside, weights)
        sums = {}
        for what in ("land", "people"):
            unit = "_ha" if what == "land" else ""
            sums[f"{what}_gained{unit}"] = told["gained"][what] + np.maximum(net[what], 0)
            sums[f"{what}_lost{unit}"] = told["lost"][what] + np.maximum(-net[what], 0)
            for turn, side, rows in (("arrived", 1, self.arrived), ("left", 0, self.left)):
                sums[f"{what}_{turn}{unit}"] = self._sums(side, rows, weights)[what] + told[turn][what]
                sums[f"{what}_{turn}_covered{unit}"] = self._sums(side, rows[inside[side][rows]], weights)[what] + told[f"{turn}_covered"][what]
        table = pd.DataFrame(sums)
        kept = (table.abs() > NOTHING).any(axis=1).to_numpy()
        if kept.any():
            yield self.places[kept].reset_index(drop=True).assign(category=kind[0], level=kind[1], group=kind[2]).join(table[kept].reset_index(drop=True))

    def _stayed(self, was: np.ndarray, now: np.ndarray, weights: Sequence[dict]) -> dict[str, dict[str, np.ndarray]]:
        """Land and people, by place, of the points that both states have: gained and lost, and by how much there are more or fewer of them."""
        out: dict[str, dict[str, np.ndarray]] = {turn: {} for turn in ("gained", "lost", "arrived", "left", "arrived_covered", "left_covered")}
        place = self.place[self.same[0]]
        for what in weights[0]:
            before, after = (values[what][rows] for values, rows in zip(weights, self.same, strict=True))
            both, more, fewer = np.minimum(before, after), np.maximum(after - before, 0), np.maximum(before - after, 0)
            amounts = (both * (now & ~was), both * (was & ~now), more, fewer, more * now, fewer * was)
            for turn, values in zip(out, amounts, strict=True):
                out[turn][what] = np.bincount(place, weights=values, minlength=len(self.places))
        return out

    def _weights(self, result: Result, people: str) -> dict[str, np.ndarray]:
        samples = result.samples
        return {"land": samples["land_m2"].to_numpy() / 10_000, "people": samples[people].to_numpy() if people in samples else np.zeros(len(samples))}

    def _sums(self, side: int, rows: np.ndarray, weights: Sequence[dict]) -> dict[str, np.ndarray]:
        """Land and people of rows of one side's samples, by place."""
        place = self.place[rows + side * len(self.before.samples)]
        return {what: np.bincount(place, weights=values[rows], minlength=len(self.places)) for what, values in weights[side].items()}

    def _net(self, inside: Sequence[np.ndarray], weights: Sequence[dict]) -> dict[str, np.ndarray]:
        was, now = (self._sums(side, rows[inside[side][rows]], weights) for side, rows in enumerate(self.redrawn))
        return {what: now[what] - was[what] for what in was}


def _rows(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if len(parts) else np.array([], dtype=int)


def _runs(samples: Samples) -> dict[str, tuple[int, int]]:
    """The first row and the one after the last of every residence, whose samples stand together."""
    code, names = numbered(samples["residence_id"].to_numpy())
    start = np.flatnonzero(np.diff(code, prepend=-1))
    stop = np.append(start[1:], len(code))
    return {names[code[a]]: (int(a), int(b)) for a, b in zip(start, stop, strict=True)}


def _places(before: Samples, after: Samples) -> tuple[np.ndarray, pd.DataFrame]:
    """The number of each sample's residence and unit, those of `before` first, and the table of these."""
    homes, homes_named = numbered(np.concatenate([part["residence_id"].to_numpy() for part in (before, after)]))
    units, units_named = numbered(np.concatenate([part["unit"].to_numpy() for part in (before, after)]))
    code, known = pd.factorize(homes * len(units_named) + units)
    names = np.array([unit or OUTSIDE for unit in units_named], dtype=object)
    at = np.asarray(homes_named, dtype=object)
    return code, pd.DataFrame({"residence_id": at[known // len(units_named)], "unit": names[known % len(units_named)]})
