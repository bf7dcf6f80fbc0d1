"""[publish] of a job or year file: into which database a finished run goes, and what of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from drgpay.databases.settings import Database, DatabaseFile, database_named
from drgpay.publish.layout import USUAL_SCHEMA, Schema, checked_groups, schema_named


class PublishFile(BaseModel):
    """[publish]: database, by its name; schema of the tables; with, what is published beside them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: str
    schema_name: str = Field(default=USUAL_SCHEMA, alias="schema")
    with_tables: tuple[str, ...] = Field(default=(), alias="with")


@dataclass(frozen=True)
class Destination:
    """Where finished runs are published, and the words of --with."""

    database: Database
    schema: Schema = field(default_factory=Schema)
    chosen: tuple[str, ...] = ()


def destination(
    file: Path, given: PublishFile | None, databases: Mapping[str, DatabaseFile]
) -> Destination | None:
    """Where a job or year file has its runs published; None where it has no [publish].

    databases: its own sections. Raises DrgpayError for a database that nobody knows, for a schema that cannot
    be called so, and for unknown words of `with`.
    """
    if given is None:
        return None
    database = database_named(given.database, file, databases)
    return Destination(database, schema_named(given.schema_name), checked_groups(given.with_tables))
