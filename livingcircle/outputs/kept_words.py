"""What the checks of a scenario found, in words: one line for each check, and the faults of the program that they bring to light."""

from __future__ import annotations

from livingcircle.analysis import Result
from livingcircle.coverage import OUTSIDE, WHOLE_AREA
from livingcircle.messages import words
from livingcircle.outputs.walking_words import group_name

SHOWN = 5


def check_lines(result: Result, language: str) -> list[str]:
    """A line for each check of a scenario; none for the study as it is."""
    if result.kept is None:
        return []
    known = words(language, "kept")
    wrong = fault_lines(result, language)
    told = known["adds" if result.kept.same_homes else "adds_homes"].format(compared=f"{result.kept.compared:,}") if result.kept.adds else known["other"]
    fine = [known["unchanged"]] if result.kept.unchanged else []
    return [*wrong, *fine, *([] if len(result.kept.fallen) or len(result.kept.longer) else [told])]


def fault_lines(result: Result, language: str) -> list[str]:
    """Checks that failed, with the first rows in which they did: faults of the program, not of the study."""
    kept, known = result.kept, words(language, "kept")
    if kept is None or kept.holds:
        return []
    joined = "；" if language == "zh" else "; "
    out = [] if kept.unchanged else [known["changed"]]
    if len(kept.fallen):
        # The whole area says no more than its units, where there are any.
        rows = kept.fallen[kept.fallen["unit"] != WHOLE_AREA]
        shown = rows.head(SHOWN).to_dict("records")
        names = [known["row"].format(**_named(row, result, language), people=row["people"], land_ha=row["land_ha"]) for row in shown]
        out.append(known["fallen"].format(count=len(rows), names=joined.join(names)))
    if len(kept.longer):
        names = [
            known["home"].format(residence=row["residence_id"], before=row["walk_m_before"], after=row["walk_m"], **_named(row, result, language))
            for row in kept.longer.head(SHOWN).to_dict("records")
        ]
        out.append(known["longer"].format(count=len(kept.longer), names=joined.join(names)))
    return out


def _named(row: dict, result: Result, language: str) -> dict[str, str]:
    told = {"category": result.standard.categories[row["category"]].name.get(language), "group": group_name(row["group"], language)}
    return told | {key: row[key] or OUTSIDE for key in ("unit", "level") if key in row}
