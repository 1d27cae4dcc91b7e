"""Downloads from Overpass: tiles, whole answers, servers that fail in every known way, downloads that broke off, place names."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import filelock
import osmium
import pytest
import shapely
from overpass_server import BASE, NODES, RELATIONS, WAYS, Nominatim, Server, document, place

from livingcircle import network
from livingcircle.errors import DataError
from livingcircle.network.compounds import gate_tags
from livingcircle.sources import osm, overpass
from livingcircle.sources.overpass import answers, manners, queries, servers
from livingcircle.sources.overpass.tiles import digest

KEYS = ("amenity", "barrier", "entrance", "leisure")
ONE = shapely.box(121.700, 29.900, 121.750, 29.930)
# Two tiles: the long street and the school lie across their border.
TWO = shapely.box(121.700, 29.900, 121.800, 29.930)
ROUNDS = manners.rules()["asking"]["rounds"]


@pytest.fixture(autouse=True)
def straight(monkeypatch):
    """No proxy stands between the tests and the toy server."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now_s, self.slept, self.told = 0.0, [], []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds

    def watch(self) -> overpass.Watch:
        return overpass.Watch(now=lambda: self.now_s, sleep=self.sleep, told=lambda *numbers: self.told.append(numbers))


def get(area, folder, *asked, clock=None, **settings):
    watch = (clock or Clock()).watch()
    return overpass.download(area, keys=KEYS, folder=folder, servers=[one.url for one in asked], watch=watch, **settings)


def fails(area, folder, *asked, **settings) -> str:
    with pytest.raises(DataError) as caught:
        get(area, folder, *asked, **settings)
    assert all(fault.problem for fault in caught.value.faults)
    return str(caught.value)


def left(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# --- tiles and questions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "area",
    [ONE, TWO, shapely.Point(121.8, 29.9).buffer(0.15), shapely.box(-70.1, -33.6, -69.9, -33.3), shapely.box(9, -0.1, 9.1, 0.1)],
    ids=["one", "two", "round", "southern", "equator"],
)
def test_boxes_cover_the_area_and_none_is_larger_than_told(area):
    before = area.wkb
    boxes = queries.boxes(area)
    assert shapely.union_all([shapely.box(*box) for box in boxes]).buffer(1e-9).covers(area)
    earth = queries.pyproj.Geod(ellps="WGS84")
    for west, south, east, north in boxes:
        widest = 0 if south < 0 < north else min(south, north, key=abs)
        assert earth.line_length([west, east], [widest, widest]) <= manners.rules()["tiles"]["side_m"] + 30
        assert earth.line_length([west, west], [south, north]) <= manners.rules()["tiles"]["side_m"] + 30
    assert area.wkb == before


def test_no_box_lies_where_none_of_the_area_does():
    corner = shapely.Polygon([(121.7, 29.9), (121.9, 29.9), (121.9, 29.91), (121.71, 29.91), (121.71, 30.1), (121.7, 30.1)])
    boxes = [shapely.box(*box) for box in queries.boxes(corner)]
    assert len(boxes) < len(queries.boxes(shapely.box(*corner.bounds)))
    # Each is cut back to the arm of the area within it, which is no wider than 0.01 degrees.
    assert sum(min(box.bounds[2] - box.bounds[0], box.bounds[3] - box.bounds[1]) < 0.0101 for box in boxes) == len(boxes) - 1


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (shapely.Point(121.7, 29.9), "is no polygon"),
        (shapely.Polygon(), "is no polygon"),
        ("北", "is no polygon"),
        (shapely.box(380_000, 3_310_000, 390_000, 3_320_000), "not in degrees of WGS-84"),
        (shapely.Polygon([(121, 29), (121.1, 29.1), (121.1, 29), (121, 29.1)]), "no valid polygon"),
        (shapely.box(110, 20, 120, 30), "tiles; at most 400"),
    ],
    ids=["point", "blank", "text", "metres", "bow tie", "province"],
)
def test_areas_that_cannot_be_asked_for(tmp_path, area, words):
    with pytest.raises(DataError, match=words):
        overpass.download(area, keys=KEYS, folder=tmp_path / "raw", servers=["http://127.0.0.1:9/"])
    assert not (tmp_path / "raw").exists()


