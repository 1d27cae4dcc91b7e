"""Which ways are walkable, by the rules of `walking/walkable.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import geopandas as gpd
import pandas as pd


@cache
def rules() -> Mapping[str, Any]:
    """The shipped rules, as the data file states them."""
    return tomllib.loads((files("livingcircle") / "walking" / "walkable.toml").read_text(encoding="utf-8"))


def _matches(wanted: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    for key, values in wanted.items():
        value = tags.get(key)
        if value is None or (values is not True and value not in values):
            return False
    return True


def decide(tags: Mapping[str, str]) -> tuple[bool, str]:
    """Whether a way with these OSM tags is walkable, and the id of the rule that says so.

    A way whose class no rule names is not walkable; its rule is `unknown_class`.

    >>> decide({"highway": "footway"})
    (True, 'street')
    >>> decide({"highway": "service", "access": "private"})
    (False, 'private')
    >>> decide({"highway": "service", "access": "private", "foot": "yes"})
    (True, 'foot_allowed')
    """
    for rule in rules()["rules"]:
        if "highway" in rule and tags.get("highway") not in rule["highway"]:
            continue
        if not _matches(rule.get("tags", {}), tags):
            continue
        if rule.get("unless") and _matches(rule["unless"], tags):
            continue
        return bool(rule["walk"]), rule["id"]
    return False, "unknown_class"


def is_area(tags: Mapping[str, str], *, relation: bool = False) -> bool:
    """Whether a closed way (or a multipolygon `relation`) is an area to be crossed in any direction.

    >>> is_area({"highway": "pedestrian", "area": "yes"})
    True
    >>> is_area({"highway": "pedestrian"})
    False
    """
    areas = rules()["areas"]
    return tags.get("highway") in areas["highway"] and (relation or _matches(areas["tags"], tags))


def walkable(ways: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """The walkable ways, and a table of what was dropped.

    `ways` has a column `tags` (mapping) and lines in a metric CRS. The second table has the columns `highway`, `rule`,
    `ways` and `length_m`, longest first, so that nothing is dropped in silence.
    """
    decided = [decide(tags) for tags in ways["tags"]]
    keep = pd.Series([walk for walk, _ in decided], index=ways.index, dtype=bool)
    dropped = pd.DataFrame(
        {
            "highway": [tags.get("highway", "") for tags in ways["tags"]],
            "rule": [rule for _, rule in decided],
            "length_m": ways.geometry.length.to_numpy(),
        },
        index=ways.index,
    )[~keep]
    table = dropped.groupby(["highway", "rule"], as_index=False).agg(
        ways=("length_m", "size"), length_m=("length_m", "sum")
    )
    return ways[keep], table.sort_values("length_m", ascending=False, ignore_index=True)
