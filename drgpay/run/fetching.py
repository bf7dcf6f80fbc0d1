"""`drgpay fetch`: what a job reads from databases is read once, all of one moment, and kept.

Every input becomes a snapshot (drgpay.databases.snapshot) beside the job; fetch.json says of what. A
run reads the snapshots as it reads files, so the same snapshot gives the same run.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER, give, make_folder
from drgpay.base.language import listed
from drgpay.base.shown import Shown
from drgpay.base.whole_file import replace_whole
from drgpay.base.words import Sentences
from drgpay.base.working_folder import working_folder
from drgpay.databases.connection import database_error, is_of_driver
from drgpay.databases.reading import Session, asking
from drgpay.databases.settings import Database, database_named
from drgpay.databases.snapshot import Layout, Snapshot, readable, write_snapshot
from drgpay.databases.source import key_of, known_columns, needed_columns
from drgpay.databases.statement import Statement
from drgpay.records.columns import KNOWN_COLUMNS, Kind
from drgpay.records.mapping.table_mapping import table_mapping_path
from drgpay.results.manifest import PROGRAM
from drgpay.run.fetched import FETCHED, FORGOTTEN, Snapshots, Wanted
from drgpay.run.first_fetch import databases_of
from drgpay.run.staging import refusals_named, to_disk

_ERRORS = Sentences("errors/databases")

_LISTS = frozenset(name for name, kind in KNOWN_COLUMNS.items() if kind is Kind.TEXTS)


@dataclass(frozen=True, repr=False)
class Fetched(Shown):
    """What was fetched: the folder of the snapshots, and what fetch.json says of each by name."""

    folder: Path
    inputs: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class _Asked:
    """An input with the statement that gives its rows, and the columns that were left out."""

    wanted: Wanted
    statement: Statement
    left_out: tuple[str, ...] = ()


def fetch_job(
    path: Path,
    told: Callable[[Wanted, int], None] = lambda wanted, rows: None,
    now: Callable[[], datetime] = datetime.now,
) -> Fetched:
    """Read all that a job or year file names in databases, and put the snapshots in their places.

    told: is called for each input with its rows. The snapshots of before stay until all are there.
    Raises DrgpayError for a file that names no database, one that cannot be reached, a table or query
    that does not give what the input needs, and a disk that is full.
    """
    snapshots, own = databases_of(path)
    if not snapshots.wanted:
        raise DrgpayError(*_ERRORS("nothing_to_fetch", path=path))
    grouped: dict[str, list[Wanted]] = {}
    for one in snapshots.wanted:
        grouped.setdefault(one.given.database, []).append(one)
    databases = {name: database_named(name, path, own) for name in grouped}
    folder = snapshots.folder
    with refusals_named(folder):
        make_folder(folder, OWNER)
        with working_folder(folder) as work:
            about: dict[str, dict[str, Any]] = {}
            with ExitStack() as open_ones:
                sessions = {
                    name: open_ones.enter_context(asking(database))
                    for name, database in databases.items()
                }
                for name, session in sessions.items():
                    about |= _fetched(
                        session, databases[name], grouped[name], snapshots, work, told
                    )
            at = now().astimezone().isoformat(timespec="seconds")
            inputs = {one.name: about[one.name] for one in snapshots.wanted}
            _put_in_place(work, folder, {"program": PROGRAM, "fetched_at": at, "inputs": inputs})
    return Fetched(folder, inputs)


def forget_snapshots(
    path: Path, by: str, note: str = "", now: Callable[[], datetime] = datetime.now
) -> tuple[Path, ...]:
    """Remove the snapshots of a job or year file, after the record says who decided it.

    Returns the files that went, of inputs that the job names no longer too. Raises DrgpayError where
    nobody is named, and where nothing is fetched.
    """
    if not by.strip():
        raise DrgpayError(*_ERRORS("nobody_forgets"))
    snapshots, _ = databases_of(path)
    folder, inputs = snapshots.folder, snapshots.manifest()
    if not inputs:
        names = listed(one.key for one in snapshots.wanted)
        raise DrgpayError(*_ERRORS("not_fetched", path=path, names=names, quoted=path))
    at = now().astimezone().isoformat(timespec="seconds")
    decided = {"at": at, "by": by.strip(), "note": note, "inputs": inputs}
    record = folder / FORGOTTEN
    with refusals_named(folder):
        before = record.read_bytes() if record.exists() else b""
        line = json.dumps(decided, ensure_ascii=False, sort_keys=True).encode()
        replace_whole(record, before + line + b"\n", OWNER)
        gone = tuple(place for name in inputs if (place := snapshots.place(name)).exists())
        for place in gone:
            place.unlink()
        (folder / FETCHED).unlink()
    return gone


def _fetched(
    session: Session,
    database: Database,
    wanted: Sequence[Wanted],
    snapshots: Snapshots,
    work: Path,
    told: Callable[[Wanted, int], None],
) -> dict[str, dict[str, Any]]:
    """The snapshots of one database, all of one moment; what fetch.json says of each."""
    here = snapshots.path.parent
    plain = [one.given.statement(here, session.quote, session.mark) for one in wanted]
    with _naming(database, wanted[0]):
        server_time = session.begin(plain)
    asked, written = [], []
    for one, statement in zip(wanted, plain, strict=True):
        with _naming(database, one):
            mapped = one.mapped or table_mapping_path(snapshots.place(one.name)) is not None
            asked.append(_asked(session, one, statement, mapped))
            layout = Layout(key_of(one.table), known_columns(one.table), _LISTS)
            rows = session.rows(asked[-1].statement)
            place = work / f"{one.name}.parquet"
            snapshot = write_snapshot(rows, layout, place, work, one.where())
            if not mapped:
                _refuse_lacking(one, snapshot)
        written.append(snapshot)
        told(one, snapshot.rows)
    session.end(plain, [one.rows for one in written])
    return {
        one.wanted.name: {
            "database": database.name,
            "kind": database.settings.kind,
            "service": database.called,
            "query_sha256": one.wanted.given.query_hash(here),
            "parameters": one.wanted.given.parameters_said(),
            "rows": snapshot.rows,
            "sha256": snapshot.sha256,
            "columns": list(snapshot.columns),
            "left_out": list(one.left_out),
            "isolation": session.isolation,
            "server_time": server_time,
        }
        for one, snapshot in zip(asked, written, strict=True)
    }


@contextmanager
def _naming(database: Database, wanted: Wanted) -> Iterator[None]:
    """What a driver says, with the input that was asked for."""
    try:
        yield
    except Exception as error:
        if not is_of_driver(error):
            raise
        raise database_error(error, database, wanted.where()) from None


def _asked(session: Session, one: Wanted, statement: Statement, mapped: bool) -> _Asked:
    """The columns of a table that are needed: others are not even read.

    A query gives what it says. Of a mapped table any column may be meant that can be read.
    """
    if one.given.table is None:
        return _Asked(one, statement)
    known = () if mapped else known_columns(one.table)
    fields = [*session.columns(statement)]
    kept = tuple(
        field.name
        for field in fields
        if (field.name.lower() in known if known else readable(field))
    )
    if not kept:
        kept = tuple(field.name for field in fields)
    left_out = tuple(field.name for field in fields if field.name not in kept)
    return _Asked(one, statement.columns_alone(kept, session.quote), left_out)


def _refuse_lacking(one: Wanted, snapshot: Snapshot) -> None:
    lacking = [name for name in needed_columns(one.table) if name not in snapshot.columns]
    if lacking:
        said = {"where": one.where(), "columns": listed(lacking)}
        raise DrgpayError(*_ERRORS("lacks_columns", **said))


def _put_in_place(work: Path, folder: Path, manifest: Mapping[str, Any]) -> None:
    """Give finished snapshots their names. Without fetch.json, on the way, there are none."""
    (folder / FETCHED).unlink(missing_ok=True)
    for staged in sorted(work.glob("*.parquet")):
        give(staged, OWNER)
        to_disk(staged)
        staged.replace(folder / staged.name)
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    replace_whole(folder / FETCHED, f"{text}\n".encode(), OWNER)
