"""The paid months of a year: found, complete, unchanged, and settled by the same rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from drgpay.errors import DrgpayError
from drgpay.run.manifest import MANIFEST, read_manifest
from drgpay.run.rules import PaymentRules
from drgpay.run.stored import StoredMonth, open_month
from drgpay.run.year_job import MonthRuns, YearJob

MONTHS = 12


@dataclass(frozen=True)
class PaidMonths:
    """A month of the year: the run that it was paid with, then its corrections in order."""

    runs: tuple[StoredMonth, ...]

    @property
    def last(self) -> StoredMonth:
        """The run that says what the month is now."""
        return self.runs[-1]


def paid_months(job: YearJob) -> list[PaidMonths]:
    """The twelve months of a year file, January first.

    Raises DrgpayError for a missing month, a month paid twice, a run that does not correct the one
    before it, and a folder that was changed since.
    """
    months = [_opened(month) for month in job.months or _found(job)]
    by_period: dict[str, PaidMonths] = {}
    for month in months:
        period = month.last.period
        if period in by_period:
            raise DrgpayError(
                f"{job.path}: the month {period} is listed twice", "keep one [[months]] for it"
            )
        by_period[period] = month
    wanted = [f"{job.year:04d}-{month:02d}" for month in range(1, MONTHS + 1)]
    missing = [period for period in wanted if period not in by_period]
    other = sorted(set(by_period) - set(wanted))
    if missing:
        raise DrgpayError(
            f"{job.path}: the clearing of {job.year} lacks the run of {', '.join(missing)}",
            "settle these months first, or add their [[months]]",
        )
    if other:
        raise DrgpayError(
            f"{job.path}: {other[0]} is no month of {job.year}", "remove it from [[months]]"
        )
    return [by_period[period] for period in wanted]


def _found(job: YearJob) -> list[MonthRuns]:
    """The runs of the year in the output folder, each month with its chain of corrections."""
    manifests: dict[Path, dict[str, Any]] = {}
    for path in sorted(job.output.glob(f"[!.]*/{MANIFEST}")):
        manifest = read_manifest(path.parent)
        if manifest["kind"] == "month" and manifest["period"].startswith(f"{job.year:04d}-"):
            manifests[path.parent] = manifest
    firsts = [folder for folder, manifest in manifests.items() if not manifest["corrects"]]
    months: dict[str, MonthRuns] = {}
    for folder in firsts:
        period = manifests[folder]["period"]
        if period in months:
            raise DrgpayError(
                f"{job.output} holds two runs of {period}, {months[period].runs[0].name} and "
                f"{folder.name}",
                f"say in {job.path} with [[months]] which one was paid",
            )
        months[period] = MonthRuns(period, tuple(_chain(folder, manifests)))
    return list(months.values())


def _chain(folder: Path, manifests: Mapping[Path, Mapping[str, Any]]) -> list[Path]:
    """A run and its corrections; two corrections of the same run are for the user to order."""
    chain = [folder]
    while True:
        last = manifests[chain[-1]]["run"]
        following = [
            path
            for path, manifest in manifests.items()
            if manifest["corrects"] and manifest["corrects"]["run"] == last
        ]
        if len(following) > 1:
            names = " and ".join(path.name for path in following)
            raise DrgpayError(
                f"{names} both correct the run {last}",
                "say in the year file with [[months]] which corrections were paid",
            )
        if not following:
            return chain
        chain += following


def _opened(month: MonthRuns) -> PaidMonths:
    runs = [open_month(folder) for folder in month.runs]
    for run in runs:
        if run.period != month.period:
            raise DrgpayError(
                f"{run.folder} is a run of {run.period}, not of {month.period}",
                "correct its [[months]] in the year file",
            )
    if runs[0].corrects:
        raise DrgpayError(
            f"{runs[0].folder} is a correction of {runs[0].corrects}",
            "name the first run of the month as run and this one under corrections",
        )
    for before, run in pairwise(runs):
        if run.corrects != before.run_id:
            raise DrgpayError(
                f"{run.folder} does not correct {before.run_id}, but {run.corrects or 'nothing'}",
                "list the corrections of a month in their order",
            )
    return PaidMonths(tuple(runs))


def refuse_other_rules(
    months: list[PaidMonths], rules: PaymentRules, catalogue_sha256: str, accept_policy_change: bool
) -> None:
    """Refuse months of another scheme or catalogue, and of another policy unless it is accepted."""
    for month in months:
        for run in month.runs:
            manifest = run.manifest
            for what, now in (
                ("scheme", rules.scheme.content_hash),
                ("catalogue", catalogue_sha256),
            ):
                if manifest[what]["sha256"] != now:
                    raise DrgpayError(
                        f"{run.folder} was settled with another {what} than the year file names",
                        f"name the {what} that the months were paid with",
                    )
            changed = changed_parameters(
                manifest["policy"]["parameters"], rules.policy.model_dump(mode="json")
            )
            if changed and not accept_policy_change:
                shown = ", ".join(changed[:3]) + (", ..." if len(changed) > 3 else "")
                raise DrgpayError(
                    f"the policy changed after {run.folder} was settled: {shown}",
                    "restore it, or clear the whole year by the policy as it is now with "
                    "--accept-policy-change",
                )


def changed_parameters(before: Any, now: Any, path: str = "") -> list[str]:
    """The dotted paths at which two policies differ; what only a clearing or visits read is left
    out, since no month of stays was paid by it.
    """
    if isinstance(before, dict) and isinstance(now, dict):
        keys = dict.fromkeys([*before, *now])
        return [
            changed
            for key in keys
            if path or key not in ("clearing", "outpatient")
            for changed in changed_parameters(
                before.get(key), now.get(key), f"{path}.{key}" if path else key
            )
        ]
    return [] if before == now else [path]
