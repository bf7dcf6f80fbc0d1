"""The runs that a job or year file names as paid before: opened, compared with it, and read.

docs/points.md, "Earlier months". Returns and deductions are seen on the stays of these runs, and the
point values of a month are compared with those of the last of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.period import Period
from drgpay.base.words import Sentences
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.grouped_stays import read_grouped_stays
from drgpay.points.catalogue import load_catalogue
from drgpay.points.earlier_stays import LookingBack, look_back
from drgpay.points.known_returns import RETURN_COLUMNS, KnownStays
from drgpay.points.paid_again import PaidStays
from drgpay.records.dataset import Dataset
from drgpay.records.filings import Filings
from drgpay.records.meaning.rules import Reading
from drgpay.records.persons import persons_of_cases
from drgpay.report.point_notes import earlier_notes
from drgpay.results.manifest import MANIFEST, content_of, read_manifest
from drgpay.results.part import STAYS, Part
from drgpay.results.run_folder import PaidPart, RunFolder, filings_kept, open_run
from drgpay.run.basis import records_files, records_mapping
from drgpay.run.former_scheme import former_catalogue_of, with_former_groups
from drgpay.run.input_files import InputFiles
from drgpay.run.job import PreviousRun
from drgpay.run.kept_rules import catalogue_of, policy_kept
from drgpay.run.rules import StayRules

_ERRORS = Sentences("errors/run")


@dataclass(frozen=True)
class PreviousPaid:
    """A run that paid before. dataset, compiled: its stays and their scheme, None without stays."""

    given: PreviousRun
    run: RunFolder
    dataset: Dataset | None = None
    compiled: CompiledScheme | None = None

    @property
    def period(self) -> str:
        """The month, as 2026-10, or the year that was cleared."""
        return self.run.period

    @property
    def first_day(self) -> date:
        """The first day that it settled."""
        year, _, month = self.period.partition("-")
        return date(int(year), int(month or 1), 1)

    @property
    def next_month(self) -> Period:
        """The month after it."""
        year, _, month = self.period.partition("-")
        return Period(int(year), int(month)).next if month else Period(int(year) + 1, 1)


def open_months_before(
    path: Path,
    named: Sequence[PreviousRun],
    period: Period,
    reading: Reading,
    compiled: CompiledScheme | None,
    read: InputFiles | None = None,
) -> tuple[PreviousPaid, ...]:
    """The runs that the job `path` of a month names, the oldest first.

    compiled: the scheme of the job's stays, None where it settles visits alone. read: the files as
    they were hashed before; by default they are hashed now. Raises DrgpayError
    for a month that is named twice or lacks between them and the job's, a run that was changed, and
    stays that are not those that it was settled from.
    """
    read = read or InputFiles()
    opened = sorted(
        (_opened(one, reading, compiled, read) for one in named), key=lambda one: one.first_day
    )
    starts = [*(one.first_day for one in opened), period.days[0]]
    for one, following in zip(opened, starts[1:], strict=True):
        due = one.next_month.days[0]
        if following < due:
            again = {"following": f"{following:%Y-%m}", "month": period}
            raise DrgpayError(*_ERRORS("month_named_again", path=path, period=one.period, **again))
        if following > due:
            gap = {"due": f"{due:%Y-%m}", "month": period}
            raise DrgpayError(*_ERRORS("month_left_out", path=path, period=one.period, **gap))
    return tuple(opened)


def open_year_before(
    path: Path,
    named: Sequence[PreviousRun],
    year: int,
    reading: Reading,
    compiled: CompiledScheme,
    read: InputFiles,
) -> tuple[PreviousPaid, ...]:
    """The clearing of the year before that a year file names; raises DrgpayError for another run.

    read: as in `open_months_before`.
    """
    opened = tuple(_opened(one, reading, compiled, read) for one in named)
    for one in opened:
        if not one.run.manifest.is_clearing or one.period != str(year - 1):
            named_run = {"folder": one.run.folder, "year": year - 1}
            raise DrgpayError(*_ERRORS("no_clearing_before", path=path, **named_run))
    return opened


def _opened(
    given: PreviousRun, reading: Reading, compiled: CompiledScheme | None, read: InputFiles
) -> PreviousPaid:
    run = open_run(given.run)
    if given.stays is None or compiled is None:
        return PreviousPaid(given, run)
    own = _scheme_of(given, run.of(STAYS), compiled)
    dataset = given.stays.open(own.scheme.info.code_system, reading)
    refuse_other_stays(run, dataset, read)
    return PreviousPaid(given, run, dataset, own)


def _scheme_of(given: PreviousRun, run: PaidPart, compiled: CompiledScheme) -> CompiledScheme:
    about = run.about.scheme
    if compiled.scheme.content_hash == about["sha256"]:
        return compiled
    other = load_compiled(given.scheme) if given.scheme else compiled
    if other.scheme.content_hash != about["sha256"]:
        schemes = {"scheme": about["id"], "given": given.scheme}
        raise DrgpayError(*_ERRORS("other_scheme_before", folder=run.folder, **schemes))
    return other


def refuse_other_stays(run: RunFolder, dataset: Dataset, read: InputFiles) -> None:
    """The persons of a run's cases are in the records that it was settled from, and in no others."""
    inputs = run.manifest.inputs
    if "stays" not in inputs:
        raise DrgpayError(*_ERRORS("no_records_before", folder=run.folder))
    now = [records_files(dataset, read), records_mapping(dataset, read)]
    if content_of(now) != content_of([inputs["stays"], inputs["mapping"]]):
        other = {"path": dataset.path, "folder": run.folder}
        raise DrgpayError(*_ERRORS("other_records_before", **other))


