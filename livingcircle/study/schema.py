"""One study file: what it may say, with every fault reported at once, and the layers it names."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from livingcircle import slope
from livingcircle.costs import presets
from livingcircle.errors import Fault, StudyError, raise_all
from livingcircle.sources import content
from livingcircle.study.key_faults import key_faults
from livingcircle.study.layer_crs import LOCAL, crs_of_layers, says_local

SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
# Where `fetch` puts what it downloads, from the study's folder.
FETCHED = "raw/streets-and-facilities.osm.pbf"
Text = dict[Literal["zh", "en"], str]
Positive = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]

PlaceColumn = Literal[
    "id", "name", "category", "code", "capacity", "status", "open_year",
    "lon", "lat", "x", "y", "location", "entrance", "entrance_lon", "entrance_lat",
]
PLACE_COLUMNS: tuple[str, ...] = get_args(PlaceColumn)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class LocalSystem(_Part):
    """`[study.local_system]`: a table of points common to the local coordinate system and a known one, and its columns."""

    points: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    columns: dict[Literal["name", "local_x", "local_y", "x", "y", "lon", "lat"], str] = {}


class About(_Part):
    """`[study]`: names, area, CRS, local system, standard, language, year and units."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    name: str | Text = ""
    note: str | Text = ""
    area: str | None = None
    area_crs: str | None = None
    area_layer: str | None = None
    crs: str | None = None
    local_system: LocalSystem | None = None
    standard: str = "gb50180-2018"
    language: Literal["zh", "en"] = "zh"
    year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    units: str | None = None
    units_layer: str | None = None
    units_name: str = "name"
    units_crs: str | None = None

    @field_validator("name", "note")
    @classmethod
    def _both(cls, value: str | dict) -> dict:
        return {"zh": value, "en": value} if isinstance(value, str) else {"zh": "", "en": "", **value}


class Streets(_Part):
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
            raise ValueError("path is required, or place: the name of a town or district to fetch")
        return told


Steps = Literal["plain", "slow", "excluded"]
Permeability = Literal["open", "visit", "residents"]


class WalkingGroup(_Part):
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
            raise ValueError(f"give speed_kmh, or one of the kinds of walkers shipped as id: {', '.join(known)}")
        return self


class Walking(_Part):
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
            raise ValueError(f"group ids must differ, and 'all' is everybody at speed_kmh: {', '.join(twice)}")
        return groups

    @model_validator(mode="after")
    def _slope_has_heights(self) -> Walking:
        asked = [s for s in (self.slope, *(group.slope for group in self.groups)) if s]
        unknown = sorted(set(asked) - set(slope.names()))
        if unknown:
            raise ValueError(f"unknown slope function {', '.join(unknown)}; known: {', '.join(slope.names())}")
        if asked and not self.elevation:
            raise ValueError("slope needs elevation, a GeoTIFF of heights")
        return self


class Rows(_Part):
    """`where`: keep the rows whose column starts with one of these."""

    column: str
    starts_with: list[str]


Vocabulary = Literal["mnr2023", "survey3", "gb50137", "gbt21010"]


class FacilityFile(_Part):
    """`[[facilities]]`: one file of facilities, its category or the mapping that finds it, and its columns."""

    path: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    category: str | Annotated[list[str], Field(min_length=1)] | None = None
    mapping: Literal["osm", "amap", "baidu", "land", "table"] | None = None
    vocabulary: Vocabulary | None = None
    status_default: Literal["existing", "under_construction", "planned", "proposed"] = "existing"
    columns: dict[PlaceColumn, str] = {}
    where: Rows | None = None

    @model_validator(mode="after")
    def _one_way(self) -> FacilityFile:
        if (self.category is None) == (self.mapping is None):
            raise ValueError("give either category or mapping")
        return self


class _LayerFile(_Part):
    path: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    where: Rows | None = None


class BuildingFile(_LayerFile):
    """`[residences.buildings]`: dwelling houses over which the people of each residence are split by floor area."""

    columns: dict[Literal["id", "name", "dwellings", "floor_area_m2", "storeys", "height_m"], str] = {}


class PeopleRaster(_Part):
    """`[residences.raster]`: a GeoTIFF of people, spread over the residential land."""

    path: str
    within_m: Annotated[float, Field(ge=0, le=5000)] = 200.0
    per_km2: bool = False


class UnitTotals(_Part):
    """`[residences.totals]`: a table of people by unit, to which the residences are re-scaled."""

    path: str
    encoding: str | None = None
    unit: str
    people: str
    groups: dict[str, str] = {}


# Ways in which the people of residences are told, of which a study gives one; with totals none is needed.
TOLD_BY = ("population", "dwellings", "floor_area_ratio", "raster")


