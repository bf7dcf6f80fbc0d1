"""The program `drgpay`: its commands, and how errors reach the user."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from drgpay import __version__
from drgpay.base.addresses import DATABASE_REMEDY, names_database
from drgpay.base.errors import DrgpayError
from drgpay.cli import (
    adjust,
    cache,
    calibrate,
    case,
    catalogue,
    check,
    clear,
    console,
    explain,
    fault_report,
    group,
    group_visits,
    interrupts,
    policy,
    reconcile,
    report,
    run,
    runs,
    sample,
    schema,
    scheme,
    simulate,
    stats,
    streams,
    verify,
)
from drgpay.cli.interrupts import Interrupted, InterruptibleGroup

app = typer.Typer(
    name="drgpay",
    cls=InterruptibleGroup,
    help="Pay hospitals by the DRG point method: group stays, calibrate points, settle a month.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=run.EXAMPLES)(run.run)
app.command(epilog=clear.EXAMPLES)(clear.clear)
app.command(epilog=case.EXAMPLES)(case.case)
app.command(epilog=report.EXAMPLES)(report.report)
runs.register(app)
app.command(epilog=verify.EXAMPLES)(verify.verify)
app.command(epilog=group.EXAMPLES)(group.group)
app.command("group-visits", epilog=group_visits.EXAMPLES)(group_visits.group_visits)
app.command(epilog=explain.EXAMPLES)(explain.explain)
app.command(epilog=check.EXAMPLES)(check.check)
app.command(epilog=calibrate.EXAMPLES)(calibrate.calibrate)
catalogue.register(app)
policy.register(app)
scheme.register(app)
adjust.register(app)
app.command(epilog=simulate.EXAMPLES)(simulate.simulate)
app.command(epilog=stats.EXAMPLES)(stats.stats)
app.command(epilog=reconcile.EXAMPLES)(reconcile.reconcile)
app.command(epilog=sample.EXAMPLES)(sample.sample)
app.command(epilog=schema.EXAMPLES)(schema.schema)
cache.register(app)


def _show_version(asked: bool) -> None:
    if asked:
        console.say(f"drgpay {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    pass


def refuse_addresses(arguments: Sequence[str]) -> None:
    """Refuse the address of a database among the arguments, before anything can repeat it.

    A query of `runs sql` may speak of them.
    """
    for place, argument in enumerate(arguments, start=1):
        value = argument.partition("=")[2] if argument.startswith("--") else argument
        if names_database(value) and not value.lstrip().lower().startswith(_QUERIES):
            raise DrgpayError(
                f"argument {place} is the address of a database or a service", DATABASE_REMEDY
            )


_QUERIES = ("select ", "with ", "from ")


def main() -> None:
    """Run the program; a user's mistake is one sentence on standard error and exit status 2.

    An interruption is one line too and exit status 130 or 143, a fault of the program one and 1.
    """
    streams.take_over()
    with interrupts.listening():
        status = _status()
    sys.exit(status)


def _status() -> int:
    try:
        refuse_addresses(sys.argv[1:])
        app()
        return 0
    except SystemExit as ended:
        _say_what_was_lost()
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except DrgpayError as error:
        console.say(f"drgpay: {error}", err=True)
        for line in error.further.splitlines():
            console.say(line, err=True)
        return 2
    except Interrupted as interrupted:
        console.say(f"drgpay: {interrupted}", err=True)
        return interrupted.status
    except BaseException as error:  # polars has a panic that is no Exception
        if fault_report.is_debugging():
            raise
        console.say(f"drgpay: {fault_report.leave_report(error)}", err=True)
        return 1


def _say_what_was_lost() -> None:
    sys.stdout.flush()
    reason = streams.reason_of_loss()
    if reason:
        console.say(f"drgpay: warning: not all of the output was written ({reason})", err=True)


if __name__ == "__main__":
    main()
