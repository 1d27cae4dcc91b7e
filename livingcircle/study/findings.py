"""What reading a study's files notices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd

from livingcircle import coordinates
from livingcircle.study.files import with_layer

READ_COLUMNS = ("file", "role", "rows", "kinds", "crs", "stated", "encoding", "assumed", "repaired", "asked", "kept", "rules")


@dataclass
class Findings:
    """What reading noticed: counts for the run record, warnings as (message key, values), and a row (`READ_COLUMNS`) a file.

    With `thorough` every file is read anew, though its network is kept from an earlier run, and what a data check needs to decide otherwise
    is kept: `parts` (`places.Parts`), and in a row of `read` the places of repaired polygons (`repaired_at`, in `raw_crs` as `declared`) and what rows of
    no category may be (`maybe`).
    """

    counts: dict = field(default_factory=dict)
    warnings: list[tuple[str, dict]] = field(default_factory=list)
    read: list[dict] = field(default_factory=list)
    thorough: bool = False
    parts: Any = None

    def note(self, raw: gpd.GeoDataFrame, told, role: str, *, asked: int | None = None, kept: int | None = None, rules: str = "") -> None:
        """Keep what a file held as it was read: `told` is its part of the study, `asked` the rows it asks for, `kept` those used."""
        kinds = raw.geom_type.value_counts()
        encoding = str(raw.attrs.get("encoding", ""))
        self.read.append(
            {
                "file": with_layer(told.path, told.layer),
                "role": role,
                "rows": len(raw),
                "kinds": ", ".join(f"{kind} {count}" for kind, count in kinds.items()),
                "crs": _named(told.crs) or (raw.crs.to_string() if raw.crs else ""),
                "stated": bool(told.crs),
                "encoding": encoding,
                "assumed": bool(encoding) and encoding != "UTF-8" and not told.encoding,
                "repaired": int(raw.attrs.get("repaired", 0)),
                "repaired_at": raw.attrs.get("repaired_at", []),
                "raw_crs": raw.crs,
                "declared": told.crs,
                "maybe": None,
                "asked": len(raw) if asked is None else asked,
                "kept": len(raw) if kept is None else kept,
                "rules": rules,
            }
        )


def _named(crs: str | None) -> str | None:
    """A CRS in a word: a long text of one is shown by its name."""
    return coordinates.resolve_crs(crs)[0].name if crs and ("[" in crs or "{" in crs) else crs
