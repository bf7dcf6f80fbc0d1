"""docs/files.md has the columns of every table of a run as they are declared."""

import re

from drgpay.tables.declared import result_tables
from tests.docs.tables import FILES, written_anew

TEXT = FILES.read_text(encoding="utf-8")
DESCRIBED_IN_WORDS = {
    *("difference_statements", "visit_differences", "stay_rules", "cleared_visits"),
    *("reviews", "deductions", "technologies", "enrolment"),
}
"""Tables with the columns of others, or of the inputs that they were read from."""


def test_tables_are_as_declared() -> None:
    assert written_anew(TEXT) == TEXT, "run python -m tests.docs.tables"


def test_every_table_is_there() -> None:
    shown = re.findall(r"<!-- columns of (\w+) -->", TEXT)
    assert sorted(shown) == sorted(result_tables().keys() - DESCRIBED_IN_WORDS)
