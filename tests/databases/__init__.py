"""Tests of databases, with a real PostgreSQL."""
