"""contractors/<contractor_id>.xlsx: the capitation account that each contractor is sent."""

from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.language import Language
from drgpay.policy.outpatient import Capitation
from drgpay.report.fact_lines import run_lines
from drgpay.report.settled_tables import shown
from drgpay.report.statement_xlsx import workbook_names
from drgpay.report.summary_xlsx import book_date
from drgpay.report.visit_explanation import account_calculation
from drgpay.report.visit_tables import account_table
from drgpay.report.visit_wording import visit_word
from drgpay.report.wording import labelled, word
from drgpay.results.results import Results
from drgpay.show.sheets import BookPart, Sheet, write_book


def write_contractors(
    results: Results, rules: Capitation, folder: Path, language: Language
) -> None:
    """Write a workbook for each contractor of the accounts into a folder, which is made.

    results: of visits, with accounts. rules: what a contractor has. The same tables give the same
    bytes.
    """
    assert results.capitation
    folder.mkdir(parents=True, exist_ok=True)
    accounts, providers = results.capitation.accounts, charged_by_provider(results)
    created = book_date(results.facts)
    for contractor, name in workbook_names(accounts["contractor_id"]).items():
        mine = pl.col("contractor_id") == contractor
        part = _part(accounts.filter(mine), providers.filter(mine), results, rules, language)
        write_book(folder / name, [part], language, created)


def charged_by_provider(tables: Results) -> pl.DataFrame:
    """What was charged to contractors: contractor_id, account, hospital_id, name, visits, fund_amount.

    One row a contractor, account and provider, sorted; fund_amount adds up to `charged`.
    """
    assert tables.capitation
    names = tables.statements.select("hospital_id", "name").unique().sort("hospital_id")
    keys = ["contractor_id", "account", "hospital_id"]
    contracts = tables.capitation.accounts.select("contractor_id", "account")
    charged = tables.scan("cases").filter(
        pl.col("contractor_id").is_not_null() & ~pl.col("out_of_area")
    )
    return (
        charged.group_by(keys)
        .agg(visits=pl.len().cast(pl.Int64), fund_amount=pl.col("fund_amount").sum())
        .collect(engine="streaming")
        .with_columns(pl.col(keys).cast(pl.String))
        .join(contracts, on=["contractor_id", "account"], how="semi")
        .join(names, on="hospital_id", how="left")
        .select(*keys, "name", "visits", "fund_amount")
        .sort(keys)
    )


def _part(
    accounts: pl.DataFrame,
    providers: pl.DataFrame,
    results: Results,
    rules: Capitation,
    language: Language,
) -> BookPart:
    contractor, name = accounts.select("contractor_id", "name").row(0)
    enrolment = results["enrolment"].filter(pl.col("contractor_id") == contractor)
    named = name or contractor
    by_provider = shown("by_provider", providers)
    heads: list[dict[str, Any]] = enrolment.rows(named=True)
    explained = [
        account_calculation(
            account,
            [row for row in heads if row["account"] == account["account"]],
            rules,
            language,
            results.is_year,
        )
        for account in accounts.iter_rows(named=True)
    ]
    sheets = [
        Sheet("accounts", [account_table(accounts)], signed=True),
        Sheet("by_provider", [by_provider]),
        Sheet("capitation_explanation", explained, notes=["explanation_note"]),
    ]
    facts = [
        "    ".join(
            labelled(key, text, language, visit_word)
            for key, text in (("contractor", named), ("contractor_id", contractor))
        ),
        *run_lines(results.facts, language),
        word("yuan_note", language),
    ]
    title = f"{named} {visit_word('contractor_title', language)}"
    return BookPart(title, facts, sheets, lambda key: visit_word(key, language))
