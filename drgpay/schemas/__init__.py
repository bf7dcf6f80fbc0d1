"""JSON Schemas of the TOML files and tables that the program reads, for editors and senders."""
