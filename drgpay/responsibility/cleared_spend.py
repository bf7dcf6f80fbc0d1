"""What a clearing paid for the insured of each county: the fund parts of its cases, without out-of-area.

Withheld, kept and remainder stay in the fund and are nobody's spend.
"""

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.small_tables import Column, Kind, read_table, refuse_repeated
from drgpay.responsibility.file import ResponsibilityJob
from drgpay.results.part import STAYS
from drgpay.results.run_folder import PaidPart, open_clearing
from drgpay.run.input_files import InputFiles

_ERRORS = Sentences("errors/responsibility")


def cleared_spend(job: ResponsibilityJob, read: InputFiles, known: set[str]) -> pl.DataFrame:
    """year, account, county, item, spend_fen, outside_fen (null) of the cleared item.

    Raises DrgpayError for a case without a county, with two, or with one that is not listed.
    """
    clearing, path = job.file.clearing, job.case_counties
    assert clearing is not None and path is not None
    read.note([path])
    counties = read_table(
        path, {"case_id": Column(Kind.TEXT, True), "insured_county": Column(Kind.TEXT, True)}
    )
    refuse_repeated(path, counties, ["case_id"], "case")
    cases = _parts(_opened(job))
    joined = cases.filter(~pl.col("out_of_area")).join(
        counties.select("case_id", county="insured_county"), on="case_id", how="left"
    )
    without = joined.filter(pl.col("county").is_null())
    if without.height:
        raise DrgpayError(*_ERRORS("case_without_county", path=path, case=without["case_id"].min()))
    unknown = joined.filter(~pl.col("county").is_in(list(known)))
    if unknown.height:
        first = unknown.sort("case_id").row(0, named=True)
        said = {"path": path, "row": first["case_id"], "county": first["county"]}
        raise DrgpayError(*_ERRORS("unknown_county", **said))
    sums = joined.group_by("account", "county").agg(spend_fen=pl.col("case_fund_fen").sum())
    accounts = sums.select("account").unique()
    every = accounts.join(pl.DataFrame({"county": sorted(known)}), how="cross")
    return every.join(sums, on=["account", "county"], how="left").select(
        pl.lit(job.year, pl.Int64).alias("year"),
        "account",
        "county",
        pl.lit(clearing.item).alias("item"),
        pl.col("spend_fen").fill_null(0),
        pl.lit(None, pl.Int64).alias("outside_fen"),
    )


def _parts(run: PaidPart) -> pl.DataFrame:
    """case_id, account, out_of_area, case_fund_fen of cases, and of the minus rows of hospitals on them.

    What a violation takes from a hospital is paid for no one: without it cases would add up to more
    than their lines.
    """
    columns = ["case_id", "account", "out_of_area"]
    cases = run.scaled("cases", [*columns, "case_fund_fen"])
    minus = run.scaled("adjustments", [*columns, "applies_to", "standard_fen"])
    to_hospital = minus.filter(pl.col("applies_to") == "hospital").select(
        *columns, case_fund_fen=pl.col("standard_fen").fill_null(0).cast(pl.Int64)
    )
    return pl.concat([cases, to_hospital])


def cleared_pools(job: ResponsibilityJob) -> pl.DataFrame:
    """year, account, item, pool_fen: the fund amounts of local statement lines of the clearing."""
    clearing = job.file.clearing
    assert clearing is not None
    lines = _opened(job).scaled("statements", ["account", "out_of_area", "fund_amount_fen"])
    local = lines.filter(~pl.col("out_of_area"))
    return (
        local.group_by("account")
        .agg(pool_fen=pl.col("fund_amount_fen").sum())
        .select(
            pl.lit(job.year, pl.Int64).alias("year"),
            "account",
            pl.lit(clearing.item).alias("item"),
            "pool_fen",
        )
    )


def _opened(job: ResponsibilityJob) -> PaidPart:
    assert job.clearing is not None
    run = open_clearing(job.clearing)
    if run.period != str(job.year):
        said = {"folder": job.clearing, "period": run.period, "year": job.year}
        raise DrgpayError(*_ERRORS("clearing_of_other_year", **said))
    return run.of(STAYS)
