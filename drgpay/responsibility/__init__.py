"""City and county responsibility: whose the gap of a pooled fund is, and who pays it (docs/responsibility.md)."""
