"""What a start found and left, as tables for people and as JSON for programs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.start.found import Recognition, Sureness
from drgpay.start.mapping_file import OF_PERSONS
from drgpay.start.readme import next_commands
from drgpay.start.recognise import COLUMNS, column_name

if TYPE_CHECKING:
    from drgpay.start.project import Started

WORDS = Wording("start")


def recognised_frame(recognised: Recognition, language: Language, every: bool) -> pl.DataFrame:
    """column, from_headings, sureness, why: a row a column of ours, in their order.

    every: those that are certain too.
    """
    rows = [
        (
            column_name(column).said_in(language),
            ", ".join(found.headings),
            WORDS.said(f"sureness.{found.sureness.value}", language),
            found.why.said_in(language),
        )
        for column in COLUMNS[recognised.table]
        if (found := recognised.found.get(column))
        and (every or found.sureness is not Sureness.CERTAIN)
    ]
    rows += [
        (column_name(column).said_in(language), "", WORDS.said("sureness.open", language), "")
        for column in recognised.missing
    ]
    return _frame(("column", "from_headings", "sureness", "why"), rows)


def certain_count(recognised: Recognition) -> int:
    """How many columns are certain."""
    return sum(found.sureness is Sureness.CERTAIN for found in recognised.found.values())


def unknown_frame(recognised: Recognition) -> pl.DataFrame:
    """heading, examples: what the catalogue does not have."""
    rows = [
        (one.heading, " | ".join(one.examples)) for one in recognised.others if one.known is None
    ]
    return _frame(("heading", "examples"), rows)


def file_frame(started: "Started", language: Language) -> pl.DataFrame:
    """file, state: what became of each file."""
    rows = [
        (name, WORDS.said(f"state.{state.value}", language))
        for name, state in sorted(started.folder.states.items())
    ]
    return _frame(("file", "state"), rows)


def summary(started: "Started") -> dict[str, Any]:
    """All of it, for programs."""
    checked = started.checked
    return {
        "folder": str(started.folder.path),
        "scheme": started.scheme,
        "months": started.months,
        "files": {name: state.value for name, state in sorted(started.folder.states.items())},
        "recognised": {name: _columns(one) for name, one in started.recognised.items()},
        "unknown": {
            name: {one.heading: list(one.examples) for one in found.others if not one.known}
            for name, found in started.recognised.items()
        },
        "missing": {name: list(found.missing) for name, found in started.recognised.items()},
        "remarks": [str(one) for one in started.remarks],
        "gaps": [one._asdict() for one in started.gaps],
        "check": None
        if checked is None
        else {
            "stays": checked.stays,
            "total_yuan": checked.total_yuan,
            "refused": checked.refused,
            "refused_yuan": checked.refused_yuan,
            "findings": checked.findings.to_dicts(),
        },
        "next": list(next_commands(started)),
    }


def _columns(recognised: Recognition) -> dict[str, Any]:
    return {
        column: {
            "headings": list(found.headings),
            "form": found.form.value,
            "sureness": found.sureness.value,
            "why": str(found.why),
            "values": found.values.mapped,
            "open_values": dict(found.values.open),
            "examples": []
            if column in OF_PERSONS or not found.headings
            else list(recognised.given.examples(found.headings[0])),
        }
        for column, found in recognised.found.items()
    }


def _frame(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
