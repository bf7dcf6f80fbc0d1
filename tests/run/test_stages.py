"""The folder of a run while it is written: stages, reuse, refusal, the lock."""

import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.results.manifest import write_manifest
from drgpay.run.lock import run_lock
from drgpay.run.stages import UnfinishedRun, run_folder
from drgpay.run.staging import staged_folder

RUN_ID = "2026-10-abc"
BASIS = {"kind": "month", "period": "2026-10"}


class KilledError(BaseException):
    """Stands for whatever ends a process without asking."""


@dataclass(frozen=True)
class Pair:
    left: pl.DataFrame
    right: pl.DataFrame


def frame(number: int = 1) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "text": ["中", None],
            "fen": [number, -5],
            "yuan": pl.Series([Decimal("1.25"), None], dtype=pl.Decimal(18, 2)),
            "day": [date(2026, 10, 1), None],
            "flag": [True, None],
            "many": [["a", "b"], []],
            "level": pl.Series(["b", "a"], dtype=pl.Enum(["a", "b"])),
            "code": pl.Series(["y", "x"], dtype=pl.Categorical),
        }
    )


def never() -> pl.DataFrame:
    raise AssertionError("the stage should have been read back")


def finish(run: UnfinishedRun, text: str = "1") -> None:
    (run.outputs / "statements").mkdir()
    (run.outputs / "statements" / "H1.txt").write_text(text)
    write_manifest(run.outputs, RUN_ID, BASIS, {"read": 1}, {"write": 0.1})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def interrupted(output: Path, fill: Callable[[UnfinishedRun], object]) -> Path:
    """A run that ends like a killed one, after `fill`; its partial folder."""
    with pytest.raises(KilledError), run_folder(output, RUN_ID, BASIS) as run:
        fill(run)
        raise KilledError
    return output / f".{RUN_ID}.partial"


def test_a_run_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    output = tmp_path / "new" / "runs"
    with run_folder(output, RUN_ID, BASIS) as run:
        assert run.stage("one", frame).equals(frame())
        assert names(output) == [f".{RUN_ID}.lock", f".{RUN_ID}.partial"]
        finish(run)
    assert run.folder == output / RUN_ID
    assert not run.repeated
    assert run.reused == ()
    assert names(output) == [RUN_ID]
    assert names(run.folder) == ["manifest.json", "statements"]


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    def two_stages(run: UnfinishedRun) -> None:
        run.stage("one", frame)
        run.stage("two", lambda: Pair(frame(2), frame(3)), Pair)

    interrupted(tmp_path, two_stages)
    with run_folder(tmp_path, RUN_ID, BASIS) as run:
        assert run.stage("one", never).equals(frame())
        assert run.stage("one", never).schema == frame().schema
        pair = run.stage("two", lambda: Pair(never(), never()), Pair)
        assert pair.left.equals(frame(2)) and pair.right.equals(frame(3))
        assert run.stage("three", lambda: frame(4)).equals(frame(4))
        finish(run)
    assert set(run.reused) == {"one", "two"}
    assert names(tmp_path) == [RUN_ID]


def test_stages_of_another_basis_are_not_used(tmp_path: Path) -> None:
    interrupted(tmp_path, lambda run: run.stage("one", frame))
    with run_folder(tmp_path, RUN_ID, BASIS | {"more": 1}) as run:
        assert run.stage("one", lambda: frame(7)).equals(frame(7))
        finish(run)
    assert run.reused == ()


def test_stages_of_another_program_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(tmp_path, lambda run: run.stage("one", frame))
    monkeypatch.setattr("drgpay.run.stages.program_hash", lambda: "another")
    with run_folder(tmp_path, RUN_ID, BASIS) as run:
        assert run.stage("one", lambda: frame(7)).equals(frame(7))
        finish(run)


@pytest.mark.parametrize("spoil", ["change", "cut", "remove", "records"])
def test_a_damaged_stage_is_computed_again(tmp_path: Path, spoil: str) -> None:
    partial = interrupted(tmp_path, lambda run: run.stage("one", frame))
    path = partial / "stages" / "one.frame.arrows"
    content = bytearray(path.read_bytes())
    if spoil == "change":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif spoil == "cut":
        path.write_bytes(content[:-10])
    elif spoil == "remove":
        path.unlink()
    else:
        (partial / "stages.json").write_text("{")
    with run_folder(tmp_path, RUN_ID, BASIS) as run:
        assert run.stage("one", lambda: frame(7)).equals(frame(7))
        finish(run)
    assert run.reused == ()


def test_a_stage_that_no_file_holds_is_computed_again(tmp_path: Path) -> None:
    wide = pl.DataFrame({"n": pl.Series([10**20], dtype=pl.Int128)})
    interrupted(tmp_path, lambda run: (run.stage("one", lambda: wide), run.stage("two", frame)))
    with run_folder(tmp_path, RUN_ID, BASIS) as run:
        assert run.stage("one", lambda: wide).equals(wide)
        assert run.stage("two", never).equals(frame())
        finish(run)
    assert run.reused == ("two",)


