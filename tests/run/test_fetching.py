"""`drgpay fetch`: what is read from a real PostgreSQL gives the same results as the files."""

import hashlib
import json
import os
import resource
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.databases import snapshot
from drgpay.results.manifest import read_manifest
from drgpay.run.fetching import fetch_job, forget_snapshots
from drgpay.run.first_fetch import fetch_if_missing
from drgpay.run.job import load_any_job
from drgpay.run.month_end import run_month
from tests.cli.program import COMMAND
from tests.databases.postgresql_server import (
    Server,
    own_server,
    psqlodbc,
    refuse_without_postgresql,
)
from tests.run import database_region as region

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """The job of the sample month with all inputs in files."""
    refuse_without_postgresql()
    return region.lay_out(sample_data, tmp_path_factory.mktemp("region"))


@pytest.fixture(scope="module")
def server(postgresql_server: Server, files: Path) -> Server:
    """The same inputs as tables."""
    database = postgresql_server.new_database()
    region.fill(database, files.parent)
    return database


@pytest.fixture(scope="module")
def of_files(files: Path) -> dict[str, str]:
    """The hashes of the Parquet results of the run from files."""
    found = _results(run_month(load_any_job(files)).folder)
    assert len(found) > 10
    return found


@pytest.fixture(autouse=True)
def _password(postgresql_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", postgresql_server.password)


def _results(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


def test_tables_and_queries_give_the_bytes_of_files(
    server: Server, files: Path, of_files: dict[str, str]
) -> None:
    job = region.job_of_tables(server, files)
    fetched = fetch_job(job)
    assert fetched.inputs["stays"]["left_out"] == ["full_name", "photo"]
    run = run_month(load_any_job(job)).folder
    assert _results(run) == of_files
    manifest = read_manifest(run)
    assert {one["isolation"] for one in manifest.content["fetched"].values()} == {
        "repeatable read, read only"
    }
    assert "fetched" not in manifest.basis
    # The same rows in another order, by a query with parameters of several kinds, and by a file.
    stays = pl.read_parquet(files.with_name("stays.parquet")).columns
    names = ", ".join(f'"{name}"' for name in reversed(stays))
    query = (
        f"select {names} from his.stays -- all of :nobody\n"
        " where settlement_date between :first and :last and length_of_stay < :days"
        " and hospital_id <> ':name' and account <> :other order by md5(case_id)"
    )
    given = (
        f"query = {region.toml_text(query)}, parameters = {{ first = 2000-01-01, last = 2100-01-01, "
        'days = 1000000, other = "no\'; drop table his.stays; --" }'
    )
    (files.parent / "items.sql").write_text("select * from his.items;\n", encoding="utf-8")
    tables = {one: f'table = "his.{one}"' for one in (*region.RECORDS, *region.SMALL)}
    queries = {"stays": given, "items": 'query = "items.sql"'}
    asked = region.job_of(server, files, "queries", {**tables, **queries})
    again = fetch_job(asked)
    for name, about in fetched.inputs.items():
        assert again.inputs[name]["sha256"] == about["sha256"], name
    repeated = run_month(load_any_job(asked))
    assert repeated.folder == run
    assert repeated.repeated


def test_psqlodbc_gives_the_bytes_of_files(
    server: Server,
    files: Path,
    of_files: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = psqlodbc(server, tmp_path, monkeypatch)
    tables = {one: f'table = "his.{one}"' for one in (*region.RECORDS, *region.SMALL)}
    job = region.job_of(server, files, "odbc", tables, keys)
    with pytest.raises(DrgpayError, match=r"other_diagnoses gives arrays as text \(\{A,B\}\)"):
        fetch_job(job)
    assert not job.parent.joinpath("fetched", "odbc", "fetch.json").exists()
    for name in ("stays", "visits"):
        columns = pl.read_parquet_schema(files.with_name(f"{name}.parquet"))
        said = ", ".join(
            f"array_to_string({one}, ';') as {one}" if dtype == pl.List(pl.String) else one
            for one, dtype in columns.items()
        )
        query = f"select {said} from his.{name} where hospital_id <> :no"
        tables[name] = f'query = {region.toml_text(query)}, parameters = {{ no = "nobody" }}'
    job = region.job_of(server, files, "odbc", tables, keys)
    fetched = fetch_job(job)
    assert {one["kind"] for one in fetched.inputs.values()} == {"odbc"}
    assert {one["service"] for one in fetched.inputs.values()} == {"HIS"}
    assert {one["isolation"] for one in fetched.inputs.values()} == {
        "none; rows counted before and after"
    }
    assert _results(run_month(load_any_job(job)).folder) == of_files
    # A row that comes while they are read.
    with pytest.raises(DrgpayError, match=r"changed while they were read"):
        fetch_job(job, _added(server))
    server.execute("DELETE FROM his.hospitals WHERE hospital_id = 'H-new'")


def _added(server: Server) -> Callable[..., None]:
    waiting = ["INSERT INTO his.hospitals (hospital_id, name, level) VALUES ('H-new', 'x', '1')"]

    def told(*_: object) -> None:
        if waiting:
            server.execute(waiting.pop())

    return told


def test_what_cannot_be_an_amount_is_quarantined_and_never_rounded(
    server: Server, files: Path
) -> None:
    changes = {
        "half a fen": "total_cost = total_cost + 0.005",
        "not a number": "fund_cost = 'NaN'",
        "endless": "other_cost = 'Infinity'",
        "many digits": "patient_cost = 123456789012345678901234567890.12",
        "endless date": "admission_date = 'infinity'",
    }
    ids = pl.read_parquet(files.with_name("stays.parquet"))["case_id"].sort()[100 : 100 + 6]
    server.execute("CREATE TABLE his.odd AS SELECT * FROM his.stays")
    for case, change in zip(ids, changes.values(), strict=False):
        server.execute(f"UPDATE his.odd SET {change} WHERE case_id = '{case}'")
    server.execute(
        "UPDATE his.odd SET other_diagnoses = array_prepend(NULL, other_diagnoses), "
        f"procedures = NULL WHERE case_id = '{ids[5]}'"
    )
    job = region.job_of(server, files, "odd", {"stays": 'table = "his.odd"'})
    folder = fetch_job(job).folder
    kept = pl.read_parquet(folder / "stays.parquet")
    types = {name: kept.schema[name] for name in ("total_cost", "fund_cost", "drug_cost")}
    assert types == {
        "total_cost": pl.Decimal(38, 3),
        "fund_cost": pl.String(),
        "drug_cost": pl.Decimal(38, 2),
    }
    nulls = kept.filter(case_id=ids[5]).row(0, named=True)
    assert nulls["other_diagnoses"][0] is None
    assert nulls["procedures"] is None
    results = run_month(load_any_job(job)).stays
    assert results is not None
    found = results["quarantine"].filter(pl.col("case_id").is_in(ids.to_list()))
    assert found["case_id"].sort().to_list() == ids[:5].to_list()
    counts = results["cases"].height + results["quarantine"]["case_id"].n_unique()
    assert counts >= kept["case_id"].n_unique() - 1


def test_snapshots_are_their_owners_alone_and_forgotten_by_decision(
    server: Server, files: Path
) -> None:
    job = region.job_of(server, files, "private", {"hospitals": 'table = "his.hospitals"'})
    assert fetch_if_missing(job)
    assert not fetch_if_missing(job)
    folder = job.parent / "fetched" / "private"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["fetch.json", "hospitals.parquet"]
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(DrgpayError, match="nobody is named"):
        forget_snapshots(job, " ")
    assert forget_snapshots(job, "Wang", "paid") == (folder / "hospitals.parquet",)
    assert [path.name for path in folder.iterdir()] == ["forgotten.jsonl"]
    record = json.loads((folder / "forgotten.jsonl").read_text(encoding="utf-8"))
    assert (record["by"], record["note"]) == ("Wang", "paid")
    assert record["inputs"]["hospitals"]["rows"] == 28
    assert not fetch_if_missing(job)
    with pytest.raises(DrgpayError, match="were forgotten by Wang"):
        load_any_job(job)
    fetch_job(job)
    load_any_job(job)


def test_a_run_takes_only_the_snapshots_that_its_job_asks_for(server: Server, files: Path) -> None:
    ask = {"hospitals": 'table = "his.hospitals"'}
    job = region.job_of(server, files, "asked", ask)
    with pytest.raises(DrgpayError, match=r"inputs.hospitals of .* not fetched.*drgpay fetch"):
        load_any_job(job)
    folder = fetch_job(job).folder
    load_any_job(job)
    ask = {"hospitals": 'query = "select * from his.hospitals"'}
    region.job_of(server, files, "asked", ask)
    with pytest.raises(DrgpayError, match="fetched by another table, query or parameters"):
        load_any_job(job)
    fetch_job(job)
    path = folder / "hospitals.parquet"
    pl.read_parquet(path).with_columns(level=pl.lit("1")).write_parquet(path)
    with pytest.raises(DrgpayError, match="is not what was fetched"):
        run_month(load_any_job(job))
    with pytest.raises(DrgpayError, match="reads nothing from a database"):
        fetch_job(files)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            'table = "his.nothing"',
            r"inputs.hospitals \(table his.nothing of centre\): the database",
        ),
        ('table = "his.h\\"; drop schema his; --"', "the database says: .*does not exist"),
        ('query = "select hospital_id, name from his.hospitals"', "does not give level"),
        ('query = "select 1.2::money as name, 1 as hospital_id"', "name is of type money"),
        ('query = "select 1 as name, 2 as name"', "more than one column name"),
        ('query = "delete from his.hospitals returning *"', "the database says"),
        ('query = "select * from his.hospitals where level = :level"', "no value for it"),
        ('query = "no-such.sql"', "there is no file .*no-such.sql with a query"),
    ],
)
def test_what_does_not_give_the_input_is_refused_and_leaves_nothing(
    server: Server, files: Path, given: str, said: str
) -> None:
    job = region.job_of(server, files, "refused", {"hospitals": given})
    with pytest.raises(DrgpayError, match=said) as refused:
        fetch_job(job)
    assert refused.value.__cause__ is None
    assert [*(job.parent / "fetched" / "refused").iterdir()] == []
    with server.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM his.hospitals")
        assert cursor.fetchone() == (28,)


