"""OpenStreetMap extracts (`.osm`, `.osm.gz`, `.osm.bz2`, `.osm.pbf`): raw ways, places and gates, in longitude/latitude."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import osmium
import shapely

from livingcircle.errors import DataError, Fault, listed, said

SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")
WGS84 = "EPSG:4326"
# For each OSM key the values wanted; true stands for any value.
Kinds = Mapping[str, Collection[str] | bool]
PLACES, LINES, GATES = "places", "lines", "gates"
# Which items of an extract a layer is made of: nodes, ways, areas.
_TAKES = {PLACES: "na", LINES: "w", GATES: "n"}


def is_extract(path: Path) -> bool:
    """Whether the file's name says that it is an OSM extract."""
    return path.name.lower().endswith(SUFFIXES)


def _fault(path: Path, error: Exception) -> DataError:
    return DataError(
        Fault(
            str(path),
            said("cannot be read as an OpenStreetMap extract ({error})", error=str(error).strip()[:200]),
            "download the extract again, or check that the file is complete .osm, .osm.gz, .osm.bz2 or .osm.pbf",
        )
    )


def _require(path: Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise DataError(Fault(str(path), "no such file", "check the path in study.toml"))
    if not is_extract(path):
        raise DataError(Fault(str(path), "is not an OSM extract", said("give one of {kinds}", kinds=listed(SUFFIXES))))
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


class _Lines:
    """Lines gathered way by way: names, tags and coordinates go into flat lists, and become geometry all at once."""

    def __init__(self) -> None:
        self._factory = osmium.geom.WKBFactory()
        self._ids = array("q")
        self._shapes: list[str] = []
        self.source_id: list[str] = []
        self.tags: list[dict[str, str]] = []
        self.ring: list[int] = []

    def add(self, way: osmium.osm.Way, *, source_id: str | None = None, tags: dict[str, str] | None = None) -> None:
        """Adds the stretches of a way that lie in the extract."""
        nodes = way.nodes
        if len(nodes) < 2:
            return
        told = (source_id or f"way/{way.id}", dict(way.tags) if tags is None else tags, -1)
        try:
            shape = self._factory.create_linestring(way, use_nodes=osmium.geom.use_nodes.ALL)
        except osmium.InvalidLocationError:
            self.add_runs(nodes, *told)
            return
        self._append([node.ref for node in nodes], shape, *told)

    def add_runs(self, nodes: Iterable[osmium.osm.NodeRef], source_id: str, tags: dict[str, str], ring: int) -> None:
        """Adds the stretches of a node list that lie in the extract; clipped extracts lack some nodes."""
        for ids, points in _runs(nodes):
            self._append(ids, shapely.to_wkb(shapely.linestrings(points), hex=True), source_id, tags, ring)

    def _append(self, ids: list[int], shape: str, source_id: str, tags: dict[str, str], ring: int) -> None:
        self._ids.extend(ids)
        self._shapes.append(shape)
        self.source_id.append(source_id)
        self.tags.append(tags)
        self.ring.append(ring)

    def extend(self, other: _Lines) -> None:
        """Adds the lines of another gathering."""
        for mine, more in zip(self._lists(), other._lists(), strict=True):
            mine.extend(more)

    def _lists(self) -> tuple:
        return self._ids, self._shapes, self.source_id, self.tags, self.ring

    def geometry(self) -> np.ndarray:
        """The lines, in degrees."""
        return shapely.from_wkb(np.array(self._shapes, dtype=object))

    def node_ids(self, lines: np.ndarray) -> list[np.ndarray]:
        """The node ids of every line, int64."""
        ids = np.array(self._ids, dtype=np.int64)
        stops = np.cumsum(shapely.get_num_coordinates(lines)).tolist()
        return [ids[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]


def read_ways(path: Path) -> gpd.GeoDataFrame:
    """Every way tagged `highway`, in EPSG:4326, with the ids of its nodes.

    Columns: `source_id` (`way/1`, or `relation/1` for a ring of a multipolygon), `tags`, `node_ids` (int64 array as long
    as the line's vertices), `ring` (-1 for a way, else the number of the relation's ring). A way whose nodes are partly
    outside the extract comes as several rows.
    Raises `DataError` for a missing, truncated or foreign file and for one without any way.
    """
    path = _require(path)
    try:
        lines = _ways_and_rings(path)
    except (RuntimeError, ValueError, OSError) as error:
        raise _fault(path, error) from error
    if not lines.source_id:
        raise DataError(
            Fault(str(path), "holds no way tagged highway", "give the street extract of the study area")
        )
    shapes = lines.geometry()
    return gpd.GeoDataFrame(
        {
            "source_id": lines.source_id,
            "tags": lines.tags,
            "node_ids": lines.node_ids(shapes),
            "ring": np.array(lines.ring),
        },
        geometry=shapes,
        crs=WGS84,
    )


def _ways_and_rings(path: Path) -> _Lines:
    """The ways, then the rings of multipolygons, then the outlines of those that the extract cuts, in one pass."""
    ways, rings, whole = _Lines(), _Lines(), set()
    wanted = osmium.filter.KeyFilter("highway")
    processor = osmium.FileProcessor(str(path)).with_areas(wanted).with_filter(
        osmium.filter.EntityFilter(osmium.osm.WAY | osmium.osm.AREA)
    )
    for item in processor.with_filter(wanted):
        if item.is_way():
            ways.add(item)
        elif not item.from_way():
            tags, number, name = dict(item.tags), 0, f"relation/{item.orig_id()}"
            for outer in item.outer_rings():
                for ring in [outer, *item.inner_rings(outer)]:
                    rings.add_runs(ring, name, tags, number)
                    number += 1
            whole.add(name)
    ways.extend(rings)
    ways.extend(_clipped_relations(path, whole=whole))
    return ways


def _clipped_relations(path: Path, *, whole: set[str]) -> _Lines:
    """The member ways of multipolygons that the extract cuts: no area any more, but their outline is walked."""
    member_of: dict[int, tuple[str, dict]] = {}
    lines = _Lines()
    relations = osmium.FileProcessor(str(path), osmium.osm.RELATION).with_filter(osmium.filter.KeyFilter("highway"))
    for relation in relations:
        name = f"relation/{relation.id}"
        if relation.tags.get("type") == "multipolygon" and name not in whole:
            tags = {key: value for key, value in relation.tags if key != "area"}
            member_of.update({m.ref: (name, tags) for m in relation.members if m.type == "w"})
    if not member_of:
        return lines
    processor = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations().with_filter(
        osmium.filter.EntityFilter(osmium.osm.WAY)
    )
    for way in processor.with_filter(osmium.filter.IdFilter(member_of)):
        # A member that is a street of its own is read as such.
        if "highway" not in way.tags:
            name, tags = member_of[way.id]
            lines.add(way, source_id=name, tags=tags)
    return lines


def _kinds(keys: Iterable[str] | Kinds) -> Kinds:
    return keys if isinstance(keys, Mapping) else dict.fromkeys(keys, True)


def _is_one(tags: osmium.osm.TagList, kinds: Kinds) -> bool:
    for key, values in kinds.items():
        value = tags.get(key)
        if value is not None and (values is True or value in values):
            return True
    return False


class Asked(NamedTuple):
    """One layer to read of an extract: `what` is `PLACES`, `LINES` or `GATES`, by the tags `keys`.

    `keys` are OSM keys, or tell for each the values wanted; true stands for any.
    """

    what: str
    keys: Iterable[str] | Kinds


class _Places:
    """Places gathered one by one; their shapes become geometry all at once."""

    def __init__(self) -> None:
        self._factory = osmium.geom.WKBFactory()
        self.source_id: list[str] = []
        self.tags: list[dict[str, str]] = []
        self._shapes: list[str] = []

    def add(self, item: osmium.osm.Node | osmium.osm.Area) -> None:
        """Adds a node, or an area as far as its rings are closed."""
        try:
            if item.is_node():
                name, shape = f"node/{item.id}", self._factory.create_point(item)
            else:
                name = f"{'way' if item.from_way() else 'relation'}/{item.orig_id()}"
                shape = self._factory.create_multipolygon(item)
        except RuntimeError:
            # A ring with a node outside a clipped extract cannot be closed; the place is outside too.
            return
        self.source_id.append(name)
        self.tags.append(dict(item.tags))
        self._shapes.append(shape)

    def geometry(self) -> np.ndarray:
        """Points and areas, in degrees."""
        return shapely.from_wkb(np.array(self._shapes, dtype=object))


def read_layers(path: Path, asked: Mapping[str, Asked]) -> dict[str, gpd.GeoDataFrame]:
    """The layers asked for, by their names, in EPSG:4326; the extract is decoded once for all of them.

    Each is what `read_places`, `read_lines` or `read_gates` alone would give. Raises `DataError` when the file cannot be
    read.
    """
    path = _require(path)
    told = {name: Asked(one.what, _kinds(one.keys)) for name, one in asked.items()}
    found = {name: _Lines() if one.what == LINES else _Places() for name, one in told.items()}
    each = [(_TAKES[one.what], one.keys, found[name]) for name, one in told.items()]
    try:
        for item in _items(path, told.values()):
            kind = item.type_str()
            for takes, kinds, layer in each:
                if kind in takes and _is_one(item.tags, kinds):
                    layer.add(item)
    except (RuntimeError, ValueError, OSError) as error:
        raise _fault(path, error) from error
    return {name: _frame(path, layer) for name, layer in found.items()}


def _items(path: Path, asked: Collection[Asked]) -> Iterable[osmium.osm.OSMEntity]:
    """The nodes, ways and areas that may belong to one of the layers; nothing else of the file is decoded."""
    whats = {one.what for one in asked}
    if not whats:
        return ()
    entities, wanted = osmium.osm.NODE, osmium.osm.NODE
    if LINES in whats:
        entities, wanted = entities | osmium.osm.WAY, wanted | osmium.osm.WAY
    if PLACES in whats:
        entities, wanted = osmium.osm.ALL, wanted | osmium.osm.AREA
    if whats == {LINES}:
        wanted = osmium.osm.WAY
    processor = osmium.FileProcessor(str(path), entities)
    if whats != {GATES}:
        processor = processor.with_locations()
    if PLACES in whats:
        areas = {key for one in asked if one.what == PLACES for key in one.keys}
        processor = processor.with_areas(osmium.filter.KeyFilter(*sorted(areas)))
    keys = sorted({key for one in asked for key in one.keys})
    return processor.with_filter(osmium.filter.EntityFilter(wanted)).with_filter(osmium.filter.KeyFilter(*keys))


def _frame(path: Path, layer: _Lines | _Places) -> gpd.GeoDataFrame:
    columns = {"source_id": layer.source_id, "tags": layer.tags}
    frame = gpd.GeoDataFrame(columns, geometry=layer.geometry(), crs=WGS84)
    if isinstance(layer, _Places):
        frame.attrs["source"] = path.name
    return frame


def read_places(path: Path, *, keys: Iterable[str] | Kinds) -> gpd.GeoDataFrame:
    """Every node, closed way and multipolygon tagged with one of `keys`, in EPSG:4326.

    Columns: `source_id` (`node/1`, `way/1`, `relation/1`), `tags`. Nodes are points; areas are polygons, so that a school
    mapped as its campus is not lost. `keys` are OSM keys, or tell for each the values wanted; true stands for any. Raises
    `DataError` when the file cannot be read. No place at all is an empty table.
    """
    return read_layers(path, {PLACES: Asked(PLACES, keys)})[PLACES]


def read_lines(path: Path, *, keys: Iterable[str] | Kinds) -> gpd.GeoDataFrame:
    """Every way tagged with one of `keys` as lines in EPSG:4326, closed ones too: columns `source_id`, `tags`.

    `keys` are OSM keys, or tell for each the values wanted; true stands for any. Raises `DataError` when the file cannot
    be read.
    """
    return read_layers(path, {LINES: Asked(LINES, keys)})[LINES]


def read_gates(path: Path, *, kinds: Kinds) -> gpd.GeoDataFrame:
    """Every node with one of the tags `kinds`, in EPSG:4326: columns `source_id`, `tags`.

    `kinds` gives for each OSM key the values that let people pass; true stands for any value. Raises `DataError` when the
    file cannot be read. No gate at all is an empty table.
    """
    return read_layers(path, {GATES: Asked(GATES, kinds)})[GATES]


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
