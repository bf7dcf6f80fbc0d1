"""Each check of docs/files.md finds its rows; no row is lost."""

import re
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.records.checks import (
    FINDING_COLUMNS,
    STAY,
    CheckedStays,
    check_stays,
    stay_checks,
    total_row,
)
from drgpay.records.findings import commonest
from drgpay.records.leading_procedures import LEADING_WITHOUT_PART
from drgpay.records.meaning.faults import FAULTS, Faults, Unread, packed
from drgpay.records.visits.checks import _line_checks, _visit_checks

POLICY = load_policy("illustrative").policy
HOSPITALS = pl.DataFrame({"hospital_id": ["H1", "H2"], "level": ["3A", "1"]})
ONLY_WOMEN = pl.DataFrame({"code": ["O80"], "only_sex": [2.0]})
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))

GOOD: dict[str, Any] = {
    "case_id": "1",
    "hospital_id": "H1",
    "person_id": "P1",
    "account": "employee",
    "admission_date": date(2026, 10, 1),
    "discharge_date": date(2026, 10, 5),
    "settlement_date": date(2026, 10, 6),
    "sex": 1.0,
    "age": 50.0,
    "age_days": None,
    "weight_g": None,
    "principal_diagnosis": "A00",
    "length_of_stay": 4,
    "out_of_area": False,
    "payment_unit": "drg",
    "bed_day_class": None,
    "complete": True,
    "total_fen": 1000,
    "fund_fen": 600,
    "patient_fen": 300,
    "other_fen": 100,
    "stated_days": 4.0,
    FAULTS: None,
    "unknown_principal": None,
    "unknown_other": None,
    "unknown_procedure": None,
    "leading_unknown": False,
    "principal_repeated": False,
}
NUMBERS = ("sex", "age", "age_days", "weight_g", "stated_days")
TYPES = {
    name: pl.Float64 if name in NUMBERS else pl.Int64 if name.endswith("_fen") else pl.String
    for name, value in GOOD.items()
    if name in NUMBERS or name.endswith("_fen") or value is None or isinstance(value, str)
} | {name: pl.Date for name in GOOD if name.endswith("_date")}


def fault(*found: tuple[str, Unread, str]) -> str:
    """What a row carries of values that could not be read: (column, problem, value) of each."""
    faults = [(column, Faults(problem, np.array([0]), [value])) for column, problem, value in found]
    text: str = packed(faults, 1).to_pylist()[0]
    return text


def stays_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    frame = pl.DataFrame(
        [{**GOOD, **row} for row in rows], schema_overrides=TYPES, infer_schema_length=None
    )
    return frame.cast({FAULTS: pl.Categorical})


def check(rows: list[dict[str, Any]], policy: Policy = POLICY) -> CheckedStays:
    ids = ({"case_id": str(number), "person_id": f"P{number}"} for number in range(len(rows)))
    frame = stays_of([{**own, **row} for own, row in zip(ids, rows, strict=True)])
    return check_stays(frame, policy, HOSPITALS, OCTOBER, ONLY_WOMEN, "stays.parquet", "en")


def severity(**change: str) -> Policy:
    return POLICY.model_copy(update={"records": POLICY.records.with_severities(change)})


def test_a_good_stay_is_valid() -> None:
    checked = check([{}])
    assert checked.valid.height == 1
    assert checked.quarantine.is_empty()
    assert checked.warnings.is_empty()
    assert checked.quarantine.columns == list(FINDING_COLUMNS)