@dataclass(frozen=True)
class Before:
    """The stays of the runs that paid before, and what they tell the run that looks back.

    opened: the runs, the oldest first. paid: their stays with what was made of them.
    """

    opened: tuple[PreviousPaid, ...]
    paid: tuple[PaidStays, ...]

    @classmethod
    def of(cls, opened: Sequence[PreviousPaid]) -> "Before":
        """Read those that have stays."""
        with_stays = tuple(one for one in opened if one.dataset)
        return cls(with_stays, tuple(_paid_stays(one) for one in with_stays))

    def mine(self, filings: Filings, valid: pl.Series, output: Path) -> Filings:
        """The filings of the run's own stays, without the deductions of earlier ones.

        valid: the case_ids of the run's stays. Raises DrgpayError for a deduction of a case that is
        neither, with the run of `output` that has it.
        """
        earlier = pl.concat(
            [pl.Series([], dtype=pl.String), *(one.known.stays["case_id"] for one in self.paid)]
        )
        mine = pl.col("case_id").is_in(valid.implode())
        on_earlier = filings.deductions.filter(~mine)
        unknown = on_earlier.filter(~pl.col("case_id").is_in(earlier.implode())).sort("case_id")
        if unknown.height:
            _refuse_unknown_case(unknown["case_id"][0], filings, output)
        return replace(filings, deductions=filings.deductions.filter(mine))

    def looking_back(
        self,
        stays: pl.DataFrame,
        filings: Filings,
        rules: StayRules,
        period: str,
        own: Dataset | None,
    ) -> LookingBack:
        """What is found on the stays of these runs and of the run itself (`look_back`).

        stays: of the run, RETURN_COLUMNS and person_id. filings: with the deductions of earlier stays.
        own: the records of the run, needed where a scheme has changed.
        """
        points, compiled = rules.policy.points, rules.compiled
        known = KnownStays(
            period, stays, filings, points, compiled.exempt, compiled.scheme.content_hash
        )

        def regroup(number: int, scheme_of: int) -> pl.DataFrame:
            datasets = [*(one.dataset for one in self.opened), own]
            schemes = [*(one.compiled for one in self.opened), compiled]
            dataset, scheme = datasets[number], schemes[scheme_of]
            assert dataset is not None and scheme is not None
            return read_grouped_stays(dataset, scheme).select("case_id", "drg")

        return look_back(self.paid, known, regroup)


