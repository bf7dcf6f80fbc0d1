"""Several processes at the database, damaged and foreign files, a writer that dies, a full disk."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.registry.database import LAYOUT, database_path, reading
from drgpay.registry.queries import list_runs, select
from drgpay.registry.registration import rebuild, register

from .conftest import MakeRun

REGISTER = """
    import sys
    from pathlib import Path
    from drgpay.registry.registration import register
    for folder in sys.argv[1:]:
        register(Path(folder))
"""
READ_UNTIL_SIX = """
    import sys, time
    from pathlib import Path
    from drgpay.registry.queries import select
    seen, until = 0, time.monotonic() + 60
    while seen < 6 and time.monotonic() < until:
        found = select(Path(sys.argv[1]), "SELECT count(*), count(points) FROM runs").row(0)
        assert found[0] == found[1] >= seen, (found, seen)
        seen = found[0]
    assert seen == 6
"""


def process(script: str, *arguments: object) -> "subprocess.Popen[str]":
    """A Python process of its own that runs a script."""
    words = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.Popen(words, stderr=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def ended_well(started: "subprocess.Popen[str]") -> None:
    _, said = started.communicate(timeout=90)
    assert started.returncode == 0, said


@contextmanager
def foreign_writer(path: Path) -> Iterator[None]:
    """Another program that has the database open for writing."""
    script = f"""
        import duckdb, sys
        connection = duckdb.connect({str(path)!r})
        sys.stderr.write("open\\n")
        sys.stderr.flush()
        sys.stdin.read()
    """
    holder = process(script)
    assert holder.stderr is not None
    assert holder.stderr.readline() == "open\n"
    try:
        yield
    finally:
        holder.communicate(timeout=30)


@pytest.mark.slow
def test_readers_read_while_writers_write(output: Path, make_run: MakeRun) -> None:
    folders = [make_run(f"2026-0{month}-aa", f"2026-0{month}") for month in range(1, 7)]
    register(folders[0])
    readers = [process(READ_UNTIL_SIX, output) for _ in range(2)]
    writers = [process(REGISTER, *folders[1:4]), process(REGISTER, *folders[3:])]
    for started in (*writers, *readers):
        ended_well(started)
    assert list_runs(output)["runs"].height == 6
    assert sorted(path.name for path in output.iterdir() if path.is_file()) == [
        ".drgpay.duckdb.lock",
        "drgpay.duckdb",
    ]


def test_a_reader_keeps_what_it_opened(output: Path, make_run: MakeRun) -> None:
    register(make_run("2026-10-aa"))
    count = "SELECT count(*) FROM runs"
    with reading(output) as connection:
        ended_well(process(REGISTER, make_run("2026-11-bb")))
        assert connection.execute(count).fetchone() == (1,)
    assert select(output, count).item() == 2


def test_a_writer_that_dies_leaves_the_old_tables(output: Path, make_run: MakeRun) -> None:
    register(make_run("2026-10-aa"))
    before = database_path(output).read_bytes()
    dies = """
        import os, sys
        from pathlib import Path
        from drgpay.registry.database import rewriting
        with rewriting(Path(sys.argv[1])) as connection:
            connection.execute("DELETE FROM stored.runs")
            os._exit(9)
    """
    started = process(dies, output)
    started.communicate(timeout=60)
    assert started.returncode == 9
    assert list(output.glob(".drgpay-*.partial/content/drgpay.duckdb"))
    assert database_path(output).read_bytes() == before
    register(make_run("2026-11-bb"))
    assert list_runs(output)["runs"]["run"].to_list() == ["2026-10-aa", "2026-11-bb"]
    assert not list(output.glob(".drgpay-*.partial"))


def test_a_full_disk_leaves_the_old_tables(output: Path, make_run: MakeRun) -> None:
    """A limit on the size of files stands for a disk on which a small file still has room."""
    register(make_run("2026-10-aa"))
    before = database_path(output).read_bytes()
    full = """
        import resource, signal, sys
        from pathlib import Path
        from drgpay.base.errors import DrgpayError
        from drgpay.registry.registration import rebuild, register
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        output = Path(sys.argv[1])
        for size in (300_000, 600_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            for attempt in (lambda: register(output / "2026-11-bb"), lambda: rebuild(output)):
                try:
                    attempt()
                except DrgpayError as error:
                    assert "cannot be written" in str(error), error
                    assert "rebuild" in error.remedy, error
                else:
                    raise AssertionError(f"there was room {size} {attempt}")
    """
    make_run("2026-11-bb")
    ended_well(process(full, output))
    assert database_path(output).read_bytes() == before
    assert sorted(path.name for path in output.glob(".*")) == [".drgpay.duckdb.lock"]


def test_locked_by_another_program(output: Path, make_run: MakeRun) -> None:
    register(make_run("2026-10-aa"))
    with foreign_writer(database_path(output)):
        for attempt in (lambda: list_runs(output), lambda: register(make_run("2026-11-bb"))):
            with pytest.raises(DrgpayError, match="locked") as caught:
                attempt()
            assert "drgpay runs rebuild" in caught.value.remedy
        assert rebuild(output).runs == ("2026-10-aa", "2026-11-bb")
        assert list_runs(output)["runs"].height == 2


def test_another_writer_of_drgpay_is_waited_for(
    output: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(make_run("2026-10-aa"))
    holds = """
        import fcntl, sys
        lock = open(sys.argv[1] + "/.drgpay.duckdb.lock", "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        sys.stderr.write("held\\n")
        sys.stderr.flush()
        sys.stdin.read()
    """
    holder = process(holds, output)
    assert holder.stderr is not None
    assert holder.stderr.readline() == "held\n"
    folder = make_run("2026-11-bb")
    monkeypatch.setattr("drgpay.registry.database._WAIT_SECONDS", 0.1)
    with pytest.raises(DrgpayError, match="another process has been writing"):
        register(folder)
    assert list_runs(output)["runs"].height == 1
    monkeypatch.setattr("drgpay.registry.database._WAIT_SECONDS", 30)
    waits = process(REGISTER, folder)
    holder.communicate(timeout=30)
    ended_well(waits)
    assert list_runs(output)["runs"].height == 2


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("no database " * 1000)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300_000])


def _scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[12_288:] = b"\xa5" * (len(content) - 12_288)
    path.write_bytes(content)


def _foreign(path: Path) -> None:
    path.unlink()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE runs AS SELECT 1 AS run")


def _other_layout(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"UPDATE stored.layout SET version = {LAYOUT + 1}")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_empty, "damaged or no database of drgpay"),
        (_text, "damaged or no database of drgpay"),
        (_cut, "damaged or no database of drgpay"),
        (_scribbled, "damaged or no database of drgpay"),
        (_foreign, "damaged or no database of drgpay"),
        (_other_layout, f"version {LAYOUT + 1}, this program works with version {LAYOUT}"),
    ],
)
def test_unreadable_database(
    output: Path, make_run: MakeRun, spoil: Callable[[Path], None], words: str
) -> None:
    register(make_run("2026-10-aa"))
    spoil(database_path(output))
    spoilt = database_path(output).read_bytes()
    folder = make_run("2026-11-bb")
    for attempt in (
        lambda: list_runs(output),
        lambda: select(output, "FROM runs"),
        lambda: register(folder),
    ):
        with pytest.raises(DrgpayError) as caught:
            attempt()
        assert words in caught.value.problem
        assert "drgpay runs rebuild" in caught.value.remedy
    assert database_path(output).read_bytes() == spoilt
    assert rebuild(output).runs == ("2026-10-aa", "2026-11-bb")
    assert list_runs(output)["runs"].height == 2


def test_changes_of_another_program_are_not_copied_half(output: Path, make_run: MakeRun) -> None:
    register(make_run("2026-10-aa"))
    journal = output / "drgpay.duckdb.wal"
    journal.write_bytes(b"left behind")
    with pytest.raises(DrgpayError, match="another program has left changes"):
        register(make_run("2026-11-bb"))
    rebuild(output)
    assert not journal.exists()
    assert list_runs(output)["runs"].height == 2


def test_a_folder_that_may_not_be_written(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run("2026-10-aa")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("drgpay.registry.database.os.open", refuse)
    with pytest.raises(DrgpayError, match=r"cannot be written \(Permission denied\)"):
        register(folder)
