"""The layout as a database has it: made where it is missing, brought up to date, refused where it is newer."""

from collections.abc import Iterator, Sequence
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.publish.ddl import (
    column_comments,
    column_type,
    created,
    quoted,
    restricted_created,
    table_created,
    views_created,
)
from drgpay.publish.layout import (
    LAYOUT_TABLE,
    RUNS,
    Schema,
    layout_version,
    published_tables,
    published_views,
    runs_fields,
)
from drgpay.results.manifest import PROGRAM
from drgpay.tables.declared import Field

_ERRORS = Sentences("errors/publish")


def prepare(cursor: Any, schema: Schema, chosen: Sequence[str], called: str) -> None:
    """Have the tables and views of this program in the database, within the transaction.

    chosen: words of --with. called: how messages call the database. Raises DrgpayError for a newer
    layout, and for one that cannot become ours; errors of the driver are the caller's.
    """
    found = _columns(cursor, schema)
    layout = f"{schema.name}.{LAYOUT_TABLE}"
    if layout not in found:
        _execute(cursor, (*created(schema, chosen), *views_created(schema)))
        _note_version(cursor, layout)
        return
    version = _version(cursor, layout)
    own = layout_version()
    said = {"called": called, "schema": schema.name, "version": version, "own": own}
    if version is None:
        raise DrgpayError(*_ERRORS("no_version", **said))
    if version > own:
        raise DrgpayError(*_ERRORS("newer_layout", **said))
    if version < own:
        _migrate(cursor, schema, found, said)
    _execute(cursor, restricted_created(schema, chosen, found))


def _migrate(
    cursor: Any, schema: Schema, found: dict[str, dict[str, str]], said: dict[str, Any]
) -> None:
    """Add what an older layout lacks; views are made anew, with the rights that readers had of them.

    Raises DrgpayError where a column is of another type or is ours no more: what somebody keeps there is
    not touched.
    """
    wanted: dict[str, Sequence[Field]] = {f"{schema.name}.{RUNS}": runs_fields()}
    for table in published_tables().values():
        name = f"{table.schema(schema)}.{table.name}"
        if name in found:
            wanted[name] = table.fields
        elif not table.chosen_by:
            _execute(cursor, table_created(schema, table))
    for name, fields in wanted.items():
        types = {field.name: column_type(field) for field in fields}
        for column, given in found[name].items():
            if types.get(column) != given:
                raise DrgpayError(*_ERRORS("other_column", table=name, column=column, **said))
    grants = _grants(cursor, schema)
    for view in reversed(published_views()):
        # Without CASCADE: a view of others that hangs on ours is theirs to drop.
        cursor.execute(f"DROP VIEW IF EXISTS {schema.name}.{view.name}")
    for name, fields in wanted.items():
        added = [field for field in fields if field.name not in found[name]]
        for field in added:
            cursor.execute(f"ALTER TABLE {name} ADD COLUMN {field.name} {column_type(field)}")
        _execute(cursor, column_comments(name, added))
    _execute(cursor, views_created(schema))
    _execute(cursor, grants)
    _note_version(cursor, f"{schema.name}.{LAYOUT_TABLE}")


def _columns(cursor: Any, schema: Schema) -> dict[str, dict[str, str]]:
    """The columns with their types, by the tables of both schemas: those that this user may see or not."""
    cursor.execute(
        "SELECT n.nspname || '.' || c.relname, a.attname::text, format_type(a.atttypid, a.atttypmod) "
        "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "JOIN pg_attribute AS a ON a.attrelid = c.oid "
        "WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped "
        f"AND n.nspname IN ({quoted(schema.name)}, {quoted(schema.restricted)}) "
        "ORDER BY c.oid, a.attnum"
    )
    found: dict[str, dict[str, str]] = {}
    for table, column, said in cursor.fetchall():
        found.setdefault(table, {})[column] = _as_declared(said)
    return found


def _as_declared(said: str) -> str:
    """A type by the name that the declarations have for it."""
    return said.replace("character varying", "varchar").replace(
        "timestamp without time zone", "timestamp"
    )


def _version(cursor: Any, layout: str) -> int | None:
    cursor.execute(f"SELECT max(layout) FROM {layout}")
    version: int | None = cursor.fetchone()[0]
    return version


def _note_version(cursor: Any, layout: str) -> None:
    cursor.execute(f"DELETE FROM {layout}")
    cursor.execute(
        f"INSERT INTO {layout} (layout, program) VALUES ({layout_version()}, {quoted(PROGRAM)})"
    )


def _grants(cursor: Any, schema: Schema) -> list[str]:
    """Statements that give again what others may do with the views."""
    cursor.execute(
        "SELECT format('GRANT %s ON %I.%I TO %s', a.privilege_type, n.nspname, c.relname, "
        "CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END) "
        "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace, "
        "aclexplode(c.relacl) AS a "
        f"WHERE c.relkind = 'v' AND n.nspname = {quoted(schema.name)} AND a.grantee <> c.relowner"
    )
    return [statement for (statement,) in cursor.fetchall()]


def _execute(cursor: Any, statements: Iterator[str] | Sequence[str]) -> None:
    for statement in statements:
        cursor.execute(statement)
