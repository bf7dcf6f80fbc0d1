"""The functions of the Python API over the sample region: the same numbers as the commands."""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import drgpay
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.stream import group_dataset
from drgpay.points.catalogue import Catalogue
from drgpay.policy.model import Policy
from drgpay.records.dataset import open_dataset
from drgpay.records.filings import Filings
from drgpay.records.origin import ORIGIN_SCHEMA
from tests.adjust.conftest import HEAD, INFO, TABLES

CASE = "H33900022026100000663"


@pytest.fixture(scope="module")
def scheme() -> CompiledScheme:
    return drgpay.load_scheme("chs-drg-2.0")


@pytest.fixture(scope="module")
def october(sample_data: Path) -> pl.DataFrame:
    return pl.read_parquet(sample_data / "stays" / "2026-10.parquet")


@pytest.fixture(scope="module")
def policy(sample_data: Path) -> Policy:
    return drgpay.load_policy(sample_data / "policy.toml")


@pytest.fixture(scope="module")
def catalogue(sample_data: Path, scheme: CompiledScheme) -> Catalogue:
    return drgpay.load_catalogue(sample_data / "catalogue", scheme)


@pytest.fixture(scope="module")
def hospitals(sample_data: Path) -> pl.DataFrame:
    return drgpay.load_hospitals(sample_data / "hospitals.csv")


@pytest.fixture(scope="module")
def filings(sample_data: Path) -> Filings:
    place = sample_data / "filings" / "2026-10"
    return drgpay.load_filings(place / "reviews.csv", place / "deductions.csv")


