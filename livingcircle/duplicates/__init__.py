"""One real facility listed more than once: which rows are one, the table without repeats, and the list of what was merged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from livingcircle.duplicates.names import Names
from livingcircle.duplicates.rules import rules
from livingcircle.errors import DataError, Fault, raise_all, said
from livingcircle.layers import Facilities

COLUMNS = ("kept", "merged", "name", "merged_name", "distance_m", "why", "rule", "conflict")
JOINED = ("name", "raw_name", "raw_type", "rule", "capacity", "categories", "entrance")
POINTS, POLYGONS = (0, 4), (3, 6)
CONFIDENCES = ("high", "medium", "low")
IdPairs = Collection[tuple[str, str]]


@dataclass(frozen=True)
class _Link:
    """Why two rows are one: the rule, what the names differ by, and metres between the shapes."""

    rule: str
    extra: str
    distance_m: float


def merge_duplicates(
    facilities: Facilities, *, keep_apart: IdPairs = (), same: IdPairs = (), language: str = "zh"
) -> tuple[Facilities, pd.DataFrame]:
    """The facilities without repeats, and the list of what was merged into what.

    Rows are one facility when status and opening year agree, the categories of one are among those of the other, and the
    names are equal or near enough for their distance (`rules.toml` beside this file holds every limit with its reason); all rows of
    one facility must be so pair by pair, so that nothing is merged by way of a third. A nameless shape inside a polygon
    of its category is a part of it. `same` and `keep_apart` are pairs of `facility_id` that override this.

    A polygon is kept rather than a point, then what has entrances, a capacity, the surer category; the order of rows
    does not matter. The one kept has the categories of all, every stated entrance, all points or all polygons, its own
    capacity and name, else the first one's. The list has a row for each one merged: `kept` and `merged` (ids), `name`,
    `merged_name`, `distance_m` between the two, `why` in `language`, `rule`, and `conflict`: a capacity that was not taken.

    Raises `DataError` for ids that are not in the table and for pairs told to be both the same and apart.

    >>> stop = {"facility_id": ["a", "b"], "name": "红联(公交站)", "categories": [("trn_bus",)] * 2, "status": "existing"}
    >>> table = gpd.GeoDataFrame({**stop, "open_year": np.nan, "capacity": np.nan, "confidence": "high", "rule": "amap:0",
    ...     "raw_name": "", "raw_type": "amap:150702"}, geometry=[shapely.Point(0, 0), shapely.Point(30, 40)], crs="EPSG:4550")
    >>> kept, merged = merge_duplicates(table, language="en")
    >>> len(kept), merged[["kept", "merged", "why"]].iloc[0].tolist()
    (1, ['a', 'b', 'same name, 50 m apart'])
    """
    table = _Table(facilities)
    together, apart = _told(table, same, keep_apart)
    links = table.links()
    groups = _Groups(len(facilities), apart)
    for pair in together:
        groups.join(*pair)
    edges = sorted((rules().index(link.rule), link.distance_m, *pair) for pair, link in links.items() if table.share(*pair))
    for _, _, first, second in edges:
        groups.join(first, second, among=links)
    inside = _nameless(table, groups)
    reasons = {**inside, **links, **{pair: _Link("told_same", "", table.distance(*pair)) for pair in together}}
    return _written(facilities, table, groups, reasons, language)


class _Table:
    """The columns that decide, in an order of their own that does not depend on the order of rows."""

    def __init__(self, facilities: Facilities) -> None:
        shapes = facilities.geometry.to_numpy()
        kind = shapely.get_type_id(shapes)
        given = facilities["entrance"].notna().to_numpy() if "entrance" in facilities else np.zeros(len(shapes), dtype=bool)
        sure = facilities["confidence"].map({word: n for n, word in enumerate(CONFIDENCES)}).fillna(len(CONFIDENCES))
        keys = [
            facilities["facility_id"].astype(str), shapely.to_wkb(shapes, hex=True), -shapely.area(shapes), sure,
            facilities["capacity"].isna(), ~given, ~np.isin(kind, POLYGONS),
        ]  # fmt: skip
        self.rows = np.lexsort([pd.Series(np.asarray(key)).rank(method="dense").to_numpy() for key in keys])
        own = facilities.iloc[self.rows]
        self.ids = own["facility_id"].tolist()
        self.shapes, self.kind = shapes[self.rows], kind[self.rows]
        self.served = [frozenset(c) for c in own["categories"]]
        self.state = pd.factorize(pd.Series(list(zip(own["status"], own["open_year"].fillna(-1), strict=True)), dtype=object))[0]
        self.names = Names(own["name"].fillna("").astype(str).tolist(), self.served)

    def distance(self, first: int, second: int) -> float:
        """Metres between two shapes."""
        return round(float(shapely.distance(self.shapes[first], self.shapes[second])), 3)

    def share(self, first: int, second: int) -> bool:
        """Whether the categories of one are among those of the other."""
        return self.served[first] <= self.served[second] or self.served[second] <= self.served[first]

    def links(self) -> dict[tuple[int, int], _Link]:
        """Every pair of named rows of one state that may be one facility by names and distance; categories aside."""
        near = _pairs_within(self.shapes, rules().reach_m)
        near = near[self.state[near[:, 0]] == self.state[near[:, 1]]]
        near = near[self.names.akin(near)]
        apart = np.round(shapely.distance(self.shapes[near[:, 0]], self.shapes[near[:, 1]]), 3)
        #  most pairs that far apart are of categories that may not be
        wide = np.array([not rules().far.isdisjoint(many) for many in self.served], dtype=bool)
        within = (apart <= rules().usual_m) | wide[near].all(axis=1)
        near, apart = near[within], apart[within]
        found = {}
        for (first, second), metres in zip(near.tolist(), apart.tolist(), strict=True):
            told = self.names.compare(first, second)
            if told and metres <= rules().limit_m(told[0], self.served[first] & self.served[second]):
                found[first, second] = _Link(*told, metres)
        return found


def _pairs_within(shapes: np.ndarray, metres: float) -> np.ndarray:
    """Rows of (first, second), the first being the smaller, for all shapes at most so far from each other."""
    pairs = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=metres).T
    return pairs[pairs[:, 0] < pairs[:, 1]]


class _Groups:
    """Rows that are one facility; a group is named by its first row."""

    def __init__(self, rows: int, apart: Collection[tuple[int, int]]) -> None:
        self.of = list(range(rows))
        self.members = {row: [row] for row in range(rows)}
        self._apart = apart

    def join(self, first: int, second: int, *, among: Mapping[tuple[int, int], _Link] | None = None) -> bool:
        """Make the groups of two rows one unless a pair is told apart or, with `among`, lacks a link; whether they are one."""
        into, gone = sorted((self.of[first], self.of[second]))
        if into == gone:
            return True
        across = [tuple(sorted((a, b))) for a in self.members[into] for b in self.members[gone]]
        if any(pair in self._apart for pair in across) or (among is not None and not all(pair in among for pair in across)):
            return False
        self.members[into] = sorted([*self.members[into], *self.members.pop(gone)])
        for row in self.members[into]:
            self.of[row] = into
        return True


def _told(table: _Table, same: IdPairs, keep_apart: IdPairs) -> tuple[list[tuple[int, int]], set[tuple[int, int]]]:
    """The pairs told, as rows of the table."""
    row = {own: number for number, own in enumerate(table.ids)}
    unknown = sorted({own for pair in (*same, *keep_apart) for own in pair if own not in row})
    faults = [Fault("corrections", said("no facility '{name}'", name=own), "take the id from the list of facilities") for own in unknown]
    as_rows = [[tuple(sorted((row[a], row[b]))) for a, b in told if a in row and b in row] for told in (same, keep_apart)]
    together, apart = sorted(set(as_rows[0])), set(as_rows[1])
    groups = _Groups(len(table.ids), ())
    for pair in together:
        groups.join(*pair)
    faults += [
        Fault("corrections", said("'{one}' and '{other}' are told to be the same and apart", one=table.ids[a], other=table.ids[b]), "remove one of the two")
        for a, b in sorted(apart)
        if groups.of[a] == groups.of[b]
    ]
    raise_all(faults, DataError)
    return together, apart


def _nameless(table: _Table, groups: _Groups) -> dict[tuple[int, int], _Link]:
    """Joins nameless shapes with what they lie in, or what lies in them; answers the pairs joined and why.

    First into named polygons, then nameless polygons with the one named facility inside, then into nameless polygons.
    """
    blank, shapes = table.names.blank, table.shapes
    polygon = np.isin(table.kind, POLYGONS)
    holders = np.flatnonzero(polygon)
    if not blank.any() or not len(holders):
        return {}
    outer, inner = shapely.STRtree(shapes).query(shapes[holders], predicate="covers")
    outer = holders[outer]
    fits = (outer != inner) & (table.state[outer] == table.state[inner]) & (blank[outer] | blank[inner])
    pairs = sorted(zip(outer[fits].tolist(), inner[fits].tolist(), strict=True))
    area = shapely.area(shapes)
    named = sorted((p for p in pairs if blank[p[1]] and not blank[p[0]]), key=lambda p: (p[1], area[p[0]], p[0]))
    joined = dict(_joined(table, groups, named, "nameless_inside"))
    done = {inner for _, inner in joined}
    around: dict[int, list[int]] = {}
    for holder, held in pairs:
        if blank[holder] and not blank[held] and holder not in done and table.share(holder, held):
            around.setdefault(holder, []).append(held)
    single = [(holder, held[0]) for holder, held in around.items() if len({groups.of[row] for row in held}) == 1]
    joined |= dict(_joined(table, groups, single, "named_inside"))
    both = [p for p in pairs if blank[p[0]] and blank[p[1]] and p[1] not in done and p[0] not in done]
    return joined | dict(_joined(table, groups, sorted(both, key=lambda p: (p[1], -area[p[0]], p[0])), "nameless_inside"))


def _joined(table: _Table, groups: _Groups, pairs: Sequence[tuple[int, int]], rule: str) -> Iterator[tuple[tuple[int, int], _Link]]:
    """Joins each nameless row with the first of its pairs that fits by category."""
    done = set()
    for outer, inner in pairs:
        held = {c for row in groups.members[groups.of[outer]] for c in table.served[row]}
        fits = table.served[inner] <= held if rule == "nameless_inside" else True
        if inner not in done and fits and groups.of[outer] != groups.of[inner] and groups.join(outer, inner):
            done.add(inner)
            yield (outer, inner), _Link(rule, "", 0.0)


def _written(
    facilities: Facilities, table: _Table, groups: _Groups, reasons: Mapping[tuple[int, int], _Link], language: str
) -> tuple[Facilities, pd.DataFrame]:
    """The table with one row for each group, in the order of reading, and the list of merges."""
    cells = {column: facilities[column].to_numpy(dtype=object) for column in JOINED if column in facilities}
    shapes = facilities.geometry.to_numpy()
    new, grounds, told = {column: values.copy() for column, values in cells.items()}, shapes.copy(), []
    for members in groups.members.values():
        if len(members) > 1:
            rows = table.rows[members]
            merged = _one(cells, rows) | _doors(cells, shapes, rows)
            grounds[rows[0]] = merged.pop("geometry")
            for column in cells:
                new[column][rows[0]] = merged[column]
            told += _listed(cells, table, members, (reasons, merged), language)
    stay = np.zeros(len(facilities), dtype=bool)
    stay[table.rows[list(groups.members)]] = True
    columns = {c: pd.Series(list(v), index=facilities.index, dtype=facilities[c].dtype) for c, v in new.items()}
    out = facilities.assign(**columns).set_geometry(gpd.GeoSeries(grounds, facilities.index, facilities.crs))
    return out[stay].reset_index(drop=True), pd.DataFrame(told, columns=list(COLUMNS))


def _one(cells: Mapping[str, np.ndarray], rows: np.ndarray) -> dict:
    """The cells of one facility out of the rows that are it, the one kept first."""
    served = [set(cells["categories"][row]) for row in rows]
    own = cells["categories"][rows[0]]
    #  whose name is shown, and who gave a category that the first has not
    speaks = next((row for row in rows if _said(cells["name"][row])), rows[0])
    gives = [row for row, many in zip(rows, served, strict=True) if row == rows[0] or not many <= set(own)]
    one = {column: cells[column][speaks] for column in ("name", "raw_name") if column in cells}
    one |= {c: "|".join(dict.fromkeys(str(cells[c][row]) for row in gives)) for c in ("rule", "raw_type") if c in cells}
    return one | {
        "categories": tuple(dict.fromkeys([*own, *sorted(set().union(*served))])),
        "capacity": next((cells["capacity"][row] for row in rows if pd.notna(cells["capacity"][row])), np.nan),
    }


def _said(name: object) -> bool:
    return isinstance(name, str) and name.strip() != ""


def _doors(cells: Mapping[str, np.ndarray], shapes: np.ndarray, rows: np.ndarray) -> dict:
    """The stated entrances and the shape of one facility: all points or all polygons of its rows."""
    kind = shapely.get_type_id(shapes[rows])
    all_points = np.isin(kind, POINTS).all()
    given = cells["entrance"][rows] if "entrance" in cells else np.full(len(rows), None)
    lacks = np.array([not isinstance(one, shapely.Geometry) for one in given], dtype=bool)
    stated = list(given[~lacks])
    if stated and all_points:
        # A plain point only counts as a door beside other plain points.
        stated += list(shapes[rows][lacks])
    alike = shapes[rows][np.isin(kind, POINTS if all_points else POLYGONS)]
    joins = len(alike) > 1 and not (all_points and stated)
    return {"entrance": shapely.union_all(stated) if stated else None, "geometry": shapely.union_all(alike) if joins else shapes[rows[0]]}


def _listed(
    cells: Mapping[str, np.ndarray], table: _Table, members: Sequence[int], known: tuple[Mapping, dict], language: str
) -> Iterator[tuple]:
    reasons, merged = known
    keep, *others = members
    for other in others:
        #  not linked to the one kept: joined to another row of the group, by a pair told or by what it lies in
        pairs = [tuple(sorted((other, row))) for row in members if row != other]
        link = next(reasons[way] for pair in pairs for way in (pair, pair[::-1]) if way in reasons)
        row, distance = table.rows[other], table.distance(keep, other)
        capacity = cells["capacity"][row]
        conflict = f"capacity {capacity:g} ≠ {merged['capacity']:g}" if pd.notna(capacity) and capacity != merged["capacity"] else ""
        why = rules().sentence(link.rule, language, extra=link.extra, distance=distance)
        yield table.ids[keep], table.ids[other], merged["name"], cells["name"][row], distance, why, link.rule, conflict
