"""The coordinate systems that the layers of a study state: found by their keys, and one word among them replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

# The word by which a layer says that it is in the study's local coordinate system.
LOCAL = "local"
OF_NO_LAYER = ("study.crs", "study.local_system.crs")

Part = TypeVar("Part", bound=BaseModel)


def says_local(crs: str) -> bool:
    """Whether the CRS of a layer is the word for the study's local system.

    >>> says_local(" Local"), says_local("EPSG:4550")
    (True, False)
    """
    return crs.strip().lower() == LOCAL


def crs_of_layers(study: BaseModel) -> Mapping[str, str]:
    """Every CRS that the layers of a whole study state, by its key such as `streets.crs` or `facilities.0.crs`."""
    return {key: crs for key, crs in _stated(study, "") if key not in OF_NO_LAYER}


def _stated(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        for own in type(value).model_fields:
            yield from _stated(getattr(value, own), f"{key}.{own}" if key else own)
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            yield from _stated(one, f"{key}.{number}")
    elif isinstance(value, str) and _holds_crs(key):
        yield key, value


def _holds_crs(key: str) -> bool:
    last = key.rpartition(".")[2]
    return last == "crs" or last.endswith("_crs")


def with_local(part: Part, crs: str) -> Part:
    """A copy of a part of a study in which every layer that says it is local states `crs` instead."""
    changed = {key: _replaced(getattr(part, key), key, lambda one: with_local(one, crs), crs) for key in type(part).model_fields}
    return part.model_copy(update={key: value for key, value in changed.items() if value is not getattr(part, key)})


def _replaced(value: Any, key: str, inside: Callable[[BaseModel], BaseModel], crs: str) -> Any:
    if isinstance(value, BaseModel):
        return inside(value)
    if isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value):
        return tuple(inside(one) for one in value)
    return crs if isinstance(value, str) and _holds_crs(key) and says_local(value) else value
