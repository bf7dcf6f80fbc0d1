"""What people read of a run: console tables and the Excel summary."""
