"""The page's own engine of walks: by hand on toy towns, against the analysis on a random town, and on the study that is shipped."""

import json
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import page_scripts
import pytest
import shapely
from conftest import CRS, ROOT, analyzed, facility_table, lines, residence_table
from pyproj import Transformer
from shapely.ops import substring

from livingcircle import network as streets
from livingcircle.analysis.reach import of_category, views
from livingcircle.analysis.standing import door_positions
from livingcircle.analysis.walking import walking
from livingcircle.barriers import obstacles, walls
from livingcircle.costs import Ground, Walker, as_walked
from livingcircle.coverage import Group
from livingcircle.facilities import is_open
from livingcircle.outputs.page.walking import walking_content
from livingcircle.residences import in_year, sample
from livingcircle.snapping import coordinates_of, snap
from livingcircle.study import judging, reading, schema
from livingcircle.walk_time import QUICKEST, SHORTEST, nearest

EAST, NORTH = 380_000.0, 3_313_000.0
DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def degrees(x, y):
    return list(DEGREES.transform(EAST + x, NORTH + y))


def moved(shapes):
    return [shapely.transform(shape, lambda xy: xy + (EAST, NORTH)) for shape in shapes]


def told(result):
    return {"walking": walking_content(result)}


def toy(tiny, network, doors, homes, **more):
    """The result of a toy town drawn near (0, 0): schools and homes are points."""
    schools = facility_table(*((f"S{n}", "school", shapely.Point(EAST + x, NORTH + y)) for n, (x, y) in enumerate(doors)))
    people = residence_table(*((f"R{n}", 100, shapely.Point(EAST + x, NORTH + y)) for n, (x, y) in enumerate(homes)))
    return analyzed(tiny, network, schools, people, **more)


def network_of(*paths, outlines=None, gates=None, highway=None):
    table = lines(*paths, highway=highway)
    table.geometry = moved(table.geometry)
    return streets.from_lines(table, outlines=outlines, gates=gates)


def outlined(*shapes):
    return gpd.GeoDataFrame({"name": [f"C{row}" for row in range(len(shapes))]}, geometry=moved(shapes), crs=CRS)


#  (0,100)────────────(400,100)
#     │                   │
#  (0,0)──────────────(400,0)
LADDER = [[(0, 0), (400, 0)], [(400, 0), (400, 100)], [(400, 100), (0, 100)], [(0, 100), (0, 0)]]
WALK = """
const w = lc.walking(), n = lc.network(w, given.view || 0, given.changes || {});
const every = w.views[given.view || 0].doors, doors = lc.onNetwork(n, given.doors ? lc.somePlaces(every, given.doors) : every);
const walk = lc.walksTo(n, doors, { shortest: true, limit_m: given.limit_m === undefined ? Infinity : given.limit_m });
return { metres: walk.metres, flat_m: walk.flat_m, door: walk.door };
"""


def walks(result, folder, **given):
    return page_scripts.run(WALK, told(result), folder=folder, given=given)


def test_walks_on_a_ladder(tiny, tmp_path):
    #  door 10 m north of (0, 100); homes: 20 m south of (300, 0), on (50, 100), 30 m north of (200, 100), and far away
    result = toy(tiny, network_of(*LADDER), [(0, 110)], [(300, -20), (50, 100), (200, 130), (900, 900)])
    got = walks(result, tmp_path)
    assert got["metres"] == pytest.approx([20 + 300 + 100 + 10, 50 + 10, 30 + 200 + 10, np.inf], abs=0.2)
    assert got["flat_m"] == got["metres"]
    assert got["door"] == [0, 0, 0, -1]


def test_walks_beyond_a_limit_are_none(tiny, tmp_path):
    result = toy(tiny, network_of(*LADDER), [(0, 100)], [(50, 100), (300, 100)])
    got = walks(result, tmp_path, limit_m=100)
    assert got["metres"] == pytest.approx([50, np.inf], abs=0.2)
    assert got["door"] == [0, -1]


