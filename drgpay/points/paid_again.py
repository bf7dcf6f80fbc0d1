"""Stays of an earlier run, paid once more: what they earn with all that is known by now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.points.adjustments import Step, adjust
from drgpay.points.age_factors import base_of
from drgpay.points.catalogue import Catalogue
from drgpay.points.deductions import deduction_steps
from drgpay.points.extra_points import tcm_changes, technology_changes
from drgpay.points.formulas import Terms, class_formulas
from drgpay.points.known_returns import KnownStays
from drgpay.points.phase_in import former_cases, on_scale, phase_in_changes
from drgpay.points.pricing import exact_points, priced_cases
from drgpay.points.readmission import KIND as READMISSION
from drgpay.points.readmission import readmission_changes
from drgpay.points.reviews import KIND as REVIEW
from drgpay.points.reviews import (
    discharges,
    granted_reviews,
    quota_places,
    quotas,
    review_changes,
)
from drgpay.points.volume import capped_cases, volume_changes

_ERRORS = Sentences("errors/points")


@dataclass(frozen=True)
class PaidStays:
    """The stays of an earlier run, and what it made of them.

    cases: reads the cases (EarnedPoints.cases, with payment, and FORMER_COLUMNS where a phase-in paid a
    share of former points) whose case_id is in a series. former: the catalogue of these.
    adjustments: those of the run (ADJUSTMENT_SCHEMA). factors: by account k, by which points of this
    run are divided to be points of the run that looks back; 1 where an account has none.
    """

    known: KnownStays
    cases: Callable[[pl.Series], pl.DataFrame]
    adjustments: pl.DataFrame
    catalogue: Catalogue
    factors: Mapping[str, Fraction] = field(default_factory=dict)
    former: Catalogue | None = None

    @property
    def own_returns(self) -> pl.DataFrame:
        """The returns that the run itself has seen: case_id, readmission_case_id, return_in."""
        seen = self.adjustments.filter(pl.col("kind") == READMISSION)
        return seen.select("case_id", "return_in", readmission_case_id="evidence")


@dataclass(frozen=True)
class PaidAgain:
    """Some stays of an earlier run with the steps that make their points.

    cases: sorted by case_id, EarnedPoints.cases with payment. exact: as `adjust` takes it. before and
    after: the steps before and behind that of readmission.
    """

    paid: PaidStays
    cases: pl.DataFrame
    exact: pl.DataFrame
    before: Sequence[Step]
    after: Sequence[Step]

    @classmethod
    def of(cls, paid: PaidStays, concerned: pl.Series) -> "PaidAgain":
        """The stays of a run whose case_id is in `concerned`."""
        known, catalogue, points = paid.known, paid.catalogue, paid.known.points
        cases = paid.cases(concerned).sort("case_id")
        formulas = class_formulas(catalogue, points)
        nobody = pl.lit(None, pl.String).alias("person_id")
        priced = priced_cases(cases.with_columns(nobody), catalogue, points, formulas)
        # Whom a quota refused has no row of an approved review.
        granted = paid.adjustments.filter(pl.col("kind") == REVIEW)["case_id"]
        reviews = known.filings.reviews.filter(pl.col("case_id").is_in(granted.implode()))
        every = points.reviews.model_copy(update={"over_quota": "report"})
        terms = Terms.of(catalogue, points.model_copy(update={"reviews": every}))
        filed = replace(known.filings, reviews=reviews)
        quota = quotas(discharges(priced), every)
        places = quota_places(granted_reviews(priced, filed, every), quota)
        reviewed = review_changes(priced, filed, terms, places)
        before = former_cases(priced, paid.former, points)
        base, technologies = on_scale(base_of(points), points), known.filings.technologies
        return cls(
            paid,
            cases,
            exact_points(priced, formulas),
            [
                *reviewed,
                *phase_in_changes(priced, before, catalogue, points, reviewed),
                *volume_changes(
                    [capped_cases(known.stays, cap) for cap in points.volume_caps],
                    points.volume_caps,
                ),
            ],
            [
                *technology_changes(priced, points.new_technologies, technologies, base),
                *tcm_changes(priced, points.tcm),
            ],
        )

    def deduction_steps(self, brought: pl.DataFrame) -> list[Step]:
        """The steps of deductions (DEDUCTION_SCHEMA), by the policy that the stays were paid by.

        Raises DrgpayError for a kind that it does not have.
        """
        points = self.paid.known.points
        known = [row.kind for row in points.deductions]
        unknown = brought.filter(~pl.col("kind").is_in(known))
        if unknown.height:
            case, kind = unknown["case_id"][0], unknown["kind"][0]
            period = self.paid.known.period
            raise DrgpayError(*_ERRORS("deduction_of_paid", case=case, kind=kind, period=period))
        base = on_scale(base_of(points), points)
        return deduction_steps(self.cases, points.deductions, brought, base)

    def points(
        self, returns: pl.DataFrame, deductions: Sequence[Step] = ()
    ) -> tuple[pl.Series, pl.DataFrame]:
        """The points of the cases where these are followed, and all rows (`adjust`).

        returns: case_id, readmission_case_id.
        """
        followed = readmission_changes(returns, self.paid.known.points.readmission)
        return adjust(self.exact, [*self.before, *followed, *self.after, *deductions])

    def as_paid(self) -> pl.DataFrame:
        """What the run paid: the cases with `own`, their points before deductions, and `own_final`.

        Raises DrgpayError if they do not come out again.
        """
        kinds = [row.kind for row in self.paid.known.points.deductions]
        changes = (
            self.paid.adjustments.filter(
                (pl.col("applies_to") == "case") & ~pl.col("kind").is_in(kinds)
            )
            .group_by("case_id")
            .agg(pl.col("points").sum().alias("change"))
        )
        cases = self.cases.join(changes, on="case_id", how="left", maintain_order="left").select(
            *("case_id", "hospital_id", "account", "out_of_area", "payment"),
            own=pl.col("points_before") + pl.col("change").fill_null(0),
            own_final="points",
        )
        again, _ = self.points(self.paid.own_returns)
        wrong = cases.filter(again != cases["own"])
        if wrong.height:
            case, period = wrong["case_id"][0], self.paid.known.period
            raise DrgpayError(*_ERRORS("points_differ", case=case, period=period))
        return cases
