"""`drgpay runs`: the database of all finished runs."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.cli import console
from drgpay.cli.options import Lang, examples

if TYPE_CHECKING:
    import polars as pl

    from drgpay.registry.queries import Answer
    from drgpay.show.tables import ReportTable

_MOST_ROWS = 100
_IF_ASKED = ("groups", "visit_groups")  # hundreds of rows: printed with --only alone


class Format(StrEnum):
    """How an answer is given."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


Output = Annotated[Path, typer.Option(help="Folder of the runs and their database.")]
AsFormat = Annotated[
    Format, typer.Option("--format", help="A table for people, or csv, json, parquet.")
]
Out = Annotated[Path | None, typer.Option(help="File to write csv, json or parquet to.")]
Language = Annotated[Lang, typer.Option(help="Language of the tables.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    commands = typer.Typer(
        no_args_is_help=True,
        help="The database of finished runs: list, show and compare them, ask it in SQL.",
    )
    for name, command, shown in (
        ("list", list_command, ("drgpay runs list", "drgpay runs list --format csv")),
        (
            "show",
            show_command,
            (
                "drgpay runs show 2026-10",
                "drgpay runs show 2026-10-97 --only groups --format parquet --out groups.parquet",
            ),
        ),
        (
            "compare",
            compare_command,
            (
                "drgpay runs compare 2026-09 2026-10",
                "drgpay runs compare 2026-10-97 2026-10-b7 --only hospitals --format csv",
            ),
        ),
        (
            "sql",
            sql_command,
            (
                'drgpay runs sql "SELECT run, pool, point_value FROM run_values ORDER BY ALL"',
                "drgpay runs sql --file query.sql --format csv --out answer.csv",
            ),
        ),
        ("rebuild", rebuild_command, ("drgpay runs rebuild", "drgpay runs rebuild --output runs")),
    ):
        commands.command(name, epilog=examples(*shown))(command)
    app.add_typer(commands, name="runs")


def list_command(
    output: Output = Path("runs"),
    as_format: AsFormat = Format.table,
    out: Out = None,
    lang: Language = Lang.zh,
) -> None:
    """List the runs by period, with their policy, scheme, points and fund amount."""
    from drgpay.registry.queries import list_runs
    from drgpay.registry.tables import list_tables

    answer = list_runs(output)
    _give(answer, list_tables(answer), "runs", as_format, out, lang)


def show_command(
    run: Annotated[str, typer.Argument(help="The run's id, or the beginning of it.")],
    output: Output = Path("runs"),
    only: Annotated[
        str | None,
        typer.Option(
            help="facts, values, hospitals, classes, groups, adjustments or balances; of visits "
            "visit_values, visit_hospitals, visit_classes, visit_groups, visit_entries, "
            "contractors, capitation_apart, capitation_tie_out or visit_balances."
        ),
    ] = None,
    as_format: AsFormat = Format.table,
    out: Out = None,
    lang: Language = Lang.zh,
) -> None:
    """Show one run: facts, point values, hospitals, classes, groups, adjustments, balances.

    Of visits also their entries, and the accounts of contractors.
    """
    from drgpay.registry.queries import SHOWN_PARTS, show_run
    from drgpay.registry.tables import show_tables
    from drgpay.registry.wording import speaker

    _refuse_unknown_part(only, SHOWN_PARTS)
    answer = show_run(output, run)
    _give(answer, show_tables(answer, speaker(lang.value)), only, as_format, out, lang)


def compare_command(
    a: Annotated[str, typer.Argument(help="The run to compare with.")],
    b: Annotated[str, typer.Argument(help="The run that is compared; a change is B less A.")],
    output: Output = Path("runs"),
    only: Annotated[
        str | None,
        typer.Option(
            help="facts, values, hospitals, classes or groups; of visits visit_values, "
            "visit_hospitals, visit_classes, visit_groups or contractors."
        ),
    ] = None,
    as_format: AsFormat = Format.table,
    out: Out = None,
    lang: Language = Lang.zh,
) -> None:
    """Compare two runs: point values by pool, hospitals, classes, groups; of visits contractors."""
    from drgpay.registry.queries import COMPARED_PARTS, compare_runs
    from drgpay.registry.tables import compare_tables
    from drgpay.registry.wording import speaker

    _refuse_unknown_part(only, COMPARED_PARTS)
    answer = compare_runs(output, a, b)
    _give(answer, compare_tables(answer, speaker(lang.value)), only, as_format, out, lang)


def sql_command(
    query: Annotated[str | None, typer.Argument(help="One SELECT over the views.")] = None,
    file: Annotated[Path | None, typer.Option(help="File with the query instead.")] = None,
    output: Output = Path("runs"),
    as_format: AsFormat = Format.table,
    out: Out = None,
    lang: Language = Lang.zh,
) -> None:
    """Ask the database in SQL; it is only read. docs/database.md lists its views."""
    from drgpay.registry.queries import select
    from drgpay.registry.tables import answer_table

    answer = select(output, _query(query, file))
    _give({"answer": answer}, [answer_table(answer)], "answer", as_format, out, lang)


def rebuild_command(output: Output = Path("runs"), lang: Language = Lang.zh) -> None:
    """Make the database anew from the folders of the runs."""
    from drgpay.registry.database import database_path
    from drgpay.registry.registration import rebuild
    from drgpay.registry.wording import word

    rebuilt = rebuild(output)
    for error in rebuilt.skipped:
        console.say(word("skipped", lang.value).format(reason=error), err=True)
    path = console.shown(database_path(output))
    console.say(word("rebuilt", lang.value).format(path=path, runs=len(rebuilt.runs)))


def _query(query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise DrgpayError(
            "the query is given twice or not at all", "give it as an argument or with --file"
        )
    if query is not None:
        return query
    assert file is not None
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DrgpayError(f"{file} cannot be read ({error})", "name a text file in UTF-8") from None


def _refuse_unknown_part(only: str | None, parts: tuple[str, ...]) -> None:
    if only is not None and only not in parts:
        raise DrgpayError(f"there is no part {only!r}", f"--only takes {', '.join(parts)}")


def _give(
    answer: "Answer",
    tables: "list[ReportTable]",
    only: str | None,
    as_format: Format,
    out: Path | None,
    lang: Lang,
) -> None:
    """Print or write an answer, or the one part of it that is wanted."""
    if as_format is Format.table:
        _print_tables(answer, tables, only, out, lang)
        return
    from drgpay.registry.export import as_csv, as_json, write_parquet, write_text

    if as_format is Format.json:
        text, give = as_json(answer[only] if only else answer), console.give_json
    else:
        frame = _one_part(answer, only, as_format)
        if as_format is Format.parquet:
            if out is None:
                raise DrgpayError("Parquet is not for a terminal", "name a file with --out")
            write_parquet(frame, out)
            return
        text, give = as_csv(frame), console.give
    if out is None:
        give(text)
    else:
        write_text(text, out)


def _one_part(answer: "Answer", only: str | None, as_format: Format) -> "pl.DataFrame":
    if only is None:
        raise DrgpayError(
            f"{as_format.value} holds one table", f"choose it with --only: {', '.join(answer)}"
        )
    return answer[only]


def _print_tables(
    answer: "Answer", tables: "list[ReportTable]", only: str | None, out: Path | None, lang: Lang
) -> None:
    from drgpay.registry.wording import plain_speaker, speaker
    from drgpay.show.tables_console import console_tables

    if out is not None:
        raise DrgpayError(
            "a table for people is printed only", "give --format csv, json or parquet"
        )
    wanted = [
        table for table in tables if (table.key == only if only else table.key not in _IF_ASKED)
    ]
    say = (plain_speaker if only == "answer" else speaker)(lang.value)
    console.show(console_tables(wanted, say, _MOST_ROWS))
