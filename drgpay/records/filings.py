"""What offices file beside the records: special reviews, deductions, new technologies.

Small tables in CSV (UTF-8 or GB18030) or Parquet, all optional; docs/files.md lists the columns.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences, Wording
from drgpay.records.meaning.rules import PLAIN_READING, Reading
from drgpay.records.small_tables import (
    Column,
    Kind,
    read_table,
    refuse_empty,
    refuse_repeated,
)

_ERRORS = Sentences("errors/records")

REVIEW_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "filed_at": pl.Date(),
    "approved": pl.Boolean(),
    "unreasonable_fen": pl.Int64(),
    "fixed_points": pl.Int64(),
    "reason": pl.String(),
}
DEDUCTION_SCHEMA: dict[str, pl.DataType] = {
    "case_id": pl.String(),
    "kind": pl.String(),
    "serious": pl.Boolean(),
    "reason": pl.String(),
    "document": pl.String(),
    "clue_id": pl.String(),
}
TECHNOLOGY_SCHEMA: dict[str, pl.DataType] = {"case_id": pl.String(), "technology": pl.String()}
PAYMENT_SCHEMA: dict[str, pl.DataType] = {
    "hospital_id": pl.String(),
    "account": pl.String(),
    "amount_fen": pl.Int64(),
    "reason": pl.String(),
}

PAYMENT_KIND = "payment"
"""The kind of a deduction that holds money back from a hospital's prepayment."""


@dataclass(frozen=True, repr=False)
class Filings(Shown):
    """The filings of a period in scaled integers: money in fen, points in 1/10,000.

    reviews: REVIEW_SCHEMA, one row a case; fixed_points and reason may be null.
    deductions: DEDUCTION_SCHEMA, violations of cases, one row a case and kind.
    technologies: TECHNOLOGY_SCHEMA, one row a case and technology.
    payments: PAYMENT_SCHEMA, money held back from prepayments; a hospital may have several.
    Each is sorted by its first columns. `paths` are the files, for messages.
    """

    reviews: pl.DataFrame
    deductions: pl.DataFrame
    technologies: pl.DataFrame
    payments: pl.DataFrame
    reviews_path: Path | None = None
    deductions_path: Path | None = None
    technologies_path: Path | None = None

    @property
    def of_cases(self) -> dict[str, tuple[pl.DataFrame, Path | None]]:
        """The tables about cases and where they come from, by what they hold."""
        return {
            "reviews": (self.reviews, self.reviews_path),
            "deductions": (self.deductions, self.deductions_path),
            "technologies": (self.technologies, self.technologies_path),
        }

    def between(self, first: str, last: str) -> "Filings":
        """The filings of the cases of a range of case_id; no payments."""
        inside = pl.col("case_id").is_between(pl.lit(first), pl.lit(last))
        tables: dict[str, Any] = {
            name: table.filter(inside) if table.height else table
            for name, (table, _) in self.of_cases.items()
        }
        return replace(self, payments=self.payments.clear(), **tables)


NO_FILINGS = Filings(
    pl.DataFrame(schema=REVIEW_SCHEMA),
    pl.DataFrame(schema=DEDUCTION_SCHEMA),
    pl.DataFrame(schema=TECHNOLOGY_SCHEMA),
    pl.DataFrame(schema=PAYMENT_SCHEMA),
)


_REVIEWS = {
    "case_id": Column(Kind.TEXT, required=True),
    "filed_at": Column(Kind.DATE, required=True),
    "approved": Column(Kind.FLAG, required=True),
    "unreasonable_cost": Column(Kind.YUAN, default="0"),
    "fixed_points": Column(Kind.POINTS),
    "reason": Column(Kind.TEXT),
}
_DEDUCTIONS = {
    "kind": Column(Kind.TEXT, required=True),
    "case_id": Column(Kind.TEXT),
    "serious": Column(Kind.FLAG, default="false"),
    "hospital_id": Column(Kind.TEXT),
    "account": Column(Kind.TEXT),
    "amount_yuan": Column(Kind.YUAN),
    "reason": Column(Kind.TEXT),
    "document": Column(Kind.TEXT),
    "clue_id": Column(Kind.TEXT),
}
_TECHNOLOGIES = {
    "case_id": Column(Kind.TEXT, required=True),
    "technology": Column(Kind.TEXT, required=True),
}

FILING_COLUMNS: dict[str, tuple[str, ...]] = {
    "reviews": tuple(_REVIEWS),
    "deductions": tuple(_DEDUCTIONS),
    "technologies": tuple(_TECHNOLOGIES),
}
"""The columns of each file; others are not read."""


def read_filings(
    reviews: Path | None = None,
    deductions: Path | None = None,
    technologies: Path | None = None,
    *,
    reading: Reading = PLAIN_READING,
) -> Filings:
    """Read the files that are given.

    Raises DrgpayError naming file, row and column for a missing file or column, a cell that is
    empty or not of its kind, and a filing that is there twice. Whether cases, kinds and
    technologies exist is seen by points_of_stays, hospitals and accounts by `check_payments`.
    """
    violations, payments = (
        _read_deductions(deductions) if deductions else (NO_FILINGS.deductions, NO_FILINGS.payments)
    )
    return Filings(
        reviews=_read_reviews(reviews, reading) if reviews else NO_FILINGS.reviews,
        deductions=violations,
        technologies=_read_technologies(technologies) if technologies else NO_FILINGS.technologies,
        payments=payments,
        reviews_path=reviews,
        deductions_path=deductions,
        technologies_path=technologies,
    )


