"""What a comparison says in sentences: its overview, and the names of what it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from livingcircle.comparison import Comparison, State
from livingcircle.comparison.gap_changes import CHANGES
from livingcircle.coverage import WHOLE_AREA
from livingcircle.messages import words
from livingcircle.outputs.walking_words import group_name
from livingcircle.standards import Standard

Notes = list[tuple[str, object]]
# Facilities and categories named one by one; more are counted.
MOST_NAMES, MOST_SHARES = 12, 8
# A share that moves less reads as unchanged, percentage points.
SEEN = 0.05


def overview(states: Sequence[State], comparisons: Sequence[Comparison], *, language: str) -> Notes:
    """Labels and what they say: the states, what each comparison changes, and how to read it; a label with None is a heading."""
    known = words(language, "compare")
    study = states[0].result.settings
    notes: Notes = [(f"{study.name.get(language) or study.study_id} · {known['title']}", None)]
    if study.note.get(language):
        notes.append((words(language)["sheet.note_remark"], study.note[language]))
    notes += [(known["overview.states"] if i == 0 else "", _state(state, known, language)) for i, state in enumerate(states)]
    for comparison in comparisons:
        notes += _compared(comparison, known, language)
    reading = [known[f"overview.reading_{key}"] for key in ("share", "points", "arrived", "sum", "absent")]
    return [*notes, (known["overview.reading"], None), *(("", line) for line in reading)]


def headline(comparison: Comparison, *, group: str) -> pd.DataFrame:
    """The coverage of the whole area of one group, largest change of land first; only rows where land or people change."""
    table = comparison.coverage
    table = table[(table["unit"] == WHOLE_AREA) & (table["group"] == group)]
    moved = (table[["land_share_points", "people_share_points"]].abs() > SEEN).any(axis=1) | (table[["people_gained", "people_lost"]] > 0).any(axis=1)
    size = table["land_share_points"].abs()
    return table[moved].loc[size[moved].sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def standards_of(comparison: Comparison) -> Mapping[str, Standard]:
    """The standards whose indicators either state works out, by id."""
    return {system.id: system for state in (comparison.before, comparison.after) for system in state.result.settings.systems}


def percent(share: float) -> str:
    """A share in per cent, a dash where there is none.

    >>> percent(0.5), percent(float("nan"))
    ('50.0%', '—')
    """
    return "—" if share != share else f"{share:.1%}"


def signed(points: float) -> str:
    """Percentage points with their sign; what reads as 0.0 has none.

    >>> signed(2.25), signed(-0.04), signed(float("nan"))
    ('+2.2', '0.0', '—')
    """
    if points != points:
        return "—"
    return "0.0" if abs(points) < SEEN else f"{points:+.1f}"


def _state(state: State, known: Mapping[str, str], language: str) -> str:
    result = state.result
    year = known["overview.year"].format(year=result.settings.year) if result.settings.year else known["overview.no_year"]
    told = {"open": f"{result.counts['facilities_open']:,}", "people": f"{result.counts['people']:,.0f}", "gaps": f"{len(result.gaps):,}"}
    return known["overview.state"].format(name=state.name[language], year=year, **told)


def overview_lines(comparison: Comparison, *, language: str) -> list[tuple[str, str]]:
    """The gaps that one comparison closes and opens, and the check of what only adds, as labels and sentences."""
    known = words(language, "compare")
    counts = comparison.gaps["change"].value_counts()
    gaps = {change: int(counts.get(change, 0)) for change in CHANGES}
    lines = [(known["overview.gaps"], known["overview.gap_counts"].format(**gaps))]
    if comparison.only_adds:
        told = "overview.check_fails" if len(comparison.fallen) else "overview.check_holds"
        lines.append((known["overview.check"], known[told].format(count=len(comparison.fallen))))
    return lines


def _compared(comparison: Comparison, known: Mapping[str, str], language: str) -> Notes:
    names = {side: getattr(comparison, side).name[language] for side in ("before", "after")}
    notes: Notes = [(known["versus"].format(**names), None)]
    notes += _labelled(known["overview.facilities"], _facilities(comparison, known, words(language, "gis")))
    notes += _labelled(known["overview.homes"], _homes(comparison, known))
    notes += _labelled(known["overview.links"], _links(comparison, known))
    notes += _shares(comparison, known, language)
    gaps, *checks = overview_lines(comparison, language=language)
    return [*notes, gaps, *_labelled(known["overview.circles"], _circles(comparison, known, language)), *checks]


def _labelled(label: str, lines: Sequence[str]) -> Notes:
    return [(label if i == 0 else "", line) for i, line in enumerate(lines)]


def _homes(comparison: Comparison, known: Mapping[str, str]) -> list[str]:
    table = comparison.homes
    lines = []
    for change, part in table.groupby("change", sort=False):
        told = [known[f"home.{change}"].format(name=row.name_ or row.residence_id, before=row.people_before, after=row.people_after) for row in part.rename(columns={"name": "name_"}).itertuples()]
        names = known["join"].join(told[:MOST_NAMES])
        lines.append(known["overview.more"].format(names=names, count=len(part)) if len(part) > MOST_NAMES else names)
    return lines


def _with_status(name: str, status: str, known: Mapping[str, str], statuses: Mapping[str, str]) -> str:
    """The name of a facility, with its status where that is not simply existing."""
    return name if status == "existing" else known["overview.status"].format(name=name, status=statuses[f"status.{status}"])


def _facilities(comparison: Comparison, known: Mapping[str, str], statuses: Mapping[str, str]) -> list[str]:
    table = comparison.facilities
    if not len(table):
        return [known["none"]]
    lines = []
    for change, part in table.groupby("change", sort=False):
        names = known["join"].join(_with_status(row.name_, row.status, known, statuses) for row in part.rename(columns={"name": "name_"}).head(MOST_NAMES).itertuples())
        if len(part) > MOST_NAMES:
            names = known["overview.more"].format(names=names, count=len(part))
        lines.append(known["overview.named"].format(change=known[f"facility.{change}"], names=names))
    return lines


def _links(comparison: Comparison, known: Mapping[str, str]) -> list[str]:
    if comparison.links is None:
        return []
    table = comparison.links
    told = zip(table["change"], table["kind"], table["name"], table.length, strict=True)
    return [
        known["overview.named"].format(change=known[f"link.{change}"], names=known["overview.length"].format(name=name, kind=known.get(f"link.{kind}", kind), length=length))
        for change, kind, name, length in told
    ]


def _shares(comparison: Comparison, known: Mapping[str, str], language: str) -> Notes:
    result = comparison.after.result
    table = headline(comparison, group=result.settings.groups[0].id)
    notes: Notes = []
    falls, loses = table["land_share_points"] < 0, (table["land_lost_ha"] > 0) | (table["people_lost"] > 0)
    for key, part in (("improved", table[~falls]), ("worsened", table[falls & loses]), ("diluted", table[falls & ~loses])):
        lines = []
        for row in part.head(MOST_SHARES).to_dict("records"):
            shares = {f"{what}_{side}": percent(row[f"{what}_share_{side}"]) for what in ("land", "people") for side in ("before", "after")}
            points = {f"{what}_points": known["points"].format(value=signed(row[f"{what}_share_points"])) for what in ("land", "people")}
            category, level = result.standard.categories[row["category"]], result.standard.levels[row["level"]]
            named = {"category": category.name.get(language), "level": level.name.get(language), "group": group_name(row["group"], language)}
            moved = {"gained": f"{row['people_gained']:,.0f}", "lost": f"{row['people_lost']:,.0f}"}
            lines.append(known["overview.share"].format(**named, **shares, **points, **moved))
        notes += _labelled(known[f"overview.{key}"], lines)
    return notes or [(known["overview.improved"], known["overview.same"])]


def _circles(comparison: Comparison, known: Mapping[str, str], language: str) -> list[str]:
    result = comparison.after.result
    table = comparison.completeness
    table = table[(table["area"] == WHOLE_AREA) & (table["group"] == result.settings.groups[0].id)]
    return [
        known["overview.circle"].format(
            level=result.standard.levels[row["level"]].name.get(language),
            group=group_name(row["group"], language),
            **{f"land_{side}": percent(row[f"land_all_share_{side}"]) for side in ("before", "after")},
            **{f"lacking_{side}": row[f"lacking_mean_{side}"] for side in ("before", "after")},
        )
        for row in table.to_dict("records")
    ]
