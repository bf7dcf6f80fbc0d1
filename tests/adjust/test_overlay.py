"""An overlay file is read as it is written, and every mistake in it is named by its key."""

from collections.abc import Callable
from pathlib import Path

import pytest

from drgpay.adjust.overlay import Overlay, overlay_toml, read_overlay
from drgpay.base.errors import DrgpayError

Read = Callable[..., Overlay]
WHOLE = """
base = "small"
effective_from = 2027-01-01
[accept]
codes_nowhere = ["I60.1"]
[[new_set]]
set = "DI_NEW"
codes = ["I10", "E11.9+\\u007fx"]
[[move_codes]]
from = "DI_B"
to = "DI_C"
codes = ["I60.1"]
[[change_rule]]
group = "BB1"
rule = "ZYSS in OP_B and NL >= 18"
[[split]]
drg = "BR15"
reason = "多行\\n原因“引号”和\\"引号\\""
[[split.part]]
code = "BR12"
name = "一"
rule = "NL >= 60"
[[split.part]]
code = "BR14"
name = "二"
rule = "QTZD in DI_NEW"
[[merge]]
drgs = ["BR11", "BR13"]
name = "合并"
[[rename]]
group = "MDCB"
name = "新名"
"""


def test_what_is_written_is_read_again(overlay: Read, tmp_path: Path) -> None:
    read = overlay(WHOLE)
    assert [part.code for part in read.split[0].part] == ["BR12", "BR14"]
    again = tmp_path / "again.toml"
    again.write_text(overlay_toml(read), encoding="utf-8")
    assert read_overlay(again) == read
    assert read_overlay(again).content_hash == read.content_hash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[split]]\ndrg = "BR15"\n[[split.part]]\ncode = "BR12"\nname = "x"\nrule = "NL => 60"\n',
            "the key split.0.part.0.rule is wrong: the rule does not parse: line 1, column 5: "
            "expected a number, found '>'",
        ),
        ('[[splits]]\ndrg = "BR15"\n', "the key splits is unknown"),
        ('[[rename]]\ngroup = "BR15"\n', "the key rename.0.name is missing"),
        (
            '[[move_codes]]\nfrom = "A"\nto = "B"\ncodes = []\n',
            "the key move_codes.0.codes is wrong",
        ),
        ('[[merge]]\ndrgs = ["A"]\nname = "x"\n', "the key merge.0.drgs is wrong"),
        ("[[merge]\n", "is not valid TOML"),
    ],
)
def test_mistakes_are_named(overlay: Read, text: str, said: str) -> None:
    with pytest.raises(DrgpayError) as caught:
        overlay(text)
    assert said in caught.value.problem


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match=r"there is no overlay .*none\.toml"):
        read_overlay(tmp_path / "none.toml")
