"""What a part of a run is paid by: scheme, policy, catalogue and hospitals, compared with one another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Protocol, TypeAlias, TypeVar

import polars as pl
from pydantic import ValidationError

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.grouper.apg import CompiledApg, load_apg
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.scheme import Scheme
from drgpay.grouper.stay_rules import refuse_wrong_rules
from drgpay.points.age_factors import refuse_wrong_age_rules
from drgpay.points.catalogue import Catalogue, load_catalogue
from drgpay.policy.calibration import ANY
from drgpay.policy.fields import Section
from drgpay.policy.group_lists import PRIMARY_CARE, with_groups
from drgpay.policy.load import LoadedPolicy, load_policy, validation_sentence
from drgpay.policy.model import Policy
from drgpay.policy.outpatient import Outpatient
from drgpay.records.hospitals import read_hospitals
from drgpay.records.visits.enrolment import read_enrolment
from drgpay.results.part import STAYS, VISITS, Part
from drgpay.settle.pricing import BudgetError

_ERRORS = Sentences("errors/run")

Compiled = TypeVar("Compiled", bound=CompiledScheme | CompiledApg)


@dataclass(frozen=True)
class FormerScheme:
    """The scheme before and its catalogue, of which a phase-in still pays a share."""

    compiled: CompiledScheme
    catalogue: Catalogue


@dataclass(frozen=True)
class PartRules(Generic[Compiled]):
    """Everything that a part of a run needs beside its records.

    enrolment: the persons under contract (ENROLMENT_SCHEMA), of visits with capitation accounts.
    former: of stays, where the job names it.
    table: the file of the hospitals, if they are of one.
    """

    part: Part
    compiled: Compiled
    loaded: LoadedPolicy
    catalogue: Catalogue
    hospitals: pl.DataFrame
    enrolment: pl.DataFrame | None = None
    former: FormerScheme | None = None
    table: Path | None = None

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
        """The policy as the part is settled by, without the provenance of its values."""
        whole = self.loaded.policy
        return whole if self.part == STAYS else whole.for_outpatient()

    @property
    def outpatient(self) -> Outpatient:
        """[outpatient] of the policy; raises DrgpayError if it has none."""
        return outpatient_of(self.loaded.policy)

    @property
    def group_names(self) -> dict[str, str]:
        """The name of each DRG or APG of the scheme."""
        return group_names(self.scheme)


StayRules: TypeAlias = PartRules[CompiledScheme]
VisitPaymentRules: TypeAlias = PartRules[CompiledApg]
AnyRules: TypeAlias = PartRules[CompiledScheme] | PartRules[CompiledApg]


class NamedRules(Protocol):
    """The section of a job or a year file that names what a part is paid by."""

    @property
    def scheme(self) -> str:
        """The id or the folder of the scheme."""

    @property
    def catalogue(self) -> Path:
        """The folder of the catalogue."""


class NamedStayRules(NamedRules, Protocol):
    """The same of stays."""

    @property
    def former(self) -> NamedRules | None:
        """The scheme and the catalogue before."""


class NamedVisitRules(NamedRules, Protocol):
    """The same of visits."""

    @property
    def enrolment(self) -> Path | None:
        """The file of the persons under contract."""


def period_of_job() -> Words:
    """Who asks for a policy: a job."""
    return _ERRORS.words("period_of_job")


def year_file() -> Words:
    """Who asks for a policy: a year file."""
    return _ERRORS.words("year_file")


def load_stay_rules(
    named: NamedStayRules, policy: str, hospitals: Path, year: int, who: Words
) -> StayRules:
    """Read what stays are paid by; `who` asks, for messages.

    Raises DrgpayError for every mistake in it, a policy of another year, a catalogue of another
    scheme and groups of the policy that the scheme does not have.
    """
    compiled = load_compiled(named.scheme)
    loaded = fitted_to(load_policy(policy), compiled.scheme, year, who)
    catalogue = load_catalogue(named.catalogue, compiled.scheme)
    former = _former(named.former, loaded) if named.former else None
    table = read_hospitals(hospitals)
    return PartRules(STAYS, compiled, loaded, catalogue, table, None, former, hospitals)


def _former(named: NamedRules, loaded: LoadedPolicy) -> FormerScheme:
    """The scheme before; raises DrgpayError where the policy has no use for it."""
    if loaded.policy.points.phase_in is None:
        raise DrgpayError(*_ERRORS("former_without_phase_in", path=loaded.path))
    compiled = load_compiled(named.scheme)
    return FormerScheme(compiled, load_catalogue(named.catalogue, compiled.scheme))


def load_visit_rules(
    named: NamedVisitRules, policy: str, hospitals: Path, year: int, who: Words
) -> VisitPaymentRules:
    """Read what visits are paid by; `who` asks, for messages.

    Raises DrgpayError for every mistake in it, a policy of another year or without [outpatient],
    a catalogue of another scheme, groups that the scheme does not have, and an enrolment beside a
    policy without [outpatient.capitation].
    """
    compiled = load_apg(named.scheme)
    loaded = load_policy(policy)
    refuse_other_year(loaded, year, who)
    refuse_unknown_apgs(loaded, compiled.scheme)
    catalogue = load_catalogue(named.catalogue, compiled.scheme)
    enrolment = None
    if named.enrolment:
        refuse_enrolment(loaded, _ERRORS.words("enrolment_file", path=named.enrolment))
        enrolment = read_enrolment(named.enrolment, loaded.policy.records.accounts)
    return PartRules(
        VISITS, compiled, loaded, catalogue, read_hospitals(hospitals), enrolment, table=hospitals
    )


def fitted_to(loaded: LoadedPolicy, scheme: Scheme, year: int, who: Words) -> LoadedPolicy:
    """`fitted`; DrgpayError too for a policy of another year, and for rules in it that are none."""
    refuse_other_year(loaded, year, who)
    refuse_wrong_policy_rules(loaded)
    return fitted(loaded, scheme)


@contextmanager
def naming_policy(loaded: LoadedPolicy) -> Iterator[None]:
    """Name the file of the policy in what settlement says of a budget of it."""
    try:
        yield
    except BudgetError as error:
        problem = _ERRORS.words("in_policy", path=loaded.path, problem=error.problem_words)
        named = BudgetError(problem, error.remedy_words)
        named.code = error.code
        raise named from None


def refuse_other_year(loaded: LoadedPolicy, year: int, who: Words) -> None:
    """Raise DrgpayError for a policy of another year than that of what asks for it."""
    if loaded.policy.policy.year != year:
        years = {"year": loaded.policy.policy.year, "asked": year}
        raise DrgpayError(*_ERRORS("policy_of_other_year", path=loaded.path, who=who, **years))


def refuse_wrong_policy_rules(loaded: LoadedPolicy) -> None:
    """Raise DrgpayError for a rule of the policy that is none, or asks for what it may not."""
    refuse_wrong_rules(loaded.policy.points, str(loaded.path))
    refuse_wrong_age_rules(loaded.policy.points, str(loaded.path))


def fitted(
    loaded: LoadedPolicy, scheme: Scheme, sections: tuple[str, ...] = ("calibration", "points")
) -> LoadedPolicy:
    """The policy with the groups of the scheme where it names a list that the scheme has.

    sections: those that are used. A calibration pays nobody: groups of [points] may be those of
    another scheme.

    Raises DrgpayError for groups that the scheme does not have, for a list that it lacks, and where
    a list has a group that the policy may name once only.
    """
    return _with_groups(loaded, scheme, sections)


def _with_groups(loaded: LoadedPolicy, scheme: Scheme, sections: tuple[str, ...]) -> LoadedPolicy:
    known = group_names(scheme)

    def listed(key: str, named: tuple[str, ...]) -> tuple[str, ...]:
        about = {"path": loaded.path, "key": key, "scheme": scheme.info.id}
        found: dict[str, None] = {}
        for group in named:
            if group == PRIMARY_CARE:
                if not scheme.primary_care:
                    raise DrgpayError(*_ERRORS("no_primary_care", **about))
                found |= dict.fromkeys(sorted(scheme.primary_care_drgs))
            elif group in known or (".stand_ins." in key and group.startswith(ANY)):
                found[group] = None
            else:
                raise DrgpayError(*_ERRORS("unknown_group", group=group, **about))
        return tuple(found)

    policy = loaded.policy
    changed = {
        name: with_groups(section, listed, name)
        for name in sections
        if isinstance(section := getattr(policy, name), Section)
    }
    made = policy.model_copy(update=changed)
    if made == policy:
        return loaded
    try:
        checked = Policy.model_validate(made.model_dump())
    except ValidationError as error:
        problem = _ERRORS.words(
            "in_policy", path=loaded.path, problem=validation_sentence(error, {})
        )
        raise DrgpayError(problem, _ERRORS.words("lists_of_scheme")) from None
    return replace(loaded, policy=checked, written=policy)


def outpatient_of(policy: Policy) -> Outpatient:
    """[outpatient] of a policy; raises DrgpayError if it has none."""
    rules = policy.for_outpatient().outpatient
    assert rules is not None  # for_outpatient says so
    return rules


def group_names(scheme: Scheme) -> dict[str, str]:
    """The name of each group of a scheme."""
    return {drg.code: drg.name for mdc in scheme.mdcs for adrg in mdc.adrgs for drg in adrg.drgs}


def refuse_enrolment(loaded: LoadedPolicy, what: Words) -> None:
    """Raise DrgpayError for an enrolment beside a policy that keeps no accounts."""
    if outpatient_of(loaded.policy).capitation is None:
        raise DrgpayError(*_ERRORS("enrolment_without_accounts", what=what, path=loaded.path))


def refuse_unknown_apgs(loaded: LoadedPolicy, scheme: Scheme) -> None:
    """Refuse groups of [outpatient] that the scheme does not have (DrgpayError)."""
    _with_groups(loaded, scheme, ("outpatient",))
