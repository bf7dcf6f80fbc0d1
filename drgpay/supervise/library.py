"""`drgpay supervise-library`: tables of knowledge points (两库), Excel or CSV, as rows of item_rules.

Columns are found by their headings, batches and days are kept. A row that says no whole rule is refused with
its place; read = taken + refused.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.csv_source import open_csv
from drgpay.records.excel.source import open_excel
from drgpay.records.places import rows_of
from drgpay.records.source import SourceFile, is_csv, is_excel

_ERRORS = Sentences("errors/supervise")
_COLUMNS = (
    *(
        "rule_id",
        "kind",
        "code",
        "code2",
        "sex",
        "age_min",
        "age_max",
        "accounts",
        "price",
        "share",
    ),
    *("batch", "valid_from", "valid_to"),
)
_UNIT = re.compile(r"[(（].*?[)）]")
_DAY = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00:00)?$")
_SEPARATORS = re.compile(r"[;；、,，/|\s]+")
_NEEDED = {
    "sex": ("sex",),
    "age": ("age_min", "age_max"),
    "account": (),
    "pair": ("code2",),
    "discount": ("price", "share"),
}
"""What a rule of each kind has to say; of `age` one of the two."""


@dataclass(frozen=True)
class Library:
    """What was read. rules: the columns of item_rules as texts, in the order read. refused: file, row, why."""

    rules: pl.DataFrame
    refused: pl.DataFrame
    read: int


def read_library(
    paths: Sequence[Path], *, batch: str | None = None, valid_from: date | None = None
) -> Library:
    """Read tables of knowledge points; batch, valid_from: of rows that say none.

    Raises DrgpayError for a file that is neither Excel nor CSV, and for one without a column of codes or of
    kinds, or with two of one.
    """
    rules: list[dict[str, str]] = []
    refused: list[tuple[str, int, str]] = []
    seen: set[tuple[str, ...]] = set()
    read = 0
    first_day = valid_from.isoformat() if valid_from else ""
    for path in paths:
        for name, row, given in _rows(path):
            read += 1
            rule, why = _rule(given)
            rule = {**rule, "batch": rule["batch"] or batch or ""}
            rule["valid_from"] = rule["valid_from"] or first_day
            key = tuple(rule[one] for one in _COLUMNS if one not in ("rule_id", "batch"))
            if not why and key in seen:
                why = "repeated"
            if why:
                refused.append((name, row, why))
                continue
            seen.add(key)
            rules.append(
                {**rule, "rule_id": rule["rule_id"] or f"{rule['kind']}-{len(rules) + 1:06d}"}
            )
    return Library(
        pl.DataFrame(rules, schema=dict.fromkeys(_COLUMNS, pl.String)),
        pl.DataFrame(
            refused, schema={"file": pl.String, "row": pl.Int64, "why": pl.String}, orient="row"
        ),
        read,
    )


def refuse_refused_rules(library: Library) -> None:
    """Raise DrgpayError for the first refused row, with how many there are; none: nothing."""
    if library.refused.is_empty():
        return
    file, row, why = library.refused.row(0)
    said = {"file": file, "row": row, "count": library.refused.height}
    raise DrgpayError(*_ERRORS("library_rows", why=_ERRORS.words(f"library_{why}"), **said))


def _rows(path: Path) -> Iterator[tuple[str, int, Mapping[str, str]]]:
    """File, row and cells by our columns, of each row of a table."""
    source = _opened(path)
    names = _named(path, source.column_names)
    table = pa.Table.from_batches(
        [batch for piece in source.pieces() for batch in piece.batches(list(names))]
    )
    cells = {
        ours: table.column(theirs).cast(pa.string()).to_pylist() for theirs, ours in names.items()
    }
    for number, row in enumerate(rows_of(source.places, table.num_rows).tolist()):
        yield (
            source.name,
            row,
            {name: (values[number] or "").strip() for name, values in cells.items()},
        )


def _opened(path: Path) -> SourceFile:
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_library", path=path))
    if is_csv(path):
        return open_csv(path, {}, None, "\t" if path.suffix.lower() == ".tsv" else ",")
    if is_excel(path):
        return open_excel(path, {}, None)
    raise DrgpayError(*_ERRORS("no_library", path=path))


def _named(path: Path, headings: Sequence[str]) -> dict[str, str]:
    """Their heading to our column; headings that are none of ours are not read."""
    known = {_folded(one): ours for ours, names in _words()["columns"].items() for one in names}
    found: dict[str, str] = {}
    for heading in headings:
        ours = known.get(_folded(heading))
        if ours is None:
            continue
        if ours in found.values():
            raise DrgpayError(
                *_ERRORS("library_column_twice", path=path, column=heading, ours=ours)
            )
        found[heading] = ours
    for needed in ("kind", "code"):
        if needed not in found.values():
            names = "、".join(_words()["columns"][needed])
            raise DrgpayError(*_ERRORS("library_column", path=path, column=needed, names=names))
    return found


def _rule(given: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """A row in the words of item_rules, and why it says no whole rule; empty where it does."""
    rule = {name: given.get(name, "") for name in _COLUMNS}
    kind = _known("kinds", rule["kind"])
    if not rule["code"]:
        return rule, "no_code"
    if kind is None:
        return rule, "no_kind"
    rule["kind"] = kind
    if rule["sex"]:
        sex = _known("sexes", rule["sex"])
        if sex is None:
            return rule, "no_sex"
        rule["sex"] = sex
    if rule["accounts"]:
        # A text that names no account may mean anything: left empty it would say that none pays.
        names = [_known("accounts", one) for one in _SEPARATORS.split(rule["accounts"]) if one]
        if None in names or not names:
            return rule, "no_account"
        rule["accounts"] = ";".join(str(one) for one in names)
    for name in ("valid_from", "valid_to"):
        day = _day(rule[name])
        if day is None:
            return rule, "no_day"
        rule[name] = day
    for name in ("age_min", "age_max", "price", "share"):
        number = rule[name].rstrip("岁元")
        if number.endswith("%"):
            return rule, "no_number"
        if number and not re.fullmatch(r"\d+(\.\d+)?", number):
            return rule, "no_number"
        rule[name] = number
    needed = [bool(rule[name]) for name in _NEEDED[kind]]
    whole = any(needed) if kind == "age" else all(needed)
    return rule, "" if whole else f"half_{kind}"


def _known(section: str, value: str) -> str | None:
    """Which of the known values a text holds; None for none, and for several."""
    text = _folded(value)
    exact = [one for one, names in _words()[section].items() if text in map(_folded, names)]
    held = [
        one
        for one, names in _words()[section].items()
        if any(_folded(name) in text for name in names)
    ]
    found = exact or held
    return found[0] if len(found) == 1 else None


def _day(text: str) -> str | None:
    """A day as 2026-01-31; empty stays empty, None for what is no day."""
    if not text:
        return ""
    written = _DAY.match(text)
    try:
        return date(*map(int, written.groups())).isoformat() if written else None
    except ValueError:
        return None


def _folded(text: str) -> str:
    whole = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\s+", "", _UNIT.sub("", whole))


@cache
def _words() -> Mapping[str, Mapping[str, list[str]]]:
    text = files("drgpay.supervise").joinpath("library_headings.toml").read_text(encoding="utf-8")
    read: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(text)
    return read
