"""What records and groups are worth before anybody is paid by them."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from drgpay.api.arguments import checked
from drgpay.api.frames import Stays, Table, as_file, open_stays
from drgpay.api.grouping import SchemeLike, compiled_scheme
from drgpay.api.rules import HospitalsLike, PolicyLike, load_hospitals, loaded_policy
from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language, chosen
from drgpay.base.period import Period
from drgpay.base.words import Sentences
from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
from drgpay.points.trimming import kept
from drgpay.quality.difference_causes import with_causes
from drgpay.quality.month_quality import MonthQuality, month_quality
from drgpay.quality.nonspecific import DEFAULT_FILE, load_nonspecific
from drgpay.quality.reconcile import Reconciliation, reconcile
from drgpay.quality.statistics import Limits, Statistics, statistics
from drgpay.quality.weights import read_weights

_ERRORS = Sentences("errors/api")


@checked
def check_stays(
    stays: Stays,
    scheme: SchemeLike,
    policy: PolicyLike,
    hospitals: HospitalsLike,
    *,
    period: str | None = None,
    nonspecific: str | Path | None = None,
    mapping: str | None = None,
    encoding: str | None = None,
    clinical_codes: bool = False,
    language: Language | None = None,
    threads: int | None = None,
) -> MonthQuality:
    """Check records before they are paid, as `drgpay check` does; nothing is refused.

    period: the month of settlement, as "2026-10", by default any. nonspecific: patterns of
    diagnoses that say too little, by default the usual. Returns `findings`, `findings_by_hospital`,
    `hospitals`, `coding`, `weak_principals`, `untaken_principals`, and `rows` with a row a stay and
    finding; counts of stays, shares with 4 places. Raises DrgpayError for mistakes in the inputs.
    Source: docs/files.md, "Findings".
    """
    compiled = compiled_scheme(scheme)
    rules = loaded_policy(policy)
    dataset = open_stays(stays, compiled.code_system, mapping, encoding, clinical_codes, rules)
    return month_quality(
        read_grouped_stays(dataset, compiled, threads=threads),
        compiled.scheme,
        rules,
        load_hospitals(hospitals),
        Period.parse(period).days if period else None,
        sex_of_diagnosis(compiled),
        load_nonspecific(Path(nonspecific) if nonspecific else DEFAULT_FILE),
        str(dataset.path),
        language or chosen(),
        dataset.origin,
    )


@checked
def group_statistics(
    grouped: Table,
    *,
    hospitals: HospitalsLike | None = None,
    weights: str | Path | None = None,
    policy: PolicyLike | None = None,
    few_cases: int = 5,
    high_cv: str | Decimal = "1",
) -> Statistics:
    """Coverage, case mix, consumption and explained variance, as `drgpay stats` tells them.

    grouped: a frame or file with case_id, hospital_id, status, mdc, adrg, drg, total_cost (yuan)
    and length_of_stay (days): stays joined with their groups, or cases.parquet of a run. weights: a
    catalogue's folder or a CSV with drg and weight; policy: tells R2 after its trimming too.
    Returns `coverage`, `explained`, `hospitals`, `levels`, `groups`, `totals`; yuan, ratios with 4
    places. Raises DrgpayError for missing columns. Source: README.md, "drgpay stats".
    """
    named = load_hospitals(hospitals) if hospitals is not None else None
    trimmed = kept(loaded_policy(policy).calibration.trim) if policy is not None else None
    with as_file(grouped, "grouped_stays") as path:
        return statistics(
            path,
            named,
            read_weights(Path(weights)) if weights else None,
            trimmed,
            Limits(few_cases, _number(high_cv, "high_cv")),
        )


def _number(given: str | Decimal, called: str) -> Decimal:
    try:
        number = Decimal(given)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise DrgpayError(*_ERRORS("no_number", name=called, given=given))
    return number


@checked
def reconcile_groups(
    grouped: Table,
    official: Table,
    *,
    scheme: SchemeLike | None = None,
    stays: Stays | None = None,
    mapping: str | None = None,
    encoding: str | None = None,
    clinical_codes: bool = False,
) -> Reconciliation:
    """Compare our groups with those of an official grouper, as `drgpay reconcile` does.

    grouped: what `group_stays` gives. official: case_id and drg, if there adrg and mdc. With stays
    and scheme each difference has its cause. Returns `agreement` (share of cases by mdc, adrg,
    drg), `presence`, `only_ours`, `only_official`, and `differing` with a row a case: both groups,
    cause, rule_level, rule_group, rule_fields, rule_text, facts. Raises DrgpayError for missing
    columns, a case_id that occurs twice and tables without a common case.
    Source: both tables and the rules of the scheme.
    """
    compiled = compiled_scheme(scheme) if scheme is not None else None
    dataset = None
    if stays is not None and compiled:
        dataset = open_stays(stays, compiled.code_system, mapping, encoding, clinical_codes)
    with as_file(grouped, "groups") as ours, as_file(official, "official_groups") as theirs:
        found = reconcile(ours, theirs, compiled.scheme if compiled else None)
    return replace(found, differing=with_causes(found.differing, dataset, compiled))
