"""datapackage.json: what lies in the folder of a run or a simulation, for programs of others.

A data package (https://datapackage.org, version 2) with a resource for each file that the manifest
names: its path, format, size and sha256, and of a table its columns as drgpay/tables declares them.
Beside what the standard knows, resources and columns say

    personLevel      true where a row is about the stay or the visit of one person, and for columns
                     that name it or tell of the person
    decimals, unit   of columns: places behind the point; yuan, points, point_value, ratio, days ...
    translations     title, description and unit in the other language

It says nothing that the manifest and the files do not say: it stands in no manifest and in no run id.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl
from pydantic_core import to_json

from drgpay.base.language import LANGUAGES, Language, Words
from drgpay.results.manifest import (
    DECISIONS,
    EVALUATION,
    PACKAGE,
    RESPONSIBILITY,
    SUPERVISION,
    TRANSITION,
    Manifest,
    read_manifest,
)
from drgpay.tables.declared import (
    Field,
    Table,
    evaluation_tables,
    responsibility_tables,
    scenario_tables,
    supervision_tables,
    table_of_file,
    transition_tables,
)

_PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_MEDIA_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
    ".json": "application/json",
    ".toml": "application/toml",
    ".html": "text/html",
}
_OF_TEXT = (".csv", ".json", ".toml", ".html")
_UNNAMED = re.compile(r"[^a-z0-9._/-]+")


def write_data_package(folder: Path) -> None:
    """Write datapackage.json beside the manifest of a finished folder."""
    (folder / PACKAGE).write_text(data_package(folder), encoding="utf-8")


def data_package(folder: Path) -> str:
    """The text of datapackage.json, by the manifest and the tables of a folder.

    Raises DrgpayError without a manifest that can be read, OSError or a polars error for a table
    that cannot be.
    """
    manifest = read_manifest(folder)
    package = {
        "$schema": _PROFILE,
        "name": _name(manifest.run_id),
        "id": manifest.at("basis_sha256"),
        "kind": manifest.kind,
        "period": manifest.period,
        "program": manifest.program,
        "resources": list(_resources(folder, manifest)),
    }
    # As json writes it, indented by a space, in a hundredth of its time.
    return to_json(package, indent=1).decode() + "\n"


def _resources(folder: Path, manifest: Manifest) -> Iterator[dict[str, Any]]:
    names: set[str] = set()
    for file, about in manifest.outputs.items():
        path = PurePosixPath(file)
        name = _unique(_name(path.stem if path.suffix == ".parquet" else file), names)
        table = table_of(path, manifest)
        yield {
            "name": name,
            **({"type": "table"} if path.suffix == ".parquet" else {}),
            "path": file,
            **(_said(table.rows, None, None, manifest.language) if table else {}),
            "format": path.suffix.removeprefix("."),
            **({"mediatype": _MEDIA_TYPES[path.suffix]} if path.suffix in _MEDIA_TYPES else {}),
            **({"encoding": "utf-8"} if path.suffix in _OF_TEXT else {}),
            "bytes": about["bytes"],
            "hash": f"sha256:{about['sha256']}",
            **({"personLevel": True} if table and table.people else {}),
            **(_schema(folder / file, table, manifest) if path.suffix == ".parquet" else {}),
        }


def table_of(path: PurePosixPath, manifest: Manifest) -> Table | None:
    """The declared table that a file of a run or a simulation holds; None where it holds none."""
    if path.suffix != ".parquet" or path.parent != PurePosixPath():
        return None
    if manifest.kind == TRANSITION:
        return transition_tables().get(path.stem)
    if manifest.kind in (SUPERVISION, DECISIONS):
        return supervision_tables().get(path.stem)
    if manifest.kind == EVALUATION:
        return evaluation_tables().get(path.stem)
    if manifest.kind == RESPONSIBILITY:
        return responsibility_tables().get(path.stem)
    compared = None if manifest.parts else scenario_tables().get(path.stem)
    return compared or table_of_file(path.stem, clearing="-" not in manifest.period)


def _schema(file: Path, table: Table | None, manifest: Manifest) -> dict[str, Any]:
    declared = {field.name: field for field in table.fields} if table else {}
    fields = [
        _field(name, dtype, declared.get(name), manifest.language)
        for name, dtype in pl.scan_parquet(file, glob=False).collect_schema().items()
    ]
    return {"schema": {"fields": fields}}


def _field(name: str, dtype: pl.DataType, field: Field | None, lang: Language) -> dict[str, Any]:
    return {
        "name": name,
        "type": _type(dtype),
        **({"decimals": dtype.scale} if isinstance(dtype, pl.Decimal) else {}),
        **({"unit": field.kind.unit_name} if field and field.kind.unit_name else {}),
        **(_said(field.title, field.meaning, field.kind.unit, lang) if field else {}),
        **({"personLevel": True} if field and field.person else {}),
    }


def _type(dtype: pl.DataType) -> str:
    """The type of a column as the standard calls it."""
    if isinstance(dtype, pl.List):
        return "array"
    for kind, said in (
        (pl.Boolean, "boolean"),
        (pl.Date, "date"),
        (pl.Datetime, "datetime"),
        (pl.String, "string"),
    ):
        if dtype == kind:
            return said
    if dtype.is_integer():
        return "integer"
    return "number" if dtype.is_numeric() else "string"


def _said(
    title: Words, meaning: Words | None, unit: Words | None, lang: Language
) -> dict[str, Any]:
    """Title and meaning in the language of the run, with the unit also in the other."""
    words: Mapping[str, Words | None] = {"title": title, "description": meaning}
    other = next(one for one in LANGUAGES if one != lang)
    translated = {
        key: said.said_in(other)
        for key, said in {**words, "unit": unit}.items()
        if said is not None
    }
    return {
        **{key: said.said_in(lang) for key, said in words.items() if said is not None},
        "translations": {other: translated},
    }


def _name(text: str) -> str:
    """A name as the standard has them: small Latin letters, digits, points, strokes."""
    return _UNNAMED.sub("-", text.lower()).strip("-") or "file"


def _unique(name: str, taken: set[str]) -> str:
    """The name, or where an earlier resource has it, with the first number that none has."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found
