"""Everything that stops a run, taken on: a part of the sample's stays never fits its budget."""

from drgpay.run.stops import STOP_CODES, Accepted

EVERYTHING = tuple(Accepted(code, by="a test") for code in STOP_CODES)
IN_JOB = "".join(f'\n[[accepted]]\ncode = "{code}"\nby = "a test"\n' for code in STOP_CODES)
"""The same at the end of a job file."""
