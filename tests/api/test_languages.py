"""Which language people read: that of the call, else that of the process."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import drgpay
from drgpay.api.frames import as_file, source_name
from drgpay.base.errors import DrgpayError
from drgpay.base.language import choose
from tests.adjust.conftest import INFO, TABLES


@pytest.fixture
def chinese() -> Iterator[None]:
    """A process that speaks Chinese."""
    choose("zh")
    yield
    choose(None)


def test_a_call_speaks_the_language_of_the_process(tmp_path: Path) -> None:
    scheme = _faulty_scheme(tmp_path)
    assert drgpay.check_scheme(scheme).equals(drgpay.check_scheme(scheme, language="en"))
    choose("zh")
    try:
        said = drgpay.check_scheme(scheme)
    finally:
        choose(None)
    assert said.equals(drgpay.check_scheme(scheme, language="zh"))
    assert not said.equals(drgpay.check_scheme(scheme, language="en"))


@pytest.mark.usefixtures("chinese")
def test_a_call_may_have_its_own(tmp_path: Path) -> None:
    scheme = _faulty_scheme(tmp_path)
    english = drgpay.check_scheme(scheme, language="en")["message"]
    assert all(message.isascii() for message in english)
    assert not any(message.isascii() for message in drgpay.check_scheme(scheme)["message"])


@pytest.mark.usefixtures("chinese")
def test_what_is_wrong_is_said_in_it() -> None:
    with pytest.raises(
        DrgpayError, match=r"^load_scheme：参数 name 的值不对（int 类型）；请给出文字"
    ):
        drgpay.load_scheme(5)  # type: ignore[arg-type]
    with pytest.raises(DrgpayError, match=r"^病例数据框"):
        drgpay.group_stays(pl.DataFrame({"case_id": ["1"]}), "chs-drg-2.0")


def test_a_frame_is_named_in_both_languages() -> None:
    with (
        pytest.raises(DrgpayError) as told,
        as_file(pl.DataFrame({"x": [1]}), "groups") as path,
    ):
        raise DrgpayError(f"{path} has no rows", "give some")
    assert told.value.problem_words == (
        "分组结果数据框 has no rows",
        "the frame of groups has no rows",
    )


def test_what_a_catalogue_keeps_of_its_source_depends_on_no_language() -> None:
    frame = pl.DataFrame()
    english = source_name(frame, "stays")
    choose("zh")
    try:
        assert source_name(frame, "stays") == english == "the frame of stays"
    finally:
        choose(None)
    assert source_name("a/2026-10.parquet", "stays") == "2026-10.parquet"


def _faulty_scheme(folder: Path) -> Path:
    """A scheme without one of its tables."""
    made = folder / "scheme"
    made.mkdir()
    (made / "scheme.toml").write_text(INFO, encoding="utf-8")
    for table, text in TABLES.items():
        if table != "adrg":
            (made / f"{table}.csv").write_text(text, encoding="utf-8")
    return made
