"""Outpatient reports: exact amounts, formulas that agree, sums that equal those of the frames."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from rich.console import Console

from drgpay.base.exact import unscaled
from drgpay.base.language import Language
from drgpay.report.books import ReportedPart, write_books
from drgpay.report.contractors_xlsx import charged_by_provider
from drgpay.report.settled_console import settled_view
from drgpay.report.visit_explanation import entries_with_amounts
from drgpay.report.visit_tables import class_of_groups, reason_table
from drgpay.report.visit_wording import visit_word
from drgpay.results.visits import as_statement_cases, example_visits
from drgpay.show.tables import heading
from drgpay.visits.columns import PAID_REASONS, REASONS
from drgpay.visits.sums import entry_sums, leading_entries, together
from tests.report.settled_region import policy_with, settled_region
from tests.report.test_statement_xlsx import rules_of
from tests.report.visit_region import ALL_MEAN, ENROLMENT, OutpatientRegion, outpatient_region
from tests.report.workbooks import exact, recomputed, tables_of, texts_of
from tests.spread import spread

SHEETS = ("statement", "visit_groups", "visit_entries", "classes", "groups", "explanation")


def title(name: str, language: Language = "zh") -> str:
    return heading(name, lambda key: visit_word(key, language))[0]


def sheet(key: str) -> str:
    return visit_word(key, "zh")


@pytest.fixture(scope="module")
def region() -> OutpatientRegion:
    return outpatient_region(1)


@pytest.fixture(scope="module")
def folder(region: OutpatientRegion, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("run")
    write_books([region.given], made, "zh")
    return made


def test_leading_entries_are_those_of_the_plain_definition(region: OutpatientRegion) -> None:
    found = {row[0]: row[1:] for row in leading_entries(region.points.entries).iter_rows()}
    seen = set()
    for (visit,), entries in region.points.entries.group_by("visit_id", maintain_order=True):
        rows = entries.rows(named=True)
        paid = [row for row in rows if row["reason"] in PAID_REASONS]
        procedures = [row for row in paid if row["class"] == "PROC"]
        medical = [row for row in paid if row["class"] == "MED"]
        first = next(iter([*procedures, *medical, *paid]), None)
        codes = (first["class"], first["family"], first["apg"]) if first else (None, None, None)
        assert found[visit] == (*codes, len(rows))
        seen.add(codes[0])
    assert {"PROC", "MED", None} <= seen
    assert len(found) == region.points.visits.height


def test_sums_of_parts_are_the_sums_of_all(region: OutpatientRegion) -> None:
    entries = region.points.entries
    half = region.points.visits["visit_id"][100]
    parts = [entries.filter(pl.col("visit_id") < half), entries.filter(pl.col("visit_id") >= half)]
    whole = entry_sums(entries)
    assert together(entry_sums(part) for part in parts).equals(whole)
    assert whole["lines_fen"].sum() == entries["lines_fen"].sum()
    assert whole["quantity"].sum() == entries["quantity"].sum()
    exact_points = sum(
        (row["base_points"] or 0) * row["factor"] * row["coefficient"]
        for row in entries.iter_rows(named=True)
    )
    assert whole["exact_points"].sum() == exact_points


def test_no_person_and_no_diagnosis_is_in_a_result(region: OutpatientRegion) -> None:
    assert not {"person_id", "principal_diagnosis", "age", "sex"} & set(region.tables.cases.columns)


def test_one_workbook_a_provider(region: OutpatientRegion, folder: Path) -> None:
    names = {f"{provider}.xlsx" for provider in region.tables.statements["hospital_id"]}
    assert {path.name for path in (folder / "statements").iterdir()} == names
    for path in (folder / "statements").iterdir():
        assert openpyxl.load_workbook(path).sheetnames == [sheet(key) for key in SHEETS]


def test_amounts_of_lines_and_classes(region: OutpatientRegion, folder: Path) -> None:
    for path in (folder / "statements").iterdir():
        lines = region.tables.statements.filter(pl.col("hospital_id") == path.stem)
        earned, paid = tables_of(path, sheet("statement"), "合计")
        assert earned.column(title("fund_amount")) == lines["fund_amount"].to_list()
        assert paid.column(title("prepayment")) == lines["prepayment"].to_list()
        [classes] = tables_of(path, sheet("classes"), "合计")
        assert classes.total
        for name in ("cases", "points", "standard_amount", "fund_amount", "fund_cost"):
            shown = exact(classes.total[classes.headings.index(title(name))])
            assert shown == lines[name].sum()
    said = {
        row[0] for row in tables_of(folder / "statements/H1.xlsx", sheet("classes"), "合计")[0].rows
    }
    assert {"手术操作就诊", "内科诊疗就诊", "按项目付费"} <= said


def test_entries_by_class_and_reason(region: OutpatientRegion, folder: Path) -> None:
    for path in (folder / "statements").iterdir():
        mine = region.points.entries.filter(pl.col("hospital_id") == path.stem)
        classes, reasons, _ = tables_of(path, sheet("visit_groups"), "合计")
        counted = {
            (str(group), str(reason)): rows
            for group, reason, rows in mine.group_by("class", "reason").len().iter_rows()
        }
        shown = {(row[0], row[1]): row[2] for row in reasons.rows}
        assert shown == {
            (visit_word(f"group_{group}", "zh"), visit_word(f"reason_{reason}", "zh")): rows
            for (group, reason), rows in counted.items()
        }
        fen = unscaled(int(mine["lines_fen"].sum()), 2)
        for table in (classes, reasons):
            assert table.total
            assert exact(table.total[table.headings.index(title("lines_cost"))]) == fen


@pytest.mark.parametrize("language", spread(["zh", "en"], 1))
@pytest.mark.parametrize("band_rule", ["marginal", "whole"])
def test_formulas_agree_with_the_amounts(
    language: Language, band_rule: str, tmp_path: Path
) -> None:
    made = outpatient_region(7, 120, band_rule=band_rule)
    write_books([made.given], tmp_path, language)
    explained = 0
    for path in sorted(tmp_path.rglob("*.xlsx")):
        for name, cell, formula, shown, value in recomputed(path):
            assert Fraction(shown) == value, (path.name, name, cell, formula)
            explained += "=ROUND(" in formula
    assert explained > 40
    assert {path.name for path in (tmp_path / "contractors").iterdir()} == {
        "H1.xlsx",
        "H2.xlsx",
        "X9.xlsx",
    }


def test_worked_visit(region: OutpatientRegion) -> None:
    cases = as_statement_cases(region.tables.cases)
    chosen = example_visits(region.tables.cases)
    assert chosen.len() == cases.filter(pl.col("points") > 0)["hospital_id"].n_unique()
    for case in cases.filter(pl.col("case_id").is_in(chosen.implode())).iter_rows(named=True):
        entries = region.tables["examples"].filter(pl.col("visit_id") == case["case_id"])
        worked = entries_with_amounts(entries, case, ALL_MEAN)
        assert worked["standard_amount"].sum() == case["standard_amount"]
        assert set(worked["reason"].cast(pl.String)) <= set(REASONS)
        earned = sum(
            Fraction(row["paid_cost"]) / ALL_MEAN * 100 * 100
            if row["paid_cost"] is not None
            else Fraction(row["base_points"] or 0)
            * Fraction(row["factor"])
            * Fraction(row["coefficient"])
            for row in entries.iter_rows(named=True)
        )
        assert abs(earned - Fraction(case["points"])) <= Fraction(1, 20_000)


def test_charged_by_provider_adds_up_to_the_accounts(region: OutpatientRegion) -> None:
    assert region.tables.capitation
    providers = charged_by_provider(region.tables)
    for account in region.tables.capitation.accounts.iter_rows(named=True):
        mine = providers.filter(
            (pl.col("contractor_id") == account["contractor_id"])
            & (pl.col("account") == account["account"])
        )
        assert mine["fund_amount"].sum() == account["charged"]
        assert mine["visits"].sum() == account["visits"]
        elsewhere = mine.filter(pl.col("hospital_id") != pl.col("contractor_id"))
        assert elsewhere["fund_amount"].sum() == account["charged_elsewhere"]


def test_contractor_statement(region: OutpatientRegion, folder: Path) -> None:
    assert region.tables.capitation
    book = folder / "contractors/H1.xlsx"
    accounts = region.tables.capitation.accounts.filter(pl.col("contractor_id") == "H1")
    [table] = tables_of(book, sheet("accounts"), "合计")
    assert table.column(title("capitation_balance")) == accounts["balance"].to_list()
    for name in ("charged", "retained", "shared", "settled"):
        assert table.column(title(name)) == accounts[name].to_list()
    texts = texts_of(book)
    heads = ENROLMENT.filter(pl.col("contractor_id") == "H1")["heads"].sum()
    assert sum(value or Decimal(0) for value in table.column(title("heads"))) == heads
    assert {"签约人头数 60+", "年人头标准 60+（元）"} <= texts
    balances = {name: accounts[name].sum() for name in ("retained", "shared")}
    assert all(balances.values())  # one account has a surplus, the other an overrun


def test_tie_out_and_accounts_in_the_summary(region: OutpatientRegion, folder: Path) -> None:
    accounts, apart, tie_out = tables_of(folder / "summary.xlsx", sheet("capitation"), "合计")
    tables = region.tables.capitation
    assert tables
    assert accounts.column(title("settled")) == tables.accounts["settled"].to_list()
    assert apart.column(title("fund_amount")) == tables.apart["fund_amount"].to_list()
    for name in ("contracted", "uncontracted", "remainder"):
        assert tie_out.column(title(name)) == tables.tie_out[name].to_list()
    row = tables.tie_out.row(0, named=True)
    inside = row["contracted"] + row["uncontracted"]
    assert inside == row["fund_amount"]
    assert inside + row["remainder"] == row["budget"] + row["from_home_funds"]


def test_same_bytes_twice(region: OutpatientRegion, folder: Path, tmp_path: Path) -> None:
    write_books([outpatient_region(1).given], tmp_path, "zh")
    books = sorted(path.relative_to(folder) for path in folder.rglob("*.xlsx"))
    assert len(books) == 1 + 4 + 3
    for book in books:
        assert (folder / book).read_bytes() == (tmp_path / book).read_bytes()


def test_stays_and_visits_in_one_book(region: OutpatientRegion, tmp_path: Path) -> None:
    stays = settled_region(1, policy_with({}), cases=80)
    write_books([ReportedPart(stays.tables, rules_of(stays)), region.given], tmp_path, "zh")
    names = openpyxl.load_workbook(tmp_path / "summary.xlsx").sheetnames
    assert names.index("点值") < names.index("门诊点值")
    assert len(names) == len(set(names))
    both = openpyxl.load_workbook(tmp_path / "statements/H1.xlsx")
    assert both["结算单"]["A1"].value == "市第一医院 住院费用 DRG 点数法月度预结算单 · 结算单"
    assert (
        both["门诊结算单"]["A1"].value == "市第一医院 门诊费用 APG 点数法月度预结算单 · 门诊结算单"
    )
    pharmacy = openpyxl.load_workbook(tmp_path / "statements/P1.xlsx").sheetnames
    assert pharmacy == [sheet(key) for key in SHEETS]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["门诊点值", "国药大药房", "打包：附带项目", "签约机构包干账户", "未签约"]),
        ("en", ["Outpatient values", "packaged: incidental", "Tie-out", "no contract"]),
    ],
)
def test_console(region: OutpatientRegion, language: Language, words: list[str]) -> None:
    screen = Console(width=250)
    with screen.capture() as captured:
        for each in settled_view(region.tables, language):
            screen.print(each)
    said = captured.get()
    for text in words:
        assert text in said
    for reason in region.tables["groups"]["reason"].unique():
        assert visit_word(f"reason_{reason}", language) in said
    assert "1,000" in said  # lines read


def test_tables_of_groups_cover_all_entries(region: OutpatientRegion) -> None:
    groups = region.tables["groups"]
    for table in (class_of_groups(groups), reason_table(groups)):
        assert table.frame["entries"].sum() == region.points.entries.height


def test_every_word_is_said_in_both_languages(region: OutpatientRegion, tmp_path: Path) -> None:
    write_books([region.given], tmp_path, "en")
    for path in tmp_path.rglob("*.xlsx"):
        for text in texts_of(path):
            bare = text
            for name in ("市第一医院", "县医院", "镇卫生院", "国药大药房", "示例"):
                bare = bare.replace(name, "")
            keys = [word for word in bare.split() if "_" in word and word.islower()]
            allowed = {"visit_without_lines", "line_without_visit", "zero_amount", "visit_id"}
            assert not set(keys) - allowed, text
