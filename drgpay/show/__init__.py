"""How a table, a calculation, a chart and a page look, in a terminal, a workbook and a browser: knows no domain."""
