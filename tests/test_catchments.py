"""Catchments and the tables drawn from them: sparse, exact inside edges, equals to the lowest row."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import town
from hypothesis import given, settings
from hypothesis import strategies as st
from test_search import sloped, towns
from test_walk_time import by_networkx

from livingcircle import walk_time
from livingcircle.catchments import catchments, counts, exclusive, k_nearest, marginal, nth_nearest, nth_straight, pairs, walks
from livingcircle.errors import DataError, StudyError
from livingcircle.network import Costs
from livingcircle.snapping import snap
from livingcircle.walk_time import Way

WAYS = [Way(shortest, outward) for shortest in (False, True) for outward in (False, True)]
FACILITIES = np.array(["north", "south", "south"])
PEOPLE = np.array([10.0, 20.0, 30.0, 40.0, 50.0])


@pytest.fixture
def street():
    """Doors A, B, C on one street, homes 0 to 3 (10, 20, 30, 40 people) on it, home 4 (50 people) on an island.

    ::

        0───A───────1───2───────────B───────C───3      ───4───
        0  100     300 400         700     900 1000      y = 5000

        A is the facility north, B and C are doors of the facility south; home 2 is 300 m from A and from B
    """
    network = town([(0, 0), (400, 0)], [(400, 0), (1000, 0)], [(0, 5000), (400, 5000)])
    doors = snap(np.array([[100.0, 0], [700, 0], [900, 0]]), network, limit_m=50)
    homes = snap(np.array([[0.0, 0], [300, 0], [400, 0], [1000, 0], [200, 5000]]), network, limit_m=50)
    return network, homes, doors


def test_catchments_by_hand(street):
    network, homes, doors = street
    got = catchments(network, doors, homes, limit_m=400)
    assert list(got.columns) == ["door", "origin", "walk_m", "flat_m"]
    assert got[["door", "origin"]].values.tolist() == [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [1, 3], [2, 3]]
    assert got["walk_m"].tolist() == pytest.approx([100, 200, 300, 400, 300, 300, 100])
    assert got["flat_m"].tolist() == got["walk_m"].tolist()


def test_a_limit_is_inclusive_to_a_micrometre(street):
    network, homes, doors = street
    whole = catchments(network, doors, homes, limit_m=400)
    assert catchments(network, doors, homes, limit_m=400 - 5e-7).equals(whole)
    assert len(catchments(network, doors, homes, limit_m=400 - 5e-6)) == len(whole) - 1
    table = catchments(network, doors, homes, limit_m=1000)
    assert counts(table, [400 - 5e-7, 400 - 5e-6], size=5).values.tolist()[1] == [1, 2]


def test_both_legs_count_and_nobody_off_the_network_is_reached(street):
    network, _, _ = street
    doors = snap(np.array([[100.0, 10.0], [100.0, 900.0]]), network, limit_m=50)
    homes = snap(np.array([[300.0, -20.0], [300.0, 900.0], [300.0, -20.5]]), network, limit_m=50)
    got = catchments(network, doors, homes, limit_m=230)
    assert got.values.tolist() == [[0, 0, 230, 230]]


def test_the_direction_of_walks_on_a_slope():
    #  uphill from west to east a metre counts twice; home at 20, door at 80: 60 m up to the door, 60 m down from it;
    #  home at 150 on the next, level edge: 50 + 20 down, 50 + 40 up
    network = town([(0, 0), (100, 0)], [(100, 0), (200, 0)])
    west = network.streets.geometry.bounds["minx"].to_numpy() < 50
    east_first = network.places[network.start, 0] > network.places[network.end, 0]
    up = np.where(west, 2.0, 1.0)
    ahead, back = np.where(east_first, 1.0, up), np.where(east_first, up, 1.0)
    network = network.with_costs(Costs(ahead, back, 0 * up, 0 * up))
    door, homes = (snap(np.array(points, dtype=float), network, limit_m=9) for points in ([(80, 0)], [(20, 0), (150, 0)]))
    there = catchments(network, door, homes, limit_m=500)
    out = catchments(network, door, homes, limit_m=500, way=Way(outward=True))
    assert there[["walk_m", "flat_m"]].values.tolist() == pytest.approx(np.array([[60, 120], [70, 70]]))
    assert out[["walk_m", "flat_m"]].values.tolist() == pytest.approx(np.array([[60, 60], [70, 90]]))


def placed(network, data, count):
    """Street positions at sixteenths of streets: some coincide, none lie a hair's breadth apart."""
    rows = [data.draw(st.integers(0, len(network.length_m) - 1)) for _ in range(count)]
    shares = [data.draw(st.integers(0, 16)) / 16 for _ in range(count)]
    spots = shapely.line_interpolate_point(network.streets.geometry.to_numpy()[rows], shares, normalized=True)
    return snap(shapely.get_coordinates(spots), network, limit_m=150, isolated_m=0)


