"""Make a scheme of a configuration workbook: read, clean, amend, verify, put in order, write."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import tomli_w
from pydantic import ValidationError

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.plain_json import plain_json
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import TABLES, SchemeInfo
from drgpay.policy.load import validation_sentence
from drgpay.schemes.workbook.amendments import amended, read_amendments
from drgpay.schemes.workbook.layout import KEEP_ORDER_KEY, SCHEME_SHEET
from drgpay.schemes.workbook.list_tables import with_lists
from drgpay.schemes.workbook.notes import Notes
from drgpay.schemes.workbook.order import ordered
from drgpay.schemes.workbook.reading import WorkbookText, read_workbook_text
from drgpay.schemes.workbook.soundness import sound_tables
from drgpay.schemes.workbook.tables import (
    GROUP_TABLES,
    PARENT_TABLE,
    GroupTable,
    Tables,
    clean_tables,
)

_ERRORS = Sentences("errors/schemes")

REPORT_FILE = "import-report.csv"
DEFAULT_CODE_SYSTEM = "insurance-2.0"
"""The published workbooks use the insurance edition 2.0."""


@dataclass(frozen=True)
class ImportChoices:
    """What the workbook leaves open.

    `fields` go into scheme.toml (keys of SchemeInfo without options; values that are None are left
    to the workbook or to a default). `keep_order` None means: as the workbook says, else repair.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    retry_other_procedures: bool | None = None
    keep_order: bool | None = None
    allow_empty_sets: bool = False
    amendments: Path | None = None
    lists: tuple[Path, ...] = ()


@dataclass(frozen=True, repr=False)
class ImportedScheme(Shown):
    """A scheme ready to be written: its identity, its tables as in TABLES (text) and those of
    OPTIONAL_TABLES that it has, the notes.
    """

    info: SchemeInfo
    frames: dict[str, pl.DataFrame]
    notes: Notes


def import_workbook(path: Path, choices: ImportChoices) -> ImportedScheme:
    """Read a workbook with the sheets of `layout`.

    Raises DrgpayError for a missing sheet or column, contradictory rows, groups without parent, a
    rule that does not parse, a rule that names an unknown set, and a list that cannot be read as
    one or whose codes nothing knows.
    """
    notes = Notes()
    text = read_workbook_text(path, notes)
    tables = clean_tables(text, notes)
    if choices.amendments:
        amendments = read_amendments(choices.amendments)
        tables = amended(tables, amendments, choices.amendments.name, notes)
    tables, lists = with_lists(text.path, choices.lists, tables, _code_system(text, choices), notes)
    options = _options(text)
    known_empty = frozenset(options.get("empty_sets", ()))
    sound = sound_tables(path, tables, known_empty, choices.allow_empty_sets, notes)
    keep_order = choices.keep_order
    if keep_order is None:
        keep_order = text.scheme.get(KEEP_ORDER_KEY) == "true"
    tables = ordered(sound.tables, sound.rules, keep_order, notes)
    options["empty_sets"] = sound.empty_sets
    if choices.retry_other_procedures is not None:
        options["retry_other_procedures"] = choices.retry_other_procedures
    return ImportedScheme(_info(text, choices, options), _frames(tables) | lists, notes)


def write_scheme(imported: ImportedScheme, folder: Path, language: Language) -> None:
    """Write scheme.toml, the tables, the lists and the report into a folder that exists."""
    (folder / "scheme.toml").write_text(scheme_toml(imported.info), encoding="utf-8")
    for table, frame in imported.frames.items():
        # An empty text is written as nothing, not as "".
        frame.select(pl.all().replace("", None)).write_csv(folder / f"{table}.csv")
    imported.notes.write(folder / REPORT_FILE, language)


def scheme_toml(info: SchemeInfo) -> str:
    """The text of scheme.toml; keys in the order of SchemeInfo, empty ones left out."""
    values = info.model_dump()
    return tomli_w.dumps(
        {
            **{key: value for key, value in values.items() if value not in (None, "")},
            "options": {key: value for key, value in values["options"].items() if value != ()},
        }
    )


def _code_system(text: WorkbookText, choices: ImportChoices) -> str:
    given = choices.fields.get("code_system") or text.scheme.get("code_system")
    return str(given or DEFAULT_CODE_SYSTEM)


def _options(text: WorkbookText) -> dict[str, Any]:
    options = {}
    for key, value in text.scheme.items():
        if key.startswith("options."):
            try:
                options[key.removeprefix("options.")] = plain_json(value)
            except ValueError:
                said = {"path": text.path, "sheet": SCHEME_SHEET, "key": key, "value": value}
                raise DrgpayError(*_ERRORS("no_option", **said)) from None
    return options


def _info(text: WorkbookText, choices: ImportChoices, options: dict[str, Any]) -> SchemeInfo:
    said = {
        key: value
        for key, value in text.scheme.items()
        if key != KEEP_ORDER_KEY and not key.startswith("options.")
    }
    given = {key: value for key, value in choices.fields.items() if value is not None}
    digest = hashlib.sha256(text.path.read_bytes()).hexdigest()
    defaults = {
        "name": given.get("id"),
        "kind": "drg",
        "authority": "未注明",
        "version": "未注明",
        "code_system": DEFAULT_CODE_SYSTEM,
        "source": f"{text.path.name}, sha256 {digest}",
    }
    values = {**defaults, **said, **given, "options": options}
    try:
        return SchemeInfo.model_validate(values)
    except ValidationError as error:
        told = validation_sentence(error, values, SchemeInfo)
        wrong = _ERRORS("wrong_scheme_keys", path=text.path, told=told, sheet=SCHEME_SHEET)
        raise DrgpayError(*wrong) from None


def _frames(tables: Tables) -> dict[str, pl.DataFrame]:
    frames: dict[str, pl.DataFrame] = {table: _group_frame(tables, table) for table in GROUP_TABLES}
    rest = {"sets": tables.sets, "cc": tables.cc, "exclusions": tables.exclusions}
    return {**frames, **{table: frame.select(TABLES[table]) for table, frame in rest.items()}}


def _group_frame(tables: Tables, table: GroupTable) -> pl.DataFrame:
    parent = PARENT_TABLE[table]
    groups = tables.groups[table]
    columns: dict[str, list[str]] = {
        "sort": [str(group.sort) for group in groups],
        **({parent: [group.parent for group in groups]} if parent else {}),
        table: [group.code for group in groups],
        "name": [group.name for group in groups],
        "rule": [group.rule for group in groups],
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).select(TABLES[table])
