"""Which measures to take for a budget: the exact choice against every choice there is, and the greedy one beside it."""

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import CRS, residence_table, town
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from test_links import BANKS, RIVER, drawn, inputs_of, rank, settings_of

from livingcircle.analysis import analyze
from livingcircle.comparison import State, compare
from livingcircle.outputs.programme_tables import scenario
from livingcircle.outputs.programme_words import sentences
from livingcircle.programme import Costs, Terms, programme_of
from livingcircle.programme.choosing import Offer, Rooms, exact, greedy, in_turn
from livingcircle.scenario import Plan, laid


def offer_of(cost, covers, people, exclusive=None, rooms=(), counted=None, most=None, land=None):
    table = csr_array(np.array(covers, dtype=float).reshape(len(cost), len(people)))
    return Offer(np.array(cost, dtype=float), np.array(people, dtype=float), table, np.array(exclusive or [-1] * len(cost)), tuple(rooms), None if counted is None else np.array(counted), most, *(land or (None, None)))


def best_of_all(offer, budget):
    """The worth of the best of all choices that keep budget and exclusion."""
    most = 0.0
    for size in range(len(offer.cost) + 1):
        for chosen in itertools.combinations(range(len(offer.cost)), size):
            groups = [g for g in offer.exclusive[list(chosen)] if g >= 0]
            few = offer.most is None or offer.counted[list(chosen)].sum() <= offer.most
            few = few and (offer.land is None or all(offer.land[1][[m for m in chosen if offer.land[0][m] == p]].sum() <= area for p, area in enumerate(offer.plots)))
            if few and offer.price(chosen) <= budget + 1e-9 and len(groups) == len(set(groups)):
                most = max(most, offer.value(chosen))
    return most


@st.composite
def offers(draw):
    measures, rows = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    cost = draw(st.lists(st.integers(0, 9), min_size=measures, max_size=measures))
    covers = draw(st.lists(st.lists(st.integers(0, 1), min_size=rows, max_size=rows), min_size=measures, max_size=measures))
    people = draw(st.lists(st.integers(0, 50), min_size=rows, max_size=rows))
    exclusive = draw(st.lists(st.integers(-1, 1), min_size=measures, max_size=measures))
    rooms = []
    for _ in range(draw(st.integers(0, 2))):
        cells, held = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        near = draw(st.lists(st.tuples(st.integers(0, cells - 1), st.integers(0, held - 1)), max_size=6, unique=True))
        measure = [draw(st.integers(-1, measures - 1)) for _ in range(held)]
        rooms.append(Rooms(
            np.array(draw(st.lists(st.integers(0, 20), min_size=cells, max_size=cells)), dtype=float),
            np.array(draw(st.lists(st.integers(0, 20), min_size=held, max_size=held)), dtype=float),
            np.array([a for a, _ in near], dtype=int), np.array([b for _, b in near], dtype=int), np.array(measure),
            np.array([0 if m < 0 else 5 + m for m in measure], dtype=float), draw(st.sampled_from([1.0, 3.0])),
        ))  # fmt: skip
    counted = draw(st.lists(st.booleans(), min_size=measures, max_size=measures))
    plot = np.array(draw(st.lists(st.integers(-1, 1), min_size=measures, max_size=measures)))
    takes = np.array(draw(st.lists(st.integers(0, 5), min_size=measures, max_size=measures)), dtype=float)
    land = draw(st.sampled_from([None, ((plot, takes), np.array([4.0, 6.0]))]))
    return offer_of(cost, covers, people, exclusive, rooms, counted, draw(st.sampled_from([None, 0, 1, 2])), land), draw(st.integers(0, 20))


