"""Reading reviews, deductions and technologies, and what is said when they are wrong."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.records.filings import (
    DEDUCTION_SCHEMA,
    NO_FILINGS,
    PAYMENT_SCHEMA,
    REVIEW_SCHEMA,
    TECHNOLOGY_SCHEMA,
    check_payments,
    read_filings,
)

REVIEWS = (
    "case_id,filed_at,approved,unreasonable_cost,fixed_points,reason,remark\n"
    "02,2026/11/3,否,,,,\n"
    "01,2026-11-02,true,12.5,100.0001,重症监护,x\n"
)
PARSED = [
    ("01", date(2026, 11, 2), True, 1250, 100_0001, "重症监护"),
    ("02", date(2026, 11, 3), False, 0, None, None),
]


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "filed.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_reviews_in_csv(tmp_path: Path, encoding: str) -> None:
    reviews = read_filings(written(tmp_path, REVIEWS, encoding)).reviews
    assert reviews.rows() == PARSED
    assert reviews.schema == REVIEW_SCHEMA


def test_reviews_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "reviews.parquet"
    pl.DataFrame(
        {
            "case_id": ["02", "01"],
            "filed_at": [datetime(2026, 11, 3), datetime(2026, 11, 2)],
            "approved": [False, True],
            "unreasonable_cost": [None, 12.5],
            "fixed_points": [None, Decimal("100.0001")],
            "reason": [None, "重症监护"],
        }
    ).write_parquet(path)
    assert read_filings(path).reviews.rows() == PARSED


def test_optional_columns_may_be_missing(tmp_path: Path) -> None:
    path = written(tmp_path, "case_id,filed_at,approved\n1,2026-11-03,1\n")
    assert read_filings(path).reviews.rows() == [("1", date(2026, 11, 3), True, 0, None, None)]


def test_an_empty_file_holds_no_filings(tmp_path: Path) -> None:
    assert read_filings(written(tmp_path, "case_id,filed_at,approved\n")).reviews.height == 0
    path = written(tmp_path, "case_id,technology\n")
    assert read_filings(technologies=path).technologies.schema == TECHNOLOGY_SCHEMA
    assert read_filings().reviews.equals(NO_FILINGS.reviews)


DEDUCTIONS = (
    "kind,case_id,serious,hospital_id,account,amount_yuan,reason\n"
    "up_coding,1,是,,,,高套\n"
    "fraud,1,,,,,\n"
    "payment,,,H2,employee,1000,\n"
    "payment,,,H1,employee,0.05,罚\n"
)


def test_deductions_of_cases_and_payments_held_back(tmp_path: Path) -> None:
    found = read_filings(deductions=written(tmp_path, DEDUCTIONS))
    assert found.deductions.rows() == [
        ("1", "fraud", False, None, None, None),
        ("1", "up_coding", True, "高套", None, None),
    ]
    assert found.payments.rows() == [
        ("H1", "employee", 5, "罚"),
        ("H2", "employee", 100_000, None),
    ]
    assert found.deductions.schema == DEDUCTION_SCHEMA
    assert found.payments.schema == PAYMENT_SCHEMA
    check_payments(found, ["H1", "H2"], ["employee"])
    with pytest.raises(DrgpayError, match=r"filed\.csv: .* hospital_id H2, which does not exist"):
        check_payments(found, ["H1"], ["employee"])
    with pytest.raises(DrgpayError, match="the account employee, which does not exist"):
        check_payments(found, ["H1", "H2"], ["resident"])


def test_a_deduction_carries_its_document_and_its_clue(tmp_path: Path) -> None:
    text = "kind,case_id,document,clue_id\nfraud,1, 医保罚〔2026〕7号 ,L-1\n"
    found = read_filings(deductions=written(tmp_path, text)).deductions
    assert found.rows() == [("1", "fraud", False, None, "医保罚〔2026〕7号", "L-1")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("case_id,approved\n1,1\n", "lacks the column filed_at"),
        ("case_id,filed_at,approved\n1,2026-11-31,1\n", "row 2 has '2026-11-31' as filed_at"),
        ("case_id,filed_at,approved\n1,11月3日,1\n", "write a date as 2026-10-31"),
        ("case_id,filed_at,approved\n1,2026-11-03,maybe\n", "row 2 has 'maybe' as approved"),
        ("case_id,filed_at,approved\n,2026-11-03,1\n", "row 2 has no case_id"),
        ("case_id,filed_at,approved\n1,2026-11-03,\n", "row 2 has no approved"),
        (
            "case_id,filed_at,approved\n1,2026-11-03,1\n2,2026-11-03,1\n1,2026-11-04,0\n",
            "the review of the case 1 is filed twice (rows 2 and 4)",
        ),
        (
            "case_id,filed_at,approved,unreasonable_cost\n1,2026-11-03,1,1.005\n",
            "row 2 has '1.005' as unreasonable_cost",
        ),
        (
            "case_id,filed_at,approved,unreasonable_cost\n1,2026-11-03,1,-1\n",
            "an amount in yuan from 0",
        ),
        (
            "case_id,filed_at,approved,fixed_points\n1,2026-11-03,1,1.00005\n",
            "row 2 has '1.00005' as fixed_points",
        ),
        ("case_id,filed_at,approved\n1,2026-11-03\n", "row 2 has 2 cells"),
        ("", "has no header line"),
    ],
)
def test_wrong_reviews(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DrgpayError, match=r"filed\.csv") as caught:
        read_filings(written(tmp_path, text))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",1,,,,,", "row 2 has no kind"),
        ("fraud,,,,,,", "row 2 has no case_id"),
        ("fraud,1,,H1,,,", "row 2 is of kind fraud and gives hospital_id"),
        ("fraud,1,,,,5,", "row 2 is of kind fraud and gives amount_yuan"),
        ("payment,,,,employee,5,", "row 2 has no hospital_id"),
        ("payment,,,H1,,5,", "row 2 has no account"),
        ("payment,,,H1,employee,,", "row 2 has no amount_yuan"),
        ("payment,1,,H1,employee,5,", "row 2 is of kind payment and gives case_id"),
        ("payment,,,H1,employee,5.001,", "row 2 has '5.001' as amount_yuan"),
        ("fraud,1,,,,,a\nfraud,1,,,,,b", "the case 1 has a deduction of kind fraud twice"),
        (
            "payment,,,H1,employee,5,\npayment,,,H1,employee,5.00,",
            "the same payment is held back twice from H1",
        ),
    ],
)
def test_wrong_deductions(tmp_path: Path, row: str, words: str) -> None:
    header = "kind,case_id,serious,hospital_id,account,amount_yuan,reason\n"
    with pytest.raises(DrgpayError) as caught:
        read_filings(deductions=written(tmp_path, f"{header}{row}\n"))
    assert words in str(caught.value)


def test_wrong_technologies_and_files(tmp_path: Path) -> None:
    twice = written(tmp_path, "case_id,technology\n1,t\n1,u\n1,t\n")
    with pytest.raises(DrgpayError, match=r"the case 1 has the technology t twice \(rows 2 and 4"):
        read_filings(technologies=twice)
    with pytest.raises(DrgpayError, match="there is no file"):
        read_filings(tmp_path / "none.csv")
    damaged = tmp_path / "x.parquet"
    damaged.write_bytes(b"PAR1")
    with pytest.raises(DrgpayError, match="not a readable Parquet file"):
        read_filings(damaged)
