"""The error of users: no passwords in it, and not without end."""

import time
from pathlib import Path

import pytest

from drgpay.base.addresses import DATABASE_REMEDY, names_database
from drgpay.base.errors import DrgpayError
from drgpay.base.visible import visible
from tests.hostile_texts import TEXTS


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://clerk:geheim@db.example/drg",
        str(Path("postgresql://clerk:geheim@db.example/drg")),
        str(Path("/work/x") / "postgresql://clerk:geheim@db.example/drg"),
        "postgresql+psycopg2://clerk:ge/he:im@db",
        "mysql://clerk:gehe@im@db",
        "https://clerk:geheim@db.example",
        "host=db user=clerk password=geheim",
        "Password = 'geheim geheim'",
        "UID=clerk;PWD={geheim; geheim};x=1",
        "jdbc:sqlserver://db;user=clerk;password=geheim;",
        "api_key=geheim&x=1",
    ],
)
def test_passwords_are_masked_whoever_put_them_there(text: str) -> None:
    error = DrgpayError(f"there is no file {text}", f"correct {text!r}")
    assert "***" in error.problem
    for said in (str(error), repr(error), error.problem, error.remedy):
        assert not any(part in said for part in ("geheim", "ge/he", "gehe@", "im@"))
    assert names_database(text)


def test_an_address_given_for_a_file_is_told_what_to_do() -> None:
    path = Path("/work/region") / "postgresql://clerk:geheim@db.example/drg"
    assert DrgpayError(f"there is no file {path}", "correct the path").remedy == DATABASE_REMEDY.en


@pytest.mark.parametrize(
    "text",
    ["C:/data/x@y.csv", "C:\\data", "a@b.example", "policy.toml", "in: x@y", "https://x.example/a"],
)
def test_other_texts_stay(text: str) -> None:
    assert DrgpayError(text, "correct it").problem == text
    assert not names_database(text)


@pytest.mark.parametrize("text", ["a" * 1_000_000 + "@", "ab:/" * 250_000, "pwd={" * 200_000])
def test_a_sentence_has_an_end(text: str) -> None:
    begun = time.monotonic()
    error = DrgpayError(f"x{text}y", "correct it")
    assert len(str(error)) < 2100
    assert error.problem[0] == "x"
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("text", TEXTS)
def test_an_error_is_one_line_whatever_it_quotes(text: str) -> None:
    for error in (DrgpayError(f"row 3: {text}", "correct it"), DrgpayError("x", f"write {text}")):
        said = str(error)
        assert visible(said) == said
        assert len(said.splitlines()) == 1
    assert visible(text) in DrgpayError(text, "correct it").problem
