"""A workbook with every construct of CHS-DRG 3.0: imported with its lists, checked, grouped, explained.

Its codes, sets and groups are made up; how rules, sorts and names are written is that of 3.0.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from drgpay.cli.main import main
from drgpay.explain.code_names import CodeNames
from drgpay.explain.stays import batch_of
from drgpay.explain.tracing import explain_stay
from drgpay.explain.wording import sentence
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import compile_scheme
from drgpay.grouper.reference import Stay, group_stay
from drgpay.grouper.scheme import load_scheme
from drgpay.schemes.check import check_scheme
from tests.schemes.test_workbook import Book, written

MDCP = (
    "((NL=0) and (XSRTL>=29) and (XSRTL<366) and (ZYZD in DI_PV1) and (ZYSS not in OP_ALL)) or "
    "((NL=0) and (XSRTL<29))"
)
MDCZ = (
    "((ZYZD in DI_Z01) and (QTZD in {DI_Z02, DI_Z03})) or \n"
    "((ZYZD in DI_Z02) and (QTZD in {DI_Z01, DI_Z03}))"
)
BD1 = "(ZYSS in OP1_BD1) OR \n(ZYSS in OP2_BD1 and {ZYSS, QTSS} in OP3_BD1)"
BE1 = (
    "(ZYSS in OP1_BE1 and {ZYSS, QTSS} in OP2_BE1)_x000D_\nor (ZYSS in OP3_BE1 and QTZD in DI_BE1)"
)

MDCS = [
    ("MDCA", "先期分组", "", 1),
    ("MDCP", "新生儿疾病", MDCP, 2),
    ("MDCZ", "多发严重创伤", MDCZ, 3),
    ("MDCB", "神经系统", "ZYZD in DI_B00", 4),
    ("MDCM", "男性生殖", "(ZYZD in DI_M00) and (XB = 1)", 5),
]
ADRGS = [
    ("AA1", "移植", "ZYSS in OP_AA1", "MDCA", 1),
    ("PB1", "新生儿手术", "(XSRTL<29) and (ZYSS in OP_PB1)", "MDCP", 1),
    ("PQY", "歧义组", "(XSRTL<29) and (ZYSS in OP_ALL)", "MDCP", 2),
    ("PS1", "极低体重", "(XSRTL<29) and (XSRTZ<1000) and ({ZYZD, QTZD} in DI_PS1)", "MDCP", 3),
    ("PS5", "足月", "(XSRTL<29) and (XSRTZ>2499) and ({ZYZD, QTZD} in DI_PS1)", "MDCP", 4),
    ("PV1", "婴儿", "(XSRTL>=29) and (XSRTL<366) and (ZYZD in DI_PV1)", "MDCP", 5),
    ("P00", "其他", "", "MDCP", 6),
    ("ZZ1", "创伤", "1", "MDCZ", 1),
    ("BB1", "开颅", "ZYSS in OP_BB1", "MDCB", 1),
    ("BC1", "两处", "length(OP_BC1 ∩ {ZYSS, QTSS})>=2 and ZYSS in OP_BC1", "MDCB", 2),
    ("BD1", "介入", BD1, "MDCB", 3),
    ("BE1", "联合", BE1, "MDCB", 4),
    ("BR1", "内科", "ZYZD in DI_BR1", "MDCB", 5),
    ("BQY", "歧义组", "ZYSS in OP_ALL", "MDCB", 6),
    ("B00", "其他", "", "MDCB", 5),
    ("BT1", "感染", "ZYZD in DI_BT1", "MDCB", 7),
    ("MR1", "男科", "ZYZD in DI_M00", "MDCM", 1),
]
DRGS = [
    ("AA19", "", "AA1", 1),
    ("PB19", "", "PB1", 1),
    ("PQY", "", "PQY", 1),
    ("PS19", "", "PS1", 1),
    ("PS59", "", "PS5", 1),
    ("PV11", "QTZD in MCC", "PV1", 1),
    ("PV19", "", "PV1", 2),
    ("P000", "", "P00", 1),
    ("ZZ19", "", "ZZ1", 1),
    ("BB10", "{ZYSS, QTSS} in OP_ARB", "BB1", 1),
    ("BB1C", "NL<=6", "BB1", 2),
    ("BB1E", "QTZD in MCC and NL>=70", "BB1", 3),
    ("BB11", "QTZD in MCC", "BB1", 4),
    ("BB1F", "QTZD in {MCC, CC} and NL>=70", "BB1", 5),
    ("BB13", "QTZD in {MCC, CC}", "BB1", 6),
    ("BB1G", "NL>=70", "BB1", 7),
    ("BB19", "", "BB1", 8),
    ("BC19", "", "BC1", 1),
    ("BD19", "", "BD1", 1),
    ("BE19", "", "BE1", 1),
    ("BQY", "", "BQY", 1),
    ("BR11", "ZYZD in DI_OBD or QTZD in MCC", "BR1", 1),
    ("BR1H", "NL>=70", "BR1", 2),
    ("BR19", "", "BR1", 3),
    ("B000", "", "B00", 1),
    ("BT1D", "NL<=6", "BT1", 1),
    ("BT19", "", "BT1", 2),
    ("MR19", "", "MR1", 1),
]
SETS = {
    "DI_PV1": ["P1", "B3"],
    "DI_PS1": ["P1"],
    "DI_Z01": ["Z1"],
    "DI_Z02": ["Z2"],
    "DI_Z03": ["Z3"],
    "DI_B00": ["B1", "B2", "B3", "B4", "B9"],
    "DI_BR1": ["B1", "B4"],
    "DI_OBD": ["B4"],
    "DI_BT1": ["B2"],
    "DI_BE1": ["C1"],
    "DI_M00": ["M1"],
    "OP_AA1": ["33.1"],
    "OP_PB1": ["53.1"],
    "OP_BB1": ["01.1"],
    "OP_BC1": ["02.1", "02.2"],
    "OP1_BD1": ["03.1"],
    "OP2_BD1": ["03.2"],
    "OP3_BD1": ["03.3"],
    "OP1_BE1": ["04.1"],
    "OP2_BE1": ["04.2"],
    "OP3_BE1": ["04.3"],
    "OP_ALL": ["01.1", "02.1", "02.2", "03.1", "03.2", "04.1", "04.3", "53.1", "99.1"],
}
BOOK: Book = {
    "MDC": [["2026 年版"], ["MDC编码", "MDC名称", "MDC规则", "排序"], *map(list, MDCS)],
    "ADRG": [["ADRG编码", "ADRG名称", "ADRG规则", "所属MDC编码", "排序"], *map(list, ADRGS)],
    "DRG": [
        ["DRG", "DRG名称", "DRG规则", "所属ADRG编码", "所属MDC编码", "排序"],
        *[[drg, f"{drg}组", rule, adrg, "", sort] for drg, rule, adrg, sort in DRGS],
    ],
    "集合": [
        ["集合编号", "ICD编码", "ICD名称", "类型编号"],
        *[[name, code, "", 1] for name, codes in SETS.items() for code in codes],
    ],
    "CC": [
        ["疾病编码", "疾病名称", "排除表", "类型"],
        ["C1", "", "EX_1", "MCC"],
        ["C2", "", "EX_1", "CC"],
        ["C3", "", "EX_2", "MCC"],
    ],
    "排除表": [["集合编号", "ICD编码", "ICD名称"], ["EX_1", "P1", ""], ["EX_2", "B1", ""]],
    "不能作为主要诊断": [["序号", "疾病编码"], [1, "C2"]],
}
ROBOT: list[list[Any]] = [
    ["机器人辅助手术操作编码表"],
    ["集合编号", "手术操作编码"],
    ["OP_ARB", "17.4100"],
]
PRIMARY_CARE: list[list[Any]] = [["序号", "ADRG编码"], [1, "BT1"], [2, "BR1"]]
NO_PART: list[list[Any]] = [["手术操作编码"], ["89.1"]]


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The scheme, as a user imports it."""
    book = written(BOOK, tmp_path / "CHS-DRG.xlsx")
    lists: Book = {"机器人": ROBOT, "基层病组": PRIMARY_CARE, "不参与分组": NO_PART}
    beside = written(lists, tmp_path / "附件.xlsx")
    out = tmp_path / "three"
    options = ("--id", "three", "--out", out, "--set", "code_system=none", "--lists", beside)
    run("scheme", "import", book, *options)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) < 200
    assert len(printed.splitlines()) < 40
    return out


