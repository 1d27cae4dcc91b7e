"""Capacity against demand: by hand, by brute force, by linear programs and flows of others, and what must hold whatever the town."""

import itertools
import time
import tomllib
from importlib.resources import files

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import facility_table, town
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from livingcircle import capacity, standards
from livingcircle.capacity import access, flows
from livingcircle.catchments import catchments
from livingcircle.errors import DataError, StudyError
from livingcircle.snapping import snap
from livingcircle.standards import Quota

KINDS = ("none", "steps", "gaussian")
MEASURES = (capacity.two_step, capacity.balanced, capacity.spatial_availability)
#  a street of 900 m, schools N (20 places) and S (30 places), homes a to d, and e on an island
#
#   a──N──b──────c──S──────d        e
#   0 100 300   600 700   900     y = 5000
DEMAND = pd.Series([10.0, 30.0, 20.0, 10.0, 5.0], index=list("abcde"))
PLACES = pd.Series([20.0, 30.0], index=["N", "S"])


@pytest.fixture(scope="module")
def walks():
    network = town([(0, 0), (900, 0)], [(0, 5000), (400, 5000)])
    doors = snap(np.array([[100.0, 0], [700, 0]]), network, limit_m=50)
    homes = snap(np.array([[0.0, 0], [300, 0], [600, 0], [900, 0], [200, 5000]]), network, limit_m=50)
    return catchments(network, doors, homes, limit_m=900)


def table(*rows):
    return pd.DataFrame(rows, columns=["origin", "facility", "metres"]).astype({"origin": int, "facility": int, "metres": float})


def test_pairs_by_hand_with_the_limit_included(walks):
    got = capacity.within(walks, limit_m=400)
    #  a 100 to N; b 200, 400; c 100 to S (500 to N is too far); d 200
    assert got.values.tolist() == [[0, 0, 100], [1, 0, 200], [1, 1, 400], [2, 1, 100], [3, 1, 200]]
    assert len(capacity.within(walks, limit_m=400 - 5e-7)) == 5
    assert len(capacity.within(walks, limit_m=399)) == 4


def test_two_doors_of_one_facility_are_one_and_a_door_of_none_is_left_out(walks):
    got = capacity.within(walks, limit_m=400, doors=np.array([3, 3]))
    assert got.values.tolist() == [[0, 3, 100], [1, 3, 200], [2, 3, 100], [3, 3, 200]]
    assert capacity.within(walks, limit_m=400, doors=np.array([-1, 0]))["origin"].tolist() == [1, 2, 3]
    uneven = pd.DataFrame({"door": [0], "origin": [0], "walk_m": [90.0], "flat_m": [140.0]})
    assert capacity.within(uneven, limit_m=100).empty
    assert capacity.within(uneven, limit_m=100, by="walk_m")["metres"].tolist() == [90]


def test_bad_limits_and_rows_are_told_at_once(walks):
    with pytest.raises(StudyError) as raised:
        capacity.within(walks, limit_m=-1, by="miles")
    assert [fault.where for fault in raised.value.faults] == ["limit_m", "by"]
    with pytest.raises(DataError, match="1 rows for 2 doors"):
        capacity.within(walks, limit_m=900, doors=np.array([0]))
    with pytest.raises(StudyError) as raised:
        capacity.decay(np.zeros(1), "linear", limit_m=np.nan)
    assert [fault.where for fault in raised.value.faults] == ["limit_m", "decay"]
    with pytest.raises(DataError) as raised:
        capacity.assign(table((3, 2, 1.0)), pd.Series([1.0, -1.0]), pd.Series([np.inf]))
    assert [fault.where for fault in raised.value.faults] == ["demand", "capacity", "demand", "capacity"]


