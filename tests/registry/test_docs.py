"""The views have just the declared columns and types; the queries of docs/database.md run."""

import re
from pathlib import Path

import pytest

from drgpay.registry.database import reading
from drgpay.registry.queries import select
from drgpay.tables.declared import database_views

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "database.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)


def columns(output: Path, view: str) -> list[tuple[str, str]]:
    """The columns and types of a view as the database has them."""
    rows = select(output, f"DESCRIBE {view}")
    return list(zip(rows["column_name"], rows["column_type"], strict=True))


@pytest.mark.parametrize("view", database_views())
def test_columns(view: str, two_runs: Path) -> None:
    declared = database_views()[view].fields
    assert [(one.name, one.kind.sql.replace(", ", ",")) for one in declared] == columns(
        two_runs, view
    )


def test_every_view_is_described(two_runs: Path) -> None:
    with reading(two_runs) as connection:
        names = connection.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main' "
            "UNION SELECT function_name || '(''' FROM duckdb_functions() "
            "WHERE function_type = 'table_macro' AND NOT internal"
        ).fetchall()
    assert len(names) == 26
    for (name,) in names:
        assert f"`{name}" in TEXT, name


@pytest.mark.parametrize("query", QUERIES)
def test_examples(query: str, two_runs: Path) -> None:
    assert select(two_runs, query).height > 0 or "HAVING" in query
