"""CONTRIBUTING.md names files, modules, functions and test folders that exist."""

import re
from importlib.util import find_spec
from pathlib import Path

from tests.docs.architecture import PACKAGE, ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_every_path_exists() -> None:
    text = TEXT.replace(".venv/bin/", "")
    paths = set(re.findall(r"`([\w./-]+/[\w.-]*|[\w-]+\.(?:md|toml|lock))`", text))
    paths |= set(re.findall(r"\]\(([\w./-]+)\)", text))
    places = (ROOT, PACKAGE, PACKAGE / "words")
    assert [path for path in paths if not any((place / path).exists() for place in places)] == []


def test_every_command_runs_something_that_is_there() -> None:
    modules = set(re.findall(r"python -m (tests[\w.]+)", TEXT))
    assert len(modules) > 2
    assert all(find_spec(module) for module in modules)
    for folders in re.findall(r"pytest ((?:tests/\w+ ?)+)", TEXT):
        assert all((ROOT / folder).is_dir() for folder in folders.split())
    profile = "explore"
    assert f'register_profile("{profile}"' in (ROOT / "tests/conftest.py").read_text("utf-8")
    assert f"--hypothesis-profile={profile}" in TEXT


def test_every_function_of_a_recipe_is_in_its_module() -> None:
    """`name` of `path`, and `name(...)` of `path`."""
    named = re.findall(r"`(\w+)(?:\(\.\.\.\))?`\s+(?:of|in)\s+`([\w/]+\.py)`", TEXT)
    assert len(named) > 3
    for name, path in named:
        module = Path(PACKAGE / path).read_text(encoding="utf-8")
        assert re.search(rf"^(def|class) {name}\b", module, re.MULTILINE), f"{name} of {path}"


def test_the_test_command_is_that_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = readme.split("<!-- test -->\n```sh\n")[1].split("\n")[0]
    assert f"`{command.split(' && ')[-1]}`" in TEXT
