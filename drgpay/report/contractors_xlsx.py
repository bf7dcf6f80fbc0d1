"""contractors/<contractor_id>.xlsx: the capitation account that each contractor is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from drgpay.base.language import Language
from drgpay.policy.outpatient import Capitation
from drgpay.report.sheets import BookPart, Sheet, write_book
from drgpay.report.statement_xlsx import workbook_names
from drgpay.report.tables import ReportTable
from drgpay.report.visit_explanation import account_calculation
from drgpay.report.visit_tables import account_table
from drgpay.report.visit_wording import visit_word
from drgpay.report.wording import labelled, word
from drgpay.results.visits import CapitationTables


class ChargedVisits(Protocol):
    """The visits of a month or a year, with the accounts that they are charged to."""

    @property
    def visits(self) -> pl.DataFrame:
        """visits.parquet."""

    @property
    def statements(self) -> pl.DataFrame:
        """The lines of the providers, with their names."""

    @property
    def capitation(self) -> CapitationTables | None:
        """The accounts of contractors."""


@dataclass(frozen=True)
class Contracts:
    """What the accounts of a period were made of.

    facts: lines below the title of each book. created: the date of the books. rules, enrolment
    (ENROLMENT_SCHEMA): what a contractor has. whole_year: not the share of a month.
    """

    facts: Sequence[str]
    created: datetime
    rules: Capitation
    enrolment: pl.DataFrame
    whole_year: bool = False


def write_contractors(
    tables: ChargedVisits, contracts: Contracts, folder: Path, language: Language
) -> None:
    """Write a workbook for each contractor of the accounts into a folder, which is made.

    tables: with capitation. The same tables give the same bytes.
    """
    assert tables.capitation
    folder.mkdir(parents=True, exist_ok=True)
    providers = charged_by_provider(tables)
    names = workbook_names(tables.capitation.accounts["contractor_id"])
    for account in _contractors(tables.capitation):
        contractor = account["contractor_id"][0]
        mine = pl.col("contractor_id") == contractor
        part = _part(account, providers.filter(mine), contracts, language)
        write_book(folder / names[contractor], [part], language, contracts.created)


def charged_by_provider(tables: ChargedVisits) -> pl.DataFrame:
    """What was charged to contractors: contractor_id, account, hospital_id, name, visits, fund_amount.

    One row a contractor, account and provider, sorted; fund_amount adds up to `charged`.
    """
    assert tables.capitation
    names = tables.statements.select("hospital_id", "name").unique().sort("hospital_id")
    keys = ["contractor_id", "account", "hospital_id"]
    contracts = tables.capitation.accounts.select("contractor_id", "account")
    return (
        tables.visits.group_by(*keys, "out_of_area")
        .agg(visits=pl.len().cast(pl.Int64), fund_amount=pl.col("fund_amount").sum())
        .filter(pl.col("contractor_id").is_not_null() & ~pl.col("out_of_area"))
        .with_columns(pl.col(keys).cast(pl.String))
        .join(contracts, on=["contractor_id", "account"], how="semi")
        .join(names, on="hospital_id", how="left")
        .select(*keys, "name", "visits", "fund_amount")
        .sort(keys)
    )


def _contractors(capitation: CapitationTables) -> list[pl.DataFrame]:
    return capitation.accounts.partition_by("contractor_id", maintain_order=True)


def _part(
    accounts: pl.DataFrame, providers: pl.DataFrame, contracts: Contracts, language: Language
) -> BookPart:
    contractor, name = accounts.select("contractor_id", "name").row(0)
    enrolment = contracts.enrolment.filter(pl.col("contractor_id") == contractor)
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
            account,
            [row for row in heads if row["account"] == account["account"]],
            contracts.rules,
            language,
            contracts.whole_year,
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
        *contracts.facts,
        word("yuan_note", language),
    ]
    title = f"{named} {visit_word('contractor_title', language)}"
    return BookPart(title, facts, sheets, lambda key: visit_word(key, language))
