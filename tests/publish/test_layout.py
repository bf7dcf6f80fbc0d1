"""What is published is declared whole: every table of results, keys, views, and nothing about a person."""

import hashlib
import re

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.publish.ddl import created, script, views_created
from drgpay.publish.layout import (
    EARLIER,
    LATEST,
    PublishedTable,
    PublishedView,
    Schema,
    checked_groups,
    groups,
    layout_version,
    published_tables,
    published_views,
    runs_fields,
    schema_named,
    tables_of_database,
)
from drgpay.tables.declared import read_declarations, result_tables

LAYOUTS = {1: "bc60", 2: "b505"}
"""By version how the sha256 of its SQL begins: another one needs another version."""


def test_every_table_of_results_is_published_or_left_out_by_name() -> None:
    published = {(one.declared.name, one.file) for one in published_tables().values()}
    left_out = set(read_declarations("published")["left_out"])
    for name, table in result_tables().items():
        if name in left_out:
            assert table.people
            assert name not in {declared for declared, _ in published}
        else:
            assert {(name, file) for file in table.files} <= published, name


@pytest.mark.parametrize("table", published_tables().values(), ids=lambda one: one.name)
def test_rows_about_a_person_and_bank_accounts_are_restricted(table: PublishedTable) -> None:
    assert (table.chosen_by == "cases") == table.declared.people
    sensitive = {"bank_account", "payee"} & {field.name for field in table.fields}
    assert (table.chosen_by == "payees") == bool(sensitive)
    expected = "x_restricted" if table.chosen_by else "x"
    assert table.schema(Schema("x")) == expected


@pytest.mark.parametrize("table", published_tables().values(), ids=lambda one: one.name)
def test_keys_are_columns_of_the_table(table: PublishedTable) -> None:
    names = [field.name for field in table.fields]
    assert len(names) == len(set(names))
    assert set(table.key_columns) <= set(names)
    assert names[0] == "run"
    assert ("place" in names) == (not table.key)


@pytest.mark.parametrize("view", published_views(), ids=lambda one: one.name)
def test_views_have_columns_of_what_they_show(view: PublishedView) -> None:
    assert not any(field.person for field in view.table.fields)
    if view.of is None:
        return
    source = {field.name: field for field in published_tables()[view.of].fields}
    latest = {field.name for field in tables_of_database()[LATEST].fields}
    for field in view.table.fields:
        assert field.name in source or field.name in latest
        if field.name in source:
            assert field.kind == source[field.name].kind
    assert published_tables()[view.of].chosen_by is None
    assert view.part == ("visits" if "visit" in view.of else "stays")


def test_the_script_makes_every_table_with_its_comments() -> None:
    text = script(Schema("drgpay"), groups())
    for table in published_tables().values():
        name = f"{table.schema(Schema('drgpay'))}.{table.name}"
        assert f"CREATE TABLE IF NOT EXISTS {name} (" in text
        assert f"COMMENT ON TABLE {name} IS" in text
        for field in table.fields:
            assert f"COMMENT ON COLUMN {name}.{field.name} IS" in text
    for view in published_views():
        assert len(re.findall(rf"CREATE OR REPLACE VIEW drgpay\.{view.name} AS", text)) == 1
    assert text.count("CREATE TABLE") == len(published_tables()) + 3
    assert "numeric(18,2)" in text
    assert "numeric(18,4)" in text
    assert "numeric(26,8)" in text


def test_without_a_word_nothing_is_restricted() -> None:
    assert "restricted" not in script(Schema("drgpay"), ())
    assert "run_payees" not in script(Schema("drgpay"), ("cases",))


def test_another_layout_has_another_version() -> None:
    of_it = Schema("drgpay")
    statements = [*created(of_it, groups()), *views_created(of_it)]
    plain = ";".join(one for one in statements if not one.startswith("COMMENT"))
    found = hashlib.sha256(plain.encode()).hexdigest()
    assert found.startswith(LAYOUTS[layout_version()]), (
        "tables or views of `drgpay publish` are others now: count up `layout` of tables/published.toml "
        f"and note here that its SQL begins with {found[:4]}"
    )


def test_the_table_of_runs_tells_when_it_was_published() -> None:
    names = [field.name for field in runs_fields()]
    assert names[0] == "run"
    assert names[-1] == "published"
    assert not any(field.person for field in runs_fields())
    assert [field.name for field in tables_of_database()[EARLIER].fields] == ["run", "earlier"]


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", 'a"; DROP', "pg_x", "模式", "a" * 41])
def test_a_schema_has_a_plain_name(name: str) -> None:
    with pytest.raises(DrgpayError) as refused:
        schema_named(name)
    assert refused.value.code == "publish.no_schema_name"
    assert schema_named("bi_2026").restricted == "bi_2026_restricted"


def test_words_of_with_are_known() -> None:
    assert checked_groups(["cases", "payees", "cases"]) == ("cases", "payees")
    with pytest.raises(DrgpayError, match="cases") as refused:
        checked_groups(["case"])
    assert refused.value.code == "publish.no_group"
