"""What is said of a wrong value: in English as pydantic says it, in Chinese for every type it finds."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from drgpay.base.errors import DrgpayError
from drgpay.base.language import choose
from drgpay.policy.calibration import Trim
from drgpay.policy.fields import Month, Name, PositiveFactor, Share, Yuan
from drgpay.policy.load import load_policy, validation_sentence
from drgpay.policy.settlement import Rate

WRONG: list[tuple[Any, Any]] = [
    (Name, 5),
    (Name, ""),
    (Annotated[str, Field(min_length=2)], "a"),
    (Annotated[str, Field(max_length=1)], "ab"),
    (Annotated[str, Field(max_length=2)], "abc"),
    (Month, "2026-13"),
    (bool, 2),
    (bool, []),
    (int, []),
    (int, "many"),
    (int, 1.5),
    (float, []),
    (float, "much"),
    (Annotated[float, Field(allow_inf_nan=False)], float("inf")),
    (Decimal, []),
    (Decimal, "much"),
    (Decimal, float("nan")),
    (Annotated[Decimal, Field(max_digits=1)], Decimal("12")),
    (Annotated[Decimal, Field(max_digits=9)], Decimal("1234567891")),
    (PositiveFactor, Decimal("0.12345678")),
    (Annotated[Decimal, Field(decimal_places=1)], Decimal("0.12")),
    (Annotated[Decimal, Field(max_digits=3, decimal_places=2)], Decimal("12.3")),
    (Yuan, Decimal(10) ** 15),
    (Annotated[int, Field(gt=3)], 3),
    (Share, Decimal(-1)),
    (Share, Decimal(2)),
    (Annotated[int, Field(ge=2000, le=2100)], 1999),
    (Annotated[float, Field(lt=2.5)], 2.5),
    (Literal["only"], "other"),
    (Literal["one", "other"], "third"),
    (Literal["one", "other", "third"], "fourth"),
    (tuple[str, ...], "a"),
    (list[str], "a"),
    (dict[str, int], "a"),
    (Rate, "a"),
    (Trim, "a"),
    (Trim, {"method": "best"}),
    (Trim, {}),
    (Annotated[tuple[str, ...], Field(min_length=1)], ()),
    (Annotated[tuple[str, ...], Field(min_length=3)], ("a",)),
    (Annotated[tuple[str, ...], Field(max_length=2)], ("a", "b", "c")),
    (Annotated[list[str], Field(min_length=2)], ["a"]),
    (Annotated[dict[str, int], Field(min_length=1)], {}),
    (date, []),
    (date, "soon"),
]
IDENTIFIERS = r"method|none|iqr|ratio|percentile|log_sd|one|other|third|only|true|false|Rate|best"


@pytest.mark.parametrize(("kind", "value"), WRONG)
def test_a_value_is_refused_in_both_languages(kind: Any, value: Any) -> None:
    model: type[BaseModel] = create_model("Held", key=(kind, ...))
    with pytest.raises(ValidationError) as raised:
        model.model_validate({"key": value})
    said = validation_sentence(raised.value, {"key": value}, model)
    message = raised.value.errors()[0]["msg"]
    assert said.en.partition(" (given: ")[0] == f"the key key is wrong: {message}"
    problem = said.zh.partition("（所填为")[0].removeprefix("键 key 有误：")
    detail = r"（(input is too short|Y{4}).*"  # what the reader of a date found
    left = re.sub(rf"{detail}|\^.*\$|\b({IDENTIFIERS})\b", "", problem)
    assert not re.search("[A-Za-z]{3}", left), said.zh


def test_keys_are_told_in_chinese() -> None:
    class Held(BaseModel):
        model_config = ConfigDict(extra="forbid")
        share: Share
        needed: int

    raw = {"shear": 1, "share": Decimal(85), "x": 1}
    with pytest.raises(ValidationError) as raised:
        Held.model_validate(raw)
    assert validation_sentence(raised.value, raw, Held).zh == (
        "键 share 有误：应不大于 1（所填为 85，是否指 0.85？）；缺少键 needed；"
        "未知的键 shear（是否指 share？）；未知的键 x"
    )


def test_a_check_of_several_keys_is_told_in_chinese(tmp_path: Any) -> None:
    text = load_policy("illustrative").path.read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("hospital_weight = 0.6", "hospital_weight = 0.7", 1), "utf-8")
    with pytest.raises(DrgpayError) as raised:
        load_policy(path)
    choose("zh")
    try:
        said = str(raised.value)
    finally:
        choose(None)
    assert said == (
        f"{path}：键 calibration.coefficients 有误：hospital_weight 与 level_weight 之和应为 1；"
        "请改正这些键，所有键见 docs/policy.md。"
    )
