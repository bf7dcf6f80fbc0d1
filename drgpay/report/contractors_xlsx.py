"""contractors/<contractor_id>.xlsx: the capitation account that each contractor is sent."""

from pathlib import Path
from typing import Any

import polars as pl

from drgpay.language import Language
from drgpay.policy.outpatient import Capitation
from drgpay.report.fact_lines import run_lines
from drgpay.report.sheets import BookPart, Sheet, write_book
from drgpay.report.statement_xlsx import workbook_name
from drgpay.report.summary_xlsx import first_day
from drgpay.report.tables import ReportTable
from drgpay.report.visit_explanation import account_calculation
from drgpay.report.visit_tables import account_table
from drgpay.report.visit_wording import visit_word
from drgpay.report.visits import CapitationTables, VisitTables
from drgpay.report.wording import labelled, word


def write_contractors(
    tables: VisitTables,
    enrolment: pl.DataFrame,
    rules: Capitation,
    folder: Path,
    language: Language,
) -> None:
    """Write a workbook for each contractor of the accounts into a folder, which is made.

    tables: with capitation. enrolment: ENROLMENT_SCHEMA. The same tables give the same bytes.
    """
    assert tables.capitation
    folder.mkdir(parents=True, exist_ok=True)
    created = first_day(tables.facts.period)
    providers = charged_by_provider(tables)
    for account in _contractors(tables.capitation):
        contractor = account["contractor_id"][0]
        mine = pl.col("contractor_id") == contractor
        part = _part(
            tables, account, providers.filter(mine), enrolment.filter(mine), rules, language
        )
        write_book(folder / workbook_name(contractor), [part], language, created)


def charged_by_provider(tables: VisitTables) -> pl.DataFrame:
    """What was charged to contractors: contractor_id, account, hospital_id, name, visits, fund_amount.

    One row a contractor, account and provider, sorted; fund_amount adds up to `charged`.
    """
    assert tables.capitation
    names = tables.statements.select("hospital_id", "name").unique().sort("hospital_id")
    keys = ["contractor_id", "account", "hospital_id"]
    contracts = tables.capitation.accounts.select("contractor_id", "account")
    return (
        tables.visits.filter(pl.col("contractor_id").is_not_null() & ~pl.col("out_of_area"))
        .group_by(pl.col(keys).cast(pl.String))
        .agg(visits=pl.len().cast(pl.Int64), fund_amount=pl.col("fund_amount").sum())
        .join(contracts, on=["contractor_id", "account"], how="semi")
        .join(names, on="hospital_id", how="left")
        .select(*keys, "name", "visits", "fund_amount")
        .sort(keys)
    )


def _contractors(capitation: CapitationTables) -> list[pl.DataFrame]:
    return capitation.accounts.partition_by("contractor_id", maintain_order=True)


def _part(
    tables: VisitTables,
    accounts: pl.DataFrame,
    providers: pl.DataFrame,
    enrolment: pl.DataFrame,
    rules: Capitation,
    language: Language,
) -> BookPart:
    contractor, name = accounts.select("contractor_id", "name").row(0)
    named = name or contractor
    by_provider = ReportTable(
        "by_provider",
        providers.drop("contractor_id"),
        worded=frozenset({"account"}),
        sums=frozenset({"visits", "fund_amount"}),
    )
    heads: list[dict[str, Any]] = enrolment.rows(named=True)
    explained = [
        account_calculation(
            account, [row for row in heads if row["account"] == account["account"]], rules, language
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
        *run_lines(tables.facts, language),
        word("yuan_note", language),
    ]
    title = f"{named} {visit_word('contractor_title', language)}"
    return BookPart(title, facts, sheets, lambda key: visit_word(key, language))
