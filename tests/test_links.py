"""Links: what is looked for, what a link is, whom it moves into coverage, and how links are ranked one after another."""

from __future__ import annotations


import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from conftest import CRS, facility_table, lines, residence_table, town
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from livingcircle import network as streets
from livingcircle.analysis import Inputs, Settings, analyze
from livingcircle.costs import Walker
from livingcircle.coverage import Group
from livingcircle.entrances import entrances
from livingcircle.errors import DataError, StudyError
from livingcircle.layers import LINKS, check
from livingcircle.links import Built, bounds, candidate_links, case_of, first_look, gains_of, links_of, package_of, ranked, scenario_changes, served_by, terms_of, ways_round
from livingcircle.links.candidates import thinned
from livingcircle.links.kinds import barriers_passed, kinds, streets_passed
from livingcircle.links.places import places
from livingcircle.network.links import Link, foot, gate_node
from livingcircle.scenario import Plan, Scenario, laid

#  (0,120)───────────────────────S(900,120)──(1500,120)
#     │  ~~~~~~~~~~~~~~ river 40 to 80 ~~~~~~~~~~~
#  (0,0)──────────A(600)────────B(900)──C(1200)──(1500,0)
BANKS = [(0, 120), (0, 0)], [(0, 0), (1500, 0)], [(0, 120), (1500, 120)]
RIVER = gpd.GeoDataFrame({"kind": ["water"], "source_id": ["r"]}, geometry=[shapely.box(50, 40, 2000, 80)], crs=CRS)
SCHOOL = facility_table(("S", "school", shapely.Point(900, 130)))
HOMES = residence_table(("A", 100, shapely.Point(600, -10)), ("B", 50, shapely.Point(900, -10)), ("C", 70, shapely.Point(1200, -10)))


def inputs_of(network, facilities=SCHOOL, homes=HOMES, **more):
    kept, doors = entrances(facilities, network, gates=None, snap_limit_m=150)
    return Inputs(network=network, facilities=kept, entrances=doors, residences=homes, **more)


def settings_of(**told):
    walker = told.pop("walker", Walker(4.0))
    group = Group("all", walker.speed_kmh, "people", walker)
    return Settings(**{"study_id": "toy", "name": {"zh": "玩具", "en": "Toy"}, "language": "en", "groups": (group,), "walker": walker, **told})


def drawn(*paths, **more):
    return gpd.GeoDataFrame(more, geometry=[shapely.LineString(path) for path in paths], crs=CRS)


def link(network, *path, kind="footpath"):
    line = np.array(path, dtype=float)
    return Link(line, (foot(network, line[0]), foot(network, line[-1])), kind)


@pytest.fixture
def banks():
    return inputs_of(town(*BANKS), barriers=RIVER)


def rank(inputs, standard, *, paths=None, **told):
    walker = told.pop("walker", Walker(4.0))
    return ranked(inputs, standard=standard, settings=settings_of(walker=walker), asked=terms_of(**told), lines=paths)


def test_the_one_missing_bridge_of_a_town(banks, tiny):
    found = rank(banks, tiny)
    best = found.table.iloc[0]
    #  to A by a bridge at x: 10 + (x - 600) + 120 + (900 - x) + 10 = 440 m; to B 140 + 2 (900 - x); to C 10 + (1200 - x) + 120 + (900 - x) + 10:
    #  within 500 m for all three from x = 870 to 930
    x = best.geometry.coords[0][0]
    assert 870 <= x <= 930
    assert (best["kind"], best["barrier"], best["how"], best["bound"]) == ("bridge", "water", "found", "equal")
    assert (best["length_m"], best["people_gained"], best["people_distinct"], best["people_first"]) == (120, 220, 220, 220)
    assert best["people_per_m"] == pytest.approx(220 / 120)
    #  round by the bridge in the west
    assert best["walk_m"] == pytest.approx(2 * x + 120) and best["detour"] == pytest.approx((2 * x + 120) / 120)
    #  A walks 440 m instead of 10 + 600 + 120 + 900 + 10, and so on
    saved = 100 * 1200 + 50 * (1940 - (140 + 2 * abs(900 - x))) + 70 * (2240 - (1200 - x + abs(900 - x) + 140))
    assert best["saved_m"] == pytest.approx(saved / 220)
    assert found.by_requirement.query("link_id == 'link#1'")[["category", "level", "people"]].values.tolist() == [["school", "L15", 220.0]]
    check(found.table, LINKS, where="links")
    assert set(found.table.columns) == {*LINKS.columns, "geometry"} and found.table.crs == CRS
    assert found.counts["lost_people"] == 0 and best["from_street"] == "(residential)"
    #  what any other bridge would bring, this one brings to the same people
    assert best["turn"] == 1 and len(found.sequence) == 1 and best["alternatives"] > 0