def test_a_link_shortens_and_never_moves_anybody(tiny, tmp_path):
    #  a bridge from 30 m above (200, 0) to (200, 100): 70 m of line and a leg of 30 m
    result = toy(tiny, network_of(*LADDER), [(200, 100)], [(200, 0), (150, -10), (400, 50), (200, 50)])
    base = walks(result, tmp_path)["metres"]
    assert base == pytest.approx([200 + 100 + 200, 10 + 150 + 100 + 200, 50 + 200, 50 + 200 + 100 + 200], abs=0.3)
    link = {"kind": "bridge", "line": [degrees(200, 30), degrees(200, 100)]}
    got = walks(result, tmp_path, changes={"links": [link]})["metres"]
    #  the home in the middle keeps its place on the street to the south, or to the north, 50 m away
    assert got[:3] == pytest.approx([100, 10 + 50 + 100, 250], abs=0.3)
    assert got[3] in (pytest.approx(50 + 100, abs=0.3), pytest.approx(50, abs=0.3))


def test_a_home_without_any_street_may_use_a_link(tiny, tmp_path):
    #  the home is 200 m north of the ladder; a path passes it at 20 m. The limit of snapping is 150 m.
    result = toy(tiny, network_of(*LADDER), [(0, 100)], [(200, 300)])
    assert walks(result, tmp_path)["metres"] == [np.inf]
    link = {"line": [degrees(180, 100), degrees(180, 300), degrees(380, 300), degrees(380, 100)]}
    assert walks(result, tmp_path, changes={"links": [link]})["metres"] == pytest.approx([0 + 20 + 180 + 200], abs=0.3)


def test_an_entrance_without_any_street_may_use_a_link(tiny, tmp_path):
    result = toy(tiny, network_of(*LADDER), [(200, 300)], [(0, 100)])
    assert walks(result, tmp_path)["metres"] == [np.inf]
    link = {"line": [degrees(180, 100), degrees(180, 300), degrees(380, 300), degrees(380, 100)]}
    assert walks(result, tmp_path, changes={"links": [link]})["metres"] == pytest.approx([180 + 200 + 20], abs=0.3)


def test_links_begin_at_streets_or_not_at_all(tiny, tmp_path):
    result = toy(tiny, network_of(*LADDER), [(0, 100)], [(200, 0)])
    lines_ = {
        "good": [degrees(200, 40), degrees(200, 60)], "start": [degrees(200, 300), degrees(200, 110)], "end": [degrees(200, 0), degrees(200, -60)],
        "near": [degrees(100, 0.4), degrees(100, 100)],
    }
    got = page_scripts.run(
        "const w = lc.walking(); return Object.fromEntries(Object.entries(given).map(([key, line]) => [key, lc.linkEnds(w, line)]));",
        told(result), folder=tmp_path, given=lines_,
    )
    assert (got["good"]["from"]["leg_m"], got["good"]["to"]["leg_m"]) == pytest.approx((40, 40), abs=0.1)
    assert got["start"] == {"fault": "start"}
    assert got["end"] == {"fault": "end"}
    assert got["near"]["from"]["leg_m"] == 0


#  a street at y = 0 and a compound to its north with its own street at y = 60, joined by a gate at (0, 0)
GARDEN = outlined(shapely.box(-20, 20, 420, 100))
COURT = [[(0, 0), (400, 0)], [(0, 0), (0, 60), (400, 60)]]