def test_decays_by_hand():
    metres = np.array([0.0, 200.0, 200.1, 400.0, 600.0, 600.1, np.inf])
    assert capacity.decay(metres, "none", limit_m=600).tolist() == [1, 1, 1, 1, 1, 0, 0]
    assert capacity.decay(metres, "steps", limit_m=600).tolist() == [1, 1, 0.68, 0.68, 0.22, 0, 0]
    #  half way: (exp(-1/8) - exp(-1/2)) / (1 - exp(-1/2)) = (0.882497 - 0.606531) / 0.393469
    assert capacity.decay(np.array([0.0, 300.0, 600.0, 601.0]), "gaussian", limit_m=600).tolist() == pytest.approx([1, 0.701366, 0, 0], abs=1e-6)
    for kind in KINDS:
        assert capacity.decay(np.array([0.0, 1.0]), kind, limit_m=0).tolist() == [1, 0]
        told = capacity.decays()[kind]
        assert told["name"]["zh"] and told["name"]["en"] and told["source"] and told["evidence"] in "●◐○"


def test_two_step_by_hand(walks):
    got = capacity.two_step(capacity.within(walks, limit_m=400), DEMAND, PLACES, limit_m=400)
    #  N: 20 places for a and b (40); S: 30 for b, c and d (60): half a place for one of them each
    assert got.facilities.loc[["N", "S"], ["demand", "ratio"]].values.tolist() == [[40, 0.5], [60, 0.5]]
    assert got.origins["access"].to_dict() == {"a": 0.5, "b": 1.0, "c": 0.5, "d": 0.5, "e": 0.0}
    assert got.origins["available"].sum() == 50
    assert got.origins["within"].tolist() == [1, 2, 1, 1, 0]


def test_two_step_with_steps_by_hand(walks):
    got = capacity.two_step(capacity.within(walks, limit_m=600), DEMAND, PLACES, limit_m=600, kind="steps")
    #  weights to N: a 1, b 1, c 0.22; to S: b 0.68, c 1, d 1 (200 m is in the first zone)
    north, south = 20 / (10 + 30 + 0.22 * 20), 30 / (0.68 * 30 + 20 + 10)
    assert got.origins["access"].tolist() == pytest.approx([north, north + 0.68 * south, 0.22 * north + south, south, 0])


def test_balanced_by_hand(walks):
    got = capacity.balanced(capacity.within(walks, limit_m=400), DEMAND, PLACES, limit_m=400, kind="none")
    #  b asks at both by halves: N 20 / (10 + 15), S 30 / (15 + 20 + 10)
    assert got.facilities["demand"].tolist() == [25, 45]
    assert got.origins["access"].tolist() == pytest.approx([0.8, (0.8 + 2 / 3) / 2, 2 / 3, 2 / 3, 0])


def test_spatial_availability_by_hand(walks):
    got = capacity.spatial_availability(capacity.within(walks, limit_m=400), DEMAND, PLACES, limit_m=400, kind="steps")
    #  N counts 1 for a, 0.68 for b (zones end at 133 and 267 m); S 0.22 for b, 1 for c, 0.68 for d
    north, south = 20 / (10 + 0.68 * 30), 30 / (0.22 * 30 + 20 + 0.68 * 10)
    assert got.origins["available"].tolist() == pytest.approx([10 * north, 30 * (0.68 * north + 0.22 * south), 20 * south, 6.8 * south, 0])
    assert np.isnan(capacity.spatial_availability(table((0, 0, 9)), pd.Series([0.0]), pd.Series([1.0]), limit_m=10).origins.loc[0, "access"])


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_not_known_gives_nothing_and_is_told(walks, measure):
    near = capacity.within(walks, limit_m=400)
    got = measure(near, DEMAND, pd.Series([20.0, np.nan], index=["N", "S"]), limit_m=400, kind="none")
    assert got.origins["not_told"].tolist() == [0, 1, 1, 1, 0]
    assert got.facilities["status"].tolist() == ["used", "not_told"]
    assert np.isnan(got.facilities.loc["S", "ratio"])
    #  demand that counts once leaves none of it there
    assert got.facilities.loc["S", "demand"] == (0 if measure is capacity.balanced else 60)
    assert got.origins["available"].tolist() == pytest.approx([5, 15, 0, 0, 0])


@pytest.mark.parametrize("measure", MEASURES)
def test_a_facility_that_nobody_reaches_is_unused(measure):
    got = measure(table((0, 0, 10)), pd.Series([4.0]), pd.Series([2.0, 7.0]), limit_m=50, kind="none")
    assert got.facilities["status"].tolist() == ["used", "unused"]
    assert got.facilities["ratio"].tolist() == [0.5, 0]
    nobody = measure(table((0, 0, 10)), pd.Series([0.0]), pd.Series([2.0]), limit_m=50, kind="none")
    assert nobody.facilities["status"].tolist() == ["unused"]


