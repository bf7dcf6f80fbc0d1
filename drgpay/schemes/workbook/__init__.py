"""The configuration workbook of a grouping scheme: Excel to tables and tables to Excel."""
