"""The links that move most people into coverage, exactly: each alone, and one after another with those built before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from livingcircle.analysis import Inputs, Settings
from livingcircle.catchments import pairs
from livingcircle.errors import Fault, StudyError, said
from livingcircle.links.candidates import GIVEN, candidate_links, links_of, thinned
from livingcircle.links.case import Built, Case, case_of
from livingcircle.links.gains import Gains, bounds, first_look, gains_of, homes_gaining, served_by
from livingcircle.links.terms import ORDERS, Terms, terms_of
from livingcircle.links.walls import CLOSED, FEET, WALLED
from livingcircle.network.links import Link
from livingcircle.standards import Standard

# What a planner has in mind, or has closed, is judged whatever it brings.
JUDGED = (GIVEN, CLOSED)

# Links compared with each other at a time.
TOGETHER = 200


@dataclass(frozen=True)
class Ranking:
    """The best links of a study.

    `table` has a row a link, best first, with lines in the CRS of the streets: `layers.LINKS`.
    `by_requirement` has a row for every link and requirement that gains: `link_id`, `category`, `level`, `people`, `land_ha`.
    `by_home` tells who gains by each link, by `link_id` and as `gains.homes_gaining`.
    `sequence` has a row for every link built, in turn: `turn`, `link_id`, `people_alone`, `people_added`, `distinct_added`, `land_added_ha`,
    `people_joint`, `distinct_joint`, `land_joint_ha`, `length_joint_m`, `cost_joint`.
    `links` are the rows of the table as links, on the streets of `start`, the case without them.
    `counts` tell how many links were `candidates`, among them `shut` gates, `helpful` by the first look, `looked_into` exactly, and how many people x requirements any of these
    would have lost (`lost_people`: 0, as a link never takes anybody farther away).
    """

    table: gpd.GeoDataFrame
    by_requirement: pd.DataFrame
    by_home: pd.DataFrame
    sequence: pd.DataFrame
    start: Built
    links: tuple[Link, ...]
    counts: Mapping[str, float]


def ranked(
    inputs: Inputs,
    *,
    standard: Standard,
    settings: Settings,
    asked: Terms | None = None,
    lines: gpd.GeoDataFrame | None = None,
    group: str | None = None,
) -> Ranking:
    """The links that move most people into coverage, over all categories and levels judged, as one group walks (the first of the settings).

    `asked` are the terms of the search (`terms.terms_of`), `lines` links that a planner has in mind (`candidates.candidate_links`); these, and gates that a
    scenario closes, are judged whatever they bring. Other links that bring nothing are left out. Raises `DataError` for faulty lines, `StudyError` where links are ordered
    by a cost that none has.
    """
    asked = asked or terms_of()
    told = case_of(inputs, standard=standard, settings=settings, points=asked.points, group=group)
    built = Built(told)
    table = _with_costs(candidate_links(told, terms=asked, lines=lines), asked)
    if asked.order == "people_per_cost" and not table["cost"].notna().any():
        raise StudyError(Fault("[links] order", said("no link has a cost"), "give the lines a cost, or costs a metre by kind"))
    look = first_look(built, links_of(table))
    table = _told(table, look, asked).assign(people_first=look.people.sum(axis=1))
    helpful = table["people_gained"].to_numpy() > 0
    best = _chosen(table, built, asked)
    links = links_of(best)
    heeded = built.heeding(links)
    exact, homes = _worked_out(built, links, heeded)
    best = _told(best, exact, asked).assign(bound=bounds(built, links))
    order = _order(best, asked)
    order = order[((best["people_gained"] > 0) | best["how"].isin(JUDGED)).to_numpy()[order]]
    best = _with_walks(best.iloc[order].reset_index(drop=True), built)
    best.insert(0, "rank", np.arange(1, len(best) + 1))
    best.insert(1, "link_id", [f"link#{rank}" for rank in best["rank"]])
    gaining = [homes[row].assign(link_id=id) for row, id in zip(order.tolist(), best["link_id"], strict=True)]
    sequence, lost = _sequence(built, best, asked)
    turn = sequence.set_index("link_id")["turn"]
    counts = {
        "candidates": len(table), "shut": int(table["how"].isin([CLOSED, WALLED]).sum()), "helpful": int(helpful.sum()), "looked_into": len(links),
        "lost_people": float(exact.lost_people.sum() + lost),
    }  # fmt: skip
    best = best.assign(turn=best["link_id"].map(turn).fillna(0).astype(int)).drop(columns=list(FEET))
    by_home = pd.concat(gaining, ignore_index=True) if gaining else homes_gaining(built, built).assign(link_id="")
    return Ranking(best, _by_requirement(best, exact, order, told), by_home, sequence, built, tuple(links[row] for row in order), counts)


def _worked_out(built: Built, links: tuple[Link, ...], heeded: np.ndarray) -> tuple[Gains, list[pd.DataFrame]]:
    """What each link alone brings, exactly, and to which homes."""
    exact, homes = [], []
    for link, own in zip(links, heeded.T, strict=True):
        after = built.adding([link], heeded=own)
        exact.append(gains_of(built, after))
        homes.append(homes_gaining(built, after))
    return _stacked(exact, len(built.case.requirements)), homes


def _with_costs(table: gpd.GeoDataFrame, asked: Terms) -> gpd.GeoDataFrame:
    """The table with the cost of every link: its own, else what one of its kind costs, and its metres."""
    each, by_metre = (table["kind"].map(costs).astype(float) for costs in (asked.cost_each, asked.cost_per_m))
    by_metre *= np.maximum(table["length_m"], asked.least_length_m)
    return table.assign(cost=table["cost"].astype(float).fillna(each.add(by_metre, fill_value=0.0)))


def _told(table: gpd.GeoDataFrame, found: Gains, asked: Terms) -> gpd.GeoDataFrame:
    """The links with what they bring."""
    people = found.people.sum(axis=1)
    cost = table["cost"].to_numpy(dtype=float)
    return table.assign(
        people_gained=people,
        people_distinct=found.distinct_people,
        land_gained_ha=found.land_ha.sum(axis=1),
        land_distinct_ha=found.distinct_land_ha,
        saved_m=found.saved_m,
        people_per_m=people / np.maximum(table["length_m"].to_numpy(), asked.least_length_m),
        people_per_cost=np.divide(people, cost, out=np.full(len(cost), np.nan), where=cost > 0),
    )


def _order(table: gpd.GeoDataFrame, asked: Terms) -> np.ndarray:
    """The rows, best first: by what the terms say, then by people, then the shorter one."""
    value = table[asked.order].fillna(-1).to_numpy(dtype=float)
    return np.lexsort([table["length_m"].to_numpy(), -table["people_gained"].to_numpy(), -value.round(9)])


def _stacked(found: list[Gains], requirements: int) -> Gains:
    """Gains of one link each as those of all."""
    if not found:
        nothing = np.zeros((0, requirements))
        return Gains(nothing, nothing, *(np.zeros(0) for _ in range(4)))
    return Gains(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _chosen(table: gpd.GeoDataFrame, built: Built, asked: Terms) -> gpd.GeoDataFrame:
    """The links to be worked out exactly, best first, with the number of `alternatives` to each: others that would bring much the same to the same people."""
    order = _order(table, asked)
    given = table["how"].isin(JUDGED).to_numpy()
    order = order[((table["people_gained"] > 0).to_numpy() | given)[order]]
    order = order[thinned(table.iloc[order], apart_m=asked.apart_m)]
    number: list[int] = []
    alternatives: dict[int, int] = {}
    for low in range(0, len(order), TOGETHER):
        rows = [*number, *order[low : low + TOGETHER].tolist()]
        people = served_by(built, links_of(table.iloc[rows]))
        total, served = np.asarray(people.sum(axis=1)).ravel(), people.astype(bool).astype(float)
        shared = (people @ served.T).toarray()
        kept = list(range(len(number)))
        for row in range(len(number), len(rows)):
            near = shared[row, kept]
            if total[row] > 0 and not given[rows[row]] and len(kept) and near.max() >= asked.shared * total[row]:
                alternatives[rows[kept[int(np.argmax(near))]]] += 1
                continue
            if given[rows[row]] or sum(not given[rows[one]] for one in kept) < asked.best:
                kept.append(row)
                alternatives[rows[row]] = 0
        number = [rows[row] for row in kept]
        if sum(not given[row] for row in number) >= asked.best and not given[order[low + TOGETHER :]].any():
            break
    return table.iloc[number].assign(alternatives=[alternatives[row] for row in number]).reset_index(drop=True)


def _with_walks(best: gpd.GeoDataFrame, built: Built) -> gpd.GeoDataFrame:
    """The links with the walk between their ends on the streets as they are, by the shorter of the two ways."""
    own, _ = built.onward(links_of(best))
    walk = np.full(len(best), np.inf)
    for a, b in (own, own[::-1]):
        for row in range(len(best)):
            one = pairs(built.network, a.iloc[[row]], b.iloc[[row]], speed_kmh=built.case.group.speed_kmh)
            walk[row] = min(walk[row], float(one["walk_m"].iloc[0]))
    return best.assign(walk_m=walk, detour=np.divide(walk, best["length_m"], out=np.full(len(best), np.inf), where=best["length_m"] > 0))


def _by_requirement(best: gpd.GeoDataFrame, exact: Gains, order: np.ndarray, told: Case) -> pd.DataFrame:
    people, land = exact.people[order], exact.land_ha[order]
    link, column = np.nonzero((people > 0) | (land > 0))
    own = told.requirements.iloc[column]
    return pd.DataFrame({
        "link_id": best["link_id"].to_numpy()[link],
        "category": own["category"].to_numpy(),
        "level": own["level"].to_numpy(),
        "people": people[link, column],
        "land_ha": land[link, column],
    })


def _sequence(start: Built, best: gpd.GeoDataFrame, asked: Terms) -> tuple[pd.DataFrame, float]:
    """The links built one after another, each the best beside those before; and how many people x requirements were lost on the way."""
    links, built, taken, rows, lost = links_of(best), start, [], [], 0.0
    while len(rows) < asked.built and len(taken) < len(links):
        left = [row for row in range(len(links)) if row not in taken]
        row, after, added = _next(built, best.iloc[left].reset_index(drop=True), asked)
        if not added.people.sum() > 0:
            break
        row = left[row]
        taken.append(row)
        joint = gains_of(start, after)
        lost += float(added.lost_people[0])
        rows.append({
            "turn": len(rows) + 1,
            "link_id": best["link_id"].iloc[row],
            "people_alone": float(best["people_gained"].iloc[row]),
            **{f"{word}_added{unit}": float(value) for word, unit, value in _sums(added)},
            **{f"{word}_joint{unit}": float(value) for word, unit, value in _sums(joint)},
            "length_joint_m": float(best["length_m"].iloc[taken].sum()),
            "cost_joint": float(best["cost"].iloc[taken].sum(skipna=False)),
        })
        built = after
    columns = ["turn", "link_id", "people_alone", "people_added", "distinct_added", "land_added_ha", "people_joint", "distinct_joint", "land_joint_ha"]
    return pd.DataFrame(rows, columns=[*columns, "length_joint_m", "cost_joint"]), lost


def _next(built: Built, left: gpd.GeoDataFrame, asked: Terms) -> tuple[int, Built, Gains]:
    """The row of the link that adds most to those built, the case with it, and what it adds, exactly.

    The best by a first look is worked out, until what is worked out is better than all that others seem to bring.
    """
    links = links_of(left)
    told = _told(left, first_look(built, links), asked)
    known: dict[int, tuple[Built, Gains]] = {}
    while True:
        row = int(_order(told, asked)[0])
        if row in known:
            return row, *known[row]
        after = built.adding([links[row]])
        known[row] = after, gains_of(built, after)
        exact = _told(left.iloc[[row]], known[row][1], asked)
        for column in ORDERS:
            told.loc[row, column] = exact[column].iloc[0]


def _sums(found: Gains) -> tuple[tuple[str, str, float], ...]:
    """People, distinct people and land of gains of one, with the ends of their columns' names."""
    return ("people", "", found.people.sum()), ("distinct", "", found.distinct_people[0]), ("land", "_ha", found.land_ha.sum())