@st.composite
def towns(draw, whole=False, unknown=False):
    """Pairs, demand and capacity of a small town."""
    origins, places = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    number = st.integers(0, 6) if whole else st.floats(0, 50).map(lambda value: round(value, 3))
    pairs = [(o, f, draw(st.integers(0, 60)) * 10.0) for o in range(origins) for f in range(places) if draw(st.booleans())]
    held = st.one_of(st.just(float("nan")), number) if unknown else number
    told = [pd.Series([float(draw(kind)) for _ in range(count)]) for kind, count in ((number, origins), (held, places))]
    return table(*pairs), *told


@settings(max_examples=80, deadline=None)
@given(towns(unknown=True), st.sampled_from(KINDS), st.sampled_from(MEASURES))
def test_demand_times_access_is_the_capacity_that_is_reached(given_town, kind, measure):
    near, demand, held = given_town
    before = near.copy(), demand.copy(), held.copy()
    got = measure(near, demand, held, limit_m=600, kind=kind)
    used = got.facilities["status"] == "used"
    assert got.origins["available"].sum() == pytest.approx(held[used].sum(), abs=1e-9)
    weight = capacity.decay(near["metres"].to_numpy(), kind, limit_m=600)
    counts = (weight > 0) & (demand.to_numpy()[near["origin"]] > 0)
    assert set(np.flatnonzero(used)) == set(near["facility"][counts]) - set(np.flatnonzero(held.isna()))
    assert all(one.equals(other) for one, other in zip(before, (near, demand, held), strict=True))


@settings(max_examples=50, deadline=None)
@given(towns(), st.sampled_from(KINDS))
def test_availability_for_one_is_that_of_two_steps_and_balanced_demand_counts_once(given_town, kind):
    near, demand, held = given_town
    available = capacity.spatial_availability(near, demand, held, limit_m=600, kind=kind).origins["available"]
    assert available.tolist() == pytest.approx(capacity.two_step(near, demand, held, limit_m=600, kind=kind).origins["available"].tolist())
    once = capacity.balanced(near, demand, held, limit_m=600, kind=kind)
    near_any = near[capacity.decay(near["metres"].to_numpy(), kind, limit_m=600) > 0]["origin"].unique()
    assert once.facilities["demand"].sum() == pytest.approx(demand[near_any].sum())


@settings(max_examples=40, deadline=None)
@given(towns(), st.sampled_from(KINDS), st.sampled_from(MEASURES), st.floats(0, 20))
def test_more_capacity_never_takes_from_anybody(given_town, kind, measure, more):
    near, demand, held = given_town
    bigger = held.copy()
    bigger.iloc[0] += more
    less, much = (measure(near, demand, told, limit_m=600, kind=kind).origins["available"] for told in (held, bigger))
    assert (much >= less - 1e-9).all()


# ---- the assignment


def test_assignment_by_hand(walks):
    got = capacity.assign(capacity.within(walks, limit_m=400), DEMAND, PLACES)
    #  a 10 and b 10 fill N; S takes c 20 and d 10 (400 m for one of b would be longer); 20 of b find all full, e nothing
    assert got.origins["served"].to_dict() == {"a": 10, "b": 10, "c": 20, "d": 10, "e": 0}
    assert got.origins["reason"].to_dict() == {"a": "", "b": "all_full", "c": "", "d": "", "e": "none_within_limit"}
    assert got.facilities[["demand_within", "load", "left"]].values.tolist() == [[40, 20, 0], [60, 30, 0]]
    assert got.facilities["walk_m"].tolist() == pytest.approx([(1000 + 2000) / 20, (2000 + 2000) / 30])
    assert (got.served, got.served_most, got.person_m) == (50, 50, 7000)
    assert got.gap_m <= 1e-6
    assert got.flows.values.tolist() == [[0, 0, 10, 100], [1, 0, 10, 200], [2, 1, 20, 100], [3, 1, 10, 200]]


