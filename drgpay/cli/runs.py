"""`drgpay runs`: the database of all finished runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.errors import DrgpayError
from drgpay.base.language import chosen, listed
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.cli import console
from drgpay.cli.commands import add_command, add_group
from drgpay.cli.options import Runs
from drgpay.cli.tables import AsFormat, Format, Only, give_tables

if TYPE_CHECKING:
    from drgpay.registry.queries import Answer
    from drgpay.show.tables import ReportTable

LIST_EXAMPLES = ("drgpay runs list", "drgpay runs list --format csv")
SHOW_EXAMPLES = (
    "drgpay runs show 2026-10",
    "drgpay runs show 2026-10-97 --only groups --format parquet --out groups.parquet",
)
COMPARE_EXAMPLES = (
    "drgpay runs compare 2026-09 2026-10",
    "drgpay runs compare 2026-10-97 2026-10-b7 --only hospitals --format csv",
)
SQL_EXAMPLES = (
    'drgpay runs sql "SELECT run, pool, point_value FROM run_values ORDER BY ALL"',
    "drgpay runs sql --file query.sql --format csv --out answer.csv",
)
REBUILD_EXAMPLES = ("drgpay runs rebuild", "drgpay runs rebuild --runs /data/runs")
_ERRORS = Sentences("errors/cli")
_MOST_ROWS = 100
_IF_ASKED = ("groups", "visit_groups")  # hundreds of rows: printed with --only alone


Out = Annotated[Path | None, typer.Option()]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    commands = add_group(app, "runs")
    add_command(commands, list_command, LIST_EXAMPLES, "list")
    add_command(commands, show_command, SHOW_EXAMPLES, "show")
    add_command(commands, compare_command, COMPARE_EXAMPLES, "compare")
    add_command(commands, sql_command, SQL_EXAMPLES, "sql")
    add_command(commands, rebuild_command, REBUILD_EXAMPLES, "rebuild")


def list_command(
    runs: Runs = Path("runs"),
    as_format: AsFormat = Format.table,
    out: Out = None,
) -> None:
    """List the runs by period, with their policy, scheme, points and fund amount."""
    from drgpay.registry.queries import list_runs
    from drgpay.registry.tables import list_tables

    answer = list_runs(runs)
    _give(answer, list_tables(answer), "runs", as_format, out)


def show_command(
    run: Annotated[str, typer.Argument()],
    runs: Runs = Path("runs"),
    only: Only = None,
    as_format: AsFormat = Format.table,
    out: Out = None,
) -> None:
    """Show one run: facts, point values, hospitals, classes, groups, adjustments, balances.

    Of visits also their entries, and the accounts of contractors.
    """
    from drgpay.registry.queries import SHOWN_PARTS, show_run
    from drgpay.registry.tables import show_tables
    from drgpay.registry.wording import speaker

    _refuse_unknown_part(only, SHOWN_PARTS)
    answer = show_run(runs, run)
    _give(answer, show_tables(answer, speaker(chosen())), only, as_format, out)


def compare_command(
    a: Annotated[str, typer.Argument()],
    b: Annotated[str, typer.Argument()],
    runs: Runs = Path("runs"),
    only: Only = None,
    as_format: AsFormat = Format.table,
    out: Out = None,
) -> None:
    """Compare two runs: point values by pool, hospitals, classes, groups; of visits contractors."""
    from drgpay.registry.queries import COMPARED_PARTS, compare_runs
    from drgpay.registry.tables import compare_tables
    from drgpay.registry.wording import speaker

    _refuse_unknown_part(only, COMPARED_PARTS)
    answer = compare_runs(runs, a, b)
    _give(answer, compare_tables(answer, speaker(chosen())), only, as_format, out)


def sql_command(
    query: Annotated[str | None, typer.Argument()] = None,
    file: Annotated[Path | None, typer.Option()] = None,
    runs: Runs = Path("runs"),
    as_format: AsFormat = Format.table,
    out: Out = None,
) -> None:
    """Ask the database in SQL; it is only read. docs/database.md lists its views."""
    from drgpay.registry.queries import select
    from drgpay.registry.tables import answer_table

    answer = select(runs, _query(query, file))
    _give({"answer": answer}, [answer_table(answer)], "answer", as_format, out)


def rebuild_command(
    runs: Runs = Path("runs"),
) -> None:
    """Make the database anew from the folders of the runs."""
    from drgpay.registry.database import database_path
    from drgpay.registry.registration import rebuild
    from drgpay.registry.wording import word

    rebuilt = rebuild(runs)
    for error in rebuilt.skipped:
        console.say(word("skipped", chosen()).format(reason=error), err=True)
    path = console.shown(database_path(runs))
    console.say(word("rebuilt", chosen()).format(path=path, runs=len(rebuilt.runs)))


def _query(query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise DrgpayError(*_ERRORS("one_query"))
    if query is not None:
        return query
    assert file is not None
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DrgpayError(*_ERRORS("unreadable_query", file=file, why=reason_of(error))) from None
    except UnicodeDecodeError as error:
        raise DrgpayError(*_ERRORS("unreadable_query", file=file, why=error)) from None


def _refuse_unknown_part(only: str | None, parts: tuple[str, ...]) -> None:
    if only is not None and only not in parts:
        raise DrgpayError(*_ERRORS("no_part", only=only, parts=listed(parts)))


def _give(
    answer: "Answer",
    tables: "list[ReportTable]",
    only: str | None,
    as_format: Format,
    out: Path | None,
) -> None:
    """Print or write an answer, or the one part of it that is wanted."""
    if as_format is Format.table:
        _print_tables(answer, tables, only, out)
    else:
        give_tables(answer, as_format, only, out)


def _print_tables(
    answer: "Answer",
    tables: "list[ReportTable]",
    only: str | None,
    out: Path | None,
) -> None:
    from drgpay.registry.wording import plain_speaker, speaker
    from drgpay.show.tables_console import console_tables

    if out is not None:
        raise DrgpayError(*_ERRORS("table_to_file"))
    wanted = [
        table for table in tables if (table.key == only if only else table.key not in _IF_ASKED)
    ]
    say = (plain_speaker if only == "answer" else speaker)(chosen())
    console.show(console_tables(wanted, say, _MOST_ROWS))
