"""JSON that is read back."""

import pytest

from drgpay.base.plain_json import plain_json


def test_what_the_program_writes() -> None:
    assert plain_json('{"a": [1, {"b": "c"}]}') == {"a": [1, {"b": "c"}]}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 500 + "]" * 500,
        '{"a":' * 5000 + "1" + "}" * 5000,
        "9" * 5000,
        "{",
        b"\xff",
    ],
)
def test_what_nobody_wrote_is_damaged(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        plain_json(text)
