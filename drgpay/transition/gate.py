"""The gate of a change: what it must keep to, what it comes to, and what is explained."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import polars as pl

from drgpay.base.exact import POINT_PLACES, POINT_SCALE, half_up, scaled, wide
from drgpay.points.neutral_factor import FACTOR_SCALE
from drgpay.transition.comparison import Comparison
from drgpay.transition.explanations import explained
from drgpay.transition.file import GateFile, TransitionJob

LINES = ("coverage", "hospitals", "notes")


@dataclass(frozen=True)
class Gate:
    """Each line passed or not, with its numbers.

    lines: line, limit, found (in 1/10,000: percentage points that the coverage falls by; per cent of
    the largest change of a hospital; open notes), beyond, explained, unexplained (how many), passed,
    verified. hospitals: hospital_id, beyond, change_rest (what is left of its change without explained
    groups, per cent in 1/10,000), explained, by and reason, of those beyond the limit. notes: note,
    kind, text, explained.
    """

    lines: pl.DataFrame
    hospitals: pl.DataFrame
    notes: pl.DataFrame

    @property
    def passed(self) -> bool:
        """Whether every line is passed."""
        return bool(self.lines["passed"].all())


def gate_of(
    job: TransitionJob, found: Comparison, notes: pl.DataFrame, explanations: pl.DataFrame
) -> Gate:
    """Hold a comparison against the limits; explanations clear what is beyond them.

    A hospital beyond the limit is cleared by its own explanation, or where what is left of its
    change without the explained groups (those that a stay comes from or goes to) is within it.
    """
    gate = job.file.gate
    hospitals = _beyond(found, gate, explanations)
    said = explained(explanations, "note")
    marked = notes.with_columns(explained=pl.col("note").is_in(said) | pl.col("kind").is_in(said))
    lines = [
        _coverage_line(found, gate),
        _hospital_line(found, gate, hospitals),
        _note_line(gate, marked),
    ]
    limits = ("coverage_drop_points", "hospital_change_percent", "open_notes")
    rows = [
        {"line": name, **line, "verified": job.is_verified(limit)}
        for name, line, limit in zip(LINES, lines, limits, strict=True)
    ]
    return Gate(pl.DataFrame(rows), hospitals, marked)


def _coverage_line(found: Comparison, gate: GateFile) -> dict[str, int | bool]:
    (old, all_old), (new, all_new) = found.coverage("old"), found.coverage("new")
    fall = 100 * (_share(old, all_old) - _share(new, all_new))
    beyond = fall > Fraction(gate.coverage_drop_points)
    return _line(gate.coverage_drop_points, fall, int(beyond), 0, int(beyond))


def _hospital_line(
    found: Comparison, gate: GateFile, hospitals: pl.DataFrame
) -> dict[str, int | bool]:
    rates = found.hospitals.select(
        moved=(pl.col("after_exact") - wide("points_old") * wide(FACTOR_SCALE)).abs(),
        before="points_old",
    )
    largest = max(
        (
            100 * Fraction(moved, before * FACTOR_SCALE)
            for moved, before in rates.iter_rows()
            if before
        ),
        default=Fraction(0),
    )
    cleared = int(hospitals["explained"].sum())
    return _line(
        gate.hospital_change_percent,
        largest,
        hospitals.height,
        cleared,
        hospitals.height - cleared,
    )


def _note_line(gate: GateFile, notes: pl.DataFrame) -> dict[str, int | bool]:
    cleared = int(notes["explained"].sum())
    left = notes.height - cleared
    line = _line(Decimal(gate.open_notes), Fraction(left), notes.height, cleared, left)
    return line | {"passed": left <= gate.open_notes}


def _line(
    limit: Decimal, found: Fraction, beyond: int, cleared: int, left: int
) -> dict[str, int | bool]:
    return {
        "limit": scaled(limit, POINT_PLACES),
        "found": half_up(found * POINT_SCALE),
        "beyond": beyond,
        "explained": cleared,
        "unexplained": left,
        "passed": left == 0,
    }


def _share(part: int, whole: int) -> Fraction:
    return Fraction(part, whole) if whole else Fraction(0)


def _beyond(found: Comparison, gate: GateFile, explanations: pl.DataFrame) -> pl.DataFrame:
    """The hospitals beyond the limit: hospital_id, name, change_rate, change_rest, explained, by, reason."""
    groups = explained(explanations, "group")
    moved = pl.col("after_exact") - wide("points_old") * wide(FACTOR_SCALE)
    cleared = pl.col("from_drg").is_in(groups) | pl.col("to_drg").is_in(groups)
    rests = dict(
        found.pairs.group_by("hospital_id").agg(rest=moved.filter(~cleared).sum()).iter_rows()
    )
    limit = Fraction(gate.hospital_change_percent) / 100
    own = {
        hospital: (by, reason)
        for kind, hospital, reason, by in explanations.select(
            "kind", "id", "reason", "by"
        ).iter_rows()
        if kind == "hospital"
    }
    rows = []
    for hospital, name, rate, before, after in found.hospitals.select(
        "hospital_id", "name", "change_rate", "points_old", "after_exact"
    ).iter_rows():
        whole = before * FACTOR_SCALE
        if abs(after - whole) <= limit * whole:
            continue
        within = abs(rests[hospital]) <= limit * whole
        by, reason = own.get(hospital, (None, None))
        rest = half_up(Fraction(rests[hospital], whole) * POINT_SCALE) if whole else None
        rows.append((hospital, name, rate, rest, within or by is not None, by, reason))
    schema: dict[str, pl.DataType] = {
        "hospital_id": pl.String(),
        "name": pl.String(),
        "change_rate": pl.Int64(),
        "change_rest": pl.Int64(),
        "explained": pl.Boolean(),
        "by": pl.String(),
        "reason": pl.String(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
