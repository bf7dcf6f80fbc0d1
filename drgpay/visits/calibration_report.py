"""The calibration report of APGs: that of inpatients, with an entry in the place of a stay."""

import polars as pl

from drgpay.base.exact import FEN_PLACES, as_decimal
from drgpay.grouper.apg import CompiledApg
from drgpay.points.calibration_report import (
    CalibrationReport,
    coverage_of,
    group_names,
    report_of,
    trim_steps,
    trimmed_sums,
)
from drgpay.points.catalogue import Catalogue
from drgpay.policy.outpatient import Outpatient
from drgpay.visits.calibrate import counted_cases
from drgpay.visits.columns import ANCILLARY, DRUG, INCIDENTAL
from drgpay.visits.costs import ELIGIBLE, LEFT_OUT, VisitCosts


def visit_calibration_report(
    costs: VisitCosts, catalogue: Catalogue, compiled: CompiledApg, rules: Outpatient
) -> CalibrationReport:
    """The report of a catalogue and the costs of the valid visits that it was calibrated from.

    Trimming is of entries at the cost of one unit, which is an ancillary's line.
    """
    sums = trimmed_sums(counted_cases(costs), rules.calibration)
    return report_of(
        sums,
        catalogue,
        _names(compiled, rules),
        steps=_steps(costs, sums, catalogue),
        coverage=coverage_of(costs.coverage, "lines"),
        cases="entries",
    )


def _names(compiled: CompiledApg, rules: Outpatient) -> pl.DataFrame:
    """drg and name of the APGs that can be paid; what is always packaged has no entry to count."""
    names = group_names(compiled.scheme)
    if not rules.steps.package:
        return names
    packaged = [
        drg.code
        for mdc, _, drg in compiled.scheme.paths()
        if mdc.code == INCIDENTAL
        or (mdc.code in (ANCILLARY, DRUG) and drg.code in compiled.packaged)
    ]
    return names.filter(~pl.col("drg").is_in(pl.Series(packaged, dtype=pl.String).implode()))


def _steps(costs: VisitCosts, sums: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """step, visits, entries, total_cost: visits down to the eligible ones, then their entries."""
    found = {step: (visits, fen) for step, visits, fen in costs.steps.iter_rows()}
    read = catalogue.info.stays_read
    rows: list[tuple[str, int | None, int | None, int | None]] = [
        ("read", read, None, None),
        ("left_invalid", read - costs.visits, None, None),
    ]
    for step in (*LEFT_OUT, ELIGIBLE):
        visits, fen = found.get(step, (0, 0))
        rows.append((step, visits, int(sums["cases"].sum()) if step == ELIGIBLE else None, fen))
    rows += [(step, None, entries, fen) for step, entries, fen in trim_steps(sums)]
    schema = {"step": pl.String, "visits": pl.Int64, "entries": pl.Int64, "fen": pl.Int64}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    total = as_decimal("fen", FEN_PLACES).alias("total_cost")
    return table.select("step", "visits", "entries", total)
