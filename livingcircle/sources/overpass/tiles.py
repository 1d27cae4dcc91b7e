"""The tiles of a download that are there already: each a file named by its question, with a note of who answered and when."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from livingcircle.sources.overpass.answers import Holding
from livingcircle.sources.overpass.manners import rules
from livingcircle.sources.overpass.servers import PART


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Tile:
    """An answer that is kept: its file, the question, the server, when it was asked (UTC), its SHA-256 and what it holds."""

    path: Path
    query: str
    server: str
    asked: str
    sha256: str
    holding: Holding

    def as_dict(self) -> dict:
        """What the record of a download says of it."""
        return {
            "query": self.query,
            "server": self.server,
            "asked": self.asked,
            "osm_base": self.holding.osm_base,
            "counts": self.holding.counts(),
            "sha256": self.sha256,
        }


class Tiles:
    """The folder of the tiles of one study."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        # Left by a download that was killed while an answer came in.
        for part in folder.glob(f"{PART}*"):
            part.unlink(missing_ok=True)

    def find(self, query: str) -> Tile | None:
        """The tile of the question where it is there, fresh and unharmed; None where it has to be asked."""
        path, note = self._names(query)
        try:
            told = json.loads(note.read_text(encoding="utf-8"))
            age = datetime.now(UTC) - datetime.fromisoformat(told["asked"])
            if told["query"] != query or not timedelta(0) <= age <= timedelta(hours=rules()["tiles"]["fresh_hours"]):
                return None
            if digest(path) != told["sha256"]:
                return None
            holding = Holding(**told["counts"], osm_base=told["osm_base"])
            return Tile(path, query, str(told["server"]), told["asked"], told["sha256"], holding)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, query: str, *, answer: Path, holding: Holding, server: str) -> Tile:
        """The tile of the question from now on: the file `answer`, checked before, is moved to its place."""
        path, note = self._names(query)
        asked = datetime.now(UTC).isoformat(timespec="seconds")
        tile = Tile(path, query, server, asked, digest(answer), holding)
        fresh = answer.with_suffix(".json")
        fresh.write_text(json.dumps(tile.as_dict(), ensure_ascii=False), encoding="utf-8")
        # The note goes first: it names the digest of its tile, so that a kill in between leaves no pair that fits.
        fresh.replace(note)
        answer.replace(path)
        return tile

    def forget(self, tile: Tile) -> None:
        """Have the question asked again by the next download."""
        for path in self._names(tile.query):
            path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove the folder: what it held is in the extract."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _names(self, query: str) -> tuple[Path, Path]:
        name = hashlib.sha256(query.encode("utf-8")).hexdigest()
        return self.folder / f"{name}.osm", self.folder / f"{name}.json"
