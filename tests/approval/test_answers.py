"""Forms of answers come back from a spreadsheet with the hospitals that they went out with."""

from pathlib import Path

import polars as pl
import pytest

from drgpay.approval.answers import read_answers, write_form
from drgpay.base.errors import DrgpayError
from tests.hostile_texts import FORMULAS

HOSPITALS = ["H1", "0012", *(text for text in FORMULAS if text == text.strip())]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_whatever_a_hospital_is_called(tmp_path: Path, suffix: str) -> None:
    form = tmp_path / "form.csv"
    write_form(form, HOSPITALS, {})
    answered = pl.read_csv(form, infer_schema=False).with_columns(answer=pl.lit("确认"))
    sent = tmp_path / f"sent{suffix}"
    if suffix == ".csv":
        answered.write_csv(sent)
    elif suffix == ".xlsx":
        answered.write_excel(sent)
    else:
        answered.write_parquet(sent)
    assert [one.hospital_id for one in read_answers(sent, HOSPITALS)] == HOSPITALS


def test_a_hospital_that_was_not_asked_is_named(tmp_path: Path) -> None:
    form = tmp_path / "form.csv"
    form.write_text("hospital_id,answer,note\nH2,确认,\n", encoding="utf-8")
    with pytest.raises(DrgpayError, match="H2"):
        read_answers(form, HOSPITALS)
