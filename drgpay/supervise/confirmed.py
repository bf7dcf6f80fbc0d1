"""What confirmed clues book, and what it comes to: deductions of stays, money by kind, fines shown (07a; S13)."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.records.filings import PAYMENT_KIND, read_filings
from drgpay.supervise.decisions import CONFIRMED
from drgpay.supervise.found import yuan_said
from drgpay.supervise.rulebook import Fine

_WORDS = Wording("supervision")

DEDUCTION_COLUMNS = ("kind", "case_id", "serious", "reason", "document", "clue_id")
"""Those of the filed table of deductions (docs/files.md) that a decision writes."""


def deductions_of(
    final: pl.DataFrame, clue_stays: pl.DataFrame, language: Language
) -> pl.DataFrame:
    """A row a stay and kind, sorted by case_id and kind: DEDUCTION_COLUMNS.

    final: Decisions.final. clue_stays: clue_id, case_id, deducted, rule. A stay that two clues deduct by
    the same kind is deducted once, by the clue decided first, and is serious if one of them is.
    """
    rows = (
        final.filter(pl.col("result") == CONFIRMED)
        .join(clue_stays.filter("deducted"), on="clue_id")
        .sort("date", "clue_id", "case_id")
    )
    document = pl.format(
        "{} {} {} {}",
        pl.lit(_WORDS.word("document_of_clue", language)),
        "clue_id",
        pl.col("date").dt.to_string("%Y-%m-%d"),
        "by",
    )
    told = rows.with_columns(document=document, reason=pl.coalesce("note", "rule"))
    return (
        told.group_by("case_id", "kind", maintain_order=True)
        .agg(
            pl.col("serious").any(),
            pl.col("reason", "document", "clue_id").first(),
        )
        .select(DEDUCTION_COLUMNS)
        .sort("case_id", "kind")
    )


def payments_of(final: pl.DataFrame, clue_stays: pl.DataFrame, language: Language) -> pl.DataFrame:
    """What visits of confirmed clues were paid wrongly, held back: a row a visit, its largest amount.

    kind, hospital_id, account, amount_yuan, reason (which names the clue), sorted by hospital and reason.
    """
    named = pl.format(
        "{} {} {}", pl.lit(_WORDS.word("document_of_clue", language)), "clue_id", "case_id"
    )
    return (
        final.filter(pl.col("result") == CONFIRMED)
        .join(
            clue_stays.filter(pl.col("length_of_stay").is_null() & (pl.col("stay_stake_fen") > 0)),
            on="clue_id",
        )
        .sort(["case_id", "stay_stake_fen", "clue_id"], descending=[False, True, False])
        .unique("case_id", keep="first", maintain_order=True)
        .select(
            pl.lit(PAYMENT_KIND).alias("kind"),
            "hospital_id",
            "account",
            yuan_said("stay_stake_fen").cast(pl.String).alias("amount_yuan"),
            named.alias("reason"),
        )
        .sort("hospital_id", "reason")
    )


def with_filed(
    deductions: pl.DataFrame, held_back: pl.DataFrame, filed: Path | None
) -> pl.DataFrame:
    """Deductions and payments behind those of a table that a month has already, as they are filed."""
    own = deductions.with_columns(pl.col("serious").cast(pl.String))
    if filed is None:
        return pl.concat([own, held_back], how="diagonal") if held_back.height else own
    filings = read_filings(deductions=filed)
    known = filings.deductions.select("case_id", "kind")
    new = own.join(known, on=["case_id", "kind"], how="anti", maintain_order="left")
    payments = filings.payments.select(
        pl.lit(PAYMENT_KIND).alias("kind"),
        "hospital_id",
        "account",
        yuan_said("amount_fen").alias("amount_yuan"),
        "reason",
    )
    given = filings.deductions.with_columns(pl.col("serious").cast(pl.String))
    return pl.concat([given.select(DEDUCTION_COLUMNS), new, payments, held_back], how="diagonal")


def money_of(
    final: pl.DataFrame, clue_stays: pl.DataFrame, fines: Mapping[str, Fine]
) -> pl.DataFrame:
    """The table supervision_money: hospital_id, kind, confirmed, points, yuan, fine_low, fine_high.

    points, yuan: what the stays would lose at the value of the supervision, each stay once a kind; what is
    booked stands in the adjustments of the run that books it. Fines are shown and never booked: times the
    loss, half-up to the fen; null for a kind that has none.
    """
    rows = (
        final.filter(pl.col("result") == CONFIRMED)
        .join(clue_stays.filter("deducted"), on="clue_id")
        .sort("date", "clue_id", "case_id")
        .unique(["case_id", "kind"], keep="first", maintain_order=True)
    )
    money = (
        rows.group_by("hospital_id", "kind")
        .agg(
            confirmed=pl.col("clue_id").n_unique(),
            points=pl.col("stay_stake").sum(),
            yuan_fen=pl.col("stay_stake_fen").sum(),
        )
        .sort("hospital_id", "kind")
    )
    ranges = [
        fine_range(loss, fines.get(kind)) for kind, loss in money.select("kind", "yuan_fen").rows()
    ]
    return money.with_columns(
        fine_low_fen=pl.Series([low for low, _ in ranges], dtype=pl.Int64),
        fine_high_fen=pl.Series([high for _, high in ranges], dtype=pl.Int64),
    )


def fine_range(loss_fen: int, fine: Fine | None) -> tuple[int | None, int | None]:
    """The least and the largest fine of a loss, in fen, half-up (S13: 3 x 2,956.62 is 8,869.86)."""
    if fine is None:
        return None, None
    low, high = (int(loss_fen * times * 2 + 1) // 2 for times in (fine.low, fine.high))
    return low, high
