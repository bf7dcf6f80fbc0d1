"""`drgpay policy explain`: every key in a sentence of both languages, and what is known of its value."""

import json
import re
import string
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from annotated_types import MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from drgpay.base.language import Language, Words
from drgpay.policy.load import LoadedPolicy, load_policy, shipped_policies
from drgpay.policy.model import Policy
from drgpay.report.policy.explanation import Explanation, explained
from drgpay.report.policy.sentences import Said, Standing, given_values, standings
from drgpay.report.policy.units import UNITS, Writer
from drgpay.report.policy.words import KeyWords, policy_words
from drgpay.report.policy.write import written
from tests.hostile_texts import CONSOLE, FORMULAS, MARKUP, OBEYED
from tests.spread import spread

ROOT = Path(__file__).resolve().parents[2]
ILLUSTRATIVE = (ROOT / "policies" / "illustrative.toml").read_text(encoding="utf-8")
WORDS = policy_words()
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo, bool]]:
    """Every key of the model: its path, its field, whether it stands in a row of a list."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        yield path, field, False
        is_list = get_origin(field.annotation) is tuple
        for inner in _models(field.annotation):
            for below, inside, in_row in _fields(inner, f"{path}."):
                yield below, inside, in_row or is_list


FIELDS = list(_fields(Policy))
ROWS = {path for path, _, in_row in FIELDS if in_row}


def _is_section(annotation: Any) -> bool:
    return bool(_models(annotation)) and get_origin(annotation) is not tuple


def _literals(annotation: Any) -> set[str]:
    """The values that a key can have, where they are few."""
    if annotation is bool:
        return {"true", "false"}
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    if get_origin(annotation) is tuple:
        return set()
    return {value for part in get_args(annotation) for value in _literals(part)}


def _can_be_absent(annotation: Any) -> bool:
    return type(None) in get_args(annotation)


def _told(path: str) -> list[Words]:
    """What is said of a key, by itself or by the key that tells it."""
    words = WORDS.of_key(path)
    assert words is not None, path
    if words.told_by:
        beside = WORDS.of_key(words.told_by)
        assert beside is not None
        name = path.rpartition(".")[2]
        telling = [*beside.values.values(), *([beside.sentence] if beside.sentence else [])]
        return [phrase for phrase in telling if name in _named(phrase.zh)]
    return [*words.values.values(), *(filter(None, (words.sentence, words.row, words.column)))]


def _named(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("path", sorted({path for path, _, _ in FIELDS}))
def test_every_key_has_its_words(path: str) -> None:
    fields = [field for key, field, _ in FIELDS if key == path]
    annotations = [field.annotation for field in fields]
    sections = [annotation for annotation in annotations if _is_section(annotation)]
    if sections:
        absent = [section for section in sections if _can_be_absent(section)]
        words = WORDS.of_key(path)
        assert not absent or (words is not None and words.none), "what is said without the section?"
        return
    told = _told(path)
    assert told, f"{path} has no sentence"
    assert all(phrase.zh and phrase.en for phrase in told)
    words = WORDS.of_key(path)
    assert words is not None
    if path in ROWS:
        assert words.column, f"{path} needs a heading"
    elif words.values:
        literals = set().union(*map(_literals, annotations))
        assert set(words.values) == literals
    else:
        assert (
            words.row
            or words.told_by
            or "value" in _named(words.zh or "")
            or _is_table(words, annotations)
        )
    if path not in ROWS and any(map(_may_be_nothing, fields)):
        assert words.none or words.told_by, f"what is said where {path} is empty?"


def _is_table(words: KeyWords, annotations: list[Any]) -> bool:
    return bool(words.columns) or any(map(_models, annotations))


def _may_be_nothing(field: FieldInfo) -> bool:
    """A value that may be absent, or a list or table without a least length."""
    is_list = get_origin(field.annotation) in (tuple, dict)
    least = any(isinstance(rule, MinLen) for rule in field.metadata)
    return _can_be_absent(field.annotation) or (is_list and not least)


def test_no_words_are_left_over() -> None:
    known = {path for path, _, _ in FIELDS}
    assert set(WORDS.keys) <= known
    for path, words in WORDS.keys.items():
        assert words.told_by is None or words.told_by in known, path
        assert words.used_if is None or words.used_if.key in known, path
        units = {*UNITS, *WORDS.units, *WORDS.names}
        assert {words.cell, *words.cells} <= units, path
        for phrase in _phrases(words):
            asked = {
                spec for _, name, spec, _ in string.Formatter().parse(phrase.zh) if name and spec
            }
            assert asked <= units, path


def _phrases(words: KeyWords) -> list[Words]:
    return [*words.values.values(), *filter(None, (words.sentence, words.none, words.row))]


def test_both_languages_say_the_same_numbers() -> None:
    for path, words in WORDS.keys.items():
        for phrase in _phrases(words):
            stay = {"stay", "stays", "group"}
            assert _named(phrase.zh) - stay == _named(phrase.en) - stay, path
    for key, phrase in WORDS.notes.items():
        assert _named(phrase.zh) - {"group", "stays"} == _named(phrase.en) - {"group", "stays"}, key


def test_every_chapter_and_name_is_used() -> None:
    chapters = {
        WORDS.chapter_of(path) for path, _, in_row in FIELDS if WORDS.of_key(path) and not in_row
    }
    assert chapters == set(range(len(WORDS.chapters)))


def _explained(loaded: LoadedPolicy, language: Language = "zh") -> Explanation:
    return explained(loaded, language)


def _all_said(explanation: Explanation) -> list[Said]:
    return [said for chapter in explanation.chapters for said in chapter.said]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("policy", [*shipped_policies(), "sample"])
def test_every_value_of_a_policy_is_told_once(policy: str, language: Language) -> None:
    loaded = load_policy(ROOT / "sample_data" / "policy.toml" if policy == "sample" else policy)
    explanation = _explained(loaded, language)
    told = [standing.key for said in _all_said(explanation) for standing in said.standings]
    in_rows = [key for key in given_values(loaded.policy) if key.startswith("records.severity.")]
    assert sorted([*told, *in_rows]) == sorted(one.key for one in standings(loaded))
    assert not any(
        "{" in said.sentence or "None" in said.sentence for said in _all_said(explanation)
    )


def _sentence_of(explanation: Explanation, key: str) -> str:
    return next(
        explanation.sentence(said)
        for said in _all_said(explanation)
        if any(standing.key == key for standing in said.standings)
    )


def _loaded(tmp_path: Path, *changes: tuple[str, str]) -> LoadedPolicy:
    text = ILLUSTRATIVE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return load_policy(path)


def test_numbers_are_written_for_a_reader() -> None:
    explanation = _explained(load_policy("zhejiang-2019-core"))
    for key, sentence in {
        "points.low_ratio": "总费用低于均次费用 0.4 倍的，为低倍率病例。（未核实）",
        "points.readmission.days": "同一患者出院后 15 天以内又因同一病组住院的，为短期再入院。",
        "points.reviews.quota_share": "评议同意的病例最多为本期出院病例的 0.5%。（未核实）",
        "calibration.max_los_days": "住院超过 60 天的病例不参加测算。（未核实）",
        "settlement.prepay_ratio": "每月按应付基金的 85% 预付，其余年终清算。",
    }.items():
        assert _sentence_of(explanation, key) == sentence


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (Decimal("0.005"), "share", "0.5%", "0.5%"),
        (Decimal("1.0"), "share", "100%", "100%"),
        (Decimal(100000000), "yuan", "100,000,000.00 元", "100,000,000.00 yuan"),
        (Decimal("2.50"), "times", "2.5 倍", "2.5 times"),
        (1, "days", "1 天", "1 day"),
        (2026, "plain", "2026", "2026"),
        (("employee", "resident"), "accounts", "职工医保、居民医保", "employee, resident"),
        ((("employee", "resident"),), "merged", "职工医保 + 居民医保", "employee + resident"),
        ("NL < 6", "rule", "年龄 NL < 6", "age NL < 6"),
        ("a new class", "bed_day_class", "a new class", "a new class"),
        (
            {"10": Decimal("0.4"), "2": Decimal("0.3")},
            "share_by_month",
            "2 月 30%、10 月 40%",
            "month 2: 30%, month 10: 40%",
        ),
    ],
)
def test_units(value: Any, unit: str, zh: str, en: str) -> None:
    assert Writer("zh").written(value, unit) == zh
    assert Writer("en").written(value, unit) == en


def test_what_a_policy_does_not_do_is_told() -> None:
    explanation = _explained(load_policy("zhejiang-2019-core"))
    said = "".join(one.sentence for one in _all_said(explanation))
    for words in (
        "不设病例数量上限",
        "没有新技术加点",
        "没有中医药加点",
        "政策没有预算",
        "不包括门诊",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("written_value", "state"),
    [
        ("0.97", "unsourced"),
        ('{ value = 0.97, source = "a paper" }', "sourced"),
        ('{ value = 0.97, source = "a paper", verified = true }', "verified"),
        ("{ value = 0.97, verified = true }", "without_source"),
    ],
)
def test_where_a_value_stands(tmp_path: Path, written_value: str, state: str) -> None:
    loaded = _loaded(tmp_path, ("prepay_ratio = 0.97", f"prepay_ratio = {written_value}"))
    found = {one.key: one for one in standings(loaded)}
    assert found["settlement.prepay_ratio"].state == state
    sentence = _sentence_of(_explained(loaded), "settlement.prepay_ratio")
    assert sentence.endswith("（未核实）") == (state != "verified")


def test_a_source_of_a_table_is_that_of_its_keys(tmp_path: Path) -> None:
    loaded = _loaded(
        tmp_path,
        (
            'trim = { method = "percentile", low = 0.01, high = 0.99 }',
            'trim = { value = { method = "percentile", low = 0.01, high = 0.99 }, source = "doc", verified = true }',
        ),
    )
    found = {one.key: one for one in standings(loaded)}
    assert found["calibration.trim.low"] == Standing("calibration.trim.low", "verified", "doc")


def test_a_default_is_told_as_such_and_an_absent_rule_is_not_counted() -> None:
    found = {one.key: one.state for one in standings(load_policy("illustrative"))}
    assert found["points.high_floor"] == "default"
    assert found["settlement.plausible_budget.least"] == "default"
    assert found["points.incomplete_if"] == "absent"
    assert found["points.always_low_groups"] == "unsourced"


def test_the_count_adds_up() -> None:
    for name in shipped_policies():
        loaded = load_policy(name)
        explanation = _explained(loaded, "en")
        verified, of_all, unverified = map(int, re.findall(r"\d+", explanation.count[0]))
        parts = list(map(int, re.findall(r"\d+", explanation.count[1])))
        assert verified + unverified == of_all
        assert parts[0] == unverified == sum(parts[1:])
        counted = [
            one
            for one in standings(loaded)
            if not one.key.startswith("policy.") and one.state != "absent"
        ]
        assert of_all == len(counted)


def test_a_value_beside_which_another_rule_holds_is_told_as_unused() -> None:
    sentence = _sentence_of(_explained(load_policy("illustrative")), "points.ungrouped_ratio")
    assert sentence == "points.ungrouped_ratio = 0.5：按本政策的其他规定不起作用。（未核实）"


def test_tables_show_what_their_rows_fill() -> None:
    table = next(
        said.table
        for said in _all_said(_explained(load_policy("illustrative")))
        if said.standings and said.standings[0].key == "points.bed_days"
    )
    assert table is not None
    assert table.columns == ("类别", "医院等级", "每日点数", "每日金额")
    assert table.rows[0] == ("精神病", "三级甲等、三级乙等", "3.5", "–")
    assert table.rows[2] == ("康复", "各级", "–", "420.00 元")


@pytest.mark.parametrize("every", spread([8, 1], 1))
def test_texts_of_a_policy_stay_texts(tmp_path: Path, every: int) -> None:
    """A name is shown as it is written: no markup of a page, of Markdown or of a terminal."""
    for text in (*FORMULAS, *MARKUP, *CONSOLE, *OBEYED)[::every]:
        escaped = json.dumps(text)
        if "\\ud" in escaped:  # no TOML can hold it
            continue
        named = 'name = "示例政策（全部功能，未经核实）"'
        kind = 'kind = "fraud"'
        explanation = _explained(
            _loaded(tmp_path, (named, f"name = {escaped}"), (kind, f"kind = {escaped}"))
        )
        page = written(explanation, "html")
        assert "<script" not in page
        assert "<img" not in page
        markdown = written(explanation, "markdown")
        assert "\n<script" not in markdown
        assert not re.search(r"(?<!\\)<(?!!-- drgpay)", markdown)
        assert "\x1b" not in written(explanation, "text")
