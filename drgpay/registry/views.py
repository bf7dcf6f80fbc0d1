"""SQL of the documented views: as they are declared, and those that compute out of views.sql."""

from collections.abc import Iterator
from importlib import resources

from drgpay.tables.declared import View, database_views

_ROWS_OF_RUNS = {
    "run_cases": "cases",
    "run_case_adjustments": "adjustments",
    "run_visits": "visits",
    "run_visit_entries": "entries",
}
"""The single rows of a run, or of all runs that fit a pattern such as '2026-*', are read in place."""


def view_statements() -> Iterator[str]:
    """What makes the views and the macros in a database that has its tables."""
    yield (resources.files("drgpay.registry") / "views.sql").read_text(encoding="utf-8")
    for view in database_views().values():
        if view.of is not None:
            yield f"CREATE VIEW {view.name} AS {_selection(view)}"
    for name, file in _ROWS_OF_RUNS.items():
        # The path is relative to the folder of the database, which drgpay puts in `runs_folder`.
        yield f"""
            CREATE MACRO {name}(run) AS TABLE
            SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
            FROM read_parquet(
                coalesce(getvariable('runs_folder') || '/', '') || run || '/{file}.parquet',
                filename = true,
                union_by_name = true
            )"""


def _selection(view: View) -> str:
    """The rows of a stored table, or their sums by the columns that do not add up."""
    source = {new: old for old, new in view.renamed.items()}
    columns = ", ".join(
        f"CAST(sum({source.get(field.name, field.name)}) AS {field.kind.sql}) AS {field.name}"
        if view.sums and field.kind.adds_up
        else f"{source.get(field.name, field.name)} AS {field.name}"
        for field in view.fields
    )
    part = f" WHERE part = '{view.part}'" if view.part else ""
    return f"SELECT {columns} FROM stored.{view.of}{part}{' GROUP BY ALL' if view.sums else ''}"
