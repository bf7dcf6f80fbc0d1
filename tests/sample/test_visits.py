"""The outpatient side of a small region: the same bytes again, shares, what the checks find."""

from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.period import Period
from drgpay.policy.load import load_policy
from drgpay.records.hospitals import read_hospitals
from drgpay.records.known_codes import code_table
from drgpay.records.visits.checks import VisitCounts, VisitRules
from drgpay.records.visits.enrolment import read_enrolment
from drgpay.records.visits.reading import visit_buckets
from drgpay.records.visits.tables import VisitInput, open_visits
from drgpay.sample.plan import SamplePlan
from drgpay.sample.visit_plan import VisitPlan
from drgpay.sample.visit_region import VisitSummary, write_visits
from drgpay.sample.visit_tables import load_visit_tables

PLAN = VisitPlan(SamplePlan(1, 1, history_months=4, seed=7), 30_000, 2_000)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, VisitSummary]:
    folder = tmp_path_factory.mktemp("region")
    return folder, write_visits(PLAN, folder)


@pytest.fixture(scope="module")
def visits(written: tuple[Path, VisitSummary]) -> pl.DataFrame:
    return pl.read_parquet(written[0] / "visits" / "2026-10.parquet")


@pytest.fixture(scope="module")
def items(written: tuple[Path, VisitSummary]) -> pl.DataFrame:
    return pl.read_parquet(written[0] / "visit_items" / "2026-10.parquet")


def test_files_and_the_same_bytes_again(written: tuple[Path, VisitSummary], tmp_path: Path) -> None:
    folder, summary = written
    assert summary.visits == 36_000
    names = [path.relative_to(folder).as_posix() for path in summary.files]
    assert names[:4] == [
        "hospitals.csv",
        "enrolment.csv",
        "visit_history/2026-07.parquet",
        "visit_item_history/2026-07.parquet",
    ]
    again = write_visits(PLAN, tmp_path)
    for one, other in zip(summary.files, again.files, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_the_checks_find_the_faults_and_no_more(written: tuple[Path, VisitSummary]) -> None:
    folder, _ = written
    policy = load_policy("illustrative").policy
    diagnoses = code_table("insurance-2.0", "diagnoses")
    assert diagnoses is not None
    rules = VisitRules(
        policy,
        read_hospitals(folder / "hospitals.csv"),
        Period.parse("2026-10").days,
        read_enrolment(folder / "enrolment.csv", policy.records.accounts),
    )
    records = open_visits(VisitInput(folder / "visits", folder / "visit_items"))
    buckets = list(visit_buckets(records, rules, frozenset(diagnoses["code"])))
    counts = sum((bucket.counts for bucket in buckets), VisitCounts())
    assert counts.visits_read == 30_000
    assert 0.998 < counts.visits_valid / counts.visits_read < 0.9995
    assert counts.lines_netted > 0
    found = {
        name: set(pl.concat([getattr(bucket, name) for bucket in buckets])["code"])
        for name in ("quarantine", "warnings", "line_quarantine", "line_warnings")
    }
    assert found == {
        "quarantine": {
            "missing_required",
            "cost_negative",
            "cost_identity",
            "visit_without_lines",
        },
        # Further diagnoses are drawn like the principal one: now and then it is among them.
        "warnings": {"unknown_contractor", "repeated_principal"},
        "line_quarantine": {"line_without_visit", "visit_refused"},
        "line_warnings": {"duplicate_line", "zero_amount"},
    }


def test_shares(visits: pl.DataFrame, items: pl.DataFrame) -> None:
    types = dict(visits["visit_type"].value_counts(normalize=True).iter_rows())
    assert 0.2 < types["chronic"] < 0.4
    assert 0.02 < types["special"] < 0.07
    assert 3 < items.height / visits.height < 5
    assert set(items["item_kind"]) == {
        "procedure", "lab", "imaging", "other_test", "treatment", "drug", "material", "fee"
    }  # fmt: skip
    refunds = (items["amount"] < 0).mean()
    assert 0.001 < refunds < 0.01  # type: ignore[operator]
    assert visits["visit_id"].is_sorted()
    assert 0.1 < visits["contractor_id"].is_null().mean() < 0.25  # type: ignore[operator]


def test_refunds_of_lines_of_parts_and_of_whole_visits(
    visits: pl.DataFrame, items: pl.DataFrame
) -> None:
    item = ["visit_id", "item_code", "item_kind"]
    charged = items.filter(pl.col("amount") > 0).select(*item, "amount")
    refunds = items.filter(pl.col("amount") < 0).with_columns(amount=-pl.col("amount"))
    of_lines = refunds.join(charged, on=[*item, "amount"], how="semi").height
    assert 0.5 < of_lines / refunds.height < 0.9
    sums = items.group_by("visit_id").agg(pl.col("amount").sum(), lines=pl.len())
    nothing = sums.filter(pl.col("amount") == 0)
    assert 10 < nothing.height < 0.002 * visits.height
    assert visits.join(nothing, on="visit_id")["total_cost"].sum() == 0


def test_pharmacies_fill_prescriptions(visits: pl.DataFrame, items: pl.DataFrame) -> None:
    pharmacies = [each.hospital_id for each in load_visit_tables().pharmacies]
    there = visits.filter(pl.col("hospital_id").is_in(pharmacies))
    assert 0.08 < there.height / visits.height < 0.16
    sold = items.join(there, on="visit_id", how="semi")
    assert set(sold["item_kind"]) == {"drug"}


def test_a_person_is_the_same_on_every_visit(written: tuple[Path, VisitSummary]) -> None:
    folder, _ = written
    both = pl.concat(
        [pl.read_parquet(folder / "visits"), pl.read_parquet(folder / "visit_history")]
    )
    persons = both.filter(pl.col("contractor_id") != "H9999998")
    assert persons.select(
        "person_id", "account", "sex", "age", "contractor_id"
    ).unique().height == (persons["person_id"].n_unique())
    heads = pl.read_csv(folder / "enrolment.csv")["heads"].sum()
    assert 0.75 * PLAN.persons < heads < 0.9 * PLAN.persons


def test_a_wrong_plan_is_refused() -> None:
    with pytest.raises(DrgpayError, match="at least one visit"):
        VisitPlan(SamplePlan(1, 1), 0)
