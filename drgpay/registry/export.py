"""Answers of the database for programs: CSV, JSON, Parquet."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.writing import guarded, staged_file, write_frame
from drgpay.registry.queries import Answer

_ERRORS = Sentences("errors/registry")


def as_csv(frame: pl.DataFrame) -> str:
    """A frame as CSV, its texts guarded. Raises DrgpayError for columns of lists or structures."""
    try:
        return guarded(frame).write_csv()
    except pl.exceptions.PolarsError:
        raise DrgpayError(*_ERRORS("nested_column")) from None


def as_json(answer: Answer | pl.DataFrame) -> str:
    """A frame as a list of rows, several as an object of such lists.

    Decimals are text, so that no reader makes floats of them; dates and times are ISO text.
    """
    content: Any = (
        {part: frame.to_dicts() for part, frame in answer.items()}
        if isinstance(answer, Mapping)
        else answer.to_dicts()
    )
    return json.dumps(content, ensure_ascii=False, indent=2, default=_json_text) + "\n"


def write_text(text: str, path: Path) -> None:
    """Write a text to a file that appears whole."""
    with staged_file(path) as staged:
        staged.write_text(text, encoding="utf-8")


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame to a Parquet file that appears whole."""
    with staged_file(path) as staged:
        write_frame(frame, staged)


def _json_text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
