"""The configuration workbook: each trap of the published file, mistakes, and the round trip."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from drgpay.base.errors import DrgpayError
from drgpay.grouper.reference import Stay, group_stay
from drgpay.grouper.rules.parser import parse_rule
from drgpay.grouper.scheme import TABLES, load_scheme, scheme_folder
from drgpay.records.known_codes import code_table
from drgpay.schemes.workbook.cleaning import cleaned, in_usual_case
from drgpay.schemes.workbook.export import export_workbook
from drgpay.schemes.workbook.importing import (
    ImportChoices,
    ImportedScheme,
    import_workbook,
    write_scheme,
)
from drgpay.schemes.workbook.order import needs_procedure, procedure_helps

Book = dict[str, list[list[Any]]]
SCHEMES = ("chs-drg-2.0", "chs-drg-1.1", "zj-drg-2022")
ID = {"id": "small"}

SMALL: Book = {
    "MDC": [
        ["分组方案"],
        ["MDC编码", "MDC名称", "MDC规则", "排序"],
        ["MDCA", "先期", "ZYSS in OP_A", 1],
        ["MDCO", "妊娠", "ZYZD in DI_O", 2],
    ],
    "ADRG": [
        ["ADRG编码", "ADRG名称", "ADRG规则", "所属MDC编码", "MDC内排序"],
        ["AA1", "移植", "ZYSS in OP_A", "MDCA", 1],
        ["OB1", "手术", "ZYSS in OP_B", "MDCO", 1],
        ["OQY", "歧义组", "ZYSS in OP_ALL", "MDCO", 2],
        ["OT1", "内科", "ZYZD in DI_T", "MDCO", 3],
    ],
    "DRG": [
        ["DRG编码", "DRG名称", "DRG规则", "所属ADRG编码", "所属MDC编码", "排序"],
        ["AA19", "移植", "", "AA1", "MDCA", 1],
        ["OB11", "手术，伴MCC", "QTZD in MCC", "OB1", "MDCO", 1],
        ["OB15", "手术", "", "OB1", "MDCO", 2],
        ["OQY", "歧义组", "", "OQY", "MDCO", 1],
        ["OT19", "内科", "", "OT1", "MDCO", 1],
    ],
    "集合": [
        ["集合编号", "ICD编码", "ICD名称", "类型编号"],
        ["OP_A", "33.5100", "肺移植", 2],
        ["OP_B", "74.1x00", "剖宫产", 2],
        ["OP_ALL", "74.1x00", "剖宫产", 2],
        ["OP_ALL", "01.0100", "穿刺", 2],
        ["DI_O", "O80.000", "分娩", 1],
        ["DI_O", "O99.000", "贫血", 1],
        ["DI_T", "O80.000", "分娩", 1],
    ],
    "CC": [
        ["疾病编码", "疾病名称", "排除表", "类型"],
        ["A01.000", "伤寒", 1, "MCC"],
        ["A02.000", "沙门菌", 2, "CC"],
    ],
    "排除表": [
        ["集合编号", "ICD编码", "ICD名称"],
        [1, "A01.000", "伤寒"],
        [2, "A02.000", "沙门菌"],
    ],
}


@pytest.fixture
def book() -> Book:
    """A small sound workbook to spoil."""
    return copy.deepcopy(SMALL)


@pytest.fixture
def imported(tmp_path: Path) -> Callable[..., ImportedScheme]:
    """Write a workbook and import it."""

    def run(book: Book, **choices: Any) -> ImportedScheme:
        return import_workbook(written(book, tmp_path / "book.xlsx"), ImportChoices(ID, **choices))

    return run


def names_of(kind: str) -> dict[str, str]:
    table = code_table("insurance-2.0", kind)
    assert table is not None
    return dict(table.iter_rows())


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The workbook of a shipped scheme, written once."""
    folder = tmp_path_factory.mktemp("exported")

    def path(name: str) -> Path:
        workbook = folder / f"{name}.xlsx"
        if not workbook.is_file():
            export_workbook(name, workbook)
        return workbook

    return path


