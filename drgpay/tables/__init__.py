"""What every table holds, declared once: names, types, units, headings and meanings."""
