"""Who a link moves into coverage: a first look at every candidate, and the exact answer of streets with the link built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from livingcircle.catchments import catchments
from livingcircle.coverage import ROUNDING_M
from livingcircle.layers import Positions
from livingcircle.links.case import Built, Homes
from livingcircle.network.links import Link

EQUAL, UPPER, LOWER, ROUGH = "equal", "upper", "lower", "rough"
# Links looked at together: their catchments take some tens of megabytes.
BLOCK = 256


class Gains(NamedTuple):
    """What each of some links brings.

    `people` and `land_ha` are (links, requirements) arrays, the requirements as in `Case.requirements`: residents and hectares newly within the limit.
    `distinct_people` and `distinct_land_ha` count whom and what any requirement newly covers once; `saved_m` is the mean by which walks get shorter that
    end within the limits, by people and category, 0 where none does; `lost_people` those (people x requirement) who were covered and are no more.
    """

    people: np.ndarray
    land_ha: np.ndarray
    distinct_people: np.ndarray
    distinct_land_ha: np.ndarray
    saved_m: np.ndarray
    lost_people: np.ndarray


def gains_of(before: Built, after: Built) -> Gains:
    """What the links built after bring beyond those built before, exactly: a row of `Gains`."""
    told, homes = before.case, before.case.homes
    anew, moved = np.zeros(len(homes.people), dtype=bool), np.zeros(2)
    people, land, lost = [], [], 0.0
    for one, old, new in zip(told.asked, before.walks, after.walks, strict=True):
        if new is old:
            people += [0.0] * len(one.limits)
            land += [0.0] * len(one.limits)
            continue
        for limit in one.limits + ROUNDING_M:
            inside = (old > limit) & (new <= limit)
            people.append(homes.people[inside].sum())
            land.append(homes.land_ha[inside].sum())
            lost += homes.people[(old <= limit) & (new > limit)].sum()
            anew |= inside
        shorter = np.flatnonzero((new < old - ROUNDING_M) & np.isfinite(old) & (new <= one.farthest + ROUNDING_M))
        moved += homes.people[shorter].sum(), (homes.people[shorter] * (old[shorter] - new[shorter])).sum()
    once = np.array([homes.people[anew].sum()]), np.array([homes.land_ha[anew].sum()])
    return Gains(np.array([people]), np.array([land]), *once, _mean(moved[1:], moved[:1]), np.array([lost]))


def homes_gaining(before: Built, after: Built) -> pd.DataFrame:
    """Who gains by the links built after beyond those built before, exactly: a row a residence x requirement, and one a residence for all of them together.

    Columns: `residence_id`, `category`, `level` (both empty for all together, where everybody counts once), `people` and `land_ha` newly within the limit,
    `walk_m` and `walk_after_m`: their mean walk before and after in the measure of the rule, infinite where some had none, NaN for all together.
    """
    told, homes = before.case, before.case.homes
    code, ids = pd.factorize(told.residences)
    anew, parts = np.zeros(len(code), dtype=bool), []
    for one, old, new in zip(told.asked, before.walks, after.walks, strict=True):
        for asked, limit in zip(one.requirements, one.limits + ROUNDING_M, strict=True) if new is not old else ():
            rows = np.flatnonzero((old > limit) & (new <= limit))
            anew[rows] = True
            parts.append(_by_residence((code[rows], ids), homes, rows, (old[rows], new[rows])).assign(category=one.category, level=asked.level))
    rows = np.flatnonzero(anew)
    nothing = np.full(len(rows), np.nan)
    whole = _by_residence((code[rows], ids), homes, rows, (nothing, nothing)).assign(category="", level="")
    return pd.concat([whole, *parts], ignore_index=True)[["residence_id", "category", "level", "people", "land_ha", "walk_m", "walk_after_m"]]


def _by_residence(known: tuple[np.ndarray, np.ndarray], homes: Homes, rows: np.ndarray, walks: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    code, ids = known
    own, at = np.unique(code, return_inverse=True)
    # A home without people stands for its land.
    people, land = homes.people[rows], homes.land_ha[rows]
    total = np.bincount(at, people, len(own))
    weight = np.where(total[at] > 0, people, land)
    moved = weight > 0
    means = [_mean(np.bincount(at[moved], (walk * weight)[moved], len(own)), np.bincount(at, weight, len(own))) for walk in walks]
    return pd.DataFrame({"residence_id": ids[own], "people": total, "land_ha": np.bincount(at, land, len(own)), "walk_m": means[0], "walk_after_m": means[1]})


def _mean(total: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.divide(total, weight, out=np.zeros(len(weight)), where=weight > 0)


def first_look(built: Built, links: Sequence[Link]) -> Gains:
    """What each link alone would bring beyond those built, by some points of every residence: a row a link.

    A walk by a link is one to its nearer end, the link, and the walk from its farther end to the nearest facility, each as it is today. `bounds` says how
    that stands to the exact answer of the same points. Nobody is lost, by construction.
    """
    homes, size = built.case.some, len(links)
    people, land = np.zeros((len(built.case.requirements), size)), np.zeros((len(built.case.requirements), size))
    moved, once = np.zeros((2, size)), np.zeros((2, size))
    for pairs in _looks(built, links):
        link, home = pairs.link, pairs.home
        anew = np.zeros(len(link), dtype=bool)
        for column, rows in pairs.inside():
            people[column] += np.bincount(link[rows], homes.people[home[rows]], size)
            land[column] += np.bincount(link[rows], homes.land_ha[home[rows]], size)
            anew[rows] = True
        for rows, saved in pairs.shorter():
            moved[0] += np.bincount(link[rows], homes.people[home[rows]], size)
            moved[1] += np.bincount(link[rows], homes.people[home[rows]] * saved, size)
        # A home may gain by both ends of a link, for different categories.
        own, who = np.divmod(np.unique(link[anew] * max(len(homes.people), 1) + home[anew]), max(len(homes.people), 1))
        once += np.bincount(own, homes.people[who], size), np.bincount(own, homes.land_ha[who], size)
    return Gains(people.T, land.T, *once, _mean(moved[1], moved[0]), np.zeros(size))


def served_by(built: Built, links: Sequence[Link]) -> csr_array:
    """People whom each link alone would newly cover by a first look: a row a link, a column for every requirement of every point."""
    homes, asked = built.case.some, len(built.case.requirements)
    rows, cells = [np.empty(0, dtype=int)], [np.empty(0, dtype=int)]
    for pairs in _looks(built, links):
        for column, chosen in pairs.inside():
            rows.append(pairs.link[chosen])
            cells.append(pairs.home[chosen] * asked + column)
    row, cell = np.concatenate(rows), np.concatenate(cells)
    return csr_array((homes.people[cell // max(asked, 1)], (row, cell)), shape=(len(links), len(homes.people) * asked))


class _Pairs(NamedTuple):
    """Pairs of a link and a home that may use it: metres from the home to the end of the link on that `side`; `told` as `_looks` makes it."""

    built: Built
    told: tuple
    link: np.ndarray
    side: np.ndarray
    home: np.ndarray
    walk: np.ndarray

    def _walks(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows of pairs whose walks to a category get shorter, the walk as it was, and by the link."""
        onward, length, reach = self.told
        other = onward[1 - self.side, number, self.link]
        useful = reach[self.side, number, self.link] >= self.walk - ROUNDING_M
        new, old = self.walk + length[self.link] + other, self.built.some_walks[number][self.home]
        rows = np.flatnonzero(useful & (new < old - ROUNDING_M))
        return rows, old[rows], new[rows]

    def inside(self) -> Iterator[tuple[int, np.ndarray]]:
        """For every requirement, by number, the rows of pairs newly within its limit."""
        column = 0
        for number, one in enumerate(self.built.case.asked):
            rows, old, new = self._walks(number)
            for limit in one.limits + ROUNDING_M:
                yield column, rows[(old > limit) & (new <= limit)]
                column += 1

    def shorter(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """For every category the rows of pairs whose walks get shorter, and the metres saved."""
        for number in range(len(self.built.case.asked)):
            rows, old, new = self._walks(number)
            known = np.isfinite(old)
            yield rows[known], (old - new)[known]


def _looks(built: Built, links: Sequence[Link]) -> Iterator[_Pairs]:
    """The pairs of links and homes that may matter, some links at a time."""
    if not len(links) or not built.case.asked:
        return
    length = np.array([link.length_m for link in links])
    ends, today = built.onward(links)
    farthest = np.array([one.farthest for one in built.case.asked])[:, None]
    inner = built.case.compounds(links)
    # Who enters a compound that is not open walks on to its own facilities alone.
    onward = np.where(_without_doors(built, inner), np.inf, today)
    by_link = onward[::-1] + length
    # Who stands at one end gains only where the other end, with the link, is nearer than the facility by the streets.
    reach = np.where(today > by_link, farthest - by_link, -np.inf)
    far = reach.max(axis=(0, 1))
    order = np.argsort(far, kind="stable")
    order = order[far[order] >= 0]
    for low in range(0, len(order), BLOCK):
        parts = [_near(built, order[low : low + BLOCK], side, (ends[side], reach[side].max(axis=0), inner[side])) for side in (0, 1)]
        yield _Pairs(built, (onward, length, reach), *(np.concatenate(column) for column in zip(*parts, strict=True)))


def _without_doors(built: Built, inner: np.ndarray) -> np.ndarray:
    """For each end of links, category asked and link, whether the end lies within a compound, not open, that holds no door of the category."""
    edge = built.doors["edge"].to_numpy()
    owner = np.where(edge >= 0, built.network.compound[edge], -1)
    return np.stack([(inner >= 0) & ~np.isin(inner, owner[one.doors]) for one in built.case.asked], axis=1)


def _near(built: Built, rows: np.ndarray, side: int, told: tuple[Positions, np.ndarray, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Homes near enough to one end of some links, and free to leave by it: link, side, home, metres to that end."""
    ends, far, inner = told
    own = rows[far[rows] >= 0]
    if not len(own):
        return tuple(np.empty(0, dtype=kind) for kind in (int, int, int, float))
    way = built.case.way
    found = catchments(built.network, ends.iloc[own], built.some, limit_m=float(far[own].max()), way=way)
    walk = found["walk_m" if way.shortest else "flat_m"].to_numpy()
    link, home = own[found["door"].to_numpy()], found["origin"].to_numpy()
    # Nobody but residents leaves a compound by a link within it: others would have passed through.
    resident = built.network.compound[built.some["edge"].to_numpy()[home]]
    near = (walk <= far[link] + ROUNDING_M) & ((inner[link] < 0) | (inner[link] == resident))
    return link[near], np.full(int(near.sum()), side), home[near], walk[near]


def bounds(built: Built, links: Sequence[Link]) -> np.ndarray:
    """How a first look at each link stands to the exact answer of the same points.

    `equal` by rule. `upper` where an end lies within a compound that is not open, which a first look lets residents leave and enter again.
    `lower` where a requirement asks for several facilities, of which some may be nearer by the link and others without, where homes or doors without a
    street would get one, or where a link begins at the end of a street that waits are paid at. `rough` where both may be.
    """
    told = built.case
    above = (told.compounds(links) >= 0).any(axis=0)
    below = told.near_lonely(links) | any(one.n > 1 for one in told.asked) | (told.paid(links) > 0).any(axis=0)
    return np.select([above & below, above, below], [ROUGH, UPPER, LOWER], default=EQUAL).astype(object)
