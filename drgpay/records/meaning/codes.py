"""Codes of diagnoses and procedures: one spelling of each, whoever typed it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from drgpay.records.meaning.texts import folded

if TYPE_CHECKING:
    import polars as pl

SEPARATORS = "|;；,，、"
"""What people put between codes; blanks and line breaks do it too."""

# At a glance: what needs no rewriting. Only an X behind the beginning would be, or a small beginning.
_AS_IN_TABLES = r"^[A-Z0-9][0-9A-WYZa-z.+*/†-]*$"
_EXTENSION = r"([0-9.])X"
_SEPARATED = rf"[{SEPARATORS}\s]"


class CodeKind(StrEnum):
    """Which codes a column holds."""

    DIAGNOSIS = "diagnosis"
    PROCEDURE = "procedure"


def needs_no_spelling(words: pa.Array) -> bool:
    """Whether all words are spelled as code tables spell them."""
    as_in_tables = pc.all(pc.match_substring_regex(words, _AS_IN_TABLES))
    return as_in_tables.as_py() is not False


def spelled(words: pl.Series, kind: CodeKind) -> pl.Series:
    """Trimmed words as code tables spell them: plain signs, the x of an extension small, the first
    letter of a diagnosis large.
    """
    words = folded(words).str.replace_all(_EXTENSION, "${1}x")
    if kind is CodeKind.DIAGNOSIS:
        words = words.str.slice(0, 1).str.to_uppercase() + words.str.slice(1)
    return words


def joined(words: pl.Series) -> pl.Series:
    """Which words hold a separator: more than one code."""
    return words.str.contains(_SEPARATED)
