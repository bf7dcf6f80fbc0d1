"""A policy's explanation as one HTML file with everything in it."""

from pathlib import Path

from drgpay import __version__
from drgpay.report.policy.explanation import GENERATOR, Explanation
from drgpay.show.template import render_page

_STYLE = """ul.said { margin: 0; padding-left: 20px; }
ul.said > li { margin: 6px 0; break-inside: avoid-page; }
ul.said .note { margin: 0; }
ul.said table { width: auto; min-width: 50%; }
.count { margin-top: 28px; font-weight: 600; }
"""


def as_page(explanation: Explanation) -> str:
    """The whole page; the same policy gives the same text."""
    return render_page(
        Path(__file__).parent,
        style=_STYLE,
        lang=explanation.writer.language,
        generator=GENERATOR,
        explanation=explanation,
        footer=f"drgpay {__version__}",
    )
