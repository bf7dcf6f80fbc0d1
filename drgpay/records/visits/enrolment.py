"""The table of contractors: how many persons of an account each of them has under contract."""

from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.file_names import MOST_BYTES, is_too_long
from drgpay.base.words import Sentences
from drgpay.records.small_tables import Column, Kind, read_table, refuse_repeated

_ERRORS = Sentences("errors/records")

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
        row, account = unknown["row"][0], unknown["account"][0]
        raise DrgpayError(*_ERRORS("account_of_enrolment", path=path, row=row, account=account))
    empty = frame.filter(pl.col("heads") == 0)
    if empty.height:
        row, contractor = empty["row"][0], empty["contractor_id"][0]
        raise DrgpayError(*_ERRORS("no_heads", path=path, row=row, contractor=contractor))
    long = frame.filter([is_too_long(contractor) for contractor in frame["contractor_id"]])
    if long.height:
        row, shown = long["row"][0], shortened(long["contractor_id"][0], 40)
        said = {"path": path, "row": row, "id": shown, "most": MOST_BYTES}
        raise DrgpayError(*_ERRORS("long_contractor_id", **said))
    keys = ["contractor_id", "account", "age_band"]
    refuse_repeated(path, frame, keys, "enrolment")
    mixed = frame.filter(
        (pl.col("age_band").is_null().n_unique() > 1).over("contractor_id", "account")
    ).sort("row")
    if mixed.height:
        row, contractor = mixed["row"][0], mixed["contractor_id"][0]
        said = {"path": path, "row": row, "contractor": contractor, "account": mixed["account"][0]}
        raise DrgpayError(*_ERRORS("some_age_bands", **said))
    return frame.select(*ENROLMENT_SCHEMA).sort(list(ENROLMENT_SCHEMA))