def test_links_that_overlap_are_judged_beside_those_built_before(banks, tiny):
    #  at 750: A 10 + 150 + 120 + 150 + 10 = 440 m, B as much, C 740 m; at 1000: A 640 m, B 340 m, C 440 m
    paths = drawn([(1000, 0), (1000, 120)], [(750, 0), (750, 120)], name=["east", "west"], cost=[10.0, 30.0])
    found = rank(banks, tiny, paths=paths, max_m=1)
    assert found.table["name"].tolist() == ["west", "east"]
    assert found.table["people_gained"].tolist() == [150, 120]
    assert found.table["how"].tolist() == ["given"] * 2 and found.table["kind"].tolist() == ["bridge"] * 2
    turns = found.sequence
    assert turns["people_alone"].tolist() == [150, 120] and turns["people_added"].tolist() == [150, 70]
    assert turns["people_joint"].tolist() == [150, 220] == turns["distinct_joint"].tolist()
    assert turns["length_joint_m"].tolist() == [120, 240] and turns["cost_joint"].tolist() == [30, 40]
    by_cost = rank(banks, tiny, paths=paths, max_m=1, order="people_per_cost")
    assert by_cost.table["name"].tolist() == ["east", "west"]
    assert by_cost.table["people_per_cost"].tolist() == [12, 5]
    assert by_cost.sequence["people_added"].tolist() == [120, 100]


def test_the_sequence_does_not_trust_a_first_look(banks, tiny, monkeypatch):
    def rosy(built, links):
        found = first_look(built, links)
        #  whatever ends at 1000 seems to bring ten times as much
        times = np.array([10.0 if one.line[0, 0] == 1000 else 1.0 for one in links])[:, None]
        return found._replace(people=found.people * times)

    paths = drawn([(1000, 0), (1000, 120)], [(750, 0), (750, 120)], name=["east", "west"])
    monkeypatch.setattr("livingcircle.links.ranking.first_look", rosy)
    found = rank(banks, tiny, paths=paths, max_m=1)
    assert found.table.set_index("name")[["people_first", "people_gained", "turn"]].loc[["west", "east"]].values.tolist() == [[150, 150, 1], [1200, 120, 2]]
    assert found.sequence["people_added"].tolist() == [150, 70]


def test_a_given_link_is_judged_even_if_it_brings_nothing(banks, tiny):
    found = rank(banks, tiny, paths=drawn([(100, 0), (100, 120)]), max_m=1)
    assert found.table["people_gained"].tolist() == [0] and len(found.sequence) == 0 and len(found.by_requirement) == 0
    assert rank(banks, tiny, max_m=1).table.empty


def test_costs_by_kind_count_the_least_length(banks, tiny):
    found = rank(banks, tiny, cost_per_m={"bridge": 2.0, "gate": 1.0})
    best = found.table.iloc[0]
    assert best["cost"] == 240 and best["people_per_cost"] == pytest.approx(220 / 240)
    with pytest.raises(StudyError, match="no link has a cost"):
        rank(banks, tiny, order="people_per_cost")


def test_all_faults_of_lines_are_told_at_once(banks, tiny):
    wrong = drawn([(0, 300), (900, 0)], [(100, 0), (100, 400)], kind=["tunnel", ""])
    with pytest.raises(DataError) as told:
        rank(banks, tiny, paths=wrong)
    places = [fault.where for fault in told.value.faults]
    assert places == ["links row 1", "links row 1", "links row 2"]
    with pytest.raises(DataError, match="the streets in"):
        rank(banks, tiny, paths=drawn([(0, 0), (0, 120)]).to_crs("EPSG:4549"))