def written(book: Book, path: Path) -> Path:
    with xlsxwriter.Workbook(path) as workbook:
        for name, rows in book.items():
            page = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    page.write(number, place, cell)
    return path


def lines(scheme: ImportedScheme, kind: str) -> list[tuple[str, int | None, str]]:
    return [
        (note.sheet, note.row, note.text.en) for note in scheme.notes.lines if note.kind == kind
    ]


def order(scheme: ImportedScheme, table: str, parent: str) -> list[str]:
    key, above = TABLES[table][2], TABLES[table][1]
    frame = scheme.frames[table].filter(pl.col(above) == parent)
    return frame.sort(pl.col("sort").cast(pl.Int64), maintain_order=True)[key].to_list()


def test_a_sound_workbook_needs_no_repair(
    book: Book, imported: Callable[..., ImportedScheme], tmp_path: Path
) -> None:
    scheme = imported(book)
    assert {note.kind for note in scheme.notes.lines} == {"read"}
    assert lines(scheme, "read")[0] == (
        "MDC",
        2,
        "header in row 2: mdc = MDC编码 (A), name = MDC名称 (B), rule = MDC规则 (C), "
        "sort = 排序 (D); 2 rows read",
    )
    folder = tmp_path / "scheme"
    folder.mkdir()
    write_scheme(scheme, folder, "zh")
    loaded = load_scheme(str(folder))
    assert (loaded.info.id, loaded.info.name, loaded.info.kind) == ("small", "small", "drg")
    assert loaded.counts()["drg"] == 4
    found = group_stay(loaded, Stay("O80.000", 2, 30, ("A01.000",), ("74.1x00",)))
    assert found.drg == "OB11"
    report = pl.read_csv(folder / "import-report.csv")
    assert report.columns == ["sheet", "row", "kind", "text"]
    assert report["sheet"].to_list() == ["MDC", "ADRG", "DRG", "集合", "CC", "排除表"]


def test_columns_are_found_by_their_headers(
    book: Book, imported: Callable[..., ImportedScheme]
) -> None:
    plain = imported(book).frames
    book["ADRG"][0] = ["ADRG", "ADRG名称", "ADRG规则", "所属MDC编码", "排序"]
    book["DRG"][0][0] = "DRG"
    book["CC"][0] = ["ICD编码", "疾病名称", "排 除表\u200b", "类型"]
    book["ADRG"] = [["", *reversed(row)] for row in book["ADRG"]]
    book["MDC"] = [["", *row] for row in book["MDC"]]
    book["集合"] = [[row[3], "", row[1], row[0]] for row in book["集合"]]
    moved = imported(book)
    for table, frame in plain.items():
        assert moved.frames[table].equals(frame), table
    assert "adrg = ADRG (F)" in lines(moved, "read")[1][2]


def test_characters_that_excel_leaves_are_cleaned(
    book: Book, imported: Callable[..., ImportedScheme]
) -> None:
    plain = imported(book).frames
    book["ADRG"][2][2] = "ZYSS\u00a0in_x000D_\n\u3000ＯＰ＿Ｂ\u200b"
    book["DRG"][2][1] = "手术，\r\n伴MCC_x000A_"
    book["集合"][1][1] = " 33.5100_x000D_"
    book["CC"][1][3] = "mcc"
    scheme = imported(book)
    for table, frame in plain.items():
        assert scheme.frames[table].equals(frame), table
    assert [line[:2] for line in lines(scheme, "characters")] == [
        ("ADRG", 3),
        ("DRG", 3),
        ("集合", 2),
    ]


def test_keywords_fields_and_sets_in_any_case(
    book: Book, imported: Callable[..., ImportedScheme]
) -> None:
    book["ADRG"][2][2] = "zyss IN op_b AND Nl >= 18 or {Zyzd,qtzd} Not In mcc"
    scheme = imported(book)
    rules = dict(scheme.frames["adrg"].select("adrg", "rule").iter_rows())
    assert rules["OB1"] == "ZYSS in OP_B and NL >= 18 or {ZYZD,QTZD} not in MCC"
    assert [line[:2] for line in lines(scheme, "letter_case")] == [("ADRG", 3)]


