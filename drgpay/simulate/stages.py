"""The stages of a state: grouped, checked, changed in volume, earned, settled; the run's own code.

Each is computed only if what it depends on differs from what is kept.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.progress import ProgressBar, no_progress
from drgpay.base.words import Sentences
from drgpay.grouper.grouped_stays import FORMER_COLUMNS, check_grouped, read_grouped_stays
from drgpay.grouper.official_groups import GroupedBefore
from drgpay.points.calibrate import calibrate
from drgpay.points.cases import EarnedPoints, points_of_stays, returns_of
from drgpay.points.catalogue import Catalogue, load_catalogue, save_catalogue
from drgpay.points.readmission import previous_stays
from drgpay.policy.model import Policy
from drgpay.records.checks import CheckedStays
from drgpay.records.dataset import Dataset, RecordsInput
from drgpay.records.filings import Filings, without_quarantined
from drgpay.records.findings import REFUSED_SCHEMA
from drgpay.records.meaning.rules import Reading
from drgpay.run.former_scheme import former_of
from drgpay.run.rules import FormerScheme
from drgpay.run.stay_year import stays_of_year
from drgpay.run.stops import by_hospital
from drgpay.settle.settled import Settled
from drgpay.simulate.base import Base, BaseRecords, levels_of_month, records_key
from drgpay.simulate.cache import StageCache, digest_of, frame_hash
from drgpay.simulate.plan import Plan, base_plan
from drgpay.simulate.regroup import regrouped
from drgpay.simulate.volumes import with_volumes

_ERRORS = Sentences("errors/simulate")

_T = TypeVar("_T")

STAY_COLUMNS = (
    *("case_id", "hospital_id", "person_id", "account", "out_of_area"),
    *("admission_date", "discharge_date", "settlement_date", "length_of_stay"),
    *("payment_unit", "bed_day_class", "complete", "age", "age_days"),
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
    """A settled month or cleared year under a plan, in scaled integers.

    stays: what was settled (STAY_COLUMNS, sorted by case_id). earned: points and adjustments.
    settled: cases, adjustments, statements, values (settling.py of a year). cube: sums of the cases
    by CUBE: cases and CUBE_SUMS.
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
    """The valid stays of a plan before changes of volume, and the ids in quarantine.

    refused, unknown: what is refused and what no table knows, in sums (CheckedStays); none of stays
    as months have paid them, which their runs were stopped at.
    """

    valid: pl.DataFrame
    quarantined: pl.DataFrame
    refused: pl.DataFrame
    unknown: pl.DataFrame


