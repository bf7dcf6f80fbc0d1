"""Notes of the import of the new scheme that somebody should look at (`drgpay scheme import`)."""

from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.grouper.scheme_files import shipped_schemes
from drgpay.schemes.workbook.importing import REPORT_FILE
from drgpay.schemes.workbook.notes import TO_CHECK

_ERRORS = Sentences("errors/transition")

NOTE_SCHEMA: dict[str, pl.DataType] = {
    "note": pl.String(),
    "kind": pl.String(),
    "text": pl.String(),
}
"""note: `sheet!row`, or `sheet` of a whole one. kind: what was found; several may be of one row."""
_REPORT = {"sheet": pl.String(), "row": pl.Int64(), "kind": pl.String(), "text": pl.String()}


def open_notes(scheme: str) -> pl.DataFrame:
    """NOTE_SCHEMA of the notes to check in the report beside a scheme, in its order.

    None of a shipped scheme, nor of a folder without a report: nobody imported it. Raises DrgpayError
    for a report that cannot be read.
    """
    path = Path(scheme) / REPORT_FILE
    if scheme in shipped_schemes() or not path.is_file():
        return pl.DataFrame(schema=NOTE_SCHEMA)
    try:
        report = pl.read_csv(path, schema=_REPORT, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        detail = str(error).splitlines()[0]
        raise DrgpayError(*_ERRORS("unreadable_report", path=path, detail=detail)) from None
    row = pl.when(pl.col("row").is_not_null()).then(pl.format("!{}", "row")).otherwise(pl.lit(""))
    return report.filter(pl.col("kind").is_in(sorted(TO_CHECK))).select(
        note=pl.col("sheet") + row, kind="kind", text="text"
    )
