"""`drgpay share`: the folder it leaves, what it says, and what it refuses."""

import json
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.responsibility.file import load_responsibility
from drgpay.responsibility.ledger import Posting, prove
from drgpay.responsibility.output import write_responsibility
from drgpay.responsibility.responsibility import responsibility
from drgpay.responsibility.sentences import headlines, standing
from tests.cli.in_process import run_in_process
from tests.responsibility.counties import FILE, TABLES, project


def made(path: Path) -> Path:
    return write_responsibility(responsibility(load_responsibility(path)))


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{name}.parquet")


def test_the_folder_of_a_year(tmp_path: Path) -> None:
    folder = made(project(tmp_path))
    shares = table(folder, "county_share")
    gap = table(folder, "county_gap").filter(pl.col("year") == 2026)["gap"]
    borne = shares.select(pl.col("county_borne") + pl.col("pool_borne")).to_series()
    assert borne.to_list() == gap.to_list()
    ledger = table(folder, "ledger")
    assert ledger["amount"].sum() == 0
    assert (
        ledger.group_by("entry").agg(pl.col("amount").sum())["amount"].to_list().count(0)
        == ledger["entry"].n_unique()
    )
    gaps = table(folder, "county_gap").filter(pl.col("county") == "A")
    assert gaps["year"].to_list() == [2025, 2026]
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["kind"] == "responsibility"
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    paths = {one["path"]: one for one in package["resources"]}
    assert paths["county_share.parquet"]["schema"]["fields"][0]["title"]
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}


