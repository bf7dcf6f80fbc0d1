"""The runs of a year whose months a report compares: those beside a month, or those that a clearing closes."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import sees_file
from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.results.manifest import MANIFEST
from drgpay.results.part import Part
from drgpay.results.run_folder import PaidPart, RunFolder, month_at

_ERRORS = Sentences("errors/report")


def months_of(runs: Iterable[RunFolder], part: Part) -> list[PaidPart]:
    """The last runs that have a part, seen from it, by month; a year comes after its months."""
    last = {run.period: run.of(part) for run in runs if part in run.parts}
    return [run for _, run in sorted(last.items(), key=lambda one: ("-" not in one[0], one[0]))]


def runs_of_the_year(run: RunFolder, given: Iterable[Path]) -> list[RunFolder]:
    """The run and those given with it, by month.

    Raises DrgpayError if one is of another year or region or has no part of the run, or if a part
    of a month comes twice.
    """
    if run.manifest.is_clearing:
        runs = [month_at(path) for path in given]
        for other in runs:
            if other.manifest.evidence not in _closed(run).values():
                raise DrgpayError(*_ERRORS("not_closed", path=other.folder, folder=run.folder))
        return _closed_by(run, runs)
    months: dict[tuple[str, Part], RunFolder] = {(run.period, part): run for part in run.parts}
    found = {run.run_id: run}
    for path in given:
        other = month_at(path)
        if other.period[:4] != run.period[:4]:
            periods = {"other": other.period, "period": run.period, "year": run.period[:4]}
            raise DrgpayError(*_ERRORS("other_year", path=path, folder=run.folder, **periods))
        region = run.manifest.region
        if other.manifest.region != region:
            regions = {"other": other.manifest.region, "region": region}
            raise DrgpayError(*_ERRORS("other_region", path=path, folder=run.folder, **regions))
        shared = [part for part in run.parts if part in other.parts]
        if not shared:
            parts = {"others": _named(other.parts), "parts": _named(run.parts)}
            raise DrgpayError(*_ERRORS("other_parts", path=path, folder=run.folder, **parts))
        for part in shared:
            known = months.setdefault((other.period, part), other)
            if known.run_id != other.run_id:
                both = {"folder": known.folder, "path": path}
                raise DrgpayError(*_ERRORS("month_twice", period=other.period, **both))
        found.setdefault(other.run_id, other)
    return sorted(found.values(), key=lambda other: (other.period, other.run_id))


def runs_beside(run: RunFolder) -> list[RunFolder]:
    """The run and, of the other months of its year, the latest run that lies beside it.

    That is the latest with all parts of the run; if a month has none, the latest with each part.
    Runs of another region, and what this version cannot read, are passed over. Beside a clearing they
    are the runs that it closes.
    """
    if run.manifest.is_clearing:
        return _closed_by(run, _readable(run.folder.resolve().parent / one for one in _closed(run)))
    months: dict[str, list[tuple[int, str, RunFolder]]] = {}
    year = run.period[:4]
    for folder in run.folder.resolve().parent.iterdir():
        if folder.name.startswith(".") or not sees_file(folder / MANIFEST):
            continue
        other = next(_readable([folder]), None)
        if other is None:
            continue
        fits = (other.period[:4], other.manifest.region) == (year, run.manifest.region)
        if not fits or other.period == run.period:
            continue
        written = (folder / MANIFEST).stat().st_mtime_ns
        months.setdefault(other.period, []).append((written, other.run_id, other))
    found = {run.run_id: run}
    for runs in months.values():
        latest_first = [other for _, _, other in sorted(runs, key=lambda one: one[:2])[::-1]]
        whole = next((other for other in latest_first if set(run.parts) <= set(other.parts)), None)
        for part in run.parts:
            having = (other for other in latest_first if part in other.parts)
            chosen = whole or next(having, None)
            if chosen:
                found[chosen.run_id] = chosen
    return sorted(found.values(), key=lambda other: (other.period, other.run_id))


def _closed(run: RunFolder) -> dict[str, str]:
    """The evidence of the runs that a clearing closes, in their order: a correction after what it corrects."""
    months = run.manifest.inputs["months"]
    return {one["run"]: one["evidence"] for month in months for one in month["runs"]}


def _closed_by(run: RunFolder, runs: Iterable[RunFolder]) -> list[RunFolder]:
    """A clearing behind those of some runs that it closes."""
    given = {other.manifest.evidence: other for other in runs}
    return [*(given[one] for one in _closed(run).values() if one in given), run]


def _readable(folders: Iterable[Path]) -> Iterator[RunFolder]:
    """The runs of months among some folders that this version can read."""
    for folder in folders:
        try:
            run = month_at(folder)
            for part in run.parts:
                run.of(part).scan("values")
        except DrgpayError:
            continue
        yield run


def _named(parts: Iterable[Part]) -> Words:
    return _ERRORS.words("part_and_part").between(part.said for part in parts)
