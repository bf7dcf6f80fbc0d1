"""Publishing: the tables of finished runs in a PostgreSQL of the centre, with views (docs/databases.md)."""
