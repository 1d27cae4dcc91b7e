"""Links as a scenario tells them, so that what is ranked can be laid over the study and analyzed whole."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import shapely

from livingcircle.links.kinds import FOOTPATH, GATE

# Seven decimals of a degree are a centimetre on the ground.
DECIMALS = 7
# A gate shorter than this is told as a point: which side of the wall its two ends belong to could not be told from a line.
POINT_M = 1.0


def scenario_changes(table: gpd.GeoDataFrame) -> dict[str, list[dict[str, Any]]]:
    """The `links` and `gates` of a scenario that builds every row of `layers.LINKS`, places in degrees of WGS-84.

    A gate is a footpath through the wall, and a point where it has no length; what has no name is named by its two streets.

    >>> row = {"kind": ["bridge"], "name": ["Low Bridge"], "from_street": ["A"], "to_street": ["B"]}
    >>> scenario_changes(gpd.GeoDataFrame(row, geometry=[shapely.LineString([(500000, 0), (500000, 90)])], crs="EPSG:32651"))["links"][0]["line"]
    [[123.0, 0.0], [123.0, 0.0008143]]
    """
    out: dict[str, list[dict[str, Any]]] = {"links": [], "gates": []}
    metres = table.geometry.length.to_numpy()
    for row, line, length in zip(table.itertuples(), table.geometry.to_crs("EPSG:4326"), metres, strict=True):
        points = shapely.get_coordinates(line).round(DECIMALS).tolist()
        if row.kind == GATE and length < POINT_M:
            out["gates"].append({"change": "open", "lon": points[0][0], "lat": points[0][1]})
            continue
        name = row.name or f"{row.from_street} – {row.to_street}"
        out["links"].append({"kind": FOOTPATH if row.kind == GATE else row.kind, "name": name, "line": points})
    return {key: told for key, told in out.items() if told}
