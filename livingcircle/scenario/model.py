"""What a scenario may say: overrides of a study only, every key of them optional."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import shapely
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from livingcircle.errors import listed, said
from livingcircle.facilities import STATUSES, status_of



def unquoted(told: Any) -> Any:
    """The value as it is told; raises `ValueError` for a number in quotes and for true or false, which the map would not take either."""
    if isinstance(told, str | bool):
        raise ValueError(said("write a number, without quotes"))
    return told


Text = dict[Literal["zh", "en"], str]
Unquoted = BeforeValidator(unquoted)
Year = Annotated[int, Field(ge=1900, le=2200), Unquoted]
Lon = Annotated[float, Field(ge=-180, le=180), Unquoted]
Lat = Annotated[float, Field(ge=-90, le=90), Unquoted]
Limit = Annotated[float, Field(gt=0, le=100_000), Unquoted]
Word = Annotated[str, Field(min_length=1)]
People = Annotated[float, Field(ge=0, le=10_000_000), Unquoted]
Speed = Annotated[float, Field(gt=0, le=15), Unquoted]
Capacity = Annotated[float, Field(ge=0, le=1e9), Unquoted]


def certainty(told: Any) -> Any:
    """The status that a word of certainty means; raises `ValueError` for a word that means none."""
    status = status_of(told) if isinstance(told, str) else None
    if status is None:
        raise ValueError(said("write one of {known}", known=listed(word for words in STATUSES.values() for word in words)))
    return status


def several(told: Any) -> Any:
    """One word or several as a tuple; raises `ValueError` for anything else."""
    words = [told] if isinstance(told, str) else told
    if not isinstance(words, list | tuple) or not all(isinstance(one, str) and one for one in words):
        raise ValueError(said("give one in quotes, or a list of them"))
    return tuple(words)


Certainty = Annotated[str, BeforeValidator(certainty)]
Several = Annotated[tuple[str, ...], BeforeValidator(several)]
# What each change of a facility asks for, and what it may say besides; a new facility bears no id.
ASKED = {
    "open": (("name", "categories", "lon", "lat"), ("capacity", "open_year", "certainty")),
    "close": (("id",), ()),
    "move": (("id", "lon", "lat"), ()),
    "resize": (("id", "capacity"), ()),
}
OPENED = (("id",), ("open_year", "certainty"))
BUILT = "existing"
# The same of homes; where they stand is told in one of the ways of `PLACED`.
HOMES = {
    "add": (("name", "people"), ("id", "lon", "lat", "polygon", "file", "layer", "crs", "groups", "dwellings", "ages", "open_year", "certainty")),
    "remove": (("id",), ()),
    "resize": (("id", "people"), ("groups", "dwellings", "ages")),
}
PLACED = (("lon", "lat"), ("polygon",), ("file",))


class Part(BaseModel):
    """A part of a scenario: unknown keys are refused, and it cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Walking(Part):
    """`[walking]`: the limit that decides, and speeds in km/h by the id of a group; `all` is everybody."""

    rule: Literal["distance", "time"] | None = None
    speeds: dict[str, Speed] = {}


class FacilityChange(Part):
    """`[[facilities]]`: a facility that is opened, closed, moved or resized; places in degrees of WGS-84."""

    change: Literal["open", "close", "move", "resize"]
    id: Annotated[str, Field(min_length=1)] | None = None
    name: Annotated[str, Field(min_length=1)] | None = None
    categories: tuple[str, ...] = ()
    lon: Lon | None = None
    lat: Lat | None = None
    capacity: Capacity | None = None
    open_year: Year | None = None
    certainty: Certainty | None = None

    @property
    def fresh(self) -> bool:
        """Whether a facility is opened that the study does not hold."""
        return self.change == "open" and self.id is None

    @model_validator(mode="after")
    def _whole(self) -> FacilityChange:
        _said_all(self, *(OPENED if self.change == "open" and self.id is not None else ASKED[self.change]))
        if self.certainty not in (None, BUILT) and self.open_year is None:
            raise ValueError(said("what is not built yet opens in a year: give open_year"))
        return self


def _said_all(told: FacilityChange | HomeChange, asked: tuple[str, ...], more: tuple[str, ...]) -> None:
    """Raises `ValueError` where a change does not say what it needs, or says what means nothing for it."""
    given = {key for key in told.model_fields_set - {"change"} if getattr(told, key) not in (None, (), {})}
    lacking = [key for key in asked if key not in given]
    if lacking:
        raise ValueError(said("to {change} needs {keys}", change=told.change, keys=listed(lacking)))
    odd = sorted(given - {*asked, *more})
    if odd:
        raise ValueError(said("{keys} says nothing where the change is {change}", change=told.change, keys=listed(odd)))


