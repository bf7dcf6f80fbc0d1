"""The hash of the program changes with every file of it, and with it the key of every cache."""

import ast
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from drgpay.base import cache_folder, shipped
from drgpay.base.cache_folder import CACHES
from drgpay.grouper import compiled_cache
from drgpay.grouper.compiled import CompiledScheme
from drgpay.run import stages as run_stages
from drgpay.simulate import cache as scenario_cache

PACKAGE = Path(shipped.__file__).parents[1]
CODES = PACKAGE.parent / "grouping_schemes" / "codes"
STRANGERS = {"pickle", "cPickle", "_pickle", "joblib", "dill", "shelve", "marshal", "cloudpickle"}
Keys = Callable[[], dict[str, str]]


@pytest.fixture
def program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: Callable[[str], CompiledScheme]
) -> Iterator[Path]:
    """A copy of the program to change; what is running takes it for itself."""
    compiled("chs-drg-1.1")  # before the schemes lie elsewhere
    ignored = shutil.ignore_patterns("__pycache__")
    package = Path(shutil.copytree(PACKAGE, tmp_path / "checkout" / "drgpay", ignore=ignored))
    shutil.copytree(CODES, package.parent / "grouping_schemes" / "codes")
    monkeypatch.setattr(shipped, "_PACKAGE", package)
    shipped._hash_of.cache_clear()
    yield package
    shipped._hash_of.cache_clear()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """The key of every cache, and of the stages of an interrupted run, all else being equal."""
    own = tmp_path / "scheme"
    shutil.copytree(PACKAGE.parent / "grouping_schemes" / "chs-drg-1.1", own)

    def now() -> dict[str, str]:
        shipped._hash_of.cache_clear()
        return {
            "compiled": compiled_cache._key(own),
            "stages": scenario_cache.digest_of({"a": 1}),
            "stages of a run": run_stages._origin({"a": 1}, None).key,
        }

    return now


@pytest.mark.slow
def test_every_file_of_the_program_changes_every_key(program: Path, keys: Keys) -> None:
    files = [path for path in sorted(program.parent.rglob("*")) if path.is_file()]
    kinds = {path.suffix for path in files}
    assert {".py", ".lark", ".toml", ".j2", ".csv", ".sql", ".template"} <= kinds
    assert len(files) > 400
    seen = [keys()]
    assert keys() == seen[0]
    for path in files:
        with path.open("ab") as file:
            file.write(b"\n")
        now = keys()
        same = [name for name, key in now.items() if key in {old[name] for old in seen}]
        assert not same, f"{path} does not change the keys of {same}"
        seen.append(now)


def test_a_new_a_renamed_and_a_lost_file_change_every_key(program: Path, keys: Keys) -> None:
    seen = [keys()]
    new = program / "points" / "words.dat"
    for change in (
        lambda: new.write_text("1"),
        lambda: new.rename(new.with_name("others.dat")),
        lambda: new.with_name("others.dat").unlink(),
    ):
        change()
        seen.append(keys())
    for before, after in pairwise(seen):
        assert all(before[name] != after[name] for name in before)
    assert seen[3] == seen[0]


def test_what_is_no_program_changes_no_key(program: Path, keys: Keys) -> None:
    before = keys()
    for name in ("__pycache__/x.pyc", "points/__pycache__/x.pyc", "shipped/policies/x.toml"):
        path = program / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert keys() == before


def test_no_cache_is_forgotten_above(program: Path, keys: Keys) -> None:
    """A cache is a CacheKind, and the hash of the program is asked for where the keys are made."""
    assert {kind.name for kind in CACHES} <= keys().keys()
    made = sum(isinstance(kind, cache_folder.CacheKind) for kind in vars(cache_folder).values())
    assert made == len(CACHES) == len({kind.name for kind in CACHES})
    asking = {path for path, text in sources() if re.search(r"\bprogram_hash\(", text)}
    assert asking == {"base/shipped.py", "base/cache_folder.py", "run/stages.py"}
    making = {path for path, text in sources() if re.search(r"\bCacheKind\(", text)}
    assert making == {"base/cache_folder.py"}


def test_every_hash_is_a_known_one() -> None:
    """A new use of hashlib is either a key (make it a CacheKind) or a content: say so here."""
    keys = {"base/shipped.py", "base/cache_folder.py", "run/stages.py"}
    contents = {
        "adjust/overlay.py",
        "grouper/compiled_file.py",
        "grouper/scheme_files.py",
        "points/catalogue.py",
        "registry/manifest.py",
        "show/template.py",
        "results/manifest.py",
        "base/file_hash.py",
        "run/stage_files.py",
        "supervise/clue_ids.py",
        "evaluation/material.py",  # blocks of stays
        "evaluation/ranks.py",  # streams of hospitals
        "schemes/workbook/importing.py",
    }
    assert {path for path, text in sources() if "hashlib" in text} == keys | contents


def test_nothing_is_read_that_can_run() -> None:
    """No pickle, under whatever name: a file that somebody left must not be able to act."""
    for path, text in sources():
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names]
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert STRANGERS.isdisjoint(name.split(".")[0] for name in names), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert not node.func.attr.endswith("_pickle"), path
                if ast.unparse(node.func) in ("np.load", "np.save", "np.savez"):
                    given = {word.arg: ast.unparse(word.value) for word in node.keywords}
                    assert given.get("allow_pickle") == "False", path


def sources() -> list[tuple[str, str]]:
    """Every module of the package and its text."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return [(path.relative_to(PACKAGE).as_posix(), path.read_text("utf-8")) for path in paths]
