"""What is printed of results: a line, a small table, and nothing as markup."""

from dataclasses import dataclass

import polars as pl

from drgpay.base.shown import Shown


@dataclass(frozen=True, repr=False)
class Found(Shown):
    """Something found."""

    name: str
    rows: pl.DataFrame
    codes: tuple[str, ...]
    cases: int
    note: str | None = None


def test_a_line_and_a_table_without_rows() -> None:
    found = Found("x" * 500 + "\n", pl.DataFrame({"person": ["P1", "P2"]}), ("a", "b"), 5)
    assert repr(found).endswith(", rows=2 rows, codes=2, cases=5)")
    assert "\n" not in repr(found) and len(repr(found)) < 150
    assert "P1" not in repr(found) + found._repr_html_()


def test_data_is_never_markup() -> None:
    html = Found("<script>&", pl.DataFrame(), (), 0)._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;&amp;" in html
    assert html.startswith("<table><caption>Found</caption><tr><th>name</th>")
