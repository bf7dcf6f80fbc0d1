"""Values mean what the lists agree on; where they contradict each other a person decides."""

import polars as pl
import pytest

from drgpay.start.values import values_of


@pytest.mark.parametrize(
    ("column", "values", "known"),
    [
        ("sex", ["男", "女"], {"男": "1", "女": "2"}),
        ("sex", ["1", "2"], {}),
        ("account", ["310", "390"], {"310": "employee", "390": "resident"}),
        ("account", ["310职工基本医疗保险"], {"310职工基本医疗保险": "employee"}),
        ("out_of_area", ["是", "否"], {"是": "true", "否": "false"}),
        ("out_of_area", ["0", "1"], {}),
        ("payment_unit", ["DRG", "按床日"], {"DRG": "drg", "按床日": "bed_day"}),
        (
            "level",
            ["三级甲等", "二甲", "01", "02"],
            {"三级甲等": "3A", "二甲": "2A", "01": "3A", "02": "3A"},
        ),
        ("visit_type", ["11|普通门诊"], {"11|普通门诊": "ordinary"}),
        ("complete", ["1", "0"], {}),
    ],
)
def test_values_that_lists_agree_on(column: str, values: list[str], known: dict[str, str]) -> None:
    read = values_of(column, pl.Series(values))
    assert (dict(read.known), dict(read.likely), dict(read.open)) == (known, {}, {})


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("account", ["340", "510"]),
        ("level", ["32", "33"]),
        ("level", ["1", "3"]),
        ("out_of_area", ["1", "2"]),
        ("visit_type", ["门诊"]),
        ("item_kind", ["03"]),
    ],
)
def test_values_that_a_person_has_to_decide(column: str, values: list[str]) -> None:
    read = values_of(column, pl.Series(values))
    assert values[0] in read.open
    assert values[0] not in read.mapped


def test_a_grade_without_a_class_is_to_be_confirmed() -> None:
    assert values_of("level", pl.Series(["三级"])).likely == {"三级": "3"}


def test_single_digits_of_an_account_are_known_on_the_front_page_alone() -> None:
    digits = pl.Series(["1", "2"])
    assert values_of("account", digits).likely == {"1": "employee", "2": "resident"}
    assert values_of("account", digits, front_page=True).known == {"1": "employee", "2": "resident"}


def test_zeros_in_bulk_are_another_list_of_sexes() -> None:
    read = values_of("sex", pl.Series(["0"] * 40 + ["1"] * 60))
    assert read.open == {"0": 40}
    assert read.likely == {"1": "1"}


def test_discharge_types_without_deaths_may_be_the_older_list() -> None:
    older = pl.Series(["1"] * 500 + ["3"] * 20)
    assert values_of("discharge_type", older).likely == {"1": "1", "3": "3"}
    assert not values_of("discharge_type", pl.concat([older, pl.Series(["5"])])).likely
