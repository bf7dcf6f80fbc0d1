"""The table of contractors: how many persons of an account each of them has under contract."""

from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.file_names import MOST_BYTES, is_too_long
from drgpay.records.small_tables import Column, Kind, read_table, refuse_repeated

ENROLMENT_SCHEMA: dict[str, pl.DataType] = {
    "contractor_id": pl.String(),
    "account": pl.String(),
    "age_band": pl.String(),
    "heads": pl.Int64(),
}
_ENROLMENT = {
    "contractor_id": Column(Kind.TEXT, required=True),
    "account": Column(Kind.TEXT, required=True),
    "age_band": Column(Kind.TEXT),
    "heads": Column(Kind.COUNT, required=True),
}


def read_enrolment(path: Path, accounts: tuple[str, ...]) -> pl.DataFrame:
    """ENROLMENT_SCHEMA, sorted; age_band is null where the table does not tell ages apart.

    Raises DrgpayError naming file and row for a missing file, column or value, a row that is there
    twice, an account that is not among `accounts`, a contractor with heads both by age band and
    without, heads of 0, and a contractor_id too long to name a file.
    """
    frame = read_table(path, _ENROLMENT)
    unknown = frame.filter(~pl.col("account").is_in(list(accounts)))
    if unknown.height:
        raise DrgpayError(
            f"{path}: row {unknown['row'][0]} has the account {unknown['account'][0]}, which the "
            "policy does not have",
            "name one of records.accounts of the policy",
        )
    empty = frame.filter(pl.col("heads") == 0)
    if empty.height:
        raise DrgpayError(
            f"{path}: row {empty['row'][0]} gives the contractor {empty['contractor_id'][0]} "
            "heads of 0",
            "write how many persons are under contract, or leave the row out",
        )
    long = frame.filter([is_too_long(contractor) for contractor in frame["contractor_id"]])
    if long.height:
        raise DrgpayError(
            f"{path}: row {long['row'][0]}: the contractor_id "
            f"{shortened(long['contractor_id'][0], 40)} is too long for the name of a file",
            f"use at most {MOST_BYTES} letters, a Chinese one counts three",
        )
    keys = ["contractor_id", "account", "age_band"]
    named = frame.with_columns(pl.col("age_band").fill_null("(none)"))
    refuse_repeated(path, named, keys, "the contractor {} has the account {} and age band {} twice")
    mixed = frame.filter(
        (pl.col("age_band").is_null().n_unique() > 1).over("contractor_id", "account")
    ).sort("row")
    if mixed.height:
        raise DrgpayError(
            f"{path}: row {mixed['row'][0]}: the contractor {mixed['contractor_id'][0]} has heads "
            f"of the account {mixed['account'][0]} with an age band and without",
            "give an age band in each row of the contractor and account, or in none",
        )
    return frame.select(*ENROLMENT_SCHEMA).sort(list(ENROLMENT_SCHEMA))
