"""Answers of Overpass servers: which are whole, what they hold, and many of them united in one extract."""

from __future__ import annotations

import mmap
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import osmium

from livingcircle.errors import said
from livingcircle.sources.overpass.manners import rules

END = b"</osm>"
REMARK = re.compile(rb"<remark>(.*?)</remark>", re.DOTALL)
BASE = re.compile(rb'<meta[^>]*\bosm_base="(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')
TITLE = re.compile(rb"<title>(.*?)</title>", re.DOTALL | re.IGNORECASE)


class Refused(Exception):
    """An answer that is not used: why, the seconds the server asked to wait, and whether asking it again is of no use."""

    def __init__(self, problem: str, *, wait_s: float = 0.0, final: bool = False) -> None:
        super().__init__(problem)
        self.problem, self.wait_s, self.final = problem, wait_s, final


@dataclass(frozen=True)
class Holding:
    """What an answer or extract holds: objects by kind, ways that are streets, and the date of its data (`osm_base`)."""

    nodes: int
    ways: int
    relations: int
    streets: int
    osm_base: str

    def counts(self) -> dict[str, int]:
        """The numbers alone."""
        return {key: value for key, value in asdict(self).items() if key != "osm_base"}


def check(path: Path) -> Holding:
    """What the answer in the file `path` (OSM XML as Overpass writes it) holds.

    Raises `Refused` for an empty file, a web page, half a document, XML with entities or broken, a remark that tells of an
    error, and data without a date.
    """
    if not path.stat().st_size:
        raise Refused(said("the answer is empty"))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
        head = body[: rules()["answer"]["head_bytes"]]
        _require_osm(head)
        # Within values of tags the brackets are escaped, so that none of them looks like a remark.
        remark = REMARK.search(body)
        if remark and any(word in _text(remark[1]).lower() for word in rules()["answer"]["failing_remarks"]):
            raise Refused(said("status 200, but with the remark “{remark}”", remark=_text(remark[1])))
        if not body[-len(END) - 64 :].rstrip().endswith(END):
            raise Refused(said("half an answer: it breaks off after {size:,} bytes, before </osm>", size=len(body)))
    base = BASE.search(head)
    if not base:
        raise Refused(said("the answer does not say the date of its data (osm_base)"))
    return count(path, osm_base=base[1].decode("ascii", "replace"))


def _require_osm(head: bytes) -> None:
    lower = head.lower()
    if b"<!doctype html" in lower or b"<html" in lower:
        title = TITLE.search(head)
        told = said("status 200, but a web page “{title}” instead of data", title=_text(title[1])) if title else None
        raise Refused(told or said("status 200, but a web page instead of data"))
    if b"<!doctype" in lower or b"<!entity" in lower:
        raise Refused(said("XML with a document type or entities"))
    if b"<osm" not in head:
        raise Refused(said("no OSM XML, but “{head}”", head=_text(head[:60])))


def _text(raw: bytes) -> str:
    return " ".join(raw.decode("utf-8", "replace").split())[:200]


def count(path: Path, *, osm_base: str) -> Holding:
    """What the extract `path` holds; raises `Refused` when it cannot be read to its end."""
    key, numbers, streets = rules()["query"]["streets"], {"n": 0, "w": 0, "r": 0}, 0
    try:
        for item in osmium.FileProcessor(str(path)):
            kind = item.type_str()
            numbers[kind] += 1
            streets += kind == "w" and key in item.tags
    except (RuntimeError, ValueError, OSError) as error:
        raise Refused(said("broken XML ({error})", error=str(error).strip()[:200])) from error
    return Holding(numbers["n"], numbers["w"], numbers["r"], streets, osm_base)


def unite(parts: Sequence[Path], out: Path, *, bounds: Sequence[float], osm_base: str) -> Holding:
    """What the extract `out` holds, written from all `parts`: every node, way and relation once, sorted by kind and id.

    `bounds` (west, south, east, north in degrees) and `osm_base` go into its header. `out` must not exist. Raises `Refused`
    where a part cannot be read.
    """
    header = osmium.io.Header()
    west, south, east, north = bounds
    header.add_box(osmium.osm.Box(west, south, east, north))
    header.set("osmosis_replication_timestamp", osm_base)
    merged = osmium.MergeInputReader()
    try:
        for part in parts:
            merged.add_file(str(part))
        with osmium.SimpleWriter(str(out), header=header) as writer:
            merged.apply(writer, simplify=True)
    except (RuntimeError, ValueError) as error:
        raise Refused(said("cannot be united ({error})", error=str(error).strip()[:200])) from error
    return count(out, osm_base=osm_base)
