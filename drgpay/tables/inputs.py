"""The tables that offices hand in, as inputs.toml declares them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from drgpay.base.language import Words
from drgpay.tables.declared import read_declarations, shared_columns

_VALUE = "value"


@dataclass(frozen=True)
class InputColumn:
    """A column of an input: its type and need as docs/files.md says them, its heading and meaning.

    person: it names one person or stay, or tells of the person.
    """

    name: str
    type: str
    need: str
    title: Words
    meaning: Words
    person: bool = False

    @property
    def required(self) -> bool:
        """Whether every row needs a value."""
        return self.need == _VALUE


@dataclass(frozen=True)
class InputTable:
    """An input: what a row is, whether about one person's stay or visit, and its columns."""

    name: str
    rows: Words
    people: bool
    columns: Mapping[str, InputColumn]


@cache
def input_tables() -> Mapping[str, InputTable]:
    """The inputs by name: stays, visits, items, hospitals, enrolment, reviews, deductions ..."""
    titles = {name: one.title for name, one in shared_columns().items()}
    return {
        name: InputTable(
            name,
            Words(declared["zh"], declared["en"]),
            declared["people"],
            {
                column: _column(column, about, titles)
                for column, about in declared["columns"].items()
            },
        )
        for name, declared in read_declarations("inputs")["tables"].items()
    }


def _column(name: str, declared: Mapping[str, Any], titles: Mapping[str, Words]) -> InputColumn:
    return InputColumn(
        name,
        declared["type"],
        declared["need"],
        Words(declared["zh"], declared["en"]) if "zh" in declared else titles[name],
        Words(**declared["meaning"]),
        declared.get("person", False),
    )
