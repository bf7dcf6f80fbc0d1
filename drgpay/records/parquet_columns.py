"""Columns of Parquet files put side by side in a new one, as they lie there: nothing is decoded.

The libraries write a row group with all its columns at once; this copies the bytes of the column
chunks and writes their footer (Thrift's compact protocol) with the new places. Only for files with
flat columns, without page indexes and Bloom filters: those of records/writing.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MAGIC = b"PAR1"
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _, _STRUCT = range(1, 13)
_WHOLE = (_I16, _I32, _I64)

Struct = dict[int, tuple[int, Any]]
"""By the number of the field: its type and its value; a list is (type of its items, items)."""


def copy_columns(sources: Sequence[tuple[Path, Sequence[str]]], out: Path) -> None:
    """Write a Parquet file of some columns of other files with row groups of the same sizes.

    sources: (file, names of columns), in the order of the new columns. What is not a column is taken
    from the last file. Raises ValueError if the row groups differ or a file is not such a file.
    """
    files = [_read_footer(path) for path, _ in sources]
    picked = [
        [file.names.index(name) for name in names]
        for file, (_, names) in zip(files, sources, strict=True)
    ]
    groups = [_items(file.footer, 4) for file in files]
    if len({tuple(group[3][1] for group in of_file) for of_file in groups}) != 1:
        raise ValueError(f"the row groups of {[str(path) for path, _ in sources]} differ")
    made: list[Struct] = []
    with out.open("wb") as target:
        place = target.write(_MAGIC)
        for of_each in zip(*groups, strict=True):
            columns: list[Struct] = []
            start = place
            for file, group, numbers in zip(files, of_each, picked, strict=True):
                for number in numbers:
                    chunk, data = _moved(_items(group, 1)[number], file.content, place)
                    place += target.write(data)
                    columns.append(chunk)
            made.append(_row_group(of_each[-1], columns, start))
        footer = dict(files[-1].footer)
        footer[2] = (_LIST, (_STRUCT, _schema(files, picked)))
        footer[4] = (_LIST, (_STRUCT, made))
        if 7 in footer:  # column orders
            orders = [
                _items(f.footer, 7)[n] for f, ns in zip(files, picked, strict=True) for n in ns
            ]
            footer[7] = (_LIST, (_STRUCT, orders))
        written = bytearray()
        _put_struct(written, footer)
        target.write(written + len(written).to_bytes(4, "little") + _MAGIC)


@dataclass(frozen=True)
class _ParquetFile:
    content: memoryview
    footer: Struct
    names: list[str]


def _read_footer(path: Path) -> _ParquetFile:
    content = path.read_bytes()
    if len(content) < 12 or content[:4] != _MAGIC or content[-4:] != _MAGIC:
        raise ValueError(f"{path} is not a Parquet file")
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    try:
        footer = _Reader(content, start).struct()
        names = [str(element[4][1], "utf-8") for element in _items(footer, 2)[1:]]
    except (IndexError, KeyError) as error:
        raise ValueError(f"{path} has a damaged footer") from error
    return _ParquetFile(memoryview(content), footer, names)


def _items(struct: Struct, number: int) -> list[Any]:
    items: list[Any] = struct[number][1][1]
    return items


def _schema(files: list[_ParquetFile], picked: list[list[int]]) -> list[Struct]:
    root = dict(_items(files[-1].footer, 2)[0])
    root[5] = (root[5][0], sum(map(len, picked)))  # how many columns
    elements = [
        _items(file.footer, 2)[1 + number]
        for file, numbers in zip(files, picked, strict=True)
        for number in numbers
    ]
    return [root, *elements]


def _moved(chunk: Struct, content: memoryview, place: int) -> tuple[Struct, memoryview]:
    """A column chunk as it is described at its new place, and its bytes."""
    about: Struct = dict(chunk[3][1])
    places = (9, 10, 11)  # of its data, index and dictionary pages
    start = min(about[number][1] for number in places if number in about)
    for number in places:
        if number in about:
            about[number] = (about[number][0], about[number][1] - start + place)
    moved = dict(chunk)
    moved[3] = (_STRUCT, about)
    if moved[2][1]:  # older writers note the place here, too
        moved[2] = (moved[2][0], moved[2][1] - start + place)
    return moved, content[start : start + about[7][1]]


def _row_group(like: Struct, columns: list[Struct], start: int) -> Struct:
    group = dict(like)
    group[1] = (_LIST, (_STRUCT, columns))
    group[2] = (_I64, sum(column[3][1][6][1] for column in columns))
    if 5 in group:
        group[5] = (_I64, start)
    if 6 in group:
        group[6] = (_I64, sum(column[3][1][7][1] for column in columns))
    return group


class _Reader:
    """Reads Thrift's compact protocol from a place on."""

    def __init__(self, content: bytes, place: int) -> None:
        self._content = content
        self._place = place

    def struct(self) -> Struct:
        fields: Struct = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._whole()
            type_ = head & 15
            fields[number] = (type_, None if type_ in (_TRUE, _FALSE) else self._value(type_))
        return fields

    def _value(self, type_: int) -> Any:
        if type_ in _WHOLE:
            return self._whole()
        if type_ == _BINARY:
            return self._take(self._count())
        if type_ == _STRUCT:
            return self.struct()
        if type_ in (_LIST, _SET):
            head = self._byte()
            items = self._count() if head >> 4 == 15 else head >> 4
            return head & 15, [self._value(head & 15) for _ in range(items)]
        if type_ in (_TRUE, _FALSE, _BYTE, _DOUBLE):
            return self._take(8 if type_ == _DOUBLE else 1)
        raise ValueError(f"the footer has a value of the unknown type {type_}")

    def _byte(self) -> int:
        self._place += 1
        return self._content[self._place - 1]

    def _take(self, size: int) -> bytes:
        self._place += size
        return self._content[self._place - size : self._place]

    def _count(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        return value | byte << shift

    def _whole(self) -> int:
        value = self._count()
        return value >> 1 ^ -(value & 1)


def _put_struct(to: bytearray, fields: Struct) -> None:
    last = 0
    for number, (type_, value) in sorted(fields.items()):
        if number - last <= 15:
            to.append((number - last) << 4 | type_)
        else:
            to.append(type_)
            _put_count(to, number << 1)
        if value is not None:
            _put(to, type_, value)
        last = number
    to.append(0)


def _put(to: bytearray, type_: int, value: Any) -> None:
    if type_ in _WHOLE:
        _put_count(to, value << 1 ^ (value >> 63))
    elif type_ == _BINARY:
        _put_count(to, len(value))
        to += value
    elif type_ == _STRUCT:
        _put_struct(to, value)
    elif type_ in (_LIST, _SET):
        of, items = value
        if len(items) < 15:
            to.append(len(items) << 4 | of)
        else:
            to.append(0xF0 | of)
            _put_count(to, len(items))
        for item in items:
            _put(to, of, item)
    else:
        to += value


def _put_count(to: bytearray, value: int) -> None:
    while value > 0x7F:
        to.append(value & 0x7F | 0x80)
        value >>= 7
    to.append(value)