def run(*arguments: object, status: int = 0) -> None:
    words = ["drgpay", *map(str, arguments), "--lang", "en"]
    with mock.patch.object(sys, "argv", words), pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == status


def test_it_is_counted_as_it_is_published(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("scheme", "show", folder, "--format", "csv")
    facts = dict(line.split(",", 1) for line in capsys.readouterr().out.splitlines())
    assert {facts[name] for name in ("mdc", "ambiguous", "fallback")} == {"5", "2"}
    assert (facts["adrg"], facts["drg"]) == ("13", "24")
    assert (facts["not_principal"], facts["no_part"], facts["primary_care"]) == ("1", "1", "2")


def test_the_order_is_put_right(folder: Path) -> None:
    mdcb = next(mdc for mdc in load_scheme(str(folder)).mdcs if mdc.code == "MDCB")
    codes = [adrg.code for adrg in mdcb.adrgs]
    assert codes == ["BB1", "BC1", "BD1", "BE1", "BQY", "BR1", "BT1", "B00"]


def test_a_check_finds_no_error(folder: Path) -> None:
    found = [one for one in check_scheme(str(folder)) if one.severity == "error"]
    assert found == []


NEWBORN = Stay("B1", 1, 0, age_days=3, weight_g=3000)
ADULT = Stay("B1", 1, 40, procedures=("01.1",))
CASES: list[tuple[Stay, str]] = [
    (replace(ADULT, procedures=("33.1",)), "AA19"),
    (NEWBORN, "P000"),
    (replace(NEWBORN, procedures=("53.1",)), "PB19"),
    (replace(NEWBORN, procedures=("99.1",)), "PQY"),
    (replace(NEWBORN, principal_diagnosis="P1"), "PS59"),
    (replace(NEWBORN, other_diagnoses=("P1",), weight_g=999), "PS19"),
    (replace(NEWBORN, principal_diagnosis="P1", weight_g=1500), "P000"),
    (replace(NEWBORN, principal_diagnosis="P1", age_days=29, other_diagnoses=("C3",)), "PV11"),
    (replace(NEWBORN, principal_diagnosis="P1", age_days=365, other_diagnoses=("C1",)), "PV19"),
    (replace(NEWBORN, principal_diagnosis="P1", age_days=366), "0000"),
    (replace(NEWBORN, principal_diagnosis="B3", age_days=29), "PV19"),
    (Stay("Z1", 2, 33, ("Z3",)), "ZZ19"),
    (Stay("Z2", 2, 33, ("Z2",)), "0000"),
    (ADULT, "BB19"),
    (replace(ADULT, procedures=("01.1", "17.4100")), "BB10"),
    (replace(ADULT, procedures=("01.1", "17.4900")), "BB19"),
    (replace(ADULT, age=6), "BB1C"),
    (replace(ADULT, age=7), "BB19"),
    (replace(ADULT, age=70), "BB1G"),
    (replace(ADULT, age=70, other_diagnoses=("C1",)), "BB1E"),
    (replace(ADULT, age=69, other_diagnoses=("C1",)), "BB11"),
    (replace(ADULT, age=70, other_diagnoses=("C2",)), "BB1F"),
    (replace(ADULT, age=69, other_diagnoses=("C2",)), "BB13"),
    (replace(ADULT, other_diagnoses=("C3",)), "BB19"),
    (replace(ADULT, procedures=("02.1", "02.2")), "BC19"),
    (replace(ADULT, procedures=("02.1", "02.1")), "BQY"),
    (replace(ADULT, procedures=("03.1",)), "BD19"),
    (replace(ADULT, procedures=("03.2", "03.3")), "BD19"),
    (replace(ADULT, procedures=("03.2",)), "BQY"),
    (replace(ADULT, procedures=("04.1", "04.2")), "BE19"),
    (replace(ADULT, procedures=("04.3",), other_diagnoses=("C1",)), "BE19"),
    (replace(ADULT, procedures=()), "BR19"),
    (replace(ADULT, procedures=(), principal_diagnosis="B4"), "BR11"),
    (replace(ADULT, procedures=(), age=71), "BR1H"),
    (replace(ADULT, procedures=(), principal_diagnosis="B2"), "BT19"),
    (replace(ADULT, procedures=(), principal_diagnosis="B2", age=5), "BT1D"),
    (replace(ADULT, procedures=(), principal_diagnosis="B9"), "B000"),
    (Stay("M1", 1, 30), "MR19"),
    (Stay("M1", 2, 30), "0000"),
]


def test_every_construct_groups_and_is_explained(folder: Path) -> None:
    scheme = load_scheme(str(folder))
    compiled = compile_scheme(scheme)
    stays, drgs = zip(*CASES, strict=True)
    found = group_batch(compiled, batch_of(stays)).to_pylist()
    assert [row["drg"] for row in found] == list(drgs)
    assert found == [group_stay(scheme, stay).__dict__ for stay in stays]
    assert {drg for drg in drgs if drg != "0000"} == {drg.code for *_, drg in scheme.paths()}
    statuses = {row["drg"]: row["status"] for row in found}
    assert statuses["BQY"] == "ambiguous"
    assert statuses["P000"] == statuses["B000"] == "ungrouped"
    for stay, drg in CASES:
        trace = explain_stay(compiled, stay, CodeNames.of("none"))
        assert trace.answer.drg is not None
        assert trace.answer.drg.code == drg
        assert drg in sentence(trace, "en")


def test_a_newborn_without_age_in_days_is_told_so(folder: Path) -> None:
    compiled = compile_scheme(load_scheme(str(folder)))
    batch = batch_of([replace(NEWBORN, principal_diagnosis="B9", age_days=None)])
    row = group_batch(compiled, batch, reasons=True).to_pylist()[0]
    assert (row["drg"], row["ungrouped_reason"]) == ("B000", "missing_age_days")


@pytest.mark.parametrize("sheet", BOOK)
def test_a_workbook_without_a_sheet_is_one_sentence(
    sheet: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = {name: rows for name, rows in BOOK.items() if name != sheet}
    path = written(book, tmp_path / "book.xlsx")
    options = ("--id", "x", "--out", tmp_path / "x", "--allow-empty-sets")
    if sheet == "不能作为主要诊断":
        run("scheme", "import", path, *options)
        return
    run("scheme", "import", path, *options, status=2)
    said = capsys.readouterr().err
    assert f"has no sheet {sheet}; its sheets are" in " ".join(said.split())
