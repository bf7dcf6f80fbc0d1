"""Mappings: how records with other column names and codes become the columns of docs/files.md."""