def test_repeated_rows_are_kept_once(book: Book, imported: Callable[..., ImportedScheme]) -> None:
    plain = imported(book).frames
    book["集合"] += [["OP_B", "74.1x00", "剖宫产", 2], ["op_b", "", "", ""]]
    book["CC"].append(["A01.000", "伤寒", 1, "MCC"])
    book["DRG"].append(list(book["DRG"][1]))
    scheme = imported(book)
    for table, frame in plain.items():
        assert scheme.frames[table].equals(frame), table
    assert [line[:2] for line in lines(scheme, "duplicate")] == [("DRG", 7), ("CC", 4), ("集合", 9)]
    assert "repeats row 3" in lines(scheme, "duplicate")[2][2]
    assert [line[:2] for line in lines(scheme, "left_out")] == [("集合", 10)]


@pytest.mark.parametrize("one", [1, 1.0, "1", "1.0", " １ "])
def test_a_rule_may_be_the_bare_number_one(
    one: object, book: Book, imported: Callable[..., ImportedScheme]
) -> None:
    book["DRG"][1][2] = one
    scheme = imported(book)
    assert scheme.frames["drg"].row(0, named=True)["rule"] == "1"
    assert lines(scheme, "always_true")[0][:2] == ("DRG", 2)


def test_row_order_decides_between_equal_sorts(
    book: Book, imported: Callable[..., ImportedScheme]
) -> None:
    book["ADRG"].append(["OB2", "手术二", "ZYSS in OP_B", "MDCO", 1])
    scheme = imported(book)
    assert order(scheme, "adrg", "MDCO") == ["OB1", "OB2", "OQY", "OT1"]
    assert scheme.frames["adrg"].filter(mdc="MDCO")["sort"].to_list() == ["1", "2", "3", "4"]
    assert lines(scheme, "sort_repeated") == [
        ("ADRG", 6, "OB2 and OB1 both have sort 1; the order of rows puts OB1 first")
    ]


def test_fallbacks_come_last(book: Book, imported: Callable[..., ImportedScheme]) -> None:
    book["MDC"].insert(2, ["0000", "未入组", "", 0])
    book["MDC"][3][2] = ""  # MDCA holds always and keeps its place
    book["ADRG"][4] = ["O00", "未入组", "ZYZD in DI_O", "MDCO", 3]
    book["ADRG"] += [
        ["OT1", "内科", "ZYZD in DI_T", "MDCO", 4],
        ["OZ1", "其他", "", "MDCO", 0],
        ["000", "未入组", "", "0000", 1],
    ]
    book["DRG"][3][5] = 0
    book["DRG"] += [
        ["O000", "未入组", "", "O00", "MDCO", 1],
        ["OZ19", "其他", "", "OZ1", "MDCO", 1],
        ["0000", "未入组", "", "000", "0000", 1],
    ]
    scheme = imported(book)
    assert order(scheme, "adrg", "MDCO") == ["OB1", "OQY", "OT1", "OZ1", "O00"]
    assert order(scheme, "drg", "OB1") == ["OB11", "OB15"]
    assert scheme.frames["mdc"]["mdc"].to_list() == ["MDCA", "MDCO", "0000"]
    assert [line[:2] for line in lines(scheme, "fallback_moved")] == [
        ("MDC", 3),
        ("ADRG", 7),
        ("ADRG", 5),
        ("DRG", 4),
    ]
    kept = imported(book, keep_order=True)
    assert order(kept, "adrg", "MDCO") == ["OZ1", "OB1", "OQY", "O00", "OT1"]
    assert len(lines(kept, "order_kept")) == 4
    assert not lines(kept, "fallback_moved")


@pytest.mark.parametrize("sort", [0, 9])
def test_qy_stands_between_surgical_and_medical_groups(
    sort: int, book: Book, imported: Callable[..., ImportedScheme]
) -> None:
    book["ADRG"][3][4] = sort
    scheme = imported(book)
    assert order(scheme, "adrg", "MDCO") == ["OB1", "OQY", "OT1"]
    sheet, row, text = lines(scheme, "ambiguous_moved")[0]
    assert (sheet, row) == ("ADRG", 4)
    assert "behind OB1" in text


