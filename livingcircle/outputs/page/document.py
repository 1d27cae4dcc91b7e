"""One self-contained HTML document of a folium map and the values it shows: no request leaves it, no data is markup."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import folium
from branca.element import Figure, MacroElement
from folium.template import Template
from xstatic.pkg import leaflet

from livingcircle.errors import Fault, LivingCircleError, said
from livingcircle.outputs.page.packing import PER_DEGREE

HERE = resources.files(__package__)
LEAFLET = Path(leaflet.BASE_DIR)
# What works out walks and judges them touches no document, and runs without a browser too.
WALKS = ("plane", "streets", "snapping", "states", "changes", "search", "walks")
JUDGES = ("places", "town", "judging", "causes", "gaps", "indicators")
ASKED = ("lattice", "nearest", "reasons", "reached")
ENGINE = tuple(f"engine/{name}.js" for name in (*WALKS, *JUDGES, *ASKED))
SCRIPTS = (
    "values.js", "language.js", "datum.js", *ENGINE, "canvas.js", "layers.js", "ground.js", "background.js", "popups.js", "legend.js", "headline.js", "lacking.js", "search.js",
    "gap_list.js", "lists.js", "panel.js", "printing.js", "address.js", "surface.js", "point.js", "page.js",
    "scenario.js", "outline.js", "scenario_check.js", "scenario_text.js",
    "whatif_lacking.js", "whatif.js", "whatif_ready.js", "whatif_words.js", "whatif_tools.js", "whatif_marks.js", "whatif_forms.js", "whatif_files.js", "whatif_report.js", "whatif_panel.js",
)  # fmt: skip
STYLES = ("page.css", "whatif.css")
PART = re.compile(r"<!--part:([a-z.]+)-->")
LINKING = frozenset({"src", "href", "srcset", "action", "formaction", "data", "poster", "background", "xlink:href"})


@dataclass(frozen=True)
class Files:
    """What a page is made of: its template in `folder`, and its style sheets and scripts in their order, each with its folder."""

    folder: Traversable
    html: str
    css: tuple[tuple[Traversable, str], ...]
    scripts: tuple[tuple[Traversable, str], ...]


MAP = Files(HERE, "page.html", tuple((HERE, name) for name in STYLES), tuple((HERE, name) for name in SCRIPTS))
# What other pages share with the interactive map: how values are read, words are said and canvases drawn; and the sheets of such pages.
READING, EVERY = ("values.js", "language.js", "canvas.js"), ("every.css", "map_page.css")
POLICY = (
    "default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src {pictures}; "
    "base-uri 'none'; form-action 'none'"
)


class LivingCirclePage(MacroElement):
    """Starts the page's script on the folium map that it is added to.

    branca compiles what an element renders as a template a second time, so data given to it would be run as Jinja; the
    element therefore renders this one call, and the document takes the values without any template.
    """

    _template = Template("{% macro script(this, kwargs) %}livingcircle.start({{ this._parent.get_name() }});{% endmacro %}")


def page_document(content: Mapping[str, Any], *, language: str, title: str, center: tuple[float, float], files: Files = MAP) -> str:
    """The HTML text of the page; `content` must hold plain JSON values, `center` is latitude and longitude.

    Pictures come from within it, and from the hosts of the tile services in `content["backgrounds"]` alone.

    Raises `LivingCircleError` when anything in it would be fetched from elsewhere, `ValueError` when a number in it is
    not finite.
    """
    figure = _figure(center)
    drawn = {"leaflet.css": leaflet_css(), "leaflet.js": leaflet_js(), "map": figure.html.render().strip(), "start": figure.script.render().strip()}
    return _filled(content, drawn, (language, title), files, pictures=["data:", *tile_hosts(content["backgrounds"])])


def answer_document(content: Mapping[str, Any], *, language: str, own: tuple[Traversable, str], scripts: Sequence[str], css: Sequence[str] = EVERY) -> str:
    """The HTML text of a page beside the interactive map, headed by the study's name; otherwise as `page_document`.

    `own` is the folder of its files and their name: template, style sheet (which follows the shared ones, `css`), and `scripts`.
    """
    folder, name = own
    x, y = content["origin"]
    sheets = (*((HERE, shared) for shared in css), (folder, f"{name}.css"))
    files = Files(folder, f"{name}.html", sheets, (*((HERE, shared) for shared in READING), *((folder, script) for script in scripts)))
    return page_document(content, language=language, title=title_of(content, language=language), center=(y / PER_DEGREE, x / PER_DEGREE), files=files)


def title_of(content: Mapping[str, Any], *, language: str) -> str:
    """The title of a page: the study's name, and what the page is about."""
    return f"{content['study']['names'][language]} · {content['words'][language]['living_circle']}"


def written(text: str, path: str | Path) -> Path:
    """The path of the page written, the same text to the same bytes on every system; `OSError` where it cannot be."""
    path = Path(path)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def sheet_document(content: Mapping[str, Any], *, language: str, title: str, files: Files) -> str:
    """The HTML text of a page without a map, whose script starts by `livingcircle.start()`; otherwise as `page_document`."""
    return _filled(content, {"start": "livingcircle.start();"}, (language, title), files, pictures=["data:"])