def test_most_are_served_before_walks_are_short():
    #  both ask for one place: 0 reaches x (10 m) and y (600 m), 1 only x (590 m); alone 0 would walk 10 m
    got = capacity.assign(table((0, 0, 10), (0, 1, 600), (1, 0, 590)), pd.Series([1.0, 1.0]), pd.Series([1.0, 1.0]))
    assert (got.served, got.person_m) == (2, 1190)


def test_whoever_does_not_tell_is_neither_empty_nor_endless(walks):
    got = capacity.assign(capacity.within(walks, limit_m=400), DEMAND, pd.Series([20.0, np.nan], index=["N", "S"]))
    assert got.origins["reason"].to_dict() == {"a": "", "b": "capacity_not_told", "c": "capacity_not_told", "d": "capacity_not_told", "e": "none_within_limit"}
    assert got.facilities.loc["S", ["status", "load", "demand_within"]].tolist() == ["not_told", 0, 60]
    assert np.isnan(got.facilities.loc["S", "left"])
    assert (got.served, got.served_most) == (20, 70)


def test_what_could_be_served_counts_the_places_given_up():
    #  0 reaches x and the unknown y, 1 only x: if y took 0, x has room for 1
    near = table((0, 0, 10), (0, 1, 20), (1, 0, 30))
    got = capacity.assign(near, pd.Series([1.0, 1.0]), pd.Series([1.0, np.nan]))
    assert (got.served, got.served_most) == (1, 2)
    #  nearest first: 0 walks 10 m
    assert got.origins["served"].tolist() == [1, 0]


def test_equal_rows_are_served_in_equal_parts_and_an_empty_town_by_none():
    got = capacity.assign(table((0, 0, 10), (1, 0, 10)), pd.Series([30.0, 10.0]), pd.Series([20.0]))
    assert got.origins["served"].tolist() == [15, 5]
    for near, demand, held in ((table(), [], []), (table(), [2.0], []), (table(), [], [3.0]), (table((0, 0, 5)), [0.0], [0.0])):
        got = capacity.assign(near, pd.Series(demand, dtype=float), pd.Series(held, dtype=float))
        assert (got.served, got.person_m, got.gap_m, len(got.flows)) == (0, 0, 0, 0)
    full = capacity.assign(table((0, 0, 5)), pd.Series([2.0]), pd.Series([0.0]))
    assert full.origins[["unserved", "reason"]].values.tolist() == [[2, "all_full"]]


def test_a_pair_told_twice_counts_once_by_its_shorter_walk():
    got = capacity.assign(table((1, 0, 70), (0, 0, 90), (1, 0, 40)), pd.Series([1.0, 1.0]), pd.Series([1.0]))
    assert got.flows.values.tolist() == [[1, 0, 1, 40]]


def test_shortage_by_unit(walks):
    got = capacity.by_unit(capacity.assign(capacity.within(walks, limit_m=400), DEMAND, PLACES), np.array(["w", "w", "m", "m", "i"]))
    assert got.index.tolist() == ["w", "m", "i"]
    assert got[["demand", "served", "short"]].values.tolist() == [[40, 20, 20], [30, 30, 0], [5, 0, 5]]
    assert got[["short_all_full", "short_none_within_limit", "short_capacity_not_told"]].values.tolist() == [[20, 0, 0], [0, 0, 0], [0, 5, 0]]


def test_pupils_of_two_ages_share_a_nine_year_school():
    #  P takes the young only (6 places), N both (8 places); the young reach both, the older ones N alone
    young, older = table((0, 0, 300), (0, 1, 100), (1, 1, 50)), table((0, 1, 100))
    pairs, demand = capacity.together({"young": (young, pd.Series([5.0, 2.0])), "older": (older, pd.Series([7.0, 1.0]))})
    got = capacity.assign(pairs, demand, pd.Series([6.0, 8.0], index=["P", "N"]))
    #  13 of the 14 near one have a place: P takes the 5 of the first home; N has 8 for the 2 others and 7 older ones: 50 m go before 100 m
    assert got.origins["served"].to_dict() == {("young", 0): 5, ("young", 1): 2, ("older", 0): 6, ("older", 1): 0}
    assert got.origins["reason"].tolist() == ["", "", "all_full", "none_within_limit"]
    assert got.person_m == 5 * 300 + 2 * 50 + 6 * 100