def test_a_gate_opened_and_a_gate_closed(tiny, tmp_path):
    result = toy(tiny, network_of(*COURT, outlines=GARDEN), [(400, 0)], [(400, 60)])
    #  out by the only gate, at (0, 20), and back along the street
    assert walks(result, tmp_path)["metres"] == pytest.approx([400 + 60 + 400], abs=0.3)
    script = """
    const w = lc.walking(), link = lc.gateLink(w, ...given.at), n = lc.network(w, 0, { links: [link] }), near = lc.gateNear(w, ...given.gate);
    const shut = lc.network(w, 0, { gates: [near] }), walk = (net) => lc.walksTo(net, net.doors, { shortest: true }).metres;
    return { opened: walk(n), closed: walk(shut), both: walk(lc.network(w, 0, { links: [link], gates: [near] })), near,
             none: lc.gateNear(w, ...given.at), again: walk(lc.network(w, 0, {})) };
    """
    got = page_scripts.run(script, told(result), folder=tmp_path, given={"at": degrees(300, 20), "gate": degrees(10, 25)})
    assert got["opened"] == pytest.approx([100 + 60 + 100], abs=0.3)
    assert got["closed"] == [np.inf]
    assert got["both"] == pytest.approx([260], abs=0.3)
    assert got["again"] == pytest.approx([860], abs=0.3)
    assert (got["near"]["name"], got["near"]["lon"]) == ("C0", pytest.approx(degrees(0, 20)[0], abs=2e-6))
    assert got["none"] is None


def test_without_compounds_no_gate_opens(tiny, tmp_path):
    result = toy(tiny, network_of(*LADDER), [(0, 100)], [(200, 0)])
    assert page_scripts.run("return lc.gateLink(lc.walking(), ...given);", told(result), folder=tmp_path, given=degrees(0, 0)) == {"fault": "compounds"}


def test_a_route_is_as_long_as_its_walk_and_names_its_streets(tiny, tmp_path):
    table = lines(*LADDER).assign(name=["south", "east", "north", "west"])
    table.geometry = moved(table.geometry)
    result = toy(tiny, streets.from_lines(table), [(0, 110)], [(300, -20)])
    script = """
    const w = lc.walking(), n = lc.network(w, 0, {}), home = (k) => n.homes[k][0];
    const tree = lc.walkFrom(n, { edge: home("edge"), offset_m: home("offset_m"), leg_m: home("leg_m") }, { shortest: true });
    return { to: tree.to(n.doors, 0), route: tree.route(n.doors, 0) };
    """
    got = page_scripts.run(script, told(result), folder=tmp_path)
    assert got["to"]["metres"] == pytest.approx(430, abs=0.2)
    route = got["route"]
    assert [street["name"] for street in route["streets"]] == ["south", "west"]
    assert sum(street["length_m"] for street in route["streets"]) + sum(route["legs_m"]) == pytest.approx(route["metres"])
    corners = [degrees(300, 0), degrees(0, 0), degrees(0, 100)]
    assert np.abs(np.array(route["line"]) - np.array(corners)[:, ::-1]).max() < 2e-6


SEED = 7
KINDS = ("residential", "footway", "steps", "primary", "service")


def random_streets(rng):
    """A bent lattice of 14 by 14 corners, some 80 m apart, with a fifth of its ways missing, and two small pieces apart from it."""
    corner = np.stack(np.meshgrid(np.arange(14) * 80.0, np.arange(14) * 80.0, indexing="ij"), axis=2) + rng.uniform(-22, 22, (14, 14, 2))
    paths, highway = [], []
    for i in range(14):
        for j in range(14):
            for di, dj in ((1, 0), (0, 1)):
                if i + di < 14 and j + dj < 14 and rng.random() > 0.2:
                    a, b = corner[i, j], corner[i + di, j + dj]
                    paths.append([a, (a + b) / 2 + rng.normal(0, 6, 2), b])
                    highway.append(KINDS[3] if j == 6 and dj == 0 else rng.choice(KINDS[:3], p=[0.6, 0.3, 0.1]))
    for x in (-90.0, 1150.0):
        paths.append([(x, 300), (x + 10, 380)])
        highway.append("footway")
    return lines(*paths, highway=highway)


