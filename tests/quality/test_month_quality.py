"""What the check of a month counts, on the sample month with faults put into it."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
from drgpay.policy.load import load_policy
from drgpay.policy.model import Policy
from drgpay.policy.records import Findings
from drgpay.quality.month_quality import MonthQuality, month_quality, principals_of_mdcs
from drgpay.quality.nonspecific import DEFAULT_FILE, load_nonspecific, nonspecific_codes
from drgpay.records.checks import check_stays
from drgpay.records.dataset import open_dataset
from drgpay.records.hospitals import read_hospitals

Check = Callable[..., MonthQuality]


@pytest.fixture(scope="session")
def month(sample_data: Path, compiled: Callable[[str], CompiledScheme]) -> pl.DataFrame:
    """The grouped stays of the sample month."""
    dataset = open_dataset(sample_data / "stays" / "2026-10.parquet")
    return read_grouped_stays(dataset, compiled("chs-drg-2.0"))


@pytest.fixture
def policy(sample_data: Path) -> Policy:
    """The policy of the sample region."""
    return load_policy(sample_data / "policy.toml").policy


@pytest.fixture
def check(sample_data: Path, compiled: Callable[[str], CompiledScheme], policy: Policy) -> Check:
    """Check stays of the sample month; some severities can be changed."""
    scheme = compiled("chs-drg-2.0")
    sexes = sex_of_diagnosis(scheme)
    hospitals = read_hospitals(sample_data / "hospitals.csv")

    def run(stays: pl.DataFrame, **severities: str) -> MonthQuality:
        rules = with_severities(policy, severities)
        kinds = load_nonspecific()
        return month_quality(
            stays, scheme.scheme, rules, hospitals, None, sexes, kinds, "stays", "en"
        )

    return run


def with_severities(policy: Policy, severities: dict[str, str]) -> Policy:
    given = policy.records.severity.model_dump() | severities
    records = policy.records.model_copy(update={"severity": Findings.model_validate(given)})
    return policy.model_copy(update={"records": records})


def count(quality: MonthQuality, code: str) -> int:
    return int(quality.findings.filter(pl.col("code") == code)["stays"].sum())


def test_a_month_agrees_with_a_run(
    check: Check,
    month: pl.DataFrame,
    policy: Policy,
    sample_data: Path,
    compiled: Callable[[str], CompiledScheme],
) -> None:
    quality = check(month)
    hospitals = read_hospitals(sample_data / "hospitals.csv")
    sexes = sex_of_diagnosis(compiled("chs-drg-2.0"))
    checked = check_stays(month, policy, hospitals, None, sexes, "stays", "en")
    totals = quality.hospital_totals
    assert totals["stays"] == month.height == quality.hospitals["stays"].sum()
    assert totals["refused"] == checked.quarantine.height
    assert totals["warned"] == checked.warnings["case_id"].n_unique()
    for code in checked.quarantine["code"].unique():
        listed = checked.quarantine.filter(pl.col("code") == code)
        assert count(quality, code) >= listed.height
    assert quality.rows.height == quality.findings["stays"].sum()


def test_every_finding_of_a_refused_stay_counts(check: Check, month: pl.DataFrame) -> None:
    before = check(month)
    first = month["case_id"] == month["case_id"].drop_nulls()[0]
    spoilt = month.with_columns(
        account=pl.when(first).then(pl.lit("nobody")).otherwise("account"),
        discharge_date=pl.when(first).then(pl.date(2020, 1, 1)).otherwise("discharge_date"),
        unknown_procedure=pl.when(first).then(pl.lit("99.99")).otherwise("unknown_procedure"),
    )
    quality = check(spoilt, unknown_procedure="warn")
    for code in ("bad_value", "dates_reversed", "unknown_procedure"):
        assert count(quality, code) == count(before, code) + 1, code
    assert quality.hospital_totals["refused"] == before.hospital_totals["refused"] + 1


def test_a_finding_that_stops_a_run_is_counted(check: Check, month: pl.DataFrame) -> None:
    quality = check(pl.concat([month, month.head(3)]), duplicate_id="stop")
    assert quality.findings.filter(pl.col("code") == "duplicate_id").row(0)[2:4] == ("stop", 6)
    assert quality.hospital_totals["refused"] >= 6


def test_ignored_findings_are_left_out_but_coding_is_measured(
    check: Check, month: pl.DataFrame
) -> None:
    newborn = month.with_row_index().filter(pl.col("index") < 10).drop("index")
    newborn = newborn.with_columns(
        age=pl.lit(0.0), age_days=pl.lit(3.0), weight_g=pl.lit(None, pl.Float64)
    )
    quality = check(newborn, newborn_weight_missing="ignore")
    assert count(quality, "newborn_weight_missing") == 0
    assert quality.coding_totals["newborns"] == quality.coding_totals["newborn_no_weight"] == 10
    assert quality.coding_totals["newborn_no_weight_share"] == Decimal("1.0000")
    warned = check(newborn, newborn_weight_missing="warn")
    assert count(warned, "newborn_weight_missing") == 10


def test_coding_of_known_stays(check: Check, month: pl.DataFrame) -> None:
    some = month.filter(pl.col("status") == "grouped").head(4)
    codes = ["J18.900", "K52.900x001", "no code at all", "V01.000"]
    made = some.with_columns(principal_diagnosis=pl.Series(codes))
    quality = check(made)
    totals = quality.coding_totals
    weak = dict(quality.weak_principals.select("code", "nonspecific").iter_rows())
    assert weak["J18.900"] == "unspecified"
    assert totals["unspecified"] >= 1
    untaken = quality.untaken_principals["code"].to_list()
    assert "no code at all" in untaken
    assert "J18.900" not in untaken
    assert totals["outside_mdcs"] == len(untaken)


def test_hospitals_come_worst_first(check: Check, month: pl.DataFrame) -> None:
    bad = pl.col("hospital_id") == "H3390020"
    quality = check(
        month.with_columns(sex=pl.when(bad).then(pl.lit(3.0)).otherwise("sex")), bad_value="reject"
    )
    first = quality.hospitals.row(0, named=True)
    assert (first["hospital_id"], first["faulty_share"]) == ("H3390020", Decimal("1.0000"))
    assert first["refused"] == first["stays"]
    shares = quality.hospitals["faulty_share"].to_list()
    assert shares == sorted(shares, reverse=True)
    mine = quality.findings_by_hospital.filter(bad & (pl.col("code") == "bad_value"))
    assert mine["stays"].to_list() == [first["stays"]]


def test_unknown_and_missing_hospitals_are_counted_too(check: Check, month: pl.DataFrame) -> None:
    some = month.head(6).with_columns(
        hospital_id=pl.Series(["nowhere", "nowhere", None, None, None, "H3390001"])
    )
    quality = check(some)
    counts = dict(quality.hospitals.select("hospital_id", "refused").iter_rows())
    assert (counts["nowhere"], counts[None]) == (2, 3)
    assert quality.hospital_totals["stays"] == quality.coding_totals["stays"] == 6


def test_the_order_of_rows_does_not_matter(check: Check, month: pl.DataFrame) -> None:
    one, other = check(month), check(month.sample(fraction=1, shuffle=True, seed=7))
    for name in ("findings", "findings_by_hospital", "hospitals", "coding", "rows"):
        assert getattr(one, name).equals(getattr(other, name)), name


def test_diagnoses_that_no_mdc_takes_are_never_grouped(
    month: pl.DataFrame, compiled: Callable[[str], CompiledScheme]
) -> None:
    taken = sorted(principals_of_mdcs(compiled("chs-drg-2.0").scheme))
    outside = month.filter(~pl.col("principal_diagnosis").is_in(pl.Series(taken).implode()))
    assert outside.height > 0
    # A procedure or another diagnosis can still lead a stay into some MDC; the sample has none.
    assert set(outside["status"]) <= {"ungrouped"}


def test_patterns_are_tried_in_order(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "code": ["A00.900", "A01.800", "A02.100", "A03.901"],
            "name": ["霍乱", "伤寒，其他的", "沙门菌败血症", "痢疾，其他和未特指的"],
        }
    )
    found = dict(nonspecific_codes(table, load_nonspecific()).select("code", "nonspecific").rows())
    assert found == {"A00.900": "unspecified", "A01.800": "residual", "A03.901": "unspecified"}
    own = tmp_path / "own.toml"
    own.write_text('[[kinds]]\nid = "residual"\nname_patterns = ["霍乱"]\n', "utf-8")
    assert nonspecific_codes(table, load_nonspecific(own))["code"].to_list() == ["A00.900"]


def test_bad_pattern_files(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    for text, words in [
        ("[[kinds]\n", "not valid TOML"),
        ('[[kinds]]\nname = "x"\n', r"key kinds\.0\.name is unknown"),
        ('[[kinds]]\nid = "residual"\ncode_patterns = ["("]\n', "no regular expression"),
        ('[[kinds]]\nid = "vague"\n', r"key kinds\.0\.id is wrong.*vague"),
    ]:
        path.write_text(text)
        with pytest.raises(DrgpayError, match=words):
            load_nonspecific(path)
    with pytest.raises(DrgpayError, match="no file"):
        load_nonspecific(tmp_path / "nowhere.toml")
    assert DEFAULT_FILE.is_file()
