"""Areas and streets within a limit: cut exactly, nested, holes kept, true to the walk."""

import numpy as np
import pytest
import shapely
from conftest import town
from hypothesis import given, settings
from hypothesis import strategies as st
from test_search import towns
from test_walk_time import points_on

from livingcircle import contours, isochrone
from livingcircle.snapping import snap
from livingcircle.walk_time import Way, nearest


def area(network, doors, limits, *, margin=200, cell_m=None, snap_limit_m=150):
    west, south, east, north = network.streets.total_bounds
    cells = isochrone.grid(
        network, (west - margin, south - margin, east + margin, north + margin), limit_m=snap_limit_m, cell_m=cell_m
    )
    entrances = snap(np.array(doors, dtype=float), network, limit_m=snap_limit_m)
    walk = nearest(network, cells.positions, entrances, speed_kmh=4)
    shapes = isochrone.areas(walk["walk_m"].to_numpy(), cells, limits_m=limits, crs=network.crs, origins=np.array(doors, dtype=float))
    return shapes, entrances


def wrong(network, shape, entrances, limit_m, *, seed, count=4000, snap_limit_m=150):
    """Of seeded points more than 15 m from the border: how many the walk contradicts, of how many."""
    box = shapely.box(*shape.buffer(150).bounds)
    rng = np.random.default_rng(seed)
    west, south, east, north = box.bounds
    points = np.column_stack([rng.uniform(west, east, count), rng.uniform(south, north, count)])
    clear = shapely.distance(shape.boundary, shapely.points(points)) > 15
    points = points[clear]
    inside = shapely.contains_xy(shape, points[:, 0], points[:, 1])
    walk = nearest(network, snap(points, network, limit_m=snap_limit_m), entrances, speed_kmh=4)["walk_m"].to_numpy()
    return int((inside != (walk <= limit_m)).sum()), len(points)


def test_streets_are_cut_where_the_limit_falls():
    #  a street of 1,000 m, the door 20 m beside its middle: 300 m leave 280 m each way
    network = town([(0, 0), (1000, 0)])
    doors = snap(np.array([[500.0, 20.0]]), network, limit_m=150)
    got = isochrone.reached_streets(network, doors, limit_m=300)
    assert got[["from_m", "to_m"]].to_numpy().tolist() == [[220, 780]]
    assert got.length.sum() == 560


def test_the_middle_of_a_long_block_stays_out():
    network = town([(0, 0), (100, 0)], [(100, 0), (100, 300), (0, 300), (0, 0)])
    doors = snap(np.array([[50.0, 0.0]]), network, limit_m=150)
    got = isochrone.reached_streets(network, doors, limit_m=200)
    long = got[got["edge"] == int(np.argmax(network.length_m))]
    assert long[["from_m", "to_m"]].to_numpy().tolist() == [[0, 150], [550, 700]]


@settings(max_examples=40, deadline=None)
@given(towns(), st.data())
def test_reached_length_grows_with_the_limit_and_without_jumps(network, data):
    doors = snap(points_on(network, data, 2), network, limit_m=150)
    #  each limit, and one a centimetre beyond it
    limits = (np.linspace(0, 600, 7)[:, None] + [0, 0.01]).ravel()
    lengths = np.array([isochrone.reached_streets(network, doors, limit_m=limit).length.sum() for limit in limits])
    assert (np.diff(lengths) >= -1e-6).all()
    #  a centimetre of limit adds at most a centimetre at each frontier, two an edge and door: no edge comes in whole
    assert (np.diff(lengths)[::2] <= 0.01 * 2 * (len(network.length_m) + 2) + 1e-6).all()
    assert lengths[-1] <= network.length_m.sum() + 1e-6