def by_linear_programs(near, demand, held):
    """The most people served and then the fewest metres, by two linear programs of HiGHS."""
    count = len(near)
    if not count:
        return 0.0, 0.0
    rows = np.zeros((len(demand) + len(held), count))
    rows[near["origin"], np.arange(count)] = 1
    rows[len(demand) + near["facility"], np.arange(count)] = 1
    most = np.concatenate([demand, held])
    first = linprog(-np.ones(count), A_ub=rows, b_ub=most)
    second = linprog(near["metres"], A_ub=np.vstack([rows, -np.ones(count)]), b_ub=np.append(most, first.fun + 1e-9))
    return -first.fun, second.fun


@settings(max_examples=60, deadline=None)
@given(towns())
def test_equal_to_two_linear_programs(given_town):
    near, demand, held = given_town
    got = capacity.assign(near, demand, held)
    served, metres = by_linear_programs(near, demand, held)
    assert got.served == pytest.approx(served, abs=1e-6)
    assert got.person_m == pytest.approx(metres, abs=1e-3)
    assert got.gap_m <= 1e-6 * max(1.0, metres)


def by_networkx(near, demand, held):
    """The most people served and the fewest metres for it, by networkx on whole numbers."""
    graph = nx.DiGraph()
    for origin, people in enumerate(demand):
        graph.add_edge("from", ("o", origin), capacity=int(people), weight=0)
    for place, room in enumerate(held):
        graph.add_edge(("f", place), "to", capacity=int(room), weight=0)
    for row in near.itertuples():
        graph.add_edge(("o", row.origin), ("f", row.facility), weight=int(row.metres))
    flow = nx.max_flow_min_cost(graph, "from", "to")
    return nx.maximum_flow_value(graph, "from", "to"), nx.cost_of_flow(graph, flow)


@settings(max_examples=60, deadline=None)
@given(towns(whole=True))
def test_equal_to_the_flows_of_networkx(given_town):
    near, demand, held = given_town
    got = capacity.assign(near, demand, held)
    assert (got.served, got.person_m) == pytest.approx(by_networkx(near, demand, held))


CELL = st.one_of(st.none(), st.integers(0, 30))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=5), st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_equal_to_trying_everything(metres, room):
    near = table(*((o, f, m) for o, own in enumerate(metres) for f, m in enumerate(own) if m is not None))
    best = max(
        (sum(choice is not None for choice in chosen), -sum(metres[o][f] for o, f in enumerate(chosen) if f is not None))
        for chosen in itertools.product([None, 0, 1], repeat=len(metres))
        if all(f is None or metres[o][f] is not None for o, f in enumerate(chosen)) and all(chosen.count(f) <= room[f] for f in (0, 1))
    )
    got = capacity.assign(near, pd.Series(np.ones(len(metres))), pd.Series(room, dtype=float))
    assert (got.served, -got.person_m) == pytest.approx(best)


@settings(max_examples=80, deadline=None)
@given(towns(unknown=True))
def test_what_must_hold_of_every_assignment(given_town):
    near, demand, held = given_town
    before = near.copy(), demand.copy(), held.copy()
    got = capacity.assign(near, demand, held)
    assert all(one.equals(other) for one, other in zip(before, (near, demand, held), strict=True))
    pairs = {tuple(row) for row in near.values.tolist()}
    assert {(o, f, m) for o, f, _, m in got.flows.values.tolist()} <= pairs
    assert (got.flows["people"] > 0).all()
    sent = np.bincount(got.flows["origin"], got.flows["people"], minlength=len(demand))
    assert sent == pytest.approx(got.origins["served"].to_numpy())
    assert (got.origins["served"] + got.origins["unserved"]).tolist() == pytest.approx(demand.tolist())
    known = held.notna()
    assert (got.facilities["load"][known] <= held[known] + 1e-9).all()
    assert (got.facilities["load"][~known] == 0).all()
    assert got.served <= got.served_most + 1e-9
    #  whoever gets no place although one is near enough finds all that is known full
    for origin in np.flatnonzero(got.origins["reason"].isin(["all_full", "capacity_not_told"])):
        own = near["facility"][near["origin"] == origin]
        assert (got.facilities["left"].iloc[own].dropna() <= 1e-6).all()


