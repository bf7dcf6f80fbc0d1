"""Users, groups and processes; and a system that has none of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from drgpay.base import users
from drgpay.base.users import is_alive, is_member, is_mine, name_of_user, number_of_group
from tests.cli.program import ROOT

WITHOUT_POSIX = """
import os, sys, types

# What libraries use of their system is theirs; they have wheels of their own for Windows.
import duckdb, jinja2, numpy, polars, pyarrow.parquet, rich.console, scipy.stats
import multiprocessing, sklearn.tree, subprocess, typer, vl_convert, xlsxwriter

for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in (
    "geteuid", "getuid", "getegid", "getgid", "getgroups", "chown", "fchown", "lchown", "fchmod",
    "uname", "O_NOFOLLOW", "O_DIRECTORY", "setpriority", "sched_getaffinity", "sysconf", "statvfs",
    "getpriority", "fork", "killpg", "getloadavg", "nice", "mkfifo",
):
    if hasattr(os, name):
        delattr(os, name)

def refused(process, number):
    raise AssertionError("a signal was sent: on Windows, that ends the process")

os.kill = refused

# The locks of portalocker on Windows need Windows: here files that exist are locked once a process.
class AlreadyLocked(Exception): ...
held = set()
def lock(handle, flags):
    about = os.fstat(handle)
    held.add((about.st_dev, about.st_ino))
fake = types.ModuleType("portalocker")
fake.lock, fake.AlreadyLocked, fake.LockException = lock, AlreadyLocked, OSError
fake.LockFlags = types.SimpleNamespace(EXCLUSIVE=1, NON_BLOCKING=4)
sys.modules["portalocker"] = fake
"""

IMPORTS = """
import importlib, pkgutil, drgpay
names = [each.name for each in pkgutil.walk_packages(drgpay.__path__, "drgpay.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""

RUNS = """
sys.argv = ["drgpay", *sys.argv[1:]]
from drgpay.cli.main import main
main()
"""


def without_posix(
    code: str, *arguments: object, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run code where Python has nothing of what Windows lacks."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_POSIX + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), **environment},
        timeout=300,
        check=False,
    )


def test_every_module_is_imported_without_what_windows_lacks() -> None:
    ended = without_posix(IMPORTS)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 200


@pytest.mark.slow
def test_a_month_is_settled_and_verified_without_what_windows_lacks(
    tmp_path: Path, sample_data: Path
) -> None:
    from tests.run.small_region import small_region

    job = small_region(sample_data, tmp_path / "region")
    # Its locks are none to other processes: in the folder of all it would take theirs for left over.
    (tmp_path / "own").mkdir()
    own = {"TMPDIR": str(tmp_path / "own")}
    ended = without_posix(RUNS, "run", job, "--lang", "en", "--json", **own)
    assert ended.returncode == 0, ended.stderr
    (run,) = [each for each in (tmp_path / "region" / "runs").iterdir() if each.is_dir()]
    assert [each.name for each in run.parent.iterdir() if each.suffix == ".partial"] == []
    ended = without_posix(RUNS, "verify", run, "--lang", "en", **own)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    ended = without_posix(RUNS, "runs", "list", "--runs", run.parent, "--lang", "en", **own)
    assert ended.returncode == 0, ended.stderr


def test_a_group_cannot_be_shared_with_where_there_are_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(users, "HAS_USERS", False)
    monkeypatch.setitem(sys.modules, "grp", None)
    assert number_of_group("root") is None
    assert not is_member(0)
    with pytest.raises(OSError):
        users.hand_to_group(tmp_path, 0)
    assert is_mine(os.stat_result((0o777, 0, 0, 1, 987654, 0, 0, 0, 0, 0)))


def test_users_and_processes_of_this_computer(tmp_path: Path) -> None:
    assert is_mine(tmp_path.stat())
    assert name_of_user(987654) is None
    assert is_alive(os.getpid())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not is_alive(ended.pid)
    assert not is_alive(2**80)
