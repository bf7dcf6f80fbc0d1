"""Clinical-edition codes become insurance codes once, and what has no counterpart is counted."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import Dataset, open_dataset, translate_clinical_codes
from drgpay.records.known_codes import code_table

CODES = ["principal_diagnosis", "other_diagnoses", "procedures"]
STAYS = Path(__file__).resolve().parents[1] / "data" / "oracle-chs-drg-2.0.parquet"


def read(dataset: Dataset, coded: list[str]) -> pl.DataFrame:
    return pl.concat(
        pl.DataFrame(pa.table(batch)).cast({"principal_diagnosis": pl.String})
        for piece in dataset.pieces()
        for batch in piece.batches(CODES, coded)
    )


@pytest.fixture
def stays(tmp_path: Path) -> Path:
    # 00.6400x007 becomes 00.6500x014, which is itself a clinical code with another meaning.
    frame = pl.DataFrame(
        {
            "principal_diagnosis": ["A01.000x002", "A00.000", "Nonsense", None, ""],
            "other_diagnoses": [["A01.000x002", "A00.000"], [], None, ["A01.000x002"], ["Nix"]],
            "procedures": [["00.6400x007", "00.6500x014"], ["00.0100"], [], None, ["zzz"]],
        }
    )
    path = tmp_path / "stays.parquet"
    frame.write_parquet(path, row_group_size=2)
    return path


@pytest.mark.parametrize("coded", [[], CODES, ["principal_diagnosis"]])
def test_codes_are_translated_once(stays: Path, coded: list[str]) -> None:
    dataset = translate_clinical_codes(open_dataset(stays))
    found = read(dataset, coded)
    assert found["principal_diagnosis"].to_list() == ["A01.003", "A00.000", "Nonsense", None, None]
    lists = found.select(pl.col("other_diagnoses", "procedures").cast(pl.List(pl.String)))
    assert lists["other_diagnoses"].to_list() == [
        ["A01.003", "A00.000"], [], [], ["A01.003"], ["Nix"],
    ]  # fmt: skip
    assert lists["procedures"].to_list() == [
        ["00.6500x014", "00.6501"], ["00.0100"], [], [], ["zzz"],
    ]  # fmt: skip
    read(dataset, coded)  # counts nothing twice
    assert dataset.translations is not None
    assert dataset.translations.frame().rows() == [
        ("principal_diagnosis", "translated", 1, 1, "A01.000x002", 1),
        ("principal_diagnosis", "same", 1, 1, "A00.000", 1),
        ("principal_diagnosis", "no_counterpart", 1, 1, "Nonsense", 1),
        ("other_diagnoses", "translated", 2, 1, "A01.000x002", 2),
        ("other_diagnoses", "same", 1, 1, "A00.000", 1),
        ("other_diagnoses", "no_counterpart", 1, 1, "Nix", 1),
        ("procedures", "translated", 2, 2, "00.6400x007", 1),
        ("procedures", "same", 1, 1, "00.0100", 1),
        ("procedures", "no_counterpart", 1, 1, "zzz", 1),
    ]
    assert dataset.translations.lines("en")[2] == (
        "procedures: 2 codes translated, 1 kept, 1 without a counterpart (most often zzz, 1 times)"
    )


def test_nothing_is_translated_unasked(stays: Path) -> None:
    dataset = open_dataset(stays)
    assert dataset.translations is None
    assert read(dataset, [])["principal_diagnosis"][0] == "A01.000x002"


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_clinical_stays_group_like_insurance_ones(
    form: str, tmp_path: Path, compiled: Callable[[str], CompiledScheme]
) -> None:
    """Insurance codes are put back into clinical ones, and translated again."""
    tables = {kind: crosswalk_table(kind) for kind in ("diagnoses", "procedures")}
    back = {
        kind: dict(table.select("insurance_code", "clinical_code").rows())
        for kind, table in tables.items()
    }
    frame = pl.read_parquet(STAYS)
    clinical_frame = frame.with_columns(
        pl.col("principal_diagnosis").replace(back["diagnoses"]),
        pl.col("other_diagnoses").list.eval(pl.element().replace(back["diagnoses"])),
        pl.col("procedures").list.eval(pl.element().replace(back["procedures"])),
    )
    assert not clinical_frame.equals(frame)
    path = tmp_path / f"stays.{form}"
    if form == "csv":
        clinical_frame.with_columns(pl.col(pl.List).list.join("|")).write_csv(path)
    else:
        clinical_frame.write_parquet(path, row_group_size=100)
    plain, out = tmp_path / "plain.out", tmp_path / "groups.out"
    scheme = compiled("chs-drg-2.0")
    translated = translate_clinical_codes(open_dataset(path))
    group_dataset(translated, scheme, out)
    group_dataset(open_dataset(STAYS), scheme, plain)
    found, expected = pl.read_parquet(out), pl.read_parquet(plain)
    # A stay that holds a string of the clinical edition from the start is translated there too.
    clinical = [code for table in tables.values() for code in table["clinical_code"]]
    codes = pl.concat_list(
        "principal_diagnosis", *[pl.col(name).fill_null([]) for name in CODES[1:]]
    )
    clear = frame.select(codes.list.set_intersection(pl.lit(clinical)).list.len() == 0).to_series()
    assert clear.sum() > 500
    assert found.filter(clear).equals(expected.filter(clear))
    assert translated.translations is not None
    counts = translated.translations.frame().filter(pl.col("outcome") == "translated")
    assert counts["codes"].to_list() == [85, 189, 23]


def crosswalk_table(kind: str) -> pl.DataFrame:
    table = code_table("insurance-2.0", f"{kind}_clinical_to_insurance")
    assert table is not None
    return table


def test_a_system_without_a_crosswalk_is_refused(stays: Path) -> None:
    with pytest.raises(DrgpayError, match="there is no crosswalk from the clinical edition to"):
        translate_clinical_codes(open_dataset(stays), "insurance-9")
