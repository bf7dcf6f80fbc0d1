"""The exact number of points through all steps, rounded after each."""

from fractions import Fraction
from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.exact import half_up, wide
from drgpay.points.adjustments import CaseChange, HospitalMinus, Step, adjust, change_columns
from drgpay.points.formulas import PointFormula
from drgpay.points.reasons import reason
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA, no_adjustments
from tests.spread import drawn

positive = st.fractions(min_value=0, max_value=10**8, max_denominator=10**12)
factors = st.integers(0, 10_000).map(lambda share: Fraction(share, 10_000))
steps = st.lists(
    st.tuples(factors, positive, st.none() | st.integers(0, 10**7)), min_size=1, max_size=6
)


def exact_of(*values: Fraction) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "case_id": [str(n) for n in range(len(values))],
            "hospital_id": ["H"] * len(values),
            "account": ["employee"] * len(values),
            "out_of_area": [False] * len(values),
            "numerator": pl.Series([v.numerator for v in values], dtype=pl.Int128),
            "denominator": pl.Series([v.denominator for v in values], dtype=pl.Int128),
        }
    )


def change(times: Fraction, plus: Fraction, most: int | None, case_id: str = "0") -> CaseChange:
    added = PointFormula(wide(plus.numerator), wide(plus.denominator), "")
    columns = change_columns(reason("tcm"), pl.lit(None), times, added, most)
    return CaseChange("kind", pl.DataFrame({"case_id": [case_id]}).select(columns))


@drawn(60)
@given(start=positive, made=steps)
def test_rows_add_up_to_the_rounded_exact_number(
    start: Fraction, made: list[tuple[Fraction, Fraction, int | None]]
) -> None:
    points, rows = adjust(exact_of(start), [change(*step) for step in made])
    value, rounded = start, [half_up(start)]
    for times, plus, most in made:
        after = value * times + plus
        value = after if most is None else min(after, value + most)
        rounded.append(half_up(value))
    assert points.to_list() == [rounded[-1]]
    assert rows["points"].to_list() == [b - a for a, b in pairwise(rounded)]
    assert rows["step"].to_list() == list(range(1, len(made) + 1))


def test_steps_touch_their_own_cases_and_are_numbered_by_case() -> None:
    half, one = Fraction(1, 2), Fraction(1)
    rows_of_minus = pl.DataFrame({"case_id": ["1"], "points": [-7], "evidence": ["e"]})
    minus = rows_of_minus.with_columns(*reason("hospital_minus", factor=10_000))
    made: list[Step] = [
        change(half, Fraction(0), None, "1"),
        HospitalMinus("fraud", minus),
        change(one, Fraction(5), None, "0"),
        change(half, Fraction(0), None, "1"),
    ]
    points, rows = adjust(exact_of(Fraction(10), Fraction(20), Fraction(30)), made)
    assert points.to_list() == [15, 5, 30]
    assert rows.select("case_id", "step", "applies_to", "points").rows() == [
        ("0", 1, "case", 5),
        ("1", 1, "case", -10),
        ("1", 2, "hospital", -7),
        ("1", 3, "case", -5),
    ]
    assert rows.schema == ADJUSTMENT_SCHEMA == no_adjustments().schema
