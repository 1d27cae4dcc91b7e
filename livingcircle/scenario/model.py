"""What a scenario may say: overrides of a study only, every key of them optional."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from livingcircle.errors import listed, said

Text = dict[Literal["zh", "en"], str]
Year = Annotated[int, Field(ge=1900, le=2200)]
Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]
Limit = Annotated[float, Field(gt=0, le=100_000)]
# What each change of a facility asks for, and what it may say besides; a new facility bears no id.
ASKED = {
    "open": (("name", "categories", "lon", "lat"), ("capacity", "open_year")),
    "close": (("id",), ()),
    "move": (("id", "lon", "lat"), ()),
    "resize": (("id", "capacity"), ()),
}
OPENED = (("id",), ("open_year",))


class Part(BaseModel):
    """A part of a scenario: unknown keys are refused, and it cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Walking(Part):
    """`[walking]`: the limit that decides, and speeds in km/h by the id of a group; `all` is everybody."""

    rule: Literal["distance", "time"] | None = None
    speeds: dict[str, Annotated[float, Field(gt=0, le=15)]] = {}


class FacilityChange(Part):
    """`[[facilities]]`: a facility that is opened, closed, moved or resized; places in degrees of WGS-84."""

    change: Literal["open", "close", "move", "resize"]
    id: Annotated[str, Field(min_length=1)] | None = None
    name: Annotated[str, Field(min_length=1)] | None = None
    categories: tuple[str, ...] = ()
    lon: Lon | None = None
    lat: Lat | None = None
    capacity: Annotated[float, Field(ge=0, le=1e9)] | None = None
    open_year: Year | None = None

    @property
    def fresh(self) -> bool:
        """Whether a facility is opened that the study does not hold."""
        return self.change == "open" and self.id is None

    @model_validator(mode="after")
    def _whole(self) -> FacilityChange:
        asked, more = OPENED if self.change == "open" and self.id is not None else ASKED[self.change]
        told = {key for key in self.model_fields_set - {"change"} if getattr(self, key) not in (None, ())}
        lacking = [key for key in asked if key not in told]
        if lacking:
            raise ValueError(said("to {change} needs {keys}", change=self.change, keys=listed(lacking)))
        odd = sorted(told - {*asked, *more})
        if odd:
            raise ValueError(said("{keys} says nothing where the change is {change}", change=self.change, keys=listed(odd)))
        return self


class LinkChange(Part):
    """`[[links]]`: a footpath, bridge or crossing that is added, as longitude and latitude from end to end."""

    kind: Literal["footpath", "bridge", "crossing"]
    name: str = ""
    line: Annotated[tuple[tuple[Lon, Lat], ...], Field(min_length=2)]

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
    """What is other than in the study: name, note, year judged, walking, facilities, links, gates and limits."""

    name: str | Text = ""
    note: str | Text = ""
    year: Year | None = None
    walking: Walking = Walking()
    facilities: tuple[FacilityChange, ...] = ()
    links: tuple[LinkChange, ...] = ()
    gates: tuple[GateChange, ...] = ()
    limits: tuple[LimitChange, ...] = ()

    @field_validator("name", "note")
    @classmethod
    def _both(cls, value: str | dict) -> dict:
        return {"zh": value, "en": value} if isinstance(value, str) else {"zh": "", "en": "", **value}

    @field_validator("limits")
    @classmethod
    def _once(cls, told: tuple[LimitChange, ...]) -> tuple[LimitChange, ...]:
        keys = [f"{one.category} {one.level}" for one in told]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(said("{names} stands twice", names=listed(twice)))
        return told
