"""What happens to the output never changes what a command leaves behind nor its exit status."""

import json
from pathlib import Path

import pytest

from tests.cli.program import drgpay, shell
from tests.run.small_region import small_region
from tests.spread import spread

CHEAP = (
    (("scheme", "list"), 0),
    (("--version",), 0),
    (("--help",), 0),
    (("no-such-command",), 2),
    (("runs", "list", "--output", "no-such-folder"), 2),
)
LOST = {
    "closed": '"$@" >&-',
    "both closed": '"$@" >&- 2>&-',
    "all closed": '"$@" <&- >&- 2>&-',
    "full": '"$@" >/dev/full',
    "both full": '"$@" >/dev/full 2>/dev/full',
    "nobody reads": '"$@" | true; exit ${PIPESTATUS[0]}',
    "one line is read": '"$@" | head -1; exit ${PIPESTATUS[0]}',
    "nobody reads errors": '("$@" 2>&1 >/dev/null; echo $? >&3) 3>status | true; exit $(cat status)',
    "ascii": 'PYTHONIOENCODING=ascii "$@"',
    "gbk": 'PYTHONIOENCODING=gbk "$@"',
    "cp936": 'PYTHONIOENCODING=cp936 "$@"',
    "LANG=C": 'LC_ALL=C LANG=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 "$@"',
}


@pytest.mark.parametrize("line", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        one if place == 3 else pytest.param(*one, marks=pytest.mark.slow)
        for place, one in enumerate(CHEAP)
    ],
)
def test_the_exit_status_is_that_of_the_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    arguments: tuple[str, ...],
    status: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = shell(line, *arguments)
    assert ended.returncode == status, ended.stderr
    assert b"Traceback" not in ended.stderr
    assert b"Exception ignored" not in ended.stderr


@pytest.mark.parametrize("lost", spread(["closed", "ascii", "full", "gbk", "nobody reads"], 1))
def test_a_run_is_whole_and_registered(tmp_path: Path, sample_data: Path, lost: str) -> None:
    runs = tmp_path / "runs"
    job = small_region(sample_data, tmp_path / "region")
    ended = shell(f"cd '{tmp_path}'; {LOST[lost]}", "run", job, "--output", runs)
    assert ended.returncode == 0, ended.stderr
    assert b"Traceback" not in ended.stderr
    [folder] = runs.glob("2026-10-*/")
    assert not any(runs.glob(".*.partial"))
    listed = drgpay("runs", "list", "--output", runs, "--format", "csv").stdout.decode()
    assert folder.name in listed


def test_a_full_disk_behind_the_output_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = drgpay("scheme", "list", stdout=full)
    assert (ended.returncode, ended.stderr.decode()) == (
        0,
        "drgpay: warning: not all of the output was written (No space left on device)\n",
    )


def test_who_stops_reading_is_told_nothing() -> None:
    ended = shell('"$@" | head -1', "scheme", "list")
    assert ended.stderr == b""
    assert len(ended.stdout.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["ascii", "gbk"])
def test_what_has_no_encoding_is_shown_visibly(tmp_path: Path, encoding: str) -> None:
    name = "没有这个文件é😀"
    ended = drgpay(
        *("group", tmp_path / name, "--scheme", "chs-drg-2.0", "--out", tmp_path / "x.parquet"),
        PYTHONIOENCODING=encoding,
    )
    assert ended.returncode == 2
    shown = name.encode(encoding, "backslashreplace")
    assert shown in ended.stderr
    assert rb"\U0001f600" in shown


@pytest.mark.slow
def test_json_is_json_in_every_encoding(tmp_path: Path) -> None:
    folder = tmp_path / "没有é😀"
    folder.mkdir()
    found = []
    for encoding in ("utf-8", "gbk", "ascii"):
        text = drgpay("verify", folder, "--json", PYTHONIOENCODING=encoding).stdout
        found.append(json.loads(text.decode(encoding)))
    assert found[0] == found[1] == found[2]
    assert found[0]["runs"][0]["folder"] == str(folder)
