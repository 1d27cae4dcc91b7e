"""Which parcels of a land-use layer are homes, by the codes of their land in whatever vocabulary they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd

from livingcircle import land_codes, layers
from livingcircle.errors import DataError, Fault, listed, said
from livingcircle.study.findings import Findings
from livingcircle.study.schema import ResidenceFile

MOST_SHOWN = 5


@dataclass(frozen=True)
class Read:
    """How codes were read: the vocabulary, the codes of residential land, and those that are doubtful.

    `doubtful` are codes of which another vocabulary that explains the column as well says the contrary, and codes that none of
    the vocabulary's begins. `rural` are the residential codes of homesteads and villages.
    """

    vocabulary: str
    given: bool
    residential: frozenset[str]
    rural: frozenset[str]
    doubtful: tuple[str, ...]


def residential(frame: gpd.GeoDataFrame, told: ResidenceFile, findings: Findings) -> gpd.GeoDataFrame:
    """The parcels of `frame` on which people live, with their numbers in the file; all of them without `columns.land_code`.

    The vocabulary is recognized from the column unless the study states it. `findings` is told which it was and how many
    rows were kept (`counts["residential_land"]`), and of doubtful codes (`land_codes_doubtful`). Raises `DataError` when no
    parcel is residential.
    """
    column = told.columns.get("land_code")
    if column is None:
        return frame
    cells = [_text(cell) for cell in frame[column]]
    read = read_codes(cells, vocabulary=told.vocabulary)
    homesteads = told.homesteads is not False
    wanted = read.residential if homesteads else read.residential - read.rural
    keep = [cell in wanted for cell in cells]
    if not any(keep):
        shown = listed(list(dict.fromkeys(cell for cell in cells if cell))[:MOST_SHOWN]) or said("blank")
        problem = said("no row whose '{column}' is residential land of {vocabulary} ({codes})", column=column, vocabulary=read.vocabulary, codes=shown)
        raise DataError(Fault(told.path, problem, "correct columns.land_code, or state vocabulary"))
    if layers.ROW not in frame.columns:
        # Numbers in messages are those of the file, not of the rows kept.
        frame = frame.assign(**{layers.ROW: layers.row_numbers(frame)})
    kept = frame[keep].reset_index(drop=True)
    kept.attrs["row_column"] = frame.attrs.get("row_column", layers.ROW)
    _tell(read, told, (cells, keep, homesteads), findings)
    return kept


def read_codes(cells: list[str], *, vocabulary: str | None = None) -> Read:
    """How the cells of a column of land-use codes read, in `vocabulary` or in the one recognized.

    >>> read = read_codes(["R21", "R22", "A33", "H14"])
    >>> read.vocabulary, sorted(read.residential), sorted(read.rural)
    ('gb50137', ['H14', 'R21'], ['H14'])
    >>> read_codes(["0701", "0702", "0804"]).doubtful
    ('0702',)
    """
    found = land_codes.recognize(cells)
    own = vocabulary or found.vocabulary or next(iter(land_codes.vocabularies()))
    different = list(dict.fromkeys(cell for cell in cells if cell))
    homes = frozenset(cell for cell in different if land_codes.is_residential(cell, own))
    urban = {cell for cell in homes if land_codes.is_residential(cell, own, homesteads=False)}
    codes = dict.fromkeys(code for cell in different for code in land_codes.split(cell))
    rivals = () if vocabulary else found.rivals
    told_otherwise = [c for c in codes if any(land_codes.is_residential(c, own) != land_codes.is_residential(c, r) for r in rivals)]
    unknown = [code for code in codes if land_codes.vocabularies()[own].read(code) is None]
    return Read(own, vocabulary is not None, homes, homes - urban, (*told_otherwise, *unknown))


def _tell(read: Read, told: ResidenceFile, kept: tuple[list[str], list[bool], bool], findings: Findings) -> None:
    cells, keep, homesteads = kept
    rural = [cell in read.rural for cell in cells]
    findings.counts["residential_land"] = {
        "file": told.path,
        "vocabulary": read.vocabulary,
        "given": read.given,
        "rows": len(cells),
        "kept": sum(keep),
        "homesteads": homesteads,
        "rural": sum(rural),
        "codes": sorted({cell for cell, kept in zip(cells, keep, strict=True) if kept}),
        "doubtful": list(read.doubtful),
    }
    if read.doubtful:
        shown = listed(read.doubtful[:MOST_SHOWN])
        findings.warnings.append(("land_codes_doubtful", {"file": told.path, "vocabulary": read.vocabulary, "codes": shown}))


def _text(cell: Any) -> str:
    text = "" if cell is None else str(cell).strip()
    return "" if text.lower() in ("nan", "none", "<na>") else text.removesuffix(".0")
