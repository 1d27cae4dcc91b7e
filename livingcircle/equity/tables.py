"""The equity of a category's walks in every unit and group at once: people who walk equally far are counted together, compiled.

The measures are those of `livingcircle.equity.measures`, of walks rounded up to whole metres; what lies beyond the limit is told exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from livingcircle.areas import Areas
from livingcircle.equity.measures import BOTTOM, MEASURES, PERCENTILES, ROUNDING_M, TOP, WORST, worst_off
from livingcircle.layers import Samples

COLUMNS = ("area", "area_kind", "category", "level", "group", "limit_m", *MEASURES, "worst_people")
# Up to so many cells a table of all of them is quicker than sorting.
DENSE = 20_000_000
PARTS = np.array(PERCENTILES) / 100


class Living(NamedTuple):
    """Where the people of every sample live: `place` (residence within a unit), and of each place its `people` at every sample (a column a group,
    everybody last), its `unit` and its `rank` (codes; -1 where nothing ranks homes)."""

    groups: tuple[str, ...]
    people: np.ndarray
    place: np.ndarray
    unit: np.ndarray
    rank: np.ndarray
    areas: Areas


def group_columns(samples: Samples, groups: Mapping[str, str]) -> dict[str, str]:
    """The column of people of every group: those of the study first, then every other age group that its homes tell.

    A group of the very same people as one before is told once.

    >>> table = pd.DataFrame({"people": [9.0], "people_elderly": [2.0], "people_age_3_5": [1.0]})
    >>> group_columns(table, {"all": "people", "old": "people_elderly"})
    {'all': 'people', 'old': 'people_elderly', 'age_3_5': 'people_age_3_5'}
    """
    out = dict(groups)
    for column in samples.columns:
        if column.startswith("people_") and not any(column == own or samples[column].equals(samples[own]) for own in out.values()):
            out[column.removeprefix("people_")] = column
    return out


def rank_of(samples: Samples, columns: list[str]) -> np.ndarray | None:
    """The share of the people of `columns` among everybody at each sample's residence, to rank homes by; None without columns.

    >>> homes = pd.DataFrame({"residence_id": ["A", "A", "B"], "people": [4.0, 4.0, 0.0], "old": [1.0, 1.0, 0.0]})
    >>> rank_of(homes, ["old"]).tolist()
    [0.25, 0.25, 0.0]
    """
    if not columns:
        return None
    code = pd.factorize(samples["residence_id"])[0]
    part, everybody = (np.bincount(code, values) for values in (samples[columns].sum(axis=1).to_numpy(), samples["people"].to_numpy()))
    return np.divide(part, everybody, out=np.zeros(len(part)), where=everybody > 0)[code]


def living(samples: Samples, *, groups: Mapping[str, str], areas: Areas, rank_by: np.ndarray | None = None) -> Living:
    """What `by_category` asks of every sample, worked out once for all categories.

    `groups` is the column of people of every group; `rank_by` a rank of each residence, the same at all of its samples, for the concentration index.
    """
    unit = areas.codes(samples["unit"].to_numpy())
    home = pd.factorize(samples["residence_id"])[0]
    place, first = (np.unique(home * (len(areas.units) + 1) + unit, return_index=True, return_inverse=True)[part] for part in (2, 1))
    place = place.ravel()
    every = np.column_stack([samples[column].to_numpy(dtype=float) for column in (*groups.values(), "people")])
    if not np.array_equal(every[first[place]], every):
        # Samples of one residence that stand for unequal numbers of people are places of their own.
        first = place = np.arange(len(place))
    rank = np.full(len(first), -1) if rank_by is None else np.unique(np.asarray(rank_by)[first], return_inverse=True)[1]
    return Living(tuple(groups), every[first], place, unit[first], rank.ravel(), areas)


def by_category(lived: Living, values: np.ndarray, *, limits: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """The `MEASURES` of one kind of walk in every area, level and group: the columns of `COLUMNS` without the category.

    `values` are the walks of the samples in metres, infinite where none leads; `limits` maps a level to the limit in metres, inclusive, of each
    group that walks so. Walks are rounded up to whole metres, so that means and percentiles may be up to a metre high; `share_beyond` is exact.
    `worst_people` are the people of the row among the worst-off tenth of everybody in the whole area. Without people a row is NaN.

    >>> homes = pd.DataFrame({"residence_id": ["A", "B"], "unit": ["", ""], "people": [30.0, 10.0]})
    >>> lived = living(homes, groups={"all": "people"}, areas=Areas.of(None))
    >>> by_category(lived, np.array([200.0, np.inf]), limits={"L5": {"all": 300.0}})[["people", "share_beyond", "worst_people"]].values.tolist()
    [[40.0, 0.25, 4.0]]
    """
    return table({"": told_of(lived, values, limits=limits)}, lived.areas).drop(columns="category")


class Told(NamedTuple):
    """What is told of one level and of the groups that share its limit: `measures` are areas x groups x `MEASURES`, `worst` areas x groups."""

    level: str
    limit_m: float
    groups: tuple[str, ...]
    measures: np.ndarray
    worst: np.ndarray


def told_of(lived: Living, values: np.ndarray, *, limits: Mapping[str, Mapping[str, float]]) -> tuple[Told, ...]:
    """What `by_category` tells of one kind of walk, before it is a table."""
    parts, known = [], {}
    for level, limit in limits.items():
        # Groups may have limits of their own where minutes decide.
        for each in dict.fromkeys(limit.values()):
            own = [row for row, group in enumerate(lived.groups) if limit.get(group) == each]
            # A whole number of metres parts no walks that are counted together.
            key = np.inf if float(each).is_integer() else each
            if key not in known:
                found = gathered(lived, np.asarray(values, dtype=float), limit_m=each)
                known[key] = found, _worst_by_unit(found, len(lived.areas.units) + 1)
            found, worst = known[key]
            groups = tuple(lived.groups[row] for row in own)
            parts.append(Told(level, each, groups, _areas_told(found, lived, each, own), lived.areas.member.astype(float) @ worst[:, own]))
    return tuple(parts)


def table(parts: Mapping[str, Sequence[Told]], areas: Areas) -> pd.DataFrame:
    """What is told of every category as one table with the columns of `COLUMNS`: level after level, areas in their order."""
    every = [(category, part) for category, told in parts.items() for part in told]
    if not every:
        return pd.DataFrame(columns=list(COLUMNS))
    texts: dict[str, list] = {"area": [], "area_kind": [], "category": [], "level": [], "group": [], "limit_m": []}
    for category, part in every:
        count = len(part.groups)
        size = len(areas.name) * count
        texts["area"] += [name for name in areas.name for _ in range(count)]
        texts["area_kind"] += [kind for kind in areas.kind for _ in range(count)]
        texts["category"] += [category] * size
        texts["level"] += [part.level] * size
        texts["group"] += part.groups * len(areas.name)
        texts["limit_m"] += [part.limit_m] * size
    kinds = {"limit_m": float, "category": None}
    told = np.concatenate([part.measures.reshape(-1, len(MEASURES)) for _, part in every])
    worst = np.concatenate([part.worst.ravel() for _, part in every])
    columns = {name: pd.Series(values, dtype=kinds.get(name, object)) for name, values in texts.items()}
    return pd.DataFrame({**columns, **dict(zip(MEASURES, told.T, strict=True)), "worst_people": worst})


class Gathered(NamedTuple):
    """People by walk, ascending, and unit: `values`, `people` (a column a group, everybody last) and `unit`; and by place those who reach
    one, and their metres (`ranked`: places x 2 x groups)."""

    values: np.ndarray
    people: np.ndarray
    unit: np.ndarray
    ranked: np.ndarray


def gathered(lived: Living, values: np.ndarray, *, limit_m: float) -> Gathered:
    """People counted together by whole metre and unit; a walk within the limit never passes it by rounding.

    >>> homes = pd.DataFrame({"residence_id": "A", "unit": "", "people": [1.0, 2.0, 4.0]})
    >>> found = gathered(living(homes, groups={"all": "people"}, areas=Areas.of(None)), np.array([9.2, 9.7, 10.4]), limit_m=9.5)
    >>> found.values.tolist(), found.people[:, 0].tolist()
    ([9.5, 10.0, 11.0], [1.0, 2.0, 4.0])
    """
    units = len(lived.areas.units) + 1
    code, last = _coded(values, float(limit_m), (lived.place, lived.unit), units)
    cell, row = _numbered(code, (last + 1) * 2 * units) if (last + 1) * 2 * units <= DENSE else np.unique(code, return_inverse=True)
    steps, unit = np.divmod(cell, units)
    metres = np.where(steps % 2 == 1, steps // 2, np.minimum(steps // 2, limit_m)).astype(float)
    metres[steps // 2 == last] = np.inf
    people, ranked = _sums((row.ravel(), metres, lived.place), lived.people, (len(cell), len(lived.unit)))
    return Gathered(metres, people, unit, ranked)


def _areas_told(found: Gathered, lived: Living, limit_m: float, groups: list[int]) -> np.ndarray:
    """The measures of areas by groups."""
    member = lived.areas.member
    # For every unit the areas it lies in, one unit after another.
    unit, area = np.nonzero(member.T)
    areas = np.searchsorted(unit, np.arange(member.shape[1] + 1)), area
    cells = found.values, found.unit, found.people
    places = lived.unit, lived.rank, found.ranked
    return _measured(cells, places, (*areas, member), np.array(groups, dtype=np.int64), float(limit_m))


def _worst_by_unit(found: Gathered, units: int) -> np.ndarray:
    """People of every unit and group among the worst-off tenth of everybody."""
    everybody = found.people[:, -1]
    worst = worst_off(found.values, everybody)
    rows = np.flatnonzero(worst)
    part = worst[rows] / everybody[rows]
    return np.column_stack([np.bincount(found.unit[rows], own * part, minlength=units) for own in found.people[rows].T])


@njit(cache=True, nogil=True)
def _coded(values, limit, lived, units):
    """One number for whole metre, side of the limit and unit of every sample, ascending with the walk; and the metre that stands for no walk."""
    place, unit = lived
    farthest = 0.0
    for value in values:
        if np.isfinite(value):
            farthest = max(farthest, np.ceil(value - ROUNDING_M))
    last = int(farthest) + 1
    code = np.empty(len(values), dtype=np.int64)
    for row in range(len(values)):
        metre = int(np.ceil(values[row] - ROUNDING_M)) if np.isfinite(values[row]) else last
        code[row] = (metre * 2 + (values[row] > limit + ROUNDING_M)) * units + unit[place[row]]
    return code, last


@njit(cache=True, nogil=True)
def _numbered(code, size):
    """The codes that occur, ascending, and the row of each code among them."""
    row = np.full(size, -1, dtype=np.int32)
    for own in code:
        row[own] = 0
    count = 0
    for own in range(size):
        if row[own] == 0:
            row[own] = count
            count += 1
    cell = np.empty(count, dtype=np.int64)
    for own in range(size):
        if row[own] >= 0:
            cell[row[own]] = own
    return cell, row[code]


@njit(cache=True, nogil=True)
def _sums(codes, people, sizes):
    """People by cell, and by place those with a finite value and these times them."""
    row, values, place = codes
    out, ranked = np.zeros((sizes[0], people.shape[1])), np.zeros((sizes[1], 2, people.shape[1]))
    counted, metres = np.zeros(sizes[1]), np.zeros(sizes[1])
    for at in range(len(row)):
        value, cell, own = values[row[at]], row[at], place[at]
        for group in range(people.shape[1]):
            out[cell, group] += people[own, group]
        if np.isfinite(value):
            counted[own] += 1
            metres[own] += value
    for own in range(sizes[1]):
        for group in range(people.shape[1]):
            ranked[own, 0, group] = people[own, group] * counted[own]
            ranked[own, 1, group] = people[own, group] * metres[own]
    return out, ranked


@njit(cache=True, nogil=True)
def _measured(cells, places, areas, groups, limit):
    """The measures of every area and group of `groups`, in the order of `MEASURES`; values of cells ascend."""
    values, unit, people = cells
    begin, area_of, member = areas
    size = np.zeros(len(member) + 1, dtype=np.int64)
    for own in unit:
        for place in range(begin[own], begin[own + 1]):
            size[area_of[place] + 1] += 1
    first = np.cumsum(size)
    cells_of, filled = np.empty(first[-1], dtype=np.int64), first[:-1].copy()
    for cell in range(len(values)):
        for place in range(begin[unit[cell]], begin[unit[cell] + 1]):
            cells_of[filled[area_of[place]]] = cell
            filled[area_of[place]] += 1
    logs = np.zeros(len(values))
    for cell in range(len(values)):
        if values[cell] > 0 and np.isfinite(values[cell]):
            logs[cell] = np.log(values[cell])
    out = np.full((len(member), len(groups), 15), np.nan)
    for area in range(len(member)):
        own = cells_of[first[area] : first[area + 1]]
        told = values[own], logs[own]
        for number in range(len(groups)):
            weights = people[:, groups[number]][own]
            _told(told, weights, _ranked(places, member[area], groups[number]), limit, out[area, number])
    return out


@njit(cache=True, nogil=True)
def _ranked(places, member, group):
    """People who reach one, and their metres, by rank."""
    unit, rank, told = places
    out = np.zeros((rank.max() + 1 if len(rank) else 0, 2))
    if len(out):
        for place in range(len(unit)):
            if member[unit[place]]:
                out[rank[place], 0] += told[place, 0, group]
                out[rank[place], 1] += told[place, 1, group]
    return out


@njit(cache=True, nogil=True)
def _told(steps, people, ranked, limit, out):
    """The measures of one group over values, with their logarithms, in ascending order."""
    values, logs = steps
    end = np.searchsorted(values, np.inf)
    near = end
    while near > 0 and values[near - 1] - limit > ROUNDING_M:
        near -= 1
    sums = np.empty(end)
    reached, metres, spread, entropy = 0.0, 0.0, 0.0, 0.0
    for row in range(end):
        weight = people[row]
        part = weight * values[row]
        # Twice the people below, less all: those below less those above, once all are known.
        spread += part * (2 * reached + weight)
        reached += weight
        metres += part
        entropy += part * logs[row]
        sums[row] = reached
    total, nothing, beyond, short, squares = reached, 0.0, 0.0, 0.0, 0.0
    for row in range(near, end):
        beyond += people[row]
        if people[row] > 0:
            gap = (values[row] - limit) / limit if limit > 0 else np.inf
            short += people[row] * gap
            squares += people[row] * gap * gap
    for row in range(end, len(values)):
        total += people[row]
        beyond += people[row]
        nothing += people[row]
    out[0] = total
    if not total > 0:
        return
    out[1], out[2] = nothing / total, beyond / total
    for part in range(len(PARTS)):
        row = np.searchsorted(sums, PARTS[part] * total * (1 - 1e-12))
        out[4 + part] = values[row] if row < end else np.inf
    wanted = WORST * total
    lost = min(nothing, wanted)
    out[13], out[14] = np.inf if lost > 0 else _end(values, people, wanted, end) / wanted, lost / wanted
    if not reached > 0:
        return
    mean = metres / reached
    out[3], out[11], out[12] = mean, short / reached, squares / reached
    out[7], out[8], out[9] = 0.0, TOP / BOTTOM, 0.0
    if metres > 0:
        low = _end(values, people, -BOTTOM * reached, end)
        out[7] = (spread - reached * metres) / (metres * reached)
        out[8] = _end(values, people, TOP * reached, end) / low if low > 0 else np.inf
        out[9] = max(0.0, entropy / metres - np.log(mean))
    if len(ranked):
        out[10] = _concentration(ranked, mean) if mean > 0 else 0.0


@njit(cache=True, nogil=True)
def _end(values, people, wanted, end):
    """The sum of the values of so many people: the highest of the first `end` rows, the lowest where it is negative."""
    sums, left, row, step = 0.0, abs(wanted), end - 1, -1
    if wanted < 0:
        row, step = 0, 1
    while 0 <= row < end and people[row] < left:
        sums += people[row] * values[row]
        left -= people[row]
        row += step
    return sums + left * values[row] if 0 <= row < end and left > 0 else sums


@njit(cache=True, nogil=True)
def _concentration(ranked, mean):
    """Out of people and their metres by rank, lowest first."""
    total, below, sums = ranked[:, 0].sum(), 0.0, 0.0
    for code in range(len(ranked)):
        people, metres = ranked[code, 0], ranked[code, 1]
        sums += (metres - mean * people) * ((below + people / 2) / total - 0.5)
        below += people
    return 2 * sums / total / mean
