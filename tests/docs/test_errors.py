"""docs/errors.md and docs/zh/errors.md have every finding, stop and error as the program says them."""

import pytest

from drgpay.base.language import LANGUAGES, Language
from drgpay.base.words import WORDS_FOLDER, own_words
from drgpay.policy.records import Findings
from drgpay.records.official_groups import FAULTS_OF_GROUPS
from drgpay.run.stops import STOP_CODES
from tests.docs.errors import PAGES, cell, codes_of, page, rooms, source


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_as_the_words_are(language: Language) -> None:
    said = PAGES[language].read_text(encoding="utf-8")
    assert page(language) == said, "run python -m tests.docs.errors"


def test_every_check_has_a_row() -> None:
    """What refuses the lines of a refused visit is no key of a policy, nor what a job's rule decides."""
    others = {"visit_refused", *FAULTS_OF_GROUPS}
    assert set(source()["checks"]) == {*Findings.model_fields, *others}


def test_every_message_of_a_check_is_there() -> None:
    shown = {key for check in source()["checks"].values() for key in check["said"]}
    said = [key for key in own_words("records") if key.startswith(("finding.", "unread."))]
    assert shown == set(said) - {"finding.unread"}  # the frame of those that cannot be read


def test_every_stop_has_a_row() -> None:
    assert tuple(sorted(source()["stops"])) == tuple(sorted(STOP_CODES))
    shown = {key for stop in source()["stops"].values() for key in stop["said"]}
    remedies = {key for key in own_words("stops") if key.startswith("correct_")}
    assert shown == own_words("stops").keys() - remedies - {"few_stays", "table_of_hospitals"}


def test_every_room_has_a_heading() -> None:
    assert set(rooms()) == set(source()["rooms"])


def test_every_error_has_a_row() -> None:
    text = PAGES["zh"].read_text(encoding="utf-8")
    files = sorted(path.stem for path in (WORDS_FOLDER / "errors").glob("*.toml"))
    assert len(files) > 10
    for room in files:
        assert [code for code in codes_of(room) if f"| `{room}.{code}` |" not in text] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the {what} {path} is {kind}", "the … is …"),
        ("{column} is {{}}, above {most:,} days", "… is …, above … days"),
        ("a | b < [c] *", "a \\| b &lt; \\[c] \\*"),
    ],
)
def test_values_are_left_out(text: str, shown: str) -> None:
    assert cell(text) == shown
