"""The README says what the product does: its commands run, its options, keys and columns stand in it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import typer

from livingcircle import cli, standards
from livingcircle.audit import as_table
from livingcircle import completeness, indicators, quotas
from livingcircle.layers import COVERAGE, GAPS, STATUSES
from livingcircle.sources import geofile
from livingcircle.study import layer_files, schema

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(group, prefix="livingcircle"):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def test_every_command_and_option_stands_in_the_readme_and_has_help():
    found = list(commands(typer.main.get_command(cli.app)))
    assert len(found) >= 6
    for name, command in found:
        assert f"`{name}" in README, name
        assert command.help, name
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                assert parameter.opts[0] in README, (name, parameter.opts)
                assert parameter.help, (name, parameter.opts)


def test_every_key_of_the_study_file_stands_in_the_readme():
    for model in (schema.About, schema.LocalSystem, schema.Streets, schema.Walking, schema.WalkingGroup, schema.FacilityFile, schema.ResidenceFile, schema.BarrierFile, schema.CompoundFile, schema.GateFile, schema.ParkFile, schema.BuildingFile, schema.PeopleRaster, schema.UnitTotals, schema.GapList, schema.Outputs, layer_files.BuiltLand):
        for key in model.model_fields:
            assert re.search(rf"`(\[+[\w.]+\]+ )?{key}`|`{key}[,`]|, `{key}`|`\[+[\w.]*{key}\]", README), (model.__name__, key)
    for table in ("[built_land]", "[residences.groups]", "[outputs]", "[gaps]"):
        assert f"`{table}" in README, table
    for key in schema.PLACE_COLUMNS:
        assert f"`{key}`" in README, key


def test_every_kind_of_vector_file_stands_in_the_readme():
    told = next(line for line in README.splitlines() if line.startswith("**Vector files**"))
    assert geofile.FORMATS.keys() >= {".gpkg", ".gdb", ".gdb.zip", ".parquet"}
    for suffix in geofile.FORMATS:
        assert f"`{suffix}`" in told, suffix
    #  what the README and the fault without pyarrow say to install is a part of the package
    parts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert "pip install 'livingcircle[parquet]'" in told and parts["parquet"] == ["pyarrow>=15"]
    assert set(parts["parquet"]) <= set(parts["test"])


def test_every_column_stands_in_the_readme():
    for column in (*COVERAGE.columns, *GAPS.columns):
        assert f"`{column}`" in README, column
    beside = {"indicators.csv": indicators.COLUMNS, "completeness.csv": completeness.COLUMNS, "lacking.csv": completeness.LACKING, "quotas.csv": quotas.COLUMNS}
    for file, columns in beside.items():
        (row,) = (line for line in README.splitlines() if line.startswith(f"| `{file}`"))
        assert [column for column in columns if f"`{column}`" not in row] == [], file
    for status in STATUSES:
        assert f"`{status}`" in README, status


def test_every_column_of_the_data_check_stands_in_the_readme():
    for column in (*as_table([], "EPSG:4550").columns, "finding", "effect", "remedy"):
        assert f"`{column}`" in README, column


def test_every_action_of_a_correction_stands_in_the_readme():
    told = tomllib.loads((ROOT / "livingcircle" / "corrections.toml").read_text(encoding="utf-8"))
    for action, part in told["actions"].items():
        assert f"`{action}` {part['words'][1]}" in README, action
    for column, words in told["columns"].items():
        assert f"`{column}` " in README and any(word in README for word in words[1:]), column


def test_the_commands_of_the_contract_stand_word_for_word():
    assert "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/livingcircle analyze data/beilun\n" in README
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest\n" in README
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest\n" in (ROOT / ".ci" / "run").read_text()


def test_the_standard_written_out_is_one(tmp_path):
    (written,) = re.findall(r"```toml\n(\[standard\].*?)```", README, re.S)
    (tmp_path / "our-city.toml").write_text(written, encoding="utf-8")
    own, base = standards.load("our-city.toml", base=tmp_path), standards.load("gb50180-2018")
    assert [r.limit_m for r in own.category("edu_primary").requirements] == [450]
    assert set(own.categories) == set(base.categories) - {"com_bank"} | {"reading_room"}


MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "livingcircle", *sys.argv[1:]])
print("PEAK", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(done.returncode)
"""


def test_the_main_job_on_the_sample_district(tmp_path):
    out = tmp_path / "out"
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, "analyze", "data/beilun", "--out", str(out)], cwd=ROOT, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert "示意数据" in told.stdout
    assert int(re.search(r"PEAK (\d+)", told.stdout)[1]) < 1500
    coverage = pd.read_csv(out / "coverage.csv", encoding="utf-8-sig")
    assert coverage["category"].nunique() >= 20
    assert coverage["people_share"].dropna().between(0, 1).all()
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "示意数据" in page
    gaps = pd.read_csv(out / "gaps.csv", encoding="utf-8-sig")
    assert {"far", "severed", "not_yet_open", "beyond"} <= set(gaps["cause"])
    #  what the planned projects are for: a nine-year school closes gaps of both schools
    closed = gaps[gaps["closes_in"].notna()]
    assert {"edu_primary", "edu_junior"} <= set(closed["category"])
