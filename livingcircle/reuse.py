"""What was worked out before, found again by all that it was worked out from.

A step is a function whose arguments are all that its result hangs on. `again` takes the digest of the arguments and gives back the very
result that an earlier call with equal arguments had. Nothing is assumed to be unchanged: it is compared, to the last bit.
"""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
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


# Digests of what is larger are kept as long as the thing itself; of what is smaller they are worked out in no time.
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
    told = hashlib.blake2b(digest_size=16)
    _tell(told, value, known)
    return told.digest()


def _tell(told: Any, value: Any, known: Known | None) -> None:
    """Large things count by their own digest, so that it can be kept with them."""
    if not _large(value):
        _tell_whole(told, value, known)
        return
    alive, own = (None, b"") if known is None else known.digests.get(id(value), (None, b""))
    # Another thing may have come to stand where one that is gone stood.
    if alive is None or alive() is not value:
        part = hashlib.blake2b(digest_size=16)
        _tell_whole(part, value, known)
        own = part.digest()
        if known is not None:
            known.digests[id(value)] = weakref.ref(value), own
    told.update(b"D" + own)


def _large(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size > LARGE
    return isinstance(value, pd.DataFrame | BaseModel | pyproj.CRS) or (is_dataclass(value) and hasattr(value, "__weakref__"))


def _tell_whole(told: Any, value: Any, known: Known | None) -> None:
    """Every kind begins with a letter of its own and its size, so that no two values run together alike."""
    if value is None or value is pd.NA or isinstance(value, bool | int | float | str | bytes | np.generic | date):
        word = repr(value).encode() if not isinstance(value, np.generic) else value.dtype.str.encode() + value.tobytes()
        told.update(f"w{type(value).__name__}:{len(word)}:".encode() + word)
    elif isinstance(value, np.ndarray):
        _tell_array(told, value, known)
    elif isinstance(value, pd.Categorical):
        _tell_many(told, b"c", (np.asarray(value.codes), list(value.categories), bool(value.ordered)), known)
    elif isinstance(value, pd.DataFrame):
        # Columns as pandas has them; geopandas looks each over as it hands it out.
        columns = [part for name, column in pd.DataFrame.items(value) for part in (name, str(column.dtype), column.array)]
        _tell_many(told, b"t", (type(value).__name__, value.index, *columns), known)
    elif isinstance(value, pd.Series | pd.Index):
        _tell_many(told, b"s", (str(value.dtype), value.name, value.array), known)
        if isinstance(value, pd.Series):
            _tell(told, value.index, known)
    elif isinstance(value, gpd.array.GeometryArray):
        _tell_many(told, b"g", (value.crs, np.asarray(value)), known)
    elif isinstance(value, pd.api.extensions.ExtensionArray):
        plain = isinstance(value, pd.arrays.NumpyExtensionArray)
        _tell_many(told, b"x", (str(value.dtype), value.to_numpy() if plain else np.asarray(value, dtype=object)), known)
    else:
        _tell_composed(told, value, known)


def _tell_composed(told: Any, value: Any, known: Known | None) -> None:
    if isinstance(value, pyproj.CRS):
        _tell_many(told, b"p", (value.to_wkt(),), known)
    elif isinstance(value, shapely.Geometry):
        _tell_many(told, b"h", (shapely.to_wkb(value),), known)
    elif isinstance(value, BaseModel):
        _tell_many(told, b"m", (type(value).__qualname__, value.model_dump_json()), known)
    elif is_dataclass(value) and not isinstance(value, type):
        parts = (part for one in fields(value) for part in (one.name, getattr(value, one.name)))
        _tell_many(told, b"d", (type(value).__qualname__, *parts), known)
    elif isinstance(value, Mapping):
        _tell_many(told, b"k", tuple(part for pair in value.items() for part in pair), known)
    elif isinstance(value, list | tuple):
        _tell_many(told, b"l", value, known)
    else:
        raise Untold(type(value).__qualname__)


def _tell_many(told: Any, kind: bytes, parts: list | tuple, known: Known | None) -> None:
    told.update(kind + str(len(parts)).encode() + b":")
    for part in parts:
        _tell(told, part, known)


def _tell_array(told: Any, value: np.ndarray, known: Known | None) -> None:
    told.update(f"a{value.dtype.str}{value.shape}".encode())
    if value.dtype != object:
        told.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data if value.size else b"")
        return
    flat = value.ravel()
    if len(flat) and pd.api.types.infer_dtype(flat, skipna=False) == "string":
        # Names of residences and units stand in many rows.
        code, names = pd.factorize(flat)
        words = [one.encode() for one in names]
        told.update(b"s" + np.fromiter(map(len, words), dtype=np.int64, count=len(words)).tobytes() + b"".join(words) + code.tobytes())
    elif len(flat) and shapely.is_valid_input(flat).all():
        _tell_geometry(told, flat)
    else:
        _tell_many(told, b"o", flat.tolist(), known)


def _tell_geometry(told: Any, shapes: np.ndarray) -> None:
    kinds = shapely.get_type_id(shapes)
    if (kinds == 0).all() and not shapely.has_z(shapes).any() and not shapely.is_empty(shapes).any():
        told.update(b"P" + shapely.get_coordinates(shapes).tobytes())
        return
    for wkb in shapely.to_wkb(shapes, include_srid=True):
        told.update(b"n" if wkb is None else str(len(wkb)).encode() + b":" + wkb)
