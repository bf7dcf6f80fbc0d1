"""Agreement with independent groupers, case by case, for the shipped schemes."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.reference import Stay, group_stay
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import open_dataset

ROOT = Path(__file__).resolve().parents[2]
SCHEMES = ("chs-drg-2.0", "chs-drg-1.1", "zj-drg-2022")
SMALL = {name: ROOT / "tests" / "data" / f"oracle-{name}.parquet" for name in SCHEMES}
FULL = {name: ROOT.parent / "shared" / "oracle" / f"{name}.parquet" for name in SCHEMES}


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("files", [SMALL, FULL], ids=["part", "whole"])
def test_every_case_agrees(
    name: str,
    files: dict[str, Path],
    compiled: Callable[[str], CompiledScheme],
    tmp_path: Path,
) -> None:
    if not files[name].is_file():
        pytest.skip("the whole oracle is not here")
    out = tmp_path / "groups.parquet"
    rows = group_dataset(open_dataset(files[name]), compiled(name), out)
    expected = pl.read_parquet(files[name], columns=["case_id", "expected_drg"])
    found = pl.read_parquet(out)
    assert rows == found.height == expected.height
    assert found["case_id"].to_list() == expected["case_id"].to_list()
    wrong = expected.hstack(found.drop("case_id")).filter(pl.col("drg") != pl.col("expected_drg"))
    assert wrong.is_empty(), wrong.head(5)


@pytest.mark.parametrize("name", SCHEMES)
def test_reference_agrees_in_every_column(
    name: str, compiled: Callable[[str], CompiledScheme]
) -> None:
    table = pq.read_table(SMALL[name]).combine_chunks()
    fast = group_batch(compiled(name), table.to_batches()[0]).to_pylist()
    for row, quick in zip(table.to_pylist(), fast, strict=True):
        slow = group_stay(compiled(name).scheme, stay_of(row))
        assert quick == slow.__dict__, row


def stay_of(row: dict[str, object]) -> Stay:
    """The stay of one record."""
    fields = {name: row[name] for name in Stay.__dataclass_fields__}
    fields["other_diagnoses"] = tuple(fields["other_diagnoses"] or ())  # type: ignore[arg-type]
    fields["procedures"] = tuple(fields["procedures"] or ())  # type: ignore[arg-type]
    return Stay(**fields)  # type: ignore[arg-type]


def test_e8_parotid_and_oesophagus(compiled: Callable[[str], CompiledScheme]) -> None:
    """E8: CHS-DRG 1.1, female, 88 years."""
    stay = Stay(
        principal_diagnosis="K22.301",
        sex=2,
        age=88,
        other_diagnoses=("K11.901", "E11.900", "I10.x05"),
        procedures=("96.0800x005",),
    )
    found = group_stay(compiled("chs-drg-1.1").scheme, stay)
    assert (found.mdc, found.adrg, found.drg) == ("MDCG", "GZ1", "GZ13")
