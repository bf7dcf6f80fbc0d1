"""The groups that occur in some visits, each once: what the steps need to know of an entry."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from drgpay.grouper.group_names import status_of
from drgpay.visits.columns import MEDICAL

CODES = ("class", "family", "apg")


@dataclass(frozen=True)
class GroupTable:
    """One row a group, in the order of its entries in a visit: falling base points, then apg.

    A group without base points stands behind the others.
    codes: class, family, apg (categorical). base_points: -1 where there are none. grouped: false for
    "no group" and fallback groups. listed: on the uniform packaging list. family_number: the same
    for groups of the same family. of_line, of_visit: the row of each physical code of the apg column
    of the lines and of the medical groups. of_catalogue: whether there is a catalogue.
    """

    codes: pl.DataFrame
    base_points: np.ndarray
    grouped: np.ndarray
    listed: np.ndarray
    family_number: np.ndarray
    of_line: np.ndarray
    of_visit: np.ndarray
    of_catalogue: bool

    def is_class(self, *names: str) -> np.ndarray:
        """True for the groups of some classes."""
        wanted = pl.Series(names, dtype=pl.String)
        return self.codes["class"].cast(pl.String).is_in(wanted.implode()).to_numpy()


def group_table(
    lines: pl.DataFrame,
    medical: pl.DataFrame,
    packaged: Collection[str],
    base_points: pl.DataFrame | None,
) -> GroupTable:
    """The groups of lines (class, family, apg) and of visits (family, apg), all categorical."""
    of_lines = lines.select(*CODES, code=pl.col("apg").to_physical()).unique("apg", keep="any")
    of_visits = medical.select(
        pl.lit(MEDICAL, pl.Categorical()).alias("class"),
        "family",
        "apg",
        code=pl.col("apg").to_physical(),
    ).unique("apg", keep="any")
    both = pl.concat(
        frame.with_columns(pl.col("code").cast(pl.Int64), medical=pl.lit(medical_rows))
        for frame, medical_rows in ((of_lines, False), (of_visits, True))
    ).with_columns(pl.col(name).cast(pl.String).alias(f"{name}_text") for name in CODES)
    statuses = [
        status_of(family, apg) for family, apg in both.select("family_text", "apg_text").iter_rows()
    ]
    of_catalogue = base_points is not None
    if base_points is None:
        base_points = pl.DataFrame(schema={"apg": pl.String, "base_points": pl.Int64})
    table = (
        both.with_columns(grouped=pl.Series(statuses, dtype=pl.String) == "grouped")
        .join(
            base_points.select(pl.col("apg").cast(pl.String).alias("apg_text"), "base_points"),
            on="apg_text",
            how="left",
        )
        .with_columns(
            base_points=pl.when("grouped").then(pl.col("base_points").fill_null(-1)).otherwise(-1)
        )
        .sort("base_points", "apg_text", "class_text", descending=[True, False, False])
    )
    listed = [
        family in packaged or apg in packaged
        for family, apg in table.select("family_text", "apg_text").iter_rows()
    ]
    rows = np.arange(table.height, dtype=np.int64)
    medical_rows = table["medical"].to_numpy()
    code = table["code"].to_numpy()
    return GroupTable(
        codes=table.select(CODES),
        base_points=table["base_points"].to_numpy(),
        grouped=table["grouped"].to_numpy(),
        listed=np.array(listed, dtype=np.bool_),
        family_number=table["family_text"].rank("dense").cast(pl.Int64).to_numpy(),
        of_line=_rows_of_codes(code[~medical_rows], rows[~medical_rows]),
        of_visit=_rows_of_codes(code[medical_rows], rows[medical_rows]),
        of_catalogue=of_catalogue,
    )


def _rows_of_codes(codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The row of each physical code."""
    found = np.full(int(codes.max(initial=-1)) + 1, -1, dtype=np.int64)
    found[codes] = rows
    return found
