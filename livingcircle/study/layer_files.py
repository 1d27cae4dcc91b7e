"""The parts of a study file that name the file of a layer: what each may say."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from livingcircle.errors import listed, said

PlaceColumn = Literal[
    "id", "name", "category", "code", "capacity", "status", "open_year",
    "lon", "lat", "x", "y", "location", "entrance", "entrance_lon", "entrance_lat",
]
PLACE_COLUMNS: tuple[str, ...] = get_args(PlaceColumn)


class Part(BaseModel):
    """A part of a study file: unknown keys are refused, and it cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Rows(Part):
    """`where`: keep the rows whose column starts with one of these."""

    column: str
    starts_with: list[str]


Vocabulary = Literal["mnr2023", "survey3", "gb50137", "gbt21010"]


class FacilityFile(Part):
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
            raise ValueError(said("give either category or mapping"))
        return self


class _LayerFile(Part):
    path: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    where: Rows | None = None


class BuildingFile(_LayerFile):
    """`[residences.buildings]`: dwelling houses over which the people of each residence are split by floor area."""

    columns: dict[Literal["id", "name", "dwellings", "floor_area_m2", "storeys", "height_m"], str] = {}


class PeopleRaster(Part):
    """`[residences.raster]`: a GeoTIFF of people, spread over the residential land."""

    path: str
    within_m: Annotated[float, Field(ge=0, le=5000)] = 200.0
    per_km2: bool = False


class UnitTotals(Part):
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
    groups: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], str] = {}
    columns: dict[Literal["id", "name", "open_year", "land_code", "lon", "lat", "x", "y"], str] = {}
    vocabulary: Vocabulary | None = None
    homesteads: bool | None = None

    @model_validator(mode="after")
    def _codes_have_a_column(self) -> ResidenceFile:
        given = [key for key in ("vocabulary", "homesteads") if getattr(self, key) is not None]
        if given and "land_code" not in self.columns:
            raise ValueError(said("{keys} read land-use codes: name their column, columns.land_code", keys=listed(given, " and ")))
        return self

    @model_validator(mode="after")
    def _people_once(self) -> ResidenceFile:
        given = [key for key in TOLD_BY if getattr(self, key) is not None]
        if len(given) > 1:
            raise ValueError(said("{keys} both tell the people; keep one", keys=listed(given, " and ")))
        if not given and self.totals is None:
            raise ValueError(said("nothing tells the people: give one of {known}, or [residences.totals]", known=listed(TOLD_BY)))
        if (self.dwellings is None) != (self.people_per_dwelling is None):
            raise ValueError(said("dwellings and people_per_dwelling belong together"))
        return self

    @model_validator(mode="after")
    def _groups_of_people(self) -> ResidenceFile:
        if self.groups and self.population is None:
            raise ValueError(said("groups are columns beside population: give population, or use shares or totals"))
        return self

    @property
    def counted(self) -> tuple[str, ...]:
        """The groups whose people the file, the totals or shares tell."""
        return (*self.groups, *(self.totals.groups if self.totals else ()), *self.shares)


class BarrierFile(_LayerFile):
    """`[[barriers]]`: lines or polygons that no off-street leg may cross; `kind` is the word shown for them."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = "barrier"


class CompoundFile(_LayerFile):
    """`[[compounds]]`: outlines of gated compounds; `name` is a column."""

    name: str | None = None


class GateFile(_LayerFile):
    """`[[gates]]`: points of the gates of compounds; `kind` is a column of `open`, `residents` or `closed`."""

    kind: str | None = None


Kind = Literal["gate", "footpath", "crossing", "bridge"]
Cost = Annotated[float, Field(ge=0, le=1e12)]


class LinkSearch(Part):
    """`[links]`: lines that a planner has in mind, which links are looked for besides, and what they cost."""

    lines: str | None = None
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    where: Rows | None = None
    columns: dict[Literal["name", "kind", "cost"], str] = {}
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = get_args(Kind)
    max_m: Annotated[float, Field(ge=1, le=2000)] | None = None
    order: Literal["people_gained", "people_distinct", "people_per_m", "people_per_cost"] | None = None
    categories: tuple[str, ...] = ()
    cost_per_m: dict[Kind, Cost] = {}
    cost_each: dict[Kind, Cost] = {}
    cost_unit: str = ""


class ParkFile(_LayerFile):
    """`[[parks]]`: polygons whose ways close at night."""


class BuiltLand(_LayerFile):
    """`[built_land]`: polygons of urban built land, the denominator of bus and rail coverage."""


class ParcelFile(_LayerFile):
    """`[siting.parcels]`: polygons on which something may be built; `columns` names their id, name, land code, area and cost."""

    columns: dict[Literal["id", "name", "land_code", "area_m2", "cost"], str] = {}
    vocabulary: Vocabulary | None = None


class ExcludedFile(_LayerFile):
    """`[[siting.excluded]]`: polygons of ground where nothing may be built."""


Amount = Annotated[float, Field(ge=0, le=1e12)]
Places = Annotated[float, Field(gt=0, le=1e6)]


class Siting(Part):
    """`[siting]`: what may be built where: candidates, parcels, excluded ground, and what a new facility of a category takes, costs and holds."""

    candidates: Literal["vacant", "parcels", "streets"] | None = None
    parcels: ParcelFile | None = None
    excluded: tuple[ExcludedFile, ...] = ()
    vacant_codes: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    site_m2: dict[str, Amount] = {}
    capacity: dict[str, Places] = {}
    cost: dict[str, Amount] = {}
    cost_unit: str = ""
    street_spacing_m: Annotated[float, Field(ge=20, le=5000)] = 200.0
    front_spacing_m: Annotated[float, Field(ge=20, le=5000)] = 150.0
    front_reach_m: Annotated[float, Field(ge=0, le=500)] = 30.0
    unserved_m: Annotated[float, Field(gt=0, le=100_000)] | None = None

    @model_validator(mode="after")
    def _parcels_where_asked(self) -> Siting:
        if self.candidates == "parcels" and self.parcels is None:
            raise ValueError(said("candidates are parcels, and no [siting.parcels] names their file"))
        return self


class ProgrammeTable(Part):
    """`[programme]`: the budget of the programme of near-term projects, what its measures cost, and how they are chosen.

    A programme is worked out in every analysis where a budget is told. What is not told here is as `[siting]` and `[links]` say.
    """

    budget: Amount | None = None
    categories: tuple[str, ...] = ()
    sites: Annotated[int, Field(ge=0, le=10_000)] | None = None
    cost_unit: str = ""
    cost_site: dict[str, Amount] = {}
    cost_place: dict[str, Amount] = {}
    cost_gate: Amount | None = None
    cost_per_m: dict[Kind, Cost] = {}
    enlarge_most: Annotated[float, Field(gt=0, le=10)] = 0.5
    points: Annotated[int, Field(ge=1, le=1000)] = 100
    time_s: Annotated[float, Field(ge=1, le=86_400)] = 60.0
