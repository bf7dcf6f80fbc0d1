"""One meaning of a value: what a cell says, whichever way it comes in (docs/files.md)."""
