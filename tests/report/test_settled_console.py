"""The tables of months and years, of stays and visits, in terminals of any width."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import polars as pl
import pytest

from drgpay.base.language import Language
from drgpay.report.settled_console import settled_tables, shown_tables
from drgpay.report.visit_wording import words_of
from drgpay.results.results import Results
from drgpay.show.tables import ReportTable, texts_of
from drgpay.show.terminal import as_text
from tests.report.settled_region import cleared_region, policy_with, settled_region
from tests.report.visit_region import outpatient_region

WIDTHS = (60, 80, 100, 160, 240)
_LINE = re.compile(r"[━┃─│┏┓┗┛┡┩├┤┼╇┳┴└┘]")


def _months_and_years() -> Iterator[Results]:
    region = settled_region(1, policy_with({}))
    yield _with_refused(region.tables)
    yield cleared_region(region, 9_000_000)
    yield _with_rates(cleared_region(region, 9_000_000))
    yield _with_rates(region.tables)
    yield outpatient_region(1).tables


def _with_rates(tables: Results) -> Results:
    """The month with rates of two levels below each pool."""
    key = "pools" if tables.is_year else "values"
    rates = [
        tables.pools.with_columns(account=pl.col("pool"), level=pl.lit(level))
        for level in ("3A", "own level")
    ]
    frames = {**tables.frames, key: pl.concat([tables.pools, *rates])}
    return Results(tables.part, tables.facts, frames)


def _with_refused(tables: Results) -> Results:
    """The month with refused rows of two hospitals of one name, and of one that nobody knows."""
    refused = pl.DataFrame(
        {
            "code": ["bad_type", "cost_identity", "cost_identity", "bad_type"],
            "hospital_id": ["H1", "H2", "H9", None],
            "name": ["市第一医院", "市第一医院", None, None],
            "rows": [3, 2, 1, 1],
            "total_cost": ["1234567.89", "1234567.89", "0.01", "-3.00"],
        },
        schema_overrides={"total_cost": pl.String},
    ).with_columns(pl.col("total_cost").cast(pl.Decimal(18, 2)))
    return Results(tables.part, tables.facts, tables.frames, {"refused": refused}, tables.notes)


@pytest.fixture(scope="module")
def settled() -> list[Results]:
    return list(_months_and_years())


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in re.split("[│┃]", line)[1:-1])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_row_can_be_told_from_the_others(
    settled: list[Results], width: int, language: Language
) -> None:
    for results in settled:
        for table in settled_tables(results, language):
            text = as_text(shown_tables(results, [table], language), width=width)
            rows, below = texts_of(table, _say(results, language), table.most_rows or 40)
            assert len({tuple(row) for row in rows}) == len(rows)
            _assert_told_apart(text, len(rows) + len(below), table)


def _assert_told_apart(text: str, rows: int, table: ReportTable) -> None:
    if "│" not in text:
        stacked = [tuple(block.splitlines()) for block in text.split("\n\n") if block.strip()]
        assert len(set(stacked)) == len(stacked)
        return
    lines = [_cells(line) for line in text.splitlines() if line.startswith("│")]
    if not table.turned and len(lines) == rows:  # else cells take several lines
        assert len(set(lines)) == rows


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_number_is_whole_and_on_one_line(
    settled: list[Results], width: int, language: Language
) -> None:
    for results in settled:
        for table in settled_tables(results, language):
            text = as_text(shown_tables(results, [table], language), width=width)
            rows, below = texts_of(table, _say(results, language), table.most_rows or 40)
            every = set(chain.from_iterable([*rows, *below]))
            numbers = {cell for cell in every if re.fullmatch(r"[-+]?[\d,]+(\.\d+)?%?", cell)}
            shown = re.findall(r"(?<![\w.,%])[-+]?\d[\d,]*(?:\.\d+)?%?(?![\w])", _proseless(text))
            assert set(shown) <= numbers | set(every), (width, table.key)
            assert max(map(_wide, text.splitlines())) <= width


def _wide(line: str) -> int:
    from rich.cells import cell_len

    return cell_len(line)


def _proseless(text: str) -> str:
    """The lines of the table alone."""
    table = [line for line in text.splitlines() if line.startswith("│")]
    stacked = [line for line in text.splitlines() if re.match(r"\s*[^:]+: [-+\d]", line)]
    return "\n".join(table or stacked)


def _say(results: Results, language: Language) -> Any:
    return lambda key: words_of(results.part)(key, language)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_month_needs_no_stacked_tables(settled: list[Results], width: int) -> None:
    for results in settled:
        for table in settled_tables(results, "en"):
            text = as_text(shown_tables(results, [table], "en"), width=width)
            fits = "│" in text
            assert fits or width < 80 or table.turned, (width, table.key)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_column_stays(settled: list[Results], width: int) -> None:
    """It says what a row is, and of a total that it is one."""
    for results in settled:
        for table in settled_tables(results, "en"):
            assert table.frame.columns[0] not in table.may_go
            text = as_text(shown_tables(results, [table], "en"), width=width)
            for row in texts_of(table, _say(results, "en"), 40)[1]:
                assert row[0].split()[0] in text
