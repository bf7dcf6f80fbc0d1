"""What `import drgpay` offers: quick to import, typed, told in docstrings."""

import ast
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import drgpay

FUNCTIONS = [name for name in drgpay.__all__ if name[0].islower()]


def test_import_loads_none_of_the_libraries() -> None:
    code = "import sys, drgpay; print(sorted({'polars', 'numpy', 'pyarrow', 'pydantic'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_name_is_there_and_listed() -> None:
    for name in drgpay.__all__:
        assert getattr(drgpay, name) is not None
    assert set(drgpay.__all__) <= set(dir(drgpay))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'settle_year'"):
        _ = drgpay.settle_year  # type: ignore[attr-defined]


def test_no_name_hides_a_package() -> None:
    packages = {module.name for module in pkgutil.iter_modules(drgpay.__path__)}
    assert packages & set(drgpay.__all__) == set()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_docstring_tells_errors_and_source(name: str) -> None:
    told = inspect.getdoc(getattr(drgpay, name)) or ""
    assert "DrgpayError" in told or "No error." in told
    assert "Source:" in told


def _listed_in_stub() -> dict[str, str]:
    """The names of __init__.pyi, each with its module."""
    stub = Path(drgpay.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    return {
        name.asname or name.name: node.module or ""
        for node in ast.parse(stub).body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def test_a_type_checker_sees_what_is_there() -> None:
    names = _listed_in_stub()
    assert sorted(names) == sorted({*drgpay.__all__} - {"__version__"})
    for name, module in names.items():
        assert getattr(drgpay, name) is getattr(importlib.import_module(module), name)
    assert Path(drgpay.__file__).with_name("py.typed").exists()


_PROGRAM = """
import drgpay
from drgpay import DrgpayError, SettledMonth, Simulation, open_base, settle_month, simulate_scenarios
import polars as pl


def settled(stays: pl.LazyFrame) -> pl.DataFrame:
    month: SettledMonth = settle_month(stays, "s", "p.toml", "c", "h.csv", "2026-10")
    return month.values


def told() -> Simulation:
    try:
        return simulate_scenarios({"name": "x"}, base=open_base(job="october.toml"))
    except DrgpayError as error:
        raise SystemExit(error.remedy) from None
"""


@pytest.mark.slow
def test_the_program_of_a_user_is_checked_strictly(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(_PROGRAM, encoding="utf-8")
    assert _mypy(file) == (0, [])
    file.write_text(f"{_PROGRAM}\n\ndrgpay.load_policy(5)\ndrgpay.settle_year\n", encoding="utf-8")
    code, lines = _mypy(file)
    assert code == 1
    assert ["[arg-type]" in lines[0], "[attr-defined]" in lines[1]] == [True, True], lines


def _mypy(file: Path) -> tuple[int, list[str]]:
    """mypy's exit code and errors, as of a folder outside the repository."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
    command += ["--cache-dir", str(file.parent / "cache"), "--config-file", os.devnull]
    environment = {**os.environ, "MYPYPATH": str(Path(drgpay.__file__).parents[1])}
    done = subprocess.run(
        [*command, "--follow-imports", "silent", file.name],
        capture_output=True,
        text=True,
        cwd=file.parent,
        env=environment,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()
