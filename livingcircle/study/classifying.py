"""Which categories the rows of a facility file serve: given, by OSM tags, by Amap, Baidu or land codes, or by a column's words."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict

import geopandas as gpd
import pandas as pd

from livingcircle import coordinates, land_codes, layers
from livingcircle.errors import DataError, Fault, listed, said
from livingcircle.facilities import Classified
from livingcircle.standards import Classes, Place, Standard, matcher
from livingcircle.standards.matching import suggester, tag_keys, whole_amap_code
from livingcircle.study.schema import FacilityFile

Classifier = Callable[[gpd.GeoDataFrame], Classified]

# Where the third version of Baidu's place search tells the path.
CLASSIFIED = ("detail_info.classified_poi_tag", "classified_poi_tag")
# The columns a map service's own table has, where the study names none.
USUAL = {
    "amap": {"id": ("id",), "name": ("name",), "code": ("typecode",)},
    "baidu": {"id": ("uid",), "name": ("name",), "code": ("tag", "detail_info.tag", "detail_info.std_tag", "std_tag", *CLASSIFIED)},
}
# How a map service's code stands in a place.
SAYS = {"amap": lambda n, c: Place(name=n, amap_code=c), "baidu": lambda n, c: Place(name=n, baidu_tag=c)}
LACKING = {"", "[]", "nan", "none", "<na>"}


def usual_columns(mapping: str | None, raw: gpd.GeoDataFrame) -> dict[str, str]:
    """The columns of `raw` for `id`, `name` and `code` as the service of a mapping calls them; empty for other mappings.

    Of several it is the one that is filled most often (the first of equals): the versions of a service differ.

    >>> usual_columns("baidu", gpd.GeoDataFrame({"uid": [], "name": [], "std_tag": []}))
    {'id': 'uid', 'name': 'name', 'code': 'std_tag'}
    """
    usual = USUAL.get(mapping or "", {})
    known = {key: [name for name in names if name in raw.columns] for key, names in usual.items()}
    return {key: max(names, key=lambda name: sum(map(bool, map(_text, raw[name])))) for key, names in known.items() if names}


def whole_codes(raw: gpd.GeoDataFrame, told: FacilityFile) -> gpd.GeoDataFrame:
    """`raw` with the Amap codes of a file in all their digits, so that rows are kept, matched and shown by them; else as it is."""
    column = {**usual_columns(told.mapping, raw), **told.columns}.get("code")
    if told.mapping != "amap" or column not in raw.columns:
        return raw
    return raw.assign(**{column: [whole_amap_code(cell) if _text(cell) else cell for cell in raw[column]]})


def classifier(
    told: FacilityFile, columns: dict, standard: Standard, raw: gpd.GeoDataFrame, *, vocabulary: str | None = None
) -> Classifier:
    """The function that answers which categories the rows of a facility file serve, and what that was told from.

    `vocabulary` of land codes is recognized from the column unless given; what was recognized stands in `notes`. Raises
    `StandardError` for a category the standard does not know, and `DataError` for a column that is missing or, with
    `mapping = "table"`, cells that name no category; every such cell is listed.
    """
    if told.category is not None:
        ids = [told.category] if isinstance(told.category, str) else list(told.category)
        known = category_names(standard)
        fixed = tuple((known.get(plain(i)) or standard.category(i).id, "given", "high") for i in ids)
        return lambda places: Classified([fixed] * len(places), ["given"] * len(places))
    if told.mapping == "osm":
        return lambda places: _by_tags(standard, places, matcher(standard))
    columns = {**usual_columns(told.mapping, raw), **columns}
    key = "category" if told.mapping == "table" else "code"
    column = columns.get(key)
    if column is None or column not in raw.columns:
        known = listed(str(c) for c in raw.columns if c != raw.geometry.name)
        raise DataError(
            Fault(
                told.path,
                said("mapping '{mapping}' needs the column of {key}", mapping=told.mapping, key=key),
                said("set columns.{key} to one of: {known}", key=key, known=known),
            )
        )
    if told.mapping == "table":
        return _by_table(told, column, standard, raw)
    name = columns.get("name", "")
    if told.mapping == "land":
        return lambda places: _by_land(matcher(standard), places, column, name, vocabulary)
    return lambda places: _by_codes(matcher(standard), _pairs(places, column, name), SAYS[told.mapping], told.mapping)


def suggesting(told: FacilityFile, columns: dict, standard: Standard, *, vocabulary: str | None = None) -> Classifier:
    """The function that answers what rows that serve no category may be after all, by their names or codes alone, with low confidence.

    The columns are those that `classifier` found sufficient.
    """
    match = suggester(standard)
    if told.mapping == "osm":
        return lambda places: _by_tags(standard, places, match)
    name = columns.get("name", "")
    column = columns.get("category" if told.mapping == "table" else "code", "")
    if told.mapping == "land":
        return lambda places: _by_land(match, places, column, name, vocabulary)
    return lambda places: _by_codes(match, _pairs(places, column, name), SAYS.get(told.mapping, lambda n, c: Place(name=n)), told.mapping)


def _by_tags(standard: Standard, places: gpd.GeoDataFrame, match: Callable[[Place], Classes]) -> Classified:
    keys = tag_keys(standard)
    classes = [match(Place(name=_text(n), tags=tags)) for n, tags in zip(places["name"], places["tags"], strict=True)]
    return Classified(classes, [";".join(f"{key}={tags[key]}" for key in keys if key in tags) for tags in places["tags"]])


def _by_codes(
    match: Callable[[Place], Classes], pairs: Sequence[tuple[str, str]], says: Callable[[str, str], Place], origin: str
) -> Classified:
    answers = {pair: match(says(*pair)) for pair in dict.fromkeys(pairs)}
    return Classified([answers[pair] for pair in pairs], [f"{origin}:{code}" for _, code in pairs])


def _by_land(match: Callable[[Place], Classes], places: gpd.GeoDataFrame, column: str, name: str, vocabulary: str | None) -> Classified:
    pairs = _pairs(places, column, name)
    found = land_codes.recognize(code for _, code in pairs)
    own = vocabulary or found.vocabulary or next(iter(land_codes.vocabularies()))
    read = {code: land_codes.equivalents(code, own) for code in dict.fromkeys(code for _, code in pairs)}
    told = _by_codes(match, pairs, lambda n, c: Place(name=n, land_code="|".join(read[c][0]), land_parts="|".join(read[c][1])), "land")
    open_codes = set() if vocabulary else set(found.ambiguous)
    #  a code that two vocabularies read as different land is a guess, and shown as one
    classes = [
        tuple((*one[:2], "low") for one in of) if open_codes.intersection(land_codes.split(code)) else of
        for of, (_, code) in zip(told.classes, pairs, strict=True)
    ]
    notes = {"vocabulary": own, "given": vocabulary is not None, **{k: v for k, v in asdict(found).items() if k != "vocabulary"}}
    return Classified(classes, told.raw_type, {"land_codes": {k: list(v) if isinstance(v, tuple) else v for k, v in notes.items()}})


def _pairs(places: gpd.GeoDataFrame, column: str, name: str) -> list[tuple[str, str]]:
    """(name, code) of every row, blanks as empty texts."""
    names = [_text(n) for n in places[name]] if name in places.columns else [""] * len(places)
    return list(zip(names, [_text(c).removesuffix(".0") for c in places[column]], strict=True))


def _text(value: object) -> str:
    text = "" if value is None else str(value).strip()
    return "" if text.lower() in LACKING else text


def _by_table(told: FacilityFile, column: str, standard: Standard, raw: gpd.GeoDataFrame) -> Classifier:
    known = category_names(standard)
    answers: dict[str, Classes] = {}
    faults = []
    for cell in raw[column].unique():
        text = "" if pd.isna(cell) else str(cell).strip()
        words = [w.strip() for w in text.replace("|", ";").replace("；", ";").replace("、", ";").split(";") if w.strip()]
        wrong = [w for w in words if plain(w) not in known]
        rows = coordinates.name_rows(layers.row_numbers(raw)[(raw[column] == cell).to_numpy()]) if wrong else ""
        faults += [
            Fault(
                said("{where} {rows}", where=told.path, rows=rows),
                said("unknown category '{name}'", name=w),
                "use an id or name of `livingcircle standards show`, or leave it blank",
            )
            for w in wrong
        ]
        answers[text] = tuple((known.get(plain(w), ""), f"table:{w}", "high") for w in words)
    if faults:
        raise DataError(faults)

    def answer(places: gpd.GeoDataFrame) -> Classified:
        cells = ["" if pd.isna(cell) else str(cell).strip() for cell in places[column]]
        return Classified([answers[cell] for cell in cells], [f"table:{cell}" for cell in cells])

    return answer


def category_names(standard: Standard) -> dict[str, str]:
    """The id of every category by its id and its names in both languages, written plainly."""
    return {
        plain(name): category.id
        for category in standard.categories.values()
        for name in (category.id, category.name.zh, category.name.en)
    }


def plain(name: str) -> str:
    """A name without the differences of full and half width, case and blanks."""
    return unicodedata.normalize("NFKC", name).replace(" ", "").lower()