class ResidenceFile(_LayerFile):
    """`[residences]`: residential land or points, and where their people come from."""

    population: str | None = None
    dwellings: str | None = None
    people_per_dwelling: Annotated[float, Field(gt=0, le=20)] | None = None
    floor_area_ratio: str | None = None
    floor_area_per_person_m2: Annotated[float, Field(gt=0, le=500)] | None = None
    raster: PeopleRaster | None = None
    buildings: BuildingFile | None = None
    totals: UnitTotals | None = None
    shares: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    columns: dict[Literal["id", "name", "open_year", "land_code", "lon", "lat", "x", "y"], str] = {}
    vocabulary: Vocabulary | None = None
    homesteads: bool | None = None

    @model_validator(mode="after")
    def _codes_have_a_column(self) -> ResidenceFile:
        given = [key for key in ("vocabulary", "homesteads") if getattr(self, key) is not None]
        if given and "land_code" not in self.columns:
            raise ValueError(f"{' and '.join(given)} read land-use codes: name their column, columns.land_code")
        return self

    @model_validator(mode="after")
    def _people_once(self) -> ResidenceFile:
        given = [key for key in TOLD_BY if getattr(self, key) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} both tell the people; keep one")
        if not given and self.totals is None:
            raise ValueError(f"nothing tells the people: give one of {', '.join(TOLD_BY)}, or [residences.totals]")
        if (self.dwellings is None) != (self.people_per_dwelling is None):
            raise ValueError("dwellings and people_per_dwelling belong together")
        return self

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups whose people the totals or shares tell."""
        return (*(self.totals.groups if self.totals else ()), *self.shares)


class BarrierFile(_LayerFile):
    """`[[barriers]]`: lines or polygons that no off-street leg may cross; `kind` is the word shown for them."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = "barrier"


class CompoundFile(_LayerFile):
    """`[[compounds]]`: outlines of gated compounds; `name` is a column."""

    name: str | None = None


class GateFile(_LayerFile):
    """`[[gates]]`: points of the gates of compounds; `kind` is a column of `open`, `residents` or `closed`."""

    kind: str | None = None


class ParkFile(_LayerFile):
    """`[[parks]]`: polygons whose ways close at night."""


class Study(_Part):
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


def study_file(path: Path) -> Path:
    """The study file of a folder, or the file itself."""
    return Path(path) / "study.toml" if Path(path).is_dir() else Path(path)


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
        raise StudyError(Fault(str(file), f"is not valid TOML ({error})", "correct this line; save as UTF-8")) from error
    try:
        study = Study.model_validate(told)
    except ValidationError as error:
        raise StudyError(key_faults(file, error, Study)) from error
    _require_files(study, file)
    return study, file.parent


def language_of(path: Path) -> str:
    """The language that a study asks for; the default where the study cannot be read."""
    try:
        return load(path)[0].study.language
    except StudyError:
        return About.model_fields["language"].default


def _require_files(study: Study, file: Path) -> None:
    missing = [
        Fault(f"{file}: {key}", f"no such file '{name}'", _remedy(name, file))
        for key, name in _named_files(study).items()
        if not content.is_there(file.parent / name)
    ]
    raise_all(missing + _local_faults(study, file), StudyError)


def _local_faults(study: Study, file: Path) -> list[Fault]:
    """Layers said to be local without the points that tell where, and a local system instead of the metric one."""
    faults = []
    if study.study.crs and says_local(study.study.crs):
        remedy = 'write the metric CRS of the results, such as "EPSG:4550", and "local" at the layers that are'
        faults.append(Fault(f"{file}: study.crs", "only layers may be local", remedy))
    told = [key for key, crs in crs_of_layers(study).items() if says_local(crs)]
    if told and study.study.local_system is None:
        problem = f'"{LOCAL}" in {", ".join(told)}, and nothing says where the local system lies'
        faults.append(Fault(str(file), problem, 'add [study.local_system] with points = "..." (a table of common points)'))
    return faults


def _remedy(name: str, file: Path) -> str:
    if name == FETCHED:
        return f"run livingcircle fetch {file.parent}"
    return f"put it into {file.parent} or correct the path"


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
        **{f"{key}.path": part.path for key, part in parts.items() if part is not None},
        **{f"{key}.{i}.path": part.path for key in ("barriers", "compounds", "gates", "parks") for i, part in enumerate(getattr(study, key))},
    }
    return {key: name for key, name in told.items() if name}


def input_files(study: Study, base: Path) -> list[Path]:
    """Every file the study names, each once, in the order of the study file; a file geodatabase is its folder."""
    names = list(_named_files(study).values())
    if study.study.standard.endswith(".toml"):
        names.append(study.study.standard)
    found = [base / name for name in dict.fromkeys(names)]
    # A shapefile is several files; its texts and years live beside the .shp.
    return [part for file in found for part in _parts(file)]


def _parts(file: Path) -> list[Path]:
    if file.suffix.lower() != ".shp":
        return [file]
    return sorted(p for p in file.parent.iterdir() if p.stem == file.stem and p.suffix.lower() in SHAPEFILE)
