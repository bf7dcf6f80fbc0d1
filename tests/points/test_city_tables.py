"""The tables of 24 cities, where they lie beside the project: at most two options each.

docs/weights.md shows the same options and results.
"""

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import half_up
from drgpay.grouper.scheme import load_scheme
from drgpay.points.published_weights import published_catalogue
from drgpay.points.weight_rows import WeightOptions

CITIES = Path(__file__).resolve().parents[2].parent / "shared" / "weights" / "cities"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "weights.md"
any_scheme = cache(lambda: load_scheme("chs-drg-1.1"))


class City(NamedTuple):
    """options: as on the command line. Then how many groups and coefficients the catalogue has, and
    how many of the groups are stand-ins.
    """

    options: tuple[str, ...]
    groups: int
    stand_in: int
    coefficients: int


SKIP = "--skip-unknown"
TABLES: dict[str, City] = {
    "临汾2022": City((SKIP,), 391, 0, 0),
    "临沂2022": City((SKIP, "--drop 支付标准*"), 609, 0, 0),
    "兰州2022": City((SKIP, "--drop 支付标准"), 354, 41, 0),
    "兰州2023": City((SKIP, "--mark 基础病组=one_coefficient"), 350, 81, 1336),
    "北京2022": City((SKIP, "--drop 支付标准"), 389, 0, 0),
    "南平2023": City((SKIP,), 615, 72, 0),
    "吉林2022": City((SKIP, "--drop *（三级）"), 606, 0, 0),
    "常州2022": City((SKIP, "--mark 基础组=one_coefficient"), 399, 0, 778),
    "广西2022": City((SKIP, "--drop 例均费用（玉林）"), 457, 19, 0),
    "新疆兵团2022": City((SKIP,), 616, 0, 0),
    "无锡2022": City((SKIP, "--column price_*=*医院支付标准"), 569, 0, 1707),
    "武汉2022": City((SKIP, "--drop 二级医院支付标准*"), 337, 0, 0),
    "烟台2023": City((SKIP, "--drop 总控人次"), 628, 0, 0),
    "盐城2022": City(("--mark 单议病组=stand_in", "--drop *支付标准"), 592, 18, 1137),
    "盐城2023": City(("--mark 单议病组=stand_in", "--drop *支付标准"), 538, 6, 948),
    "福州2022": City((), 563, 0, 0),
    "聊城2022": City((SKIP,), 547, 0, 0),
    "苏州2022": City((SKIP, "--drop *支付标准"), 387, 0, 1161),
    "苏州2023": City((SKIP, "--drop *支付标准"), 387, 0, 1161),
    "西安2020": City((SKIP, "--drop 支付标准"), 326, 0, 0),
    "铜川2022": City(("--column price@*=支付标准（*）",), 596, 0, 0),
    "银川2023": City((SKIP, "--column price=标准分值"), 575, 0, 2300),
    "青岛2023": City((SKIP, "--column price_*=支付标准（*）"), 414, 0, 1656),
}
REFUSED = "乌鲁木齐2022"


def options_of(said: tuple[str, ...]) -> WeightOptions:
    given: dict[str, list[str]] = {}
    for option in said:
        name, _, value = option.partition(" ")
        given.setdefault(name, []).append(value)
    return WeightOptions(
        columns=dict(pair.split("=", 1) for pair in given.get("--column", [])),
        drop=given.get("--drop", []),
        marks=dict(pair.split("=", 1) for pair in given.get("--mark", [])),
        skip_unknown=SKIP in said,
    )


@pytest.fixture(name="folder")
def the_folder() -> Path:
    if not CITIES.is_dir():
        pytest.skip("the tables of cities (../shared/weights/cities) are not there")
    return CITIES


def test_every_table_is_listed(folder: Path) -> None:
    assert {path.stem for path in folder.glob("*.csv")} == {*TABLES, REFUSED}
    assert len(TABLES) == 23
    assert max(len(city.options) for city in TABLES.values()) <= 2


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_imported(name: str, folder: Path) -> None:
    city, scheme = TABLES[name], any_scheme()
    found = published_catalogue(
        folder / f"{name}.csv", scheme, Decimal(10_000), "c", options_of(city.options)
    )
    groups = found.catalogue.groups.filter(found.catalogue.groups["account"].is_null())
    assert (
        groups.height,
        groups.filter(groups["stability"] == "stand_in").height,
        found.catalogue.coefficients.height,
    ) == city[1:]
    # Every line of the file is a heading, a group of the catalogue or named as left out.
    lines = len((folder / f"{name}.csv").read_bytes().splitlines())
    assert groups.height + found.skipped.height + 1 == lines
    assert found.columns.height == len(found.columns["heading"].unique())
    assert found.columns.filter(found.columns["read_as"] == "text").is_empty()
    # The weights once more, by other means; prices are 10,000 a weight.
    points = {
        code: half_up(Fraction(cell) * 1_000_000 / (10_000 if heading == "标准分值" else 1))
        for code, heading, cell in weights_in(folder / f"{name}.csv")
        if code in known_groups()
    }
    assert dict(groups.select("drg", "base_points").rows()) == points


def weights_in(path: Path) -> Iterator[tuple[str, str, str]]:
    """Code, heading and text of every weight that is a number."""
    content = path.read_bytes()
    text = content.decode("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "gb18030")
    for row in csv.DictReader(io.StringIO(text)):
        code = next(iter(row.values()))
        heading = next(name for name in ("RW", "权重", "标准分值") if name in row)
        if row[heading][:1].isdigit():
            yield code, heading, row[heading]


@cache
def known_groups() -> frozenset[str]:
    """The groups of the scheme but the ambiguous ones, which have no points."""
    codes = {group.code for _, group in any_scheme().groups()}
    return frozenset(code for code in codes if not code.endswith("QY"))


def test_a_group_in_two_lines_is_refused(folder: Path) -> None:
    path = folder / f"{REFUSED}.csv"
    with pytest.raises(DrgpayError) as told:
        published_catalogue(
            path, any_scheme(), Decimal(10_000), "c", WeightOptions({}, skip_unknown=True)
        )
    lines = re.search(r"line (\d+): the group (\w+) stands in line (\d+) too", str(told.value))
    assert lines
    text = path.read_bytes().decode("utf-8-sig").splitlines()
    for place in (lines[1], lines[3]):
        assert text[int(place) - 1].split(",")[0] == lines[2]


@pytest.mark.parametrize("name", [name for name in TABLES if {*TABLES[name].options} - {SKIP}])
def test_without_an_option_nothing_of_money_is_lost(name: str, folder: Path) -> None:
    """A table that needs an option beside --skip-unknown is refused without it."""
    with pytest.raises(DrgpayError, match=r"may carry money|marks \d+ groups and may"):
        published_catalogue(
            folder / f"{name}.csv",
            any_scheme(),
            Decimal(10_000),
            "c",
            WeightOptions({}, skip_unknown=True),
        )


def test_the_page_shows_these_results() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, city in TABLES.items():
        options = " ".join(f"`{option}`" for option in city.options) or "–"
        stable = city.groups - city.stand_in
        row = f"| {name} | {options} | {city.groups} | {stable} | {city.stand_in} |"
        assert row in page, row
    assert f"| {REFUSED} |" in page