@settings(max_examples=15, deadline=None)
@given(towns(), st.data())
def test_equal_to_plain_networkx_at_any_position(network, data):
    homes, doors = placed(network, data, 3), placed(network, data, 2)
    judge = np.array([[by_networkx(network, home, door) for _, home in homes.iterrows()] for _, door in doors.iterrows()])
    got = catchments(network, doors, homes, limit_m=222.2)
    table = np.full(judge.shape, np.inf)
    table[got["door"], got["origin"]] = got["walk_m"]
    assert table.ravel().tolist() == pytest.approx(np.where(judge <= 222.2, judge, np.inf).ravel().tolist())
    assert not got.duplicated(["door", "origin"]).any()


@settings(max_examples=25, deadline=None)
@given(towns(), st.data())
def test_agrees_with_the_nearest_of_walk_time(network, data):
    inner = [data.draw(st.sampled_from([-1, -1, 0, 1])) for _ in network.length_m]
    shaken = network.length_m * (1 + np.random.default_rng(3).uniform(0, 0.01, len(inner)))
    word = data.draw(st.sampled_from(["open", "visit", "residents"]))
    network = replace(network, length_m=shaken, streets=network.streets.assign(compound=inner), permeability=word)
    network = sloped(network, data) if data.draw(st.booleans()) else network
    way = data.draw(st.sampled_from(WAYS))
    limit = data.draw(st.sampled_from([77.7, 222.2, np.inf]))
    homes, doors = placed(network, data, 5), placed(network, data, 4)
    got = catchments(network, doors, homes, limit_m=limit, way=way)
    for row in range(len(doors)):
        alone = walk_time.nearest(network, homes, doors.iloc[[row]], speed_kmh=0.06, limit_m=limit, way=way)
        own = got[got["door"] == row].set_index("origin").reindex(range(len(homes))).fillna(np.inf)
        assert own["walk_m"].tolist() == pytest.approx(alone["walk_m"].tolist())
        assert own["flat_m"].tolist() == pytest.approx(alone["walk_min"].tolist())
    least = got.groupby("origin")["walk_m" if way.shortest else "flat_m"].min().reindex(range(len(homes))).fillna(np.inf)
    best = walk_time.nearest(network, homes, doors, speed_kmh=0.06, limit_m=limit, way=way)
    assert least.tolist() == pytest.approx(best["walk_m" if way.shortest else "walk_min"].tolist())


@settings(max_examples=12, deadline=None)
@given(towns(), st.data())
def test_farther_limits_and_more_doors_lose_no_pair(network, data):
    homes, doors = placed(network, data, 5), placed(network, data, 4)
    whole = catchments(network, doors, homes, limit_m=300)
    nearer = catchments(network, doors, homes, limit_m=120)
    assert nearer.values.tolist() == whole[whole["flat_m"] <= 120 + walks.ROUNDING_M].values.tolist()
    fewer = catchments(network, doors.iloc[:3], homes, limit_m=300)
    assert fewer.values.tolist() == whole[whole["door"] < 3].values.tolist()


