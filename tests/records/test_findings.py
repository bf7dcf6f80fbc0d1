"""Findings name columns as the files of the user do."""

from drgpay.base.language import Words
from drgpay.records.findings import with_names


def test_columns_of_messages_are_those_of_the_user() -> None:
    called = {"age": "年龄", "age_days": "不足{1}周岁（天）", "sex": "性别"}
    words = Words("age 为 {} 而缺少 age_days", "age is {}, average, records.age, and {age}")
    assert with_names(words, called) == Words(
        "年龄 为 {} 而缺少 不足｛1｝周岁（天）", "年龄 is {}, average, records.age, and {age}"
    )
