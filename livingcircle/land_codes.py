"""Land-use codes: which vocabulary a column of codes is written in, what a code means, and which land people live on.

The codes stand in `land_codes.toml`; the rules of the shipped standards are written in its first vocabulary.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from livingcircle.errors import DataError, Fault, listed, said

FILE = Path(__file__).with_name("land_codes.toml")
BETWEEN = re.compile(r"[/+,、;|\s]+")
CODE = re.compile(r"[A-Z](?![A-Z]{2})\d{0,3}|\d{1,2}H\d[A-Z]?|\d+(?:\.0$)?[A-Z]?")


@dataclass(frozen=True)
class LandCode:
    """One code of a vocabulary; `to` and `parts` are codes of the first vocabulary (see the file), `evidence` ●, ◐ or ○, `rural` of residential land."""

    code: str
    zh: str
    en: str
    to: tuple[str, ...]
    parts: tuple[str, ...]
    residential: bool
    evidence: str
    rural: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """A published classification of land use, with its codes in the order of the file."""

    id: str
    zh: str
    en: str
    edition: str
    codes: Mapping[str, LandCode]

    def read(self, code: str) -> LandCode | None:
        """What a code means: itself, else the longest listed code it begins with; None when there is none.

        >>> vocabularies()["gb50137"].read("A331").zh
        '中小学用地'
        """
        return next((self.codes[code[:n]] for n in range(len(code), 0, -1) if code[:n] in self.codes), None)


@dataclass(frozen=True)
class Recognized:
    """Which vocabulary explains most of a column's codes, and what it leaves open.

    `vocabulary` is empty when none explains a code. `explained` of `codes` different codes are listed in it. `rivals`
    explain as many, and `ambiguous` are the codes that a rival reads as other land. `unknown` are the codes it lacks.
    """

    vocabulary: str
    explained: int
    codes: int
    unknown: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


@cache
def vocabularies() -> Mapping[str, Vocabulary]:
    """The vocabularies by id, in the order of the file: the first is the one that the standards' rules use.

    >>> list(vocabularies())
    ['mnr2023', 'survey3', 'gb50137', 'gbt21010']
    """
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    first = next(iter(told["vocabularies"]))
    return {
        id: Vocabulary(id, **about["name"], edition=about["edition"], codes=_codes(told["codes"][id], own=id == first))
        for id, about in told["vocabularies"].items()
    }


def _codes(told: Mapping[str, Mapping], *, own: bool) -> dict[str, LandCode]:
    return {
        code: LandCode(
            code, one["zh"], one["en"], (code,) if own else tuple(one.get("to", ())), tuple(one.get("parts", ())),
            one.get("residential", False), one["evidence"], one.get("rural", False),
        )
        for code, one in told.items()
    }  # fmt: skip


def split(cell: object) -> tuple[str, ...]:
    """The codes of one cell, plainly written: full width narrowed, a lost leading zero put back, names left out.

    >>> split("Ｒ２１／B1"), split(80403.0), split("8h2"), split("A33 中小学用地"), split("—")
    (('R21', 'B1'), ('080403',), ('08H2',), ('A33',), ())
    """
    text = unicodedata.normalize("NFKC", "" if cell is None else str(cell)).strip().upper()
    found = (CODE.match(part) for part in BETWEEN.split(text))
    return tuple(dict.fromkeys(_padded(one[0]) for one in found if one))


def _padded(code: str) -> str:
    code = code.removesuffix(".0")
    head = re.match(r"\d*", code)[0]
    if not head:
        return code
    # Codes grow by two digits a class, so an odd number of digits has lost its leading zero.
    return head.zfill(len(head) + len(head) % 2) + code[len(head) :]


def recognize(codes: Iterable[object]) -> Recognized:
    """The vocabulary that lists most of the different codes of a column; a tie goes to the first of the file, and is told.

    >>> recognize(["R21", "A33", "G1", "S42"]).vocabulary, recognize(["0701", "08H2", "0810"]).vocabulary
    ('gb50137', 'survey3')
    >>> recognize(["0701", "0702"])
    Recognized(vocabulary='mnr2023', explained=2, codes=2, unknown=(), rivals=('survey3', 'gbt21010'), ambiguous=('0702',))
    """
    own = sorted({code for cell in codes for code in split(cell)})
    known = vocabularies()
    #  a code that only begins like a listed one speaks for a vocabulary less than a listed one does
    score = {
        id: (sum(code in one.codes for code in own), sum(one.read(code) is not None for code in own)) for id, one in known.items()
    }
    best = max(score.values())
    first, *rivals = [id for id in known if score[id] == best]
    if best == (0, 0):
        return Recognized("", 0, len(own), unknown=tuple(own))
    read = {id: [_land(code, id) for code in own] for id in (first, *rivals)}
    return Recognized(
        first,
        explained=best[0],
        codes=len(own),
        unknown=tuple(code for code in own if code not in known[first].codes),
        rivals=tuple(rivals),
        ambiguous=tuple(code for n, code in enumerate(own) if len({read[id][n] for id in read}) > 1),
    )


def equivalents(cell: object, vocabulary: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The codes of the first vocabulary for one cell: those that hold all of its land, and those some of it may be.

    A code's own finer classes are among the latter, so that land drawn as education may be a school by its name.

    >>> equivalents("A33", "gb50137")
    (('080403',), ())
    >>> equivalents("0804", "mnr2023")
    (('0804',), ('080401', '080402', '080403', '080404', '080405'))
    """
    land = [_land(code, _known(vocabulary).id) for code in split(cell)]
    to = tuple(dict.fromkeys(code for one, _ in land for code in one))
    return to, tuple(dict.fromkeys(code for _, some in land for code in some if code not in to))


def is_residential(cell: object, vocabulary: str, *, homesteads: bool = True) -> bool:
    """Whether people live on land of this code, by the finest code listed; of several in a cell one is enough.

    Land of community services within housing (0702, R22) is not. Without `homesteads` rural ones (0703, H14) are not either.

    >>> is_residential("R2", "gb50137"), is_residential("R22", "gb50137")
    (True, False)
    >>> is_residential("0702", "survey3"), is_residential("0702", "mnr2023")
    (True, False)
    >>> is_residential("0703", "mnr2023"), is_residential("0703", "mnr2023", homesteads=False)
    (True, False)
    """
    read = [_known(vocabulary).read(code) for code in split(cell)]
    return any(one.residential and (homesteads or not one.rural) for one in read if one is not None)


def _known(vocabulary: str) -> Vocabulary:
    known = vocabularies()
    if vocabulary not in known:
        raise DataError(
            Fault("land codes", said("unknown vocabulary {vocabulary!r}", vocabulary=vocabulary), said("choose one of: {known}", known=listed(known)))
        )
    return known[vocabulary]


@cache
def _land(code: str, vocabulary: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What one code is in the first vocabulary: (`to`, `parts` with all finer classes)."""
    first, *_ = vocabularies().values()
    one = vocabularies()[vocabulary].read(code)
    if one is None:
        return (), ()
    #  a finer code of a local edition is kept: the standards' rules go by how a code begins
    to = (code,) if vocabulary == first.id else one.to
    finer = [c for wide in (*one.to, *one.parts) for c in first.codes if c != wide and c.startswith(wide)]
    return to, tuple(dict.fromkeys([*one.parts, *finer] if to != (code,) or one.code == code else ()))
