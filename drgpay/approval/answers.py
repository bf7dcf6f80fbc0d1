"""The file of answers: what each hospital says of its statement, a row a hospital."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from drgpay.approval.state import Answered
from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.language import Words, listed
from drgpay.base.toml_reader import read_toml
from drgpay.base.words import Sentences
from drgpay.records.small_tables import Column, Kind, read_table
from drgpay.records.writing import guarded, staged_file
from drgpay.tables.inputs import input_tables

_ERRORS = Sentences("errors/approval")

_COLUMNS = {
    name: Column(Kind.TEXT, required=column.required)
    for name, column in input_tables()["answers"].columns.items()
}
_NAMED = 3  # hospitals, in a sentence
_LONGEST = 30


@dataclass(frozen=True)
class GivenAnswer:
    """A row of the file."""

    hospital_id: str
    answer: Answered
    note: str


def read_answers(path: Path, asked: Iterable[str]) -> list[GivenAnswer]:
    """The answers of a file, in its order: CSV or Parquet with hospital_id, answer and note.

    A row without an answer is passed over. Raises DrgpayError naming the row for a hospital that was
    not asked, one that answers twice, an answer that is neither of both, and for a file without any
    answer.
    """
    table = read_table(path, _COLUMNS)
    known = list(asked)
    # A spreadsheet that was given '=1 for =1, so that it computes nothing, may keep the sign.
    as_written = dict(zip(guarded(pl.DataFrame({"id": known}))["id"], known, strict=True))
    as_written |= dict(zip(known, known, strict=True))
    rows: dict[str, tuple[int, GivenAnswer]] = {}
    for row, given, text, note in table.select("row", *_COLUMNS).iter_rows():
        hospital = as_written.get(given)
        if hospital is None:
            said = {"path": path, "row": row, "hospital": shortened(given, _LONGEST)}
            raise DrgpayError(*_ERRORS("unknown_hospital", **said))
        if text is None or not text.strip():
            continue
        if hospital in rows:
            both = {"first": rows[hospital][0], "second": row}
            raise DrgpayError(*_ERRORS("answers_twice", path=path, hospital=hospital, **both))
        meant = _meanings().get(text.strip().casefold())
        if meant is None:
            shown = {"row": row, "text": shortened(text, _LONGEST)}
            raise DrgpayError(*_ERRORS("unknown_answer", path=path, **shown))
        rows[hospital] = (row, GivenAnswer(hospital, meant, (note or "").strip()))
    if not rows:
        raise DrgpayError(*_ERRORS("no_answers", path=path))
    return [answer for _, answer in rows.values()]


def refuse_form(path: Path) -> None:
    """Raise DrgpayError where `write_form` would write over something."""
    if path.exists():
        raise DrgpayError(*_ERRORS("form_is_there", path=path))
    if not path.parent.is_dir():
        raise DrgpayError(*_ERRORS("no_folder", folder=path.parent))


def write_form(path: Path, hospitals: Iterable[str], names: Mapping[str, str]) -> None:
    """Write a CSV to be filled in: hospital_id, name, and empty answer and note for each hospital."""
    asked = list(hospitals)
    frame = pl.DataFrame(
        {
            "hospital_id": asked,
            "name": [names.get(hospital) for hospital in asked],
            "answer": [None] * len(asked),
            "note": [None] * len(asked),
        },
        schema=dict.fromkeys(("hospital_id", "name", "answer", "note"), pl.String()),
    )
    with staged_file(path) as staged:
        guarded(frame).write_csv(staged, include_bom=True)


def few(hospitals: Iterable[str]) -> Words:
    """Some of several hospitals, in a sentence."""
    found = list(hospitals)
    shown = listed(found[:_NAMED])
    return _ERRORS.words("and_more", names=shown) if len(found) > _NAMED else shown


@cache
def _meanings() -> dict[str, Answered]:
    raw = read_toml(Path(__file__).with_name("answers.toml"), _ERRORS.words("table_of_answers"))
    both: tuple[Answered, ...] = ("confirmed", "objected")
    return {text.casefold(): answer for answer in both for text in raw[answer]}
