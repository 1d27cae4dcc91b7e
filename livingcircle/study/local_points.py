"""A study's local coordinate system, fitted once to its common points and put in the place of the word `local`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from livingcircle import coordinates
from livingcircle.errors import DataError, Fault, listed, raise_all, said
from livingcircle.local_system import Similarity, as_crs, fit
from livingcircle.sources import spreadsheet
from livingcircle.study.findings import Findings
from livingcircle.study.layer_crs import LOCAL, with_local
from livingcircle.study.schema import LocalSystem, Study

LOCAL_PAIR = ("local_x", "local_y")
KNOWN_PAIRS = (("lon", "lat"), ("x", "y"))


class Fitted(NamedTuple):
    """A local system as it was fitted, the metric CRS it was fitted to, and the names of its points."""

    system: Similarity
    metric: CRS
    names: list[str]

    @property
    def wkt(self) -> str:
        """The local system as a CRS, written as WKT."""
        return as_crs(self.system, self.metric, name=LOCAL).to_wkt()


def placed(study: Study, base: Path, findings: Findings | None = None) -> Study:
    """The study in which every layer that is in its local system states the CRS fitted to the common points, as WKT.

    A study without `[study.local_system]` is answered as it is. `findings` is told of the fit: `counts["local_system"]`
    holds the number of points, worst and root mean square residual in metres, scale, rotation in degrees (counterclockwise),
    the local origin in metres of the metric CRS, and whether there are points enough to check each other. Raises `DataError`
    as `fitted` does.
    """
    told = study.study.local_system
    if told is None:
        return study
    found = fitted(told, study.study.crs, base)
    if findings is not None:
        _tell(found, told, findings)
    return with_local(study, found.wkt)


def fitted(told: LocalSystem, stated: str | None, base: Path) -> Fitted:
    """The local system of the common points in the table that `told` names, in the folder `base`.

    It is fitted in the metric CRS that the study has `stated`, else in one that fits the points. Raises `DataError` with every
    fault of the table, or with what `local_system.fit` says of the points.
    """
    table = spreadsheet.read_table(base / told.points, encoding=told.encoding, sheet=told.layer)
    columns = _columns(table, told)
    rows = table[table.attrs["row_column"]].to_numpy()
    local = _numbers(table, columns, rows, told.points)
    known, metric = _known(told, stated, base, columns)
    written = table[columns["name"]] if "name" in columns else pd.Series(None, index=table.index, dtype=object)
    names = [said("row {row}", row=row) if name is None else str(name) for row, name in zip(rows, written, strict=True)]
    try:
        return Fitted(fit(local, known, names=names), metric, names)
    except DataError as error:
        raise DataError([Fault(said("{file}, {where}", file=told.points, where=one.where), one.problem, one.remedy) for one in error.faults]) from error


def _columns(table: pd.DataFrame, told: LocalSystem) -> dict[str, str]:
    """The table's column for every key that it has: the local pair and at least one known pair are among them."""
    keys = (*LOCAL_PAIR, "name", *(key for pair in KNOWN_PAIRS for key in pair))
    columns = {key: told.columns.get(key, key) for key in keys}
    there = {key: name for key, name in columns.items() if name in table.columns}
    own = listed(str(name) for name in table.columns if name != table.attrs["row_column"])
    faults = [
        Fault(told.points, said("no column '{column}' (columns.{key})", column=name, key=key), said("set columns.{key} to one of: {known}", key=key, known=own))
        for key, name in columns.items()
        if key not in there and (key in told.columns or key in LOCAL_PAIR)
    ]
    if not any(set(pair) <= {*there, *told.columns} for pair in KNOWN_PAIRS):
        remedy = said("set columns.x (easting) and columns.y (northing), or columns.lon and columns.lat; columns: {known}", known=own)
        faults.append(Fault(told.points, "no two columns of the known coordinates", remedy))
    raise_all(faults)
    return there


def _numbers(table: pd.DataFrame, columns: dict[str, str], rows: np.ndarray, name: str) -> np.ndarray:
    """The local coordinates, easting first."""
    pair = [spreadsheet.number(table[columns[key]])[0].to_numpy() for key in LOCAL_PAIR]
    raise_all(
        Fault(
            said("{where} {rows}", where=name, rows=coordinates.name_rows(rows[np.isnan(values)])),
            said("no number in '{column}'", column=columns[key]),
            "complete or remove these points",
        )
        for key, values in zip(LOCAL_PAIR, pair, strict=True)
        if np.isnan(values).any()
    )
    return np.column_stack(pair)


def _known(told: LocalSystem, stated: str | None, base: Path, columns: dict[str, str]) -> tuple[np.ndarray, CRS]:
    """The known coordinates in the study's metric CRS, or where it states none in the one that fits the points; and that CRS."""
    pairs = [pair for pair in KNOWN_PAIRS if set(pair) <= set(columns)]
    pair = next((pair for pair in pairs if set(pair) <= set(told.columns)), pairs[0])
    declared = told.crs or ("WGS84" if pair == KNOWN_PAIRS[0] else stated)
    if declared is None:
        remedy = said('write crs = "EPSG:..." into [study.local_system], or into [study] if it is the same')
        raise DataError(Fault(told.points, "nothing says in which CRS the known coordinates are", remedy))
    given = {key: columns[key] for key in pair}
    points = spreadsheet.read_points(
        base / told.points, columns=given, crs=declared, encoding=told.encoding, sheet=told.layer, where=told.points
    )
    if stated:
        metric = coordinates.require_metric(stated, where="[study] crs")
    else:
        west, south, east, north = points.to_crs("EPSG:4326").total_bounds
        metric = coordinates.metric_crs((west + east) / 2, (south + north) / 2)
    moved = coordinates.to_crs(points, declared=declared, target=metric, where=told.points)
    return shapely.get_coordinates(moved.geometry.to_numpy()), metric


def _tell(found: Fitted, told: LocalSystem, findings: Findings) -> None:
    system, metric, names = found
    residuals = system.residuals_m
    findings.counts["local_system"] = {
        "file": told.points,
        "points": len(names),
        "checked": system.checked,
        "worst_point": names[int(residuals.argmax())] if system.checked else "",
        "worst_m": float(residuals.max()),
        "rms_m": system.rms_m,
        "scale": system.scale,
        "rotation_deg": system.rotation_deg,
        "east_m": system.east_m,
        "north_m": system.north_m,
        "crs": metric.to_string(),
    }
    if not system.checked:
        findings.warnings.append(("local_unchecked", {"file": told.points, "count": len(names)}))
