"""The spend of counties out of the cases of a clearing."""

from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.responsibility.file import load_responsibility
from drgpay.responsibility.output import write_responsibility
from drgpay.responsibility.responsibility import responsibility
from tests.simulate.year import Year, cleared_year

_FUND = (
    "year,account,county,heads,income_target,premium_target,premium_collected,fiscal_due,"
    "fiscal_paid,budget\n"
)


@pytest.fixture(scope="module")
def year(settled_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Year:
    return cleared_year(settled_year, tmp_path_factory.mktemp("cleared") / "region")


@pytest.fixture(scope="module")
def file(year: Year) -> Path:
    """The file of a year whose cases are of county A or B, by turns."""
    cases = pl.read_parquet(year.run / "cases.parquet").sort("case_id")
    counties = cases.select("case_id").with_columns(
        insured_county=pl.when(pl.int_range(pl.len()) % 3 == 0)
        .then(pl.lit("A"))
        .otherwise(pl.lit("B"))
    )
    counties.write_parquet(year.folder / "case_counties.parquet")
    accounts = cases["account"].unique().sort().to_list()
    rows = [
        f"2026,{account},{county},1000,5000000,4000000,3900000,1000000,1000000,4900000"
        for account in accounts
        for county in "AB"
    ]
    (year.folder / "county_fund.csv").write_text(_FUND + "\n".join(rows) + "\n", "utf-8")
    (year.folder / "counties.csv").write_text("county,name\nA,Alpha\nB,Beta\n", "utf-8")
    balances = "\n".join(f"2025,{account},1000000" for account in accounts)
    (year.folder / "pool_balances.csv").write_text(
        f"year,account,balance_end\n{balances}\n", "utf-8"
    )
    path = year.folder / "responsibility.toml"
    path.write_text(
        f"""
name = "2026"
year = "2026"
[tables]
counties = "counties.csv"
county_fund = "county_fund.csv"
pool_balances = "pool_balances.csv"
[clearing]
run = "{year.run.relative_to(year.folder).as_posix()}"
case_counties = "case_counties.parquet"
""",
        encoding="utf-8",
    )
    return path


def test_counties_add_up_to_what_the_clearing_paid(file: Path, year: Year) -> None:
    found = responsibility(load_responsibility(file))
    lines = pl.read_parquet(year.run / "statements.parquet").filter(~pl.col("out_of_area"))
    for account in found.accounts:
        paid = lines.filter(pl.col("account") == account.account)["fund_amount"].sum()
        assert sum(one.gap.of.spend_fen for one in account.shares) == int(paid * 100)
    folder = write_responsibility(found)
    assert not any("case_id" in pl.read_parquet_schema(path) for path in folder.glob("*.parquet"))


def test_a_case_without_a_county_is_named(file: Path, year: Year) -> None:
    path = year.folder / "case_counties.parquet"
    whole = pl.read_parquet(path)
    cases = pl.read_parquet(year.run / "cases.parquet").filter(~pl.col("out_of_area"))
    first = cases["case_id"].min()
    try:
        whole.filter(pl.col("case_id") != first).write_parquet(path)
        with pytest.raises(DrgpayError) as error:
            responsibility(load_responsibility(file))
        assert error.value.code == "responsibility.case_without_county"
        assert str(first) in str(error.value)
        whole.with_columns(insured_county=pl.lit("X")).write_parquet(path)
        with pytest.raises(DrgpayError) as error:
            responsibility(load_responsibility(file))
        assert error.value.code == "responsibility.unknown_county"
    finally:
        whole.write_parquet(path)


def test_given_spend_must_be_what_the_clearing_paid(file: Path, year: Year, tmp_path: Path) -> None:
    accounts = pl.read_parquet(year.run / "cases.parquet")["account"].unique().sort().to_list()
    rows = [f"2026,{account},{c},inpatient_local,100" for account in accounts for c in "AB"]
    spend = tmp_path / "county_spend.csv"
    spend.write_text("year,account,county,item,spend\n" + "\n".join(rows) + "\n", "utf-8")
    text = file.read_text("utf-8")
    given = text.replace("[clearing]", f'county_spend = "{spend.as_posix()}"\n[clearing]')
    path = year.folder / "given.toml"
    path.write_text(given.replace('case_counties = "case_counties.parquet"\n', ""), "utf-8")
    with pytest.raises(DrgpayError) as error:
        responsibility(load_responsibility(path))
    assert error.value.code == "responsibility.county_sum"
    path.write_text(given, "utf-8")
    with pytest.raises(DrgpayError) as error:
        responsibility(load_responsibility(path))
    assert error.value.code == "responsibility.item_twice"
    path.write_text(text.replace('year = "2026"', 'year = "2025"'), "utf-8")
    with pytest.raises(DrgpayError):
        responsibility(load_responsibility(path))