@dataclass(frozen=True)
class Among:
    """What the points of some stays have to know of all: the returns, and `discharges`."""

    returns: pl.DataFrame
    discharges: pl.DataFrame


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
        self.progress = progress
        self.threads = threads
        self._base_state: State | None = None
        self._remembered: dict[str, tuple[str, Any]] = {}
        self._paired: tuple[pl.DataFrame, tuple[pl.DataFrame, pl.DataFrame]] | None = None
        self._histories: dict[tuple[RecordsInput, str, Reading], Dataset] = {}
        self._keeping = True

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Keep nothing but what was grouped: a sweep asks for what nobody asks for again."""
        self._keeping = False
        try:
            yield
        finally:
            self._keeping = True

    @property
    def base_state(self) -> State:
        """The base, settled as its run was; kept by content like every other stage."""
        if self._base_state is None:
            self._base_state = self._base_from_cache()
        return self._base_state

    def remembered(self, name: str, key: Mapping[str, Any], make: Callable[[], _T]) -> _T:
        """What `make` gives, in memory as long as it is asked for with the same key."""
        digest = digest_of(key)
        if name not in self._remembered or self._remembered[name][0] != digest:
            self._remembered[name] = digest, make()
        found: _T = self._remembered[name][1]
        return found

    def state(self, plan: Plan) -> State:
        """The month under a plan; raises DrgpayError as the stages of a run do."""
        before = self.base_state
        key = self._earned_key(plan)
        if key == self._earned_key(before.plan):
            if _paid_alike(plan.policy, before.plan.policy):
                return replace(before, plan=plan)
            return self._settled(
                plan, before.catalogue, before.stays, before.filings, before.earned
            )
        catalogue = self.catalogue_of(plan)
        stays, filings = self.stays_of(plan)
        earned = self.earned(plan, catalogue, stays, filings)
        return self._settled(plan, catalogue, stays, filings, earned)

    def stays_of(self, plan: Plan) -> tuple[pl.DataFrame, Filings]:
        """The stays of a plan, and the filings that concern them."""
        checked = self._checked(plan)
        filings, _ = without_quarantined(self.base.filings, checked.quarantined)
        stays = with_volumes(checked.valid, plan.volumes, plan.levels)
        return stays, _of_cases(filings, checked.valid, stays) if plan.volumes else filings

    def refused_of(self, plan: Plan) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What the checks of a plan refuse (REFUSED_SCHEMA), and its stays with unknown codes."""
        checked = self._checked(plan)
        return checked.refused, checked.unknown

    def earned(
        self,
        plan: Plan,
        catalogue: Catalogue,
        stays: pl.DataFrame,
        filings: Filings,
        among: Among | None = None,
    ) -> EarnedPoints:
        """The points of stays, with the rows that the base has on stays of earlier months.

        among: of some stays alone, what is known of all.
        """
        former = self.former(plan)
        earned = points_of_stays(
            stays,
            catalogue,
            plan.policy.points,
            filings,
            exempt=plan.compiled.exempt,
            returns=among.returns if among else self.returns(plan, stays, filings),
            former=former.catalogue if former else None,
            counted=among.discharges if among else None,
        )
        earlier = self.base.earlier
        if not earlier.height:
            return earned
        rows = pl.concat([earned.adjustments, earlier]).sort("case_id", "step", maintain_order=True)
        return replace(earned, adjustments=rows)

    def former(self, plan: Plan) -> FormerScheme | None:
        """The scheme before, where the plan pays a share of its points."""
        loaded = replace(self.base.rules.loaded, policy=plan.policy)
        periods = (str(period) for period in self.base.settling.periods())
        return former_of(replace(self.base.rules, loaded=loaded), periods)

    def returns(self, plan: Plan, stays: pl.DataFrame, filings: Filings) -> pl.DataFrame:
        """The stays that a return follows, those that lie in runs before the base among them."""
        points, exempt = plan.policy.points, plan.compiled.exempt
        pairs, before = self.pairs(stays)
        return returns_of(stays, points, filings, exempt, before, pairs)

    def pairs(self, stays: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What no parameter moves: `previous_stays`, and of the stays those of `returns_before`.

        Found once as long as the stays are the same.
        """
        if self._paired is None or self._paired[0] is not stays:
            before = self.base.returns_before
            if before.height:
                before = before.join(stays, on="case_id", how="semi")
            self._paired = stays, (previous_stays(stays), before)
        return self._paired[1]

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
        settled = self.base.settling.settle(
            earned.cases, earned.adjustments, plan.policy, filings.payments, plan.levels
        )
        return State(plan, catalogue, stays, filings, earned, settled, cube_of(settled.cases))

    def _base_from_cache(self) -> State:
        plan, inputs = base_plan(self.base), self.base.basis["inputs"]
        policy = plan.policy.model_dump(mode="json")
        key = {
            "earned": self._earned_key(plan),
            "earlier": frame_hash(self.base.earlier),
            "returns_before": frame_hash(self.base.returns_before),
            **{name: policy[name] for name in ("settlement", "budget")},
            **({"clearing": policy["clearing"], "inputs": inputs} if self.base.year else {}),
        }
        with self.cache.prefetched("settled", key):
            catalogue = self.catalogue_of(plan)
            stays, filings = self.stays_of(plan)

        def make() -> dict[str, pl.DataFrame]:
            earned = self.earned(plan, catalogue, stays, filings)
            state = self._settled(plan, catalogue, stays, filings, earned)
            settled = {field.name: getattr(state.settled, field.name) for field in fields(Settled)}
            return {**settled, "earned_adjustments": earned.adjustments, "cube": state.cube}

        kept = self.cache.frames("settled", key, make)
        made = ("payment", "standard_fen", "case_fund_fen")
        earned = EarnedPoints(kept["cases"].drop(made), kept["earned_adjustments"])
        settled = Settled(**{field.name: kept[field.name] for field in fields(Settled)})
        return State(plan, catalogue, stays, filings, earned, settled, kept["cube"])

    def _grouped_key(self, plan: Plan, records: BaseRecords) -> Mapping[str, Any]:
        return {
            "records": records.key,
            "reading": asdict(Reading.of(plan.policy.records)),
            "scheme": plan.compiled.scheme.content_hash,
            **self._former_key(plan),
        }

    def _former_key(self, plan: Plan) -> dict[str, str]:
        former = self.former(plan)
        return {"former": former.compiled.scheme.content_hash} if former else {}

    def _grouped(self, plan: Plan, records: BaseRecords) -> pl.DataFrame:
        def make() -> pl.DataFrame:
            if plan.regroups and plan.touched is not None:
                before = self._grouped(base_plan(self.base), records)
                return regrouped(records.dataset, before, plan.compiled, plan.touched, self.threads)
            # Codes are translated for the scheme, if the job asks for it.
            system = plan.compiled.scheme.info.code_system
            reading = Reading.of(plan.policy.records)
            same = system == records.code_system and reading == records.reading
            dataset = records.dataset if same else records.open(system, reading)
            return self._read(dataset, plan, self.former(plan))

        return self.cache.frame("grouped", self._grouped_key(plan, records), make)

    def _read(
        self, dataset: Dataset, plan: Plan, former: FormerScheme | None = None
    ) -> pl.DataFrame:
        before = former.compiled if former else None
        with self.progress("grouping", dataset.rows) as advance:
            return read_grouped_stays(dataset, plan.compiled, advance, self.threads, former=before)

    def _checked_key(self, plan: Plan) -> Mapping[str, Any]:
        """What `_checked` depends on; of a year as it was paid the evidence of its months."""
        levels = {"levels": plan.levels}
        if self._as_paid(plan):
            inputs = self.base.basis["inputs"]
            names = ("months", "stays", "mapping", "encoding")
            return {**levels, "paid": {name: inputs.get(name) for name in names}}
        return {
            "grouped": [self._grouped_key(plan, records) for records in self.base.records],
            **self._groups_key(),
            **levels,
            **_checks_key(plan.policy),
            "period": self.base.period,
        }

    def _groups_key(self) -> Mapping[str, Any]:
        """What official groups, and the rule by which they pay, depend on."""
        inputs = self.base.basis["inputs"]
        given = {name: inputs[name] for name in ("groups", "months") if name in inputs}
        return {"groups": given} if given else {}

    def _as_paid(self, plan: Plan) -> bool:
        """Whether the stays are those that the months of a year have paid."""
        return (
            self.base.year is not None
            and not plan.regroups
            and _checks_key(plan.policy) == _checks_key(self.base.rules.policy)
        )

    def _checked(self, plan: Plan) -> Checked:
        if self._as_paid(plan):
            key = self._checked_key(base_plan(self.base))
            kept = self.cache.frames("paid", key, self._paid)
            return replace(Checked(**kept), valid=self._with_levels(kept["valid"], plan))
        key = self._checked_key(plan)
        kept = self.cache.frames("checked", key, lambda: self._checked_again(plan), self._keeping)
        return Checked(**kept)

    def _paid(self) -> dict[str, pl.DataFrame]:
        assert self.base.year is not None
        stays = stays_of_year(self.base.year)
        return {
            "valid": stays.select(_needed(stays)).sort("case_id"),
            "quarantined": stays.select("case_id").clear(),
            "refused": pl.DataFrame(schema=REFUSED_SCHEMA),
            "unknown": by_hospital(stays.clear()),
        }

    def _with_levels(self, stays: pl.DataFrame, plan: Plan) -> pl.DataFrame:
        """The level of each hospital whose level the plan changes, in all months."""
        before = base_plan(self.base).levels
        changed = {one: now for one, now in plan.levels.items() if now != before.get(one)}
        if not changed:
            return stays
        level = pl.col("hospital_id").replace_strict(changed, default=pl.col("level"))
        return stays.with_columns(level=level)

    def _checked_again(self, plan: Plan) -> dict[str, pl.DataFrame]:
        months = [self._checked_month(plan, records) for records in self.base.records]
        valid = pl.concat([month.valid.select(_needed(month.valid)) for month in months])
        valid = valid.sort("case_id")
        quarantined = pl.concat([month.quarantine.select("case_id") for month in months])
        if self.base.year:
            _refuse_twice(valid)
            if self.base.year.persons is None:
                # It then knows the persons of the months' readmissions alone.
                paid = self._checked(base_plan(self.base)).valid
                valid = valid.with_columns(persons_of(valid, paid))
        if not valid.height:
            job = self.base.job.path
            raise DrgpayError(*_ERRORS("no_valid_stay", job=job, period=self.base.period))
        keys = ["hospital_id", "code", "outside"]
        refused = pl.concat([month.refused for month in months]).group_by(keys)
        unknown = pl.concat([month.unknown for month in months]).group_by("hospital_id")
        return {
            "valid": valid,
            "quarantined": quarantined,
            "refused": refused.agg(pl.col("rows", "total_fen").sum()).sort(keys),
            "unknown": unknown.agg(pl.col("rows", "total_fen").sum()).sort("hospital_id"),
        }

    def _checked_month(self, plan: Plan, records: BaseRecords) -> CheckedStays:
        hospitals = plan.hospitals
        if self.base.year:
            before = levels_of_month(self.base, records.period)
            paid = hospitals.select("hospital_id").join(
                before, on="hospital_id", how="left", maintain_order="left"
            )
            level = paid["level"].zip_with(paid["level"].is_not_null(), hospitals["level"])
            hospitals = self._with_levels(hospitals.with_columns(level), plan)
        return check_grouped(
            self._grouped(plan, records),
            plan.compiled,
            plan.policy,
            hospitals,
            records.period.days,
            str(records.given.path),
            official=records.official,
            before=self._before(plan, records),
        )

    def _before(self, plan: Plan, records: BaseRecords) -> GroupedBefore | None:
        """The stays as the base groups them, where official groups meet a changed scheme."""
        if not plan.regroups or records.official is None:
            return None
        base = base_plan(self.base)
        return GroupedBefore(self._grouped(base, records), base.compiled)

    def _earned_key(self, plan: Plan) -> Mapping[str, Any]:
        return {"points": plan.policy.points.model_dump(mode="json"), **self.stays_key(plan)}

    def stays_key(self, plan: Plan) -> Mapping[str, Any]:
        """What points depend on beside [points]: stays, filings, catalogue."""
        inputs = self.base.basis["inputs"]
        return {
            "checked": self._checked_key(plan),
            "exempt": sorted(plan.compiled.exempt),
            "catalogue": self._catalogue_key(plan),
            **self._former_catalogue_key(plan),
            "volumes": [volume.model_dump(mode="json") for _, volume in plan.volumes],
            "filings": [inputs.get(name) for name in ("reviews", "deductions", "technologies")],
        }

    def _catalogue_key(self, plan: Plan) -> object:
        if plan.catalogue is not None:
            return _content(plan.catalogue)
        return digest_of(self._calibration_key(plan, plan.history)) if plan.history else None

    def _former_catalogue_key(self, plan: Plan) -> dict[str, list[str]]:
        former = self.former(plan)
        return {"former_catalogue": _content(former.catalogue)} if former else {}

    def _history(self, plan: Plan, history: RecordsInput) -> Dataset:
        system, reading = plan.compiled.scheme.info.code_system, Reading.of(plan.policy.records)
        key = (history, system, reading)
        if key not in self._histories:
            self._histories[key] = history.open(system, reading)
        return self._histories[key]

    def _history_key(self, plan: Plan, history: RecordsInput) -> Mapping[str, Any]:
        """What the grouped stays of past years depend on."""
        scheme = plan.compiled.scheme
        return {
            "history": records_key(self._history(plan, history), replace(history, groups=None)),
            "reading": asdict(Reading.of(plan.policy.records)),
            "scheme": scheme.content_hash,
        }

    def _calibration_key(self, plan: Plan, history: RecordsInput) -> Mapping[str, Any]:
        return {
            **self._history_key(plan, history),
            "history": records_key(self._history(plan, history), history),
            "levels": plan.levels,
            **_checks_key(plan.policy),
            "calibration": plan.policy.calibration.model_dump(mode="json"),
        }

    def _calibrated(self, plan: Plan, history: RecordsInput) -> Catalogue:
        scheme = plan.compiled.scheme
        dataset = self._history(plan, history)
        key = self._calibration_key(plan, history)
        kept = self.cache.kept_folder("catalogue", key, lambda place: load_catalogue(place, scheme))
        if kept is not None:
            self.cache.used.append("catalogue")
            return kept

        def make() -> pl.DataFrame:
            grouped = self.cache.frame(
                "history", self._history_key(plan, history), lambda: self._read(dataset, plan)
            )
            checked = check_grouped(
                grouped,
                plan.compiled,
                plan.policy,
                plan.hospitals,
                None,
                str(history.path),
                official=history.groups.open() if history.groups else None,
            )
            by = ["group_source"] if history.groups else []
            return checked.valid.select(*STAY_COLUMNS, *by)

        checked_key = {name: value for name, value in key.items() if name != "calibration"}
        valid = self.cache.frame("checked_history", checked_key, make, self._keeping)
        made = calibrate(
            valid,
            dataset.rows,
            scheme,
            plan.policy,
            f"recalibrated-{digest_of(key)[:8]}",
            dataset.path.name,
        )
        self.cache.made.append("catalogue")
        if self._keeping:
            self.cache.keep_folder("catalogue", key, lambda place: save_catalogue(made, place))
        return made


def _paid_alike(one: Policy, other: Policy) -> bool:
    """Whether the same points come to the same money."""
    rules = ("settlement", "budget", "clearing")
    accounts = one.records.accounts == other.records.accounts
    return accounts and all(getattr(one, name) == getattr(other, name) for name in rules)


def _needed(stays: pl.DataFrame) -> list[str]:
    """STAY_COLUMNS, and FORMER_COLUMNS where a phase-in asks for it."""
    return [*STAY_COLUMNS, *(name for name in FORMER_COLUMNS if name in stays.columns)]


def cube_of(cases: pl.DataFrame) -> pl.DataFrame:
    """The sums from which every table of groups is made: cases and CUBE_SUMS by CUBE, sorted."""
    return (
        cases.group_by(CUBE)
        .agg(pl.len().cast(pl.Int64).alias("cases"), pl.col(CUBE_SUMS).sum())
        .sort(CUBE)
    )


def _refuse_twice(stays: pl.DataFrame) -> None:
    twice = stays.filter(pl.col("case_id").is_duplicated())
    if twice.height:
        raise DrgpayError(*_ERRORS("valid_in_two_months", case=twice["case_id"][0]))


def persons_of(cases: pl.DataFrame, stays: pl.DataFrame) -> pl.Series:
    """The person_id that stays give to cases, in the order of the cases."""
    if cases["case_id"].equals(stays["case_id"]):
        return stays["person_id"]
    known = stays.select("case_id", "person_id")
    both = cases.select("case_id").join(known, on="case_id", how="left", maintain_order="left")
    return both["person_id"]


def _checks_key(policy: Policy) -> dict[str, Any]:
    return {
        "records": policy.records.model_dump(mode="json"),
        "bed_days": [row.model_dump(mode="json") for row in policy.points.bed_days],
        "stay_rules": [policy.points.incomplete_if, policy.points.outside_drg_if],
        # What months have paid without factors by age holds no ages.
        "ages": bool(policy.points.age_factors),
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
