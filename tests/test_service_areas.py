"""Areas of many facilities: true to the walk, nested, valid, holes kept, whatever streets cost."""

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import town
from hypothesis import given, settings
from hypothesis import strategies as st
from test_search import towns
from test_walk_time import points_on

from livingcircle import isochrone
from livingcircle.barriers import obstacles
from livingcircle.errors import StudyError
from livingcircle.network.states import Costs
from livingcircle.service_areas import Ground, service_areas
from livingcircle.service_areas.ground import around, pieces
from livingcircle.snapping import snap
from livingcircle.walk_time import QUICKEST, SHORTEST, Way, nearest


def areas(network, points, limits, *, ground=None, way=QUICKEST):
    points = np.array(points, dtype=float).reshape(-1, 2)
    ground = ground or Ground(150)
    doors = snap(points, network, limit_m=ground.limit_m, barriers=ground.barriers)
    return service_areas(network, doors, points, limits_m=limits, ground=ground, way=way), doors


def wrong(network, shape, doors, limit, *, ground=None, way=QUICKEST, count=3000):
    """The part of seeded points of the ground, none left out, that the walk contradicts."""
    ground = ground or Ground(150)
    west, south, east, north = shapely.buffer(shape, 100).bounds
    spots = np.random.default_rng(4).uniform((west, south), (east, north), (count, 2))
    told = nearest(network, snap(spots, network, limit_m=ground.limit_m, barriers=ground.barriers), doors, speed_kmh=60, way=way)
    walk = told["walk_m"] if way.shortest else told["walk_min"] * 1000
    return (shapely.contains_xy(shape, spots[:, 0], spots[:, 1]) != (walk.to_numpy() <= limit)).mean()


def hilly(network, seed=0):
    """Costs that differ by direction, and something to wait for at the nodes.

    Every street of a node waits alike: a corner that is nearest to two streets has no one wait where they differ.
    """
    dice = np.random.default_rng(seed)
    count, waits = len(network.length_m), dice.uniform(0, 20, len(network.nodes))
    return network.with_costs(Costs(dice.uniform(1, 2, count), dice.uniform(1, 2, count), waits[network.start], waits[network.end]))


def test_the_area_of_one_street_is_worked_out_by_hand():
    #  door ─ in the middle of a street of 2,000 m; legs of up to 50 m, 300 m in all:
    #
    #        ╱──────────────────╲      250 m at 50 m beside the street, 300 m along it
    #  ─────<─────────door───────>─────
    #        ╲──────────────────╱
    got, _ = areas(town([(0, 0), (2000, 0)]), [(1000, 0)], [300], ground=Ground(50))
    #  a band of 2 x 50 m by 2 x 250 m, and two ends that narrow from 50 m to the tip in 50 m
    assert got.area[0] == pytest.approx(2 * 250 * 100 + 2 * 50 * 50, rel=0.005)
    assert got.total_bounds.tolist() == pytest.approx([700, -50, 1300, 50], abs=1)


def test_every_facility_and_limit_has_a_row_and_inputs_stay():
    network = town([(0, 0), (2000, 0)])
    points = np.array([[1000.0, 0.0], [1000.0, 900.0], [300.0, 20.0]])
    doors = snap(points, network, limit_m=150).set_axis(["b", "off", "a"])
    before = doors.copy()
    got = service_areas(network, doors, points, limits_m=[600, 300], ground=Ground(150))
    assert got["facility"].tolist() == ["b", "b", "off", "off", "a", "a"]
    assert got["limit_m"].tolist() == [300, 600] * 3
    assert got.geometry.is_empty.tolist() == [False, False, True, True, False, False]
    assert got.crs == network.crs
    pd.testing.assert_frame_equal(doors, before)


def test_doors_of_one_facility_share_an_area():
    network = town([(0, 0), (3000, 0)])
    points = np.array([[500.0, 0.0], [2500.0, 0.0]])
    doors = snap(points, network, limit_m=150)
    apart = service_areas(network, doors, points, limits_m=[300], ground=Ground(150))
    one = service_areas(network, doors.set_axis(["x", "x"]), points, limits_m=[300], ground=Ground(150))
    assert len(one) == 1
    assert one.area[0] == pytest.approx(apart.area.sum())


