"""The README says what the product does: its commands run, its options, keys and columns stand in it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import typer
from conftest import beilun_folder
from page_scripts import held

from livingcircle import cli, standards
from livingcircle.audit import as_table
from livingcircle import capacity, completeness, equity, indicators, quotas, scenario, timeline
from livingcircle.layers import COVERAGE, GAPS, STATUSES
from livingcircle.network import links
from livingcircle.outputs import links_tables, programme_tables, site_tables
from livingcircle.siting import MODELS, REASONS
from livingcircle.siting.answer import OFF_NETWORK, OTHER_AIM
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
    for model in (schema.About, schema.LocalSystem, schema.Streets, schema.Walking, schema.WalkingGroup, schema.FacilityFile, schema.ResidenceFile, schema.BarrierFile, schema.CompoundFile, schema.GateFile, schema.ParkFile, schema.BuildingFile, schema.PeopleRaster, schema.UnitTotals, schema.GapList, schema.LinkSearch, schema.Outputs, schema.ProgrammeTable, layer_files.BuiltLand, layer_files.Siting, layer_files.ParcelFile, layer_files.ExcludedFile):
        for key in model.model_fields:
            assert re.search(rf"`(\[+[\w.]+\]+ )?{key}`|`{key}[,`]|, `{key}`|`\[+[\w.]*{key}\]", README), (model.__name__, key)
    for table in ("[built_land]", "[residences.groups]", "[outputs]", "[gaps]", "[siting]", "[siting.parcels]", "[[siting.excluded]]", "[siting.site_m2]", "[siting.capacity]", "[siting.cost]", "[programme] budget"):
        assert f"`{table}" in README, table
    for key in schema.PLACE_COLUMNS:
        assert f"`{key}`" in README, key


def test_every_key_of_a_scenario_stands_in_the_readme_in_a_scenario_that_is_one():
    (written,) = re.findall(r"```toml\n(name = .*?)```", README, re.S)
    told = tomllib.loads(written)
    whole = scenario.Scenario.model_validate(told)
    assert set(told) == set(scenario.Scenario.model_fields)
    parts = {"homes": scenario.HomeChange, "facilities": scenario.FacilityChange, "links": scenario.LinkChange, "gates": scenario.GateChange}
    for key, model in parts.items():
        assert {name for one in told[key] for name in one} == set(model.model_fields), key
    assert [one.change for one in whole.homes] == ["add", "add", "add", "resize", "remove"]
    assert set(told["walking"]) == set(scenario.Walking.model_fields) and "limit_min" in written and "open_year" in written
    assert [(one.change, one.fresh) for one in whole.facilities] == [("open", True), ("open", False), ("close", False), ("move", False), ("resize", False)]
    assert {one.change for one in whole.gates} == {"open", "close"}
    for kind in links.rules()["kinds"].keys() - {links.GATE}:
        assert kind in written, kind


def test_the_scenario_of_the_readme_stands_in_the_sample():
    (name,) = re.findall(r"livingcircle analyze data/beilun --scenario (\w+)\n", README)
    study, _ = schema.load(ROOT / "data" / "beilun")
    assert name in study.scenarios


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
    beside = {"indicators.csv": indicators.COLUMNS, "completeness.csv": completeness.COLUMNS, "lacking.csv": completeness.LACKING, "quotas.csv": quotas.COLUMNS, "capacity.csv": capacity.FACILITIES, "capacity_units.csv": capacity.UNITS, "access.csv": capacity.HOMES, "equity.csv": equity.COLUMNS}
    for file, columns in beside.items():
        (row,) = (line for line in README.splitlines() if line.startswith(f"| `{file}`"))
        assert [column for column in columns if f"`{column}`" not in row] == [], file
    (row,) = (line for line in README.splitlines() if line.startswith("| `links.csv`"))
    assert [column for column in links_tables.COLUMNS if f"`{column}`" not in row] == []
    for status in STATUSES:
        assert f"`{status}`" in README, status


def test_every_column_of_a_timeline_and_a_programme_stands_in_the_readme():
    for file, columns in {"timeline.csv": timeline.COLUMNS, "programme.csv": programme_tables.COLUMNS}.items():
        (row,) = (line for line in README.splitlines() if line.startswith(f"| `{file}`"))
        assert [column for column in columns if f"`{column}`" not in row] == [], file


def test_every_column_of_the_data_check_stands_in_the_readme():
    for column in (*as_table([], "EPSG:4550").columns, "finding", "effect", "remedy"):
        assert f"`{column}`" in README, column


def test_every_column_and_reason_of_a_siting_stands_in_the_readme():
    for file, columns in {"sites.csv": site_tables.SITES, "curve.csv": site_tables.CURVE, "uncovered.csv": site_tables.UNCOVERED}.items():
        (row,) = (line for line in README.splitlines() if line.startswith(f"| `{file}`"))
        assert [column for column in columns if f"`{column}`" not in row] == [], file
    assert [reason for reason in (*REASONS, OTHER_AIM, OFF_NETWORK) if f"`{reason}`" not in README] == []
    assert [model for model in MODELS if f"| `{model}` |" not in README] == []


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


@pytest.fixture(scope="module")
def main_job(tmp_path_factory):
    """What the main job of the README told, and the folder that it wrote."""
    folder = beilun_folder(tmp_path_factory)
    return (folder / "told.txt").read_text(encoding="utf-8"), folder / "out"


@pytest.fixture(scope="module")
def gaps(main_job):
    return pd.read_csv(main_job[1] / "gaps.csv", encoding="utf-8-sig")


@pytest.fixture(scope="module")
def indicator_rows(main_job):
    return pd.read_csv(main_job[1] / "indicators.csv", encoding="utf-8-sig")


@pytest.fixture
def land(indicator_rows):
    """Hectares within reach in the whole area by year, of one indicator of the examination of cities."""
    whole = indicator_rows[(indicator_rows["system"] == "tdt1063-2021") & (indicator_rows["area"] == "ALL")]
    return lambda own: whole[whole["id"] == own].set_index("year")["numerator"]


def test_the_main_job_on_the_sample_district(main_job, gaps):
    told, out = main_job
    assert "示意数据" in told
    assert int(re.search(r"PEAK (\d+)", told)[1]) < 1500
    coverage = pd.read_csv(out / "coverage.csv", encoding="utf-8-sig")
    assert coverage["category"].nunique() >= 20
    assert coverage["people_share"].dropna().between(0, 1).all()
    page = held((out / "index.html").read_text(encoding="utf-8"))
    assert "示意数据" in page["study"]["notes"]["zh"]
    assert {"far", "severed", "not_yet_open", "beyond"} <= set(gaps["cause"])


def test_the_sample_lacks_one_mandatory_category_and_says_that_it_was_not_found(main_job, gaps):
    told, out = main_job
    coverage = pd.read_csv(out / "coverage.csv", encoding="utf-8-sig")
    mandatory = coverage[(coverage["flag"] == "mandatory") & (coverage["unit"] == "ALL")]
    assert set(mandatory.loc[mandatory["facilities"] == 0, "category"]) == {"env_waste"}
    assert set(gaps.loc[gaps["cause"] == "not_found", "category"]) == {"env_waste"}
    assert re.search("未检出.*：生活垃圾收集站$", told, re.M)


def test_only_inputs_that_no_map_file_holds_are_missing_for_the_indicators_of_the_sample(indicator_rows):
    lacking = indicator_rows[indicator_rows["status"] == "missing_input"]
    beyond_maps = {"dwellings", "local_ratio", "footway_survey", "driving_network", "jobs", "road_centerlines", "classes", "villages"}
    assert {word for words in lacking["missing"] for word in words.split(";")} == beyond_maps
    assert lacking["id"].nunique() == 10 and indicator_rows["id"].nunique() > 50


def test_a_boarding_senior_school_closes_no_gap_of_the_schools_nearby(gaps, land):
    assert "镇海中学甬江校区" not in set(gaps["closing_facility"])
    assert not (gaps["category"].isin(["edu_primary", "edu_junior"]) & (gaps["closes_in"] == 2024)).any()
    # It opens in 2024.
    assert all(land(own)[2024] == land(own)[2023] for own in ("I03", "I04"))


def test_a_planned_hospital_is_no_community_health_facility_and_counts_within_2_km(gaps, land):
    closed = gaps[gaps["closing_facility"] == "浙大一院宁波国际医院"]
    assert set(closed["category"]) == {"med_hospital"} and set(closed["closes_in"]) == {2028}
    health = gaps[gaps["category"].isin(["med_centre", "med_station"]) & gaps["closes_in"].notna()]
    assert len(health) and set(health["closing_facility"]) == {"滨江社区卫生服务中心"}
    assert land("I02")[2028] == land("I02")[2027]
    # A circle of 2 km over the new town.
    assert land("I13")[2028] > land("I13")[2027] + 250.0


def test_a_nine_year_school_closes_gaps_of_both_its_schools_the_year_it_opens(gaps, land):
    closed = gaps[gaps["closing_facility"] == "滨江新城第一学校"]
    assert set(closed["category"]) == {"edu_primary", "edu_junior"} and set(closed["closes_in"]) == {2025}
    assert set(closed["cause"]) == {"not_yet_open"}
    junior, primary = (closed[(closed["category"] == kind) & (closed["group"] == "all")] for kind in ("edu_junior", "edu_primary"))
    # 1,000 m to the junior school take in what 500 m to the primary school do.
    assert set(primary["residence_id"]) < set(junior["residence_id"])
    assert all(land(own)[2025] > land(own)[2024] + 30.0 for own in ("I03", "I04"))
