"""Wilson limits by hand, the limit of an extrapolation (S11), and results of an audit read back."""

from math import isnan
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.supervise.error_rate import error_rates, lower_limit, rates_of, wilson
from drgpay.supervise.output import RULES
from drgpay.supervise.rulebook import Rulebook


def test_s11_the_lower_limit_of_all_stays() -> None:
    found = lower_limit(1000, 50, 500, 800, 0.90)
    assert f"{found:,.2f}" == "356,676.90"
    from scipy.special import stdtrit

    assert f"{stdtrit(49, 0.90):.7f}" == "1.2990688"


def test_a_census_has_no_doubt_and_one_stay_no_limit() -> None:
    assert lower_limit(50, 50, 500, 800, 0.90) == 25_000
    assert isnan(lower_limit(1000, 1, 500, 0, 0.90))


@pytest.mark.parametrize(
    ("errors", "n", "low", "high"),
    [
        # z 1.959964: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)
        (3, 30, 0.0346, 0.2562),
        (0, 30, 0.0000, 0.1135),
        (30, 30, 0.8865, 1.0000),
        (1, 2, 0.0945, 0.9055),
    ],
)
def test_wilson_limits(errors: int, n: int, low: float, high: float) -> None:
    found = wilson(errors, n, 0.95)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_no_stay_has_no_limits() -> None:
    found = wilson(0, 0, 0.95)
    assert isnan(found.low)
    assert isnan(found.high)


SAMPLE = pl.DataFrame(
    {
        "case_id": ["c", *(f"x{number:02}" for number in range(30)), "y1", "y2"],
        "hospital_id": ["H1"] * 31 + ["H2"] * 2,
        "layer": ["clues"] + ["random"] * 32,
        "order": [1, *range(1, 31), 1, 2],
        "reason": ["f1"] + ["seed=1"] * 32,
        "drawn_of": [None] + [900] * 30 + [2] * 2,
    }
)


def results(rows: list[tuple[str, str, str]]) -> str:
    return "\n".join(["case_id,result,amount", *(",".join(row) for row in rows)]) + "\n"


def folder_of(tmp_path: Path, rulebook: Rulebook, extrapolate: bool = False) -> Path:
    """A folder of a supervision as far as this command reads one."""
    SAMPLE.write_parquet(tmp_path / "audit_sample.parquet")
    text = rulebook.path.read_text(encoding="utf-8")
    told = f"extrapolate = {str(extrapolate).lower()}"
    assert "extrapolate = false" in text
    (tmp_path / RULES).write_text(text.replace("extrapolate = false", told), encoding="utf-8")
    return tmp_path


FOUND = [
    *((f"x{number:02}", "confirmed", "100.00") for number in range(3)),
    *((f"x{number:02}", "rejected", "") for number in range(3, 30)),
    ("c", "confirmed", "99999.00"),
]


def test_rates_are_of_the_random_stays_alone(tmp_path: Path, rulebook: Rulebook) -> None:
    folder = folder_of(tmp_path, rulebook)
    (tmp_path / "r.csv").write_text(results(FOUND), encoding="utf-8")
    first, second = error_rates(folder, tmp_path / "r.csv").to_dicts()
    assert (first["drawn_of"], first["drawn"], first["audited"], first["errors"]) == (
        900,
        30,
        30,
        3,
    )
    assert (first["error_rate"], round(first["rate_low"], 4)) == (0.1, 0.0346)
    assert first["lower_limit_fen"] is None
    assert (second["drawn"], second["audited"], second["error_rate"]) == (2, 0, None)


def test_a_file_of_rules_may_extrapolate(tmp_path: Path, rulebook: Rulebook) -> None:
    folder = folder_of(tmp_path, rulebook, extrapolate=True)
    (tmp_path / "r.csv").write_text(results(FOUND), encoding="utf-8")
    first, second = error_rates(folder, tmp_path / "r.csv").to_dicts()
    deviation = (3 * 9_000**2 + 27 * 1_000**2) ** 0.5 / 29**0.5
    expected = lower_limit(900, 30, 1000, deviation, 0.9)
    assert first["lower_limit_fen"] == pytest.approx(expected)
    assert expected > 0
    assert second["lower_limit_fen"] is None


def test_an_error_without_its_amount_is_not_extrapolated(
    tmp_path: Path, rulebook: Rulebook
) -> None:
    folder = folder_of(tmp_path, rulebook, extrapolate=True)
    (tmp_path / "r.csv").write_text(results([("x00", "confirmed", ""), *FOUND[1:]]), "utf-8")
    first, _ = error_rates(folder, tmp_path / "r.csv").to_dicts()
    assert (first["errors"], first["lower_limit_fen"]) == (3, None)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("z", "confirmed", "")], "z"),
        ([("x00", "maybe", "")], "maybe"),
        ([("x00", "rejected", ""), ("x00", "confirmed", "")], "x00"),
    ],
)
def test_results_that_are_none_are_refused(
    tmp_path: Path, rulebook: Rulebook, rows: list[tuple[str, str, str]], said: str
) -> None:
    folder = folder_of(tmp_path, rulebook)
    (tmp_path / "r.csv").write_text(results(rows), encoding="utf-8")
    with pytest.raises(DrgpayError, match=said):
        error_rates(folder, tmp_path / "r.csv")


def test_a_folder_without_a_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="audit_sample"):
        error_rates(tmp_path, tmp_path / "r.csv")


def test_the_limit_is_never_below_nothing(rulebook: Rulebook) -> None:
    review = rulebook.review.model_copy(update={"extrapolate": True})
    drawn = SAMPLE.filter(pl.col("hospital_id") == "H1").tail(30)
    given = pl.DataFrame(
        {
            "case_id": drawn["case_id"],
            "result": ["confirmed"] + ["rejected"] * 29,
            "amount": [100] + [None] * 29,
        }
    )
    (row,) = rates_of(drawn, given, review).to_dicts()
    assert row["lower_limit_fen"] == 0
