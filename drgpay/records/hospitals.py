"""The table of contracted hospitals."""

from pathlib import Path

import polars as pl

from drgpay.errors import DrgpayError

REQUIRED = ("hospital_id", "name", "level")
OPTIONAL = ("county", "alliance", "kind", "assessment")


def read_hospitals(path: Path) -> pl.DataFrame:
    """Read hospitals from CSV (UTF-8) or Parquet.

    Returns hospital_id, name, level, county, alliance, kind, assessment, all strings (assessment
    too), sorted by hospital_id. Raises DrgpayError for a missing column, an empty cell where one
    is required, or a repeated hospital_id.
    """
    if not path.is_file():
        raise DrgpayError(f"there is no file {path}", "correct inputs.hospitals")
    try:
        if path.suffix.lower() == ".csv":
            frame = pl.read_csv(path, infer_schema=False, glob=False)
        else:
            frame = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        detail = str(error).splitlines()[0]
        raise DrgpayError(
            f"{path} cannot be read ({detail})", "save it as UTF-8 CSV or as Parquet"
        ) from None
    missing = [column for column in REQUIRED if column not in frame.columns]
    if missing:
        raise DrgpayError(f"{path} lacks the column {', '.join(missing)}", "add it")
    frame = frame.select(
        pl.col(column).cast(pl.String)
        if column in frame.columns
        else pl.lit(None, pl.String).alias(column)
        for column in (*REQUIRED, *OPTIONAL)
    ).sort("hospital_id")
    for column in REQUIRED:
        if frame[column].null_count():
            raise DrgpayError(f"{path}: a row has no {column}", "fill it in")
    repeated = frame.filter(pl.col("hospital_id").is_duplicated())
    if repeated.height:
        raise DrgpayError(
            f"{path}: the hospital_id {repeated['hospital_id'][0]} is listed twice",
            "keep one of the rows",
        )
    return frame
