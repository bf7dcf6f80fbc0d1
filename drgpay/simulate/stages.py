"""The stages of a state: grouped, checked, changed in volume, earned, settled; the run's own code.

Each is computed only if what it depends on differs from what is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from drgpay.errors import DrgpayError
from drgpay.grouper.grouped_stays import check_grouped, read_grouped_stays
from drgpay.grouper.scheme import Scheme
from drgpay.points.calibrate import calibrate
from drgpay.points.cases import EarnedPoints, points_of_stays
from drgpay.points.catalogue import Catalogue, load_catalogue, save_catalogue
from drgpay.policy.model import Policy
from drgpay.records.dataset import Dataset, RecordsInput
from drgpay.records.filings import Filings, without_quarantined
from drgpay.run.month_end import ProgressBar, no_progress
from drgpay.settle.month import Settled, settle_month
from drgpay.simulate.base import Base, records_key
from drgpay.simulate.cache import StageCache, digest_of, frame_hash
from drgpay.simulate.plan import Plan, base_plan
from drgpay.simulate.regroup import regrouped
from drgpay.simulate.volumes import with_volumes

STAY_COLUMNS = (
    *("case_id", "hospital_id", "person_id", "account", "out_of_area"),
    *("admission_date", "discharge_date", "settlement_date", "length_of_stay"),
    *("payment_unit", "bed_day_class", "complete"),
    *("total_fen", "fund_fen", "patient_fen", "other_fen"),
    *("status", "mdc", "adrg", "drg", "severity", "level"),
)
"""What of a checked stay points and settlement need."""

CUBE = ("hospital_id", "account", "status", "drg", "case_class")
CUBE_SUMS = (
    *("points", "total_fen", "standard_fen", "case_fund_fen"),
    *("fund_fen", "patient_fen", "other_fen"),
)


@dataclass(frozen=True)
class State:
    """A settled month under a plan, in scaled integers.

    stays: what was settled (STAY_COLUMNS, sorted by case_id). earned: points and adjustments.
    settled: cases, adjustments, statements, values. cube: sums of the cases by CUBE: cases and
    CUBE_SUMS.
    """

    plan: Plan
    catalogue: Catalogue
    stays: pl.DataFrame
    filings: Filings
    earned: EarnedPoints
    settled: Settled
    cube: pl.DataFrame


@dataclass(frozen=True)
class Checked:
    """The valid stays of a plan before changes of volume, and the ids in quarantine."""

    valid: pl.DataFrame
    quarantined: pl.DataFrame


class Stages:
    """Computes states of one base; what the base itself needs is kept between scenarios."""

    def __init__(
        self,
        base: Base,
        cache: StageCache,
        progress: ProgressBar = no_progress,
        threads: int | None = None,
    ) -> None:
        self.base = base
        self.cache = cache
        self._progress = progress
        self._threads = threads
        self._base_state: State | None = None

    @property
    def base_state(self) -> State:
        """The base, settled as its run was; kept by content like every other stage."""
        if self._base_state is None:
            self._base_state = self._base_from_cache()
        return self._base_state

    def state(self, plan: Plan) -> State:
        """The month under a plan; raises DrgpayError as the stages of a run do."""
        before = self.base_state
        key = self._earned_key(plan)
        if key == self._earned_key(before.plan):
            return self._settled(
                plan, before.catalogue, before.stays, before.filings, before.earned
            )
        catalogue = self.catalogue_of(plan)
        stays, filings = self.stays_of(plan)
        earned = points_of_stays(stays, catalogue, plan.policy.points, filings)
        return self._settled(plan, catalogue, stays, filings, earned)

    def stays_of(self, plan: Plan) -> tuple[pl.DataFrame, Filings]:
        """The stays of a plan, and the filings that concern them."""
        checked = self._checked(plan)
        filings, _ = without_quarantined(self.base.filings, checked.quarantined)
        stays = with_volumes(checked.valid, plan.volumes, plan.levels)
        return stays, _of_cases(filings, checked.valid, stays) if plan.volumes else filings

    def catalogue_of(self, plan: Plan) -> Catalogue:
        """The plan's catalogue, calibrated if it has none."""
        if plan.catalogue is not None:
            return plan.catalogue
        if plan.history is None:
            raise ValueError("a plan has a catalogue or a history")
        return self._calibrated(plan, plan.history)

    def _settled(
        self,
        plan: Plan,
        catalogue: Catalogue,
        stays: pl.DataFrame,
        filings: Filings,
        earned: EarnedPoints,
    ) -> State:
        settled = settle_month(
            earned.cases, earned.adjustments, plan.policy, self.base.job.period, filings.payments
        )
        return State(plan, catalogue, stays, filings, earned, settled, cube_of(settled.cases))

    def _base_from_cache(self) -> State:
        plan = base_plan(self.base)
        key = {
            "earned": self._earned_key(plan),
            "settlement": plan.policy.settlement.model_dump(mode="json"),
            "budget": plan.policy.budget.model_dump(mode="json") if plan.policy.budget else None,
        }
        with self.cache.prefetched("settled", key):
            catalogue = self.catalogue_of(plan)
            stays, filings = self.stays_of(plan)

        def make() -> dict[str, pl.DataFrame]:
            earned = points_of_stays(stays, catalogue, plan.policy.points, filings)
            state = self._settled(plan, catalogue, stays, filings, earned)
            return {
                "cases": state.settled.cases,
                "earned_adjustments": earned.adjustments,
                "adjustments": state.settled.adjustments,
                "statements": state.settled.statements,
                "values": state.settled.values,
                "cube": state.cube,
            }

        kept = self.cache.frames("settled", key, make)
        made = ("payment", "standard_fen", "case_fund_fen")
        earned = EarnedPoints(kept["cases"].drop(made), kept["earned_adjustments"])
        settled = Settled(kept["values"], kept["statements"], kept["cases"], kept["adjustments"])
        return State(plan, catalogue, stays, filings, earned, settled, kept["cube"])

    def _grouped_key(self, plan: Plan) -> Mapping[str, Any]:
        return {"records": self.base.records_key, "scheme": plan.compiled.scheme.content_hash}

    def _grouped(self, plan: Plan) -> pl.DataFrame:
        def make() -> pl.DataFrame:
            if plan.regroups and plan.touched is not None:
                before = self._grouped(base_plan(self.base))
                return regrouped(
                    self.base.dataset, before, plan.compiled, plan.touched, self._threads
                )
            dataset = self._dataset(plan.compiled.scheme)
            with self._progress("grouping", dataset.rows) as advance:
                return read_grouped_stays(dataset, plan.compiled, advance, self._threads)

        return self.cache.frame("grouped", self._grouped_key(plan), make)

    def _dataset(self, scheme: Scheme) -> Dataset:
        """The records, with codes translated for the scheme if the job asks for it."""
        if scheme.info.code_system == self.base.rules.scheme.info.code_system:
            return self.base.dataset
        return self.base.job.stays.open(scheme.info.code_system)

    def _checked_key(self, plan: Plan) -> Mapping[str, Any]:
        return {
            "grouped": self._grouped_key(plan),
            "levels": plan.levels,
            **_checks_key(plan.policy),
            "period": str(self.base.job.period),
        }

    def _checked(self, plan: Plan) -> Checked:
        def make() -> dict[str, pl.DataFrame]:
            grouped = self._grouped(plan)
            checked = check_grouped(
                grouped,
                plan.compiled,
                plan.policy,
                plan.hospitals,
                self.base.job.period.days,
                str(self.base.job.stays.path),
            )
            if not checked.valid.height:
                raise DrgpayError(
                    f"none of {grouped.height} stays is valid for {self.base.job.period}",
                    "correct the records or the scenario",
                )
            return {
                "valid": checked.valid.select(STAY_COLUMNS).sort("case_id"),
                "quarantined": checked.quarantine.select("case_id"),
            }

        kept = self.cache.frames("checked", self._checked_key(plan), make)
        return Checked(kept["valid"], kept["quarantined"])

    def _earned_key(self, plan: Plan) -> Mapping[str, Any]:
        inputs = self.base.basis["inputs"]
        return {
            "checked": self._checked_key(plan),
            "points": plan.policy.points.model_dump(mode="json"),
            "catalogue": self._catalogue_key(plan),
            "volumes": [volume.model_dump(mode="json") for _, volume in plan.volumes],
            "filings": [inputs.get(name) for name in ("reviews", "deductions", "technologies")],
        }

    def _catalogue_key(self, plan: Plan) -> object:
        if plan.catalogue is not None:
            return _content(plan.catalogue)
        return digest_of(self._calibration_key(plan, plan.history)) if plan.history else None

    def _history(self, history: RecordsInput, scheme: Scheme) -> Dataset:
        return history.open(scheme.info.code_system)

    def _calibration_key(self, plan: Plan, history: RecordsInput) -> Mapping[str, Any]:
        scheme = plan.compiled.scheme
        return {
            "history": records_key(self._history(history, scheme), history),
            "scheme": scheme.content_hash,
            "levels": plan.levels,
            **_checks_key(plan.policy),
            "calibration": plan.policy.calibration.model_dump(mode="json"),
        }

    def _calibrated(self, plan: Plan, history: RecordsInput) -> Catalogue:
        scheme = plan.compiled.scheme
        dataset = self._history(history, scheme)
        key = self._calibration_key(plan, history)
        place = self.cache.place("catalogue", key)
        if place is not None and place.is_dir():
            self.cache.used.append("catalogue")
            return load_catalogue(place, scheme)

        def make() -> pl.DataFrame:
            with self._progress("grouping", dataset.rows) as advance:
                grouped = read_grouped_stays(dataset, plan.compiled, advance, self._threads)
            checked = check_grouped(
                grouped, plan.compiled, plan.policy, plan.hospitals, None, str(history.path)
            )
            return checked.valid.select(STAY_COLUMNS)

        checked_key = {name: value for name, value in key.items() if name != "calibration"}
        valid = self.cache.frame("history", checked_key, make)
        made = calibrate(
            valid,
            dataset.rows,
            scheme,
            plan.policy,
            f"recalibrated-{digest_of(key)[:8]}",
            dataset.path.name,
        )
        self.cache.made.append("catalogue")
        if place is not None:
            from drgpay.run.staging import staged_folder

            with staged_folder(place) as staged:
                save_catalogue(made, staged)
        return made


