"""Runs in a real PostgreSQL: whole, exact, each once, and views that agree with the files."""

import json
import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.databases.settings import Database
from drgpay.publish.layout import Schema, published_tables
from drgpay.publish.publishing import publish_runs
from drgpay.results.manifest import read_manifest
from drgpay.run.forgetting import forget_old
from tests.databases.postgresql_server import Server
from tests.publish.conftest import Rows

pytestmark = pytest.mark.slow

OPEN = Schema()
MAY, CORRECTION, FEBRUARY = "2026-05-150b82be98", "2026-05-49f22f2c3c", "2026-02-effce71d51"
YEAR = "2026-4a8b2eda40"


def _every(rows: Rows, schema: Schema = OPEN) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables but those of runs, which tell when they were published; none where there are none."""
    named = rows(
        "SELECT schemaname || '.' || tablename FROM pg_tables "
        f"WHERE schemaname LIKE '{schema.name}%' AND tablename <> 'runs' ORDER BY 1"
    )
    found: dict[str, list[tuple[object, ...]]] = {name: [] for (name,) in named}
    if found:
        all_of_them = (f"SELECT '{name}', t::text FROM {name} AS t" for name in found)
        for name, row in rows(f"{' UNION ALL '.join(all_of_them)} ORDER BY 1, 2"):
            found[name].append((row,))
    return found


def _publish(
    year: Path, database: Database, *runs: str, chosen: tuple[str, ...] = ()
) -> dict[str, dict[str, int]]:
    done = publish_runs([year / run for run in runs], database, OPEN, chosen)
    return {one.run: one.rows for one in done}


def test_a_year_is_published_as_its_files_have_it(
    year: Path, database: Database, rows: Rows
) -> None:
    folders = sorted(path for path in year.iterdir() if path.is_dir())
    # The clearing and the correction first: each waits for those that it goes on with.
    done = publish_runs(folders[::-1], database, OPEN, ("cases", "payees"))
    order = [one.run for one in done]
    assert order.index(MAY) < order.index(CORRECTION) < order.index(YEAR) == 13
    for folder in folders:
        manifest = read_manifest(folder)
        for table in published_tables().values():
            path = folder / f"{table.file}.parquet"
            wrong_kind = table.clearing not in (None, manifest.is_clearing)
            if not path.exists() or wrong_kind:
                continue
            frame = pl.read_parquet(path)
            if table.added_up:
                frame = _added_up(frame, table.key)
            columns = [one for one in frame.columns if one in {f.name for f in table.fields}]
            sql = ", ".join(
                f"{one}::text" if isinstance(frame.schema[one], pl.Decimal) else one
                for one in columns
            )
            name = f"{table.schema(OPEN)}.{table.name}"
            stored = rows(f"SELECT {sql} FROM {name} WHERE run = '{folder.name}'")
            assert _plain(stored) == _plain(frame.select(columns).rows()), (folder.name, name)
    _views_agree(rows, year)


def _added_up(cases: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Sums of cases as the results database has them."""
    decimals = [name for name, dtype in cases.schema.items() if isinstance(dtype, pl.Decimal)]
    added = cases.rename({"length_of_stay": "days"}).group_by(key)
    return added.agg(pl.len().alias("cases"), pl.col("days", *decimals).sum())


def _plain(found: list[tuple[object, ...]]) -> list[tuple[str, ...]]:
    """Rows that compare: decimals by value, whatever their places."""

    def text(value: object) -> str:
        number = value
        if isinstance(value, str):
            try:
                number = Decimal(value)
            except ArithmeticError:
                return value
        return format(number.normalize() + 0, "f") if isinstance(number, Decimal) else str(value)

    return sorted(tuple(text(value) for value in row) for row in found)


