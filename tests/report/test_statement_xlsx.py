"""Each hospital's workbook: exact amounts, formulas that agree, and nothing left out."""

import random
from collections import defaultdict
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from drgpay.base.language import Language
from drgpay.report.explanation import Rules
from drgpay.report.statement_xlsx import workbook_names
from drgpay.report.wording import word
from drgpay.results.month import line_kind
from drgpay.results.part import STAYS
from drgpay.results.results import booking_frames
from drgpay.settle.differences import PaidMonth, differences_of
from drgpay.show.tables import heading
from tests.report.settled_region import (
    GROUPS,
    Region,
    cleared_region,
    policy_with,
    settled_region,
)
from tests.report.workbooks import (
    exact,
    recomputed,
    tables_of,
    texts_of,
    write_statements,
    write_summary,
)
from tests.spread import spread

VARIANTS: list[dict[str, Any]] = [
    {"method": "residual", "out_of_area": "same_price", "distribute_remainder": "none"},
    {"method": "residual", "out_of_area": "pooled", "distribute_remainder": "all"},
    {"method": "fund_only", "value_places": 2, "out_of_area": "same_price"},
    {"method": "cost", "may_exceed_budget": True, "out_of_area": "excluded"},
    {
        "value_places": 6,
        "merged_accounts": (("employee", "resident"),),
        "may_exceed_budget": True,
    },
]
SHEETS = ("statement", "classes", "groups", "adjustments", "explanation")


def rules_of(region: Region) -> Rules:
    return Rules(region.policy.settlement, GROUPS, Fraction(1_234_567, 3))


def title(name: str, language: Language = "zh") -> str:
    return heading(name, lambda key: word(key, language))[0]


@pytest.fixture(scope="module")
def region() -> Region:
    return settled_region(1, policy_with(VARIANTS[0]))


