"""Both languages say the same things."""

import re

import pytest

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
