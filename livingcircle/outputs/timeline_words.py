"""What a timeline says in sentences: its overview, and what opens in which year."""

from __future__ import annotations

from typing import Any

from livingcircle.coverage import WHOLE_AREA
from livingcircle.messages import words
from livingcircle.outputs.compare_words import percent, signed
from livingcircle.outputs.walking_words import group_name
from livingcircle.timeline import STREET, Timeline

Notes = list[tuple[str, object]]


def overview(told: Timeline, *, language: str) -> Notes:
    """Labels and what they say: years, what is worked out anew, what changes most, and how to read it; a label with None is a heading."""
    known, settings = words(language, "timeline"), told.settings
    notes: Notes = [(f"{settings.name.get(language) or settings.study_id} · {known['title']}", None)]
    if settings.note.get(language):
        notes.append((known["overview.note"], settings.note[language]))
    notes.append((known["overview.years"], known["overview.span"].format(first=told.years[0], last=told.years[-1])))
    notes.append((known["overview.worked"], worked_words(told, language=language)))
    notes.append((known["overview.standard"], f"{told.standard.number} {told.standard.name.get(language)}"))
    notes.append((known["overview.changes"], None))
    lines = change_lines(told, language=language)
    notes += lines or [("", known["overview.same"])]
    notes.append((known["overview.reading"], None))
    return [*notes, *(("", known[f"overview.reading_{key}"]) for key in ("year", "carried", "share", "homes"))]


def worked_words(told: Timeline, *, language: str) -> str:
    """Which years are worked out anew and which are carried, in one sentence."""
    known = words(language, "timeline")
    carried = [year for year in told.years if year not in told.worked]
    years = [known["join"].join(map(str, part)) for part in (told.worked, carried)]
    return known["overview.anew_and_carried" if carried else "overview.anew"].format(anew=years[0], carried=years[1])


def change_lines(told: Timeline, *, language: str) -> Notes:
    """A line for every category and level of the whole area whose share of people or land changes, as everybody walks: label and sentence."""
    known, group = words(language, "timeline"), told.settings.groups[0].id
    table = told.table[(told.table["unit"] == WHOLE_AREA) & (told.table["group"] == group)]
    ends = [table[table["year"] == year].set_index(["category", "level"]) for year in (told.years[0], told.years[-1])]
    notes: Notes = []
    for key in ends[0].index:
        shares = {f"{what}_{side}": end.loc[key, f"{what}_share"] for what in ("people", "land") for side, end in zip(("first", "last"), ends, strict=True)}
        points = {f"{what}_points": signed(100 * (shares[f"{what}_last"] - shares[f"{what}_first"])) for what in ("people", "land")}
        if all(value in ("0.0", "—") for value in points.values()):
            continue
        category, level = told.standard.categories[key[0]], told.standard.levels[key[1]]
        named = f"{category.name.get(language)} · {level.name.get(language)}"
        told_shares = {name: percent(value) for name, value in shares.items()}
        notes.append((named, known["overview.change"].format(group=group_name(group, language), **told_shares, **points)))
    return notes


def happenings(told: Timeline, *, language: str) -> list[dict[str, Any]]:
    """What opens, a row each, in words: `year`, `kind`, `name`, `unit`, `categories`, `capacity` and `people` (None where not told)."""
    known, standard = words(language, "timeline"), told.standard
    rows = []
    for row in told.events.to_dict("records"):
        served = known["join"].join(standard.categories[c].name.get(language) for c in row["categories"] if c in standard.categories)
        name = known["street_lines"].format(count=row["count"]) if row["kind"] == STREET else row["name"]
        unit = "" if row["kind"] == STREET else row["unit"] or known["outside_units"]
        numbers = {key: None if row[key] != row[key] else row[key] for key in ("capacity", "people")}
        kind = known[f"kind.{row['kind']}"]
        rows.append({"year": row["year"], "kind": kind, "name": name, "unit": unit, "categories": served, **numbers})
    return rows