@settings(max_examples=25, deadline=None)
@given(towns(), st.data())
def test_areas_are_valid_nested_and_hold_their_origins(network, data):
    points = points_on(network, data, 3)
    limits = [40.0, 150.0, 333.0, 600.0]
    got, doors = areas(network, points, limits, ground=Ground(150, cell_m=data.draw(st.sampled_from([5.0, 7.3, 12.0]))))
    shapes = got.geometry.to_numpy().reshape(-1, len(limits))
    assert shapely.is_valid(shapes).all()
    for small, large in zip(shapes.T, shapes.T[1:], strict=False):
        assert shapely.covers(large, small).all()
    held = (doors["edge"] >= 0).to_numpy() & (doors["leg_m"] <= limits[0]).to_numpy()
    assert shapely.contains_xy(shapes[held], *(part[:, None] for part in np.array(points)[held].T)).all()


@settings(max_examples=15, deadline=None)
@given(towns(), st.data())
def test_areas_agree_with_walks_routed_one_by_one(network, data):
    ways = {"level": QUICKEST, "quick": QUICKEST, "out": Way(outward=True), "short": SHORTEST}
    kind = data.draw(st.sampled_from(sorted(ways)))
    network = network if kind == "level" else hilly(network)
    #  streets a meter apart with costs that differ by half hold ground narrower than a cell: fine cells ask for the walks, not for
    #  the cells, and of such ground a sliver stays
    got, doors = areas(network, points_on(network, data, 1), [300], ground=Ground(150, cell_m=2.5), way=ways[kind])
    if not got.geometry[0].is_empty:
        assert wrong(network, got.geometry[0], doors, 300, way=ways[kind]) <= 0.02


def test_compounds_are_entered_but_not_cut_through():
    #  a compound (its own street, from gate to gate) joins two public streets; visitors do not walk through
    #
    #  (0,200)──────────(600,200)
    #     │ compound
    #  (0,0)────────────(600,0)
    network = town([(0, 0), (600, 0)], [(0, 200), (600, 200)], [(0, 0), (0, 200)])
    inner = (network.streets.geometry.length == 200).to_numpy()
    streets = network.streets.assign(compound=np.where(inner, 0, -1))
    gated = type(network)(network.nodes, network.start, network.end, network.length_m, streets, network.dropped)
    opened, _ = areas(gated, [(100, 0)], [500])
    shut, doors = areas(gated.with_permeability("visit"), [(100, 0)], [500])
    far = shapely.Point(50, 210)
    assert opened.geometry[0].contains(far)
    assert not shut.geometry[0].contains(far)
    assert shut.geometry[0].contains(shapely.Point(20, 50))
    assert wrong(gated.with_permeability("visit"), shut.geometry[0], doors, 500) <= 0.004


def test_a_hole_is_kept():
    network = town([(0, 0), (600, 0), (600, 600), (0, 600), (0, 0)])
    got, _ = areas(network, [(0, 0)], [3000])
    assert len(got.geometry[0].geoms) == 1
    assert len(got.geometry[0].geoms[0].interiors) == 1
    assert not got.geometry[0].contains(shapely.Point(300, 300))


def test_the_border_between_the_ground_of_two_streets_lies_half_way():
    #  two banks 83 m apart, the bridge far to the east; the border is at 41.5 m, between lattice points
    network = town([(0, 0), (1500, 0)], [(0, 83), (1500, 83)], [(1500, 0), (1500, 83)])
    got, _ = areas(network, [(200, 0)], [400])
    cut = shapely.intersection(got.geometry[0], shapely.LineString([(200, 0), (200, 83)]))
    assert cut.length == pytest.approx(41.5, abs=0.01)


