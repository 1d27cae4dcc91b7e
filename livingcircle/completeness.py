"""How complete a living circle is: how many of a level's mandatory elements people can walk to, and which are lacking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from livingcircle.areas import Areas
from livingcircle.coverage import Group
from livingcircle.layers import Residences, Samples

COLUMNS = (
    "area", "area_kind", "level", "group", "elements", "land_ha", "land_all_ha", "land_all_share", "people", "people_all",
    "people_all_share", "lacking_mean", "lacking_most",
)  # fmt: skip
LACKING = ("residence_id", "name", "unit", "people", "level", "elements", "lacking", "lacks")

# (level, group id) -> category -> whether each sample is covered.
Elements = Mapping[tuple[str, str], Mapping[str, np.ndarray]]


def completeness(samples: Samples, elements: Elements, *, groups: Sequence[Group], areas: Areas, codes: np.ndarray) -> pd.DataFrame:
    """A row per area x level x group: land (ha) and people to whom every mandatory element of the level is within reach.

    `elements` holds for every level and group which samples each mandatory category covers; `codes` are the samples' units
    (`Areas.codes`). `lacking_mean` is the mean number of elements out of reach, weighted by people; `lacking_most` the
    largest number that anybody (any home, where nobody lives) lacks. Shares and means without land or people are NaN.
    A level counts its own elements only: none of another level stands in for them.
    """
    people_of = {group.id: samples[group.people].to_numpy(dtype=float) for group in groups}
    land = samples["land_m2"].to_numpy(dtype=float) / 10_000
    land_ha = areas.sums(codes, land)
    parts = []
    for (level, group), inside in elements.items():
        people = people_of[group]
        lacking = lacking_count(inside, len(samples))
        every = lacking == 0
        lived = areas.sums(codes, people)
        parts.append(
            areas.table().assign(
                level=level,
                group=group,
                elements=len(inside),
                land_ha=land_ha,
                land_all_ha=areas.sums(codes, land * every),
                people=lived,
                people_all=areas.sums(codes, people * every),
                lacking_mean=_share(areas.sums(codes, people * lacking), lived),
                lacking_most=_most(lacking, people > 0, codes, areas),
            )
        )
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    out = pd.concat(parts, ignore_index=True)
    for word, whole in (("land_all", "land_ha"), ("people_all", "people")):
        part = "land_all_ha" if word == "land_all" else word
        out[f"{word}_share"] = _share(out[part].to_numpy(), out[whole].to_numpy())
    return out[list(COLUMNS)]


def lacking_count(inside: Mapping[str, np.ndarray], size: int) -> np.ndarray:
    """The number of elements out of reach of every sample.

    >>> lacking_count({"school": np.array([True, False]), "park": np.array([False, False])}, 2).tolist()
    [1, 2]
    """
    out = np.full(size, len(inside), dtype=np.int32)
    for mask in inside.values():
        out -= mask
    return out


def lacking(samples: Samples, residences: Residences, elements: Elements, *, group: str) -> pd.DataFrame:
    """A row per residence x level, worst first: how many mandatory elements its people lack on average, and which.

    For one group. `lacking` is the mean over the residence's samples, each of which stands for an equal part of its people
    and land; `lacks` names the categories (joined by `;`) that more than half of it lacks. Ranked by `lacking`, then people.
    """
    owner, names = pd.factorize(samples["residence_id"].to_numpy())
    # Samples come home by home, so that runs of them are counted first.
    start = np.flatnonzero(np.diff(owner, prepend=-1))
    run = owner[start]
    size = np.diff(start, append=len(owner))
    count = np.bincount(run, size, minlength=len(names))
    of = residences.set_index("residence_id")
    parts = []
    for (level, own), inside in elements.items():
        if own != group:
            continue
        reached = {category: np.add.reduceat(mask, start, dtype=np.int64) if len(start) else size for category, mask in inside.items()}
        out = {category: np.bincount(run, size - there, minlength=len(names)) / count for category, there in reached.items()}
        lacks = [";".join(c for c, share in out.items() if share[row] > 0.5) for row in range(len(names))]
        parts.append(
            pd.DataFrame(
                {
                    "residence_id": names,
                    "name": of["name"].reindex(names).to_numpy(),
                    "unit": of["unit"].reindex(names).to_numpy(),
                    "people": of["people"].reindex(names).to_numpy(),
                    "level": level,
                    "elements": len(inside),
                    "lacking": np.sum(list(out.values()), axis=0) if out else 0.0,
                    "lacks": lacks,
                }
            )
        )
    if not parts:
        return pd.DataFrame(columns=list(LACKING))
    table = pd.concat(parts, ignore_index=True)
    order = ["lacking", "people", "residence_id", "level"]
    # Sums of shares in another order differ in their last digits.
    return table.assign(lacking=table["lacking"].round(9)).sort_values(order, ascending=[False, False, True, True], ignore_index=True)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _most(lacking: np.ndarray, lived: np.ndarray, codes: np.ndarray, areas: Areas) -> np.ndarray:
    """The largest number lacking in every area; among the people, or the land where nobody lives; NaN without homes."""
    size = len(areas.units) + 1
    people, land = np.full(size, -1.0), np.full(size, -1.0)
    for most, among in ((people, lived), (land, slice(None))):
        unit, count = codes[among], lacking[among]
        # Units come in runs, whose largest is found first.
        start = np.flatnonzero(np.diff(unit, prepend=-1))
        if len(start):
            np.maximum.at(most, unit[start], np.maximum.reduceat(count, start))
    out = []
    for member in areas.member:
        most = people[member].max() if people[member].max() >= 0 else land[member].max()
        out.append(most if most >= 0 else np.nan)
    return np.array(out)
