"""Addresses of databases: refused wherever a path is given, and the password never repeated."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import drgpay
from drgpay.base.errors import DrgpayError
from drgpay.cli.main import app, refuse_addresses
from drgpay.records.mapping.load import load_mapping
from drgpay.run.job import load_any_job
from drgpay.run.year_job import load_any_year_job
from drgpay.simulate.scenario import load_scenario

ADDRESS = "postgresql://clerk:geheim@db.example:5432/drg"
CONNECTION = "Server=db;Database=drg;UID=clerk;PWD=geheim"
JOB = {
    "": {"period": "2026-10", "scheme": "s", "catalogue": "c", "policy": "p", "output": "o"}
    | {"corrects": "r"},
    "inputs": dict.fromkeys(
        ("stays", "hospitals", "mapping", "encoding", "reviews", "deductions", "technologies"),
        "x",
    ),
    "outpatient": dict.fromkeys(
        (
            "visits",
            "items",
            "scheme",
            "catalogue",
            "enrolment",
            "visits_mapping",
            "items_mapping",
            "encoding",
        ),
        "x",
    ),
}
KEYS = [(section, key) for section, keys in JOB.items() for key in keys]


def commands(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        return [(path, command)]
    return [found for name, one in below.items() for found in commands(one, (*path, name))]


def toml(section: str, key: str, value: str) -> str:
    tables = {name: dict(keys) for name, keys in JOB.items()}
    tables[section][key] = value
    return "\n".join(
        line
        for name, keys in tables.items()
        for line in ([f"[{name}]"] if name else [])
        + [f"{key} = '{said}'" for key, said in keys.items()]
    )


def refused(text: str) -> None:
    assert "elsewhere export the table to a Parquet" in text
    assert not any(word in text for word in ("geheim", "clerk"))


@pytest.mark.parametrize("value", [ADDRESS, CONNECTION, "s3://bucket/x"])
@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_key_of_a_job(tmp_path: Path, section: str, key: str, value: str) -> None:
    path = tmp_path / "job.toml"
    path.write_text(toml(section, key, value), encoding="utf-8")
    with pytest.raises(
        DrgpayError, match=f"the key {section + '.' if section else ''}{key} "
    ) as raised:
        load_any_job(path)
    refused(str(raised.value))


def test_other_files_too(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f"[a]\nb = ['{ADDRESS}']", encoding="utf-8")
    for read in (load_any_year_job, load_scenario, load_mapping, drgpay.load_policy):
        with pytest.raises(DrgpayError) as raised:
            read(path)
        refused(str(raised.value))


def every_argument() -> list[tuple[tuple[str, ...], list[str]]]:
    found: list[tuple[tuple[str, ...], list[str]]] = []
    for path, command in commands(get_command(app)):
        for parameter in command.params:
            if parameter.param_type_name == "argument":
                found.append((path, [ADDRESS]))
            elif not parameter.is_flag:
                found += [
                    (path, [parameter.opts[0], ADDRESS]),
                    (path, [f"{parameter.opts[0]}={ADDRESS}"]),
                ]
    return found


def test_every_argument_of_every_command() -> None:
    tried = every_argument()
    assert len(tried) > 150
    for path, given in tried:
        for value in given, [one.replace(ADDRESS, CONNECTION) for one in given]:
            with pytest.raises(DrgpayError) as raised:
                refuse_addresses([*path, *value])
            refused(str(raised.value))


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "sample_data/2026-10.toml", "--output", "C:/runs"],
        ["runs", "sql", "select 'a' as x where note = 'https://a:b@c' or pwd = 'x'"],
        ["report", "runs/2026-10-1/", "--out", "https.html"],
    ],
)
def test_other_arguments_pass(arguments: list[str]) -> None:
    refuse_addresses(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", ADDRESS],
        ["run", "x.toml", "--threads", ADDRESS],
        ["run", "x.toml", f"--no-such={ADDRESS}"],
        ["sample", "--out", ADDRESS],
        ["runs", "list", "--output", f"{ADDRESS} "],
        ["no-such", CONNECTION],
    ],
)
def test_the_program_repeats_nothing(tmp_path: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "drgpay.cli.main", *arguments]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 2
    refused(done.stdout + done.stderr)
    assert list(tmp_path.iterdir()) == []
