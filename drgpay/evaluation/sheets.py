"""One sheet a hospital: value, peers, last year, points lost and what they cost."""

from pathlib import Path

import polars as pl

from drgpay.base.language import Language
from drgpay.evaluation.evaluation import Evaluation
from drgpay.evaluation.tables import (
    POOLS,
    PREFIXES,
    TOTAL_PREFIXES,
    WORDS,
    flags_said,
    machine_tables,
    names_of,
)
from drgpay.show.sheets import BookPart, Sheet, SheetBlock, write_book
from drgpay.show.tables import ReportTable

_SHOWN = (
    *("indicator", "weight", "n", "indicator_value", "last_value", "p10", "peer_median", "p90"),
    *("peers", "widened", "indicator_score", "unscored", "claimed", "lost_points", "lost_yuan"),
)


def write_hospital_sheets(found: Evaluation, path: Path, language: Language) -> None:
    """A workbook with a sheet for each hospital; the same evaluation gives the same bytes."""
    tables, names = machine_tables(found), names_of(found)
    keys = {f"hospital_{hospital}": names[hospital] for hospital in found.card.hospitals}

    def say(key: str) -> str:
        return keys.get(key) or WORDS.word(key, language)

    sheets = []
    for hospital in found.card.hospitals:
        mine = {
            name: frame.filter(pl.col("hospital_id") == hospital)
            for name, frame in tables.items()
            if "hospital_id" in frame.columns
        }
        blocks: list[SheetBlock] = [
            ReportTable(
                "t_total",
                mine["evaluation_total"].drop("hospital_id", "name"),
                prefixes=TOTAL_PREFIXES,
            ),
            ReportTable(
                "t_lost",
                flags_said(mine["evaluation"].select(_SHOWN), language),
                prefixes=PREFIXES,
                sums=frozenset({"lost_points"}),
            ),
        ]
        if "evaluation_money" in mine:
            blocks.append(
                ReportTable(
                    "t_money", mine["evaluation_money"].drop("hospital_id", "name"), worded=POOLS
                )
            )
        sheets.append(Sheet(f"hospital_{hospital}", blocks, notes=["lost_note"]))
    title = WORDS.said("title", language, name=found.job.file.name, year=found.job.year)
    write_book(path, [BookPart(title, [], sheets, say)], language)
