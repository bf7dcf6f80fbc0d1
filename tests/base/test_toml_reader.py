"""The one reader of TOML files: what it reads, and what it refuses in one sentence."""

import os
import time
from decimal import Decimal
from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.language import alike
from drgpay.base.toml_reader import MOST_BYTES, read_toml

JOB = 'period = "2026-10"\npolicy = "浙江"\n'


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "任务.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        JOB.encode(),
        JOB.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + JOB.encode(),
        JOB.encode("utf-16"),
        b"\xfe\xff" + JOB.encode("utf-16-be"),
        JOB.encode("utf-32"),
    ],
    ids=["utf-8", "crlf", "mark", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_files_as_editors_save_them(tmp_path: Path, content: bytes) -> None:
    assert read_toml(written(tmp_path, content), alike("job")) == {
        "period": "2026-10",
        "policy": "浙江",
    }


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("gb18030", "line 2 looks like GB18030, which Windows calls ANSI; save it as UTF-8"),
        ("utf-16-le", "line 1 looks like UTF-16 without a mark; save it as UTF-8"),
    ],
)
def test_other_encodings_are_named_not_guessed(tmp_path: Path, encoding: str, words: str) -> None:
    with pytest.raises(DrgpayError, match=words):
        read_toml(written(tmp_path, JOB.encode(encoding)), alike("job"))


def test_bytes_of_no_encoding(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="an encoding that is not known"):
        read_toml(written(tmp_path, b'a = "\xff\xff"\n'), alike("job"))


def test_decimals_keep_their_digits(tmp_path: Path) -> None:
    path = written(tmp_path, "price = 38.90\nwhole = 7\n")
    assert str(read_toml(path, alike("policy"), decimals=True)["price"]) == "38.90"
    assert read_toml(path, alike("policy")) == {"price": 38.9, "whole": 7}
    assert isinstance(read_toml(path, alike("policy"), decimals=True)["price"], Decimal)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a" + ".a" * 5000 + " = 1", "line 1: keys or brackets are nested more than 30 deep"),
        ("[a" + ".a" * 5000 + "]\nb = 1", "line 1: keys or brackets are nested more than 30"),
        ("x = 1\n" + '"a" . ' * 5000 + "a = 1", "line 2: keys or brackets are nested"),
        ("x = 1\na = " + "[" * 100_000, "line 2: keys or brackets are nested"),
        ("a = " + "[" * 3000 + "]" * 3000, "line 1: keys or brackets are nested"),
        ("a = " + "{a = " * 3000 + "1" + "}" * 3000, "line 1: keys or brackets are nested"),
        ("a = [\n" * 3000 + "]" * 3000, "line 31: keys or brackets are nested"),
        ("x = 1\nn = " + "9" * 5000, "line 2: a number has thousands of digits"),
        ("x = 1\nn = " + "9" * 30, "line 2: the number of the key n is too large"),
        ("n = 0x" + "f" * 5000, "the number of the key n is too large"),
        ("x = 1\nn = 1." + "9" * 5000, "line 2: the number 1.999.* has too many digits"),
        ("x = 1\nn = 1e999999999999", "line 2: the number 1e999999999999 has too many digits"),
        ("n = 1e-400", "line 1: the number 1e-400 has too many digits"),
    ],
)
def test_small_files_that_ask_for_much(tmp_path: Path, content: str, words: str) -> None:
    begun = time.monotonic()
    for decimals in (False, True):
        with pytest.raises(DrgpayError, match=words) as raised:
            read_toml(written(tmp_path, content), alike("job"), decimals=decimals)
        assert "任务.toml" in str(raised.value)
        assert len(str(raised.value)) < 1000
    assert time.monotonic() - begun < 5


def test_what_stands_in_strings_and_comments_does_not_count(tmp_path: Path) -> None:
    deep = "[" * 100 + ".a" * 100 + "9" * 5000
    texts = f'a = "{deep}"\nb = \'{deep}\'\nc = """\n{deep}"\\""""\nd = \'\'\'\n{deep}\'\'\'\n'
    read = read_toml(written(tmp_path, f"# {deep}\n{texts}e = 1 # {deep}\n"), alike("job"))
    assert read["a"] == read["b"] == read["d"] == deep
    assert read["c"] == f'{deep}""'
    assert read["e"] == 1


@pytest.mark.parametrize("content", ['a = """' + '\\"""' * 200_000, "a.b" * 300_000 + "."])
def test_files_without_an_end_take_no_time(tmp_path: Path, content: str) -> None:
    begun = time.monotonic()
    with pytest.raises(DrgpayError):
        read_toml(written(tmp_path, content), alike("job"))
    assert time.monotonic() - begun < 5


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES * 25)
    with pytest.raises(DrgpayError, match=r"the job .*large\.toml is larger than 4 MB"):
        read_toml(path, alike("job"))


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match=r"there is no policy .*none\.toml"):
        read_toml(tmp_path / "none.toml", alike("policy"))
    with pytest.raises(DrgpayError, match="is a folder; name the file itself"):
        read_toml(tmp_path, alike("policy"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DrgpayError, match="is no regular file"):
        read_toml(tmp_path / "pipe", alike("policy"))


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("period = 2026-10", 'period = "2026-10"'),
        ("period = 2026-10  # the month", 'period = "2026-10"'),
        ("policy = 浙江", 'policy = "浙江"'),
        ("period = “2026-10”", 'period = "2026-10"'),
        ('stays = "C:\\data\\x.csv"', "stays = 'C:\\data\\x.csv'"),
        ("period ＝ 2026-10", 'period = "2026-10"'),
    ],
)
def test_a_line_is_shown_as_it_should_be(tmp_path: Path, line: str, meant: str) -> None:
    with pytest.raises(DrgpayError) as raised:
        read_toml(written(tmp_path, f'a = "b"\n{line}\n'), alike("job"))
    assert "任务.toml, line 2: this is not valid TOML" in raised.value.problem
    assert raised.value.remedy == f"write the line as: {meant}"


def test_a_line_that_is_not_understood(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match=r"line 1: this is not valid TOML.*; correct that line"):
        read_toml(written(tmp_path, "a = [1, 2\n"), alike("job"))


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://clerk:geheim@db.example:5432/drg",
        "mysql+pymysql://clerk:ge%20he/im@db/x?charset=utf8",
        "jdbc:oracle:thin://db.example/drg",
        "Server=db;Database=drg;UID=clerk;PWD={geheim};",
        "s3://bucket/key",
    ],
)
def test_addresses_of_databases_are_refused_wherever_they_stand(tmp_path: Path, value: str) -> None:
    for content in (f"a = '{value}'", f"[b]\nc = [1, '{value}']", f"[[b]]\nc = {{d = '{value}'}}"):
        with pytest.raises(DrgpayError, match=r"without its password.*Parquet") as raised:
            read_toml(written(tmp_path, content), alike("job"))
        assert "the key" in str(raised.value)
        assert not any(word in str(raised.value) for word in ("geheim", "clerk", "ge%20"))


def test_sources_on_the_web_may_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, 'source = "https://www.example.invalid/2026?a=1"')
    assert read_toml(path, alike("policy"))["source"].startswith("https")
