"""Place names turned into areas by Nominatim."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import requests
import shapely

from livingcircle.errors import DataError, Fault, said
from livingcircle.sources.overpass.manners import rules
from livingcircle.sources.overpass.servers import agent

DRAW = said("write the name as OpenStreetMap does, with the city and country, or draw the area and name its file as [study] area")


class _Unfit(Exception):
    """A response that is not what was asked for."""


def find_place(name: str, *, nominatim: str | None = None) -> tuple[shapely.Geometry, str]:
    """The outline of the place called `name` in degrees of WGS-84, and its full name as OpenStreetMap has it.

    The best known place of that name that has an outline. `nominatim` is the address of the server, the one in
    `overpass.toml` unless given. Raises `DataError` when the server cannot be reached, is too busy, sends on to elsewhere or
    knows no such place with an outline.
    """
    # OSMnx is heavy to load, and only place names need it.
    import osmnx

    told = rules()["nominatim"]
    where = f"[streets] place = {name!r}"
    address = nominatim or told["url"]
    try:
        with _asking(osmnx.settings, address):
            found = osmnx.geocode_to_gdf(name)
    except _Unfit as error:
        raise DataError(
            Fault(where, said("{address} {problem}", address=address, problem=error.args[0]), "fetch again later, or draw the area: [study] area")
        ) from error
    except requests.RequestException as error:
        problem = said("{address} cannot be asked ({error})", address=address, error=" ".join(str(error).split())[:200])
        raise DataError(Fault(where, problem, "fetch again later, or draw the area: [study] area")) from error
    # OSMnx tells a place without outline by a TypeError, no place by an error of its own, other answers by either or none.
    except Exception as error:
        raise DataError(Fault(where, said("no outline of it is known ({error})", error=" ".join(str(error).split())[:200]), DRAW)) from error
    outline = shapely.union_all(found.geometry.to_numpy())
    return outline, str(found.get("display_name", [name])[0])


@contextmanager
def _asking(settings, address: str) -> Iterator[None]:
    """OSMnx set to ask `address` once, without its cache and its endless retries; set back afterwards."""
    ours = {
        "nominatim_url": address,
        "use_cache": False,
        "http_user_agent": agent(),
        "requests_timeout": rules()["nominatim"]["seconds"],
        "requests_kwargs": {"allow_redirects": False, "hooks": {"response": _require}},
    }
    before = {key: getattr(settings, key) for key in ours}
    for key, value in ours.items():
        setattr(settings, key, value)
    try:
        yield
    finally:
        for key, value in before.items():
            setattr(settings, key, value)


def _require(response: requests.Response, *_arguments: object, **_named: object) -> None:
    """Raise `_Unfit` before OSMnx sees a response that it would wait for or read without end."""
    if response.status_code != 200:
        raise _Unfit(said("answers with status {code} {reason}", code=response.status_code, reason=str(response.reason)[:80]))
    most = rules()["nominatim"]["most_bytes"]
    body = response.raw.read(most + 1, decode_content=True)
    if len(body) > most:
        raise _Unfit(said("answers with more than {mb:.0f} MB", mb=most / 1e6))
    response.raw = io.BytesIO(body)
