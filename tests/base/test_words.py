"""How words are looked up, and what is said of a file of them that is damaged."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drgpay.base import words
from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words
from drgpay.base.words import Wording


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Three files of words; nothing of them is kept for other tests."""
    monkeypatch.setattr(words, "WORDS_FOLDER", tmp_path)
    _forget()
    for name, text in {
        "terms": 'group = { zh = "组", en = "group" }\nend = { zh = "。", en = "." }',
        "stays": 'group = { zh = "病组", en = "DRG" }\ncase = { zh = "病例", en = "case" }',
        "page": """
otherwise = ["stays"]
case = { zh = "病例 {id}", en = "case {id}" }
found = { zh = "{what}有误", en = "{what} is wrong" }
kind_late = { zh = "补报", en = "late" }
[part]
first = { zh = "一", en = "one" }
""",
    }.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    yield tmp_path
    _forget()


def _forget() -> None:
    words.all_words.cache_clear()
    words.read_words.cache_clear()


def test_a_file_wins_over_those_it_falls_back_on_and_terms_come_last(folder: Path) -> None:
    page = Wording("page")
    assert page.said("case", "zh", id="7") == "病例 7"
    assert page.said("case", "en") == "case {id}"
    assert page.said("group", "en") == "DRG"
    assert page.said("end", "zh") == "。"
    assert page.said("part.first", "en") == "one"
    assert page.words("part.first") == Words("一", "one")
    assert "group" in page and not page.has_own("group") and page.has_own("case")


def test_values_that_are_words_are_said_in_the_same_language(folder: Path) -> None:
    page = Wording("page")
    assert page.words("found", what=page.words("group")) == Words("病组有误", "DRG is wrong")
    assert page.words("end").between(["a", page.words("group")]) == Words("a。病组", "a.DRG")


def test_without_words_a_key_is_an_error_or_stands_for_itself(folder: Path) -> None:
    page = Wording("page")
    with pytest.raises(KeyError, match="nowhere"):
        page.said("nowhere", "zh")
    assert page.word("nowhere", "zh") == "nowhere"
    assert page.named("kind", "late", "zh") == "补报"
    assert page.named("kind", "early", "zh") == "early"
    assert page.named("kind", "early", "zh", otherwise="?") == "?"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            'a = { zh = "一"',
            r"damaged\.toml cannot be read \(Unclosed .*\); install drgpay again\.$",
        ),
        ('a = { zh = "一" }', r"damaged\.toml: a is no wording with zh and en; install drgpay"),
        ('a = { zh = "一", en = 1 }', r"damaged\.toml: a is no wording"),
        ('[b]\na = "一"', r"damaged\.toml: b is no wording"),
        ('a = { zh = "一", en = "one", fr = "un" }', r"damaged\.toml: a is no wording"),
    ],
)
def test_a_damaged_file_is_told_in_one_sentence(folder: Path, content: str, said: str) -> None:
    (folder / "damaged.toml").write_text(content, encoding="utf-8")
    with pytest.raises(DrgpayError, match=said):
        Wording("damaged").said("a", "zh")
