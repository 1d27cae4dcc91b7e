"""A browser that reaches no host, pages opened in it, and the studies that they show."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import LIGHT, beilun_folder, made_beilun, shared_folder
from test_real_extracts import made as made_extract

from livingcircle.study.run import run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DESKTOP, PHONE = (1440, 900), (390, 844)
#  Nothing listens there, so that a request that slips past the host rules fails as well.
CLOSED_PORT = "http://127.0.0.1:9"
READY, READY_S = 'html[data-ready="1"]', 30


@dataclass
class Opened:
    """A page in the browser: what it asked for beyond itself, what it said in the console, what broke in it."""

    page: Any
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def js(self, code: str, value: Any = None) -> Any:
        """What the page's script answers; `lc` is its namespace, `value` what is handed to it."""
        return self.page.evaluate(f"(value) => {{ const lc = typeof livingcircle === 'undefined' ? {{}} : livingcircle; {code} }}", value)

    def speak(self, lang: str) -> Opened:
        """Has the page speak a language, by its own switch where it speaks another one."""
        told = "return document.documentElement.lang.split('-')[0]"
        if self.js(told) != lang:
            self.page.locator(f"#lang-{lang}").click()
        assert self.js(told) == lang
        return self

    def is_quiet(self) -> bool:
        """Nothing asked for, nothing said, nothing broken; a failing test shows what was."""
        assert (self.requests, self.console, self.errors) == ([], [], [])
        return True


@contextmanager
def started() -> Iterator[Any]:
    """One browser of the machine, for which no host name has an address."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=BROWSER, args=flags, proxy={"server": CLOSED_PORT})
        yield made
        made.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The browser in which pages are opened."""
    pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -e '.[test]'")
    if not BROWSER:
        pytest.skip("no browser: apt-get install chromium")
    with started() as made:
        yield made


@contextmanager
def opening(browser: Any) -> Iterator[Callable[..., Opened]]:
    """Opens files of the disk, at a size or as on a phone, in the page's own language or in `lang`, once each is ready."""
    contexts = []

    def open_(file: Path, *, size: tuple[int, int] = DESKTOP, lang: str | None = None, phone: bool = False) -> Opened:
        width, height = PHONE if phone else size
        told = {"is_mobile": True, "has_touch": True, "device_scale_factor": 2} if phone else {}
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **told)
        contexts.append(context)
        sheet = listened(context.new_page(), Path(file))
        sheet.page.goto(Path(file).as_uri())
        ready(sheet)
        return sheet.speak(lang) if lang else sheet

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def opened(browser) -> Iterator[Callable[..., Opened]]:
    """Opens files in contexts of the test's own; see `opening`."""
    with opening(browser) as open_:
        yield open_


def ready(sheet: Opened) -> None:
    """Waits until the page has started; what broke in it is shown where it does not."""
    try:
        sheet.page.wait_for_selector(READY, state="attached", timeout=READY_S * 1000)
    except Exception as error:
        raise AssertionError((sheet.requests, sheet.console, sheet.errors)) from error


def listened(page: Any, file: Path) -> Opened:
    """The page with everything written down that it asks for beyond itself, says and breaks."""
    sheet, own = Opened(page), file.as_uri()

    def asked(request: Any) -> None:
        if request.url.split("#")[0] != own and not request.url.startswith(("data:", "blob:", "about:")):
            sheet.requests.append(request.url)

    page.context.on("request", asked)
    page.on("websocket", lambda socket: sheet.requests.append(socket.url))
    page.on("console", lambda message: sheet.console.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: sheet.errors.append(str(error)))
    return sheet


def analyzed(folder: Path) -> Any:
    """The result of the study in `folder`, its outputs in `out` beside it, without drawings and report."""
    told = folder / "study.toml"
    text = told.read_text(encoding="utf-8")
    assert "[outputs]" not in text
    told.write_text(text + LIGHT, encoding="utf-8")
    result, _ = run(folder, out=folder / "out", progress=lambda *_: None)
    return result


@pytest.fixture(scope="session")
def beilun(tmp_path_factory) -> tuple[Any, Path]:
    """The result of the sample district, and the folder of its study with the outputs in `out`."""
    folder = beilun_folder(tmp_path_factory)
    return pickle.loads((folder / "result.pickle").read_bytes()), folder


@pytest.fixture(scope="session", params=["beilun", "porto_alegre", "longgang", "tsinghua"])
def any_study(request, tmp_path_factory) -> Path:
    """The folder of the sample district's study, and of studies on streets that nobody of us drew."""
    name = request.param
    make = made_beilun if name == "beilun" else lambda folder: made_extract(name, folder)
    return shared_folder(tmp_path_factory, name, make)
