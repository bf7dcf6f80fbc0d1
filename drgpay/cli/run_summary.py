"""What `drgpay run` and `drgpay clear` say to programs (docs/commands.md, "JSON for programs")."""

from typing import TYPE_CHECKING, Any

from drgpay.base.errors import DrgpayError
from drgpay.base.language import chosen
from drgpay.cli import console
from drgpay.cli.tables import json_text

if TYPE_CHECKING:
    from drgpay.cli.publish import Outcome
    from drgpay.results.results import Results
    from drgpay.run.pipeline import Finished

_SUMS = (
    *("cases", "points", "fund_amount", "fund_cost", "difference", "prepayment"),
    *("payable", "prepaid", "clearing"),
)


def refusal_json(error: DrgpayError) -> str:
    """What is wrong as an object with `error`: see `refusal`."""
    return json_text({"error": refusal(error)})


def refusal(error: DrgpayError) -> dict[str, Any]:
    """What is wrong: code, problem, remedy, and of a run that stops every stop.

    code: the room and the key of the sentence, as `records.no_column`; `stopped` for a run that
    stops, empty where a sentence has none.
    """
    refused: dict[str, Any] = {"code": error.code, "problem": error.problem, "remedy": error.remedy}
    stops = getattr(error, "stops", None)
    if stops is not None:
        refused["code"] = "stopped"
        refused["stops"] = [
            {
                "code": stop.code,
                stop.about: stop.subject,
                "yuan": stop.yuan,
                "said": stop.said.said_in(chosen()),
            }
            for stop in stops
        ]
    return refused


def summary_json(finished: "Finished", outcome: "Outcome | None" = None) -> str:
    """One object: run, folder, what each part comes to, what was refused, what was accepted.

    outcome: of publishing; adds `published`, with the rows by table, or the `error` that it ended with.
    Amounts are yuan as texts, so that no reader makes floats of them.
    """
    from drgpay.results.manifest import read_manifest

    manifest = read_manifest(finished.folder)
    summary = {
        "run": finished.folder.name,
        "folder": str(console.shown(finished.folder)),
        "repeated": finished.repeated,
        "parts": [_part(results) for results in finished.results],
        "stops": [dict(one) for one in manifest.content.get("accepted", ())],
    }
    if outcome and outcome.published:
        summary["published"] = {**outcome.where(), "rows": outcome.published.rows}
    if outcome and outcome.error:
        summary["error"] = refusal(outcome.error)
    return json_text(summary)


def _part(results: "Results") -> dict[str, Any]:
    statements = results.statements
    refused = results.get("refused")
    return {
        "part": results.part.name,
        "period": results.facts.period,
        "policy": results.facts.policy,
        "scheme": results.facts.scheme,
        "counts": dict(results.facts.counts),
        "values": results.pools.to_dicts(),
        "sums": {name: statements[name].sum() for name in _SUMS if name in statements.columns},
        "refused": [] if refused is None else refused.to_dicts(),
        "notes": list(results.notes),
    }