@settings(max_examples=40, deadline=None)
@given(towns(), st.data())
def test_reached_streets_agree_with_walks(network, data):
    doors = snap(points_on(network, data, 2), network, limit_m=150)
    limit = data.draw(st.floats(20, 500))
    reached = isochrone.reached_streets(network, doors, limit_m=limit)
    probes = snap(points_on(network, data, 10), network, limit_m=150, isolated_m=0)
    walk = nearest(network, probes, doors, speed_kmh=4)["walk_m"].to_numpy()
    for (_, probe), metres in zip(probes.iterrows(), walk, strict=True):
        if abs(metres - limit) < 1e-3:
            continue
        spans = reached[reached["edge"] == probe["edge"]]
        inside = ((spans["from_m"] <= probe["offset_m"] + 1e-6) & (spans["to_m"] >= probe["offset_m"] - 1e-6)).any()
        assert inside == (metres <= limit)


def grid_town(spacing=120, size=6):
    paths = [[(0, y * spacing), (spacing * (size - 1), y * spacing)] for y in range(size)]
    paths += [[(x * spacing, y * spacing), (x * spacing, (y + 1) * spacing)] for x in range(size) for y in range(size - 1)]
    return town(*paths)


def test_rings_are_nested_and_hold_their_origin():
    network = grid_town()
    shapes, _ = area(network, [(300, 290)], [333, 667, 1000])
    for small, large in zip(shapes.geometry, shapes.geometry[1:], strict=False):
        assert large.contains(small)
    assert shapes.is_valid.all()
    assert shapes.contains(shapely.Point(300, 290)).all()


def test_the_origin_is_inside_even_when_its_own_leg_uses_the_limit():
    shapes, _ = area(grid_town(), [(-100, 300)], [90])
    assert shapes.geometry[0].contains(shapely.Point(-100, 300))


def test_a_hole_is_kept():
    #  a ring road round a park of 600 x 600 m: its middle is farther from any street than the snapping limit
    network = town([(0, 0), (600, 0), (600, 600), (0, 600), (0, 0)])
    shapes, _ = area(network, [(0, 0)], [3000])
    assert len(shapes.geometry[0].geoms) == 1
    assert len(shapes.geometry[0].geoms[0].interiors) == 1
    assert not shapes.geometry[0].contains(shapely.Point(300, 300))


def test_no_reach_across_a_river_without_a_bridge():
    #  two banks 80 m apart, the bridge far to the east
    banks = [(0, 0), (1500, 0)], [(0, 80), (1500, 80)], [(1500, 0), (1500, 80)]
    network = town(*banks)
    shapes, entrances = area(network, [(100, 0)], [400])
    assert shapes.geometry[0].contains(shapely.Point(100, 20))
    assert not shapes.geometry[0].intersects(shapely.LineString([(0, 60), (400, 60)]))
    with_bridge, _ = area(town(*banks, [(100, 0), (100, 80)]), [(100, 0)], [400])
    assert with_bridge.geometry[0].contains(shapely.Point(150, 70))
    assert wrong(network, shapes.geometry[0], entrances, 400, seed=1)[0] == 0


def test_a_footbridge_that_is_not_reached_is_no_way_through():
    #  the walkway overhead (level 1) lands far away: beside it the street is reached, on it nobody is
    network = town(
        [(0, 0), (600, 0)], [(0, 60), (600, 60)], [(0, 0), (0, 60)], [(300, -40), (300, 100)], [(300, 100), (300, 900)],
        layer=[0, 0, 0, 1, 0],
    )
    shapes, entrances = area(network, [(0, 0)], [500])
    assert wrong(network, shapes.geometry[0], entrances, 500, seed=2)[0] == 0


@settings(max_examples=15, deadline=None)
@given(towns(), st.data())
def test_points_inside_are_reached_and_points_outside_are_not(network, data):
    doors = points_on(network, data, 2)
    limit = data.draw(st.sampled_from([150.0, 333.0, 600.0]))
    shapes, entrances = area(network, doors, [limit])
    bad, asked = wrong(network, shapes.geometry[0], entrances, limit, seed=3, count=1500)
    assert asked > 0
    assert bad <= asked * 0.001


