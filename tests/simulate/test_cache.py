"""The cache of stages: whose folder it is, what it keeps whole, and what it makes again."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.points.catalogue import Catalogue
from drgpay.records.dataset import RecordsInput, open_dataset
from drgpay.simulate.base import records_key
from drgpay.simulate.cache import StageCache
from drgpay.simulate.outcome import simulate
from drgpay.simulate.plan import plan_of
from drgpay.simulate.stages import Stages
from tests.simulate.region import Region
from tests.simulate.test_regroup import OVERLAY

KEY = {"a": 1}
FRAME = pl.DataFrame({"case_id": ["1", "2"]})


def stage(cache: StageCache, key: dict[str, int] = KEY) -> pl.DataFrame:
    """A stage of the cache, made if it is not there."""
    return cache.frame("grouped", key, lambda: FRAME)


def again(folder: Path) -> StageCache:
    """The cache of another process after asking for the stage."""
    cache = StageCache(folder)
    assert stage(cache).equals(FRAME)
    return cache


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        cache = again(tmp_path / "cache")
        cache.keep_folder("scheme", KEY, lambda place: (place / "a.csv").write_text("x"))
    finally:
        os.umask(umask)
    found = sorted((tmp_path / "cache").rglob("*"))
    assert len(found) == 5
    for path in [tmp_path / "cache", *found]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_that_others_can_write_to_is_not_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "cache"
    assert again(folder).made == ["grouped"]
    assert again(folder).used == ["grouped"]
    folder.chmod(0o770)
    assert again(folder).made == ["grouped"]
    (line,) = capsys.readouterr().err.splitlines()
    assert "others can write to the cache folder" in line
    with pytest.raises(DrgpayError, match="others can write"):
        stage(StageCache(folder, named=True))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_folder_of_another_is_used_by_members_of_the_group(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, group = tmp_path / "cache", 54_322
    stage(StageCache(folder, group=group))
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 54_321, -1)
    shared = StageCache(folder, group=group)
    assert stage(shared).equals(FRAME)
    assert shared.used == ["grouped"]
    assert capsys.readouterr().err == ""
    assert again(folder).made == ["grouped"]
    assert "belongs to the user 54321" in capsys.readouterr().err


def test_another_program_makes_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again(tmp_path / "cache")
    monkeypatch.setattr("drgpay.base.cache_folder.program_hash", lambda: "another")
    assert again(tmp_path / "cache").made == ["grouped"]


def test_what_killed_writers_left_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    again(folder)
    (place,) = folder.iterdir()
    (folder / f".{place.name}.{2**22 + 1}").mkdir()  # beyond the last process
    assert again(folder).used == ["grouped"]
    assert list(folder.iterdir()) == [place]


def test_the_least_recently_used_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cache"
    cache = StageCache(folder)
    stage(cache)
    (size,) = [path.stat().st_size for path in folder.rglob("*.arrow")]
    (folder / "notes.txt").write_text("of the user")
    os.utime(folder / "notes.txt", (0, 0))
    (first,) = [path for path in folder.iterdir() if path.is_dir()]
    os.utime(first, (5, 5))
    monkeypatch.setattr("drgpay.simulate.cache._MOST_BYTES", 2 * size)
    stage(cache, {"a": 2})
    assert first.exists()
    stage(cache, {"a": 3})
    assert not first.exists()
    assert len(list(folder.iterdir())) == 3  # two stages, and what is not the program's


SPOILT: dict[str, Callable[[Path], object]] = {
    "cut": lambda place: (place / "a.csv").write_text("whole"),
    "lost": lambda place: (place / "a.csv").unlink(),
    "more": lambda place: (place / "b.csv").write_text("foreign"),
    "no hashes": lambda place: (place / "sha256.json").unlink(),
    "other hashes": lambda place: (place / "sha256.json").write_text(json.dumps({})),
    "no JSON": lambda place: (place / "sha256.json").write_text("?"),
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_damaged_folder_is_made_again(tmp_path: Path, spoil: str) -> None:
    cache = StageCache(tmp_path / "cache")

    def read(place: Path) -> str:
        return (place / "a.csv").read_text()

    def keep() -> None:
        cache.keep_folder("scheme", KEY, lambda place: (place / "a.csv").write_text("whole text"))

    assert cache.kept_folder("scheme", KEY, read) is None
    keep()
    assert cache.kept_folder("scheme", KEY, read) == "whole text"
    (place,) = (tmp_path / "cache").iterdir()
    SPOILT[spoil](place)
    assert cache.kept_folder("scheme", KEY, read) is None
    keep()
    assert cache.kept_folder("scheme", KEY, read) == "whole text"


def test_a_folder_that_cannot_be_written_is_not_kept(tmp_path: Path) -> None:
    cache = StageCache(tmp_path / "cache")

    def fail(_place: Path) -> None:
        raise OSError(28, "full")

    cache.keep_folder("scheme", KEY, fail)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.slow
def test_a_damaged_scheme_and_catalogue_are_made_again(region: Region, tmp_path: Path) -> None:
    region.write(OVERLAY, "overlay.toml")
    text = 'name = "x"\noverlay = "overlay.toml"\n[recalibrate]\nhistory = "history"'
    scenario = region.scenario(text)
    folder = tmp_path / "cache"

    def computed() -> tuple[str, Catalogue]:
        stages = Stages(region.stages.base, StageCache(folder))
        plan = plan_of(stages.base, [scenario], stages.cache)
        assert plan.history is not None
        return plan.compiled.scheme.content_hash, stages.catalogue_of(plan)

    scheme, catalogue = computed()
    whole = {
        path: path.read_bytes()
        for name in ("scheme-*/sets.csv", "catalogue-*/groups.csv")
        for path in folder.glob(name)
    }
    assert len(whole) == 2
    for path, content in whole.items():
        path.write_bytes(content[: content.index(b"\n", len(content) // 2) + 1])
    now = computed()
    assert now[0] == scheme
    assert now[1].groups.equals(catalogue.groups)
    assert {path: path.read_bytes() for path in whole} == whole


def test_a_named_folder_that_cannot_be_trusted_ends_the_simulation(
    region: Region, tmp_path: Path
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    scenario = region.write('name = "nothing"', "nothing.toml")
    with pytest.raises(DrgpayError, match="others can write to the cache folder"):
        simulate([scenario], region.run, region.job, cache=tmp_path / "cache")


def test_folders_that_name_values_are_part_of_the_key(tmp_path: Path) -> None:
    """The same file in another folder gives another hospital its stays."""
    keys = []
    for hospital in ("H1", "H2"):
        folder = tmp_path / hospital
        (folder / f"hospital_id={hospital}").mkdir(parents=True)
        FRAME.write_parquet(folder / f"hospital_id={hospital}" / "stays.parquet")
        keys.append(records_key(open_dataset(folder), RecordsInput(folder)))
    assert keys[0] != keys[1]