def test_terms_tell_every_fault():
    assert terms_of(kinds=("gate",)).kinds == ("gate",)
    assert terms_of(best=7).best == 7 and terms_of().cost_per_m == {}
    with pytest.raises(StudyError) as told:
        terms_of(max_mm=3, best=0, built=1.5, spacing_m=float("nan"), order="size", kinds=("gate", "tunnel"), cost_per_m={"tunnel": 1.0, "gate": -1}, cost_each={"pier": 1})
    assert {fault.where.removeprefix("[links] ") for fault in told.value.faults} == {
        "max_mm", "best", "built", "spacing_m", "order", "kinds", "cost_per_m.tunnel", "cost_per_m.gate", "cost_each.pier",
    }


#  (0,200)─────────────────────(400,200)
#     │      ┌───────────┐          │
#  (0,100)───W──────────H|E────S(400,100)      W = (100,100) is the one gate, the wall stands at E = (300,100)
#     │      └───────────┘          │
#  (0,0)───────────────────────(400,0)
RING = [(0, 0), (400, 0), (400, 100), (400, 200), (0, 200), (0, 100), (0, 0)]
GARDEN = gpd.GeoDataFrame({"name": ["Garden"]}, geometry=[shapely.box(100, 50, 300, 150)], crs=CRS)


def garden(kind="residents", homes=None):
    given = [("residents", shapely.Point(100, 100)), ("closed", shapely.Point(300, 100))][: 2 if kind == "closed" else 1]
    gates = gpd.GeoDataFrame({"kind": [kind for kind, _ in given]}, geometry=[place for _, place in given], crs=CRS)
    network = streets.from_lines(lines(RING, [(0, 100), (400, 100)]), outlines=GARDEN, gates=gates)
    homes = residence_table(("H", 100, shapely.Point(290, 100))) if homes is None else homes
    return inputs_of(network, facility_table(("S", "school", shapely.Point(400, 100))), homes)


@pytest.mark.parametrize("kind", ["residents", "closed"])
@pytest.mark.parametrize("permeability", ["open", "visit", "residents"])
def test_the_one_missing_gate_of_a_compound(tiny, kind, permeability):
    #  today 190 m to W, 100 m to the ring and 600 m round; by a gate at E 10 + 100 m
    found = rank(garden(kind), tiny, walker=Walker(4.0, permeability=permeability))
    best = found.table.iloc[0]
    assert (best["kind"], best["length_m"], best["people_gained"]) == ("gate", 0, 100)
    assert best.geometry.coords[0] == (300, 100) and best["detour"] == np.inf
    #  from the inner side of the wall to the outer one
    assert best["walk_m"] == 200 + 100 + 600 + 100
    assert best["saved_m"] == 190 + 100 + 600 - 110
    assert best["bound"] == ("equal" if permeability == "open" else "upper")
    assert best["people_per_m"] == pytest.approx(100 / 30)


def test_nobody_gains_who_would_have_to_pass_through_a_compound(tiny):
    #  from (50, 100) it is 650 m round, and 350 m through the compound once E is open
    homes = residence_table(("X", 80, shapely.Point(50, 100)))
    inputs = garden(homes=homes)
    for permeability, gain in (("open", 80), ("visit", 0)):
        told = case_of(inputs, standard=tiny, settings=settings_of(walker=Walker(4.0, permeability=permeability)), points=1)
        table = candidate_links(told, terms=terms_of())
        gate = [one for one in links_of(table) if one.length_m == 0]
        built = Built(told)
        exact = [gains_of(built, built.adding([one])).people.sum() for one in gate]
        assert exact == [gain]
        assert first_look(built, gate).people.sum() == gain