@settings(max_examples=50, deadline=None)
@given(towns(), st.floats(0, 20), st.integers(0, 60))
def test_more_places_and_a_farther_limit_never_serve_fewer(given_town, more, limit):
    near, demand, held = given_town
    served = capacity.assign(near, demand, held).served
    bigger = held.copy()
    bigger.iloc[0] += more
    assert capacity.assign(near, demand, bigger).served >= served - 1e-9
    assert capacity.assign(near[near["metres"] <= limit * 10], demand, held).served <= served + 1e-9
    assert capacity.assign(near.iloc[::-1], demand, held).served == pytest.approx(served)


def town_of(origins, places, each, share, seed=3):
    rng = np.random.default_rng(seed)
    homes, schools = rng.random((origins, 2)) * 1e4, rng.random((places, 2)) * 1e4
    metres = np.hypot(*(homes[:, None] - schools[None]).transpose(2, 0, 1))
    near = np.argsort(metres, axis=1)[:, :each]
    pairs = pd.DataFrame(
        {"origin": np.repeat(np.arange(origins), each), "facility": near.ravel(), "metres": np.take_along_axis(metres, near, 1).ravel()}
    )
    demand, held = rng.random(origins) * 5, rng.random(places)
    return pairs, pd.Series(demand), pd.Series(held * demand.sum() * share / held.sum())


def test_a_hundred_thousand_pairs_in_ten_seconds_and_proven():
    capacity.assign(*town_of(10, 2, 2, 0.9))
    pairs, demand, held = town_of(10_000, 200, 10, 0.95)
    begun = time.process_time()
    got = capacity.assign(pairs, demand, held)
    assert time.process_time() - begun <= 10
    assert got.gap_m <= 1e-9 * got.person_m
    assert got.served == pytest.approx(held.sum())


def test_ties_everywhere_come_to_an_end():
    rng = np.random.default_rng(8)
    origin = np.repeat(np.arange(3000), 4)
    facility = np.concatenate([rng.choice(40, 4, replace=False) for _ in range(3000)])
    for many in (1.0, 0.1):
        near = pd.DataFrame({"origin": origin, "facility": facility, "metres": rng.integers(0, 3, len(origin)) * 100.0})
        got = capacity.assign(near, pd.Series(np.full(3000, many)), pd.Series(np.full(40, 60 * many)))
        assert got.served == pytest.approx(2400 * many)
        assert got.gap_m == 0


def test_a_larger_town_equals_networkx_to_the_metre():
    pairs, demand, held = town_of(60, 8, 4, 0.8)
    pairs, demand, held = pairs.round(), demand.round(), held.round()
    got = capacity.assign(pairs, demand, held)
    assert (got.served, got.person_m) == pytest.approx(by_networkx(pairs, demand, held))
    assert got.origins["reason"].eq("all_full").any() or got.served == demand.sum()


def test_the_search_runs_uncompiled_alike(monkeypatch):
    pairs, demand, held = town_of(40, 6, 3, 0.9)
    told = pairs["origin"].to_numpy(), pairs["facility"].to_numpy(), pairs["metres"].to_numpy()
    args = (told, demand.to_numpy(), held.to_numpy())
    compiled = flows.cheapest(*args, unserved_m=1e6)
    for name in ("_improve", "_pivot", "_deep", "_hang", "_list", "_unlist", "_settle"):
        monkeypatch.setattr(flows, name, getattr(flows, name).py_func)
    plain = flows.cheapest(*args, unserved_m=1e6)
    assert all(np.array_equal(one, other) for one, other in zip(compiled, plain, strict=True))


# ---- what is asked for


def test_the_file_says_something_of_every_line():
    told = tomllib.loads((files("livingcircle") / "capacity" / "asked.toml").read_text(encoding="utf-8"))
    known = {key for id in standards.available() for key in standards.load(id).categories}
    assert set(told["categories"]) <= known
    for rows in told["categories"].values():
        for row in rows:
            assert Quota.model_validate(row).measure in told["measures"]
            assert row["note"]["zh"] and row["note"]["en"]