def test_stages_of_many_rows_and_of_none(tmp_path: Path) -> None:
    many = pl.DataFrame({"n": range(200_000)}).with_columns(text=pl.col("n").cast(pl.String))
    both = Pair(many, many.clear())
    interrupted(tmp_path, lambda run: run.stage("one", lambda: both, Pair))
    with run_folder(tmp_path, RUN_ID, BASIS) as run:
        again = run.stage("one", lambda: Pair(never(), never()), Pair)
        assert again.left.equals(many) and again.right.equals(many.clear())
        assert again.right.schema == many.schema
        finish(run)


def test_stages_are_for_their_owner_alone(tmp_path: Path) -> None:
    partial = interrupted(tmp_path, lambda run: run.stage("one", frame))
    assert partial.stat().st_mode & 0o077 == 0
    record = json.loads((partial / "stages.json").read_text())
    assert list(record["stages"]) == ["one"]


def test_a_mistake_of_the_user_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(DrgpayError, match="no stay is valid"),
        run_folder(tmp_path, RUN_ID, BASIS) as run,
    ):
        run.stage("one", frame)
        raise DrgpayError("no stay is valid", "correct the records")
    assert names(tmp_path) == []


def test_the_same_run_is_repeated_and_another_refused(tmp_path: Path) -> None:
    for text in ("1", "1", "2"):
        try:
            with run_folder(tmp_path, RUN_ID, BASIS) as run:
                finish(run, text)
        except DrgpayError as error:
            assert "holds other results" in str(error)
            assert text == "2"
        else:
            assert text == "1"
    assert run.folder == tmp_path / RUN_ID
    assert (run.folder / "statements" / "H1.txt").read_text() == "1"
    assert names(tmp_path) == [RUN_ID]


def test_the_same_files_from_other_inputs_are_refused(tmp_path: Path) -> None:
    with run_folder(tmp_path, RUN_ID, BASIS) as run:
        finish(run)
    with (
        pytest.raises(DrgpayError, match="holds other results"),
        run_folder(tmp_path, RUN_ID, BASIS | {"more": 1}) as run,
    ):
        write_manifest(run.outputs, RUN_ID, BASIS | {"more": 1}, {"read": 1}, {})


def test_a_refusal_of_the_system_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(DrgpayError, match="file is a file, where a folder for results is needed"),
        run_folder(tmp_path / "file", RUN_ID, BASIS),
    ):
        pass
    with (
        pytest.raises(DrgpayError, match=r"stays.csv cannot be used \(No such file"),
        run_folder(tmp_path / "runs", RUN_ID, BASIS),
    ):
        (tmp_path / "stays.csv").read_text()
    assert names(tmp_path / "runs") == []


def test_a_result_that_cannot_be_kept_is_an_error_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a stage is a frame"), run_folder(tmp_path, "a", {}) as run:
        run.stage("one", lambda: {"not": "a frame"})


def hold(folder: Path, held: "multiprocessing.connection.Connection") -> None:
    with run_lock(folder):
        held.send(os.getpid())
        held.recv()


def test_a_run_is_written_by_one_process(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    holder = context.Process(target=hold, args=(tmp_path / RUN_ID, theirs))
    holder.start()
    number = ours.recv()
    with (
        pytest.raises(DrgpayError, match=rf"another process \({number}\) is writing the run"),
        run_folder(tmp_path, RUN_ID, BASIS),
    ):
        pass
    with run_folder(tmp_path, "2026-10-other", BASIS) as run:
        finish(run)
    holder.kill()
    holder.join()
    assert f".{RUN_ID}.lock" in names(tmp_path)
    with run_folder(tmp_path, RUN_ID, BASIS) as run:
        finish(run)
    assert f".{RUN_ID}.lock" not in names(tmp_path)


def test_a_lock_holds_within_a_process(tmp_path: Path) -> None:
    with run_lock(tmp_path / "a"), pytest.raises(DrgpayError), run_lock(tmp_path / "a"):
        pass
    with run_lock(tmp_path / "a"):
        (tmp_path / ".a.lock").unlink()
    with run_lock(tmp_path / "a"):
        pass
    assert names(tmp_path) == []


def test_a_staged_folder_on_a_full_disk(tmp_path: Path) -> None:
    wrapped = pl.exceptions.ComputeError("parquet: No space left on device (os error 28)")
    with (
        pytest.raises(DrgpayError, match=r"out cannot be written \(No space left on device\)"),
        staged_folder(tmp_path / "out") as staged,
    ):
        (staged / "half").write_text("x")
        raise wrapped
    assert names(tmp_path) == []
    with pytest.raises(pl.exceptions.ComputeError), staged_folder(tmp_path / "out"):
        raise pl.exceptions.ComputeError("a mistake of the program")
    assert names(tmp_path) == []
