"""Hospitals and audits of a supervision, from its file to its folder and its commands."""

import json
from pathlib import Path

import polars as pl
import pytest

from drgpay.supervise.file import load_supervise
from drgpay.supervise.measures import SHARES, VALUES
from drgpay.supervise.output import write_supervision
from drgpay.supervise.supervision import supervise
from tests.cli.in_process import run_in_process


@pytest.fixture(scope="module")
def folder(file: Path) -> Path:
    text = file.read_text(encoding="utf-8") + "[sample]\ncapacity = 5\nseed = 7\n"
    path = file.with_name("sampled.toml")
    path.write_text(text, encoding="utf-8")
    return write_supervision(supervise(load_supervise(path)))


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{name}.parquet")


def test_each_hospital_has_every_measure(folder: Path) -> None:
    scores = table(folder, "hospital_scores")
    counts = scores.group_by("hospital_id").len()["len"].unique().to_list()
    assert counts == [len(SHARES) + len(VALUES) + 1]
    few = scores.filter((pl.col("n") < 30) & (pl.col("measure") != "hospital_score"))
    assert set(few["flag"]) <= {"not_judged"}
    judged = scores.filter(pl.col("flag").is_null())["z"].drop_nulls().cast(pl.Float64)
    assert judged.abs().max() < 3  # type: ignore[operator]


def test_scores_are_of_the_expected_recovery(folder: Path) -> None:
    scores = table(folder, "hospital_scores").filter(pl.col("measure") == "hospital_score")
    expected = table(folder, "by_hospital").filter(pl.col("expected") > 0)
    positive = scores.filter(pl.col("x") > 0)
    assert set(positive["hospital_id"]) == set(expected["hospital_id"])


def test_the_audit_has_both_layers(folder: Path) -> None:
    sample = table(folder, "audit_sample")
    clues = sample.filter(pl.col("layer") == "clues")
    assert clues["reason"].n_unique() == clues["order"].max() == 5
    random = sample.filter(pl.col("layer") == "random")
    concerned = table(folder, "clues")["case_ids"].explode()
    assert not random["case_id"].is_in(concerned.implode()).any()
    drawn = random.group_by("hospital_id").agg(pl.len(), pl.col("drawn_of").first())
    assert (drawn["len"] == drawn["drawn_of"].clip(upper_bound=30)).all()


def test_the_command_shows_error_rates(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    random = table(folder, "audit_sample").filter(pl.col("layer") == "random")
    hospital = random["hospital_id"][0]
    mine = random.filter(pl.col("hospital_id") == hospital)
    found = mine.select(
        "case_id",
        result=pl.when(pl.col("order") == 1)
        .then(pl.lit("confirmed"))
        .otherwise(pl.lit("rejected")),
    )
    found.write_csv(tmp_path / "results.csv")
    run = run_in_process(monkeypatch, capsys)
    status, said, _ = run("supervise-audit", folder, tmp_path / "results.csv", "--json")
    assert status == 0
    rows = {row["hospital_id"]: row for row in json.loads(said)["hospitals"]}
    assert rows[hospital]["audited"] == mine.height
    assert float(rows[hospital]["error_rate"]) == pytest.approx(1 / mine.height, abs=5e-5)
    assert all(row["error_rate"] is None for name, row in rows.items() if name != hospital)
    status, said, _ = run("supervise-audit", folder, tmp_path / "results.csv", "--lang", "en")
    assert (status, hospital in said) == (0, True)
    (tmp_path / "other.csv").write_text("case_id,result\nnone,confirmed\n", encoding="utf-8")
    status, _, said = run("supervise-audit", folder, tmp_path / "other.csv")
    assert (status, "none" in said) == (2, True)


def test_the_console_shows_hospitals_where_all_is_asked_for(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_in_process(monkeypatch, capsys)
    title = "Hospitals beside their peers"
    _, usual, _ = run("supervise", file, "--out", tmp_path / "a", "--lang", "en")
    _, told, _ = run("supervise", file, "--out", tmp_path / "b", "--lang", "en", "-v")
    assert (title in usual, title in told) == (False, True)