BAD: list[tuple[dict[str, Any], str, str, str]] = [
    ({"principal_diagnosis": None}, "missing_required", "principal_diagnosis", "is missing"),
    ({"total_fen": None}, "missing_required", "total_cost", "is missing"),
    ({"case_id": None}, "missing_required", "case_id", "is missing"),
    ({"case_id": "合计", "sex": None}, "total_row", "case_id", "a row of totals, not a record"),
    ({"hospital_id": "总 计", "sex": None}, "total_row", "case_id", "a row of totals"),
    (
        {"total_fen": None, FAULTS: fault(("total_cost", Unread.NOT_AN_AMOUNT, "1.005"))},
        "bad_type",
        "total_cost",
        "total_cost is 1.005, which is no amount in whole fen",
    ),
    (
        {"other_fen": None, FAULTS: fault(("other_cost", Unread.AMOUNT_TOO_LONG, "9e17"))},
        "implausible_amount",
        "other_cost",
        "more than 18 digits",
    ),
    (
        {"discharge_date": None, FAULTS: fault(("discharge_date", Unread.NOT_A_DATE, "soon"))},
        "bad_type",
        "discharge_date",
        "discharge_date is soon, which is no date",
    ),
    (
        {FAULTS: fault(("procedures", Unread.JOINED_CODES, "00.01;00.02"))},
        "joined_codes",
        "procedures",
        "procedures is 00.01;00.02, which holds a separator",
    ),
    (
        {"total_fen": 10_000_000_001, "fund_fen": 9_999_999_601},
        "implausible_amount",
        "total_cost",
        "total_cost is 100000000.01, above the 100000000 of records.max_amount_yuan",
    ),
    (
        {"length_of_stay": None, "stated_days": 1.5},
        "bad_type",
        "length_of_stay",
        "not a whole number of days",
    ),
    (
        {"length_of_stay": 3651, "stated_days": 3651.0},
        "length_range",
        "length_of_stay",
        "length_of_stay is 3651, above 3650 days",
    ),
    (
        {"length_of_stay": None, "stated_days": 9e18},
        "length_range",
        "length_of_stay",
        "above 3650 days",
    ),
    (
        {"length_of_stay": None, "stated_days": None},
        "missing_required",
        "length_of_stay",
        "is missing",
    ),
    ({"account": "army"}, "bad_value", "account", "account is army, not employee or resident"),
    ({"sex": 9.0}, "bad_value", "sex", "sex is 9, not 1 or 2"),
    ({"age": 200.0}, "bad_value", "age", "age is 200"),
    ({"payment_unit": "dip"}, "bad_value", "payment_unit", "payment_unit is dip"),
    (
        {"length_of_stay": -1, "stated_days": -1.0},
        "bad_value",
        "length_of_stay",
        "length_of_stay is -1",
    ),
    ({"hospital_id": "H9"}, "unknown_hospital", "hospital_id", "hospital H9"),
    (
        {"settlement_date": date(2026, 11, 1)},
        "outside_period",
        "settlement_date",
        "2026-11-01, outside 2026-10-01 to 2026-10-31",
    ),
    (
        {"payment_unit": "bed_day", "bed_day_class": "hotel"},
        "unknown_bed_day_class",
        "bed_day_class",
        "class hotel at level 3A",
    ),
    ({"payment_unit": "bed_day"}, "unknown_bed_day_class", "bed_day_class", "class (none)"),
    ({"principal_diagnosis": "O80"}, "sex_conflict", "sex", "O80 does not go with sex 1"),
    ({"age": 0.0}, "age_days_missing", "age_days", "age_days is missing"),
    (
        {"discharge_date": date(2026, 9, 30)},
        "dates_reversed",
        "discharge_date",
        "discharged 2026-09-30 before admitted 2026-10-01",
    ),
    (
        {"settlement_date": date(2026, 10, 4)},
        "dates_reversed",
        "settlement_date",
        "settled 2026-10-04 before discharged 2026-10-05",
    ),
    (
        {"patient_fen": -300, "total_fen": 400},
        "cost_negative",
        "patient_cost",
        "patient_cost is -3.00",
    ),
    (
        {"total_fen": 1002},
        "cost_identity",
        "total_cost",
        "10.02 is not fund_cost 6.00 + patient_cost 3.00 + other_cost 1.00",
    ),
]


@pytest.mark.parametrize(("change", "code", "column", "words"), BAD)
def test_findings(change: dict[str, Any], code: str, column: str, words: str) -> None:
    checked = check([change, {}])
    assert checked.valid.height == 1
    finding = checked.quarantine.row(0, named=True)
    assert (finding["code"], finding["column"]) == (code, column)
    assert words in finding["message"]


def test_rows_of_totals_are_in_no_share_of_refused_rows() -> None:
    refused = check([{"case_id": "合计", "total_fen": 9_000}, {"sex": 9.0}, {}]).refused
    assert refused.select("code", "outside").rows() == [("bad_value", False), ("total_row", True)]


def test_both_languages_name_the_columns() -> None:
    """What the Chinese message names by its column the English one does."""
    checks = [
        total_row("case_id"),
        *stay_checks(POLICY, OCTOBER, {}, ["Z99"]),
        *_visit_checks(POLICY, OCTOBER, pl.Series([None], dtype=pl.String)),
        *_line_checks(POLICY, pl.Series([None], dtype=pl.String)),
    ]
    assert len(checks) > 40
    for one in checks:
        for column in re.findall(r"[a-z]+(?:_[a-z]+)*", one.message.zh):
            assert column in one.message.en, (one.code, column)


def test_the_tolerance_of_the_identity() -> None:
    assert check([{"total_fen": 1001}, {"total_fen": 999}]).valid.height == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unknown_principal": "Z99"}, "unknown_diagnosis"),
        ({"unknown_other": "Z99"}, "unknown_diagnosis"),
        ({"unknown_procedure": "99.9"}, "unknown_procedure"),
        ({"age": 0.0, "age_days": 3.0}, "newborn_weight_missing"),
    ],
)
def test_warnings_do_not_refuse(change: dict[str, Any], code: str) -> None:
    checked = check([change])
    assert checked.valid.height == 1
    assert checked.warnings["code"].to_list() == [code]


def test_one_row_a_stay_with_its_other_findings() -> None:
    checked = check([{"sex": 9.0, "age": 200.0, "hospital_id": "H9"}])
    assert checked.quarantine.height == 1
    assert checked.quarantine["other_codes"][0] == "bad_value:age; unknown_hospital:hospital_id"