@pytest.fixture(scope="module")
def folder(region: Region, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("run") / "statements"
    write_statements(region.tables, rules_of(region), made, "zh")
    return made


def test_one_workbook_a_hospital(region: Region, folder: Path) -> None:
    names = {f"{hospital}.xlsx" for hospital in region.tables.statements["hospital_id"]}
    assert {path.name for path in folder.iterdir()} == names
    for path in folder.iterdir():
        assert openpyxl.load_workbook(path).sheetnames == [word(key, "zh") for key in SHEETS]


def test_every_amount_of_a_line_reads_back_exactly(region: Region, folder: Path) -> None:
    for (hospital,), lines in region.tables.statements.group_by("hospital_id"):
        tables = tables_of(folder / f"{hospital}.xlsx", word("statement", "zh"), "合计")
        shown = 0
        for name, dtype in lines.schema.items():
            for table in tables:
                if title(name) in table.headings and isinstance(dtype, pl.Decimal):
                    amounts = lines.sort("account", "out_of_area", "payment")[name].to_list()
                    assert table.column(title(name)) == amounts
                    total = table.total[table.headings.index(title(name))] if table.total else 0
                    # Values of points do not add up.
                    assert total is None if name == "point_value" else exact(total) == sum(amounts)
                    shown += 1
        assert shown >= 14
        kinds = lines.sort("account", "out_of_area", "payment").select(line_kind())
        lines_said = [row[tables[0].headings.index("结算类别")] for row in tables[0].rows]
        assert lines_said == [word(kind, "zh") for kind in kinds.to_series()]


@pytest.mark.parametrize("variant", spread(range(len(VARIANTS)), 2))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_formulas_agree_with_the_amounts(variant: int, language: Language, tmp_path: Path) -> None:
    region = settled_region(10 + variant, policy_with(VARIANTS[variant]), cases=150)
    write_statements(region.tables, rules_of(region), tmp_path, language)
    explained = 0
    for path in tmp_path.iterdir():
        for sheet, cell, formula, shown, value in recomputed(path):
            assert Fraction(shown) == value, (path.name, sheet, cell, formula)
            explained += sheet == word("explanation", language)
    assert explained > 40


def test_classes_add_up_to_the_lines(region: Region, folder: Path) -> None:
    for path in folder.iterdir():
        [classes] = tables_of(path, word("classes", "zh"), "合计")
        lines = region.tables.statements.filter(pl.col("hospital_id") == path.stem)
        assert classes.total
        for name in ("cases", "points", "standard_amount", "fund_amount", "fund_cost"):
            assert exact(classes.total[classes.headings.index(title(name))]) == lines[name].sum()
    said = {row[0] for row in tables_of(folder / "H1.xlsx", word("classes", "zh"), "合计")[0].rows}
    assert said == {"正常病例", "按项目付费", "机构扣减点数"}


def test_top_groups(region: Region, folder: Path) -> None:
    differences: dict[str, Decimal] = defaultdict(Decimal)
    for case in region.tables.cases.iter_rows(named=True):
        if case["hospital_id"] == "H1" and case["payment"] == "points":
            differences[case["drg"]] += case["fund_amount"] - case["fund_cost"]
    ranked = sorted(differences.items(), key=lambda item: (item[1], item[0]))
    gains = sorted((item for item in ranked if item[1] > 0), key=lambda item: (-item[1], item[0]))[
        :20
    ]
    losses = [item for item in ranked if item[1] < 0][:20]
    assert len(gains) == 20 or len(losses) == 20
    shown = tables_of(folder / "H1.xlsx", word("groups", "zh"), "合计")
    for table, expected in zip(shown, (gains, losses), strict=True):
        assert [row[0] for row in table.rows] == [drg for drg, _ in expected]
        assert [row[1] for row in table.rows] == [GROUPS[drg] for drg, _ in expected]
        assert table.column("与按项目差额") == [amount for _, amount in expected]


def test_every_adjustment_is_listed_with_its_amount(region: Region, folder: Path) -> None:
    values = dict(region.tables.pools.select("pool", "point_value").iter_rows())
    rows = region.tables.adjustments.filter(pl.col("hospital_id") == "H1").to_dicts()
    [table] = tables_of(folder / "H1.xlsx", word("adjustments", "zh"), "合计")
    assert [row[0] for row in table.rows] == [row["case_id"] for row in rows]
    assert table.column("点数") == [row["points"] for row in rows]
    fen = Decimal("0.01")
    amounts = [
        row["standard_amount"]
        if row["applies_to"] == "hospital"
        else (row["points"] * values[row["account"]]).quantize(fen, ROUND_HALF_UP)
        for row in rows
    ]
    assert table.column("金额") == amounts
    assert {row[1] for row in table.rows} == {"短期再入院", "高套病组"}


def test_the_explanation_ends_at_the_amounts_of_the_statement(region: Region, folder: Path) -> None:
    for path in folder.iterdir():
        sheet = openpyxl.load_workbook(path, data_only=True)[word("explanation", "zh")]
        rows = [(row[1].value, row[2].value) for row in sheet.iter_rows() if row[1].value]
        lines = region.tables.statements.filter(pl.col("hospital_id") == path.stem)
        for name in ("standard_amount", "fund_amount", "prepayment"):
            shown = [exact(value) for said, value in rows if said == title(name)]
            for amount in lines.filter(pl.col("payment") == "points")[name]:
                assert amount in shown or amount == 0


def test_the_same_tables_give_the_same_bytes(region: Region, folder: Path, tmp_path: Path) -> None:
    write_statements(region.tables, rules_of(region), tmp_path / "again", "zh")
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_a_hospital_without_adjustments_and_without_a_name(region: Region, tmp_path: Path) -> None:
    tables = region.tables
    frames = {
        "adjustments": tables.adjustments.clear(),
        "statements": tables.statements.with_columns(name=pl.lit(None, pl.String)),
    }
    bare = replace(tables, frames={**tables.frames, **frames})
    write_statements(bare, rules_of(region), tmp_path, "zh")
    assert word("none_note", "zh") in texts_of(tmp_path / "H2.xlsx")
    assert any(text.startswith("H2 ") for text in texts_of(tmp_path / "H2.xlsx"))


def test_a_month_without_cases(region: Region, tmp_path: Path) -> None:
    tables = region.tables
    none = {"cases": tables.cases.clear(), "adjustments": tables.adjustments.clear()}
    empty = replace(tables, frames={**tables.frames, **none})
    write_statements(empty, rules_of(region), tmp_path, "en")
    assert len(list(tmp_path.iterdir())) == 3


def test_names_of_workbooks_stay_in_their_folder() -> None:
    ids = ["H339", "市一院", "../H1", "a/b", "a%2Fb", "a_b", "a:b", "h339"]
    names = workbook_names(ids)
    assert names["H339"] == "H339.xlsx"
    assert names["h339"] == "h339%2.xlsx"
    assert names["市一院"] == "市一院.xlsx"
    assert names["../H1"] == "%2E.%2FH1.xlsx"
    assert len({name.casefold() for name in names.values()}) == len(ids)


def test_a_correction_has_a_sheet_of_differences(region: Region, tmp_path: Path) -> None:
    without = region.settled.cases["case_id"][0]
    paid = PaidMonth(
        region.settled.lines,
        region.settled.cases.filter(pl.col("case_id") != without),
        region.settled.adjustments,
    )
    booked = booking_frames(STAYS, region.ledger, differences_of(paid, region.settled))
    corrected = replace(region.tables, frames={**region.tables.frames, **booked})
    differences = corrected.differences
    assert differences
    write_statements(corrected, rules_of(region), tmp_path, "zh")
    hospital = region.settled.cases["hospital_id"][0]
    lines, cases = tables_of(tmp_path / f"{hospital}.xlsx", word("differences", "zh"), "合计")
    mine = differences.statements.filter(pl.col("hospital_id") == hospital)
    assert lines.column(title("points_now")) == mine["points_now"].to_list()
    assert [row[0] for row in cases.rows if row[3] == "补报"] == [without]
    write_summary(corrected, tmp_path / "s.xlsx", "zh")
    lines, _ = tables_of(tmp_path / "s.xlsx", word("differences", "zh"), "合计")
    assert len(lines.rows) == differences.statements.height


@pytest.mark.parametrize("budget", [400_000, 1_500_000, 9_000_000])
def test_a_clearing(budget: int, tmp_path: Path) -> None:
    seed = random.Random(budget).randrange(100)
    region = settled_region(seed, policy_with({"may_exceed_budget": True}), cases=200)
    tables = cleared_region(region, budget)
    write_statements(tables, rules_of(region), tmp_path / "statements", "zh")
    write_summary(tables, tmp_path / "summary.xlsx", "zh")
    for path in [*(tmp_path / "statements").iterdir(), tmp_path / "summary.xlsx"]:
        for sheet, cell, formula, shown, value in recomputed(path):
            assert Fraction(shown) == value, (path.name, sheet, cell, formula)
    for path in (tmp_path / "statements").iterdir():
        lines = tables.statements.filter(pl.col("hospital_id") == path.stem)
        shown_tables = tables_of(path, word("statement", "zh"), "合计")
        assert shown_tables[1].column("清算应补") == lines["clearing"].to_list()
        assert shown_tables[-1].total
        assert exact(shown_tables[-1].total[-1]) == lines["prepaid"].sum()
