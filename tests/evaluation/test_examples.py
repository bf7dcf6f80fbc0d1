"""V1 to V8 of the specification of evaluation, by their ids."""

from decimal import Decimal
from fractions import Fraction

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import half_up
from drgpay.evaluation.bond import bond_back_fen, bond_fen
from drgpay.evaluation.factor import factor_of
from drgpay.evaluation.file import FactorBand, MoneyFile
from drgpay.evaluation.money import Line, paid_lines, refuse_large_bond
from drgpay.evaluation.risk_classes import Mortality, risk_classes
from drgpay.evaluation.score import percentile, shrunk, total_of
from drgpay.evaluation.shipped import INDICATORS
from tests.evaluation.stays import material

_LINEAR = (
    FactorBand(score_from=Decimal(90), per_point=Decimal(0)),
    FactorBand(score_from=Decimal(80), per_point=Decimal("0.002")),
    FactorBand(score_from=Decimal(60), per_point=Decimal("0.0015")),
    FactorBand(score_from=Decimal(0), per_point=Decimal(0)),
)


def test_v1_both_forms_of_the_cost_index() -> None:
    rows = [{"drg": "a", "total_fen": 900_000}] * 30 + [{"drg": "b", "total_fen": 2_400_000}] * 10
    # H2 makes the region's means 10,000 and 20,000.
    rows += [{"hospital_id": "H2", "drg": "a", "total_fen": 1_100_000}] * 30
    rows += [{"hospital_id": "H2", "drg": "b", "total_fen": 1_600_000}] * 10
    found = material(rows)
    values = {}
    for name in ("cost_index", "cost_index_sums"):
        sums = INDICATORS[name].sums(found)
        assert sums is not None
        mine = sums.filter(sums["hospital_id"] == "H1")
        assert mine["n"].sum() == 40
        values[name] = INDICATORS[name].value(
            int(mine["numerator"].sum()), int(mine["denominator"].sum())
        )
    assert values == {"cost_index": Fraction("0.975"), "cost_index_sums": Fraction("1.02")}


def test_v2_classes_of_mortality() -> None:
    shares = ["0.0005", "0.002", "0.01", "0.04", "0.15"]
    groups = [
        Mortality(f"G{place}", 10_000, int(Decimal(share) * 10_000))
        for place, share in enumerate(shares)
    ]
    found = risk_classes([*groups, Mortality("none", 40, 0)], 30)
    assert found is not None
    assert (round(found.mean, 6), round(found.sd, 6)) == (-4.707335, 2.038031)
    assert [round(one, 6) for one in found.bounds] == [0.001176, 0.009029, 0.069300]
    assert list(found.classes.values()) == [
        *("low", "mid_low", "mid_high", "mid_high", "high"),
        "low",
    ]
    assert risk_classes(groups[:1], 30) is None
    assert risk_classes([Mortality("a", 100, 5), Mortality("b", 200, 10)], 30) is None


def test_v3_between_p10_and_p90() -> None:
    low, high, x = (Fraction(one) for one in ("-0.262", "0.031", "-0.046"))
    assert half_up(percentile(x, low, high, down=False) * 100) == 86_86
    assert percentile(x, low, high, down=True) == 150 - percentile(x, low, high, down=False)
    assert percentile(x, low, low, down=True) == 75


@pytest.mark.parametrize(("by", "back"), [("hundred", 45_000_00), ("full", 47_368_42)])
def test_v4_the_bond_comes_back_by_score(by: str, back: int) -> None:
    rules = MoneyFile.model_validate({"bond_ratio": "0.05", "bond_by": by})
    bond = bond_fen(1_000_000_00, rules)
    assert bond == 50_000_00
    assert bond_back_fen(bond, 90_00, rules) == back
    assert bond_back_fen(bond, 95_00, rules) == bond
    assert bond_back_fen(bond, None, rules) == bond


def _line(hospital: str, fund_million: int, points: int, pool: str = "employee") -> Line:
    fund = fund_million * 100_000_000
    return Line(hospital, pool, points * 10_000, fund, fund, 0, 0)


