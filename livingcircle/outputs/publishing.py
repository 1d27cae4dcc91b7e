"""All files of a run appear together or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from livingcircle.errors import Fault, StudyError, listed, said


@contextmanager
def publish(target: Path) -> Iterator[Path]:
    """A folder to write into; when the block ends well its files take the place of those of the last run in `target`.

    When the block fails, `target` is left as it was. Folders inside `target` and files that no run wrote stay; what the
    last run wrote is known from its `run.json`. A run that died between two steps is finished or undone by the next.
    Raises `StudyError` when another run is writing there, when the folder cannot be written, is the one worked in, or
    holds a file of somebody else under a name to be written.
    """
    target = Path(target).resolve()
    if target in (Path.cwd(), *Path.cwd().parents):
        raise StudyError(Fault(str(target), "is the folder you work in", "give a folder of its own as --out"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.parent / f".{target.name}.lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        raise StudyError(Fault(str(target), "another run is writing there", "wait for it, or give another --out")) from error
    except OSError as error:
        raise StudyError(Fault(str(target), said("cannot be written ({error})", error=error), "give another --out")) from error
    try:
        old = target.parent / f".{target.name}.old"
        _recover(target, old)
        if target.exists() and not target.is_dir():
            raise StudyError(Fault(str(target), "is a file, not a folder", "give another --out"))
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.new-", dir=target.parent))
        try:
            yield fresh
            _require_ours(fresh, target)
            fresh.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o755)
            if target.exists():
                target.rename(old)
            fresh.rename(target)
            _carry_over(old, target)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _recover(target: Path, old: Path) -> None:
    for half_done in target.parent.glob(f".{target.name}.new-*"):
        shutil.rmtree(half_done, ignore_errors=True)
    if old.exists():
        if target.exists():
            _carry_over(old, target)
        else:
            old.rename(target)


def _require_ours(fresh: Path, target: Path) -> None:
    names = {file.relative_to(fresh).as_posix() for file in fresh.rglob("*") if file.is_file()}
    foreign = sorted(name for name in names - _written(target) if (target / name).exists())
    if foreign:
        problem = said("holds {names} that no run of livingcircle wrote", names=listed(foreign))
        raise StudyError(Fault(str(target), problem, "move them away, or give another --out"))


def _carry_over(old: Path, target: Path) -> None:
    """Folders of scenarios and a planner's own files move on, those in folders of a run's, too; what the last run wrote goes."""
    if not old.exists():
        return
    written = _written(old)
    for entry in [*old.iterdir()]:
        if not (target / entry.name).exists() and (entry.is_dir() and not _holds(written, entry.name) or entry.is_file() and entry.name not in written):
            entry.rename(target / entry.name)
        elif entry.is_dir():
            for own in [file for file in entry.rglob("*") if file.is_file() and file.relative_to(old).as_posix() not in written]:
                place = target / own.relative_to(old)
                place.parent.mkdir(parents=True, exist_ok=True)
                own.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _holds(written: set[str], folder: str) -> bool:
    return any(name.startswith(f"{folder}/") for name in written)


def _written(folder: Path) -> set[str]:
    """The files that the run recorded in `folder` wrote; nothing without a record."""
    record = folder / "run.json"
    try:
        told = json.loads(record.read_text(encoding="utf-8"))
        return {record.name, *(str(part["file"]) for part in told["outputs"])}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
