"""Groups of too few cases that have the price of others x a factor."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.shipped import shipped_folder
from drgpay.points.calibrate import base_points
from drgpay.points.calibration_report import calibration_report
from drgpay.points.catalogue import Catalogue, load_catalogue, save_catalogue
from drgpay.policy.load import load_policy
from tests.points.calibration_stays import costs, stays
from tests.points.test_calibrate import any_scheme, made, policy

SPLIT = [
    {"groups": ["*3"], "like": ["*1", "*5"], "times": "1.5"},
    {"groups": ["BJ13", "BB15"], "like": ["BJ11"], "times": "2"},
]
HISTORY = costs("BJ11", *[100_001] * 5) + costs("BJ15", *[200_000] * 3) + costs("BJ13", 7_777)


def catalogue(**change: Any) -> Catalogue:
    return made(stays(*HISTORY), any_scheme(), stand_ins=SPLIT, **change)


def test_the_mean_of_the_others_together_times_the_factor() -> None:
    found = catalogue()
    rows = {row["drg"]: row for row in found.groups.iter_rows(named=True)}
    # (5 x 1,000.01 + 3 x 2,000.00) / 8 x 1.5 = 2,062.509375 yuan
    assert rows["BJ13"] | {"account": None} == {
        "drg": "BJ13",
        "cases": 1,
        "kept": 1,
        "mean_fen": 206_251,
        "median_fen": None,
        "sd_fen": None,
        "cv": None,
        "stable": False,
        "base_points": base_points(206_251, found.all_mean_fen),
        "stability": "stand_in",
        "account": None,
    }
    assert (rows["BB15"]["kept"], rows["BB15"]["mean_fen"]) == (0, 200_002)
    assert found.coefficients.filter(drg="BJ13").is_empty()
    assert not found.coefficients.filter(drg="BJ11").is_empty()


def test_enough_cases_of_its_own_need_no_others() -> None:
    of_its_own = catalogue(stable_min_cases=1).groups.filter(drg="BJ13").row(0, named=True)
    assert (of_its_own["stability"], of_its_own["mean_fen"]) == ("stable", 7_777)
    # BJ11 and BJ15 have 8 cases together.
    lonely = catalogue(stable_min_cases=9).groups.filter(drg="BJ13").row(0, named=True)
    assert (lonely["stability"], lonely["mean_fen"]) == ("unstable_cases", 7_777)


def test_the_catalogue_and_its_report_name_them(tmp_path: Path) -> None:
    found = catalogue()
    save_catalogue(found, tmp_path)
    again = load_catalogue(tmp_path, any_scheme())
    assert again.info.stand_ins == found.info.stand_ins
    rules = policy(stand_ins=SPLIT).calibration
    report = calibration_report(stays(*HISTORY), found, any_scheme(), rules)
    assert report.stand_ins.filter(drg="BJ13").select(
        "drg", "kept", "like", "like_cases", "like_mean", "times"
    ).row(0) == ("BJ13", 1, "BJ11, BJ15", 8, Decimal("1375.01"), Decimal("1.5000"))
    assert report.unstable.filter(drg="BJ13")["unstable_reason"].item() == "too_few_cases"
    plain = made(stays(*HISTORY), any_scheme())
    assert "stand_ins" not in plain.info.model_dump()
    assert "stand_ins" not in policy().model_dump()["calibration"]


REFUSED = {
    "BJ11": r"\*1 in like goes with an ending in groups, which names BJ11",
    "*3": 'paid with points.few_cases_rule = "base" only',
}


@pytest.mark.parametrize("groups", REFUSED)
def test_what_cannot_be_paid_is_refused(groups: str, tmp_path: Path) -> None:
    text = (shipped_folder("policies") / "illustrative.toml").read_text("utf-8")
    row = f'[[calibration.stand_ins]]\ngroups = ["{groups}"]\nlike = ["*1"]\ntimes = 1\n'
    path = tmp_path / "policy.toml"
    path.write_text(text.replace("[calibration]", f"{row}[calibration]", 1), encoding="utf-8")
    with pytest.raises(DrgpayError, match=REFUSED[groups]):
        load_policy(path)