def test_kinds_and_what_lies_between():
    paths = [[(0, y), (400, y)] for y in (0, 100, 200, -50)]
    roads = lines(*paths, highway=["residential", "primary", "footway", "footway"])
    network = streets.from_lines(roads)
    edge = {int(line.coords[0][1]): row for row, line in enumerate(network.streets.geometry)}
    told = drawn([(50, 0), (50, 100)], [(50, 60), (50, 140)], [(50, -50), (50, 100)], [(50, 0), (50, -50)], [(80, 0), (80, 0.02)])
    over, through = streets_passed(told.geometry.to_numpy(), network)
    assert over.tolist() == [False, True, False, False, False] and through.tolist() == [False, False, True, False, False]
    shapes = [shapely.LineString([(0, 50), (90, 50)]), shapely.LineString([(0, -25), (90, -25)]), shapely.box(0, 20, 90, 60)]
    barriers = gpd.GeoDataFrame({"kind": ["railway", "wall", "water"], "source_id": ""}, geometry=shapes, crs=CRS)
    assert barriers_passed(told.geometry.to_numpy(), barriers).tolist() == ["railway;water", "", "railway;wall;water", "wall", ""]
    assert barriers_passed(told.geometry.to_numpy(), None).tolist() == [""] * 5
    ends = tuple(np.array([edge[y] for y in row]) for row in ([0, 100, -50, 0, 0], [100, 100, 100, -50, 0]))
    homes = residence_table(("H", 1, shapely.box(70, -10, 90, 0.01)))
    found = kinds(told.geometry.to_numpy(), ends, network, (homes, barriers), terms=terms_of(gate_m=50))
    assert found["kind"].tolist() == ["bridge", "crossing", "bridge", "gate", "gate"]
    assert kinds(told.geometry.to_numpy(), ends, network, (homes, barriers), terms=terms_of(gate_m=30))["kind"].iloc[3] == "footpath"


def test_places_on_streets():
    network = town([(0, 0), (120, 0)], [(120, 0), (120, 30)], [(120, 0), (300, 0)], layer=[0, 0, 1])
    found = places(network, spacing_m=50)
    #  every node, two places between on the first street, none on the bridge
    assert sorted(map(tuple, found.points.tolist())) == [(0, 0), (40, 0), (80, 0), (120, 0), (120, 30)]
    windows = found.windows(network, reach_m=25)
    assert sorted(shapely.length(windows).round(9).tolist()) == [25, 25, 25, 50, 50]
    assert (shapely.distance(windows, shapely.points(found.points)) < 1e-9).all()


def test_no_link_passes_over_a_street_that_it_could_meet(tiny):
    #  a comb: three parallel streets 60 m apart, joined far in the west alone
    inputs = inputs_of(town([(0, 0), (900, 0)], [(0, 60), (900, 60)], [(0, 120), (900, 120)], [(0, 0), (0, 120)]))
    told = case_of(inputs, standard=tiny, settings=settings_of(), points=1)
    table = candidate_links(told, terms=terms_of())
    assert len(table) and table["length_m"].max() < 120
    assert (table["kind"] == "footpath").all()
    ys = {tuple(sorted((round(line.coords[0][1]), round(line.coords[-1][1])))) for line in table.geometry}
    assert ys == {(0, 60), (60, 120)}


def test_near_identical_links_are_one(banks, tiny):
    told = case_of(banks, standard=tiny, settings=settings_of(), points=1)
    table = candidate_links(told, terms=terms_of())
    kept = table.iloc[thinned(table, apart_m=100)]
    ends = np.sort([[line.coords[0][0], line.coords[-1][0]] for line in kept.geometry], axis=0)
    assert 5 < len(kept) < len(table)
    assert [1 for row, one in enumerate(ends) for other in ends[:row] if (np.abs(one - other) <= 100).all()] == []
    assert (table["length_m"] * 3 <= [2 * min(line.coords[0][0], line.coords[-1][0]) + 120 + 1e-6 for line in table.geometry]).all()


#  A seeded town: a lattice with streets left out, homes and doors on its nodes, so that plain networkx can judge it.
STEP = 90.0


def lattice(seed, size=7):
    rng = np.random.default_rng(seed)
    at = [(i * STEP, j * STEP) for i in range(size) for j in range(size)]
    paths = [[(x, y), (x + dx, y + dy)] for x, y in at for dx, dy in ((STEP, 0), (0, STEP)) if (x + dx, y + dy) in at]
    kept = [path for path in paths if rng.random() < 0.72]
    used = sorted({point for path in kept for point in path})
    pick = rng.permutation(len(used))
    homes = residence_table(*((f"H{n}", int(rng.integers(1, 90)), shapely.Point(used[row])) for n, row in enumerate(pick[:25])))
    doors = facility_table(*((f"F{n}", kind, shapely.Point(used[row])) for n, (row, kind) in enumerate(zip(pick[-5:], ["school", "park"] * 3))))
    return kept, used, inputs_of(town(*kept), doors, homes)


