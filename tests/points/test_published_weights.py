"""Published weights and prices as a catalogue: numbers by hand, and mistakes told in a sentence."""

from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drgpay.errors import DrgpayError
from drgpay.exact import half_up
from drgpay.grouper.scheme import load_scheme
from drgpay.points.catalogue import load_catalogue, save_catalogue
from drgpay.points.published_weights import (
    PublishedCatalogue,
    WeightOptions,
    published_catalogue,
)

any_scheme = cache(lambda: load_scheme("chs-drg-2.0"))
MEAN = Decimal(10_000)


def made(
    folder: Path, text: str | bytes, mean: Decimal = MEAN, **options: Any
) -> PublishedCatalogue:
    path = folder / "weights.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    given = {"columns": {}} | options
    return published_catalogue(path, any_scheme(), mean, "c", WeightOptions(**given))


def groups(found: PublishedCatalogue) -> list[tuple[str, int, int]]:
    return found.catalogue.groups.select("drg", "base_points", "mean_fen").rows()


def coefficients(found: PublishedCatalogue) -> list[tuple[str, str, int]]:
    return found.catalogue.coefficients.select("drg", "level", "coefficient").rows()


def test_base_points_are_weight_x_100(tmp_path: Path) -> None:
    found = made(tmp_path, "drg,weight\nBB21,0.71828\nBB11,2\n")
    assert groups(found) == [("BB11", 200_0000, 2_000_000), ("BB21", 71_8280, 718_280)]
    assert found.catalogue.all_mean_fen == 1_000_000
    assert found.catalogue.info.kind == "published"
    assert found.catalogue.coefficients.is_empty()
    assert found.catalogue.bed_days.is_empty()
    assert found.without_weight.height == 634 - 2
    assert "BB25" in found.without_weight["drg"]


def test_rounding_is_half_up_once(tmp_path: Path) -> None:
    found = made(tmp_path, "drg,weight\nBB11,23.99262750\nBB21,0.0000005\n", Decimal("9999999.99"))
    assert groups(found) == [("BB11", 2399_2628, 23992627476), ("BB21", 1, 500)]


def test_a_catalogue_of_prices_by_level(tmp_path: Path) -> None:
    text = 'drg,price_2A,price_3A\nBB11,"18,000",22000\nBB21,5000,\n'
    found = made(tmp_path, text)
    assert groups(found) == [("BB11", 200_0000, 2_000_000), ("BB21", 50_0000, 500_000)]
    assert coefficients(found) == [
        ("BB11", "2A", 9000),
        ("BB11", "3A", 1_1000),
        ("BB21", "2A", 1_0000),
    ]
    of_3a = made(tmp_path, text, base="3A")
    assert groups(of_3a) == [("BB11", 220_0000, 2_200_000)]
    assert coefficients(of_3a) == [("BB11", "2A", 8182), ("BB11", "3A", 1_0000)]
    assert of_3a.skipped.rows() == [(3, "BB21", "no_weight", "")]


def test_prices_beside_a_weight_are_coefficients_of_it(tmp_path: Path) -> None:
    found = made(tmp_path, "drg,weight,price_2A\nBB11,2,19000\n")
    assert (groups(found)[0][1], coefficients(found)) == (200_0000, [("BB11", "2A", 9500)])
    by_price = made(tmp_path, "drg,weight,price_2A\nBB11,2,19000\n", base="mean")
    assert (groups(by_price)[0][1], coefficients(by_price)) == (190_0000, [("BB11", "2A", 1_0000)])


def test_one_price_and_coefficients_by_level(tmp_path: Path) -> None:
    text = "DRG编码,支付标准,三级系数,稳定\nBB11,5000,1.05,否\nBB21,100.5,,\n"
    columns = {"coefficient_3A": "三级系数", "coefficient_3B": "三级系数", "stable": "稳定"}
    found = made(tmp_path, text, columns=columns)
    assert groups(found) == [("BB11", 50_0000, 500_000), ("BB21", 1_0050, 10_050)]
    assert coefficients(found) == [("BB11", "3A", 1_0500), ("BB11", "3B", 1_0500)]
    assert found.catalogue.groups["stable"].to_list() == [False, True]


