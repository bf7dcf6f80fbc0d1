"""What the commands print, as text."""

from drgpay.api.arguments import checked
from drgpay.base.language import Language, chosen
from drgpay.explain.trace import Trace
from drgpay.report.case import ExplainedCase
from drgpay.report.case_console import case_view
from drgpay.report.trace_console import trace_view
from drgpay.show.terminal import PIPE_WIDTH, Showable, as_text
from drgpay.simulate.console import console_report
from drgpay.simulate.outcome import Simulation


@checked
def text_of(
    result: Trace | ExplainedCase | Simulation,
    language: Language | None = None,
    width: int = PIPE_WIDTH,
) -> str:
    """An explained stay, an explained case or a simulation in words, as its command prints it.

    width: of the lines, in characters. No error. Source: the result alone.
    """
    return as_text(_view(result, language or chosen()), width=width)


def _view(result: Trace | ExplainedCase | Simulation, language: Language) -> Showable:
    match result:
        case Trace():
            return trace_view(result, language)
        case ExplainedCase():
            return case_view(result, language)
        case Simulation():
            return console_report(result, language)
