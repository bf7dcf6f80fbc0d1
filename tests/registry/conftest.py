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

from drgpay.cli import runs
from drgpay.errors import DrgpayError
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
        "reason": "points x 0.5",
        "evidence": "C0002",
    }
    rows = [row, {**row, "case_id": "C0002", "points": "-0.2500"}]
    texts = ("case_id", "hospital_id", "account", "applies_to", "kind", "reason", "evidence")
    types = {
        **dict.fromkeys(texts, pl.String()),
        "out_of_area": pl.Boolean(),
        "step": pl.Int32(),
        "points": POINTS,
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


def _manifest(run: str, period: str, places: int) -> dict[str, Any]:
    return {
        "run": run,
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
    **manifest: Any,
) -> Path:
    """Leave the folder of a run; `older` leaves the files and columns of an older version."""
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
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    content = _manifest(run, period, places) | manifest
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture
def make_run(output: Path) -> MakeRun:
    """Leave the folder of a run in the output folder."""
    return partial(leave_run, output)


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with two runs in its database."""
    output = tmp_path_factory.mktemp("two runs")
    register(leave_run(output, "2026-10-aa"))
    other = {"H1": "900.20", "H3": "7.00"}
    register(leave_run(output, "2026-11-ab", "2026-11", factor=2, places=6, hospitals=other))
    return output


@pytest.fixture
def command(two_runs: Path) -> Command:
    """`drgpay runs ... --output two_runs`: exit status, standard output, the sentence."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    runs.register(app)

    def call(*arguments: object) -> tuple[int, str, str]:
        words = ["runs", *(str(argument) for argument in arguments), "--output", str(two_runs)]
        result = CliRunner().invoke(app, words)
        if isinstance(result.exception, DrgpayError):
            return 2, result.stdout, str(result.exception)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return call
