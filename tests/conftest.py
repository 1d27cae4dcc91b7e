"""Toy towns drawn by hand, and where real extracts are looked for."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import subprocess
import sys
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
    gc.set_threshold(10_000, 10, 10)
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


#  A process that runs the command line and tells the most memory it took, in MB.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-c", *sys.argv[1:]])
print("PEAK", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(done.returncode)
"""
#  The command line, which keeps the result of its run in a file.
KEEP = """
import pickle, sys
import livingcircle.study.run as running
from livingcircle import cli

def kept(*told, run=running.run, **more):
    found = run(*told, **more)
    with open(sys.argv[1], "wb") as file:
        pickle.dump(found[0], file)
    return found

running.run = kept
cli.main(sys.argv[2:])
"""
#  Drawings and a report take most of a run of a toy, and a good part of any other; only tests about them ask for them.
LIGHT = "\n[outputs]\nfigures = false\nreport = false\n"
#  Enough to see near and far limits, one and several facilities, an area, and what the missing bridge parts.
FEW = ("edu_kinder", "edu_primary", "park", "com_telecom", "trn_bus")


def made_beilun(folder: Path) -> None:
    """The main job of the README, run on the sample district: `told.txt`, `result.pickle` and the files of the run in `out`.

    Beside them the study, for further runs that neither draw nor report, and in `few.toml` judged for `FEW` categories only.
    """
    shutil.copytree(ROOT / "data" / "beilun", folder, dirs_exist_ok=True)
    text = (folder / "study.toml").read_text(encoding="utf-8") + LIGHT
    (folder / "study.toml").write_text(text, encoding="utf-8")
    few = ", ".join(f'"{category}"' for category in FEW)
    (folder / "few.toml").write_text(text.replace("[study]\n", f'[study]\ncategories = [{few}]\nindicators = ["city-check-2023"]\n', 1), encoding="utf-8")
    asked = [sys.executable, "-c", MEASURE, KEEP, str(folder / "result.pickle"), "analyze", "data/beilun", "--out", str(folder / "out")]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    (folder / "told.txt").write_text(told.stdout, encoding="utf-8")


def beilun_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample district's study and of the files of its run, see `made_beilun`."""
    return shared_folder(factory, "beilun", made_beilun)
