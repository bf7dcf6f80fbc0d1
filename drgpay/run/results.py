"""The results of a part made and written: what the folder of a run holds besides the manifest."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import polars as pl

from drgpay.base.language import Language
from drgpay.points.catalogue import Catalogue, save_catalogue
from drgpay.records.writing import write_coded_frames, write_frame, write_frames
from drgpay.report.books import ReportedPart, write_books
from drgpay.report.explanation import Rules
from drgpay.report.hospital_cases import CodeNames
from drgpay.results.case_records import CASE_RECORDS, case_records_table
from drgpay.results.part import Part
from drgpay.results.payees import payee_frames
from drgpay.results.results import (
    Results,
    RunFacts,
    booking_frames,
    case_frames,
    cases_table,
    line_frames,
)
from drgpay.results.tables import FORMER_GROUPS
from drgpay.run.former_scheme import FORMER_CATALOGUE
from drgpay.run.rules import AnyRules
from drgpay.settle.booking import Booked
from drgpay.settle.settled import Settled


def results_of(
    run_id: str,
    period: str,
    rules: AnyRules,
    settled: Settled,
    booked: Booked,
    counts: Mapping[str, int] | None = None,
    frames: Mapping[str, pl.DataFrame] | None = None,
    beside: Mapping[str, pl.DataFrame] | None = None,
    notes: Sequence[str] = (),
    files: Mapping[str, Path] | None = None,
) -> Results:
    """The tables of a settled part. period: the month, as 2026-10, or the year.

    files: where tables lie that were written on the way; if the cases are not among them, they are in
    `settled`.

    counts: of a month read, valid, quarantined, warnings, and of visits those of their lines.
    frames: tables beside those that settlement and booking give. beside, notes: as in Results.
    """
    facts = facts_of(run_id, period, rules, counts or {})
    made = {
        **case_frames(rules.part, settled, without_cases="cases" in (files or {})),
        **line_frames(settled, rules.policy, rules.hospitals),
        **booking_frames(rules.part, booked.ledger, booked.differences),
        **payee_frames(rules.hospitals),
        **(frames or {}),
    }
    return Results(rules.part, facts, made, beside or {}, tuple(notes), files or {})


def write_cases(
    part: Part,
    year: bool,
    cases: Iterable[pl.DataFrame],
    folder: Path,
    coded: Mapping[str, pl.Enum] | None = None,
) -> Path:
    """Write cases.parquet of buckets of cases (Settled.cases) in order, at least one; returns where it
    lies.

    coded: the columns that are stored as numbers of texts, with all their texts.
    """
    tables = (cases_table(part, bucket, year) for bucket in cases)
    return _written(tables, folder / f"{part.file('cases')}.parquet", coded)


def records_path(folder: Path) -> Path:
    """Where `write_records` puts its file."""
    return folder / f"{CASE_RECORDS}.parquet"


def write_records(records: Iterable[pl.DataFrame], folder: Path) -> Path:
    """The same of case_records.parquet: CheckedStays.records."""
    return _written(map(case_records_table, records), records_path(folder))


def _written(
    tables: Iterator[pl.DataFrame], path: Path, coded: Mapping[str, pl.Enum] | None = None
) -> Path:
    first = next(tables)
    whole = chain([first], tables)
    if coded is None:
        write_frames(whole, first.schema, path)
    else:
        mine = {name: coded[name] for name in first.columns if name in coded}
        write_coded_frames(whole, first.schema, path, mine)
    return path


def facts_of(run_id: str, period: str, rules: AnyRules, counts: Mapping[str, int]) -> RunFacts:
    """What reports say of a part of a run as a whole."""
    policy, scheme = rules.policy, rules.scheme
    return RunFacts(
        run_id=run_id,
        period=period,
        region=policy.policy.region,
        policy=f"{policy.policy.name}（{policy.policy.id}）",
        scheme=f"{scheme.info.name}（{scheme.info.id}）",
        catalogue=rules.catalogue.info.id,
        method=policy.settlement.method,
        value_places=policy.settlement.value_places,
        deducted_points=policy.settlement.deducted_points,
        counts=counts,
    )


def reported(results: Results, rules: AnyRules) -> ReportedPart:
    """A part as its workbooks are made of it."""
    mean = rules.catalogue.all_mean_fen
    names = CodeNames(rules.group_names, rules.scheme.info.code_system)
    return ReportedPart(results, Rules.of(rules.policy, rules.group_names, mean), names)


def write_results(
    results: Sequence[Results],
    rules: Sequence[AnyRules],
    folder: Path,
    language: Language,
    case_sheets: bool = False,
    late: Sequence[Callable[[], object]] = (),
) -> None:
    """Write the results of the parts, at least of one, into the folder of their run.

    case_sheets: whether the workbooks of hospitals name their cases. late: write files that no workbook
    reads unless it names the cases.

    rules: of each of the results. Parquet is written beside the workbooks: one is the work of
    polars, the other of Python. The catalogues lie in the run, so that every case can be recomputed
    from its folder alone.
    """
    frames: dict[str, pl.DataFrame] = {}
    catalogues: dict[str, Catalogue] = {}
    for one, by in zip(results, rules, strict=True):
        frames |= {one.part.file(name): frame for name, frame in one.frames.items()}
        catalogues[one.part.file("catalogue")] = by.catalogue
        if one.part.file(FORMER_GROUPS) in frames and by.former:
            catalogues[FORMER_CATALOGUE] = by.former.catalogue

    def write() -> None:
        for name, frame in frames.items():
            write_frame(frame, folder / f"{name}.parquet")
        for name, catalogue in catalogues.items():
            (folder / name).mkdir()
            save_catalogue(catalogue, folder / name)
        for write_file in beside:
            write_file()

    beside = [] if case_sheets else late
    if case_sheets:
        for write_file in late:
            write_file()
    with ThreadPoolExecutor(1) as pool, _no_garbage_collected():
        done = pool.submit(write)
        books = [reported(one, by) for one, by in zip(results, rules, strict=True)]
        write_books(books, folder, language, case_sheets)
        done.result()


@contextmanager
def _no_garbage_collected() -> Iterator[None]:
    """A workbook is a hundred thousand cells that all stay alive: looking for garbage among them
    is a seventh of the time of writing it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
