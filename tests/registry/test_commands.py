"""`drgpay runs` as a user types it: tables, formats, prefixes, SQL, sentences."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.approval import steps
from drgpay.approval.record import Person, record_of
from drgpay.cli.runs import compare_command, list_command
from drgpay.registry.queries import compare_runs
from drgpay.registry.registration import register

from .conftest import Command, leave_run


def test_list(command: Command) -> None:
    status, said, _ = command("list")
    assert status == 0
    assert "运行一览" in said
    assert said.index("2026-10-aa") < said.index("2026-11-ab")
    assert "2,000.80" in said
    assert "月度预结算" in said
    _, english, _ = command("list", "--lang", "en")
    assert "Fund amount (yuan)" in english
    _, table, _ = command("list", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["run"] for row in rows] == ["2026-10-aa", "2026-11-ab"]
    assert rows[0]["budget"] == "2001.00"


@pytest.mark.parametrize("name", ["2026-11", "2026-11-ab", "runs/2026-11-ab/"])
def test_show(command: Command, name: str) -> None:
    status, said, _ = command("show", name)
    assert status == 0
    for words in ("运行信息", "2026-11-ab", "118.500000", "医院 H3", "1,800.40", "readmission"):
        assert words in said
    assert "AA13" not in said
    _, groups, _ = command("show", name, "--only", "groups")
    assert "AA13" in groups
    assert "医院" not in groups
    _, balances, _ = command("show", name, "--only", "balances")
    assert "科目" in balances and "应付医疗机构" in balances and "险种" not in balances


def test_states_and_steps_are_those_of_the_records(command: Command, two_runs: Path) -> None:
    kept = [record_of(two_runs / run) for run in ("2026-10-aa", "2026-11-ab")]
    try:
        steps.approve(two_runs / "2026-10-aa", Person("王芳"), "会议纪要", "right")
        kept[1].write_bytes(b"{}\n")
        _, table, _ = command("list", "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(table)))
        assert [row["state"] for row in rows] == ["approved", "unreadable"]
        _, said, _ = command("list")
        assert "已审批" in said and "步骤记录已损坏" in said
        _, said, _ = command("show", "2026-10", "--only", "steps", "--format", "json")
        (step,) = json.loads(said)
        assert (step["step"], step["by"], step["known_by"]) == ("approved", "王芳", "claim")
        status, _, refusal = command("show", "2026-11")
        assert status == 2 and "line 1" in refusal
    finally:
        for path in kept:
            path.unlink(missing_ok=True)


def test_show_for_programs(command: Command, tmp_path: Path) -> None:
    _, text, _ = command("show", "2026-10", "--format", "json")
    parts = json.loads(text)
    assert list(parts) == [
        *("facts", "values", "hospitals", "classes", "groups", "adjustments", "balances"),
        *("visit_values", "visit_hospitals", "visit_classes", "visit_groups", "visit_entries"),
        *("contractors", "capitation_apart", "capitation_tie_out", "visit_balances"),
        *("steps", "answers"),
    ]
    assert parts["visit_values"][0]["point_value"] == "118.5000"
    assert parts["values"][0]["point_value"] == "118.5000"
    assert parts["facts"][0]["finished"].startswith("20")
    path = tmp_path / "classes.parquet"
    status, said, _ = command(
        *("show", "2026-10", "--only", "classes", "--format", "parquet", "--out", path)
    )
    assert (status, said) == (0, "")
    frame = pl.read_parquet(path)
    assert frame.schema["points"] == pl.Decimal(18, 4)
    assert frame["cases"].sum() == 10


def test_compare(command: Command) -> None:
    _, text, _ = command("compare", "2026-10", "2026-11", "--format", "json")
    parts = json.loads(text)
    facts = {row["fact"]: row for row in parts["facts"]}
    assert facts["period"] == {"fact": "period", "a": "2026-10", "b": "2026-11", "same": False}
    assert facts["policy_sha256"]["same"] is True
    assert parts["values"][0]["point_value_b"] == "118.500000"
    assert parts["values"][0]["points_change"] == "10.0000"
    hospitals = {row["hospital_id"]: row for row in parts["hospitals"]}
    changes = {
        key: (row["fund_amount_change"], row["fund_amount_change_rate"])
        for key, row in hospitals.items()
    }
    assert changes == {
        "H1": ("200.00", str((Decimal("200.00") / Decimal("1600.40")).quantize(Decimal("1e-6")))),
        "H2": ("0.20", "1.000000"),
        "H3": ("14.00", None),
    }
    assert hospitals["H3"]["cases_a"] == 0
    classes = {row["case_class"]: row["cases_change"] for row in parts["classes"]}
    assert classes == {"high": 2, "normal": 8}
    status, said, _ = command("compare", "2026-10", "2026-11")
    assert status == 0
    for words in ("点值 A（元/点）", "变化（元）", "+12.50%", "医院 H3"):
        assert words.removeprefix("+") in said
    _, groups, _ = command("compare", "2026-10", "2026-11", "--only", "groups")
    assert "AA13" in groups


def test_visits(command: Command) -> None:
    _, listed, _ = command("list")
    assert "门诊应付基金（元）" in listed
    assert "2026-10-aa" in listed
    _, said, _ = command("show", "2026-10")
    for words in (
        "门诊点值",
        "就诊人次",
        "门诊特殊病",
        "打包：操作就诊的诊疗",
        "签约机构包干账户",
        "未签约",
    ):
        assert words in said, words
    assert "M11" not in said
    _, groups, _ = command("show", "2026-10", "--only", "visit_groups", "--lang", "en")
    assert "M11" in groups
    assert "Visits" in groups
    _, text, _ = command("compare", "2026-10", "2026-11", "--format", "json")
    parts = json.loads(text)
    assert parts["visit_values"][0]["point_value_b"] == "118.500000"
    (account,) = parts["contractors"]
    assert (account["charged_change"], account["charged_change_rate"]) == ("400.00", "1.000000")
    classes = {(row["visit_type"], row["class"]): row for row in parts["visit_classes"]}
    assert classes["special", "fee"]["visits_change"] == 3
    _, compared, _ = command("compare", "2026-10", "2026-11", "--lang", "en")
    for words in ("Outpatient values", "Accounts of contractors", "Charged A", "special"):
        assert words in compared, words


def test_runs_of_visits_alone_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for run, period in (("2026-10-va", "2026-10"), ("2026-11-vb", "2026-11")):
        register(leave_run(tmp_path, run, period, visits=True, stays=False))
    answer = compare_runs(tmp_path, "2026-10", "2026-11")
    assert answer["values"].is_empty()
    assert answer["visit_hospitals"]["fund_amount_change"].sum() == 0
    compare_command("2026-10", "2026-11", tmp_path)
    said = capsys.readouterr().out
    assert "Outpatient providers" in said
    assert "Point values" not in said
    list_command(tmp_path)
    assert "visits" in capsys.readouterr().out


def test_sql(command: Command, tmp_path: Path) -> None:
    query = "SELECT run, name FROM run_hospitals WHERE hospital_id = 'H3'"
    status, said, _ = command("sql", query)
    assert status == 0
    assert "name" in said
    assert "医院 H3" in said
    path = tmp_path / "query.sql"
    path.write_text(f"\ufeff-- hospitals\n{query};\n", encoding="utf-8")
    _, said, _ = command("sql", "--file", path, "--format", "csv")
    assert said == "run,name\n2026-11-ab,医院 H3\n"
    out = tmp_path / "answer.json"
    command("sql", "--file", path, "--format", "json", "--out", out)
    assert json.loads(out.read_text()) == [{"run": "2026-11-ab", "name": "医院 H3"}]
    for listing in ("SHOW TABLES", "DESCRIBE runs", "WITH x AS (FROM runs) SELECT run FROM x"):
        assert command("sql", listing)[0] == 0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELEC run FROM runs", "syntax error"),
        ("SELECT nothing FROM runs", "Referenced column"),
        ("SELECT run FROM run_cases('2027-01')", "No files found"),
        ("SELECT CAST('a' AS INTEGER)", "Could not convert"),
        ("SELECT 1; SELECT 2", "not one single query"),
        ("", "not one single query"),
        ("DELETE FROM stored.runs", "not one single query"),
        ("COPY runs TO 'runs.csv'", "not one single query"),
        ("ATTACH 'other.duckdb'", "not one single query"),
        ("INSTALL httpfs", "not one single query"),
        ("EXPLAIN ANALYZE COPY runs TO 'runs.csv'", "not one single query"),
        ("WITH x AS (DELETE FROM stored.runs RETURNING run) FROM x", "read-only"),
        ("SELECT INTERVAL 1 DAY", "does not work"),
    ],
)
def test_sql_that_is_refused(command: Command, query: str, words: str) -> None:
    status, said, sentence = command("sql", query)
    assert (status, said) == (2, "")
    assert words in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "2026-1"), "2 runs begin with"),
        (("show", "2027"), "there is no run"),
        (("show", "'; DROP"), "there is no run"),
        (("show", "2026-10", "--only", "hospital"), "there is no part"),
        (("show", "2026-10", "--format", "csv"), "choose it with --only"),
        (("list", "--out", "list.txt"), "printed only"),
        (("sql",), "twice or not at all"),
        (("sql", "SELECT 1", "--file", "query.sql"), "twice or not at all"),
        (("sql", "--file", "no such file.sql"), "cannot be read"),
        (("sql", "SELECT [1] AS list", "--format", "csv"), "lists or structures"),
    ],
)
def test_mistakes(command: Command, arguments: tuple[str, ...], words: str) -> None:
    status, said, sentence = command(*arguments)
    assert (status, said) == (2, "")
    assert words in sentence


def test_rebuild(command: Command, two_runs: Path) -> None:
    (two_runs / "drgpay.duckdb").unlink()
    status, _, sentence = command("list")
    assert status == 2
    assert "drgpay runs rebuild" in sentence
    (two_runs / "notes").mkdir()
    status, said, warned = command("rebuild")
    assert status == 0
    assert "共 2 次运行" in said
    assert "跳过" in warned
    assert "notes" in warned
    assert command("list")[0] == 0
    (two_runs / "notes").rmdir()
