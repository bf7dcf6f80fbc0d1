"""The tables of a year's responsibility, read by their declared columns (docs/files.md) and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.small_tables import Column, Kind, read_table, refuse_repeated
from drgpay.responsibility.cleared_spend import cleared_pools, cleared_spend
from drgpay.responsibility.county import CountyYear
from drgpay.responsibility.file import ResponsibilityJob
from drgpay.responsibility.rewards import Finding
from drgpay.run.input_files import InputFiles
from drgpay.tables.inputs import input_tables

_ERRORS = Sentences("errors/responsibility")

_KINDS = {
    "text": Kind.TEXT,
    "flag": Kind.FLAG,
    "amount": Kind.YUAN,
    "signed amount": Kind.SIGNED_YUAN,
    "number": Kind.COUNT,
    "points": Kind.SCORE,
}
_KEYS: dict[str, tuple[str, list[str]]] = {
    "counties": ("county", ["county"]),
    "county_fund": ("county_account", ["year", "account", "county"]),
    "county_spend": ("county_item", ["year", "account", "county", "item"]),
    "county_spend_age": ("county_age", ["year", "account", "county", "age_band"]),
    "scores": ("county_year", ["year", "county"]),
    "pool_balances": ("account_year", ["year", "account"]),
    "pool_spend": ("account_item", ["year", "account", "item"]),
    "county_findings": ("county_account", ["year", "account", "county"]),
    "claims": ("county_account", ["year", "account", "county"]),
    "fiscal_limits": ("payer_account", ["payer", "account"]),
}
"""What a second row with the same keys is called, and the keys."""
_WITHIN_FEN = 1  # 0.01 yuan
_MOST_SCORE = 100 * 10_000


@dataclass(frozen=True)
class Given:
    """All that was read. counties: county, name, kind. years: of all years, by year, account, county.

    ages: year, account, county, age_band, heads, spend_fen. balances: the pool's at the end of a year,
    by (year, account). claims, findings: by (account, county) of the year; limits: by account and payer.
    """

    counties: pl.DataFrame
    years: Sequence[CountyYear]
    ages: pl.DataFrame | None
    balances: Mapping[tuple[int, str], int]
    claims: Mapping[tuple[str, str], int]
    findings: Mapping[tuple[str, str], Finding]
    limits: Mapping[str, Mapping[str, int]]
    item_spend: pl.DataFrame

    def of_year(self, year: int) -> Mapping[str, list[CountyYear]]:
        """The counties of a year by account, in the order of their ids."""
        found: dict[str, list[CountyYear]] = {}
        for one in self.years:
            if one.year == year:
                found.setdefault(one.account, []).append(one)
        return found


def columns_given(name: str) -> dict[str, Column]:
    """The columns of a table as it is declared in tables/inputs.toml."""
    columns = input_tables()[name].columns.items()
    return {key: Column(_KINDS[one.type], required=one.required) for key, one in columns}


def read_given(job: ResponsibilityJob, read: InputFiles) -> Given:
    """Read and check every table of the file.

    Raises DrgpayError in one sentence for a county that is not listed or missing for an account, a
    row twice, a score outside 0 to 100, and counties that do not add up to the pool (`county_sum`).
    """
    read.note(job.tables.values())
    tables = {name: _table(name, path) for name, path in sorted(job.tables.items())}
    known = set(tables["counties"]["county"])
    for name, frame in tables.items():
        _refuse_unknown(job.tables[name], name, frame, known)
    fund = tables["county_fund"]
    if fund.filter(pl.col("year") == job.year).is_empty():
        raise DrgpayError(*_ERRORS("no_year", path=job.tables["county_fund"], year=job.year))
    _refuse_missing(job, fund, known)
    items = _item_spend(job, tables, read, known)
    _refuse_unequal(job, tables, items)
    limits: dict[str, dict[str, int]] = {}
    if "fiscal_limits" in tables:
        rows = tables["fiscal_limits"].select("account", "payer", "amount").iter_rows()
        for account, payer, fen in rows:
            limits.setdefault(account, {})[payer] = fen
    of_year = {
        name: frame.filter(pl.col("year") == job.year)
        for name, frame in tables.items()
        if name in ("claims", "county_findings")
    }
    balances = tables["pool_balances"].select("year", "account", "balance_end").rows()
    return Given(
        counties=tables["counties"].sort("county"),
        years=_years(job, tables, items),
        ages=_ages(tables),
        balances={(year, account): fen for year, account, fen in balances},
        claims=_by_county(of_year.get("claims")),
        findings={
            (account, county): Finding(loss, refuses)
            for account, county, loss, refuses in of_year["county_findings"]
            .select("account", "county", pl.col("fund_loss").fill_null(0), "refuses")
            .iter_rows()
        }
        if "county_findings" in of_year
        else {},
        limits=limits,
        item_spend=items,
    )


def _table(name: str, path: Path) -> pl.DataFrame:
    frame = read_table(path, columns_given(name))
    if name in _KEYS:
        what, keys = _KEYS[name]
        refuse_repeated(path, frame, keys, what)
    if name == "scores":
        beyond = frame.filter(pl.col("score") > _MOST_SCORE)
        if beyond.height:
            row = beyond.row(0, named=True)
            raise DrgpayError(
                *_ERRORS("score_out_of_range", path=path, row=row["row"], county=row["county"])
            )
    return frame


def _refuse_unknown(path: Path, name: str, frame: pl.DataFrame, known: set[str]) -> None:
    """A county that the table of counties has not; a payer may also be the city."""
    column = "payer" if name == "fiscal_limits" else "county"
    if column not in frame.columns:
        return
    allowed = [*known, *(["city"] if column == "payer" else [])]
    wrong = frame.filter(~pl.col(column).is_in(allowed))
    if wrong.height:
        said = {"path": path, "row": wrong["row"][0], "county": wrong[column][0]}
        raise DrgpayError(*_ERRORS("unknown_county", **said))


def _refuse_missing(job: ResponsibilityJob, fund: pl.DataFrame, known: set[str]) -> None:
    """Every county has a row for each account of the year: nothing is taken for 0."""
    rows = fund.filter(pl.col("year") == job.year)
    for account in rows["account"].unique().sort():
        have = set(rows.filter(pl.col("account") == account)["county"])
        missing = sorted(known - have)
        if missing:
            said = {"path": job.tables["county_fund"], "account": account, "year": job.year}
            raise DrgpayError(*_ERRORS("missing_county", county=missing[0], **said))


def _item_spend(
    job: ResponsibilityJob, tables: Mapping[str, pl.DataFrame], read: InputFiles, known: set[str]
) -> pl.DataFrame:
    """year, account, county, item, spend_fen, outside_fen: as given, and of the cases of the clearing."""
    parts = []
    if "county_spend" in tables:
        parts.append(
            tables["county_spend"].select(
                "year",
                "account",
                "county",
                "item",
                spend_fen="spend",
                outside_fen="outside",
            )
        )
    if job.case_counties is not None:
        cleared = cleared_spend(job, read, known)
        if parts:
            twice = parts[0].filter(
                (pl.col("year") == job.year) & pl.col("item").is_in(cleared["item"].implode())
            )
            if twice.height:
                said = {"path": job.tables["county_spend"], "item": twice["item"][0]}
                raise DrgpayError(*_ERRORS("item_twice", **said))
        parts.append(cleared)
    if not parts:
        raise DrgpayError(*_ERRORS("no_spend", path=job.path))
    return pl.concat(parts).sort("year", "account", "county", "item")


def _refuse_unequal(
    job: ResponsibilityJob, tables: Mapping[str, pl.DataFrame], items: pl.DataFrame
) -> None:
    """Counties add up to the pool: to pool_spend, and for the cleared item to the clearing."""
    sums = items.group_by("year", "account", "item").agg(pl.col("spend_fen").sum())
    pools = []
    if "pool_spend" in tables:
        pools.append(
            tables["pool_spend"].select("year", "account", "item", pool_fen=pl.col("spend"))
        )
    if job.clearing is not None:
        pools.append(cleared_pools(job))
    if not pools:
        return
    both = sums.join(pl.concat(pools), on=["year", "account", "item"], how="right")
    wrong = both.filter(
        (pl.col("spend_fen").fill_null(0) - pl.col("pool_fen")).abs() > _WITHIN_FEN
    ).sort("year", "account", "item")
    if wrong.height:
        row = wrong.row(0, named=True)
        raise DrgpayError(
            *_ERRORS(
                "county_sum",
                year=row["year"],
                account=row["account"],
                item=row["item"],
                counties=f"{(row['spend_fen'] or 0) / 100:,.2f}",
                pool=f"{row['pool_fen'] / 100:,.2f}",
            )
        )


def _years(
    job: ResponsibilityJob, tables: Mapping[str, pl.DataFrame], items: pl.DataFrame
) -> list[CountyYear]:
    keys = ["year", "account", "county"]
    spend = items.group_by(keys).agg(
        pl.col("spend_fen").sum(),
        outside_fen=pl.when(pl.col("outside_fen").is_not_null().any()).then(
            pl.col("outside_fen").sum()
        ),
    )
    frame = tables["county_fund"].join(spend, on=keys, how="left")
    without = frame.filter((pl.col("year") == job.year) & pl.col("spend_fen").is_null())
    if without.height:
        row = without.row(0, named=True)
        said = {"county": row["county"], "account": row["account"], "year": row["year"]}
        raise DrgpayError(*_ERRORS("county_without_spend", **said))
    for name, column in (("approved_changes", "approved_fen"), ("own_policy", "own_fen")):
        sums = (
            tables[name].group_by(keys).agg(pl.col("amount").sum().alias(column))
            if name in tables
            else pl.DataFrame(
                schema={key: frame.schema[key] for key in keys} | {column: pl.Int64()}
            )
        )
        frame = frame.join(sums, on=keys, how="left").with_columns(pl.col(column).fill_null(0))
    if "scores" in tables:
        scores = tables["scores"].select("year", "county", "score")
        frame = frame.join(scores, on=["year", "county"], how="left")
    else:
        frame = frame.with_columns(score=pl.lit(None, pl.Int64))
    known = frame.drop_nulls("spend_fen").sort(keys)
    return [
        CountyYear(
            year=row["year"],
            account=row["account"],
            county=row["county"],
            heads=row["heads"],
            income_target_fen=row["income_target"],
            premium_target_fen=row["premium_target"],
            premium_collected_fen=row["premium_collected"],
            fiscal_due_fen=row["fiscal_due"],
            fiscal_paid_fen=row["fiscal_paid"],
            other_income_fen=row["other_income"] or 0,
            budget_fen=row["budget"],
            balance_before_fen=row["balance_before_pooling"] or 0,
            spend_fen=row["spend_fen"],
            outside_fen=row["outside_fen"],
            approved_fen=row["approved_fen"],
            own_fen=row["own_fen"],
            score=row["score"],
        )
        for row in known.iter_rows(named=True)
    ]


def _ages(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    if "county_spend_age" not in tables:
        return None
    return tables["county_spend_age"].rename({"spend": "spend_fen"})


def _by_county(frame: pl.DataFrame | None) -> dict[tuple[str, str], int]:
    if frame is None:
        return {}
    rows = frame.select("account", "county", "amount").iter_rows()
    return {(account, county): fen for account, county, fen in rows}