def check_payments(filings: Filings, hospital_ids: Iterable[str], accounts: Iterable[str]) -> None:
    """Refuse money held back from a hospital or an account that does not exist (DrgpayError)."""
    payments, said = filings.payments, {"path": filings.deductions_path, "kind": PAYMENT_KIND}
    strange = payments.filter(~pl.col("hospital_id").is_in(list(hospital_ids)))
    if strange.height:
        hospital = strange["hospital_id"][0]
        raise DrgpayError(*_ERRORS("unknown_hospital", hospital=hospital, **said))
    strange = payments.filter(~pl.col("account").is_in(list(accounts)))
    if strange.height:
        raise DrgpayError(*_ERRORS("unknown_account", account=strange["account"][0], **said))


def without_quarantined(filings: Filings, quarantine: pl.DataFrame) -> tuple[Filings, pl.DataFrame]:
    """Set aside what is filed of cases that the record checks refused: nothing is paid for them.

    Returns the filings of other cases, and case_id and filing (`reviews`, `deductions`,
    `technologies`) of those set aside, sorted.
    """
    refused = quarantine["case_id"].drop_nulls().unique().to_list()
    hit = pl.col("case_id").is_in(refused)
    aside = [
        table.filter(hit).select("case_id", filing=pl.lit(name))
        for name, (table, _) in filings.of_cases.items()
    ]
    kept: dict[str, Any] = {
        name: table.filter(~hit) for name, (table, _) in filings.of_cases.items()
    }
    return replace(filings, **kept), pl.concat(aside).unique().sort("case_id", "filing")


def _warnings_of_quarantined(
    set_aside: pl.DataFrame, quarantine: pl.DataFrame, language: Language
) -> pl.DataFrame:
    """A warning for each filing that was set aside, with the columns of `quarantine`."""
    words = Wording("records")
    said = {
        name: words.said("filing.set_aside", language, filing=words.words(f"filing.{name}"))
        for name in ("reviews", "deductions", "technologies")
    }
    stays = quarantine.unique("case_id", maintain_order=True)
    return (
        set_aside.join(stays, on="case_id", how="left", maintain_order="left")
        .with_columns(
            column=pl.col("filing"),
            code=pl.lit("filed_case_quarantined"),
            message=pl.col("filing").replace_strict(said, return_dtype=pl.String),
            other_codes=pl.lit("", pl.String),
        )
        .select(quarantine.columns)
        .cast(quarantine.schema)
    )


def payable_filings(
    filings: Filings, quarantine: pl.DataFrame, warnings: pl.DataFrame, language: Language
) -> tuple[Filings, pl.DataFrame]:
    """The filings of valid stays, and all warnings: those of the checks and of what was set aside.

    quarantine, warnings: as the checks give them.
    """
    kept, set_aside = without_quarantined(filings, quarantine)
    further = _warnings_of_quarantined(set_aside, quarantine, language)
    return kept, pl.concat([warnings, further]).sort(pl.all())


def _read_reviews(path: Path, reading: Reading) -> pl.DataFrame:
    frame = read_table(path, _REVIEWS, reading).rename({"unreasonable_cost": "unreasonable_fen"})
    refuse_repeated(path, frame, ["case_id"], "review")
    return frame.select(*REVIEW_SCHEMA).sort("case_id")


def _read_deductions(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The violations of cases, and the payments held back."""
    frame = read_table(path, _DEDUCTIONS)
    held_back = pl.col("kind") == PAYMENT_KIND
    payments, violations = frame.filter(held_back), frame.filter(~held_back)
    refuse_empty(path, violations, ["case_id"])
    _refuse_filled(path, violations, ["hospital_id", "account", "amount_yuan"])
    refuse_empty(path, payments, ["hospital_id", "account", "amount_yuan"])
    _refuse_filled(path, payments, ["case_id"])
    refuse_repeated(path, violations, ["case_id", "kind"], "deduction")
    payments = payments.rename({"amount_yuan": "amount_fen"})
    columns = list(PAYMENT_SCHEMA)
    refuse_repeated(path, payments, columns, "payment")
    return (
        violations.select(*DEDUCTION_SCHEMA).sort("case_id", "kind"),
        payments.select(columns).sort(columns),
    )


def _read_technologies(path: Path) -> pl.DataFrame:
    frame = read_table(path, _TECHNOLOGIES).select("row", *TECHNOLOGY_SCHEMA)
    columns = list(TECHNOLOGY_SCHEMA)
    refuse_repeated(path, frame, columns, "technology")
    return frame.drop("row").sort(columns)


def _refuse_filled(path: Path, frame: pl.DataFrame, columns: list[str]) -> None:
    for column in columns:
        filled = frame.filter(pl.col(column).is_not_null())
        if filled.height:
            row, kind = filled["row"][0], filled["kind"][0]
            said = {"path": path, "row": row, "kind": kind, "column": column}
            raise DrgpayError(*_ERRORS("needless_cell", payment=PAYMENT_KIND, **said))
