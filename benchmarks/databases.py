"""Measure reading a month from a database: `drgpay fetch` beside a bare copy of the same table to Parquet.

    python -m benchmarks.databases [--stays N] [--pairs N] [--data FOLDER]

A PostgreSQL is started for it, as the tests start theirs (without fsync), and filled with the stays of a
month in no order. `drgpay fetch` reads them in a transaction, sorts them on disk and writes the snapshot with
its hash; the floor writes the batches of ADBC to a Parquet file as they come. Both are processes of their own and
run in turn, after a first pair that only warms the caches. Processor time is that of the process alone; the server
has its own.
"""

import argparse
import os
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from benchmarks.compare import compare_processor, region
from tests.databases.postgresql_server import Server, own_server
from tests.run.database_region import write_table

_DRGPAY = [sys.executable, "-m", "drgpay.cli.main"]
_FLOOR = """
import os, sys, pyarrow as pa, pyarrow.parquet as pq
from adbc_driver_postgresql import dbapi
with dbapi.connect(os.environ["FLOOR"]) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT * FROM his.stays")
    reader = cursor.fetch_record_batch()
    plain = [getattr(field.type, "storage_type", field.type) for field in reader.schema]
    schema = pa.schema(list(zip(reader.schema.names, plain)))
    with pq.ParquetWriter(sys.argv[1], schema, compression="zstd") as writer:
        for batch in reader:
            columns = [getattr(column, "storage", column) for column in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
"""
_JOB = """
period = "2026-10"
scheme = "chs-drg-2.0"
catalogue = "catalogue"
policy = "policy.toml"
output = "runs"
[inputs]
stays = { database = "centre", table = "his.stays" }
hospitals = "hospitals.csv"
[databases.centre]
"""


def fill(server: Server, data: Path, stays: int) -> None:
    """The stays of a month as a table, in no order."""
    folder = region(data, stays, history=False)
    frame = pl.read_parquet(sorted((folder / "stays").glob("*.parquet"))[-1])
    server.execute("CREATE SCHEMA his")
    write_table(server, "stays", frame.sample(fraction=1, shuffle=True, seed=1))
    server.execute("ANALYZE")


def compare(server: Server, pairs: int) -> None:
    """Fetch and copy in turn; print both and what their ratios are."""
    os.environ |= {"PGPASSWORD": server.password, "FLOOR": server.uri}
    with tempfile.TemporaryDirectory() as given:
        job = Path(given, "month.toml")
        job.write_text(_JOB + server.section(), encoding="utf-8")
        floor = [sys.executable, "-c", _FLOOR, str(Path(given, "floor.parquet"))]
        fetch = [*_DRGPAY, "fetch", str(job), "--quiet"]
        compare_processor("drgpay fetch", fetch, floor, pairs)


def main() -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stays", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    given = parser.parse_args()
    with own_server() as server:
        # In a process of its own: what that needs would count as the peak of all that are started here.
        filling = get_context("spawn").Process(target=fill, args=(server, given.data, given.stays))
        filling.start()
        filling.join()
        compare(server, given.pairs)


if __name__ == "__main__":
    main()
