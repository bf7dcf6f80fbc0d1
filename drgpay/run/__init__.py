"""Runs: a job file executed from records to statements, left as a folder with its evidence."""
