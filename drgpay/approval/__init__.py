"""The state of a run: sent, confirmed or objected, approved, paid, each step on record (docs/approval.md)."""
