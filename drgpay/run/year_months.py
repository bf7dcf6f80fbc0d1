"""The paid months of a year: found, complete, unchanged, and settled by the same rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from drgpay.approval.replay import is_in_force
from drgpay.approval.state import history_of
from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.results.manifest import MANIFEST, Manifest, read_manifest
from drgpay.results.part import STAYS, VISITS, Part
from drgpay.results.run_folder import PaidPart, RunFolder, open_month
from drgpay.run.rules import AnyRules
from drgpay.run.year_job import AnyYearJob, MonthRuns, OutpatientYear, YearJob

_ERRORS = Sentences("errors/run")

MONTHS = 12
_NAMED = 3  # keys of a policy that have changed, in a sentence


@dataclass(frozen=True)
class PaidMonths:
    """A month of the year: the run that it was paid with, then its corrections in order."""

    runs: tuple[PaidPart, ...]

    @property
    def last(self) -> PaidPart:
        """The run that says what the month is now."""
        return self.runs[-1]


@dataclass(frozen=True)
class YearMonths:
    """The twelve months of the stays and of the visits that a year file clears, January first.

    None for what it does not clear. A month may have paid both in one run or each in its own.
    """

    stays: list[PaidMonths] | None
    visits: list[PaidMonths] | None

    @property
    def runs(self) -> list[MonthRuns]:
        """Every run of a month once, those of its stays before others."""
        parts = [part for part in (self.stays, self.visits) if part]
        return [
            MonthRuns(
                months[0].last.period,
                tuple(dict.fromkeys(run.folder for month in months for run in month.runs)),
            )
            for months in zip(*parts, strict=True)
        ]


def months_of_year(job: AnyYearJob) -> YearMonths:
    """The paid months of everything that a year file clears.

    Raises DrgpayError for a missing month, a month paid twice, a run that does not correct the one
    before it, and a folder that was changed since.
    """
    parts = _cleared_parts(job)
    chains = _chains(job, parts)
    return YearMonths(
        _with_part(job, chains, STAYS) if STAYS in parts else None,
        _with_part(job, chains, VISITS) if VISITS in parts else None,
    )


def _cleared_parts(job: AnyYearJob) -> list[Part]:
    parts = [STAYS] if isinstance(job, YearJob) else []
    return [*parts, VISITS] if job.outpatient else parts


def _chains(job: AnyYearJob, parts: Sequence[Part]) -> list[list[RunFolder]]:
    """The runs of each month that is listed, or found, with its corrections."""
    return [_opened(month) for month in job.months or _found(job, parts)]


def _with_part(
    job: AnyYearJob, chains: Sequence[Sequence[RunFolder]], part: Part
) -> list[PaidMonths]:
    """The months of the stays or the visits: of each the runs that settled them."""
    by_period: dict[str, PaidMonths] = {}
    for chain in chains:
        runs = tuple(run.of(part) for run in chain if part in run.parts)
        if not runs:
            continue
        period = runs[0].period
        if period in by_period:
            raise DrgpayError(*_ERRORS("month_listed_twice", path=job.path, period=period))
        by_period[period] = PaidMonths(runs)
    wanted = [f"{job.year:04d}-{month:02d}" for month in range(1, MONTHS + 1)]
    missing = [period for period in wanted if period not in by_period]
    other = sorted({chain[0].period for chain in chains} - set(wanted))
    if missing:
        key, periods = "lacking_months" if part == STAYS else "lacking_visits", listed(missing)
        key = "lacking_approved" if job.approved_alone else key
        raise DrgpayError(*_ERRORS(key, path=job.path, year=job.year, periods=periods))
    if other:
        odd = {"period": other[0], "year": job.year}
        raise DrgpayError(*_ERRORS("month_of_other_year", path=job.path, **odd))
    return [by_period[period] for period in wanted]


def _found(job: AnyYearJob, parts: Sequence[Part]) -> list[MonthRuns]:
    """The runs of the year in the output folder that settled one of `parts`, each with its chain
    of corrections; where the year file takes the approved ones, no others.
    """
    manifests: dict[Path, Manifest] = {}
    counts = _is_approved if job.approved_alone else _is_any
    for path in sorted(job.output.glob(f"[!.]*/{MANIFEST}")):
        manifest = read_manifest(path.parent)
        of_year = manifest.parts and manifest.period.startswith(f"{job.year:04d}-")
        if of_year and counts(path.parent):
            manifests[path.parent] = manifest
    found: dict[tuple[str, Part], Path] = {}
    months = []
    for folder, manifest in manifests.items():
        here = [part for part in manifest.parts if part in parts]
        if manifest.corrects or not here:
            continue
        period = manifest.period
        for part in here:
            if (period, part) in found:
                both = {"first": found[period, part].name, "second": folder.name}
                where = {"output": job.output, "path": job.path, "period": period}
                raise DrgpayError(*_ERRORS("two_runs", **where, **both))
            found[period, part] = folder
        months.append(MonthRuns(period, tuple(_chain(folder, manifests))))
    return months


def _is_approved(folder: Path) -> bool:
    return is_in_force(history_of(folder))


def _is_any(folder: Path) -> bool:
    return True


def unapproved(months: YearMonths) -> list[RunFolder]:
    """The runs that the months are cleared by, though they are not approved."""
    runs = {
        run.folder: run
        for part in (months.stays, months.visits)
        for month in part or ()
        for run in month.runs
    }
    return [run for run in runs.values() if not _is_approved(run.folder)]


def _chain(folder: Path, manifests: Mapping[Path, Manifest]) -> list[Path]:
    """A run and its corrections; two corrections of the same run are for the user to order."""
    chain = [folder]
    while True:
        last = manifests[chain[-1]].run_id
        following = [
            path
            for path, manifest in manifests.items()
            if manifest.corrects and manifest.corrects["run"] == last
        ]
        if len(following) > 1:
            names = _ERRORS.words("and").between(path.name for path in following)
            raise DrgpayError(*_ERRORS("two_corrections", names=names, run=last))
        if not following:
            return chain
        chain += following


def _opened(month: MonthRuns) -> list[RunFolder]:
    runs = [open_month(folder) for folder in month.runs]
    for run in runs:
        if run.period != month.period:
            periods = {"found": run.period, "period": month.period}
            raise DrgpayError(*_ERRORS("run_of_other_month", folder=run.folder, **periods))
    first = runs[0]
    if first.corrects:
        corrected = {"folder": first.folder, "corrected": first.corrects}
        raise DrgpayError(*_ERRORS("correction_first", **corrected))
    for before, run in pairwise(runs):
        if run.corrects != before.run_id:
            key = "corrects_another" if run.corrects else "corrects_nothing"
            runs_named = {"run": before.run_id, "corrected": run.corrects}
            raise DrgpayError(*_ERRORS(key, folder=run.folder, **runs_named))
    return runs


def keeps_accounts(outpatient: OutpatientYear, months: Sequence[PaidMonths]) -> bool:
    """Whether the year keeps accounts of contractors: by its own enrolment or the months'."""
    enrolled = [month.last.about.has_accounts for month in months]
    return outpatient.enrolment is not None or any(enrolled)


