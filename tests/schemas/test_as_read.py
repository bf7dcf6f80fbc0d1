"""A schema says of a file what its reader says, as far as a schema can."""

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from drgpay.schemas.files import KINDS, Kind
from tests.schemas.examples import EXAMPLES
from tests.schemas.reading import said_by_reader, said_by_schema
from tests.spread import drawn

Place = tuple[str | int, ...]

SOURCE = 'source = "浙医保联发〔2019〕21号", verified = true'


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_are_read(kind: Kind) -> None:
    assert said_by_reader(kind, EXAMPLES[kind]) == ("", False)
    assert not said_by_schema(kind, EXAMPLES[kind])


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("job", 'output = "runs"', 'output = { folder = "runs", group = "drg" }'),
        ("job", "k = {", 'k = { army = " 1.5e0 ", '),
        ("year", "year = 2026", 'year = "2026"'),
        ("year", "year = 2026", "year = 2026.0"),
        ("policy", "prepay_ratio = 0.97", 'prepay_ratio = "0.97"'),
        ("policy", "prepay_ratio = 0.97", "prepay_ratio = { value = 0.97 }"),
        ("policy", "prepay_ratio = 0.97", f'prepay_ratio = {{ value = "0.97", {SOURCE} }}'),
        (
            "policy",
            "may_exceed_budget = ",
            "may_exceed_budget.verified = true\nmay_exceed_budget.value = ",
        ),
        ("policy", "employee = 300000000.00", "employee = { value = 300000000.00 }"),
        ("policy", '"2026-02" = {', '"2026-02" = { value = { resident = 1 } }\n"2026-03" = {'),
        ("policy", "trim = {", "trim = { value = {"),
        ("policy", "[points.readmission]", "[points.readmission.value]"),
        ("scenario", '["split.toml"]', '"split.toml"'),
        ("scenario", "from = 0.3", 'from = "0.3"'),
        ("mapping", '"d{n}"', '["d{n}", "dx{n:02}"]'),
        ("mapping", "default = false", "default = 7"),
        ("mapping", "default = false", 'from = ["a"], formats = "%Y"'),
        ("transition", "open_notes = 0", 'open_notes = { value = "2", source = "a letter" }'),
        ("transition", "hospital_change_percent = 3", 'hospital_change_percent = "3.5"'),
        (
            "responsibility",
            "county_cap = 0.05",
            'county_cap = { value = "0.05", source = "a letter" }',
        ),
    ],
)
def test_other_forms_are_read(kind: Kind, old: str, new: str) -> None:
    assert old in EXAMPLES[kind]
    text = EXAMPLES[kind].replace(old, new, 1)
    if new == "trim = { value = {":
        text = text.replace("high = 0.99 }", "high = 0.99 } }", 1)
    assert said_by_reader(kind, text) == ("", False)
    assert not said_by_schema(kind, text)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("job", "catalogue =", "catalog ="),
        ("job", "hospitals =", "hospital ="),
        ("job", '"2026-10"\n', '"2026-13"\n'),
        ("job", 'output = "runs"', "output = 1"),
        ("job", 'output = "runs"', 'output = { folder = "runs", grup = "drg" }'),
        ("job", "clinical_codes = true", 'clinical_codes = "perhaps"'),
        ("job", 'policy = "policy.toml"\n', ""),
        ("job", "employee = 1.25", "employee = 0"),
        ("job", 'by = "Li Na"', 'by = "Li Na"\nwhy = "so"'),
        ("year", 'run = "runs/1"', 'runs = "runs/1"'),
        ("year", "year = 2026", "year = 1999"),
        ("year", "year = 2026", "year = 2026.5"),
        ("year", '"2026-01"', "2026-01-01"),
        ("policy", "prepay_ratio = 0.97", "prepay = 0.97"),
        ("policy", "prepay_ratio = 0.97", ""),
        ("policy", "prepay_ratio = 0.97", "prepay_ratio = 1.5"),
        ("policy", "prepay_ratio = 0.97", 'prepay_ratio = "much"'),
        ("policy", "prepay_ratio = 0.97", "prepay_ratio = { value = 1.5 }"),
        ("policy", "prepay_ratio = 0.97", "prepay_ratio = { value = 0.97, verfied = true }"),
        ("policy", "prepay_ratio = 0.97", "prepay_ratio = { value = 0.97, source = 1 }"),
        ("policy", "prepay_ratio = 0.97", 'prepay_ratio = { source = "x" }'),
        ("policy", 'method = "residual"', 'method = "rest"'),
        ("policy", "employee = 300000000.00", "employee = 0"),
        ("policy", "low = 0.01", "low = 0.01, hihg = 1"),
        ("policy", "points_per_day = 3.5", "days = 3.5"),
        ("policy", "points_per_day = 3.5", "points_per_day = { value = 3.5 }"),
        ("policy", 'duplicate_id = "reject"', 'duplicate_id = "ignore"'),
        ("policy", '"2026-02" = {', '"2026-13" = {'),
        ("policy", "min_cost_yuan = 5", "min_cost_yuan = 0"),
        ("scenario", "[hospitals.H1]\nlevel", "[hospitals.H1]\nlevl"),
        ("scenario", 'name = "low"', "name = 1"),
        ("scenario", "within = 0.01", "withn = 0.01"),
        ("scenario", "step = 0.1", "step = 0"),
        (
            "mapping",
            "case_id =",
            "case =",
        ),
        ("mapping", "[diagnoses]", "[columns.diagnosis_codes]\nfrom = 'd'\n[diagnoses]"),
        ("mapping", "count = 40", "count = 201"),
        ("mapping", 'delimiter = ";"', 'delimiter = ";;"'),
        ("mapping", 'others = "keep"', 'others = "drop"'),
        ("mapping", "default = false", "default = 1.5"),
    ],
)
def test_mistakes_are_seen(kind: Kind, old: str, new: str) -> None:
    assert old in EXAMPLES[kind]
    text = EXAMPLES[kind].replace(old, new, 1)
    assert said_by_reader(kind, text)[0]
    assert said_by_schema(kind, text)


