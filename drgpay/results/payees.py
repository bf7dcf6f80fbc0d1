"""payees.parquet: to whom hospitals are paid, as the table of hospitals says."""

import polars as pl

from drgpay.results.columns import columns_of, written

PAYEES = "payees"
PAYEE_COLUMNS = ("payee", "bank", "bank_account")


def payee_frames(hospitals: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The table of payees, a row a hospital of which any is known; none where nothing is.

    hospitals: as read_hospitals gives them.
    """
    known = hospitals
    for name in PAYEE_COLUMNS:
        if name not in known.columns:
            known = known.with_columns(pl.lit(None, pl.String).alias(name))
    given = known.filter(pl.any_horizontal(pl.col(PAYEE_COLUMNS).is_not_null()))
    return {PAYEES: written(given, columns_of(PAYEES))} if given.height else {}
