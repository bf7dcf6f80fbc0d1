"""Decisions on clues: which rows count, and which are refused and why (07, "Inputs").

Only the step `decision` is final. A confirmed one follows both reviews; the second is made by somebody else.
"""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/supervise")

STEPS = ("first_review", "second_review", "answer", "decision")
CONFIRMED, REJECTED, OPEN = "confirmed", "rejected", "open"
RESULTS = (CONFIRMED, REJECTED, OPEN)

STEP_SCHEMA: dict[str, pl.DataType] = {
    "row": pl.Int64(),
    "clue_id": pl.String(),
    "step": pl.String(),
    "result": pl.String(),
    "kind": pl.String(),
    "serious": pl.Boolean(),
    "by": pl.String(),
    "date": pl.Date(),
    "note": pl.String(),
}
"""A step that somebody made. kind: of the deduction, where it is confirmed."""


@dataclass(frozen=True)
class Decisions:
    """Rows of decisions.csv. steps, refused: STEP_SCHEMA, refused ones with `code`; together all rows."""

    steps: pl.DataFrame
    refused: pl.DataFrame

    @property
    def final(self) -> pl.DataFrame:
        """The decisions that are final, one a clue."""
        return self.steps.filter((pl.col("step") == STEPS[-1]) & (pl.col("result") != OPEN))


def checked_decisions(
    given: pl.DataFrame, clues: pl.DataFrame, kinds: Collection[str], *, two_persons: bool
) -> Decisions:
    """The steps that count and those that are refused.

    given: the table `decisions` as it was read, with `row`. clues: clue_id, kind (that of its rule).
    kinds: of deductions that the policy knows. two_persons: whether the second review needs somebody else.
    A row is refused as unknown_step, unknown_result, unknown_clue, unknown_kind, second_decision,
    wrong_order or same_person; the first that holds is said.
    """
    rows = (
        given.join(clues.rename({"kind": "kind_of_rule"}), on="clue_id", how="left")
        .with_columns(known=pl.col("kind_of_rule").is_not_null())
        .with_columns(
            kind=pl.when(pl.col("result") == CONFIRMED).then(pl.coalesce("kind", "kind_of_rule")),
            serious=pl.col("serious").fill_null(value=False),
            number=pl.col("step").replace_strict(
                list(STEPS), list(range(len(STEPS))), default=None, return_dtype=pl.Int64
            ),
        )
        .sort("clue_id", "date", "number", "row", nulls_last=True)
    )
    unknown = pl.col("kind").is_not_null() & ~pl.col("kind").is_in(sorted(kinds))
    rows = rows.with_columns(
        code=pl.when(pl.col("number").is_null())
        .then(pl.lit("unknown_step"))
        .when(~pl.col("result").is_in(RESULTS))
        .then(pl.lit("unknown_result"))
        .when(~pl.col("known"))
        .then(pl.lit("unknown_clue"))
        .when((pl.col("step") == STEPS[-1]) & unknown)
        .then(pl.lit("unknown_kind"))
    )
    wrong = [*_wrong_steps(rows.filter(pl.col("code").is_null()), two_persons=two_persons)]
    codes = pl.DataFrame(wrong, schema={"row": pl.Int64, "later": pl.String}, orient="row")
    told = (
        rows.join(codes, on="row", how="left")
        .with_columns(code=pl.coalesce("code", "later"))
        .select(*(pl.col(name).cast(dtype) for name, dtype in STEP_SCHEMA.items()), "code")
        .sort("row")
    )
    return Decisions(
        told.filter(pl.col("code").is_null()).drop("code"),
        told.filter(pl.col("code").is_not_null()),
    )


def _wrong_steps(rows: pl.DataFrame, *, two_persons: bool) -> list[tuple[int, str]]:
    """row, code of the rows that do not follow those before them of their clue.

    Steps are few and each depends on those that count before it, so they are walked through.
    """
    wrong = []
    clue: str | None = None
    done: dict[str, str] = {}
    decided = False
    columns = ("clue_id", "row", "step", "result", "by")
    for clue_id, row, step, result, by in rows.select(columns).iter_rows():
        if clue_id != clue:
            clue, done, decided = clue_id, {}, False
        code = _wrong_step(step, result, by, done, decided=decided, two_persons=two_persons)
        if code:
            wrong.append((row, code))
            continue
        done[step] = by
        decided = step == STEPS[-1] and result != OPEN
    return wrong


def _wrong_step(
    step: str, result: str, by: str, done: dict[str, str], *, decided: bool, two_persons: bool
) -> str | None:
    if decided:
        return "second_decision" if step == STEPS[-1] else "wrong_order"
    place = STEPS.index(step)
    repeated = step in done and step != STEPS[-1]
    later = any(STEPS.index(one) > place for one in done)
    before = STEPS[:place] if step == "second_review" else STEPS[:2] if place > 1 else ()
    confirms = step != STEPS[-1] or result == CONFIRMED
    missing = any(one not in done for one in before) if confirms else STEPS[0] not in done
    if repeated or later or missing:
        return "wrong_order"
    if two_persons and step == STEPS[1] and by == done[STEPS[0]]:
        return "same_person"
    return None


def refuse_refused(decisions: Decisions, path: object) -> None:
    """Raise DrgpayError for the first refused row, with how many there are; none: nothing."""
    if decisions.refused.is_empty():
        return
    first = decisions.refused.row(0, named=True)
    why = _ERRORS.words(f"refused_{first['code']}")
    more = decisions.refused.height
    row, clue = first["row"], first["clue_id"]
    raise DrgpayError(
        *_ERRORS("decisions_refused", path=path, row=row, clue=clue, why=why, count=more)
    )
