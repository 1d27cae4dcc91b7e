"""Runs the page's scripts outside the page: by Node where it is installed, else by a headless browser."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest

from livingcircle.outputs.page import document

NODE = shutil.which("node") or shutil.which("nodejs")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Numbers that JSON has no word for come back as Python's own.
TOLD = """
const told = JSON.stringify((function (lc, given) {
%s
})(livingcircle, livingcircle.given), (key, value) => {
  if (ArrayBuffer.isView(value)) value = Array.from(value);
  if (Array.isArray(value)) return value.map((one) => (one === Infinity ? "@Infinity" : one === -Infinity ? "@-Infinity" : Number.isNaN(one) ? "@NaN" : one));
  return value === Infinity ? "@Infinity" : value === -Infinity ? "@-Infinity" : Number.isNaN(value) ? "@NaN" : value;
}).replace(/"@(-?Infinity|NaN)"/g, "$1");
"""


def held(page: str) -> dict[str, Any]:
    """The values that a page holds, compressed or plain, refusing what is no JSON."""
    (block,) = re.findall(r'<script[^>]* id="livingcircle-data">(.*?)</script>', page, re.DOTALL)
    written = block if block.startswith("{") else zlib.decompress(base64.b64decode(block, validate=True)).decode()

    def refused(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(written, parse_constant=refused)


def run(script: str, data: dict[str, Any], *, folder: Path, given: Any = None, files: tuple[str, ...] = ()) -> Any:
    """What the body of a function of `lc` and `given` returns, after values.js, the engine and further `files` of the page.

    `data` becomes `lc.data` as the page writes it, not unpacked; `given` are values of the test. Skips the test where neither Node nor
    a browser is installed.
    """
    names = ("values.js", *document.ENGINE, *(name for name in files if name not in document.ENGINE))
    sources = "\n".join(document.HERE.joinpath(name).read_text("utf-8") for name in names)
    values = f"livingcircle.data = {json.dumps(data)};\nlivingcircle.given = {json.dumps(given)};\n"
    program = f"{sources}\n{values}{TOLD % script}"
    if NODE:
        return _by_node(program, folder)
    if BROWSER:
        return _by_browser(program, folder)
    pytest.skip("neither Node nor a browser to run scripts: apt-get install nodejs")


def _by_node(program: str, folder: Path) -> Any:
    file = folder / "script.js"
    file.write_text(f"{program}\nprocess.stdout.write(told);", encoding="utf-8")
    done = subprocess.run([NODE, str(file)], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return json.loads(done.stdout.decode("utf-8"))


def _by_browser(program: str, folder: Path) -> Any:
    page = folder / "script.html"
    shown = 'document.body.append(Object.assign(document.createElement("pre"), { textContent: `told:${told}:told` }));'
    safe = f"{program}\n{shown}".replace("</", "<\\/")
    page.write_text(f'<!DOCTYPE html><meta charset="utf-8"><body><script>{safe}</script></body>', encoding="utf-8")
    quiet = ("headless", "no-sandbox", "disable-gpu", "enable-logging=stderr", "v=0", f"user-data-dir={folder / 'profile'}", "dump-dom")
    done = subprocess.run([BROWSER, *(f"--{word}" for word in quiet), page.as_uri()], capture_output=True, timeout=300, check=True)
    found = re.search(r"<pre>told:(.*):told</pre>", done.stdout.decode("utf-8"), re.S)
    assert found, done.stderr.decode("utf-8", "replace")
    return json.loads(html.unescape(found[1]))