def test_gb18030_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = "DRG编码,DRG名称,权重\nBB11,脑创伤开颅术,2\n"
    for encoding in ("gb18030", "utf-8-sig"):
        assert groups(made(tmp_path, text.encode(encoding)))[0][0] == "BB11"


def test_groups_without_weight_are_left_out_and_listed(tmp_path: Path) -> None:
    text = "drg,weight\nBB11,\nBB21,按项目付费\n\nBB25,1\nQ999,1\nBQY,2\n"
    found = made(tmp_path, text, no_weight=("按项目付费",), skip_unknown=True)
    assert found.catalogue.groups["drg"].to_list() == ["BB25"]
    assert found.skipped.rows() == [
        (2, "BB11", "no_weight", ""),
        (3, "BB21", "no_weight", "按项目付费"),
        (4, None, "blank", ""),
        (6, "Q999", "not_in_scheme", "1"),
        (7, "BQY", "ambiguous_group", "2"),
    ]
    assert {"BB11", "BB21"} <= set(found.without_weight["drg"])


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (
            "drg,weight\nBB11,1\nQ999,1\nQ998,2\n",
            {},
            "line 3: chs-drg-2.0 has no groups Q999, Q998",
        ),
        (
            "drg,weight\nBB11,1\nBQY,1\n",
            {},
            "line 3: BQY are ambiguous groups, which have no points in a catalogue",
        ),
        (
            "drg,weight\nBQY,1\nQ999,1\n",
            {},
            "line 3: chs-drg-2.0 has no groups Q999",
        ),
        ("drg,weight\nBB11,x\n", {}, "line 2: weight of BB11 is 'x', not a number above 0"),
        ("drg,weight\nBB11,-1\n", {}, "weight of BB11 is '-1'"),
        ("drg,weight\nBB11,0\n", {}, "weight of BB11 is '0'"),
        ("drg,weight\nBB11,NaN\n", {}, "weight of BB11 is 'NaN'"),
        ("drg,weight\nBB11,1e9999\n", {}, "weight of BB11 is '1e9999'"),
        ('drg,weight\nBB11,"1,5"\n', {}, "weight of BB11 is '1,5'"),
        ("drg,weight\nBB11,200000\n", {}, "the weight of BB11 is above 100,000"),
        ("drg,weight\nBB11,0.00000001\n", {}, "the weight of BB11 is next to nothing"),
        ("drg,weight\nBB11,1\nBB21,2\nBB11,1\n", {}, "line 4: the group BB11 stands in line 2"),
        ("drg,weight\n,1\n", {}, "line 2: the group is missing"),
        ("drg,weight\nBB11,\n", {}, "no group of chs-drg-2.0 has a weight"),
        (
            "drg,cost\nBB11,1\n",
            {},
            "a column may carry money, a factor or a flag of stability, and is not read: cost (in line 2: 1)",
        ),
        ("drg,name\nBB11,x\n", {}, "no column of weights or prices among drg, name"),
        ("code,weight\nBB11,1\n", {}, "no column of groups among code, weight"),
        ("drg,weight\nBB11,1\n", {"columns": {"weight": "RW"}}, "no column RW"),
        ("drg,weight\nBB11,1\n", {"columns": {"wieght": "weight"}}, "there is no column wieght"),
        ("drg,weight\nBB11,1\n", {"base": "mean"}, "--base mean: "),
        ("drg,price_1\nBB11,1\n", {"base": "3A"}, "no price of the level 3A"),
        ("drg,price_1,coefficient_1\nBB11,1,1\n", {}, "a price and a coefficient of the level 1"),
        ("drg,weight,stable\nBB11,1,perhaps\n", {}, "line 2: stable is 'perhaps'"),
        (
            "drg,weight,price\nBB11,1,1\n",
            {"columns": {"weight": "weight", "price": "price"}},
            "from weights or from prices, not from both",
        ),
    ],
)
def test_mistakes_are_told(text: str, options: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DrgpayError) as told:
        made(tmp_path, text, **options)
    assert said in str(told.value)


