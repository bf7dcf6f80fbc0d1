"""The gate: exactly at a limit is within it, and what is explained is cleared."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.transition.comparison import change_rate
from drgpay.transition.explanations import no_explanations
from drgpay.transition.file import load_transition
from drgpay.transition.gate import Gate, gate_of
from drgpay.transition.import_notes import NOTE_SCHEMA
from tests.transition.conftest import Made
from tests.transition.history import GATE, transition_file

SCALE = 1_000_000
NO_NOTES = pl.DataFrame(schema=NOTE_SCHEMA)


def gate(
    made: Made,
    folder: Path,
    hospitals: list[tuple[str, int, int]],
    pairs: Sequence[tuple[str, str, str, int, int]] = (),
    explanations: Sequence[tuple[str, str]] = (),
    notes: pl.DataFrame = NO_NOTES,
    coverage: tuple[int, int] = (900, 900),
    limits: str = GATE,
) -> Gate:
    """hospitals: id, old points, points after. pairs: hospital, from, to, old, after. coverage: of 1,000."""
    found = made.found.comparison
    of_hospitals = pl.DataFrame(
        [(one, one, before, after * SCALE) for one, before, after in hospitals],
        {
            "hospital_id": pl.String,
            "name": pl.String,
            "points_old": pl.Int64,
            "after_exact": pl.Int128,
        },
        orient="row",
    ).with_columns(change_rate=change_rate(pl.col("after_exact"), pl.col("points_old")))
    made_pairs = pairs or [(one, "A", "B", before, after) for one, before, after in hospitals]
    of_pairs = pl.DataFrame(
        [(*names, before, after * SCALE) for *names, before, after in made_pairs],
        {
            **dict.fromkeys(("hospital_id", "from_drg", "to_drg"), pl.String),
            "points_old": pl.Int64,
            "after_exact": pl.Int128,
        },
        orient="row",
    )
    quality = pl.DataFrame(
        {
            "year": ["all", "all"],
            "side": ["old", "new"],
            "grouped": [*coverage],
            "cases": [1_000, 1_000],
        }
    )
    comparison = replace(found, hospitals=of_hospitals, pairs=of_pairs, quality=quality)
    told = pl.DataFrame(
        [(kind, one, "looked into", "Li Na") for kind, one in explanations],
        schema=no_explanations().schema,
        orient="row",
    )
    job = load_transition(transition_file(folder, "gate.toml", gate=limits))
    return gate_of(job, comparison, notes, told)


def line(found: Gate, name: str) -> dict[str, object]:
    return found.lines.filter(pl.col("line") == name).row(0, named=True)


@pytest.mark.parametrize(("after", "passed"), [(895, True), (894, False), (950, True)])
def test_the_coverage_may_fall_by_half_a_point(
    made: Made, folder: Path, after: int, passed: bool
) -> None:
    found = gate(made, folder, [], coverage=(900, after))
    assert line(found, "coverage")["passed"] == passed
    assert line(found, "coverage")["found"] == (900 - after) * 1_000
    assert found.passed == passed


@pytest.mark.parametrize(
    ("after", "passed"), [(10_300, True), (10_301, False), (9_700, True), (9_699, False)]
)
def test_a_hospital_may_change_by_3_per_cent(
    made: Made, folder: Path, after: int, passed: bool
) -> None:
    found = gate(made, folder, [("H1", 10_000, after), ("H2", 10_000, 10_000)])
    assert line(found, "hospitals")["passed"] == passed
    assert found.hospitals.height == (not passed)
    assert line(found, "hospitals")["found"] == abs(after - 10_000) * 100
    assert found.passed == passed


def test_a_hospital_that_had_nothing_is_beyond(made: Made, folder: Path) -> None:
    found = gate(made, folder, [("H1", 0, 5), ("H2", 0, 0)])
    assert found.hospitals["hospital_id"].to_list() == ["H1"]
    assert found.hospitals["change_rate"].to_list() == [None]


def test_an_explained_hospital_is_cleared(made: Made, folder: Path) -> None:
    rows = [("H1", 10_000, 12_000), ("H2", 10_000, 8_000)]
    found = gate(made, folder, rows, explanations=[("hospital", "H1")])
    assert [line(found, "hospitals")[name] for name in ("beyond", "explained", "unexplained")] == [
        2,
        1,
        1,
    ]
    assert found.hospitals["by"].to_list() == ["Li Na", None]
    assert not found.passed
    both = [("hospital", "H1"), ("hospital", "H2")]
    assert gate(made, folder, rows, explanations=both).passed


@pytest.mark.parametrize(("group", "cleared"), [("A1", True), ("B1", True), ("A2", False)])
def test_a_hospital_is_cleared_by_its_groups(
    made: Made, folder: Path, group: str, cleared: bool
) -> None:
    """Without the pair A1 -> B1 it changes by 3 per cent of all its points, at the limit."""
    pairs = [("H1", "A1", "B1", 1_000, 3_000), ("H1", "A2", "A2", 9_000, 9_300)]
    found = gate(made, folder, [("H1", 10_000, 12_300)], pairs, [("group", group)])
    assert found.hospitals["explained"].to_list() == [cleared]
    assert found.hospitals["change_rest"].to_list() == [300 if cleared else 2_000]


NOTES = pl.DataFrame(
    [("集合!3", "left_out", "x"), ("集合!4", "list_adds", "y"), ("CC!9", "list_adds", "z")],
    schema=NOTE_SCHEMA,
    orient="row",
)


@pytest.mark.parametrize(
    ("explained", "left"),
    [([], 3), (["集合!3"], 2), (["list_adds"], 1), (["集合!3", "list_adds"], 0)],
)
def test_open_notes(made: Made, folder: Path, explained: list[str], left: int) -> None:
    told = [("note", one) for one in explained]
    found = gate(made, folder, [], explanations=told, notes=NOTES)
    assert line(found, "notes")["unexplained"] == left
    assert found.passed == (left == 0)
    allowed = GATE.replace("open_notes = 0", "open_notes = 2")
    found = gate(made, folder, [], explanations=told, notes=NOTES, limits=allowed)
    assert found.passed == (left <= 2)


def test_whether_a_limit_is_verified_is_told(made: Made, folder: Path) -> None:
    lines = gate(made, folder, []).lines
    assert dict(lines.select("line", "verified").iter_rows()) == {
        "coverage": True,
        "hospitals": False,
        "notes": False,
    }
    assert Decimal(int(lines["limit"][1])) / 10_000 == 3
