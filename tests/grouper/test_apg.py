"""Outpatient grouping: the compiled grouper equals the reference on any scheme, line and visit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drgpay.base.errors import DrgpayError
from drgpay.grouper.apg import (
    LINE_RESULT,
    VISIT_RESULT,
    CompiledApg,
    compile_apg,
    group_lines,
    group_visits,
    load_apg,
)
from drgpay.grouper.apg_reference import Line, Visit, group_line, group_visit
from drgpay.grouper.code_patterns import holds_code
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.scheme import Scheme, load_scheme
from tests.any_scheme import apg_schemes, lines, visits
from tests.small_apg import TOML, write_small_apg
from tests.spread import drawn

_NUMBERS = ("age", "sex")


def batch_of(records: Sequence[Visit], coded: bool = False) -> pa.RecordBatch:
    """Visits or lines as an Arrow batch."""
    text = pa.string()
    columns = {}
    for name in type(records[0]).__dataclass_fields__:
        kind = pa.list_(text) if name == "other_diagnoses" else text
        values = [getattr(record, name) for record in records]
        columns[name] = pa.array(values, pa.float64() if name in _NUMBERS else kind)
        if coded and kind == text and name not in _NUMBERS:
            columns[name] = columns[name].dictionary_encode()
    return pa.RecordBatch.from_pydict(columns)


@drawn(150)
@given(apg_schemes(), st.lists(lines, min_size=1, max_size=8), st.booleans())
def test_compiled_lines_equal_reference(scheme: Scheme, given_: list[Line], coded: bool) -> None:
    fast = group_lines(compile_apg(scheme), batch_of(given_, coded)).to_pylist()
    slow = [dict(zip(LINE_RESULT, group_line(scheme, line), strict=True)) for line in given_]
    assert fast == slow


@drawn(100)
@given(apg_schemes(), st.lists(visits, min_size=1, max_size=8), st.booleans())
def test_compiled_visits_equal_reference(scheme: Scheme, given_: list[Visit], coded: bool) -> None:
    fast = group_visits(compile_apg(scheme), batch_of(given_, coded)).to_pylist()
    slow = [dict(zip(VISIT_RESULT, group_visit(scheme, visit), strict=True)) for visit in given_]
    assert fast == slow


@drawn(50)
@given(apg_schemes(), st.lists(lines, min_size=2, max_size=8), st.integers(1, 7))
def test_a_line_does_not_depend_on_its_batch(scheme: Scheme, given_: list[Line], cut: int) -> None:
    compiled, batch = compile_apg(scheme), batch_of(given_)
    parts = [batch.slice(0, cut), batch.slice(cut)]
    rows = [row for part in parts for row in group_lines(compiled, part).to_pylist()]
    assert rows == group_lines(compiled, batch).to_pylist()


@pytest.fixture
def small(tmp_path: Path) -> CompiledApg:
    return load_apg(str(write_small_apg(tmp_path / "small")))


@pytest.mark.parametrize(
    ("item", "kind", "age", "apg"),
    [
        ("310902001", "treatment", 40.0, ("PROC", "P1", "P12")),
        ("310902001", "treatment", 17.0, ("PROC", "P1", "P11")),
        ("310902001", "treatment", None, ("PROC", "P1", "P12")),
        ("310905", None, 40.0, ("PROC", "P9", "P90")),
        ("3109", None, 40.0, ("PROC", "P9", "P90")),
        ("310", "lab", 40.0, ("ANC", "A1", "A10")),
        ("45.2300", "procedure", 40.0, ("PROC", "P1", "P12")),
        ("99.9900", "procedure", 40.0, ("PROC", "P9", "P90")),
        ("XC09", "drug", 40.0, ("DRUG", "D1", "D10")),
        ("x", "drug", 40.0, ("INC", "I1", "I10")),
        (None, None, None, ("INC", "I1", "I10")),
        ("", "imaging", None, ("ANC", "A1", "A10")),
    ],
)
def test_small_lines(
    small: CompiledApg,
    item: str | None,
    kind: str | None,
    age: float | None,
    apg: tuple[str, str, str],
) -> None:
    line = Line(item_code=item, item_kind=kind, age=age)
    assert small.line_columns == ("age", "item_code", "item_kind")
    (row,) = group_lines(small, batch_of([line])).to_pylist()
    assert tuple(row.values()) == apg == group_line(small.scheme, line)


def test_small_visits(small: CompiledApg) -> None:
    assert small.visit_columns == ("visit_type", "principal_diagnosis")
    given_ = [
        Visit("I10.x02", visit_type="chronic"),
        Visit("I11", visit_type="special"),
        Visit("I1", visit_type="chronic"),
        Visit(None),
    ]
    rows = group_visits(small, batch_of(given_)).to_pylist()
    assert [row["apg"] for row in rows] == ["M11", "M12", "M90", "M90"]
    assert small.packaged == {"A1", "A10"}
    assert small.ungrouped == {"0000"}


def test_every_kind_of_column(small: CompiledApg) -> None:
    """Null in the dictionary, large strings, whole numbers and further columns are all read."""
    words = pa.array(["310902001", None, "XA1"], pa.large_string())
    batch = pa.RecordBatch.from_pydict(
        {
            "other": pa.array([1, 2, 3, 4]),
            "item_code": pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None]), words),
            "item_kind": pa.array([None, "lab", None, None], pa.large_string()),
            "age": pa.array([5, None, 7, 8], pa.int16()),
        }
    )
    apgs = group_lines(small, batch).column("apg").to_pylist()
    assert apgs == ["P11", "A10", "D10", "I10"]
    empty = group_lines(small, batch.slice(0, 0))
    assert (empty.schema.names, empty.num_rows) == (list(LINE_RESULT), 0)
    with pytest.raises(DrgpayError, match="lack the column age"):
        group_lines(small, batch.drop_columns(["age"]))


def test_kept_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRGPAY_CACHE", str(tmp_path / "cache"))
    folder = str(write_small_apg(tmp_path / "small"))
    first, again = load_apg(folder), load_apg(folder)
    assert again.scheme == first.scheme
    batch = batch_of([Line(item_code="310902001"), Line(item_code="?")])
    assert group_lines(again, batch).equals(group_lines(first, batch))
    write_small_apg(tmp_path / "small", added={"packaging": ["D10"]})
    assert load_apg(folder).packaged == {"A1", "A10", "D10"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"added": {"drg": ["3,P1,P13,,ZYSS in DRUGS"]}}, "P13 asks for ZYSS, which only .* drg"),
        ({"added": {"drg": ["3,M1,M13,,XM in DRUGS"]}}, "M13 asks for XM, which a visit lacks"),
        ({"added": {"mdc": ["6,LAB,,"]}}, "LAB is not a class"),
        ({"added": {"packaging": ["A2"]}}, "lists A2, which is no family"),
        ({"added": {"drg": ["3,P1,P13,,length(DRUGS ∩ XM) = 1"]}}, "which has the pattern X"),
        ({"added": {"drg": ["3,P1,P13,,XM in NONE"]}}, "names the set NONE"),
        ({"toml": TOML.replace("0.5", "1.5")}, "procedure_discount is wrong"),
    ],
)
def test_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DrgpayError, match=words):
        load_apg(str(write_small_apg(tmp_path / "small", **changes)))


def test_packaging_is_needed(tmp_path: Path) -> None:
    folder = write_small_apg(tmp_path / "small")
    (folder / "packaging.csv").unlink()
    with pytest.raises(DrgpayError, match=r"packaging\.csv is missing"):
        load_apg(str(folder))


def test_kinds_are_not_mixed_up(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="it groups stays, not outpatient visits"):
        load_apg("chs-drg-2.0")
    folder = str(write_small_apg(tmp_path / "small"))
    for _ in range(2):  # also when the scheme lies compiled in the cache
        with pytest.raises(DrgpayError, match="it groups outpatient visits, not stays"):
            load_compiled(folder)
        load_apg(folder)


def test_inpatient_schemes_know_no_items(tmp_path: Path) -> None:
    toml = TOML.replace('kind = "apg"', 'kind = "drg"')
    with pytest.raises(DrgpayError, match="apg and item_system belong to schemes of kind apg"):
        load_scheme(str(write_small_apg(tmp_path / "small", toml=toml)))
    toml = toml.replace('item_system = "service-items-1"', "").split("[apg]")[0]
    with pytest.raises(DrgpayError, match="PROC asks for XM, which only a scheme of kind apg has"):
        load_scheme(str(write_small_apg(tmp_path / "small", toml=toml)))


@pytest.mark.parametrize(
    ("codes", "code", "held"),
    [
        ({"1101*"}, "1101", True),
        ({"1101*"}, "110100001", True),
        ({"1101*"}, "110", False),
        ({"1101"}, "110100001", False),
        ({"1101"}, "1101", True),
        ({"*"}, "anything", True),
        ({"*"}, "", False),
        ({"G01*"}, "G01*", True),
    ],
)
def test_patterns(codes: set[str], code: str, held: bool) -> None:
    assert holds_code(codes, code) is held