@settings(max_examples=50, deadline=None)
@given(
    weights=st.lists(
        st.decimals("0.0001", "9999", places=6, allow_nan=False), min_size=3, max_size=3
    ),
    mean=st.decimals("100", "99999.99", places=2),
    turned=st.booleans(),
)
def test_any_weights_whatever_the_order_of_rows(
    weights: list[Decimal], mean: Decimal, turned: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("weights")
    rows = list(zip(("BB11", "BB21", "BB25"), weights, strict=True))
    lines = [f"{drg},{weight}" for drg, weight in (rows[::-1] if turned else rows)]
    found = made(folder, "\n".join(["drg,weight", *lines, ""]), mean)
    assert groups(found) == [
        (drg, half_up(Fraction(weight) * 10**6), half_up(Fraction(weight) * Fraction(mean) * 100))
        for drg, weight in rows
    ]
    save_catalogue(found.catalogue, folder)
    again = load_catalogue(folder, any_scheme())
    assert again.info == found.catalogue.info
    assert again.groups.equals(found.catalogue.groups)


# Columns: read, dropped by name, or refused.


def read_as(found: PublishedCatalogue) -> dict[str, str]:
    return dict(found.columns.select("heading", "read_as").rows())


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


# Marks of groups.


def stabilities(found: PublishedCatalogue) -> dict[str, str]:
    assert (found.catalogue.groups["stability"] == "stable").equals(
        found.catalogue.groups["stable"]
    )
    return dict(found.catalogue.groups.select("drg", "stability").rows())


@pytest.mark.parametrize(
    ("heading", "stable", "not_stable"),
    [
        ("病组类型", "稳定病组", "不稳定病组"),
        ("病组类型", "普通组", "未覆盖组"),
        ("病组标识", "正常组", "非稳定组"),
        ("稳定（玉林）", "是", "否"),
        ("稳定病组", "是", "否"),
        ("是否稳定", "１", "０"),
        ("不稳定病组", "", "是"),
        ("未覆盖", "否", "√"),
        ("stable", "true", "false"),
        ("stable", "", "FALSE"),
        ("stability", "stable", "stand_in"),
    ],
)
def test_flags_of_stability(heading: str, stable: str, not_stable: str, tmp_path: Path) -> None:
    text = f"drg,RW,{heading}\nBB11,1,{stable}\nBB21,1,{not_stable}\nBB25,2,{stable}\n"
    found = made(tmp_path, text)
    assert stabilities(found) == {"BB11": "stable", "BB21": "stand_in", "BB25": "stable"}
    assert found.ones == 1


def test_a_column_that_only_says_yes_is_no_flag_of_the_others(tmp_path: Path) -> None:
    for heading, cell in (("稳定", "是"), ("病组类型", "稳定组")):
        text = f"drg,RW,{heading}\nBB11,1,{cell}\nBB21,1,\nBB25,1,{cell}\n"
        with pytest.raises(DrgpayError, match=r"line 3: .* is empty, and no cell of the column"):
            made(tmp_path, text)


def test_a_mark_that_may_be_one_of_stability_is_asked_for(tmp_path: Path) -> None:
    text = "drg,RW,单议病组\nBB11,1,是\nBB21,1,\n"
    with pytest.raises(DrgpayError) as told:
        made(tmp_path, text)
    assert "line 2: 单议病组 in the column 单议病组 marks 1 groups" in str(told.value)
    assert "--mark 单议病组=MEANING" in str(told.value)
    said = made(tmp_path, text, marks={"单议病组": "stand_in"})
    assert stabilities(said) == {"BB11": "stand_in", "BB21": "stable"}
    assert said.marks.rows() == [("单议病组", "单议病组", "stand_in", 1, "BB11")]
    assert stabilities(made(tmp_path, text, marks={"单议病组": "listed"}))["BB11"] == "stable"
    assert stabilities(made(tmp_path, text, drop=("单议病组",)))["BB11"] == "stable"


def test_a_mark_of_one_price_is_asked_for_where_the_levels_differ(tmp_path: Path) -> None:
    text = "drg,RW,基础病组,二级医院系数,三级医院系数\nBB11,1,是,0.9,{}\nBB21,1,,0.9,1.1\n"
    found = made(tmp_path, text.format("0.9"))
    assert found.marks.rows() == [("基础病组", "基础病组", "listed", 1, "BB11")]
    with pytest.raises(DrgpayError, match="their numbers differ by level"):
        made(tmp_path, text.format("1.1"))
    one = made(tmp_path, text.format("1.1"), marks={"基础病组": "one_coefficient"})
    assert {drg for drg, *_ in coefficients(one)} == {"BB21"}
    assert one.gaps == 0


def test_other_marks_are_listed_with_their_groups(tmp_path: Path) -> None:
    text = "drg,RW,中医优势病组,总量控制\nBB11,1,是,\nBB21,1,,是\nBB25,1,是,是\n"
    found = made(tmp_path, text)
    assert found.marked.rows() == [
        ("中医优势病组", "BB11"),
        ("中医优势病组", "BB25"),
        ("总量控制", "BB21"),
        ("总量控制", "BB25"),
    ]
    assert set(stabilities(found).values()) == {"stable"}


def test_a_mark_of_money_is_asked_for(tmp_path: Path) -> None:
    text = "drg,RW,类别\nBB11,1,下浮组\nBB21,1,下浮组\n"
    with pytest.raises(
        DrgpayError, match="下浮组 in the column 类别 marks 2 groups and may change"
    ):
        made(tmp_path, text)


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ({"单议": "unsteady"}, "there is no meaning unsteady"),
        ({"双议": "stand_in"}, "has no such mark; its marks are: 单议"),
    ],
)
def test_mistaken_marks(marks: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(DrgpayError) as told:
        made(tmp_path, "drg,RW,单议\nBB11,1,是\nBB21,1,\n", marks={"单议": "listed"} | marks)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("columns", "drop", "said"),
    [
        ({"weight": "RW"}, ("RW",), "RW is read and dropped"),
        ({}, ("drg",), "drg is the column of groups"),
        ({}, ("价*",), "no column like 价*"),
        ({}, ("价",), "no column 价"),
        ({"price_*": "价（*）"}, (), "no column like 价（*）"),
        ({"price_*": "RW"}, (), "does not have one * on both sides"),
        ({"price_": "RW"}, (), "there is no column price_"),
        ({"rate_3A": "RW"}, (), "there is no column rate_3A"),
    ],
)
def test_mistaken_columns(
    columns: dict[str, str], drop: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DrgpayError) as told:
        made(tmp_path, "drg,RW\nBB11,1\n", columns=columns, drop=drop)
    assert said in str(told.value)


