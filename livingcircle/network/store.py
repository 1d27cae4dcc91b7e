"""Street networks kept between runs, found again by the content they were built from.

A network is kept under a digest of all that it hangs on: the bytes of its files, the parameters of its reading, the program
itself with its rules, and the libraries that read, projected and cut it. Whoever changes any of these builds anew. Without a
folder that can be written, with a full disk or a damaged file, nothing is kept and nothing fails.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely

from livingcircle.network.graph import StreetNetwork
from livingcircle.network.packing import pack, unpack
from livingcircle.sources import content

FORMAT = 1
KEPT = 4
ENTRY = re.compile(r"[0-9a-f]{64}\.streets")
PART = ".streets.part"
# A file still being written is younger; an older one was left by a run that was killed.
PART_SECONDS = 3600
LIBRARIES = ("geopandas", "networkx", "numpy", "osmium", "osmnx", "pandas", "pyogrio", "scipy", "shapely")
SHARED = "-shm"
HEAD = b"livingcircle streets\n"
KEY = "key"
# What reading may stumble over in a file that is not what it seems.
UNREADABLE = (
    OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error,
    shapely.errors.ShapelyError, pyproj.exceptions.ProjError,
)


def cached(
    sources: Iterable[Path],
    parameters: Mapping[str, Any],
    build: Callable[[], StreetNetwork],
    *,
    folder: Path | None,
    kept: int = KEPT,
) -> StreetNetwork:
    """The street network that `build` gives, from `folder` where one of the same content is kept, else built and kept there.

    `sources` are all files that `build` reads (files beside them that belong to them count too, see `belonging`), and
    `parameters` all else that it heeds, as words, numbers, lists and mappings, such as the CRS, tolerances and columns. The
    `kept` networks used last stay in the folder. What is loaded equals what was built to the last bit. Without `folder`
    nothing is kept. Raises what `build` raises, and `TypeError` for a parameter that JSON does not know.

    >>> import geopandas as gpd
    >>> from livingcircle.network import from_lines
    >>> def streets():
    ...     print("built")
    ...     return from_lines(gpd.read_file(file))
    >>> with tempfile.TemporaryDirectory() as name:
    ...     file = Path(name) / "streets.geojson"
    ...     line = gpd.GeoDataFrame({"name": ["Elm"]}, geometry=[shapely.LineString([(0, 0), (9, 0)])], crs="EPSG:4550")
    ...     line.to_file(file)
    ...     for _ in range(2):
    ...         print(cached([file], {}, streets, folder=Path(name) / ".cache").length_m.tolist())
    built
    [9.0]
    [9.0]
    """
    if folder is None:
        return build()
    sources = [Path(source) for source in sources]
    key = _key(sources, parameters)
    if key is None:
        return build()
    file = Path(folder) / f"{key}.streets"
    network = _read(file, key)
    if network is not None:
        _touch(file)
        return network
    network = build()
    # A file that changed while it was read would be kept under a name that is not its own.
    if _key(sources, parameters) == key and _write(file, key, network):
        _prune(file.parent, kept)
    return network


def digest(sources: Iterable[Path], parameters: Mapping[str, Any]) -> str:
    """SHA-256, as hexadecimal digits, over the sources' bytes, the parameters, this program and its libraries.

    Names of files do not count, but their order and endings do; of a folder the names of the files within do. Raises `OSError` for a file that cannot be read.
    """
    told = hashlib.sha256()
    for source in map(Path, sources):
        for part in belonging(source):
            # The files of a folder know each other by name.
            name = part.relative_to(source).as_posix() if source.is_dir() else part.suffix.lower()
            own = json.dumps([name, content.size_and_digest(part)[1]])
            told.update(own.encode("ascii") + b"\n")
        told.update(b"\n")
    rest = {"parameters": parameters, "format": FORMAT, "program": _program(), "libraries": _libraries()}
    told.update(json.dumps(rest, sort_keys=True).encode("ascii"))
    return told.hexdigest()


def belonging(source: Path) -> list[Path]:
    """The files whose bytes make up a source: itself, and those beside it whose name differs by the last ending alone: a
    shapefile is several files, and a GeoPackage may not have taken in yet what it was last given. Of a folder, such as a file
    geodatabase, all files within but locks. What only coordinates those who have a GeoPackage open changes by looking, and does not count.
    """
    if source.is_dir():
        return content.files_within(source)
    beside = (part for part in source.parent.iterdir() if part.stem == source.stem and part.is_file())
    return sorted({source, *(part for part in beside if not part.suffix.endswith(SHARED))})


def _key(sources: list[Path], parameters: Mapping[str, Any]) -> str | None:
    try:
        return digest(sources, parameters)
    except OSError:
        # The reader itself says best what is wrong with a file.
        return None


@cache
def _program() -> str:
    """The digest of the program's own code and data files, as they were when it was first asked for."""
    root = Path(str(files("livingcircle")))
    told = hashlib.sha256()
    for file in sorted(root.rglob("*")):
        if file.suffix in (".py", ".toml"):
            own = json.dumps([file.relative_to(root).as_posix(), content.size_and_digest(file)[1]])
            told.update(own.encode("ascii") + b"\n")
    return told.hexdigest()


