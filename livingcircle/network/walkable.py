"""Which ways are walkable, by the rules of `walking/walkable.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd


@cache
def rules() -> Mapping[str, Any]:
    """The shipped rules, as the data file states them."""
    return tomllib.loads((files("livingcircle") / "walking" / "walkable.toml").read_text(encoding="utf-8"))


class Decision(NamedTuple):
    """Whether a way is walkable, the id of the rule that says so, and whether the way is private ground."""

    walk: bool
    rule: str
    private: bool = False


def matches(wanted: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    """Whether every key of `wanted` is among the OSM `tags` with one of its values; true stands for any value.

    >>> matches({"access": ["private", "permit"]}, {"access": "permit"}), matches({"bridge": True}, {})
    (True, False)
    """
    for key, values in wanted.items():
        value = tags.get(key)
        if value is None or (values is not True and value not in values):
            return False
    return True


@cache
def _asked() -> tuple[str, ...]:
    """The keys that any rule asks for."""
    rule_keys = ({**rule.get("tags", {}), **rule.get("unless", {})} for rule in rules()["rules"])
    return tuple(sorted({"highway", *(key for keys in rule_keys for key in keys)}))


def decisions(ways_tags: Iterable[Mapping[str, str]]) -> list[Decision]:
    """The decision on each of many ways by their OSM tags, as `decide` gives it.

    >>> [told.rule for told in decisions([{"highway": "footway"}, {"highway": "motorway"}, {"highway": "footway"}])]
    ['street', 'motorway', 'street']
    """
    # Thousands of ways share few sets of the tags that rules ask for.
    known: dict[tuple, Decision] = {}
    out, keys = [], _asked()
    for tags in ways_tags:
        told = tuple(map(tags.get, keys))
        if told not in known:
            known[told] = decide(tags)
        out.append(known[told])
    return out


def decide(tags: Mapping[str, str]) -> Decision:
    """Whether a way with these OSM tags is walkable, the id of the rule that says so, and whether it is private ground.

    A way whose class no rule names is not walkable; its rule is `unknown_class`. The rule of a walkable private way is the
    one that marks it private.

    >>> decide({"highway": "footway"})
    Decision(walk=True, rule='street', private=False)
    >>> decide({"highway": "service", "access": "private"})
    Decision(walk=True, rule='private', private=True)
    >>> decide({"highway": "service", "access": "private", "foot": "yes"})
    Decision(walk=True, rule='foot_allowed', private=False)
    """
    mark = ""
    for rule in rules()["rules"]:
        if "highway" in rule and tags.get("highway") not in rule["highway"]:
            continue
        if not matches(rule.get("tags", {}), tags):
            continue
        if rule.get("unless") and matches(rule["unless"], tags):
            continue
        if rule.get("compound"):
            mark = mark or rule["id"]
            continue
        private = bool(mark and rule["walk"])
        return Decision(bool(rule["walk"]), mark if private else rule["id"], private)
    return Decision(False, "unknown_class")


def if_doubts_were_walked(tags: Mapping[str, str]) -> Mapping[str, str]:
    """The tags of a way as they would be if people walked on it, where it is left out by a doubtful rule or an unknown class.

    >>> if_doubts_were_walked({"highway": "service", "access": "no", "layer": "1"})
    {'highway': 'road', 'layer': '1'}
    >>> if_doubts_were_walked({"highway": "motorway"})
    {'highway': 'motorway'}
    """
    told = decide(tags)
    doubtful = {rule["id"] for rule in rules()["rules"] if rule.get("doubtful")} | {"unknown_class"}
    if told.walk or told.rule not in doubtful:
        return tags
    kept = {key: value for key, value in tags.items() if key not in ("foot", "access")}
    return {**kept, "highway": "road"}


def is_area(tags: Mapping[str, str], *, relation: bool = False) -> bool:
    """Whether a closed way (or a multipolygon `relation`) is an area to be crossed in any direction.

    >>> is_area({"highway": "pedestrian", "area": "yes"})
    True
    >>> is_area({"highway": "pedestrian"})
    False
    """
    areas = rules()["areas"]
    return tags.get("highway") in areas["highway"] and (relation or matches(areas["tags"], tags))


def walkable(ways: gpd.GeoDataFrame, *, private: bool = False) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """The walkable ways, and a table of what was dropped.

    `ways` has a column `tags` (mapping) and lines in a metric CRS. With `private`, ways on private ground are kept too, and
    a column `private` (bool) marks them; without, they are dropped. The second table has the columns `highway`, `rule`,
    `ways` and `length_m`, longest first, so that nothing is dropped in silence.
    """
    decided = decisions(ways["tags"])
    marked = np.array([told.private for told in decided], dtype=bool)
    keep = np.array([told.walk for told in decided], dtype=bool) & (private | ~marked)
    dropped = pd.DataFrame(
        {
            "highway": [tags.get("highway", "") for tags in ways["tags"]],
            "rule": [told.rule for told in decided],
            "length_m": ways.geometry.length.to_numpy(),
        },
        index=ways.index,
    )[~keep]
    table = dropped.groupby(["highway", "rule"], as_index=False).agg(
        ways=("length_m", "size"), length_m=("length_m", "sum")
    )
    table = table.sort_values("length_m", ascending=False, ignore_index=True)
    return ways[keep].assign(private=marked[keep]) if private else ways[keep], table
