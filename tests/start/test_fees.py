"""Kinds of cost out of a sheet of fees: exact, compared with the total cost, and what is doubtful said."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from drgpay.records.dataset import open_dataset
from drgpay.start.fee_classes import kind_of_fee
from drgpay.start.found import Form, Nobody, Recognition, Sureness
from drgpay.start.given import open_given
from drgpay.start.mapping_file import mapping_text
from drgpay.start.project import Wishes, start_project
from drgpay.start.recognise import recognise
from tests.start.exports import (
    FEES,
    fee_columns,
    fee_rows,
    in_sheets,
    payable,
    settlement_export,
    write_excel,
)

KINDS = list(FEES)


@pytest.fixture(scope="module")
def stays(sample_data: Path) -> pl.DataFrame:
    return payable(sample_data / "stays" / "2026-10.parquet").head(60)


@pytest.fixture(scope="module")
def sheets(stays: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {**in_sheets(settlement_export(stays)), "费用": fee_rows(stays)}


def recognised(sheets: dict[str, pl.DataFrame], folder: Path) -> Recognition:
    return recognise("stays", open_given(write_excel(sheets, folder / "导出.xlsx")))


def read_back(found: Recognition, columns: list[str]) -> pl.DataFrame:
    """What the generated mapping makes of the workbook."""
    mapping = found.given.path.with_name("mapping.toml")
    mapping.write_text(mapping_text(found, "zh"), encoding="utf-8")
    dataset = open_dataset(found.given.path, mapping)
    batches = [one for piece in dataset.pieces() for one in piece.batches(columns)]
    return pl.DataFrame(pa.Table.from_batches(batches))


@pytest.mark.parametrize("wide", [False, True])
def test_a_sheet_of_fees_gives_the_kinds_of_cost(
    wide: bool, sheets: dict[str, pl.DataFrame], stays: pl.DataFrame, tmp_path: Path
) -> None:
    fees = fee_columns(sheets["费用"]) if wide else sheets["费用"]
    found = recognised({**sheets, "费用": fees}, tmp_path)
    assert {found.found[kind].sureness for kind in KINDS} == {Sureness.CERTAIN}
    assert found.found["drug_cost"].headings == ("中成药费", "西药费")
    assert not found.remarks
    got = read_back(found, ["case_id", "total_cost", *KINDS])
    wanted = stays.select("case_id", "total_cost", *KINDS)
    assert got.rows() == wanted.rows()


def test_fees_without_a_total_are_the_total(
    sheets: dict[str, pl.DataFrame], stays: pl.DataFrame, tmp_path: Path
) -> None:
    """The settlement list itself has no total cost."""
    without = {**sheets, "结算清单": sheets["结算清单"].drop("医疗费总额(元)")}
    found = recognised(without, tmp_path)
    total = found.found["total_cost"]
    assert (total.form, total.sureness) == (Form.SUM, Sureness.CERTAIN)
    assert len(total.headings) == 5
    got = read_back(found, ["case_id", "total_cost", "fund_cost"])
    assert got.rows() == stays.select("case_id", "total_cost", "fund_cost").rows()


def test_fees_that_do_not_add_up_are_said(sheets: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    less = sheets["费用"].with_columns((pl.col("金额") - Decimal("0.50")).cast(pl.Decimal(18, 2)))
    found = recognised({**sheets, "费用": less}, tmp_path)
    assert {found.found[kind].sureness for kind in KINDS} == {Sureness.LIKELY}
    assert any("医疗费总额(元)" in str(remark) for remark in found.remarks)


def test_a_second_amount_and_a_second_sheet_are_named(
    sheets: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    twice = sheets["费用"].with_columns(pl.col("金额").alias("费用金额"))
    found = recognised({**sheets, "费用": twice, "费用2": twice}, tmp_path)
    remarks = " ".join(map(str, found.remarks))
    assert "费用金额" in remarks
    assert "费用2" in remarks


def test_lines_of_single_items_are_no_fees(sheets: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    items = sheets["费用"].with_columns(pl.lit("阿莫西林胶囊").alias("收费项目"))
    found = recognised({**sheets, "费用": items}, tmp_path)
    assert not {"drug_cost", "阿莫西林胶囊"} & {*found.found, *found.given.headings}
    assert any("费用" in str(remark) for remark in found.remarks)


def test_the_surest_id_joins_the_sheets(
    sheets: dict[str, pl.DataFrame], stays: pl.DataFrame, tmp_path: Path
) -> None:
    """An id of the visit, of which there are several settlements, stands before that of the settlement."""
    visit = pl.lit("J1").alias("就诊ID")
    both = {name: frame.select(visit, pl.all().exclude("就诊ID")) for name, frame in sheets.items()}
    found = recognised(both, tmp_path)
    assert found.given.sheets and found.given.sheets.key == ("结算ID",)
    got = read_back(found, ["case_id", *KINDS])
    assert got.rows() == stays.select("case_id", *KINDS).rows()


def test_months_of_a_workbook_are_parted_with_what_stands_beside(
    stays: pl.DataFrame, sample_data: Path, tmp_path: Path
) -> None:
    past = payable(sample_data / "history" / "2026-09.parquet").head(60)
    both = pl.concat([past, stays], how="diagonal_relaxed")
    fees = fee_rows(stays)
    sheets = {**in_sheets(settlement_export(both)), "费用": fees}
    path = write_excel(sheets, tmp_path / "两月.xlsx")
    start_project(Wishes(tmp_path / "2026", path), Nobody(), "zh")
    folder = tmp_path / "2026"
    dataset = open_dataset(folder / "stays" / "2026-10.parquet", folder / "mapping.toml")
    columns = ["case_id", "principal_diagnosis", "other_diagnoses", "procedures", *KINDS]
    batches = [one for piece in dataset.pieces() for one in piece.batches(columns)]
    got = pl.DataFrame(pa.Table.from_batches(batches))
    assert got.rows() == stays.select(columns).rows()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("西药费", "drug_cost"),
        ("09", "drug_cost"),
        ("11 中成药费", "drug_cost"),
        ("检查费", "exam_cost"),
        ("卫生材料费", "material_cost"),
        ("床位费", ""),
        ("输血费", ""),
        ("阿莫西林胶囊", None),
    ],
)
def test_classes_of_fees(name: str, kind: str | None) -> None:
    assert kind_of_fee(name) == kind
