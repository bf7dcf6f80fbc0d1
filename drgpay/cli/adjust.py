"""`drgpay adjust`: overlays that change the groups of a scheme."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import Language, chosen
from drgpay.cli import adjust_propose, console
from drgpay.cli.commands import add_command, add_group
from drgpay.cli.tables import AsFormat, Format, give_tables

if TYPE_CHECKING:
    from drgpay.adjust.apply import Adjusted

APPLY_EXAMPLES = (
    "drgpay adjust apply overlay.toml --scheme chs-drg-2.0 --out city-2027",
    "drgpay adjust apply first.toml second.toml --scheme chs-drg-2.0 --out city-2027",
)
CHECK_EXAMPLES = (
    "drgpay adjust check overlay.toml --scheme chs-drg-2.0",
    "drgpay adjust check overlay.toml --scheme chs-drg-2.0 --format csv > changes.csv",
)

Overlays = Annotated[list[Path], typer.Argument()]
SchemeName = Annotated[str, typer.Option()]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    commands = add_group(app, "adjust")
    adjust_propose.register(commands)
    add_command(commands, check, CHECK_EXAMPLES)
    add_command(commands, apply, APPLY_EXAMPLES)


def apply(
    overlays: Overlays,
    scheme: SchemeName,
    out: Annotated[Path, typer.Option()],
) -> None:
    """Make a new scheme of a scheme and overlays; refused if the check finds it unsound."""
    from drgpay.adjust.apply import apply_overlay
    from drgpay.adjust.overlay import read_overlay
    from drgpay.adjust.touched import touched_between

    made = apply_overlay(scheme, [read_overlay(path) for path in overlays], out)
    for warning in made.findings:
        console.say(f"{warning.table}.csv: {warning.message.said_in(chosen())}", err=True)
    _say_touched(touched_between(made.before, made.after), chosen())
    console.say(console.shown(out))


def check(
    overlays: Overlays,
    scheme: SchemeName,
    out: Annotated[Path | None, typer.Option()] = None,
    as_format: AsFormat = Format.table,
    show: Annotated[int, typer.Option(min=0)] = 20,
) -> None:
    """Try overlays: what they change, which MDCs they touch, what the check finds in the result.

    Exit status 1 if the result is unsound, as `apply` would refuse it.
    """
    from drgpay.adjust.apply import try_overlay
    from drgpay.adjust.overlay import read_overlay
    from drgpay.adjust.touched import touched_between
    from drgpay.cli.scheme_diff import show_changes
    from drgpay.records.writing import write_table
    from drgpay.schemes.diff import diff_schemes

    language = chosen()
    made = try_overlay(scheme, [read_overlay(path) for path in overlays])
    changes = diff_schemes(made.before, made.after)
    if as_format is not Format.table:
        give_tables({"changes": changes}, as_format, out=out)
        if made.faults:
            raise typer.Exit(1)
        return
    if out:
        write_table(changes, out)
    title = f"{made.before.info.id} → {made.after.info.id}"
    show_changes(changes, title, show, language)
    _print_findings(made, language)
    _say_touched(touched_between(made.before, made.after), language)
    if made.faults:
        raise typer.Exit(1)


def _say_touched(mdcs: frozenset[str], language: Language) -> None:
    from drgpay.adjust.wording import say

    key = "touched" if mdcs else "touched_none"
    console.say(say(key, language, mdcs=" ".join(sorted(mdcs))))


def _print_findings(made: "Adjusted", language: Language) -> None:
    import polars as pl

    from drgpay.adjust.wording import say
    from drgpay.show.tables import ReportTable

    rows = []
    faults = made.new_faults()
    for found in made.findings:
        level = "error" if found in faults else "warning"
        words = found.message.said_in(language), found.remedy.said_in(language)
        rows.append((level, found.table, found.subject, *words))
    for one in made.nowhere:
        level = "warning" if one.code in made.accepted_nowhere else "error"
        kind = say(f"kind_{one.kind}", language)
        words = say(f"nowhere_{one.level}", language, kind=kind, code=one.code), ""
        rows.append((level, "sets", one.code, *words))
    if not rows:
        console.show(say("sound", language, id=made.after.info.id))
        return
    heads = ("severity_head", "table", "subject", "message", "remedy")
    frame = pl.DataFrame(rows, dict.fromkeys(heads, pl.String), orient="row")
    worded, styles = frozenset({"severity_head"}), ("severity_head", {"error": "red"})
    table = ReportTable("", frame, worded=worded, styles=styles)
    console.show_blocks(table, say=lambda key: say(key, language))
    errors = sum(row[0] == "error" for row in rows)
    facts = {"id": made.after.info.id, "errors": errors, "warnings": len(rows) - errors}
    console.show(say("faults", language, **facts))
