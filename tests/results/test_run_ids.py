"""Names that a run may have."""

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.registry.database import DATABASE as REGISTRY
from drgpay.results.run_ids import DATABASE, checked_id


@pytest.mark.parametrize(
    "run_id", ["2026-10-1f2e3d4c5b", "十月", "a.b_c-1", "CONTROL", "lock", "x" * 200]
)
def test_ids_that_name_a_folder(run_id: str) -> None:
    assert checked_id(run_id) == run_id


@pytest.mark.parametrize(
    ("run_id", "words"),
    [
        *((name, "is the name of another file") for name in ("drgpay.duckdb", "DRGPAY.DuckDB.wal")),
        *((name, "is the name of another file") for name in ("a.lock", "a.PARTIAL", "a.tmp")),
        *((name, "on every system") for name in ("CON", "nul", "Prn.x", "COM1", "lpt9.a", "a.")),
        *(
            (name, "cannot name a folder")
            for name in (
                ".cache",
                ".x",
                "..",
                ".",
                "",
                "a/b",
                "a\\b",
                "a b",
                "a\0",
                "a\n",
                "-x",
                "~",
                "a:b",
            )
        ),
        ("x" * 201, "is too long"),
        ("院" * 67, "is too long"),
    ],
)
def test_ids_that_are_refused(run_id: str, words: str) -> None:
    with pytest.raises(DrgpayError, match=words) as raised:
        checked_id(run_id)
    assert len(str(raised.value)) < 300


def test_the_database_is_the_one_of_the_registry() -> None:
    assert DATABASE == REGISTRY