def test_the_same_year_gives_the_same_bytes_in_any_order_of_rows(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()

    def turned(text: str) -> str:
        head, *rows = text.splitlines()
        return "\n".join([head, *reversed(rows)]) + "\n"

    first = made(project(one))
    second = made(project(two, {name: turned(text) for name, text in TABLES.items()}))
    for path in first.glob("*.parquet"):
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name
    assert (first / "counties.xlsx").read_bytes() == (second / "counties.xlsx").read_bytes()
    assert made(one / "responsibility.toml") == first


def test_every_share_says_that_it_is_unverified(tmp_path: Path) -> None:
    path = project(tmp_path)
    found = responsibility(load_responsibility(path))
    parameters = {one.key: one for one in found.job.parameters()}
    assert not any(one.verified for one in parameters.values())
    assert parameters["shares.county_cap"].source == "a draft"
    count = len(parameters)
    assert f"{count} of {count} parameters are unverified" in standing(found, "en")
    folder = write_responsibility(found)
    assert standing(found, "zh") in (folder / "report.html").read_text("utf-8")
    verified = path.read_text("utf-8").replace("verified = false", "verified = true")
    path.write_text(verified, encoding="utf-8")
    again = responsibility(load_responsibility(path))
    assert f"{count - 1} of {count}" in standing(again, "en")


def test_a_sheet_a_county_with_the_formula_and_its_numbers(tmp_path: Path) -> None:
    folder = made(project(tmp_path))
    book = openpyxl.load_workbook(folder / "counties.xlsx")
    assert book.sheetnames == ["Alpha", "Beta"]
    cells = [cell.value for row in book["Alpha"].iter_rows() for cell in row]
    shares = table(folder, "county_share").row(0, named=True)
    assert float(shares["management_borne"]) in cells
    assert any(isinstance(cell, str) and cell.startswith("=") for cell in cells)
    assert 2025 in cells


def test_the_command_prints_shares_and_the_standing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_in_process(monkeypatch, capsys)
    path, out = project(tmp_path), tmp_path / "out"
    status, said, error = run("--lang", "en", "share", path)
    assert status == 0, error
    assert "unverified" in said
    assert "Alpha" in said
    _, told, _ = run("share", path, "--json", "--out", out)
    summary = json.loads(told)
    assert summary["unverified"] == summary["parameters"]
    assert {row["county"] for row in summary["county_share"]} == {"A", "B"}
    assert run("share", path, "--out", out)[0] == 2


def test_headlines_say_what_nobody_pays(tmp_path: Path) -> None:
    changed = {
        "fiscal_limits": "payer,account,amount\ncity,employee,0\nA,employee,0\nB,employee,0\n"
    }
    balances = {"pool_balances": "year,account,balance_end\n2025,employee,0\n"}
    spend = {
        name: TABLES[name].replace(old, new)
        for name, old, new in (
            ("county_spend", "580000000", "680000000"),
            ("pool_spend", "1080000000", "1180000000"),
        )
    }
    path = project(tmp_path, changed | balances | spend, FILE.replace('"after"', '"none"'))
    found = responsibility(load_responsibility(path))
    unfunded = found.accounts[0].cascade.unfunded_fen
    assert unfunded > 0
    assert f"{unfunded / 100:,.2f}" in headlines(found, "en")[0]


def test_pooling_beforehand_stands_beside_the_gap(tmp_path: Path) -> None:
    path = project(tmp_path, file=FILE.replace('"after"', '"before"'))
    folder = made(path)
    adjustment = table(folder, "adjustment")
    assert adjustment["net"].sum() == 0
    assert adjustment["contribution"].sum() > 0
    none = tmp_path / "none"
    none.mkdir()
    alone = made(project(none, file=FILE.replace('"after"', '"none"')))
    assert table(alone, "county_share").equals(table(folder, "county_share"))


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("responsibility.no_year", {"county_fund": TABLES["county_fund"].replace("2026", "2024")}),
        (
            "responsibility.missing_county",
            {"county_fund": "\n".join(TABLES["county_fund"].splitlines()[:3]) + "\n"},
        ),
        (
            "responsibility.unknown_county",
            {"own_policy": "year,account,county,amount,what\n2026,employee,X,1,x\n"},
        ),
        ("responsibility.score_out_of_range", {"scores": "year,county,score\n2026,A,100.01\n"}),
        ("responsibility.no_spend", {"county_spend": None}),
        (
            "responsibility.county_without_spend",
            {
                "county_spend": TABLES["county_spend"].rsplit("2026", 1)[0],
                "pool_spend": None,
            },
        ),
        (
            "responsibility.county_sum",
            {"pool_spend": TABLES["pool_spend"].replace("1080000000", "1080000000.02")},
        ),
        (
            "responsibility.no_heads",
            {
                "county_spend_age": TABLES["county_spend_age"]
                .replace("30000,", "0,")
                .replace("20000,3", "0,3")
            },
        ),
        (
            "responsibility.no_balance",
            {"pool_balances": "year,account,balance_end\n2026,employee,1\n"},
        ),
        ("records.repeated_row", {"scores": "year,county,score\n2026,A,80\n2026,A,80\n"}),
        (
            "records.wrong_cell",
            {"county_fund": TABLES["county_fund"].replace("100000,", "-100000,")},
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused_in_one_sentence(
    tmp_path: Path, code: str, changed: dict[str, str | None]
) -> None:
    with pytest.raises(DrgpayError) as error:
        responsibility(load_responsibility(project(tmp_path, changed)))
    assert error.value.code == code
    assert "\n" not in str(error.value)


def test_a_difference_of_a_fen_is_none(tmp_path: Path) -> None:
    spend = TABLES["pool_spend"].replace("1080000000", "1080000000.01")
    made(project(tmp_path, {"pool_spend": spend}))


def test_ages_are_needed_where_budgets_go_by_them(tmp_path: Path) -> None:
    file = FILE.replace("[shares]", '[shares]\nbase = "expected"')
    with pytest.raises(DrgpayError) as error:
        responsibility(load_responsibility(project(tmp_path, {"county_spend_age": None}, file)))
    assert error.value.code == "responsibility.no_ages"
    folder = made(project(tmp_path, file=file))
    gaps = table(folder, "county_gap").filter(pl.col("year") == 2026)
    assert gaps["budget_used"].sum() == gaps["budget_given"].sum()
    assert not gaps["budget_used"].equals(gaps["budget_given"])


def test_an_open_ledger_is_found() -> None:
    standing = {"pool": 5, "income:A": -4}
    with pytest.raises(DrgpayError) as error:
        prove("employee", standing, [], [])
    assert error.value.code == "responsibility.ledger_open"
    assert Posting("share", "A", "a", "b", 3).entries() == (("a", -3), ("b", 3))


@pytest.mark.parametrize(
    "wrong",
    [
        "least = 1.3",
        "bands = [{ up_to = 0.1, share = 0.2 }]",
        "bands = [{ up_to = 0.1, share = 0.2 }, { up_to = 0.1, share = 0.3 }, { share = 1 }]",
    ],
)
def test_parameters_that_contradict_themselves(tmp_path: Path, wrong: str) -> None:
    section = "[shares.management]" if wrong.startswith("least") else "[shares]"
    file = FILE.replace("[cascade]", f"{section}\n{wrong}\n[cascade]")
    if section == "[shares]":
        file = FILE.replace("[shares]", f"[shares]\n{wrong}")
    with pytest.raises(DrgpayError):
        load_responsibility(project(tmp_path, file=file))
