"""What a source on disk holds, as bytes: a file, or a file geodatabase, which is a folder of files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

GEODATABASE = ".gdb"
# What only says who has a geodatabase open comes and goes by looking at it.
LOCK = ".lock"


def is_there(path: Path) -> bool:
    """Whether there is something to read at `path`: a file, or the folder of a file geodatabase."""
    return path.is_file() or (path.suffix.lower() == GEODATABASE and path.is_dir())


def files_within(folder: Path) -> list[Path]:
    """All files of a folder and its folders, in the order of their names from there, without locks."""
    found = (file for file in folder.rglob("*") if file.is_file() and file.suffix.lower() != LOCK)
    return sorted(found, key=lambda file: file.relative_to(folder).as_posix())


def size_and_digest(path: Path) -> tuple[int, str]:
    """The bytes of a file and their SHA-256 as hexadecimal digits; of a folder both over all its files.

    A folder's digest hangs on the names of its files from there and on their content, not on their dates, nor on locks, nor
    on where the folder lies or what it is called. Raises `OSError` for what cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name) / "plan.gdb"
    ...     folder.mkdir()
    ...     _ = (folder / "a00000001.gdbtable").write_bytes(b"rows")
    ...     before = size_and_digest(folder)
    ...     _ = (folder / "_gdb.PC7.1.2.sr.lock").write_bytes(b"open")
    ...     print(before[0], size_and_digest(folder) == before)
    4 True
    """
    if not path.is_dir():
        with path.open("rb") as stream:
            told = hashlib.file_digest(stream, "sha256").hexdigest()
            return stream.tell(), told
    size, whole = 0, hashlib.sha256()
    for file in files_within(path):
        held, told = size_and_digest(file)
        size += held
        whole.update(json.dumps([file.relative_to(path).as_posix(), told]).encode("ascii") + b"\n")
    return size, whole.hexdigest()
