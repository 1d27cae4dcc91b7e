"""The faults of a study file's keys in words: which key, what is wrong with it, and the key that was likely meant."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from livingcircle.errors import Fault, Said, listed, said
from livingcircle.messages.values import wrong_value


def key_faults(file: Path, error: ValidationError, model: type[BaseModel], *, under: tuple[str, ...] = ()) -> list[Fault]:
    """A fault for everything that `model`, of the part of a study file under the keys `under`, found wrong in `file`."""
    out = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in (*under, *problem["loc"]))
        where = f"{file}: {key}" if key else str(file)
        if problem["type"] == "extra_forbidden":
            out.append(Fault(where, "unknown key", _nearest_key(problem["loc"], model)))
        elif problem["type"] == "missing":
            out.append(Fault(where, "is required", "add it"))
        else:
            out.append(Fault(where, wrong_value(problem), "correct the value"))
    return out


def _nearest_key(location: tuple[str | int, ...], model: type[BaseModel]) -> Said:
    for part in location[:-1]:
        model = _part_of(model.model_fields[part].annotation) or model if part in model.model_fields else model
    known = sorted(model.model_fields)
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return said("did you mean {words}?", words=listed(map(repr, close))) if close else said("known keys: {known}", known=listed(known))


def _part_of(annotation: Any) -> type[BaseModel] | None:
    """The part of a study file that a key's type holds, through tuples and choices."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _part_of(inner)) is not None), None)
