"""Records with other column names and codes give the results of the plain table."""

import tempfile
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import Dataset, open_dataset
from drgpay.records.mapping.load import load_mapping, shipped_mappings
from drgpay.records.meaning.faults import FAULTS, unpacked
from drgpay.records.reading_report import ReadingReport

STAYS = Path(__file__).resolve().parents[1] / "data" / "oracle-chs-drg-2.0.parquet"
SCHEME = "chs-drg-2.0"
GROUPING = [
    "case_id", "sex", "age", "age_days", "weight_g", "department", "length_of_stay",
    "discharge_type", "principal_diagnosis", "other_diagnoses", "procedures",
]  # fmt: skip
Frame = pl.DataFrame


def conversions_of(dataset: Dataset) -> ReadingReport:
    """The report of a dataset that has one."""
    assert dataset.conversions is not None
    return dataset.conversions


def plain() -> Frame:
    return pl.read_parquet(STAYS)


def as_settlement_list() -> Frame:
    """The stays as a 4101 export: numbers as text, nested records, the main ones not first."""
    rows = plain().to_dicts()
    for row in rows:
        others = [record(code, "0") for code in row["other_diagnoses"] or []]
        syndrome = record("BNP050", "1") | {"diag_type": "3"}
        row["diseinfo"] = [syndrome, *others[:1], record(row["principal_diagnosis"], "1")]
        row["diseinfo"] += others[1:]
        codes = row["procedures"] or []
        operations = [
            {"oprn_oprt_code": code, "oprn_oprt_type": "2" if place else "1"}
            for place, code in enumerate(codes)
        ]
        row["oprninfo"] = operations[1:] + operations[:1]
    return pl.DataFrame(rows).select(
        pl.col("case_id").alias("setl_id"),
        pl.col("sex").cast(pl.String).replace({"1": "男"}).alias("gend"),
        pl.col("age").cast(pl.String),
        pl.col("age_days").cast(pl.String).fill_null("-").alias("nwb_age"),
        pl.col("weight_g").cast(pl.String).alias("NWB_ADM_WT"),
        pl.col("department").alias("dscg_caty"),
        pl.col("length_of_stay").alias("act_ipt_days"),
        pl.col("discharge_type").cast(pl.String).alias("dscg_way"),
        "diseinfo",
        "oprninfo",
    )


def record(code: str, main: str) -> dict[str, str]:
    return {"diag_code": code, "maindiag_flag": main, "diag_type": "1"}


def as_front_page() -> Frame:
    """The stays as an HQMS table: a column for each code, a dash for no value."""
    frame = plain()
    return frame.select(
        pl.lit("H1").alias("A01"),
        pl.col("case_id").alias("A48"),
        pl.lit("1").alias("A49"),
        pl.col("sex").cast(pl.String).alias("A12C"),
        pl.col("age").cast(pl.String).alias("A14"),
        pl.col("age_days").cast(pl.String).fill_null("-").alias("A16"),
        pl.col("weight_g").cast(pl.String).fill_null("-").alias("A17"),
        pl.col("department").alias("B16C"),
        pl.col("length_of_stay").cast(pl.String).alias("B20"),
        pl.col("discharge_type").cast(pl.String).alias("B34C"),
        pl.col("principal_diagnosis").alias("C03C"),
        *[
            pl.col("other_diagnoses").list.get(n, null_on_oob=True).alias(f"C06x{n + 1:02}C")
            for n in range(40)
        ],
        pl.col("procedures").list.get(0, null_on_oob=True).alias("C14x01C"),
        *[
            pl.col("procedures").list.get(n, null_on_oob=True).alias(f"C35X{n:02}C")
            for n in range(1, 41)
        ],
    )


def read(dataset: Dataset, columns: Iterable[str]) -> Frame:
    frames = [
        pl.DataFrame(pa.table(batch))
        for piece in dataset.pieces()
        for batch in piece.batches(list(columns))
    ]
    return pl.concat(frames)


def groups(path: Path, compiled: CompiledScheme, mapping: str | None = None) -> Frame:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "groups.parquet"
        group_dataset(open_dataset(path, mapping), compiled, out)
        return pl.read_parquet(out)


