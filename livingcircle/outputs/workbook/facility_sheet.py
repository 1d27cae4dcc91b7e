"""The sheet of all facilities, with what is known of each and where it comes from."""

from __future__ import annotations

import pandas as pd

from livingcircle.analysis import Result
from livingcircle.messages import words
from livingcircle.outputs.workbook.table import Column

FACILITIES = {
    "facility_id": (22, None), "facility_name": (26, None), "categories": (26, None), "status": (11, None), "open_year": (9, "0"),
    "open": (9, None), "capacity": (13, "#,##0.##"), "entrances": (9, "0"), "entrance_source": (12, None), "source": (24, None),
    "rule_of_class": (30, None), "confidence": (9, None), "raw_name": (28, None),
}  # fmt: skip


def facility_columns(result: Result) -> list[Column]:
    """The columns of `Result.facilities`, open and planned, in the order in which they were read."""
    language, standard = result.settings.language, result.standard
    known, program = words(language, "gaps"), words(language)
    table = result.facilities
    doors = result.entrances["facility_id"].value_counts()
    join = known["part.join"]
    # The name as its source writes it tells something only where it is another one.
    raw = [raw if raw != name else "" for raw, name in zip(table["raw_name"], table["name"], strict=True)]
    shown = pd.DataFrame(
        {
            "facility_id": table["facility_id"].to_numpy(),
            "facility_name": table["name"].to_numpy(),
            "categories": [join.join(standard.categories[c].name.get(language) for c in served) for served in table["categories"]],
            "status": [known.get(f"status.{status}", status) for status in table["status"]],
            "open_year": table["open_year"].to_numpy(dtype=float),
            "open": [known["word.yes" if is_open else "word.no"] for is_open in table["open"]],
            "capacity": table["capacity"].to_numpy(dtype=float),
            "entrances": doors.reindex(table["facility_id"]).fillna(0).to_numpy(dtype=float),
            "entrance_source": [known.get(f"entrance.{word}", word) for word in table["entrance_source"]],
            "source": table["source"].to_numpy(),
            "rule_of_class": table["rule"].to_numpy(),
            "confidence": [program.get(f"confidence.{word}", word) for word in table["confidence"]],
            "raw_name": raw,
        }
    )
    return [Column(known[f"column.{key}"], shown[key], *form) for key, form in FACILITIES.items()]
