"""Pages have the columns of every table and view as they are declared."""

import re
from pathlib import Path

import pytest

from drgpay.tables.declared import result_tables
from drgpay.tables.inputs import input_tables
from tests.docs.tables import AS_READ, FILES, FILES_ZH, PAGES

TEXT = FILES.read_text(encoding="utf-8")
DESCRIBED_IN_WORDS = {
    *("difference_statements", "visit_differences", "stay_rules", "cleared_visits"),
    *AS_READ,
}
"""Tables with the columns of others, or of the inputs that they were read from."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: "/".join(page.parts[-2:]))
def test_tables_are_as_declared(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert PAGES[page](text) == text, "run python -m tests.docs.tables"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: "/".join(page.parts[-2:]))
def test_links_within_a_page_lead_somewhere(page: Path) -> None:
    """The words of a column may stand on several pages."""
    text = page.read_text(encoding="utf-8")
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_every_table_is_there() -> None:
    shown = re.findall(r"<!-- columns of (\w+) -->", TEXT)
    assert sorted(shown) == sorted(result_tables().keys() - DESCRIBED_IN_WORDS)


def test_every_input_is_there() -> None:
    assert set(re.findall(r"<!-- input (\w+) -->", TEXT)) == set(input_tables())


def test_every_table_is_there_in_chinese() -> None:
    text = FILES_ZH.read_text(encoding="utf-8")
    inputs = [table.rows.zh.split("：")[0] for table in input_tables().values()]
    files = {file for name, table in result_tables().items() for file in table.files}
    assert [name for name in inputs if f"### {name}\n" not in text] == []
    assert [file for file in files if f"`{file}.parquet`" not in text] == []
