"""JSON Schemas of the tables that offices hand in, made of their declarations (tables/inputs.toml).

A schema is that of a row: an object with its cells by column. It accepts what readers accept, values or
the texts of a CSV file (docs/files.md, "One meaning of a value"), and other columns beside. It cannot tell
what needs more than a cell, or another table.
"""

import re
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.schemas.written import written
from drgpay.tables.inputs import InputColumn, input_tables

_ERRORS = Sentences("errors/schemas")

Schema = dict[str, Any]

_LONGEST = 500  # characters of a text
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# What is read full-width is read so too; blanks stand around it.
_SIGN, _POINT = "[+＋－-]?", "[.．]"
_DIGIT = "[0-9０-９]"
_NUMBER = rf"{_SIGN}({_DIGIT}+{_POINT}?{_DIGIT}*|{_POINT}{_DIGIT}+)"
_GROUPED = rf"{_SIGN}{_DIGIT}{{1,3}}([,，]{_DIGIT}{{3}})+({_POINT}{_DIGIT}*)?"
_DAY = r"[0-9]{1,2}"
_DATE = (
    rf"(19|20|21)[0-9]{{2}}(-{_DAY}-{_DAY}|/{_DAY}/{_DAY}|\.{_DAY}\.{_DAY}|年{_DAY}月{_DAY}日?|[0-9]{{4}})"
    r"([T ]?[ 0-9:.,]*)?( *(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?"
)
_FLAGS = ("1", "true", "t", "yes", "y", "是", "0", "false", "f", "no", "n", "否")


def _in_any_case(word: str) -> str:
    return "".join(f"[{one}{one.upper()}]" if one.upper() != one else one for one in word)


_PATTERNS = {
    "text": r".*\S.*",
    "list of text": r".*",
    "number": rf"{_NUMBER}|[Nn][Aa][Nn]",
    "points": rf"{_NUMBER}",
    "amount": rf"{_NUMBER}|{_GROUPED}|[Nn][Aa][Nn]",
    "signed amount": rf"{_NUMBER}|{_GROUPED}|[Nn][Aa][Nn]",
    "date": _DATE,
    "flag": "|".join(map(_in_any_case, _FLAGS)),
}
_VALUES: dict[str, list[Schema]] = {
    "text": [{"type": "number"}],
    "list of text": [{"type": "array", "items": {"type": ["string", "null"]}}],
    "number": [{"type": "number"}],
    "points": [{"type": "number"}],
    "amount": [{"type": "number"}],
    "signed amount": [{"type": "number"}],
    "date": [],
    "flag": [{"enum": [True, False, 1, 0]}],
}
"""What a cell may be beside a text, where a file has types."""


def table_schema(name: str) -> str:
    """The JSON Schema (draft 2020-12) of a row of an input; raises DrgpayError for another name."""
    tables = input_tables()
    if name not in tables:
        raise DrgpayError(*_ERRORS("no_table", name=name, known=listed(tables)))
    table = tables[name]
    columns = table.columns.items()
    schema: Schema = {
        "$schema": _DIALECT,
        "title": f"drgpay table {name}",
        **_said(description=table.rows),
        "type": "object",
        **({"personLevel": True} if table.people else {}),
        "required": [name for name, column in columns if column.need in ("value", "column")],
        "properties": {name: _cell(column) for name, column in columns},
    }
    return written(schema) + "\n"


def _cell(column: InputColumn) -> Schema:
    """A cell; one that may be empty may be a text of blanks, or nothing."""
    pattern, forms = _PATTERNS[column.type], [*_VALUES[column.type]]
    if not column.required:
        pattern = f"({pattern})?"
        forms.append({"type": "null"})
    text: Schema = {"type": "string", "pattern": rf"^\s*({pattern})\s*$"}
    if column.type == "text":
        text["maxLength"] = _LONGEST
    return {
        **_said(title=column.title, description=column.meaning),
        "need": re.sub("`", "", column.need),
        **({"personLevel": True} if column.person else {}),
        "anyOf": [text, *forms],
    }


def _said(**words: Words) -> Schema:
    """Words in Chinese, and as `translations` in English: as datapackage.json has them."""
    english = {key: said.en for key, said in words.items()}
    return {key: said.zh for key, said in words.items()} | {"translations": {"en": english}}
