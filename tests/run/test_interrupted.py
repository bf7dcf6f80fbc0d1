"""Partial folders of interrupted runs: who may go on with them, and which are cleared away."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER, Rights, rights_of_group, sees_file
from drgpay.results.manifest import read_manifest, write_manifest
from drgpay.results.run_folder import month_at
from drgpay.run.case import find_run
from drgpay.run.lock import run_lock
from drgpay.run.stages import UnfinishedRun, run_folder
from tests.modes import modes, open_to_others

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root acts for several users")
RUN_ID = "2026-10-abc"
BASIS = {"kind": "month", "period": "2026-10"}
GROUP, ANNE, BERT = 60_123, 60_124, 60_125


class KilledError(BaseException):
    """Stands for whatever ends a process without asking."""


def one(number: int = 1) -> pl.DataFrame:
    return pl.DataFrame({"n": [number]})


def never() -> pl.DataFrame:
    raise AssertionError("the stage should have been read back")


def finish(run: UnfinishedRun) -> None:
    (run.outputs / "statements").mkdir()
    (run.outputs / "statements" / "H1.txt").write_text("1")
    write_manifest(run.outputs, run.folder.name, BASIS, {}, {}, run.rights)


def interrupted(
    output: Path,
    run_id: str = RUN_ID,
    rights: Rights = OWNER,
    job: str | None = None,
    basis: dict[str, str] = BASIS,
) -> Path:
    """The partial folder of a run that ended like a killed one, with a finished stage."""
    with pytest.raises(KilledError), run_folder(output, run_id, basis, rights, job) as run:
        run.stage("one", one)
        (run.outputs / "half").mkdir()
        raise KilledError
    return output / f".{run_id}.partial"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("umask", [0, 0o002, 0o022])
def test_a_run_is_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    output = tmp_path / "runs"
    before = os.umask(umask)
    try:
        interrupted(output)
        assert output.stat().st_mode & 0o777 == 0o700
        assert (output / f".{RUN_ID}.partial").stat().st_mode & 0o777 == 0o700
        with run_folder(output, RUN_ID, BASIS) as run:
            run.stage("one", never)
            assert (output / f".{RUN_ID}.lock").stat().st_mode & 0o777 == 0o600
            finish(run)
    finally:
        os.umask(before)
    assert open_to_others(output) == {}
    assert (run.folder / "statements" / "H1.txt").exists()


@root_only
def test_a_run_of_a_group(tmp_path: Path) -> None:
    output, rights = tmp_path / "runs", rights_of_group(GROUP)
    with run_folder(output, RUN_ID, BASIS, rights) as run:
        assert (output / f".{RUN_ID}.lock").stat().st_mode & 0o777 == 0o660
        finish(run)
    assert modes(output) == {
        ".": 0o2770,
        RUN_ID: 0o2750,
        f"{RUN_ID}/statements": 0o2750,
        f"{RUN_ID}/statements/H1.txt": 0o640,
        f"{RUN_ID}/manifest.json": 0o640,
    }
    assert {path.stat().st_gid for path in [output, *output.rglob("*")]} == {GROUP}


def test_a_file_system_without_modes_is_in_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"files": "0600", "folders": "0700", "kept": True, "group": None}
    with run_folder(tmp_path, RUN_ID, BASIS) as run:
        finish(run)
    assert read_manifest(run.folder).at("rights") == kept
    monkeypatch.setattr(os, "chmod", lambda *_arguments, **_options: None)
    monkeypatch.setattr(os, "fchmod", lambda *_arguments: None)
    with run_folder(tmp_path, "2026-10-other", BASIS) as run:
        finish(run)
    assert (run.folder / "statements" / "H1.txt").stat().st_mode & 0o777 == 0o644
    assert read_manifest(run.folder).at("rights") == kept | {"kept": False}


@pytest.mark.parametrize("mode", [0o702, 0o777, 0o720])
def test_stages_that_others_could_write_are_computed_again(tmp_path: Path, mode: int) -> None:
    interrupted(tmp_path).chmod(mode)
    with run_folder(tmp_path, RUN_ID, BASIS) as run:
        assert run.stage("one", lambda: one(7)).equals(one(7))
        finish(run)
    assert run.reused == ()
    assert names(tmp_path) == [RUN_ID]


def test_a_stage_file_that_others_could_write_counts_if_they_could_get_there(
    tmp_path: Path,
) -> None:
    for mode, reused in ((0o700, ("one",)), (0o701, ())):
        partial = interrupted(tmp_path)
        (partial / "stages" / "one.frame.arrows").chmod(0o666)
        partial.chmod(mode)
        with run_folder(tmp_path, RUN_ID, BASIS) as run:
            run.stage("one", one)
            finish(run)
        assert run.reused == reused
        shutil.rmtree(run.folder)


@root_only
@pytest.mark.parametrize("inside", [".", "stages", "stages/one.frame.arrows"])
def test_what_another_user_left_is_neither_used_nor_removed(tmp_path: Path, inside: str) -> None:
    partial = interrupted(tmp_path)
    os.chown(partial / inside, ANNE, GROUP)
    for rights in (OWNER, rights_of_group(GROUP + 7)):
        with (
            pytest.raises(DrgpayError, match=rf"{partial}.* belongs to user {ANNE}") as refused,
            run_folder(tmp_path, RUN_ID, BASIS, rights),
        ):
            pass
        assert "--run-id" in refused.value.remedy
        assert f"user {ANNE}" in refused.value.remedy
    assert (partial / "stages" / "one.frame.arrows").exists()


def test_partial_folder_that_is_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    interrupted(tmp_path).rename(elsewhere)
    (tmp_path / f".{RUN_ID}.partial").symlink_to(elsewhere)
    with run_folder(tmp_path, RUN_ID, BASIS) as run:
        run.stage("one", one)
        finish(run)
    assert run.reused == ()
    assert (elsewhere / "stages").exists()


MEMBER = """
import os, shutil, signal, sys, tempfile
from pathlib import Path
import polars as pl
from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER, rights_of_group
from drgpay.results.manifest import write_manifest
from drgpay.run.stages import run_folder
output, user, member, group = Path(sys.argv[1]), *map(int, sys.argv[2:5])
basis = {"kind": "month", "period": "2026-10"}

