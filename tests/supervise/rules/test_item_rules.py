"""sex_age, account_limit and dup_charge: lines and diagnoses against item_rules."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.found import Found
from drgpay.supervise.rules import account_limit, dup_charge, sex_age
from tests.supervise.material import material_of, stay, visit

_RULES = {
    **dict.fromkeys(("rule_id", "kind", "code", "code2", "sex"), pl.String),
    **dict.fromkeys(("age_min", "age_max"), pl.Int64),
    "accounts": pl.String,
    **dict.fromkeys(("price", "share"), pl.Int64),
    **dict.fromkeys(("valid_from", "valid_to"), pl.Date),
}
WOMEN: dict[str, Any] = {"rule_id": "R1", "kind": "sex", "code": "I1", "sex": "2"}
CHILDREN: dict[str, Any] = {
    "rule_id": "R2",
    "kind": "age",
    "code": "I2",
    "age_min": 0,
    "age_max": 14,
}
MOTHERS: dict[str, Any] = {"rule_id": "R3", "kind": "sex", "code": "O80", "sex": "2"}
EMPLOYEES: dict[str, Any] = {
    "rule_id": "R4",
    "kind": "account",
    "code": "I3",
    "accounts": "employee;retired",
}
NOBODY: dict[str, Any] = {"rule_id": "R5", "kind": "account", "code": "I4"}
PAIR: dict[str, Any] = {"rule_id": "R6", "kind": "pair", "code": "P1", "code2": "P2"}
FIRST: dict[str, Any] = {
    "rule_id": "R7",
    "kind": "discount",
    "code": "OP1",
    "price": 100_000,
    "share": 5_000,
}
SECOND: dict[str, Any] = {**FIRST, "rule_id": "R8", "code": "OP2", "price": 80_000}


def rules(*rows: dict[str, Any]) -> pl.DataFrame:
    full = [{**dict.fromkeys(_RULES), **row} for row in rows]
    return pl.DataFrame(full, schema=_RULES).with_row_index("row", 2)


def items(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """case_id, day of March, code, amount in fen."""
    return pl.DataFrame(
        [(case, date(2026, 3, day), code, None, 1.0, fen) for case, day, code, fen in rows],
        schema={
            "case_id": pl.String,
            "date": pl.Date,
            "item_code": pl.String,
            "item_kind": pl.String,
            "quantity": pl.Float64,
            "amount": pl.Int64,
        },
        orient="row",
    )


def found(
    rule: Any, tmp_path: Path, compiled: CompiledScheme, table: pl.DataFrame, **said: Any
) -> Found:
    stays = said.pop("stays", [stay("a", "2026-03-01", "2026-03-10")])
    lines = said.pop("lines", None)
    tables = {"item_rules": table, **({"stay_items": lines} if lines is not None else {})}
    material = material_of(tmp_path, compiled, stays, tables=tables, **said)
    made: Found = rule.find(material, rule.Limits())
    return made


def cases(made: Found) -> dict[str, int]:
    named = made.hits.select("hit", case=pl.col("case_ids").list.first())
    return dict(named.join(made.stakes, on="hit").select("case", "fen").rows())


def test_lines_of_stays_and_visits_by_sex_and_age(tmp_path: Path, compiled: CompiledScheme) -> None:
    stays = [
        stay("man", "2026-03-01", "2026-03-10", sex=1.0, age=15.0),
        stay("woman", "2026-03-01", "2026-03-10", sex=2.0, age=14.0),
        stay("unknown", "2026-03-01", "2026-03-10", sex=None, age=None),
    ]
    lines = items(
        *((who, 2, "I1", 1_000) for who in ("man", "woman", "unknown")),
        *((who, 2, "I2", 500) for who in ("man", "woman", "unknown")),
        ("man", 3, "I9", 9_000),
    )
    visits = [visit("v", "2026-03-05", ("I1", "drug", 700), ("I1x", "drug", 800))]
    made = found(
        sex_age, tmp_path, compiled, rules(WOMEN, CHILDREN), stays=stays, lines=lines, visits=visits
    )
    assert cases(made) == {"man": 1_500, "v": 700}
    assert made.hits["part"].to_list() == ["stay", "visit"]
    assert made.checked == 4


def test_diagnoses_go_by_their_beginning(tmp_path: Path, compiled: CompiledScheme) -> None:
    stays = [
        stay("a", "2026-03-01", "2026-03-10", other_diagnoses=["O80.000"]),
        stay("b", "2026-03-01", "2026-03-10", principal_diagnosis="O8"),
        stay("c", "2026-03-01", "2026-03-10", principal_diagnosis="O80.900", sex=2.0),
    ]
    made = found(sex_age, tmp_path, compiled, rules(MOTHERS), stays=stays)
    assert cases(made) == {"a": 0}
    assert made.facts["value"].to_list() == ["O80.000 (R3)"]


@pytest.mark.parametrize(
    ("valid", "hit"),
    [
        ({"valid_from": date(2026, 3, 2)}, True),
        ({"valid_from": date(2026, 3, 3)}, False),
        ({"valid_to": date(2026, 3, 2)}, True),
        ({"valid_to": date(2026, 3, 1)}, False),
    ],
)
def test_a_rule_holds_on_its_days(
    tmp_path: Path, compiled: CompiledScheme, valid: dict[str, date], hit: bool
) -> None:
    lines = items(("a", 2, "I1", 1_000))
    made = found(sex_age, tmp_path, compiled, rules({**WOMEN, **valid}), lines=lines)
    assert cases(made) == ({"a": 1_000} if hit else {})


def test_accounts_that_pay_and_that_do_not(tmp_path: Path, compiled: CompiledScheme) -> None:
    stays = [
        stay("a", "2026-03-01", "2026-03-10"),
        stay("b", "2026-03-01", "2026-03-10", account="resident"),
    ]
    lines = items(("a", 2, "I3", 100), ("b", 2, "I3", 200), ("a", 2, "I4", 40))
    made = found(
        account_limit, tmp_path, compiled, rules(EMPLOYEES, NOBODY), stays=stays, lines=lines
    )
    assert cases(made) == {"a": 40, "b": 200}


def test_pairs_of_a_day_of_a_stay_and_of_a_visit(tmp_path: Path, compiled: CompiledScheme) -> None:
    lines = items(
        ("a", 2, "P1", 300), ("a", 2, "P2", 200), ("a", 3, "P1", 300), ("a", 4, "P2", 200)
    )
    visits = [
        visit("v", "2026-03-05", ("P1", "lab", 50), ("P2", "lab", 90)),
        visit("w", "2026-03-05", ("P1", "lab", 50), ("P2", "lab", 90), ("P2", "lab", -90)),
    ]
    made = found(dup_charge, tmp_path, compiled, rules(PAIR), lines=lines, visits=visits)
    assert cases(made) == {"a": 200, "v": 50}


def test_further_operations_of_a_day_above_their_share(
    tmp_path: Path, compiled: CompiledScheme
) -> None:
    """All but the dearest: 800.00 charged where half of it is due."""
    lines = items(("a", 2, "OP1", 100_000), ("a", 2, "OP2", 80_000), ("a", 5, "OP2", 80_000))
    made = found(dup_charge, tmp_path, compiled, rules(FIRST, SECOND), lines=lines)
    assert cases(made) == {"a": 40_000}
    at_share = items(("a", 2, "OP1", 100_000), ("a", 2, "OP2", 40_000))
    made = found(dup_charge, tmp_path / "x", compiled, rules(FIRST, SECOND), lines=at_share)
    assert cases(made) == {}


def test_rows_in_any_order_give_the_same(tmp_path: Path, compiled: CompiledScheme) -> None:
    rows = [("a", 2, "I1", 100), ("a", 3, "I1", 200), ("a", 2, "P1", 300), ("a", 2, "P2", 300)]
    table = rules(WOMEN, PAIR)
    for rule in (sex_age, dup_charge):
        one = found(rule, tmp_path / "1", compiled, table, lines=items(*rows))
        other = found(rule, tmp_path / "2", compiled, table[::-1], lines=items(*rows[::-1]))
        assert one.hits.equals(other.hits)
        assert one.stakes.equals(other.stakes)
        columns = one.facts.columns
        assert one.facts.sort(columns).equals(other.facts.sort(columns))


def test_a_line_is_at_stake_once_however_many_rules_it_breaks(
    tmp_path: Path, compiled: CompiledScheme
) -> None:
    """Batches name the same item again; a pair stands in both orders."""
    lines = items(("a", 2, "I1", 10_000), ("a", 2, "P1", 5_000), ("a", 2, "P2", 3_000))
    twice = rules(WOMEN, {**WOMEN, "rule_id": "R1b"})
    assert cases(found(sex_age, tmp_path / "s", compiled, twice, lines=lines)) == {"a": 10_000}
    turned = rules(PAIR, {**PAIR, "rule_id": "R6b", "code": "P2", "code2": "P1"})
    assert cases(found(dup_charge, tmp_path / "p", compiled, turned, lines=lines)) == {"a": 3_000}
    one = items(("a", 2, "OP1", 100_000))
    batches = rules(FIRST, {**FIRST, "rule_id": "R7b"})
    assert cases(found(dup_charge, tmp_path / "o", compiled, batches, lines=one)) == {}


def test_what_was_taken_back_is_no_charge(tmp_path: Path, compiled: CompiledScheme) -> None:
    lines = items(
        *(("a", 2, "I1", fen) for fen in (1_000, -1_000)),
        *(("a", 2, "OP1", fen) for fen in (100_000, 100_000, -100_000)),
        ("a", 2, "OP2", 80_000),
    )
    assert cases(found(sex_age, tmp_path / "s", compiled, rules(WOMEN), lines=lines)) == {}
    made = found(dup_charge, tmp_path / "d", compiled, rules(FIRST, SECOND), lines=lines)
    assert cases(made) == {"a": 40_000}


def test_the_same_operation_twice_a_day(tmp_path: Path, compiled: CompiledScheme) -> None:
    lines = items(("a", 2, "OP1", 100_000), ("a", 2, "OP1", 100_000))
    made = found(dup_charge, tmp_path, compiled, rules(FIRST), lines=lines)
    assert cases(made) == {"a": 50_000}


def test_half_a_fen_of_what_is_due_is_rounded_up(tmp_path: Path, compiled: CompiledScheme) -> None:
    lines = items(("a", 2, "OP1", 200), ("a", 2, "OP2", 151))
    third = {**SECOND, "price": 101, "share": 5_000}  # 50.5 fen
    made = found(dup_charge, tmp_path, compiled, rules(FIRST, third), lines=lines)
    assert cases(made) == {"a": 151 - 51}
