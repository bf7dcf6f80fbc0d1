"""Tables of weights are read without questions; prices beside weights say what weight 1 costs."""

from decimal import Decimal
from pathlib import Path

import pytest

from drgpay.start.weights import weights_plan
from tests.spread import spread

CITIES = Path(__file__).resolve().parents[3] / "shared" / "weights" / "cities"
LEVELS = ("3A", "3B", "2A", "2B", "1", "0")


def table(folder: Path, text: str, encoding: str = "gb18030") -> Path:
    path = folder / "weights.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_rate_of_all_groups_is_the_mean_over_all(tmp_path: Path) -> None:
    text = "DRG编码,DRG名称,RW,基础费率\nAC19,肺炎,0.5,9986.93\nAD19,食管,2,9986.93\n"
    plan = weights_plan(table(tmp_path, text), "chs-drg-2.0", LEVELS)
    assert plan.options.columns == {"weight": "RW"}
    assert plan.all_mean == Decimal("9986.93")


def test_prices_in_proportion_to_weights_give_the_mean_over_all(tmp_path: Path) -> None:
    text = "DRG编码,DRG名称,RW,支付标准\nAC19,肺炎,0.5,5000\nAD19,食管,2,20000\n"
    plan = weights_plan(table(tmp_path, text), "chs-drg-2.0", LEVELS)
    assert plan.all_mean == Decimal(10_000)
    assert plan.options.drop == ("支付标准",)


def test_prices_of_one_account_give_no_mean(tmp_path: Path) -> None:
    text = "DRG编码,DRG名称,RW,支付标准（职工）\nAC19,肺炎,0.5,5000\nAD19,食管,2,20000\n"
    assert weights_plan(table(tmp_path, text), "chs-drg-2.0", LEVELS).all_mean is None


def test_a_coefficient_of_a_grade_is_that_of_its_classes(tmp_path: Path) -> None:
    text = (
        "DRG编码,RW,等级系数（三甲）,等级系数（三级）,等级系数（一级及基层）\n"
        "AC19,0.5,1.1,1,0.8\nAD19,2,1.1,1,0.8\n"
    )
    plan = weights_plan(table(tmp_path, text), "chs-drg-2.0", LEVELS)
    assert plan.options.columns == {
        "weight": "RW",
        "coefficient_3A": "等级系数（三甲）",
        "coefficient_3B": "等级系数（三级）",
        "coefficient_1": "等级系数（一级及基层）",
        "coefficient_0": "等级系数（一级及基层）",
    }


def test_a_score_in_yuan_is_a_price(tmp_path: Path) -> None:
    text = "DRG编码,DRG名称,标准分值\nAC19,肺炎,5361.96\nAD19,食管,77361.96\n"
    plan = weights_plan(table(tmp_path, text), "chs-drg-2.0", LEVELS)
    assert plan.options.columns == {"price": "标准分值"}


def test_the_scheme_is_the_one_that_has_the_groups(tmp_path: Path) -> None:
    text = "DRG编码,RW\nAA19,20\nAC19,0.5\nAD19,2\n"
    plan = weights_plan(table(tmp_path, text), None, LEVELS)
    assert plan.unknown_groups == 0


@pytest.mark.slow
@pytest.mark.skipif(not CITIES.is_dir(), reason="tables of cities are not there")
@pytest.mark.parametrize(
    "city", spread(sorted(CITIES.glob("*.csv")), 4), ids=lambda path: path.stem
)
def test_tables_of_cities_are_recognised_without_questions(city: Path) -> None:
    plan = weights_plan(city, None, LEVELS)
    assert {"weight", "price"} & plan.options.columns.keys()
    assert all(plan.read_as.values())
