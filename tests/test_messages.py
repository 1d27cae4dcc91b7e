"""Both languages say the same things."""

import re
import tomllib
from importlib.resources import files

import pytest

from livingcircle import standards
from livingcircle.messages import LANGUAGES, text, words

PARTS = ("", "page", "check", "standards", "indicators", "gaps", "gis", "figures", "report")


@pytest.mark.parametrize("part", PARTS)
def test_the_same_keys_and_placeholders(part):
    told = [words(language, part) for language in LANGUAGES]
    assert list(told[0]) == list(told[1])
    for key in told[0]:
        fields = [sorted(re.findall(r"{(\w+)", language[key])) for language in told]
        assert fields[0] == fields[1], key
        assert all(language[key].strip() for language in told), key


def test_every_code_of_the_gap_list_has_words():
    from livingcircle.gaps.causes import remedies

    for language in LANGUAGES:
        known = words(language)
        assert {f"cause.{cause}" for cause in remedies()} <= set(known)
        assert {f"remedy.{remedy}" for remedy in remedies().values()} <= set(known)


def test_values_are_filled_in():
    assert "3" in text("zh", "warning.centroids", count=3)
    with pytest.raises(KeyError):
        text("zh", "no.such.key")


def _named():
    """Every pair of a Chinese and an English name that planners see, with where it stands."""
    for part in PARTS:
        chinese, english = (words(language, part) for language in LANGUAGES)
        yield from ((f"{part}.{key}", chinese[key], english[key]) for key in chinese)
    for standard in map(standards.load, standards.available()):
        for kind in (standard.levels, standard.themes, standard.categories, standard.indicators):
            yield from ((f"{standard.id} {one.id}", one.name.zh, one.name.en) for one in kind.values())


def test_one_word_for_each_thing():
    told = tomllib.loads((files("livingcircle.messages") / "glossary.toml").read_text(encoding="utf-8"))
    terms = {term: [english] if isinstance(english, str) else english for term, english in told.items()}
    found = [(where, chinese, english) for where, chinese, english in _named() if chinese in terms]
    assert len(found) > 100
    assert [one for one in found if one[2].lower() not in terms[one[1]]] == []