def random_inputs(seed=SEED):
    """Layers of a random town: compounds with and without gates given, water, rails, a park, slopes, crossings, homes of later years."""
    rng = np.random.default_rng(seed)
    table = random_streets(rng)
    table.geometry = moved(table.geometry)
    outlines = outlined(shapely.box(90, 90, 420, 330), shapely.box(600, 150, 800, 420), shapely.box(250, 700, 520, 980), shapely.box(520, 700, 700, 930))
    network = streets.from_lines(table, outlines=outlines)
    water = gpd.GeoDataFrame(
        {"kind": ["water", "railway"], "source_id": ["", ""]},
        geometry=moved([shapely.Point(500, 560).buffer(55), shapely.LineString([(-50, 660), (600, 640), (1100, 690)])]), crs=CRS,
    )
    barriers = pd.concat([water, walls(outlines)], ignore_index=True)
    size = len(network.length_m)
    slopes = {"tobler": (rng.uniform(0.9, 1.6, size), rng.uniform(0.9, 1.6, size))}
    kinds = rng.choice(["zebra", "signals", ""], len(network.nodes), p=[0.2, 0.1, 0.7])
    parks = tuple(moved([shapely.box(850, 700, 1050, 1000)]))
    ground = Ground(slopes, {int(n): k for n, k in zip(network.nodes, kinds, strict=True) if k}, parks)
    spots = rng.uniform(-120, 1150, (30, 2))
    homes = residence_table(*((f"R{n}", 100 + n, shapely.box(EAST + x, NORTH + y, EAST + x + 60, NORTH + y + 40)) for n, (x, y) in enumerate(spots)))
    homes["open_year"] = np.where(np.arange(30) % 5 == 4, 2030.0, np.nan)
    places = facility_table(*(
        (f"F{n}", ("school", "park")[n % 2], shapely.Point(EAST + x, NORTH + y)) for n, (x, y) in enumerate(rng.uniform(0, 1050, (24, 2)))
    ))
    return network, places, homes, barriers, ground


WALKERS = {
    "all": Walker(4.0),
    "slow": Walker(3.0, steps="slow", slope="tobler", crossings=True),
    "wheels": Walker(3.5, steps="excluded"),
    "night": Walker(4.0, night=True),
    "open": Walker(4.0, permeability="open"),
    "brisk": Walker(5.0),
}


@pytest.fixture(scope="module")
def random_town(tmp_path_factory):
    from conftest import TINY

    from livingcircle import standards

    file = tmp_path_factory.mktemp("standard") / "tiny.toml"
    file.write_text(TINY, encoding="utf-8")
    network, places, homes, barriers, ground = random_inputs()
    groups = tuple(Group(name, walker.speed_kmh, "people", walker) for name, walker in WALKERS.items())
    result = analyzed(
        standards.load(file), network, places, homes, layers={"barriers": barriers, "ground": ground}, groups=groups, year=2025, rule="time"
    )
    return result, ground


ALL_WALKS = """
const w = lc.walking(), out = [], some = (values) => values.filter((_, i) => i % given.every === 0);
given.rows.forEach((rows) => w.views.forEach((view, v) => {
  const n = lc.network(w, v, {}), doors = lc.somePlaces(n.doors, rows);
  [true, false].forEach((shortest) => { const walk = lc.walksTo(n, doors, { shortest }); out.push([walk.metres, walk.flat_m, walk.door].map(some)); });
}));
return { out, viewOf: w.viewOf, homes: [w.homes.x, w.homes.y], residence: w.homes.residence, open_year: w.residences.open_year,
         people: w.residences.people[0], row: w.residences.row };
"""


EVERY = 6


