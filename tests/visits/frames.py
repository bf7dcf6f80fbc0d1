"""Visits of the slow evaluator as the frames that the program takes, and random ones."""

from typing import Any

import polars as pl
from hypothesis import strategies as st

from tests.visits.slow_visits import Entry, Line, Visit

PACKAGED = frozenset({"ANC-urine", "DRUG-b1"})
GROUPS = [
    ("PROC", "skin", "skin-1"),
    ("PROC", "skin", "skin-2"),
    ("PROC", "eye", "eye-1"),
    ("PROC", "eye", "eye-2"),
    ("PROC", "bone", "bone-1"),
    ("ANC", "ANC-urine", "urine-1"),
    ("ANC", "ANC-blood", "blood-1"),
    ("ANC", "ANC-blood", "blood-2"),
    ("DRUG", "DRUG-b", "DRUG-b1"),
    ("DRUG", "DRUG-b", "DRUG-b2"),
    ("INC", "INC-fee", "fee-1"),
    ("0000", "00", "0000"),
]
MEDICAL = [("heart", "heart-1"), ("lung", "lung-1"), ("00", "0000")]
APGS = [apg for _, _, apg in GROUPS] + [apg for _, apg in MEDICAL]

small = st.integers(0, 4)
base_points = st.dictionaries(
    st.sampled_from(APGS), st.one_of(st.none(), small, st.integers(0, 900_0000)), max_size=13
)


@st.composite
def any_lines(draw: st.DrawFn) -> list[Line]:
    """Some lines, often of the same group or of the same cost."""
    cost = st.one_of(st.sampled_from([1, 100, 100_00]), st.integers(1, 900_00))
    groups = st.sampled_from(GROUPS[: draw(st.integers(1, len(GROUPS)))])
    lines = st.builds(lambda group, fen: Line(group[0], group[1], group[2], fen), groups, cost)
    return draw(st.lists(lines, max_size=9))


@st.composite
def any_visits(draw: st.DrawFn) -> list[Visit]:
    """A few visits in no order."""
    count = draw(st.integers(1, 6))
    numbers = draw(st.permutations(range(count)))
    visits = []
    for number in numbers:
        hospital = draw(st.sampled_from(["H1", "H2", "H3", "P1"]))
        visits.append(
            Visit(
                f"v{number}",
                draw(st.sampled_from(["ordinary", "ordinary", "chronic", "special"])),
                draw(any_lines()),
                draw(st.one_of(st.none(), st.sampled_from(MEDICAL))),
                hospital,
                {"H1": "2A", "H2": "3A", "H3": "1", "P1": "1"}[hospital],
                hospital == "P1",
            )
        )
    return visits


def visit_frame(visits: list[Visit]) -> pl.DataFrame:
    """Visits in their order."""
    return pl.DataFrame(
        [(v.visit_id, v.hospital, "employee", v.visit_type, v.level, v.pharmacy) for v in visits],
        schema={
            **dict.fromkeys(
                ("visit_id", "hospital_id", "account", "visit_type", "level"), pl.String()
            ),
            "pharmacy": pl.Boolean(),
        },
        orient="row",
    )


def line_frame(visits: list[Visit]) -> pl.DataFrame:
    """All lines, visit by visit."""
    rows = [
        (v.visit_id, line.group_class, line.family, line.apg, line.fen)
        for v in visits
        for line in v.lines
    ]
    schema: dict[str, Any] = dict.fromkeys(("visit_id", "class", "family", "apg"), pl.String)
    return pl.DataFrame(rows, schema=schema | {"amount_fen": pl.Int64}, orient="row")


def medical_frame(visits: list[Visit]) -> pl.DataFrame:
    """The medical groups of the visits that have one."""
    rows = [(v.visit_id, *v.medical) for v in visits if v.medical]
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("visit_id", "family", "apg"), pl.String), orient="row"
    )


def base_frame(base: dict[str, int | None] | None) -> pl.DataFrame | None:
    """Base points as `entries_of` takes them."""
    if base is None:
        return None
    return pl.DataFrame(
        list(base.items()), schema={"apg": pl.String, "base_points": pl.Int64}, orient="row"
    )


def as_rows(visit: Visit, entries: list[Entry]) -> list[tuple[Any, ...]]:
    """Entries of the slow evaluator as rows of ENTRY_SCHEMA."""
    return [
        (
            visit.visit_id,
            visit.hospital,
            "employee",
            entry.group_class,
            entry.family,
            entry.apg,
            len(entry.lines),
            entry.fen,
            entry.base if entry.grouped else None,
            int(entry.factor * 10_000),
            entry.cost,
            entry.reason,
        )
        for entry in entries
    ]
