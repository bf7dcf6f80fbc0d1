"""What a run keeps of the record of a stay beside what it is paid by."""

import polars as pl
import pyarrow as pa

from drgpay.records.case_records import KEPT_COLUMNS, kept_of_record
from drgpay.records.meaning.faults import Faults, Unread, packed, without_faults_of

_LIST = pa.list_(pa.string())


def test_codes_are_kept_as_one_text_and_amounts_in_fen() -> None:
    coded = pa.array(["儿科", None]).dictionary_encode()
    batch = pa.RecordBatch.from_pydict(
        {
            "case_id": ["a", "b"],
            "department": coded,
            "other_diagnoses": pa.array([["I10.x00", "E11.900"], []], _LIST),
            "procedures": pa.array([None, ["99.2500"]], _LIST),
            "drug_cost": pa.array(["12.34", None]).cast(pa.decimal128(18, 2)),
        }
    )
    kept = kept_of_record(batch)
    assert kept.columns == list(KEPT_COLUMNS)
    assert kept.rows() == [
        ("儿科", "I10.x00|E11.900", None, 1234, None, None),
        (None, None, "99.2500", None, None, None),
    ]


def test_a_list_that_begins_within_a_slice_is_kept_whole() -> None:
    lists = pa.array([["x"], ["a", "b"], ["c"]], _LIST).slice(1)
    batch = pa.RecordBatch.from_pydict({"procedures": lists})
    assert kept_of_record(batch)["procedures"].to_list() == ["a|b", "c"]


def test_faults_of_columns_that_nothing_is_paid_by_are_none() -> None:
    both = [
        ("drug_cost", Faults(Unread.NOT_AN_AMOUNT, pl.Series([0, 1]).to_numpy(), ["x", "y"])),
        ("total_cost", Faults(Unread.NOT_AN_AMOUNT, pl.Series([1]).to_numpy(), ["z"])),
    ]
    left = without_faults_of(packed(both, 3), {"drug_cost"}).to_pylist()
    assert left == packed(both[1:], 3).to_pylist()
    assert left[0] is None and left[2] is None
