"""Find a finished run and read what paid one of its cases."""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import has_file, sees_file
from drgpay.base.language import listed
from drgpay.base.words import Sentences
from drgpay.explain.code_names import CodeNames
from drgpay.explain.stays import find_case
from drgpay.explain.trace import Trace
from drgpay.explain.tracing import explain_stay
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.scheme import Scheme
from drgpay.points.catalogue import Catalogue, load_catalogue
from drgpay.points.formulas import class_formulas
from drgpay.policy.model import Policy
from drgpay.report.case import PaidCase
from drgpay.report.case_money import LineParts, keys_of
from drgpay.report.case_points import Formulas
from drgpay.results.manifest import MANIFEST, sharing
from drgpay.results.part import STAYS
from drgpay.results.run_folder import PaidPart, RunFolder
from drgpay.results.run_tables import CannotCheckError, RunTables
from drgpay.run.job import Job, load_job
from drgpay.run.kept_rules import catalogue_of, policy_kept, scheme_kept, unreadable
from drgpay.settle.lines import LINE

_ERRORS = Sentences("errors/run")

_NEAR = 3  # ids that a message proposes
_NEIGHBOURS = 100  # ids on each side in the order of ids
_SUMMED = ("points", "total_cost", "patient_cost", "other_cost", "fund_cost")


def find_run(name: str, output: Path) -> Path:
    """The folder of a run: named by its path, or in `output` by its id or the beginning of it.

    Raises DrgpayError if no run, or more than one, begins like that.
    """
    if has_file(Path(name) / MANIFEST, sharing()):
        return Path(name)
    folders = sorted(output.iterdir()) if output.is_dir() else []
    runs = [
        path for path in folders if not path.name.startswith(".") and sees_file(path / MANIFEST)
    ]
    found = [path for path in runs if path.name.startswith(name)]
    exact = [path for path in found if path.name == name]
    if exact or len(found) == 1:
        return (exact or found)[0]
    if not found:
        raise DrgpayError(*_ERRORS("unknown_run", name=name, output=output))
    names = listed(path.name for path in found[:_NEAR])
    if len(found) > _NEAR:
        names = _ERRORS.words("and_more", names=names)
    raise DrgpayError(*_ERRORS("several_runs", count=len(found), name=name, names=names))


def read_case(folder: Path, case_id: str, job: Path | None = None) -> PaidCase:
    """What a run of a month or a clearing holds of one case; with its job also its stay.

    The files are not compared with their hashes: `drgpay verify` does that. Raises DrgpayError for
    an unknown case, with ids near it, for a run whose files cannot be read, and where the scheme of
    the run is not at hand.
    """
    return CasesOfRun.of(folder, job).read(case_id)


