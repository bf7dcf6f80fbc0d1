"""No command writes over what it reads, nor over what other commands keep."""

from enum import Enum
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from typer.main import get_command

from drgpay.base.errors import DrgpayError
from drgpay.cli.main import app
from drgpay.cli.outputs import OUTPUTS
from tests.cli.in_process import status_of
from tests.cli.test_addresses import commands

PRECIOUS = b"name = 'what somebody wrote'\n"


def kind_of(parameter: Any) -> Any:
    """The type of a parameter, or of each of its values."""
    annotation = parameter.type_descriptor.annotation
    return next(iter(get_args(annotation)), annotation)


def value_of(parameter: Any, some: Path) -> str:
    """A value that a parameter takes."""
    kind = kind_of(parameter)
    if issubclass(kind, Enum):
        return str(next(iter(kind)).value)
    return str(some) if issubclass(kind, Path | str) else "1"


def written(parameter: Any, value: str) -> list[str]:
    return [value] if parameter.param_type_name == "argument" else [parameter.opts[0], value]


def arguments(command: Any, some: Path, given: dict[str, Path]) -> list[str]:
    """A command line with what is required and what is given."""
    words: list[str] = []
    for parameter in command.params:
        if parameter.name in given:
            words += written(parameter, str(given[parameter.name]))
        elif parameter.required:
            words += written(parameter, value_of(parameter, some))
    return words


def named(command: Any) -> list[Any]:
    """The parameters of a command that may name a file or a folder."""
    return [one for one in command.params if kind_of(one) in (Path, str)]


def is_written_into(parameter: Any) -> bool:
    """Whether it names a folder that is written into anyway, such as --runs."""
    single = parameter.type_descriptor.annotation is Path
    return parameter.name in ("runs", "folder") and single


def pairs() -> list[tuple[tuple[str, ...], Any, str, str]]:
    """Each command with each of its outputs and each of its other parameters."""
    return [
        (path, command, out.name, other.name)
        for path, command in commands(get_command(app))
        for out in named(command)
        for other in named(command)
        if out.name in OUTPUTS and other.name not in OUTPUTS and not is_written_into(other)
    ]


def test_no_output_of_any_command_is_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    some, precious = tmp_path / "some.toml", tmp_path / "precious.toml"
    some.write_bytes(b"x")
    link = tmp_path / "link.toml"
    link.symlink_to(precious)
    tried = pairs()
    assert len({path for path, *_ in tried}) > 30 and len(tried) > 100
    for path, command, out, other in tried:
        for place in (precious, link):
            precious.write_bytes(PRECIOUS)
            words = arguments(command, some, {out: place, other: precious})
            with pytest.raises(DrgpayError) as refused:
                command.invoke(command.make_context(path[-1], words))
            said = refused.value.problem
            assert "is the input" in said and "itself" in said, (words, said)
            assert precious.read_bytes() == PRECIOUS, words


def test_nor_does_it_lie_in_a_folder_of_its_inputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scheme = tmp_path / "scheme"
    scheme.mkdir()
    stays = tmp_path / "stays.csv"
    stays.write_bytes(PRECIOUS)
    out = scheme / "sets.csv"
    assert status_of("group", stays, "--scheme", scheme, "--out", out) == 2
    assert "sets.csv would lie in the input folder" in capsys.readouterr().err
    assert not out.exists()


def test_two_outputs_are_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = tmp_path / "some.parquet"
    some.write_bytes(PRECIOUS)
    out = tmp_path / "out.parquet"
    words = ["--items", some, "--scheme", "open-apg-1", "--out", out, "--visits-out", out]
    assert status_of("group-visits", some, *words) == 2
    assert "--out and --visits-out name the same file" in capsys.readouterr().err


def test_databases_and_folders_of_runs_are_not_written_into(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import duckdb

    database = tmp_path / "any.csv"
    duckdb.connect(str(database)).close()
    run = tmp_path / "run"
    (run / "statements").mkdir(parents=True)
    for name in ("manifest.json", "datapackage.json"):
        (run / name).write_bytes(PRECIOUS)
    before = database.read_bytes()
    for out, what in (
        (database, "is a database"),
        (run / "manifest.json", "the folder of a run"),
        (run / "more.csv", "the folder of a run"),
        (run / "statements" / "more.csv", "the folder of a run"),
    ):
        assert status_of("scheme", "list", "--format", "csv", "--out", out) == 2
        assert what in capsys.readouterr().err
    assert database.read_bytes() == before
    assert sorted(path.name for path in run.rglob("*")) == [
        "datapackage.json", "manifest.json", "statements",
    ]  # fmt: skip
    out = tmp_path / "schemes.csv"
    out.write_bytes(b"older")
    assert status_of("scheme", "list", "--format", "csv", "--out", out) == 0
    assert pl.read_csv(out).height > 1
