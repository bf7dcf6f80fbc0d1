"""A compiled scheme that was written and read is the one that was written."""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from drgpay.grouper.apg import APG_FORM as APG
from drgpay.grouper.apg import compile_apg, group_lines, group_visits
from drgpay.grouper.apg_reference import Line, Visit
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme, PackedScheme, compile_scheme
from drgpay.grouper.compiled_cache import DRG_FORM as DRG
from drgpay.grouper.compiled_file import compiled_in, file_of
from drgpay.grouper.reference import Stay
from drgpay.grouper.rules.as_json import rule_as_json, rule_from_json
from drgpay.grouper.rules.nodes import Rule
from drgpay.grouper.scheme import Scheme, load_scheme, shipped_schemes
from drgpay.records.codes import CodeIndex
from tests.any_scheme import apg_schemes, lines, rules, schemes, stays, visits
from tests.grouper.test_apg import batch_of as outpatient_batch
from tests.grouper.test_equivalence import batch_of
from tests.spread import drawn, spread


def assert_same(one: Any, other: Any, where: str = "") -> None:
    """Equal in every field, with arrays of the same types and scheme unpacked."""
    assert type(one) is type(other), where
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype and one.shape == other.shape, where
        assert np.array_equal(one, other), where
    elif isinstance(one, PackedScheme):
        assert one.scheme == other.scheme, where
    elif isinstance(one, CodeIndex):
        assert (one.codes, one.unknown, one.missing, one.size) == (
            other.codes,
            other.unknown,
            other.missing,
            other.size,
        ), where
    elif isinstance(one, dict):
        assert list(one) == list(other), where
        for key in one:
            assert type(key) in {type(known) for known in other}, where
            assert_same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, tuple):
        assert len(one) == len(other), where
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            assert_same(left, right, f"{where}[{number}]")
    elif is_dataclass(one):
        for field in fields(one):
            name = field.name
            assert_same(getattr(one, name), getattr(other, name), f"{where}.{name}")
    else:
        assert one == other, where


def read(content: bytes, form: Any) -> Any:
    """The compiled scheme of a file, which is whole."""
    found = compiled_in(content, form)
    assert found is not None
    return found


@pytest.mark.parametrize("name", spread(shipped_schemes(), 2))
def test_shipped_schemes(name: str) -> None:
    scheme = load_scheme(name)
    form: Any = APG if scheme.info.kind == "apg" else DRG
    made: Any = compile_apg(scheme) if scheme.info.kind == "apg" else compile_scheme(scheme)
    content = file_of(made, form)
    assert_same(read(content, form), made)
    assert content == file_of(made, form)


def test_both_kinds_are_shipped() -> None:
    assert {load_scheme(name).info.kind for name in shipped_schemes()} == {"apg", "drg"}


@drawn(60)
@given(schemes())
def test_any_scheme(scheme: Scheme) -> None:
    made = compile_scheme(scheme)
    assert_same(read(file_of(made, DRG), DRG), made)


@drawn(60)
@given(apg_schemes())
def test_any_apg_scheme(scheme: Scheme) -> None:
    made = compile_apg(scheme)
    assert_same(read(file_of(made, APG), APG), made)


@drawn(40)
@given(schemes(), stays)
def test_it_groups_alike(scheme: Scheme, stay: Stay) -> None:
    made = compile_scheme(scheme)
    batch = batch_of([stay])
    again = read(file_of(made, DRG), DRG)
    assert group_batch(again, batch, reasons=True).equals(group_batch(made, batch, reasons=True))


@drawn(40)
@given(apg_schemes(), lines, visits)
def test_it_groups_visits_alike(scheme: Scheme, line: Line, visit: Visit) -> None:
    made = compile_apg(scheme)
    again = read(file_of(made, APG), APG)
    for grouped, records in ((group_lines, [line]), (group_visits, [visit])):
        batch: pa.RecordBatch = outpatient_batch(records)
        assert grouped(again, batch).equals(grouped(made, batch))


@given(rules)
def test_any_rule(rule: Rule) -> None:
    written = json.dumps(rule_as_json(rule))
    assert repr(rule_from_json(json.loads(written))) == repr(rule)


@pytest.mark.parametrize(
    "found",
    [[], ["or not"], ["in", ["ZYZD"]], ["not"], ["always", 1], ["count", "S", [], ">", 1.5]],
)
def test_no_rule(found: list[Any]) -> None:
    with pytest.raises(ValueError, match="this is no rule"):
        rule_from_json(found)


@pytest.fixture
def content(compiled: Callable[[str], CompiledScheme]) -> bytes:
    """The file of a compiled scheme."""
    return file_of(compiled("chs-drg-1.1"), DRG)


def sealed(payload: bytes) -> bytes:
    """A payload with its right digest: somebody meant it."""
    return hashlib.sha256(payload).digest() + payload


def test_a_damaged_file_is_none(content: bytes) -> None:
    for place in np.random.default_rng(1).integers(0, len(content), 30).tolist():
        changed = bytearray(content)
        changed[place] ^= 1
        assert compiled_in(bytes(changed), DRG) is None
        assert compiled_in(content[:place], DRG) is None
    assert compiled_in(b"", DRG) is None
    assert compiled_in(content + b"\0", DRG) is None


def test_a_foreign_file_is_none(content: bytes) -> None:
    payload = content[32:]
    assert compiled_in(sealed(payload), DRG) is not None
    assert compiled_in(sealed(payload), APG) is None
    for text in ("", "{}", "[]", "1", '{"kind": "drg", "arrays": 0, "tables": {}}'):
        foreign = io.BytesIO()
        np.save(foreign, np.frombuffer(text.encode(), np.uint8))
        np.save(foreign, np.frombuffer(b"{}", np.uint8))
        assert compiled_in(sealed(foreign.getvalue()), DRG) is None, text
    for cut in (0, 5, 200, len(payload) // 2, len(payload) - 1):
        assert compiled_in(sealed(payload[:cut]), DRG) is None


class Trap:
    """An object that acts when it is unpickled."""

    sprung = False

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return setattr, (Trap, "sprung", True)


def test_a_pickle_is_not_opened() -> None:
    foreign = io.BytesIO()
    np.save(foreign, np.array([Trap()], dtype=object), allow_pickle=True)
    assert compiled_in(sealed(foreign.getvalue()), DRG) is None
    assert not Trap.sprung
    foreign.seek(0)
    np.load(foreign, allow_pickle=True)
    assert Trap.sprung  # it would have


def test_the_scheme_is_unpacked_when_asked_for(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_content: bytes) -> None:
        raise AssertionError("unpacked")

    monkeypatch.setattr("drgpay.grouper.scheme_json.scheme_from_json", never)
    found = read(content, DRG)
    assert len(found.leaves) > 100
    with pytest.raises(AssertionError, match="unpacked"):
        _ = found.scheme