def _views_agree(rows: Rows, year: Path) -> None:
    """A corrected month counts once, in statements by its correction, in the ledger with what it goes on with."""
    of_stays = rows("SELECT period, run FROM drgpay.latest_runs WHERE part = 'stays'")
    latest: dict[str, str] = dict(of_stays)
    assert len(latest) == 13
    assert latest["2026-05"] == CORRECTION
    assert rows("SELECT period, run FROM drgpay.latest_runs WHERE part = 'visits'") == [
        ("2026-02", FEBRUARY)
    ]
    statements = pl.read_parquet(year / CORRECTION / "statements.parquet")
    [(paid,)] = rows(
        "SELECT sum(fund_amount)::text FROM drgpay.month_hospitals WHERE period = '2026-05'"
    )
    assert Decimal(paid) == statements["fund_amount"].sum()
    cases = pl.read_parquet(year / CORRECTION / "cases.parquet")
    for view, groups in (
        ("month_classes", cases["case_class"].n_unique()),
        ("month_groups", cases.n_unique(["mdc", "adrg", "drg"])),
    ):
        [(counted, number, cost)] = rows(
            f"SELECT count(*), sum(cases)::text, sum(total_cost)::text FROM drgpay.{view} "
            "WHERE period = '2026-05'"
        )
        assert (counted, int(number)) == (groups, cases.height)
        assert Decimal(cost) == cases["total_cost"].sum()
        months = rows(f"SELECT DISTINCT period FROM drgpay.{view} ORDER BY 1")
        assert months == [(f"2026-{month:02}",) for month in range(1, 13)]
    [(value, pools)] = rows(
        "SELECT sum(fund_amount)::text, count(*) FROM drgpay.month_values WHERE period = '2026-05'"
    )
    values = pl.read_parquet(year / CORRECTION / "values.parquet")
    assert (Decimal(value), pools) == (values["fund_amount"].sum(), values.height)
    # What hospitals have been booked of the month, and the fund has paid, is what the correction says now.
    both = pl.concat(pl.read_parquet(year / run / "ledger.parquet") for run in (MAY, CORRECTION))
    booked = _sum(both.filter(debit="fund"), "amount") - _sum(both.filter(credit="fund"), "amount")
    [(balance,)] = rows(
        "SELECT sum(balance)::text FROM drgpay.ledger_balances "
        "WHERE period = '2026-05' AND account = 'fund'"
    )
    assert Decimal(balance) == booked
    assert booked == -_sum(values, "budget")
    # Of the year: the months, their correction and the clearing, each entry once.
    everything = pl.concat(pl.read_parquet(path) for path in year.glob("*/ledger.parquet"))
    [(debit, credit)] = rows(
        "SELECT sum(debit)::text, sum(credit)::text FROM drgpay.ledger_balances WHERE period = '2026'"
    )
    assert Decimal(debit) == Decimal(credit) == everything["amount"].sum()
    differences = pl.read_parquet(year / CORRECTION / "difference_statements.parquet")
    assert rows("SELECT DISTINCT period, run FROM drgpay.month_differences") == [
        ("2026-05", CORRECTION)
    ]
    [(changed,)] = rows("SELECT sum(fund_amount_difference)::text FROM drgpay.month_differences")
    assert Decimal(changed) == differences["fund_amount_difference"].sum()
    cleared = pl.read_parquet(year / YEAR / "statements.parquet")
    [(due,)] = rows("SELECT sum(clearing)::text FROM drgpay.year_hospitals")
    assert Decimal(due) == cleared["clearing"].sum()
    [(visits,)] = rows("SELECT sum(cases)::text FROM drgpay.month_visit_hospitals")
    assert int(visits) == pl.read_parquet(year / FEBRUARY / "visits.parquet").height


def _sum(frame: pl.DataFrame, column: str) -> Decimal:
    total = frame[column].sum()
    assert isinstance(total, Decimal)
    return total


def test_a_run_that_is_published_again_is_there_once(
    year: Path, database: Database, rows: Rows
) -> None:
    _publish(year, database, MAY, CORRECTION, chosen=("cases",))
    before = _every(rows)
    [(first,)] = rows(f"SELECT published FROM drgpay.runs WHERE run = '{MAY}'")
    _publish(year, database, MAY, chosen=("cases",))
    assert _every(rows) == before
    [(second,)] = rows(f"SELECT published FROM drgpay.runs WHERE run = '{MAY}'")
    assert second > first
    assert rows("SELECT count(*) > 0 FROM drgpay_restricted.run_cases") == [(True,)]
    _publish(year, database, MAY)
    assert rows(f"SELECT count(*) FROM drgpay_restricted.run_cases WHERE run = '{MAY}'") == [(0,)]
    assert rows("SELECT count(DISTINCT run) FROM drgpay_restricted.run_cases") == [(1,)]


def test_cases_are_not_there_unless_they_are_named(
    year: Path, database: Database, rows: Rows
) -> None:
    _publish(year, database, MAY)
    found = rows("SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname LIKE 'drgpay%'")
    assert found == [("drgpay",)]
    columns = rows(
        "SELECT DISTINCT column_name FROM information_schema.columns WHERE table_schema = 'drgpay'"
    )
    assert not {"case_id", "visit_id", "bank_account"} & {name for (name,) in columns}


