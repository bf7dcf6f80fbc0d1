"""The HTML report of a run: one file with its charts, for reading, printing and sending."""