@pytest.fixture(scope="module")
def region(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample region with its finished run `october`; visits are left out."""
    place = tmp_path_factory.mktemp("region")
    shutil.copytree(sample_data, place / "sample_data")
    job = place / "sample_data" / "2026-10.toml"
    text = job.read_text(encoding="utf-8").split("[outpatient]")[0]
    job.write_text(text, encoding="utf-8")
    drgpay.run_job(job, run_id="october")
    return place


class TestGrouping:
    def test_a_path_a_frame_and_a_lazy_frame_give_the_same(
        self, sample_data: Path, october: pl.DataFrame, scheme: CompiledScheme, tmp_path: Path
    ) -> None:
        path = sample_data / "stays" / "2026-10.parquet"
        out = tmp_path / "groups.parquet"
        group_dataset(open_dataset(path), scheme, out, reasons=True)
        written = pl.read_parquet(out).with_columns(pl.col(pl.Categorical).cast(pl.String))
        for stays in (path, str(path), october, october.lazy()):
            found = drgpay.group_stays(stays, scheme, reasons=True)
            assert found.columns == written.columns
            assert found.equals(written)

    def test_rows_keep_their_order_whatever_it_is(
        self, october: pl.DataFrame, scheme: CompiledScheme
    ) -> None:
        shuffled = october.sample(fraction=1, shuffle=True, seed=7)
        found = drgpay.group_stays(shuffled, scheme)
        assert found["case_id"].equals(shuffled["case_id"])
        assert found.sort("case_id").equals(drgpay.group_stays(october, scheme).sort("case_id"))

    def test_codes_may_be_categorical(self, october: pl.DataFrame, scheme: CompiledScheme) -> None:
        coded = october.with_columns(pl.col("principal_diagnosis").cast(pl.Categorical))
        assert drgpay.group_stays(coded, scheme).equals(drgpay.group_stays(october, scheme))

    def test_an_explained_stay_is_where_it_was_grouped(
        self, october: pl.DataFrame, scheme: CompiledScheme
    ) -> None:
        stay = drgpay.find_stay(october, CASE, scheme)
        trace = drgpay.explain_stay(stay, scheme, case_id=CASE)
        grouped = drgpay.group_stays(october, scheme).row(
            by_predicate=pl.col("case_id") == CASE, named=True
        )
        assert trace.answer.drg
        assert trace.answer.drg.code == grouped["drg"]
        assert CASE in drgpay.text_of(trace, "en")

    def test_migration_counts_every_stay(
        self, october: pl.DataFrame, scheme: CompiledScheme
    ) -> None:
        moved = drgpay.migration_of_stays(october, "chs-drg-1.1", scheme)
        assert moved["cases"].sum() == october.height
        assert moved["total_cost"].sum() == october["total_cost"].sum()


class TestSettlement:
    def test_a_month_in_memory_is_the_month_of_the_run(
        self,
        region: Path,
        october: pl.DataFrame,
        scheme: CompiledScheme,
        policy: Policy,
        catalogue: Catalogue,
        hospitals: pl.DataFrame,
        filings: Filings,
    ) -> None:
        shuffled = october.sample(fraction=1, shuffle=True, seed=3)
        month = drgpay.settle_month(
            shuffled, scheme, policy, catalogue, hospitals, "2026-10", filings=filings
        )
        tables = ["cases", "adjustments", "statements", "values", "ledger"]
        for name in [*tables, "quarantine", "warnings"]:
            written = pl.read_parquet(region / "runs" / "october" / f"{name}.parquet")
            found: pl.DataFrame = getattr(month, name)
            both = (found, written.cast(found.schema))
            one, other = (table.drop(*ORIGIN_SCHEMA, strict=False) for table in both)
            assert one.equals(other), name
        places = month.quarantine.select("case_id", "source_row").drop_nulls()
        assert shuffled[places["source_row"] - 1]["case_id"].equals(places["case_id"])

    def test_values_are_read_as_the_policy_says(
        self,
        october: pl.DataFrame,
        scheme: CompiledScheme,
        policy: Policy,
        catalogue: Catalogue,
        hospitals: pl.DataFrame,
    ) -> None:
        last = october.filter(pl.col("settlement_date") == pl.date(2026, 10, 31))
        evening = october.with_columns(
            pl.col("settlement_date").cast(pl.Datetime("us")).dt.offset_by("20h")
        )
        utc = drgpay.change_policy(policy, {"records.naive_time": "utc"})
        here, there = (
            drgpay.settle_month(evening, scheme, one, catalogue, hospitals, "2026-10")
            for one in (policy, utc)
        )
        # 20:00 UTC of the last day is November in China.
        moved = set(here.cases["case_id"]) - set(there.cases["case_id"])
        assert moved and moved <= set(last["case_id"])

    def test_what_would_stop_a_run_is_told(
        self,
        region: Path,
        october: pl.DataFrame,
        scheme: CompiledScheme,
        policy: Policy,
        catalogue: Catalogue,
        hospitals: pl.DataFrame,
    ) -> None:
        given = (scheme, policy, catalogue, hospitals, "2026-10")
        assert drgpay.settle_month(october, *given).stops == ()
        first = pl.col("hospital_id") == "H3390001"
        unreadable = pl.when(first).then(pl.lit("??")).otherwise("principal_diagnosis")
        month = drgpay.settle_month(october.with_columns(principal_diagnosis=unreadable), *given)
        assert "unknown_codes" in {stop.code for stop in month.stops}
        assert f"stops={len(month.stops)}" in repr(month)

    def test_a_month_is_shown_with_its_values(
        self,
        october: pl.DataFrame,
        scheme: CompiledScheme,
        policy: Policy,
        catalogue: Catalogue,
        hospitals: pl.DataFrame,
    ) -> None:
        month = drgpay.settle_month(october, scheme, policy, catalogue, hospitals, "2026-10")
        values = dict(month.values.select("pool", "point_value").iter_rows())
        assert repr(month) == (
            f"SettledMonth(period=2026-10, cases={month.cases.height}, "
            f"quarantine={month.quarantine.height}, warnings={month.warnings.height}, "
            f"point_value_employee={values['employee']}, point_value_resident={values['resident']})"
        )
        assert f"<td>{values['employee']}</td>" in month._repr_html_()
        trace = drgpay.explain_stay(drgpay.find_stay(october, CASE, scheme), scheme, case_id=CASE)
        assert f"case_id={CASE}, status=grouped, mdc=MDC" in repr(trace)
        for shown in (scheme, scheme.scheme, policy, catalogue, month.settled, month.earned, trace):
            assert len(repr(shown)) < 400 and "\n" not in repr(shown)
            assert shown._repr_html_().startswith("<table>")

    def test_the_catalogue_is_the_one_that_the_command_made(
        self, sample_data: Path, scheme: CompiledScheme, catalogue: Catalogue, tmp_path: Path
    ) -> None:
        made = drgpay.calibrate(
            sample_data / "history",
            scheme,
            sample_data / "policy.toml",
            sample_data / "hospitals.csv",
        )
        assert made.groups.equals(catalogue.groups)
        assert made.coefficients.equals(catalogue.coefficients)
        folder = drgpay.save_catalogue(made, tmp_path / "catalogue")
        for name, table in drgpay.catalogue_tables(made).items():
            assert table.write_csv() == (folder / f"{name}.csv").read_text(encoding="utf-8")
        with pytest.raises(drgpay.DrgpayError, match="exists already"):
            drgpay.save_catalogue(made, folder)

    def test_another_policy_is_asked_by_path(self, policy: Policy) -> None:
        changed = drgpay.change_policy(policy, {"settlement.prepay_ratio": "0.80"})
        assert changed.settlement.prepay_ratio == Decimal("0.80")
        assert policy.settlement.prepay_ratio != Decimal("0.80")
        with pytest.raises(drgpay.DrgpayError, match=r"settlement\.prepay_ratio"):
            drgpay.change_policy(policy, {"settlement.prepay_rate": "0.80"})


class TestRefusals:
    @pytest.fixture
    def refused(
        self, october: pl.DataFrame, scheme: CompiledScheme, policy: Policy, hospitals: pl.DataFrame
    ) -> dict[str, Any]:
        return {
            "stays": october.head(50),
            "scheme": scheme,
            "policy": policy,
            "hospitals": hospitals,
            "period": "2026-10",
        }

    def test_a_month_of_another_year(self, refused: dict[str, Any], catalogue: Catalogue) -> None:
        given = {**refused, "catalogue": catalogue, "period": "2027-01"}
        with pytest.raises(drgpay.DrgpayError, match="is for 2026, the month is of 2027"):
            drgpay.settle_month(**given)

    def test_a_catalogue_of_another_scheme(
        self, refused: dict[str, Any], catalogue: Catalogue
    ) -> None:
        given = {**refused, "catalogue": catalogue, "scheme": "chs-drg-1.1"}
        with pytest.raises(drgpay.DrgpayError, match="was made for other tables than those of"):
            drgpay.settle_month(**given)

    def test_groups_that_the_scheme_does_not_have(
        self, refused: dict[str, Any], policy: Policy, catalogue: Catalogue
    ) -> None:
        wrong = drgpay.change_policy(policy, {"points.always_low_groups": ["XX99"]})
        given = {**refused, "catalogue": catalogue, "policy": wrong}
        with pytest.raises(drgpay.DrgpayError, match="always_low_groups names XX99"):
            drgpay.settle_month(**given)

    def test_no_valid_stay(self, refused: dict[str, Any], catalogue: Catalogue) -> None:
        given = {**refused, "catalogue": catalogue, "period": "2026-09"}
        with pytest.raises(drgpay.DrgpayError, match="none of 50 stays is valid for 2026-09"):
            drgpay.settle_month(**given)

    def test_a_frame_of_hospitals_is_checked_like_a_file(self, hospitals: pl.DataFrame) -> None:
        assert drgpay.load_hospitals(hospitals).equals(hospitals)
        with pytest.raises(
            drgpay.DrgpayError, match=r"^the frame of hospitals lacks the column level"
        ):
            drgpay.load_hospitals(hospitals.drop("level"))

    def test_stays_that_cannot_be_read(self, october: pl.DataFrame, scheme: CompiledScheme) -> None:
        for stays, said in (
            (october.drop("sex"), "^the frame of stays lacks the column sex"),
            (october.with_columns(age=pl.lit(True)), "the column age is bool, not number"),
            (october.clear(), "holds no stay"),
            (pl.scan_parquet("nowhere.parquet"), "cannot be collected"),
            ("nowhere.parquet", "there is no file or folder nowhere.parquet"),
        ):
            with pytest.raises(drgpay.DrgpayError, match=said):
                drgpay.group_stays(stays, scheme)
        with pytest.raises(drgpay.DrgpayError, match="are for files"):
            drgpay.group_stays(october, scheme, mapping="front-page")


class TestRuns:
    def test_a_run_is_verified_explained_reported_and_asked(self, region: Path) -> None:
        run, job = region / "runs" / "october", region / "sample_data" / "2026-10.toml"
        assert drgpay.verify_run(run, job).status == "right"
        case = drgpay.explain_case(run, CASE, job, language="en")
        assert case.differing == []
        assert "Recomputed: all" in drgpay.text_of(case, "en")
        report = drgpay.write_report(run, region / "october.html", language="en")
        assert report.read_text(encoding="utf-8").startswith("<!")
        asked = drgpay.query_runs("SELECT run, period FROM runs", region / "runs")
        assert asked.rows() == [("october", "2026-10")]
        with pytest.raises(drgpay.DrgpayError, match="ids near it"):
            drgpay.explain_case(run, CASE[:-1])

    def test_the_same_job_again_is_the_same_run(self, region: Path) -> None:
        job = region / "sample_data" / "2026-10.toml"
        assert drgpay.run_job(job, run_id="october").repeated
        elsewhere = drgpay.run_job(job, output=region / "elsewhere")
        assert elsewhere.folder.parent == region / "elsewhere"

    def test_a_year_without_its_months_is_refused(self, region: Path) -> None:
        year = region / "sample_data" / "2026.toml"
        year.write_text(
            'year = 2026\nscheme = "chs-drg-2.0"\ncatalogue = "catalogue"\npolicy = "policy.toml"\n'
            'output = "../runs"\nreadmissions_across_months = false\n'
            '[inputs]\nhospitals = "hospitals.csv"\n',
            encoding="utf-8",
        )
        with pytest.raises(drgpay.DrgpayError, match="2026-01"):
            drgpay.clear_year(year)


class TestPrevious:
    @pytest.mark.slow
    def test_the_month_before_is_looked_back_on_as_a_run_does(self, tmp_path: Path) -> None:
        drgpay.make_sample(
            tmp_path, stays=150, months=2, last="2026-02", history_months=4, history_stays=1500
        )
        january = drgpay.run_job(tmp_path / "2026-01.toml")
        assert january.stays is not None
        paid = january.stays.cases["case_id"][3]
        deductions = tmp_path / "filings" / "2026-02" / "deductions.csv"
        text = deductions.read_text("utf-8-sig").splitlines()[0]
        deductions.write_text(f"{text}\nsplit_stay,{paid},true,,,,x\n", encoding="utf-8")
        job = tmp_path / "2026-02.toml"
        before = {"run": january.folder, "stays": tmp_path / "stays" / "2026-01.parquet"}
        table = "".join(f'{name} = "{value}"\n' for name, value in before.items())
        job.write_text(f"{job.read_text('utf-8')}\n[[inputs.previous]]\n{table}", "utf-8")
        run = drgpay.run_job(job).stays
        assert run is not None

        given: dict[str, Any] = {
            "stays": pl.read_parquet(tmp_path / "stays" / "2026-02.parquet"),
            "scheme": "chs-drg-2.0",
            "policy": tmp_path / "policy.toml",
            "catalogue": tmp_path / "catalogue",
            "hospitals": tmp_path / "hospitals.csv",
            "period": "2026-02",
            "filings": drgpay.load_filings(
                tmp_path / "filings" / "2026-02" / "reviews.csv", deductions
            ),
        }
        month = drgpay.settle_month(**given, previous=[before])
        earlier = month.adjustments.filter(pl.col("kind").str.ends_with("_earlier"))
        assert paid in earlier["case_id"]
        for name in ("adjustments", "statements", "values", "ledger"):
            assert getattr(month, name).equals(run[name]), name
        with pytest.raises(drgpay.DrgpayError, match="nor of a run named as paid before"):
            drgpay.settle_month(**given)
        for wrong, said in (
            ({}, "^previous 1: the key run is missing"),
            ({"run": january.folder}, "without its stays"),
            ({**before, "stay": "x"}, "the key stay is unknown"),
            ({**before, "run": tmp_path / "no"}, "no"),
        ):
            with pytest.raises(drgpay.DrgpayError, match=said):
                drgpay.settle_month(**given, previous=[wrong])


class TestScenarios:
    def test_nothing_changed_is_the_base_and_is_saved(self, region: Path) -> None:
        same = region / "same.toml"
        same.write_text('name = "Nothing"\n', encoding="utf-8")
        run, job = region / "runs" / "october", region / "sample_data" / "2026-10.toml"
        found = drgpay.simulate_scenarios(same, run=run, job=job, cache=region / "cache")
        tables = drgpay.simulation_tables(found)
        assert (tables["hospitals"]["change"] == 0).all()
        folder = drgpay.save_simulation(found, region / "same", with_cases=True)
        for name in ("cases", "statements", "adjustments"):
            one, other = folder / f"{name}.parquet", run / f"{name}.parquet"
            assert one.read_bytes() == other.read_bytes()
        assert "Winners and losers" in drgpay.text_of(found, "en")


class TestAdjustments:
    @pytest.fixture
    def small(self, tmp_path: Path) -> Path:
        folder = tmp_path / "small"
        folder.mkdir()
        (folder / "scheme.toml").write_text(INFO, encoding="utf-8")
        for table, text in TABLES.items():
            (folder / f"{table}.csv").write_text(text, encoding="utf-8")
        return folder

    def test_an_overlay_is_written_read_checked_and_applied(
        self, small: Path, tmp_path: Path
    ) -> None:
        first = tmp_path / "first.toml"
        first.write_text(
            f'{HEAD}[[merge]]\ndrgs = ["BR11", "BR13"]\nname = "Both"\n', encoding="utf-8"
        )
        overlay = drgpay.load_overlay(first)
        again = drgpay.save_overlay(overlay, tmp_path / "again.toml")
        assert drgpay.load_overlay(again) == overlay
        assert drgpay.check_overlay(again, small).faults == []
        changed = drgpay.apply_overlay([overlay], small, tmp_path / "changed")
        assert changed.id == "changed"
        changes = drgpay.compare_schemes(small, changed)
        assert ("drg", "removed", "BR11") in changes.select("level", "kind", "key").rows()
        with pytest.raises(drgpay.DrgpayError, match="exists already"):
            drgpay.apply_overlay(overlay, small, tmp_path / "changed")

    def test_proposals_name_unknown_groups(
        self, october: pl.DataFrame, scheme: CompiledScheme
    ) -> None:
        with pytest.raises(drgpay.DrgpayError, match="has no ADRG ZZ9"):
            drgpay.propose_overlay(october, scheme, drgpay.Choices(adrgs=("ZZ9",)))


def test_official_groups_pay_a_month_in_memory(sample_data: Path) -> None:
    """A frame of groups as well as a file; one changed group is in the comparison and in no stop."""
    given = (sample_data / "stays/2026-10.parquet", "chs-drg-2.0", sample_data / "policy.toml")
    rest = (sample_data / "catalogue", sample_data / "hospitals.csv", "2026-10")
    plain = drgpay.settle_month(*given, *rest)
    assert plain.groups == {}
    groups = plain.cases.select("case_id", group="drg")
    moved, other = (
        plain.cases.filter(pl.col("case_class") == "normal")["drg"].unique().sort()[place]
        for place in (0, 1)
    )
    case = plain.cases.filter(pl.col("drg") == moved)["case_id"][0]
    changed = pl.when(pl.col("case_id") == case).then(pl.lit(other)).otherwise("group")
    month = drgpay.settle_month(*given, *rest, groups=groups.with_columns(group=changed))
    paid = month.cases.filter(pl.col("case_id") == case)
    assert paid["drg"].to_list() == [other]
    differing = month.groups["group_agreement"].filter(pl.col("group_difference").is_not_null())
    assert differing["stays"].to_list() == [1]
    assert not [stop for stop in month.stops if stop.code.startswith("official")]
    few = groups.head(groups.height - 2)
    lacking = drgpay.settle_month(*given, *rest, groups=few, groups_rule="official_else_own")
    assert lacking.cases.equals(plain.cases)
    found = [stop.code for stop in lacking.stops if stop.code.startswith("official")]
    assert set(found) == {"official_missing"}
    with pytest.raises(drgpay.DrgpayError, match="there is no rule of groups best; name one of"):
        drgpay.settle_month(*given, *rest, groups=few, groups_rule="best")