def mapped(tmp_path: Path, toml: str, frame: Frame) -> Dataset:
    stays = tmp_path / "stays.parquet"
    frame.write_parquet(stays)
    file = tmp_path / "mapping.toml"
    file.write_text(toml, encoding="utf-8")
    return open_dataset(stays, file)


@pytest.mark.parametrize(
    ("preset", "made"),
    [("settlement-list", as_settlement_list), ("front-page", as_front_page)],
)
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_preset_groups_like_the_plain_table(
    preset: str,
    made: Callable[[], Frame],
    form: str,
    tmp_path: Path,
    compiled: Callable[[str], CompiledScheme],
) -> None:
    path = tmp_path / f"stays.{form}"
    frame = made()
    if form == "parquet":
        frame.write_parquet(path, row_group_size=150)
    else:
        as_cells(frame).write_csv(path)
    expected = groups(STAYS, compiled(SCHEME)).drop("case_id")
    assert groups(path, compiled(SCHEME), preset).drop("case_id").equals(expected)
    dataset = open_dataset(path, preset)
    assert dataset.rows == frame.height
    found = read(dataset, GROUPING)
    assert conversions_of(dataset).frame().is_empty()
    ids = plain()["case_id"]
    assert found["case_id"].to_list() == [
        f"H1-{case}-1" if preset == "front-page" else case for case in ids
    ]
    numbers = [name for name in GROUPING if plain()[name].dtype.is_numeric()]
    rest = [name for name in GROUPING if name not in numbers][1:]
    same = plain().with_columns(pl.col(pl.List).fill_null([]))
    assert found.select(rest).equals(same.select(rest))
    assert found.select(numbers).cast(pl.Float64).equals(same.select(numbers).cast(pl.Float64))
    columns = compiled(SCHEME).columns
    coded = [name for name in columns if name in ("principal_diagnosis", "procedures")]
    batch = next(iter(dataset.pieces()[0].batches(columns, coded)))
    assert pa.types.is_dictionary(batch.column("principal_diagnosis").type)
    result = pl.DataFrame(pa.table(group_batch(compiled(SCHEME), batch))).cast(pl.String)
    assert result.equals(expected.head(batch.num_rows).cast(pl.String))


def as_cells(frame: Frame) -> Frame:
    """Lists of records as delimited texts, field by field."""
    for name, fields in {
        "diseinfo": ("diag_code", "maindiag_flag"),
        "oprninfo": ("oprn_oprt_code", "oprn_oprt_type"),
    }.items():
        if name in frame.columns:
            western = pl.col(name)
            if name == "diseinfo":  # marks of other kinds need records
                western = western.list.slice(1)
            frame = frame.with_columns(
                western.list.eval(pl.element().struct.field(field)).list.join("|").alias(field)
                for field in fields
            ).drop(name)
    return frame


def test_marks_of_principal_codes(tmp_path: Path) -> None:
    diagnoses = [
        [record("A", "0"), record("B", "1"), record("C", "1")],
        [record("A", "0"), record("B", "0")],
        [],
        None,
        [record("", "1"), record("B", "1")],
    ]
    operations = [
        [{"oprn_oprt_code": code, "main_oprn_flag": mark} for code, mark in pairs]
        for pairs in (("1-", "20", "31", "41"), ("10", "20"), (), ("1 ", "21"), ("11",))
    ]
    frame = pl.DataFrame({"diseinfo": diagnoses, "oprninfo": operations})
    stays = tmp_path / "stays.parquet"
    frame.write_parquet(stays)
    dataset = open_dataset(stays, "settlement-list")
    found = read(dataset, ["principal_diagnosis", "other_diagnoses", "procedures"])
    assert found["principal_diagnosis"].to_list() == ["B", None, None, None, "B"]
    assert found["other_diagnoses"].to_list() == [["A", "C"], ["A", "B"], [], [], []]
    assert found["procedures"].to_list() == [
        ["3", "4", "1", "2"], ["1", "2"], [], ["2", "1"], ["1"],
    ]  # fmt: skip
    again = read(dataset, ["principal_diagnosis"])
    assert again.height == 5
    report = conversions_of(dataset).frame().select("column", "problem", "rows", "example", "row")
    assert report.rows() == [
        ("principal_diagnosis", "no_main", 1, "A|B", 2),
        ("principal_diagnosis", "several_mains", 1, "A|B|C", 1),
        ("procedures", "several_mains", 1, "1|2|3|4", 1),
    ]