def test_v5_linear_bands() -> None:
    rules = MoneyFile(use="factor", bands=_LINEAR)
    factors = [factor_of(score, rules) for score in (90_00, 80_00, 60_00)]
    assert factors == [1, Fraction("0.98"), Fraction("0.95")]
    assert factor_of(30_00, rules) == Fraction("0.95")
    lines = [_line("H1", 10, 1), _line("H2", 6, 1), _line("H3", 4, 1)]
    paid = paid_lines(lines, {"H1": 90_00, "H2": 80_00, "H3": 60_00}, rules)
    assert [one.withheld_fen for one in paid] == [0, 120_000_00, 200_000_00]


def test_v6_what_is_withheld_goes_by_score_and_points() -> None:
    rules = MoneyFile(use="factor", bands=_LINEAR, withheld="redistribute")
    lines = [
        _line("H1", 10, 200_000),
        _line("H2", 6, 150_000),
        _line("H3", 4, 100_000),
        _line("H4", 5, 100_000),
    ]
    scores = {"H1": 96_00, "H2": 80_00, "H3": 60_00, "H4": 92_00}
    paid = paid_lines(lines, scores, rules)
    assert [one.given_fen for one in paid] == [216_338_03, 0, 0, 103_661_97]
    kept = paid_lines(lines, scores, MoneyFile(use="factor", bands=_LINEAR))
    both = [
        sum(one.payable_fen + one.lost_fen - one.given_fen for one in of) for of in (paid, kept)
    ]
    assert both[0] == both[1] == 25 * 100_000_000
    nobody = paid_lines(lines, dict.fromkeys(scores, 89_00), rules)
    assert not any(one.given_fen for one in nobody)
    assert sum(one.withheld_fen for one in nobody) > 0


def test_v7_rates_of_small_hospitals_are_drawn_to_their_peers() -> None:
    value = shrunk(Fraction("0.10"), 40, Fraction("0.05"), 50)
    assert half_up(value * 10_000) == 722


def test_v8_the_weight_of_what_is_not_scored_goes_to_the_others() -> None:
    scores: list[tuple[Fraction, int | None]] = [
        (Fraction(30), 80_00),
        (Fraction(20), 90_00),
        (Fraction(50), None),
    ]
    assert total_of(scores) == 84_00
    assert total_of([(Fraction(49), 80_00), (Fraction(51), None)]) is None


def test_sharing_pays_the_part_by_the_factor_and_adds_to_what_is_borne() -> None:
    rules = MoneyFile(use="share", bands=_LINEAR)
    surplus = Line("H1", "p", 1, 100, 1_000_00, 0, 100_00)
    overrun = Line("H1", "p", 1, 100, 1_000_00, 0, -100_00)
    paid = paid_lines([surplus, overrun], {"H1": 80_00}, rules)
    assert [one.withheld_fen for one in paid] == [2_00, 2_00]
    free = paid_lines([surplus, overrun], {}, rules)
    assert [one.withheld_fen for one in free] == [0, 0]


def test_a_step_has_the_factor_of_its_band_its_lower_bound_inside() -> None:
    bands = (
        FactorBand(score_from=Decimal(90), factor=Decimal(1)),
        FactorBand(score_from=Decimal(0), factor=Decimal("0.9")),
    )
    rules = MoneyFile(use="factor", form="step", bands=bands)
    assert [factor_of(one, rules) for one in (90_00, 89_99, None)] == [1, Fraction("0.9"), 1]


def test_a_negative_fund_amount_stays_whole() -> None:
    rules = MoneyFile(use="factor", bands=_LINEAR)
    paid = paid_lines([_line("H1", -1, 5)], {"H1": 60_00}, rules)
    assert paid[0].withheld_fen == 0


def test_v4_a_bond_above_what_is_held_back_is_refused() -> None:
    rules = MoneyFile.model_validate({"bond_ratio": "0.05"})
    refuse_large_bond(rules, Decimal("0.95"))
    with pytest.raises(DrgpayError) as error:
        refuse_large_bond(rules, Decimal("0.9501"))
    assert error.value.code == "evaluation.bond_above_held_back"