def test_blocks_change_nothing(street, monkeypatch):
    network, homes, doors = street
    many = pd.concat([homes] * 7, ignore_index=True)
    whole = {limit: catchments(network, doors, many, limit_m=limit) for limit in (400, np.inf)}
    for name, size in (("BLOCK_DOORS", 2), ("BLOCK_PAIRS", 40), ("BLOCK_STATES", 1)):
        monkeypatch.setattr(walks, name, size)
        for limit, table in whole.items():
            assert catchments(network, doors, many, limit_m=limit).equals(table)
    assert len(whole[np.inf]) == 3 * 4 * 7


def test_inputs_stay_and_empty_tables_keep_their_columns(street):
    network, homes, doors = street
    before = homes.copy(), doors.copy()
    catchments(network, doors, homes, limit_m=400)
    exclusive(network, homes, doors, weights=pd.DataFrame({"people": PEOPLE}))
    assert homes.equals(before[0])
    assert doors.equals(before[1])
    whole = catchments(network, doors, homes, limit_m=400)
    for got in (catchments(network, doors.iloc[:0], homes, limit_m=400), catchments(network, doors, homes.iloc[:0], limit_m=400)):
        assert len(got) == 0
        assert got.dtypes.tolist() == whole.dtypes.tolist()
        assert k_nearest(got, 1, size=2)["door"].tolist() == [-1, -1]
        assert counts(got, [400], size=2)[400.0].tolist() == [0, 0]


@settings(max_examples=20, deadline=None)
@given(towns(), st.data())
def test_pairs_are_the_walks_to_each_end_alone(network, data):
    origins, ends = (placed(network, data, data.draw(st.integers(1, 4))) for _ in range(2))
    origins.loc[0, ["edge", "leg_m", "component"]] = [-1, np.inf, -1] if data.draw(st.booleans()) else origins.loc[0, ["edge", "leg_m", "component"]]
    limit = data.draw(st.sampled_from([np.inf, 222.2]))
    got = pairs(network, origins, ends, speed_kmh=4, limit_m=limit)
    assert got[["origin", "end"]].to_numpy().tolist() == [[o, e] for o in range(len(origins)) for e in range(len(ends))]
    for end in range(len(ends)):
        alone = walk_time.nearest(network, origins, ends.iloc[[end]], speed_kmh=4)
        mine = got[got["end"] == end]
        within = alone["walk_m"].to_numpy() <= limit
        np.testing.assert_allclose(mine["walk_m"], np.where(within, alone["walk_m"], np.inf))
        both = ends["edge"].iloc[end] >= 0
        far = np.where(within, alone["status"], np.where(np.isinf(alone["walk_m"]), alone["status"], "beyond_limit"))
        assert mine["status"].tolist() == (far.tolist() if both else ["off_network"] * len(origins))
    plain = got
    few = pairs(network, origins, ends, speed_kmh=4, limit_m=limit, every=False)
    reached = plain[plain["status"] == "reached"].reset_index(drop=True)
    pd.testing.assert_frame_equal(few, reached)


def test_pairs_keep_every_status_apart(street):
    network, homes, _ = street
    spots = snap(np.array([[0.0, 0], [0, 5000], [0, 2000]]), network, limit_m=50)
    got = pairs(network, spots, homes.iloc[[1, 3]], speed_kmh=6, limit_m=300)
    assert got["status"].tolist() == ["reached", "beyond_limit", "unreachable", "unreachable", "off_network", "off_network"]
    assert got["walk_m"].tolist() == pytest.approx([300, *[np.inf] * 5])
    assert got["walk_min"].tolist() == pytest.approx([3, *[np.inf] * 5])
    assert len(pairs(network, spots.iloc[:0], homes, speed_kmh=6)) == 0


def test_pairs_lead_from_origins_to_ends_whichever_is_more(street):
    network, homes, doors = street
    up, level = np.full(len(network.length_m), 2.0), np.ones(len(network.length_m))
    network = network.with_costs(Costs(up, level, 0 * up, 0 * up))
    many = pairs(network, homes, doors, speed_kmh=0.06).set_index(["origin", "end"])["walk_min"]
    few = pd.concat([pairs(network, homes.iloc[[row]], doors, speed_kmh=0.06)["walk_min"] for row in range(len(homes))])
    assert many.tolist() == pytest.approx(few.tolist())
    back = pairs(network, doors, homes, speed_kmh=0.06).set_index(["end", "origin"])["walk_min"].loc[many.index]
    finite = np.isfinite(many)
    assert (many[finite] + back[finite]).tolist() == pytest.approx((3 * pairs(network, homes, doors, speed_kmh=4)["walk_m"][finite.to_numpy()]).tolist())


