"""What planners wrote into the last run's gap list: read back by gap id, and carried into the next one."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl

from livingcircle.errors import Fault, StudyError, reason, said
from livingcircle.messages import LANGUAGES, words
from livingcircle.sources.spreadsheet import BROKEN_WORKBOOK

UNVERIFIED = "unverified"
STATES = (UNVERIFIED, "confirmed", "refuted", "resolved")
# What is told of a gap that is gone, beside its id and record; headings of the gap list.
CONTEXT = ("parent", "unit", "home", "category", "level", "group")
KEYS = ("gap_id", "verified", "verified_note")
# A heading is looked for in so many rows, as planners put titles above.
TITLE_ROWS = 30
# The count of a run's record that tells how many records its workbook holds.
COUNTED = "gaps_with_record"


@dataclass(frozen=True)
class Record:
    """What was written: `notes` gap id -> (state, note), `context` gap id -> words by column, `damaged` why nothing could be read.

    `unknown` holds words that are no state; they stand in the note. `open_elsewhere` is whether a lock file lies beside the workbook.
    """

    notes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    context: Mapping[str, dict[str, str]] = field(default_factory=dict)
    damaged: str = ""
    unknown: tuple[str, ...] = ()
    open_elsewhere: bool = False

    def gone(self, gap_ids: Iterable[str]) -> list[str]:
        """The gap ids with a record that are not among `gap_ids`, sorted."""
        return sorted(set(self.notes) - set(gap_ids))


def read(path: Path, *, language: str) -> Record:
    """The record of the workbook at `path`; empty when there is none. Rows with neither a state nor a note are no record.

    Every sheet is searched for a row with the headings of gap id and state or note, in any language and order, so moved columns,
    renamed sheets and rows above the table do no harm. Of rows with the same id the first with a record counts. A workbook that
    cannot be read, or shows no such heading, is `damaged`. Raises `StudyError` when another program holds the file locked. A
    workbook that the last run wrote without any record, and that nobody changed since, is not searched.
    """
    path = Path(path)
    if not path.is_file() or _untouched(path):
        return Record()
    beside = any((path.parent / name).exists() for name in (f".~lock.{path.name}#", f"~${path.name}"))
    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            tables = [found for sheet in book.worksheets if (found := _table(sheet)) is not None]
    except PermissionError as error:
        problem = said("is locked by another program ({reason})", reason=reason(error))
        raise StudyError(Fault(str(path), problem, "close it there, and run again")) from error
    except (*BROKEN_WORKBOOK, zipfile.LargeZipFile, IndexError, AttributeError) as error:
        return Record(damaged=str(error)[:200] or type(error).__name__, open_elsewhere=beside)
    if not tables:
        heading = words(language, "gaps")["column.gap_id"]
        return Record(damaged=text_of(language, "no_heading", heading=heading), open_elsewhere=beside)
    return _gathered((row for table in tables for row in table), beside)


def _untouched(path: Path) -> bool:
    """Whether the run recorded beside the workbook wrote it just so, and without any record."""
    try:
        told = json.loads((path.parent / "run.json").read_text(encoding="utf-8"))
        own = {part["file"]: part["sha256"] for part in told["outputs"]}
        bare = told["counts"][COUNTED] == 0
        return bare and own.get(path.name) == hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _headings() -> dict[str, str]:
    """Every heading in every language, as it is compared, to its column."""
    return {
        _plain(words(language, "gaps")[f"column.{column}"]): column for language in LANGUAGES for column in (*KEYS, *CONTEXT)
    }


def _plain(value: object) -> str:
    """A heading without blanks, line breaks and case."""
    return re.sub(r"\s+", "", str(value)).lower() if value is not None else ""


def _table(sheet: object) -> list[dict[str, str]] | None:
    """The rows below a sheet's heading as text by column; None when it has no such heading."""
    # What a program wrote of a sheet's size may be wrong after an edit by another.
    sheet.reset_dimensions()
    known, at, rows = _headings(), None, []
    for number, cells in enumerate(sheet.iter_rows(values_only=True)):
        if at is None:
            found = {known[_plain(cell)]: place for place, cell in reversed(list(enumerate(cells))) if _plain(cell) in known}
            if "gap_id" in found and ("verified" in found or "verified_note" in found):
                at = found
            elif number >= TITLE_ROWS:
                return None
            continue
        rows.append({column: _cell(cells[place]) if place < len(cells) else "" for column, place in at.items()})
    return None if at is None else rows


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _gathered(rows: Iterable[dict[str, str]], beside: bool) -> Record:
    known = {_plain(words(language, "gaps")[f"verified.{state}"]): state for language in LANGUAGES for state in STATES}
    known |= {state: state for state in STATES} | {"": UNVERIFIED}
    notes, context, unknown = {}, {}, []
    for row in rows:
        gap, word, note = row["gap_id"], row.get("verified", ""), row.get("verified_note", "")
        state = known.get(_plain(word))
        if state is None:
            unknown.append(word)
            # Nothing that a planner wrote is lost.
            state, note = UNVERIFIED, f"{word}: {note}" if note else word
        if not gap or gap in notes or (state == UNVERIFIED and not note):
            continue
        notes[gap] = (state, note)
        context[gap] = {column: row.get(column, "") for column in CONTEXT}
    return Record(notes, context, unknown=tuple(dict.fromkeys(unknown)), open_elsewhere=beside)


def free_name(folder: Path, path: Path) -> Path:
    """A name in `folder` under which the workbook `path` can be kept beside its successor, not used in its own folder.

    >>> free_name(Path("new"), Path("nowhere/gaps.xlsx")).as_posix()
    'new/gaps.previous.xlsx'
    """
    number, name = 1, f"{path.stem}.previous{path.suffix}"
    while (path.parent / name).exists() or (folder / name).exists():
        number += 1
        name = f"{path.stem}.previous-{number}{path.suffix}"
    return folder / name


def warnings(record: Record, gap_ids: Iterable[str], *, language: str, names: tuple[str, str]) -> list[str]:
    """What a planner is told of the record: a sentence each; `names` are those of the workbook and of the kept copy."""
    file, kept = names
    told = []
    if record.damaged:
        told.append(text_of(language, "damaged", file=file, why=record.damaged, kept=kept))
    if record.open_elsewhere:
        told.append(text_of(language, "open_elsewhere", file=file))
    if record.unknown:
        shown = words(language, "gaps")["part.join"].join(record.unknown[:5])
        told.append(text_of(language, "unknown", file=file, count=len(record.unknown), words=shown))
    gone = record.gone(gap_ids)
    if gone:
        sheet = words(language, "gaps")["sheet.closed"]
        told.append(text_of(language, "kept", count=len(gone), sheet=sheet))
    return told


def text_of(language: str, key: str, **values: object) -> str:
    """A sentence on verification, filled in."""
    return words(language, "gaps")[f"verify.{key}"].format(**values)
