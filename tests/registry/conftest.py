"""Small folders of runs, as a month leaves them and as older versions left them."""

import json
import shutil
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from drgpay.base.errors import DrgpayError
from drgpay.cli import runs
from drgpay.registry.registration import register

MONEY = pl.Decimal(18, 2)
POINTS = pl.Decimal(18, 4)
LINE = {"account": "employee", "out_of_area": False, "payment": "points"}

MakeRun = Callable[..., Path]
Command = Callable[..., tuple[int, str, str]]


def _typed(rows: list[dict[str, Any]], types: Mapping[str, Any]) -> pl.DataFrame:
    columns = {
        name: [
            Decimal(str(row[name]))
            if isinstance(dtype, pl.Decimal) and row[name] is not None
            else row[name]
            for row in rows
        ]
        for name, dtype in types.items()
    }
    return pl.DataFrame(columns, schema=dict(types))


def _values(pool: str, factor: int, places: int) -> pl.DataFrame:
    rows = [
        {
            pool: name,
            "budget": f"{1000 * factor}.50",
            "from_home_funds": "0",
            "patient_cost": "200.25",
            "other_cost": "0",
            "points": f"{10 * factor}.1234",
            "point_value": "118.5",
            "fund_amount": f"{1000 * factor}.40",
            "remainder": "0.10",
        }
        for name in ("employee", "resident")
    ]
    types: dict[str, pl.DataType] = dict.fromkeys(rows[0], MONEY)
    types |= {pool: pl.String(), "points": POINTS, "point_value": pl.Decimal(18, places)}
    return _typed(rows, types)


def _statements(hospitals: Mapping[str, str]) -> pl.DataFrame:
    money = (
        *("total_cost", "standard_amount", "patient_cost", "other_cost", "fund_cost"),
        *("difference", "prepayment", "home_fund_bill", "carried"),
    )
    rows = [
        {
            "hospital_id": hospital,
            "name": f"医院 {hospital}",
            "level": "3A",
            **LINE,
            "out_of_area": out_of_area,
            "cases": 2,
            "points": "5.0617",
            **dict.fromkeys(money, "10.01"),
            "fund_amount": amount,
        }
        for hospital, amount in hospitals.items()
        for out_of_area in (False, True)
    ]
    types = dict.fromkeys((*money, "fund_amount"), MONEY)
    texts = dict.fromkeys(("hospital_id", "name", "level", "account", "payment"), pl.String())
    other = {"out_of_area": pl.Boolean(), "cases": pl.Int64(), "points": POINTS}
    return _typed(rows, {**texts, **other, **types})


def _cases(count: int) -> pl.DataFrame:
    money = (
        *("total_cost", "standard_amount", "patient_cost", "other_cost"),
        *("fund_amount", "fund_cost"),
    )
    rows = [
        {
            "case_id": f"C{number:04}",
            "hospital_id": "H1",
            **LINE,
            "mdc": "MDCA",
            "adrg": "AA1",
            "drg": "AA11" if number % 3 else "AA13",
            "case_class": "high" if number % 5 == 0 else "normal",
            "length_of_stay": number,
            "points": f"{number}.0001",
            **dict.fromkeys(money, f"{number}.01"),
        }
        for number in range(1, count + 1)
    ]
    texts = ("case_id", "hospital_id", "account", "payment", "mdc", "adrg", "drg", "case_class")
    types = {
        **dict.fromkeys(texts, pl.String()),
        "out_of_area": pl.Boolean(),
        "length_of_stay": pl.Int64(),
        "points": POINTS,
        **dict.fromkeys(money, MONEY),
    }
    return _typed(rows, types)


def _adjustments() -> pl.DataFrame:
    row = {
        "case_id": "C0001",
        "hospital_id": "H1",
        "account": "employee",
        "out_of_area": False,
        "step": 1,
        "applies_to": "case",
        "kind": "readmission",
        "points": "-0.5000",
        "standard_amount": None,
        "code": "readmission",
        "factor": "0.5000",
        "evidence": "C0002",
    }
    rows = [row, {**row, "case_id": "C0002", "points": "-0.2500"}]
    texts = ("case_id", "hospital_id", "account", "applies_to", "kind", "code", "evidence")
    types = {
        **dict.fromkeys(texts, pl.String()),
        "out_of_area": pl.Boolean(),
        "step": pl.Int32(),
        "points": POINTS,
        "factor": POINTS,
        "standard_amount": MONEY,
    }
    return _typed(rows, types)


