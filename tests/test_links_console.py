"""The summary of a search for links: the list, what all links bring together, or that there is none."""

from dataclasses import replace

import pytest
from test_outputs_links_page import answer_of

from livingcircle.links import package_of, ranked, terms_of
from livingcircle.links_console import show_links


@pytest.mark.parametrize(("language", "words"), [("zh", ("跨水面人行桥", "费用", "全部建成", "links.toml")), ("en", ("A footbridge over water", "cost", "all 1 links", "links.toml"))])
def test_the_list_and_the_files(tiny, tmp_path, capsys, language, words):
    found = answer_of(tiny)
    case = found.ranking.start.case
    spoken = replace(found, ranking=replace(found.ranking, start=replace(found.ranking.start, case=replace(case, settings=replace(case.settings, language=language)))))
    show_links(spoken, [tmp_path / "links.csv"])
    told = capsys.readouterr().out
    assert all(word in " ".join(told.split()) or word in told for word in words), told
    (best,) = found.ranking.table.to_dict("records")
    assert f"{best['people_distinct']:,.0f}" in told and best["people_distinct"] > 150 and str(tmp_path / "links.csv") in told


def test_a_list_without_links(tiny, capsys):
    found = answer_of(tiny)
    ranking = ranked(found.inputs, standard=tiny, settings=found.settings, asked=terms_of(max_m=1, built=0))
    show_links(replace(found, ranking=ranking, package=package_of(ranking), ways=[]), [])
    told = capsys.readouterr().out
    assert "没有找到能使居民新进入设施服务范围的步行连通位置" in told and "links.toml" not in told