def lattice_case(seed, tiny):
    kept, used, inputs = lattice(seed)
    return kept, used, case_of(inputs, standard=tiny, settings=settings_of(), points=5)


@pytest.mark.parametrize("seed", range(4))
def test_a_first_look_is_exact_where_it_says_so(tiny, seed):
    _, _, told = lattice_case(seed, tiny)
    built = Built(told)
    table = candidate_links(told, terms=terms_of(least_detour=1.5, least_saving_m=50))
    links = links_of(table)[::3]
    assert len(links) > 5
    look, said = first_look(built, links), bounds(built, links)
    assert set(said) == {"equal"}
    exact = [gains_of(built, built.adding([one])) for one in links]
    for name in ("people", "land_ha", "distinct_people", "saved_m"):
        np.testing.assert_allclose(getattr(look, name), np.concatenate([getattr(one, name) for one in exact]), atol=1e-6)
    assert look.people.sum() > 0 and sum(one.lost_people.sum() for one in exact) == 0
    np.testing.assert_allclose(np.asarray(served_by(built, links).sum(axis=1)).ravel(), look.people.sum(axis=1))


@pytest.mark.parametrize("rule", ["distance", "time"])
@pytest.mark.parametrize("seed", range(4))
def test_a_first_look_keeps_its_word_where_crossings_take_time(tiny, seed, rule):
    kept, _, inputs = lattice(seed)
    rng = np.random.default_rng(seed)
    network = streets.from_lines(lines(*kept, highway=rng.choice(["primary", "residential"], len(kept), p=[0.3, 0.7]).tolist()))
    walker = Walker(4.0, crossings=True)
    told = case_of(inputs_of(network, inputs.facilities, inputs.residences), standard=tiny, settings=settings_of(walker=walker, rule=rule), points=1)
    assert told.own.costs is not None and (told.own.costs.start_m > 0).any()
    built = Built(told)
    links = links_of(candidate_links(told, terms=terms_of(least_detour=1.5, least_saving_m=50)))[::2]
    look, said = first_look(built, links), bounds(built, links)
    exact = np.concatenate([gains_of(built, built.adding([one])).people for one in links])
    whole = np.concatenate([gains_of(built, built.adding([one], heeded=np.ones(len(told.asked), dtype=bool))).people for one in links])
    np.testing.assert_allclose(exact, whole)
    same = said == "equal"
    np.testing.assert_allclose(look.people[same], exact[same], atol=1e-6)
    assert set(said) <= ({"equal", "lower"} if rule == "time" else {"equal"}) and (look.people <= exact + 1e-6).all()
    assert look.people[same].sum() > 0


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_a_first_look_never_overstates_where_several_facilities_are_asked_for(tiny, seed):
    _, _, inputs = lattice(seed)
    school = tiny.categories["school"]
    two = school.model_copy(update={"requirements": tuple(one.model_copy(update={"at_least": 2}) for one in school.requirements)})
    standard = tiny.model_copy(update={"categories": {"school": two}})
    told = case_of(inputs, standard=standard, settings=settings_of(), points=1)
    built = Built(told)
    links = links_of(candidate_links(told, terms=terms_of(least_detour=1.5, least_saving_m=50)))[::4]
    assert set(bounds(built, links)) == {"lower"}
    exact = np.concatenate([gains_of(built, built.adding([one])).people for one in links])
    assert (first_look(built, links).people <= exact + 1e-6).all() and exact.sum() > 0


@pytest.mark.parametrize("seed", range(3))
def test_gains_are_those_of_plain_networkx(tiny, seed):
    kept, used, told = lattice_case(seed, tiny)
    plain = nx.Graph()
    for a, b in kept:
        plain.add_edge(a, b, weight=STEP)
    #  a diagonal between two nodes of the lattice that no street joins
    near = [(a, b) for a in used for b in used if a < b and np.hypot(b[0] - a[0], b[1] - a[1]) < 2 * STEP and nx.has_path(plain, a, b)]
    a, b = next((a, b) for a, b in near if nx.shortest_path_length(plain, a, b, weight="weight") > 400)
    more = plain.copy()
    more.add_edge(a, b, weight=float(np.hypot(b[0] - a[0], b[1] - a[1])))
    built = Built(told)
    found = gains_of(built, built.adding([link(told.own, a, b)]))
    homes = {row.geometry.coords[0]: row.people for row in told.inputs.residences.itertuples()}
    for column, (category, limit) in enumerate(told.requirements[["category", "limit"]].itertuples(index=False)):
        doors = [row.geometry.coords[0] for row in told.inputs.facilities.itertuples() if category in row.categories]
        before, after = (set(nx.multi_source_dijkstra_path_length(graph, doors, cutoff=limit, weight="weight")) for graph in (plain, more))
        assert found.people[0, column] == sum(people for node, people in homes.items() if node in after - before)


