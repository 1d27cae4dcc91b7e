"""The command line. Geographic libraries are imported inside the commands, so that help answers at once."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from livingcircle import __version__
from livingcircle.cli_standards import language_told, noted, standards_app
from livingcircle.errors import Fault, LivingCircleError, Said, StudyError, reason, said

app = typer.Typer(
    name="livingcircle",
    help="15-minute living circles (15分钟生活圈): walk times, isochrones, coverage under a standard, gaps and maps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


app.add_typer(standards_app, name="standards")

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", callback=noted, help="Folder that holds study.toml, or that file.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"livingcircle {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    pass


@app.command()
def analyze(
    study: StudyArgument,
    scenario: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="Lay a scenario over the study: its name in the study file, or a TOML or JSON file.")] = None,
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help="Judge this year instead of the study's; planned facilities open by then count.")] = None,
    lang: Annotated[str | None, typer.Option(metavar="zh|en", callback=noted, help="Language of map, workbook and messages.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the results; default maps/<study>/, with a scenario maps/<study>/<scenario>/.")] = None,
) -> None:
    """Run the whole chain: walk times, isochrones, coverage, gaps and the map.

    Example: livingcircle analyze data/beilun
    """
    if lang not in (None, "zh", "en"):
        raise typer.BadParameter("choose zh or en", param_hint="--lang")
    from livingcircle.console import progress_bars, show_summary
    from livingcircle.study.run import run
    from livingcircle.study.schema import language_of

    with progress_bars(lang or language_of(study)) as progress:
        result, files = run(study, scenario=scenario, out=out, year=year, language=lang, progress=progress)
    show_summary(result, files)


@app.command()
def check(
    study: StudyArgument,
    lang: Annotated[str | None, typer.Option(metavar="zh|en", callback=noted, help="Language of the findings.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for check.csv and check.html; default maps/<study>/.")] = None,
) -> None:
    """Audit the data before an analysis: what is doubtful, and how many people's coverage hangs on it.

    Example: livingcircle check data/beilun
    """
    if lang not in (None, "zh", "en"):
        raise typer.BadParameter("choose zh or en", param_hint="--lang")
    from livingcircle.console import progress_bars, show_findings
    from livingcircle.study.checking import check as check_study
    from livingcircle.study.schema import language_of

    with progress_bars(lang or language_of(study)) as progress:
        report, files = check_study(study, out=out, language=lang, progress=progress)
    show_findings(report, files)
    if report.faulty:
        sys.exit(StudyError.exit_code)


@app.command()
def compare(
    study: StudyArgument,
    states: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SCENARIO ...]", help="States to compare: base, scenarios of the study file, scenario files; NAME@YEAR for a year of its own."),
    ] = None,
    years: Annotated[str | None, typer.Option(metavar="Y,Y", help="Years that every state is judged on, such as 2023,2030.")] = None,
    lang: Annotated[str | None, typer.Option(metavar="zh|en", callback=noted, help="Language of workbook and messages; the page speaks both.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the results; default maps/<study>/compare/.")] = None,
) -> None:
    """Set states of a study side by side: coverage before and after, gaps closed and opened, people gained and lost.

    Example: livingcircle compare data/beilun base@2023 base@2030
    """
    if lang not in (None, "zh", "en"):
        raise typer.BadParameter("choose zh or en", param_hint="--lang")
    asked = _numbers(years, "--years") if years else []
    if not all(year == int(year) and 1900 <= year <= 2200 for year in asked):
        raise typer.BadParameter("give years from 1900 to 2200", param_hint="--years")
    from livingcircle.console import progress_bars, show_comparison
    from livingcircle.study.comparing import compare_study
    from livingcircle.study.schema import language_of

    with progress_bars(lang or language_of(study)) as progress:
        told = compare_study(study, states or [], years=[int(year) for year in asked], out=out, language=lang, progress=progress)
    show_comparison(*told, language=lang or language_of(study))


@app.command()
def timeline(
    study: StudyArgument,
    first: Annotated[int | None, typer.Option("--from", min=1900, max=2200, metavar="Y", help="First year; default the study's.")] = None,
    last: Annotated[int | None, typer.Option("--to", min=1900, max=2200, metavar="Y", help="Last year; default the last in which anything opens.")] = None,
    category: Annotated[str | None, typer.Option(metavar="C,C", help="Categories, or themes with all of theirs, such as education,park; default all judged.")] = None,
    scenario: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="Lay a scenario over the study.")] = None,
    lang: Annotated[str | None, typer.Option(metavar="zh|en", callback=noted, help="Language of workbook and messages; the page speaks both.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the results; default maps/<study>/timeline/.")] = None,
) -> None:
    """Coverage year by year: what opens when, and what it changes.

    Example: livingcircle timeline data/beilun --to 2035 --category education,health,park,trn_charge
    """
    from livingcircle.console import progress_bars
    from livingcircle.study.schema import language_of
    from livingcircle.study.timeline import Span, timeline_study
    from livingcircle.timeline_console import show_timeline

    spoken = _known_language(lang) or language_of(study)
    span = Span(first, last, tuple(_words(category)), scenario, lang)
    with progress_bars(spoken) as progress:
        told, files = timeline_study(study, span, out=out, progress=progress)
    show_timeline(told, files, language=spoken)


@app.command()
def links(
    study: StudyArgument,
    top: Annotated[int | None, typer.Option(min=1, max=200, help="So many of the best links are worked out exactly and listed; default 20.")] = None,
    category: Annotated[str | None, typer.Option(metavar="C,C", help="Judge by these categories alone, such as edu_kinder,edu_primary.")] = None,
    scenario: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="Look for links on top of a scenario: its name in the study file, or a file.")] = None,
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help="Judge this year instead of the study's.")] = None,
    lines: Annotated[Path | None, typer.Option(metavar="FILE", help="Lines of links in mind, judged whatever they bring; instead of [links] lines.")] = None,
    group: Annotated[str | None, typer.Option(metavar="ID", help="Who walks: a group of the study; default everybody.")] = None,
    lang: Annotated[str | None, typer.Option(metavar="zh|en", callback=noted, help="Language of tables and messages; the page speaks both.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the results; default maps/<study>/links/.")] = None,
) -> None:
    """Which gate to open and which footpath, crossing or bridge to build: the links that bring most people within reach, ranked.

    Example: livingcircle links data/beilun --top 10
    """
    if lang not in (None, "zh", "en"):
        raise typer.BadParameter("choose zh or en", param_hint="--lang")
    from livingcircle.console import progress_bars
    from livingcircle.links_console import show_links
    from livingcircle.study.linking import Search, find_links
    from livingcircle.study.schema import language_of

    asked = Search(top, tuple(_words(category)), group, scenario, year, lines)
    with progress_bars(lang or language_of(study)) as progress:
        told = find_links(study, asked, out=out, language=lang, progress=progress)
    show_links(*told)


@app.command()
def site(
    study: StudyArgument,
    category: Annotated[str, typer.Option("--category", metavar="C[,C2]", help="Category to find sites for; several stand together on one parcel.")],
    sites: Annotated[int | None, typer.Option(min=0, max=10_000, help="Most new sites; 1 unless told, any number for lscp.")] = None,
    model: Annotated[str, typer.Option(metavar="mclp|lscp|p-median|p-center", help="Most people, fewest sites for all, least walking, shortest farthest walk.")] = "mclp",
    scenario: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="Build on a scenario: its name in the study file, or a file.")] = None,
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help="Judge this year instead of the study's.")] = None,
    budget: Annotated[float | None, typer.Option(min=0, metavar="AMOUNT", help="Most that new sites cost together, in the unit of [siting] costs.")] = None,
    limit: Annotated[str | None, typer.Option(metavar="METRES|none", help="Limit of a walk instead of the standard's; none for p-median and p-center.")] = None,
    group: Annotated[str | None, typer.Option(metavar="ID", help="Group of the study whose people count; everybody unless told.")] = None,
    time_limit: Annotated[float, typer.Option(min=1, max=86_400, metavar="SECONDS", help="Longest time of one solution; then the best found and its bound.")] = 60.0,
    lang: Annotated[str | None, typer.Option(metavar="zh|en", callback=noted, help="Language of messages; the page speaks both.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the results; default maps/<study>/site/<category>/.")] = None,
) -> None:
    """Find where to build: the best new sites, how near to the best they are proven to be, who gains, and who stays uncovered and why.

    Example: livingcircle site data/beilun --category edu_kinder --sites 3
    """
    if lang not in (None, "zh", "en"):
        raise typer.BadParameter("choose zh or en", param_hint="--lang")
    from livingcircle.console import progress_bars, show_siting
    from livingcircle.siting.wish import Wish
    from livingcircle.study.schema import language_of
    from livingcircle.study.siting import Asked, site_study

    names = tuple(part.strip() for part in category.replace("，", ",").split(",") if part.strip())
    wish = Wish(names, model, sites, budget, _metres(limit), group, time_limit)
    with progress_bars(lang or language_of(study)) as progress:
        report, files = site_study(study, wish, told=Asked(scenario, year, lang, out), progress=progress)
    show_siting(report, files, language=report.settings.language)


@app.command()
def programme(
    study: StudyArgument,
    budget: Annotated[float | None, typer.Option(min=0, metavar="AMOUNT", help="What may be spent, in the unit of the costs; without costs a number of measures.")] = None,
    category: Annotated[str | None, typer.Option(metavar="C,C", help="Categories or themes that new sites may serve; default those whose cost is told.")] = None,
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help="Judge this year instead of the study's.")] = None,
    sites: Annotated[int | None, typer.Option(min=0, max=10_000, metavar="N", help="At most so many new sites in all.")] = None,
    scenario: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="Build on a scenario: its name in the study file, or a file.")] = None,
    lang: Annotated[str | None, typer.Option(metavar="zh|en", callback=noted, help="Language of tables and messages; the page speaks both.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the results; default maps/<study>/programme/.")] = None,
) -> None:
    """The programme of near-term projects: which sites, enlargements, gates and links serve most people for a budget, ranked and proven.

    Example: livingcircle programme data/beilun --budget 3000
    """
    from livingcircle.console import progress_bars
    from livingcircle.programme_console import show_programme
    from livingcircle.study.programming import Wanted, programme_study
    from livingcircle.study.schema import language_of

    spoken = _known_language(lang) or language_of(study)
    wanted = Wanted(budget, tuple(_words(category)), year, sites, scenario, lang)
    with progress_bars(spoken) as progress:
        told, files = programme_study(study, wanted, out=out, progress=progress)
    show_programme(told, files, language=spoken)


@app.command()
def fetch(
    study: StudyArgument,
    server: Annotated[list[str] | None, typer.Option("--server", metavar="URL", help="Overpass server to ask instead of those shipped; may be given again.")] = None,
    nominatim: Annotated[str | None, typer.Option("--nominatim", metavar="URL", help="Server that finds places by name.")] = None,
    budget: Annotated[float | None, typer.Option("--budget", min=1, metavar="SECONDS", help="Longest time for the whole download.")] = None,
) -> None:
    """Download the streets and facilities of the study area from OpenStreetMap into raw/ beside the study file.

    Example: livingcircle fetch data/beilun
    """
    from livingcircle.console import progress_bars
    from livingcircle.sources.overpass import Watch
    from livingcircle.study.fetching import fetch as fetch_study
    from livingcircle.study.schema import language_of

    with progress_bars(language_of(study)) as progress:
        watch = Watch(told=lambda done, total: progress("fetch", done, total))
        files = fetch_study(study, servers=server, nominatim=nominatim, budget_s=budget, watch=watch)
    for file in files:
        typer.echo(str(file))


@app.command()
def times(
    study: StudyArgument,
    from_: Annotated[Path, typer.Option("--from", metavar="A.csv", help="Points to walk from: id, lon, lat (or x, y).")],
    to: Annotated[Path, typer.Option("--to", metavar="B.csv", help="Points to walk to: id, lon, lat (or x, y).")],
    out: Annotated[Path, typer.Option("--out", metavar="T.csv", help="Table to write.")],
    limit_min: Annotated[float | None, typer.Option(min=0, max=6000, help="Longer walks come out as beyond_limit; over a million pairs they are left out.")] = None,
    scenario: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="Walk over the links and gates of a scenario: its name in the study file, or a file.")] = None,
) -> None:
    """Walking metres and minutes between given points.

    Example: livingcircle times data/beilun --from homes.csv --to schools.csv --out times.csv
    """
    from livingcircle.study.ask import how_walked
    from livingcircle.study.ask import times as ask_times
    from livingcircle.study.scenarios import streets_asked

    rows = ask_times(study, starts=from_, ends=to, out=out, limit_min=limit_min, scenario=scenario)
    typer.echo(f"{out}: {rows}\n{how_walked(streets_asked(study, scenario)[0])}")


@app.command()
def area(
    study: StudyArgument,
    at: Annotated[str, typer.Option("--at", metavar="LON,LAT", help="Longitude and latitude (WGS-84) to walk from.")],
    out: Annotated[Path, typer.Option("--out", metavar="A.geojson", help="GeoJSON file to write.")],
    minutes: Annotated[str | None, typer.Option(metavar="5,10,15", help="Limits in minutes.")] = None,
    metres: Annotated[str | None, typer.Option(metavar="300,500", help="Limits in metres, instead of minutes.")] = None,
    explain: Annotated[str | None, typer.Option("--explain", metavar="LON,LAT", help="A place (WGS-84): tell why it is reached or not, and write the walk.")] = None,
    scenario: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="Walk over the links and gates of a scenario: its name in the study file, or a file.")] = None,
) -> None:
    """Isochrones of any point: the area that can be reached on foot.

    Example: livingcircle area data/beilun --at 121.755,29.945 --minutes 5,10,15 --out area.geojson --explain 121.76,29.95
    """
    from livingcircle.study.ask import Limits
    from livingcircle.study.ask import area as ask_area

    if minutes and metres:
        raise typer.BadParameter("give minutes or metres, not both", param_hint="--minutes / --metres")
    place, asked = _place(at, "--at"), _place(explain, "--explain") if explain else None
    limits = _numbers(metres or minutes or "5,10,15", "--metres" if metres else "--minutes")
    if min(limits) <= 0:
        raise typer.BadParameter("limits must be positive", param_hint="--metres" if metres else "--minutes")
    told = ask_area(study, at=place, limits=Limits(limits, "m" if metres else "min"), out=out, explain=asked, scenario=scenario)
    for sentence in told.sentences:
        typer.echo(sentence)
    typer.echo(str(out))


def _known_language(told: str | None) -> str | None:
    return None if told is None else language_told(told)


def _words(text: str | None) -> list[str]:
    return [word for part in (text or "").replace("，", ",").split(",") if (word := part.strip())]


def _metres(text: str | None) -> float | None:
    if text is None or text.strip().lower() == "none":
        return None if text is None else float("inf")
    metres = _numbers(text, "--limit")
    if len(metres) != 1 or metres[0] <= 0:
        raise typer.BadParameter("give metres, more than 0, or none", param_hint="--limit")
    return metres[0]


def _place(text: str, option: str) -> tuple[float, float]:
    place = _numbers(text, option)
    if len(place) != 2:
        raise typer.BadParameter("give longitude,latitude", param_hint=option)
    return place[0], place[1]


def _numbers(text: str, option: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.replace("，", ",").split(",")]
        if not all(abs(number) < 1e6 for number in numbers):
            raise ValueError
        return numbers
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a list of numbers", param_hint=option) from error


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with the documented exit codes; no traceback unless `--debug`."""
    told = sys.argv[1:] if arguments is None else arguments
    asked: dict[str, Any] = {}
    try:
        app(args=told, prog_name="livingcircle", obj=asked)
    except LivingCircleError as error:
        if "--debug" in told:
            raise
        _complain(error.faults, asked)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _complain([said("interrupted; nothing was written")], asked)
        sys.exit(130)
    except OSError as error:
        if "--debug" in told:
            raise
        _complain([Fault(str(error.filename or ""), reason(error), "check the path and the disk")], asked)
        sys.exit(StudyError.exit_code)
    except Exception as error:
        if "--debug" in told:
            raise
        _complain([said("a fault of the program: {kind}: {error} (--debug shows where)", kind=type(error).__name__, error=error)], asked)
        sys.exit(1)


def _complain(faults: Sequence[Fault | Said], asked: Mapping[str, Any]) -> None:
    """Tell the faults in the language asked for, else in that of the study."""
    from livingcircle.messages import LANGUAGES
    from livingcircle.messages.faults import in_words

    language = asked.get("lang") or LANGUAGES[0]
    if asked.get("study") and not asked.get("lang"):
        from livingcircle.study.language import language_of

        language = language_of(asked["study"])
    for fault in faults:
        typer.echo(f"livingcircle: {in_words(fault, language)}", err=True)
