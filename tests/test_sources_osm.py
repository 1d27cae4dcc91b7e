"""OSM extracts: ways with their nodes, places as points and areas, gates, clipped and broken files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import osmium
import pyrosm
import pytest
import shapely

from livingcircle import network as streets
from livingcircle.errors import DataError
from livingcircle.network.compounds import gate_tags
from livingcircle.sources import osm

HELSINKI = Path(pyrosm.__file__).parent / "data" / "Helsinki.osm.pbf"

EXTRACT = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="by hand">
 <node id="1" lat="29.9000" lon="121.8000" version="1"/>
 <node id="2" lat="29.9000" lon="121.8010" version="1"/>
 <node id="3" lat="29.9010" lon="121.8010" version="1"/>
 <node id="4" lat="29.9010" lon="121.8000" version="1"/>
 <node id="5" lat="29.9000" lon="121.8005" version="1"><tag k="barrier" v="gate"/></node>
 <node id="6" lat="29.9020" lon="121.8020" version="1"><tag k="amenity" v="kindergarten"/><tag k="name" v="蓝天幼儿园"/></node>
 <node id="7" lat="29.9030" lon="121.8020" version="1"><tag k="barrier" v="bollard"/></node>
 <way id="10" version="1"><nd ref="1"/><nd ref="5"/><nd ref="2"/><tag k="highway" v="residential"/></way>
 <way id="11" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="amenity" v="school"/></way>
 <way id="12" version="1"><nd ref="2"/><nd ref="3"/><nd ref="99"/><nd ref="98"/><nd ref="4"/><nd ref="1"/><tag k="highway" v="footway"/></way>
 <way id="13" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/></way>
 <relation id="20" version="1"><member type="way" ref="13" role="outer"/><tag k="type" v="multipolygon"/><tag k="leisure" v="park"/></relation>
 <relation id="21" version="1"><member type="way" ref="13" role="outer"/><tag k="type" v="multipolygon"/><tag k="highway" v="pedestrian"/></relation>
</osm>
"""


@pytest.fixture
def extract(tmp_path):
    file = tmp_path / "town.osm"
    file.write_text(EXTRACT, encoding="utf-8")
    return file


def test_ways_keep_tags_nodes_and_the_parts_inside_a_clipped_extract(extract):
    got = osm.read_ways(extract)
    assert got.crs == "EPSG:4326"
    assert [ids.tolist() for ids in got["node_ids"]] == [[1, 5, 2], [2, 3], [4, 1], [1, 2, 3, 4, 1]]
    assert got["source_id"].tolist() == ["way/10", "way/12", "way/12", "relation/21"]
    assert got["ring"].tolist() == [-1, -1, -1, 0]


def test_a_clipped_multipolygon_keeps_its_outline(tmp_path):
    cut = EXTRACT.replace('<nd ref="4"/><nd ref="1"/></way>\n <relation id="20"', '<nd ref="97"/><nd ref="1"/></way>\n <relation id="20"')
    assert cut != EXTRACT
    file = tmp_path / "cut.osm"
    file.write_text(cut, encoding="utf-8")
    got = osm.read_ways(file)
    outline = got[got["source_id"] == "relation/21"]
    assert [ids.tolist() for ids in outline["node_ids"]] == [[1, 2, 3]]
    assert outline["ring"].tolist() == [-1]


def test_a_pedestrian_multipolygon_is_crossed(extract):
    network = streets.from_ways(osm.read_ways(extract).to_crs("EPSG:4550"))
    links = network.streets[network.streets["source_id"] == "relation/21"]
    #  nodes 1 and 3 see each other across the square
    assert {1, 3} in [set(pair) for pair in links[["from_node", "to_node"]].to_numpy().tolist()]


def test_places_come_as_nodes_ways_and_relations(extract):
    got = osm.read_places(extract, keys=("amenity", "leisure")).set_index("source_id")
    assert got.geom_type.to_dict() == {"node/6": "Point", "way/11": "MultiPolygon", "relation/20": "MultiPolygon"}
    assert got.loc["node/6", "tags"]["name"] == "蓝天幼儿园"


def test_gates_are_passages_only(extract):
    assert osm.read_gates(extract, kinds=gate_tags())["source_id"].tolist() == ["node/5"]


def test_gates_are_what_the_kinds_say(extract):
    assert osm.read_gates(extract, kinds={"barrier": ["bollard"]})["source_id"].tolist() == ["node/7"]
    assert osm.read_gates(extract, kinds={"barrier": True})["source_id"].tolist() == ["node/5", "node/7"]
    assert osm.read_gates(extract, kinds={"entrance": True}).empty


