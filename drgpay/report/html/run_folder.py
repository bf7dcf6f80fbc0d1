"""Run folders as a report reads them: the manifest and the Parquet files, nothing else."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import has_file, sees_file
from drgpay.base.plain_json import plain_json
from drgpay.results.columns import completed
from drgpay.results.month import pool_rows, statement_columns, value_columns

Part = Literal["stays", "visits"]

_STATEMENTS = frozenset(
    (
        *("hospital_id", "name", "level", "account", "out_of_area", "payment", "pool", "in_pool"),
        *("cases", "points", "standard_amount", "distributed", "patient_cost", "other_cost"),
        *("fund_amount", "fund_cost", "difference", "deducted", "prepayment", "home_fund_bill"),
    )
)
_VALUES = frozenset(
    (
        *("pool", "accounts", "budget", "from_home_funds", "total_cost", "patient_cost"),
        *("other_cost", "points", "point_value", "fund_amount", "remainder"),
    )
)
_LEDGER = frozenset(("entry", "pool", "kind", "debit", "credit", "amount"))
_PAID = frozenset(
    (
        *("case_class", "points", "total_cost", "standard_amount", "fund_amount", "fund_cost"),
        "payment",
    )
)
_FINDINGS = frozenset(("code",))
# By part the tables of a run: their file and the columns that a report needs of it.
_TABLES: dict[Part, dict[str, tuple[str, frozenset[str]]]] = {
    "stays": {
        "cases": ("cases", _PAID | {"payment_unit", "status", "drg", "bounds_mean"}),
        "statements": ("statements", _STATEMENTS),
        "values": ("values", _VALUES),
        "adjustments": (
            "adjustments",
            frozenset(("case_id", "applies_to", "kind", "points", "standard_amount")),
        ),
        "ledger": ("ledger", _LEDGER),
    },
    "visits": {
        "cases": (
            "visits",
            _PAID | {"visit_id", "account", "out_of_area", "contractor_id", "class", "apg"},
        ),
        "statements": ("visit_statements", _STATEMENTS),
        "values": ("visit_values", _VALUES),
        "ledger": ("visit_ledger", _LEDGER),
        "entries": (
            "visit_groups",
            frozenset(("class", "reason", "entries", "quantity", "lines_cost", "points")),
        ),
        "visit_quarantine": ("visit_quarantine", _FINDINGS),
        "visit_warnings": ("visit_warnings", _FINDINGS),
        "line_quarantine": ("line_quarantine", _FINDINGS),
        "line_warnings": ("line_warnings", _FINDINGS),
    },
}
# Only where the run had an enrolment.
_CAPITATION: dict[str, tuple[str, frozenset[str]]] = {
    "capitation": (
        "capitation",
        frozenset(
            (
                *("contractor_id", "name", "account", "heads", "capitation", "visits", "charged"),
                *("charged_elsewhere", "balance", "settled"),
            )
        ),
    ),
    "capitation_apart": (
        "capitation_apart",
        frozenset(("reason", "account", "visits", "fund_amount")),
    ),
    "capitation_tie_out": (
        "capitation_tie_out",
        frozenset(
            ("pool", "budget", "from_home_funds", "contracted", "uncontracted", "kept", "remainder")
        ),
    ),
}
_READ: dict[Part, str] = {"stays": "read", "visits": "visits_read"}
_MONTH = re.compile(r"\d{4}-\d{2}")


@dataclass(frozen=True)
class RunFolder:
    """A finished run of a month, seen from one of its parts. `manifest` is manifest.json as it was
    written.
    """

    path: Path
    manifest: dict[str, Any]
    part: Part = "stays"

    @property
    def parts(self) -> list[Part]:
        """What the run settled."""
        found: list[Part] = ["stays"] if self.manifest.get("scheme") else []
        return [*found, "visits"] if self.manifest.get("outpatient") else found

    def of(self, part: Part) -> "RunFolder":
        """The same run, seen from another part."""
        return replace(self, part=part)

    @property
    def run_id(self) -> str:
        """The id that the manifest gives, whatever the folder is called now."""
        return str(self.manifest["run"])

    @property
    def period(self) -> str:
        """The month, `2026-10`."""
        return str(self.manifest["period"])

    @property
    def year(self) -> str:
        """The year of the month."""
        return self.period[:4]

    @property
    def parameters(self) -> dict[str, Any]:
        """The policy's sections and keys."""
        found: dict[str, Any] = self.manifest["policy"]["parameters"]
        return found

    @property
    def rules(self) -> dict[str, Any]:
        """The section of the policy that the part is settled by."""
        of_visits: dict[str, Any] = self.parameters.get("outpatient") or {}
        return of_visits if self.part == "visits" else self.parameters

    @property
    def settlement(self) -> dict[str, Any]:
        """How the part is settled."""
        found: dict[str, Any] = self.rules["settlement"]
        return found

    @property
    def basis(self) -> dict[str, Any]:
        """What the manifest says of the part's scheme, catalogue and files."""
        found: dict[str, Any] = self.manifest
        if self.part == "visits":
            found = found["outpatient"]
        return found

    @property
    def scheme(self) -> dict[str, Any]:
        """Id and hash of the part's grouping scheme."""
        found: dict[str, Any] = self.basis["scheme"]
        return found

    @property
    def has_capitation(self) -> bool:
        """Whether accounts of contractors were kept."""
        return self.part == "visits" and bool(self.basis.get("enrolment"))

    @property
    def tables(self) -> dict[str, tuple[str, frozenset[str]]]:
        """By name the tables that the part must have: file and needed columns."""
        return _TABLES[self.part] | (_CAPITATION if self.has_capitation else {})

    @property
    def region(self) -> str:
        """The region whose policy it is."""
        return str(self.parameters["policy"]["region"])

    def frame(self, table: str) -> pl.DataFrame:
        """A small table of the run, whole."""
        frame = self.scan(table).collect()
        return pool_rows(frame) if table == "values" else frame

    def scan(self, table: str) -> pl.LazyFrame:
        """A table of the part, lazily; DrgpayError if a column is missing or it is no Parquet."""
        file, needed = self.tables[table]
        path = self.path / f"{file}.parquet"
        scan = pl.scan_parquet(path, glob=False)
        try:
            missing = needed - set(scan.collect_schema().names())
        except (pl.exceptions.PolarsError, OSError) as error:
            detail = str(error).splitlines()[0]
            raise DrgpayError(
                f"{path} is not a readable Parquet file ({detail})", "settle the month again"
            ) from None
        if missing:
            raise DrgpayError(
                f"{path} has no column {min(missing)}: another version of drgpay wrote it",
                "settle the month again with this version",
            )
        places = self.settlement["value_places"]
        newer = {"statements": statement_columns(places), "values": value_columns(places)}
        return completed(scan, newer.get(table, []), keep=True)


