"""The files of a run: what its folder holds besides the manifest (docs/files.md)."""

import gc
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from drgpay.base.language import Language
from drgpay.points.catalogue import Catalogue, save_catalogue
from drgpay.records.filings import Filings
from drgpay.records.writing import write_frame
from drgpay.report.clearing_books import YearOfStays, YearOfVisits, write_clearing_books
from drgpay.report.explanation import Rules
from drgpay.report.run_books import SettledStays, SettledVisits, write_run_books
from drgpay.results.clearing import ClearingTables, VisitClearingTables
from drgpay.results.columns import written
from drgpay.results.filing_files import FILING_COLUMNS
from drgpay.results.month import MonthTables
from drgpay.results.visits import VisitTables
from drgpay.run.rules import PaymentRules
from drgpay.run.visit_clearing import year_visit_frames
from drgpay.run.visit_rules import VisitPaymentRules
from drgpay.run.visit_run import visit_frames

CATALOGUE, VISIT_CATALOGUE = "catalogue", "visit_catalogue"
"""The folders of the catalogues in a run."""


@dataclass(frozen=True)
class PaidStays:
    """The settled stays of a run, with what they were paid by."""

    tables: MonthTables
    rules: PaymentRules
    filings: Filings
    counts: Mapping[str, int]


@dataclass(frozen=True)
class PaidVisits:
    """The settled visits of a run, with what they were paid by."""

    tables: VisitTables
    rules: VisitPaymentRules
    counts: Mapping[str, int]


def write_month(
    stays: PaidStays | None, visits: PaidVisits | None, folder: Path, language: Language
) -> None:
    """Write the results of a month into the folder of its run; at least one part is there.

    Parquet is written beside the workbooks: one is the work of polars, the other of Python.
    """
    frames: dict[str, pl.DataFrame] = {}
    catalogues: dict[str, Catalogue] = {}
    if stays:
        frames |= _stay_frames(stays)
        catalogues[CATALOGUE] = stays.rules.catalogue
    if visits:
        frames |= visit_frames(visits.tables, visits.rules.enrolment)
        catalogues[VISIT_CATALOGUE] = visits.rules.catalogue
    with _written_beside(frames, catalogues, folder):
        write_run_books(
            _books_of_stays(stays) if stays else None,
            _books_of_visits(visits) if visits else None,
            folder,
            language,
        )


def _stay_frames(stays: PaidStays) -> dict[str, pl.DataFrame]:
    tables = stays.tables
    frames = {name: getattr(tables, name) for name in _MONTH_TABLES}
    if tables.differences:
        frames["differences"] = tables.differences.cases
        frames["difference_statements"] = tables.differences.statements
    if tables.stay_rules is not None:
        frames["stay_rules"] = tables.stay_rules
    return frames | _filing_frames(stays.filings)


def _filing_frames(filings: Filings) -> dict[str, pl.DataFrame]:
    """The filings that the points of cases come from: with them they can be reckoned again."""
    return {
        name: written(getattr(filings, name), columns) for name, columns in FILING_COLUMNS.items()
    }


def _books_of_stays(stays: PaidStays) -> SettledStays:
    return SettledStays(stays.tables, _explained_by(stays.rules))


def _books_of_visits(visits: PaidVisits) -> SettledVisits:
    rules = visits.rules
    return SettledVisits(
        visits.tables, _explained_by(rules), rules.outpatient.capitation, rules.enrolment
    )


_MONTH_TABLES = (
    "cases",
    "adjustments",
    "statements",
    "values",
    "ledger",
    "quarantine",
    "warnings",
)
_CLEARING_TABLES = ("pools", "statements", "cases", "adjustments", "assessment", "ledger")


@contextmanager
def _written_beside(
    frames: Mapping[str, pl.DataFrame], catalogues: Mapping[str, Catalogue], folder: Path
) -> Iterator[None]:
    """Write frames as Parquet, and catalogues, in a thread while the block writes workbooks.

    The catalogues lie in the run, so that every case can be recomputed from its folder alone.
    """

    def write() -> None:
        for name, frame in frames.items():
            write_frame(frame, folder / f"{name}.parquet")
        for name, catalogue in catalogues.items():
            (folder / name).mkdir()
            save_catalogue(catalogue, folder / name)

    with ThreadPoolExecutor(1) as pool, _no_garbage_collected():
        done = pool.submit(write)
        yield
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


@dataclass(frozen=True)
class ClearedStays:
    """The cleared stays of a year, with what they were paid by.

    prepayments: of each month and line, as clearing_statement_parts takes them. filings: of the year.
    """

    tables: ClearingTables
    rules: PaymentRules
    prepayments: pl.DataFrame
    filings: Filings


@dataclass(frozen=True)
class ClearedVisits:
    """The cleared visits of a year, as ClearedStays; enrolment: that of the year, if any."""

    tables: VisitClearingTables
    rules: VisitPaymentRules
    prepayments: pl.DataFrame
    enrolment: pl.DataFrame | None


def write_clearing(
    stays: ClearedStays | None, visits: ClearedVisits | None, folder: Path, language: Language
) -> None:
    """Write the results of a clearing into the folder of its run; at least one part is there."""
    frames: dict[str, pl.DataFrame] = {}
    catalogues: dict[str, Catalogue] = {}
    if stays:
        frames |= {name: getattr(stays.tables, name) for name in _CLEARING_TABLES}
        frames |= _filing_frames(stays.filings)
        catalogues[CATALOGUE] = stays.rules.catalogue
    if visits:
        frames |= year_visit_frames(visits.tables, visits.enrolment)
        catalogues[VISIT_CATALOGUE] = visits.rules.catalogue
    with _written_beside(frames, catalogues, folder):
        write_clearing_books(
            YearOfStays(stays.tables, _explained_by(stays.rules), stays.prepayments)
            if stays
            else None,
            YearOfVisits(
                visits.tables, _explained_by(visits.rules), visits.prepayments, visits.enrolment
            )
            if visits
            else None,
            folder,
            language,
        )


def _explained_by(rules: PaymentRules | VisitPaymentRules) -> Rules:
    return Rules(rules.policy.settlement, rules.group_names, rules.catalogue.all_mean_fen)
