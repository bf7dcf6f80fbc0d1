"""The clearing of a year of visits: alone, with stays, recomputed, verified and refused."""

import json
import re
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

from drgpay.base.errors import DrgpayError
from drgpay.cli.main import app
from drgpay.policy.load import load_policy
from drgpay.report.html.figures import lines_paid_here
from drgpay.report.html.write import write_report
from drgpay.results.manifest import read_manifest
from drgpay.run.clearing import run_clearing
from drgpay.run.verify import Verified, verify_run
from drgpay.run.year_job import VisitsYearJob, load_any_year_job, load_year_job
from tests.independent.recomputation.capitation import Enrolled, accounts_of_year
from tests.independent.recomputation.clearing import clear
from tests.independent.recomputation.prepayment import Month, Prepaid
from tests.independent.recomputation.settlement import Case, settle
from tests.report.html_page import Page
from tests.report.workbooks import recomputed
from tests.run.forging import Edit, add, as_before, changed, forge, found_in, renew
from tests.run.visit_year import APART, CORRECTED, MONTHS, YEARS, visit_year_region
from tests.spread import spread

pytestmark = pytest.mark.slow

AMOUNTS = ["total_cost", "fund_cost", "patient_cost", "other_cost"]
LINE = ["hospital_id", "account", "out_of_area", "payment"]


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    return visit_year_region(sample_data, tmp_path_factory.mktemp("year") / "region")


