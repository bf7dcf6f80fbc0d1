"""Compiled schemes as arrays and JSON and back: nothing in such a file can be run.

A file is a digest of all that follows, then numpy arrays one after another: the tables as JSON, the
scheme as JSON (read when somebody asks for it), and the arrays that the tables name by number.
"""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from drgpay.grouper.code_patterns import PatternIndex
from drgpay.grouper.compiled import (
    AdrgRules,
    BitTable,
    CompiledScheme,
    Leaf,
    MdcRules,
    PackedScheme,
    ProfileTable,
    SeverityTable,
)
from drgpay.grouper.rules.as_json import rule_as_json, rule_from_json
from drgpay.grouper.rules.fields import CodeField, NumberField
from drgpay.grouper.rules.nodes import Count, Rule
from drgpay.records.codes import CodeIndex

Json = dict[str, Any]
Arrays = list[NDArray[Any]]
_T = TypeVar("_T")
_DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Form(Generic[_T]):
    """How one kind of compiled scheme is written and read.

    written: its tables as JSON; it appends its arrays to the list. read: the reverse.
    """

    kind: str
    packed: Callable[[_T], PackedScheme]
    written: Callable[[_T, Arrays], Json]
    read: Callable[[Json, Arrays, PackedScheme], _T]


def file_of(compiled: _T, form: Form[_T]) -> bytes:
    """The content of the file of a compiled scheme."""
    from drgpay.grouper.scheme_json import scheme_as_json  # who compiled it has these libraries

    arrays: Arrays = []
    tables: Json = {"kind": form.kind, "tables": form.written(compiled, arrays)}
    tables["arrays"] = len(arrays)
    texts = [_json_bytes(tables), scheme_as_json(form.packed(compiled).scheme)]
    file = io.BytesIO()
    for array in [*(np.frombuffer(text, np.uint8) for text in texts), *arrays]:
        np.save(file, array, allow_pickle=False)
    payload = file.getvalue()
    return hashlib.sha256(payload).digest() + payload


def compiled_in(content: bytes, form: Form[_T]) -> _T | None:
    """The compiled scheme of a file; None if it is damaged, foreign or of another kind."""
    payload = content[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != content[:_DIGEST_BYTES]:
        return None
    return _unpacked(payload, form)


@lru_cache(
    maxsize=2
)  # the scheme of stays and that of visits: months and scenarios load them again
def _unpacked(payload: bytes, form: Form[_T]) -> _T | None:
    file = io.BytesIO(payload)
    try:
        tables = json.loads(_array_in(file).tobytes())
        if tables["kind"] != form.kind:
            return None
        scheme = _array_in(file).tobytes()
        arrays = [_array_in(file) for _ in range(tables["arrays"])]
        return form.read(tables["tables"], arrays, PackedScheme(partial(_scheme_in, scheme)))
    except (ValueError, TypeError, LookupError, AttributeError, EOFError):
        return None


def _array_in(file: io.BytesIO) -> NDArray[Any]:
    found: NDArray[Any] = np.load(file, allow_pickle=False)
    return found


def _scheme_in(content: bytes) -> Any:
    from drgpay.grouper.scheme_json import scheme_from_json  # and its libraries

    return scheme_from_json(content)


def _json_bytes(content: Json) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def tables_as_json(compiled: CompiledScheme, arrays: Arrays) -> Json:
    """The tables of a compiled scheme, its scheme apart; its arrays are appended to the list."""
    rules: dict[Rule, int] = {}

    def number(rule: Rule) -> int:
        return rules.setdefault(rule, len(rules))

    tree = [
        [number(mdc.rule), [[number(adrg.rule), *map(number, adrg.drgs)] for adrg in mdc.adrgs]]
        for mdc in compiled.rules
    ]
    return {
        "id": compiled.id,
        "content_hash": compiled.content_hash,
        "code_system": compiled.code_system,
        "retry_other_procedures": compiled.retry_other_procedures,
        "columns": compiled.columns,
        "with_severity": compiled.with_severity,
        "tree": tree,
        "rules": [rule_as_json(rule) for rule in rules],
        "indexes": {
            kind: [isinstance(index, PatternIndex), index.codes]
            for kind, index in compiled.indexes.items()
        },
        "profiles": {
            field.value: _fields(table, arrays) for field, table in compiled.profiles.items()
        },
        "bits": {field.value: _fields(table, arrays) for field, table in compiled.bits.items()},
        "severity": _fields(compiled.severity, arrays),
        "counts": [rule_as_json(count) for count in compiled.counts],
        "counted_sets": {name: sorted(codes) for name, codes in compiled.counted_sets.items()},
        "thresholds": {field.value: places for field, places in compiled.thresholds.items()},
        "exempt": sorted(compiled.exempt),
        "leaves": [
            [leaf.status, leaf.mdc, leaf.adrg, leaf.drg, leaf.sorts] for leaf in compiled.leaves
        ],
    }


def tables_from_json(found: Json, arrays: Arrays, packed: PackedScheme) -> CompiledScheme:
    """The compiled scheme whose tables `tables_as_json` wrote."""
    rules = [rule_from_json(rule) for rule in found["rules"]]
    return CompiledScheme(
        packed=packed,
        id=found["id"],
        content_hash=found["content_hash"],
        code_system=found["code_system"],
        retry_other_procedures=found["retry_other_procedures"],
        columns=tuple(found["columns"]),
        with_severity=found["with_severity"],
        rules=tuple(
            MdcRules(
                rules[mdc],
                tuple(
                    AdrgRules(rules[adrg], tuple(rules[drg] for drg in drgs))
                    for adrg, *drgs in adrgs
                ),
            )
            for mdc, adrgs in found["tree"]
        ),
        indexes={
            kind: PatternIndex((), codes) if patterns else CodeIndex(codes)
            for kind, (patterns, codes) in found["indexes"].items()
        },
        profiles={
            CodeField(field): ProfileTable(**_values(table, arrays))
            for field, table in found["profiles"].items()
        },
        bits={
            CodeField(field): BitTable(**_values(table, arrays))
            for field, table in found["bits"].items()
        },
        severity=SeverityTable(**_values(found["severity"], arrays)),
        counts=tuple(_count(count) for count in found["counts"]),
        exempt=frozenset(found["exempt"]),
        counted_sets={name: frozenset(codes) for name, codes in found["counted_sets"].items()},
        thresholds={
            NumberField(field): tuple(places) for field, places in found["thresholds"].items()
        },
        leaves=tuple(
            Leaf(status, mdc, adrg, drg, tuple(sorts) if sorts else None)
            for status, mdc, adrg, drg, sorts in found["leaves"]
        ),
    )


def _fields(table: ProfileTable | BitTable | SeverityTable, arrays: Arrays) -> Json:
    """The fields of a table, in place of an array its number."""
    found = {field.name: getattr(table, field.name) for field in fields(table)}
    for name, value in found.items():
        if isinstance(value, np.ndarray):
            arrays.append(value)
            found[name] = len(arrays) - 1
    return found


def _values(found: Json, arrays: Arrays) -> Json:
    return {
        name: arrays[value] if isinstance(value, int) else value for name, value in found.items()
    }


def _count(found: list[Any]) -> Count:
    count = rule_from_json(found)
    if not isinstance(count, Count):
        raise ValueError("this is no count")
    return count
