"""OpenStreetMap extracts (`.osm`, `.osm.gz`, `.osm.bz2`, `.osm.pbf`): raw ways, places and gates, in longitude/latitude."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import shapely

from livingcircle.errors import DataError, Fault

SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")
WGS84 = "EPSG:4326"


def is_extract(path: Path) -> bool:
    """Whether the file's name says that it is an OSM extract."""
    return path.name.lower().endswith(SUFFIXES)


def _fault(path: Path, error: Exception) -> DataError:
    return DataError(
        Fault(
            str(path),
            f"cannot be read as an OpenStreetMap extract ({str(error).strip()[:200]})",
            "download the extract again, or check that the file is complete .osm, .osm.gz, .osm.bz2 or .osm.pbf",
        )
    )


def _require(path: Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise DataError(Fault(str(path), "no such file", "check the path in study.toml"))
    if not is_extract(path):
        raise DataError(Fault(str(path), "is not an OSM extract", f"give one of {', '.join(SUFFIXES)}"))
    return path


def _runs(nodes: Iterable[osmium.osm.NodeRef]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The stretches of a way whose nodes are in the extract: ids and coordinates; clipped extracts lack some nodes."""
    runs, ids, points = [], [], []
    for node in nodes:
        if node.location.valid():
            ids.append(node.ref)
            points.append((node.location.lon, node.location.lat))
            continue
        if len(ids) > 1:
            runs.append((np.array(ids), np.array(points)))
        ids, points = [], []
    if len(ids) > 1:
        runs.append((np.array(ids), np.array(points)))
    return runs


def read_ways(path: Path) -> gpd.GeoDataFrame:
    """Every way tagged `highway`, in EPSG:4326, with the ids of its nodes.

    Columns: `source_id` (`way/1`, or `relation/1` for a ring of a multipolygon), `tags`, `node_ids` (int64 array as long
    as the line's vertices), `ring` (-1 for a way, else the number of the relation's ring). A way whose nodes are partly
    outside the extract comes as several rows.
    Raises `DataError` for a missing, truncated or foreign file and for one without any way.
    """
    path = _require(path)
    rows: list[tuple] = []
    try:
        for way in _ways(path, osmium.filter.KeyFilter("highway")):
            tags = dict(way.tags)
            rows += [(f"way/{way.id}", tags, ids, -1, points) for ids, points in _runs(way.nodes)]
        rings = _relation_rings(path)
        rows += rings + _clipped_relations(path, whole={row[0] for row in rings})
    except (RuntimeError, ValueError, OSError) as error:
        raise _fault(path, error) from error
    if not rows:
        raise DataError(
            Fault(str(path), "holds no way tagged highway", "give the street extract of the study area")
        )
    return gpd.GeoDataFrame(
        {
            "source_id": [row[0] for row in rows],
            "tags": [row[1] for row in rows],
            "node_ids": [row[2] for row in rows],
            "ring": np.array([row[3] for row in rows]),
        },
        geometry=[shapely.linestrings(row[4]) for row in rows],
        crs=WGS84,
    )


def _relation_rings(path: Path) -> list[tuple]:
    rows = []
    processor = osmium.FileProcessor(str(path)).with_areas(osmium.filter.KeyFilter("highway")).with_filter(
        osmium.filter.EntityFilter(osmium.osm.AREA)
    ).with_filter(osmium.filter.KeyFilter("highway"))
    for area in processor:
        if area.from_way():
            continue
        tags, number = dict(area.tags), 0
        for outer in area.outer_rings():
            for ring in [outer, *area.inner_rings(outer)]:
                for ids, points in _runs(ring):
                    rows.append((f"relation/{area.orig_id()}", tags, ids, number, points))
                number += 1
    return rows


def _clipped_relations(path: Path, *, whole: set[str]) -> list[tuple]:
    """The member ways of multipolygons that the extract cuts: no area any more, but their outline is walked."""
    member_of: dict[int, tuple[str, dict]] = {}
    relations = osmium.FileProcessor(str(path), osmium.osm.RELATION).with_filter(osmium.filter.KeyFilter("highway"))
    for relation in relations:
        name = f"relation/{relation.id}"
        if relation.tags.get("type") == "multipolygon" and name not in whole:
            tags = {key: value for key, value in relation.tags if key != "area"}
            member_of.update({m.ref: (name, tags) for m in relation.members if m.type == "w"})
    if not member_of:
        return []
    rows = []
    for way in osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations().with_filter(
        osmium.filter.EntityFilter(osmium.osm.WAY)
    ).with_filter(osmium.filter.IdFilter(member_of)):
        # A member that is a street of its own is read as such.
        if "highway" not in way.tags:
            name, tags = member_of[way.id]
            rows += [(name, tags, ids, -1, points) for ids, points in _runs(way.nodes)]
    return rows


def read_places(path: Path, *, keys: Iterable[str]) -> gpd.GeoDataFrame:
    """Every node, closed way and multipolygon tagged with one of `keys`, in EPSG:4326.

    Columns: `source_id` (`node/1`, `way/1`, `relation/1`), `tags`. Nodes are points; areas are polygons, so that a school
    mapped as its campus is not lost. Raises `DataError` when the file cannot be read. No place at all is an empty table.
    """
    path = _require(path)
    wanted = osmium.filter.KeyFilter(*sorted(set(keys)))
    factory = osmium.geom.WKBFactory()
    ids, tags, shapes, closed = [], [], [], set()
    try:
        processor = osmium.FileProcessor(str(path)).with_areas(wanted).with_filter(wanted)
        for item in processor:
            try:
                if item.is_node():
                    ids.append(f"node/{item.id}")
                    shapes.append(shapely.Point(item.location.lon, item.location.lat))
                elif item.is_area():
                    shapes.append(shapely.from_wkb(factory.create_multipolygon(item)))
                    ids.append(f"{'way' if item.from_way() else 'relation'}/{item.orig_id()}")
                    closed.add(ids[-1])
                else:
                    continue
            except RuntimeError:
                # A ring with a node outside a clipped extract cannot be closed; the place is outside too.
                continue
            tags.append(dict(item.tags))
    except (RuntimeError, ValueError, OSError) as error:
        raise _fault(path, error) from error
    frame = gpd.GeoDataFrame({"source_id": ids, "tags": tags}, geometry=shapes, crs=WGS84)
    frame.attrs["source"] = path.name
    return frame


def read_lines(path: Path, *, keys: Iterable[str]) -> gpd.GeoDataFrame:
    """Every way tagged with one of `keys` as lines in EPSG:4326, closed ones too: columns `source_id`, `tags`."""
    path = _require(path)
    wanted = osmium.filter.KeyFilter(*sorted(set(keys)))
    ids, tags, shapes = [], [], []
    try:
        for way in _ways(path, wanted):
            for _, points in _runs(way.nodes):
                ids.append(f"way/{way.id}")
                tags.append(dict(way.tags))
                shapes.append(shapely.linestrings(points))
    except (RuntimeError, ValueError, OSError) as error:
        raise _fault(path, error) from error
    return gpd.GeoDataFrame({"source_id": ids, "tags": tags}, geometry=shapes, crs=WGS84)


def _ways(path: Path, wanted: osmium.filter.KeyFilter) -> Iterable[osmium.osm.Way]:
    processor = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    return processor.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(wanted)


def read_gates(path: Path, *, kinds: Mapping[str, Collection[str] | bool]) -> gpd.GeoDataFrame:
    """Every node with one of the tags `kinds`, in EPSG:4326: columns `source_id`, `tags`.

    `kinds` gives for each OSM key the values that let people pass; true stands for any value. Raises `DataError` when the
    file cannot be read. No gate at all is an empty table.
    """
    frame = read_places(path, keys=tuple(kinds))
    keep = [
        source.startswith("node/")
        and any(key in tags and (values is True or tags[key] in values) for key, values in kinds.items())
        for source, tags in zip(frame["source_id"], frame["tags"], strict=True)
    ]
    return frame[np.array(keep, dtype=bool)].reset_index(drop=True)


def bounds(path: Path) -> tuple[float, float, float, float] | None:
    """West, south, east, north of the extract in degrees as its header states them; None when it does not."""
    try:
        with osmium.io.Reader(str(_require(path))) as reader:
            box = reader.header().box()
    except RuntimeError as error:
        raise _fault(path, error) from error
    if not box.valid():
        return None
    return (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
