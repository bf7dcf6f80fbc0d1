"""Excel workbooks: what kind of file one is, its sheets, and their cells as texts."""
