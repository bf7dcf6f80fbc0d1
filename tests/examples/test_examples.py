"""The worked examples of docs/examples, through the code that a run uses: every figure is so."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples import earning, settling, visiting
from tests.examples.page import EXAMPLES, Example, WrongExampleError, examples_of

PAGES: dict[str, Callable[[Example], list[str]]] = {
    "settlement.md": settling.differences,
    "clearing.md": settling.differences,
    "points.md": earning.differences,
    "visits.md": visiting.differences,
}
FOUND = [
    pytest.param(name, one, id=f"{Path(name).stem}-{one.id}")
    for name in PAGES
    for one in examples_of(EXAMPLES / name)
]


@pytest.mark.parametrize(("page", "example"), FOUND)
def test_every_figure_is_so(page: str, example: Example) -> None:
    try:
        wrong = PAGES[page](example)
    except WrongExampleError as error:
        wrong = [str(error)]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def test_every_page_is_run_and_every_id_is_there_once() -> None:
    pages = {path.name for path in EXAMPLES.glob("*.md")} - {"README.md"}
    assert pages == set(PAGES)
    ids = [one.id for name in PAGES for one in examples_of(EXAMPLES / name)]
    assert sorted(set(ids)) == sorted(ids)


def test_the_rule_of_an_example_is_a_heading_of_its_page() -> None:
    for name in PAGES:
        for one in examples_of(EXAMPLES / name):
            links = re.findall(r"\(\.\./([\w-]+\.md)#([\w-]+)\)", one.rule)
            assert links, f"{one.where}: the rule names no place of the docs"
            for page, anchor in links:
                text = (EXAMPLES.parent / page).read_text(encoding="utf-8")
                titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
                anchors = {title.lower().replace("'", "").replace(" ", "-") for title in titles}
                assert anchor in anchors, f"{one.where}: {page} has no heading for #{anchor}"


@pytest.mark.parametrize("page", ["settlement.md", "points.md", "outpatient.md"])
def test_the_docs_name_examples_that_are_there(page: str) -> None:
    said = (EXAMPLES.parent / page).read_text(encoding="utf-8").split("## Worked numbers")[1]
    named = set(re.findall(r"\b[CE]\d+(?:-[a-z]+)?\b(?!\.\d)|`[a-z]+(?:-[a-z]+)*`", said))
    ids = {one.id for name in PAGES for one in examples_of(EXAMPLES / name)}
    by_tests = {"C1", "C8", "C9", "C11", "E8"}
    assert named <= ids | by_tests | {f"`{one}`" for one in ids}


def changed(name: str, example: str, old: str, new: str) -> list[str]:
    """What is said of an example of a page when a text in it is another one."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    before, mark, rest = text.partition(f"## {example}: ")
    assert old in rest
    page = before + mark + rest.replace(old, new, 1)
    made = {one.id: one for one in examples_of(EXAMPLES / name, page)}
    return PAGES[name](made[example])


@pytest.mark.parametrize(
    ("name", "example", "old", "new", "said"),
    [
        (
            "settlement.md",
            "C19",
            "750,030.50",
            "750,030.51",
            "docs/examples/settlement.md, example C19, expected statements, H1: standard_amount is "
            "750,030.50, the example says 750,030.51",
        ),
        (
            "clearing.md",
            "C16",
            "105,500,000.00",
            "105,500,000.01",
            "docs/examples/clearing.md, example C16, expected year pools, employee: budget_final is "
            "105,500,000.00, the example says 105,500,000.01",
        ),
        (
            "points.md",
            "C4",
            "| 200.0000 |",
            "| 218.9000 |",
            "docs/examples/points.md, example C4, expected cases, 1: points is 200.0000, the example "
            "says 218.9000",
        ),
        (
            "points.md",
            "C13",
            "| 1 | up_coding | hospital | -400.0000 |\n",
            "",
            "docs/examples/points.md, example C13, expected adjustments: there are 2 rows, the "
            "example says 1",
        ),
    ],
)
def test_a_wrong_figure_is_named(name: str, example: str, old: str, new: str, said: str) -> None:
    assert changed(name, example, old, new) == [said]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Given: stays", "Given: cases", "no example has a table 'given: cases'"),
        ("patient_cost", "patients", "given stays: the column patients is unknown"),
        ("15,000.1", "many", "given stays: points: many is no number"),
        ("15,000.1", "15,000.12345", "points: 15000.12345 has more than 4 decimal places"),
        ("Rule: ", "By ", "does not say by which rule"),
        ("Expected: values\n", "", "a table without a line"),
        ("point_value", "value", "expected values: the column value is unknown"),
        ("| H2 | 249,968.50 |", "| H3 | 249,968.50 |", "0 rows are called 'H3'"),
        ("| budget.month_yuan.2026-10.employee |", "| budget.month |", "given policy: "),
    ],
)
def test_a_mistake_in_an_example_is_named(old: str, new: str, said: str) -> None:
    try:
        wrong = changed("settlement.md", "C19", old, new)
    except WrongExampleError as error:
        wrong = [str(error)]
    assert len(wrong) == 1
    assert wrong[0].startswith("docs/examples/settlement.md, example C19")
    assert said in wrong[0]
