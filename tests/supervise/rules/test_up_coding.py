"""Up-coding: the worked example S8, and every candidate of a planted month computed again by itself."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from drgpay.grouper.compiled import CompiledScheme
from drgpay.supervise.case_file import open_case_file, traces
from drgpay.supervise.coded_share import coded_shares, prior
from drgpay.supervise.rules.up_coding import log_density, posterior
from drgpay.supervise.severity_groups import levels_of_groups, with_coded, without_level

LIMITS = {"min_n": 30, "z_from": 3.0, "least": 0.01, "most": 0.9}


def ratio(cost: float, low: tuple[float, float], own: tuple[float, float]) -> float:
    first, second = (
        log_density(np.array([cost]), np.array([mean]), np.array([cv]))[0]
        for mean, cv in (low, own)
    )
    return math.exp(first - second)


def c_of(pi: float, lr: float) -> float:
    frame = pl.DataFrame({"pi": [pi], "lr": [lr]})
    return float(frame.select(posterior(pl.col("pi"), pl.col("lr"))).item())


def test_s8() -> None:
    pi = prior(1000, 0.58, 0.25, **LIMITS)  # type: ignore[arg-type]
    lr = ratio(950_000, (1_000_000, 0.6), (1_500_000, 0.6))
    assert (round(pi, 4), round(lr, 4)) == (0.5690, 1.1414)
    c = c_of(pi, lr)
    assert (round(c, 4), round(c * 2500, 2)) == (0.6011, 1502.64)
    shown = c_of(pi, lr * 0.80 / 0.15)
    assert (round(shown, 4), round(shown * 2500, 2)) == (0.8893, 2223.31)


@pytest.mark.parametrize(
    ("n", "p", "e", "expected"),
    [
        (29, 0.58, 0.25, 0.01),  # too few
        (1000, 0.25, 0.25, 0.01),  # no excess
        (1000, 0.58, 0.0, 0.01),
        (1000, 1.0, 1.0, 0.01),
        (1000, 0.0, 0.25, 0.01),
        (100_000, 0.99, 0.01, 0.9),  # held below certainty
    ],
)
def test_a_prior_is_small_without_excess_and_never_certain(
    n: int, p: float, e: float, expected: float
) -> None:
    assert prior(n, p, e, **LIMITS) == expected  # type: ignore[arg-type]


def test_an_excess_counts_from_three_standard_errors() -> None:
    e, n = 0.2, 400  # a standard error of .02
    assert prior(n, 0.26 + 1e-9, e, **LIMITS) == pytest.approx(0.06 / 0.26)  # type: ignore[arg-type]
    assert prior(n, 0.2599, e, **LIMITS) == 0.01  # type: ignore[arg-type]


def test_peers_speak_by_their_median_and_pooled_where_few_have_stays() -> None:
    rows = [
        *[(f"h{number}", "A", 10, coded) for number, coded in enumerate((1, 2, 3, 9, 9))],
        *[(f"h{number}", "B", 5, number) for number in range(5)],
    ]
    names = ["hospital_id", "adrg", "eligible", "coded"]
    counts = pl.DataFrame(rows, schema=names, orient="row")
    peers = {f"h{one}": [f"h{other}" for other in range(5) if other != one] for one in range(5)}
    shares = {row[0]: row for row in coded_shares(counts, peers, 10, 3).iter_rows()}
    # h3: of A the median of .1 .2 .3 .9 is .25; of B too few stays each, so 7 of 20
    assert shares["h3"] == ("h3", 15, 12 / 15, pytest.approx((10 * 0.25 + 5 * 7 / 20) / 15))


def test_only_groups_that_name_the_severity_are_coded(compiled: CompiledScheme) -> None:
    """Of 175 ADRGs of 2.0 that severity splits, 51 split by MCC alone: a CC there changes nothing."""
    levels = levels_of_groups(compiled)
    by_adrg = levels.group_by("adrg").agg(pl.col("level").unique().sort())
    alone = by_adrg.filter(pl.col("level") == ["MCC"])["adrg"].sort()
    assert (by_adrg.height, len(alone)) == (175, 51)
    drg = levels.filter(pl.col("adrg") == alone[0])["drg"][0]
    stays = pl.DataFrame({"adrg": [alone[0]] * 2, "drg": [drg] * 2, "severity": ["MCC", "CC"]})
    assert with_coded(compiled, stays)["coded"].to_list() == [True, False]
    assert with_coded(compiled, stays)["eligible"].to_list() == [True, True]


def test_diagnoses_of_the_level_go_and_others_keep_their_order(compiled: CompiledScheme) -> None:
    by_level: dict[str, list[str]] = {}
    for code, entry in sorted(compiled.scheme.complications.items()):
        by_level.setdefault(str(entry.level), []).append(code)
    mcc, cc = by_level["MCC"], by_level["CC"]
    stays = pl.DataFrame(
        {
            "case_id": ["a", "b", "c"],
            "severity": ["MCC", "CC", "MCC"],
            "other_diagnoses": [[mcc[1], cc[0], "Z00.000", mcc[0]], [mcc[0], cc[1]], [cc[0]]],
        }
    )
    bare = without_level(compiled, stays)
    assert bare.select("case_id", "other_diagnoses", "suspects").rows() == [
        ("a", [cc[0], "Z00.000"], [mcc[1], mcc[0]]),
        ("b", [mcc[0]], [cc[1]]),
    ]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as opened:
        yield from csv.DictReader(opened)


@pytest.fixture(scope="module")
def candidates(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "candidates.parquet")


def test_every_candidate_again(file: Path, folder: Path, candidates: pl.DataFrame) -> None:
    """LR and c of all candidates from the catalogue's and the lines' files, with Python's own numbers."""
    region = file.parent
    groups = {row["drg"]: row for row in _rows(region / "catalogue" / "groups.csv")}
    levels = {
        (row["drg"], row["level"]): row
        for row in _rows(region / "catalogue" / "coefficients.csv")
        if not row["hospital_id"]
    }
    run = next((region / "runs").glob("*/cases.parquet"))
    cases = {row["case_id"]: row for row in pl.read_parquet(run).iter_rows(named=True)}
    charged = {(row["case_id"], row["item_code"]) for row in _rows(region / "stay_items.csv")}
    shows = {
        row["code"]: row["code2"]
        for row in _rows(region / "lists.csv")
        if row["list"] == "evidence"
    }
    facts = pl.read_parquet(folder / "evidence.parquet")
    suspects = dict(facts.filter(pl.col("fact") == "suspects").select("key", "value").iter_rows())

    def mean_cv(drg: str, level: str) -> tuple[float, float]:
        cv = float(groups[drg]["cv"])
        row = levels.get((drg, level))
        if row and int(row["level_cases"] or 0) >= 5:
            return float(row["level_total_yuan"]) / int(row["level_cases"]), cv
        factor = row or levels.get(("", level))
        return float(groups[drg]["mean_yuan"]) * float(factor["coefficient"] if factor else 1), cv

    compared = 0
    for row in candidates.iter_rows(named=True):
        case = cases[row["case_id"]]
        low, own = mean_cv(row["low_drg"], case["level"]), mean_cv(case["drg"], case["level"])
        lr = min(ratio(float(case["total_cost"]), low, own), math.exp(25))
        possible = {lr * times for times in (1.0, 0.80 / 0.15, 0.20 / 0.85)}
        if row["case_id"] in suspects:
            items = [shows[code] for code in suspects[row["case_id"]].split() if code in shows]
            met = any((row["case_id"], item) in charged for item in items)
            possible = {lr * (0.20 / 0.85 if met else 0.80 / 0.15) if items else lr}
            compared += 1
        nearest = min(possible, key=lambda one: abs(one - float(row["lr"])))
        assert float(row["lr"]) == pytest.approx(nearest, rel=1e-9, abs=6e-5)
        pi = float(row["pi"])
        assert float(row["c"]) == pytest.approx(pi * nearest / (pi * nearest + 1 - pi), abs=6e-4)
        assert row["stake"] > 0
    assert compared > 20


def test_the_case_file_has_both_groupings(folder: Path, candidates: pl.DataFrame) -> None:
    clues = pl.read_parquet(folder / "clues.parquet").filter(pl.col("rule") == "up_coding")
    clue = clues.row(0, named=True)
    file = open_case_file(folder, clue["clue_id"])
    own, low = traces(file, "zh")["trace"].to_list()
    groups = candidates.filter(pl.col("case_id") == clue["case_ids"][0])
    assert groups["low_drg"][0] not in own
    assert f"{groups['low_drg'][0]} " in low


def test_what_gained_is_judged_where_the_group_without_is_stable(
    file: Path, candidates: pl.DataFrame
) -> None:
    labels: Any = pl.read_parquet(file.parent / "fraud_labels.parquet")
    gained = labels.filter(pl.col("kind") == "up_coding")["case_id"]
    assert len(gained) > 50
    assert gained.is_in(candidates["case_id"].implode()).mean() > 0.7  # a small region
    no_gain = labels.filter(pl.col("kind") == "up_coding_no_gain")["case_id"]
    assert not no_gain.is_in(candidates["case_id"].implode()).any()
