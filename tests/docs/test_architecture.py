"""ARCHITECTURE.md and the tree say the same: floors, modules, walks, and where to change what."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs.architecture import PACKAGE, PAGE, ROOT, layers, written

TEXT = PAGE.read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py):([\w.]+)`", TEXT)))


def test_floors_and_modules_are_as_the_tree_has_them() -> None:
    """`python -m tests.docs.architecture` writes them anew."""
    assert written(TEXT) == TEXT


def test_every_module_is_listed_once() -> None:
    listed = []
    for folder, lines in re.findall(r"^### (drgpay\S*)\n(.*?)(?=^###|^<!--)", TEXT, re.M | re.S):
        listed += [f"{folder}/{name}" for name in re.findall(r"^- `(\w+\.py)`: .", lines, re.M)]
    modules = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    assert sorted(listed) == sorted(path.relative_to(ROOT).as_posix() for path in modules)


def test_every_room_is_on_a_floor() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == {room for floor in layers() for room in floor}


@pytest.mark.parametrize(("module", "function"), NAMED)
def test_every_function_of_the_walks_exists(module: str, function: str) -> None:
    assert function in _functions(PACKAGE / module)


def test_walks_name_functions() -> None:
    assert len(NAMED) > 50


def test_every_path_exists() -> None:
    """Paths of the page: of the repository, or below drgpay/."""
    paths = re.findall(r"`([\w./-]+/[\w.-]*|[\w-]+\.(?:md|toml))`", TEXT)
    missing = [
        path for path in set(paths) if not (ROOT / path).exists() and not (PACKAGE / path).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("walk", ["budget of a month", "line of a visit"])
def test_the_counts_are_those_of_the_rows(walk: str) -> None:
    section = TEXT.split(f"### The {walk}\n")[1].split("\n###")[0].split("\n## ")[0]
    rows = re.findall(r"^\| \d+ \| `[^`]+` \| (\w+)", section, re.M)
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", section, re.M)]
    assert numbers == list(range(1, len(rows) + 1))
    counts = {kind: rows.count(kind) for kind in ("works", "carries", "hands")}
    assert sum(counts.values()) == len(rows)
    said = (
        f"{len(rows)} functions: {counts['works']} work on it, {counts['carries']} carry it, "
        f"{counts['hands']} only hand it on."
    )
    assert said in section, said


@cache
def _functions(module: Path) -> set[str]:
    """The functions of a module, with those of classes and functions as `outer.inner`."""
    return set(_named(ast.parse(module.read_text(encoding="utf-8")).body, ""))


def _named(body: list[ast.stmt], outer: str) -> list[str]:
    found = []
    for one in body:
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            found += [outer + one.name, *_named(one.body, f"{outer}{one.name}.")]
    return found
