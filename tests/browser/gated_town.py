"""A study on disk with a walled estate between its homes and its school, for gates that a scenario opens and closes."""

from __future__ import annotations

from pathlib import Path

import shapely
import toy_study

#  What each gate of a scenario is set at, in the toy's metres.
EAST_WALL, SOUTH_GATE = (700.0, 120.0), (500.0, 20.0)


def write(folder: Path) -> Path:
    """The study: a street with an estate to its north, whose two gates lie on the street; the school is east of the estate.

    ::

                 ┌───────────── estate ───┐   │
                 │  ┌──────────┬───────┐  │   │ x = 720
                 │  │   homes  │ homes │  ← no gate
        ─────────┴──┴──────────┴───────┴──┴───┴──── y = 0
                   x = 320    500     680       school at x = 720, y = 130
    """
    toy_study.write(folder, whole=True)
    lines = [[(0, 0), (320, 0), (500, 0), (720, 0), (1000, 0)], [(720, 0), (720, 300)], [(320, 0), (320, 120), (500, 120), (680, 120)], [(500, 0), (500, 120)]]
    kinds = ["residential", "residential", "service", "service"]
    toy_study.write_layer(folder / "streets.geojson", list(map(shapely.LineString, lines)), highway=kinds, name=["长街", "东巷", "内路", "内巷"])
    lon, lat = toy_study.place(724, 130)
    (folder / "schools.csv").write_text(f"名称,状态,年份,lon,lat\n东小学,现状,,{lon:.8f},{lat:.8f}\n", encoding="utf-8-sig")
    blocks = [shapely.box(x, y, x + 80, y + 60) for x, y in ((330, 130), (420, 50), (560, 130), (600, 40), (100, 10))]
    toy_study.write_layer(folder / "homes.geojson", blocks, ref=list("ABCDE"), people=[120, 200, 80, 150, 90])
    toy_study.write_layer(folder / "walls.geojson", [shapely.box(300, 20, 700, 220)], name=["翠苑"])
    study = folder / "study.toml"
    study.write_text(study.read_text(encoding="utf-8") + '\n[[compounds]]\npath = "walls.geojson"\nname = "name"\n', encoding="utf-8")
    return folder
