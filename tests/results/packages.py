"""The rules of data packages (https://datapackage.org, version 2), and what drgpay promises beside."""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from drgpay.base.file_hash import file_hash

_NAME = re.compile(r"[a-z0-9._/-]+")
_TYPES = {
    "string": (pl.String,),
    "boolean": (pl.Boolean,),
    "date": (pl.Date,),
    "datetime": (pl.Datetime,),
    "integer": (pl.Int32, pl.Int64),
    "number": (pl.Decimal,),
    "array": (pl.List,),
}
_BESIDE = {"manifest.json", "datapackage.json"}


def read_package(folder: Path) -> dict[str, Any]:
    """The data package of a folder."""
    text = (folder / "datapackage.json").read_text("utf-8")
    package: dict[str, Any] = json.loads(text)
    assert text == json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    return package


def broken_rules(folder: Path) -> list[str]:
    """Every rule that the data package of a folder breaks, in words."""
    package = read_package(folder)
    resources = package["resources"]
    paths, names = ([one[key] for one in resources] for key in ("path", "name"))
    lying = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    said = [f"package: {key} is missing" for key in ("$schema", "name") if key not in package]
    said += [f"{name} occurs twice" for name in names if names.count(name) > 1]
    said += [
        f"{name} is no name" for name in [*names, package["name"]] if not _NAME.fullmatch(name)
    ]
    said += [f"{path}: listed and there differ" for path in {*paths} ^ (lying - _BESIDE)]
    for one in resources:
        said += [f"{one['path']}: {rule}" for rule in _broken_by(one, folder)]
    return said


def _broken_by(resource: dict[str, Any], folder: Path) -> Iterator[str]:
    path, file = PurePosixPath(resource["path"]), folder / resource["path"]
    if path.is_absolute() or ".." in path.parts:
        yield "its path leads out of the folder"
    if resource["format"] != path.suffix.removeprefix("."):
        yield "another format"
    if resource["bytes"] != file.stat().st_size:
        yield "another size"
    if resource["hash"] != f"sha256:{file_hash(file)}":
        yield "another hash"
    if (resource.get("type") == "table") != (path.suffix == ".parquet"):
        yield "a table or none"
    if resource.get("type") == "table":
        yield from _broken_by_columns(resource, pl.Schema(pl.read_parquet_schema(file)))


def _broken_by_columns(resource: dict[str, Any], columns: pl.Schema) -> Iterator[str]:
    fields = resource["schema"]["fields"]
    if [field["name"] for field in fields] != list(columns):
        yield "other columns"
        return
    if "title" not in resource:
        yield "a table that is declared nowhere"
    for field, dtype in zip(fields, columns.values(), strict=True):
        name = field["name"]
        if not isinstance(dtype, _TYPES[field["type"]]):
            yield f"{name} is {dtype} and not {field['type']}"
        if field.get("decimals") != getattr(dtype, "scale", None):
            yield f"{name} has other decimals"
        if not {"title", "description", "translations"} <= field.keys():
            yield f"{name} is declared nowhere"
        elif not all(
            {"title", "description"} <= said.keys() for said in field["translations"].values()
        ):
            yield f"{name} lacks a translation"
    if any("personLevel" in field for field in fields) != ("personLevel" in resource):
        yield "person-level, or not"
