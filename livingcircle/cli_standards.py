"""The commands about standards, and the language that a command is asked to speak. Geographic libraries are imported inside the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def noted(context: typer.Context, told: typer.CallbackParam, value: Any) -> Any:
    """The value itself; what was asked for is kept, so that a fault is told in the language of the command."""
    if isinstance(context.obj, dict):
        context.obj[told.name] = value
    return value


def language_told(told: str) -> str:
    """The language asked for; raises `typer.BadParameter` for any that is not spoken."""
    if told not in ("zh", "en"):
        raise typer.BadParameter("choose zh or en", param_hint="--lang")
    return told


LanguageOption = Annotated[str, typer.Option("--lang", metavar="zh|en", callback=noted, help="Language of the tables and faults.")]

standards_app = typer.Typer(help="The planning standards shipped, and your own.", no_args_is_help=True, rich_markup_mode=None)


@standards_app.command("list")
def standards_list(lang: LanguageOption = "zh") -> None:
    """List the standards shipped: number, name, tier, since when, how many categories and indicators.

    Example: livingcircle standards list
    """
    from livingcircle.standard_tables import show_list

    show_list(language_told(lang))


@standards_app.command("show")
def standards_show(
    names: Annotated[list[str], typer.Argument(metavar="ID...", help="Id of a standard, or path to a TOML; several are stacked, lowest first.")],
    category: Annotated[str | None, typer.Option(metavar="C", help="Only this category, with its notes.")] = None,
    lang: LanguageOption = "zh",
) -> None:
    """Show every value of a standard with clause and evidence mark, and of a stack the file it came from.

    Example: livingcircle standards show gb50180-2018 --category edu_primary
    """
    from livingcircle.standard_tables import show_standard
    from livingcircle.standards import load

    show_standard(load(names), language=language_told(lang), category=category)


@standards_app.command("check")
def standards_check(file: Annotated[Path, typer.Argument(metavar="FILE", help="A standard's TOML file.")], lang: LanguageOption = "zh") -> None:
    """Check a standard's file: list every fault, or say what it holds.

    Example: livingcircle standards check city.toml
    """
    from livingcircle.standard_tables import show_checked
    from livingcircle.standards import load

    show_checked(file, load(file), language=language_told(lang))