class HomeChange(Part):
    """`[[homes]]`: a residence that is added (at a point, in an inline polygon or the polygons of a file), removed, or of other people.

    `groups` has people by the groups that the study counts by, or by their columns in its file; `ages` tells where those not given come from: from
    the study's shares (`as_study`), or from the residence's own as it was (`as_before`).
    """

    change: Literal["add", "remove", "resize"]
    id: Word | None = None
    name: Word | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    polygon: tuple[tuple[Lon, Lat], ...] = ()
    file: Word | None = None
    layer: Word | None = None
    crs: Word | None = None
    people: People | None = None
    groups: dict[Word, People] = {}
    dwellings: People | None = None
    ages: Literal["as_study", "as_before"] | None = None
    open_year: Year | None = None
    certainty: Certainty | None = None

    @model_validator(mode="after")
    def _whole(self) -> HomeChange:
        _said_all(self, *HOMES[self.change])
        if self.change != "add":
            return self
        ways = [keys for keys in PLACED if all(getattr(self, key) not in (None, ()) for key in keys)]
        if len(ways) != 1 or (self.lon is None) != (self.lat is None):
            raise ValueError(said("say once where it stands: lon and lat, polygon or file"))
        if self.file is None and (self.layer or self.crs):
            raise ValueError(said("layer and crs are those of file"))
        if self.ages == "as_before":
            raise ValueError(said("there was nobody before: give groups, or ages = \"as_study\""))
        return self

    @field_validator("polygon")
    @classmethod
    def _once_around(cls, told: tuple) -> tuple:
        if told and (len(set(told)) < 3 or not (shape := shapely.Polygon(told)).is_valid or shape.area == 0):
            raise ValueError(said("no outline that goes round once: at least three corners, and no side crosses another"))
        return told


class LinkChange(Part):
    """`[[links]]`: a footpath, bridge or crossing that is added, as longitude and latitude from end to end."""

    kind: Literal["footpath", "bridge", "crossing"]
    name: str = ""
    line: Annotated[tuple[tuple[Lon, Lat], ...], Field(min_length=2)]
    open_year: Year | None = None
    certainty: Certainty | None = None

    @field_validator("line")
    @classmethod
    def _long(cls, told: tuple) -> tuple:
        if len(set(told)) < 2:
            raise ValueError(said("all points of the line are one"))
        return told


class GateChange(Part):
    """`[[gates]]`: a gate opened in a compound's wall, or the one nearest to the place closed."""

    change: Literal["open", "close"]
    lon: Lon
    lat: Lat
    open_year: Year | None = None
    certainty: Certainty | None = None

    @model_validator(mode="after")
    def _closed_now(self) -> GateChange:
        if self.change == "close":
            odd = [key for key in ("open_year", "certainty") if getattr(self, key) is not None]
            if odd:
                raise ValueError(said("{keys} says nothing where the change is {change}", change=self.change, keys=listed(odd)))
        return self


class LimitChange(Part):
    """`[[limits]]`: another limit of a category at a level, in metres, in minutes or both."""

    category: str
    level: str
    limit_m: Limit | None = None
    limit_min: Limit | None = None

    @model_validator(mode="after")
    def _some(self) -> LimitChange:
        if self.limit_m is None and self.limit_min is None:
            raise ValueError(said("give limit_m, limit_min or both"))
        return self


class Scenario(Part):
    """What is other than in the study: names, year judged, standards, the certainty counted, walking, homes, facilities, links, gates, limits."""

    name: str | Text = ""
    note: str | Text = ""
    year: Year | None = None
    standard: Several | None = None
    certainty: Certainty | None = None
    walking: Walking = Walking()
    homes: tuple[HomeChange, ...] = ()
    facilities: tuple[FacilityChange, ...] = ()
    links: tuple[LinkChange, ...] = ()
    gates: tuple[GateChange, ...] = ()
    limits: tuple[LimitChange, ...] = ()

    @field_validator("name", "note")
    @classmethod
    def _both(cls, value: str | dict) -> dict:
        return {"zh": value, "en": value} if isinstance(value, str) else {"zh": "", "en": "", **value}

    @field_validator("standard")
    @classmethod
    def _each_once(cls, told: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if told == ():
            raise ValueError(said("name at least one standard"))
        twice = sorted({one for one in told or () if (told or ()).count(one) > 1})
        if twice:
            raise ValueError(said("{names} stands twice", names=listed(twice)))
        return told

    @field_validator("limits")
    @classmethod
    def _once(cls, told: tuple[LimitChange, ...]) -> tuple[LimitChange, ...]:
        keys = [f"{one.category} {one.level}" for one in told]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(said("{names} stands twice", names=listed(twice)))
        return told
