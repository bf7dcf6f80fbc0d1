"""Measure publishing: a month with its cases into a PostgreSQL, beside a bare copy of the same file.

    python benchmarks/publish.py [--stays N] [--pairs N] [--data FOLDER]

A PostgreSQL is started for it, as the tests start theirs (without fsync). `drgpay publish RUN --with cases`
hashes, types, keys and compares; the floor reads cases.parquet with pyarrow and copies its columns by ADBC into a
table without a key, committed once. Both are processes of their own and run in turn, after a first pair that only
warms the caches. Processor time is that of the process alone; the server has its own.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.compare import compare_processor, region
from tests.databases.howto import reached_by_services
from tests.databases.postgresql_server import own_server

_DRGPAY = [sys.executable, "-m", "drgpay.cli.main"]
_PERIOD = "2026-10"
_FLOOR = """
import sys, pyarrow as pa, pyarrow.parquet as pq
from adbc_driver_postgresql import dbapi
file = pq.ParquetFile(sys.argv[1])
reader = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(65536))
with dbapi.connect("service=bi") as connection, connection.cursor() as cursor:
    cursor.execute("DROP TABLE IF EXISTS floor")
    cursor.adbc_ingest("floor", reader, mode="create")
    connection.commit()
"""
_SHARED = '[databases.bi]\nkind = "postgresql"\nservice = "bi"\n'


def finished_run(data: Path, stays: int) -> Path:
    """The run of a month of so many stays, made when it is not there yet."""
    folder = region(data, stays, history=True)
    runs = folder / "published"
    if not any(runs.glob(f"{_PERIOD}-*/manifest.json")):
        job = str(folder / f"{_PERIOD}.toml")
        subprocess.run([*_DRGPAY, "run", job, "--out", str(runs), "--quiet"], check=True)
    return next(path.parent for path in runs.glob(f"{_PERIOD}-*/manifest.json"))


def compare(run: Path, pairs: int) -> None:
    """Publish the run and copy its cases in turn; print both and what their ratios are."""
    publish = [*_DRGPAY, "publish", str(run), "--database", "bi", "--with", "cases", "--quiet"]
    floor = [sys.executable, "-c", _FLOOR, str(run / "cases.parquet")]
    compare_processor("drgpay publish", publish, floor, pairs)


def main() -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stays", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    given = parser.parse_args()
    run = finished_run(given.data, given.stays)
    with (
        own_server() as server,
        tempfile.TemporaryDirectory() as user,
        reached_by_services(server, Path(user)),
    ):
        Path(user, "config/drgpay/databases.toml").write_text(_SHARED, encoding="utf-8")
        compare(run, given.pairs)


if __name__ == "__main__":
    main()
