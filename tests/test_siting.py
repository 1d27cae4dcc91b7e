"""Siting by hand and by trying every choice: four models, existing sites, capacities, budgets, parcels, several categories."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livingcircle.errors import DataError, StudyError
from livingcircle.siting import MODELS, REASONS, Bounds, joint, lscp, mclp, p_center, p_median, problem, sites_of, solved

INF = float("inf")


def asked(walks, people, *, category="park", parcels=None, **told):
    """A problem of a table of metres, a row a demand row and a column a site; None for no walk."""
    rows = [(i, j, float(m)) for i, row in enumerate(walks) for j, m in enumerate(row) if m is not None]
    reached = pd.DataFrame(rows, columns=["origin", "door", "walk_m"])
    sites = sites_of([f"s{j}" for j in range(len(walks[0]))], category=category, **told)
    return problem(reached, pd.DataFrame({"people": people, "category": category}), sites, parcels)


#   homes of 10, 20, 30, 40 people on a street, candidates s0 to s3 beside them, one home (5) on an island
#
#   10   20        30             40        5
#   s0───s1────────s2─────────────s3       ───
#   0    100       400            900
STREET = [[abs(a - b) for b in (0, 100, 400, 900)] for a in (0, 100, 400, 900)] + [[None] * 4]
PEOPLE = [10, 20, 30, 40, 5]


def test_most_people_by_hand():
    town = asked(STREET, PEOPLE)
    one = mclp(town, Bounds(300, sites=1))
    assert (one.chosen["site_id"].tolist(), one.objective, one.bound, one.gap, one.status) == (["s1"], 60, 60, 0, "optimal")
    assert one.demand["reason"].tolist() == ["", "", "", "sites", "no_candidate"]
    assert one.demand["walk_m"].tolist() == [100, 0, 300, INF, INF]
    assert one.demand["site"].tolist() == [1, 1, 1, -1, -1]
    assert one.chosen[["people", "farthest_m"]].values.tolist() == [[60, 300]]
    two = mclp(town, Bounds(300, sites=2))
    assert (two.chosen["site_id"].tolist(), two.objective) == (["s1", "s3"], 100)


def test_a_limit_is_inclusive():
    town = asked(STREET, PEOPLE)
    assert mclp(town, Bounds(300 - 5e-7, sites=1)).objective == 60
    assert mclp(town, Bounds(299.9, sites=1)).objective == 40


def test_fewest_sites_by_hand():
    found = lscp(asked(STREET, PEOPLE), Bounds(300))
    assert (found.chosen["site_id"].tolist(), found.objective) == (["s1", "s3"], 2)
    assert found.status == "infeasible"
    assert found.demand["reason"].tolist() == ["", "", "", "", "no_candidate"]
    whole = lscp(asked(STREET[:4], PEOPLE[:4]), Bounds(300))
    assert (whole.status, whole.objective, whole.bound) == ("optimal", 2, 2)
    assert lscp(asked(STREET[:4], PEOPLE[:4]), Bounds(300, sites=1)).status == "infeasible"


def test_the_cheapest_cover_is_not_the_smallest():
    #  one site in reach of both homes for 9, or one beside each for 3 and 4
    town = asked([[0, None, 200], [None, 0, 200]], [1, 1], cost=[3.0, 4.0, 9.0])
    assert (lscp(town, Bounds(300)).objective, lscp(town, Bounds(300)).cost) == (1, 9)
    cheap = lscp(town, Bounds(300, by_cost=True))
    assert (cheap.objective, cheap.chosen["site_id"].tolist(), cheap.bound) == (7, ["s0", "s1"], 7)
    assert lscp(town, Bounds(300, by_cost=True, budget=6)).status == "infeasible"


def test_fewest_metres_by_hand():
    town = asked(STREET, PEOPLE)
    #  at s2: 10 x 400 + 20 x 300 + 40 x 500, and 5 who count 500
    one = p_median(town, Bounds(500, sites=1))
    assert (one.chosen["site_id"].tolist(), one.objective, one.status) == (["s2"], 4000 + 6000 + 20000 + 2500, "optimal")
    #  s3 and s1, from which 10 x 100 + 30 x 300, or s2, from which 10 x 400 + 20 x 300
    two = p_median(town, Bounds(500, sites=2))
    assert two.objective == 1000 + 9000 + 2500 == 4000 + 6000 + 2500
    assert two.chosen["site_id"].tolist() in (["s1", "s3"], ["s2", "s3"])
    #  unserved people may count for more than the limit
    assert p_median(town, Bounds(500, sites=1, unassigned_m=2000)).objective == 4000 + 6000 + 20000 + 10000


def test_nobody_may_be_without():
    town = asked(STREET[:4], PEOPLE[:4])
    assert p_median(town, Bounds(300, sites=1, unassigned_m=INF)).status == "infeasible"
    two = p_median(town, Bounds(300, sites=2, unassigned_m=INF))
    assert (two.status, two.objective, two.chosen["site_id"].tolist()) == ("optimal", 1000 + 9000, ["s1", "s3"])
    cut_off = p_median(asked(STREET, PEOPLE), Bounds(300, sites=2, unassigned_m=INF))
    assert (cut_off.status, cut_off.objective, cut_off.demand["reason"].iloc[4]) == ("infeasible", 10000, "no_candidate")


def test_the_shortest_farthest_walk_by_hand():
    town = asked(STREET[:4], PEOPLE[:4])
    one = p_center(town, Bounds(1000, sites=1))
    assert (one.chosen["site_id"].tolist(), one.objective, one.bound, one.status) == (["s2"], 500, 500, "optimal")
    assert p_center(town, Bounds(1000, sites=2)).objective == 300
    assert p_center(town, Bounds(1000, sites=4)).objective == 0
    never = p_center(town, Bounds(400, sites=1))
    #  the most that one site serves within 400 m is 60 people, and the fourth home is told to be short of a site
    assert (never.status, never.objective, never.people_served, never.demand["reason"].tolist()[3]) == ("infeasible", INF, 60, "sites")


def test_existing_sites_count_and_are_not_chosen():
    town = asked(STREET, PEOPLE, fixed=[False, False, False, True])
    one = mclp(town, Bounds(300, sites=1))
    assert (one.objective, one.chosen["site_id"].tolist(), one.demand["site"].tolist()) == (100, ["s1"], [1, 1, 1, 3, -1])
    assert lscp(town, Bounds(300)).objective == 1
    assert mclp(town, Bounds(300, sites=0)).objective == 40


def test_a_full_site_leaves_people_out_and_says_so():
    town = asked([[100, 200], [100, None]], [30, 30], capacity=[40.0, 10.0])
    both = mclp(town, Bounds(300))
    assert (both.objective, both.status) == (50, "optimal")
    assert sorted(both.assigned["people"].groupby(both.assigned["site"]).sum()) == [10, 40]
    assert both.demand["served"].sum() == 50
    assert "capacity" in both.demand["reason"].tolist()
    everybody = lscp(town, Bounds(300))
    assert (everybody.status, everybody.objective, everybody.people_served) == ("infeasible", 2, 50)


def test_with_room_the_metres_are_the_least():
    #  10 people near either site; the first has room for all, the second for 5 of the second 10
    town = asked([[100, 300], [400, 50]], [10, 10], capacity=[20.0, 5.0])
    assert mclp(town, Bounds(500)).chosen["site_id"].tolist() == ["s0"]
    found = mclp(town.holding([0, 1]), Bounds(500))
    got = {(row.demand, row.site): row.people for row in found.assigned.itertuples()}
    assert got == {(0, 0): 10, (1, 0): 5, (1, 1): 5}


def test_a_budget_in_place_of_a_number():
    town = asked(STREET, PEOPLE, cost=[1.0, 5.0, 2.0, 3.0])
    found = mclp(town, Bounds(300, budget=5))
    #  s2 (20, 30) and s3 (40) cost 5; s1 alone serves 60
    assert (found.objective, found.cost, found.chosen["site_id"].tolist()) == (90, 5, ["s2", "s3"])
    assert found.demand["reason"].tolist()[0] == "budget"


def test_excluded_candidates_are_told():
    found = mclp(asked(STREET, PEOPLE, allowed=[True, True, True, False]), Bounds(300, sites=4))
    assert (found.objective, found.demand["reason"].tolist()[3]) == (60, "excluded")


def test_positions_of_one_parcel_exclude_each_other():
    town = asked(STREET, PEOPLE, parcel=["a", "b", "c", "b"])
    #  s1 and s3 share a parcel: s3 with s2, which has 20 and 30 in reach
    found = mclp(town, Bounds(300, sites=2))
    assert (found.objective, found.chosen["site_id"].tolist()) == (90, ["s2", "s3"])
    every = lscp(asked(STREET[:4], PEOPLE[:4], parcel=["a", "a", "a", "a"]), Bounds(300))
    assert (every.objective, every.people_served, every.status) == (1, 60, "infeasible")
    assert every.demand["reason"].tolist()[3] == "parcel"


def centre(**bounds):
    """A school and a clinic for two villages; one parcel between, one beside each.

    ::

        40 ──300── A ──200── B ──200── C ──300── 60      A, C: 1000 m²; B: 2500 m², a school takes 1500, a clinic 800
    """
    walks = [[300, 500, None], [None, 500, 300]]
    school = asked(walks, [40, 60], category="school", parcel=["A", "B", "C"], area_m2=[1500.0] * 3, cost=[20.0] * 3)
    clinic = asked(walks, [40, 60], category="clinic", parcel=["A", "B", "C"], area_m2=[800.0] * 3, cost=[10.0] * 3)
    parcels = pd.DataFrame({"parcel": ["A", "B", "C"], "area_m2": [1000.0, 2500.0, 1000.0], "cost": [5.0, 30.0, 5.0]})
    return mclp(joint({"school": school, "clinic": clinic}, parcels), Bounds(500, **bounds))


def test_several_categories_share_a_parcel_and_its_cost():
    both = centre(budget=60)
    #  the parcel is paid once: 30 + 20 + 10; nothing else holds a school
    assert (both.objective, both.cost, both.chosen["site_id"].tolist()) == (200, 60, ["school:s1", "clinic:s1"])
    #  without money for the school, a clinic beside each village (2 x 15) serves as many as one between (40)
    fewer = centre(budget=30)
    assert (fewer.objective, fewer.chosen["parcel"].tolist()) == (100, ["A", "C"])
    #  land: A is too small for a school, and one number for each category
    assert centre(sites={"school": 0, "clinic": 1}).chosen["site_id"].tolist() == ["clinic:s1"]


def test_time_that_is_up_leaves_a_bound(monkeypatch):
    from livingcircle.siting import program

    class Given:
        """What the solver says when stopped: a plan of 40 people served of 100, and no more than 70 possible."""

        def __init__(self, size):
            self.x, self.fun, self.mip_dual_bound, self.status = np.zeros(size), -0.4, -0.7, 1
            self.x[3] = 1

    monkeypatch.setattr(program, "milp", lambda cost, **_: Given(len(cost)))
    found = mclp(asked(STREET[:4], PEOPLE[:4]), Bounds(300, sites=1))
    assert (found.status, found.objective, found.bound, found.gap) == ("time_limit", 40, pytest.approx(70), pytest.approx(0.75))


def test_inputs_are_as_they_were():
    town = asked(STREET, PEOPLE, capacity=50.0)
    kept = [frame.copy() for frame in (town.demand, town.sites, town.walks, town.parcels)]
    for name in MODELS:
        solved(name, town, Bounds(500, sites=2))
    assert all(now.equals(then) for now, then in zip((town.demand, town.sites, town.walks, town.parcels), kept, strict=True))


def test_everything_wrong_is_told_at_once():
    demand = pd.DataFrame({"people": [1, -2], "category": "park"})
    sites = sites_of(["a", "a"], category="park", cost=[1.0, np.inf])
    reached = pd.DataFrame({"origin": [0, 2], "door": [0, 5], "walk_m": [1.0, 2.0]})
    with pytest.raises(DataError) as told:
        problem(reached, demand, sites)
    assert len(told.value.faults) == 5
    with pytest.raises(DataError, match="no column 'capacity'"):
        problem(reached, demand, sites.drop(columns="capacity"))
    with pytest.raises(StudyError) as told:
        mclp(asked(STREET, PEOPLE), Bounds(-1, sites=-1, budget=-1, unassigned_m=-1, time_s=0))
    assert len(told.value.faults) == 5
    with pytest.raises(StudyError, match="no candidate for 'school'"):
        mclp(asked(STREET, PEOPLE), Bounds(300, sites={"school": 1}))
    with pytest.raises(StudyError, match="unknown model"):
        solved("mcpl", asked(STREET, PEOPLE), Bounds(300))


def test_of_several_doors_the_nearest_counts():
    reached = pd.DataFrame({"origin": [0, 0, 0], "door": [0, 1, 2], "walk_m": [500.0, 200.0, 300.0]})
    demand = pd.DataFrame({"people": [7], "category": "park"})
    one = problem(reached, demand, sites_of(["a", "b"], category="park"), owner=np.array([0, 0, 1]))
    assert one.walks.values.tolist() == [[0, 0, 200], [0, 1, 300]]


def test_the_answer_is_on_the_index_of_the_demand():
    reached = pd.DataFrame({"origin": [1], "door": [0], "walk_m": [200.0]})
    demand = pd.DataFrame({"people": [3, 4], "category": "park"}, index=["east", "west"])
    found = mclp(problem(reached, demand, sites_of(["a"], category="park")), Bounds(300))
    assert found.demand["served"].to_dict() == {"east": 0, "west": 4}
    assert found.demand["reason"].to_dict() == {"east": "no_candidate", "west": ""}


def test_nobody_and_nowhere():
    empty = asked([[100, None]], [0])
    for name in MODELS:
        found = solved(name, empty, Bounds(300, sites=1))
        assert (found.status, found.objective, found.demand["reason"].tolist()) == ("optimal", 0, [""])


# ---- every choice tried ------------------------------------------------------------------------------------------------


@st.composite
def towns(draw, capacities):
    homes, places = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    metre = st.one_of(st.none(), st.integers(0, 8).map(lambda k: 100 * k))
    walks = [[draw(metre) for _ in range(places)] for _ in range(homes)]
    told = {
        "fixed": [draw(st.integers(0, 3)) == 0 for _ in range(places)],
        "allowed": [draw(st.integers(0, 4)) > 0 for _ in range(places)],
        "cost": [float(draw(st.integers(0, 4))) for _ in range(places)],
        "parcel": [draw(st.sampled_from("abcd")) for _ in range(places)],
    }
    if capacities:
        told["capacity"] = [float(draw(st.integers(0, 12))) for _ in range(places)]
    people = [draw(st.integers(0, 9)) for _ in range(homes)]
    limits = {"sites": draw(st.one_of(st.none(), st.integers(0, 3))), "budget": draw(st.one_of(st.none(), st.integers(0, 6)))}
    return asked(walks, people, **told), Bounds(draw(st.sampled_from([300, 600])), unassigned_m=draw(st.sampled_from([None, 400.0, INF])), **limits)


def choices(town, *, bounds=None):
    """Every set of new sites that parcels, and the bounds if given, allow."""
    for count in range(len(town.new) + 1):
        for rows in combinations(town.new.tolist(), count):
            own = town.sites.iloc[list(rows)]
            if own["parcel"].duplicated().any():
                continue
            if bounds and bounds.sites is not None and count > bounds.sites:
                continue
            if bounds and bounds.budget is not None and own["cost"].sum() > bounds.budget:
                continue
            yield rows


def flow(town, rows, limit_m, price=None):
    """The most people who can be served (a maximum flow), or the least metres with a price for whoever is not."""
    graph = nx.DiGraph()
    graph.add_nodes_from(["from", "to"])
    is_open = set(rows) | set(np.flatnonzero(town.fixed).tolist())
    total = int(town.people.sum())
    for i, people in enumerate(town.people):
        graph.add_edge("from", ("home", i), capacity=int(people), weight=0)
        if price is not None:
            graph.add_edge(("home", i), "to", capacity=int(people), weight=int(price))
    for i, j, metres in town.walks.itertuples(index=False):
        if j in is_open and metres <= limit_m:
            room = int(min(town.capacity[int(j)], total))
            graph.add_edge(("home", int(i)), ("site", int(j)), capacity=total, weight=int(metres))
            graph.add_edge(("site", int(j)), "to", capacity=room, weight=0)
    if price is None:
        return nx.maximum_flow_value(graph, "from", "to") if total else 0
    graph.nodes["from"]["demand"], graph.nodes["to"]["demand"] = -total, total
    return nx.cost_of_flow(graph, nx.min_cost_flow(graph))


def reachable(town, limit_m):
    usable = set(town.new.tolist()) | set(np.flatnonzero(town.fixed).tolist())
    near = town.walks[(town.walks["walk_m"] <= limit_m) & town.walks["site"].isin(usable)]
    return int(town.people[sorted(set(near["demand"]))].sum())


TRIED = settings(max_examples=60, deadline=None)


@pytest.mark.parametrize("capacities", [False, True])
def test_mclp_is_the_best_of_all_choices(capacities):
    @TRIED
    @given(towns(capacities))
    def check(case):
        town, bounds = case
        found = mclp(town, bounds)
        best = max(flow(town, rows, bounds.limit_m) for rows in choices(town, bounds=bounds))
        assert (found.status, found.gap) == ("optimal", 0)
        assert found.objective == pytest.approx(best, abs=1e-4)
        assert flow(town, found.rows, bounds.limit_m) == best
        assert tuple(found.rows.tolist()) in set(choices(town, bounds=bounds))
        assert set(found.demand["reason"]) <= {"", *REASONS} - {"unproven"}
        assert ((found.demand["reason"] == "") == (found.demand["served"] >= found.demand["people"] - 1e-4)).all()

    check()


@pytest.mark.parametrize("capacities", [False, True])
def test_lscp_is_the_best_of_all_choices(capacities):
    @TRIED
    @given(towns(capacities), st.booleans())
    def check(case, by_cost):
        town, bounds = case
        bounds = Bounds(bounds.limit_m, by_cost=by_cost)
        found = lscp(town, bounds)
        most = max(flow(town, rows, bounds.limit_m) for rows in choices(town))
        price = town.sites["cost"].to_numpy()
        best = min(price[list(rows)].sum() if by_cost else len(rows) for rows in choices(town) if flow(town, rows, bounds.limit_m) == most)
        assert found.objective == pytest.approx(best)
        assert found.people_served == pytest.approx(most, abs=1e-4)
        assert (found.status == "optimal") == (most == town.people.sum())

    check()


@pytest.mark.parametrize("capacities", [False, True])
def test_p_median_is_the_best_of_all_choices(capacities):
    @TRIED
    @given(towns(capacities))
    def check(case):
        town, bounds = case
        found = p_median(town, bounds)
        if np.isfinite(bounds.penalty_m):
            limit = min(bounds.limit_m, bounds.penalty_m)
            best = min(flow(town, rows, limit, price=bounds.penalty_m) for rows in choices(town, bounds=bounds))
            assert found.status == "optimal"
            assert found.objective == pytest.approx(best, abs=1e-2)
            return
        every = reachable(town, bounds.limit_m)
        able = [rows for rows in choices(town, bounds=bounds) if flow(town, rows, bounds.limit_m) == every]
        assert (found.status == "optimal") == bool(able and every == town.people.sum())
        if able:
            left = (town.people.sum() - every) * 100_000
            best = min(flow(town, rows, bounds.limit_m, price=100_000) for rows in able) - left
            assert found.objective == pytest.approx(best, abs=1e-2)
        else:
            assert found.objective == INF

    check()


@pytest.mark.parametrize("capacities", [False, True])
def test_p_center_is_the_best_of_all_choices(capacities):
    @TRIED
    @given(towns(capacities))
    def check(case):
        town, bounds = case
        found = p_center(town, bounds)
        every = reachable(town, bounds.limit_m)
        metres = [m for m in range(0, int(bounds.limit_m) + 1, 100) if any(flow(town, rows, m) == every for rows in choices(town, bounds=bounds))]
        assert found.objective == (metres[0] if metres and every else INF if every else 0)
        assert (found.status == "optimal") == bool((metres or not every) and every == town.people.sum())

    check()


@st.composite
def centers(draw):
    """Two categories over two homes and up to three parcels, with land and a budget."""
    count = draw(st.integers(1, 3))
    made = {}
    for category in ("school", "clinic"):
        walks = [[draw(st.sampled_from([None, 200, 400])) for _ in range(count)] for _ in range(2)]
        told = {"cost": [float(draw(st.integers(0, 4))) for _ in range(count)], "area_m2": [float(draw(st.integers(1, 3))) for _ in range(count)]}
        if draw(st.booleans()):
            told["capacity"] = [float(draw(st.integers(1, 9))) for _ in range(count)]
        made[category] = asked(walks, [draw(st.integers(0, 9)) for _ in range(2)], category=category, parcel=list("abc")[:count], **told)
    land = {"area_m2": [float(draw(st.integers(0, 5))) for _ in range(count)], "cost": [float(draw(st.integers(0, 3))) for _ in range(count)]}
    return joint(made, pd.DataFrame({"parcel": list("abc")[:count], **land})), draw(st.integers(0, 9))


@TRIED
@given(centers())
def test_several_categories_together_are_the_best_of_all_choices(case):
    town, budget = case
    bounds = Bounds(300, budget=budget)
    found = mclp(town, bounds)
    land = town.parcels.set_index("parcel")

    def spent(rows):
        own = town.sites.iloc[list(rows)]
        return own["cost"].sum() + sum(land.at[id, "cost"] for id in set(own["parcel"]))

    def fits(rows):
        own = town.sites.iloc[list(rows)]
        return all(part["area_m2"].sum() <= land.at[id, "area_m2"] for id, part in own.groupby("parcel"))

    every = [rows for k in range(len(town.sites) + 1) for rows in combinations(range(len(town.sites)), k) if fits(rows)]
    able = [rows for rows in every if spent(rows) <= budget]
    assert found.objective == pytest.approx(max(flow(town, rows, 300) for rows in able), abs=1e-4)
    assert tuple(found.rows.tolist()) in able and found.cost == spent(found.rows)
    most = max(flow(town, rows, 300) for rows in every)
    cover = lscp(town, Bounds(300, by_cost=True))
    assert cover.objective == pytest.approx(min(spent(rows) for rows in every if flow(town, rows, 300) == most))


@settings(max_examples=30, deadline=None)
@given(towns(False))
def test_one_more_site_never_serves_fewer(case):
    town, bounds = case
    counts = [mclp(town, Bounds(bounds.limit_m, sites=k)).objective for k in range(4)]
    assert counts == sorted(counts)
    metres = [p_median(town, Bounds(bounds.limit_m, sites=k)).objective for k in range(4)]
    assert metres == sorted(metres, reverse=True)
