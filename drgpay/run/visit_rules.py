"""What visits are paid by: APG scheme, policy, catalogue and enrolment, compared with each other."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.grouper.apg import CompiledApg, load_apg
from drgpay.grouper.scheme import Scheme
from drgpay.points.catalogue import Catalogue, load_catalogue
from drgpay.policy.load import LoadedPolicy, load_policy
from drgpay.policy.model import Policy
from drgpay.policy.outpatient import Outpatient
from drgpay.records.hospitals import read_hospitals
from drgpay.records.visits.enrolment import read_enrolment
from drgpay.run.job import OutpatientJob
from drgpay.run.rules import refuse_other_year
from drgpay.run.year_job import OutpatientYear


@dataclass(frozen=True)
class VisitPaymentRules:
    """Everything that the visits of a run need beside their records."""

    compiled: CompiledApg
    loaded: LoadedPolicy
    outpatient: Outpatient
    catalogue: Catalogue
    hospitals: pl.DataFrame
    enrolment: pl.DataFrame | None

    @property
    def scheme(self) -> Scheme:
        """The APG scheme."""
        return self.compiled.scheme

    @property
    def levels(self) -> dict[str, str]:
        """The level of each hospital."""
        return dict(self.hospitals.select("hospital_id", "level").iter_rows())

    @property
    def policy(self) -> Policy:
        """The policy as visits are settled by."""
        return self.loaded.policy.for_outpatient()

    @property
    def group_names(self) -> dict[str, str]:
        """The name of each APG."""
        return group_names(self.scheme)


def load_visit_rules(
    job: OutpatientJob | OutpatientYear, policy: str, hospitals: Path, year: int, who: str
) -> VisitPaymentRules:
    """Read them all; `who` asks, for messages.

    Raises DrgpayError for every mistake in them, a policy of another year or without [outpatient],
    a catalogue of another scheme, groups that the scheme does not have, and an enrolment beside a
    policy without [outpatient.capitation].
    """
    compiled = load_apg(job.scheme)
    loaded = load_policy(policy)
    refuse_other_year(loaded, year, who)
    outpatient = outpatient_of(loaded.policy)
    _refuse_unknown_groups(loaded, outpatient, compiled.scheme)
    catalogue = load_catalogue(job.catalogue, compiled.scheme)
    enrolment = None
    if job.enrolment:
        _refuse_enrolment(loaded, f"the enrolment {job.enrolment}")
        enrolment = read_enrolment(job.enrolment, loaded.policy.records.accounts)
    return VisitPaymentRules(
        compiled, loaded, outpatient, catalogue, read_hospitals(hospitals), enrolment
    )


def visit_payment_rules(
    compiled: CompiledApg,
    loaded: LoadedPolicy,
    catalogue: Catalogue,
    hospitals: pl.DataFrame,
    enrolment: pl.DataFrame | None,
) -> VisitPaymentRules:
    """What was read already, compared as `load_visit_rules` does; the same errors."""
    outpatient = outpatient_of(loaded.policy)
    _refuse_unknown_groups(loaded, outpatient, compiled.scheme)
    if enrolment is not None:
        _refuse_enrolment(loaded, "an enrolment")
    return VisitPaymentRules(compiled, loaded, outpatient, catalogue, hospitals, enrolment)


def _refuse_enrolment(loaded: LoadedPolicy, what: str) -> None:
    if outpatient_of(loaded.policy).capitation is None:
        raise DrgpayError(
            f"{what} is named, but {loaded.path} has no [outpatient.capitation]",
            "add outpatient.capitation to the policy, or leave the enrolment out",
        )


def outpatient_of(policy: Policy) -> Outpatient:
    """[outpatient] of a policy; raises DrgpayError if it has none."""
    rules = policy.for_outpatient().outpatient
    assert rules is not None  # for_outpatient says so
    return rules


def group_names(scheme: Scheme) -> dict[str, str]:
    """The name of each APG of a scheme."""
    return {
        apg.code: apg.name
        for group_class in scheme.mdcs
        for family in group_class.adrgs
        for apg in family.drgs
    }


def _refuse_unknown_groups(loaded: LoadedPolicy, rules: Outpatient, scheme: Scheme) -> None:
    known = group_names(scheme)
    for group in rules.calibration.coefficients.groups_without:
        if group not in known:
            raise DrgpayError(
                f"{loaded.path}: outpatient.calibration.coefficients.groups_without names {group}, "
                f"which {scheme.info.id} does not have",
                "correct the group",
            )