@trying(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 50), picks=st.lists(st.tuples(st.integers(0, 48), st.integers(0, 48)), min_size=1, max_size=3))
def test_a_link_never_lowers_coverage_and_partial_walks_are_whole_ones(tiny, seed, picks):
    _, used, told = lattice_case(seed, tiny)
    ends = [(used[a % len(used)], used[b % len(used)]) for a, b in picks]
    links = [link(told.own, a, b) for a, b in ends if a != b]
    if not links:
        return
    built = Built(told)
    after = built.adding(links)
    assert gains_of(built, after).lost_people.tolist() == [0]
    whole = Built(told, tuple(links))
    for one, partly, anew, before in zip(told.asked, after.walks, whole.walks, built.walks, strict=True):
        assert (anew <= before + 1e-9).all()
        near = anew <= one.farthest
        np.testing.assert_allclose(partly[near], anew[near])
        assert (partly[~near] > one.farthest).all()


def test_the_gains_are_those_of_a_whole_analysis(banks, tiny):
    network = banks.network
    bridge = link(network, (900, 0), (900, 120), kind="bridge")
    settings = settings_of()
    runs = [analyze(inputs, standard=tiny, settings=settings) for inputs in (banks, Inputs(**{**vars(banks), "links": (bridge,)}))]
    told = [run.coverage.query("unit == 'ALL' and category == 'school'")["people_covered"].iloc[0] for run in runs]
    built = Built(case_of(banks, standard=tiny, settings=settings, points=1))
    assert gains_of(built, built.adding([bridge])).people.sum() == told[1] - told[0] == 220
    #  and beside a link that the study holds already, another adds nothing
    held = Built(case_of(Inputs(**{**vars(banks), "links": (bridge,)}), standard=tiny, settings=settings, points=1))
    assert gains_of(held, held.adding([link(network, (880, 0), (880, 120))])).people.sum() == 0
    assert first_look(held, [link(network, (880, 0), (880, 120))]).people.sum() == 0


def test_homes_without_a_street_may_get_one_and_a_first_look_says_that_it_does_not_know(tiny):
    #  D is 200 m from every street, and 10 m from the link
    homes = residence_table(("D", 40, shapely.Point(490, 230)))
    inputs = inputs_of(town([(0, 0), (1000, 0)], [(0, 460), (1000, 460)], [(0, 0), (0, 460)]), facility_table(("S", "school", shapely.Point(500, 0))), homes)
    told = case_of(inputs, standard=tiny, settings=settings_of(), points=1)
    built, path = Built(told), link(told.own, (500, 0), (500, 460))
    assert bounds(built, [path]).tolist() == ["lower"]
    assert first_look(built, [path]).people.sum() == 0
    assert gains_of(built, built.adding([path])).people.sum() == 40


def test_inputs_stay_as_they_were(banks, tiny):
    before = {name: value.copy() for name, value in vars(banks).items() if isinstance(value, gpd.GeoDataFrame)}
    rank(banks, tiny)
    for name, frame in before.items():
        assert getattr(banks, name).equals(frame)


def test_points_of_a_first_look_stand_for_all_people(tiny):
    homes = residence_table(("A", 100, shapely.box(100, -60, 300, -5)), ("B", 50, shapely.Point(900, -10)))
    told = case_of(inputs_of(town(*BANKS), homes=homes), standard=tiny, settings=settings_of(), points=7)
    assert len(told.some.people) == 8 and len(told.homes.people) > 100
    assert told.some.people.sum() == pytest.approx(150) and told.some.land_ha.sum() == pytest.approx(told.homes.land_ha.sum())
    with pytest.raises(KeyError):
        case_of(inputs_of(town(*BANKS)), standard=tiny, settings=settings_of(), points=7, group="nobody")


