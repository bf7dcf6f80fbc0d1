"""Visits in memory give what the commands write."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import drgpay
from drgpay.grouper.apg import CompiledApg
from drgpay.records.origin import ORIGIN_SCHEMA
from drgpay.records.visits.tables import VisitInput
from drgpay.run.visit_calibration import make_visit_catalogue
from tests.run.no_books import without_books


@pytest.fixture(scope="module")
def scheme() -> CompiledApg:
    return drgpay.load_visit_scheme("open-apg-1")


@pytest.fixture(scope="module")
def run(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the visits of October alone."""
    place = tmp_path_factory.mktemp("visits")
    shutil.copytree(sample_data, place / "sample_data", ignore=shutil.ignore_patterns("*history"))
    job = place / "sample_data" / "visits.toml"
    outpatient = (place / "sample_data" / "2026-10.toml").read_text("utf-8").split("[outpatient]")
    job.write_text(
        'period = "2026-10"\npolicy = "policy.toml"\noutput = "../runs"\n[inputs]\n'
        f'hospitals = "hospitals.csv"\n[outpatient]{outpatient[1]}',
        encoding="utf-8",
    )
    with without_books():
        return drgpay.run_job(job, run_id="visits").folder


@pytest.fixture(scope="module")
def tables(sample_data: Path) -> tuple[Path, Path]:
    return (
        sample_data / "visits" / "2026-10.parquet",
        sample_data / "visit_items" / "2026-10.parquet",
    )


def _same(found: pl.DataFrame, written: Path) -> bool:
    """Whether a table is the written one, but for the places of rows in their files."""
    same = pl.read_parquet(written).cast(found.schema)
    return found.drop(*ORIGIN_SCHEMA, strict=False).equals(same.drop(*ORIGIN_SCHEMA, strict=False))


@pytest.mark.parametrize("lazy", [False, True])
def test_a_month_in_memory_is_the_month_of_the_run(
    run: Path, sample_data: Path, scheme: CompiledApg, tables: tuple[Path, Path], lazy: bool
) -> None:
    visits, items = tables
    given: tuple[Any, Any] = (
        (pl.scan_parquet(visits), pl.read_parquet(items)) if lazy else (visits, str(items))
    )
    found = drgpay.settle_visits(
        *given,
        scheme,
        sample_data / "policy.toml",
        sample_data / "visit_catalogue",
        pl.read_csv(sample_data / "hospitals.csv", infer_schema=False)
        if lazy
        else sample_data / "hospitals.csv",
        "2026-10",
        enrolment=sample_data / "enrolment.csv",
    )
    for name, file in (
        ("visits", "visits"),
        ("entries", "entries"),
        ("groups", "visit_groups"),
        ("statements", "visit_statements"),
        ("values", "visit_values"),
        ("ledger", "visit_ledger"),
        ("quarantine", "visit_quarantine"),
        ("warnings", "visit_warnings"),
        ("line_quarantine", "line_quarantine"),
        ("line_warnings", "line_warnings"),
    ):
        assert _same(getattr(found, name), run / f"{file}.parquet"), name
    assert found.capitation is not None
    assert _same(found.capitation.accounts, run / "capitation.parquet")
    assert _same(found.capitation.tie_out, run / "capitation_tie_out.parquet")


def test_entries_without_a_settlement(
    run: Path, sample_data: Path, scheme: CompiledApg, tables: tuple[Path, Path]
) -> None:
    alone = drgpay.group_visits(*tables, scheme, sample_data / "policy.toml")
    assert alone.visits["points"].null_count() == alone.visits.height > 0
    priced = drgpay.group_visits(
        *tables,
        "open-apg-1",
        sample_data / "policy.toml",
        catalogue=drgpay.load_catalogue(sample_data / "visit_catalogue", scheme),
        hospitals=sample_data / "hospitals.csv",
    )
    settled = pl.read_parquet(run / "visits.parquet").select("visit_id", "apg", "points")
    both = priced.visits.select("visit_id", "apg", "points").join(settled, on="visit_id")
    assert both.height == settled.height
    assert (both["points"] == both["points_right"]).all()


def test_the_catalogue_is_the_one_that_the_command_makes(
    sample_data: Path, scheme: CompiledApg, tables: tuple[Path, Path], tmp_path: Path
) -> None:
    policy, hospitals = sample_data / "policy.toml", sample_data / "hospitals.csv"
    made = drgpay.calibrate_visits(*tables, scheme, policy, hospitals, catalogue_id="c")
    command = make_visit_catalogue(
        VisitInput(*tables), "open-apg-1", str(policy), hospitals, tmp_path / "c"
    )
    assert made.groups.equals(command.catalogue.groups)
    assert made.info == command.catalogue.info
    folder = drgpay.save_catalogue(made, tmp_path / "mine")
    for name in ("groups.csv", "coefficients.csv"):
        assert (folder / name).read_bytes() == (tmp_path / "c" / name).read_bytes()
    assert drgpay.catalogue_tables(made)["groups"]["base_points"].dtype == pl.Decimal(18, 4)


class TestRefusals:
    def test_frames_are_called_by_name(
        self, sample_data: Path, scheme: CompiledApg, tables: tuple[Path, Path]
    ) -> None:
        visits, items = (pl.read_parquet(path) for path in tables)
        policy = sample_data / "policy.toml"
        for given, said in (
            ((visits.drop("visit_type"), items), "the frame of visits lacks the column visit_type"),
            ((visits, items.drop("amount")), "the frame of visit items lacks the column amount"),
            ((visits.clear(), items), "the frame of visits holds no visit"),
        ):
            with pytest.raises(drgpay.DrgpayError, match=said):
                drgpay.group_visits(*given, scheme, policy)
        with pytest.raises(drgpay.DrgpayError, match="mappings are for files"):
            drgpay.group_visits(visits, items, scheme, policy, visits_mapping="x")

    def test_a_month_that_does_not_fit(
        self, sample_data: Path, scheme: CompiledApg, tables: tuple[Path, Path]
    ) -> None:
        rest = (sample_data / "visit_catalogue", sample_data / "hospitals.csv")
        policy = drgpay.load_policy(sample_data / "policy.toml")
        with pytest.raises(drgpay.DrgpayError, match="is for 2026, the month is of 2027"):
            drgpay.settle_visits(*tables, scheme, policy, *rest, "2027-01")
        with pytest.raises(drgpay.DrgpayError, match=r"none of [\d,]+ visits is valid for 2026-09"):
            drgpay.settle_visits(*tables, scheme, policy, *rest, "2026-09")
        inpatient = policy.model_copy(update={"outpatient": None})
        with pytest.raises(drgpay.DrgpayError, match=r"has no \[outpatient\]"):
            drgpay.settle_visits(*tables, scheme, inpatient, *rest, "2026-10")
        with pytest.raises(drgpay.DrgpayError, match=r"^the frame of enrolment: row "):
            wrong = pl.DataFrame({"contractor_id": ["H1"], "account": ["nobody"], "heads": ["5"]})
            drgpay.settle_visits(*tables, scheme, policy, *rest, "2026-10", enrolment=wrong)
        with pytest.raises(drgpay.DrgpayError, match="is of kind drg"):
            drgpay.load_visit_scheme("chs-drg-2.0")
