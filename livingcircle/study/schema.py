"""One study file: what it may say, with every fault reported at once, and the layers it names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from livingcircle import slope
from livingcircle.costs import presets
from livingcircle.errors import Fault, StudyError, listed, raise_all, reason, said
from livingcircle.facilities import EVERY
from livingcircle.scenario import Scenario
from livingcircle.scenario.model import Certainty, several
from livingcircle.sources import content
from livingcircle.standards import own_files
from livingcircle.study.key_faults import key_faults
from livingcircle.study.language import DEFAULT, language_of, study_file
from livingcircle.study.layer_crs import LOCAL, crs_of_layers, says_local
from livingcircle.study.layer_files import (
    PLACE_COLUMNS, BarrierFile, BuildingFile, BuiltLand, CompoundFile, FacilityFile, GateFile, LinkSearch, ParkFile, Part, PeopleRaster, ProgrammeTable,
    ResidenceFile, Rows, Siting, UnitTotals,
)  # fmt: skip

__all__ = [
    "PLACE_COLUMNS", "About", "BarrierFile", "BuildingFile", "BuiltLand", "CompoundFile", "FacilityFile", "GapList", "GateFile", "LinkSearch", "LocalSystem", "Outputs", "ParkFile", "PeopleRaster", "ProgrammeTable",
    "ResidenceFile", "Rows", "Siting", "Streets", "Study", "UnitTotals", "Walking", "WalkingGroup", "input_files", "language_of", "load", "study_file",
]  # fmt: skip

SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
# A scenario's results stand in a folder of its name, beside those that a run writes.
SCENARIO = re.compile(r"\w[\w-]{0,63}")
TAKEN = ("figures", "compare", "timeline", "links", "site", "programme")
# Where `fetch` puts what it downloads, from the study's folder.
FETCHED = "raw/streets-and-facilities.osm.pbf"
Text = dict[Literal["zh", "en"], str]
Positive = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]
Year = Annotated[int, Field(ge=1900, le=2200)]


class LocalSystem(Part):
    """`[study.local_system]`: a table of points common to the local coordinate system and a known one, and its columns."""

    points: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    columns: dict[Literal["name", "local_x", "local_y", "x", "y", "lon", "lat"], str] = {}


class About(Part):
    """`[study]`: names, area, CRS, local system, standards and indicators, language, years, the certainty counted, and units.

    `standard` has one id or path, or several to stack, lowest first; without `indicators` every system shipped is worked out.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    name: str | Text = ""
    note: str | Text = ""
    area: str | None = None
    area_crs: str | None = None
    area_layer: str | None = None
    crs: str | None = None
    local_system: LocalSystem | None = None
    standard: tuple[str, ...] = ("gb50180-2018",)
    indicators: tuple[str, ...] | None = None
    categories: tuple[str, ...] = ()
    language: Literal["zh", "en"] = DEFAULT
    year: Year | None = None
    years: tuple[Year, ...] = ()
    certainty: Certainty = EVERY
    units: str | None = None
    units_layer: str | None = None
    units_name: str = "name"
    units_parent: str | None = None
    units_crs: str | None = None

    @field_validator("name", "note")
    @classmethod
    def _both(cls, value: str | dict) -> dict:
        return {"zh": value, "en": value} if isinstance(value, str) else {"zh": "", "en": "", **value}

    @field_validator("standard", "indicators", "categories", mode="before")
    @classmethod
    def _one_or_several(cls, told: Any) -> Any:
        return several(told)

    @field_validator("standard", "indicators", "categories", "years")
    @classmethod
    def _each_once(cls, told: tuple | None) -> tuple | None:
        twice = sorted({str(one) for one in told or () if (told or ()).count(one) > 1})
        if twice:
            raise ValueError(said("{names} stands twice", names=listed(twice)))
        return told

    @field_validator("standard")
    @classmethod
    def _named(cls, told: tuple[str, ...]) -> tuple[str, ...]:
        if not told:
            raise ValueError(said("name at least one standard"))
        return told

    @model_validator(mode="after")
    def _parents_of_units(self) -> About:
        if self.units_parent and not self.units:
            raise ValueError(said("units_parent is a column of units, and no units are given"))
        return self


class Streets(Part):
    """`[streets]`: the street file (or the name of a place to fetch), how its lines are joined, and the ground it covers."""

    path: str = FETCHED
    place: str | None = None
    extent: str | None = None
    extent_crs: str | None = None
    extent_layer: str | None = None
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    columns: dict[str, str] = {}
    join_tolerance_m: Annotated[float, Field(ge=0, le=5)] | None = None
    join_crossings: bool = False

    @model_validator(mode="before")
    @classmethod
    def _somewhere(cls, told: Any) -> Any:
        if isinstance(told, dict) and not told.get("path") and not told.get("place"):
            raise ValueError(said("path is required, or place: the name of a town or district to fetch"))
        return told


