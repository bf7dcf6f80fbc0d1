"""Tables of knowledge points, Excel and CSV, as item_rules: by headings, nothing lost, nothing guessed."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from drgpay.base.errors import DrgpayError
from drgpay.base.shipped import shipped_folder
from drgpay.records.writing import write_table
from drgpay.supervise.library import read_library, refuse_refused_rules
from drgpay.supervise.tables_given import refuse_half_rules, table_given


def workbook(path: Path, *rows: tuple[Any, ...], title: str | None = None) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("知识点")
        first = 0
        if title:
            sheet.write(0, 0, title)
            first = 1
        for number, row in enumerate(rows, first):
            for place, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, place, cell)
    return path


BY_SEX = [
    ("知识点编号", "规则名称", "医保药品编码", "药品名称", "限定性别", "生效日期"),
    ("K1", "药品区分性别使用", "XD01", "甲药", "女性", "2025-05-23"),
    ("K2", "药品区分性别使用", "XD02", "乙药", "男", "2025/5/23"),
]


def test_a_workbook_becomes_item_rules_that_a_supervision_reads(tmp_path: Path) -> None:
    book = workbook(tmp_path / "batch.xlsx", *BY_SEX, title="第一批知识点（示例）")
    library = read_library([book], batch="1")
    assert (library.read, library.rules.height, library.refused.height) == (2, 2, 0)
    assert library.rules.select("rule_id", "kind", "code", "sex", "batch", "valid_from").rows() == [
        ("K1", "sex", "XD01", "2", "1", "2025-05-23"),
        ("K2", "sex", "XD02", "1", "1", "2025-05-23"),
    ]
    write_table(library.rules, tmp_path / "item_rules.csv")
    given = table_given("item_rules", tmp_path / "item_rules.csv")
    refuse_half_rules(given, tmp_path)
    assert given["valid_from"].to_list() == [date(2025, 5, 23)] * 2


def test_each_kind_by_the_words_of_its_rule(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_text(
        "规则名称,项目编码,互斥项目编码,年龄上限（岁）,限定险种,价格（元）,折扣比例,批次\n"
        "儿童专用药品,XD03,,14,,,,2\n"
        "重复收费,P1,P2,,,,,7\n"
        "第二手术未打折,OP1,,,,1200.50,0.5,2\n"
        "限工伤险种的药品,XD04,,,工伤保险,,,3\n"
        "限险种,XD05,,,职工、居民,,,3\n",
        encoding="gb18030",
    )
    library = read_library([path], batch="9", valid_from=date(2025, 7, 22))
    assert library.refused.is_empty()
    rows = library.rules
    assert rows["kind"].to_list() == ["age", "pair", "discount", "account", "account"]
    assert rows["accounts"].to_list()[3:] == ["work_injury", "employee;resident"]
    assert rows["batch"].to_list() == ["2", "7", "2", "3", "3"]
    assert set(rows["valid_from"]) == {"2025-07-22"}
    assert rows["rule_id"].is_unique().all()
    write_table(rows, tmp_path / "item_rules.csv")
    given = table_given("item_rules", tmp_path / "item_rules.csv")
    assert given.select("price", "share").row(2) == (120_050, 5_000)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("性别,,女,,,", "no_code"),
        ("单病种,C1,女,,,", "no_kind"),
        ("性别,C1,男女,,,", "no_sex"),
        ("性别,C1,,,,", "half_sex"),
        ("儿童,C1,,十四,,", "no_number"),
        ("儿童,C1,,,,", "half_age"),
        ("险种,C1,,,公费医疗,", "no_account"),
        ("性别,C1,女,,,2025-02-30", "no_day"),
    ],
)
def test_a_row_that_says_no_whole_rule_is_refused_with_its_place(
    tmp_path: Path, row: str, why: str
) -> None:
    path = tmp_path / "rules.csv"
    head = "规则名称,编码,限定性别,年龄上限,限定险种,生效日期"
    path.write_text(f"{head}\n性别,C0,女,,,\n{row}\n性别,C0,女,,,\n", encoding="utf-8")
    library = read_library([path])
    assert library.refused.rows() == [("rules.csv", 3, why), ("rules.csv", 4, "repeated")]
    assert library.read == library.rules.height + library.refused.height == 3
    with pytest.raises(DrgpayError, match="3"):
        refuse_refused_rules(library)


def test_columns_are_named_or_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_text("规则名称,名称\n性别,甲\n", encoding="utf-8")
    with pytest.raises(DrgpayError, match="项目编码"):
        read_library([path])
    path.write_text("规则名称,编码,药品编码\n性别,a,b\n", encoding="utf-8")
    with pytest.raises(DrgpayError, match="药品编码"):
        read_library([path])
    with pytest.raises(DrgpayError):
        read_library([tmp_path / "none.pdf"])


def test_the_shipped_set_is_whole_and_says_what_it_is() -> None:
    path = shipped_folder("policies") / "supervision" / "item_rules.illustrative.csv"
    given = table_given("item_rules", path)
    refuse_half_rules(given, path)
    assert given["rule_id"].str.starts_with("ILLUSTRATIVE-").all()
    assert set(given["batch"]) == {"illustrative"}
    assert pl.read_csv(path).height == given.height