def test_a_question_asks_for_streets_places_and_areas_and_is_the_same_each_time():
    text = queries.query((121.7, 29.9, 121.75, 29.93), ["shop", "amenity", "shop"])
    assert text == queries.query((121.7, 29.9, 121.75, 29.93), ["amenity", "shop"])
    for key in ("highway", "amenity", "shop"):
        assert text.count(f'node["{key}"];') == text.count(f'way["{key}"];') == text.count(f'relation["{key}"]["type"~') == 1
    assert "[out:xml]" in text and "(._;>;);" in text


def test_neighboring_questions_leave_no_gap():
    frames = [queries.query(box, []).split("[bbox:")[1].split("]")[0].split(",") for box in queries.boxes(TWO)]
    (_, _, _, east), (_, west, _, _) = frames
    assert float(west) <= float(east)
    box = (121.70000004, 29.90000006, 121.74999996, 29.92999994)
    south, west, north, east = (float(n) for n in queries.query(box, []).split("[bbox:")[1].split("]")[0].split(","))
    assert (west, south, east, north) == (121.7, 29.9, 121.75, 29.93)


@pytest.mark.parametrize("addresses", [[], ["overpass"], ["file:///etc/passwd"], ["https://"]])
def test_addresses_that_are_none(tmp_path, addresses):
    with pytest.raises(DataError, match="no server is named|is no address"):
        overpass.download(ONE, keys=KEYS, folder=tmp_path, servers=addresses)


def test_shipped_addresses_are_secure_and_tell_their_source():
    told = manners.rules()
    assert all(one["url"].startswith("https://") and one["evidence"] in "●◐○" and one["source"] for one in told["servers"])
    assert told["nominatim"]["url"].startswith("https://")
    assert "livingcircle/" in servers.agent()


# --- a download that goes well ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["good", "zipped", "hint", "here"])
def test_the_extract_is_read_as_any_other(tmp_path, word):
    with Server(word) as server:
        extract, record = get(ONE, tmp_path / "raw", server)
    assert left(tmp_path / "raw") == {extract.name, record.name}
    ways = osm.read_ways(extract)
    assert ways["source_id"].tolist() == ["way/1", "way/2"]
    assert ways["node_ids"].iloc[0].tolist() == [11, 12, 13, 14]
    places = osm.read_places(extract, keys=("amenity", "leisure")).set_index("source_id")
    assert places.geom_type.to_dict() == {"way/3": "MultiPolygon", "relation/1": "MultiPolygon"}
    assert osm.read_gates(extract, kinds=gate_tags())["source_id"].tolist() == ["node/22"]
    assert osm.bounds(extract) == pytest.approx(ONE.bounds)
    assert len(network.from_ways(ways.to_crs("EPSG:4550")).streets)
    assert server.agents[0] == servers.agent()


def test_several_tiles_become_one_extract_with_everything_once(tmp_path):
    clock = Clock()
    with Server() as server:
        extract, _ = get(TWO, tmp_path, server, clock=clock)
    assert len(server.queries) == 2
    assert clock.told == [(0, 2), (1, 2), (2, 2)]
    found = [(item.type_str(), item.id) for item in osmium.FileProcessor(str(extract))]
    assert found == [*(("n", n) for n in sorted(NODES)), *(("w", w) for w in sorted(WAYS)), *(("r", r) for r in RELATIONS)]
    school = osm.read_places(extract, keys=["amenity"]).set_index("source_id").geometry["way/3"]
    assert school.bounds == pytest.approx((121.749, 29.915, 121.752, 29.916))


def test_the_record_tells_where_everything_came_from(tmp_path):
    with Server() as server:
        extract, record = get(TWO, tmp_path, server)
    told = json.loads(record.read_text(encoding="utf-8"))
    assert told["file"] == {
        "name": extract.name, "sha256": digest(extract),
        "counts": {"nodes": len(NODES), "ways": len(WAYS), "relations": len(RELATIONS), "streets": 2},
    }
    assert told["osm_base"] == {"oldest": BASE, "newest": BASE}
    assert told["servers"] == {server.url: 2}
    assert [tile["query"] for tile in told["tiles"]] == server.queries
    assert {tile["server"] for tile in told["tiles"]} == {server.url}
    assert all(tile["osm_base"] == BASE and len(tile["sha256"]) == 64 for tile in told["tiles"])
    assert told["keys"] == sorted(KEYS)
    assert shapely.from_geojson(json.dumps(told["area"])).equals(TWO)
    assert datetime.now(UTC) - datetime.fromisoformat(told["written"]) < timedelta(minutes=5)
    assert "OpenStreetMap contributors" in told["license"]


