"""The benchmark at a tiny size: all engines give the same answers. What it takes is not asked here."""

import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import shapely

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def parts():
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import benchmark_parts

        yield benchmark_parts
    finally:
        sys.path.remove(str(ROOT / "scripts"))


def test_all_answers_agree(parts):
    from benchmark_parts import polygons, rows

    sizes = rows.Sizes((100, 225, 400), 225, 100, 100, 1, 2, 20, 4, 60, polygons.Sample(4, 2, 300, 1))
    network = rows.city(400)
    figures = rows.nearest_rows(network, sizes) + rows.catchment_rows(rows.city(225), network, sizes)
    figures += rows.networkx_row(network, sizes) + rows.growth_row([rows.city(n) for n in sizes.cities], sizes)
    figures += polygons.rows(rows.city(225), sizes.polygons, name="toy", rounds=1)
    told = {figure.target: figure.agrees for figure in figures}
    assert {name for name, agrees in told.items() if agrees is not None} >= {"scipy", "homes", "ego", "pairs", "networkx", "agreement"}
    assert not [name for name, agrees in told.items() if agrees is False]
    assert [f.value for f in figures if f.target == "agreement"] >= [99.0]
    text = parts.table(figures)
    assert text.count("\n| ") == len(figures) + 1
    assert "answers differ" not in text


def test_a_generated_city_is_made_again_the_same(parts):
    from benchmark_parts.city import city

    one, again = city(900), city(900)
    assert shapely.equals(one.streets.geometry.to_numpy(), again.streets.geometry.to_numpy()).all()
    assert one.length_m == pytest.approx(one.streets.geometry.length.to_numpy())
    assert 2 * len(one.length_m) / len(one.nodes) == pytest.approx(3.4, abs=0.15)
    assert sorted(np.unique(np.concatenate([one.start, one.end])).tolist()) == list(range(len(one.nodes)))


def test_different_answers_are_told(parts):
    from benchmark_parts.peers import agree
    from benchmark_parts.table import Figure, verdict

    ours = np.array([1.0, np.inf, 99.9999999])
    assert agree(ours, ours)
    assert agree(ours, np.array([1.0, np.inf, np.inf]), limit=100)
    assert not agree(ours, np.array([1.1, np.inf, 99.9999999]), limit=100)
    assert not agree(ours, np.array([1.0, 50.0, 99.9999999]), limit=100)
    assert verdict(Figure("scipy", 1.0, "", False)) == "fail: answers differ"
    assert [verdict(Figure("scipy", value, "")) for value in (1.3, 1.31)] == ["pass", "fail"]
    assert [verdict(Figure("networkx", value, "")) for value in (25, 24.9)] == ["pass", "fail"]


def test_reached_metres_are_those_of_streets_cut_one_by_one(parts):
    from benchmark_parts.city import city, places
    from benchmark_parts.peers import metres_within, simple
    from benchmark_parts.reach import incident, reached_metres
    from livingcircle.isochrone import reached_streets
    from livingcircle.search import Doors, within

    network = city(100)
    doors = places(network, 15, seed=1)
    edge, offset, leg = (doors[c].to_numpy() for c in ("edge", "offset_m", "leg_m"))
    for limit in (20.0, 150.0, 400.0):
        states, metres, _ = network.entering(edge, offset)
        found = within(network.arcs_back, Doors(states, metres + leg[:, None]), limit=limit)
        got = reached_metres(network, (edge, offset, leg), found, limit, ends=incident(network))
        cut = [reached_streets(network, doors.iloc[[row]], limit_m=limit).geometry.length.sum() for row in range(15)]
        assert got == pytest.approx(cut)
    graph = simple(network)
    assert isinstance(graph, nx.Graph)
    assert metres_within(graph, 0, 100.0)[0] == 0


def test_what_is_read_again_is_what_was_built(parts, tmp_path):
    from benchmark_parts import reading
    from test_sources_osm import EXTRACT

    file = tmp_path / "town.osm"
    file.write_text(EXTRACT, encoding="utf-8")
    figures = reading.rows(file, crs="EPSG:4550", rounds=1)
    assert [figure.target for figure in figures] == ["reading", "reading_mb", "reading_again", "reading_again_mb"]
    assert [figure.agrees for figure in figures] == [True, None, True, None]
    assert all(figure.value > 0 for figure in figures)


def test_every_state_of_a_study_is_timed_in_its_turn(parts, tmp_path):
    import toy_study
    from benchmark_parts.scenarios import State, measured, scenario_table

    folder = toy_study.write(tmp_path / "toy")
    study = folder / "study.toml"
    study.write_text(study.read_text("utf-8") + '\n[scenarios.fast]\n[scenarios.fast.walking.speeds]\nall = 5.0\n', encoding="utf-8")
    states = measured(folder)
    assert [state.name for state in states] == ["as it is", "fast"]
    assert all(state.seconds > 0 and state.cpu > 0 for state in states)
    lines = scenario_table([State("as it is", 20.0, 25.0), State("fast", 3.0, 3.5), State("2030", 3.01, 4.0)]).splitlines()[2:]
    assert lines == ["| as it is | 20.0 | 25.0 |  |", "| fast | 3.0 | 3.5 | 3: pass |", "| 2030 | 3.0 | 4.0 | 3: over |"]


def test_rates_keep_the_promise_or_fail(parts):
    from benchmark_parts.shift import Rate, shift_table

    kept = Rate("toy", "homes", 60, "50", 100, 0.0, (0.95, 1.0))
    assert kept.passes
    assert not kept._replace(alarms=0.01).passes
    assert not kept._replace(found=(0.94, 1.0)).passes
    assert "| toy | homes | 60 | 50 | 100 | 0.0 | 95.0 | 100.0 | pass |" in shift_table([kept])
