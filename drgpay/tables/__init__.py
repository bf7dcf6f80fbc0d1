"""What every table of a run holds, declared once: names, types, units, headings and meanings."""