def test_the_first_diagnosis_may_be_the_principal_one(tmp_path: Path) -> None:
    toml = """
        [diagnoses]
        list = "codes"
        main = "marks"
        without_main = "first"
        """
    frame = pl.DataFrame({"codes": ["A|B", "A|B", "A|B", None], "marks": ["0|1", "0|0", "1", ""]})
    dataset = mapped(tmp_path, toml, frame)
    found = read(dataset, ["principal_diagnosis", "other_diagnoses"])
    assert found["principal_diagnosis"].to_list() == ["B", "A", "A", None]
    assert found["other_diagnoses"].to_list() == [["A"], ["B"], ["B"], []]
    assert conversions_of(dataset).frame().select("problem", "rows", "row").rows() == [
        ("lengths_differ", 1, 3)
    ]


def faults(dataset: Dataset, columns: Iterable[str]) -> list[list[tuple[str, str, str, str]]]:
    """Of each row what could not be read: code, column, problem and value."""
    texts = read(dataset, [*columns, FAULTS])[FAULTS].cast(pl.String)
    return [
        [(fault.code, fault.column, str(fault.problem), fault.value) for fault in unpacked(text)]
        if text
        else []
        for text in texts
    ]


def test_what_cannot_be_read_is_a_fault_and_counted(tmp_path: Path) -> None:
    toml = """
        missing = ["-"]
        [columns]
        account = { from = "insutype", values = { 310 = "employee", 390 = "resident" } }
        sex = "gend"
        admission_date = { from = "adm", formats = "%d.%m.%Y" }
        """
    frame = pl.DataFrame(
        {
            "case_id": [1, 2, 3, 4],
            "insutype": [310, 390, 320, None],
            "gend": [" 1", "二", "", "三"],
            "age": ["35", "36岁", "-", "　40 "],
            "adm": ["05.10.2026", "2026-10-05", "31.02.2026", None],
            "discharge_date": ["2026/1/5", "20260105", "26-01-05", "2026-01-05 08:30:00"],
            "complete": ["是", "0", "FALSE", "vielleicht"],
            "total_cost": ["1,234.50", "12.345", "1e3", ".5"],
        }
    )
    dataset = mapped(tmp_path, toml, frame)
    found = read(dataset, dataset.column_names)
    assert found["case_id"].to_list() == ["1", "2", "3", "4"]
    assert found["account"].to_list() == ["employee", "resident", None, None]
    assert found["sex"].to_list() == [1, None, None, None]
    assert found["age"].to_list() == [35, None, None, 40]
    assert found["admission_date"].cast(pl.String).to_list() == [
        "2026-10-05", "2026-10-05", None, None,
    ]  # fmt: skip
    dates = found["discharge_date"].cast(pl.String).to_list()
    assert dates == ["2026-01-05", "2026-01-05", None, "2026-01-05"]
    assert found["complete"].to_list() == [True, False, False, None]
    assert found["total_cost"].to_list() == [Decimal("1234.50"), None, None, Decimal("0.50")]
    assert conversions_of(dataset).frame().rows() == [
        ("account", "not_in_values", 1, "320", "stays.parquet", 3),
        ("admission_date", "not_a_date", 1, "31.02.2026", "stays.parquet", 3),
        ("age", "not_a_number", 1, "36岁", "stays.parquet", 2),
        ("complete", "not_a_flag", 1, "vielleicht", "stays.parquet", 4),
        ("discharge_date", "not_a_date", 1, "26-01-05", "stays.parquet", 3),
        ("sex", "not_a_number", 2, "二", "stays.parquet", 2),
        ("total_cost", "not_an_amount", 2, "12.345", "stays.parquet", 2),
    ]
    assert conversions_of(dataset).lines("zh")[0] == (
        "insutype：1 条不在对照值中，置空（stays.parquet 第 3 行：320）"
    )
    assert conversions_of(dataset).lines("en")[2] == (
        "age: 1 rows, is no number (stays.parquet row 2: 36岁)"
    )
    assert faults(dataset, dataset.column_names) == [
        [],
        [
            ("bad_type", "sex", "not_a_number", "二"),
            ("bad_type", "age", "not_a_number", "36岁"),
            ("bad_type", "total_cost", "not_an_amount", "12.345"),
        ],
        [
            ("bad_type", "admission_date", "not_a_date", "31.02.2026"),
            ("bad_type", "discharge_date", "not_a_date", "26-01-05"),
            ("bad_type", "total_cost", "not_an_amount", "1e3"),
        ],
        [
            ("bad_type", "sex", "not_a_number", "三"),
            ("bad_type", "complete", "not_a_flag", "vielleicht"),
        ],
    ]


