"""Toy towns drawn by hand, and where real extracts are looked for."""

from __future__ import annotations

import gc
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from filelock import FileLock

from livingcircle import network as streets

CRS = "EPSG:4550"
ROOT = Path(__file__).resolve().parent.parent
EXTRACTS = ROOT.parent / "shared" / "data"


#  What takes longest is begun first, so that both processes end at about the same time. Files that share a study stand apart: one makes it
#  while the other is busy with something else.
LONGEST = (
    "test_real_extracts", "test_agreement", "test_readme", "test_whatif", "test_cli", "test_outputs_report", "test_audit", "test_offline", "test_links", "test_point",
    "test_scenario", "test_walkthrough", "test_shift", "test_injection", "test_scenario_housing", "test_renderings", "test_gaps", "test_outputs_figures",
    "test_outputs_verification", "test_study_scenarios", "test_outputs_page_judging", "test_study_linking", "test_study_outputs", "test_office_programs",
)  # fmt: skip


def pytest_configure(config):
    #  The order below is kept by the processes, too.
    config.option.loadscopereorder = False
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


def pytest_collection_finish():
    #  Modules and collected tests stay until the end; looking them over for garbage again and again took as long as the tests on toys.
    gc.collect()
    gc.freeze()
    gc.enable()


def lines(*paths, layer=None, highway=None):
    """A planner's line layer of coordinate lists in metres."""
    return gpd.GeoDataFrame(
        {"layer": layer or [0] * len(paths), "highway": highway or ["residential"] * len(paths)},
        geometry=[shapely.LineString(path) for path in paths],
        crs=CRS,
    )


def town(*paths, layer=None, tolerance_m=0.5, at_crossings=False):
    """The street network of coordinate lists in metres."""
    return streets.from_lines(lines(*paths, layer=layer), tolerance_m=tolerance_m, at_crossings=at_crossings)


@pytest.fixture
def ladder():
    """Two streets 100 m apart, joined at both ends; 400 m long.

    ::

        (0,100)────────────(400,100)
           │                   │
        (0,0)──────────────(400,0)
    """
    return town([(0, 0), (400, 0)], [(400, 0), (400, 100)], [(400, 100), (0, 100)], [(0, 100), (0, 0)])


@pytest.fixture
def extracts():
    """The folder of real extracts; the test skips where it is absent."""
    if not EXTRACTS.is_dir():
        pytest.skip(f"no real extracts at {EXTRACTS.parent.name}/{EXTRACTS.name}: put them beside the project to run this test")
    return EXTRACTS


TINY = """
[standard]
id = "tiny"
number = "TOY 1"
name = { zh = "玩具标准", en = "Toy standard" }
in_force = "2020-01-01"

[levels.L15]
name = { zh = "十五分钟", en = "15 minutes" }
minutes = 15
walk_m = 1000
clause = "1"
evidence = "○"

[levels.L5]
name = { zh = "五分钟", en = "5 minutes" }
minutes = 5
walk_m = 300
clause = "1"
evidence = "○"

[themes.all]
name = { zh = "全部", en = "all" }
color = "#0072B2"

[categories.school]
name = { zh = "学校", en = "school" }
theme = "all"
source = "TOY 1"
[[categories.school.requirements]]
level = "L15"
limit_m = 500
limit_min = 15
flag = "mandatory"
clause = "2"
evidence = "○"

[categories.park]
name = { zh = "公园", en = "park" }
theme = "all"
source = "TOY 1"
[[categories.park.requirements]]
level = "L5"
limit_m = 300
limit_min = 5
flag = "mandatory"
clause = "3"
evidence = "●"
"""


@pytest.fixture
def tiny(tmp_path):
    """A standard of two categories: school (500 m, 15 min) and park (300 m, 5 min), both mandatory."""
    from livingcircle import standards

    file = tmp_path / "tiny.toml"
    file.write_text(TINY, encoding="utf-8")
    return standards.load(file)


def facility_table(*rows):
    """Facilities of (name, category, geometry[, status, open_year])."""
    full = [(*row, "existing", float("nan"))[:5] if len(row) == 3 else row for row in rows]
    return gpd.GeoDataFrame(
        {
            "facility_id": [f"F{number}" for number in range(1, len(rows) + 1)],
            "name": [row[0] for row in full],
            "raw_name": [row[0] for row in full],
            "raw_type": "given",
            "categories": [(row[1],) for row in full],
            "status": [row[3] for row in full],
            "open_year": [float(row[4]) for row in full],
            "capacity": float("nan"),
            "entrance_source": "point",
            "source": "toy",
            "rule": "given",
            "confidence": "high",
        },
        geometry=[row[2] for row in full],
        crs=CRS,
    )


def residence_table(*rows):
    """Residences of (id, people, geometry)."""
    shapes = [row[2] for row in rows]
    return gpd.GeoDataFrame(
        {
            "residence_id": [row[0] for row in rows],
            "name": "",
            "unit": "",
            "people": [float(row[1]) for row in rows],
            "land_m2": [shape.area for shape in shapes],
            "open_year": float("nan"),
        },
        geometry=shapes,
        crs=CRS,
    )


def analyzed(standard, network, facilities, residences, *, units=None, progress=None, layers=None, **told):
    """The result of a toy town; `layers` are further ones of its `Inputs`."""
    from livingcircle.analysis import Inputs, Settings, analyze
    from livingcircle.entrances import entrances

    kept, doors = entrances(facilities, network, gates=None, snap_limit_m=150)
    settings = Settings(study_id="toy", **{"name": {"zh": "玩具", "en": "Toy"}, "language": "en", **told})
    inputs = Inputs(network=network, facilities=kept, entrances=doors, residences=residences, units=units, **(layers or {}))
    return analyze(inputs, standard=standard, settings=settings, **({"progress": progress} if progress else {}))


#  Results of toy towns by everything they were worked out from.
RESULTS: dict[bytes, bytes] = {}


def analyzed_once(*told, **more):
    """As `analyzed`, worked out once for towns that are equal to the last bit; each caller has a result of its own, to do with as it likes."""
    key = pickle.dumps((told, sorted(more.items())))
    if key not in RESULTS:
        RESULTS[key] = pickle.dumps(analyzed(*told, **more))
    return pickle.loads(RESULTS[key])


def shared_folder(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> Path:
    """The folder that `make` filled, once for all the processes of a test run; what it gave lies beside it, pickled."""
    base = factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, kept = root / f"shared-{name}", root / f"shared-{name}.made"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            folder.mkdir(exist_ok=True)
            kept.write_bytes(pickle.dumps(make(folder)))
    return folder


def shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> tuple[Any, Path]:
    """What `make` gave for a fresh folder, and the folder; made once for all the processes of a test run."""
    folder = shared_folder(factory, name, make)
    return pickle.loads(folder.with_name(f"{folder.name}.made").read_bytes()), folder