@cache
def _libraries() -> dict[str, str]:
    told = {name: version(name) for name in LIBRARIES}
    try:
        told["pyarrow"] = version("pyarrow")
    except PackageNotFoundError:
        pass  # an optional part
    return told | {
        "geos": shapely.geos_version_string,
        "proj": pyproj.proj_version_str,
        "python": platform.python_version(),
        "machine": f"{platform.machine()} {sys.byteorder}",
    }


def _read(file: Path, key: str) -> StreetNetwork | None:
    """The network in the file; None where there is none, or where the file is damaged or another's."""
    try:
        data = file.read_bytes()
        size = len(HEAD) + hashlib.sha256().digest_size
        payload = memoryview(data)[size:]
        if data[:size] != HEAD + hashlib.sha256(payload).digest():
            return None
        with np.load(io.BytesIO(payload), allow_pickle=False) as packed:
            arrays = {name: packed[name] for name in packed.files}
        return unpack(arrays) if arrays[KEY].tobytes().decode("ascii") == key else None
    except UNREADABLE:
        return None


def _write(file: Path, key: str, network: StreetNetwork) -> bool:
    """Whether the network could be kept; the file is there whole or not at all."""
    part = None
    try:
        packed = io.BytesIO()
        np.savez(packed, **pack(network), **{KEY: np.frombuffer(key.encode("ascii"), dtype=np.uint8)})
        payload = packed.getbuffer()
        file.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=".", suffix=PART, dir=file.parent)
        part = Path(name)
        with os.fdopen(number, "wb") as stream:
            stream.write(HEAD + hashlib.sha256(payload).digest())
            stream.write(payload)
        part.replace(file)
        return True
    except (OSError, TypeError):
        return False
    finally:
        if part is not None:
            _drop(part)


def _touch(file: Path) -> None:
    try:
        os.utime(file)
    except OSError:
        # Then it may be let go a little earlier.
        return


def _drop(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return


def _prune(folder: Path, kept: int) -> None:
    """Lets go all but the networks used last, and what killed runs left; files of others stay."""
    aged = sorted(_aged(folder, lambda name: ENTRY.fullmatch(name) is not None), reverse=True)
    for _, file in aged[kept:]:
        _drop(file)
    for age, file in _aged(folder, lambda name: name.endswith(PART)):
        if time.time() - age > PART_SECONDS:
            _drop(file)


def _aged(folder: Path, ours: Callable[[str], bool]) -> Iterator[tuple[float, Path]]:
    try:
        entries = list(folder.iterdir())
    except OSError:
        return
    for file in entries:
        try:
            if ours(file.name) and file.is_file():
                yield file.stat().st_mtime, file
        except OSError:
            continue