def test_no_leg_crosses_a_barrier():
    import geopandas as gpd

    network = town([(0, 0), (1000, 0)])
    wall = obstacles(gpd.GeoDataFrame({"kind": ["wall"], "source_id": [""]}, geometry=[shapely.LineString([(0, 30), (1000, 30)])], crs=network.crs))
    walled, _ = areas(network, [(500, 0)], [300], ground=Ground(100, wall))
    free, _ = areas(network, [(500, 0)], [300], ground=Ground(100))
    assert free.geometry[0].contains(shapely.Point(500, 60))
    assert not walled.geometry[0].contains(shapely.Point(500, 60))
    assert walled.geometry[0].contains(shapely.Point(500, -60))


def test_cells_have_the_positions_that_snapping_gives():
    #  a piece of 100 m on its own counts only where the long street is out of reach
    network = town([(0, 0), (900, 0)], [(200, 120), (300, 120)], [(900, 0), (900, 400), (700, 300)])
    cells = around(network, pieces(network), np.ones(len(network.length_m), dtype=bool), ground=Ground(80, cell_m=5.0))
    points = cells.points(5.0)
    told = snap(points, network, limit_m=80)
    near = cells.own.leg <= 80
    assert (told["edge"].to_numpy() >= 0).tolist() == near.tolist()
    assert cells.own.leg[near] == pytest.approx(told["leg_m"].to_numpy()[near])
    #  beside a junction two streets may be equally near: the place is the same
    assert len(np.unique(cells.own.edge)) == len(network.length_m)
    assert (cells.own.edge == told["edge"].to_numpy())[near].mean() > 0.99


def test_the_same_as_the_area_of_one_isochrone():
    network = town([(0, 0), (600, 0), (600, 300), (0, 300), (0, 0)], [(300, 0), (300, 300)])
    got, doors = areas(network, [(100, 10)], [400])
    cells = isochrone.grid(network, (-200, -200, 800, 500), limit_m=150, cell_m=5)
    walk = nearest(network, cells.positions, doors, speed_kmh=4)["walk_m"].to_numpy()
    other = isochrone.areas(walk, cells, limits_m=[400], crs=network.crs).geometry[0]
    assert got.geometry[0].symmetric_difference(other).area <= 0.01 * other.area


def test_one_more_street_never_shrinks_an_area_where_no_ground_changes_hands():
    few = town([(0, 0), (800, 0)], [(0, 400), (800, 400)], [(0, 0), (0, 400)])
    more = town([(0, 0), (800, 0)], [(0, 400), (800, 400)], [(0, 0), (0, 400)], [(800, 0), (800, 400)])
    (before, _), (after, _) = areas(few, [(700, 0)], [700]), areas(more, [(700, 0)], [700])
    assert after.area[0] > before.area[0]


def test_costs_of_level_ground_change_nothing(ladder):
    one, nothing = np.ones(len(ladder.length_m)), np.zeros(len(ladder.length_m))
    plain, _ = areas(ladder, [(100, 0)], [200])
    level, _ = areas(ladder.with_costs(Costs(one, one, nothing, nothing)), [(100, 0)], [200])
    assert plain.geometry[0].equals(level.geometry[0])


def test_facilities_beside_change_nothing(ladder):
    points = [(100, 0), (300, 100), (10, 50)]
    together, _ = areas(ladder, points, [200])
    for row, point in enumerate(points):
        alone, _ = areas(ladder, [point], [200])
        assert together.geometry[row].equals(alone.geometry[0])


@pytest.mark.parametrize(
    ("limits", "ground", "named"),
    [([], Ground(150), "limits_m"), ([0], Ground(150), "limits_m"), ([300, np.inf], Ground(150), "limits_m"),
     ([300], Ground(150, cell_m=0), "cell_m"), ([300], Ground(np.nan), "limit_m")],
)
def test_bad_input_is_refused(ladder, limits, ground, named):
    doors = snap(np.array([[100.0, 0.0]]), ladder, limit_m=150)
    with pytest.raises(StudyError, match=named):
        service_areas(ladder, doors, np.array([[100.0, 0.0]]), limits_m=limits, ground=ground)
