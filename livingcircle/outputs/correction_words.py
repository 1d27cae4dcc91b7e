"""What the planner's own corrections changed, a sentence each, for every output that lists them."""

from __future__ import annotations

from livingcircle.analysis import Result
from livingcircle.messages import words


def correction_lines(result: Result) -> list[str]:
    """The corrections applied in a run, in the order of their tables: what was done to which facility, why, by whom and when."""
    known = words(result.settings.language, "gaps")
    out = []
    for done in result.counts.get("corrections") or ():
        action = known[f"correction.{done['action']}"]
        change = known["correction.change"].format(before=_text(done["before"]), after=_text(done["after"])) if done["before"] and done["after"] else _text(done["after"] or done["before"])
        parts = [_text(done["facility_id"]), change]
        told = [_text(done[key]) for key in ("reason", "by", "date")]
        line = known["correction.line"].format(action=action, what=known["correction.join"].join(part for part in parts if part))
        out.append(line + (known["correction.told"].format(told=known["correction.join"].join(part for part in told if part)) if any(told) else ""))
    return out


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value)
