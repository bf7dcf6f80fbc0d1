"""Marks of groups in a table of weights: stable, stand-in, one price, or listed."""

from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from tests.points.weights_made import coefficients, made, stabilities


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
