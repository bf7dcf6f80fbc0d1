"""How the agreement with an official grouper went from month to month: a small JSON file."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import BY_UMASK
from drgpay.base.plain_json import json_fault, plain_json
from drgpay.base.words import Sentences
from drgpay.policy.load import validation_sentence
from drgpay.quality.reconcile import LEVELS, Reconciliation
from drgpay.quality.shares import SHARE
from drgpay.records.writing import staged_file

_ERRORS = Sentences("errors/quality")

Rate = Annotated[Decimal, Field(ge=0, le=1, decimal_places=4)]
Cases = Annotated[int, Field(ge=0)]


class PeriodAgreement(BaseModel):
    """The agreement of one period."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    compared: Cases
    mdc: Rate
    adrg: Rate
    drg: Rate


class AgreementHistory(BaseModel):
    """The file: the threshold that holds until another is given, and periods in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Rate
    periods: tuple[PeriodAgreement, ...] = ()

    def with_period(self, entry: PeriodAgreement, threshold: Decimal) -> "AgreementHistory":
        """The history with a period added, or put in the place of the same period."""
        others = [period for period in self.periods if period.period != entry.period]
        ordered = sorted([*others, entry], key=lambda period: period.period)
        return AgreementHistory(threshold=threshold, periods=tuple(ordered))

    def before(self, period: str) -> PeriodAgreement | None:
        """The last period before another."""
        earlier = [entry for entry in self.periods if entry.period < period]
        return earlier[-1] if earlier else None


def load_history(path: Path) -> AgreementHistory | None:
    """Read the file; None if there is none yet. Raises DrgpayError if it is damaged."""
    if not path.exists():
        return None
    try:
        raw = plain_json(path.read_bytes())
        history = AgreementHistory.model_validate(raw)
    except ValidationError as error:
        said = validation_sentence(error, raw)
        raise DrgpayError(*_ERRORS("wrong_history", path=path, said=said)) from None
    except (OSError, ValueError) as error:
        raise DrgpayError(*_ERRORS("no_history", path=path, reason=json_fault(error))) from None
    periods = [entry.period for entry in history.periods]
    if periods != sorted(set(periods)):
        raise DrgpayError(*_ERRORS("periods_in_disorder", path=path))
    return history


def save_history(history: AgreementHistory, path: Path) -> None:
    """Write the file whole or not at all; the same history gives the same bytes."""
    with staged_file(path, BY_UMASK) as staged:
        text = json.dumps(history.model_dump(mode="json"), ensure_ascii=False, indent=2)
        staged.write_text(text + "\n", encoding="utf-8")


def entry_of(found: Reconciliation, period: str) -> PeriodAgreement:
    """What the history keeps of a reconciliation."""
    rates = dict(found.agreement.select("grouping_level", "agreement_rate").iter_rows())
    return PeriodAgreement(period=period, compared=found.compared, **rates)


def with_change(agreement: pl.DataFrame, previous: PeriodAgreement | None) -> pl.DataFrame:
    """The agreement with previous_rate and change beside it, null without a previous period."""
    rates = [getattr(previous, level) if previous else None for level in LEVELS]
    known = pl.Series("previous_rate", rates, SHARE)
    return agreement.with_columns(known).with_columns(
        change_rate=(pl.col("agreement_rate") - pl.col("previous_rate")).cast(SHARE)
    )


def history_table(history: AgreementHistory) -> pl.DataFrame:
    """period, compared, mdc_rate, adrg_rate, drg_rate."""
    rows = [
        (entry.period, entry.compared, entry.mdc, entry.adrg, entry.drg)
        for entry in history.periods
    ]
    rates = {f"{level}_rate": SHARE for level in LEVELS}
    return pl.DataFrame(
        rows, schema={"period": pl.String, "compared": pl.Int64, **rates}, orient="row"
    )