def refuse_other_rules(
    months: list[PaidMonths],
    rules: AnyRules,
    catalogue_sha256: str,
    accept_policy_change: bool,
) -> None:
    """Refuse months of another scheme or catalogue, and of another policy unless it is accepted.

    How the entries of visits are paid cannot change any more: the clearing takes their points from
    the months.
    """
    for month in months:
        for run in month.runs:
            for what, now in (
                ("scheme", rules.scheme.content_hash),
                ("catalogue", catalogue_sha256),
            ):
                if run.about.at(what, "sha256") != now:
                    other = {"folder": run.folder, "what": _ERRORS.words(what)}
                    raise DrgpayError(*_ERRORS("other_rules", **other))
            changed = changed_parameters(
                run.manifest.parameters,
                rules.loaded.policy.model_dump(mode="json"),
                run.part,
            )
            fixed = [path for path in changed if path.startswith(_FIXED_BY_MONTHS)]
            if fixed:
                key = fixed[0]
                raise DrgpayError(*_ERRORS("rules_of_visits_changed", folder=run.folder, key=key))
            if changed and not accept_policy_change:
                keys = listed(changed[:_NAMED])
                if len(changed) > _NAMED:
                    keys = _ERRORS.words("and_more_keys", keys=keys)
                raise DrgpayError(*_ERRORS("policy_changed", folder=run.folder, keys=keys))


_NOT_READ_BY: Mapping[Part, tuple[str, ...]] = {
    STAYS: ("clearing", "confirmation", "outpatient"),
    VISITS: ("clearing", "confirmation", "calibration", "points", "settlement", "budget"),
}
"""The sections of a policy by which no month of stays, or of visits, was paid."""

_PAYS_NOTHING = "policy.time_zone"
_SEVERITIES = "records.severity."

_FIXED_BY_MONTHS = tuple(
    f"outpatient.{key}"
    for key in (
        *("steps", "procedure_discount", "repeat_discount"),
        *("visit_types", "pharmacy_visits"),
    )
)


def changed_parameters(before: Any, now: Any, part: Part = STAYS, path: str = "") -> list[str]:
    """The dotted paths at which two policies differ; what only a clearing or other records read is
    left out, since no month of `part` was paid by it.
    """
    if isinstance(before, dict) and isinstance(now, dict):
        keys = dict.fromkeys([*before, *now])
        return [
            changed
            for key in keys
            if path or key not in _NOT_READ_BY[part]
            for changed in changed_parameters(
                before.get(key), now.get(key), part, f"{path}.{key}" if path else key
            )
        ]
    pays_alike = path == _PAYS_NOTHING or _warns_since(path, before, now)
    return [] if before == now or pays_alike else [path]


def _warns_since(path: str, before: Any, now: Any) -> bool:
    """Whether it is a check of records that the earlier program did not have and that refuses none."""
    return path.startswith(_SEVERITIES) and before is None and now in ("warn", "ignore")