# Numbers.


@pytest.mark.parametrize(
    ("cell", "points"),
    [
        ("２．５", 250_0000),
        (" 2.5\u3000", 250_0000),
        ('"1,234.5"', 123450_0000),
        ("１，０００", 100000_0000),
        ("250%", 250_0000),
        ("+2.5", 250_0000),
        (".5", 50_0000),
        ("2.", 200_0000),
        ("0.123456789", 12_3457),
    ],
)
def test_numbers_as_tables_write_them(cell: str, points: int, tmp_path: Path) -> None:
    assert groups(made(tmp_path, f"drg,weight\nBB11,{cell}\n"))[0][1] == points


@pytest.mark.parametrize("cell", ["¥2", "2元", "1e3", "2..5", "1,23", "2/3", "２x", "∞", "٣", "-"])
def test_other_signs_are_named_with_line_and_column(cell: str, tmp_path: Path) -> None:
    if cell == "-":
        assert made(tmp_path, "drg,weight\nBB11,-\nBB21,1\n").skipped.rows() == [
            (2, "BB11", "no_weight", "-")
        ]
        return
    with pytest.raises(DrgpayError) as told:
        made(tmp_path, f'drg,weight\nBB11,"{cell}"\n')
    assert f"weights.csv, line 2: weight of BB11 is '{cell}', not a number above 0" in str(
        told.value
    )
    with pytest.raises(DrgpayError, match="price of BB11 is '105%'"):
        made(tmp_path, "drg,price\nBB11,105%\n")
