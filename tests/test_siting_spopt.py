"""The four models agree with spopt (PySAL) on a street grid, where it is installed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import town

from livingcircle.catchments import catchments
from livingcircle.siting import Bounds, lscp, mclp, p_center, p_median, problem, sites_of
from livingcircle.snapping import snap

locate = pytest.importorskip("spopt.locate", reason="spopt is not installed (test extra)")
pulp = pytest.importorskip("pulp")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulp")

HOMES, PLACES, SIDE = 30, 10, 6


@pytest.fixture(scope="module", params=[1, 2, 3])
def grid(request):
    """Homes and candidates scattered over six by six streets, 200 m apart, with some of them missing; the walks between all of them."""
    rng = np.random.default_rng(request.param)
    whole = 200 * (SIDE - 1)
    spine = [[(0, 200 * k), (whole, 200 * k)] for k in range(SIDE)] + [[(0, 0), (0, whole)]]
    rungs = [[(200 * k, 200 * j), (200 * k, 200 * (j + 1))] for k in range(1, SIDE) for j in range(SIDE - 1) if rng.random() < 0.6]
    network = town(*spine, *rungs, at_crossings=True)
    homes, doors = (snap(rng.uniform(0, whole, (count, 2)), network, limit_m=200) for count in (HOMES, PLACES))
    reached = catchments(network, doors, homes, limit_m=np.inf)
    metres = np.full((HOMES, PLACES), np.inf)
    metres[reached["origin"], reached["door"]] = reached["walk_m"]
    assert np.isfinite(metres).all()
    return reached, metres, rng.integers(1, 50, HOMES)


def ours(grid, **told):
    reached, _, people = grid
    demand = pd.DataFrame({"people": people, "category": "park"})
    return problem(reached, demand, sites_of([f"s{k}" for k in range(PLACES)], category="park", **told))


def theirs(model):
    #  the solver behind it writes eight digits
    solved = model.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=0.0, gapAbs=0.0))
    return pulp.value(solved.problem.objective)


FIXED = np.array([k in (2, 7) for k in range(PLACES)])


@pytest.mark.parametrize("fixed", [None, FIXED], ids=["free", "fixed"])
def test_mclp(grid, fixed):
    _, metres, people = grid
    best = theirs(locate.MCLP.from_cost_matrix(metres, people, 350, 3, predefined_facilities_arr=fixed))
    found = mclp(ours(grid) if fixed is None else ours(grid, fixed=fixed), Bounds(350, sites=3 if fixed is None else 1))
    assert (found.status, found.objective) == ("optimal", best)


@pytest.mark.parametrize("fixed", [None, FIXED], ids=["free", "fixed"])
def test_lscp(grid, fixed):
    _, metres, _ = grid
    limit = float(metres.min(axis=1).max()) + 1
    best = theirs(locate.LSCP.from_cost_matrix(metres, limit, predefined_facilities_arr=fixed))
    found = lscp(ours(grid) if fixed is None else ours(grid, fixed=fixed), Bounds(limit))
    assert (found.status, found.objective + (0 if fixed is None else 2)) == ("optimal", best)


@pytest.mark.parametrize("fixed", [None, FIXED], ids=["free", "fixed"])
def test_p_median(grid, fixed):
    _, metres, people = grid
    best = theirs(locate.PMedian.from_cost_matrix(metres, people, 4, predefined_facilities_arr=fixed))
    told = Bounds(np.inf, sites=4 if fixed is None else 2)
    found = p_median(ours(grid) if fixed is None else ours(grid, fixed=fixed), told)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("fixed", [None, FIXED], ids=["free", "fixed"])
def test_p_center(grid, fixed):
    _, metres, _ = grid
    best = theirs(locate.PCenter.from_cost_matrix(metres, 3, predefined_facilities_arr=fixed))
    found = p_center(ours(grid) if fixed is None else ours(grid, fixed=fixed), Bounds(np.inf, sites=3 if fixed is None else 1))
    assert (found.status, found.objective) == ("optimal", pytest.approx(best, rel=1e-6))
