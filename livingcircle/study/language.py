"""The language that a study file asks for, read without the rest of the study."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from livingcircle.messages import LANGUAGES

DEFAULT = LANGUAGES[0]
# What still tells the language of a file that is no TOML.
LINE = re.compile(r"""^\s*language\s*=\s*["'](\w+)["']""", re.M)


def study_file(path: Path) -> Path:
    """The study file of a folder, or the file itself."""
    return Path(path) / "study.toml" if Path(path).is_dir() else Path(path)


def language_of(path: Path) -> str:
    """The language that a study asks for, whatever else is wrong with its file; the default where it asks for none."""
    try:
        text = study_file(path).read_bytes().decode("utf-8-sig", "replace")
    except OSError:
        return DEFAULT
    try:
        about = tomllib.loads(text).get("study")
        asked = about.get("language") if isinstance(about, dict) else None
    except tomllib.TOMLDecodeError:
        line = LINE.search(text)
        asked = line and line[1]
    return asked if asked in LANGUAGES else DEFAULT
