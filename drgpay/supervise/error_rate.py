"""Error rates of stays that were audited at random: Wilson limits, and what they say of all stays (07a; S11)."""

from dataclasses import dataclass
from math import nan, sqrt
from pathlib import Path
from statistics import NormalDist

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.supervise.audit_sample import RANDOM
from drgpay.supervise.kept_tables import kept_table
from drgpay.supervise.output import RULES
from drgpay.supervise.rulebook import Review, load_rulebook
from drgpay.supervise.tables_given import table_given

_ERRORS = Sentences("errors/supervise")
CONFIRMED, REJECTED = "confirmed", "rejected"


@dataclass(frozen=True)
class Limits:
    """Between which a share lies."""

    low: float
    high: float


def wilson(errors: int, n: int, confidence: float) -> Limits:
    """The Wilson limits of a share errors / n; nan where n is 0. They hold for few errors and for none."""
    if not n:
        return Limits(nan, nan)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, square = errors / n, z * z / n
    centre = (share + square / 2) / (1 + square)
    half = z * sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    low = 0.0 if errors == 0 else centre - half
    high = 1.0 if errors == n else centre + half
    return Limits(low, high)


def lower_limit(total: int, n: int, mean: float, deviation: float, confidence: float) -> float:
    """The one-sided lower limit of a sum over `total` stays of which n were drawn (S11).

    N x (mean - t x s / sqrt(n) x sqrt((N - n) / (N - 1))); t of n - 1 degrees. nan for fewer than 2
    stays.
    """
    from scipy.special import stdtrit  # comes with scikit-learn, and takes as long to import

    if n < 2 or total < n:
        return nan
    t = float(stdtrit(n - 1, confidence))
    rest = sqrt((total - n) / (total - 1))
    return total * (mean - t * deviation / sqrt(n) * rest)


def error_rates(folder: Path, results: Path) -> pl.DataFrame:
    """The table audit_rates: a row a hospital, of the stays that a supervision drew at random.

    results: case_id, result, amount, as an audit found. Raises DrgpayError for a folder without a
    sample, a case that was not drawn or stands twice, and a result that is none.
    """
    sample = kept_table(folder, "audit_sample")
    review = load_rulebook(folder / RULES).review
    given = table_given("audit_results", results)
    _refuse(given, sample, results)
    drawn = sample.filter(pl.col("layer") == RANDOM)
    return rates_of(drawn, given, review)


def rates_of(drawn: pl.DataFrame, given: pl.DataFrame, review: Review) -> pl.DataFrame:
    """hospital_id, drawn_of, drawn, audited, errors, error_rate, rate_low, rate_high, lower_limit_fen.

    drawn: case_id, hospital_id, drawn_of. given: case_id, result, amount (fen). The limit in yuan is
    null unless the file of rules extrapolates and each error has its amount.
    """
    judged = drawn.join(given.select("case_id", "result", "amount"), on="case_id", how="left")
    wrong = (pl.col("result") == CONFIRMED).fill_null(value=False)
    amount = pl.when(wrong).then("amount").otherwise(0)
    known = pl.col("result").is_not_null()
    counted = (
        judged.group_by("hospital_id")
        .agg(
            drawn_of=pl.col("drawn_of").first(),
            drawn=pl.len(),
            audited=known.sum(),
            errors=wrong.sum(),
            priced=(wrong & pl.col("amount").is_null()).sum() == 0,
            mean=amount.filter(known).mean(),
            deviation=amount.filter(known).std(),
        )
        .sort("hospital_id")
    )
    rows = [_with_limits(row, review) for row in counted.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=_RATES)


_RATES: dict[str, pl.DataType] = {
    "hospital_id": pl.String(),
    "drawn_of": pl.Int64(),
    "drawn": pl.Int64(),
    "audited": pl.Int64(),
    "errors": pl.Int64(),
    "error_rate": pl.Float64(),
    "rate_low": pl.Float64(),
    "rate_high": pl.Float64(),
    "lower_limit_fen": pl.Float64(),
}


def _with_limits(row: dict[str, object], review: Review) -> dict[str, object]:
    """A hospital's row (hospitals are few); a limit below 0 is 0, since no less than nothing is wrong."""
    total, n, errors = (_whole(row[name]) for name in ("drawn_of", "audited", "errors"))
    limits = wilson(errors, n, float(review.rate_confidence))
    amount = nan
    if review.extrapolate and row["priced"] and n > 1:
        mean, deviation = (_number(row[name]) for name in ("mean", "deviation"))
        amount = max(
            0.0, lower_limit(total, n, mean, deviation, float(review.extrapolate_confidence))
        )
    told = {
        "error_rate": errors / n if n else nan,
        "rate_low": limits.low,
        "rate_high": limits.high,
        "lower_limit_fen": amount,
    }
    kept = {name: row[name] for name in _RATES if name in row}
    return {**kept, **{name: None if value != value else value for name, value in told.items()}}


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _refuse(given: pl.DataFrame, sample: pl.DataFrame, path: Path) -> None:
    other = given.filter(~pl.col("result").is_in([CONFIRMED, REJECTED]))
    if other.height:
        row = other.row(0, named=True)
        said = {"path": path, "row": row["row"], "result": row["result"]}
        raise DrgpayError(*_ERRORS("audit_result", **said))
    twice = given.filter(pl.col("case_id").is_duplicated())
    if twice.height:
        row = twice.row(-1, named=True)
        raise DrgpayError(*_ERRORS("audited_twice", path=path, row=row["row"], case=row["case_id"]))
    unknown = given.join(sample, on="case_id", how="anti")
    if unknown.height:
        row = unknown.row(0, named=True)
        raise DrgpayError(*_ERRORS("not_drawn", path=path, row=row["row"], case=row["case_id"]))