def test_several_faults_of_a_row_are_one_row_of_quarantine() -> None:
    both = fault(
        ("admission_date", Unread.DATE_OUT_OF_RANGE, "0001-01-01"),
        ("sex", Unread.NOT_A_NUMBER, "x"),
    )
    only = fault(("sex", Unread.NOT_A_NUMBER, "?"))
    rows: list[dict[str, Any]] = [
        {"admission_date": None, "sex": None, FAULTS: both},
        {"sex": None, FAULTS: only},
        {"sex": None},
        {},
    ]
    checked = check(rows)
    assert checked.valid["case_id"].to_list() == ["3"]
    found = checked.quarantine.select("case_id", "code", "column", "message", "other_codes")
    assert found.rows() == [
        (
            "0",
            "bad_value",
            "admission_date",
            "admission_date is 0001-01-01, which is a date before 1900 or after 2199",
            "bad_type:sex",
        ),
        ("1", "bad_type", "sex", "sex is ?, which is no number", ""),
        ("2", "missing_required", "sex", "sex is missing", ""),
    ]


def test_a_fault_that_is_ignored_or_warned_of_leaves_the_stay() -> None:
    joined = {FAULTS: fault(("other_diagnoses", Unread.JOINED_CODES, "A00;A01"))}
    warned = check([joined], severity(joined_codes="warn"))
    assert warned.warnings["code"].to_list() == ["joined_codes"]
    assert warned.valid.height == 1
    assert check([joined], severity(joined_codes="ignore")).warnings.is_empty()


def test_the_commonest_finding_is_told_with_its_first_row() -> None:
    rows = [
        {"case_id": "b", "sex": 3.0},
        {"case_id": "a", "sex": 3.0},
        {"case_id": "c", "age": 200.0},
    ]
    said = commonest(check(rows).quarantine, STAY).en
    assert said.startswith("; the commonest finding is bad_value (3 rows), as in the case a: sex ")
    assert commonest(check([{}]).quarantine, STAY).en == ""


def test_severity_comes_from_the_policy() -> None:
    reversed_dates = {"discharge_date": date(2026, 9, 30)}
    assert check([reversed_dates], severity(dates_reversed="warn")).valid.height == 1
    ignored = check([reversed_dates], severity(dates_reversed="ignore"))
    assert ignored.warnings.is_empty()
    with pytest.raises(DrgpayError, match=r"stays\.parquet: case 0: discharged 2026-09-30"):
        check([reversed_dates], severity(dates_reversed="stop"))


def test_duplicates_stop_or_are_all_quarantined() -> None:
    rows = [{"case_id": "a"}, {"case_id": "a"}, {"case_id": "b"}]
    checked = check(rows)
    assert checked.quarantine["code"].to_list() == ["duplicate_id"] * 2
    assert checked.valid["case_id"].to_list() == ["b"]
    with pytest.raises(DrgpayError, match="case a: case_id occurs more than once") as caught:
        check(rows, severity(duplicate_id="stop"))
    assert caught.value.problem_words.zh.endswith("：病例 a：case_id 重复出现")


changes = st.sampled_from([{}, *[change for change, *_ in BAD]])


@given(st.lists(st.lists(changes, min_size=1, max_size=3), min_size=1, max_size=8))
def test_read_is_valid_plus_quarantined(rows: list[list[dict[str, Any]]]) -> None:
    merged = [{key: value for change in row for key, value in change.items()} for row in rows]
    checked = check(merged)
    assert checked.valid.height + checked.quarantine.height == len(rows)


def test_lists_of_the_scheme_are_looked_at() -> None:
    rows: list[dict[str, Any]] = [
        {"case_id": "1"},
        {"case_id": "2", "person_id": "P2", "principal_diagnosis": "A02"},
    ]
    leading = pl.Series(LEADING_WITHOUT_PART, [None, "89.0"])
    stays = stays_of(rows).with_columns(leading)
    place = "stays.parquet"
    checked = check_stays(
        stays, POLICY, HOSPITALS, OCTOBER, ONLY_WOMEN, place, "en", not_principal=("A02",)
    )
    found = checked.warnings.filter(pl.col("case_id") == "2").sort("code")
    assert found.select("code", "column", "message").rows() == [
        (
            "principal_not_allowed",
            "principal_diagnosis",
            "the scheme does not allow A02 as a principal diagnosis",
        ),
        (
            "procedure_without_part",
            "procedures",
            "89.0 takes no part in grouping and stands before a procedure that does",
        ),
    ]
    assert LEADING_WITHOUT_PART not in checked.valid.columns


def test_messages_are_chinese_first() -> None:
    checked = check_stays(
        stays_of([{"sex": 9.0}]), POLICY, HOSPITALS, OCTOBER, ONLY_WOMEN, "stays.parquet"
    )
    assert checked.quarantine["message"].to_list() == ["sex 为 9，应为 1 或 2"]
