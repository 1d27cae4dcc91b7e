"""File geodatabases of Esri: a folder named .gdb, or such a folder in a zip file named .gdb.zip."""

from __future__ import annotations

import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from livingcircle.errors import DataError, Fault, said
from livingcircle.sources.content import GEODATABASE, files_within

ZIPPED = ".gdb.zip"
KINDS = (GEODATABASE, ZIPPED)
# The table of tables, without which a folder is no geodatabase.
CATALOG = "a00000001.gdbtable"
TABLE, INDEX = ".gdbtable", ".gdbtablx"
# Tables that ArcGIS has compressed; nothing but ArcGIS reads them.
COMPRESSED = (".cdf", ".sdc")
WHOLE = said("copy the whole .gdb folder again, with all its files, while no program has it open; or export its layers as GeoPackage")
UNPACK = said("unpack it and name the .gdb folder, or zip that folder again")
UNPACKABLE = (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)


@contextmanager
def unpacked(path: Path, where: str) -> Iterator[Path]:
    """The folder of the geodatabase at `path`, for as long as it is read; what was zipped is unpacked in passing.

    Raises `DataError` for a file that is no folder, and for a zip file that is damaged, locked, or holds none or several.
    """
    if not path.name.lower().endswith(ZIPPED):
        if not path.is_dir():
            raise DataError(Fault(where, "it is a file, and a geodatabase is a folder of files", WHOLE))
        yield path
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / path.name[: -len(".zip")]
        folder.mkdir()
        try:
            _unpack(path, folder, where)
        except UNPACKABLE as error:
            raise DataError(Fault(where, said("cannot be unpacked: {error}", error=error), UNPACK)) from None
        yield folder


def faults(folder: Path, where: str) -> list[Fault]:
    """What keeps a geodatabase from being read in full: files that are missing, compressed, or shorter than they say, or not of one state.

    Of a table whose index is cut, GDAL reads no row and says nothing; of one with another's index, as many as the index has.
    """
    files = {file.name.lower(): file for file in files_within(folder)}
    if not files:
        return [Fault(where, "the folder is empty", WHOLE)]
    if CATALOG not in files:
        return [Fault(where, said("it is no file geodatabase: {file} is missing", file=CATALOG), WHOLE)]
    # GDAL takes a folder with a shapefile in it for a folder of shapefiles.
    foreign = sorted(name for name in files if name.endswith(".shp"))
    if foreign:
        return [Fault(where, said("a shapefile lies in the geodatabase's folder ({file})", file=foreign[0]), "move it out of the folder")]
    packed = sorted(name for name in files if name.endswith(COMPRESSED))
    if packed:
        remedy = said("uncompress it in ArcGIS (Uncompress File Geodatabase Data), or export its layers as GeoPackage")
        return [Fault(where, said("its tables are compressed ({file})", file=packed[0]), remedy)]
    found = []
    for name, file in sorted(files.items()):
        size, promised = file.stat().st_size, _promised(file)
        if size < promised:
            found.append(Fault(where, said("{file} is cut short: {size} of {promised} bytes", file=file.name, size=size, promised=promised), WHOLE))
    return found or _of_others(files, where)


def _head(file: Path, size: int) -> bytes:
    with file.open("rb") as stream:
        return stream.read(size)


def _promised(file: Path) -> int:
    """The bytes that the header of a table or of its index of rows says the file has."""
    suffix = file.suffix.lower()
    if suffix == TABLE:
        head = _head(file, 40)
        return struct.unpack("<Q", head[24:32])[0] if len(head) == 40 else 40
    if suffix != INDEX:
        return 0
    head = _head(file, 16)
    if len(head) < 16:
        return 16
    version, pages, _, width = struct.unpack("<4I", head)
    # Pages of 1,024 positions of rows and a trailer; what indexes of 64 bits hold is not known so well.
    return 32 + 1024 * pages * width if version == 3 and pages else 16


def _of_others(files: dict[str, Path], where: str) -> list[Fault]:
    """Tables that have more rows than their index, as where one file was copied before an edit and one after it."""
    found = []
    for name in sorted(name for name in files if name.endswith(TABLE)):
        index = files.get(name.removesuffix(TABLE) + INDEX)
        heads = (_head(files[name], 16), _head(index, 16)) if index else (b"", b"")
        if all(head[:4] == b"\x03\0\0\0" for head in heads):
            rows, places = struct.unpack("<I", heads[0][4:8])[0], struct.unpack("<I", heads[1][8:12])[0]
            if rows > places:
                found.append(Fault(
                    where, said("{rows} rows in {table} but {places} in {index}", rows=rows, table=files[name].name, places=places, index=index.name), WHOLE
                ))
    return found


def _unpack(path: Path, folder: Path, where: str) -> None:
    with zipfile.ZipFile(path) as archive:
        inside = [(PurePosixPath(info.filename.replace("\\", "/")), info) for info in archive.infolist() if not info.is_dir()]
        homes = {name.parent for name, _ in inside if name.name.lower() == CATALOG}
        if len(homes) != 1:
            held = f"{len(homes)} geodatabases" if homes else "no file geodatabase"
            raise DataError(Fault(where, said("the zip file holds {held}", held=held), "zip one .gdb folder, with all its files"))
        for name, info in inside:
            if name.parent in homes:
                with archive.open(info) as packed, (folder / name.name).open("xb") as file:
                    shutil.copyfileobj(packed, file)
