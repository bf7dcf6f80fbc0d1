"""An explanation in the form that is asked for, on its way to a file or to standard output."""

from pathlib import Path
from typing import Literal

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER
from drgpay.base.words import Sentences
from drgpay.records.writing import staged_file
from drgpay.report.policy.console import on_screen
from drgpay.report.policy.explanation import GENERATOR, Explanation
from drgpay.report.policy.markdown import as_markdown
from drgpay.report.policy.page import as_page
from drgpay.show.terminal import as_text

_ERRORS = Sentences("errors/report")

Form = Literal["text", "markdown", "html"]
_SUFFIXES: dict[str, Form] = {
    ".txt": "text",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
}
_HEAD_BYTES = 1_000
_WIDTH = 80


def form_of(out: Path | None, asked: Form | None) -> Form:
    """The form: that of the name of a file, else what is asked for, else text.

    Raises DrgpayError for another ending, and for a form that the ending contradicts.
    """
    if out is None:
        return asked or "text"
    named = _SUFFIXES.get(out.suffix.lower())
    if named is None:
        raise DrgpayError(*_ERRORS("other_ending", path=out))
    if asked and asked != named:
        raise DrgpayError(*_ERRORS("two_forms", form=asked, name=out.name))
    return named


def written(explanation: Explanation, form: Form) -> str:
    """The explanation as one text."""
    if form == "markdown":
        return as_markdown(explanation)
    if form == "html":
        return as_page(explanation)
    text = as_text(f"[{GENERATOR}]", *on_screen(explanation), width=_WIDTH)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def write_explanation(explanation: Explanation, form: Form, path: Path) -> None:
    """Write it over an older one; any other file stays, and is a DrgpayError."""
    if path.is_file():
        with path.open("rb") as file:
            if GENERATOR.encode() not in file.read(_HEAD_BYTES):
                raise DrgpayError(*_ERRORS("no_explanation", path=path))
    text = written(explanation, form)
    with staged_file(path, OWNER) as staged:
        staged.write_text(text, encoding="utf-8", newline="\n")