@given(offers())
@settings(max_examples=60, deadline=None)
def test_the_exact_choice_is_the_best_of_all_and_the_greedy_one_never_better(told):
    offer, budget = told
    best = best_of_all(offer, budget)
    found, quick = exact(offer, budget), greedy(offer, budget)
    assert found.status == "optimal" and found.value == pytest.approx(best, abs=1e-6) and found.bound == pytest.approx(best, abs=1e-6) and found.gap == 0
    for choice in (found, quick):
        assert offer.value(choice.chosen) == pytest.approx(choice.value) and offer.price(choice.chosen) <= budget + 1e-9
        groups = [g for g in offer.exclusive[list(choice.chosen)] if g >= 0]
        assert len(groups) == len(set(groups))
        assert offer.most is None or offer.counted[list(choice.chosen)].sum() <= offer.most
        if offer.land is not None:
            plot, takes = offer.land
            assert all(takes[[m for m in choice.chosen if plot[m] == p]].sum() <= area for p, area in enumerate(offer.plots))
    assert quick.value <= best + 1e-6
    #  the better of the rule and the best single measure is worth at least (1 - 1/e) / 2 of the best where nothing excludes anything and only coverage counts
    if not offer.rooms and offer.most is None and offer.land is None and (offer.exclusive < 0).all():
        assert quick.value >= (1 - 1 / np.e) / 2 * best - 1e-6


def test_a_hand_worked_budget_where_the_greedy_rule_loses():
    #  A alone serves 60 for 5; B and C serve 50 each for 4 and share nothing with each other, A overlaps both by half
    covers = [[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1]]
    offer = offer_of([4, 4, 4], covers, [30, 30, 25, 25])
    assert greedy(offer, 8).chosen[0] == 0 and greedy(offer, 8).value == 60 + 25
    found = exact(offer, 8)
    assert sorted(found.chosen) == [1, 2] and found.value == 110
    #  in turn: both are worth 55 for 4
    assert sorted(in_turn(offer, (1, 2))) == [1, 2]


def test_nothing_is_paid_for_what_adds_nothing():
    offer = offer_of([1, 1], [[1, 0], [1, 0]], [10, 99])
    assert exact(offer, 5).chosen in ((0,), (1,)) and len(greedy(offer, 5).chosen) == 1
    assert exact(offer, 0).chosen == () and exact(offer, 0).value == 0


def test_places_are_filled_by_who_is_near_and_those_of_today_are_counted():
    #  10 children near room 0 (5 places) and room 1 (4 places); enlarging room 0 by 6 fills one more place only
    rooms = Rooms(np.array([10.0]), np.array([5.0, 4.0]), np.array([0, 0]), np.array([0, 1]), np.array([0, -1]), np.array([6.0, 0.0]), weight=20.0)
    offer = offer_of([1], [[0]], [0], rooms=[rooms])
    assert rooms.filled(np.empty(0, dtype=int)) == 9 and rooms.filled(np.array([0])) == 10
    assert exact(offer, 1).value == pytest.approx(20) and greedy(offer, 1).chosen == (0,)


def test_a_large_measure_is_not_missed_for_a_small_one():
    offer = offer_of([1, 10], [[1, 0], [0, 1]], [2, 19])
    assert greedy(offer, 10).chosen == (1,) and exact(offer, 10).chosen == (1,)


def candidates(*places, category="park"):
    """Candidate sites at points, each on a parcel of its own."""
    table = {"site_id": [f"p{n}" for n in range(len(places))], "name": "", "parcel": [f"p{n}" for n in range(len(places))], "allowed": True, "cost": 0.0, "area_m2": 900.0, "needs_m2": 500.0}
    return gpd.GeoDataFrame({**table, "category": category}, geometry=[shapely.Point(place) for place in places], crs=CRS)


@pytest.fixture
def banks(tiny):
    """The two banks of `test_links` with 10 people more beside the school: a park there is within 300 m of them alone, until a bridge stands."""
    homes = residence_table(
        ("A", 100, shapely.Point(600, -10)), ("B", 50, shapely.Point(900, -10)), ("C", 70, shapely.Point(1200, -10)), ("D", 10, shapely.Point(900, 150)),
    )  # fmt: skip
    inputs = inputs_of(town(*BANKS), homes=homes, barriers=RIVER)
    return inputs, rank(inputs, tiny, paths=drawn([(900, 0), (900, 120)], name=["bridge"], cost=[5.0]), max_m=1)