def test_walks_agree_with_the_analysis(random_town, tmp_path):
    result, ground = random_town
    rows = [of_category(result.entrances, result.facilities, c, result.facilities["open"].to_numpy()) for c in ("school", "park")]
    got = page_scripts.run(ALL_WALKS, told(result), folder=tmp_path, given={"rows": [r.tolist() for r in rows], "every": EVERY})
    assert got["viewOf"] == [0, 1, 2, 3, 4, 0]
    samples = result.walking.samples
    points = shapely.get_coordinates(samples.geometry)
    assert np.abs(np.array(got["homes"]).T - points).max() < 0.03
    homes = result.walking.residences
    assert homes["residence_id"].iloc[got["residence"]].tolist() == samples["residence_id"].tolist()
    assert got["people"] == homes["people"].tolist()
    assert got["row"] == [*range(24), *[-1] * 6]
    assert np.array_equal(got["open_year"], homes["open_year"], equal_nan=True)
    walked = iter(got["out"])
    settings, told_doors = result.settings, shapely.get_coordinates(result.entrances.geometry)
    for own in rows:
        for name in list(WALKERS)[:5]:
            met = as_walked(result.walking.network, WALKERS[name], ground)
            origins = snap(points[::EVERY], met, limit_m=150, barriers=obstacles(result.barriers))
            doors = door_positions(told_doors, met, result, settings, limit_m=150).iloc[own]
            for way in (SHORTEST, QUICKEST):
                metres, flat, door = map(np.array, next(walked))
                true = nearest(met, origins, doors, speed_kmh=4, way=way)
                judged, other = (metres, flat) if way.shortest else (flat, metres)
                column, beside = ("walk_m", "flat_m") if way.shortest else ("flat_m", "walk_m")
                assert np.array_equal(np.isfinite(judged), np.isfinite(true[column])), name
                reached = np.isfinite(judged)
                assert reached.mean() > 0.3
                assert np.abs(judged - true[column].to_numpy())[reached].max() < 0.5, (name, way)
                #  of two ways equally quick one may be longer: the other measure, and the door, agree nearly everywhere
                assert (np.abs(other - true[beside].to_numpy())[reached] < 0.5).mean() > 0.99
                assert (door == true["source"].to_numpy()).mean() > 0.99


SNAPPED = """
const w = lc.walking();
return given.views.map((viewNumber) => [false, true].map((door) => {
  const found = given.x.map((x, i) => lc.snap(w, x, given.y[i], { viewNumber, door }));
  return { leg: found.map((f) => f.leg_m), reason: found.map((f) => f.reason), at: found.map((f) => (f.edge < 0 ? [NaN, NaN] : lc.placeOnEdge(w, f.edge, f.offset_m))) };
}));
"""


def test_snapping_agrees_with_the_analysis(random_town, tmp_path):
    result, ground = random_town
    points = np.random.default_rng(3).uniform(-200, 1250, (1500, 2)) + (EAST, NORTH)
    given = {"views": [0, 2, 3], "x": points[:, 0].tolist(), "y": points[:, 1].tolist()}
    got = page_scripts.run(SNAPPED, told(result), folder=tmp_path, given=given)
    seen = set()
    for (home, door), name in zip(got, ("all", "wheels", "night"), strict=True):
        met = as_walked(result.walking.network, WALKERS[name], ground)
        plain = snap(points, met, limit_m=150, barriers=obstacles(result.barriers))
        for one, true in ((home, plain), (door, door_positions(points, met, result, result.settings, limit_m=150))):
            reasons, leg = true["reason"].astype(str).to_numpy(), true["leg_m"].to_numpy()
            same = np.array(one["reason"]) == reasons
            seen |= set(reasons)
            assert same.mean() > 0.995
            both = same & np.isfinite(leg)
            #  where a street passes a wall within a decimetre, that wall may or may not be met
            assert (np.abs(np.array(one["leg"])[both] - leg[both]) < 0.3).mean() > 0.998
            far = np.hypot(*(np.array(one["at"]) - coordinates_of(true, met)).T)
            assert (far[both] < 0.5).mean() > 0.995
    assert seen == {"nearest", "isolated_piece_skipped", "barrier_avoided", "no_street_within_limit", "behind_barrier", "inside_barrier"}


LINKS = [[(150, 140), (880, 500)], [(300, 230), (300, 420)], [(160, 900), (600, 720), (1000, 430)], [(560, 560), (480, 600)]]
FEW = [5, 13]


