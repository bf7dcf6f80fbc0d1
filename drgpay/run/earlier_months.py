"""The runs that a month is compared with: the month before, and the same month of the year before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import sees_file
from drgpay.base.period import Period
from drgpay.base.words import Sentences
from drgpay.report.hospital_cases import LAST_MONTH, LAST_YEAR, Earlier, month_sums
from drgpay.results.case_records import CASE_RECORDS
from drgpay.results.manifest import MANIFEST
from drgpay.results.part import STAYS, Part
from drgpay.results.run_folder import RunFolder, month_at

_ERRORS = Sentences("errors/run")


@dataclass(frozen=True)
class EarlierRuns:
    """Runs by LAST_MONTH and LAST_YEAR; what is not known is not there."""

    runs: Mapping[str, RunFolder]

    @property
    def named(self) -> dict[str, str]:
        """Their ids."""
        return {key: run.run_id for key, run in self.runs.items()}

    def of(self, part: Part) -> Earlier:
        """What those that settled a part say of it."""
        found = {}
        for key, run in self.runs.items():
            if part not in run.parts:
                continue
            paid = run.of(part)
            records = part == STAYS and paid.has(CASE_RECORDS)
            found[key] = month_sums(
                paid.scan("statements"),
                paid.scan("cases"),
                paid.scan(CASE_RECORDS) if records else None,
                part,
            )
        return found


def earlier_of(run: RunFolder, given: Sequence[Path]) -> EarlierRuns:
    """The runs that are given, else of both months the latest of the region beside the run.

    Raises DrgpayError for one that is of another month or another region.
    """
    wanted = {period: key for key, period in _periods(run.period).items()}
    if given:
        named: dict[str, RunFolder] = {}
        for path in given:
            other = month_at(path)
            if other.period not in wanted or other.manifest.region != run.manifest.region:
                raise DrgpayError(
                    *_ERRORS(
                        "not_an_earlier_month",
                        path=path,
                        period=other.period,
                        region=other.manifest.region,
                        months=" / ".join(wanted),
                    )
                )
            named[wanted[other.period]] = other
        return EarlierRuns(named)
    found: dict[str, tuple[int, str, RunFolder]] = {}
    for folder in sorted(run.folder.resolve().parent.iterdir()):
        beside = _readable(folder)
        if (
            beside is None
            or beside.period not in wanted
            or beside.manifest.region != run.manifest.region
        ):
            continue
        written = ((folder / MANIFEST).stat().st_mtime_ns, beside.run_id, beside)
        key = wanted[beside.period]
        found[key] = max(found.get(key, written), written, key=lambda one: one[:2])
    return EarlierRuns({key: one[2] for key, one in found.items()})


def _readable(folder: Path) -> RunFolder | None:
    """The run of a month in a folder, if this version can read its cases."""
    if folder.name.startswith(".") or not sees_file(folder / MANIFEST):
        return None
    try:
        run = month_at(folder)
        for part in run.parts:
            run.of(part).scan("cases")
        return run
    except DrgpayError:
        return None


def _periods(period: str) -> dict[str, str]:
    month = Period.parse(period)
    before = Period(month.year - 1, 12) if month.month == 1 else Period(month.year, month.month - 1)
    return {LAST_MONTH: str(before), LAST_YEAR: str(Period(month.year - 1, month.month))}