def test_a_link_that_leads_to_a_new_site_is_told_beside_the_sum(banks, tiny):
    inputs, ranking = banks
    terms = Terms(10.0, ("park",), costs=Costs({"park": 5.0}, links=True))
    told = programme_of(ranking, candidates((900, 130)), standard=tiny, terms=terms)
    #  the bridge brings A, B and C to the school; the park D alone, and by the bridge B: 10 + 120 + 10 m
    assert told.steps[["kind", "people", "people_alone", "cost_joint"]].to_numpy().tolist() == [["bridge", 220, 220, 5], ["site", 60, 10, 10]]
    assert told.exact.value == 230 and told.exact.status == "optimal" and told.people == 280 and told.people_sum == 230 and told.distinct_people == 230
    assert told.steps["gaps_closed"].tolist() == [3, 2] and told.lost_people == 0
    assert "50 more" in " ".join(sentences(told, language="en"))
    #  the same as one scenario, analyzed from the beginning
    settings = settings_of()
    plan = Plan("p", scenario(told, None, inputs.network), "p: ")
    after, standard, changed = laid(plan, inputs, standard=tiny, settings=settings)
    results = [analyze(inputs, standard=tiny, settings=settings), analyze(after, standard=standard, settings=changed)]
    gained = compare(State("a", {}, results[0]), State("b", {}, results[1])).coverage
    assert gained.loc[gained["unit"] == "ALL", "people_gained"].sum() == 280


def test_a_budget_for_one_takes_the_better_one_and_tells_the_other(banks, tiny):
    told = programme_of(banks[1], candidates((900, 130), (950, 130)), standard=tiny, terms=Terms(5.0, ("park",), costs=Costs({"park": 5.0}, links=True)))
    assert told.steps["kind"].tolist() == ["bridge"] and told.others["kind"].tolist() == ["site"] and told.loss == 0
    #  the other candidate covers the same people at the same cost: no best choice needs it
    assert told.counts == {"site": 2, "bridge": 1, "offered": 2}


def test_what_has_no_cost_is_not_on_offer_and_inputs_stay(banks, tiny):
    inputs, ranking = banks
    before = inputs.facilities.copy(), ranking.table.copy()
    told = programme_of(ranking, candidates((900, 130)), standard=tiny, terms=Terms(5.0, ("park",), costs=Costs({"park": 5.0})))
    assert told.left_out == {"bridge": 1} and told.steps["kind"].tolist() == ["site"] and told.steps["people"].tolist() == [10]
    pd.testing.assert_frame_equal(inputs.facilities, before[0])
    pd.testing.assert_frame_equal(ranking.table, before[1])


def test_doors_of_one_parcel_exclude_each_other(banks, tiny):
    #  at the east end a park serves C, by the street in the south; two doors of one parcel are one site
    own = candidates((600, 10), (1200, 10)).assign(parcel="one")
    told = programme_of(banks[1], own, standard=tiny, terms=Terms(100.0, ("park",), costs=Costs({"park": 5.0})))
    assert told.steps["people"].tolist() == [100] and told.others["people_alone"].tolist() == [70]


def test_a_parcel_holds_no_more_than_it_has_land_for(banks, tiny):
    #  a school and a park on one parcel of 900 m² that need 500 m² each: one of them, though both would serve
    own = pd.concat([candidates((600, 10)), candidates((600, 10), category="school")], ignore_index=True)
    terms = Terms(100.0, ("park", "school"), costs=Costs({"park": 5.0, "school": 5.0}))
    assert len(programme_of(banks[1], own, standard=tiny, terms=terms).steps) == 1
    roomy = own.assign(area_m2=1000.0)
    assert programme_of(banks[1], roomy, standard=tiny, terms=terms).steps["category"].tolist() == ["school", "park"]
