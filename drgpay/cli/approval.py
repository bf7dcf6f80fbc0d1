"""`drgpay send`, `confirm`, `approve` and `paid`: the steps of a run, from draft to paid."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drgpay.base.language import chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.commands import add_command
from drgpay.cli.options import AsJson, Runs
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.approval.steps import Recorded

SEND_EXAMPLES = (
    "drgpay send 2026-10 --by 王芳 --out answers.csv",
    "drgpay send runs/2026-10-1f2e3d4c5b --by 王芳 --lang en",
)
CONFIRM_EXAMPLES = (
    "drgpay confirm 2026-10 --from answers.csv --by 王芳",
    "drgpay confirm 2026-10 --from answers.csv --by 王芳 --json",
)
APPROVE_EXAMPLES = (
    "drgpay approve 2026-10 --by 李强 --note '2026-11-12 会议纪要'",
    "drgpay approve 2026-10-b7 --by 李强 --note 更正预算 --replaces 2026-10-97",
    "drgpay approve 2026-10 --by 李强 --note 异议经复核不成立 --overrule H3390001",
)
PAID_EXAMPLES = ("drgpay paid 2026-10 --by 赵敏 --note '拨付单 2026-118'",)

_WORDS = Wording("approval")

By = Annotated[str, typer.Option(metavar="NAME")]
Note = Annotated[str, typer.Option(metavar="TEXT")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    add_command(app, send, SEND_EXAMPLES)
    add_command(app, confirm, CONFIRM_EXAMPLES)
    add_command(app, approve, APPROVE_EXAMPLES)
    add_command(app, paid, PAID_EXAMPLES)


def send(
    run: Annotated[str, typer.Argument()],
    by: By,
    note: Note = "",
    out: Annotated[Path | None, typer.Option()] = None,
    runs: Runs = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Record that the hospitals have their statements, and until when they may answer."""
    from drgpay.approval import steps
    from drgpay.approval.answers import refuse_form, write_form
    from drgpay.approval.record import Person
    from drgpay.run.case import find_run

    folder = find_run(run, runs)
    if out:
        refuse_form(out)
    sent = steps.send(folder, Person(by), note)
    if out:
        write_form(out, sent.history.hospitals, steps.names_of_hospitals(folder))
    _tell(sent, as_json)
    if out:
        console.say(console.shown(out), err=as_json)


def confirm(
    run: Annotated[str, typer.Argument()],
    answers: Annotated[Path, typer.Option("--from")],
    by: By,
    note: Note = "",
    runs: Runs = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Record what hospitals answer to their statements: confirmed or objected."""
    from drgpay.approval import steps
    from drgpay.approval.record import Person
    from drgpay.run.case import find_run

    _tell(steps.answer(find_run(run, runs), answers, Person(by), note), as_json)


def approve(
    run: Annotated[str, typer.Argument()],
    by: By,
    note: Note,
    replaces: Annotated[list[str] | None, typer.Option(metavar="RUN")] = None,
    overrule: Annotated[list[str] | None, typer.Option(metavar="HOSPITAL")] = None,
    runs: Runs = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Verify a run, and record that it is what its month is paid by."""
    from drgpay.approval.record import Person
    from drgpay.run.approving import approve_verified
    from drgpay.run.case import find_run

    done = approve_verified(
        find_run(run, runs),
        Person(by),
        note,
        [find_run(name, runs).name for name in replaces or ()],
        overrule or (),
        progress=console.progress_bar,
    )
    _tell(done, as_json)


def paid(
    run: Annotated[str, typer.Argument()],
    by: By,
    note: Note = "",
    runs: Runs = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Record that an approved run was paid."""
    from drgpay.approval import steps
    from drgpay.approval.record import Person
    from drgpay.run.case import find_run

    _tell(steps.record_payment(find_run(run, runs), Person(by), note), as_json)


def _tell(recorded: "Recorded", as_json: bool) -> None:
    """What is on record now, with the hash of its last line."""
    from drgpay.approval.state import said_state, shown_time

    language, step, history = chosen(), recorded.step, recorded.history
    if as_json:
        console.give_json(_object(recorded))
    else:
        said = {
            "run": step.run,
            "state": said_state(recorded.state),
            "by": step.by.name,
            "known": _WORDS.words(f"known_{step.by.known_by}"),
            "time": shown_time(step.at),
        }
        console.say(_WORDS.said("recorded", language, **said))
        if history.sent and recorded.state in ("sent", "confirmed", "objected"):
            counts = {
                "asked": len(history.hospitals),
                "silent": len(history.silent),
                "objecting": len(history.objecting(step.at)),
                "deadline": history.deadline,
                "silence": _WORDS.words(f"answer_{history.sent['silence']}"),
            }
            console.say(_WORDS.said("answers_so_far", language, **counts))
        last = {"steps": len(history.steps), "sha256": step.sha256}
        console.say(_WORDS.said("last_line", language, **last))
    for remark in recorded.remarks:
        console.warn(f"drgpay: {remark.said_in(language)}")


def _object(recorded: "Recorded") -> str:
    step, history = recorded.step, recorded.history
    return json_text(
        {
            "run": step.run,
            "step": step.kind,
            "state": recorded.state,
            "by": step.by.name,
            "known_by": step.by.known_by,
            "at": step.at.isoformat(),
            "deadline": None if history.deadline is None else history.deadline.isoformat(),
            "silent": history.silent,
            "objecting": history.objecting(step.at),
            "evidence": step.evidence,
            "steps": len(history.steps),
            "sha256": step.sha256,
            "remarks": [remark.said_in(chosen()) for remark in recorded.remarks],
        }
    )
