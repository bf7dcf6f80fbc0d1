"""What the how-to about databases stands on: a server with a month, reached by services and a pass file."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pytest

from tests.databases.postgresql_server import Server, own_server

PAGE = "howto-databases.md"
_STAYS = Path(__file__).resolve().parents[2] / "sample_data" / "stays" / "2026-10.parquet"


@contextmanager
def reached_by_services(server: Server, folder: Path) -> Iterator[None]:
    """The services `settlement` and `bi` lead to the database of a server; files of the user lie in a folder."""
    if shutil.which("psql") is None:
        pytest.skip("PostgreSQL: psql is not installed (Debian: apt install postgresql-client)")
    service, passwords = folder / "pg_service.conf", folder / "pgpass"
    where = (
        f"host={server.host}\nport={server.port}\ndbname={server.database}\nuser={server.user}\n"
    )
    service.write_text(f"[settlement]\n{where}\n[bi]\n{where}", encoding="utf-8")
    passwords.write_text(f"*:*:*:{server.user}:{server.password}\n", encoding="utf-8")
    passwords.chmod(0o600)
    (folder / "config" / "drgpay").mkdir(parents=True)
    own = {
        "PGSERVICEFILE": str(service),
        "PGPASSFILE": str(passwords),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PGCLIENTENCODING": "UTF8",
    }
    with patch.dict(os.environ, own):
        for other in ("PGPASSWORD", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE"):
            os.environ.pop(other, None)
        yield


@contextmanager
def surroundings(page: Path, folder: Path) -> Iterator[None]:
    """What the commands of a page need beside the program; skips where there is no PostgreSQL."""
    if page.name != PAGE:
        yield
        return
    with own_server() as server, reached_by_services(server, folder):
        from tests.run.database_region import write_table

        server.execute("CREATE SCHEMA his")
        write_table(server, "stays", pl.read_parquet(_STAYS))
        yield
