"""The stays of a month, from checked ones to money, and what stops it: the same for runs and in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.period import Period
from drgpay.points.cases import EarnedPoints
from drgpay.records.checks import STAY, CheckedStays
from drgpay.records.dataset import Dataset
from drgpay.records.filings import Filings, payable_filings
from drgpay.records.findings import commonest
from drgpay.run.previous import Before, PreviousPaid, earned_with_earlier
from drgpay.run.rules import PaymentRules
from drgpay.run.stops import Stop, by_hospital, level_stops, record_stops, settled_stops
from drgpay.run.visit_rules import VisitPaymentRules
from drgpay.settle.lines import levels_of
from drgpay.settle.month import settle_month
from drgpay.settle.settled import Settled


@dataclass(frozen=True)
class StayMonth:
    """The stays of a month settled; filings: those of its valid stays, warnings: with those of filings."""

    filings: Filings
    warnings: pl.DataFrame
    earned: EarnedPoints
    settled: Settled


def settle_stays(
    checked: CheckedStays,
    filings: Filings,
    rules: PaymentRules,
    opened: Sequence[PreviousPaid],
    period: Period,
    dataset: Dataset,
    output: Path,
    language: Language,
    lap: Callable[[str], object] = lambda _step: None,
) -> StayMonth:
    """Price and pay checked stays.

    opened: the runs that paid before. dataset: the records of the stays. output: where runs lie, for
    messages. Raises DrgpayError if no stay is valid, and for filings of unknown cases.
    """
    _refuse_empty(checked, dataset, period, language)
    payable, warnings = payable_filings(filings, checked, language)
    earned = earned_with_earlier(
        checked.valid, payable, rules, Before.of(opened), str(period), dataset, output
    )
    lap("points")
    settled = settle_month(
        earned.cases,
        earned.adjustments,
        rules.policy,
        period,
        payable.payments,
        levels_of(rules.hospitals),
    )
    return StayMonth(payable, warnings, earned, settled)


def month_stops(
    rules: PaymentRules | VisitPaymentRules,
    paid: pl.DataFrame,
    refused: pl.DataFrame,
    unknown: pl.DataFrame,
    settled: Settled,
    period: Period,
    before: Mapping[str, Decimal] | None,
) -> list[Stop]:
    """What stops the stays, or the visits, of a month.

    paid: the valid ones. before: the values of the month before, if they can be compared.
    """
    valid, records = by_hospital(paid), rules.policy.records
    return [
        *record_stops(records, valid, refused, unknown),
        *level_stops(records, valid, rules.levels, rules.catalogue.levels),
        *settled_stops(settled.lines, settled.pools, rules.policy.settlement, period, before),
    ]


def _refuse_empty(
    checked: CheckedStays, dataset: Dataset, period: Period, language: Language
) -> None:
    if checked.valid.height:
        return
    error = DrgpayError(
        f"{dataset.path}: none of {dataset.rows} stays is valid for {period}"
        f"{commonest(checked.quarantine, STAY)}",
        "correct the records or the period",
    )
    # How the columns were read is often why.
    error.further = "\n".join(dataset.reading_lines(language))
    raise error
