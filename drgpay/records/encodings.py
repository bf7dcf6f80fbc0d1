"""How text files are written: UTF-8 and UTF-16 by their marks, else UTF-8, else GB18030."""

import codecs
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drgpay.base.errors import DrgpayError
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/records")

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_AUTOMATIC = ("utf-8", "gb18030")
_CHUNK = 8 * 1024 * 1024

Spans = list[tuple[int, int]]


def mark_of(path: Path, head: bytes, encoding: str | None) -> tuple[int, str | None]:
    """Where the text begins, and the encoding that its mark names.

    Raises DrgpayError where `encoding` is another one.
    """
    for mark, named in _MARKS.items():
        if head.startswith(mark):
            if encoding and _codec_named(encoding) not in (named, named[:6]):
                said = {"path": path, "mark": named[:6].upper(), "encoding": encoding}
                raise DrgpayError(*_ERRORS("marked_text", **said))
            return len(mark), named
    return 0, None


def width_of(encoding: str | None) -> int:
    """Bytes of a unit in which line ends and quotation marks are looked for."""
    return 2 if encoding and encoding.startswith("utf-16") else 1


def units_of(chunk: bytes, marked: str | None) -> NDArray[Any]:
    """The bytes of a text, or the units of two bytes of UTF-16; half a unit at the end is left out."""
    if width_of(marked) == 1:
        return np.frombuffer(chunk, dtype=np.uint8)
    whole = len(chunk) - len(chunk) % 2
    return np.frombuffer(chunk[:whole], dtype=">u2" if marked == "utf-16-be" else "<u2")


def encoding_of(
    path: Path, spans: Spans, encoding: str | None, marked: str | None, looked_for: Iterable[str]
) -> tuple[str, set[int]]:
    """The encoding of a file whose text lies in `spans`, which end at whole characters, and the
    spans whose text has something that is looked for.

    Raises DrgpayError naming byte and line where it is in none of those that come into question.
    """
    if marked:
        candidates: tuple[str, ...] = (marked,)
    else:
        candidates = (_codec(encoding),) if encoding else _AUTOMATIC
    texts = [*looked_for]
    for candidate in candidates:
        wrong, seen = _first_undecodable(path, spans, candidate, texts)
        if wrong is None:
            return candidate, seen
    first, *_, last = (candidates[0], *candidates)
    line = 1 + _line_feeds_before(path, wrong or 0)
    said = {"path": path, "encoding": last.upper(), "byte": (wrong or 0) + 1, "line": line}
    if first == last:
        raise DrgpayError(*_ERRORS("other_encoding", **said))
    raise DrgpayError(*_ERRORS("neither_encoding", first=first.upper(), **said))


def text_of(path: Path, encoding: str | None) -> str:
    """The whole text of a small file; line ends as they are. Raises DrgpayError."""
    try:
        content = path.read_bytes()
        start, marked = mark_of(path, content, encoding)
        found, _ = encoding_of(path, [(start, len(content))], encoding, marked, ())
    except OSError as error:
        reason = reason_of(error)
        raise DrgpayError(*_ERRORS("unreadable", path=path, reason=reason)) from None
    return content[start:].decode(found)


def _codec_named(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name.removesuffix("-sig")
    except LookupError:
        raise DrgpayError(*_ERRORS("unusable_encoding", encoding=encoding)) from None


def _codec(encoding: str) -> str:
    codec = _codec_named(encoding)
    try:
        ascii_compatible = '",\n|;'.encode(codec) == b'",\n|;'
    except LookupError:
        ascii_compatible = False
    if not ascii_compatible:
        raise DrgpayError(*_ERRORS("unusable_encoding", encoding=encoding))
    return codec


def _first_undecodable(
    path: Path, spans: Spans, encoding: str, looked_for: list[str]
) -> tuple[int | None, set[int]]:
    """The first byte, from 0, that the encoding does not allow; the spans with what is looked for."""
    seen: set[int] = set()
    with path.open("rb") as file:
        for number, (start, end) in enumerate(spans):
            file.seek(start)
            try:
                text = file.read(end - start).decode(encoding)
            except UnicodeDecodeError as error:
                return start + error.start, seen
            if any(one in text for one in looked_for):
                seen.add(number)
    return None, seen


def _line_feeds_before(path: Path, place: int) -> int:
    count = 0
    with path.open("rb") as file:
        while place > 0 and (chunk := file.read(min(place, _CHUNK))):
            count += chunk.count(b"\n")
            place -= len(chunk)
    return count
