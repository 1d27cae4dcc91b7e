"""A toy Overpass server on this machine: it answers for a toy town, or fails in the ways a script says."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import shapely

BASE = "2024-05-06T07:08:09Z"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="toy Overpass">\n<note>synthetic</note>\n'
#
#   lat 29.92        11---12---13---14      way 1: the long street, through both tiles of an area from 121.70 to 121.80
#                         |                 way 2: a footway with a gate at node 22
#   lat 29.91             21---22---23      way 3: a school; way 4: the ring of a park (relation 1); node 31: a kindergarten
#
NODES = {
    11: (121.705, 29.92), 12: (121.730, 29.92), 13: (121.770, 29.92), 14: (121.795, 29.92),
    21: (121.730, 29.91), 22: (121.731, 29.91), 23: (121.732, 29.91),
    41: (121.749, 29.915), 42: (121.752, 29.915), 43: (121.752, 29.916), 44: (121.749, 29.916),
    51: (121.71, 29.912), 52: (121.72, 29.912), 53: (121.72, 29.915), 54: (121.71, 29.915),
    31: (121.790, 29.915),
}
NODE_TAGS = {22: {"barrier": "gate"}, 31: {"amenity": "kindergarten", "name": "蓝天幼儿园"}}
WAYS = {
    1: ([11, 12, 13, 14], {"highway": "residential"}),
    2: ([12, 21, 22, 23], {"highway": "footway"}),
    3: ([41, 42, 43, 44, 41], {"amenity": "school"}),
    4: ([51, 52, 53, 54, 51], {}),
}
RELATIONS = {1: ([4], {"type": "multipolygon", "leisure": "park"})}


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def town(query: str) -> str:
    """The OSM XML of what `query` asks of the toy town."""
    south, west, north, east = (float(n) for n in re.search(r"\[bbox:([^\]]+)\]", query)[1].split(","))
    asked = {kind: set(re.findall(rf'{kind}\["([^"]+)"\]', query)) for kind in ("node", "way", "relation")}
    inside = {n for n, (lon, lat) in NODES.items() if west <= lon <= east and south <= lat <= north}
    nodes = {n for n in inside if asked["node"] & NODE_TAGS.get(n, {}).keys()}
    ways = {w for w, (refs, tags) in WAYS.items() if asked["way"] & tags.keys() and touches(refs, (west, south, east, north))}
    relations = {
        r for r, (members, tags) in RELATIONS.items()
        if asked["relation"] & tags.keys() and any(touches(WAYS[w][0], (west, south, east, north)) for w in members)
    }
    ways |= {w for r in relations for w in RELATIONS[r][0]}
    nodes |= {n for w in ways for n in WAYS[w][0]}
    parts = [f'<node id="{n}" lat="{NODES[n][1]}" lon="{NODES[n][0]}">{_tags(NODE_TAGS.get(n, {}))}</node>' for n in sorted(nodes)]
    for w in sorted(ways):
        refs = "".join(f'<nd ref="{n}"/>' for n in WAYS[w][0])
        parts.append(f'<way id="{w}">{refs}{_tags(WAYS[w][1])}</way>')
    for r in sorted(relations):
        members = "".join(f'<member type="way" ref="{w}" role="outer"/>' for w in RELATIONS[r][0])
        parts.append(f'<relation id="{r}">{members}{_tags(RELATIONS[r][1])}</relation>')
    return document("\n".join(parts))


def touches(refs: list[int], box: tuple[float, float, float, float]) -> bool:
    """Whether the line through the nodes touches the box."""
    return shapely.LineString([NODES[n] for n in refs]).intersects(shapely.box(*box))


def document(content: str, *, base: str = BASE) -> str:
    """OSM XML as Overpass writes it."""
    return f'{HEAD}<meta osm_base="{base}"/>\n{content}\n</osm>\n'


class Server:
    """Answers on 127.0.0.1: first as `script` says, one word a question, then `then` for all the others.

    A word is the name of a method of `_Answers`; a tuple is a status with its headers. `queries` lists what was asked.
    """

    def __init__(self, *script, then="good", name: str = "") -> None:
        self.script, self.then, self.queries, self.agents, self.name = list(script), then, [], [], name
        self.gone = threading.Event()

    def __enter__(self) -> Server:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
        self._http.daemon_threads, self._http.toy = True, self
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/api/interpreter"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.gone.set()
        self._http.shutdown()
        self._http.server_close()


class _Answers(BaseHTTPRequestHandler):
    def log_message(self, *_) -> None:
        """Silent."""

    def do_POST(self) -> None:
        toy = self.server.toy
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.query = parse_qs(body)["data"][0]
        toy.queries.append(self.query)
        toy.agents.append(self.headers["User-Agent"])
        word = toy.script.pop(0) if toy.script else toy.then
        try:
            if isinstance(word, tuple):
                self.tell(b"<html>busy</html>", status=word[0], headers=word[1])
            else:
                getattr(self, word)()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def tell(self, body: bytes, *, status: int = 200, headers: dict | None = None, length: int | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": length or len(body), **(headers or {})}.items():
            if value is not None:
                self.send_header(key, str(value))
        self.end_headers()
        self.wfile.write(body)

    def good(self) -> None:
        self.tell(town(self.query).encode())

    def zipped(self) -> None:
        self.tell(gzip.compress(town(self.query).encode()), headers={"Content-Encoding": "gzip"})

    def empty(self) -> None:
        self.tell(document("").encode())

    def nothing(self) -> None:
        self.tell(b"")

    def half(self) -> None:
        body = town(self.query).encode()
        self.tell(body[: len(body) // 2], length=len(body))

    def half_chunk(self) -> None:
        self.protocol_version = "HTTP/1.1"
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"400\r\n" + town(self.query).encode()[:200])
        self.close_connection = True

    def cut(self) -> None:
        self.tell(town(self.query).encode()[:-9])

    def torn(self) -> None:
        self.tell(town(self.query).replace("</node>", "", 1).encode())

    def page(self) -> None:
        self.tell(b"<!DOCTYPE html><html><head><title>Welcome to the hotel</title></head><body></osm></body></html>")

    def plain(self) -> None:
        self.tell(b"please come back tomorrow")

    def remark(self) -> None:
        body = town(self.query).replace("</osm>", '<remark> runtime error: Query timed out in "query" at line 3 </remark></osm>')
        self.tell(body.encode())

    def hint(self) -> None:
        self.tell(town(self.query).replace("</osm>", "<remark> a mere hint </remark></osm>").encode())

    def entities(self) -> None:
        self.tell(town(self.query).replace("<osm ", '<!DOCTYPE osm [<!ENTITY a "aaaa">]>\n<osm ', 1).encode())

    def undated(self) -> None:
        self.tell(re.sub(r"<meta[^>]*>", "", town(self.query)).encode())

    def hangup(self) -> None:
        self.close_connection = True

    def trickle(self) -> None:
        body = town(self.query).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for byte in body:
            if self.server.toy.gone.is_set():
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.02)

    def silence(self) -> None:
        self.server.toy.gone.wait(5)

    def elsewhere(self) -> None:
        self.tell(b"", status=302, headers={"Location": "http://localhost:9/api/interpreter"})

    def here(self) -> None:
        self.tell(b"", status=307, headers={"Location": "/api/other"})

    def endless(self) -> None:
        self.tell((HEAD + "<!-- " + "x" * 5000).encode(), headers={"Content-Length": None})


class Nominatim:
    """A toy name server: `content` as JSON with `status` whatever it is asked; `asked` lists paths and user agents."""

    def __init__(self, status: int, content: object) -> None:
        self.status, self.content, self.asked = status, content, []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Names)
        self._http.daemon_threads, self._http.toy = True, self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._http.shutdown()
        self._http.server_close()


class _Names(BaseHTTPRequestHandler):
    def log_message(self, *_) -> None:
        """Silent."""

    def do_GET(self) -> None:
        toy = self.server.toy
        toy.asked.append((self.path, self.headers["User-Agent"]))
        body = json.dumps(toy.content).encode()
        self.send_response(toy.status)
        self.send_header("Content-Length", str(len(body)))
        if toy.status == 302:
            self.send_header("Location", "http://localhost:9/")
        self.end_headers()
        self.wfile.write(body)


def place(shape: shapely.Geometry) -> dict:
    """A place of that shape as Nominatim tells it."""
    west, south, east, north = shape.bounds
    return {
        "importance": 0.5, "lat": str(south), "lon": str(west), "display_name": "玩具镇, 中国",
        "boundingbox": [str(south), str(north), str(west), str(east)], "geojson": json.loads(shapely.to_geojson(shape)),
    }