def test_surgical_behind_medical_is_reported_and_left(
    book: Book, imported: Callable[..., ImportedScheme]
) -> None:
    book["ADRG"][4][4] = 0
    scheme = imported(book)
    assert order(scheme, "adrg", "MDCO") == ["OT1", "OB1", "OQY"]
    assert lines(scheme, "surgical_after_medical")[0][:2] == ("ADRG", 3)


@pytest.mark.parametrize(
    ("rule", "needs", "helps"),
    [
        ("ZYSS in OP_A", True, True),
        ("ZYZD in DI_O and {ZYSS,QTSS} in OP_A", True, True),
        ("QTZD in DI_O or ZYSS in OP_A", False, True),
        ("{ZYSS,QTSS} not in OP_ALL", False, False),
        ("ZYZD in DI_O and not ZYSS in OP_ALL", False, False),
        ("not (not ZYSS in OP_A or NL < 18)", True, True),
        ("length(OP_A ∩ {ZYSS,QTSS}) >= 2", True, True),
        ("length(OP_A ∩ {ZYSS,QTSS}) = 0", False, False),
        ("NL < 17", False, False),
        ("", False, False),
    ],
)
def test_which_rules_ask_for_a_procedure(rule: str, needs: bool, helps: bool) -> None:
    parsed = parse_rule(rule)
    assert (needs_procedure(parsed), procedure_helps(parsed)) == (needs, helps)


def test_codes_stored_as_numbers_are_reported(
    book: Book, imported: Callable[..., ImportedScheme]
) -> None:
    book["MDC"].append([0, "未入组", "", 99])
    book["集合"].append(["OP_B", 74.2, "剖宫产", 2])
    scheme = imported(book)
    assert scheme.frames["mdc"]["mdc"].to_list()[-1] == "0000"
    assert [line[:2] for line in lines(scheme, "number_as_code")] == [("MDC", 5), ("集合", 9)]


def test_amendments(book: Book, imported: Callable[..., ImportedScheme], tmp_path: Path) -> None:
    path = tmp_path / "amendments.csv"
    path.write_text(
        "table,action,key,value,reason\n"
        "exclusions,add,1,A01.900,印刷本有\n"
        "exclusions,add,1,A01.000,已有\n"
        "sets,remove,OP_ALL,01.0100,\n"
        "sets,rename,OP_B,OP_B2,\n"
        "cc,add,A03.000,CC 2,\n"
        "cc,remove,A02.000,,\n"
        "adrg,rename,OT1,OT2,\n"
        "adrg,remove,AA1,,\n"
        "drg,add,OT18,OT2|0|内科，未成年|NL < 18,\n",
        encoding="utf-8",
    )
    scheme = imported(book, amendments=path)
    frames = scheme.frames
    assert frames["exclusions"].filter(exclusion_table="1")["code"].to_list() == [
        "A01.000",
        "A01.900",
    ]
    assert frames["sets"].filter(set="OP_ALL")["code"].to_list() == ["74.1x00"]
    assert frames["sets"].filter(set="OP_B2").height == 1
    assert frames["adrg"].filter(adrg="OB1")["rule"].to_list() == ["ZYSS in OP_B2"]
    assert frames["cc"].rows() == [("A01.000", "MCC", "1"), ("A03.000", "CC", "2")]
    assert order(scheme, "drg", "OT2") == ["OT18", "OT19"]
    assert "AA19" not in frames["drg"]["drg"].to_list()
    assert [line[:2] for line in lines(scheme, "amendment_idle")] == [("amendments.csv", 3)]
    assert [row for _, row, _ in lines(scheme, "amended")] == [2, 4, 5, 6, 7, 8, 9, 10]
    assert "印刷本有" in lines(scheme, "amended")[0][2]


