"""What was worked out before, found again by all that it was worked out from.

A step is a function whose arguments are all that its result hangs on. `again` takes the digest of the arguments and gives back the very
result that an earlier call with equal arguments had. Nothing is assumed to be unchanged: it is compared, to the last bit.
"""

from __future__ import annotations

import hashlib
import re
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from functools import cache
from itertools import chain
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from pydantic import BaseModel

T = TypeVar("T")


class Untold(TypeError):
    """Something that no digest can tell from another."""


# Digests of larger arrays are kept as long as the array itself; of what is smaller they are worked out in no time.
LARGE = 2_000


@dataclass(frozen=True)
class Known:
    """Results of steps by the digest of their arguments, and the digests of large layers, which are never changed.

    `asked` are the digests asked for since the last call of `forget`.
    """

    results: dict[bytes, Any] = field(default_factory=dict)
    digests: dict[int, tuple[weakref.ref, bytes]] = field(default_factory=dict)
    asked: dict[bytes, None] = field(default_factory=dict)

    def forget(self, kept: frozenset[bytes] = frozenset()) -> frozenset[bytes]:
        """The digests of all results asked for since the last call; others that are not among `kept` are let go."""
        used = frozenset(self.asked)
        for key in [key for key in self.results if key not in used and key not in kept]:
            del self.results[key]
        for number in [number for number, (alive, _) in self.digests.items() if alive() is None]:
            del self.digests[number]
        self.asked.clear()
        return used


# A value in bytes, by what is known.
Way = Callable[[Any, Known | None], bytes]


def again(known: Known | None, step: Callable[..., T], *told: Any, within: bool = False) -> T:
    """`step(*told)`, as an earlier call with equal arguments gave it where there was one; `known` is None to keep nothing.

    With `within` the step is handed `known`, too, for steps of its own. Equal means alike to the last bit and in order. Neither arguments nor
    results may be changed by anybody. Where `digest` does not know an argument, or `step` raises, nothing is kept.

    >>> def sum_of(values):
    ...     print("worked out")
    ...     return float(values.sum())
    >>> known = Known()
    >>> [again(known, sum_of, np.array(values)) for values in ([1.0, 2.0], [1.0, 2.0], [1.0, 3.0])]
    worked out
    worked out
    [3.0, 3.0, 4.0]
    """
    more = {"known": known} if within else {}
    if known is None:
        return step(*told, **more)
    try:
        key = digest((step.__module__, step.__qualname__, told), known=known)
    except Untold:
        return step(*told, **more)
    if key not in known.results:
        known.results[key] = step(*told, **more)
    known.asked[key] = None
    return known.results[key]


def entered(known: Known | None, step: Callable[..., T], *told: Any, result: T) -> None:
    """Keep `result` as what `again` finds for `step(*told)`: for what comes out beside other work."""
    if known is None:
        return
    try:
        key = digest((step.__module__, step.__qualname__, told), known=known)
    except Untold:
        return
    known.asked[key] = None
    known.results.setdefault(key, result)


def recalled(known: Known | None, step: Callable[..., T], *told: Any) -> T | None:
    """What `again` would find without working out anything; None where there is nothing."""
    try:
        return None if known is None else known.results.get(digest((step.__module__, step.__qualname__, told), known=known))
    except Untold:
        return None


def digest(value: Any, *, known: Known | None = None) -> bytes:
    """Sixteen bytes that tell one value from any other: numbers and words, tables, geometry, standards and dataclasses of these.

    Kinds count (1 is not 1.0), and so do the order of rows, columns and keys. Raises `Untold` for anything else, such as a function.

    >>> digest((1, "a")) == digest((1, "a")), digest((1, "a")) == digest((1.0, "a"))
    (True, False)
    """
    return _short(_told(value, known))


def _short(told: bytes | memoryview) -> bytes:
    return hashlib.sha256(told).digest()[:16]


def _told(value: Any, known: Known | None) -> bytes:
    return _way(type(value))(value, known)


@cache
def _way(kind: type) -> Way:
    """How things of a kind are told: each begins with a letter of its own and its size, so that no two values run together alike."""
    if kind is str:
        return _text
    for kinds, way in _WAYS:
        if issubclass(kind, kinds):
            return way
    if is_dataclass(kind):
        return _kept(_dataclass) if hasattr(kind, "__weakref__") else _dataclass
    raise Untold(kind.__qualname__)


def _kept(way: Way) -> Way:
    """Things that count by their own digest, which is kept as long as they are there."""

    def told(value: Any, known: Known | None) -> bytes:
        if known is None:
            return b"D" + _short(way(value, known))
        alive, own = known.digests.get(id(value), (None, b""))
        # Another thing may have come to stand where one that is gone stood.
        if alive is None or alive() is not value:
            own = _short(way(value, known))
            known.digests[id(value)] = weakref.ref(value), own
        return b"D" + own

    return told


def _text(value: str, known: Known | None) -> bytes:
    word = value.encode("utf-8", "surrogatepass")
    return b"u%d:" % len(word) + word


def _word(value: Any, known: Known | None) -> bytes:
    word = f"{type(value).__name__} {value!r}".encode("utf-8", "surrogatepass")
    return b"w%d:" % len(word) + word


def _scalar(value: np.generic, known: Known | None) -> bytes:
    word = value.dtype.str.encode() + value.tobytes()
    return b"W%d:" % len(word) + word


def _many(values: Sequence, known: Known | None) -> bytes:
    """Lists and tuples alike; those of one kind are told all at once."""
    kinds, size = set(map(type, values)), len(values)
    if kinds == {str}:
        return b"S%d:" % size + _sizes(values) + "".join(values).encode("utf-8", "surrogatepass")
    if kinds == {float}:
        return b"F%d:" % size + np.array(values, dtype=float).tobytes()
    if kinds in ({list}, {tuple}):
        return b"T%d:" % size + _sizes(values) + _many([*chain.from_iterable(values)], known)
    return b"l%d:" % size + b"".join([_told(one, known) for one in values])