@pytest.fixture(scope="module")
def years(region: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The clearings of stays, of visits and of both."""
    output = tmp_path_factory.mktemp("years")
    return {name: _cleared(region, f"{name}.toml", output) for name in YEARS}


def _cleared(region: Path, file: str, output: Path, accept: bool = False) -> Path:
    job = load_any_year_job(region / file)
    return run_clearing(job, accept_policy_change=accept, output=output).folder


def _read(run: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(run / f"{name}.parquet")


def _last_runs(region: Path) -> list[Path]:
    """The runs that say what the visits of each month are."""
    runs = [path.parent for path in sorted((region / "runs").glob("*/visits.parquet"))]
    corrected = {about["run"] for run in runs if (about := read_manifest(run).corrects)}
    return [run for run in runs if run.name not in corrected]


def those(verified: Verified, status: str) -> set[str]:
    return {check.key for check in verified.checks if check.status == status}


def test_both_together_are_the_two_alone(years: dict[str, Path]) -> None:
    """The files of stays and of visits do not depend on each other."""
    for part in ("stays", "visits"):
        for path in years[part].rglob("*"):
            if path.suffix in (".parquet", ".csv"):
                both = years["both"] / path.relative_to(years[part])
                assert both.read_bytes() == path.read_bytes(), path.name
    found = {path.name for path in years["both"].rglob("*.parquet")}
    alone = {path.name for part in ("stays", "visits") for path in years[part].rglob("*.parquet")}
    assert found == alone
    assert "outpatient" not in read_manifest(years["stays"]).content


def test_a_clearing_of_visits_is_repeated_to_the_byte(region: Path, years: dict[str, Path]) -> None:
    job = load_any_year_job(region / "visits.toml")
    assert isinstance(job, VisitsYearJob)
    again = run_clearing(job, output=years["visits"].parent)
    assert again.repeated and again.stays is None and again.visits is not None


@pytest.mark.slow
def test_every_balance_is_checked(region: Path, years: dict[str, Path]) -> None:
    for name in ("visits", "both"):
        verified = verify_run(years[name], region / f"{name}.toml")
        assert [check for check in verified.checks if check.status != "right"] == []
        assert all(check.compared for check in verified.checks)
        assert those(verified, "right") >= {
            *("inputs", "visit_counts", "visit_months", "visit_lines", "visit_prices"),
            *("visit_values", "visit_pools", "visit_budgets", "visit_payables", "visit_ledger"),
            *("capitation", "tie_out"),
        }


def test_the_year_has_the_visits_of_the_last_runs(region: Path, years: dict[str, Path]) -> None:
    columns = ["visit_id", "hospital_id", "account", "apg", "points", *AMOUNTS]
    months = pl.concat([_read(run, "visits").select(columns) for run in _last_runs(region)])
    assert months.sort("visit_id").equals(_read(years["visits"], "visits").select(columns))
    runs = {
        month["period"]: month["runs"] for month in read_manifest(years["both"]).inputs["months"]
    }
    assert [len(runs[period]) for period in MONTHS] == [
        2 if period in (CORRECTED, APART) else 1 for period in MONTHS
    ]


def test_every_amount_is_recomputed(region: Path, years: dict[str, Path]) -> None:
    """Final budget, value, lines, parts of visits, assessment and accounts, in plain Python."""
    policy = load_policy(str(region / "policy.toml")).policy.for_outpatient()
    assert policy.budget and policy.outpatient and policy.outpatient.capitation
    rows = _read(years["visits"], "visits").to_dicts()
    cases = [
        Case(
            row["visit_id"],
            *(row[name] for name in ("hospital_id", "account", "out_of_area", "case_class")),
            *(row[name] for name in ("points", *AMOUNTS)),
        )
        for row in rows
    ]
    months = [_paid_month(_read(run, "visit_statements").to_dicts()) for run in _last_runs(region)]
    budgets = {
        account: (
            sum(
                (
                    row["budget"]
                    for run in _last_runs(region)
                    for row in _read(run, "visit_values").filter(pool=account).to_dicts()
                ),
                Decimal(0),
            ),
            (annual * policy.budget.reserve_ratio).quantize(Decimal("0.01"), "ROUND_DOWN"),
        )
        for account, annual in policy.budget.annual_yuan.items()
    }
    hospitals = pl.read_csv(region / "hospitals.csv", infer_schema=False)
    scores = {
        name: Decimal(score) for name, score in hospitals["hospital_id", "assessment"].iter_rows()
    }
    expected = clear(cases, [], months, policy, budgets, scores)
    for row in _read(years["visits"], "visit_pools").to_dicts():
        wanted = vars(expected.pools[row["pool"]]) | {
            name: getattr(expected.settled.values[row["pool"]], name)
            for name in ("points", "point_value", "fund_amount", "remainder")
        }
        assert {name: row[name] for name in wanted} == wanted
    lines = {
        tuple(row[name] for name in LINE): row
        for row in _read(years["visits"], "visit_statements").to_dicts()
    }
    assert lines.keys() == expected.settled.lines.keys()
    for key, due in expected.due.items():
        line = expected.settled.lines[key]
        wanted = vars(due) | {
            name: getattr(line, name) for name in ("points", "standard_amount", "fund_amount")
        }
        assert {name: lines[key][name] for name in wanted} == wanted
    for row in rows:
        amounts = expected.settled.cases[row["visit_id"]]
        assert (row["standard_amount"], row["fund_amount"]) == (
            amounts.standard_amount,
            amounts.fund_amount,
        )
    enrolled = pl.read_csv(region / "enrolment.csv", infer_schema=False).to_dicts()
    enrolment = [
        Enrolled(row["contractor_id"], row["account"], None, int(row["heads"])) for row in enrolled
    ]
    contracts = {row["visit_id"]: row["contractor_id"] for row in rows}
    accounts = accounts_of_year(
        cases, contracts, expected.settled, enrolment, policy.outpatient.capitation
    )
    for row in _read(years["visits"], "capitation").to_dicts():
        wanted = vars(accounts.accounts[row["contractor_id"], row["account"]])
        assert {name: row[name] for name in wanted} == wanted
    assert any(account.charged for account in accounts.accounts.values())


def _paid_month(rows: list[dict[str, Any]]) -> Month:
    names = ("prepayment", "deduction", "deducted", "carried", "home_fund_bill")
    prepaid = {
        (row["hospital_id"], row["account"], row["out_of_area"], row["payment"]): Prepaid(
            **{name: row[name] for name in names}
        )
        for row in rows
    }
    return Month(settle([], [], _ANY_POLICY, {}), prepaid)


_ANY_POLICY = load_policy("illustrative").policy


def test_prepaid_and_ledger_are_those_of_all_months(region: Path, years: dict[str, Path]) -> None:
    runs = [path.parent for path in (region / "runs").glob("*/visits.parquet")]
    paid: Counter[str] = Counter()
    for run in runs:
        first = not read_manifest(run).corrects
        name, column = (
            ("visit_statements", "prepayment")
            if first
            else ("visit_difference_statements", "prepayment_difference")
        )
        for row in _read(run, name).iter_rows(named=True):
            paid[row["hospital_id"]] += row[column]
    lines = _read(years["visits"], "visit_statements")
    said = dict(lines.group_by("hospital_id").agg(pl.col("prepaid").sum()).iter_rows())
    assert said == dict(paid)
    balances: Counter[str] = Counter()
    for run in (*runs, years["visits"]):
        for row in _read(run, "visit_ledger").iter_rows(named=True):
            balances[row["debit"]] += row["amount"]
            balances[row["credit"]] -= row["amount"]
    assert sum(balances.values()) == 0 and balances["rounding"] == 0
    assert balances["hospital"] == lines["payable"].sum()
    assert balances["reserve"] == _read(years["visits"], "visit_pools")["remainder"].sum()


@pytest.mark.slow
def test_the_workbooks_of_the_year(years: dict[str, Path]) -> None:
    for path in years["both"].rglob("*.xlsx"):
        for sheet, cell, formula, shown, value in recomputed(path):
            assert shown == value, (path.name, sheet, cell, formula)
    summary = openpyxl.load_workbook(years["both"] / "summary.xlsx", read_only=True)
    assert {"年度基金", "门诊年度基金", "门诊机构结算", "人头包干", "门诊分类账"} <= set(
        summary.sheetnames
    )
    statement = openpyxl.load_workbook(years["both"] / "statements" / "H3390001.xlsx")
    assert {"结算单", "门诊结算单", "门诊就诊示例", "门诊计算说明"} <= set(statement.sheetnames)
    texts = [
        row
        for row in statement["门诊结算单"].iter_rows(values_only=True)
        if row and "考核系数" in row
    ]
    assert texts, "the factor of the assessment is not called that of entries"
    pharmacy = openpyxl.load_workbook(years["both"] / "statements" / "H3390101.xlsx")
    assert all("门诊" in name or "就诊" in name for name in pharmacy.sheetnames)
    contractors = {path.stem for path in (years["visits"] / "contractors").iterdir()}
    assert contractors == set(_read(years["visits"], "capitation")["contractor_id"])
    account = openpyxl.load_workbook(years["visits"] / "contractors" / "H3390001.xlsx")
    said = {cell for row in account["计算说明"].iter_rows(values_only=True) for cell in row}
    assert "全年包干总额" in said and not any("本月" in str(text) for text in said)


ANY, HERE = pl.lit(True), ~pl.col("out_of_area")
FORGERIES: list[tuple[str, Edit, set[str]]] = [
    ("visit_pools", add("budget_final", "1", ANY), {"visit_values", "visit_pools", "tie_out"}),
    ("visit_pools", add("overrun", "1", ANY), {"visit_budgets"}),
    ("visit_statements", add("payable", "0.01", HERE), {"visit_payables", "visit_ledger"}),
    (
        "visit_statements",
        add("prepaid", "0.01", pl.col("in_pool")),
        {"visit_payables", "visit_pools"},
    ),
    (
        "visit_statements",
        add("points", "0.0001", pl.col("in_pool")),
        {"visit_months", "visit_lines"},
    ),
    ("visits", add("points", "0.0001", HERE), {"visit_lines"}),
    ("visits", add("fund_amount", "0.01", HERE), {"visit_lines", "capitation"}),
    ("visits", lambda frame: frame.head(5), {"visit_counts", "visit_lines"}),
    ("visit_ledger", lambda frame: frame.head(frame.height - 1), {"visit_ledger"}),
    ("capitation", add("charged", "0.01", ANY), {"capitation", "tie_out"}),
    ("capitation", lambda frame: frame.with_columns(heads=pl.col("heads") + 1), {"capitation"}),
    ("enrolment", lambda frame: frame.head(frame.height - 1), {"capitation"}),
    ("capitation_apart", add("fund_amount", "0.01", ANY), {"capitation"}),
    ("capitation_tie_out", add("contracted", "0.01", ANY), {"tie_out"}),
]


@pytest.mark.parametrize("case", spread(range(len(FORGERIES)), 2))
def test_a_forged_clearing_does_not_balance(
    region: Path, years: dict[str, Path], tmp_path: Path, case: int
) -> None:
    table, edit, expected = FORGERIES[case]
    forged = Path(shutil.copytree(years["visits"], tmp_path / years["visits"].name))
    forge(forged, table, edit)
    assert expected <= those(verify_run(forged, region / "visits.toml"), "wrong")


CHANGED = [
    *(("cases", name) for name in ("drg", "total_cost", "formula", "settlement_date")),
    *(("statements", name) for name in ("level", "deduction", "score", "home_fund_billed")),
    *(("pools", name) for name in ("reserve", "retained", "waiting_points")),
    *(("assessment", name) for name in ("hospital_id", "score", "factor")),
    *(("visits", name) for name in ("visit_date", "contractor_id", "points")),
    *(("visit_groups", name) for name in ("reason", "quantity")),
    *(("visit_pools", name) for name in ("budget_given", "shared")),
    *(("capitation", name) for name in ("heads", "retained")),
    *(("ledger", name) for name in ("hospital_id", "text")),
    ("enrolment", "heads"),
]


@pytest.mark.slow
def test_a_change_in_any_table_of_a_clearing_is_found(
    region: Path, years: dict[str, Path], tmp_path: Path
) -> None:
    """Everything of a clearing follows from its months; the columns are those hardest to prove."""
    runs = Path(shutil.copytree(region / "runs", tmp_path / "runs"))
    run = Path(shutil.copytree(years["both"], runs / years["both"].name))
    assert verify_run(run).status == "right"
    for table, column in CHANGED:
        path = run / f"{table}.parquet"
        with as_before(run, path.name):
            changed(pl.read_parquet(path), column).write_parquet(path)
            renew(run, path.name)
            assert found_in(run), (table, column)


@pytest.mark.slow
def test_a_clearing_run_again_is_the_same(region: Path, years: dict[str, Path]) -> None:
    verified = verify_run(years["both"], region / "both.toml", recompute=True)
    assert verified.status == "right", verified
    assert verified.checks[-1].key == "recompute" and verified.checks[-1].compared > 20


def test_without_the_months_a_clearing_cannot_be_checked(years: dict[str, Path]) -> None:
    verified = verify_run(years["visits"])
    assert those(verified, "unknown") == {
        *("visit_months", "visit_ledger", "workbooks"),
        *("visit_points_again", "visit_lines_again", "visit_bookings_again"),
    }
    assert not those(verified, "wrong")


def _refused(region: Path, tmp_path: Path, file: str, words: str, accept: bool = False) -> None:
    with pytest.raises(DrgpayError, match=words):
        _cleared(region, file, tmp_path / "out", accept)


def _changed(region: Path, name: str, file: str, *changes: tuple[str, str]) -> str:
    """A year file, or the policy, with other words; a year file in the region names it."""
    text = (region / file).read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (region / name).write_text(text, encoding="utf-8")
    return name


def test_how_entries_are_paid_cannot_change_in_the_clearing(region: Path, tmp_path: Path) -> None:
    policy = _changed(
        region,
        "other.toml",
        "policy.toml",
        ("procedure_discount = 0.5", "procedure_discount = 0.7"),
    )
    file = _changed(region, "other-year.toml", "visits.toml", ("policy.toml", policy))
    words = "outpatient.procedure_discount, which made the points of its visits"
    for accept in (False, True):
        _refused(region, tmp_path, file, words, accept)


def test_a_changed_outpatient_policy_needs_an_explicit_yes(
    region: Path, years: dict[str, Path], tmp_path: Path
) -> None:
    """It does not concern stays, nor do their sections concern visits."""
    before, after = "employee, yuan_a_year".replace("employee", '"employee"'), "1000.01"
    text = (region / "policy.toml").read_text(encoding="utf-8")
    start = text.index(before)
    rate = text[start:].split("= ", 1)[1].split(" ", 1)[0]
    policy = _changed(
        region, "dearer.toml", "policy.toml", (f"{before} = {rate}", f"{before} = {after}")
    )
    file = _changed(region, "dearer-year.toml", "visits.toml", ("policy.toml", policy))
    _refused(region, tmp_path, file, "outpatient.capitation.rates")
    accepted = _cleared(region, file, tmp_path, accept=True)
    assert not _read(accepted, "capitation").equals(_read(years["visits"], "capitation"))
    assert _read(accepted, "visit_pools").equals(_read(years["visits"], "visit_pools"))
    stays = _changed(region, "dearer-stays.toml", "stays.toml", ("policy.toml", policy))
    assert _read(_cleared(region, stays, tmp_path), "pools").equals(_read(years["stays"], "pools"))
    policy = _changed(region, "lower.toml", "policy.toml", ("low_ratio = 0.4", "low_ratio = 0.3"))
    other = _changed(region, "lower-year.toml", "visits.toml", ("policy.toml", policy))
    _cleared(region, other, tmp_path)


def test_a_final_enrolment_replaces_that_of_the_months(region: Path, tmp_path: Path) -> None:
    rows = (region / "enrolment.csv").read_text(encoding="utf-8-sig").splitlines()
    final = [rows[0], *(f"{row.rsplit(',', 1)[0]},7" for row in rows[1:])]
    (region / "final.csv").write_text("\n".join(final), encoding="utf-8")
    enrolment = ('"visit_catalogue"', '"visit_catalogue"\nenrolment = "final.csv"')
    file = _changed(region, "final-year.toml", "visits.toml", enrolment)
    cleared = _cleared(region, file, tmp_path)
    assert set(_read(cleared, "capitation")["heads"]) == {7}
    assert set(_read(cleared, "enrolment")["heads"]) == {7}
    assert verify_run(cleared, region / file).status == "right"


def test_months_with_different_enrolments_need_a_final_one(region: Path, tmp_path: Path) -> None:
    runs = Path(shutil.copytree(region / "runs", tmp_path / "runs"))
    may = next(runs.glob("2026-05-*"))
    forge(may, "enrolment", lambda frame: frame.with_columns(heads=pl.col("heads") + 1))
    file = _changed(
        region, "heads-year.toml", "visits.toml", ('output = "runs"', f'output = "{runs}"')
    )
    _refused(region, tmp_path, file, "2026-05-.* was settled with another enrolment than .*2026-01")


def test_missing_visits_of_a_month_are_named(region: Path, tmp_path: Path) -> None:
    runs = Path(shutil.copytree(region / "runs", tmp_path / "runs"))
    apart = [path.parent for path in runs.glob(f"{APART}-*/visits.parquet")]
    shutil.rmtree(apart[0])
    for name, words in (
        ("visits", "lacks the visits of 2026-07"),
        ("both", "the visits of 2026-07"),
    ):
        file = _changed(
            region, "missing.toml", f"{name}.toml", ('output = "runs"', f'output = "{runs}"')
        )
        _refused(region, tmp_path, file, words)
    file = _changed(region, "has.toml", "stays.toml", ('output = "runs"', f'output = "{runs}"'))
    _cleared(region, file, tmp_path / "stays")


def test_two_runs_of_the_visits_of_a_month_must_be_chosen(region: Path, tmp_path: Path) -> None:
    runs = Path(shutil.copytree(region / "runs", tmp_path / "runs"))
    (apart,) = [path.parent for path in runs.glob(f"{APART}-*/visits.parquet")]
    shutil.copytree(apart, runs / "another")
    file = _changed(region, "two.toml", "visits.toml", ('output = "runs"', f'output = "{runs}"'))
    _refused(region, tmp_path, file, "two runs of 2026-07")
    listed = "".join(
        f'\n[[months]]\nperiod = "{run.name[:7]}"\nrun = "{run}"\n'
        for run in sorted((region / "runs").iterdir())
        if (run / "visits.parquet").exists() and not read_manifest(run).corrects
    )
    chosen = region / "chosen.toml"
    chosen.write_text((region / file).read_text("utf-8") + listed, encoding="utf-8")
    cleared = _cleared(region, "chosen.toml", tmp_path / "out")
    assert verify_run(cleared, chosen).status == "right"


@pytest.mark.parametrize(
    ("file", "before", "after", "words"),
    [
        (
            "visits",
            "year = 2026",
            'year = 2026\ncatalogue = "catalogue"',
            "names catalogue, but no",
        ),
        ("visits", '"hospitals.csv"', '"hospitals.csv"\nstays = "x"', "names inputs.stays, but no"),
        ("visits", '"open-apg-1"', '"chs-drg-2.0"', "it groups stays"),
        ("visits", '"visit_catalogue"', '"catalogue"', "was made for the scheme"),
        (
            "visits",
            '[outpatient]\nscheme = "open-apg-1"\ncatalogue = "visit_catalogue"',
            "",
            "no scheme",
        ),
        ("stays", 'scheme = "chs-drg-2.0"', "", "has no scheme"),
        ("stays", "readmissions_across_months = false", "", "has no readmissions_across_months"),
        ("visits", "year = 2026", "year = 2025", "the policy .* is for 2026|lacks the visits"),
    ],
)
def test_mistakes_of_a_year_file_are_named(
    region: Path, tmp_path: Path, file: str, before: str, after: str, words: str
) -> None:
    wrong = _changed(region, "wrong.toml", f"{file}.toml", (before, after))
    _refused(region, tmp_path, wrong, words)


def test_a_year_of_visits_alone_is_no_year_of_stays(region: Path) -> None:
    with pytest.raises(DrgpayError, match="clears visits alone"):
        load_year_job(region / "visits.toml")


@pytest.mark.slow
def test_the_command(region: Path, tmp_path: Path) -> None:
    words = ["clear", str(region / "visits.toml"), "--out", str(tmp_path), "--lang", "en", "-v"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    for text in ("Outpatient pools", "Accounts of contractors", "Tie-out", "Still due"):
        assert text in result.stdout
    result = CliRunner().invoke(
        app, ["clear", str(region / "stays.toml"), "--output", str(tmp_path), "--lang", "en"]
    )
    assert "the year file has no [outpatient]" in result.stderr


@pytest.fixture(scope="module")
def beside(region: Path, years: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clearing of both beside the runs that it closes."""
    runs = tmp_path_factory.mktemp("beside") / "runs"
    shutil.copytree(region / "runs", runs)
    return Path(shutil.copytree(years["both"], runs / years["both"].name))


def _columns(page: Page, heading: str) -> list[dict[str, list[tuple[str, str]]]]:
    """The tables with a heading, by their columns, totals last."""
    return [
        dict(zip(headings, map(list, zip(*filter(None, rows), strict=True)), strict=True))
        for headings, rows in zip(page.headings, page.tables, strict=True)
        if heading in headings
    ]


@pytest.mark.parametrize("name", ["stays", "visits", pytest.param("both", marks=pytest.mark.slow)])
def test_a_clearing_has_its_report(name: str, years: dict[str, Path], tmp_path: Path) -> None:
    """Where its months lie elsewhere, it shows its own values alone."""
    text = write_report(years[name], out=tmp_path / "year.html").path.read_text(encoding="utf-8")
    page, parts = Page(text), {"stays": [""], "visits": ["visit_"], "both": ["", "visit_"]}[name]
    assert "年度清算报告</h1>" in text and text.count("只列清算点值") == len(parts)
    ids = [value for _, about in page.tags if (value := about.get("id"))]
    assert len(ids) == len(set(ids))
    due, budgets = _columns(page, "清算应补元"), _columns(page, "结余留用元")
    assert len(due) == len(budgets) == len(parts)
    for part, table, budget in zip(parts, due, budgets, strict=True):
        here = lines_paid_here(_read(years[name], f"{part}statements"))
        shown = {"应付基金元": "fund_amount", "年度应付元": "payable", "已预拨元": "prepaid"}
        shown["清算应补元"] = "clearing"
        by_hospital = here.group_by("hospital_id").agg(pl.col([*shown.values()]).sum())
        for heading, column in shown.items():
            *each, total = (exact for _, exact in table[heading])
            assert sorted(map(Decimal, each)) == sorted(by_hospital[column])
            assert Decimal(total) == here[column].sum()
        pools = _read(years[name], f"{part}pools")
        shown = {"基金预算元": "budget", "按项目基金支付元": "fund_cost", "结余元": "surplus"}
        shown |= {"结余留用元": "retained", "超支元": "overrun", "风险金元": "reserve"}
        shown |= {"基金分担超支元": "shared", "清算基金总额元": "budget_final"}
        for heading, column in shown.items():
            amounts = [*pools[column], pools[column].sum()]
            assert [Decimal(exact) for _, exact in budget[heading]] == amounts
        assert all(f"→ {value:,}</code>" in text for value in pools["point_value"])
        people = _read(years[name], "visits" if part else "cases").to_series(0)
        assert not any(one in text for one in people)


@pytest.mark.slow
def test_the_months_beside_a_clearing_are_compared_with_it(beside: Path) -> None:
    """Of a month that was corrected the correction, of one that was paid apart either part."""
    written = write_report(beside)
    assert written.months[-1].folder == beside and len(written.months) == 15
    page = Page(written.path.read_text(encoding="utf-8"))
    files = (("values", "pools"), ("visit_values", "visit_pools"))
    for table, (values, pools) in zip(_columns(page, "比前期"), files, strict=True):
        words = {heading: [text for text, _ in cells] for heading, cells in table.items()}
        assert sorted(set(words["结算期"])) == ["2026", *MONTHS]
        rows = zip(words["结算期"], words["点值（元/点）"], words["运行编号"], strict=True)
        for period, value, run in rows:
            frame = _read(beside.parent / run, pools if period == "2026" else values)
            assert value in {f"{one:,}" for one in frame["point_value"].drop_nulls()}


def test_the_report_of_a_clearing_names_its_months(beside: Path, tmp_path: Path) -> None:
    """In English no heading is Chinese; a run that the clearing does not close is refused."""
    (january,) = beside.parent.glob("2026-01-*/")
    written = write_report(beside, [january], tmp_path / "year.html", "en")
    assert [month.folder for month in written.months] == [january, beside]
    text = written.path.read_text(encoding="utf-8")
    assert "Annual clearing of stays by DRG points" in text
    headings = [heading for table in Page(text).headings for heading in table]
    assert "Still dueyuan" in headings
    assert not re.search("[\u4e00-\u9fff]", " ".join(headings))
    other = Path(shutil.copytree(january, tmp_path / january.name))
    facts = json.loads((other / "manifest.json").read_text(encoding="utf-8"))
    (other / "manifest.json").write_text(json.dumps(facts | {"program": "another"}), "utf-8")
    with pytest.raises(DrgpayError, match=r"is none of the runs that .* clears"):
        write_report(beside, [other])
