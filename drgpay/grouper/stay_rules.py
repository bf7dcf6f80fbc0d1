"""What the rules of the policy make of valid stays before anything is counted or calibrated.

`points.incomplete_if` decides whether a stay is complete where its record does not say so,
`points.outside_drg_if` takes stays out of DRG: they are paid item by item (docs/points.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.words import Sentences, Wording
from drgpay.grouper.number_rules import STAY_FIELDS, holds, number_rule
from drgpay.grouper.rules.fields import NumberField
from drgpay.grouper.rules.nodes import Rule, field_names
from drgpay.policy.points import Points

_ERRORS = Sentences("errors/grouper")

RULED_SCHEMA: dict[str, pl.DataType] = {
    "rule": pl.String(),
    "hospital_id": pl.String(),
    "stays": pl.Int64(),
    "total_fen": pl.Int64(),
}
"""By rule and hospital: how many stays a rule changed, and what they cost. rule: incomplete_if,
outside_drg_if, or complete_differs (the record says otherwise than incomplete_if and stands)."""

DIFFERS = "complete_differs"


@dataclass(frozen=True)
class RuledStays:
    """stays: as given, complete without nulls, payment_unit as the rules have it. ruled:
    RULED_SCHEMA, sorted. differing: case_id, hospital_id, settlement_date and message of the stays
    whose record contradicts incomplete_if, sorted.
    """

    stays: pl.DataFrame
    ruled: pl.DataFrame
    differing: pl.DataFrame


def refuse_wrong_rules(points: Points, where: str) -> None:
    """Raise DrgpayError if a rule of the policy does not parse or asks for another field."""
    for key in ("incomplete_if", "outside_drg_if"):
        if text := getattr(points, key):
            told = _ERRORS.words("key_in_file", path=where, key=f"points.{key}")
            number_rule(text, STAY_FIELDS, told)


def asks_discharge_type(points: Points) -> str | None:
    """The key of the rule that asks for the discharge type, if one does."""
    for key in ("incomplete_if", "outside_drg_if"):
        text = getattr(points, key)
        if text and NumberField.DISCHARGE_TYPE in field_names(_rule(text, key)):
            return f"points.{key}"
    return None


def refuse_without_discharge_type(points: Points, valid: int, known: int) -> None:
    """Raise DrgpayError where a rule asks for it and no stay has one.

    valid: how many valid stays there are, known: how many of them have a discharge type.
    """
    key = asks_discharge_type(points)
    if key and valid and not known:
        raise DrgpayError(*_ERRORS("no_discharge_type", key=key))


def summed_ruled(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """RULED_SCHEMA of all stays from those of their parts."""
    keys = ["rule", "hospital_id"]
    return pl.concat(parts).group_by(keys).agg(pl.col("stays", "total_fen").sum()).sort(keys)


def ruled_stays(
    stays: pl.DataFrame, points: Points, language: Language = "zh", whole: bool = True
) -> RuledStays:
    """Apply the rules to valid stays.

    stays: case_id, hospital_id, settlement_date, payment_unit, complete (null: not known),
    length_of_stay, discharge_type, total_fen. whole: whether they are all of them, so that what
    `refuse_without_discharge_type` refuses is refused. Raises DrgpayError for a rule that is none, and for
    one that asks for the discharge type where no stay has one.
    """
    if whole:
        known = stays.height - stays["discharge_type"].null_count()
        refuse_without_discharge_type(points, stays.height, known)
    complete = pl.col("complete")
    marks = {name: pl.lit(False) for name in ("incomplete_if", "outside_drg_if", DIFFERS)}
    incomplete = _condition(points.incomplete_if, "incomplete_if")
    if incomplete is not None:
        marks["incomplete_if"] = complete.is_null() & incomplete
        marks[DIFFERS] = complete.is_not_null() & (complete == incomplete)
    outside = _condition(points.outside_drg_if, "outside_drg_if")
    if outside is not None:
        marks["outside_drg_if"] = (pl.col("payment_unit") == "drg") & outside
    found = stays.select(
        "case_id", "hospital_id", "settlement_date", "complete", "total_fen", **marks
    )
    # The default holds after the rule: a stay that no rule calls incomplete is complete.
    changed = stays.with_columns(
        complete=complete.fill_null(~found["incomplete_if"]),
        payment_unit=pl.when(found["outside_drg_if"]).then(pl.lit("fee")).otherwise("payment_unit"),
    )
    ruled = pl.concat(
        found.filter(name)
        .group_by("hospital_id")
        .agg(stays=pl.len().cast(pl.Int64), total_fen=pl.col("total_fen").sum())
        .with_columns(rule=pl.lit(name))
        .select(pl.col(column).cast(dtype) for column, dtype in RULED_SCHEMA.items())
        for name in marks
    ).sort("rule", "hospital_id")
    return RuledStays(changed, ruled, _differing(found, language))


def _condition(text: str | None, key: str) -> pl.Expr | None:
    return holds(_rule(text, key)) if text else None


def _rule(text: str, key: str) -> Rule:
    return number_rule(text, STAY_FIELDS, f"points.{key}")


def _differing(found: pl.DataFrame, language: Language) -> pl.DataFrame:
    words = Wording("records")
    complete, not_complete = words.words("stay_rule.complete"), words.words("stay_rule.incomplete")
    said = {
        True: words.said("stay_rule.differs", language, given=complete, found=not_complete),
        False: words.said("stay_rule.differs", language, given=not_complete, found=complete),
    }
    return (
        found.filter(DIFFERS)
        .sort("case_id")
        .select(
            "case_id",
            "hospital_id",
            "settlement_date",
            message=pl.when("complete").then(pl.lit(said[True])).otherwise(pl.lit(said[False])),
        )
    )