def test_the_nearest_few_by_hand(street):
    network, homes, doors = street
    table = catchments(network, doors, homes, limit_m=650)
    got = k_nearest(table, 2, size=5)
    assert got["origin"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert got["rank"].tolist() == [1, 2] * 5
    assert got["door"].tolist() == [0, -1, 0, 1, 0, 1, 2, 1, -1, -1]
    assert got["walk_m"].tolist() == pytest.approx([100, np.inf, 200, 400, 300, 300, 100, 300, np.inf, np.inf])
    #  of the facility south home 3 has one door only, and north is 900 m away
    apart = k_nearest(table, 2, size=5, facilities=FACILITIES)
    assert apart["door"].tolist() == [0, -1, 0, 1, 0, 1, 2, -1, -1, -1]


def test_counts_by_hand(street):
    network, homes, doors = street
    table = catchments(network, doors, homes, limit_m=650)
    got = counts(table, [300, 100, 600], size=5, facilities=FACILITIES)
    assert list(got.columns) == [100, 300, 600]
    assert got.values.tolist() == [[1, 1, 1], [0, 1, 2], [0, 2, 2], [1, 1, 1], [0, 0, 0]]
    assert counts(table, [300, 600], size=5).values.tolist() == [[1, 1], [1, 3], [2, 3], [2, 2], [0, 0]]


def test_exclusive_areas_by_hand(street):
    network, homes, doors = street
    weights = pd.DataFrame({"people": PEOPLE, "land_m2": PEOPLE * 30})
    got = exclusive(network, homes.set_axis(list("abcde")), doors, weights=weights, facilities=FACILITIES)
    assert got.nearest.index.tolist() == list("abcde")
    assert got.nearest["door"].tolist() == [0, 0, 0, 2, -1]
    assert got.nearest["walk_m"].tolist() == pytest.approx([100, 200, 300, 100, np.inf])
    assert got.nearest["flat_m"].tolist() == pytest.approx([100, 200, 300, 100, np.inf])
    assert got.nearest["status"].tolist() == ["reached"] * 4 + ["unreachable"]
    assert got.sums.to_dict("index") == {
        "north": {"origins": 3, "people": 60, "land_m2": 1800}, "south": {"origins": 1, "people": 40, "land_m2": 1200},
    }
    assert got.unserved.to_dict() == {"origins": 1, "people": 50, "land_m2": 1500}
    #  the other way round B comes before A, and home 2 is B's
    turned = exclusive(network, homes, doors.iloc[[1, 0, 2]], weights=weights)
    assert turned.nearest["door"].tolist() == [1, 1, 0, 2, -1]
    assert turned.sums["people"].tolist() == [30, 30, 40]


@settings(max_examples=12, deadline=None)
@given(towns(), st.data())
def test_exclusive_areas_are_the_first_of_k_nearest(network, data):
    homes, doors = placed(network, data, 6), placed(network, data, 4)
    got = exclusive(network, homes, doors, weights=pd.DataFrame({"people": np.arange(6.0)}))
    first = k_nearest(catchments(network, doors, homes, limit_m=np.inf), 1, size=6)
    assert got.nearest["door"].tolist() == first["door"].tolist()
    assert got.nearest["walk_m"].tolist() == pytest.approx(first["walk_m"].tolist())
    assert got.sums["people"].sum() + got.unserved["people"] == 15
    assert got.sums.index.tolist() == [0, 1, 2, 3]


def test_what_a_closure_costs_by_hand(street):
    network, homes, doors = street
    table = catchments(network, doors, homes, limit_m=1000)
    got = marginal(table, PEOPLE, facilities=FACILITIES, limit_m=350)
    #  without north home 0 walks 600 m more and home 1 200 m more; home 2 has south as near
    assert got.loc["north"].tolist() == pytest.approx([60, 30, 30, (10 * 600 + 20 * 200) / 30])
    assert got.loc["south"].tolist() == pytest.approx([40, 40, 40, 800])
    wide = marginal(table, PEOPLE, facilities=FACILITIES, limit_m=500)
    assert wide["people_beyond"].tolist() == [10, 40]
    #  home 1 is 200 m away already: no closure takes it out of 150 m
    assert marginal(table, PEOPLE, facilities=FACILITIES, limit_m=150)["people_beyond"].tolist() == [10, 40]
    narrow = marginal(catchments(network, doors, homes, limit_m=350), PEOPLE, facilities=FACILITIES, limit_m=350)
    assert narrow[["people", "people_farther", "people_beyond"]].equals(got[["people", "people_farther", "people_beyond"]])
    assert narrow["extra_m"].isna().all()


@settings(max_examples=12, deadline=None)
@given(towns(), st.data())
def test_a_closure_costs_what_a_town_without_the_door_lacks(network, data):
    homes, doors = placed(network, data, 6), placed(network, data, 3)
    people = np.arange(1.0, 7.0)
    got = marginal(catchments(network, doors, homes, limit_m=np.inf), people, facilities=np.arange(3), limit_m=150)
    now = walk_time.nearest(network, homes, doors, speed_kmh=4)["walk_m"].to_numpy()
    for row in range(3):
        then = walk_time.nearest(network, homes, doors.drop(index=row), speed_kmh=4)["walk_m"].to_numpy()
        farther = then > now + walks.ROUNDING_M
        limit = 150 + walks.ROUNDING_M
        assert got.loc[row, "people_farther"] == people[farther].sum()
        assert got.loc[row, "people_beyond"] == people[(now <= limit) & (then > limit)].sum()
        known = farther & np.isfinite(then)
        mean = np.average((then - np.where(known, now, 0))[known], weights=people[known]) if known.any() else np.nan
        assert got.loc[row, "extra_m"] == pytest.approx(mean, nan_ok=True)


def test_the_shortest_walks_decide_where_asked():
    table = pd.DataFrame({"door": [0, 1], "origin": [0, 0], "walk_m": [50.0, 90.0], "flat_m": [99.0, 91.0]})
    assert k_nearest(table, 1, size=1)["door"].tolist() == [1]
    assert k_nearest(table, 1, size=1, by="walk_m")["door"].tolist() == [0]
    assert counts(table, [60], size=1, by="walk_m")[60.0].tolist() == [1]


def test_equals_but_for_rounding_go_to_the_lowest_row():
    table = pd.DataFrame({"door": [1, 0], "origin": [0, 0], "walk_m": [0.3, 0.1 + 0.2], "flat_m": [0.3, 0.1 + 0.2]})
    assert k_nearest(table, 2, size=1)["door"].tolist() == [0, 1]


def test_bad_input_is_refused(street):
    network, homes, doors = street
    table = catchments(network, doors, homes, limit_m=400)
    for limit in (-1.0, np.nan):
        with pytest.raises(StudyError, match="limit_m: .* is no walk"):
            catchments(network, doors, homes, limit_m=limit)
        with pytest.raises(StudyError, match="limits_m: .* is no walk"):
            counts(table, [100, limit], size=5)
        with pytest.raises(StudyError, match="limit_m: .* is no walk"):
            marginal(table, PEOPLE, facilities=FACILITIES, limit_m=limit)
    with pytest.raises(StudyError, match="no number of facilities"):
        k_nearest(table, 0, size=5)
    with pytest.raises(StudyError, match="unknown measure 'minutes'"):
        counts(table, [100], size=5, by="minutes")
    with pytest.raises(StudyError, match="unknown engine"):
        catchments(network, doors, homes, limit_m=400, way=Way(engine="abacus"))
    with pytest.raises(DataError, match="size: 3 origins, but the table names row 3"):
        k_nearest(table, 1, size=3)
    with pytest.raises(DataError, match="facilities: 2 rows for 3 doors"):
        counts(table, [100], size=5, facilities=FACILITIES[:2])
    with pytest.raises(DataError, match="weights: 'people' is no quantity in rows"):
        marginal(table, -PEOPLE, facilities=FACILITIES, limit_m=100)
    with pytest.raises(DataError, match="weights: 4 rows for 5 origins"):
        exclusive(network, homes, doors, weights=pd.DataFrame({"people": PEOPLE[:4]}))


def test_the_nth_nearest_facility_by_hand(street):
    network, homes, doors = street
    told = doors.assign(facility=FACILITIES)
    got = nth_nearest(network, homes, told, n=2, speed_kmh=6.0)
    #  from home 0 the south is entered at B (700 m), from home 3 the north at A (900 m); the island reaches none
    assert got["walk_m"].tolist() == pytest.approx([700, 400, 300, 900, np.inf])
    assert got["walk_min"][0] == pytest.approx(7)
    assert got["source"].tolist() == [1, 1, got["source"][2], 0, -1]
    assert list(got["status"]) == ["reached"] * 4 + ["unreachable"]
    assert np.isinf(nth_nearest(network, homes, told, n=3, speed_kmh=6.0)["walk_m"]).all()


@settings(max_examples=40, deadline=None)
@given(towns(), st.sampled_from(WAYS[::2]), st.integers(1, 3))
def test_the_nth_nearest_is_that_of_all_pairs(drawn, way, n):
    network = drawn
    rng = np.random.default_rng(len(network.length_m))
    low, high = network.streets.total_bounds[:2], network.streets.total_bounds[2:]
    homes, doors = (snap(rng.uniform(low, high, (size, 2)), network, limit_m=1e9) for size in (9, 6))
    told = doors.assign(facility=[0, 0, 1, 1, 2, 2])
    got = nth_nearest(network, homes, told, n=n, speed_kmh=4.0, way=way)
    reached = catchments(network, doors, homes, limit_m=np.inf, way=way)
    by = "walk_m" if way.shortest else "flat_m"
    best = reached.assign(facility=reached["door"].map({row: row // 2 for row in range(6)})).groupby(["origin", "facility"])[by].min()
    for origin in range(9):
        own = sorted(best.get(origin, pd.Series(dtype=float)).tolist()) if origin in best.index.get_level_values(0) else []
        assert got[by][origin] == pytest.approx(own[n - 1] if len(own) >= n else np.inf)


def test_straight_lines_to_the_nth_facility():
    rng = np.random.default_rng(5)
    points, doors, owner = rng.uniform(0, 100, (40, 2)), rng.uniform(0, 100, (30, 2)), rng.integers(0, 7, 30)
    far = np.hypot(*(points[:, None] - doors[None]).transpose(2, 0, 1))
    by_owner = np.sort(np.array([far[:, owner == one].min(axis=1) for one in np.unique(owner)]), axis=0)
    for n in (1, 2, 5):
        assert nth_straight(points, doors, owner, n=n) == pytest.approx(by_owner[n - 1])
        within = nth_straight(points, doors, owner, n=n, within_m=20.0)
        assert np.where(by_owner[n - 1] <= 20, by_owner[n - 1], np.inf) == pytest.approx(within)
    assert np.isinf(nth_straight(points, doors, owner, n=8)).all()


@pytest.mark.parametrize("doors", [1, 7, 300])
def test_straight_lines_of_points_that_stand_together_are_those_of_every_door(doors):
    dice = np.random.default_rng(doors)
    middles = dice.uniform(0, 5000, (9, 2))
    points = np.concatenate([middle + dice.uniform(-80, 80, (37, 2)) for middle in middles])
    entrances = dice.uniform(0, 5000, (doors, 2))
    every = np.hypot(*(points[:, None, :] - entrances[None]).transpose(2, 0, 1)).min(axis=1)
    told = nth_straight(points, entrances, np.arange(doors), within_m=400.0)
    assert told == pytest.approx(np.where(every <= 400.0, every, np.inf))
    assert np.isfinite(told).any() == (every <= 400.0).any()