def test_gz_reads_the_same(extract, tmp_path):
    packed = tmp_path / "town.osm.gz"
    packed.write_bytes(gzip.compress(extract.read_bytes()))
    assert osm.read_ways(packed)["source_id"].tolist() == osm.read_ways(extract)["source_id"].tolist()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_told(extract, share):
    data = extract.read_bytes()
    extract.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DataError, match="town.osm.*cannot be read"):
        osm.read_ways(extract)


def test_entities_are_refused(extract):
    bomb = EXTRACT.replace("<osm ", '<!DOCTYPE osm [<!ENTITY a "aaaa">]>\n<osm ').replace("蓝天", "&a;")
    extract.write_text(bomb, encoding="utf-8")
    with pytest.raises(DataError):
        osm.read_places(extract, keys=("amenity",))


def test_no_street_is_told(tmp_path):
    file = tmp_path / "empty.osm"
    file.write_text('<osm version="0.6"></osm>', encoding="utf-8")
    with pytest.raises(DataError, match="no way tagged highway"):
        osm.read_ways(file)


def test_missing_and_foreign_files_are_told(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        osm.read_ways(tmp_path / "none.osm.pbf")
    (tmp_path / "map.png").write_bytes(b"x")
    with pytest.raises(DataError, match="not an OSM extract"):
        osm.read_ways(tmp_path / "map.png")


def test_central_helsinki():
    ways = osm.read_ways(HELSINKI)
    assert osm.bounds(HELSINKI) == pytest.approx((24.935, 60.164, 24.953, 60.179), abs=1e-3)
    network = streets.from_ways(ways.to_crs("EPSG:32635"))
    assert len(network.components) > 1
    assert network.components["length_m"].sum() == pytest.approx(network.street_m.sum())
    assert network.components["length_m"][0] > 0.9 * network.street_m.sum()
    assert set(network.dropped["rule"]) >= {"foot_forbidden", "forbidden"}
    assert (network.compound >= 0).any()


class Plain(osmium.SimpleHandler):
    """Ways with one of some tags, read node by node in plain Python."""

    def __init__(self, kinds):
        super().__init__()
        self.kinds, self.rows = kinds, []

    def way(self, way):
        if not any(way.tags.get(key) is not None and (values is True or way.tags[key] in values) for key, values in self.kinds.items()):
            return
        run = []
        for node in [*way.nodes, None]:
            if node is not None and node.location.valid():
                run.append((node.ref, node.location.lon, node.location.lat))
                continue
            if len(run) > 1:
                self.rows.append((f"way/{way.id}", dict(way.tags), run))
            run = []


def plain(path, kinds):
    handler = Plain(kinds)
    handler.apply_file(str(path), locations=True)
    return handler.rows


def assert_lines_are(got, rows):
    assert got["source_id"].tolist() == [source for source, _, _ in rows]
    assert got["tags"].tolist() == [tags for _, tags, _ in rows]
    points, line = shapely.get_coordinates(got.geometry.to_numpy(), return_index=True)
    assert np.bincount(line).tolist() == [len(run) for _, _, run in rows]
    assert points.tolist() == [[lon, lat] for _, _, run in rows for _, lon, lat in run]


def assert_ways_are(got, rows):
    ways = got[got["source_id"].str.startswith("way/")]
    assert_lines_are(ways, rows)
    assert {ids.dtype for ids in got["node_ids"]} == {np.dtype(np.int64)}
    assert [ids.tolist() for ids in ways["node_ids"]] == [[ref for ref, _, _ in run] for _, _, run in rows]


#  one way of one node, one without any, and one with nodes beyond both ends and a key that stands twice
ODD_WAYS = """
 <way id="14" version="1"><nd ref="3"/><tag k="highway" v="service"/></way>
 <way id="15" version="1"><tag k="highway" v="service"/></way>
 <way id="16" version="1"><nd ref="97"/><nd ref="4"/><nd ref="3"/><nd ref="96"/><tag k="highway" v="track"/><tag k="note" v="a"/><tag k="note" v="b"/></way>
"""
ODD = EXTRACT.replace('<relation id="20"', ODD_WAYS + '<relation id="20"', 1)


def test_ways_are_those_read_node_by_node(extract, tmp_path):
    odd = tmp_path / "odd.osm"
    odd.write_text(ODD, encoding="utf-8")
    for path in (extract, odd, HELSINKI):
        assert_ways_are(osm.read_ways(path), plain(path, {"highway": True}))
    track = osm.read_ways(odd).set_index("source_id").loc["way/16"]
    assert track["node_ids"].tolist() == [4, 3]
    assert track["tags"]["note"] == "b"


@pytest.mark.parametrize(
    "name",
    [
        "beijing_tsinghua_osm/beijing_tsinghua.osm", "shenzhen_longgang_osm/shenzhen_longgang.osm",
        "porto_alegre_r5r/poa_osm.pbf", "porto_metro_r5/porto_portugal.osm.pbf",
    ],
)
def test_ways_of_real_extracts_are_those_read_node_by_node(name, extracts):
    assert_ways_are(osm.read_ways(extracts / name), plain(extracts / name, {"highway": True}))


def test_lines_and_places_of_some_values_only(extract):
    kinds = {"highway": ["footway"], "amenity": True}
    assert osm.read_lines(extract, keys=kinds)["source_id"].tolist() == ["way/11", "way/12", "way/12"]
    for told in (kinds, {"highway": ["motorway"]}, {"highway": True, "railway": ["rail"]}):
        assert_lines_are(osm.read_lines(HELSINKI, keys=told), plain(HELSINKI, told))
    whole = osm.read_places(HELSINKI, keys=("building", "amenity"))
    some = osm.read_places(HELSINKI, keys={"building": ["school"], "amenity": ["school", "cafe"]})
    kept = np.array([t.get("building") == "school" or t.get("amenity") in ("school", "cafe") for t in whole["tags"]])
    assert 0 < len(some) < len(whole)
    assert some["source_id"].tolist() == whole["source_id"][kept].tolist()
    assert shapely.to_wkb(some.geometry.to_numpy()).tolist() == shapely.to_wkb(whole.geometry.to_numpy()[kept]).tolist()


def test_gates_are_the_nodes_among_the_places():
    kinds = gate_tags()
    places = osm.read_places(HELSINKI, keys=tuple(kinds))
    kept = [
        source.startswith("node/") and any(key in tags and (values is True or tags[key] in values) for key, values in kinds.items())
        for source, tags in zip(places["source_id"], places["tags"], strict=True)
    ]
    gates = osm.read_gates(HELSINKI, kinds=kinds)
    assert len(gates) > 5
    assert gates["source_id"].tolist() == places["source_id"][kept].tolist()
    assert gates["tags"].tolist() == places["tags"][kept].tolist()
    assert shapely.equals_identical(gates.geometry.to_numpy(), places.geometry.to_numpy()[kept]).all()


def assert_layers_are(path, asked):
    got = osm.read_layers(path, asked)
    assert list(got) == list(asked)
    readers = {osm.PLACES: osm.read_places, osm.LINES: osm.read_lines}
    for name, (what, keys) in asked.items():
        alone = osm.read_gates(path, kinds=keys) if what == osm.GATES else readers[what](path, keys=keys)
        assert got[name]["source_id"].tolist() == alone["source_id"].tolist()
        assert got[name]["tags"].tolist() == alone["tags"].tolist()
        assert shapely.equals_identical(got[name].geometry.to_numpy(), alone.geometry.to_numpy()).all()
        assert got[name].attrs == alone.attrs
        assert got[name].crs == "EPSG:4326"
    return got


SEVERAL = {
    "outlines": osm.Asked(osm.PLACES, ("landuse",)),
    "facilities": osm.Asked(osm.PLACES, ("amenity", "leisure", "shop")),
    "water": osm.Asked(osm.PLACES, {"natural": ["water"], "waterway": ["dock"]}),
    "walls": osm.Asked(osm.LINES, {"barrier": ["wall"], "highway": ["motorway"], "railway": True}),
    "gates": osm.Asked(osm.GATES, gate_tags()),
    "crossings": osm.Asked(osm.GATES, {"highway": True}),
}


def test_several_layers_in_one_pass_are_those_read_alone(extract):
    assert osm.read_layers(extract, {}) == {}
    got = assert_layers_are(extract, SEVERAL)
    assert {name: len(layer) for name, layer in got.items()} == {
        "outlines": 0, "facilities": 3, "water": 0, "walls": 0, "gates": 1, "crossings": 0,
    }
    got = assert_layers_are(HELSINKI, SEVERAL)
    assert all(len(got[name]) for name in ("outlines", "facilities", "walls", "gates", "crossings"))
    extract.write_bytes(extract.read_bytes()[:900])
    with pytest.raises(DataError, match="town.osm.*cannot be read"):
        osm.read_layers(extract, SEVERAL)


@pytest.mark.parametrize("name", ["beijing_tsinghua_osm/beijing_tsinghua.osm", "porto_metro_r5/porto_portugal.osm.pbf"])
def test_several_layers_of_real_extracts_are_those_read_alone(name, extracts):
    assert_layers_are(extracts / name, SEVERAL)