def open_run(path: Path) -> RunFolder:
    """The run in a folder; raises DrgpayError if it is not the folder of a month's run."""
    if not path.is_dir():
        raise DrgpayError(f"there is no folder {path}", "name the folder of a run")
    file = path / "manifest.json"
    if not has_file(file, "have its owner share it: output.group of the job says with whom"):
        raise DrgpayError(
            f"{path} is not the folder of a run: it has no manifest.json",
            "name a folder that drgpay run made",
        )
    try:
        manifest = plain_json(file.read_bytes())
    except (ValueError, OSError):
        raise DrgpayError(f"{file} is not readable JSON", "settle the month again") from None
    run = RunFolder(path, manifest)
    try:
        parts = run.parts
        counted = all(run.manifest["counts"][_READ[part]] for part in parts)
        complete = bool(run.run_id and run.region and parts and counted)
        month = bool(_MONTH.fullmatch(run.period))
    except (KeyError, TypeError):
        complete = month = False
    if not (complete and month):
        raise DrgpayError(
            f"{file} is not the manifest of a month's run", "name a folder that drgpay run made"
        )
    for part in parts:
        for name, _ in run.of(part).tables.values():
            if not (path / f"{name}.parquet").is_file():
                raise DrgpayError(f"{path} has no {name}.parquet", "settle the month again")
    return run.of(parts[0])


def months_of(runs: Iterable[RunFolder], part: Part) -> list[RunFolder]:
    """The runs that have a part, seen from it, by month."""
    return sorted((run.of(part) for run in runs if part in run.parts), key=lambda run: run.period)


def runs_of_the_year(run: RunFolder, given: Iterable[Path]) -> list[RunFolder]:
    """The run and those given with it, by month.

    Raises DrgpayError if one is of another year or region or has no part of the run, or if a part
    of a month comes twice.
    """
    months: dict[tuple[str, Part], RunFolder] = {(run.period, part): run for part in run.parts}
    found = {run.run_id: run}
    for path in given:
        other = open_run(path)
        if other.year != run.year:
            raise DrgpayError(
                f"{path} is a run of {other.period}, {run.path} one of {run.period}",
                f"give runs of {run.year} to --with",
            )
        if other.region != run.region:
            raise DrgpayError(
                f"{path} is a run of {other.region}, {run.path} one of {run.region}",
                "give runs of the same region to --with",
            )
        shared = [part for part in run.parts if part in other.parts]
        if not shared:
            raise DrgpayError(
                f"{path} settles {' and '.join(other.parts)}, {run.path} {' and '.join(run.parts)}",
                "give runs of the same kind to --with",
            )
        for part in shared:
            known = months.setdefault((other.period, part), other)
            if known.run_id != other.run_id:
                raise DrgpayError(
                    f"{known.path} and {path} are both runs of {other.period}",
                    "give one run a month",
                )
        found.setdefault(other.run_id, other)
    return sorted(found.values(), key=lambda other: (other.period, other.run_id))


def runs_beside(run: RunFolder) -> list[RunFolder]:
    """The run and, of the other months of its year, the latest run that lies beside it.

    That is the latest with all parts of the run; if a month has none, the latest with each part.
    Runs of another region, and what this version cannot read, are passed over.
    """
    months: dict[str, list[tuple[int, str, RunFolder]]] = {}
    for folder in run.path.resolve().parent.iterdir():
        if folder.name.startswith(".") or not sees_file(folder / "manifest.json"):
            continue
        try:
            other = open_run(folder)
            for part in other.parts:
                other.of(part).scan("values")
        except DrgpayError:
            continue
        if (other.year, other.region) != (run.year, run.region) or other.period == run.period:
            continue
        written = (folder / "manifest.json").stat().st_mtime_ns
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
