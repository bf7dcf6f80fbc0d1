"""`drgpay statements`: the workbook of each hospital of a paid month, with all of its cases.

The run is read once and its rows are laid down by hospital in a private folder; then each workbook is
made of the rows of its hospital alone, by one process a core, in bounded memory.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from errno import EIO
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import rights_like
from drgpay.base.language import Language, listed
from drgpay.base.progress import ProgressBar, no_progress
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.records.arrow_files import read_arrow, write_arrow
from drgpay.report.explanation import Rules
from drgpay.report.hospital_cases import CodeNames, Earlier, HospitalTables
from drgpay.report.statement_xlsx import (
    statement_parts,
    workbook_names,
    write_hospital_books,
)
from drgpay.report.summary_xlsx import book_date
from drgpay.results.case_records import CASE_RECORDS
from drgpay.results.part import STAYS, Part
from drgpay.results.results import Results
from drgpay.results.run_folder import PaidPart, RunFolder, open_month
from drgpay.results.run_tables import RunTables
from drgpay.results.tables import CASE_GROUPS
from drgpay.run.earlier_months import earlier_of
from drgpay.run.rendered import Schemes, reported_lightly
from drgpay.run.staging import staged_folder

_ERRORS = Sentences("errors/run")
_ROWS_AT_ONCE = 131_072
_ROWS = ".rows of hospitals"
"""The folder beside the one that is filled, in the same private folder."""


@dataclass(frozen=True, repr=False)
class WrittenStatements(Shown):
    """Where the workbooks lie, how many they are, and the runs that were compared, by month."""

    folder: Path
    hospitals: tuple[str, ...]
    earlier: Mapping[str, str]


@dataclass(frozen=True)
class _LightPart:
    """A part of the run without its cases, which each hospital has of its own."""

    results: Results
    rules: Rules
    code_system: str
    earlier: Earlier


def write_statements(
    folder: Path,
    language: Language,
    hospitals: Sequence[str] = (),
    out: Path | None = None,
    further: Sequence[Path] = (),
    processes: int | None = None,
    progress: ProgressBar = no_progress,
) -> WrittenStatements:
    """Write <out>/<hospital_id>.xlsx for each hospital of a month, or for those that are named.

    out: by default `<run>-statements` beside the run; it must not exist. further: runs of the month
    before and of the same month of the year before, by default the latest that lie beside the run.
    Raises DrgpayError for a folder that is no month, files that are not those of its manifest, an
    unknown hospital, and a run that is of another month.
    """
    run = open_month(folder)
    place = out or folder.resolve().with_name(f"{run.run_id}-statements")
    earlier_runs = earlier_of(run, further)
    parts = {
        part: RunTables(run.folder, run.manifest, part, [run.folder.parent]) for part in run.parts
    }
    due = _hospitals_due(run, parts, hospitals)
    with staged_folder(place, rights=rights_like(run.folder)) as staged:
        work = staged.with_name(_ROWS)
        work.mkdir()
        light = [_light(tables, earlier_runs.of(part)) for part, tables in parts.items()]
        numbers = {hospital: number for number, hospital in enumerate(due)}
        laid: dict[str, int] = {}
        for tables in parts.values():
            _lay_down(tables, numbers, work, laid)
        sizes = {hospital: _rows_of(number, laid) for hospital, number in numbers.items()}
        largest_first = sorted(due, key=lambda hospital: (-sizes[hospital], hospital))
        maker = _Maker(light, work, laid, staged, numbers, language)
        with progress("statements", len(due)) as advance:
            for _ in _each(maker, largest_first, processes):
                advance(1)
    return WrittenStatements(place, tuple(due), earlier_runs.named)


def _hospitals_due(
    run: RunFolder, parts: Mapping[Part, RunTables], wanted: Sequence[str]
) -> list[str]:
    known = sorted(
        {str(one) for tables in parts.values() for one in tables.statements["hospital_id"]}
    )
    unknown = [hospital for hospital in wanted if hospital not in known]
    if unknown:
        raise DrgpayError(
            *_ERRORS(
                "no_such_hospital", run=run.run_id, hospital=unknown[0], known=listed(known[:20])
            )
        )
    return sorted(set(wanted)) or known


def _light(tables: RunTables, earlier: Earlier) -> _LightPart:
    reported, code_system = reported_lightly(tables, Schemes())
    return _LightPart(reported.results, reported.rules, code_system, earlier)


def _lay_down(
    tables: RunTables, numbers: Mapping[str, int], work: Path, laid: dict[str, int]
) -> None:
    """The rows of each hospital as files of its own: <part>-<table>-<number>/<piece>.arrow.

    laid: gets how many there are, by the folder.
    """
    for table in _tables_of(tables):
        scan = tables.scan(table)
        for start in range(0, tables.rows(table), _ROWS_AT_ONCE):
            rows = scan.slice(start, _ROWS_AT_ONCE).collect()
            rows = rows.filter(pl.col("hospital_id").cast(pl.String).is_in([*numbers]))
            for (hospital,), mine in rows.partition_by(
                "hospital_id", as_dict=True, maintain_order=True
            ).items():
                name = f"{tables.part.name}-{table}-{numbers[str(hospital)]}"
                (work / name).mkdir(exist_ok=True)
                write_arrow(mine, work / name / f"{start:012}.arrow")
                laid[name] = laid.get(name, 0) + mine.height


def _rows_of(number: int, laid: Mapping[str, int]) -> int:
    return sum(rows for name, rows in laid.items() if name.endswith(f"-{number}"))


def _tables_of(tables: PaidPart) -> Iterator[str]:
    yield from ("cases", "quarantine")
    if tables.has(CASE_RECORDS):
        yield CASE_RECORDS
    if tables.part == STAYS:
        yield "adjustments"
        if tables.has(CASE_GROUPS):
            yield CASE_GROUPS


@dataclass(frozen=True)
class _Maker:
    """Makes the workbook of a hospital of its rows that were laid down: how many, by their folder."""

    parts: Sequence[_LightPart]
    work: Path
    laid: Mapping[str, int]
    out: Path
    numbers: Mapping[str, int]
    language: Language

    def make(self, hospital: str) -> str:
        """Write the workbook of one hospital."""
        made = []
        for light in self.parts:
            results, details = self._of(light, hospital)
            made.append(statement_parts(results, light.rules, self.language, {hospital: details}))
        created = book_date(self.parts[0].results.facts)
        names = workbook_names(self.numbers)
        write_hospital_books(made, created, self.out, self.language, names)
        return hospital

    def _of(self, light: _LightPart, hospital: str) -> tuple[Results, HospitalTables]:
        part, results = light.results.part, light.results

        def rows(table: str) -> pl.DataFrame | None:
            name = f"{part.name}-{table}-{self.numbers[hospital]}"
            if name not in self.laid:
                return None
            files = sorted((self.work / name).glob("*.arrow"))
            found = pl.concat(read_arrow(path) for path in files)
            if found.height != self.laid[name]:  # a workbook without its cases is worse than none
                raise OSError(EIO, os.strerror(EIO), str(self.work / name))
            return found

        mine = pl.col("hospital_id").cast(pl.String) == hospital
        frames = dict(results.frames)
        for table in ("cases", "quarantine", "adjustments", CASE_GROUPS):
            found = rows(table)
            if found is not None:
                frames[table] = found
        results = replace(results, frames=frames)
        records = rows(CASE_RECORDS)
        details = HospitalTables(
            part,
            hospital,
            results.statements.filter(mine),
            results.cases,
            results.adjustments,
            records,
            results["quarantine"],
            CodeNames(light.rules.group_names, light.code_system),
            light.earlier,
        )
        return results, details


_maker: _Maker | None = None


def _begin(maker: _Maker) -> None:
    global _maker
    _maker = maker


def _make(hospital: str) -> str:
    assert _maker is not None
    return _maker.make(hospital)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables for the processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _each(maker: _Maker, hospitals: Sequence[str], processes: int | None) -> Iterator[str]:
    """Make the workbooks, by as many processes as there are cores and hospitals."""
    count = min(processes or os.cpu_count() or 1, len(hospitals))
    if count <= 1:
        yield from map(maker.make, hospitals)
        return
    one_thread = {"POLARS_MAX_THREADS": "1"}
    with (
        _environment(one_thread),
        ProcessPoolExecutor(count, get_context("spawn"), _begin, (maker,)) as pool,
    ):
        yield from pool.map(_make, hospitals)