@pytest.mark.parametrize("permeability", ["visit", "residents"])
@pytest.mark.parametrize("seed", range(4))
def test_a_first_look_never_understates_where_compounds_are_not_open(tiny, seed, permeability):
    kept, _, inputs = lattice(seed)
    #  a wall around a quarter of the town, with one gate
    outline = gpd.GeoDataFrame({"name": ["Q"]}, geometry=[shapely.box(40, 40, 310, 310)], crs=CRS)
    network = streets.from_lines(lines(*kept), outlines=outline)
    gate = network.gates.geometry.iloc[[0]]
    network = streets.from_lines(lines(*kept), outlines=outline, gates=gpd.GeoDataFrame(geometry=gate, crs=CRS))
    walker = Walker(4.0, permeability=permeability)
    told = case_of(inputs_of(network, inputs.facilities, inputs.residences), standard=tiny, settings=settings_of(walker=walker), points=1)
    built = Built(told)
    links = links_of(candidate_links(told, terms=terms_of()))[::2]
    look, said = first_look(built, links), bounds(built, links)
    assert set(said) == {"equal", "upper"}
    exact = np.concatenate([gains_of(built, built.adding([one])).people for one in links])
    assert (look.people >= exact - 1e-6).all()
    same = said == "equal"
    np.testing.assert_allclose(look.people[same], exact[same], atol=1e-6)
    assert look.people.sum() > 0


def test_only_the_kinds_asked_for_are_looked_for(tiny):
    inputs = garden()
    assert set(rank(inputs, tiny, kinds=("gate",)).table["kind"]) == {"gate"}
    assert set(rank(inputs, tiny, kinds=("footpath",)).table["kind"]) == {"footpath"}


@pytest.mark.parametrize("which", ["bridge", "gate"])
def test_a_ranked_link_laid_over_the_study_covers_whom_it_says(banks, tiny, which):
    inputs = banks if which == "bridge" else garden()
    best = rank(inputs, tiny).table.iloc[:1]
    told = scenario_changes(best)
    assert list(told) == ["links" if which == "bridge" else "gates"]
    settings = settings_of()
    layers, standard, stated = laid(Plan("x", Scenario.model_validate(told), "x.toml: "), inputs, standard=tiny, settings=settings)
    runs = [analyze(inputs, standard=tiny, settings=settings), analyze(layers, standard=standard, settings=stated)]
    covered = [run.coverage.query("unit == 'ALL'")["people_covered"].sum() for run in runs]
    assert covered[1] - covered[0] == best["people_gained"].iloc[0] > 0


def two_gates():
    """The garden with a gate at E as well, and the E gate as node id and compound."""
    given = gpd.GeoDataFrame({"kind": ["residents"] * 2}, geometry=[shapely.Point(100, 100), shapely.Point(300, 100)], crs=CRS)
    network = streets.from_lines(lines(RING, [(0, 100), (400, 100)]), outlines=GARDEN, gates=given)
    return network, gate_node(network, np.array([300.0, 100]))


def of_garden(network):
    return inputs_of(network, facility_table(("S", "school", shapely.Point(400, 100))), residence_table(("H", 100, shapely.Point(290, 100))))


@pytest.mark.parametrize("permeability", ["visit", "residents"])
def test_a_gate_that_a_scenario_closes_is_offered_again(tiny, permeability):
    network, gate = two_gates()
    inputs = of_garden(network.with_closed_gates((gate,)))
    #  nothing else is looked for, however small the detour
    found = rank(inputs, tiny, walker=Walker(4.0, permeability=permeability), least_detour=1e6)
    (best,) = found.table.to_dict("records")
    assert (best["how"], best["kind"], best["length_m"], best["people_gained"], best["residences"]) == ("closed", "gate", 0, 100, "Garden")
    assert best["geometry"].coords[0] == (300, 100) and best["walk_m"] == 200 + 100 + 600 + 100 and found.counts["shut"] == 1
    #  the walks are those of the town whose gate nobody closed
    opened = found.start.adding(found.links)
    whole = Built(case_of(of_garden(network), standard=tiny, settings=found.start.case.settings, points=1))
    assert [walk.tolist() for walk in opened.walks] == [walk.tolist() for walk in whole.walks] == [[110.0]]
    assert not opened.network.closed_gates and found.start.network.closed_gates == (gate,)


