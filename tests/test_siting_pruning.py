"""Candidates are ruled out only where no best siting has them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_siting import PEOPLE, STREET, asked

from livingcircle.siting import Bounds, medians, p_median
from livingcircle.siting.program import TIME_LIMIT, Clock
from livingcircle.siting.pruning import pruned, walks_that_matter


def test_the_walks_that_matter_by_hand():
    town = asked(STREET, PEOPLE, fixed=[False, False, True, False])
    got = walks_that_matter(town, Bounds(500))
    #  s2 stands, 400, 300, 0 and 500 m away; nobody has a better walk than to s0 or s1 (the first two), or to s3 (the last)
    assert got.last.tolist() == [400, 300, 0, 500, 500]
    assert got.sites.tolist() == [0, 1, 3]
    assert sorted(zip(got.who.tolist(), got.sites[got.which].tolist(), got.walk.tolist(), strict=True)) == [
        (0, 0, 0), (0, 1, 100), (1, 0, 100), (1, 1, 0), (3, 3, 0),
    ]  # fmt: skip


@st.composite
def cities(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    homes, places = draw(st.integers(2, 25)), draw(st.integers(2, 10))
    points, doors = rng.integers(0, 20, (homes, 2)) * 50, rng.integers(0, 20, (places, 2)) * 50
    metres = np.abs(points[:, None] - doors[None]).sum(axis=2)
    fixed = rng.random(places) < draw(st.sampled_from([0.0, 0.2]))
    return asked(metres.tolist(), rng.integers(0, 30, homes).tolist(), fixed=fixed), draw(st.integers(1, 4)), draw(st.sampled_from([300, 600, 2000]))


def least(town, count, limit):
    """The fewest person-metres over every choice, a person counting for the limit at most."""
    metres = np.full((len(town.people), len(town.sites)), float(limit))
    demand, site, walk = (town.walks[name].to_numpy() for name in town.walks.columns)
    metres[demand, site] = np.minimum(walk, limit)
    always = np.flatnonzero(town.fixed).tolist()
    sets = ([*always, *rows] for k in range(min(count, len(town.new)) + 1) for rows in combinations(town.new.tolist(), k))
    return min(float((metres[:, rows].min(axis=1) if rows else np.full(len(metres), float(limit))) @ town.people) for rows in sets)


@settings(max_examples=100, deadline=None)
@given(cities())
def test_what_is_left_holds_a_best_siting(case):
    town, count, limit = case
    best = least(town, count, limit)
    walks = walks_that_matter(town, Bounds(limit))
    few = pruned(walks, count, Clock(10))
    assert few.bound <= best + 1e-6 <= few.metres + 2e-6
    assert set(few.chosen) <= set(few.left) <= set(town.new.tolist())
    allowed = np.isin(np.arange(len(town.sites)), few.left)
    kept = town.__class__(town.demand, town.sites.assign(allowed=allowed | town.fixed), town.walks)
    assert least(kept, count, limit) == pytest.approx(best)


@settings(max_examples=60, deadline=None)
@given(cities())
def test_p_median_is_the_same_by_either_road(case):
    town, count, limit = case
    direct = p_median(town, Bounds(limit, sites=count))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(medians, "MANY", 0)
        found = p_median(town, Bounds(limit, sites=count))
    assert found.status == direct.status == "optimal" and found.gap == 0
    assert found.objective == pytest.approx(direct.objective)
    assert found.objective == pytest.approx(least(town, count, limit))


def test_when_time_is_up_the_better_bound_is_told(monkeypatch):
    town = asked(STREET[:4], PEOPLE[:4])
    best = p_median(town, Bounds(500, sites=1)).objective
    monkeypatch.setattr(medians, "MANY", 0)
    monkeypatch.setattr(medians, "_exact", lambda *_: (None, 0.0, TIME_LIMIT))
    found = p_median(town, Bounds(500, sites=1))
    assert found.status == "time_limit"
    assert 0 < found.bound <= best <= found.objective
