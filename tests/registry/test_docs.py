"""docs/database.md: its views have just these columns and types, its queries run."""

import re
from pathlib import Path

import pytest

from drgpay.registry.database import reading
from drgpay.registry.queries import select

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "database.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
SECTIONS = dict(re.findall(r"### `(\w+)`\n(.*?)(?=\n##)", TEXT, re.DOTALL))
DESCRIBED = {name: body for name, body in SECTIONS.items() if "| column |" in body}


def columns(output: Path, view: str) -> list[tuple[str, str]]:
    """The columns and types of a view as the database has them."""
    rows = select(output, f"DESCRIBE {view}")
    return list(zip(rows["column_name"], rows["column_type"], strict=True))


@pytest.mark.parametrize("view", DESCRIBED)
def test_columns(view: str, two_runs: Path) -> None:
    described = re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", DESCRIBED[view], re.MULTILINE)
    assert described == columns(two_runs, view)


def test_every_view_is_described(two_runs: Path) -> None:
    assert columns(two_runs, "latest_month_runs") == columns(two_runs, "runs")
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