@pytest.mark.parametrize("id", standards.available())
def test_every_standard_keeps_what_it_states_and_its_silence_is_filled(id):
    standard = standards.load(id)
    filled = capacity.demanding(standard)
    assert list(filled.categories) == list(standard.categories)
    for key, category in standard.categories.items():
        assert filled.categories[key].quotas[: len(category.quotas)] == category.quotas
    limits = {(one.category, one.requirement.level) for one in capacity.asked(filled)}
    assert limits <= {(key, asked.level) for key, asked in standard.requirements()}
    if "edu_primary" in standard.categories and standard.categories["edu_primary"].requirements:
        assert "edu_primary" in {one.category for one in capacity.asked(filled)}


def with_quota(tiny, **quota):
    told = Quota(**{"measure": "places", "value": 9, "per": 10, "of": "child", "clause": "7", "evidence": "◐"} | quota)
    school = tiny.categories["school"].model_copy(update={"quotas": (told,)})
    return tiny.model_copy(update={"categories": {**tiny.categories, "school": school}})


def test_a_quota_of_ones_own_is_asked_with_its_limit(tiny):
    (one,) = capacity.asked(with_quota(tiny))
    assert (one.category, one.quota.value, one.requirement.limit_m) == ("school", 9, 500)
    assert capacity.asked(with_quota(tiny, measure="floor_m2")) == ()
    assert capacity.asked(tiny) == capacity.asked(capacity.demanding(tiny)) == ()
    own = tiny.model_copy(update={"categories": {"edu_primary": with_quota(tiny).categories["school"]}})
    assert capacity.demanding(own).categories["edu_primary"].quotas == own.categories["edu_primary"].quotas


def test_demand_by_hand_and_what_is_missing():
    quota = Quota(measure="beds", value=35, per=1000, of="old", clause="1", evidence="○")
    samples = pd.DataFrame({"people": [100.0, 50.0], "people_old": [20.0, 0.0], "dwellings": [40.0, 20.0]}, index=[7, 3])
    got = capacity.demand(samples, quota)
    assert got.to_dict() == pytest.approx({7: 0.7, 3: 0})
    assert capacity.demand(samples, quota.model_copy(update={"of": "dwellings", "per": 10})).tolist() == pytest.approx([140, 70])
    assert capacity.missing(samples.drop(columns="people_old"), quota) == "people_old"
    with pytest.raises(DataError, match="no column 'people_old'"):
        capacity.demand(samples.drop(columns="people_old"), quota)
    with pytest.raises(DataError, match="'people_old' is no quantity in rows \\[1\\]"):
        capacity.demand(samples.assign(people_old=[1.0, np.nan]), quota)


def test_supply_tells_what_is_known(tiny):
    both = with_quota(tiny)
    quotas = both.categories["school"].quotas
    both = both.model_copy(update={"categories": {**both.categories, "park": both.categories["park"].model_copy(update={"quotas": quotas})}})
    rows = facility_table(*((name, "school", shapely.Point(0, 0)) for name in "ABCDE")).assign(
        capacity=[30.0, np.nan, 900.0, 5.0, 0.0], open=[True, True, True, False, True],
        categories=[("school",), ("school",), ("school", "park"), ("school",), ("park",)],
    )
    got = capacity.supply(rows, ("school",), both, measure="places")
    assert got["status"].to_dict() == {0: "told", 1: "not_told", 2: "shared"}
    assert got["capacity"].fillna(-1).tolist() == [30, -1, -1]
    every = capacity.supply(rows, ("school", "park"), both, measure="places")
    assert every["status"].to_dict() == {0: "told", 1: "not_told", 2: "told", 4: "told"}
    assert capacity.supply(rows, ("school",), with_quota(tiny), measure="places")["status"].tolist() == ["told", "not_told", "told"]


def test_quantities_that_fit_raise_nothing():
    assert access.check_quantities(table((0, 0, 1)), pd.Series([1.0]), pd.Series([np.nan])) is None
