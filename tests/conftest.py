"""What several tests need: the shipped schemes, loaded once, and what regions are drawn from."""

import gc
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import is_hypothesis_test, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from typer.main import get_command

from drgpay.base.language import VARIABLE, choose
from drgpay.cli.memory import keep_freed_memory
from tests.once import made_once
from tests.spread import THOROUGH, is_thorough

# As every command does before polars comes; the processes that tests start do so for themselves.
_ALLOCATOR = {**os.environ}
keep_freed_memory()
from drgpay.grouper.compiled import CompiledScheme, compile_scheme  # noqa: E402
from drgpay.grouper.scheme import load_scheme  # noqa: E402
from drgpay.sample.plan import SamplePlan  # noqa: E402
from drgpay.sample.region_tables import RegionTables, build_tables  # noqa: E402

if TYPE_CHECKING:
    from tests.databases.postgresql_server import Server

for name in os.environ.keys() - _ALLOCATOR.keys():
    del os.environ[name]

ROOT = Path(__file__).resolve().parent.parent

# Tests read English, and Chinese where they ask for it: errors say the same in both.
os.environ[VARIABLE] = "en"

# Nor does every process that a test starts compile the whole program for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The examples of properties are the same in every run, so that the tests of one commit give one
# answer to everybody, on a busy machine too. `pytest --hypothesis-profile=explore` looks for new ones
# (CONTRIBUTING.md). Of each property a part is drawn; the gate draws all, as its slow tests.
_SAME: dict[str, Any] = {
    "derandomize": True,
    "database": None,
    "print_blob": True,
    "deadline": None,
}
settings.register_profile("same", max_examples=15, **_SAME)
settings.register_profile(THOROUGH, max_examples=100, **_SAME)
settings.register_profile("explore", derandomize=False, print_blob=True, deadline=None)
settings.load_profile("same")


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Draw no constants of the program, unless new examples are looked for.

    hypothesis reads them from the modules that the process has loaded so far, which differ with the
    tests that ran before, and not at all below a folder named test. There is no setting for it.
    """
    if settings.default is not settings.get_profile("explore"):
        providers._get_local_constants = Constants


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where all examples are drawn, every property is a slow test."""
    for item in items if is_thorough() else ():
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was collected stays: it need not be looked through again and again for garbage."""
    gc.collect()
    gc.freeze()


@cache
def _compiled(name: str) -> CompiledScheme:
    return compile_scheme(load_scheme(name))


@pytest.fixture(scope="session")
def compiled() -> Callable[[str], CompiledScheme]:
    """A compiled scheme by its id."""
    return _compiled


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The committed sample region."""
    return ROOT / "sample_data"


@pytest.fixture(scope="session")
def settled_year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A region with twelve settled months, shared by all tests: copy it."""
    from tests.run import settled_year

    return settled_year.settled_year(tmp_path_factory)


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> "Server":
    """A PostgreSQL that all tests of the session share (tests/databases/postgresql_server.py)."""
    from tests.databases import postgresql_server

    return postgresql_server.shared_server(tmp_path_factory)


@pytest.fixture
def postgresql_database(postgresql_server: "Server") -> Iterator["Server"]:
    """An empty database in it, of this test alone."""
    server = postgresql_server.new_database()
    yield server
    server.drop()


@pytest.fixture(scope="session", autouse=True)
def _as_wide_as_a_pipe() -> None:
    """What commands print depends on no terminal, and on none that workers of the tests pretend."""
    os.environ.pop("COLUMNS", None)


@pytest.fixture(scope="session", autouse=True)
def _commands_are_declared_once() -> Iterator[None]:
    """Each call of the program in this process would read all declarations of its commands again."""
    with patch("typer.main.get_command", cache(get_command)):
        yield


@pytest.fixture(autouse=True)
def _no_language_is_left_chosen() -> Iterator[None]:
    """A command that ran in this process has chosen one for it."""
    choose(None)
    yield
    choose(None)


@pytest.fixture(scope="session", autouse=True)
def laid_out(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[SamplePlan], RegionTables]]:
    """The tables of a region, which take 2.5 s and depend on scheme and seed alone: made once for all."""

    @lru_cache(maxsize=4)
    def of(scheme: str, seed: int) -> RegionTables:
        def make(folder: Path) -> None:
            tables = build_tables(SamplePlan(1, 1, scheme=scheme, seed=seed))
            (folder / "tables").write_bytes(pickle.dumps(tables))

        folder = made_once(tmp_path_factory, f"region-{scheme}-{seed}", make)
        tables: RegionTables = pickle.loads((folder / "tables").read_bytes())
        return tables

    def tables_of(plan: SamplePlan) -> RegionTables:
        return of(plan.scheme, plan.seed)

    with patch("drgpay.sample.region.build_tables", tables_of):
        yield tables_of