def test_bytes_that_are_no_text_are_no_missing_values(tmp_path: Path) -> None:
    toml = """
        missing = ["-"]
        [columns]
        account = { from = "insutype", values = { 310 = "employee" }, others = "keep" }
        department = { from = "dept", default = "A01" }
        [diagnoses]
        columns = "d{n}"
        [procedures]
        list = "ops"
        """
    stays = tmp_path / "stays.parquet"
    wrong = b"\xff\xfe"
    texts = {
        "insutype": [b"310", wrong, b"-"],
        "dept": [wrong, None, b"A02"],
        "person_id": [b"P1", b"-", wrong],
        "d1": [b"A00", wrong, None],
        "ops": [b"00.01;00.02", wrong, b"-"],
    }
    pq.write_table(pa.table({name: pa.array(cells) for name, cells in texts.items()}), stays)
    file = tmp_path / "mapping.toml"
    file.write_text(toml, encoding="utf-8")
    dataset = open_dataset(stays, file)
    columns = ["account", "department", "person_id", "other_diagnoses", "procedures"]
    found = read(dataset, columns)
    assert found["account"].to_list() == ["employee", None, None]
    assert found["department"].to_list() == [None, "A01", "A02"]
    assert found["person_id"].to_list() == ["P1", None, None]
    assert found["other_diagnoses"].to_list() == [["A00"], [], []]
    assert found["procedures"].to_list() == [["00.01", "00.02"], [], []]
    said = ("not_text", r"\xff\xfe")
    assert faults(dataset, columns) == [
        [("bad_type", "department", *said)],
        [("bad_type", name, *said) for name in ("account", "other_diagnoses", "procedures")],
        [("bad_type", "person_id", *said)],
    ]


def test_sums_joins_and_defaults(tmp_path: Path) -> None:
    toml = """
        [columns]
        case_id = { join = ["hospital", "number"] }
        other_cost = { sum = ["aid", "serious", "absent"], default = "0" }
        payment_unit = { default = "drg" }
        out_of_area = { from = "outside", default = false }
        """
    frame = pl.DataFrame(
        {
            "hospital": ["H1", "H1", None, "H2"],
            "number": [7, 8, 9, 7],
            "aid": [0.1, None, 69.29, None],
            "serious": ["0.20", "", "x", "5"],
            "outside": ["1", None, "0", "是"],
        }
    )
    dataset = mapped(tmp_path, toml, frame)
    assert dataset.column_names == ["case_id", "out_of_area", "other_cost", "payment_unit"]
    found = read(dataset, dataset.column_names)
    assert found["case_id"].to_list() == ["H1-7", "H1-8", None, "H2-7"]
    assert found["other_cost"].to_list() == [
        Decimal("0.30"), Decimal("0.00"), None, Decimal("5.00"),
    ]  # fmt: skip
    assert found["payment_unit"].to_list() == ["drg"] * 4
    assert found["out_of_area"].to_list() == [True, False, False, True]
    assert conversions_of(dataset).rows == 1
    assert faults(dataset, ["other_cost"])[2] == [("bad_type", "other_cost", "not_an_amount", "x")]
    assert read(dataset, ["payment_unit"]).height == 4


def test_a_sum_alone_is_wrong_only_where_an_addend_is(tmp_path: Path) -> None:
    frame = pl.DataFrame({"maf_pay": ["1.00", "?"], "oth_pay": ["!", "?"], "setl_id": ["a", "b"]})
    stays = tmp_path / "stays.parquet"
    frame.write_parquet(stays)
    dataset = open_dataset(stays, "settlement-list")
    assert read(dataset, ["other_cost"])["other_cost"].to_list() == [None, None]
    assert conversions_of(dataset).rows == 2


