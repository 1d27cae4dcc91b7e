"""Standards laid over one another, later files over earlier ones, with the file that every value came from.

Tables merge key by key. Rows of requirements, quotas and figures for 1,000 people merge with the row of the same level,
measure or land class; any other list is taken whole. `drop = true` takes out what lies below. A figure that a file changes
without a clause and an evidence mark of its own bears the number of that file as clause, and is to be verified.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from livingcircle.errors import Fault
from livingcircle.standards.files import SHIPPED, Layer
from livingcircle.standards.model import nearest

Path = tuple[str, ...]
# The keys that tell which row of a list is meant.
ROWS = {"requirements": ("level",), "quotas": ("measure", "of"), "per_thousand": ("level", "land_class")}
# Parts whose tables bear names, so that one of them can be dropped.
NAMED = ("levels", "themes", "categories", "green", "indicators")
# Keys that word a figure and are none themselves.
WORDING = {
    "name", "note", "verb", "type", "clause", "evidence", "flag_evidence", "name_evidence", "group", "unit", "definition", "numerator",
    "denominator", "target", "target_clause",
}  # fmt: skip
UNVERIFIED = "○"
# What [standard] says of stacking and not of the standard.
STACKING = ("based_on", "keep")


@dataclass
class Stack:
    """Files laid over one another: what they say together, and for every table and value the id of the last file that gave it.

    A row stands in `origins` under its own words: `("categories", "school", "requirements", "L10", "limit_m")`.
    """

    layers: list[Layer] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def add(self, layer: Layer) -> None:
        """Lay one more file over those there are."""
        self.layers.append(layer)
        if self.told and layer.head.get("keep") == "listed" and isinstance(self.told.get("categories"), Mapping):
            told = layer.told.get("categories")
            listed = told if isinstance(told, Mapping) else {}
            for id in self.told["categories"].keys() - listed.keys():
                del self.told["categories"][id]
                self._forget(("categories", id))
        self.told = self._over(self.told, _own(layer, below=len(self.layers) > 1), ())

    def owner(self, path: Path) -> Layer:
        """The last file that gave the value, or the nearest table around it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.origins:
                return next(layer for layer in self.layers if layer.id == self.origins[path[:end]])
        return self.layers[-1]

    def _over(self, below: Any, above: Any, path: Path) -> Any:
        rows = bool(path) and path[-1] in ROWS and isinstance(above, list) and all(isinstance(row, Mapping) for row in above)
        if isinstance(above, Mapping):
            low = below if isinstance(below, Mapping) else {}
            own = dict(above) | {key: mark for key, mark in self._marks(low, above).items() if key not in above}
            made: Any = self._table(low, own, path)
        elif rows:
            made = self._rows(below if isinstance(below, list) else [], above, path)
        else:
            if isinstance(below, Mapping | list):
                self._forget(path)
            made = above
        self.origins[path] = self.layers[-1].id
        return made

    def _table(self, below: Mapping[str, Any], above: Mapping[str, Any], path: Path) -> dict[str, Any]:
        made = dict(below)
        for key, value in above.items():
            at = (*path, str(key))
            if len(path) == 1 and path[0] in NAMED and _drops(value):
                self._drop(at, len(value) == 1, below)
                made.pop(key, None)
            else:
                made[key] = self._over(made.get(key), value, at)
        return made

    def _rows(self, below: Sequence[Any], above: Sequence[Mapping], path: Path) -> list[Any]:
        names = ROWS[path[-1]]
        made: list[Any] = [*below]
        # Two rows of one file for the same thing both stay, so that the second can be told as a fault.
        places = {row_name(row, names): place for place, row in enumerate(below) if isinstance(row, Mapping)}
        for row in above:
            name = row_name(row, names)
            at, place = (*path, name), places.get(name)
            if _drops(row):
                self._drop(at, not row.keys() - {*names, "drop"}, places)
                if place is not None:
                    made[place] = None
            elif place is not None:
                made[place] = self._over(made[place], {key: value for key, value in row.items() if key not in names}, at)
            else:
                made.append(self._over(None, row, at))
        return [row for row in made if row is not None]

    def _marks(self, below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
        """Clause and evidence of figures that a file changes: those of the figure below hold for them no more."""
        if not {"clause", "evidence"} <= below.keys():
            return {}
        changed = {key for key, value in above.items() if key not in WORDING and value != below.get(key)}
        layer = self.layers[-1]
        marks: dict[str, Any] = {"clause": str(layer.head.get("number", layer.id))} if changed else {}
        if changed - {"flag"}:
            marks["evidence"] = UNVERIFIED
        if "flag" in changed:
            marks["flag_evidence"] = UNVERIFIED
        return marks

    def _drop(self, path: Path, alone: bool, below: Collection[str]) -> None:
        where = f"{self.layers[-1].file}: {'.'.join(path)}"
        if path[-1] not in below:
            self.faults.append(Fault(where, "nothing to drop: no file below has it", nearest(path[-1], below) if below else "take it out"))
        elif not alone:
            self.faults.append(Fault(where, "drop stands beside other keys", "take either out"))
        self._forget(path)

    def _forget(self, path: Path) -> None:
        for known in [known for known in self.origins if known[: len(path)] == path]:
            del self.origins[known]


def stacked(layers: Sequence[Layer]) -> Stack:
    """The files laid over one another, the first lowest.

    >>> import pathlib
    >>> low = Layer(pathlib.Path("low.toml"), {"levels": {"L5": {"minutes": 5, "walk_m": 300}}})
    >>> high = Layer(pathlib.Path("high.toml"), {"levels": {"L5": {"walk_m": 350}}})
    >>> told = stacked([low, high])
    >>> told.told["levels"], told.origins["levels", "L5", "minutes"], told.origins["levels", "L5", "walk_m"]
    ({'L5': {'minutes': 5, 'walk_m': 350}}, 'low', 'high')
    """
    stack = Stack()
    for layer in layers:
        stack.add(layer)
    return stack


def row_name(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """The words that tell a row from others of its list.

    >>> row_name({"measure": "places", "of": "children", "value": 30}, ROWS["quotas"])
    'places/children'
    """
    return "/".join(str(row.get(name, "")) for name in names)


def _drops(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("drop") is True


def _own(layer: Layer, *, below: bool) -> dict[str, Any]:
    """What a file says of the standard. A planner's own, laid over others, stands for a project unless it says otherwise."""
    told = dict(layer.told)
    if isinstance(told.get("standard"), Mapping):
        head = {key: value for key, value in layer.head.items() if key not in STACKING}
        told["standard"] = ({"tier": "project"} if below and layer.file.parent != SHIPPED else {}) | head
    return told
