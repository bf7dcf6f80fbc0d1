"""The check of a new project's month, each finding with the cost of its stays."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from drgpay.base.exact import FEN_PLACES, unscaled
from drgpay.base.language import Language
from drgpay.base.progress import ProgressBar
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
from drgpay.policy.load import load_policy
from drgpay.quality.month_quality import month_quality
from drgpay.quality.nonspecific import DEFAULT_FILE, load_nonspecific
from drgpay.records.dataset import RecordsInput
from drgpay.records.meaning.rules import Reading


@dataclass(frozen=True)
class Checked:
    """findings: code, column, severity, stays, total_yuan, example; the dearest first. stays and
    total_yuan: of all records; refused: how many are refused, with their cost.
    """

    findings: pl.DataFrame
    stays: int
    total_yuan: Decimal
    refused: int
    refused_yuan: Decimal


def checked_month(
    stays: Path,
    mapping: Path,
    scheme: str,
    policy: str,
    hospitals: pl.DataFrame,
    period: tuple[date, date] | None,
    language: Language,
    progress: ProgressBar,
) -> Checked:
    """Group and check all records as `drgpay check` does; nothing is refused here."""
    compiled, rules = load_compiled(scheme), load_policy(policy).policy
    source = RecordsInput(stays, str(mapping))
    dataset = source.open(compiled.scheme.info.code_system, Reading.of(rules.records))
    with progress("grouping", dataset.rows) as advance:
        grouped = read_grouped_stays(dataset, compiled, advance)
    quality = month_quality(
        grouped,
        compiled.scheme,
        rules,
        hospitals,
        period,
        sex_of_diagnosis(compiled),
        load_nonspecific(DEFAULT_FILE),
        str(stays),
        language,
        dataset.origin,
    )
    costs = grouped.select("case_id", "total_fen").unique("case_id", keep="first")
    rows = quality.rows.join(costs, on="case_id", how="left")
    refused = rows.filter(pl.col("severity") == "reject").unique("case_id")
    findings = (
        rows.group_by("code", "column", "severity")
        .agg(
            pl.len().cast(pl.Int64).alias("stays"),
            pl.col("total_fen").fill_null(0).sum().alias("total_yuan"),
            pl.col("case_id").min().alias("example"),
        )
        .sort(["severity", "total_yuan", "code", "column"], descending=[False, True, False, False])
    )
    amounts = [unscaled(int(fen), FEN_PLACES) for fen in findings["total_yuan"]]
    findings = findings.with_columns(pl.Series("total_yuan", amounts, pl.Decimal(18, FEN_PLACES)))
    return Checked(findings, grouped.height, _yuan(grouped), refused.height, _yuan(refused))


def _yuan(stays: pl.DataFrame) -> Decimal:
    fen = stays["total_fen"].fill_null(0).sum() or 0
    return unscaled(int(fen), FEN_PLACES)