def _filled(content: Mapping[str, Any], own: Mapping[str, str], told: tuple[str, str], files: Files, *, pictures: Sequence[str]) -> str:
    """The template of the files with its parts filled in, the scripts allowed by their digests."""
    (language, title), words = told, content["words"].values()
    template = _own(files.html, files.folder).replace("<!--part:head-->\n", _own("head.html"))
    parts = {
        "lang": "zh-CN" if language == "zh" else html.escape(language),
        "title": html.escape(title),
        **{name: html.escape(" ".join(known[name] for known in words)) for name in ("noscript", "old") if all(name in known for known in words)},
        "page.css": "\n".join(_own(name, folder) for folder, name in files.css),
        **_held(content, template),
        "page.js": "\n".join(bare(_own(name, folder)) for folder, name in files.scripts),
        **own,
    }
    hashes = " ".join(script_hash(parts[name]) for name in ("leaflet.js", "page.js", "start") if name in parts)
    parts["policy"] = html.escape(POLICY.format(hashes=hashes, pictures=" ".join(pictures)), quote=True).replace("&#x27;", "'")
    page = PART.sub(lambda found: parts[found[1]], template)
    refuse_links(page)
    return page


def tile_hosts(backgrounds: Mapping[str, Any]) -> list[str]:
    """The addresses that tiles of these services come from, each once.

    >>> tile_hosts({"own": {"host": "https://{s}.tiles.test", "hosts": ["a", "b"]}})
    ['https://a.tiles.test', 'https://b.tiles.test']
    """
    named = (told["host"].replace("{s}", own) for told in backgrounds.values() for own in told["hosts"])
    return list(dict.fromkeys(named))


def json_text(values: Any) -> str:
    r"""JSON that is safe inside a script element: no `<`, `>`, `&`, `//` or line separator stands in it raw.

    >>> print(json_text({"name": "</script>"}))
    {"name":"\u003c/script\u003e"}
    """
    written = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for raw in "<>&\u2028\u2029":
        written = written.replace(raw, f"\\u{ord(raw):04x}")
    return written.replace("//", "\\/\\/")


def packed_text(values: Any) -> str:
    """JSON of plain ASCII, which browsers read faster, compressed (zlib) and written as base64, which holds no character that means anything to HTML."""
    written = json.dumps(values, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(written.encode(), level=9)).decode()


def _held(content: Mapping[str, Any], template: str) -> dict[str, str]:
    """The values in the way that the template holds them: compressed, or as plain JSON."""
    return {"packed": packed_text(content)} if "<!--part:packed-->" in template else {"data": json_text(content)}


def script_hash(script: str) -> str:
    """The source of a Content-Security-Policy that allows exactly this inline script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def leaflet_js() -> str:
    """Leaflet's script under its licence, without the link of its default attribution and without its source map."""
    script = (LEAFLET / "leaflet.js").read_text("utf-8")
    script = re.sub(r"//# sourceMappingURL=\S*", "", script)
    script = re.sub(r'<a href="https?://[^"]*"', "<a", script).replace("</script", "<\\/script")
    return f"/*!\n{_own('leaflet-licence.txt')}*/\n{script.strip()}"


def leaflet_css() -> str:
    """Leaflet's style sheet with its pictures inside."""
    style = (LEAFLET / "leaflet.css").read_text("utf-8")
    style = re.sub(r"\n\s*behavior:[^;]*;", "", style)

    def picture(found: re.Match[str]) -> str:
        data = base64.b64encode((LEAFLET / found[1]).read_bytes()).decode()
        return f"url(data:image/png;base64,{data})"

    return re.sub(r"url\(([\w./-]+\.png)\)", picture, style)


def refuse_links(page: str) -> None:
    """Nothing when the page needs nothing from elsewhere; otherwise `LivingCircleError` with every link found."""
    reader = _Links()
    reader.feed(page)
    reader.close()
    if reader.links:
        raise LivingCircleError(
            Fault("index.html", said("the page would load {link}", link=link), "place it inside the page") for link in reader.links
        )


class _Links(HTMLParser):
    """Collects what a browser would fetch for the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self._code = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._code = tag if tag == "style" else ""
        if tag == "script" and given.get("type") != "application/json":
            self._code = tag
        for name, value in given.items():
            value = (value or "").strip()
            if name in LINKING and value and not value.startswith(("data:", "#")):
                self.links.append(f"{tag} {name}={value}")
            if name == "style":
                self._style(value)

    def handle_endtag(self, tag: str) -> None:
        self._code = ""

    def handle_data(self, data: str) -> None:
        if self._code == "style":
            self._style(data)
        elif self._code == "script":
            self.links += re.findall(r"""(?:src|href)\s*=\s*["']?https?:[^"'\s]*""", data, re.IGNORECASE)

    def _style(self, style: str) -> None:
        self.links += re.findall(r"@import[^;]*", style)
        self.links += [u for u in re.findall(r"url\(\s*[\"']?([^\"')]*)", style) if not u.startswith(("data:", "#"))]


def _figure(center: tuple[float, float]) -> Figure:
    """A folium map without tiles and without folium's links, rendered; its element ids are the same in every run."""
    figure = Figure()
    drawn = folium.Map(
        location=center, zoom_start=14, tiles=None, prefer_canvas=True, zoom_snap=0.25, zoom_delta=0.5, max_zoom=19, min_zoom=8
    )
    drawn._id = "livingcircle"
    drawn.default_js, drawn.default_css = [], []
    figure.add_child(drawn)
    page = LivingCirclePage()
    page._id = "page"
    drawn.add_child(page)
    figure.render()
    return figure


def bare(script: str) -> str:
    r"""The script without indentation and lines of comment, which no reader of the page needs; what it does stays.

    Lines are taken one by one, so no text of a script may run over several lines.

    >>> print(bare("if (a) {\n  // why\n  b();\n}"))
    if (a) {
    b();
    }
    """
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _own(name: str, folder: Traversable = HERE) -> str:
    return folder.joinpath(name).read_text("utf-8").replace("\r\n", "\n")
