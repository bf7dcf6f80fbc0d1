"""[databases.NAME]: which keys there are, which file counts, and that no password stands there."""

from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.databases.settings import Database, DatabaseFile, database_named, shared_file

SECRET = "kX9-not-to-be-seen"


def _shared(folder: Path, text: str) -> Path:
    place = folder / "databases.toml"
    place.write_text(text, encoding="utf-8")
    return place


def test_a_database_is_found_in_the_shared_file(tmp_path: Path) -> None:
    place = _shared(tmp_path, '[databases.centre]\nkind = "postgresql"\nservice = "drg"\n')
    found = database_named("centre", tmp_path / "job.toml", {}, place)
    assert (found.called, found.file) == ("drg", place)


def test_the_section_of_the_job_counts(tmp_path: Path) -> None:
    place = _shared(tmp_path, '[databases.centre]\nkind = "postgresql"\nservice = "drg"\n')
    own = {"centre": DatabaseFile(kind="odbc", dsn="HIS")}
    found = database_named("centre", tmp_path / "job.toml", own, place)
    assert (found.called, found.file) == ("HIS", tmp_path / "job.toml")


def test_the_shared_file_lies_where_xdg_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert shared_file() == tmp_path / "drgpay" / "databases.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", "not/absolute")  # ignored, as the standard asks
    monkeypatch.setenv("HOME", str(tmp_path))
    assert shared_file() == tmp_path / ".config" / "drgpay" / "databases.toml"


def test_an_unknown_database_names_those_that_there_are(tmp_path: Path) -> None:
    place = _shared(tmp_path, '[databases.centre]\nkind = "postgresql"\nservice = "drg"\n')
    with pytest.raises(DrgpayError, match=r"no database 'center'.*name one of: centre"):
        database_named("center", tmp_path / "job.toml", {}, place)
    with pytest.raises(DrgpayError, match="name one of: none"):
        database_named("center", tmp_path / "job.toml", {}, tmp_path / "none.toml")


@pytest.mark.parametrize(
    "line",
    [
        f'password = "{SECRET}"',
        f"password = {SECRET}",
        f'PWD = "{SECRET}"',
        f'passwd = "{SECRET}"',
        f'access_token = "{SECRET}"',
        f'password_env = "{SECRET}"',
        f'service = "postgresql://drg:{SECRET}@10.0.0.5/drg"',
        f'host = "host=10.0.0.5 password={SECRET}"',
        f'dsn = "HIS;UID=drg;PWD={SECRET}"',
        f'passfile = ["{SECRET}"]',
    ],
)
def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path, line: str) -> None:
    place = _shared(tmp_path, f'[databases.centre]\nkind = "postgresql"\n{line}\n')
    with pytest.raises(DrgpayError) as refused:
        database_named("centre", tmp_path / "job.toml", {}, place)
    error = refused.value
    assert SECRET not in f"{error.sentence.zh} {error.sentence.en} {error.args}"
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('kind = "oracle"', "kind"),
        ('kind = "odbc"', "needs dsn"),
        ('kind = "postgresql"', "needs service"),
        ('kind = "odbc"\ndsn = "A"\nport = 1', "has no key port"),
        ('kind = "postgresql"\nhost = "a"\ndsn = "A"', "has no key dsn"),
        ('kind = "postgresql"\nhost = "a"\nport = 70000', "port"),
        ('kind = "postgresql"\nhost = "a"\nschema = "x"', "schema"),
        ('kind = "postgresql"\nhost = "a\\nb"', "host"),
    ],
)
def test_wrong_keys_are_named(tmp_path: Path, lines: str, said: str) -> None:
    place = _shared(tmp_path, f"[databases.centre]\n{lines}\n")
    with pytest.raises(DrgpayError, match=said):
        database_named("centre", tmp_path / "job.toml", {}, place)


def test_the_variable_of_the_password_has_to_be_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = DatabaseFile(kind="postgresql", host="a", password_env="DRG_PASSWORD")
    database = Database("centre", settings, tmp_path / "job.toml")
    monkeypatch.delenv("DRG_PASSWORD", raising=False)
    with pytest.raises(DrgpayError, match=r"password_env of \[databases.centre\].*is not set"):
        database.password()
    monkeypatch.setenv("DRG_PASSWORD", SECRET)
    assert database.password() == SECRET
    assert SECRET not in repr(database)
