"""What the folder of a run holds: its tables, its manifest, and how they are read back."""
