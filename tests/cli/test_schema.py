"""`drgpay schema` as a command."""

import json
from pathlib import Path

import pytest

from drgpay.schemas.files import KINDS, Kind, schema_file
from tests.cli.in_process import Run


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_is_printed_and_written(tmp_path: Path, drgpay: Run, kind: Kind) -> None:
    status, out, _ = drgpay("schema", kind)
    assert status == 0
    assert json.loads(out)["title"] == f"drgpay {kind}"
    path = tmp_path / schema_file(kind)
    for _ in range(2):  # an older one is written over
        status, said, err = drgpay("schema", kind, "--out", path)
        assert (status, Path(said.strip()).name) == (0, path.name)
        assert f"#:schema ./{path.name}" in err
        assert path.read_text("utf-8") == out


def test_that_of_a_table(tmp_path: Path, drgpay: Run) -> None:
    path = tmp_path / "stays.schema.json"
    status, out, err = drgpay("schema", "table", "stays", "--out", path)
    assert (status, Path(out.strip()).name, err) == (0, path.name, "")
    assert path.read_text("utf-8") == drgpay("schema", "table", "stays")[1]
    assert json.loads(path.read_text("utf-8"))["title"] == "drgpay table stays"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("table",), "lacks the name of a table; add one of stays, visits"),
        (("table", "policy"), "no input is a table policy; there are stays, visits"),
        (("job", "stays"), "schema job takes no table stays"),
    ],
)
def test_no_such_table(drgpay: Run, arguments: tuple[str, ...], words: str) -> None:
    status, out, err = drgpay("schema", *arguments)
    assert (status, out, words in err) == (2, "", True), err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mine.json", "is there and no JSON Schema; name another file"),
        ("policy.toml", "does not end in .json; name the file so"),
        ("nowhere/policy.json", "there is no folder"),
    ],
)
def test_mistakes(tmp_path: Path, drgpay: Run, name: str, words: str) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text("{}", "utf-8")
    status, out, err = drgpay("schema", "policy", "--out", tmp_path / name)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
    assert mine.read_text("utf-8") == "{}"