def run(output, rights, end):
    with run_folder(output, "2026-10-abc", basis, rights) as run:
        run.stage("one", lambda: pl.DataFrame({"n": [1]}))
        (run.outputs / "statements").mkdir()
        (run.outputs / "statements" / "H1.txt").write_text("1")
        run._stages._writer.submit(lambda: None).result()
        if end == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        write_manifest(run.outputs, "2026-10-abc", basis, {}, {}, rights)
    return run

with tempfile.TemporaryDirectory() as place:  # what Python loads late is root's alone
    for _ in range(2):
        run(Path(place), OWNER, "well")
os.umask(0o022)
os.setgroups([member])
os.setgid(user)
os.setuid(user)
try:
    print("reused", *run(output, rights_of_group(group) if group else OWNER, sys.argv[5]).reused)
except DrgpayError as error:
    print(error)
"""


READER = """
import os, sys
from drgpay.base.shipped import program_hash
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
try:
    os.listdir(sys.argv[1])
    program_hash()
except PermissionError as error:
    print(error.filename)
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that other users reach, too; skipped where they reach no such folder, or no program."""
    folder = Path(tempfile.mkdtemp(prefix="shared-"))
    folder.chmod(0o755)
    words = [sys.executable, "-c", READER, str(folder), str(ANNE)]
    kept = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    if not kept:
        yield folder
    shutil.rmtree(folder)
    if kept:
        pytest.skip(f"other users cannot read {kept}")


def as_user(user: int, output: Path, group: int, end: str) -> str:
    """What a run of another user says that ends as told."""
    words = [sys.executable, "-c", MEMBER, str(output), str(user), str(GROUP), str(group), end]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.stdout.strip()


@root_only
def test_a_member_goes_on_where_another_was_killed(shared: Path) -> None:
    output = shared / "runs"
    output.mkdir()
    os.chown(output, ANNE, GROUP)
    output.chmod(0o2770)
    assert as_user(ANNE, output, GROUP, "killed") == ""
    partial = output / f".{RUN_ID}.partial"
    assert partial.stat().st_uid == ANNE
    assert partial.stat().st_mode & 0o7777 == 0o2770
    assert as_user(BERT, output, GROUP, "well") == "reused one"
    run = output / RUN_ID
    assert {path.stat().st_uid for path in [run, *run.rglob("*")]} == {BERT}
    assert {path.stat().st_gid for path in [run, *run.rglob("*")]} == {GROUP}
    assert all(mode in (0o640, 0o2750) for mode in modes(run).values())
    assert as_user(ANNE, output, GROUP, "well") == "reused"
    assert names(output) == [RUN_ID], "what of it was not Bert's to remove, Anne removed"


@root_only
def test_without_a_group_another_user_is_told_whose_run_it_is(shared: Path) -> None:
    output = shared / "runs"
    output.mkdir()
    output.chmod(0o777)
    assert as_user(ANNE, output, 0, "killed") == ""
    said = as_user(BERT, output, 0, "well")
    assert f".{RUN_ID}.partial belongs to user {ANNE}" in said
    assert f"let user {ANNE} finish or remove it" in said
    shutil.rmtree(output / f".{RUN_ID}.partial")
    assert f".{RUN_ID}.lock belongs to user {ANNE}" in as_user(BERT, output, 0, "well")


@root_only
def test_who_is_no_member_is_told(shared: Path) -> None:
    said = as_user(ANNE, shared, GROUP + 9, "well")
    assert "cannot be written (Permission denied)" in said
    (shared / "anne").mkdir()
    os.chown(shared / "anne", ANNE, ANNE)
    said = as_user(ANNE, shared / "anne", GROUP + 9, "well")
    assert "anne cannot be given to the group of output.group" in said


@root_only
def test_private_runs_of_another_user_are_passed_over_or_named(shared: Path) -> None:
    """In the same output folder; by its name such a run is a sentence."""
    for number in (1, 2):
        with run_folder(shared, f"2026-1{number}-a", BASIS) as run:
            finish(run)
    os.chown(shared / "2026-12-a", ANNE, ANNE)
    for path in (shared / "2026-12-a").rglob("*"):
        os.chown(path, ANNE, ANNE)
    assert find_run("2026-12", shared) == shared / "2026-12-a"
    os.seteuid(ANNE)
    try:
        assert find_run("2026-12", shared) == shared / "2026-12-a"
        with pytest.raises(DrgpayError, match="there is no run '2026-11'"):
            find_run("2026-11", shared)
        for read in (read_manifest, month_at, lambda path: find_run(str(path), shared)):
            with pytest.raises(DrgpayError, match=r"manifest.json cannot be read \(Permission"):
                read(shared / "2026-11-a")
        assert not sees_file(shared / "2026-11-a" / "manifest.json")
    finally:
        os.seteuid(0)


# What a run clears away of others.


def run_another(output: Path, job: str | None = None) -> None:
    with run_folder(output, "2026-11-def", BASIS, OWNER, job) as run:
        finish(run)
    shutil.rmtree(run.folder)


def test_an_interrupted_run_keeps_its_stages_while_others_run(tmp_path: Path) -> None:
    interrupted(tmp_path, job="october.toml zh")
    run_another(tmp_path, "november.toml zh")
    run_another(tmp_path)
    with run_folder(tmp_path, RUN_ID, BASIS, OWNER, "october.toml zh") as run:
        run.stage("one", never)
        finish(run)
    assert run.reused == ("one",)


@pytest.mark.parametrize("why", ["program", "job", "age", "no record"])
def test_stages_that_nobody_will_go_on_with_are_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    other = BASIS | {"more": "1"} if why == "job" else BASIS
    partial = interrupted(tmp_path, job="october.toml zh", basis=other)
    with run_lock(tmp_path / RUN_ID):
        pass
    if why == "program":
        monkeypatch.setattr("drgpay.run.stages.program_hash", lambda: "another")
    if why == "no record":
        (partial / "stages.json").unlink()
    if why == "age":
        long_ago = time.time() - 8 * 24 * 3600
        os.utime(partial, (long_ago, long_ago))
    with run_lock(tmp_path / RUN_ID):
        run_another(tmp_path, "october.toml zh")
        assert partial.exists(), "a living process has it"
    run_another(tmp_path, "october.toml zh")
    assert names(tmp_path) == []


def test_locks_without_a_holder_are_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".2026-09-x.lock").write_text("123")
    (tmp_path / ".drgpay.duckdb.lock").write_text("")
    (tmp_path / ".mine.partial").mkdir()
    (tmp_path / ".mine.partial" / "notes").write_text("")
    with run_lock(tmp_path / "2026-08-y"):
        run_another(tmp_path)
        assert names(tmp_path) == [".2026-08-y.lock", ".drgpay.duckdb.lock", ".mine.partial"]


@root_only
def test_what_another_user_left_is_not_cleared_away(tmp_path: Path) -> None:
    partial = interrupted(tmp_path)
    (tmp_path / ".2026-09-x.lock").write_text("123")
    long_ago = time.time() - 8 * 24 * 3600
    os.utime(partial, (long_ago, long_ago))
    for path in (partial, tmp_path / ".2026-09-x.lock"):
        os.chown(path, ANNE, -1)
    run_another(tmp_path)
    assert partial.exists()
    assert (tmp_path / ".2026-09-x.lock").exists()
