"""SQL of the tables and views: made of their declarations, for PostgreSQL."""

from collections.abc import Container, Iterable, Iterator, Sequence
from importlib import resources

from drgpay.publish.layout import (
    EARLIER,
    LAYOUT_TABLE,
    RUNS,
    PublishedTable,
    PublishedView,
    Schema,
    layout_version,
    published_tables,
    published_views,
    runs_fields,
    tables_of_database,
)
from drgpay.results.manifest import PROGRAM
from drgpay.results.part import PARTS
from drgpay.tables.declared import Field, stored_tables

_END = "\n;\n"


def script(schema: Schema, chosen: Sequence[str]) -> str:
    """All that makes the layout, as psql runs it; `chosen`: words of --with.

    What is there is left, so that it can be run once more where other words are chosen.
    """
    layout = f"{schema.name}.{LAYOUT_TABLE}"
    statements = [
        *created(schema, chosen),
        *views_created(schema),
        f"INSERT INTO {layout} (layout, program) SELECT {layout_version()}, {quoted(PROGRAM)} "
        f"WHERE NOT EXISTS (SELECT 1 FROM {layout})",
    ]
    body = "\n\n".join(f"{_unless_there(one.strip())};" for one in statements)
    return f"-- {PROGRAM}, layout {layout_version()}\nBEGIN;\n\n{body}\n\nCOMMIT;\n"


def _unless_there(statement: str) -> str:
    """A statement that does not fail where it was run before."""
    for make, again in (
        ("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS "),
        ("CREATE VIEW ", "CREATE OR REPLACE VIEW "),
    ):
        if statement.startswith(make):
            return again + statement.removeprefix(make)
    return statement


def created(schema: Schema, chosen: Sequence[str]) -> Iterator[str]:
    """What makes the schemas and tables; those of `--with` where it is chosen."""
    own = tables_of_database()
    yield f"CREATE SCHEMA IF NOT EXISTS {schema.name}"
    layout, earlier, runs = own[LAYOUT_TABLE], own[EARLIER], stored_tables()[RUNS]
    yield from _table(
        f"{schema.name}.{LAYOUT_TABLE}", layout.rows.zh, layout.fields, layout.required
    )
    yield from _table(f"{schema.name}.{RUNS}", runs.rows.zh, runs_fields(), runs.required, ("run",))
    yield f"ALTER TABLE {schema.name}.{RUNS} ALTER published SET DEFAULT (now() AT TIME ZONE 'UTC')"
    yield from _table(
        f"{schema.name}.{EARLIER}",
        earlier.rows.zh,
        earlier.fields,
        earlier.required,
        ("run", "earlier"),
        of_runs=schema.name,
    )
    for table in published_tables().values():
        if not table.chosen_by:
            yield from table_created(schema, table)
    yield from restricted_created(schema, chosen)


def restricted_created(
    schema: Schema, chosen: Sequence[str], there: Container[str] = ()
) -> Iterator[str]:
    """What makes the schema of its own and the tables in it that are chosen, but those that are there.

    The schema is not made anew beside a table that is there: that alone would take a right.
    """
    names = {
        f"{table.schema(schema)}.{table.name}": table
        for table in published_tables().values()
        if table.chosen_by in chosen
    }
    if names and not any(name in there for name in names):
        yield f"CREATE SCHEMA IF NOT EXISTS {schema.restricted}"
    for name, table in names.items():
        if name not in there:
            yield from table_created(schema, table)


def table_created(schema: Schema, table: PublishedTable) -> Iterator[str]:
    """What makes a table that takes files of runs."""
    name = f"{table.schema(schema)}.{table.name}"
    keys = table.key_columns
    # Millions of rows about persons are not compared one by one with the runs: publishing deletes them itself.
    # Sums of cases outlive the row of their run where it is published again without its cases.
    of_runs = None if table.declared.people or table.added_up else schema.name
    yield from _table(name, table.rows.zh, table.fields, keys, keys, of_runs)


def _table(
    name: str,
    rows: str,
    fields: Sequence[Field],
    required: Iterable[str],
    key: Sequence[str] = (),
    of_runs: str | None = None,
) -> Iterator[str]:
    never_null = set(required)
    lines = [
        f"    {field.name} {column_type(field)}{' NOT NULL' if field.name in never_null else ''}"
        for field in fields
    ]
    if key:
        lines.append(f"    PRIMARY KEY ({', '.join(key)})")
    if of_runs:
        lines.append(f"    FOREIGN KEY (run) REFERENCES {of_runs}.{RUNS} ON DELETE CASCADE")
    yield f"CREATE TABLE {name} (\n" + ",\n".join(lines) + "\n)"
    yield f"COMMENT ON TABLE {name} IS {quoted(rows)}"
    yield from column_comments(name, fields)


def column_comments(name: str, fields: Iterable[Field]) -> Iterator[str]:
    """What says in Chinese what the columns of a table or view hold."""
    for field in fields:
        title, meaning = field.title.zh, field.meaning.zh
        said = title if meaning == title else f"{title}：{meaning}"
        yield f"COMMENT ON COLUMN {name}.{field.name} IS {quoted(said)}"


def column_type(field: Field) -> str:
    """The type of a column as PostgreSQL calls it."""
    return field.kind.sql.lower().replace("decimal", "numeric").replace(", ", ",")


def views_created(schema: Schema) -> Iterator[str]:
    """What makes the views, in an order in which each finds those that it reads."""
    by_hand = (resources.files("drgpay.publish") / "views.sql").read_text(encoding="utf-8")
    for statement in by_hand.split(_END):
        lines = [line for line in statement.splitlines() if not line.startswith("--")]
        text = "\n".join(lines).strip()
        if "{part}" in text:
            for part in PARTS:
                ledger = part.file("ledger")
                yield text.format(schema=schema.name, part=part.name, ledger=ledger)
        elif text:
            yield text.format(schema=schema.name)
    for view in published_views():
        if view.of:
            yield f"CREATE VIEW {schema.name}.{view.name} AS\n{_selection(schema, view)}"
        yield f"COMMENT ON VIEW {schema.name}.{view.name} IS {quoted(view.table.rows.zh)}"
        yield from column_comments(f"{schema.name}.{view.name}", view.table.fields)


def _selection(schema: Schema, view: PublishedView) -> str:
    """The rows of the latest runs, or their sums by the columns that do not add up."""
    of_latest = ("region", "period", "run")
    columns, kept = [], []
    for field in view.table.fields:
        source = f"{'latest' if field.name in of_latest else 'rows'}.{field.name}"
        if view.sums and field.kind.adds_up:
            columns.append(f"    CAST(sum({source}) AS {column_type(field)}) AS {field.name}")
        else:
            columns.append(f"    {source}")
            kept.append(source)
    only = f" AND rows.{view.only}" if view.only else ""
    grouped = f"\nGROUP BY {', '.join(kept)}" if view.sums else ""
    return (
        "SELECT\n" + ",\n".join(columns) + f"\nFROM {schema.name}.latest_runs AS latest\n"
        f"JOIN {schema.name}.{view.of} AS rows ON rows.run = latest.run\n"
        f"WHERE latest.part = '{view.part}'{only}{grouped}"
    )


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
