"""Statistics against numbers worked by hand and by floating point."""

import statistics as plain
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import root_half_up
from drgpay.quality.statistics import Limits, cv, explained_variance, statistics
from drgpay.quality.weights import own_weights, read_weights
from tests.spread import drawn

Rows = list[tuple[str, str, str | None, int, int]]
Table = Callable[[Rows], Path]

COSTS = st.lists(st.integers(1, 10_000_000), min_size=2, max_size=30)
# Two hospitals, two groups; A's cases cost more than the region's in both.
TWO: Rows = [
    ("1", "A", "XX11", 20000, 4),
    ("2", "A", "XX13", 30000, 6),
    ("3", "B", "XX11", 10000, 4),
    ("4", "B", "XX13", 10000, 2),
    ("5", "B", "0000", 5000, 1),
    ("6", "B", "XQY", 7000, 1),
    ("7", "B", None, 100, 1),
]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Writes rows of case_id, hospital_id, drg, fen, days as `drgpay group --with-input` does."""

    def write(rows: Rows) -> Path:
        path = tmp_path / "groups.parquet"
        as_table(rows).write_parquet(path)
        return path

    return write


def as_table(rows: Rows) -> pl.DataFrame:
    names = ("case_id", "hospital_id", "drg", "fen", "length_of_stay")
    drg = pl.col("drg")
    status = (
        pl.when(drg.is_null())
        .then(pl.lit("invalid"))
        .when(drg == "0000")
        .then(pl.lit("ungrouped"))
        .when(drg.str.ends_with("QY"))
        .then(pl.lit("ambiguous"))
        .otherwise(pl.lit("grouped"))
    )
    return pl.DataFrame(rows, schema=list(names), orient="row").select(
        *("case_id", "hospital_id", "length_of_stay", "drg"),
        total_cost=pl.col("fen").cast(pl.Int128).reinterpret(dtype=pl.Decimal(18, 2)),
        status=status,
        mdc="MDC" + drg.str.head(1),
        adrg=drg.str.head(3),
    )


def test_case_mix_index_of_the_worked_example(table: Table, tmp_path: Path) -> None:
    # E4: weights 1.2, 0.8, 2.5 with 50, 30, 20 cases.
    rows: Rows = []
    for drg, number in (("XX11", 50), ("XX13", 30), ("YY11", 20)):
        rows += [(f"{drg}-{n}", "A", drg, 10000, 1) for n in range(number)]
    weights = tmp_path / "weights.csv"
    weights.write_text("drg,weight\nXX11,1.2\nXX13,0.8\nYY11,2.5\n")
    found = statistics(table(rows), weights=read_weights(weights))
    assert found.hospitals["case_mix_index"].to_list() == [Decimal("1.3400")]
    assert found.totals["case_mix_index"] == Decimal("1.3400")


def test_coverage_and_indices_by_hand(table: Table) -> None:
    found = statistics(table(TWO))
    assert dict(found.coverage.select("status", "stays").iter_rows()) == {
        "grouped": 4,
        "ambiguous": 1,
        "ungrouped": 1,
        "invalid": 1,
    }
    assert found.totals["grouping_rate"] == Decimal("0.5714")
    assert found.totals["groups"] == 2
    a, b = found.hospitals.iter_rows(named=True)
    # Means: XX11 150 yuan and 4 days, XX13 200 yuan and 4 days.
    assert (a["cost_index"], a["time_index"]) == (Decimal("1.4167"), Decimal("1.2500"))
    assert (b["cost_index"], b["time_index"]) == (Decimal("0.5833"), Decimal("0.7500"))
    # Own weights: 150 / 175 and 200 / 175; the region's case mix is 1.
    assert a["case_mix_index"] == b["case_mix_index"] == Decimal("1.0000")
    assert found.totals["cost_index"] == found.totals["time_index"] == Decimal("1.0000")
    assert (b["stays"], b["grouped"], b["mean_cost"]) == (5, 2, Decimal("100.00"))


def test_groups_are_marked(table: Table) -> None:
    found = statistics(table(TWO), limits=Limits(3, Decimal("0.5")))
    rows = {row["drg"]: row for row in found.groups.iter_rows(named=True)}
    assert set(rows) == {"XX11", "XX13"}
    assert rows["XX13"]["cv"] == Decimal("0.7071")  # sd 141.42 of 300 and 100 / mean 200
    assert (rows["XX11"]["cv"], rows["XX11"]["high_cv"]) == (Decimal("0.4714"), False)
    assert (rows["XX13"]["high_cv"], rows["XX13"]["few_cases"]) == (True, True)


def test_levels_come_from_the_hospitals(table: Table) -> None:
    hospitals = pl.DataFrame({"hospital_id": ["A"], "name": ["Aa"], "level": ["3A"]})
    found = statistics(table(TWO), hospitals)
    assert found.levels["level"].to_list() == ["3A", None]
    assert found.hospitals.filter(pl.col("hospital_id") == "A")["name"].to_list() == ["Aa"]
    assert found.levels["stays"].sum() == 7


def test_trimming_is_told_apart(table: Table) -> None:
    rows: Rows = [
        (f"{n}", "A", drg, cost, 1)
        for n, (drg, cost) in enumerate(
            [("XX11", 100), ("XX11", 110), ("XX11", 9000), ("XX13", 500), ("XX13", 510)]
        )
    ]
    found = statistics(table(rows), kept=pl.col("total_fen") < 5000)
    r2 = {
        (level, trim): (stays, value)
        for level, trim, stays, _, value in found.explained.iter_rows()
    }
    assert r2["drg", "trim_before"][0] == 5
    assert r2["drg", "trim_after"] == (4, Decimal("0.9994"))
    assert r2["mdc", "trim_after"][1] == Decimal("0.0000")


@given(st.lists(COSTS, min_size=1, max_size=6))
def test_explained_variance_is_one_minus_within_by_total(groups: list[list[int]]) -> None:
    sums = pl.DataFrame(
        [(len(costs), sum(costs), sum(cost * cost for cost in costs)) for costs in groups],
        schema={"cases": pl.Int64, "total_fen": pl.Int64, "squares": pl.Int128},
        orient="row",
    )
    every = [Fraction(cost) for costs in groups for cost in costs]
    total = plain.pvariance(every) * len(every)
    within = sum(plain.pvariance([Fraction(c) for c in costs]) * len(costs) for costs in groups)
    found = explained_variance(sums)
    if total == 0:
        assert found is None
    else:
        assert found is not None
        assert abs(Fraction(found) - (1 - within / total)) <= Fraction(1, 20000)
        assert 0 <= found <= 1


@given(COSTS)
def test_cv_is_the_sample_one(costs: list[int]) -> None:
    found = cv(len(costs), sum(costs), sum(cost * cost for cost in costs))
    assert found is not None
    assert float(found) == pytest.approx(plain.stdev(costs) / plain.mean(costs), abs=0.000051)


@given(st.fractions(min_value=0, max_value=10**12))
def test_root_is_the_nearest_whole_number(square: Fraction) -> None:
    found = root_half_up(square)
    assert (2 * found - 1) ** 2 <= 4 * square or found == 0
    assert 4 * square < (2 * found + 1) ** 2


@drawn(15)
@given(st.permutations(TWO))
def test_the_order_of_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: Rows
) -> None:
    path = tmp_path_factory.mktemp("rows") / "groups.parquet"
    as_table(TWO).write_parquet(path)
    expected = statistics(path)
    as_table(rows).write_parquet(path)
    found = statistics(path)
    for name in ("coverage", "explained", "hospitals", "levels", "groups"):
        assert getattr(found, name).equals(getattr(expected, name))


def test_costs_of_any_number_type(table: Table) -> None:
    path = table(TWO)
    expected = statistics(path).groups
    for dtype in (pl.Float64, pl.Int32, pl.Decimal(20, 4), pl.Decimal(18, 1)):
        pl.read_parquet(path).with_columns(pl.col("total_cost").cast(dtype)).write_parquet(path)
        assert statistics(path).groups.equals(expected)
        as_table(TWO).write_parquet(path)


def test_weights_of_a_catalogue(sample_data: Path) -> None:
    weights = read_weights(sample_data / "catalogue")
    groups = pl.read_csv(sample_data / "catalogue" / "groups.csv", infer_schema=False)
    points = Decimal(groups.filter(drg=weights["drg"][0])["base_points"][0])
    # Base points 171.9829 are the weight 1.7198, 171.9850 are 1.7199.
    assert weights.row(0)[1] == int((points * 100).quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize("name", ["catalogue", "visit_catalogue"])
def test_a_group_without_base_points_has_no_weight(
    sample_data: Path, tmp_path: Path, name: str
) -> None:
    groups = pl.read_csv(sample_data / name / "groups.csv", infer_schema=False)
    without = groups["drg"][1]
    points = pl.when(pl.col("drg") != without).then("base_points")
    groups.with_columns(base_points=points).write_csv(tmp_path / "groups.csv")
    whole = read_weights(sample_data / name)
    assert read_weights(tmp_path).equals(whole.filter(pl.col("drg") != without))
    assert without in whole["drg"]


def test_own_weights_without_cost() -> None:
    sums = pl.DataFrame({"drg": ["XX11"], "cases": [1], "total_fen": [0]})
    assert own_weights(sums).height == 0


def test_bad_tables(table: Table, tmp_path: Path) -> None:
    path = table(TWO)
    frame = pl.read_parquet(path)
    with pytest.raises(DrgpayError, match="no file or folder"):
        statistics(tmp_path / "nowhere.parquet")
    frame.drop("total_cost", "status").write_parquet(path)
    with pytest.raises(DrgpayError, match="lacks the column status, total_cost"):
        statistics(path)
    frame.with_columns(total_cost=pl.lit("12.00")).write_parquet(path)
    with pytest.raises(DrgpayError, match="total_cost is String"):
        statistics(path)
    frame.with_columns(length_of_stay=pl.lit("three")).write_parquet(path)
    with pytest.raises(DrgpayError, match="length_of_stay is String"):
        statistics(path)
    frame.with_columns(status=pl.lit("paid")).write_parquet(path)
    with pytest.raises(DrgpayError, match="the status 'paid' is none of"):
        statistics(path)
    frame.clear().write_parquet(path)
    with pytest.raises(DrgpayError, match="holds no stay"):
        statistics(path)
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(DrgpayError, match="not a readable Parquet"):
        statistics(path)


def test_bad_weights(tmp_path: Path) -> None:
    path = tmp_path / "weights.csv"
    for text, words in [
        ("drg,rw\nXX11,1\n", "lacks the column weight"),
        ("drg,weight\nXX11,high\n", "row 2: the weight of XX11 is 'high'"),
        ("drg,weight\nXX11,-1\n", "is '-1'"),
        ("drg,weight\nXX11,\n", "is None"),
        ("drg,weight\nXX11,9E+18\n", "is '9E"),
        ("drg,weight\nXX11,1\nXX11,2\n", "lists XX11 twice"),
    ]:
        path.write_text(text)
        with pytest.raises(DrgpayError, match=words):
            read_weights(path)
    with pytest.raises(DrgpayError, match="no file"):
        read_weights(tmp_path / "nowhere.csv")
