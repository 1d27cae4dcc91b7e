"""The notes of the workbook: what was decided, how causes and priorities are found, sources, versions and warnings."""

from __future__ import annotations

from collections.abc import Mapping

from livingcircle import __version__
from livingcircle.analysis import Result
from livingcircle.gaps import priority
from livingcircle.gaps.causes import remedies
from livingcircle.messages import text, words
from livingcircle.outputs.correction_words import correction_lines
from livingcircle.outputs.walking_words import walking_words

Notes = list[tuple[str, object]]


def notes(result: Result) -> Notes:
    """Labels and what they say, in the study's language; a label with None is a heading."""
    known, own = words(result.settings.language), words(result.settings.language, "gaps")
    return [
        *_study(result, known, own),
        *_list(result, known, own),
        *_priority(own),
        *_capacity(result),
        (own["note.verify_head"], None),
        ("", own["note.verify"].format(closed=own["sheet.closed"])),
        *_sources(result, own),
        *_corrections(result, own),
        *([(own["note.warnings_head"], None)] if result.warnings else []),
        *(("", warning) for warning in result.warnings),
    ]


def _study(result: Result, known: Mapping[str, str], own: Mapping[str, str]) -> Notes:
    settings, language, standard = result.settings, result.settings.language, result.standard
    name = settings.name.get(language) or settings.study_id
    remark = settings.note.get(language, "")
    counts = result.counts
    area = {
        "residences": f"{counts['residences']:,}", "people": f"{counts['people']:,.0f}", "land": f"{counts['land_ha']:,.1f}",
        "facilities": f"{counts['facilities']:,}", "open": f"{counts['facilities_open']:,}",
    }  # fmt: skip
    told = {"number": standard.number, "name": standard.name.get(language), "date": standard.in_force.isoformat()}
    return [
        (name, None),
        *([(known["sheet.note_remark"], remark)] if remark else []),
        (own["note.area_head"], own["note.area_line"].format(**area)),
        (known["sheet.note_standard"], own["note.standard_line"].format(**told)),
        (known["sheet.note_year"], settings.year or known["summary.no_year"]),
        (known["sheet.note_rule"], known[f"rule.{settings.rule}"]),
        (known["sheet.note_speed"], known["walker.apart"].join(walking_words(settings))),
        (known["sheet.note_snap"], settings.snap_limit_m),
        (known["sheet.note_crs"], result.network.crs.name),
        (known["sheet.note_version"], f"livingcircle {__version__}"),
    ]


def _list(result: Result, known: Mapping[str, str], own: Mapping[str, str]) -> Notes:
    lines = [
        own["note.cause_line"].format(number=number, name=own[f"cause.{cause}"], meaning=own[f"meaning.{cause}"])
        for number, cause in enumerate(remedies(), start=1)
    ]
    areas = _areas_checked(result)
    return [
        (own["note.list_head"], None),
        ("", own[f"note.row_{result.settings.gaps_by}"]),
        ("", own["note.row_too_small"]),
        ("", known["sheet.note_unreachable"]),
        ("", known["sheet.note_robust"]),
        ("", known["sheet.note_marks"]),
        *([("", areas)] if areas else []),
        (own["note.causes_head"], None),
        ("", own["note.causes"]),
        *(("", line) for line in lines),
        ("", own["note.severed"].format(detour=result.settings.severed_detour)),
    ]


def _capacity(result: Result) -> Notes:
    """How capacity and equity were worked out, where they were."""
    told = words(result.settings.language, "capacity")
    parts = (("units", ("capacity", "access"), len(result.capacity.units)), ("equity", ("equity",), len(result.equity)))
    return [line for sheet, keys, rows in parts if rows for line in [(told[f"sheet.{sheet}"], None), *(("", told[f"note.{key}"]) for key in keys)]]


def _priority(own: Mapping[str, str]) -> Notes:
    told = priority.rules()
    parts, join = told["parts"], own["part.join"]

    def share(key: str) -> str:
        return join.join(f"{bound:.0%}" for bound in parts[key]["bounds"])

    figures = {
        "people": {"bounds": join.join(f"{bound:,g}" for bound in parts["people"]["bounds"])},
        "flag": parts["flag"]["points"],
        "excess": {"bounds": share("excess")},
        "vulnerable": {"bounds": share("vulnerable")},
    }
    lines = [own[f"note.priority_{key}"].format(weight=parts[key]["weight"], **figures[key]) for key in priority.PARTS]
    classes = {key.lower(): bound for key, bound in told["classes"].items()}
    return [
        (own["note.priority_head"], None),
        ("", own["note.priority"].format(**classes)),
        *(("", line) for line in lines),
        ("", own["note.order"]),
    ]


def _sources(result: Result, own: Mapping[str, str]) -> Notes:
    counts = result.facilities["source"].value_counts(sort=False)
    return [
        (own["note.sources_head"], None),
        *(("", own["note.source_line"].format(source=source, count=count)) for source, count in counts.items()),
        ("", own["note.digests"]),
    ]


def _corrections(result: Result, own: Mapping[str, str]) -> Notes:
    lines = correction_lines(result) or [own["correction.none"]]
    return [(own["correction.head"], None), *(("", line) for line in lines)]


def _areas_checked(result: Result) -> str:
    areas = result.isochrones
    if not len(areas):
        return ""
    told = {"count": len(areas), "checked": int(areas["checked"].max()), "worst": float(areas["agreement"].min())}
    return text(result.settings.language, "sheet.note_areas", **told, far=float(areas["largest_m"].max()))