@dataclass(frozen=True)
class CasesOfRun:
    """A finished run with everything that its cases have in common."""

    tables: RunTables
    policy: Policy
    catalogue: Catalogue
    compiled: CompiledScheme
    job: Job | None

    @classmethod
    def of(cls, folder: Path, job: Path | None = None) -> "CasesOfRun":
        """Open a run; raises DrgpayError as read_case."""
        run = RunFolder.at(folder).of(STAYS)
        tables = RunTables(folder, run.manifest, STAYS)
        loaded = load_job(job) if job else None
        compiled = scheme_kept(tables, loaded.scheme if loaded else None)
        catalogue = load_catalogue(catalogue_of(tables), compiled.scheme)
        return cls(tables, policy_kept(tables), catalogue, compiled, loaded)

    def read(self, case_id: str) -> PaidCase:
        """One case; raises DrgpayError as read_case."""
        manifest = self.tables.manifest
        try:
            case = self._case(case_id)
            mine = self._adjustments.filter(pl.col("case_id") == case_id).sort("step")
            adjustments = tuple(mine.iter_rows(named=True))
            lines = {key: self._line(key) for key in keys_of(case, adjustments)}
        except (pl.exceptions.PolarsError, OSError) as error:
            raise unreadable(self.tables, str(error).splitlines()[0]) from None
        return PaidCase(
            run_id=manifest.run_id,
            kind=manifest.kind,
            period=manifest.period,
            case=case,
            adjustments=adjustments,
            lines=lines,
            policy=self.policy,
            catalogue=self.catalogue,
            formulas=self._formulas,
            names=self._names,
            trace=_trace(self.job, self.compiled, case_id) if self.job else None,
            groups=self._groups(case_id),
        )

    def _groups(self, case_id: str) -> dict[str, Any] | None:
        """Official and own group of a case; of a clearing as its month has them, if it is found."""
        runs: list[PaidPart] = [self.tables]
        if self.tables.manifest.is_clearing:
            try:
                beside = replace(self.tables, beside=(self.tables.folder.parent,))
                runs = [run for month in beside.months for run in reversed(month)]
            except CannotCheckError:
                return None
        for run in runs:
            if run.has("case_groups"):
                found = run.scan("case_groups").filter(pl.col("case_id") == case_id).collect()
                if found.height:
                    return found.row(0, named=True)
        return None

    @cached_property
    def _cases(self) -> pl.LazyFrame:
        return self.tables.scan("cases")

    @cached_property
    def _lines(self) -> dict[tuple[Any, ...], LineParts]:
        """The lines that were read before."""
        return {}

    def _line(self, key: tuple[Any, ...]) -> LineParts:
        if key not in self._lines:
            self._lines[key] = self._line_parts(key)
        return self._lines[key]

    @cached_property
    def _adjustments(self) -> pl.DataFrame:
        return self.tables.frame("adjustments")

    @cached_property
    def _formulas(self) -> Formulas:
        return class_formulas(self.catalogue, self.policy.points)

    @cached_property
    def _names(self) -> dict[str, str]:
        return _names(self.compiled.scheme)

    def _case(self, case_id: str) -> dict[str, Any]:
        found = self._cases.filter(pl.col("case_id") == case_id).collect()
        if found.height == 1:
            return found.row(0, named=True)
        if found.height:
            raise unreadable(self.tables, _ERRORS.words("case_twice", case_id=case_id))
        if not self.tables.manifest.is_clearing:
            _refuse_quarantined(self.tables, case_id)
        near = _near(self._cases.select("case_id").collect()["case_id"], case_id)
        asked = {"run": self.tables.run_id, "case_id": case_id}
        if near:
            raise DrgpayError(*_ERRORS("no_case_but_near", near=listed(near), **asked))
        raise DrgpayError(*_ERRORS("no_case", **asked))

    def _line_parts(self, key: tuple[Any, ...]) -> LineParts:
        """A statement line with the points of all that share it, in the order of ties."""
        mine = pl.all_horizontal(
            pl.col(name) == value for name, value in zip(LINE, key, strict=True)
        )
        cases = (
            self._cases.filter(mine)
            .select("case_id", *_SUMMED, step=pl.lit(None, pl.Int32))
            .collect()
        )
        minus = self._adjustments.filter(
            mine
            & (pl.col("applies_to") == "hospital")
            & (pl.col("points") != 0)
            & ~pl.col("waiting")
        ).select("case_id", "points", pl.col("step").cast(pl.Int32))
        parts = pl.concat([cases, minus], how="diagonal").sort("case_id", "step", nulls_last=False)
        line = self._only_row(self.tables.statements.filter(mine), "line_times", key)
        pool = self.tables.pools.filter(pl.col("pool") == line["pool"])
        inside = self.tables.statements.filter(pl.col("in_pool") & (pl.col("pool") == line["pool"]))
        only_pool = self._only_row(pool, "pool_times", line["pool"])
        return LineParts(line, only_pool, parts, inside)

    def _only_row(self, frame: pl.DataFrame, otherwise: str, key: object) -> dict[str, Any]:
        if frame.height != 1:
            detail = _ERRORS.words(otherwise, key=key, times=frame.height)
            raise unreadable(self.tables, detail)
        return frame.row(0, named=True)


def _refuse_quarantined(tables: RunTables, case_id: str) -> None:
    found = tables.frame("quarantine").filter(pl.col("case_id") == case_id)
    if found.height:
        codes = listed(dict.fromkeys(found["code"].to_list()))
        raise DrgpayError(*_ERRORS("case_quarantined", case_id=case_id, codes=codes))


def _near(ids: pl.Series, wanted: str) -> list[str]:
    """The ids most like one that is not there: those that contain it, its neighbours in order."""
    ordered = ids.sort()
    place = int(ordered.search_sorted(wanted))
    start = max(place - _NEIGHBOURS, 0)
    candidates = ordered[start : place + _NEIGHBOURS].to_list()
    holding = ordered.filter(ordered.str.contains(wanted, literal=True)).head(_NEAR).to_list()
    return list(
        dict.fromkeys([*holding, *get_close_matches(wanted, candidates, _NEAR, cutoff=0.5)])
    )[:_NEAR]


def _names(scheme: Scheme) -> dict[str, str]:
    """The names of MDCs, ADRGs and DRGs."""
    names: dict[str, str] = {}
    for mdc in scheme.mdcs:
        names[mdc.code] = mdc.name
        for adrg in mdc.adrgs:
            names[adrg.code] = adrg.name
            names |= {drg.code: drg.name for drg in adrg.drgs}
    return names


def _trace(job: Job, compiled: CompiledScheme, case_id: str) -> Trace:
    system = compiled.scheme.info.code_system
    stay = find_case(job.stays.open(system), compiled, case_id)
    return explain_stay(compiled, stay, CodeNames.of(system), case_id)