def test_a_gate_that_a_scenario_closes_is_told_even_if_it_brings_nothing(tiny):
    network, gate = two_gates()
    #  the school within reach of everybody by the other gate
    inputs = inputs_of(network.with_closed_gates((gate,)), facility_table(("S", "school", shapely.Point(100, 100))), residence_table(("H", 100, shapely.Point(290, 100))))
    found = rank(inputs, tiny, walker=Walker(4.0, permeability="visit"))
    assert found.table[["how", "people_gained"]].values.tolist() == [["closed", 0.0]]
    assert package_of(found).built.tolist() == [False]


@pytest.mark.parametrize("kind", ["residents", "closed"])
def test_a_street_that_ends_at_a_wall_is_offered_however_small_the_detour(tiny, kind):
    found = rank(garden(kind), tiny, walker=Walker(4.0, permeability="visit"), least_detour=1e6)
    assert found.table[["how", "kind", "length_m", "people_gained"]].values.tolist() == [["walled", "gate", 0.0, 100.0]]
    assert len(rank(garden(kind), tiny, walker=Walker(4.0, permeability="visit"), kinds=("bridge",)).table) == 0
    #  what is found at the very place is not told twice
    table = candidate_links(case_of(garden(kind), standard=tiny, settings=settings_of(), points=1), terms=terms_of())
    ends = shapely.get_coordinates(table.geometry.to_numpy()).reshape(-1, 4)
    assert (np.hypot(ends[:, 0] - 300, ends[:, 1] - 100) + np.hypot(ends[:, 2] - 300, ends[:, 3] - 100) <= 25).sum() == 1


def test_links_built_one_after_another(banks, tiny):
    paths = drawn([(1000, 0), (1000, 120)], [(750, 0), (750, 120)], [(100, 0), (100, 120)], name=["east", "west", "far"])
    found = rank(banks, tiny, paths=paths, max_m=1, built=0)
    package = package_of(found)
    assert found.table["name"].tolist() == ["west", "east", "far"] and len(found.sequence) == 0
    #  as in the greedy sequence: C alone is new to the one in the east
    assert package.added["people_in_sequence"].tolist() == [150, 70, 0] == package.added["distinct_in_sequence"].tolist()
    assert package.built.tolist() == [True, True, False]
    assert package.joint.people.sum() == 220 == package.joint.distinct_people[0]
    assert package.by_requirement[["category", "level", "people"]].values.tolist() == [["school", "L15", 220.0]]
    #  round by the western end of both banks
    for line, walk in zip(ways_round(found), found.table["walk_m"], strict=True):
        assert shapely.LineString(line).length == pytest.approx(walk)
    assert found.table["walk_m"].tolist() == [750 * 2 + 120, 1000 * 2 + 120, 100 * 2 + 120]
    assert ways_round(rank(banks, tiny, max_m=1)) == []


def test_who_gains_by_a_link(banks, tiny):
    found = rank(banks, tiny, paths=drawn([(750, 0), (750, 120)]), max_m=1)
    homes = found.by_home.set_index(["residence_id", "category"])
    assert homes["people"].to_dict() == {("A", ""): 100, ("B", ""): 50, ("A", "school"): 100, ("B", "school"): 50}
    #  A: 10 + 600 + 120 + 900 + 10 before, 10 + 150 + 120 + 150 + 10 after
    assert homes.loc[("A", "school"), ["walk_m", "walk_after_m"]].tolist() == [1640, 440]
    assert homes.loc[("B", "school"), ["walk_m", "walk_after_m"]].tolist() == [1940, 440]
    assert set(found.by_home["link_id"]) == {"link#1"}


def test_what_every_link_of_a_kind_costs_besides_its_metres(banks, tiny):
    found = rank(banks, tiny, cost_per_m={"bridge": 2.0}, cost_each={"bridge": 10.0})
    assert found.table["cost"].iloc[0] == 10 + 240
    assert rank(banks, tiny, cost_each={"bridge": 10.0}).table["cost"].iloc[0] == 10
    assert np.isnan(rank(banks, tiny, cost_each={"gate": 10.0}).table["cost"].iloc[0])
