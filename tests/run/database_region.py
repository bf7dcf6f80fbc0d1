"""The sample month in files and, with the same rows in another order, in a PostgreSQL."""

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pyarrow as pa
from adbc_driver_postgresql import dbapi

from tests.databases.postgresql_server import Server

RECORDS = {"stays": "stays", "visits": "visits", "items": "visit_items"}
SMALL = {
    "hospitals": "hospitals.csv",
    "reviews": "filings/2026-10/reviews.csv",
    "deductions": "filings/2026-10/deductions.csv",
    "enrolment": "enrolment.csv",
}
_KEYS = {"stays": "case_id", "visits": "visit_id", "items": "visit_id"}
_LINE = re.compile(r'^(\w+) = "([^"]+)"$')


def lay_out(sample_data: Path, region: Path) -> Path:
    """The sample month with its records in the order of a snapshot; its job file.

    Rows are quarantined by file and number, which are the same where the order is.
    """
    for name in ("catalogue", "visit_catalogue", "filings"):
        shutil.copytree(sample_data / name, region / name)
    for name in ("hospitals.csv", "enrolment.csv", "policy.toml"):
        shutil.copy(sample_data / name, region)
    for name, folder in RECORDS.items():
        frame = pl.read_parquet(sample_data / folder / "2026-10.parquet")
        plain = [column for column in frame.columns if frame.schema[column] != pl.List(pl.String)]
        order = list(dict.fromkeys([_KEYS[name], *sorted(plain)]))
        frame.sort(order, nulls_last=True).write_parquet(region / f"{name}.parquet")
    text = (sample_data / "2026-10.toml").read_text(encoding="utf-8")
    text = text.replace("../runs", "runs").replace("#:schema ./job.schema.json\n", "")
    for name, folder in RECORDS.items():
        text = text.replace(f'"{folder}/2026-10.parquet"', f'"{name}.parquet"')
    job = region / "files.toml"
    job.write_text(text, encoding="utf-8")
    return job


def fill(server: Server, region: Path) -> None:
    """The same rows as tables of the schema `his`, in no order, with columns that nobody asked for."""
    with server.cursor() as cursor:
        cursor.execute("CREATE SCHEMA his")
    for name in RECORDS:
        write_table(
            server,
            name,
            pl.read_parquet(region / f"{name}.parquet").sample(fraction=1, shuffle=True, seed=3),
        )
    for name, file in SMALL.items():
        write_table(server, name, pl.read_csv(region / file, infer_schema=False))
    server.execute(
        "ALTER TABLE his.stays ADD COLUMN full_name text DEFAULT 'Nobody', ADD COLUMN photo bytea",
        "ANALYZE",
    )


def write_table(server: Server, name: str, frame: pl.DataFrame) -> None:
    """A table of the schema `his` with the rows of a frame: amounts as numeric, lists as text[]."""
    types, names = [], []
    for column, dtype in frame.schema.items():
        names.append(column)
        if dtype == pl.List(pl.String):
            types.append(("text[]", pa.list_(pa.string())))
        elif isinstance(dtype, pl.Decimal):
            types.append(("numeric", pa.decimal128(18, 2)))
        elif dtype == pl.Date:
            types.append(("date", pa.date32()))
        elif dtype == pl.Boolean:
            types.append(("boolean", pa.bool_()))
        elif dtype.is_integer():
            types.append(("integer", pa.int32()))
        elif dtype.is_float():
            types.append(("double precision", pa.float64()))
        else:
            types.append(("text", pa.string()))
    declared = ", ".join(f'"{one}" {sql}' for one, (sql, _) in zip(names, types, strict=True))
    schema = pa.schema([pa.field(one, type_) for one, (_, type_) in zip(names, types, strict=True)])
    server.execute(f"CREATE TABLE his.{name} ({declared})")
    with dbapi.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(name, frame.to_arrow().cast(schema), mode="append", db_schema_name="his")


def job_of_tables(server: Server, files: Path, name: str = "tables") -> Path:
    """The job with every input out of a table of `his`."""
    return job_of(server, files, name, {one: f'table = "his.{one}"' for one in (*RECORDS, *SMALL)})


def job_of(
    server: Server,
    files: Path,
    name: str,
    inputs: dict[str, str],
    section: str | None = None,
) -> Path:
    """The job with some inputs out of a database; each by the keys of its table but `database`.

    section: the keys of [databases.centre], by default those of the server with its password in
    PGPASSWORD.
    """
    lines = []
    for line in files.read_text(encoding="utf-8").splitlines():
        found = _LINE.match(line)
        if found and found[1] in inputs:
            line = f'{found[1]} = {{ database = "centre", {inputs[found[1]]} }}'
        lines.append(line)
    keys = server.section() if section is None else section
    job = files.with_name(f"{name}.toml")
    text = "\n".join([*lines, "", "[databases.centre]", keys, ""])
    job.write_text(text, encoding="utf-8")
    return job


def toml_text(text: str) -> str:
    """A text as a value of TOML."""
    return json.dumps(text, ensure_ascii=False)
