"""The measures that a programme may take: sites, enlargements, gates and links, with what each costs and covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from livingcircle.coverage import ROUNDING_M
from livingcircle.links import Ranking
from livingcircle.programme.choosing import Offer
from livingcircle.programme.places import Places, enlargements, rooms_of
from livingcircle.programme.town import Town, some_of

SITE, ENLARGEMENT = "site", "enlargement"
COLUMNS = ("measure_id", "kind", "name", "homes", "category", "facility_id", "row", "places", "cost", "parcel", "area_m2", "needs_m2", "shape")


@dataclass(frozen=True)
class Costs:
    """What measures cost, in the planner's unit: a new facility by category, a place of enlargement by category, links as their ranking tells.

    `sites` also holds by category what is added for the land of a candidate (its column `cost`). Without any cost at all every measure counts as one.
    """

    sites: Mapping[str, float] = field(default_factory=dict)
    places: Mapping[str, float] = field(default_factory=dict)
    links: bool = False

    @property
    def told(self) -> bool:
        """Whether any cost is told."""
        return bool(self.sites or self.places or self.links)


def measures_of(town: Town, ranking: Ranking, candidates: gpd.GeoDataFrame, places: Sequence[Places], *, costs: Costs, most: float) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Every measure on offer, a row each (`COLUMNS`, shapes in the CRS of the streets), and how many are left out as no cost is told for them, by kind.

    `candidates` are the rows of `town.doors` with their `category`; `homes` names the
    residences that a link begins or ends in; `row` is the row of the candidate, of the facilities, or of the ranking's links. `cost`
    is 1 for everything where no cost is told.
    """
    rows = [*_sites(town, candidates, costs), *_enlargements(town, places, costs, most), *_links(ranking, costs)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if not costs.told:
        table["cost"] = 1.0
    table["cost"] = table["cost"].astype(float)
    lacking = table["cost"].isna()
    left = {str(kind): int(count) for kind, count in table.loc[lacking, "kind"].value_counts().items()}
    table = table[~lacking].reset_index(drop=True)
    return gpd.GeoDataFrame(table.drop(columns="shape"), geometry=table["shape"].tolist(), crs=town.start.case.inputs.network.crs), left


def _sites(town: Town, candidates: gpd.GeoDataFrame, costs: Costs) -> list[tuple]:
    on_street = town.doors["edge"].to_numpy() >= 0
    allowed = candidates["allowed"].to_numpy(dtype=bool)
    out = []
    for row in np.flatnonzero(allowed & on_street).tolist():
        own = candidates.iloc[row]
        cost = costs.sites.get(own["category"], np.nan) + float(own["cost"])
        out.append((f"{SITE}:{own['category']}:{own['site_id']}", SITE, own["name"], "", own["category"], "", row, np.nan, cost, str(own["parcel"]), float(own["area_m2"]), float(own["needs_m2"]), own.geometry))
    return out


def _enlargements(town: Town, places: Sequence[Places], costs: Costs, most: float) -> list[tuple]:
    facilities, out = town.start.case.inputs.facilities, []
    for told in places:
        category = told.told.category
        for row, more, _ in enlargements(told, town.start, most=most).itertuples(index=False, name=None):
            own = facilities.iloc[int(row)]
            cost = costs.places.get(category, np.nan) * more
            id = f"{ENLARGEMENT}:{category}:{own['facility_id']}"
            out.append((id, ENLARGEMENT, own["name"], "", category, own["facility_id"], int(row), float(more), cost, "", 0.0, 0.0, own.geometry.representative_point()))
    return out


def _links(ranking: Ranking, costs: Costs) -> list[tuple]:
    out = []
    for row, own in enumerate(ranking.table.itertuples()):
        if own.people_gained > 0:
            name = own.name or f"{own.from_street} – {own.to_street}"
            out.append((own.link_id, own.kind, name, own.residences, "", "", row, np.nan, own.cost if costs.links else np.nan, "", 0.0, 0.0, own.geometry))
    return out


def offered(town: Town, measures: gpd.GeoDataFrame, ranking: Ranking, places: Sequence[Places], *, terms: tuple[int, int | None]) -> tuple[Offer, np.ndarray]:
    """The measures as a choice counts them; and the numbers of the measures, those that serve nobody left out.

    `terms` are the most points of each residence that stand for it, and the most new sites. A row of demand is a requirement of such a point, not met today. Candidates that no best choice needs (`_needless`) are left out.
    """
    points, most = terms
    rows, stands = some_of(town.residence[0], points=points)
    at = np.full(len(town.people), -1)
    at[rows] = np.arange(len(rows))
    lacking = ~town.before[:, rows]
    cells = [np.empty(0, dtype=int)] * len(measures)
    kinds = measures["kind"].to_numpy()
    for number, cover in _site_covers(town, measures, rows, at, lacking).items():
        cells[number] = cover
    for number in np.flatnonzero(~np.isin(kinds, (SITE, ENLARGEMENT))).tolist():
        after = town.met(town.with_links([ranking.links[int(measures["row"].iloc[number])]]), {})[:, rows]
        want, point = np.nonzero(after & lacking)
        cells[number] = want * len(rows) + point
    useful = np.array([len(own) > 0 for own in cells], dtype=bool) | (kinds == ENLARGEMENT)
    useful[_needless(measures, cells)] = False
    kept = np.flatnonzero(useful)
    turn = {int(old): new for new, old in enumerate(kept)}
    rooms = tuple(
        rooms_of(told, town.start, _enlarged(measures, told, turn), (rows, stands)) for told in places if _enlarged(measures, told, turn)
    )
    people = np.tile(town.people[rows] * stands, len(town.wants))
    indices = [cells[number] for number in kept]
    shape = (len(kept), len(people))
    pointer = np.concatenate([[0], np.cumsum([len(one) for one in indices])]).astype(int)
    covers = csr_array((np.ones(pointer[-1]), np.concatenate(indices) if indices else np.empty(0, dtype=int), pointer), shape=shape)
    parcel = measures["category"] + "|" + measures["parcel"]
    group = pd.factorize(parcel.where((measures["parcel"] != "") & parcel.duplicated(keep=False)).iloc[kept])[0]
    return Offer(measures["cost"].to_numpy(dtype=float)[kept], people, covers, group, rooms, kinds[kept] == SITE, most, *_land(measures.iloc[kept])), kept


def _land(measures: pd.DataFrame) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """The plot of every measure (-1 for a place along a street, whose land is not known), the land that it takes, and the land of every plot."""
    known = (measures["parcel"] != "") & (measures["area_m2"] > 0)
    plot, names = pd.factorize(measures["parcel"].where(known))
    area = measures[known].groupby("parcel")["area_m2"].max()
    return (plot, measures["needs_m2"].to_numpy(dtype=float)), np.array([float(area[name]) for name in names])


def _enlarged(measures: pd.DataFrame, told: Places, turn: Mapping[int, int]) -> dict[int, tuple[int, float]]:
    own = measures[(measures["kind"] == ENLARGEMENT) & (measures["category"] == told.told.category)]
    return {int(row): (turn[int(number)], float(more)) for number, row, more in zip(own.index, own["row"], own["places"], strict=True)}


def _site_covers(town: Town, measures: pd.DataFrame, rows: np.ndarray, at: np.ndarray, lacking: np.ndarray) -> dict[int, np.ndarray]:
    """The rows of demand that each new site covers, by the number of the measure."""
    own = measures[measures["kind"] == SITE]
    number = dict(zip(own["row"], own.index, strict=True))
    limit = max((want.limit for want in town.wants if want.category in set(own["category"])), default=0.0)
    door, home, walk = town.reached(town.start, [int(row) for row in own["row"]], rows, limit_m=limit)
    out: dict[int, np.ndarray] = {}
    order = np.argsort(door, kind="stable")
    ends = np.flatnonzero(np.diff(door[order], append=-1)) + 1
    for low, high in zip(np.concatenate([[0], ends[:-1]]).astype(int), ends, strict=True) if len(order) else ():
        pairs = order[low:high]
        measure = number[int(door[pairs[0]])]
        point, metres = at[home[pairs]], walk[pairs]
        cells = []
        for want, told in enumerate(town.wants):
            if told.category == measures["category"].iloc[measure] and told.requirement.at_least == 1:
                near = point[metres <= told.limit + ROUNDING_M]
                cells.append(want * len(rows) + near[lacking[want, near]])
        out[measure] = np.sort(np.concatenate(cells)) if cells else np.empty(0, dtype=int)
    return out


def _needless(measures: pd.DataFrame, cells: Sequence[np.ndarray]) -> list[int]:
    """Sites that another of their category makes needless: it covers all that they do, costs no more, and can stand in for them whatever else is chosen."""
    out: list[int] = []
    own = measures[measures["kind"] == SITE]
    everyone = own["parcel"].value_counts()
    for _, group in own.groupby("category", sort=False):
        parcels = group["parcel"].value_counts()
        cost, parcel = group["cost"].to_dict(), group["parcel"].to_dict()
        kept: list[int] = []
        for number in sorted(group.index, key=lambda n: (-len(cells[n]), cost[n], n)):
            # On another plot there must be room for it, whatever else stands there.
            rivals = (n for n in kept if cost[n] <= cost[number] and (parcel[n] == parcel[number] or (parcels[parcel[n]] == 1 and everyone[parcel[n]] == 1)))
            if any(np.isin(cells[number], cells[n], assume_unique=True).all() for n in rivals):
                out.append(number)
            else:
                kept.append(number)
    return out