Steps = Literal["plain", "slow", "excluded"]
Permeability = Literal["open", "visit", "residents"]


class WalkingGroup(Part):
    """`[[walking.groups]]`: people who walk in a way of their own; `people` is a column of the residences.

    What a group does not say is as `[walking]` says for everybody; a shipped kind of walker brings its speed along.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    speed_kmh: Annotated[float, Field(gt=0, le=15)] | None = None
    people: str | None = None
    steps: Steps | None = None
    slope: str | None = None
    crossings: bool | None = None
    permeability: Permeability | None = None
    night: bool | None = None

    @model_validator(mode="after")
    def _has_a_speed(self) -> WalkingGroup:
        known = presets()
        if self.speed_kmh is None and self.id not in known:
            raise ValueError(said("give speed_kmh, or one of the kinds of walkers shipped as id: {known}", known=listed(known)))
        return self


class Walking(Part):
    """`[walking]`: speed and costs of walking, the deciding rule, the snapping limit, the engine and the groups."""

    speed_kmh: Annotated[float, Field(gt=0, le=15)] = 4.0
    rule: Literal["distance", "time"] = "distance"
    snap_limit_m: Annotated[float, Field(gt=0, le=2000)] = 150.0
    engine: Literal["numba", "scipy", "networkx"] = "numba"
    isochrone_minutes: tuple[Positive, ...] = (5.0, 10.0, 15.0)
    severed_detour: Annotated[float, Field(ge=1)] = 1.8
    tagged_barriers: bool = True
    steps: Steps = "plain"
    slope: str | None = None
    elevation: str | None = None
    crossings: bool = False
    crossing_seconds: dict[Literal["signals", "zebra", "unmarked"], Annotated[float, Field(ge=0, le=600)]] = {}
    night: bool = False
    permeability: Permeability = "visit"
    tagged_compounds: bool = True
    groups: tuple[WalkingGroup, ...] = ()

    @field_validator("groups")
    @classmethod
    def _distinct(cls, groups: tuple[WalkingGroup, ...]) -> tuple[WalkingGroup, ...]:
        ids = ["all", *(group.id for group in groups)]
        twice = sorted({own for own in ids if ids.count(own) > 1})
        if twice:
            raise ValueError(said("group ids must differ, and 'all' is everybody at speed_kmh: {names}", names=listed(twice)))
        return groups

    @model_validator(mode="after")
    def _slope_has_heights(self) -> Walking:
        asked = [s for s in (self.slope, *(group.slope for group in self.groups)) if s]
        unknown = sorted(set(asked) - set(slope.names()))
        if unknown:
            raise ValueError(said("unknown slope function {names}; known: {known}", names=listed(unknown), known=listed(slope.names())))
        if asked and not self.elevation:
            raise ValueError(said("slope needs elevation, a GeoTIFF of heights"))
        return self


class GapList(Part):
    """`[gaps]`: what a row of the gap list stands for."""

    by: Literal["residence", "unit"] = "residence"


class Backgrounds(Part):
    """`[outputs.map]`: tile services that a reader of the map may choose; the map is offline until then."""

    tianditu: bool = False
    amap: bool = False

    def asked(self) -> tuple[str, ...]:
        """The services asked for, by key."""
        return tuple(key for key, asked in self.model_dump().items() if asked)


class Outputs(Part):
    """`[outputs]`: whether figures and report are made, the paper of the figures, and backgrounds of the map."""

    figures: bool = True
    report: bool = True
    paper: Literal["A4", "A3"] = "A4"
    map: Backgrounds = Backgrounds()


class Study(Part):
    """A whole `study.toml`; only `[study] id` and `[streets]` are needed for `times` and `area`."""

    study: About
    streets: Streets
    walking: Walking = Walking()
    facilities: tuple[FacilityFile, ...] = ()
    residences: ResidenceFile | None = None
    barriers: tuple[BarrierFile, ...] = ()
    compounds: tuple[CompoundFile, ...] = ()
    gates: tuple[GateFile, ...] = ()
    parks: tuple[ParkFile, ...] = ()
    built_land: BuiltLand | None = None
    gaps: GapList = GapList()
    links: LinkSearch = LinkSearch()
    outputs: Outputs = Outputs()
    siting: Siting = Siting()
    programme: ProgrammeTable = ProgrammeTable()
    scenarios: dict[str, Scenario] = {}

    @field_validator("scenarios")
    @classmethod
    def _named(cls, told: dict[str, Scenario]) -> dict[str, Scenario]:
        odd = [name for name in told if not SCENARIO.fullmatch(name) or name.lower() in TAKEN]
        if odd:
            raise ValueError(said("{names} cannot name a folder: letters, digits, _ and -, and none of {taken}", names=listed(odd), taken=listed(TAKEN)))
        return told


def load(path: Path) -> tuple[Study, Path]:
    """The study of a folder or file, and the folder its paths start from.

    Raises `StudyError` with every fault: no file, broken TOML (with its line), unknown keys, wrong types, values out of
    range, files that do not exist.
    """
    file = study_file(path)
    if not file.is_file():
        raise StudyError(Fault(str(file), "no such study file", "give a folder that holds study.toml, or the file"))
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(Fault(str(file), said("is not valid TOML ({error})", error=reason(error)), "correct this line; save as UTF-8")) from error
    try:
        study = Study.model_validate(told)
    except ValidationError as error:
        raise StudyError(key_faults(file, error, Study)) from error
    _require_files(study, file)
    return study, file.parent


def _require_files(study: Study, file: Path) -> None:
    missing = [
        Fault(f"{file}: {key}", said("no such file '{name}'", name=name), _remedy(name, file))
        for key, name in {**_named_files(study), **_own_standards(study.study)}.items()
        if not content.is_there(file.parent / name)
    ]
    raise_all(missing + _local_faults(study, file), StudyError)


def _local_faults(study: Study, file: Path) -> list[Fault]:
    """Layers said to be local without the points that tell where, and a local system instead of the metric one."""
    faults = []
    if study.study.crs and says_local(study.study.crs):
        remedy = said('write the metric CRS of the results, such as "EPSG:4550", and "local" at the layers that are')
        faults.append(Fault(f"{file}: study.crs", "only layers may be local", remedy))
    told = [key for key, crs in crs_of_layers(study).items() if says_local(crs)]
    if told and study.study.local_system is None:
        problem = said('"{word}" in {keys}, and nothing says where the local system lies', word=LOCAL, keys=listed(told))
        faults.append(Fault(str(file), problem, 'add [study.local_system] with points = "..." (a table of common points)'))
    return faults


def _remedy(name: str, file: Path) -> str:
    if name == FETCHED:
        return said("run livingcircle fetch {folder}", folder=file.parent)
    return said("put it into {folder} or correct the path", folder=file.parent)


def _own_standards(told: About) -> dict[str, str]:
    named = {"standard": told.standard, "indicators": told.indicators or ()}
    placed = ((f"study.{key}.{i}" if len(names) > 1 else f"study.{key}", name) for key, names in named.items() for i, name in enumerate(names))
    return {key: name for key, name in placed if name.endswith(".toml")}


def _named_files(study: Study) -> dict[str, str]:
    """Every file that the study names, by its key, in the order of the study file."""
    homes = study.residences
    parts = {f"residences.{key}": getattr(homes, key, None) for key in ("raster", "buildings", "totals")}
    told = {
        "study.area": study.study.area,
        "study.units": study.study.units,
        "study.local_system.points": study.study.local_system.points if study.study.local_system else None,
        "streets.path": study.streets.path,
        "streets.extent": study.streets.extent,
        "walking.elevation": study.walking.elevation,
        **{f"facilities.{i}.path": part.path for i, part in enumerate(study.facilities)},
        "residences.path": homes.path if homes else None,
        "built_land.path": study.built_land.path if study.built_land else None,
        "links.lines": study.links.lines,
        "siting.parcels.path": study.siting.parcels.path if study.siting.parcels else None,
        **{f"siting.excluded.{i}.path": part.path for i, part in enumerate(study.siting.excluded)},
        **{f"{key}.path": part.path for key, part in parts.items() if part is not None},
        **{f"{key}.{i}.path": part.path for key in ("barriers", "compounds", "gates", "parks") for i, part in enumerate(getattr(study, key))},
    }
    return {key: name for key, name in told.items() if name}


def input_files(study: Study, base: Path) -> list[Path]:
    """Every file the study names, each once, in the order of the study file; a file geodatabase is its folder."""
    names = list(_named_files(study).values())
    found = [base / name for name in dict.fromkeys(names)]
    # Each of them alone: two of one stack may be based on the same file.
    for asked in (*study.study.standard, *(study.study.indicators or ())):
        found += [file for file in own_files(asked, base=base) if file not in found]
    # A shapefile is several files; its texts and years live beside the .shp.
    return [part for file in found for part in parts_of(file)]


def parts_of(file: Path) -> list[Path]:
    """The files that a layer's file consists of: several for a shapefile, else itself."""
    if file.suffix.lower() != ".shp":
        return [file]
    return sorted(p for p in file.parent.iterdir() if p.stem == file.stem and p.suffix.lower() in SHAPEFILE)