def test_the_same_answers_make_the_same_extract(tmp_path):
    with Server() as server:
        first, second = (get(TWO, tmp_path / name, server)[0] for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_a_later_download_asks_anew_and_leaves_other_files_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with Server() as server:
        get(ONE, tmp_path, server)
        get(ONE, tmp_path, server)
    assert len(server.queries) == 2
    assert left(tmp_path) == {"notes.txt", overpass.EXTRACT, overpass.RECORD}


# --- servers that fail -----------------------------------------------------------------------------------------------

FAILURES = {
    "busy": ((429, {"Retry-After": "7"}), r"status 429 .*asked again after 7 s"),
    "gateway": ((504, {}), "status 504"),
    "wrong": ((400, {}), "status 400"),
    "half": ("half", "half an answer: the connection broke off"),
    "half_chunk": ("half_chunk", "half an answer: the connection broke off"),
    "cut": ("cut", "half an answer: it breaks off after .* before </osm>"),
    "torn": ("torn", "broken XML"),
    "page": ("page", "a web page “Welcome to the hotel” instead of data"),
    "plain": ("plain", "no OSM XML, but “please come back tomorrow”"),
    "remark": ("remark", "with the remark “runtime error: Query timed out"),
    "entities": ("entities", "document type or entities"),
    "nothing": ("nothing", "the answer is empty"),
    "undated": ("undated", "does not say the date of its data"),
    "hangup": ("hangup", "cannot be reached"),
    "elsewhere": ("elsewhere", "sends on to another host"),
    "empty": ("empty", "knows no street in 1 of 1 tiles"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_each_failure_is_told_and_nothing_is_touched(tmp_path, name):
    word, words = FAILURES[name]
    with Server() as server:
        files = get(ONE, tmp_path, server)
    before = [file.read_bytes() for file in files]
    with Server(then=word) as server:
        message = fails(ONE, tmp_path, server)
    assert re.search(words, message), message
    assert server.url in message
    final = name in ("wrong", "elsewhere", "empty")
    assert len(server.queries) == (1 if final else ROUNDS)
    if not final:
        assert f"({ROUNDS} times)" in message and "0 of 1 tiles are there" in message
    assert [file.read_bytes() for file in files] == before
    assert left(tmp_path) == {file.name for file in files}


@pytest.mark.parametrize("name", FAILURES)
def test_after_each_failure_the_next_server_answers_at_once(tmp_path, name):
    clock = Clock()
    with Server(then=FAILURES[name][0]) as bad, Server() as good:
        _, record = get(TWO, tmp_path, bad, good, clock=clock)
    # The second tile goes to the server that showed streets.
    assert (len(bad.queries), len(good.queries)) == (1, 2)
    assert sum(clock.slept) <= 2 * manners.rules()["asking"]["between_s"]
    assert json.loads(record.read_text(encoding="utf-8"))["servers"] == {good.url: 2}


def test_a_refused_connection_is_told_and_the_next_server_answers(tmp_path):
    with Server() as gone:
        pass
    message = fails(ONE, tmp_path, gone)
    assert f"refuses the connection ({ROUNDS} times)" in message
    with Server() as good:
        get(ONE, tmp_path, gone, good)
    assert len(good.queries) == 1


def test_a_machine_without_the_internet(tmp_path, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(DataError) as caught:
        overpass.download(ONE, keys=KEYS, folder=tmp_path, watch=Clock().watch())
    told = [fault for fault in caught.value.faults if "is there a connection to the internet" in fault.problem]
    assert [fault.where for fault in told] == [one["url"] for one in manners.rules()["servers"]]
    assert list(tmp_path.iterdir()) == []


def test_all_servers_are_told_with_all_their_reasons(tmp_path):
    with Server((504, {}), then="page") as first, Server(then="half") as second:
        message = fails(ONE, tmp_path, first, second)
    lines = message.splitlines()
    assert len(lines) == 3 and "fetch again later" in lines[0]
    assert lines[1].startswith(first.url) and "status 504" in lines[1] and f"web page “Welcome to the hotel” instead of data ({ROUNDS - 1} times)" in lines[1]
    assert lines[2].startswith(second.url) and "half an answer" in lines[2]


def test_waits_grow_and_retry_after_counts_where_it_is_longer(tmp_path):
    clock, waits = Clock(), manners.rules()["asking"]["waits_s"]
    with Server((504, {}), (429, {"Retry-After": "333"}), (503, {"Retry-After": "1"})) as server:
        get(ONE, tmp_path, server, clock=clock)
    assert clock.slept == [waits[0], 333, waits[2]]
    assert sorted(waits) == waits


def test_retry_after_may_be_a_date(tmp_path):
    clock = Clock()
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=500), usegmt=True)
    with Server((429, {"Retry-After": later}), (429, {"Retry-After": "next week"})) as server:
        get(ONE, tmp_path, server, clock=clock)
    assert clock.slept[0] == pytest.approx(500, abs=10)
    assert clock.slept[1] == pytest.approx(manners.rules()["asking"]["waits_s"][1])


def test_a_wait_beyond_the_budget_is_not_begun(tmp_path):
    clock = Clock()
    with Server(then=(429, {"Retry-After": "3600"})) as server:
        message = fails(ONE, tmp_path, server, clock=clock, budget_s=100)
    assert clock.slept == []
    assert "wants 3600 s of waiting, and 100 s are left" in message


def test_a_server_slower_than_the_budget(tmp_path):
    with Server(then="trickle") as server:
        message = fails_really(tmp_path, server, budget_s=0.3)
    assert "is slower than the time left" in message and "the budget of 0.3 s is over" in message


def test_a_server_that_says_nothing(tmp_path):
    with Server(then="silence") as server:
        message = fails_really(tmp_path, server, budget_s=0.2)
    assert "is slower than the time left" in message


def test_silence_within_the_budget_is_told_too(tmp_path, monkeypatch):
    monkeypatch.setitem(manners.rules()["asking"], "silent_s", 0.1)
    with Server("silence") as server:
        clock = Clock()
        get(ONE, tmp_path, server, clock=clock)
    assert len(server.queries) == 2 and clock.slept == [manners.rules()["asking"]["waits_s"][0]]


def fails_really(folder, *asked, budget_s) -> str:
    """The message of a download by the clock on the wall."""
    with pytest.raises(DataError) as caught:
        overpass.download(ONE, keys=KEYS, folder=folder, servers=[one.url for one in asked], budget_s=budget_s)
    assert left(folder) == set()
    return str(caught.value)


@pytest.mark.parametrize("word", ["good", "endless"])
def test_answers_over_a_sane_size_are_refused(tmp_path, monkeypatch, word):
    monkeypatch.setitem(manners.rules()["answer"], "most_bytes", 1000)
    with Server(then=word) as server:
        message = fails(ONE, tmp_path, server)
    assert "answers with more than 0 MB" in message and len(server.queries) == 1


def test_redirects_without_end_are_refused(tmp_path):
    with Server(then="here") as server:
        assert "sends on more than 3 times" in fails(ONE, tmp_path, server)
    assert len(server.queries) == 4


# --- answers without a street ----------------------------------------------------------------------------------------

SEA = shapely.box(121.700, 29.700, 121.740, 29.930)


def test_sea_beside_land_is_no_error(tmp_path):
    with Server() as server:
        extract, record = get(SEA, tmp_path, server)
    told = json.loads(record.read_text(encoding="utf-8"))
    assert [tile["counts"]["streets"] > 0 for tile in told["tiles"]] == [False] * (len(told["tiles"]) - 1) + [True]
    assert len(told["tiles"]) > 2 and len(server.queries) == len(told["tiles"])


def test_a_server_of_another_country_makes_no_hole(tmp_path):
    with Server((429, {}), (429, {})) as busy, Server(then="empty") as foreign:
        extract, record = get(TWO, tmp_path, busy, foreign)
    assert json.loads(record.read_text(encoding="utf-8"))["servers"] == {busy.url: 2}
    assert len(osm.read_ways(extract)) == 2


def test_a_tile_of_sea_from_an_earlier_try_counts_only_beside_streets(tmp_path):
    with Server("empty", then=(400, {})) as server:
        fails(SEA, tmp_path, server)
    with Server() as server:
        get(SEA, tmp_path, server)
    assert len(server.queries) == len(queries.boxes(SEA))
    shore = shapely.box(121.700, 29.900, 121.740, 30.100)
    with Server("good", "good", then=(400, {})) as server:
        fails(shore, tmp_path / "shore", server)
    with Server() as server:
        get(shore, tmp_path / "shore", server)
    # The other server shows that it has streets where there are some.
    assert len(server.queries) == len(queries.boxes(shore)) - 2 + 1
    with Server("good", "good", then=(400, {})) as server:
        fails(shore, tmp_path / "foreign", server)
    with Server(then="empty") as server:
        assert "knows no street in 2 of 4 tiles, and none in the others" in fails(shore, tmp_path / "foreign", server)


def test_nothing_but_sea_is_an_error_and_asked_again(tmp_path):
    with Server(then="empty") as server:
        message = fails(TWO, tmp_path, server)
        assert "knows no street in 2 of 2 tiles" in message and "longitude stands before latitude" in message
        assert left(tmp_path) == set()
        fails(TWO, tmp_path, server)
    assert len(server.queries) == 4


# --- downloads that broke off ----------------------------------------------------------------------------------------


def test_after_a_failure_only_the_missing_tile_is_asked(tmp_path):
    with Server("good", then=(504, {})) as server:
        assert "1 of 2 tiles are there" in fails(TWO, tmp_path, server)
        missing = server.queries[1]
    assert not (tmp_path / overpass.EXTRACT).exists() and not (tmp_path / overpass.RECORD).exists()
    clock = Clock()
    with Server() as server:
        extract, record = get(TWO, tmp_path, server, clock=clock)
    assert server.queries == [missing]
    assert clock.told == [(1, 2), (2, 2)]
    assert len(json.loads(record.read_text(encoding="utf-8"))["servers"]) == 2
    with Server() as server:
        whole, _ = get(TWO, tmp_path / "whole", server)
    assert extract.read_bytes() == whole.read_bytes()
    assert left(tmp_path) == {extract.name, record.name, f"whole/{extract.name}", f"whole/{record.name}"}


def test_a_kill_between_tiles_loses_only_what_was_under_way(tmp_path):
    code = (
        "import os, signal, sys, shapely; from livingcircle.sources import overpass\n"
        "def told(done, total):\n"
        "    if done: open(f'{sys.argv[2]}/.tiles/.part-x.osm', 'w').close(); os.kill(os.getpid(), signal.SIGKILL)\n"
        f"overpass.download(shapely.from_wkt('{TWO.wkt}'), keys={KEYS!r}, folder=sys.argv[2], servers=[sys.argv[1]],"
        " watch=overpass.Watch(told=told))"
    )
    with Server() as server:
        killed = subprocess.run([sys.executable, "-c", code, server.url, tmp_path], capture_output=True, cwd=Path(__file__).parent.parent)
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
        assert len(server.queries) == 1
        (tmp_path / ".fetch-abc").mkdir()
        assert (tmp_path / ".tiles" / ".part-x.osm").exists()
        with Server(then=(400, {})) as other:
            fails(TWO, tmp_path, other)
        assert {Path(name).suffix for name in left(tmp_path)} == {".osm", ".json"} and len(left(tmp_path)) == 2
        get(TWO, tmp_path, server)
    assert len(server.queries) == 2 and server.queries[0] != server.queries[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [overpass.RECORD, overpass.EXTRACT]


@pytest.mark.parametrize("harm", ["cut", "gone", "note", "noteless", "old"])
def test_a_tile_that_was_harmed_or_is_old_is_asked_again(tmp_path, harm):
    with Server("good", then=(400, {})) as server:
        fails(TWO, tmp_path, server)
    [tile], [note] = ((tmp_path / ".tiles").glob(f"*.{end}") for end in ("osm", "json"))
    if harm == "cut":
        tile.write_bytes(tile.read_bytes()[:-50])
    elif harm == "gone":
        tile.unlink()
    elif harm == "noteless":
        note.unlink()
    elif harm == "note":
        note.write_text(note.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    else:
        told = json.loads(note.read_text(encoding="utf-8"))
        told["asked"] = (datetime.now(UTC) - timedelta(hours=manners.rules()["tiles"]["fresh_hours"] + 1)).isoformat()
        note.write_text(json.dumps(told), encoding="utf-8")
    with Server() as server:
        get(TWO, tmp_path, server)
    assert len(server.queries) == 2


def test_other_keys_are_another_question(tmp_path):
    with Server("good", then=(400, {})) as server:
        fails(TWO, tmp_path, server)
    with Server() as server:
        overpass.download(TWO, keys=[*KEYS, "shop"], folder=tmp_path, servers=[server.url], watch=Clock().watch())
    assert len(server.queries) == 2


def test_a_second_download_into_the_folder_is_refused(tmp_path):
    with Server() as server, filelock.FileLock(tmp_path / ".fetch.lock"):
        assert "another download is writing there" in fails(ONE, tmp_path, server)
    assert server.queries == []


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "raw").write_text("a file", encoding="utf-8")
    with Server() as server:
        assert "cannot be written" in fails(ONE, tmp_path / "raw", server)


def test_a_disk_that_is_full(tmp_path, monkeypatch):
    with Server() as server:
        files = get(ONE, tmp_path, server)
        before = [file.read_bytes() for file in files]

        def full(*_, **__):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(overpass, "digest", full)
        assert "No space left on device" in fails(ONE, tmp_path, server)
    assert [file.read_bytes() for file in files] == before
    assert not list(tmp_path.glob(".fetch-*")) and len(list(tmp_path.glob(".tiles/*.osm"))) == 1


def test_versions_of_two_dates_are_united_to_one(tmp_path):
    parts = []
    for number, lon in enumerate((121.71, 121.72)):
        parts.append(tmp_path / f"{number}.osm")
        parts[-1].write_text(document(f'<node id="1" version="{number + 1}" lat="29.9" lon="{lon}"/>'), encoding="utf-8")
    got = answers.unite(parts, tmp_path / "out.osm.pbf", bounds=ONE.bounds, osm_base=BASE)
    [node] = [(item.id, round(item.location.lon, 7)) for item in osmium.FileProcessor(str(tmp_path / "out.osm.pbf"))]
    assert node == (1, 121.72) and got.counts() == {"nodes": 1, "ways": 0, "relations": 0, "streets": 0}


@pytest.fixture
def nominatim(monkeypatch):
    """A toy name server that answers with the status and content given; OSMnx does not pause before it asks."""
    import osmnx

    monkeypatch.setattr(osmnx._nominatim, "time", SimpleNamespace(sleep=lambda seconds: None))
    opened = []

    def opener(status, content):
        opened.append(Nominatim(status, content))
        return opened[-1]

    yield opener
    for server in opened:
        server.close()


# --- place names -----------------------------------------------------------------------------------------------------


def test_a_place_name_is_its_outline_and_osmnx_is_as_before(nominatim):
    import osmnx

    before = {key: value for key, value in vars(osmnx.settings).items() if not key.startswith("__")}
    server = nominatim(200, [place(shapely.Point(1, 2)), place(ONE)])
    outline, name = overpass.find_place("玩具镇", nominatim=server.url)
    assert outline.equals(ONE) and name == "玩具镇, 中国"
    assert {key: value for key, value in vars(osmnx.settings).items() if not key.startswith("__")} == before
    assert len(server.asked) == 1 and "q=%E7%8E%A9%E5%85%B7%E9%95%87" in server.asked[0][0]
    assert server.asked[0][1] == servers.agent()


@pytest.mark.parametrize(
    ("status", "told", "words"),
    [
        (200, [], "no outline of it is known"),
        (200, "points", "no outline of it is known"),
        (200, {"error": "x"}, "no outline of it is known"),
        (429, [], "answers with status 429"),
        (504, [], "answers with status 504"),
        (302, [], "answers with status 302"),
        (200, "large", "answers with more than 0 MB"),
    ],
)
def test_places_that_are_not_found(nominatim, monkeypatch, status, told, words):
    if told == "large":
        monkeypatch.setitem(manners.rules()["nominatim"], "most_bytes", 100)
    content = {"points": [place(shapely.Point(1, 2))], "large": [place(ONE)]}.get(told, told) if isinstance(told, str) else told
    server = nominatim(status, content)
    with pytest.raises(DataError, match=words):
        overpass.find_place("玩具镇", nominatim=server.url)
    assert len(server.asked) == 1


def test_a_name_server_that_is_gone(nominatim):
    server = nominatim(200, [])
    server.close()
    with pytest.raises(DataError, match=r"\[streets\] place.*cannot be asked"):
        overpass.find_place("玩具镇", nominatim=server.url)

