"""The declarations agree with each other and with what reads and writes."""

import re

import pytest

from drgpay.points.weight_columns import NAMES
from drgpay.records.filings import FILING_COLUMNS
from drgpay.records.hospitals import OPTIONAL, REQUIRED
from drgpay.records.visits.enrolment import ENROLMENT_SCHEMA
from drgpay.tables.declared import (
    Table,
    database_views,
    result_tables,
    scenario_tables,
    stored_tables,
)
from drgpay.tables.inputs import InputTable, input_tables

_STORED = [*stored_tables().values(), *database_views().values()]


@pytest.mark.parametrize("table", [*result_tables().values(), *_STORED], ids=lambda one: one.name)
def test_a_table_with_a_column_of_persons_is_person_level(table: Table) -> None:
    assert table.people == any(field.person for field in table.fields)


@pytest.mark.parametrize("table", input_tables().values(), ids=lambda one: one.name)
def test_an_input_with_a_column_of_persons_is_person_level(table: InputTable) -> None:
    assert table.people == any(column.person for column in table.columns.values())


def test_the_database_knows_no_person() -> None:
    assert not any(field.person for table in _STORED for field in table.fields)


def test_both_languages_say_something_else() -> None:
    for table in (*result_tables().values(), *scenario_tables().values()):
        for field in table.fields:
            assert field.meaning.zh and field.meaning.en, (table.name, field.name)
            assert field.meaning.zh != field.meaning.en, (table.name, field.name)


def test_both_sides_of_a_scenario_are_of_one_kind() -> None:
    for table in scenario_tables().values():
        kinds = {field.name: field.kind for field in table.fields}
        for name, kind in kinds.items():
            after = kinds.get(f"{name.removesuffix('_before')}_after", kind)
            assert after == kind, (table.name, name)


def test_small_tables_are_read_as_they_are_declared() -> None:
    declared = {name: tuple(table.columns) for name, table in input_tables().items()}
    assert {name: declared[name] for name in FILING_COLUMNS} == FILING_COLUMNS
    assert declared["enrolment"] == tuple(ENROLMENT_SCHEMA)
    assert declared["hospitals"] == (*REQUIRED, *OPTIONAL)
    assert declared["weights"] == tuple(name for name in NAMES if not re.search("_LEVEL|@", name))
