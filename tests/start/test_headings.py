"""Headings are compared as people read them; only units in brackets are no part of them."""

import pytest

from drgpay.start.headings import Heading, compared, known_headings, known_values


@pytest.mark.parametrize(
    ("heading", "text", "unit"),
    [
        ("医疗费总额(元)", "医疗费总额", ""),
        ("医疗费总额（元）", "医疗费总额", ""),
        ("年龄(天)", "年龄", "days"),
        ("年龄（周岁）", "年龄", ""),
        ("年龄(日)", "年龄", "days"),
        ("年龄(月)", "年龄", "months"),
        ("拨付金额(万元)", "拨付金额", "10k"),
        ("新生儿入院体重(克)", "新生儿入院体重", "grams"),
        ("支付标准（三级）", "支付标准(三级)", ""),
        ("结算流水号(省平台)", "结算流水号(省平台)", ""),
        ("13.西药费", "西药费", ""),
        ("个人帐户 支付", "个人账户支付", ""),
        ("其它基金支付", "其他基金支付", ""),
        ("\ufeff结算ＩＤ\n", "结算id", ""),
    ],
)
def test_headings_are_compared(heading: str, text: str, unit: str) -> None:
    assert compared(heading) == Heading(text, unit)


@pytest.mark.parametrize(
    ("table", "heading", "column"),
    [
        ("stays", "SETL_ID", "case_id"),
        ("stays", "年龄", "age"),
        ("stays", "年龄(天)", "age_days"),
        ("stays", "新生儿日龄", "age_days"),
        ("stays", "年龄(日)", "age_days"),
        ("stays", "年龄(月)", "x:age_months"),
        ("hospitals", "县区", "county"),
        ("hospitals", "所在县（市、区）", "county"),
        ("visits", "性别", "sex"),
        ("visits", "A14", "age"),
        ("visit_items", "结算流水号", "visit_id"),
        ("diagnoses", "结算流水号", "case_id"),
        ("stays", "C03C出院主要诊断编码", "principal_diagnosis"),
        ("stays", "A18x01新生儿出生体重（克）", "x:birth_weight"),
        ("stays", "出院其他诊断编码12", "other_diagnoses"),
        ("stays", "C06x07C", "other_diagnoses"),
        ("stays", "基金支付总额", "x:fund_total"),
        ("stays", "病案号", "x:record_number"),
        ("weights", "等级系数（三甲）", "coefficient_3A"),
        ("weights", "等级系数（三级）", "coefficient_3"),
        ("hospitals", "限价医院等级", "x:price_level"),
        ("visit_items", "明细项目费用总额", "amount"),
    ],
)
def test_the_catalogue_knows_what_a_heading_is(table: str, heading: str, column: str) -> None:
    assert known_headings(table).of(heading)[0].column == column


def test_a_heading_with_an_unknown_bracket_is_not_taken_for_the_one_without() -> None:
    assert not known_headings("stays").of("年龄(季)")
    assert not known_headings("hospitals").of("医院等级（限价）")


def test_a_value_keeps_what_each_list_says_of_it() -> None:
    assert {one.ours for one in known_values("level")["33"]} == {"3A", "3B"}
