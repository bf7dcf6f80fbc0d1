"""The lists published beside a workbook: how they are told, read, kept and checked."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import compile_scheme
from drgpay.grouper.scheme import Scheme, load_scheme
from drgpay.grouper.scheme_json import scheme_as_json, scheme_from_json
from drgpay.schemes.check import check_scheme
from drgpay.schemes.workbook.export import export_workbook
from drgpay.schemes.workbook.importing import (
    ImportChoices,
    ImportedScheme,
    import_workbook,
    write_scheme,
)
from tests.schemes.test_workbook import SMALL, Book, written

Import = Callable[..., tuple[ImportedScheme, Scheme]]


@pytest.fixture
def run(tmp_path: Path) -> Import:
    """Import a small workbook with lists, and load what it became."""

    def imported(*lists: Path, book: Book = SMALL) -> tuple[ImportedScheme, Scheme]:
        workbook = written(book, tmp_path / "book.xlsx")
        found = import_workbook(workbook, ImportChoices({"id": "small"}, lists=lists))
        folder = tmp_path / "scheme"
        folder.mkdir(exist_ok=True)
        write_scheme(found, folder, "zh")
        return found, load_scheme(str(folder))

    return imported


def csv_file(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def sheets(path: Path, **rows: list[list[Any]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, lines in rows.items():
            page = book.add_worksheet(name)
            for number, line in enumerate(lines):
                page.write_row(number, 0, line)
    return path


def notes(found: ImportedScheme, kind: str) -> list[tuple[str, int | None, str]]:
    return [(n.sheet, n.row, n.text.en) for n in found.notes.lines if n.kind == kind]


def test_lists_are_told_by_sheet_title_heading_or_file(run: Import, tmp_path: Path) -> None:
    workbook = sheets(
        tmp_path / "附件.xlsx",
        附表1=[["CHS-DRG 不能作为主要诊断的疾病诊断"], [], ["序号", "疾病编码"], [1, "A02.000"]],
        基层病组=[["序号", "DRG编码", "DRG名称"], [1, "OT19", "内科"], [2, "OB1", "手术"]],
        说明=[["本附件由两张表组成"]],
    )
    procedures = csv_file(
        tmp_path / "不参与分组手术.csv", "手术编码,名称\n01.0100,穿刺\n", "gb18030"
    )
    found, scheme = run(workbook, procedures)
    assert scheme.not_principal == {"A02.000"}
    assert scheme.no_part == {"01.0100"}
    assert scheme.primary_care == {"OT19", "OB1"}
    assert scheme.primary_care_drgs == {"OT19", "OB11", "OB15"}
    assert [text for *_, text in notes(found, "list_read")] == [
        "list 不能作为主要诊断 (附件.xlsx): 1 codes read",
        "list 基层病组 (附件.xlsx): 2 codes read",
        "list 不参与分组的手术操作 (不参与分组手术.csv): 1 codes read",
    ]
    counts = scheme.counts()
    assert [counts[t] for t in ("not_principal", "no_part", "primary_care")] == [1, 1, 2]
    assert scheme_from_json(scheme_as_json(scheme)) == scheme


def test_the_robot_list_fills_a_set_that_rules_ask(run: Import, tmp_path: Path) -> None:
    book = copy.deepcopy(SMALL)
    book["DRG"].insert(1, ["OB10", "手术，机器人辅助", "{ZYSS, QTSS} in OP_ARB", "OB1", "MDCO", 0])
    robot = sheets(tmp_path / "a.xlsx", 机器人辅助=[["手术操作编码"], [17.41], ["17.4200"]])
    found, scheme = run(robot, book=book)
    assert scheme.sets["OP_ARB"] == {"17.4100", "17.4200"}
    assert notes(found, "list_adds") == []
    book["集合"] += [["OP_ARB", "17.4200", "", 2], ["OP_ARB", "17.4300", "", 2]]
    found, scheme = run(robot, book=book)
    assert scheme.sets["OP_ARB"] == {"17.4100", "17.4200", "17.4300"}
    assert [place[:2] for place in notes(found, "list_adds")] == [("机器人辅助", 2)]
    assert "17.4300, which the list" in notes(found, "list_lacks")[0][2]


def test_unknown_codes_are_left_out_and_noted(run: Import, tmp_path: Path) -> None:
    listed = csv_file(tmp_path / "not_principal.csv", "code\nA02.000\nZZ9\nA02.000\n")
    found, scheme = run(listed)
    assert scheme.not_principal == {"A02.000"}
    said = "ZZ9 is no diagnosis of insurance-2.0 or of the workbook; left out"
    assert notes(found, "list_unknown") == [("not_principal.csv", 3, said)]


def test_a_list_may_be_a_sheet_of_the_workbook_and_is_exported_so(
    run: Import, tmp_path: Path
) -> None:
    book = copy.deepcopy(SMALL) | {"不能作为主要诊断": [["ICD编码"], ["A02.000"]]}
    first = run(book=book)[1]
    assert first.not_principal == {"A02.000"}
    export_workbook(str(tmp_path / "scheme"), tmp_path / "out.xlsx")
    again = import_workbook(tmp_path / "out.xlsx", ImportChoices({"id": "small"}))
    assert again.frames["not_principal"]["code"].to_list() == ["A02.000"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("list.csv", "code\nA02.000\n", "list.csv) is none of the lists that are known"),
        ("not_principal.csv", "名称\n伤寒\n", "has no column of codes (ICD编码 or "),
        ("not_principal.csv", "code\n\n", "lists no code"),
        ("not_principal.csv", "code\nZZ1\nZZ2\n", "none of its 2 codes, such as ZZ1, is a diag"),
        ("no_part.csv", "code\nA02.00\n", "is a procedure of insurance-2.0 or of the workbook"),
        ("primary_care.csv", "group\nAB19\n", "is an ADRG or DRG of the workbook"),
    ],
)
def test_mistakes_are_one_sentence(
    name: str, text: str, words: str, run: Import, tmp_path: Path
) -> None:
    with pytest.raises(DrgpayError) as found:
        run(csv_file(tmp_path / name, text))
    said = str(found.value)
    assert words in said
    assert str(tmp_path / name) in said
    assert "\n" not in said


def test_files_that_cannot_be_read(run: Import, tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="there is no file"):
        run(tmp_path / "nothing.csv")
    (tmp_path / "bad.xlsx").write_bytes(b"no workbook")
    with pytest.raises(DrgpayError, match="is not a readable Excel workbook"):
        run(tmp_path / "bad.xlsx")
    (tmp_path / "bad.csv").write_bytes(b"\xff\xff\xff")
    with pytest.raises(DrgpayError, match="neither UTF-8 nor GB18030"):
        run(tmp_path / "bad.csv")


def test_a_group_of_the_list_must_be_in_the_scheme(run: Import, tmp_path: Path) -> None:
    run()
    (tmp_path / "scheme" / "primary_care.csv").write_text("group\nXX19\n", encoding="utf-8")
    with pytest.raises(DrgpayError, match="lists XX19, which is no group of the scheme"):
        load_scheme(str(tmp_path / "scheme"))


def test_a_check_looks_at_the_lists(run: Import, tmp_path: Path) -> None:
    run()
    folder = tmp_path / "scheme"
    (folder / "not_principal.csv").write_text("code\nA02.000\nZZ9\n", encoding="utf-8")
    (folder / "no_part.csv").write_text("code\n74.1x00\n01.0100\n", encoding="utf-8")
    (folder / "primary_care.csv").write_text("group\nOT19\nXX19\n", encoding="utf-8")
    listed = ("not_principal", "no_part", "primary_care")
    found = {
        (one.table, one.code): one.message.en
        for one in check_scheme(str(folder))
        if one.table in listed
    }
    assert found == {
        ("not_principal", "unknown_code"): (
            "not_principal.csv has codes that no code table of insurance-2.0 knows (1): ZZ9"
        ),
        ("no_part", "procedure_with_part"): (
            "2 procedures of no_part.csv stand in sets that rules ask: 01.0100 (OP_ALL), "
            "74.1x00 (OP_ALL)"
        ),
        ("primary_care", "unknown_listed_group"): (
            "primary_care.csv lists XX19, which is no group of the scheme"
        ),
    }


def test_lists_take_no_part_in_grouping_but_in_the_hash(run: Import, tmp_path: Path) -> None:
    _, without = run()
    _, listed = run(csv_file(tmp_path / "not_principal.csv", "code\nA02.000\n"))
    assert without.content_hash != listed.content_hash
    assert without.mdcs == listed.mdcs
    assert compile_scheme(listed).columns == compile_scheme(without).columns