def _ledger() -> pl.DataFrame:
    row = {
        "entry": 1,
        "period": "2026-10",
        "pool": "employee",
        "kind": "prepayment",
        "hospital_id": "H1",
        "debit": "hospital",
        "credit": "fund",
        "amount": "850.25",
        "text": "prepayment of the month",
    }
    rows = [row, {**row, "entry": 2, "debit": "withheld", "amount": "150.15"}]
    types = {name: pl.String() for name in row} | {"entry": pl.Int32(), "amount": MONEY}
    return _typed(rows, types)


def _visit_files(factor: int) -> dict[str, pl.DataFrame]:
    """The files of visits in a run; values, statements and ledger are as those of stays."""
    money = (
        *("total_cost", "standard_amount", "patient_cost", "other_cost"),
        *("fund_amount", "fund_cost"),
    )
    groups = [("MED", "M1", "M11"), ("PROC", "P1", "P12"), (None, None, None)]
    visits = [
        {
            "visit_id": f"V{number:04}",
            **LINE,
            "payment": "item_by_item" if number % 4 == 0 else "points",
            "visit_type": "special" if number % 4 == 0 else "ordinary",
            **dict(zip(("class", "family", "apg"), groups[number % 3], strict=True)),
            "points": f"{number}.0001",
            **dict.fromkeys(money, f"{number}.01"),
        }
        for number in range(1, 12 * factor + 1)
    ]
    entry = {"hospital_id": "H1", "class": "MED", "family": "M1", "apg": "M11"}
    sums = {"entries": 5, "quantity": 0, "lines_cost": "0", "points": "12.5000"}
    entries = [
        {**entry, "reason": "payable", **sums},
        {**entry, "hospital_id": "H2", "reason": "payable", **sums},
        {**entry, "reason": "packaged_medical", **sums, "points": "0"},
    ]
    contractor = {"contractor_id": "H1", "name": "医院 H1", "account": "employee", "heads": 100}
    account = {
        "capitation": "1000.00",
        "visits": 7,
        "charged": f"{400 * factor}.00",
        "charged_elsewhere": "12.00",
        "balance": f"{1000 - 400 * factor}.00",
        "retained": "85.00",
        "shared": "0",
        "settled": "85.00",
    }
    apart = {"reason": "no_contract", "contractor_id": None, "account": "employee", "visits": 3}
    tie = ("budget", "from_home_funds", "contracted", "uncontracted", "fund_amount", "remainder")
    item = ("item_contracted", "item_uncontracted", "item_fund_amount", "home_funds")

    def frame(rows: list[dict[str, Any]], *amounts: str) -> pl.DataFrame:
        types: dict[str, pl.DataType] = {}
        for name in rows[0]:
            counted = name in ("entries", "quantity", "heads", "visits")
            types[name] = pl.Int64() if counted else pl.String()
        types |= {"out_of_area": pl.Boolean()} if "out_of_area" in rows[0] else {}
        types |= {"points": POINTS} if "points" in rows[0] else {}
        return _typed(rows, types | dict.fromkeys(amounts, MONEY))

    return {
        "visits": frame(visits, *money),
        "visit_groups": frame(entries, "lines_cost"),
        "entries": frame([{"visit_id": "V0001", **entry}]),
        "capitation": frame([contractor | account], *(set(account) - {"visits"})),
        "capitation_apart": frame([{**apart, "fund_amount": "30.00"}], "fund_amount"),
        "capitation_tie_out": frame(
            [{"pool": "employee", **dict.fromkeys((*tie, *item), "1.01")}], *tie, *item
        ),
    }


_OUTPATIENT = {
    "scheme": {"id": "open-apg-1", "sha256": "0a" * 32},
    "catalogue": {"name": "visit_catalogue", "sha256": "0c" * 32},
    "visits": [{"file": "v.parquet", "rows": 14, "sha256": "d1" * 32}],
    "items": [{"file": "i.parquet", "rows": 40, "sha256": "e1" * 32}],
    "visits_mapping": None,
    "enrolment": {"file": "enrolment.csv", "sha256": "f2" * 32},
}
_VISIT_COUNTS = {
    "visits_read": 14,
    "visits_valid": 12,
    "visits_quarantined": 2,
    "visit_warnings": 1,
    "lines_read": 40,
    "lines_valid": 37,
    "lines_quarantined": 3,
    "line_warnings": 0,
}


