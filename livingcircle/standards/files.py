"""Where standards stand: the files shipped, a planner's own, and the files that one is based on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from livingcircle.errors import Fault, StandardError, listed, reason, said

SHIPPED = Path(__file__).parent


@dataclass(frozen=True)
class Layer:
    """One file of a stack: its path, and what it says as it stands there."""

    file: Path
    told: Mapping[str, Any]

    @property
    def head(self) -> Mapping[str, Any]:
        """What `[standard]` says; empty when it is no table."""
        head = self.told.get("standard")
        return head if isinstance(head, Mapping) else {}

    @property
    def id(self) -> str:
        """The id that the file gives itself, or its name where it gives none."""
        told = self.head.get("id")
        return told if isinstance(told, str) and told else self.file.stem

    @property
    def holds_indicators_alone(self) -> bool:
        """Whether it holds indicators and neither levels nor anything to lay them over."""
        return bool(self.told.get("indicators")) and not self.told.get("levels") and "based_on" not in self.head


def available() -> list[str]:
    """Ids of the standards shipped, sorted.

    >>> "gb50180-2018" in available()
    True
    """
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def find(id_or_path: str | Path, *, base: Path | None = None) -> Path:
    """The file of a shipped id, or of a path from `base` (or from the working folder). Raises `StandardError` when there is none."""
    told = str(id_or_path)
    if told in available():
        return SHIPPED / f"{told}.toml"
    file = (base or Path()) / Path(id_or_path)
    if file.is_file():
        return file
    where, what = (str(file), said("no such file")) if told.endswith(".toml") or isinstance(id_or_path, Path) else (told, said("no such standard"))
    shipped = said("correct the path of the TOML file, or name a shipped standard: {known}", known=listed(available()))
    raise StandardError(Fault(where, what, shipped))


def read(file: Path) -> Layer:
    """What the file says. Raises `StandardError` for what is no TOML, with its line."""
    return _read_once(file) if file.parent == SHIPPED else _read(file)


def _read(file: Path) -> Layer:
    try:
        return Layer(file, tomllib.loads(file.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StandardError(Fault(str(file), said("is not valid TOML ({error})", error=reason(error)), "correct this line; save as UTF-8")) from error


# Files shipped do not change while the program runs, and every study reads most of them.
_read_once = cache(_read)


def chain(asked: Sequence[str | Path], *, base: Path | None = None) -> tuple[list[Layer], list[Fault]]:
    """The files to stack, lowest first, those that one is based on before it; and the faults of files that cannot be had.

    A path in `based_on` starts at the folder of the file that says it. A file that several are based on stands once.
    """
    layers: dict[Path, Layer] = {}
    faults: list[Fault] = []
    for one in asked:
        try:
            file = find(one, base=base)
            if file.resolve() in layers:
                faults.append(Fault(str(one), "stands in the stack already", "name it once, before what is based on it"))
                continue
            for layer in _with_bases(file):
                layers.setdefault(layer.file.resolve(), layer)
        except StandardError as error:
            faults += error.faults
    ids: dict[str, Path] = {}
    for layer in layers.values():
        if ids.setdefault(layer.id, layer.file) != layer.file:
            faults.append(
                Fault(f"{layer.file}: standard.id", said("'{id}' is also the id of {file}", id=layer.id, file=ids[layer.id]), "give each file an id of its own")
            )
    return [*layers.values()], faults


def _with_bases(file: Path) -> list[Layer]:
    """The file and all below it, lowest first."""
    found: list[Layer] = []
    seen: list[Path] = []
    while True:
        layer = read(file)
        found.insert(0, layer)
        seen.append(file.resolve())
        told = layer.head.get("based_on")
        if not isinstance(told, str) or not told:
            return found
        try:
            file = find(told, base=file.parent)
        except StandardError as error:
            fault = error.faults[0]
            raise StandardError(
                Fault(f"{layer.file}: standard.based_on", said("{problem} '{name}'", problem=fault.problem, name=told), fault.remedy)
            ) from error
        if file.resolve() in seen:
            turn = " → ".join(one.name for one in [*seen, file])
            raise StandardError(
                Fault(f"{layer.file}: standard.based_on", said("the files are based on one another ({files})", files=turn), "take one based_on out")
            )


@cache
def shipped_themes() -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Every theme that a shipped file defines: its id -> the id of that standard, and what it says of the theme."""
    return {id: one for id, one in reversed([*_themes()])}


def _themes() -> Iterator[tuple[str, tuple[str, Mapping[str, Any]]]]:
    for name in available():
        layer = read(find(name))
        for id, theme in layer.told.get("themes", {}).items():
            yield id, (layer.id, theme)
