"""Published weights and prices as a catalogue: numbers by hand, and mistakes told in a sentence."""

import csv
import io
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import half_up
from drgpay.points.catalogue import load_catalogue, save_catalogue
from tests.points.weights_made import any_scheme, coefficients, groups, made, stabilities
from tests.spread import drawn


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


@drawn(50)
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


def test_c22_a_rate_that_is_given_beforehand(tmp_path: Path) -> None:
    """Weight 1.25, coefficient 1.1, rate 9,986.9352: the standard is 13,732.04."""
    text = "DRG编码,RW,等级系数（三级）,基础费率（职工）\nBB11,1.25,1.1,9986.9352\n"
    found = made(tmp_path, text, Decimal("9986.9352"))
    ((_, base_points, _),) = groups(found)
    ((_, level, coefficient),) = coefficients(found)
    assert (base_points, level, coefficient) == (125_0000, "三级", 1_1000)
    points = Fraction(base_points * coefficient, 10_000 * 10_000)
    assert half_up(points / 100 * found.catalogue.all_mean_fen) == 13_732_04


CELLS = st.sampled_from(
    [
        *("", " ", "1", "2.5", "0", "-1", "105%", "1,234", "１", "是", "否", "稳定组", "不稳定组"),
        *(
            "未覆盖组",
            "基础组",
            "单议",
            "按项目付费",
            "合计",
            "注：",
            "BB11",
            "BB21",
            "BQY",
            "Q999",
        ),
        *("DRG编码", "RW", '"', "'", "\n", ",", "=1+1", "\ufeff", "\x00", "٣", "1e999", "NaN"),
    ]
)
HEADINGS = st.sampled_from(
    [
        *("DRG编码", "drg", "DRG名称", "RW", "权重", "支付标准", "price_3A", "coefficient_3A"),
        *(
            "weight_2A",
            "三级医院系数",
            "费率（职工）",
            "病组类型",
            "稳定",
            "备注",
            "",
            "合计",
            "系数",
        ),
    ]
)


@drawn(300)
@given(
    headings=st.lists(HEADINGS, min_size=1, max_size=6),
    rows=st.lists(st.lists(CELLS, max_size=7), max_size=6),
    skip=st.booleans(),
    dropped=st.lists(st.sampled_from(["*", "*系数*", "支付*", "RW", "备注"]), max_size=2),
)
def test_any_table_is_read_or_refused_in_a_sentence(
    headings: list[str],
    rows: list[list[str]],
    skip: bool,
    dropped: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([headings, *rows])
    text = written.getvalue()
    try:
        found = made(tmp_path_factory.mktemp("any"), text, skip_unknown=skip, drop=tuple(dropped))
    except DrgpayError as error:
        assert str(error).endswith(".")
        return
    assert set(stabilities(found).values()) <= {"stable", "stand_in"}
    # Every line is a group of the catalogue or is named.
    records = list(csv.reader(io.StringIO(text, newline="")))
    in_catalogue = found.catalogue.groups["drg"].n_unique()
    assert in_catalogue + found.skipped.height + 1 == len(records)
