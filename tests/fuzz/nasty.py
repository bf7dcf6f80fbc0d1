"""Tables with nasty cells: what people, spreadsheets and data bases write, and worse."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

Row = dict[str, Any]

MEGABYTE = "x" * 1_000_000

TEXTS_THAT_STAY_TEXTS = (
    '=HYPERLINK("http://example.invalid/","x")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "-2+3",
    "'=1+1",
    "\t=1+1",
    '<script>document.title="X"</script>',
    '"><img src=x onerror="document.title=\'X\'">',
    "</svg><script>1</script>",
    "{{7*7}}",
    "{% raw %}",
    "]]>",
    "%s%n{0}{name}",
    "../../../../x",
    "/x",
    "CON",
    "a\u2044\u200fb",
    "\x1b[31mred",
    "[bold]x[/bold]",
    "[/]",
    "[link=http://example.invalid]x[/link]",
    "'; DROP TABLE runs; --",
    "nul\x00inside",
    "line\nbreak",
    "tab\tinside",
    "zero\u200bwidth",
    "y" * 300,
)
"""The texts of people that may appear nowhere as markup, formula, path, SQL, template or control."""

TEXTS = (
    *TEXTS_THAT_STAY_TEXTS,
    *("", " ", "\u3000", "\xa0 ", "\ufeff", "\u200b", "\u2060", "NULL", "null", "None", "NaN", "nan"),
    *("-", "--", "\\N", "#N/A", "#REF!", "__HIVE_DEFAULT_PARTITION__", "合计", "总计", "nan "),
    *("0", "1", "2", "-1", "9", "1.5", "1e3", "1E308", "3.39E+19", "inf", "-inf", "Infinity", "1_000"),
    *("٣٥", "३५", "３５", "Ⅳ", "½", "²", "1,234.50", "1.234,50", "12.345", "9" * 18, "9" * 19, "9" * 400),
    *("0.1", ".5", "5.", "+1", "0x1F", "true", "FALSE", "是", "否", "yes", "TRUE ", "Y", "t", "0.0"),
    *("2026-10-01", "2026/9/1", "2026.9.21", "20261301", "0001-01-01", "9999-12-31", "2026-02-30"),
    *("10000-01-01", "-0001-01-01", "2026-10-01T00:00:00Z", "2026-10-01 16:00:00", "26-1-1", "45931"),
    *("2026-10-01 24:00:00", "2026-10-01 23:59:60", "2026-10-01T00:00:00+99:99", "0000-00-00"),
    *("2026-10-01T00:00:00.123456789+08:00", "99999999", "2026年13月1日", "00000000", "１９００-０１-０１"),
    *("A00;A01", "A00|A01", "A00，A01", "A00、A01", "A00 A01", "[]", '["A00"]', '["A00",', "[null]", '[""]'),
    *("j42.X00", "Ｊ４２．Ｘ００", "X", "x", "XX", "|", ";", "||||", "A00||", "\x1f", "\x1e", "\x1ebad_type\x1fsex"),
    *("employee", "EMPLOYEE", "drg", "bed_day", "fee", "drug", "ordinary", "H1", "C1", "V1", "H1 ", "ｈ１"),
    *("\u202eabc", "é", "e\u0301", "ß", "İ", "ı", "\U0001f600", "\U0010ffff", "\ud7ff", "\ue000", "𠮷"),
)  # fmt: skip

BYTES = (
    b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"a\xffb", b"\xf4\x90\x80\x80", b"\xe4\xb8", b"\x80",
    "内科".encode("gb18030"),
)  # fmt: skip

WHOLE = (0, 1, -1, 2, 3, 9, 120, 151, 3_650, 3_651, 10**6, 2**31 - 1, -(2**31), 2**53 + 1, 2**62, 2**63 - 1, -(2**63))  # fmt: skip
FLOATS = (
    0.0, -0.0, 1.0, 0.5, -1.0, 0.005, 1e-300, 5e-324, 1e16, 9e16, 9e18, 1e300, 1.7e308, float("nan"),
    float("inf"), float("-inf"), 0.1 + 0.2, 2.0**53 + 2, 3.4e38, 999999.995,
)  # fmt: skip
DECIMALS = (
    "0",
    "0.01",
    "-0.01",
    "0.001",
    "1E+8",
    "100000000.01",
    "9E+15",
    "99999999999999.99",
    "-1",
)
DAYS = (
    -(2**31),
    2**31 - 1,
    -800_000,
    -719_163,
    -719_162,
    0,
    -25_568,
    84_005,
    84_006,
    2_932_896,
    3_000_000,
)

INTEGER_TYPES = (
    pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
)  # fmt: skip
FLOAT_TYPES = (pa.float16(), pa.float32(), pa.float64())
DECIMAL_TYPES = (
    pa.decimal32(9, 2), pa.decimal64(18, 2), pa.decimal128(18, 2), pa.decimal128(38, 0),
    pa.decimal128(38, 10), pa.decimal256(76, 2), pa.decimal256(60, 30),
)  # fmt: skip
STAMP_TYPES = tuple(
    pa.timestamp(unit, zone)
    for unit in ("s", "ms", "us", "ns")
    for zone in (None, "UTC", "Asia/Shanghai", "+08:00", "America/New_York")
)
TEXT_TYPES = (
    pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(),
    pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.large_string()),
    pa.dictionary(pa.uint32(), pa.string()), pa.dictionary(pa.int32(), pa.binary()),
)  # fmt: skip
LIST_TYPES = (
    pa.list_(pa.string()), pa.large_list(pa.large_string()), pa.list_view(pa.string()),
    pa.large_list_view(pa.string()), pa.list_(pa.binary()), pa.list_(pa.string_view()),
    pa.list_(pa.dictionary(pa.int32(), pa.string())),
)  # fmt: skip
WRONG: tuple[tuple[pa.DataType, Any], ...] = (
    (pa.null(), None),
    (pa.bool_(), True),
    (pa.time32("s"), 5),
    (pa.time64("us"), 5),
    (pa.duration("us"), 5),
    (pa.binary(4), b"abcd"),
    (pa.struct([("a", pa.string())]), {"a": "x"}),
    (pa.map_(pa.string(), pa.string()), [("a", "b")]),
    (pa.list_(pa.int64()), [1, None]),
    (pa.list_(pa.list_(pa.string())), [["a"], None]),
    (pa.list_(pa.struct([("code", pa.string())])), [{"code": "A"}]),
    (pa.list_(pa.null()), [None]),
    (pa.list_(pa.string()), ["A"]),
    (pa.list_(pa.string(), 2), ["A", None]),
    (pa.date32(), 5),
    (pa.date64(), 86_400_000),
    (pa.timestamp("ns", "UTC"), 5),
    (pa.int64(), 2**62),
    (pa.float64(), float("nan")),
    (pa.decimal256(76, 0), Decimal(10**70)),
    (pa.dictionary(pa.int32(), pa.int64()), 3),
    (pa.month_day_nano_interval(), (1, 2, 3)),
    (pa.float16(), 1.5),
    (pa.string(), "A"),
)  # fmt: skip


@dataclass(frozen=True)
class Spoiled:
    """A table some cells of which are nasty.

    touched: the rows (of `rows`) that are not what they were. tame: whether only cells are nasty, of
    types that their columns may have, so that nothing may refuse the whole table. columns: those with
    nasty cells.
    """

    arrays: dict[str, pa.Array]
    texts: list[dict[str, str | None]]
    touched: frozenset[int]
    tame: bool
    what: str
    rows: int
    columns: frozenset[str] = frozenset()


def as_text(value: Any) -> str | None:
    """A good value as it would stand in a CSV file."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "|".join(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def array_of(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """An array of any type; strings may hold bytes that are no text."""
    if pa.types.is_dictionary(type_):
        return array_of(values, type_.value_type).dictionary_encode().cast(type_)
    if _is_text(type_):
        raw = [
            value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
            for value in values
        ]
        wide = pa.types.is_large_string(type_) or pa.types.is_large_binary(type_)
        array = pa.array(raw, pa.large_binary() if wide else pa.binary())
        if pa.types.is_string_view(type_):
            return pa.array(raw, pa.binary_view()).view(type_)
        return array.view(type_) if type_ != array.type else array
    return pa.array(values, type_)


def _is_text(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(type_) or pa.types.is_large_string(type_)
        or pa.types.is_string_view(type_) or pa.types.is_binary(type_) or pa.types.is_large_binary(type_)
    ) and type_ != pa.binary(4)  # fmt: skip


def plain_array(values: Sequence[Any]) -> pa.Array:
    """Good values in their usual type."""
    some = next((value for value in values if value is not None), None)
    if isinstance(some, list):
        return pa.array(values, pa.list_(pa.string()))
    if isinstance(some, Decimal):
        return pa.array(values, pa.decimal128(18, 2))
    return pa.array(values)


def spoiled(rows: Sequence[Row], random: Random, most_columns: int = 3) -> Spoiled:
    """Rows with some cells of one to three columns spoiled, in any type that Parquet has."""
    table = [dict(row) for row in rows]
    touched: set[int] = set()
    doubled = ""
    if random.random() < 0.15:
        which = random.randrange(len(table))
        touched |= {which, len(table)}
        table.append(dict(table[which]))
        doubled = f"row {which} twice; "
    names = list(table[0])
    chosen = random.sample(names, min(len(names), random.randint(1, most_columns)))
    arrays: dict[str, pa.Array] = {}
    texts = [{name: as_text(row[name]) for name in names} for row in table]
    tame, what = True, [doubled]
    for name in names:
        values = [row[name] for row in table]
        if name not in chosen:
            arrays[name] = plain_array(values)
            continue
        if random.random() < 0.07:
            type_, value = random.choice(WRONG)
            cells = [value if random.random() < 0.8 else None for _ in values]
            arrays[name] = array_of(cells, type_)
            touched |= set(range(len(table)))
            tame = False
            what.append(f"{name}: {type_} {value!r}")
            for text in texts:
                text[name] = random.choice(TEXTS)
            continue
        places = random.sample(range(len(table)), random.randint(1, max(1, len(table) // 2)))
        touched |= set(places)
        arrays[name], said = _spoiled_column(values, places, random)
        what.append(f"{name}: {said}")
        for place in places:
            texts[place][name] = random.choice(TEXTS) if random.random() < 0.99 else MEGABYTE
    said = "; ".join(what)
    return Spoiled(arrays, texts, frozenset(touched), tame, said, len(table), frozenset(chosen))


def _spoiled_column(values: list[Any], places: list[int], random: Random) -> tuple[pa.Array, str]:
    some = next((value for value in values if value is not None), "")
    if random.random() < 0.45 or isinstance(some, str):
        return _as_texts(values, places, random)
    if isinstance(some, bool):
        type_ = random.choice([pa.bool_(), *INTEGER_TYPES])
        nasty: list[Any] = [None, True] if type_ == pa.bool_() else [_fitting(type_, random), None]
    elif isinstance(some, datetime | date):
        return _as_dates(values, places, random)
    elif isinstance(some, list):
        return _as_lists(values, places, random)
    else:
        type_ = random.choice([*INTEGER_TYPES, *FLOAT_TYPES, *DECIMAL_TYPES])
        nasty = [_fitting(type_, random) for _ in range(4)] + [None]
        narrow = pa.types.is_integer(type_) or type_ in (pa.float16(), pa.float32())
        if isinstance(some, Decimal) and (narrow or type_ == pa.decimal128(38, 0)):
            type_, nasty = pa.float64(), [*FLOATS, None]
        whole = [value for value in values if value is not None]
        if any(value != int(value) for value in whole) and pa.types.is_integer(type_):
            type_, nasty = pa.float64(), [*FLOATS, None]
        if any(value < 0 for value in whole) and pa.types.is_unsigned_integer(type_):
            type_, nasty = pa.int64(), [*WHOLE, None]
        if type_.bit_width < 32 or type_ == pa.decimal32(9, 2):
            type_, nasty = pa.int64(), [*WHOLE, None]
            if isinstance(some, Decimal):
                type_, nasty = pa.decimal128(30, 3), [*map(Decimal, DECIMALS), None]
    cells = list(values)
    for place in places:
        cells[place] = random.choice(nasty)
    if pa.types.is_floating(type_):
        cells = [None if cell is None else float(cell) for cell in cells]
    elif pa.types.is_integer(type_):
        cells = [None if cell is None else int(cell) for cell in cells]
    elif pa.types.is_decimal(type_):
        cells = [None if cell is None else _rounded(Decimal(cell), type_) for cell in cells]
    return array_of(cells, type_), f"{type_} {[cells[place] for place in places]!r}"


def _rounded(value: Decimal, type_: pa.DataType) -> Decimal:
    return value if abs(value) > 10**20 else round(value, min(type_.scale, 6))


def _fitting(type_: pa.DataType, random: Random) -> Any:
    """A nasty number that an Arrow type can hold."""
    if pa.types.is_floating(type_):
        given = random.choice(FLOATS)
        return given if not pa.types.is_float16(type_) else min(max(given, -60_000.0), 60_000.0)
    if pa.types.is_decimal(type_):
        largest = 10 ** (type_.precision - type_.scale) - 1
        fitting = [Decimal(one) for one in DECIMALS if abs(Decimal(one)) <= largest]
        return random.choice([*fitting, Decimal(largest), Decimal(-largest)])
    low = 0 if pa.types.is_unsigned_integer(type_) else -(2 ** (type_.bit_width - 1))
    high = 2 ** (type_.bit_width - (0 if low == 0 else 1)) - 1
    return random.choice([low, high, *[one for one in WHOLE if low <= one <= high]])


def _as_texts(values: list[Any], places: list[int], random: Random) -> tuple[pa.Array, str]:
    type_ = random.choice(TEXT_TYPES)
    cells: list[Any] = [as_text(value) for value in values]
    for place in places:
        chance = random.random()
        if chance < 0.1:
            cells[place] = None
        elif chance < 0.25:
            cells[place] = random.choice(BYTES)
        elif chance < 0.26:
            cells[place] = MEGABYTE
        else:
            cells[place] = random.choice(TEXTS)
    return array_of(cells, type_), f"{type_} {[_short(cells[place]) for place in places]}"


def _short(cell: Any) -> str:
    return repr(cell)[:80]


def _as_dates(values: list[Any], places: list[int], random: Random) -> tuple[pa.Array, str]:
    """Dates as numbers, so that any number can stand for one."""
    type_ = random.choice([pa.date32(), pa.date64(), *STAMP_TYPES])
    per_day = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
    each = 1
    if pa.types.is_date64(type_):
        each = 86_400_000
    elif pa.types.is_timestamp(type_):
        each = per_day[type_.unit]
    numbers: list[int | None] = [
        None if value is None else (value - date(1970, 1, 1)).days * each for value in values
    ]
    if pa.types.is_timestamp(type_) and type_.tz is not None:
        # Midnight in Shanghai, whatever zone the moments are shown in.
        numbers = [None if one is None else one - 8 * each // 24 for one in numbers]
    limit = 2**31 if pa.types.is_date32(type_) else 2**63
    for place in places:
        nasty = [day * each for day in DAYS] + [limit - 1, 1 - limit, -limit, None, 0]
        nasty = [one for one in nasty if one is None or -limit <= one < limit]
        numbers[place] = random.choice(nasty)
    raw = pa.array(numbers, pa.int32() if pa.types.is_date32(type_) else pa.int64())
    return raw.view(type_), f"{type_} {[numbers[place] for place in places]}"


def _as_lists(values: list[Any], places: list[int], random: Random) -> tuple[pa.Array, str]:
    type_ = random.choice(LIST_TYPES)
    cells = list(values)
    for place in places:
        items: list[Any] = [random.choice([*TEXTS, None]) for _ in range(random.randrange(5))]
        if random.random() < 0.05:
            items = [random.choice(TEXTS)] * 2000
        cells[place] = random.choice([items, items, items, None])
    encoded = [
        None
        if cell is None
        else [None if one is None else one.encode("utf-8", "surrogatepass") for one in cell]
        for cell in cells
    ]
    item_type = type_.value_type
    if not pa.types.is_binary(item_type):
        encoded = [
            None
            if cell is None
            else [None if one is None else one.decode("utf-8", "replace") for one in cell]
            for cell in encoded
        ]
        return pa.array(encoded, type_), f"{type_} {[_short(cells[place]) for place in places]}"
    for place in places:
        if encoded[place] and random.random() < 0.5:
            encoded[place] = [*(encoded[place] or []), random.choice(BYTES)]
    return pa.array(encoded, type_), f"{type_} {[_short(encoded[place]) for place in places]}"


def write_parquet(table: Spoiled, place: Path, random: Random) -> Spoiled:
    """As one of the many kinds of Parquet file; types that none has are written as text."""
    arrays = dict(table.arrays)
    options: dict[str, Any] = {
        "row_group_size": random.choice([1, 2, 3, 1000]),
        "data_page_version": random.choice(["1.0", "2.0"]),
        "use_dictionary": random.choice([True, False]),
        "compression": random.choice(["none", "snappy", "zstd"]),
        "version": random.choice(["1.0", "2.4", "2.6"]),
    }
    # INT96 has no zone: moments with one would be other days.
    if random.random() < 0.2 and all(
        not pa.types.is_timestamp(array.type) or (array.type.unit != "ns" and not array.type.tz)
        for array in arrays.values()
    ):
        options["use_deprecated_int96_timestamps"] = True
    for name, array in arrays.items():
        try:
            pq.write_table(pa.table({name: array}), io.BytesIO(), **options)
        except (pa.ArrowException, OverflowError):
            arrays[name] = pa.array(["?"] * len(array))
            table = replace(table, touched=frozenset(range(table.rows)), tame=False)
    pq.write_table(pa.table(arrays), place, **options)
    return table


LONGEST_IN_EXCEL = 32_767


def write_excel(table: Spoiled, place: Path, random: Random) -> None:
    """As a workbook: cells are texts, or what Excel makes of them; sometimes the archive is damaged."""
    names = list(table.texts[0])
    book = xlsxwriter.Workbook(place, {"nan_inf_to_errors": True})
    sheet = book.add_worksheet(random.choice(["Sheet1", "清单", "a'b (x)"]))
    day = book.add_format({"num_format": random.choice(["yyyy-mm-dd", "General", "[h]:mm:ss"])})
    first = random.choice([0, 0, 0, 2])
    if first:
        sheet.write_string(0, 0, "某市 2026年10月")
    for column, name in enumerate(names):
        sheet.write_string(first, column, name)
        for row, texts in enumerate(table.texts, first + 1):
            _write_cell(sheet, row, column, (texts[name] or "")[:LONGEST_IN_EXCEL], day, random)
    book.close()
    if random.random() < 0.1:
        content = place.read_bytes()
        place.write_bytes(random.choice([_cut, _noise])(content, random))


def _write_cell(sheet: Any, row: int, column: int, text: str, day: Any, random: Random) -> None:
    chance = random.random()
    if chance < 0.001:
        sheet.write_formula(row, column, "=1/0", None, "")  # of which the value was not stored
    elif chance < 0.01:
        sheet.write_formula(row, column, "=1/0", None, random.choice(["#DIV/0!", text or 1]))
    elif chance < 0.02:
        sheet.write_boolean(row, column, random.choice([True, False]))
    elif chance < 0.03:
        sheet.write_number(row, column, random.choice([*FLOATS[:12], 45931, 45931.5, -1, 3e6]), day)
    elif chance < 0.4 and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,4})?", text):
        sheet.write_number(row, column, float(text))
    elif chance < 0.5 and re.fullmatch(r"20[0-9]{2}-0[1-9]-[0-2][1-8]", text):
        sheet.write_datetime(row, column, datetime.fromisoformat(text), day)
    elif text:
        sheet.write_string(row, column, text)
    elif chance > 0.9:
        sheet.write_blank(row, column, None, day)


@dataclass(frozen=True)
class WrittenCsv:
    """How a CSV file was written: whether it is a proper one of the texts of the table."""

    proper: bool
    what: str


def write_csv(table: Spoiled, place: Path, random: Random) -> WrittenCsv:
    """As CSV of one of many programs, sometimes damaged."""
    names = list(table.texts[0])
    end = random.choice(["\n", "\r\n"])
    file = io.StringIO(newline="")
    quoting: Any = random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(file, lineterminator=end, quoting=quoting)
    writer.writerow(names)
    writer.writerows([row[name] or "" for name in names] for row in table.texts)
    content = file.getvalue()
    encoding = random.choice(["utf-8", "utf-8", "utf-8-sig", "gb18030"])
    data = content.encode(encoding, "surrogatepass" if encoding != "gb18030" else "replace")
    damage = random.choice(_DAMAGES) if random.random() < 0.4 else None
    # Blanks alone in a quoted cell, or a row of one empty cell, are read as they stand.
    if damage is not None:
        data = damage(data, random)
    place.write_bytes(data)
    # A row whose first cell says that it is a sum is left out, which other tests hold.
    sums = any(next(filter(None, row.values()), "") in ("合计", "总计") for row in table.texts)
    proper = damage is None and encoding.startswith("utf-8") and not sums
    return WrittenCsv(proper, f"{encoding} {end!r} {damage.__name__ if damage else ''}")


def _broken_quote(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + b'"' + data[place:]


def _ragged(data: bytes, random: Random) -> bytes:
    lines = data.split(b"\n")
    which = random.randrange(len(lines))
    lines[which] = random.choice([lines[which] + b",more", lines[which].rpartition(b",")[0], b""])
    return b"\n".join(lines)


def _nul(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + b"\x00" * random.choice([1, 3]) + data[place:]


def _mixed_ends(data: bytes, random: Random) -> bytes:
    ends = [b"\n", b"\r\n", b"\r", b"\n\n"]
    return b"".join(line + random.choice(ends) for line in data.splitlines())


def _returns(data: bytes, random: Random) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r")


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def _noise(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + random.randbytes(random.randint(1, 8)) + data[place:]


def _other_delimiter(data: bytes, random: Random) -> bytes:
    return data.replace(b",", random.choice([b";", b"\t", b"|"]))


def _doubled_heading(data: bytes, random: Random) -> bytes:
    first = data.split(b"\n")[0]
    return random.choice(
        [first + b"\n" + data, data.replace(b",", b",,", 1), b"\n" + data, data + first]
    )


def _utf16(data: bytes, random: Random) -> bytes:
    return data.decode("utf-8", "replace").encode(
        random.choice(["utf-16", "utf-16-le", "utf-16-be"])
    )


_DAMAGES = (
    _broken_quote, _ragged, _nul, _mixed_ends, _returns, _cut, _noise, _other_delimiter,
    _doubled_heading, _utf16,
)  # fmt: skip
