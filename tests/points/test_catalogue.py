"""The catalogue's folder: what is written is read again, damage is told, the hash covers what pays."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import half_up
from drgpay.grouper.scheme import Scheme, load_scheme
from drgpay.points.calibrate import calibrate
from drgpay.points.catalogue import (
    Catalogue,
    catalogue_hash,
    load_catalogue,
    save_catalogue,
    with_day_points,
)
from drgpay.policy.load import load_policy
from tests.points.calibration_stays import costs, stays

FILES = ("catalogue.json", "groups.csv", "coefficients.csv", "bed_days.csv")
any_scheme = cache(lambda: load_scheme("chs-drg-2.0"))


@cache
def made(policy: str = "illustrative") -> Catalogue:
    """Groups with every kind of row: unstable, neighbours, bed days."""
    bed_day = {"payment_unit": "bed_day", "status": "ungrouped", "drg": "0000"}
    frame = stays(
        *costs("BB11", *range(900_000, 1_000_000, 10_000)),
        *costs("BB13", *range(400_000, 460_000, 10_000), level="3A", hospital_id="H2"),
        *costs("BB15", 100_000, 300_000, 900_000, level="3A", hospital_id="H2"),
        bed_day | {"bed_day_class": "psychiatry", "length_of_stay": 70, "total_fen": 1_234_567},
        bed_day | {"bed_day_class": "long_stay", "length_of_stay": 31, "total_fen": 700_001},
    )
    loaded = load_policy(policy).policy
    rules = loaded.calibration.model_copy(update={"unstable_base_points": "none"})
    return calibrate(
        frame,
        frame.height,
        any_scheme(),
        loaded.model_copy(update={"calibration": rules}),
        "made",
        "history",
    )


def saved(folder: Path, catalogue: Catalogue | None = None) -> Path:
    folder.mkdir()
    save_catalogue(catalogue or made(), folder)
    return folder


def same(one: Catalogue, other: Catalogue) -> bool:
    return (
        one.info == other.info
        and one.groups.equals(other.groups)
        and one.coefficients.equals(other.coefficients)
        and one.bed_days.equals(other.bed_days)
    )


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert made().groups["base_points"].null_count() == 2
    assert made().coefficients["level_factor"].n_unique() > 1
    assert made().bed_days.height == 4
    folder = saved(tmp_path / "c")
    assert same(load_catalogue(folder, any_scheme()), made())
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_day_points_are_rounded_for_the_reader(tmp_path: Path) -> None:
    row = with_day_points(made()).row(0, named=True)
    exact = Fraction(row["total_fen"], row["days"]) / made().all_mean_fen * 100
    assert row["day_points"] == half_up(exact * 10**8)
    text = (saved(tmp_path / "c") / "bed_days.csv").read_text().splitlines()
    assert text[0] == "bed_day_class,level,cases,days,total_yuan,day_points"
    assert text[1].endswith(f",{Decimal(row['day_points']).scaleb(-8):.8f}")


def test_another_scheme_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "c")
    other: Scheme = replace(any_scheme(), content_hash="0")
    with pytest.raises(DrgpayError, match=r"made for the scheme chs-drg-2\.0 with other tables"):
        load_catalogue(folder, other)


@pytest.mark.parametrize("name", FILES)
def test_the_hash_covers_what_pays_and_not_the_report(name: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / "c")
    before = catalogue_hash(folder)
    (folder / "report").mkdir()
    (folder / "report" / "calibration.xlsx").write_text("anything")
    assert catalogue_hash(folder) == before
    with (folder / name).open("a") as file:
        file.write("\n")
    assert catalogue_hash(folder) != before


def twice(text: str) -> str:
    return text + text.splitlines()[1] + "\n"


def without_key(text: str) -> str:
    head, first, *rest = text.splitlines()
    return "\n".join([head, "," + first.split(",", 1)[1], *rest]) + "\n"


def other_points(text: str) -> str:
    lines = text.splitlines()
    lines[1] = lines[1][:-1] + str((int(lines[1][-1]) + 1) % 10)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("groups.csv", twice, "groups.csv lists BB11, - twice"),
        ("groups.csv", without_key, "groups.csv: a row has no drg"),
        ("coefficients.csv", twice, "coefficients.csv lists BB11, 0, - twice"),
        ("bed_days.csv", twice, "bed_days.csv lists long_stay, - twice"),
        ("bed_days.csv", without_key, "bed_days.csv: a row has no bed_day_class"),
        ("bed_days.csv", other_points, "bed_days.csv: day_points is not"),
        ("bed_days.csv", lambda _: "a,b\n1,2\n", "bed_days.csv cannot be read"),
        ("catalogue.json", lambda text: text.replace('"made"', "7"), "catalogue.json: "),
    ],
)
def test_damage_is_told(name: str, spoil: Callable[[str], str], said: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / "c")
    (folder / name).write_text(spoil((folder / name).read_text()))
    with pytest.raises(DrgpayError) as told:
        load_catalogue(folder, any_scheme())
    assert said in str(told.value)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_told(name: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / "c")
    (folder / name).unlink()
    with pytest.raises(DrgpayError, match=name.replace(".", r"\.")):
        load_catalogue(folder, any_scheme())


def with_groups(folder: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Path:
    path = folder / "groups.csv"
    change(pl.read_csv(path, infer_schema=False)).write_csv(path)
    return folder


def test_the_catalogue_says_why_a_group_is_unstable() -> None:
    found = dict(made().groups.select("drg", "stability").iter_rows())
    assert found == {"BB11": "stable", "BB13": "stable", "BB15": "unstable_cases", **found}
    assert set(found.values()) == {"stable", "unstable_cases"}


def test_an_older_catalogue_compares_nothing_with_the_mean_of_an_unstable_group(
    tmp_path: Path,
) -> None:
    folder = with_groups(saved(tmp_path / "c"), lambda groups: groups.drop("stability", "account"))
    groups = load_catalogue(folder, any_scheme()).groups
    assert groups["account"].null_count() == groups.height
    assert groups["stability"].to_list() == [
        "stable" if stable else "stand_in" for stable in made().groups["stable"]
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("wobbly", "the stability of BB11 is 'wobbly'"),
        ("unstable_cv", "stable and stability of BB11 contradict each other"),
        (None, "a row has no stability"),
    ],
)
def test_a_stability_that_is_none_is_told(value: str | None, said: str, tmp_path: Path) -> None:
    first = pl.int_range(pl.len()) == 0
    folder = with_groups(
        saved(tmp_path / "c"),
        lambda groups: groups.with_columns(
            stability=pl.when(first).then(pl.lit(value)).otherwise("stability")
        ),
    )
    with pytest.raises(DrgpayError, match=said):
        load_catalogue(folder, any_scheme())


def test_a_group_may_have_a_row_for_an_account_beside_its_own(tmp_path: Path) -> None:
    def for_employees(groups: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([groups, groups.head(1).with_columns(account=pl.lit("employee"))])

    folder = with_groups(saved(tmp_path / "c"), for_employees)
    assert load_catalogue(folder, any_scheme()).groups.height == made().groups.height + 1
    with_groups(folder, for_employees)
    with pytest.raises(DrgpayError, match="lists BB11, employee twice"):
        load_catalogue(folder, any_scheme())
