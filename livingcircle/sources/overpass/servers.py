"""Overpass servers asked politely: one question at a time, in turn, within a budget of seconds, and why they failed."""

from __future__ import annotations

import math
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from livingcircle import __version__
from livingcircle.errors import DataError, Fault, listed, said
from livingcircle.sources.overpass.answers import Holding, Refused, check
from livingcircle.sources.overpass.manners import rules

PART = ".part-"
CHUNK = 65536
PORTS = {"http": 80, "https": 443}


def _untold(done: int, total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Watch:
    """The clock a download goes by, in seconds, how it waits, and who is told how many tiles of how many are there."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    told: Callable[[int, int], None] = _untold


def agent() -> str:
    """The words by which servers know who asks."""
    return rules()["asking"]["agent"].format(version=__version__)


class Servers:
    """The servers of one download and its deadline."""

    def __init__(self, addresses: Sequence[str], *, budget_s: float, watch: Watch) -> None:
        wrong = [a for a in addresses if urlsplit(a).scheme not in PORTS or not urlsplit(a).hostname]
        if wrong or not addresses:
            problem = said("is no address of an Overpass server") if wrong else said("no server is named")
            raise DataError(Fault(wrong[0] if wrong else said("servers"), problem, "give https://.../api/interpreter"))
        self._addresses, self._watch, self._budget_s = tuple(dict.fromkeys(addresses)), watch, budget_s
        self._deadline = watch.now() + budget_s
        self._free_at = dict.fromkeys(self._addresses, -math.inf)
        self._given_up: set[str] = set()
        self._proven: set[str] = set()
        self._problems: dict[str, list[str]] = {address: [] for address in self._addresses}

    def ask(self, query: str, *, folder: Path) -> tuple[Path, Holding, str]:
        """A file in `folder` with a whole answer to `query`, what it holds, and the server it came from.

        An answer without a street counts at once only from a server that has shown streets before: one that holds another
        part of the world answers so too. From others it counts when none of the rest shows streets. Raises `DataError`,
        which tells of every server why, when none answers in time.
        """
        tries: Counter[str] = Counter()
        empty: dict[str, tuple[Path, Holding, str]] = {}
        while (address := self._next(tries, empty)) is not None:
            try:
                path, holding = self._answer(address, query, folder)
            except Refused as refusal:
                self._note(address, refusal, tries)
                continue
            if holding.streets or address in self._proven:
                self._proven.update([address] if holding.streets else [])
                self._drop(empty)
                return path, holding, address
            empty[address] = (path, holding, address)
        if not empty:
            raise DataError(self.faults())
        first, *others = empty
        self._drop({address: empty[address] for address in others})
        return empty[first]

    def proved(self, address: str) -> bool:
        """Whether the server has shown a street in this download."""
        return address in self._proven

    def prove(self, address: str, query: str, *, folder: Path) -> bool:
        """Whether the server shows a street where others have; it is asked `query` once, and nothing of the answer is kept."""
        wait = max(self._free_at[address] - self._watch.now(), 0.0)
        if address in self._given_up or self._watch.now() + wait >= self._deadline:
            return False
        if wait:
            self._watch.sleep(wait)
        try:
            path, holding = self._answer(address, query, folder)
        except Refused as refusal:
            self._note(address, refusal, Counter())
            return False
        path.unlink(missing_ok=True)
        self._proven.update([address] if holding.streets else [])
        return self.proved(address)

    def vouch(self, address: str) -> None:
        """Remember from an earlier try that the server has streets here."""
        self._proven.add(address)

    def faults(self) -> list[Fault]:
        """What went wrong with every server, each different problem once."""
        spent = self._watch.now() >= self._deadline
        told = []
        for address, problems in self._problems.items():
            counted = [said("{problem} ({times} times)", problem=problem, times=times) if times > 1 else problem for problem, times in Counter(
                problems
            ).items()]
            if spent:
                counted.append(said("the budget of {seconds:g} s is over", seconds=self._budget_s))
            told.append(Fault(address, listed(counted, "; ") or said("was not asked any more")))
        return told

    def _drop(self, empty: dict[str, tuple[Path, Holding, str]]) -> None:
        for path, _, _ in empty.values():
            path.unlink(missing_ok=True)

    def _next(self, tries: Counter[str], empty: dict) -> str | None:
        """The server to ask now, after the waiting it needs; None when there is none, or no time."""
        rounds = rules()["asking"]["rounds"]
        open_to = [a for a in self._addresses if a not in self._given_up and a not in empty and tries[a] < rounds]
        if not open_to:
            return None
        now = self._watch.now()
        # The server that showed streets goes on, so that the tiles are of one date.
        address = min(open_to, key=lambda a: (max(self._free_at[a] - now, rules()["asking"]["between_s"]), a not in self._proven))
        wait = self._free_at[address] - now
        if now + max(wait, 0.0) >= self._deadline:
            if wait > 0:
                self._problems[address].append(f"wants {wait:.0f} s of waiting, and {max(self._deadline - now, 0):.0f} s are left")
            return None
        if wait > 0:
            self._watch.sleep(wait)
        return address

    def _note(self, address: str, refusal: Refused, tries: Counter[str]) -> None:
        waits = rules()["asking"]["waits_s"]
        wait = max(refusal.wait_s, waits[min(tries[address], len(waits) - 1)])
        tries[address] += 1
        self._free_at[address] = self._watch.now() + wait
        self._problems[address].append(refusal.problem)
        if refusal.final:
            self._given_up.add(address)

    def _answer(self, address: str, query: str, folder: Path) -> tuple[Path, Holding]:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=PART, suffix=".osm", delete=False) as file:
            path = Path(file.name)
            try:
                with closing(self._post(address, query)) as response:
                    self._save(response, file)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                path.unlink(missing_ok=True)
                raise self._failure(error) from error
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            finally:
                self._free_at[address] = self._watch.now() + rules()["asking"]["between_s"]
        try:
            return path, check(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _post(self, address: str, query: str) -> requests.Response:
        """The response of status 200 whose body is still to be read; redirects only within the host."""
        told, url = rules()["asking"], address
        for _ in range(told["redirects"] + 1):
            patience = min(told["silent_s"], max(self._deadline - self._watch.now(), 0.001))
            response = requests.post(
                url,
                data={"data": query},
                headers={"User-Agent": agent()},
                timeout=(min(told["connect_s"], patience), patience),
                stream=True,
                allow_redirects=False,
            )
            if not response.is_redirect:
                break
            response.close()
            target = urljoin(url, response.headers["location"])
            if _site(target) not in (_site(url), ("https", urlsplit(url).hostname, 443)):
                raise Refused(said("sends on to another host ({host})", host=urlsplit(target).netloc[:100]), final=True)
            url = target
        else:
            raise Refused(said("sends on more than {times} times", times=told["redirects"]), final=True)
        if response.status_code != 200:
            response.close()
            raise _status(response)
        return response

    def _save(self, response: requests.Response, file) -> None:
        most, size = rules()["answer"]["most_bytes"], 0
        too_large = Refused(said("answers with more than {mb:.0f} MB", mb=most / 1e6), final=True)
        announced = response.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > most:
            raise too_large
        # What has come is handed over at once: a server that trickles must not hold the deadline up.
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            size += len(chunk)
            if size > most:
                raise too_large
            if self._watch.now() > self._deadline:
                raise Refused(said("is slower than the time left: {size:,} bytes came", size=size))
            file.write(chunk)

    def _failure(self, error: Exception) -> Refused:
        kinds = f"{type(error).__name__} {error}"
        if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
            if self._watch.now() >= self._deadline:
                return Refused(said("is slower than the time left"))
            return Refused(said("is silent for too long"))
        if "NameResolution" in kinds or "getaddrinfo" in kinds:
            return Refused(said("its name is not found: is there a connection to the internet, or a proxy to be named in HTTPS_PROXY?"))
        if isinstance(error, requests.ConnectionError):
            return Refused(said("refuses the connection") if "refused" in kinds.lower() else said("cannot be reached ({error})", error=_short(error)))
        if isinstance(error, urllib3.exceptions.HTTPError):
            return Refused(said("half an answer: the connection broke off ({error})", error=_short(error)))
        return Refused(said("failed ({error})", error=_short(error)))


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _site(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


def _status(response: requests.Response) -> Refused:
    """Why a response of another status than 200 is refused."""
    code = response.status_code
    wait_s = _seconds(response.headers.get("retry-after", ""))
    problem = said("status {code} {reason}", code=code, reason=str(response.reason)[:80])
    if wait_s:
        problem = said("{problem}, to be asked again after {seconds:.0f} s", problem=problem, seconds=wait_s)
    return Refused(problem, wait_s=wait_s, final=code not in rules()["asking"]["again"])


def _seconds(retry_after: str) -> float:
    """The seconds that a Retry-After header asks for, given as a number or a date; 0 where it says nothing sensible."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        wished = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    wished = wished.replace(tzinfo=UTC) if wished.tzinfo is None else wished
    return max((wished - datetime.now(UTC)).total_seconds(), 0.0)