def test_a_run_whose_cases_are_forgotten_leaves_the_database_without_them(
    year: Path, database: Database, rows: Rows, tmp_path: Path
) -> None:
    shutil.copytree(year / MAY, tmp_path / MAY)
    _publish(tmp_path, database, MAY, chosen=("cases",))
    before = rows("SELECT t::text FROM drgpay.run_statements AS t ORDER BY 1")
    added_up = rows("SELECT t::text FROM drgpay.run_groups AS t ORDER BY 1")
    assert added_up
    forget_old(tmp_path, date(2027, 1, 1), "王主任", force=True)
    with pytest.raises(DrgpayError) as refused:
        _publish(tmp_path, database, MAY, chosen=("cases",))
    assert refused.value.code == "results.forgotten"
    assert rows("SELECT count(*) > 0 FROM drgpay_restricted.run_cases") == [(True,)]
    _publish(tmp_path, database, MAY)
    assert rows("SELECT count(*) FROM drgpay_restricted.run_cases") == [(0,)]
    assert rows("SELECT t::text FROM drgpay.run_statements AS t ORDER BY 1") == before
    # What cases added up to names nobody, and cannot be made once more.
    assert rows("SELECT t::text FROM drgpay.run_groups AS t ORDER BY 1") == added_up


def _decimals(scaled: list[int | None], places: int) -> pl.Series:
    exact = [None if one is None else Decimal(one).scaleb(-places) for one in scaled]
    return pl.Series(exact, dtype=pl.Decimal(18, places))


def test_amounts_of_every_size_are_as_they_were(
    year: Path, database: Database, rows: Rows, tmp_path: Path
) -> None:
    """The widest numbers that a column holds, half a group of four digits, zeros, and none."""
    shutil.copytree(year / MAY, tmp_path / MAY)
    path = tmp_path / MAY / "values.parquet"
    frame = pl.read_parquet(path).head(1)
    fen = [0, 1, -1, 10, 99, 10_000, -1_000_050, 10**17, 10**18 - 1, 1 - 10**18, None]
    given = pl.concat([frame] * len(fen)).with_columns(
        budget=_decimals(fen, 2), points=_decimals(fen, 4)
    )
    given.write_parquet(path)
    manifest = tmp_path / MAY / "manifest.json"
    about = json.loads(manifest.read_text("utf-8"))
    about["outputs"]["values.parquet"]["sha256"] = file_hash(path)
    manifest.write_text(json.dumps(about), "utf-8")
    _publish(tmp_path, database, MAY)
    stored = rows("SELECT budget::text, points::text FROM drgpay.run_values ORDER BY place")
    assert [
        tuple(None if one is None else Decimal(one) for one in row) for row in stored
    ] == given.select("budget", "points").rows()


def test_a_correction_needs_what_it_corrects(year: Path, database: Database, rows: Rows) -> None:
    with pytest.raises(DrgpayError, match=MAY) as refused:
        _publish(year, database, CORRECTION)
    assert refused.value.code == "publish.earlier_lacking"
    assert not _every(rows)


def test_tables_and_columns_are_explained_in_chinese(
    year: Path, database: Database, rows: Rows
) -> None:
    _publish(year, database, MAY, chosen=("cases", "payees"))
    unsaid = rows(
        "SELECT c.relname, a.attname FROM pg_class AS c "
        "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum >= 0 "
        "WHERE n.nspname LIKE 'drgpay%' AND c.relkind IN ('r', 'v') AND NOT a.attisdropped "
        "AND coalesce(col_description(c.oid, a.attnum), '') = ''"
    )
    assert unsaid == []
    assert rows("SELECT obj_description('drgpay.run_visit_statements'::regclass)") == [
        ("门诊：结算行：机构、险种、本地或异地、支付方式各一行",)
    ]


@pytest.fixture
def reader(postgresql_database: Server) -> Iterator[Server]:
    """Somebody who may read the open schema alone, as docs/howto-databases.md says."""
    name = f"reader_{postgresql_database.database}"
    yield postgresql_database
    postgresql_database.execute(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_readers_of_the_open_schema_see_no_case(
    year: Path, database: Database, reader: Server, rows: Rows
) -> None:
    _publish(year, database, MAY, chosen=("cases",))
    role = f"reader_{reader.database}"
    reader.execute(
        f"CREATE ROLE {role}",
        f"GRANT USAGE ON SCHEMA drgpay TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA drgpay TO {role}",
    )
    with reader.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")
        cursor.execute("SELECT count(*) FROM drgpay.month_hospitals")
        assert cursor.fetchone()[0] > 0
        with pytest.raises(Exception, match="permission denied for schema"):
            cursor.execute("SELECT count(*) FROM drgpay_restricted.run_cases")