def with_links(network, ends):
    """The network with straight links between street positions, cut and put together with shapely; and each edge's parts."""
    table = network.streets.drop(columns=["from_node", "to_node"])
    cuts = {}
    node = network.nodes.max() + 1
    new = []
    for line, sides in ends:
        own = []
        for edge, offset in sides:
            if offset < 0.01 or offset > network.length_m[edge] - 0.01:
                own.append(network.nodes[(network.start if offset < 0.01 else network.end)[edge]])
                continue
            cuts.setdefault(edge, []).append((offset, node))
            own.append(node)
            node += 1
        new.append((own, line))
    rows, parts = [], []
    for edge, line in enumerate(table.geometry):
        stops = [(0.0, network.nodes[network.start[edge]]), *sorted(cuts.get(edge, [])), (network.length_m[edge], network.nodes[network.end[edge]])]
        for (low, a), (high, b) in zip(stops[:-1], stops[1:], strict=True):
            parts.append((edge, low, high))
            rows.append({**table.iloc[edge].to_dict(), "from_node": a, "to_node": b, "geometry": substring(line, low, high)})
    for (a, b), line in new:
        rows.append({**table.iloc[0].to_dict(), "compound": -1, "from_node": a, "to_node": b, "geometry": line})
        parts.append((-1, 0, 0))
    grown = streets.from_edges(gpd.GeoDataFrame(rows, crs=network.crs))
    return grown, pd.DataFrame(parts, columns=["edge", "low", "high"])


def on_parts(positions, parts):
    """Street positions on the parts that links cut edges into."""
    out = positions.copy()
    for row, (edge, offset) in enumerate(zip(positions["edge"], positions["offset_m"], strict=True)):
        if edge >= 0:
            own = parts[(parts["edge"] == edge) & (parts["low"] <= offset) & (parts["high"] >= offset - 1e-9)].iloc[0]
            out.loc[row, ["edge", "offset_m"]] = own.name, offset - own["low"]
    return out.astype({"edge": int})


@pytest.mark.parametrize("permeability", ["visit", "open"])
def test_walks_over_links_agree_with_a_network_cut_by_hand(random_town, tmp_path, permeability):
    result, _ = random_town
    view = {"visit": 0, "open": 4}[permeability]
    network, met = result.walking.network, result.walking.views[view]
    ends = []
    for path in LINKS:
        path = np.array(path, dtype=float) + (EAST, NORTH)
        joined = snap(path[[0, -1]], network, limit_m=50, isolated_m=0)
        feet = coordinates_of(joined, network)
        ends.append((shapely.LineString([feet[0], *path, feet[1]]), list(zip(joined["edge"], joined["offset_m"], strict=True))))
    grown, parts = with_links(network, ends)
    rows = np.arange(0, len(met.origins), 31)
    true = nearest(
        grown.with_permeability(permeability), on_parts(met.origins.iloc[rows].reset_index(drop=True), parts),
        on_parts(met.doors.iloc[FEW].reset_index(drop=True), parts), speed_kmh=4, way=SHORTEST,
    )["walk_m"].to_numpy()
    given = {"view": view, "doors": FEW, "changes": {"links": [{"line": [degrees(*point) for point in path]} for path in LINKS]}}
    got = np.array(walks(result, tmp_path, **given)["metres"])[rows]
    before = np.array(walks(result, tmp_path, view=view, doors=FEW)["metres"])[rows]
    on = np.isfinite(true)
    assert np.abs(got - true)[on].max() < 1
    assert (got <= before + 1e-9).all()
    assert (got < before - 5).any()


ROUTES = """
const w = lc.walking(), length = ({ streets }) => streets.reduce((sum, street) => sum + street.length_m, 0);
return w.views.map((_, v) => {
  const n = lc.network(w, v, given.changes), rows = given.homes.filter((row) => n.homes.edge[row] >= 0);
  return rows.map((row) => {
    const home = { edge: n.homes.edge[row], offset_m: n.homes.offset_m[row], leg_m: n.homes.leg_m[row] }, shortest = v % 2 === 0;
    const tree = lc.walkFrom(n, home, { shortest }), nearest = lc.walksTo(n, n.doors, { shortest }), door = nearest.door[row];
    const every = Array.from({ length: n.doors.length }, (_, d) => tree.to(n.doors, d));
    const cost = (walk) => (walk === Infinity ? walk : shortest ? walk.metres : walk.flat_m);
    const route = door < 0 ? null : tree.route(n.doors, door);
    return { least: Math.min(...every.map(cost)), nearest: shortest ? nearest.metres[row] : nearest.flat_m[row], metres: nearest.metres[row],
             route: route && { metres: route.metres, streets: length(route), sum: length(route) + route.legs_m[0] + route.legs_m[1],
                               line: route.line.map(([lat, lon]) => w.plane.toMetres(lon, lat)) } };
  });
});
"""