def _places(node: Any, above: Place = ()) -> Iterator[Place]:
    """Every value of a file, the tables and lists too."""
    if above:
        yield above
    if isinstance(node, dict | list):
        for key, below in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _places(below, (*above, key))


_OTHERS: tuple[Any, ...] = (
    "text",
    "0.25",
    "12",
    "2026-11",
    12,
    2.0,
    0.25,
    -1,
    [],
    ["text"],
    {},
    {"key": 1},
)


@st.composite
def _changed(draw: st.DrawFn) -> tuple[Kind, str]:
    """A file with one to three values that are others, gone, renamed or in a table with a source."""
    kind = draw(st.sampled_from(KINDS))
    values = tomllib.loads(EXAMPLES[kind])
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(_places(values))))
        table = values
        for key in path:
            table = table[key]  # type: ignore[index]
        old = table[last]  # type: ignore[index]
        how = draw(st.sampled_from(("other", "other", "source", "gone", "renamed")))
        if how == "other":
            # true for 1 is read, but no schema offers it
            more = () if isinstance(old, int | float) else (True, date(2026, 10, 1))
            table[last] = deepcopy(draw(st.sampled_from((*_OTHERS, *more))))  # type: ignore[index]
        elif how == "source":
            table[last] = {"value": old, "source": "a law"}  # type: ignore[index]
        else:
            del table[last]  # type: ignore[arg-type]
            if how == "renamed" and isinstance(last, str):
                table[f"{last}s"] = old
    return kind, tomli_w.dumps(values)


@drawn(400, suppress_health_check=[HealthCheck.too_slow])
@given(_changed())
def test_a_changed_file_is_refused_by_both_or_by_none(changed: tuple[Kind, str]) -> None:
    """Beside what needs more than one key or the digits of a number, which only the reader sees."""
    kind, text = changed
    by_reader, can_be_seen = said_by_reader(kind, text)
    by_schema = said_by_schema(kind, text)
    if not by_reader:
        assert not by_schema
    if can_be_seen:
        assert by_schema, by_reader