_ENDLESS = (
    "query = \"select g::text as hospital_id, repeat(md5(g::text), 12) as name, '1' as level "
    'from generate_series(1, 400000) g"'
)


def test_a_server_that_goes_away_while_rows_come(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_server() as server:
        monkeypatch.setenv("PGPASSWORD", server.password)
        job = region.job_of(server, files, "away", {"hospitals": _ENDLESS})
        plain, seen = snapshot._plain, list[int]()

        def stopping(*given: object) -> object:
            if not seen:
                server.stop()
            seen.append(1)
            return plain(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(snapshot, "_plain", stopping)
        with pytest.raises(DrgpayError, match="cannot be reached, or went away") as refused:
            fetch_job(job)
        assert seen
        assert server.password not in refused.value.sentence.en
    assert [*(job.parent / "fetched" / "away").iterdir()] == []


def _command(
    *arguments: object, limit: int | None = None, variables: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Exit status and all that a command says. limit: bytes of the largest file."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    ended = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env={
            **os.environ,
            "DRGPAY_LANG": "en",
            "PYTHONDONTWRITEBYTECODE": "1",
            **(variables or {}),
        },
        preexec_fn=limited,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_a_full_disk_and_a_wrong_password_are_one_sentence(server: Server, files: Path) -> None:
    job = region.job_of(server, files, "full", {"hospitals": _ENDLESS})
    status, said = _command("fetch", job, limit=2_000_000)
    assert status == 2, said
    assert len(said.strip().splitlines()) == 1
    assert "cannot be written" in said
    assert [*(job.parent / "fetched" / "full").iterdir()] == []
    wrong = "n0t-the-password"
    status, said = _command("fetch", job, variables={"PGPASSWORD": wrong})
    assert status == 2
    assert len(said.strip().splitlines()) == 1
    assert "does not let us in" in said
    assert wrong not in said


def test_no_file_and_no_message_has_the_password(
    server: Server, files: Path, tmp_path: Path
) -> None:
    secret = server.password
    keys = server.section(password_env="DRG_SECRET")
    ask = {one: f'table = "his.{one}"' for one in ("hospitals", "reviews")}
    job = region.job_of(server, files, "secret", ask, keys)
    cache = tmp_path / "cache"
    variables = {"PGPASSWORD": "", "DRG_SECRET": secret, "XDG_CACHE_HOME": str(cache)}
    said = ""
    for words in (("run", job, "--out", tmp_path / "runs"), ("fetch", job, "--json")):
        status, text = _command(*words, variables=variables)
        assert status == 0, text
        said += text
    status, text = _command("fetch", job, variables={**variables, "DRG_SECRET": f"{secret}x"})
    assert status == 2
    said += text
    assert secret not in said
    searched = 0
    for folder in (files.parent, tmp_path):
        for path in folder.rglob("*"):
            if path.is_file():
                searched += 1
                assert secret.encode() not in path.read_bytes(), path
    assert searched > 50
