"""What commands give to programs: --json, --format, --quiet."""

import io
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.cli.in_process import Run
from tests.run.no_books import without_books
from tests.schemes.test_diff import INFO, OLD


@pytest.fixture
def region(tmp_path: Path, sample_data: Path) -> Path:
    return Path(shutil.copytree(sample_data, tmp_path / "region"))


@pytest.fixture
def small_scheme(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    toml = INFO.format("small") + 'source = "x"\n'
    for name, text in {**OLD, "scheme.toml": toml}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_run_and_verify_in_json(drgpay: Run, region: Path, tmp_path: Path) -> None:
    with without_books():
        status, out, _ = drgpay("run", region / "2026-10.toml", "--out", tmp_path / "o", "--json")
    assert status == 0
    summary = json.loads(out)
    [folder] = (tmp_path / "o").glob("[!.]*/")
    assert (summary["run"], summary["repeated"]) == (folder.name, False)
    assert Path(summary["folder"]).resolve() == folder.resolve()
    stays, visits = summary["parts"]
    assert (stays["part"], visits["part"]) == ("stays", "visits")
    values = pl.read_parquet(folder / "values.parquet")
    assert [row["point_value"] for row in stays["values"]] == [
        str(value) for value in values["point_value"]
    ]
    statements = pl.read_parquet(folder / "statements.parquet")
    assert stays["sums"]["fund_amount"] == str(statements["fund_amount"].sum())
    assert sum(row["rows"] for row in stays["refused"]) == stays["counts"]["quarantined"]
    assert summary["stops"] == []
    status, out, _ = drgpay("verify", folder, "--json")
    [verified] = json.loads(out)["runs"]
    assert (status, verified["run"]) == (1, folder.name)  # it has no workbooks


def test_a_stop_is_an_object(drgpay: Run, region: Path) -> None:
    path = region / "stays" / "2026-10.parquet"
    stays = pl.read_parquet(path)
    without = pl.when(pl.int_range(pl.len()) % 5 == 0).then(pl.lit(None))
    stays.with_columns(sex=without.otherwise("sex").cast(stays["sex"].dtype)).write_parquet(path)
    status, out, err = drgpay("run", region / "2026-10.toml", "--json")
    assert status == 2, err
    refusal = json.loads(out)["error"]
    assert refusal["code"] == "stopped"
    assert {"code", "hospital", "yuan", "said"} <= refusal["stops"][0].keys()
    assert refusal["problem"] in err
    assert refusal["remedy"] in err


def test_a_mistake_is_an_object_with_its_code(drgpay: Run) -> None:
    status, out, err = drgpay("run", "nowhere.toml", "--json", "--lang", "zh")
    refusal = json.loads(out)["error"]
    assert (status, refusal["code"], refusal["remedy"]) == (2, "base.no_file", "请改正路径")
    assert err.startswith("drgpay: ")
    assert json.loads(drgpay("verify", "--json", "--zzz")[1])["error"]["code"] == "cli.no_option"


def test_tables_in_every_format(drgpay: Run, tmp_path: Path) -> None:
    command = ("scheme", "list")
    rows = json.loads(drgpay(*command, "--format", "json")[1])
    frame = pl.read_csv(io.StringIO(drgpay(*command, "--format", "csv")[1]))
    assert frame["id"].to_list() == [row["id"] for row in rows]
    out = tmp_path / "schemes.parquet"
    assert drgpay(*command, "--format", "parquet", "--out", out)[:2] == (0, "")
    assert pl.read_parquet(out)["id"].to_list() == frame["id"].to_list()


def test_what_witnesses_are_there(drgpay: Run, small_scheme: Path, tmp_path: Path) -> None:
    out = tmp_path / "witnesses.parquet"
    status, text, _ = drgpay("scheme", "witnesses", small_scheme, "--out", out, "--format", "json")
    found = json.loads(text)
    assert (status, found.keys()) == (0, {"coverage", "unreached"})
    made = pl.read_parquet(out)
    assert {row["kind"]: row["stays"] for row in found["coverage"]} == dict(
        made.group_by("kind").len().iter_rows()
    )


def test_one_of_several_tables(drgpay: Run, region: Path) -> None:
    groups = region / "groups.parquet"
    stays = region / "stays" / "2026-10.parquet"
    quiet = drgpay(
        *("group", stays, "--scheme", "chs-drg-2.0", "--out", groups, "--with-input", "-q")
    )
    assert quiet == (0, "", "")
    _, out, _ = drgpay("stats", groups, "--format", "json")
    tables = json.loads(out)
    name = next(iter(tables))
    status, _, err = drgpay("stats", groups, "--format", "csv")
    assert (status, "csv holds one table; choose it with --only: " in err) == (2, True)
    status, out, _ = drgpay("stats", groups, "--format", "csv", "--only", name)
    assert pl.read_csv(io.StringIO(out), infer_schema=False).height == len(tables[name])
    status, _, err = drgpay("stats", groups, "--format", "csv", "--only", "nothing")
    assert (status, "there is no part 'nothing'" in err) == (2, True)


def test_check_in_json(drgpay: Run, region: Path) -> None:
    status, out, _ = drgpay(
        *("check", region / "stays" / "2026-10.parquet", "--scheme", "chs-drg-2.0", "--json"),
        *("--policy", region / "policy.toml", "--hospitals", region / "hospitals.csv"),
    )
    assert status == 0
    found = json.loads(out)
    assert found["folder"] is None
    assert sum(row["stays"] for row in found["hospitals"]) == found["sums"]["stays"]
    assert {"code", "severity", "stays"} <= found["findings"][0].keys()


def test_quiet_keeps_errors(drgpay: Run) -> None:
    assert drgpay("scheme", "list", "-q") == (0, "", "")
    status, _, err = drgpay("-q", "scheme", "show", "no-scheme")
    assert (status, "no-scheme" in err) == (2, True)
    assert drgpay("scheme", "list")[1]
