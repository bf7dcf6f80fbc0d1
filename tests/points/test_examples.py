"""Worked numbers of points (examples C1-C8, C12, E3, E5), through the code that a run uses."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from drgpay.exact import unscaled
from drgpay.points.calibrate import base_points
from drgpay.points.cases import points_of_stays
from drgpay.points.catalogue import COEFFICIENT_SCHEMA, GROUP_SCHEMA, Catalogue, CatalogueInfo
from drgpay.points.coefficients import mix_parts
from drgpay.policy.load import load_policy
from drgpay.policy.model import BedDay, HighBand, Points

CORE = load_policy("zhejiang-2019-core").policy
MEAN_20_000 = 2_000_000  # fen
ALL_MEAN_10_000 = Fraction(1_000_000)  # fen


def catalogue(coefficient: int = 11_000, stable: bool = True) -> Catalogue:
    """One group of mean 20,000 yuan where all cases have the mean 10,000: base points 200."""
    info = CatalogueInfo(
        id="c",
        scheme="s",
        scheme_hash="",
        policy="p",
        source="",
        stays_read=0,
        stays_eligible=0,
        stays_trimmed=0,
        all_total_fen=1_000_000,
        all_cases=1,
        all_mean_yuan="10000.00",
    )
    base = base_points(MEAN_20_000, ALL_MEAN_10_000)
    groups = pl.DataFrame(
        [("G1", 10, 10, MEAN_20_000, 0, 0, stable, base)], schema=GROUP_SCHEMA, orient="row"
    )
    coefficients = pl.DataFrame(
        [("G1", "3A", "H1", 10, None, None, None, coefficient)],
        schema=COEFFICIENT_SCHEMA,
        orient="row",
    )
    return Catalogue(info, groups, coefficients)


STAY: dict[str, Any] = {
    "case_id": "1",
    "hospital_id": "H1",
    "level": "3A",
    "person_id": "P1",
    "account": "employee",
    "out_of_area": False,
    "admission_date": date(2026, 10, 1),
    "discharge_date": date(2026, 10, 9),
    "settlement_date": date(2026, 10, 9),
    "sex": 1.0,
    "age": 50.0,
    "age_days": None,
    "weight_g": None,
    "principal_diagnosis": "A",
    "length_of_stay": 8,
    "payment_unit": "drg",
    "bed_day_class": None,
    "complete": True,
    "status": "grouped",
    "drg": "G1",
    "total_fen": MEAN_20_000,
}


def priced(
    points: Points = CORE.points, of: Catalogue | None = None, *changes: dict[str, Any]
) -> pl.DataFrame:
    """The points of some stays, each the standard stay with changes."""
    rows = [{**STAY, "case_id": str(n), **change} for n, change in enumerate(changes or [{}])]
    frame = pl.DataFrame(
        rows, schema_overrides={"age_days": pl.Float64, "bed_day_class": pl.String}
    )
    return points_of_stays(frame, of or catalogue(), points)


def one(
    points: Points = CORE.points, of: Catalogue | None = None, **change: Any
) -> tuple[str, str]:
    """Class and points of one stay."""
    row = priced(points, of, change).row(0, named=True)
    return row["case_class"], str(unscaled(row["points"], 4))


def with_(**change: Any) -> Points:
    return CORE.points.model_copy(update=change)


def test_c1_base_points() -> None:
    assert base_points(MEAN_20_000, ALL_MEAN_10_000) == 200_0000


def test_c2_complete_case() -> None:
    assert one() == ("normal", "220.0000")


def test_c3_incomplete_case() -> None:
    assert one(complete=False, total_fen=500_000) == ("incomplete", "55.0000")


def test_c4_the_cap_is_the_base_without_coefficient() -> None:
    assert one(complete=False, total_fen=1_990_000) == ("incomplete", "200.0000")


def test_c5_jinhua_2017_has_no_coefficient_inside() -> None:
    jinhua = with_(incomplete_formula="without_coefficient")
    assert one(jinhua, complete=False, total_fen=500_000) == ("incomplete", "50.0000")


def readmission(*changes: dict[str, Any], points: Points = CORE.points) -> list[str]:
    frame = priced(points, None, *changes)
    return [str(unscaled(value, 4)) for value in frame["points"]]


def test_c6_readmission_halves_the_previous_stay() -> None:
    again = {"admission_date": date(2026, 10, 24), "discharge_date": date(2026, 10, 30)}
    assert readmission({}, again) == ["110.0000", "220.0000"]


def test_a_chain_of_three_halves_the_first_two() -> None:
    days = [(1, 4), (10, 12), (20, 25)]
    stays = [
        {"admission_date": date(2026, 10, a), "discharge_date": date(2026, 10, d)} for a, d in days
    ]
    assert readmission(*reversed(stays)) == ["220.0000", "110.0000", "110.0000"]


@pytest.mark.parametrize(
    "again",
    [
        {"admission_date": date(2026, 10, 25), "discharge_date": date(2026, 10, 30)},  # 16 days
        {"admission_date": date(2026, 10, 20), "person_id": "P2"},
        {"admission_date": date(2026, 10, 20), "drg": "G2"},
        {"admission_date": date(2026, 10, 20), "hospital_id": "H2"},
        {"admission_date": date(2026, 10, 20), "payment_unit": "fee"},
    ],
)
def test_not_a_readmission(again: dict[str, Any]) -> None:
    assert readmission({}, again)[0] == "220.0000"


def test_readmission_scope_and_exemption() -> None:
    again = {"admission_date": date(2026, 10, 20), "hospital_id": "H2"}
    rule = CORE.points.readmission
    anywhere = with_(readmission=rule.model_copy(update={"scope": "region"}))
    assert readmission({}, again, points=anywhere)[0] == "110.0000"
    exempt = with_(readmission=rule.model_copy(update={"exempt_groups": ("G1",)}))
    same_hospital = {"admission_date": date(2026, 10, 20)}
    assert readmission({}, same_hospital, points=exempt)[0] == "220.0000"


def test_c7_ambiguous_guigang_2022() -> None:
    assert one(drg="XQY", status="ambiguous", total_fen=800_000) == ("ambiguous", "48.0000")


def test_c8_coefficient_mix() -> None:
    half = CORE.calibration.coefficients
    assert mix_parts(Fraction("1.08"), Fraction("0.96"), half) == 1_0200


def test_a_missing_part_counts_as_one_and_the_mix_is_clamped() -> None:
    rule = CORE.calibration.coefficients
    assert mix_parts(None, None, rule) == 1_0000
    assert mix_parts(Fraction("1.5"), None, rule) == 1_2500
    narrow = rule.model_copy(update={"minimum": Decimal("0.9"), "maximum": Decimal("1.1")})
    assert mix_parts(Fraction(3), Fraction(3), narrow) == 1_1000
    assert mix_parts(Fraction(0), Fraction(0), narrow) == 9000


def test_c12_bed_days_hezhou_2022() -> None:
    row = BedDay(bed_day_class="psychiatry", points_per_day=Decimal("2.36182972"))
    stay: dict[str, Any] = {
        "payment_unit": "bed_day",
        "bed_day_class": "psychiatry",
        "length_of_stay": 30,
    }
    assert one(with_(bed_days=(row,)), **stay) == ("bed_day", "70.8549")


def test_bed_days_in_yuan_become_points_as_costs_do() -> None:
    row = BedDay(bed_day_class="long", yuan_per_day=Decimal("420.00"))
    stay: dict[str, Any] = {
        "payment_unit": "bed_day",
        "bed_day_class": "long",
        "length_of_stay": 10,
    }
    assert one(with_(bed_days=(row,)), **stay) == ("bed_day", "42.0000")


def test_the_first_bed_day_row_that_fits_prices_the_stay() -> None:
    rows = (
        BedDay(bed_day_class="long", levels=("3A",), points_per_day=Decimal(3)),
        BedDay(bed_day_class="long", points_per_day=Decimal(2)),
    )
    stay: dict[str, Any] = {
        "payment_unit": "bed_day",
        "bed_day_class": "long",
        "length_of_stay": 10,
    }
    assert one(with_(bed_days=rows), **stay) == ("bed_day", "30.0000")
    assert one(with_(bed_days=rows), **stay, level="1") == ("bed_day", "20.0000")


def test_points_are_rounded_half_up_at_the_fourth_place() -> None:
    """200.0005 x 1.1000 = 220.00055 exactly, a half at the fifth place."""
    of = catalogue()
    odd = Catalogue(
        of.info, of.groups.with_columns(base_points=pl.lit(200_0005, pl.Int64)), of.coefficients
    )
    assert one(of=odd) == ("normal", "220.0006")


@pytest.mark.parametrize(
    ("cost_yuan", "bounds", "name"),
    [
        (30_000, "strict", "normal"),
        (30_001, "strict", "high"),
        (30_000, "inclusive", "high"),
        (4_000, "strict", "normal"),
        (3_999, "strict", "low"),
        (4_000, "inclusive", "low"),
    ],
)
def test_e5_bounds_are_exact(cost_yuan: int, bounds: str, name: str) -> None:
    """A group of mean 10,000 with ratio 3 flags above 30,000; at the bound the stay is normal."""
    points = with_(bounds=bounds, high_bands=(HighBand(ratio=Decimal(3)),))
    of = catalogue()
    cheap = Catalogue(
        of.info, of.groups.with_columns(mean_fen=pl.lit(1_000_000, pl.Int64)), of.coefficients
    )
    assert one(points, cheap, total_fen=cost_yuan * 100)[0] == name


def test_low_stays_are_paid_as_incomplete_ones_or_at_cost() -> None:
    assert one(total_fen=500_000) == ("low", "55.0000")
    assert one(with_(low_formula="at_cost"), total_fen=500_000) == ("low", "50.0000")


def test_high_stays_without_review_earn_base_times_coefficient() -> None:
    assert one(total_fen=20_000_000) == ("high", "220.0000")


def test_high_bands_go_by_base_points_level_and_account() -> None:
    bands = (
        HighBand(ratio=Decimal("1.2"), base_points_from=Decimal(500)),
        HighBand(ratio=Decimal("1.5"), levels=("1",)),
        HighBand(ratio=Decimal(2), accounts=("resident",)),
        HighBand(ratio=Decimal(3)),
    )
    points = with_(high_bands=bands)
    cost: dict[str, Any] = {"total_fen": 5_000_000}  # 2.5 times the mean
    assert one(points, **cost)[0] == "normal"
    assert one(points, **cost, account="resident")[0] == "high"
    assert one(points, total_fen=3_200_000, level="1")[0] == "high"


def test_few_cases() -> None:
    assert one(of=catalogue(stable=False)) == ("few_cases", "200.0000")  # without coefficient
    at_cost = with_(few_cases_rule="at_cost", few_cases_ratio=Decimal("0.8"))
    assert one(at_cost, catalogue(stable=False)) == ("few_cases", "160.0000")


@pytest.mark.parametrize("change", [{"status": "ungrouped", "drg": "0000"}, {"drg": "G9"}])
def test_ungrouped_and_not_in_the_catalogue(change: dict[str, Any]) -> None:
    assert one(with_(ungrouped_ratio=Decimal("0.5")), **change) == ("ungrouped", "100.0000")


def test_fee_stays_are_outside_the_pool() -> None:
    assert one(payment_unit="fee") == ("fee", "0.0000")


def test_a_hospital_without_coefficient_takes_that_of_its_level_then_one() -> None:
    of = catalogue()
    level = pl.DataFrame(
        [("G1", "3A", None, None, None, 10, 2_000_000 * 10, 10_500)],
        schema=COEFFICIENT_SCHEMA,
        orient="row",
    )
    both = Catalogue(of.info, of.groups, pl.concat([of.coefficients, level]))
    assert one(of=both) == ("normal", "220.0000")
    assert one(of=both, hospital_id="H9") == ("normal", "210.0000")
    assert one(of=both, hospital_id="H9", level="2A") == ("normal", "200.0000")
