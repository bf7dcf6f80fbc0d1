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

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "weights"
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
    assert of_3a.skipped.rows() == [(3, "BB21", "no_weight")]


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
    text = "drg,weight\nBB11,\nBB21,按项目付费\n\nBB25,1\nQ999,1\n"
    found = made(tmp_path, text, no_weight=("按项目付费",), skip_unknown=True)
    assert found.catalogue.groups["drg"].to_list() == ["BB25"]
    assert [row[1:] for row in found.skipped.rows()] == [
        ("BB11", "no_weight"),
        ("BB21", "no_weight"),
        ("Q999", "not_in_scheme"),
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
        ("drg,cost\nBB11,1\n", {}, "no column of weights or prices among drg, cost"),
        ("code,weight\nBB11,1\n", {}, "no column of groups among code, weight"),
        ("drg,weight\nBB11,1\n", {"columns": {"weight": "RW"}}, "no column RW"),
        ("drg,weight\nBB11,1\n", {"columns": {"wieght": "weight"}}, "there is no column wieght"),
        ("drg,weight\nBB11,1\n", {"base": "mean"}, "--base mean: "),
        ("drg,price_1\nBB11,1\n", {"base": "3A"}, "no price of the level 3A"),
        ("drg,price_1,coefficient_1\nBB11,1,1\n", {}, "a price and a coefficient of the level 1"),
        ("drg,weight,stable\nBB11,1,perhaps\n", {}, "stable of BB11 is 'perhaps'"),
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


# Tables as cities published them, where they lie beside the project.

CITIES: list[tuple[str, dict[str, Any]]] = [
    ("北京2022.csv", {"no_weight": ("按项目据实支付",)}),
    ("兰州2023.csv", {"columns": {"coefficient_2A": "等级系数（二级）"}}),
    ("无锡2022.csv", {"columns": {"price_3A": "三级医院支付标准"}, "base": "3A"}),
    ("苏州2023.csv", {"columns": {"price_3A": "三级医院支付标准"}}),
    ("青岛2023.csv", {"columns": {"price_3A": "支付标准（三级）"}}),
    ("银川2023.csv", {"columns": {"price": "标准分值", "coefficient_3A": "等级系数（三甲）"}}),
]


@pytest.mark.parametrize(("name", "options"), CITIES, ids=[name for name, _ in CITIES])
def test_tables_of_cities(name: str, options: dict[str, Any]) -> None:
    path = SHARED / "cities" / name
    if not path.is_file():
        pytest.skip("no tables of cities")
    given: dict[str, Any] = {"columns": {}, "skip_unknown": True} | options
    read = WeightOptions(**given)
    found = published_catalogue(path, any_scheme(), Decimal(12_000), "c", read)
    assert found.catalogue.groups.height > 200
    assert found.catalogue.groups["base_points"].min() > 0  # type: ignore[operator]
    assert found.catalogue.coefficients.is_empty() == (name == "北京2022.csv")
