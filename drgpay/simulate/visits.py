"""The visits of a base month under other parameters of [outpatient], beside its stays.

Nothing else of a scenario touches visits: their scheme, catalogue, records and hospitals are those
of the base.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import polars.selectors as cs

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.base.working_folder import working_folder
from drgpay.policy.outpatient import Outpatient
from drgpay.records.meaning.rules import Reading
from drgpay.records.visits.tables import open_visits
from drgpay.results.manifest import content_of
from drgpay.results.part import VISITS
from drgpay.results.run_folder import PaidPart
from drgpay.run.basis import outpatient_basis
from drgpay.run.job import Job, OutpatientJob
from drgpay.run.rules import load_visit_rules
from drgpay.run.stops import Stop, settled_stops
from drgpay.run.visit_grouping import VisitFiles, group_all_visits
from drgpay.run.visit_month import VisitMonth, visit_checks, visit_pricing
from drgpay.settle.capitation import capitation_accounts
from drgpay.settle.lines import NO_ADJUSTMENTS, levels_of
from drgpay.settle.month import settle_month
from drgpay.settle.narrow import AMOUNTS
from drgpay.settle.settled import Settled
from drgpay.simulate.compare import MEASURES, hospitals_by_change, paired, paired_values
from drgpay.simulate.plan import Plan
from drgpay.simulate.stages import Stages
from drgpay.visits.points import visit_cases

_ERRORS = Sentences("errors/simulate")

AMOUNT = "fund_amount_fen"
_NEEDED = ("case_id", "hospital_id", "account", "out_of_area", "case_class", "points", *AMOUNTS)
_PRICED_BY = ("steps", "procedure_discount", "repeat_discount", "visit_types", "pharmacy_visits")


@dataclass(frozen=True)
class VisitComparison:
    """The visits of a month, before and after, in scaled integers.

    hospitals: hospital_id, name, <measure>_before and _after for MEASURES (cases are visits),
    change_fen, change_ratio, bin, sorted by change. values: pool, VALUES before and after.
    contractors: contractor_id, account, capitation_fen, charged_fen and settled_fen before and
    after, change_fen (of what the contractor gets); None without an enrolment. basis: what the
    visits depend on beside the policy, by content. stops: what the settlement afterwards would be
    stopped at.
    """

    basis: Mapping[str, Any]
    hospitals: pl.DataFrame
    values: pl.DataFrame
    contractors: pl.DataFrame | None
    stops: tuple[Stop, ...] = ()


def compare_visits(stages: Stages, plan: Plan, where: str) -> VisitComparison | None:
    """What other [outpatient] parameters do; None where the plan has those of the base.

    Visits are grouped again only if their points can change. Raises DrgpayError for a base without
    visits, a year, another [outpatient.calibration], and visits that are not those of the base run.
    """
    base = stages.base
    before, after = base.rules.policy.outpatient, plan.policy.outpatient
    if before == after:
        return None
    if base.year:
        raise DrgpayError(*_ERRORS("visits_of_year", where=where))
    job = base.job
    if not isinstance(job, Job) or job.outpatient is None or before is None or after is None:
        raise DrgpayError(*_ERRORS("no_visits", where=where, job=base.job.path))
    if before.calibration != after.calibration:
        raise DrgpayError(*_ERRORS("visit_calibration", where=where))
    month, key = _opened(job, job.outpatient, base.run)
    run = base.run.of(VISITS) if base.run and VISITS in base.run.parts else None
    now = _with_outpatient(month, after)
    cases = _cases(stages, month, key, run)
    if any(getattr(before, name) != getattr(after, name) for name in _PRICED_BY):
        changed = _cases(stages, now, key, None)
    else:
        changed = cases
    settled = [_settled(month, cases), _settled(now, changed)]
    if run:
        _refuse_other_results(run, settled[0])
    return _compared(month, now, settled, key)


def _opened(
    job: Job, outpatient: OutpatientJob, run: PaidPart | None
) -> tuple[VisitMonth, Mapping[str, Any]]:
    """The visits of the base, and what they depend on beside the policy."""
    rules = load_visit_rules(
        outpatient, job.policy, job.hospitals, job.period.year, _ERRORS.words("period_of_job")
    )
    records = open_visits(outpatient.records, Reading.of(rules.policy.records))
    basis = outpatient_basis(outpatient, records, rules.scheme)
    if run:
        paid = VISITS.section_of(run.manifest.content)
        changed = [name for name in basis if content_of(basis[name]) != content_of(paid.get(name))]
        if changed:
            said = listed(f"outpatient.{name}" for name in changed)
            raise DrgpayError(
                *_ERRORS("visits_changed", run=run.run_id, job=job.path, changed=said)
            )
    return VisitMonth(records, rules, job.period), basis


def _with_outpatient(month: VisitMonth, outpatient: Outpatient) -> VisitMonth:
    loaded = month.rules.loaded
    policy = loaded.policy.model_copy(update={"outpatient": outpatient})
    rules = replace(month.rules, loaded=replace(loaded, policy=policy))
    return replace(month, rules=rules)


def _cases(
    stages: Stages, month: VisitMonth, key: Mapping[str, Any], run: PaidPart | None
) -> pl.DataFrame:
    """The visits with their points: those of the run, or grouped and priced by the month's rules."""
    if run:
        return run.scaled("cases", [*_NEEDED, "contractor_id"])
    outpatient = month.rules.outpatient
    depends = {
        "visits": key,
        "hospitals": stages.base.basis["inputs"]["hospitals"],
        "period": str(month.period),
        "records": month.rules.policy.records.model_dump(mode="json"),
        "priced_by": outpatient.model_dump(mode="json", include=set(_PRICED_BY)),
    }

    def make() -> pl.DataFrame:
        with (
            working_folder() as place,
            stages.progress("grouping visits", month.records.rows) as advance,
        ):
            grouped = group_all_visits(
                month.records,
                visit_checks(month),
                visit_pricing(month),
                VisitFiles(place / "entries.parquet"),
                place,
                stages.threads,
                advance,
            )
        cases = visit_cases(grouped.visits).select(*_NEEDED, "contractor_id")
        return cases.with_columns((cs.all() - cs.numeric() - cs.boolean()).cast(pl.String))

    return stages.cache.frame("visits", depends, make)


