"""incomplete_if and outside_drg_if: what they decide, what stands, and what is told."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.grouper.number_rules import STAY_FIELDS, holds, number_rule
from drgpay.grouper.rules.fields import NumberField
from drgpay.grouper.rules.nodes import And, Compare, Not, Or, Rule
from drgpay.grouper.stay_rules import DIFFERS, refuse_wrong_rules, ruled_stays
from drgpay.policy.load import load_policy
from drgpay.policy.points import Points

CORE = load_policy("zhejiang-2019-core").policy.points


def with_rules(incomplete: str | None = None, outside: str | None = None) -> Points:
    return CORE.model_copy(update={"incomplete_if": incomplete, "outside_drg_if": outside})


def stays(*changes: dict[str, Any]) -> pl.DataFrame:
    stay = {
        "hospital_id": "H1",
        "settlement_date": date(2026, 10, 9),
        "payment_unit": "drg",
        "complete": None,
        "length_of_stay": 8,
        "discharge_type": 1.0,
        "total_fen": 100,
    }
    rows = [{"case_id": str(n), **stay, **change} for n, change in enumerate(changes)]
    schema = {"complete": pl.Boolean, "discharge_type": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=schema)


def test_a_missing_value_is_decided_and_a_given_one_stands() -> None:
    given = [None, True, False]
    changes = [{"complete": value, "discharge_type": 4.0} for value in given]
    changes += [{"complete": value} for value in given]
    found = ruled_stays(stays(*changes), with_rules("LYFS = 4 or ZYTS < 1"), "en")
    assert found.stays["complete"].to_list() == [False, True, False, True, True, False]
    assert found.differing.select("case_id", "message").rows() == [
        (
            "1",
            "the record says complete, points.incomplete_if says not complete: the record stands",
        ),
        (
            "5",
            "the record says not complete, points.incomplete_if says complete: the record stands",
        ),
    ]
    assert found.ruled.rows() == [(DIFFERS, "H1", 2, 200), ("incomplete_if", "H1", 1, 100)]


def test_without_a_rule_a_stay_is_complete() -> None:
    found = ruled_stays(stays({}, {"complete": False}), CORE)
    assert found.stays["complete"].to_list() == [True, False]
    assert (found.ruled.height, found.differing.height) == (0, 0)


def test_stays_that_leave_drg_are_paid_item_by_item() -> None:
    frame = stays(
        {"length_of_stay": 2, "hospital_id": "H2"},
        {"length_of_stay": 3},
        {"length_of_stay": 60, "total_fen": 7},
        {"length_of_stay": 2, "payment_unit": "bed_day"},
        {"length_of_stay": 2, "payment_unit": "fee"},
    )
    found = ruled_stays(frame, with_rules(outside="ZYTS <= 2 or ZYTS >= 60"))
    assert found.stays["payment_unit"].to_list() == ["fee", "drg", "fee", "bed_day", "fee"]
    assert found.ruled.rows() == [("outside_drg_if", "H1", 1, 7), ("outside_drg_if", "H2", 1, 100)]


def test_a_missing_discharge_type_is_in_no_comparison() -> None:
    frame = stays({"discharge_type": None}, {"discharge_type": 9.0})
    for rule, complete in (("LYFS != 1", [True, False]), ("not LYFS = 1", [False, False])):
        assert ruled_stays(frame, with_rules(rule)).stays["complete"].to_list() == complete


def test_a_rule_over_a_column_that_nobody_filled_is_refused() -> None:
    frame = stays({"discharge_type": None}, {"discharge_type": None})
    for rules in (with_rules("LYFS = 4"), with_rules(outside="ZYTS > 5 and LYFS = 4")):
        with pytest.raises(DrgpayError, match="no stay has a discharge_type"):
            ruled_stays(frame, rules)
    assert ruled_stays(frame, with_rules("ZYTS < 1")).stays["complete"].all()


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (with_rules("LYFS = "), "p.toml: points.incomplete_if is no rule"),
        (with_rules(outside="NL < 3"), "points.outside_drg_if asks for NL"),
        (with_rules("QTZD in MCC"), "points.incomplete_if asks for QTZD"),
    ],
)
def test_a_wrong_rule_is_refused(rules: Points, said: str) -> None:
    with pytest.raises(DrgpayError, match=said):
        refuse_wrong_rules(rules, "p.toml")


NUMBERS = st.integers(0, 4)
COMPARED = st.builds(
    Compare,
    st.sampled_from(STAY_FIELDS),
    st.sampled_from(["=", "!=", ">", ">=", "<", "<="]),
    NUMBERS.map(Decimal),
)
RULES: st.SearchStrategy[Rule] = st.recursive(
    COMPARED,
    lambda parts: st.one_of(
        parts.map(Not),
        st.lists(parts, min_size=2, max_size=3).map(lambda found: And(tuple(found))),
        st.lists(parts, min_size=2, max_size=3).map(lambda found: Or(tuple(found))),
    ),
    max_leaves=6,
)


def written(rule: Rule) -> str:
    match rule:
        case Compare(field, op, number):
            return f"{field} {op} {number}"
        case Not(part):
            return f"not ({written(part)})"
        case And(parts):
            return " and ".join(f"({written(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({written(part)})" for part in parts)
    raise AssertionError(rule)


def true_of(rule: Rule, days: int, left: int | None) -> bool:
    match rule:
        case Compare(field, op, number):
            value = days if field is NumberField.LENGTH_OF_STAY else left
            if value is None:
                return False
            return bool(eval(f"{value} {'==' if op == '=' else op} {number}"))
        case Not(part):
            return not true_of(part, days, left)
        case And(parts):
            return all(true_of(part, days, left) for part in parts)
        case Or(parts):
            return any(true_of(part, days, left) for part in parts)
    raise AssertionError(rule)


@settings(deadline=None)
@given(RULES, st.lists(st.tuples(NUMBERS, st.none() | NUMBERS), min_size=1))
def test_any_rule_on_columns_is_what_it_is_stay_by_stay(
    rule: Rule, numbers: list[tuple[int, int | None]]
) -> None:
    frame = stays(*({"length_of_stay": d, "discharge_type": t} for d, t in numbers))
    parsed = number_rule(written(rule), STAY_FIELDS, "key")
    found = frame.select(found=holds(parsed))["found"]
    assert found.to_list() == [true_of(rule, *pair) for pair in numbers]
