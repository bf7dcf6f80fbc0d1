"""The one reader of TOML files: jobs, years, policies, scenarios, mappings, overlays, schemes.

What a small file could ask for without end is refused in one sentence before it is parsed: its size,
how deep it nests, how long its numbers are. So is what no file of the program may hold: a password.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from drgpay.base.addresses import DATABASE_REMEDY, names_database
from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.gaps import is_gap, lacking
from drgpay.base.language import Words, alike
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/base")

MOST_BYTES = 4_000_000
MOST_LEVELS = 30
_MOST_DIGITS = 40  # of a number with a decimal point or an exponent
_MOST_EXPONENT = 30
_LARGEST = 2**63 - 1  # TOML's integers have 64 bits

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Strings and comments; each also matches where the file ends inside it, so that no place of a file
# is looked at twice.
_TEXTS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\\?\Z)'
    r"|'''(?:[^']|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\[^\n])*+(?:"|\\?(?=\n|\Z))'
    r"|'[^'\n]*+(?:'|(?=\n|\Z))"
    r"|\#[^\n]*+",
    re.DOTALL,
)
_DOTTED = re.compile(r"[\w\-. \t]++")  # may be a dotted key
_BRACKET = re.compile(r"[\[\]{}]")
_LONG_NUMBER = re.compile(r"[0-9][0-9_]{18,}+")
_PLACE = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)$")
_PAIR = re.compile(r"\s*([\w.\-]+)\s*[=＝]\s*(.*?)\s*(?:#.*)?$")
_BARE = re.compile(r"[^\s\"'\[\]{}#=“”‘’]+")


def read_toml(path: Path, what: Words, *, decimals: bool = False) -> dict[str, Any]:
    """The values of a TOML file in UTF-8, or in UTF-16 with its mark; `what` the file is, is named.

    decimals: numbers with a point are Decimal, with the digits that were written, else float.
    Raises DrgpayError, naming the file and the line or the key, for a file that there is not or that
    cannot be read, that is larger than MOST_BYTES, in another encoding, no TOML, nested deeper than
    MOST_LEVELS or has numbers out of all proportion, for a value that is an address of a database,
    and for one that is still to be filled in (base/gaps.py).
    """
    return parse_toml(_text_of(path, what), path, decimals=decimals)


def parse_toml(text: str, path: Path, *, decimals: bool = False) -> dict[str, Any]:
    """The values of a text of TOML, refused as `read_toml` does; path: what messages call it."""
    _refuse_depth(path, text)
    number = _number_reader(path, text, Decimal if decimals else float)
    try:
        raw = tomllib.loads(text, parse_float=number)
    except tomllib.TOMLDecodeError as error:
        _refuse_line(path, text, error)
    except ValueError:  # Python reads no integer of thousands of digits
        place = _line_of(path, text, _LONG_NUMBER)
        raise DrgpayError(*_ERRORS("thousands_of_digits", place=place)) from None
    for key, value in _leaves(raw):
        if isinstance(value, int) and abs(value) > _LARGEST:
            place = _line_of(path, text, _LONG_NUMBER)
            raise DrgpayError(*_ERRORS("large_number", place=place, key=key))
        if isinstance(value, str) and names_database(value):
            problem = _ERRORS.words("address_as_value.problem", path=path, key=key)
            raise DrgpayError(problem, DATABASE_REMEDY)
    _refuse_gaps(path, text, raw)
    return raw


def _refuse_gaps(path: Path, text: str, raw: Mapping[str, Any]) -> None:
    """Raise DrgpayError for the first value that is still to be filled in."""
    gaps = [
        (text.find(value), key, value)
        for key, value in _leaves(raw)
        if isinstance(value, str) and is_gap(value)
    ]
    if gaps:
        _, key, value = min(gaps)
        place = _line_of(path, text, re.compile(re.escape(value)))
        said = {"key": key, "what": shortened(lacking(value), 80)}
        raise DrgpayError(*_ERRORS("gap_left", place=place, **said))


def _text_of(path: Path, what: Words) -> str:
    if not path.exists():
        raise DrgpayError(*_ERRORS("no_file", what=what, path=path))
    if not path.is_file():
        kind = _ERRORS.words("is_folder" if path.is_dir() else "is_no_file")
        raise DrgpayError(*_ERRORS("no_such_kind", what=what, path=path, kind=kind))
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DrgpayError(
            *_ERRORS("unreadable_file", what=what, path=path, reason=reason_of(error))
        ) from None
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 1_000_000
        raise DrgpayError(*_ERRORS("large_file", what=what, path=path, most=most))
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        _refuse_encoding(path, content, error.start)
    if "\0" in text:
        _refuse_encoding(path, content, content.find(0))
    return text


def _refuse_encoding(path: Path, content: bytes, start: int) -> NoReturn:
    """Name what a file without a mark is written in. It is not read: a wrong guess changes names."""
    line = content.count(10, 0, start) + 1
    looks = _ERRORS.words(_encoding_of(content))
    raise DrgpayError(*_ERRORS("no_utf_8", path=path, line=line, looks=looks))


def _encoding_of(content: bytes) -> str:
    if content.count(0) * 4 > len(content):
        return "like_utf_16"
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return "like_nothing"
    return "like_gb18030"


def _refuse_depth(path: Path, text: str) -> None:
    """The parser calls itself for brackets and takes the square of the length for dotted keys."""
    plain = _TEXTS.sub(lambda found: "x" + "\n" * found[0].count("\n"), text)
    deep = 0
    for number, line in enumerate(plain.split("\n"), start=1):
        for bracket in _BRACKET.finditer(line):
            deep = deep + 1 if bracket[0] in "[{" else max(0, deep - 1)
            if deep > MOST_LEVELS:
                _refuse_levels(path, number)
        dots = max((found[0].count(".") for found in _DOTTED.finditer(line)), default=0)
        if dots >= MOST_LEVELS:
            _refuse_levels(path, number)


def _refuse_levels(path: Path, line: int) -> NoReturn:
    raise DrgpayError(*_ERRORS("deep", path=path, line=line, most=MOST_LEVELS))


def _number_reader(
    path: Path, text: str, kind: Callable[[str], Decimal | float]
) -> Callable[[str], Decimal | float]:
    def read(written: str) -> Decimal | float:
        digits, _, exponent = written.lower().replace("_", "").partition("e")
        too_long = len(digits) > _MOST_DIGITS
        if too_long or len(exponent) > 4 or abs(int(exponent or 0)) > _MOST_EXPONENT:
            place = _line_of(path, text, re.compile(re.escape(written)))
            raise DrgpayError(*_ERRORS("long_number", place=place, number=shortened(written, 40)))
        return kind(written)

    return read


def _line_of(path: Path, text: str, pattern: re.Pattern[str]) -> Words:
    """The file, and the line where a pattern is found."""
    found = pattern.search(text)
    if not found:
        return alike(path)
    return _ERRORS.words("line", path=path, line=text.count("\n", 0, found.start()) + 1)


def _refuse_line(path: Path, text: str, error: tomllib.TOMLDecodeError) -> NoReturn:
    place = _PLACE.search(str(error))
    said = _PLACE.sub("", str(error))
    said = shortened(said[:1].lower() + said[1:], 200)
    lines = text.splitlines() or [""]
    number = int(place[1]) if place and place[1] else len(lines)
    line = lines[min(number, len(lines)) - 1]
    problem, remedy = _ERRORS("no_toml", path=path, line=number, said=said)
    meant = _line_as_it_should_be(line)
    raise DrgpayError(problem, _ERRORS.words("line_as", line=meant) if meant else remedy)


def _line_as_it_should_be(line: str) -> str | None:
    """How a line should read that lacks its quotes, has typographic ones, or backslashes in them."""
    found = _PAIR.match(line) if len(line) <= 300 else None
    if not found:
        return None
    key, value = found[1], found[2]
    inner = value.strip("\"'“”‘’「」＂")
    if "\\" in inner and value.startswith('"') and "'" not in inner:
        meant = f"'{inner}'"
    elif (value[:1] in "“”‘’「＂" and inner) or _BARE.fullmatch(value):
        meant = f'"{inner}"'
    else:
        return None
    return f"{key} = {meant}"


def _leaves(raw: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every value that is no table and no list, with the dotted path of its key."""
    waiting: list[tuple[str, Any]] = [("", raw)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}" if path else key, below) for key, below in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}.{place}", below) for place, below in enumerate(value)]
        else:
            yield path, value
