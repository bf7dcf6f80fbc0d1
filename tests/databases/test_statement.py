"""Statements: names are quoted, values bound, whatever they hold."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.databases.statement import ASKED, NUMBERED, Value, of_query, of_table, quoted


def test_a_table_is_quoted_part_by_part() -> None:
    assert of_table("his.Stays", '"').sql == 'SELECT * FROM "his"."Stays"'
    assert of_table("stays", "`").sql == "SELECT * FROM `stays`"
    assert of_table("HIS.STAYS", "").sql == "SELECT * FROM HIS.STAYS"


@given(name=st.text(min_size=1).filter(lambda name: "." not in name))
def test_no_name_gets_out_of_its_quotes(name: str) -> None:
    inner = quoted(name, '"')[1:-1]
    assert '"' not in inner.replace('""', "")
    assert inner.replace('""', '"') == name


@pytest.mark.parametrize("table", ["", ".", "a..b", "a.b.c.d", "a. "])
def test_what_is_no_table_is_refused(table: str) -> None:
    with pytest.raises(DrgpayError, match="is no name of a table"):
        of_table(table, '"')
    with pytest.raises(DrgpayError, match="is no name of a table"):
        of_table("stays; drop", "")


def test_values_are_bound_in_their_order() -> None:
    query = "select * from s where m = :month and d >= :day and n = :month;"
    values: dict[str, Value] = {"day": date(2026, 10, 1), "month": "2026-10"}
    numbered = of_query(query, values, NUMBERED)
    assert numbered.sql == "select * from s where m = $1 and d >= $2 and n = $1"
    assert numbered.values == ("2026-10", date(2026, 10, 1))
    asked = of_query(query, values, ASKED)
    assert asked.sql == "select * from s where m = ? and d >= ? and n = ?"
    assert asked.values == ("2026-10", date(2026, 10, 1), "2026-10")


@pytest.mark.parametrize(
    "text",
    [
        "select ':x', \":x\", `:x`",
        "select 1 -- :x",
        "select /* :x\n:y */ 1",
        "select a::text, $$ :x $$, $b$ :x $b$",
        "select a[1:2], b[i:j]",
        "select 'it''s :x'",
    ],
)
def test_texts_comments_and_casts_have_no_values(text: str) -> None:
    assert of_query(text, {}, NUMBERED).sql.strip() == text
    assert of_query(text, {}, NUMBERED).values == ()


def test_what_stands_behind_a_comment_is_in_none() -> None:
    counted = of_query("select 1 -- all", {}, ASKED).counted().sql
    assert counted.splitlines()[-1] == ") drgpay_rows"


@given(value=st.text())
def test_a_value_is_never_part_of_the_text(value: str) -> None:
    statement = of_query("select :name", {"name": value}, NUMBERED)
    assert (statement.sql, statement.values) == ("select $1", (value,))


def test_values_and_names_have_to_match() -> None:
    with pytest.raises(DrgpayError, match="has :month, and no value"):
        of_query("select :month", {}, NUMBERED)
    with pytest.raises(DrgpayError, match="does not use day"):
        of_query("select 1", {"day": 1}, NUMBERED)
