"""The corrections of a study: every table in `corrections/` beside the study file."""

from __future__ import annotations

from pathlib import Path

from livingcircle import corrections
from livingcircle.corrections import Corrections
from livingcircle.errors import DataError, Fault, listed, raise_all, said
from livingcircle.sources import spreadsheet
from livingcircle.standards import Standard
from livingcircle.study.classifying import category_names, plain

FOLDER = "corrections"
KINDS = (".csv", ".xlsx")
NAMING_CATEGORIES = ("reclass", "absent")


def correction_files(base: Path) -> list[Path]:
    """The tables of corrections of a study, in the order of their names; none where the folder is missing."""
    folder = base / FOLDER
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(file for file in found if file.suffix.lower() in KINDS and not file.name.startswith((".", "~")))


def read_corrections(base: Path, standard: Standard) -> Corrections:
    """All corrections of the study in folder `base`, categories as ids of the standard.

    Raises `DataError` with the faults of all tables, categories that the standard does not know among them.
    """
    parts, faults = [], []
    known = category_names(standard)
    for file in correction_files(base):
        where = f"{FOLDER}/{file.name}"
        try:
            told = corrections.read(spreadsheet.read_table(file), where=where)
        except DataError as error:
            faults += error.faults
            continue
        table = told.table.copy()
        for row in table[table["action"].isin(NAMING_CATEGORIES)].itertuples():
            words = corrections.several(row.value)
            wrong = [word for word in words if plain(word) not in known]
            if wrong:
                remedy = said("use an id or name of `livingcircle standards show`")
                faults.append(Fault(said("{where} row {row}", where=where, row=row.row), said("unknown category {names!r}", names=listed(wrong)), remedy))
            else:
                table.loc[row.Index, "value"] = ";".join(known[plain(word)] for word in words)
        parts.append(Corrections(table))
    raise_all(faults, DataError)
    return corrections.together(parts)
