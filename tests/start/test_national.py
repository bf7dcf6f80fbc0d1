"""The national interface and the front page are recognised without questions."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from drgpay.records.dataset import open_dataset
from drgpay.start.found import Form, Sureness
from drgpay.start.given import open_given
from drgpay.start.mapping_file import mapping_text
from drgpay.start.recognise import recognise
from tests.start.clerk import Clerk
from tests.start.exports import ACCOUNTS, payable, write_csv


@pytest.fixture(scope="module")
def stays(sample_data: Path) -> pl.DataFrame:
    return payable(sample_data / "stays" / "2026-10.parquet").head(400)


def settlement_list(stays: pl.DataFrame) -> pl.DataFrame:
    """Interface 4101: codes of the national platform, diagnoses and procedures as records."""
    diagnoses = [
        [{"diag_code": first, "maindiag_flag": "1", "diag_type": "1"}]
        + [{"diag_code": code, "maindiag_flag": "0", "diag_type": "1"} for code in others]
        for first, others in stays.select("principal_diagnosis", "other_diagnoses").iter_rows()
    ]
    procedures = [
        [
            {"oprn_oprt_code": code, "main_oprn_flag": "1" if not place else "0"}
            for place, code in enumerate(codes)
        ]
        for codes in stays["procedures"].to_list()
    ]
    return pl.DataFrame(
        {
            "setl_id": stays["case_id"],
            "fixmedins_code": stays["hospital_id"],
            "psn_no": stays["person_id"],
            "insutype": stays["account"].replace_strict(ACCOUNTS, return_dtype=pl.String),
            "adm_time": stays["admission_date"],
            "dscg_time": stays["discharge_date"],
            "setl_begn_date": stays["admission_date"],
            "setl_end_date": stays["settlement_date"],
            "gend": stays["sex"],
            "age": stays["age"],
            "nwb_age": stays["age_days"],
            "nwb_adm_wt": stays["weight_g"],
            "dscg_caty": stays["department"],
            "act_ipt_days": stays["length_of_stay"],
            "dscg_way": stays["discharge_type"],
            "medfee_sumamt": stays["total_cost"],
            "hifp_pay": stays["fund_cost"],
            "psn_part_amt": stays["patient_cost"],
            "maf_pay": stays["other_cost"],
            "hi_paymtd": ["4"] * stays.height,
            "diseinfo": diagnoses,
            "oprninfo": procedures,
        }
    )


def front_page(stays: pl.DataFrame) -> pl.DataFrame:
    """HQMS: a column a code; no settlement, so the fund's part is not there."""
    series = {
        f"C06x{n:02}C": [
            codes[n - 1] if len(codes) >= n else None for codes in stays["other_diagnoses"]
        ]
        for n in range(1, 11)
    }
    procedures = {
        ("C14x01C" if n == 0 else f"C35x{n:02}C"): [
            codes[n] if len(codes) > n else None for codes in stays["procedures"]
        ]
        for n in range(5)
    }
    return pl.DataFrame(
        {
            "A01": stays["hospital_id"],
            "A48": stays["case_id"],
            "A49": ["1"] * stays.height,
            "A46C": stays["account"].replace_strict({"employee": "1", "resident": "2"}),
            "A12C": stays["sex"],
            "A14": stays["age"],
            "A16": stays["age_days"],
            "A17": stays["weight_g"],
            "A18x01": stays["weight_g"],
            "B12": stays["admission_date"],
            "B15": stays["discharge_date"],
            "B16C": stays["department"],
            "B20": stays["length_of_stay"],
            "B34C": stays["discharge_type"],
            "C03C": stays["principal_diagnosis"],
            "C04N": ["某病"] * stays.height,
            **series,
            **procedures,
            "D01": stays["total_cost"],
        },
        schema_overrides={
            **dict.fromkeys(series, pl.String),
            **dict.fromkeys(procedures, pl.String),
        },
    )


def read_by_mapping(path: Path, text: str) -> pl.DataFrame:
    """The columns of stays that a generated mapping makes of a file."""
    mapping = path.with_suffix(".toml")
    mapping.write_text(text, encoding="utf-8")
    dataset = open_dataset(path, mapping)
    batches = [batch for piece in dataset.pieces() for batch in piece.batches(READ)]
    return pl.DataFrame(pa.Table.from_batches(batches)).sort("case_id")


READ = ["case_id", "account", "principal_diagnosis", "other_diagnoses", "procedures"]


def test_interface_4101_is_recognised(stays: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    settlement_list(stays).write_parquet(path)
    clerk = Clerk()
    found = recognise("stays", open_given(path), clerk)
    assert not clerk.asked
    assert {one.sureness for one in found.found.values()} == {Sureness.CERTAIN}
    assert not found.missing or set(found.missing) == {"principal_diagnosis"}
    assert found.found["other_diagnoses"].form is Form.RECORDS
    made = read_by_mapping(path, mapping_text(found, "zh"))
    assert made.rows() == stays.select(READ).sort("case_id").rows()


def test_the_front_page_is_recognised(stays: pl.DataFrame, tmp_path: Path) -> None:
    clerk = Clerk()
    given = open_given(write_csv(front_page(stays), tmp_path / "hqms.csv"))
    found = recognise("stays", given, clerk, stays["hospital_id"].unique().to_list())
    # What it does not have at all is asked for; of what it has, nothing.
    assert all(question.startswith("Which column") for question in clerk.asked)
    assert len(clerk.asked) == len(found.missing)
    assert not [one for one in found.others if one.known is None]
    assert found.found["case_id"].form is Form.JOIN
    assert found.found["procedures"].headings[0] == "C14x01C"
    assert len(found.found["other_diagnoses"].headings) == 10
    assert {one.sureness for one in found.found.values()} == {Sureness.CERTAIN}
    assert set(found.missing) >= {"fund_cost", "settlement_date"}
    text = mapping_text(found, "zh")
    assert "待填" in text
