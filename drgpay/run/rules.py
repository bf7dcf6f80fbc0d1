"""What a run pays by: scheme, policy, catalogue and hospitals, compared with one another."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.scheme import Scheme
from drgpay.grouper.stay_rules import refuse_wrong_rules
from drgpay.points.age_factors import refuse_wrong_age_rules
from drgpay.points.catalogue import Catalogue, load_catalogue
from drgpay.policy.load import LoadedPolicy, load_policy
from drgpay.policy.model import Policy
from drgpay.records.hospitals import read_hospitals


@dataclass(frozen=True)
class PaymentRules:
    """Everything that a run needs beside its records."""

    compiled: CompiledScheme
    loaded: LoadedPolicy
    catalogue: Catalogue
    hospitals: pl.DataFrame

    @property
    def scheme(self) -> Scheme:
        """The grouping scheme."""
        return self.compiled.scheme

    @property
    def levels(self) -> dict[str, str]:
        """The level of each hospital."""
        return dict(self.hospitals.select("hospital_id", "level").iter_rows())

    @property
    def policy(self) -> Policy:
        """The policy, without the provenance of its values."""
        return self.loaded.policy

    @property
    def group_names(self) -> dict[str, str]:
        """The name of each DRG of the scheme."""
        return {
            drg.code: drg.name
            for mdc in self.scheme.mdcs
            for adrg in mdc.adrgs
            for drg in adrg.drgs
        }


def load_payment_rules(
    scheme: str, policy: str, catalogue: Path, hospitals: Path, year: int, who: str
) -> PaymentRules:
    """Read them all; `who` asks, for messages.

    Raises DrgpayError for every mistake in them, a policy of another year, a catalogue of another
    scheme and groups of the policy that the scheme does not have.
    """
    compiled = load_compiled(scheme)
    loaded = load_policy(policy)
    refuse_unfit(loaded, compiled.scheme, year, who)
    return PaymentRules(
        compiled, loaded, load_catalogue(catalogue, compiled.scheme), read_hospitals(hospitals)
    )


def refuse_unfit(loaded: LoadedPolicy, scheme: Scheme, year: int, who: str) -> None:
    """Raise DrgpayError for a policy of another year, unknown groups in it, and rules that are none."""
    refuse_other_year(loaded, year, who)
    refuse_unknown_groups(loaded, scheme)
    refuse_wrong_policy_rules(loaded)


def refuse_other_year(loaded: LoadedPolicy, year: int, who: str) -> None:
    """Raise DrgpayError for a policy of another year than that of what asks for it."""
    if loaded.policy.policy.year != year:
        raise DrgpayError(
            f"the policy {loaded.path} is for {loaded.policy.policy.year}, {who} is of {year}",
            "name the policy of that year or correct policy.year",
        )


def refuse_wrong_policy_rules(loaded: LoadedPolicy) -> None:
    """Raise DrgpayError for a rule of the policy that is none, or asks for what it may not."""
    refuse_wrong_rules(loaded.policy.points, str(loaded.path))
    refuse_wrong_age_rules(loaded.policy.points, str(loaded.path))


def refuse_unknown_groups(loaded: LoadedPolicy, scheme: Scheme) -> None:
    """Refuse groups of the policy that the scheme does not have (DrgpayError)."""
    known = {drg.code for mdc in scheme.mdcs for adrg in mdc.adrgs for drg in adrg.drgs}
    for key, groups in _named_groups(loaded.policy):
        unknown = [group for group in groups if group not in known]
        if unknown:
            raise DrgpayError(
                f"{loaded.path}: {key} names {unknown[0]}, which {scheme.info.id} does not have",
                "correct the group",
            )


def _named_groups(policy: Policy) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every key of a policy that lists groups."""
    points = policy.points
    yield "calibration.coefficients.groups_without", policy.calibration.coefficients.groups_without
    yield "points.always_low_groups", points.always_low_groups
    yield "points.readmission.exempt_groups", points.readmission.exempt_groups
    if points.base_level:
        yield "points.base_level.groups", points.base_level.groups
    if points.tcm:
        yield "points.tcm.groups", points.tcm.groups
    yield "points.no_coefficient_groups", points.no_coefficient_groups
    for factor in points.age_factors:
        yield "points.age_factors", factor.groups
    for cap in points.volume_caps:
        yield "points.volume_caps", cap.groups
    for technology in points.new_technologies:
        yield f"points.new_technologies ({technology.technology})", technology.groups
