"""Columns are recognised by headings and content; what contradicts or is open is said."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from drgpay.records.dataset import open_dataset
from drgpay.records.mapping.load import load_mapping
from drgpay.start.found import Form, Recognition, Sureness
from drgpay.start.given import open_given
from drgpay.start.mapping_file import mapping_text
from drgpay.start.recognise import COLUMNS, recognise
from tests.start.exports import (
    hospital_list,
    in_sheets,
    payable,
    settlement_export,
    write_csv,
    write_excel,
)

KINDS_OF_COST = {"drug_cost", "material_cost", "exam_cost"}


@pytest.fixture(scope="module")
def export(sample_data: Path) -> pl.DataFrame:
    return settlement_export(payable(sample_data / "stays" / "2026-10.parquet"))


def recognised(frame: pl.DataFrame, folder: Path, table: str = "stays") -> Recognition:
    return recognise(table, open_given(write_csv(frame, folder / "export.csv")))


def test_every_column_of_an_export_is_certain(export: pl.DataFrame, tmp_path: Path) -> None:
    found = recognised(export, tmp_path)
    assert {one.column for one in found.found.values()} == set(COLUMNS["stays"]) - KINDS_OF_COST
    assert {one.sureness for one in found.found.values()} == {Sureness.CERTAIN}
    assert not found.missing
    assert [one.heading for one in found.others if one.known is None] == ["窗口备注"]
    assert found.heading_of("case_id") == "结算ID"
    assert found.heading_of("weight_g") == "新生儿入院体重(克)"
    assert found.heading_of("fund_cost") == "统筹基金支出"
    assert found.found["other_cost"].headings == (
        "医疗救助基金支出",
        "大病补充医疗保险基金支出",
    )


def test_the_names_of_the_sample_are_recognised(sample_data: Path) -> None:
    found = recognise("stays", open_given(sample_data / "stays" / "2026-10.parquet"))
    assert all(one.headings == (column,) for column, one in found.found.items())
    assert found.found.keys() == set(COLUMNS["stays"])


def test_the_id_is_the_candidate_that_does_not_repeat(export: pl.DataFrame, tmp_path: Path) -> None:
    twice = export.with_columns(pl.lit("S1").alias("结算ID"), pl.col("序号").alias("住院号"))
    found = recognised(
        twice.with_columns(pl.col("就诊ID") + pl.col("序号").cast(pl.String)), tmp_path
    )
    assert found.heading_of("case_id") == "就诊ID"


def test_an_id_that_repeats_is_said(export: pl.DataFrame, tmp_path: Path) -> None:
    twice = export.with_columns(pl.lit("S1").alias("结算ID"), pl.lit("J1").alias("就诊ID"))
    found = recognised(twice, tmp_path)
    assert found.found["case_id"].sureness is Sureness.LIKELY
    assert any("结算ID" in str(remark) for remark in found.remarks)


def test_all_funds_together_are_not_the_pooled_fund(export: pl.DataFrame, tmp_path: Path) -> None:
    """Costs add up with them alone: the pooled fund has to be named by a person."""
    without = export.drop("统筹基金支出", "医疗救助基金支出", "大病补充医疗保险基金支出")
    found = recognised(without, tmp_path)
    assert found.found["fund_cost"].sureness is Sureness.OPEN
    assert not found.settled
    assert any("基金支付总额" in str(remark) for remark in found.remarks)


def test_account_and_cash_together_are_what_the_patient_pays(
    export: pl.DataFrame, tmp_path: Path
) -> None:
    found = recognised(export.drop("个人负担总金额"), tmp_path)
    patient = found.found["patient_cost"]
    assert (patient.form, set(patient.headings)) == (Form.SUM, {"个人账户支出", "现金支付金额"})


def test_costs_that_do_not_add_up_are_only_likely(export: pl.DataFrame, tmp_path: Path) -> None:
    wrong = export.with_columns(pl.col("医疗费总额(元)") + 7)
    found = recognised(wrong, tmp_path)
    assert found.found["fund_cost"].sureness is Sureness.LIKELY
    assert found.remarks


def test_amounts_in_ten_thousand_yuan_are_not_taken(export: pl.DataFrame, tmp_path: Path) -> None:
    found = recognised(export.rename({"医疗费总额(元)": "医疗费总额(万元)"}), tmp_path)
    assert "total_cost" in found.missing


def test_a_name_that_holds_codes_is_the_principal_diagnosis(
    export: pl.DataFrame, tmp_path: Path
) -> None:
    renamed = export.drop("主要诊断").rename({"主要诊断编码": "主要诊断"})
    found = recognised(renamed, tmp_path)
    assert found.heading_of("principal_diagnosis") == "主要诊断"


def test_days_in_another_order_are_only_likely(export: pl.DataFrame, tmp_path: Path) -> None:
    turned = export.rename({"入院时间": "出院时间", "出院时间": "入院时间"})
    found = recognised(turned, tmp_path)
    assert found.found["discharge_date"].sureness is Sureness.LIKELY


def test_all_diagnoses_in_one_cell_give_the_principal_one(
    export: pl.DataFrame, tmp_path: Path
) -> None:
    cells = (pl.col("主要诊断编码") + "," + pl.col("其他诊断编码").fill_null("")).alias("诊断编码")
    frame = export.with_columns(cells).drop("主要诊断编码", "其他诊断编码", "主要诊断")
    found = recognised(frame, tmp_path)
    others = found.found["other_diagnoses"]
    assert (others.form, others.principal_first) == (Form.CELL, True)


def test_a_status_of_the_person_is_no_certain_account(export: pl.DataFrame, tmp_path: Path) -> None:
    frame = export.rename({"险种类型": "人员类别"}).with_columns(pl.lit("11").alias("人员类别"))
    found = recognised(frame, tmp_path)
    assert found.found["account"].sureness is not Sureness.CERTAIN


def test_an_age_that_may_be_in_months_waits_for_a_person(
    export: pl.DataFrame, tmp_path: Path
) -> None:
    """Days and months stand under one heading; values above 31 are days."""
    frame = export.rename({"年龄(天)": "新生儿年龄"})
    days = pl.when(pl.col("序号") == 1).then(200).otherwise("新生儿年龄").alias("新生儿年龄")
    found = recognised(frame.with_columns(days), tmp_path).found["age_days"]
    assert (found.headings, found.sureness) == (("新生儿年龄",), Sureness.CERTAIN)
    months = pl.when(pl.col("序号") < 9).then(pl.lit("2.5")).alias("新生儿年龄")
    found = recognised(frame.with_columns(months), tmp_path).found["age_days"]
    assert (found.headings, found.sureness) == (("新生儿年龄",), Sureness.OPEN)


def test_weights_in_kilograms_wait_for_a_person(export: pl.DataFrame, tmp_path: Path) -> None:
    kilograms = pl.when(pl.col("序号") < 9).then(pl.lit("3.2")).alias("新生儿入院体重(克)")
    found = recognised(export.with_columns(kilograms), tmp_path).found["weight_g"]
    assert found.sureness is Sureness.OPEN


def test_words_that_mean_much_the_same_are_only_likely(
    export: pl.DataFrame, tmp_path: Path
) -> None:
    found = recognised(export.rename({"定点医药机构编号": "定点医疗机构编号"}), tmp_path)
    hospital = found.found["hospital_id"]
    assert (hospital.headings, hospital.sureness) == (("定点医疗机构编号",), Sureness.LIKELY)


def test_the_mapping_is_read_as_it_was_recognised(export: pl.DataFrame, tmp_path: Path) -> None:
    found = recognised(export, tmp_path)
    path = tmp_path / "mapping.toml"
    path.write_text(mapping_text(found, "zh"), encoding="utf-8")
    mapping = load_mapping(path).mapping
    assert mapping.columns["case_id"].names == ("结算ID",)
    assert mapping.columns["other_cost"].sum == found.found["other_cost"].headings
    assert mapping.columns["sex"].values == {"男": "1", "女": "2"}


def test_no_value_of_a_person_stands_in_the_mapping(export: pl.DataFrame, tmp_path: Path) -> None:
    found = recognised(export, tmp_path)
    person = export["人员编号"][0]
    assert person not in mapping_text(found, "zh")
    assert "某某" not in mapping_text(found, "zh")


def test_hospitals_are_recognised(sample_data: Path, tmp_path: Path) -> None:
    found = recognised(hospital_list(sample_data / "hospitals.csv"), tmp_path, "hospitals")
    assert {one.sureness for one in found.found.values()} == {Sureness.CERTAIN}
    assert set(found.found) == set(COLUMNS["hospitals"])


def test_codes_in_sheets_of_their_own_are_joined(export: pl.DataFrame, tmp_path: Path) -> None:
    path = write_excel(in_sheets(export.head(50)), tmp_path / "导出.xlsx", "2026 年 10 月结算明细")
    found = recognise("stays", open_given(path))
    assert not found.missing
    assert found.found["other_diagnoses"].headings == ("诊断代码",)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(mapping_text(found, "zh"), encoding="utf-8")
    dataset = open_dataset(path, mapping)
    columns = ["case_id", "principal_diagnosis", "other_diagnoses", "procedures"]
    batches = [one for piece in dataset.pieces() for one in piece.batches(columns)]
    got = pl.DataFrame(pa.Table.from_batches(batches))
    assert got["principal_diagnosis"].to_list() == export["主要诊断编码"].head(50).to_list()
    codes = got["procedures"].list.join("|").to_list()
    assert codes == export["手术操作编码"].head(50).fill_null("").to_list()


def test_identity_numbers_are_to_be_pseudonyms(export: pl.DataFrame, tmp_path: Path) -> None:
    numbers = pl.format("3301021980010{}X", pl.col("序号") + 1000)
    found = recognised(export.with_columns(numbers.alias("人员编号")), tmp_path)
    assert any("人员编号" in str(remark) for remark in found.remarks)
    assert not recognised(export, tmp_path).remarks
