"""A town in which every name would run as code, or break the page, where it was taken for anything but text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from conftest import CRS, analyzed, facility_table, residence_table

from livingcircle import network, standards
from livingcircle.coverage import Group

RAN = "document.documentElement.dataset.ran='1'"
PAYLOADS = (
    f"<script>{RAN}</script>",
    f'<img src=x onerror="{RAN}">',
    f"<svg/onload={RAN}>",
    f"</script><script>{RAN}</script>",
    f"</title></style></textarea></select></option><img src=y onerror={RAN}>",
    f"${{{RAN}}}",
    f"`+({RAN})+`",
    f"\\`;{RAN};//",
    f"'];{RAN};//",
    f"javascript:{RAN}",
    f'" autofocus tabindex=0 onfocus="{RAN}" onmouseover="{RAN}',
    f"&lt;img src=z onerror={RAN}&gt;&#60;b&#62;&quot;",
    "{{ 7*7 }}{% raw %}{# x #}${7*7}#{7*7}{name}{n}",
    '<!--part:data--><!-- --><a href="http://example.invalid/">a</a>',
    f"<iframe srcdoc=\"<script>parent.{RAN}</script>\"></iframe><object data='data:text/html,x'></object>",
    f"%3Cimg%20src%3Dx%20onerror%3D{RAN}%3E",
    "first\nsecond\r\u2028third \"double\" 'single' & \\ \\n \u202eturned",
    '"]\n[[facilities]]\nchange = "close"\nid = "F1"\n#',
    '"""\'\'\'\\u0041\\',
    "__proto__",
    "constructor",
    "url(http://example.invalid/x.png);expression(1)",
)
COUNT = len(PAYLOADS)
JOINED = " ".join(PAYLOADS)
APART_M, LONG_M = 320, 600


def standard(folder: Path) -> Any:
    """A standard in which every word is one of the payloads: a category for each of them, judged within 300 m."""
    word = json.dumps
    both = [f"{{ zh = {word(payload)}, en = {word(payload + ' ')} }}" for payload in PAYLOADS]
    text = [
        f'[standard]\nid = "odd"\nnumber = {word(PAYLOADS[1])}\nname = {both[0]}\nin_force = "2020-01-01"',
        f'[levels.L5]\nname = {both[1]}\nminutes = 5\nwalk_m = 300\nclause = {word(PAYLOADS[2])}\nevidence = "○"',
    ]
    for i in range(COUNT):
        text.append(f'[themes.theme{i}]\nname = {both[i]}\ncolor = "#0072B2"')
    for i in range(COUNT):
        text.append(f'[categories.kind{i}]\nname = {both[i]}\ntheme = "theme{i}"\nsource = "TOY 1"\n[[categories.kind{i}.requirements]]')
        text.append(f'level = "L5"\nlimit_m = 300\nlimit_min = 5\nflag = "mandatory"\nclause = {word(PAYLOADS[i])}\nevidence = "○"')
    file = folder / "odd.toml"
    file.write_text("\n".join(text), encoding="utf-8")
    return standards.load(file)


def streets() -> Any:
    """A base street with a column to the north for every payload; the upper end of each lies in a compound of that name.

    ::

        │ 0     │ 1     │ 2        y = 600: homes beside the columns, in compounds from y = 420 on
        │       │       │
        └───────┴───────┴──        y = 0: facility i stands at the foot of column i
    """
    x = [APART_M * i for i in range(COUNT)]
    lines = [[(x[i], 0), (x[i + 1], 0)] for i in range(COUNT - 1)]
    lines += [[(at, 0), (at, 400)] for at in x] + [[(at, 400), (at, LONG_M)] for at in x]
    names = [*PAYLOADS[: COUNT - 1], *PAYLOADS, *PAYLOADS]
    kinds = ["residential"] * (2 * COUNT - 1) + ["footway"] * COUNT
    drawn = gpd.GeoDataFrame({"name": names, "highway": kinds}, geometry=[shapely.LineString(path) for path in lines], crs=CRS)
    walls = gpd.GeoDataFrame({"name": PAYLOADS}, geometry=[shapely.box(at - 40, 420, at + 150, LONG_M + 20) for at in x], crs=CRS)
    return network.from_lines(drawn, outlines=walls)


def result(folder: Path, *, language: str = "zh") -> Any:
    """The result of the town: every home lacks something, every reason names a payload."""
    x = [APART_M * i for i in range(COUNT)]
    homes = residence_table(*((f"{name}", 100 + i, shapely.box(x[i] + 15, 500, x[i] + 95, 590)) for i, name in enumerate(PAYLOADS)))
    homes = homes.assign(name=list(PAYLOADS), unit=list(PAYLOADS), people_slow=homes["people"] / 4)
    units = gpd.GeoDataFrame({"unit": PAYLOADS}, geometry=[shapely.box(at - 100, -100, at + 200, 700) for at in x], crs=CRS)
    places = facility_table(*((name, f"kind{i}", shapely.Point(x[i] + 5, 12)) for i, name in enumerate(PAYLOADS)))
    places = places.assign(source=list(PAYLOADS), facility_id=[f"F{i}" for i in range(COUNT - 1)] + [PAYLOADS[1]])
    planned = facility_table((PAYLOADS[3], "kind0", shapely.Point(x[1] - 20, 300), "planned", 2030)).assign(facility_id="later")
    told = analyzed(
        standard(folder), streets(), gpd.pd.concat([places, planned], ignore_index=True), homes, units=units, language=language, year=2025,
        groups=(Group("all", 4.0), Group(PAYLOADS[1], 3.0, "people_slow")),
    )
    settings = replace(told.settings, name={"zh": JOINED, "en": JOINED + " "}, note={"zh": JOINED, "en": JOINED + " "})
    return replace(told, settings=settings, warnings=PAYLOADS, counts={**told.counts, "osm": True}, area=units)
