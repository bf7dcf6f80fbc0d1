"""Columns of a table of weights: read, dropped by name, listed, or refused."""

from decimal import Decimal
from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.points.catalogue import load_catalogue, save_catalogue
from tests.points.weights_made import any_scheme, coefficients, groups, made, read_as


def test_every_column_is_listed_with_an_example(tmp_path: Path) -> None:
    text = (
        "序号,ADRG,DRG编码,DRG名称,RW,支付标准,备注,空\n"
        "1,BB1,BB11,脑创伤,2,20000,参照,\n2,BB2,BB21,其他,1,10000,,\n"
    )
    found = made(tmp_path, text, drop=("支付标准",))
    assert found.columns.rows() == [
        ("序号", "serial", 2, "1"),
        ("ADRG", "text", 2, "BB1"),
        ("DRG编码", "drg", 2, "BB11"),
        ("DRG名称", "name", 2, "脑创伤"),
        ("RW", "weight", 2, "2"),
        ("支付标准", "dropped", 2, "20000"),
        ("备注", "note", 1, "参照"),
        ("空", "empty", 0, ""),
    ]
    assert found.notes.rows() == [(2, "BB11", "参照")]


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("支付标准", ["19730", "1878.2"]),
        ("三级医院支付标准", ["1", "2"]),
        ("费率", ["9000", "9001"]),
        ("调整系数", ["1.1", "0.9"]),
        ("K", ["1", "1"]),
        ("下浮", ["5%", "3%"]),
        ("总控人次", ["", "51"]),
        ("价格说明", ["另议", "另行规定"]),
        ("费率档", ["甲档", "乙档"]),
        ("稳定说明", ["例数少", "波动大"]),
        ("金额", ["¥1,000", "￥2,000"]),
        ("权重", ["1", "2"]),
    ],
)
def test_what_looks_like_money_is_refused_until_dropped_by_name(
    heading: str, cells: list[str], tmp_path: Path
) -> None:
    text = f'drg,RW,{heading}\nBB11,2,"{cells[0]}"\nBB21,1,"{cells[1]}"\n'
    with pytest.raises(DrgpayError) as told:
        made(tmp_path, text, columns={"weight": "RW"})
    assert f"is not read: {heading} (in line {2 if cells[0] else 3}: " in str(told.value)
    assert "drg as drg, RW as weight" in str(told.value)
    found = made(tmp_path, text, columns={"weight": "RW"}, drop=(heading,))
    assert read_as(found)[heading] == "dropped"
    assert groups(found) == [("BB11", 200_0000, 2_000_000), ("BB21", 100_0000, 1_000_000)]


def test_a_star_names_columns_by_level(tmp_path: Path) -> None:
    text = (
        "DRG编码,RW,等级调节（三甲）,等级调节（二级）,支付标准（三级）,支付标准（二级）\n"
        "BB11,2,1.1,0.9,1,2\n"
    )
    found = made(tmp_path, text, columns={"coefficient_*": "等级调节(*)"}, drop=("支付标准（*）",))
    assert coefficients(found) == [("BB11", "三甲", 1_1000), ("BB11", "二级", 9000)]
    assert read_as(found)["支付标准（三级）"] == "dropped"


def test_coefficients_by_level_are_found_by_usual_headings(tmp_path: Path) -> None:
    text = (
        "DRG编码,RW,等级系数（一级及基层）,二级医院系数,医院等级系数(3A)\nBB11,2,0.58277,,1.00005\n"
    )
    found = made(tmp_path, text)
    assert coefficients(found) == [("BB11", "3A", 1_0001), ("BB11", "一级及基层", 5828)]
    assert found.gaps == 1
    rounded = {row[0]: row[1:] for row in found.rounded.rows()}
    assert rounded["coefficient"] == (2, 2, "BB11: 1.00005 → 1.0001")
    assert rounded["base_points"] == (1, 0, "")


