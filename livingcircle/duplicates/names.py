"""Whether two names may be one facility's: what they may differ by, and the words of places learned from all names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from livingcircle.duplicates.rules import rules

BRACKETS = re.compile(r"[(\[【〔「]([^()\[\]【】〔〕「」]*)[)\]】〕」]")
SIGNS = re.compile(r"[\s·•・,，.。、\-_—–'\"“”‘’/\\|:：;；#&()\[\]【】〔〕「」]+")

#  how a name begins and ends: two signs tell more than one, but a name may have only one
ENDS = (lambda name: name[:2], lambda name: name[-2:], lambda name: name[:1], lambda name: name[-1:])


@dataclass(frozen=True)
class Name:
    """A name plainly written: `core` without brackets, and the `branch` that its brackets tell."""

    core: str
    branch: str

    @property
    def flat(self) -> str:
        """Core and branch in one."""
        return self.core + self.branch


def plain(name: str) -> Name:
    """A name without what tells nothing apart: width, blanks, signs, neutral words and brackets; numerals as digits.

    >>> plain("甲街道 社区卫生服务中心").flat == plain("甲社区卫生服务中心").flat
    True
    >>> plain("工商银行（红联支行）")
    Name(core='工商银行', branch='红联支行')
    >>> plain("第一小学").flat == plain("第１小学").flat, plain("红联(公交站)").flat
    (True, '红联')
    """
    text = unicodedata.normalize("NFKC", name).lower()
    told = rules().neutral_brackets
    inner = [aside for aside in BRACKETS.findall(text) if not told.search(aside.strip())]
    core = _core(BRACKETS.sub("", text))
    return Name(core, _core("".join(inner), tails=False)) if core else Name(_core(text), "")


def _core(text: str, *, tails: bool = True) -> str:
    words = rules().names
    text = SIGNS.sub("", text)
    for other, same in words["same_words"].items():
        text = text.replace(other, same)
    for word in words["neutral_words"]:
        text = text.replace(word, "") or text
    for tail in words["neutral_tails"] if tails else ():
        text = text.removesuffix(tail) or text
    return text.translate({ord(sign): str(n) for n, sign in enumerate(words["numerals"])})


def apart(text: str) -> tuple[str, ...]:
    """The numbers, letters, and words of compass and order in a text, that keep two facilities apart.

    >>> apart("红联店"), apart("东校区"), apart("2号店")
    ((), ('东',), ('2',))
    """
    return tuple(sorted(rules().apart.findall(text)))


class Names:
    """The names of all rows, compared by pairs; each pair of different names is looked at once."""

    def __init__(self, names: Sequence[str], served: Sequence[Collection[str]]) -> None:
        read = {name: plain(name) for name in dict.fromkeys(names)}
        self._of = [read[name] for name in names]
        self.blank = np.array([not one.flat for one in self._of], dtype=bool)
        cores: dict[str, set[str]] = {}
        for one, categories in zip(self._of, served, strict=True):
            cores.setdefault(one.core, set()).update(categories)
        cores.pop("", None)
        self.places = learned_places(cores)
        self._endings = _common_endings(cores)
        flats = [one.flat for one in self._of]
        self._ends = np.column_stack([pd.factorize(pd.Series([cut(flat) for flat in flats], dtype=object))[0] for cut in ENDS])
        self._short = np.array([len(flat) == 1 for flat in flats], dtype=bool)
        self._memory: dict[tuple[Name, Name], tuple[str, str] | None] = {}

    def akin(self, pairs: np.ndarray) -> np.ndarray:
        """Which pairs of rows are worth comparing: both named, and beginning or ending alike."""
        same = self._ends[pairs[:, 0]] == self._ends[pairs[:, 1]]
        short = self._short[pairs].any(axis=1)
        named = ~self.blank[pairs].any(axis=1)
        return named & (same[:, :2].any(axis=1) | (short & same[:, 2:].any(axis=1)))

    def compare(self, first: int, second: int) -> tuple[str, str] | None:
        """The rule by which two rows' names may be one facility's and what they differ by, or None when they are apart."""
        pair = self._of[first], self._of[second]
        pair = pair if pair[0].flat <= pair[1].flat else pair[::-1]
        if pair not in self._memory:
            self._memory[pair] = self._compared(*pair)
        return self._memory[pair]

    def _compared(self, one: Name, other: Name) -> tuple[str, str] | None:
        if one.flat == other.flat:
            return "same_name", ""
        if one.branch and other.branch and apart(one.branch) != apart(other.branch):
            return None
        short, long = sorted((one, other), key=lambda name: len(name.flat))
        more = long.flat[len(short.flat) :]
        if long.flat.startswith(short.flat) and not short.branch and self._is_branch(more, bracketed=more == long.branch):
            return "branch_unsaid", more
        if one.branch != other.branch:
            return None
        head = long.core.removesuffix(short.core)
        if len(head) < len(long.core) and self._is_place(head):
            return "near_name", head
        return self._beyond_two_places(one.core, other.core)

    def _is_branch(self, text: str, *, bracketed: bool) -> bool:
        words = rules().names
        ends = text.endswith(tuple(words["branch_tails"]))
        return (ends or bracketed) and not text.endswith(tuple(words["seat_tails"])) and not apart(text)

    def _is_place(self, head: str) -> bool:
        """Whether a beginning is made of learned words of places, one or several."""
        return head in self.places or any(head[:n] in self.places and self._is_place(head[n:]) for n in range(2, len(head) - 1))

    def _beyond_two_places(self, one: str, other: str) -> tuple[str, str] | None:
        """Both begin with administrative areas of their own, and what follows is the same and says enough."""
        shared = _common_tail(one, other)
        heads = one[: len(one) - len(shared)], other[: len(other) - len(shared)]
        areas = tuple(rules().learning["area_endings"])
        if not all(head.endswith(areas) and self._is_place(head) for head in heads):
            return None
        #  城东区 and 城西区 tell apart; a city and its 北 district do not
        if len({order for order in map(apart, heads) if order}) > 1:
            return None
        common = max((len(shared) - n for n in range(len(shared)) if shared[n:] in self._endings), default=0)
        return ("near_name", "/".join(heads)) if len(shared) - common >= rules().learning["own_signs"] else None


def _common_tail(one: str, other: str) -> str:
    for n in range(min(len(one), len(other))):
        if one[-1 - n] != other[-1 - n]:
            return one[len(one) - n :]
    return one[-min(len(one), len(other)) :]


def learned_places(cores: dict[str, set[str]]) -> frozenset[str]:
    """Beginnings shared by many names of several categories: the words of cities, districts and streets in these data.

    >>> names = {f"甬城{what}": {what} for what in ("小学", "医院", "公园", "菜场", "书店")}
    >>> sorted(learned_places({**names, **{f"罗森便利店{n}": {"shop"} for n in range(9)}}))
    ['甬城']
    """
    learning = rules().learning
    shortest, longest = learning["length"]
    names: dict[str, int] = {}
    kinds: dict[str, set[str]] = {}
    for core, categories in cores.items():
        for n in range(shortest, min(longest, len(core) - 1) + 1):
            names[core[:n]] = names.get(core[:n], 0) + 1
            kinds.setdefault(core[:n], set()).update(categories)
    return frozenset(
        head
        for head, count in names.items()
        if count >= learning["names"] and len(kinds[head]) >= learning["categories"] and not re.search(learning["no_place"], head)
    )


def _common_endings(cores: Collection[str]) -> frozenset[str]:
    names: dict[str, int] = {}
    for core in cores:
        for n in range(1, len(core)):
            names[core[n:]] = names.get(core[n:], 0) + 1
    return frozenset(tail for tail, count in names.items() if count >= rules().learning["names"])