def test_nothing_reached_is_an_empty_area():
    network = town([(0, 0), (300, 0)], [(0, 1000), (300, 1000)])
    west, south, east, north = (-50, 900, 350, 1100)
    cells = isochrone.grid(network, (west, south, east, north), limit_m=50)
    walk = nearest(network, cells.positions, snap(np.array([[0.0, 0.0]]), network, limit_m=150), speed_kmh=4)
    shapes = isochrone.areas(walk["walk_m"].to_numpy(), cells, limits_m=[500], crs=network.crs)
    assert shapes.geometry[0].is_empty


def test_one_more_street_never_shrinks_an_area():
    few = town([(0, 0), (800, 0)], [(0, 100), (800, 100)], [(0, 0), (0, 100)])
    more = town([(0, 0), (800, 0)], [(0, 100), (800, 100)], [(0, 0), (0, 100)], [(800, 0), (800, 100)])
    doors = snap(np.array([[700.0, 0.0]]), few, limit_m=150)
    again = snap(np.array([[700.0, 0.0]]), more, limit_m=150)
    lengths = [isochrone.reached_streets(n, d, limit_m=500).length.sum() for n, d in ((few, doors), (more, again))]
    assert lengths[1] > lengths[0]


@pytest.mark.parametrize("limit", [333.0, 1000.0])
def test_the_area_of_open_ground_is_the_diamond_of_a_fine_street_grid(limit):
    #  streets every 20 m: walks are |x| + |y|, the area within the limit is 2 * limit^2
    size = int(1200 / 20)
    paths = [[(x * 20, -1200) for x in (k,)] + [(k * 20, 1200)] for k in range(-size, size + 1)]
    paths += [[(-1200, k * 20), *[(x * 20, k * 20) for x in range(-size + 1, size)], (1200, k * 20)] for k in range(-size, size + 1)]
    network = town(*paths)
    shapes, _ = area(network, [(0, 0)], [limit], margin=0)
    #  the legs to the streets beside take less than 5 m off
    assert 2 * (limit - 5) ** 2 < shapes.area[0] <= 2 * limit**2 * 1.001


@settings(max_examples=40, deadline=None)
@given(towns(), st.data())
def test_only_ground_that_is_reached_is_looked_at_and_its_borders_are_those_of_all_ground(network, data):
    west, south, east, north = network.streets.total_bounds
    cells = isochrone.grid(network, (west - 80, south - 80, east + 80, north + 80), limit_m=60, cell_m=data.draw(st.sampled_from([7.0, 10.0])))
    doors = snap(points_on(network, data, 2) + data.draw(st.sampled_from([0.0, 40.0])), network, limit_m=60)
    asked = snap(points_on(network, data, 5), network, limit_m=60)
    limits = [120.0, 333.0]
    spots = isochrone.Spots.of(network, cells, asked)
    field, lattice, walk = isochrone.reach(network, spots, tuple(doors[column].to_numpy() for column in isochrone.PLACE), way=Way(), limit_m=limits[-1])
    every = nearest(network, cells.positions, doors, speed_kmh=4)["flat_m"].to_numpy()
    whole = contours.borders(contours.framed(isochrone.field_of(every, cells)), cells.lattice, limits)
    for one, other in zip(contours.borders(field, lattice, limits), whole, strict=True):
        assert one.points.tolist() == other.points.tolist() and one.around.tolist() == other.around.tolist()
    true = nearest(network, asked, doors, speed_kmh=4)["flat_m"].to_numpy()
    assert walk[true <= limits[-1]].tolist() == true[true <= limits[-1]].tolist() and (walk[true > limits[-1]] > limits[-1]).all()


def test_ground_given_to_an_origin_beyond_its_own_limit_stays_in_larger_areas():
    #  the street is 100 m away, so a limit of 90 m reaches none of it
    network = grid_town()
    shapes, _ = area(network, [(-100, 300), (300, 290)], [90, 95, 99, 400])
    spot = shapely.Point(-100, 300).buffer(2)
    assert shapes.is_valid.all() and all(shape.covers(spot) for shape in shapes.geometry)
    for small, large in zip(shapes.geometry, shapes.geometry[1:], strict=False):
        assert large.buffer(1e-6).covers(small)