@pytest.mark.parametrize(
    "heading", ["等级系数", "医院等级系数", "年龄系数", "系数（职工）", "难度系数（三级）"]
)
def test_other_coefficients_are_asked_for(heading: str, tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="may carry money"):
        made(tmp_path, f"DRG编码,RW,{heading}\nBB11,2,0.5\n")


def test_columns_that_are_not_read_are_told_in_chinese(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError) as told:
        made(tmp_path, "DRG编码,RW,费用上限,其他系数,基础病组\nBB11,2,3,0.5,是\nBB21,1,3,0.4,\n")
    assert told.value.problem_words.zh.endswith(
        "：有 2 列可能是金额、系数或稳定标识，未读取：费用上限（第 2 行：3）、其他系数（第 2 行：0.5）；"
        "已读取：DRG编码 读作 drg、RW 读作 weight、基础病组 读作病组标识"
    )


def test_weights_by_level(tmp_path: Path) -> None:
    text = "drg,weight_3A,weight_2A\nBB11,2.2,1.8\nBB21,,1.5\n"
    found = made(tmp_path, text)
    assert groups(found) == [("BB11", 200_0000, 2_000_000), ("BB21", 150_0000, 1_500_000)]
    assert coefficients(found) == [
        ("BB11", "2A", 9000),
        ("BB11", "3A", 1_1000),
        ("BB21", "2A", 1_0000),
    ]
    assert groups(made(tmp_path, text, base="3A")) == [("BB11", 220_0000, 2_200_000)]
    beside = made(tmp_path, "drg,weight,weight_3A\nBB11,2,2.5\n")
    assert (groups(beside)[0][1], coefficients(beside)) == (200_0000, [("BB11", "3A", 1_2500)])


def test_prices_by_account_are_rows_of_the_account(tmp_path: Path) -> None:
    text = "drg,RW,支付标准（职工）,支付标准（居民）\nBB11,2,21000,19000\nBB21,,,500\n"
    columns = {"price@employee": "支付标准（职工）", "price@resident": "支付标准（居民）"}
    found = made(tmp_path, text, columns=columns)
    assert found.catalogue.groups.select("drg", "account", "base_points", "mean_fen").rows() == [
        ("BB11", None, 200_0000, 2_000_000),
        ("BB11", "employee", 210_0000, 2_100_000),
        ("BB11", "resident", 190_0000, 1_900_000),
        ("BB21", "resident", 5_0000, 50_000),
    ]
    by_star = made(tmp_path, text, columns={"price@*": "支付标准（*）"})
    assert by_star.catalogue.groups["account"].unique().drop_nulls().sort().to_list() == [
        "居民",
        "职工",
    ]
    save_catalogue(found.catalogue, tmp_path)
    assert load_catalogue(tmp_path, any_scheme()).groups.equals(found.catalogue.groups)


def test_a_rate_is_one_number_and_stands_in_the_report(tmp_path: Path) -> None:
    text = "drg,RW,基础费率（职工）\nBB11,2,9986.93521234\nBB21,1,9986.93521234\n"
    found = made(tmp_path, text)
    assert found.rates.rows() == [("基础费率（职工）", "9986.93521234")]
    assert groups(found)[0] == ("BB11", 200_0000, 2_000_000)
    other = text.replace("BB21,1,9986", "BB21,1,9987")
    with pytest.raises(DrgpayError, match="may carry money"):
        made(tmp_path, other)
    with pytest.raises(
        DrgpayError, match=r"line 3: 基础费率（职工） is 9987\.9352.*in line 2 it is"
    ):
        made(tmp_path, other, columns={"rate": "基础费率（职工）"})


def test_a_mean_of_any_number_of_places(tmp_path: Path) -> None:
    found = made(tmp_path, "drg,支付标准\nBB11,12483.669\n", Decimal("9986.9352"))
    info = found.catalogue.info
    assert (info.all_total_fen, info.all_cases, info.all_mean_yuan) == (99869352, 100, "9986.94")
    assert groups(found) == [("BB11", 125_0000, 1_248_367)]
