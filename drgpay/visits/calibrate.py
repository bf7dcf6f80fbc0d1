"""Calibration of APGs: the costs of past visits become a catalogue (docs/outpatient.md)."""

from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import Scheme
from drgpay.points.calibrate import group_means, group_table, mean_for_the_reader
from drgpay.points.catalogue import Catalogue, CatalogueInfo
from drgpay.points.coefficients import coefficient_table
from drgpay.policy.model import Policy
from drgpay.visits.costs import VisitCosts

_ERRORS = Sentences("errors/visits")


def calibrate_visits(
    costs: VisitCosts,
    visits_read: int,
    scheme: Scheme,
    policy: Policy,
    catalogue_id: str,
    source: str,
) -> Catalogue:
    """Make a catalogue of kind `apg`.

    costs: those of all valid visits (`VisitCosts.together`) of `visits_read`. The steps are those
    of inpatients, with an entry in the place of a stay: trimming, mean, stability, base points and
    coefficients; the mean over all is that of the eligible visits. Coefficients are of levels only,
    there are no bed days. Raises DrgpayError when no visit is eligible, and for
    calibration.mean_over = "stable".
    """
    rules = policy.for_outpatient().calibration
    if rules.mean_over != "all":
        raise DrgpayError(*_ERRORS("mean_over_stable"))
    if not costs.total_fen:
        raise DrgpayError(*_ERRORS("nothing_to_calibrate", source=source, visits=visits_read))
    counted = counted_cases(costs)
    groups = group_means(counted, rules)
    info = CatalogueInfo(
        id=catalogue_id,
        kind="apg",
        scheme=scheme.info.id,
        scheme_hash=scheme.content_hash,
        policy=policy.policy.id,
        source=source,
        stays_read=visits_read,
        stays_eligible=costs.eligible,
        stays_trimmed=counted.height - groups.kept.height,
        levels=tuple(counted["level"].drop_nulls().unique().sort()),
        all_total_fen=costs.total_fen,
        all_cases=costs.eligible,
        all_mean_yuan=mean_for_the_reader(costs.total_fen, costs.eligible),
    )
    return Catalogue(
        info,
        group_table(groups, Fraction(costs.total_fen, costs.eligible), rules),
        coefficient_table(groups.kept, groups.means, rules.coefficients, of_hospitals_too=False),
    )


def counted_cases(costs: VisitCosts) -> pl.DataFrame:
    """The cases of a calibration: drg, hospital_id, level as text, total_fen."""
    return costs.cases.with_columns(pl.col("drg", "hospital_id", "level").cast(pl.String))


def base_points_of(catalogue: Catalogue) -> pl.DataFrame:
    """The base points of a catalogue as `entries_of` takes them: apg, base_points."""
    return catalogue.groups.select("base_points", apg="drg")