def _manifest(run: str, period: str, places: int) -> dict[str, Any]:
    return {
        "run": run,
        "basis_sha256": "ba" * 32,
        "kind": "month" if "-" in period else "clearing",
        "program": "drgpay 0.1.0",
        "period": period,
        "language": "zh",
        "scheme": {"id": "chs-drg-2.0", "sha256": "5c" * 32},
        "catalogue": {"name": "catalogue", "sha256": "ca" * 32},
        "policy": {
            "id": "sample-2026",
            "sha256": "90" * 32,
            "parameters": {
                "policy": {"region": "云泽市", "year": 2026},
                "settlement": {"method": "residual", "value_places": places},
            },
            "unverified": [],
        },
        "inputs": {
            "stays": [{"file": "a.parquet", "rows": 12, "sha256": "a1" * 32}],
            "hospitals": {"file": "hospitals.csv", "sha256": "b2" * 32},
        },
        "counts": {"read": 12, "valid": 10, "quarantined": 2, "warnings": 1},
        "outputs": {},
        "seconds": {"load": 0.25, "settle": 0.5},
    }


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """An output folder whose path would be a pattern if it were read as one."""
    folder = tmp_path / "it's [runs], all"
    folder.mkdir()
    return folder


def leave_run(
    output: Path,
    run: str,
    period: str = "2026-10",
    *,
    older: bool = False,
    factor: int = 1,
    places: int = 4,
    hospitals: Mapping[str, str] | None = None,
    stays: bool = True,
    visits: bool = False,
    **manifest: Any,
) -> Path:
    """Leave the folder of a run of stays, visits or both; `older` leaves the files and columns of an
    older version.
    """
    folder = output / run
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tables = {
        "values": _values("account" if older else "pool", factor, places),
        "statements": _statements(hospitals or {"H1": "800.20", "H2": "-0.10"}),
        "cases": _cases(10 * factor),
    }
    if not older:
        minus = pl.lit(Decimal("0.5000")).cast(POINTS)
        tables["statements"] = tables["statements"].with_columns(minus_points=minus)
        tables |= {"adjustments": _adjustments(), "ledger": _ledger()}
    content = _manifest(run, period, places)
    of_visits: dict[str, pl.DataFrame] = {}
    if visits:
        same = ("values", "statements", "ledger")
        of_visits = {f"visit_{name}": tables[name] for name in same} | _visit_files(factor)
        content["outpatient"] = _OUTPATIENT
        content["counts"] |= _VISIT_COUNTS
        rules = {"settlement": {"method": "fund_only", "value_places": places}}
        content["policy"]["parameters"]["outpatient"] = rules
    if not stays:
        tables = {}
        for key in ("scheme", "catalogue"):
            del content[key]
        content |= {"kind": "visits", "counts": _VISIT_COUNTS}
        del content["inputs"]["stays"]
    for name, table in (tables | of_visits).items():
        table.write_parquet(folder / f"{name}.parquet")
    if isinstance(manifest.get("corrects"), str):
        manifest["corrects"] = {"run": manifest["corrects"], "evidence": "00"}
    content |= manifest
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture
def make_run(output: Path) -> MakeRun:
    """Leave the folder of a run in the output folder."""
    return partial(leave_run, output)


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with two runs in its database, both of stays and visits."""
    output = tmp_path_factory.mktemp("two runs")
    register(leave_run(output, "2026-10-aa", visits=True))
    other = {"H1": "900.20", "H3": "7.00"}
    register(
        leave_run(output, "2026-11-ab", "2026-11", factor=2, places=6, hospitals=other, visits=True)
    )
    return output


@pytest.fixture
def command(two_runs: Path) -> Command:
    """`drgpay runs ... --output two_runs`: exit status, standard output, the sentence."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    runs.register(app)

    def call(*arguments: object) -> tuple[int, str, str]:
        words = [
            "runs",
            "--lang",
            "zh",
            *(str(argument) for argument in arguments),
            "--output",
            str(two_runs),
        ]
        result = CliRunner().invoke(app, words)
        if isinstance(result.exception, DrgpayError):
            return 2, result.stdout, str(result.exception)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return call