def _sizes(values: Sequence) -> bytes:
    return np.fromiter(map(len, values), dtype=np.int64, count=len(values)).tobytes()


def _mapping(value: Mapping, known: Known | None) -> bytes:
    return b"k" + _many([*value.keys()], known) + _many([*value.values()], known)


def _dataclass(value: Any, known: Known | None) -> bytes:
    """Fields that no two are compared by are kept for convenience."""
    return _names(type(value)) + b"".join([_told(getattr(value, one.name), known) for one in fields(value) if one.compare])


@cache
def _names(kind: type) -> bytes:
    return b"d" + _many([kind.__module__, kind.__qualname__, *(one.name for one in fields(kind))], None)


def _model(value: BaseModel, known: Known | None) -> bytes:
    """A model that holds others by key is told by these, as most of them are the same after a change."""
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    own = value.__dict__
    if not any(isinstance(one, Mapping) for one in own.values()):
        return b"m" + _many([name, value.model_dump_json()], known)
    return b"M" + _text(name, known) + _many([*own], known) + _many([*own.values()], known)


def _pattern(value: re.Pattern, known: Known | None) -> bytes:
    return b"e" + _many((value.pattern, value.flags), known)


def _crs(value: pyproj.CRS, known: Known | None) -> bytes:
    return b"p" + _text(value.to_wkt(), known)


def _shape(value: shapely.Geometry, known: Known | None) -> bytes:
    return b"h" + _shapes(np.array([value], dtype=object))


def _table(value: pd.DataFrame, known: Known | None) -> bytes:
    # Columns as pandas has them; geopandas looks each over as it hands it out.
    columns = [(name, column.array) for name, column in pd.DataFrame.items(value)]
    parts = [part for name, array in columns for part in (_told(name, known), _text(str(array.dtype), known), _told(array, known))]
    return b"t%d:" % len(columns) + _text(type(value).__name__, known) + _told(value.index, known) + b"".join(parts)


def _series(value: pd.Series | pd.Index, known: Known | None) -> bytes:
    index = _told(value.index, known) if isinstance(value, pd.Series) else b"-"
    return b"s" + _text(str(value.dtype), known) + _told(value.name, known) + _told(value.array, known) + index


def _range(value: pd.RangeIndex, known: Known | None) -> bytes:
    return b"r" + _many((value.start, value.stop, value.step, value.name), known)


def _categorical(value: pd.Categorical, known: Known | None) -> bytes:
    return b"c" + _array(np.asarray(value.codes), known) + _many(list(value.categories), known) + _told(bool(value.ordered), known)


def _geometry(value: gpd.array.GeometryArray, known: Known | None) -> bytes:
    return b"g" + _told(value.crs, known) + _array(np.asarray(value), known)


def _plain(value: pd.arrays.NumpyExtensionArray, known: Known | None) -> bytes:
    return _array(value.to_numpy(), known)


def _extension(value: pd.api.extensions.ExtensionArray, known: Known | None) -> bytes:
    return b"x" + _text(str(value.dtype), known) + _array(np.asarray(value, dtype=object), known)


def _array(value: np.ndarray, known: Known | None) -> bytes:
    return _large(value, known) if value.size > LARGE else _whole(value, known)


def _whole(value: np.ndarray, known: Known | None) -> bytes:
    head = f"a{value.dtype.str}{value.shape}".encode()
    if value.dtype == bool:
        return head + np.packbits(value).tobytes()
    if value.dtype != object:
        return head + value.tobytes()
    flat = value.ravel().tolist()
    kinds = set(map(type, flat))
    if kinds == {str} and len(flat) > LARGE:
        # Names of residences and units stand in many rows.
        code, names = pd.factorize(value.ravel())
        return head + b"N" + _many(names.tolist(), known) + code.tobytes()
    if flat and all(issubclass(kind, _SHAPED) for kind in kinds):
        return head + b"G" + _shapes(value.ravel())
    return head + _many(flat, known)


def _shapes(shapes: np.ndarray) -> bytes:
    if (shapely.get_type_id(shapes) == 0).all() and not shapely.has_z(shapes).any() and not shapely.is_empty(shapes).any():
        return b"P%d:" % len(shapes) + shapely.get_coordinates(shapes).tobytes()
    # Nothing, where there is no shape, is told from an empty one.
    told = [one or b"" for one in shapely.to_wkb(shapes, include_srid=True)]
    return b"B%d:" % len(shapes) + _sizes(told) + b"".join(told)


_large = _kept(_whole)
_SHAPED = (shapely.Geometry, type(None))
# From the narrower kind to the wider one.
_WAYS: tuple[tuple[Any, Way], ...] = (
    (np.generic, _scalar),
    ((type(None), type(pd.NA), bool, int, float, str, bytes, date), _word),
    (np.ndarray, _array),
    (pd.DataFrame, _kept(_table)),
    (pd.RangeIndex, _range),
    ((pd.Series, pd.Index), _series),
    (pd.Categorical, _categorical),
    (gpd.array.GeometryArray, _geometry),
    (pd.arrays.NumpyExtensionArray, _plain),
    (pd.api.extensions.ExtensionArray, _extension),
    (pyproj.CRS, _kept(_crs)),
    (shapely.Geometry, _shape),
    (BaseModel, _kept(_model)),
    (re.Pattern, _pattern),
    (Mapping, _mapping),
    ((list, tuple), _many),
)
