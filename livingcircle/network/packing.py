"""A street network as plain arrays and back, to the last bit; no object of Python's own is among them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas.array import GeometryArray
from pandas.api.types import is_object_dtype
from pyproj import CRS

from livingcircle.network.graph import StreetNetwork
from livingcircle.network.states import Costs

ARRAYS = ("nodes", "start", "end", "length_m")
FRAMES = ("streets", "dropped", "compounds", "gates")
COSTS = tuple(field.name for field in fields(Costs))
TOLD = "told"
# What stands for a cell without a word, by what is in it.
MISSING: Mapping[str, Any] = {"nan": float("nan"), "none": None}


def pack(network: StreetNetwork) -> dict[str, np.ndarray]:
    """The network as arrays of numbers and of bytes, by name; `told` holds the rest as JSON.

    Raises `TypeError` for what could not be given back exactly, such as a column of mixed kinds: what is not sure to come
    back is not packed.
    """
    crs = _crs_told(network.crs)
    arrays = {name: np.ascontiguousarray(getattr(network, name)) for name in ARRAYS}
    if network.costs is not None:
        arrays |= {f"costs/{name}": np.ascontiguousarray(getattr(network.costs, name)) for name in COSTS}
    told: dict[str, Any] = {
        "crs": crs,
        "permeability": network.permeability,
        "unused_gates": int(network.unused_gates),
        "closed_gates": [[int(node), int(compound)] for node, compound in network.closed_gates],
        "costs": network.costs is not None,
        "frames": {},
    }
    for name in FRAMES:
        frame = getattr(network, name)
        if frame is not None:
            told["frames"][name] = _pack_frame(frame, name, arrays, network.crs)
    arrays[TOLD] = _bytes(json.dumps(told))
    if any(array.dtype.hasobject for array in arrays.values()):
        raise TypeError("an array of Python objects is not packed")
    return arrays


def unpack(arrays: Mapping[str, np.ndarray]) -> StreetNetwork:
    """The network that `pack` made the arrays of.

    >>> from livingcircle.network import from_lines
    >>> street = gpd.GeoDataFrame({"name": ["Elm"]}, geometry=[shapely.LineString([(0, 0), (9, 0)])], crs="EPSG:4550")
    >>> back = unpack(pack(from_lines(street)))
    >>> back.streets["name"].tolist(), back.length_m.tolist(), back.crs == street.crs
    (['Elm'], [9.0], True)
    """
    told = json.loads(_text(arrays[TOLD]))
    crs = CRS.from_user_input(told["crs"])
    frames = dict.fromkeys(FRAMES) | {
        name: _unpack_frame(frame, name, arrays, crs) for name, frame in told["frames"].items()
    }
    costs = Costs(*(arrays[f"costs/{name}"] for name in COSTS)) if told["costs"] else None
    return StreetNetwork(
        **{name: arrays[name] for name in ARRAYS},
        **frames,
        costs=costs,
        permeability=told["permeability"],
        unused_gates=told["unused_gates"],
        closed_gates=tuple((node, compound) for node, compound in told["closed_gates"]),
    )


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8)


def _text(array: np.ndarray) -> str:
    return array.tobytes().decode("ascii")


def _crs_told(crs: CRS) -> str:
    """A text that gives exactly this CRS back."""
    for text in (crs.srs, crs.to_json()):
        again = CRS.from_user_input(text)
        if again.to_json() == crs.to_json() and again.srs == crs.srs:
            return text
    raise TypeError(f"the CRS {crs.name} has no text that gives it back")


def _pack_frame(frame: pd.DataFrame, name: str, arrays: dict[str, np.ndarray], crs: CRS) -> dict[str, Any]:
    index = frame.index
    if type(index) is not pd.RangeIndex or frame.attrs or not frame.columns.is_unique:
        raise TypeError(f"the rows of {name} are not numbered, its columns not unique, or it has attributes")
    spatial = isinstance(frame, gpd.GeoDataFrame)
    if spatial and frame.crs != crs:
        raise TypeError(f"{name} has a CRS of its own")
    columns = []
    for number, column in enumerate(frame.columns):
        if not isinstance(column, str):
            raise TypeError(f"{name} has a column whose name is no text")
        columns.append({"name": column, **_pack_column(frame[column], f"{name}/{number}", arrays)})
    return {
        "rows": [index.start, index.stop, index.step, _word(index.name)],
        "names": [str(frame.columns.dtype), _word(frame.columns.name)],
        "geometry": frame.active_geometry_name if spatial else None,
        "spatial": spatial,
        "columns": columns,
    }


def _unpack_frame(told: Mapping[str, Any], name: str, arrays: Mapping[str, np.ndarray], crs: CRS) -> pd.DataFrame:
    *steps, label = told["rows"]
    index = pd.RangeIndex(*steps, name=label)
    columns = {
        column["name"]: _unpack_column(column, f"{name}/{number}", arrays, crs).set_axis(index)
        for number, column in enumerate(told["columns"])
    }
    frame = pd.DataFrame(columns, index=index, copy=False)
    dtype, title = told["names"]
    frame.columns = pd.Index(list(columns), dtype=dtype, name=title)
    if not told["spatial"]:
        return frame
    return gpd.GeoDataFrame(frame) if told["geometry"] is None else gpd.GeoDataFrame(frame, geometry=told["geometry"])


def _word(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _pack_column(column: pd.Series, key: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    dtype = column.dtype
    if isinstance(column.array, GeometryArray):
        return {"kind": "geometry", **_pack_shapes(column.to_numpy(), key, arrays)}
    if isinstance(dtype, pd.CategoricalDtype):
        arrays[f"{key}/codes"] = np.ascontiguousarray(column.cat.codes.to_numpy())
        own = pd.Series(column.cat.categories)
        return {
            "kind": "category",
            "ordered": bool(dtype.ordered),
            "categories": _pack_column(own, f"{key}/categories", arrays),
        }
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        arrays[key] = np.ascontiguousarray(column.to_numpy())
        return {"kind": "numbers"}
    if dtype != pd.Series([], dtype=str(dtype)).dtype:
        raise TypeError(f"a column of {dtype!r} is not packed")
    return {"kind": "words", "dtype": str(dtype), "missing": _pack_words(column, key, arrays)}


def _unpack_column(told: Mapping[str, Any], key: str, arrays: Mapping[str, np.ndarray], crs: CRS) -> pd.Series:
    if told["kind"] == "geometry":
        return pd.Series(GeometryArray(_unpack_shapes(told, key, arrays), crs=crs), copy=False)
    if told["kind"] == "category":
        own = pd.Index(_unpack_column(told["categories"], f"{key}/categories", arrays, crs))
        return pd.Series(pd.Categorical.from_codes(arrays[f"{key}/codes"], categories=own, ordered=told["ordered"]))
    if told["kind"] == "numbers":
        return pd.Series(arrays[key], copy=False)
    known = json.loads(_text(arrays[f"{key}/words"]))
    words = np.empty(len(known) + 1, dtype=object)
    words[:-1], words[-1] = known, MISSING[told["missing"]]
    # Without its kind, a column of objects would become one of text.
    return pd.Series(words[arrays[f"{key}/codes"]], dtype=told["dtype"])


def _pack_words(column: pd.Series, key: str, arrays: dict[str, np.ndarray]) -> str:
    """Writes the words of a column, each once, and the number of the word in every row; tells what missing words are."""
    values = column.to_numpy(dtype=object)
    codes, words = pd.factorize(values)
    if not all(type(word) is str for word in words):
        raise TypeError(f"column {column.name} holds more than words")
    missing = "nan"
    if is_object_dtype(column.dtype):
        blank = values[codes < 0].tolist()
        missing = "none" if blank and all(value is None for value in blank) else "nan"
        if missing == "nan" and not all(type(value) is float for value in blank):
            raise TypeError(f"column {column.name} lacks words in more than one way")
    arrays[f"{key}/codes"] = codes.astype(np.int32 if len(words) < 2**31 else np.int64)
    arrays[f"{key}/words"] = _bytes(json.dumps(words.tolist()))
    return missing


def _pack_shapes(shapes: np.ndarray, key: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Lines and points go as their bare coordinates, whatever else as well-known binary."""
    kinds = np.unique(shapely.get_type_id(shapes))
    bare = len(kinds) == 1 and kinds[0] in (shapely.GeometryType.POINT, shapely.GeometryType.LINESTRING)
    if bare and not (shapely.is_empty(shapes) | shapely.has_z(shapes) | shapely.has_m(shapes)).any():
        arrays[f"{key}/points"] = shapely.get_coordinates(shapes)
        if kinds[0] == shapely.GeometryType.LINESTRING:
            arrays[f"{key}/counts"] = shapely.get_num_coordinates(shapes)
        return {"shapes": "points" if kinds[0] == shapely.GeometryType.POINT else "lines"}
    if shapely.is_missing(shapes).any():
        raise TypeError("a row without geometry is not packed")
    known = [shapely.to_wkb(shape) for shape in shapes]
    arrays[f"{key}/counts"] = np.array([len(one) for one in known], dtype=np.int64)
    arrays[f"{key}/wkb"] = np.frombuffer(b"".join(known), dtype=np.uint8)
    return {"shapes": "wkb"}


def _unpack_shapes(told: Mapping[str, Any], key: str, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    if told["shapes"] == "points":
        return shapely.points(arrays[f"{key}/points"])
    counts = arrays[f"{key}/counts"]
    if told["shapes"] == "lines":
        return shapely.linestrings(arrays[f"{key}/points"], indices=np.repeat(np.arange(len(counts)), counts))
    whole, stops = arrays[f"{key}/wkb"].tobytes(), np.cumsum(counts).tolist()
    parts = [whole[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]
    return np.asarray(shapely.from_wkb(np.array(parts, dtype=object)), dtype=object)