def cube_of(cases: pl.DataFrame) -> pl.DataFrame:
    """The sums from which every table of groups is made: cases and CUBE_SUMS by CUBE, sorted."""
    return (
        cases.group_by(CUBE)
        .agg(pl.len().cast(pl.Int64).alias("cases"), pl.col(CUBE_SUMS).sum())
        .sort(CUBE)
    )


def _checks_key(policy: Policy) -> dict[str, Any]:
    return {
        "records": policy.records.model_dump(mode="json"),
        "bed_days": [row.model_dump(mode="json") for row in policy.points.bed_days],
    }


def _content(catalogue: Catalogue) -> list[str]:
    frames = (catalogue.groups, catalogue.coefficients, catalogue.bed_days)
    return [catalogue.info.model_dump_json(), *(frame_hash(frame) for frame in frames)]


def _of_cases(filings: Filings, before: pl.DataFrame, after: pl.DataFrame) -> Filings:
    """Without what is filed of cases that a change of volume left out."""
    gone = before.select("case_id").join(after, on="case_id", how="anti")["case_id"]
    kept = ~pl.col("case_id").is_in(gone.implode())
    return replace(
        filings,
        reviews=filings.reviews.filter(kept),
        deductions=filings.deductions.filter(kept),
        technologies=filings.technologies.filter(kept),
    )