def _settled(month: VisitMonth, cases: pl.DataFrame) -> Settled:
    rules = month.rules
    levels = levels_of(rules.hospitals)
    return settle_month(cases, NO_ADJUSTMENTS, rules.policy, month.period, levels=levels)


def _refuse_other_results(run: PaidPart, before: Settled) -> None:
    columns = ["hospital_id", "account", "out_of_area", "payment", "points", AMOUNT]
    if not run.scaled("statements").select(columns).equals(before.lines.select(columns)):
        program = run.manifest.program
        raise DrgpayError(*_ERRORS("visits_not_reproduced", run=run.run_id, program=program))


def _compared(
    before: VisitMonth, after: VisitMonth, settled: list[Settled], basis: Mapping[str, Any]
) -> VisitComparison:
    names = before.rules.hospitals.select("hospital_id", "name")
    hospitals = hospitals_by_change(settled, names, MEASURES, AMOUNT)
    places = [month.rules.policy.settlement.value_places for month in (before, after)]
    return VisitComparison(
        basis,
        hospitals.select("hospital_id", "name", pl.exclude("hospital_id", "name")),
        paired_values(settled, places),
        _contractors([before, after], settled) if before.rules.enrolment is not None else None,
        tuple(
            settled_stops(
                settled[1].lines,
                settled[1].pools,
                after.rules.policy.settlement,
                after.period,
            )
        ),
    )


def _contractors(months: list[VisitMonth], settled: list[Settled]) -> pl.DataFrame:
    keys, amounts = ["contractor_id", "account"], ["capitation_fen", "charged_fen", "settled_fen"]
    sides = []
    for month, one in zip(months, settled, strict=True):
        enrolment = month.rules.enrolment
        assert enrolment is not None
        found = capitation_accounts(
            one.cases, one.lines, one.pools, enrolment, month.rules.policy, month.period
        )
        sides.append(found.accounts)
    return paired(sides, keys, amounts, "settled_fen").drop("change_ratio")
