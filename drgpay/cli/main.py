"""The program `drgpay`: its commands, and how errors reach the user."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from drgpay import __version__
from drgpay.base.addresses import DATABASE_REMEDY, names_database
from drgpay.base.errors import DrgpayError
from drgpay.base.language import LANGUAGES, VARIABLE, choose, chosen
from drgpay.base.remarks import hearing, unsaid_lines
from drgpay.base.words import Sentences
from drgpay.cli import (
    adjust,
    approval,
    batch,
    cache,
    calibrate,
    case,
    catalogue,
    check,
    clear,
    console,
    doctor,
    evaluate,
    explain,
    fault_report,
    fetch,
    forget,
    group,
    group_visits,
    init,
    interrupts,
    keep,
    options,
    policy,
    publish,
    reconcile,
    report,
    run,
    runs,
    sample,
    schema,
    scheme,
    shadow,
    share,
    simulate,
    statements,
    stats,
    streams,
    supervise,
    transition,
    verify,
)
from drgpay.cli.commands import add_command
from drgpay.cli.interrupts import Interrupted, InterruptibleProgram
from drgpay.cli.run_summary import refusal_json

_ERRORS = Sentences("errors/cli")

EXAMPLES = (
    "drgpay sample --out region --stays 20000",
    "drgpay run region/2026-10.toml",
    "drgpay case 2026-10 H33900022026100000001",
    "drgpay --lang en runs list",
)

app = typer.Typer(
    name="drgpay",
    cls=InterruptibleProgram,
    epilog="\n\n".join(EXAMPLES),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
add_command(app, init.init, init.EXAMPLES)
add_command(app, fetch.fetch, fetch.EXAMPLES)
add_command(app, run.run, run.EXAMPLES)
add_command(app, clear.clear, clear.EXAMPLES)
add_command(app, batch.batch, batch.EXAMPLES)
add_command(app, case.case, case.EXAMPLES)
add_command(app, report.report, report.EXAMPLES)
approval.register(app)
add_command(app, statements.statements, statements.EXAMPLES)
runs.register(app)
add_command(app, verify.verify, verify.EXAMPLES)
add_command(app, publish.publish, publish.EXAMPLES)
add_command(app, keep.keep, keep.EXAMPLES)
add_command(app, forget.forget, forget.EXAMPLES)
add_command(app, group.group, group.EXAMPLES)
add_command(app, group_visits.group_visits, group_visits.EXAMPLES)
add_command(app, explain.explain, explain.STAYS_EXAMPLES)
add_command(app, explain.explain_stay, explain.STAY_EXAMPLES)
add_command(app, explain.explain_visit, explain.VISIT_EXAMPLES)
add_command(app, check.check, check.EXAMPLES)
add_command(app, calibrate.calibrate, calibrate.STAYS_EXAMPLES)
add_command(app, calibrate.calibrate_visits, calibrate.VISITS_EXAMPLES)
catalogue.register(app)
policy.register(app)
scheme.register(app)
adjust.register(app)
add_command(app, simulate.simulate, simulate.EXAMPLES)
add_command(app, shadow.shadow, shadow.EXAMPLES)
add_command(app, transition.transition, transition.EXAMPLES)
add_command(app, supervise.supervise, supervise.EXAMPLES)
add_command(app, supervise.supervise_file, supervise.FILE_EXAMPLES, "supervise-file")
add_command(app, supervise.supervise_library, supervise.LIBRARY_EXAMPLES, "supervise-library")
add_command(app, supervise.supervise_decide, supervise.DECIDE_EXAMPLES, "supervise-decide")
add_command(app, supervise.supervise_audit, supervise.AUDIT_EXAMPLES, "supervise-audit")
add_command(app, supervise.supervise_staff, supervise.STAFF_EXAMPLES, "supervise-staff")
add_command(app, supervise.supervise_measure, supervise.MEASURE_EXAMPLES, "supervise-measure")
add_command(app, share.share, share.EXAMPLES)
add_command(app, evaluate.evaluate, evaluate.EXAMPLES)
add_command(app, stats.stats, stats.EXAMPLES)
add_command(app, reconcile.reconcile, reconcile.EXAMPLES)
add_command(app, sample.sample, sample.EXAMPLES)
add_command(app, schema.schema, schema.EXAMPLES)
cache.register(app)
add_command(app, doctor.doctor, doctor.EXAMPLES)


def _show_version(asked: bool) -> None:
    if asked:
        console.give(f"drgpay {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True)
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
            raise DrgpayError(_ERRORS.words("address.problem", place=place), DATABASE_REMEDY)


def choose_language(arguments: Sequence[str]) -> None:
    """Choose the language of the program: --lang among the arguments, else DRGPAY_LANG, else Chinese.

    It is chosen before anything is said. Raises DrgpayError for what is no language.
    """
    choose(None)
    named = os.environ.get(VARIABLE)
    if named and named not in LANGUAGES:
        raise DrgpayError(*_ERRORS("no_language", where=VARIABLE, value=named))
    given = _given_language(arguments)
    if given is not None:
        if given not in LANGUAGES:
            raise DrgpayError(*_ERRORS("no_language", where="--lang", value=given))
        choose(next(language for language in LANGUAGES if language == given))


def _given_language(arguments: Sequence[str]) -> str | None:
    """The last value of --lang; None if it is not given, or given without a value."""
    given = None
    before = ""
    for argument in arguments:
        if argument == "--":
            break
        if before == "--lang":
            given = argument
        elif argument.startswith("--lang="):
            given = argument.partition("=")[2]
        before = argument
    return given


_QUERIES = ("select ", "with ", "from ")


def main() -> None:
    """Run the program; a user's mistake is one sentence on standard error and exit status 2.

    An interruption is one line too and exit status 130 or 143, a fault of the program one and 1.
    """
    streams.take_over()
    with interrupts.listening(), hearing():
        status = _status()
    sys.exit(status)


def _status() -> int:
    arguments = sys.argv[1:]
    console.speak("usual")
    try:
        choose_language(arguments)
        refuse_addresses(arguments)
        app(prog_name="drgpay")
        return 0
    except SystemExit as ended:
        if not ended.code:
            _say_what_was_remarked()
        _say_what_was_lost()
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except DrgpayError as error:
        _refuse(error, as_json="--json" in arguments)
        return 2
    except Interrupted as interrupted:
        console.warn(f"drgpay: {interrupted}")
        return interrupted.status
    except BaseException as error:  # polars has a panic that is no Exception
        if fault_report.is_debugging():
            raise
        console.warn(f"drgpay: {fault_report.leave_report(error)}")
        return 1


def _refuse(error: DrgpayError, as_json: bool) -> None:
    """Say what is wrong: a sentence on standard error, and with --json an object for programs."""
    if as_json:
        console.give_json(refusal_json(error))
    console.warn(f"drgpay: {error}")
    for line in error.further.splitlines():
        console.warn(line)


def _say_what_was_remarked() -> None:
    """What small tables have beside their rows, and what was converted or left out of any file."""
    for line in unsaid_lines(chosen()):
        console.say(line, err=True)


def _say_what_was_lost() -> None:
    sys.stdout.flush()
    reason = streams.reason_of_loss()
    if reason:
        options.warn(_ERRORS.words("lost", reason=reason))


if __name__ == "__main__":
    main()
