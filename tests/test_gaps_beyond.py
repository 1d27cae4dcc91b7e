"""What lies beyond a limit, counted by a compiled pass, held equal to plain pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from livingcircle import robustness
from livingcircle.coverage import ROUNDING_M, Group, Sampled, limit_of, numbered
from livingcircle.gaps.beyond import beyond
from livingcircle.standards import Requirement

RULE = Requirement(level="L10", limit_m=500, limit_min=8, flag="mandatory", clause="1", evidence="●")


def sampled(rng: np.random.Generator, homes: int) -> tuple[Sampled, pd.DataFrame]:
    """Residences of unequal size, every fourth of them empty, and the same samples as a table."""
    owner = np.repeat(np.arange(homes), rng.integers(1, 9, homes))
    table = pd.DataFrame({"home": owner, "people": np.where(owner % 4 == 3, 0.0, 1 + owner), "land": rng.uniform(0.1, 1, homes)[owner]})
    table["old"] = table["people"] * 0.25
    ids = np.array([f"R{number}" for number in range(homes)], dtype=object)
    weights = np.stack([table["people"], table["land"], table["people"], table["old"]])
    first = np.append(np.flatnonzero(np.diff(owner, prepend=-1)), len(owner))
    unit, names = numbered(np.full(len(owner), "", dtype=object))
    return Sampled(np.zeros((len(owner), 2)), owner, first, ids, ids, ids, unit, tuple(names), ("elderly",), {"people": weights}), table


@pytest.mark.parametrize("rule", ["distance", "time"])
@pytest.mark.parametrize("seed", range(5))
def test_every_figure_is_that_of_plain_pandas(seed, rule):
    rng, group = np.random.default_rng(seed), Group("all", 4.0)
    samples, table = sampled(rng, 12)
    walk, edge, coming = (rng.choice([*rng.uniform(300, 700, 40), 500.0, np.inf], len(table)) for _ in range(3))
    snap = next(change.id for change in robustness.changes() if change.snap_m)
    tried = {snap: np.minimum(walk, coming)}
    got = pd.DataFrame(beyond(samples, walk, RULE, judged=(group, rule), told=(edge, {2026: coming, 2027: np.zeros(len(table))}, tried)))
    limit = limit_of(RULE, rule=rule, speed_kmh=4.0) + ROUNDING_M
    table = table.assign(walk=walk, out=walk > limit, open=edge <= limit, later=coming > limit)
    expected = {home: own[own["out"]] for home, own in table.groupby("home") if own["out"].any()}
    assert got["home"].tolist() == [*expected]
    for row, (home, own) in zip(got.to_dict("records"), expected.items(), strict=True):
        assert (row["people"], row["land_ha"]) == pytest.approx((own["people"].sum(), own["land"].sum()))
        assert row["people_elderly"] == pytest.approx(own["old"].sum()) and np.isnan(row["people_children"])
        assert table["walk"][row["sample"]] == np.sort(own["walk"])[(len(own) - 1) // 2] and table["home"][row["sample"]] == home
        assert row["closes_in"] == (2027 if own["later"].any() else 2026)
        weight = own["people"] if own["people"].sum() else own["land"]
        assert row["uncertain_share"] == pytest.approx(weight[own["open"]].sum() / weight.sum())
        every, left = table[table["home"] == home], {}
        for change in robustness.changes():
            most = limit_of(RULE, rule=rule, speed_kmh=4.0, change=change) + ROUNDING_M
            left[change.id] = every["people" if own["people"].sum() else "land"][tried.get(change.id, walk)[every.index] > most].sum()
        if own["people"].sum():
            assert (row["people_low"], row["people_high"]) == pytest.approx((min(*left.values(), weight.sum()), max(*left.values(), weight.sum())))
        assert row["fragile_to"] == ";".join(id for id, amount in left.items() if amount < 0.5 * weight.sum())
        assert row["robustness"] == ("fragile" if row["fragile_to"] else "robust")


def test_nothing_beyond_the_limit_is_no_row():
    samples, table = sampled(np.random.default_rng(0), 3)
    got = beyond(samples, np.full(len(table), 500.0), RULE, judged=(Group("all", 4.0), "distance"), told=(None, {}, {}))
    assert {name: len(values) for name, values in got.items()} == dict.fromkeys(got, 0)