def test_the_walk_of_one_walker_is_the_nearest_of_all_and_its_route_as_long(random_town, tmp_path):
    result, _ = random_town
    links = [{"line": [degrees(*point) for point in path]} for path in LINKS]
    given = {"homes": list(range(0, len(result.walking.samples), 1500)), "changes": {"links": links}}
    got = page_scripts.run(ROUTES, told(result), folder=tmp_path, given=given)
    routes = 0
    for one in (walk for view in got for walk in view):
        assert one["least"] == pytest.approx(one["nearest"])
        if one["route"]:
            routes += 1
            assert one["route"]["sum"] == pytest.approx(one["route"]["metres"], abs=1e-6)
            assert one["route"]["metres"] == pytest.approx(one["metres"], abs=1e-6)
            line = np.array(one["route"]["line"])
            drawn = np.hypot(*np.diff(line, axis=0).T).sum()
            assert drawn == pytest.approx(one["route"]["streets"], abs=0.5)
    assert routes > 30


@pytest.fixture(scope="module")
def shipped():
    """What the page of the study that is shipped is made of, as far as walks go."""
    study, base = schema.load(ROOT / "data" / "beilun")
    standard, systems = judging.standards_of(study, base=base)
    settings = reading.settings_of(study, systems=systems, year=None, language=None)
    inputs = reading.read_inputs(study, base, standard=standard, findings=reading.Findings(), progress=lambda *_: None)
    people = in_year(inputs.residences, year=settings.year)
    samples = sample(people, inputs.units)
    walked = walking(inputs, people, samples, views(inputs, samples, settings), settings)
    facilities = inputs.facilities.assign(open=is_open(inputs.facilities, year=settings.year))
    return SimpleNamespace(
        walking=walked, residences=people, facilities=facilities, entrances=inputs.entrances, barriers=inputs.barriers, settings=settings
    )


EVERY_CATEGORY = """
const w = lc.walking(), n = lc.network(w, 0, {}), every = lc.walksTo(n, n.doors, { shortest: true });
const some = lc.somePlaces(n.homes, given.homes), to = (rows) => lc.walksTo(n, lc.somePlaces(n.doors, rows), { shortest: true, homes: some }).metres;
return { every: every.metres, categories: given.categories.map(to) };
"""


def test_every_category_of_the_shipped_study_agrees(shipped, tmp_path):
    met = shipped.walking.views[0]
    network = shipped.walking.network.with_permeability(met.permeability)
    names = sorted({name for names in shipped.facilities["categories"] for name in names})
    rows = [of_category(shipped.entrances, shipped.facilities, name, shipped.facilities["open"].to_numpy()) for name in names]
    homes = np.arange(0, len(met.origins), 7)
    given = {"homes": homes.tolist(), "categories": [own.tolist() for own in rows]}
    content = told(shipped)
    assert len(json.dumps(content, ensure_ascii=False).encode()) < 200_000
    got = page_scripts.run(EVERY_CATEGORY, content, folder=tmp_path, given=given)
    assert len(homes) > 14_000
    for own, walked in [(np.arange(len(met.doors)), np.array(got["every"])[homes]), *zip(rows, map(np.array, got["categories"]), strict=True)]:
        true = nearest(network, met.origins.iloc[homes], met.doors.iloc[own], speed_kmh=4, way=SHORTEST)["walk_m"].to_numpy()
        reached = np.isfinite(true)
        assert np.array_equal(np.isfinite(walked), reached)
        assert np.abs(walked - true)[reached].max(initial=0) < 0.5
