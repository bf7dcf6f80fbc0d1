"""JSON Schemas of the TOML files that the program reads, for editors."""
