"""The results database: every finished run in one DuckDB file, with views (docs/database.md)."""