def test_typed_columns_and_unknown_ones_pass_through(tmp_path: Path) -> None:
    frame = plain().with_columns(
        remark=pl.lit("自费"), total_cost=pl.lit(Decimal("12.34")).cast(pl.Decimal(10, 2))
    )
    dataset = mapped(tmp_path, "[columns]\nhospital_id = 'department'\n", frame)
    assert dataset.files[0].type_of("age") == pa.int16()
    assert dataset.files[0].type_of("total_cost") == pa.decimal128(18, 2)
    assert read(dataset, ["total_cost"])["total_cost"].unique().to_list() == [Decimal("12.34")]
    assert dataset.files[0].type_of("department") == pa.large_string()
    assert dataset.column_names[-2:] == ["expected_drg", "remark"]
    found = read(dataset, ["remark", "expected_drg", "age", "hospital_id"])
    assert found.drop("hospital_id").equals(frame.select("remark", "expected_drg", "age"))
    assert found["hospital_id"].equals(frame["department"], null_equal=True)


def test_a_missing_column_is_named_as_the_file_would(tmp_path: Path) -> None:
    stays = tmp_path / "stays.parquet"
    as_front_page().drop("A14").write_parquet(stays)
    dataset = open_dataset(stays, "front-page")
    with pytest.raises(DrgpayError) as caught:
        dataset.require(["sex", "age"])
    words = str(caught.value)
    assert f"{stays} lacks the column A14 or 年龄（岁） or 年龄 (for age)" in words
    assert "front-page.toml" in words
    assert caught.value.problem_words.zh == f"{stays} 缺少列 A14 或 年龄（岁） 或 年龄（用作 age）"


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[columns]\nsex = { form = 'gend' }", "the key columns.sex.form is unknown"),
        ("[columns]\nsexe = 'gend'", "sexe is no column"),
        ("[columns]\nprocedures = 'a'", "procedures is a list"),
        ("[columns]\nage = { sum = ['a'] }", "age is no amount"),
        ("[columns]\nage = {}", "the key columns.age is wrong: name `from`"),
        ("[cvs]\ndelimiter = ';'", "the key cvs is unknown"),
        ("[csv]\ndelimiter = ';;'", "the key csv.delimiter is wrong"),
        ("[diagnoses]\nrecords = 'a'", "`records` needs `code`"),
        ("[diagnoses]\ncolumns = 'a{k}'", "write the running number as {n}"),
        (
            "[columns]\nprincipal_diagnosis = 'a'\n[diagnoses]\nlist = 'b'\nmain = 'c'",
            "leave one out",
        ),
        ("[columns", "is not valid TOML"),
    ],
)
def test_wrong_mappings_are_refused(tmp_path: Path, toml: str, words: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(toml, encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"mine\.toml") as caught:
        load_mapping(file)
    assert words in str(caught.value)


def test_an_unknown_mapping_is_refused() -> None:
    assert shipped_mappings() == ["front-page", "settlement-list"]
    with pytest.raises(
        DrgpayError, match=r"there is no mapping .nobody.; name a TOML file or one of"
    ):
        load_mapping("nobody")


@pytest.mark.parametrize("form", ["list", "records"])
def test_without_marks_the_first_of_all_diagnoses_is_the_principal_one(
    form: str, tmp_path: Path
) -> None:
    """`without_main = "first"` where no column has the principal diagnosis."""
    cells = [["A01", "B02"], [], ["C03"]]
    codes = (
        pa.array([[{"code": code} for code in cell] for cell in cells])
        if form == "records"
        else pa.array(["A01,B02", None, "C03"])
    )
    pq.write_table(pa.table({"id": ["1", "2", "3"], "all": codes}), tmp_path / "s.parquet")
    code = 'code = "code"\n' if form == "records" else ""
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        f'columns.case_id = "id"\n[diagnoses]\n{form} = "all"\n{code}without_main = "first"\n'
    )
    dataset = open_dataset(tmp_path / "s.parquet", mapping)
    columns = ["principal_diagnosis", "other_diagnoses"]
    [batch] = [one for piece in dataset.pieces() for one in piece.batches(columns)]
    assert batch.column(0).to_pylist() == ["A01", None, "C03"]
    assert batch.column(1).to_pylist() == [["B02"], [], []]
