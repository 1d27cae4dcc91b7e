"""Streets and places of an area from OpenStreetMap, asked of public Overpass servers and kept as one extract.

A large area is asked for in tiles. Each whole answer is kept at once, so that a download that broke off goes on where it
stopped; only when all are there the extract takes the place of the last one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import shapely
from filelock import FileLock, Timeout

from livingcircle import __version__
from livingcircle.errors import DataError, Fault, reason, said
from livingcircle.sources.overpass.answers import Refused, unite
from livingcircle.sources.overpass.manners import rules
from livingcircle.sources.overpass.places import find_place
from livingcircle.sources.overpass.queries import boxes, query
from livingcircle.sources.overpass.servers import Servers, Watch
from livingcircle.sources.overpass.tiles import Tile, Tiles, digest

__all__ = ["EXTRACT", "RECORD", "Watch", "download", "find_place"]

EXTRACT = "streets-and-facilities.osm.pbf"
RECORD = "fetch.json"
TILES, FRESH = ".tiles", ".fetch-"


def download(
    area: shapely.Geometry,
    *,
    keys: Iterable[str],
    folder: str | Path,
    servers: Sequence[str] | None = None,
    budget_s: float | None = None,
    watch: Watch | None = None,
) -> list[Path]:
    """The files written into `folder`: the extract `streets-and-facilities.osm.pbf` and its record `fetch.json`.

    `area` is a polygon in degrees of WGS-84. The extract holds every way tagged `highway` that touches the boxes around
    the area's tiles, and every node, way and area tagged with one of `keys`, each whole and once: `sources.osm.read_ways`
    and `read_places` read it. The record tells the date, the questions, which server answered each, the date of its data
    (`osm_base`), counts and SHA-256 digests. `servers` are addresses of Overpass interpreters and `budget_s` the seconds
    for everything; `sources/overpass/overpass.toml` states both, retries, waits and sizes. `watch` is told the progress.

    Raises `DataError` when the area is no polygon or too large, when the folder cannot be written, when no server gives a
    tile in time (each with all its reasons) and when there is no street. Then the extract and its record are as they were,
    and finished tiles stay for the next try, which asks only for the others (for a day).
    """
    watch, base = watch or Watch(), Path(folder)
    addresses = [told["url"] for told in rules()["servers"]] if servers is None else list(servers)
    budget_s = rules()["budget"]["seconds"] if budget_s is None else budget_s
    wanted = sorted(set(keys))
    questions = [query(box, wanted) for box in boxes(area)]
    pool = Servers(addresses, budget_s=budget_s, watch=watch)
    with _alone(base):
        kept = Tiles(base / TILES)
        found = _gather(questions, pool, kept, watch)
        _require_streets(found, pool, kept)
        with _fresh(base) as (extract, record):
            dates = sorted(tile.holding.osm_base for tile in found)
            try:
                holding = unite([tile.path for tile in found], extract, bounds=area.bounds, osm_base=dates[0])
            except Refused as refusal:
                raise DataError(Fault(str(base / EXTRACT), refusal.problem, "check the free disk space and fetch again; no tile is asked anew")) from refusal
            told = {
                "livingcircle": __version__,
                "written": datetime.now(UTC).isoformat(timespec="seconds"),
                "license": rules()["license"],
                "file": {"name": EXTRACT, "sha256": digest(extract), "counts": holding.counts()},
                "osm_base": {"oldest": dates[0], "newest": dates[-1]},
                "keys": wanted,
                "area": json.loads(shapely.to_geojson(area)),
                "servers": dict(Counter(tile.server for tile in found)),
                "tiles": [tile.as_dict() for tile in found],
            }
            record.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
        kept.clear()
    return [base / EXTRACT, base / RECORD]


def _gather(questions: Sequence[str], pool: Servers, kept: Tiles, watch: Watch) -> list[Tile]:
    """The tile of every question, in their order; those that are there are not asked."""
    found = {question: tile for question in questions if (tile := kept.find(question)) is not None}
    for tile in found.values():
        if tile.holding.streets:
            pool.vouch(tile.server)
    # Without a street of the same server beside it, an answer without streets proves nothing.
    found = {question: tile for question, tile in found.items() if tile.holding.streets or pool.proved(tile.server)}
    watch.told(len(found), len(questions))
    for question in questions:
        if question in found:
            continue
        try:
            answer, holding, server = pool.ask(question, folder=kept.folder)
        except DataError as error:
            problem = said("not downloaded: {found} of {tiles} tiles are there", found=len(found), tiles=len(questions))
            remedy = said(
                "fetch again later, only the others are asked then; where every server is too slow or too busy, raise the budget, "
                "name another server, or give an extract file of the province"
            )
            raise DataError([Fault(str(kept.folder.parent / EXTRACT), problem, remedy), *error.faults]) from error
        found[question] = kept.keep(question, answer=answer, holding=holding, server=server)
        watch.told(len(found), len(questions))
    return [found[question] for question in questions]


def _require_streets(found: Sequence[Tile], pool: Servers, kept: Tiles) -> None:
    """Raise `DataError` for tiles that only a server without any street here answered: it may hold another country."""
    known = min((tile for tile in found if tile.holding.streets), key=lambda tile: tile.holding.nodes, default=None)
    doubtful = [tile for tile in found if not tile.holding.streets and not pool.proved(tile.server)]
    for server in {tile.server for tile in doubtful} if known else ():
        pool.prove(server, known.query, folder=kept.folder)
    doubtful = [tile for tile in doubtful if not pool.proved(tile.server)]
    for tile in doubtful:
        kept.forget(tile)
    if not doubtful:
        return
    remedy = said("check that longitude stands before latitude and the area lies on land; else fetch again later, or name another server")
    raise DataError(
        Fault(server, said("knows no street in {times} of {tiles} tiles, and none in the others", times=times, tiles=len(found)), remedy)
        for server, times in Counter(tile.server for tile in doubtful).items()
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The folder made and held against a second download into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".fetch.lock", timeout=0)
        lock.acquire()
        for left in folder.glob(f"{FRESH}*"):
            shutil.rmtree(left, ignore_errors=True)
    except Timeout as error:
        raise DataError(Fault(str(folder), "another download is writing there", "wait for it")) from error
    except OSError as error:
        raise DataError(Fault(str(folder), said("cannot be written ({reason})", reason=reason(error)), "give another folder")) from error
    try:
        yield
    except OSError as error:
        raise DataError(Fault(str(folder), said("cannot be written ({error})", error=error), "check its rights and the free disk space")) from error
    finally:
        with suppress(OSError):
            # Only a folder without tiles can be removed so.
            (folder / TILES).rmdir()
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


@contextmanager
def _fresh(folder: Path) -> Iterator[tuple[Path, Path]]:
    """The extract and the record to write, moved to their places in `folder` when the block ends well."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=FRESH) as name:
        extract, record = Path(name) / EXTRACT, Path(name) / RECORD
        yield extract, record
        # The record names the digest of its extract: a kill in between is told by it.
        extract.replace(folder / EXTRACT)
        record.replace(folder / RECORD)