def test_missing_sets(book: Book, imported: Callable[..., ImportedScheme], tmp_path: Path) -> None:
    book["ADRG"][1][2] = "ZYSS in {OP_A,OP_NONE}"
    with pytest.raises(DrgpayError) as refused:
        imported(book)
    for words in ("sheet ADRG, row 2", "AA1", "OP_NONE", "--allow-empty-sets"):
        assert words in str(refused.value)
    scheme = imported(book, allow_empty_sets=True)
    assert scheme.info.options.empty_sets == ("OP_NONE",)
    assert lines(scheme, "empty_set")[0][:2] == ("ADRG", 2)
    folder = tmp_path / "scheme"
    folder.mkdir()
    write_scheme(scheme, folder, "zh")
    assert load_scheme(str(folder)).sets["OP_NONE"] == frozenset()


def test_other_findings_are_reported(book: Book, imported: Callable[..., ImportedScheme]) -> None:
    book["CC"][2][2] = 9
    book["CC"].append(["A04.000", "肠道感染", "", "CC"])
    book["DRG"][5][4] = "MDCA"
    book["ADRG"][4][4] = ""
    scheme = imported(book)
    assert [line[:2] for line in lines(scheme, "exclusion_table_missing")] == [("CC", 3), ("CC", 4)]
    assert lines(scheme, "parent_differs")[0][:2] == ("DRG", 6)
    assert lines(scheme, "sort_missing")[0][:2] == ("ADRG", 5)
    assert order(scheme, "adrg", "MDCO")[-1] == "OT1"


def _without_sheet(book: Book) -> None:
    del book["排除表"]


def _without_column(book: Book) -> None:
    book["ADRG"] = [row[:4] for row in book["ADRG"]]


def _with_wrong_rule(book: Book) -> None:
    book["DRG"][2][2] = "QTZD inn MCC"


def _with_orphan(book: Book) -> None:
    book["DRG"][2][3] = "OB9"


def _with_contradiction(book: Book) -> None:
    book["CC"].append(["A01.000", "伤寒", 2, "CC"])


def _with_other_group_twice(book: Book) -> None:
    book["DRG"].append(["OB11", "别名", "", "OB1", "MDCO", 3])


def _with_wrong_sort(book: Book) -> None:
    book["MDC"][2][3] = "一"


def _with_wrong_level(book: Book) -> None:
    book["CC"][1][3] = "重"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_without_sheet, ["no sheet 排除表", "MDC, ADRG, DRG, 集合, CC"]),
        (_without_column, ["sheet ADRG", "MDC内排序 or 排序", "ADRG规则, 所属MDC编码"]),
        (_with_wrong_rule, ["sheet DRG, row 3", "OB11", "column 6"]),
        (_with_orphan, ["sheet DRG, row 3", "OB11", "OB9"]),
        (_with_contradiction, ["sheet CC, rows 2", "A01.000"]),
        (_with_other_group_twice, ["sheet DRG, row 7", "OB11", "row 3"]),
        (_with_wrong_sort, ["sheet MDC, row 3", "MDCA", "一"]),
        (_with_wrong_level, ["sheet CC, row 2", "重", "MCC or CC"]),
    ],
)
def test_mistakes_name_sheet_and_row(
    spoil: Callable[[Book], None],
    words: list[str],
    book: Book,
    imported: Callable[..., ImportedScheme],
) -> None:
    spoil(book)
    with pytest.raises(DrgpayError) as refused:
        imported(book)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("table,action,key,value\nsets,add,A,B\n", "reason"),
        ("table,action,key,value,reason\nmcc,add,A,B,\n", "row 2: there is no table 'mcc'"),
        ("table,action,key,value,reason\nsets,change,A,B,\n", "there is no action 'change'"),
        ("table,action,key,value,reason\nsets,add,A,,\n", "a value"),
        ("table,action,key,value,reason\ndrg,add,X,Y,\n", "parent|sort|name|rule"),
    ],
)
def test_mistakes_in_amendments(
    text: str, word: str, book: Book, imported: Callable[..., ImportedScheme], tmp_path: Path
) -> None:
    path = tmp_path / "amendments.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DrgpayError) as refused:
        imported(book, amendments=path)
    assert word in str(refused.value)


