"""Planted fraud: labelled stays of known kinds, and honest ones that look like them (`sample --fraud`).

Months are drawn as always and changed then: what is clean stays as it was. docs/supervision.md says what
each kind is and how `drgpay supervise measure` counts it.
"""
