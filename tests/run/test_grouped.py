"""Stays that carry their groups are settled to the bytes of a run that groups them itself."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.progress import no_progress
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.given_groups import GROUPED_BY, with_groups
from drgpay.records.meaning.rules import PLAIN_READING, Reading
from drgpay.results.run_folder import RunFolder
from drgpay.run.job import Job, load_job
from drgpay.run.month_end import run_month
from drgpay.run.recompute import recomputed
from tests.accepting import EVERYTHING
from tests.run.no_books import without_books
from tests.run.small_region import small_region


@pytest.fixture(scope="module")
def region(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_region(sample_data, tmp_path_factory.mktemp("grouped") / "region")


@pytest.fixture(scope="module")
def plain(region: Path) -> Path:
    """The run that groups its stays itself."""
    return settled(load_job(region), "plain")


@pytest.fixture(scope="module")
def scheme(region: Path) -> CompiledScheme:
    return load_compiled(load_job(region).scheme)


def settled(job: Job, name: str) -> Path:
    with without_books():
        return run_month(job, run_id=name, accept=EVERYTHING).folder


def carried(job: Job, scheme: CompiledScheme, reading: Reading = PLAIN_READING) -> pa.Table:
    """The stays of a job with their groups, as a cluster would write them."""
    stays = pq.read_table(job.stays.path)
    batches = stays.to_batches(max_chunksize=97)
    return pa.Table.from_batches([with_groups(scheme, batch, reading) for batch in batches])


def job_of(job: Job, table: pa.Table, folder: Path) -> Job:
    """The job with other stays, in a file of the same name: results name it."""
    folder.mkdir()
    path = folder / job.stays.path.name
    pq.write_table(table, path)
    return replace(job, stays=replace(job.stays, path=path), grouped=True)


def test_all_results_have_the_bytes_of_a_run_that_groups(
    region: Path, plain: Path, scheme: CompiledScheme, tmp_path: Path
) -> None:
    job = job_of(load_job(region), carried(load_job(region), scheme), tmp_path / "carried")
    found = settled(job, "carried")
    tables = sorted(path.name for path in plain.glob("*.parquet"))
    assert "cases.parquet" in tables
    assert tables == sorted(path.name for path in found.glob("*.parquet"))
    differ = [n for n in tables if (plain / n).read_bytes() != (found / n).read_bytes()]
    assert differ == []


def with_another_group(table: pa.Table, scheme: CompiledScheme) -> tuple[pa.Table, str, str]:
    """The stays, one in another group that the scheme has, its case_id, and that group.

    It is none of the rows that are grouped again.
    """
    other = next(leaf for leaf in scheme.leaves if leaf.status == "grouped")
    rows = table.to_pylist()
    row = next(n for n, one in enumerate(rows) if n % 64 and one["status"] == "grouped")
    rows[row] |= {name: getattr(other, name) for name in ("mdc", "adrg", "drg")}
    return pa.Table.from_pylist(rows, schema=table.schema), rows[row]["case_id"], other.drg


Change = Callable[[list[dict[str, object]]], None]


def _other_group(rows: list[dict[str, object]]) -> None:
    rows[0]["severity"] = "MCC" if rows[0]["severity"] != "MCC" else "none"


def _unknown_group(rows: list[dict[str, object]]) -> None:
    rows[5]["drg"] = "XX99"


def _one_by_others(rows: list[dict[str, object]]) -> None:
    rows[9][GROUPED_BY] = "another program"


def _one_by_nobody(rows: list[dict[str, object]]) -> None:
    rows[9][GROUPED_BY] = None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_other_group, "the severity of the stay .* grouping gives"),
        (_unknown_group, "XX99 .*, which chs-drg-2.0 does not give"),
        (_one_by_others, "were grouped by another program, and the job asks for drgpay-"),
        (_one_by_nobody, "were grouped by nothing"),
    ],
)
def test_groups_of_others_are_refused(
    change: Change, said: str, region: Path, scheme: CompiledScheme, tmp_path: Path
) -> None:
    table = carried(load_job(region), scheme)
    rows = table.to_pylist()
    change(rows)
    changed = pa.Table.from_pylist(rows, schema=table.schema)
    job = job_of(load_job(region), changed, tmp_path / "changed")
    with pytest.raises(DrgpayError, match=said):
        settled(job, "changed")


@pytest.mark.slow
def test_another_scheme_and_another_reading_are_refused(
    region: Path, scheme: CompiledScheme, tmp_path: Path
) -> None:
    job = load_job(region)
    dropping = carried(job, scheme, Reading(drop_repeated_principal=True))
    with pytest.raises(DrgpayError, match=r"drop_repeated_principal, and the job asks for"):
        settled(job_of(job, dropping, tmp_path / "dropping"), "dropping")
    other = carried(job, load_compiled("chs-drg-1.1"))
    with pytest.raises(DrgpayError, match=r"chs-drg-1\.1 .* asks for drgpay-.* chs-drg-2\.0"):
        settled(job_of(job, other, tmp_path / "other"), "other")


def test_a_file_without_groups_is_refused(region: Path) -> None:
    with pytest.raises(DrgpayError, match="status, mdc, adrg, drg, severity, grouped_by"):
        settled(replace(load_job(region), grouped=True), "none")


@pytest.mark.parametrize("key", ['mapping = "setllist"', "clinical_codes = true"])
def test_what_would_change_codes_or_names_does_not_go_with_it(
    key: str, region: Path, tmp_path: Path
) -> None:
    text = region.read_text("utf-8").replace("[inputs]\n", f"[inputs]\ngrouped = true\n{key}\n")
    path = region.with_name(f"{tmp_path.name}.toml")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"inputs\.grouped does not go with inputs\."):
        load_job(path)


@pytest.mark.slow
def test_groups_are_taken_by_the_run_and_made_again_by_verify(
    region: Path, scheme: CompiledScheme
) -> None:
    right = carried(load_job(region), scheme)
    wrong, case_id, group = with_another_group(right, scheme)
    stays, path = region.with_name("carried.parquet"), region.with_name("carried.toml")
    text = region.read_text("utf-8").replace('"small.parquet"', '"carried.parquet"')
    path.write_text(text.replace("[inputs]\n", "[inputs]\ngrouped = true\n"), encoding="utf-8")
    for name, table, agrees in (("right", right, True), ("wrong", wrong, False)):
        pq.write_table(table, stays)
        run = settled(load_job(path), name)
        cases = pl.read_parquet(run / "cases.parquet").filter(case_id=case_id)
        assert (str(cases["drg"][0]) == group) is not agrees
        with without_books():
            _, found = recomputed(RunFolder.at(run), path, no_progress)
        assert (found == []) is agrees
        assert any(f"cases {case_id}: mdc = " in one.en for one in found) is not agrees