def _paid_stays(one: PreviousPaid) -> PaidStays:
    run = one.run.of(STAYS)
    assert one.dataset is not None and one.compiled is not None
    policy = policy_kept(run)
    stays = run.scaled("cases", RETURN_COLUMNS).join(
        persons_of_cases(one.dataset), on="case_id", how="left", maintain_order="left"
    )
    filings = filings_kept(run)
    known = KnownStays(
        one.period,
        stays,
        filings,
        policy.points,
        frozenset(run.manifest.at("exempt_groups")),
        run.about.scheme["sha256"],
    )
    return PaidStays(
        known,
        lambda concerned: with_former_groups(
            run, run.scaled("cases").filter(pl.col("case_id").is_in(concerned.implode()))
        ),
        run.scaled("adjustments"),
        load_catalogue(catalogue_of(run), one.compiled.scheme),
        one.given.k,
        former_catalogue_of(run),
    )


def _refuse_unknown_case(case_id: str, filings: Filings, output: Path) -> None:
    """Name the run of the output folder that paid the case, if there is one."""
    there = next((run for run in _runs_of(output) if _has_case(run, case_id)), None)
    filed = {"path": filings.deductions_path, "case_id": case_id}
    if there is None:
        raise DrgpayError(*_ERRORS("deduction_of_none", **filed))
    paid = {"run": there.name, "period": read_manifest(there).period}
    raise DrgpayError(*_ERRORS("deduction_of_earlier", **filed, **paid))


def _runs_of(output: Path) -> list[Path]:
    return sorted(path.parent for path in output.glob(f"[!.]*/{MANIFEST}"))


def _has_case(folder: Path, case_id: str) -> bool:
    path = folder / "cases.parquet"
    if not path.is_file():
        return False
    cases = pl.scan_parquet(path, glob=False).filter(pl.col("case_id") == case_id)
    return bool(cases.select("case_id").collect().height)


def values_before(
    opened: Sequence[PreviousPaid], part: Part, basis: Mapping[str, Any]
) -> Mapping[str, Decimal] | None:
    """The values of the month before by pool, of the last of these runs.

    basis: of the run that looks back, of visits its `outpatient`. None where the last run has another
    scheme or catalogue, no such part, or is a clearing.
    """
    last = opened[-1].run if opened else None
    if last is None or last.manifest.is_clearing or part not in last.parts:
        return None
    run = last.of(part)
    same = all(
        run.about.at(what, "sha256") == basis[what]["sha256"] for what in ("scheme", "catalogue")
    )
    return run.values_of_pools() if same else None


def refuse_k_in_phase_in(rules: StayRules, opened: Sequence[PreviousPaid]) -> None:
    """In a phase-in points stay on the former scale: raise DrgpayError for a k of a run before."""
    if rules.policy.points.phase_in is None:
        return
    for one in opened:
        if one.given.k:
            path = rules.loaded.path
            raise DrgpayError(*_ERRORS("k_in_phase_in", path=path, run=one.run.folder))


def _corrected_since(opened: Sequence[PreviousPaid]) -> list[tuple[str, str]]:
    """The runs that another run beside them corrects, with that one: they were not the last word."""
    beside = dict.fromkeys(one.run.folder.parent for one in opened)
    corrections = [
        (about["run"], folder)
        for place in beside
        for folder in _runs_of(place)
        if (about := read_manifest(folder).corrects)
    ]
    return [
        (one.run.run_id, folder.name)
        for one in opened
        for corrected, folder in corrections
        if corrected == one.run.run_id and folder.parent == one.run.folder.parent
    ]


def _without_k(opened: Sequence[PreviousPaid], basis: Mapping[str, Any]) -> list[str]:
    """The periods whose points are those of another catalogue, without a k that says what they are
    worth now.
    """
    if (basis["policy"]["parameters"]["points"]).get("phase_in"):
        return []  # its points are on the scale of the catalogue before
    now = basis["catalogue"]["sha256"]
    return [
        one.period
        for one in opened
        if one.dataset and one.run.manifest.at("catalogue", "sha256") != now and not one.given.k
    ]


def notes_on_earlier(
    opened: Sequence[PreviousPaid],
    basis: Mapping[str, Any],
    value_compared: bool,
    language: Language,
) -> tuple[str, ...]:
    """What a month says of the runs that it names as paid before (report/point_notes.py)."""
    with_stays = [one for one in opened if one.dataset]
    return earlier_notes(
        with_stays[0].first_day if with_stays else None,
        value_compared,
        _corrected_since(opened),
        _without_k(opened, basis),
        language,
    )
