"""What two states of a study differ in: coverage, completeness, indicators, gaps, facilities, and the people and land gained and lost."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from livingcircle.analysis import Result
from livingcircle.comparison import changes
from livingcircle.comparison.gap_changes import gap_changes
from livingcircle.comparison.homes import ARRIVING, MOVES, moves, summed
from livingcircle.comparison.tables import compared_completeness, compared_coverage, compared_equity, compared_indicators

__all__ = ["Comparison", "State", "compare", "pairs", "residences_moved"]


@dataclass(frozen=True)
class State:
    """One state of a study: its `id` (such as `base` or `riverside@2030`), its name in both languages, and what its analysis found.

    `links` are the ways that its scenario adds or closes, in the CRS of the result: `name`, `kind` (`footpath`, `bridge`, `crossing`,
    `gate`), `change` (`opened` or `closed`) and lines or points; none for a state without a scenario.
    """

    id: str
    name: Mapping[str, str]
    result: Result
    links: gpd.GeoDataFrame | None = None


@dataclass(frozen=True)
class Comparison:
    """What `after` differs in from `before`; tables as in `compare`."""

    before: State
    after: State
    coverage: pd.DataFrame
    completeness: pd.DataFrame
    indicators: pd.DataFrame
    gaps: pd.DataFrame
    moves: pd.DataFrame
    facilities: pd.DataFrame
    links: gpd.GeoDataFrame | None = None
    homes: pd.DataFrame = field(default_factory=pd.DataFrame)
    only_adds: bool = False
    fallen: pd.DataFrame = field(default_factory=pd.DataFrame)
    equity: pd.DataFrame = field(default_factory=pd.DataFrame)


def compare(before: State, after: State) -> Comparison:
    """Everything that `after` differs in from `before`.

    - `coverage`: a row per unit x category x level x group of either state, shares in `..._before`, `..._after` and percentage points
      (`..._points`); people and land (ha) `..._gained` and `..._lost` are those of homes lived in in both states, counted point by
      point, not the net; `..._arrived` and `..._left` those of homes lived in in one state only, with what of them is `_covered`. A
      category that one state does not judge, because its data hold none of it, covers nobody there.
    - `completeness` and `indicators`: the figures of both states side by side, with their `difference`.
    - `gaps`: those `closed`, `opened` and `moved` (still a gap, with other people, land or metres), and those of homes that `arrived` or
      `left`; a gap is known by residence, category, level and group.
    - `equity`: every measure of how evenly walks are shared out, of both states, with its `_change`, by area, category, level and group.
    - `moves`: what `coverage` counts, for every residence and unit in which it differs from zero.
    - `facilities`, `homes` and `links`: what the states differ in.

    `only_adds` says whether nothing was taken away: then no home may lose, and `fallen` holds the rows of `coverage` where one does.
    """
    moved = moves(before.result, after.result)
    places = changes.facilities(before.result, after.result)
    links = changes.links(before.links, after.links)
    adds = changes.only_adds((before.result, after.result), places, links)
    coverage = compared_coverage(before.result, after.result, moved)
    loses = (coverage["land_lost_ha"] > 0) | (coverage["people_lost"] > 0)
    return Comparison(
        before,
        after,
        coverage=coverage,
        completeness=compared_completeness(before.result, after.result),
        indicators=compared_indicators(before.result, after.result),
        gaps=gap_changes(before.result, after.result),
        moves=moved,
        facilities=places,
        links=links,
        homes=changes.homes(before.result, after.result),
        only_adds=adds,
        fallen=coverage[loses].reset_index(drop=True) if adds else coverage.iloc[:0],
        equity=compared_equity(before.result, after.result),
    )


def pairs(states: Sequence[State]) -> list[tuple[int, int]]:
    """Every two of the states, the earlier first, as positions.

    >>> pairs(["base", "a", "b"])
    [(0, 1), (0, 2), (1, 2)]
    """
    return list(itertools.combinations(range(len(states)), 2))


def residences_moved(comparison: Comparison) -> pd.DataFrame:
    """A row per residence x category x level x group whose people or land is gained or lost, whatever the units it lies in.

    Columns as in `Comparison.moves` without `unit`, with `name` and the residence's own `unit`; most people gained and lost first.
    """
    table = summed(comparison.moves[~(comparison.moves[[*MOVES]] == 0).all(axis=1)], ["residence_id", "category", "level", "group"])
    homes = pd.concat([state.result.residences for state in (comparison.after, comparison.before)])
    homes = homes.drop_duplicates("residence_id").set_index("residence_id")
    table = table.assign(**{column: homes[column].reindex(table["residence_id"]).to_numpy() for column in ("name", "unit")})
    table["_moved"] = table["people_gained"] + table["people_lost"]
    keys = ["_moved", "residence_id", "category", "level", "group"]
    table = table.sort_values(keys, ascending=[False, True, True, True, True], ignore_index=True).drop(columns=["_moved", *ARRIVING])
    return table
