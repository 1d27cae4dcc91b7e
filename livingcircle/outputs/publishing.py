"""All files of a run appear together or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from livingcircle.errors import Fault, StudyError


@contextmanager
def publish(target: Path) -> Iterator[Path]:
    """A folder to write into; when the block ends well its files take the place of those of the last run in `target`.

    When the block fails, `target` is left as it was. Folders inside `target` and files that no run wrote stay. A run
    that died between two steps is finished or undone by the next. Raises `StudyError` when another run is writing there,
    or when the folder cannot be written.
    """
    target = Path(target).resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.parent / f".{target.name}.lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        raise StudyError(Fault(str(target), "another run is writing there", "wait for it, or give another --out")) from error
    except OSError as error:
        raise StudyError(Fault(str(target), f"cannot be written ({error})", "give another --out")) from error
    try:
        old = target.parent / f".{target.name}.old"
        _recover(target, old)
        if target.exists() and not target.is_dir():
            raise StudyError(Fault(str(target), "is a file, not a folder", "give another --out"))
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.new-", dir=target.parent))
        try:
            yield fresh
            fresh.chmod(0o755)
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


def _carry_over(old: Path, target: Path) -> None:
    """Folders of scenarios and a planner's own files move on; what the new run wrote replaces the old."""
    if not old.exists():
        return
    for entry in old.iterdir():
        if not (target / entry.name).exists() and (entry.is_dir() or not _ours(entry.name)):
            entry.rename(target / entry.name)
    shutil.rmtree(old, ignore_errors=True)


def _ours(name: str) -> bool:
    return name in {
        "index.html", "coverage.csv", "indicators.csv", "gaps.csv", "gaps.xlsx", "layers.gpkg", "report.docx", "run.json",
    }