def test_a_file_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with pytest.raises(DrgpayError, match="there is no file"):
        import_workbook(path, ImportChoices(ID))
    path.write_text("not a workbook", encoding="utf-8")
    with pytest.raises(DrgpayError, match="not a readable Excel workbook"):
        import_workbook(path, ImportChoices(ID))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "zj-drg-2022" else pytest.mark.slow)
        for name in SCHEMES
    ],
)
@pytest.mark.slow
def test_importing_an_export_gives_the_same_scheme(
    name: str, exported: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "scheme"
    scheme = import_workbook(exported(name), ImportChoices({"id": name}))
    folder.mkdir()
    write_scheme(scheme, folder, "zh")
    for table in TABLES:
        same = (scheme_folder(name) / f"{table}.csv").read_bytes()
        assert (folder / f"{table}.csv").read_bytes() == same, table
    before, after = load_scheme(name), load_scheme(str(folder))
    assert after.info == before.info
    # The same trees and sets group every stay alike; only the hash of scheme.toml may differ.
    assert (after.mdcs, after.sets) == (before.mdcs, before.sets)
    assert after.complications == before.complications
    assert after.excluding_tables == before.excluding_tables


@pytest.mark.slow
def test_the_order_of_an_export_is_final_unless_asked(exported: Callable[[str], Path]) -> None:
    path = exported("zj-drg-2022")
    kept = import_workbook(path, ImportChoices(ID))
    repaired = import_workbook(path, ImportChoices(ID, keep_order=False))
    assert order(kept, "drg", "BR1") == ["BR11", "BR13", "BR15", "BR19"]
    assert order(repaired, "drg", "BR1") == ["BR11", "BR13", "BR19", "BR15"]
    assert len(lines(kept, "order_kept")) == len(lines(repaired, "fallback_moved")) == 8


def test_export_is_deterministic_and_names_codes(tmp_path: Path, book: Book) -> None:
    folder = tmp_path / "scheme"
    folder.mkdir()
    small = import_workbook(written(book, tmp_path / "book.xlsx"), ImportChoices(ID))
    write_scheme(small, folder, "zh")
    for name in ("first.xlsx", "second.xlsx"):
        export_workbook(str(folder), tmp_path / name)
    assert (tmp_path / "first.xlsx").read_bytes() == (tmp_path / "second.xlsx").read_bytes()
    page = CalamineWorkbook.from_path(tmp_path / "first.xlsx").get_sheet_by_name("集合").to_python()
    assert page[0] == ["集合编号", "ICD编码", "ICD名称", "类型编号"]
    assert [row[3] for row in page[1:]] == ["2"] * 4 + ["1"] * 3
    assert page[4][1:3] == ["01.0100", names_of("procedures")["01.0100"]]
    with pytest.raises(DrgpayError, match=r"\.xlsx"):
        export_workbook(str(folder), tmp_path / "first.xls")


@given(st.text(alphabet="ab＝\u3000\u200b\u00a0\n\r 中，_x0D", max_size=30))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    for kind in ("name", "rule"):
        once = pl.DataFrame({"text": [text]}).select(cleaned(pl.col("text"), kind))
        if "_x" not in once.item():
            assert once.select(cleaned(pl.col("text"), kind)).equals(once)
        assert "\u200b" not in once.item()
        assert "\n" not in once.item()


@given(
    st.sampled_from(["ZYZD in DI_A and NL < 17", "not {ZYSS,QTSS} in OP_A or XB = 1"]), st.data()
)
def test_case_of_a_rule_does_not_matter(rule: str, data: st.DataObject) -> None:
    mixed = "".join(
        char.upper() if up else char.lower()
        for char, up in zip(
            rule,
            data.draw(st.lists(st.booleans(), min_size=len(rule), max_size=len(rule))),
            strict=True,
        )
    )
    names = {"DI_A": "DI_A", "OP_A": "OP_A"}
    assert in_usual_case(mixed, frozenset(names), names) == rule
